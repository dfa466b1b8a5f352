"""Whom a target competes with: every item, or a few that are drawn.

Drawing is cheaper and answers another question: among a hundred random items nearly every target
comes first, and models can change places (Krichene and Rendle, "On sampled metrics for item
recommendation", KDD 2020). It is here to repeat figures of papers that did so, and its figures say
so in their protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.data._codes import count
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.evaluation.ranking import Counts, count_places
from attnrec_lite.models.base import Recommender


@dataclass(frozen=True)
class Sampled:
    """Rank the targets of a case among items drawn at random, each at most once.

    Never drawn are the targets of the case and, where seen items leave the ranking, what the
    history holds. Where fewer items are left than asked for, all of them compete, and the protocol
    counts these cases.

    Attributes:
        number: items to draw for a case.
        by: ``"uniform"``, or ``"popularity"``: one after the other, with the chance of an item
            proportional to how often the log holds it.
        seed: the same seed draws the same items for the same holdout, whatever the model.

    Raises:
        ValueError: if a number is out of range or ``by`` is another word.

    >>> Sampled(100)
    Sampled(number=100, by='uniform', seed=0)
    """

    number: int
    by: str = "uniform"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole("number", self.number)
        one_of("by", self.by, ("uniform", "popularity"))
        whole("seed", self.seed, least=0)


class AmongAll:
    """Rank every item of the catalogue.

    Args:
        model: that scores.
        exclude_seen: leave the history out.
    """

    def __init__(self, model: Recommender, exclude_seen: bool) -> None:
        self.model, self.exclude_seen = model, exclude_seen

    def __call__(
        self, history: NDArray[np.int32], row: Counts, target: NDArray[np.int32]
    ) -> tuple[Counts, Counts, Counts]:
        """Counts as ``count_places`` gives them."""
        seen = history if self.exclude_seen else None
        return count_places(self.model.score_all(history), row, target, seen)

    def words(self, drawn: Counts) -> str:
        """What the protocol says about the candidates; ``drawn``, ranked non-targets, is unused."""
        return f"all {self.model.n_items:,} items"


class AmongSampled:
    """Rank the targets of a case and the items drawn for it.

    Args:
        model: that scores.
        exclude_seen: draw nothing that the history holds.
        how: number, chances and seed.
        log: what popularity is counted in.
    """

    def __init__(
        self, model: Recommender, exclude_seen: bool, how: Sampled, log: Interactions
    ) -> None:
        self.model, self.exclude_seen, self.how = model, exclude_seen, how
        self.rng = np.random.default_rng(how.seed)  # cases take their turn, whatever the batch
        taken = np.bincount(log.item, minlength=log.n_items + 1)
        self.weights = taken if how.by == "popularity" else np.ones(log.n_items + 1)
        self.weights[0] = 0

    def __call__(
        self, history: NDArray[np.int32], row: Counts, target: NDArray[np.int32]
    ) -> tuple[Counts, Counts, Counts]:
        """Counts as ``count_places`` gives them."""
        bounds = np.searchsorted(row, np.arange(len(history) + 1))
        own = np.split(target, bounds[1:-1])
        lines = [np.append(t, self._draw(t, h)) for t, h in zip(own, history, strict=True)]
        width = max(map(len, lines))
        ids = np.stack([np.pad(line, (0, width - len(line)), mode="edge") for line in lines])
        empty = np.arange(width) >= np.array([[len(line)] for line in lines])
        scores = np.full((len(ids), width + 1), -np.inf, np.float32)  # column 0 is padding
        scores[:, 1:][~empty] = self.model.score(history, ids)[~empty]
        column = np.arange(len(row)) - bounds[row] + 1
        return count_places(scores, row, column.astype(np.int32))

    def words(self, drawn: Counts) -> str:
        """What the protocol says about the candidates; ``drawn`` counts them for each case."""
        how = {"uniform": "uniformly", "popularity": "by popularity"}[self.how.by]
        text = f"the target and {self.how.number:,} items drawn {how}, seed {self.how.seed}"
        short = np.count_nonzero(drawn < self.how.number)
        if short:
            cases = count(int(short), "case")
            text += f" (fewer are left in {cases}, down to {drawn.min():,})"
        return text

    def _draw(self, target: NDArray[np.int32], history: NDArray[np.int32]) -> Counts:
        """Different ids that are neither target nor, where these leave, seen."""
        weights = self.weights.astype(np.float64)
        weights[target] = 0
        if self.exclude_seen:
            weights[history] = 0
        left = np.flatnonzero(weights)
        number = min(self.how.number, len(left))
        if self.how.by == "uniform":
            return self.rng.choice(left, number, replace=False)
        chance = weights[left] / max(weights.sum(), 1)
        return self.rng.choice(left, number, replace=False, p=chance)
