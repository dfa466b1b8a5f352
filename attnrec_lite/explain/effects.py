"""What an answer loses without an item of the history.

A preference score has no unit and no zero, so an answer here is a *margin*: the score of the item
less the mean score of all other items. An item is taken out of a history wherever it stands, and
the others close up: what a person would have had who never took it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, as_ids, whole
from attnrec_lite.data.sequences import left_pad
from attnrec_lite.formulas import left_out_effects
from attnrec_lite.models.base import PIECE, Recommender


def margins(model: Recommender, history: ArrayLike, items: ArrayLike) -> Floats:
    r"""How far one item stands above the mean of the others.

    $m_i(H) = s_i(H) - \frac{1}{N - 1} \sum_{j \ne i} s_j(H)$

    Args:
        model: any recommender.
        history: item ids ``(batch, length)``, left-padded.
        items: one for each history, ids 1..N, ``(batch,)``.

    Returns:
        float64 ``(batch,)``, in the unit of the model's scores; 0 in a catalogue of one.

    Raises:
        ValueError: as ``score_all``, and if an item is unknown or the numbers differ.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import Popularity
    >>> log = Interactions.from_columns([0, 1, 1, 2], [1, 1, 2, 3], range(4))
    >>> margins(Popularity(log.items).fit(log), [[3]], [1])
    array([1.])
    """
    past = as_history(history, model.n_items)
    asked = as_ids("items", np.asarray(items)[np.newaxis], model.n_items, least=1)[0]
    if len(asked) != len(past):
        raise ValueError(
            f"items: expected {len(past)}, one for each history; received {len(asked)}"
        )
    found, rows = np.zeros(len(past)), max(1, PIECE // (model.n_items + 1))
    for start in range(0, len(past) if model.n_items > 1 else 0, rows):
        piece = slice(start, start + rows)
        scores = np.asarray(model.score_all(past[piece])[:, 1:], np.float64)
        own = scores[np.arange(len(scores)), asked[piece] - 1]
        # Before the sum: numbers of the same size keep their digits.
        found[piece] = (own[:, np.newaxis] - scores).sum(axis=1) / (model.n_items - 1)
    return found


@dataclass(frozen=True, eq=False)
class Kept:
    """One answer as a function of which items of the history are kept.

    Attributes:
        model: who answers.
        history: ids without padding, newest last.
        item: whose margin is asked for.
        kinds: the distinct items that may be taken out, the one taken last first, int32 ``(n,)``;
            older ones always stay.
    """

    model: Recommender
    history: NDArray[np.int32]
    item: int
    kinds: NDArray[np.int32]

    @classmethod
    def of(cls, model: Recommender, history: ArrayLike, item: int | str, last: int = 20) -> Kept:
        """Check one history and one item.

        Args:
            model: any recommender.
            history: ids, newest last, ``(length,)``; padding in front is dropped.
            item: an id or a title.
            last: how many distinct items may be taken out, the newest ones.

        Raises:
            ValueError: for an unknown item, padding after an item, or more than one history.
        """
        past = np.asarray(history)
        if past.ndim != 1:
            raise ValueError(f"history: expected one, shape (length,); received {past.shape}")
        past = past.astype(np.int32) if past.size == 0 else past
        row = as_history(past[np.newaxis], model.n_items)[0]
        row = row[row > 0]
        code = model.items.id_of(item) if isinstance(item, str) else item
        asked = as_ids("item", [[code]], model.n_items, least=1)
        _, first = np.unique(row[::-1], return_index=True)
        kinds = row[::-1][np.sort(first)][: whole("last", last)]
        return cls(model, row, int(asked[0, 0]), kinds)

    def histories(self, kept: NDArray[np.bool_]) -> NDArray[np.int32]:
        """The history with some items taken out, for each set: ``(sets, length)``, left-padded."""
        rows = []
        for row in kept:
            gone = np.isin(self.history, self.kinds[~row])
            rows.append(self.history[~gone])
        return left_pad(rows, max(1, len(self.history)))

    def __call__(self, kept: NDArray[np.bool_]) -> Floats:
        """Margins of the item, ``(sets,)``, of booleans ``(sets, n)``, True = kept."""
        histories = self.histories(np.asarray(kept))
        return margins(self.model, histories, np.full(len(histories), self.item))

    def sums(self, history: NDArray[np.int32], parts: ArrayLike) -> Floats:
        """Parts of the places of a history, summed for each of ``kinds``."""
        found = np.asarray(parts, np.float64)
        return np.array([found[history == kind].sum() for kind in self.kinds])


def left_out(
    model: Recommender, history: ArrayLike, item: int | str, last: int = 20
) -> tuple[NDArray[np.int32], Floats]:
    """How much an item's margin falls without each item of a history: equation (17.1).

    Args:
        model: any recommender.
        history: ids, newest last, ``(length,)``.
        item: whose margin, an id or a title.
        last: how many distinct items are taken out in turn, the newest ones.

    Returns:
        The distinct items, newest first, and the effect of each: below 0 where it spoke against.

    Raises:
        ValueError: for an unknown item, padding after an item, or more than one history.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import ItemKNN
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> kinds, effects = left_out(ItemKNN(log.items).fit(log), [3, 1, 1], item=2)
    >>> kinds.tolist(), effects.round(2).tolist()
    ([1, 3], [1.0, 0.0])
    """
    answer = Kept.of(model, history, item, last)
    return answer.kinds, left_out_effects(answer, len(answer.kinds))
