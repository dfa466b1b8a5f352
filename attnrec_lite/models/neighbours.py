"""Items that the same people met: the neighbourhood model, old and still a strong rival."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from attnrec_lite._checks import as_history, as_ids, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import (
    history_matrix,
    log_matrix,
    newest_of_each,
    shares,
    tie_break,
)
from attnrec_lite.models.base import Arrays, Recommender, fitting

BLOCK = 512  # items whose similarities to all others are held at a time: 50 MB for 24,000 items


class ItemKNN(Recommender):
    r"""Recommend what is close to the history: item-based nearest neighbours.

    The five slots: the candidate asks; keys are the distinct items of the history; the score of a
    pair is the cosine of the two items' columns in the 0/1 matrix of users and items,

    $s_{ij} = n_{ij} / (\sqrt{n_i n_j} + \mathrm{shrink})$

    with $n_i$ people who met item i and $n_{ij}$ who met both, and only the ``k`` nearest of the
    candidate count, of equally near ones the smaller id; nothing is normalised; the readout is
    the sum, $\hat y_j = \sum_{i \in H \cap N_k(j)} s_{ij}$. Popularity, at most a millionth,
    decides between equal scores: an empty history, and candidates far from all of it, get the
    popular items.

    Args:
        items: the vocabulary.
        k: neighbours kept for each item.
        shrink: added to the denominator: doubts pairs of items that few people met.

    Raises:
        ValueError: if ``k`` is not a whole number from 1 or ``shrink`` is negative.

    Source: Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", ACM Transactions
    on Information Systems, 2004. They keep the k nearest of each item of the history; here, as in
    RecBole, it is the k nearest of the candidate.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> ItemKNN(log.items).fit(log).score_all([[1]]).round(3)
    array([[-inf,   0.,   1.,   0.]], dtype=float32)
    """

    name = "item-knn"

    def __init__(self, items: Vocabulary, k: int = 100, shrink: float = 0.0) -> None:
        super().__init__(items)
        if not isinstance(shrink, int | float) or not 0 <= shrink < np.inf:
            raise ValueError(f"shrink: expected a finite number from 0; received {shrink!r}")
        self.k, self.shrink = whole("k", k), float(shrink)
        shape = (self.n_items + 1, self._width)
        self._set_arrays(
            {
                "neighbours": np.zeros(shape, np.int32),
                "similarity": np.zeros(shape, np.float32),
                "popularity": np.zeros(self.n_items + 1, np.int64),
            }
        )

    def fit(self, log: Interactions) -> Self:
        """Find the nearest items of each item in ``log``; returns the model itself."""
        self._check_log(log)
        met = log_matrix(log).astype(np.float32)
        by_item, users = met.T.tocsr(), met.sum(axis=0)
        found = []
        for start in range(0, self.n_items + 1, BLOCK):
            block = slice(start, min(start + BLOCK, self.n_items + 1))
            both = (by_item[block] @ met).toarray()  # (block, N + 1)
            size = np.sqrt(users[block, None] * users) + np.float32(self.shrink)
            cosine = np.divide(both, size, out=both, where=both > 0)
            cosine[np.arange(len(both)), np.arange(block.start, block.stop)] = 0  # itself
            found.append(_nearest(cosine, self._width))
        neighbours, similarity = (np.concatenate(part) for part in zip(*found, strict=True))
        popularity = np.bincount(log.item, minlength=self.n_items + 1)
        self._set_arrays(
            {"neighbours": neighbours, "similarity": similarity, "popularity": popularity}
        )
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, ``("user", "candidate", "key")``.

        A repeated item counts once, where it stands for the last time. All shares are 0 for a
        candidate that has no neighbour in the history.
        """
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = np.zeros((len(keys), asked.shape[1], keys.shape[1]))
        for part, row, goods in zip(parts, keys, asked, strict=True):
            part[:] = self._near[goods][:, row].toarray()
        weights = shares(parts * newest_of_each(keys)[:, None, :])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights, axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"k": self.k, "shrink": self.shrink}

    @property
    def _width(self) -> int:
        """Columns of the table of neighbours: no item has more than N - 1."""
        return min(self.k, self.n_items - 1)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        met = history_matrix(history, self.n_items).astype(np.float32)
        scores: NDArray[np.float32] = (met @ self._near.T).toarray()
        return scores + tie_break(self.popularity)

    def _arrays(self) -> Arrays:
        names = ("neighbours", "similarity", "popularity")
        return {name: getattr(self, name) for name in names}

    def _set_arrays(self, arrays: Arrays) -> None:
        table, n = (self.n_items + 1, self._width), self.n_items
        fitting(arrays, {"neighbours": table, "similarity": table, "popularity": (n + 1,)})
        self.neighbours = as_ids("neighbours", arrays["neighbours"], n)
        self.similarity = arrays["similarity"].astype(np.float32)
        self.popularity = arrays["popularity"]
        real = self.similarity > 0
        start = np.append(0, np.cumsum(real.sum(axis=1)))
        near = (self.similarity[real], self.neighbours[real], start)
        self._near = sparse.csr_array(near, shape=(n + 1, n + 1))  # [candidate, neighbour]


def _nearest(
    similarity: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The k largest of each row, nearest first, of equal ones the smaller column.

    Returns:
        Columns and values, each ``(rows, k)``; column 0 and value 0 where fewer are positive.
    """
    rows, n = similarity.shape
    if k == 0:
        return np.zeros((rows, 0), np.int32), np.zeros((rows, 0), np.float32)
    least = np.partition(similarity, n - k, axis=1)[:, n - k, None]  # the k-th largest
    above, ties = similarity > least, similarity == least
    keep = above | (ties & (np.cumsum(ties, axis=1) <= k - above.sum(axis=1, keepdims=True)))
    columns = np.nonzero(keep)[1].reshape(rows, k)
    values = np.take_along_axis(similarity, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    return np.where(values > 0, columns, 0).astype(np.int32), values
