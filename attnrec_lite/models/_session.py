"""One user, click by click: what earlier items left behind is kept, so a click costs O(L).

An item's keys and values depend on the items before it and on nothing later, so they need not be
made again when another item comes: the new one asks, the old ones answer from the cache. That
holds where positions are relative. Ages counted from the newest item change with every click, of
every item, and with them all keys and values: there a cache would be wrong.

When the window slides the oldest entry is dropped. Nothing else changes, because every item looks
``window`` items back and no further, in every block, in the whole of the network's rows as here.
So the model's own scores reach ``blocks * (window - 1) + 1`` items back, and this equals them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_ids, whole
from attnrec_lite._topk import top_k

if TYPE_CHECKING:
    from attnrec_lite.models.sasrec import SASRec


class Session:
    """A user's history that grows, and the scores after each item.

    Args:
        model: trained, with positions that are not absolute.
        history: item ids so far, oldest first, without padding.

    Attributes:
        history: ids of all items, oldest first.
        scores: of all items, float32 ``(N + 1,)``; column 0, padding, is ``-inf``.

    Raises:
        ValueError: for an unknown id, or if positions are absolute.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import SASRec
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = SASRec(log.items, width=4, window=3)
    >>> session = model.session([1])
    >>> bool(np.allclose(session.click(2), model.score_all([[1, 2]]), atol=1e-5))
    True
    """

    def __init__(self, model: SASRec, history: ArrayLike = ()) -> None:
        if model.positions == "absolute":
            raise ValueError(
                "positions: expected 'relative' or 'none' for a session; received 'absolute': the "
                "age of every item changes with each click, and what was kept would be wrong"
            )
        self._network, self._n_items = model.network, model.n_items
        head = model.width // model.heads
        empty = tf.zeros((1, model.heads, model.window - 1, head), model.network.compute_dtype)
        self._caches = [(empty, empty)] * model.blocks
        self.history: list[int] = []
        self.scores = model.score_all([[0]])[0]
        ids = as_ids("history", [np.asarray(history, np.int64)], model.n_items, least=1)[0]
        reach = model.blocks * (model.window - 1) + 1
        self.history = ids[:-reach].tolist()  # too old to matter
        for item in ids[-reach:]:
            self.click(int(item))

    def click(self, item: int) -> NDArray[np.float32]:
        """Add an item.

        Args:
            item: its id, 1..N.

        Returns:
            Scores of all items after it, as ``scores``.

        Raises:
            ValueError: for an unknown id.
        """
        new = as_ids("item", [[item]], self._n_items, least=1)[0, 0]
        known = tf.constant(len(self.history), tf.int32)
        found, self._caches = self._network.click(tf.constant(new), self._caches, known)
        self.history.append(int(new))
        scores: NDArray[np.float32] = np.array(found)
        scores[0] = -np.inf
        self.scores = scores
        return scores

    def recommend(
        self, k: int, exclude_seen: bool = True
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best items now, as ``Recommender.recommend`` gives them.

        Args:
            k: how many.
            exclude_seen: leave out what is in the history.

        Returns:
            Ids and scores, each ``(k,)``; where fewer items are left, id 0 and ``-inf``.

        Raises:
            ValueError: if ``k`` is not a whole number from 1.
        """
        scores = self.scores.copy()
        if exclude_seen:
            scores[self.history] = -np.inf
        best = top_k(scores[np.newaxis, 1:], whole("k", k))[0] + 1
        ids, found = np.zeros(k, np.int32), np.full(k, -np.inf, np.float32)
        found[: len(best)] = scores[best]
        ids[: len(best)] = np.where(np.isneginf(scores[best]), 0, best)
        return ids, found
