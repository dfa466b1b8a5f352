"""What an explanation holds: reasons by several accounts, how far to trust them, a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain.record import AttentionRecord

NONE = float("nan")


@dataclass(frozen=True)
class Reliability:
    """How far an explanation can be trusted; NaN where a figure does not exist.

    Attributes:
        comprehensiveness: fall of the margin without the named item.
        by_chance: the same for an item of the history drawn at random.
        sufficiency: fall of the margin with the named item alone.
        gain: how much earlier the margin falls, as items go in the order of this account, than in
            a random order: areas of (17.14), in units of margin.
        p: share of random orders that do as well; see ``order_against_chance``.
        agreement: Spearman's, of attention weights and leave-one-out effects.
        gradient_agreement: the same of integrated gradients and effects.
        completeness_error: of the integrated gradients.
        kept_when_shuffled: share of the model's ten best that stay when its weights are dealt out
            anew: near 1, the weights hardly matter, whatever they look like.
        moved_when_shuffled: mean change of the margin then.
    """

    comprehensiveness: float = NONE
    by_chance: float = NONE
    sufficiency: float = NONE
    gain: float = NONE
    p: float = NONE
    agreement: float = NONE
    gradient_agreement: float = NONE
    completeness_error: float = NONE
    kept_when_shuffled: float = NONE
    moved_when_shuffled: float = NONE


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why this item, for this history: reasons, how far to trust them, and a sentence or none.

    Attributes:
        model: its name.
        item: what is explained.
        kinds: the distinct items of the history, the one taken last first, int32 ``(n,)``.
        margin: how far the item's score stands above the mean of the others.
        effects: leave-one-out, how much the margin falls without each item, float64 ``(n,)``.
        weights: attention weight of each item, summed over its places; None for a model that looks
            at nothing.
        gradients: integrated gradients of each, in units of margin; None for a model without
            vectors to follow.
        averaged: axes of the record whose mean ``weights`` is.
        record: what the model looked at, all axes.
        by: the account that names the reason.
        named: the item that it names, 0 for none.
        reliability: the figures.
        checks: what has to hold before a reason is shown, by what it says if it does not.
        items: the vocabulary.
    """

    model: str
    item: int
    kinds: NDArray[np.int32]
    margin: float
    effects: Floats
    weights: Floats | None
    gradients: Floats | None
    averaged: tuple[str, ...]
    record: AttentionRecord
    by: str
    named: int
    reliability: Reliability
    checks: Mapping[str, bool]
    items: Vocabulary

    @property
    def can_be_shown(self) -> bool:
        """Whether every check holds."""
        return all(self.checks.values())

    def sentence(self, verb: str = "bought") -> str:
        """What may be said to a person: a reason that holds, or that there is none to show.

        Args:
            verb: what people do here: "watched", "read".
        """
        if not self.can_be_shown:
            why = next(words for words, holds in self.checks.items() if not holds)
            return f"No reason can be shown: {why}."
        return f"Because you {verb} “{self.items.title(self.named)}”."

    def figure(self, last: int = 12) -> Any:
        """Draw the accounts side by side, the newest item on top; returns the axes.

        Args:
            last: how many of the newest items to show.

        Raises:
            ValueError: if the history is empty.
        """
        from attnrec_lite.explain.figure import draw

        return draw(self, last)
