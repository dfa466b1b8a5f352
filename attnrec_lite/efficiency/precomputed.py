"""Scores computed before anybody asks: when that is possible, and when it is not."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from attnrec_lite._checks import as_history, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import history_matrix, newest_of_each, shares
from attnrec_lite.models.base import Arrays, Recommender, fitting

AT_A_TIME = 512  # items asked about at once


class Precomputed(Recommender):
    r"""Item-to-item scores of another model, looked up and added.

    The five slots: the candidate asks; keys are the distinct items of the history, or the newest
    alone; the score of a pair is what the model gave to the candidate after a history of that one
    item, less what it gives after none; nothing is normalised; the readout is the sum.

    It is the model itself where the model adds up what its items say (``EASE``, ``ItemKNN``), or,
    with ``newest``, where only the newest counts (``Successors``, attention with a window of 1).
    Attention cannot be looked up: its weights depend on all of the history at once. ``gap`` says
    how far the two are apart.

    Args:
        items: the vocabulary.
        keep: scores kept for each item, those of the largest size.
        newest: whether only the newest item of a history counts.

    Raises:
        ValueError: if ``keep`` is no whole number from 1.

    Source: S1-Q3 and S1-I15, which would precompute attention weights.

    >>> from attnrec_lite.models import EASE
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> model = EASE(log.items, penalty=1).fit(log)
    >>> looked_up = Precomputed.of(model)
    >>> looked_up.gap(model, [[1], [2]])
    0.0
    """

    name = "precomputed"

    def __init__(self, items: Vocabulary, keep: int = 100, newest: bool = False) -> None:
        super().__init__(items)
        self.keep, self.newest = whole("keep", keep), bool(newest)
        width, n = self._width, self.n_items + 1
        self._set_arrays(
            {
                "ids": np.zeros((n, width), np.int32),
                "scores": np.zeros((n, width), np.float32),
                "empty": np.zeros(n, np.float32),
            }
        )

    @classmethod
    def of(cls, model: Recommender, keep: int = 100, newest: bool = False) -> Self:
        """Ask a model about each item by itself.

        Args:
            model: any recommender of the contract.
            keep: as for the constructor.
            newest: as for the constructor.
        """
        found = cls(model.items, keep, newest)
        n, width = found.n_items + 1, found._width
        empty = model.score_all(np.zeros((1, 1), np.int32))[0]
        empty[0] = 0
        ids, scores = np.zeros((n, width), np.int32), np.zeros((n, width), np.float32)
        for start in range(1, n, AT_A_TIME):
            asked = np.arange(start, min(start + AT_A_TIME, n), dtype=np.int32)
            more = model.score_all(asked[:, np.newaxis]) - empty
            more[:, 0] = 0
            best = np.argsort(-np.abs(more), axis=1, kind="stable")[:, :width]
            ids[asked], scores[asked] = best, np.take_along_axis(more, best, axis=1)
        found._set_arrays({"ids": ids, "scores": scores, "empty": empty})
        return found

    def gap(self, model: Recommender, history: ArrayLike) -> float:
        """The largest difference from a model's scores for some histories."""
        ours, theirs = self.score_all(history), model.score_all(history)
        return float(np.abs(ours[:, 1:] - theirs[:, 1:]).max(initial=0.0))

    def fit(self, log: Interactions) -> Self:
        """Not to be fitted: ``of`` asks a model that is."""
        raise TypeError(
            "Precomputed learns from a model, not from a log; use Precomputed.of(model)"
        )

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each item in a candidate's score, in size, ``("user", "candidate", "key")``."""
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = np.zeros((len(keys), asked.shape[1], keys.shape[1]))
        for part, row, goods in zip(parts, self._counted(keys), asked, strict=True):
            part[:] = self._pairs[row][:, goods].toarray().T
        axes = ("user", "candidate", "key")
        return AttentionRecord(shares(parts), axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"keep": self.keep, "newest": self.newest}

    @property
    def _width(self) -> int:
        return min(self.keep, self.n_items)

    def _counted(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        """The history with 0 for what does not count: all but the newest, or all repetitions."""
        if self.newest:
            return np.where(np.arange(history.shape[1]) == history.shape[1] - 1, history, 0)
        return np.where(newest_of_each(history), history, 0)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        counted = history[:, -1:] if self.newest else history
        met = history_matrix(counted, self.n_items).astype(np.float32)
        found: NDArray[np.float32] = (met @ self._pairs).toarray() + self.empty
        return found

    def _arrays(self) -> Arrays:
        return {"ids": self.ids, "scores": self.scores, "empty": self.empty}

    def _set_arrays(self, arrays: Arrays) -> None:
        n, width = self.n_items + 1, self._width
        fitting(arrays, {"ids": (n, width), "scores": (n, width), "empty": (n,)})
        if ((arrays["ids"] < 0) | (arrays["ids"] >= n)).any():
            raise ValueError(f"ids: expected item ids in 0..{n - 1}; some are outside")
        self.ids, self.scores, self.empty = (arrays[name] for name in ("ids", "scores", "empty"))
        real = self.scores != 0
        start = np.append(0, np.cumsum(real.sum(axis=1)))
        self._pairs = sparse.csr_array((self.scores[real], self.ids[real], start), shape=(n, n))
