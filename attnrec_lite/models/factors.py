"""Matrix factorisation that learns from pairs: what was taken should score above what was not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from attnrec_lite._checks import Floats, as_history, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import newest_of_each, shares
from attnrec_lite.models._fold_in import FoldIn
from attnrec_lite.models._pairs import Pairs, Singles, adagrad
from attnrec_lite.models.base import Arrays, Recommender, fitting

CELLS = 2**22  # comparisons that the fold-in holds at a time: 16 MB each of a few arrays


class BPR(Recommender):
    r"""One vector for a user, one for an item, learned by Bayesian personalised ranking.

    The five slots: the user's vector asks; keys and values are the vectors of all items; the score
    is a dot product plus the item's bias, $s_i = u^\top q_i + b_i$; nothing is normalised; the
    readout is the score itself. Training minimises, over pairs of an item i that a user took and a
    uniformly drawn j that they did not,

    $\mathrm{softplus}(s_j - s_i) + \frac{\lambda}{2} (\lVert u \rVert^2 + \lVert (q_i, b_i)
    \rVert^2 + \lVert (q_j, b_j) \rVert^2)$

    A history comes without a user, so its vector is found anew: the minimum of the same loss over
    u alone, which is convex (``user_vectors``). An empty history gets the mean user of the log.

    Args:
        items: the vocabulary.
        width: of the vectors.
        penalty: $\lambda$.
        negatives: how many items, drawn once, a history is compared with to find its vector; all
            items if there are not more.
        seed: the same seed gives the same model, to the last bit on one machine.

    Raises:
        ValueError: if a number is out of range.

    Source: Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR: Bayesian Personalized Ranking
    from Implicit Feedback", UAI 2009. They draw users and items at random; here each pass takes
    every row of the log once, and Adagrad sets the steps.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> BPR(log.items, width=4).fit(log).recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """

    name = "bpr"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        penalty: float = 0.01,
        negatives: int = 512,
        seed: int = 0,
    ) -> None:
        super().__init__(items)
        self.width, self.negatives = whole("width", width), whole("negatives", negatives)
        self.penalty, self.seed = positive("penalty", penalty), whole("seed", seed, least=0)
        self.losses: list[float] = []
        self.table = _small(self.n_items + 1, self.width, np.random.default_rng([seed, 0]))
        self.bias: Singles = np.zeros(self.n_items + 1, np.float32)
        self.mean: Singles = np.zeros(self.width, np.float32)
        self.users: Singles = np.zeros((0, self.width), np.float32)

    def fit(
        self, log: Interactions, epochs: int = 40, batch: int = 1024, learning_rate: float = 0.05
    ) -> Self:
        """Learn the vectors from the start; a second call forgets the first.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: pairs per step.
            learning_rate: of Adagrad.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch without the penalty,
            ``users`` the vector of each user of the log (it is not saved: nobody is known again).

        Raises:
            ValueError: if the log has other items, or a number is out of range.
        """
        self._check_log(log)
        whole("batch", batch)
        rate = positive("learning_rate", learning_rate)
        rng = np.random.default_rng([self.seed, 1])
        users, goods = (_small(n, self.width, rng) for n in (log.n_users, self.n_items + 1))
        # The bias is one more column of the items; the users' last column is 1 and stays so.
        users = np.column_stack([users, np.ones(len(users), np.float32)])
        goods = np.column_stack([goods, np.zeros(len(goods), np.float32)])
        squares = np.full_like(users, 1e-8), np.full_like(goods, 1e-8)
        pairs, self.losses = Pairs(log), []
        for _ in range(whole("epochs", epochs)):
            total = 0.0
            for user, taken, other in pairs.batches(batch, rng):
                loss, of_users, of_goods = self._slopes(users[user], goods[taken], goods[other])
                adagrad(users, squares[0], user, of_users, rate)
                adagrad(goods, squares[1], np.concatenate([taken, other]), of_goods, rate)
                total += loss
            self.losses.append(total / max(1, len(pairs)))
        self.users = users[:, :-1].copy()
        self.mean = self.users.sum(axis=0) / max(1, log.n_users)
        self.table, self.bias = goods[:, :-1].copy(), goods[:, -1].copy()
        return self

    def user_vectors(self, history: ArrayLike) -> Floats:
        """The vector that fits each history best, whoever it belongs to.

        Args:
            history: as for ``score_all``; how often and in which order does not matter.

        Returns:
            Vectors, float64 ``(batch, width)``; for an empty history the mean of the log's users.

        Raises:
            ValueError: as for ``score_all``.
        """
        ids = as_history(history, self.n_items)
        vectors = np.tile(self.mean.astype(np.float64), (len(ids), 1))
        with threadpool_limits(1, user_api="blas"):
            for rows, _, problem in self._problems(ids):
                vectors[rows] = problem.solve()
        return vectors

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, ``("user", "candidate", "key")``.

        At its minimum the user vector is a sum of what each item of the history adds to it, so the
        score without the bias is one, too. An item may speak against a candidate: the record holds
        the shares of the *absolute* parts. A repeated item counts once, where it stands last.
        """
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = np.zeros((len(keys), asked.shape[1], keys.shape[1]))
        places = np.arange(asked.shape[1])[:, None]
        with threadpool_limits(1, user_api="blas"):
            for rows, slots, problem in self._problems(keys):
                pieces = problem.pieces(problem.solve())  # (rows, n, width)
                found = self.table[asked[rows]] @ pieces.transpose(0, 2, 1)
                parts[rows[:, None, None], places, slots[:, None]] = found
        axes = ("user", "candidate", "key")
        return AttentionRecord(shares(parts), axes, keys, "the user's vector", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "penalty", "negatives", "seed")
        return {name: getattr(self, name) for name in names}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = self.user_vectors(history) @ self.table.T + self.bias
        return scores.astype(np.float32)

    def _slopes(
        self, user: Singles, taken: Singles, other: Singles
    ) -> tuple[float, Singles, Singles]:
        """Loss of some pairs, and its slopes for the users and for both kinds of items."""
        apart = taken - other
        margin = np.einsum("bd,bd->b", user, apart)
        wrong = (0.5 - 0.5 * np.tanh(0.5 * margin))[:, None]  # 1 - sigmoid(margin)
        of_users = self.penalty * user - wrong * apart
        of_users[:, -1] = 0
        of_taken, of_other = (
            self.penalty * taken - wrong * user,
            self.penalty * other + wrong * user,
        )
        loss = float(np.logaddexp(0, -margin).sum(dtype=np.float64))
        return loss, of_users, np.concatenate([of_taken, of_other])

    def _problems(
        self, history: NDArray[np.int32]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], FoldIn]]:
        """Histories of one length at a time: their rows, the slots of their items, the problem."""
        counted, n = newest_of_each(history), self.n_items
        drawn = np.arange(1, n + 1)
        if n > self.negatives:
            rng = np.random.default_rng([self.seed, 2])
            drawn = np.sort(rng.choice(drawn, self.negatives, replace=False))
        size = counted.sum(axis=1)
        for length in np.unique(size[size > 0]):
            alike, at_once = np.flatnonzero(size == length), max(1, CELLS // (length * len(drawn)))
            for first in range(0, len(alike), at_once):
                rows = alike[first : first + at_once]
                slots = np.nonzero(counted[rows])[1].reshape(len(rows), length)
                ids = np.take_along_axis(history[rows], slots, axis=1)
                yield rows, slots, self._problem(ids, drawn)

    def _problem(self, ids: NDArray[np.int32], drawn: NDArray[np.int64]) -> FoldIn:
        """Find the vectors of users who took ``ids (b, n)``, against the items drawn."""
        share = np.ones((len(ids), self.n_items + 1), np.float32)
        np.put_along_axis(share, ids, 0, axis=1)
        share = share[:, drawn]
        share /= ids.shape[1] * np.maximum(1, share.sum(axis=1, keepdims=True))
        own, other = (self.table[ids], self.bias[ids]), (self.table[drawn], self.bias[drawn])
        return FoldIn(*own, *other, share, self.penalty)

    def _arrays(self) -> Arrays:
        return {"table": self.table, "bias": self.bias, "mean": self.mean}

    def _set_arrays(self, arrays: Arrays) -> None:
        n = self.n_items + 1
        fitting(arrays, {"table": (n, self.width), "bias": (n,), "mean": (self.width,)})
        self.table, self.bias, self.mean = arrays["table"], arrays["bias"], arrays["mean"]


def _small(rows: int, width: int, rng: np.random.Generator) -> Singles:
    """Random vectors to start from."""
    return rng.normal(0, 0.1, (rows, width)).astype(np.float32)
