"""What a model has to beat before it may be called good."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models.base import Arrays, Recommender, fitting

DAY = 86_400  # seconds


class Popularity(Recommender):
    """Recommend what most people took: the same list for everyone, as in equation (1.2).

    The five slots: nobody asks, nothing is looked at; the score of an item is how often it occurs
    in the training log.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 2], [1, 2, 1])
    >>> Popularity(log.items).fit(log).score_all([[0]])
    array([[-inf,   1.,   2.]], dtype=float32)
    """

    name = "popularity"

    def __init__(self, items: Vocabulary) -> None:
        super().__init__(items)
        self.counts: NDArray[np.int64] = np.zeros(self.n_items + 1, np.int64)

    def fit(self, log: Interactions) -> Self:
        """Count how often each item occurs in ``log``; returns the model itself."""
        self._check_log(log)
        self.counts = np.bincount(log.item, minlength=self.n_items + 1).astype(np.int64)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Weights of zero, ``("user", "key")``: popularity looks at nobody's history."""
        return _nobody_asks(self, history, candidates)

    def config(self) -> dict[str, Any]:
        """Popularity has nothing to set."""
        return {}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.broadcast_to(self.counts.astype(np.float32), (len(history), len(self.counts)))

    def _arrays(self) -> Arrays:
        return {"counts": self.counts}

    def _set_arrays(self, arrays: Arrays) -> None:
        self.counts = fitting(arrays, {"counts": (self.n_items + 1,)})["counts"]


class RecentPopularity(Recommender):
    r"""Recommend what most people took lately: popularity that fades.

    The five slots: nobody asks, nothing is looked at; the score of an item is

    $\hat y_i = \log_2 \sum_{\text{rows of } i} 2^{-(T - t) / h}$

    with T the newest time of the training log and h the half-life: a row counts one half after h
    days. The logarithm changes no ranking, and keeps apart what was last taken thousands of
    half-lives ago. An infinite half-life ranks as ``Popularity``; one second, as the newest row of
    each item. An item without a row scores 1 less than the least of the others.

    Args:
        items: the vocabulary.
        half_life: in days, at least a second, ``math.inf`` allowed. Weeks or months suit a shop;
            MovieLens, where films are rated years late, wants years.

    Raises:
        ValueError: if ``half_life`` is not such a number.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 1], [0, 10 * 86_400, 0])
    >>> RecentPopularity(log.items, half_life=10).fit(log).score_all([[0]])
    array([[-inf,   0.,   0.]], dtype=float32)
    """

    name = "recent popularity"

    def __init__(self, items: Vocabulary, half_life: float = 60.0) -> None:
        super().__init__(items)
        if not isinstance(half_life, int | float) or not half_life >= 1 / DAY:
            raise ValueError(
                f"half_life: expected days, at least a second of one; received {half_life!r}"
            )
        self.half_life = half_life
        self.log_counts: NDArray[np.float64] = np.zeros(self.n_items + 1)

    def fit(self, log: Interactions) -> Self:
        """Count what lately occurs in ``log``; returns the model itself."""
        self._check_log(log)
        newest = np.full(self.n_items + 1, log.time.min(initial=0))
        np.maximum.at(newest, log.item, log.time)
        behind = (newest[log.item] - log.time) / (self.half_life * DAY)
        counts = np.zeros(self.n_items + 1)
        counts += np.bincount(log.item, np.exp2(-behind), minlength=self.n_items + 1)
        age = (log.time.max(initial=0) - newest) / (self.half_life * DAY)
        occurs = counts > 0  # then at least 1, for the item's newest row counts 1
        scores = np.log2(counts, out=np.zeros_like(counts), where=occurs) - age
        floor = scores[occurs].min() - 1 if occurs.any() else 0.0
        self.log_counts = np.where(occurs, scores, floor)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Weights of zero, ``("user", "key")``: nobody's history is looked at."""
        return _nobody_asks(self, history, candidates)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"half_life": self.half_life}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = self.log_counts.astype(np.float32)
        return np.broadcast_to(scores, (len(history), len(scores)))

    def _arrays(self) -> Arrays:
        return {"log_counts": self.log_counts}

    def _set_arrays(self, arrays: Arrays) -> None:
        self.log_counts = fitting(arrays, {"log_counts": (self.n_items + 1,)})["log_counts"]


class Successors(Recommender):
    """Recommend what followed the newest item in other people's histories: a first-order chain.

    The five slots: the newest item asks and is the only one looked at; the score of a candidate is
    how often it came next, and among candidates that never did, how popular it is. No vector, no
    training, and hard to beat where the next step depends on the last one.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1, 1], [1, 2, 1, 2], [1, 2, 1, 2])
    >>> Successors(log.items).fit(log).recommend([[1]], k=1)[0]
    array([[2]], dtype=int32)
    """

    name = "successors"

    def __init__(self, items: Vocabulary) -> None:
        super().__init__(items)
        self._set_arrays(
            {
                "popularity": np.zeros(self.n_items + 1, np.int64),
                "pairs": np.zeros((0, 3), np.int64),
            }
        )

    def fit(self, log: Interactions) -> Self:
        """Count how often each item came right after each other; returns the model itself."""
        self._check_log(log)
        same_user = log.user[1:] == log.user[:-1]
        both = np.stack([log.item[:-1][same_user], log.item[1:][same_user]], axis=1)
        pairs, counts = np.unique(both.astype(np.int64), axis=0, return_counts=True)
        popularity = np.bincount(log.item, minlength=self.n_items + 1)
        self._set_arrays({"popularity": popularity, "pairs": np.column_stack([pairs, counts])})
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """All of the weight on the newest item, ``("user", "key")``: nothing else is looked at."""
        keys = as_history(history, self.n_items)
        self._candidates(keys, candidates)
        weights = np.zeros(keys.shape, np.float32)
        weights[:, -1] = keys[:, -1] > 0
        return AttentionRecord(weights, ("user", "key"), keys, "the newest item", self.items)

    def config(self) -> dict[str, Any]:
        """Successors has nothing to set."""
        return {}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        share = self.popularity / max(1, self.popularity.max() + 1)  # below 1: only breaks ties
        scores = np.tile(share.astype(np.float32), (len(history), 1))
        for row, newest in enumerate(history[:, -1]):
            start, stop = np.searchsorted(self.pairs[:, 0], [newest, newest + 1])
            scores[row, self.pairs[start:stop, 1]] += self.pairs[start:stop, 2]
        return scores

    def _arrays(self) -> Arrays:
        return {"popularity": self.popularity, "pairs": self.pairs}

    def _set_arrays(self, arrays: Arrays) -> None:
        fitting(arrays, {"popularity": (self.n_items + 1,), "pairs": (None, 3)})
        if not np.isin(arrays["pairs"][:, :2], np.arange(1, self.n_items + 1)).all():
            raise ValueError(f"pairs: expected item ids in 1..{self.n_items}; some are outside")
        self.popularity, self.pairs = arrays["popularity"], arrays["pairs"]


def _nobody_asks(model: Recommender, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
    """Weights of zero: the record of a model that looks at no history."""
    keys = as_history(history, model.n_items)
    model._candidates(keys, candidates)
    weights = np.zeros(keys.shape, np.float32)
    return AttentionRecord(weights, ("user", "key"), keys, "nobody", model.items)
