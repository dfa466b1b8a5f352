"""Matrix factorisation whose users stay at home: the model of this chapter's experiments.

Only the table of items is shared. A user's vector is computed where the history is, by a small
linear system, and so is the gradient that the user may send.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, finite, inside, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas.accountant import sampling_rate
from attnrec_lite.models._binary import history_matrix, log_matrix, newest_of_each, shares
from attnrec_lite.models.base import Arrays, Recommender, fitting

CELLS = 2**22  # numbers of users times items held at a time: 32 MiB


class LocalFactors(Recommender):
    r"""One shared vector $q_i$ per item; each user's vector $u$ is made on their own device.

    The five slots: the user's vector asks; keys and values are the vectors of all items; the score
    is $s_i = q_i^\top u$; nothing is normalised; the readout is the score. For a history H, with
    $y_i$ = 1 in it and 0 elsewhere, and weights $c_i$ = 1 in it and $c_0$ elsewhere,

    $\ell(Q) = \min_u \tfrac12 \sum_i c_i (y_i - q_i^\top u)^2 + \tfrac\lambda2 \lVert u \rVert^2$

    and training lowers the sum of $\ell$ over users. At the minimum u does not move to first
    order, so the gradient of $\ell$ is $c_i (q_i^\top u - y_i)\, u^\top$ for row i: of rank one.

    Args:
        items: the vocabulary.
        width: of the vectors.
        unseen: $c_0$ in (0, 1), the weight of what was not taken.
        penalty: $\lambda$.
        learning_rate: of gradient descent on the mean of $\ell$.
        momentum: in [0, 1).
        rounds: steps.
        rate: chance that a user takes part in a round, above 0 and up to 1.
        seed: of the first table and of the draws.

    Raises:
        ValueError: if a number is out of range.

    Source: Hu, Koren and Volinsky (2008) for the loss; Ammad-ud-din et al., "Federated
    Collaborative Filtering" (2019) for the users who stay at home.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> model = LocalFactors(log.items, width=4, rounds=100, rate=1.0).fit(log)
    >>> model.recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """

    name = "local factors"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 16,
        unseen: float = 0.1,
        penalty: float = 1.0,
        learning_rate: float = 1.0,
        momentum: float = 0.9,
        rounds: int = 200,
        rate: float = 0.1,
        seed: int = 0,
    ) -> None:
        super().__init__(items)
        self.width, self.rounds = whole("width", width), whole("rounds", rounds)
        self.unseen, self.penalty = inside("unseen", unseen), positive("penalty", penalty)
        self.learning_rate = positive("learning_rate", learning_rate)
        self.momentum = float(finite("momentum", momentum, 0))
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum: expected a number in [0, 1); received {momentum}")
        self.rate, self.seed = sampling_rate(rate), whole("seed", seed, least=0)
        self.table: Floats = self.first_table()

    def first_table(self) -> Floats:
        """Random vectors to start from, which know nobody; row 0, padding, is 0."""
        table = np.random.default_rng([self.seed, 0]).normal(0, 0.1, (self.n_items + 1, self.width))
        table[0] = 0
        return table

    def fit(self, log: Interactions) -> Self:
        """Learn the table from the start; returns the model itself.

        A user of the log without a row takes part like others: their gradient is 0, but they count
        in the mean and cost time.

        Raises:
            ValueError: if the log has other items or no user with a row.
        """
        self._check_log(log)
        rng = np.random.default_rng([self.seed, 1])
        met = log_matrix(log)
        if met.nnz == 0:
            raise ValueError("log: expected a user with a row; received none")
        self.table, moved = self.first_table(), np.zeros_like(self.table)
        for _ in range(self.rounds):
            here = rng.random(log.n_users) < self.rate  # each for themselves: Poisson sampling
            slope = self._slope(met[here].toarray(), log.n_users * self.rate, rng)
            moved = self.momentum * moved + slope
            self.table = self.table - self.learning_rate * moved
        return self

    def user_vectors(self, met: ArrayLike) -> Floats:
        """The vectors that users make of their histories.

        Args:
            met: 0 and 1 for each user and item, ``(users, N + 1)``.

        Returns:
            Vectors ``(users, width)``; 0 for an empty history.
        """
        x, d = finite("met", met, 2, least=0), self.width
        pairs = (self.table[:, :, None] * self.table[:, None, :]).reshape(-1, d * d)
        own = (x @ pairs).reshape(-1, d, d) * (1 - self.unseen)
        all_items = self.unseen * self.table.T @ self.table + self.penalty * np.eye(d)
        return np.asarray(np.linalg.solve(all_items + own, (x @ self.table)[:, :, None])[:, :, 0])

    def gradients(self, met: ArrayLike) -> tuple[Floats, Floats]:
        """What each user would send, in its two factors: the gradient is their outer product.

        Args:
            met: as for ``user_vectors``.

        Returns:
            Derivatives by the scores ``(users, N + 1)`` and user vectors ``(users, width)``.
        """
        x = finite("met", met, 2, least=0)
        users = self.user_vectors(x)
        scores = users @ self.table.T
        return np.where(x > 0, scores - 1, self.unseen * scores), users

    def losses(self, met: ArrayLike) -> Floats:
        """The loss of each user, ``(users,)``, as it is written above."""
        residual, users = self.gradients(met)
        weight = np.where(np.asarray(met) > 0, 1.0, self.unseen)
        squares = (residual**2 / weight).sum(axis=1) + self.penalty * (users**2).sum(axis=1)
        return np.asarray(0.5 * squares)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, ``("user", "candidate", "key")``.

        The user's vector is a sum over the items of the history, so the score is one, too. The
        record holds shares of *absolute* parts; a repeated item counts once, where it stands last.
        """
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        met = history_matrix(keys, self.n_items).toarray()
        parts = np.zeros((*asked.shape, keys.shape[1]))
        for row, (taken, items) in enumerate(zip(keys, asked, strict=True)):
            weight = np.where(met[row] > 0, 1.0, self.unseen)
            gram = (self.table * weight[:, None]).T @ self.table + self.penalty * np.eye(self.width)
            parts[row] = self.table[items] @ np.linalg.solve(gram, self.table[taken].T)
        parts *= newest_of_each(keys)[:, None, :]
        axes = ("user", "candidate", "key")
        return AttentionRecord(shares(parts), axes, keys, "the user's vector", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "unseen", "penalty", "learning_rate", "momentum", "rounds", "rate")
        return {name: getattr(self, name) for name in (*names, "seed")}

    def _slope(self, met: Floats, expected: float, rng: np.random.Generator) -> Floats:
        """Mean gradient of the users who take part; a private model clips and adds noise."""
        residual, users = self.gradients(met)
        return np.asarray(residual.T @ users / expected)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = np.empty((len(history), self.n_items + 1), np.float32)
        at_once = max(1, CELLS // scores.shape[1])
        for first in range(0, len(history), at_once):
            rows = slice(first, first + at_once)
            met = history_matrix(history[rows], self.n_items).toarray()
            scores[rows] = self.user_vectors(met) @ self.table.T
        return scores

    def _arrays(self) -> Arrays:
        return {"table": self.table}

    def _set_arrays(self, arrays: Arrays) -> None:
        self.table = fitting(arrays, {"table": (self.n_items + 1, self.width)})["table"]
