"""Delete a user from the log *and* from the model, and show that it is done.

Exact means: the model is the one that a training without the user would have given. Three ways to
get there: train again; keep users apart in shards and train one of them again; or, where the model
has a closed form, take the user's part out of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from attnrec_lite._checks import Floats, as_history, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas.federated import without_row
from attnrec_lite.models._binary import history_matrix, log_matrix, newest_of_each, shares
from attnrec_lite.models.base import Arrays, Recommender, fitting


def without_user(log: Interactions, user: int) -> Interactions:
    """The log after a deletion request; codes stay, the user has no row any more.

    Args:
        log: the table.
        user: code of the user.

    Returns:
        The smaller table.

    Raises:
        ValueError: if there is no such user, or no row of them (was it deleted before?).

    >>> log = Interactions.from_columns([0, 1, 1], [1, 1, 2], range(3))
    >>> without_user(log, 1).item.tolist()
    [1]
    """
    if not 0 <= whole("user", user, 0) < log.n_users or not (log.user == user).any():
        raise ValueError(f"user: expected one of {log.n_users} with a row; received {user}")
    return log.select(log.user != user)


class ForgettingEASE(Recommender):
    r"""EASE that forgets a user exactly, in $N^2$ steps.

    The five slots are those of ``models.EASE``. It keeps $P = (X^\top X + \lambda I)^{-1}$ in
    float64, and takes a user's row out of it by Sherman and Morrison's formula. There is no
    popularity to break ties: every number in the model is a function of P.

    Args:
        items: the vocabulary.
        penalty: $\lambda$ above 0.

    Raises:
        ValueError: if the penalty is not above 0.

    Source: Sherman and Morrison (1950); Steck (2019) for the model.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> model = ForgettingEASE(log.items, penalty=1.0).fit(log).forget([1, 2])
    >>> again = ForgettingEASE(log.items, penalty=1.0).fit(without_user(log, 0))
    >>> bool(np.abs(model.inverse - again.inverse).max() < 1e-12)
    True
    """

    name = "forgetting ease"

    def __init__(self, items: Vocabulary, penalty: float = 100.0) -> None:
        super().__init__(items)
        self.penalty = positive("penalty", penalty)
        self.inverse: Floats = np.eye(self.n_items + 1) / self.penalty

    def fit(self, log: Interactions) -> Self:
        """Invert the matrix of pairs; returns the model itself."""
        self._check_log(log)
        met = log_matrix(log)
        gram = (met.T @ met).toarray() + self.penalty * np.eye(self.n_items + 1)
        self.inverse = linalg.inv(gram)
        return self

    def forget(self, items: ArrayLike) -> Self:
        """Take a user out; returns the model itself.

        Args:
            items: ids of what the user took, each once or often, all of it: with a part of the
                history the user would be changed, not removed. Check with the log at hand.

        Raises:
            ValueError: if an id is unknown or padding, there is none, or no user with these items
                can have been learned.
        """
        ids = np.asarray(items)
        if ids.ndim != 1 or len(ids) == 0 or ids.dtype.kind not in "iu":
            raise ValueError(f"items: expected some item ids; received {items!r:.60}")
        if ids.min() < 1 or ids.max() > self.n_items:
            raise ValueError(f"items: expected ids in 1..{self.n_items}; received {items!r:.60}")
        row = np.zeros(self.n_items + 1)
        row[ids] = 1
        self.inverse = without_row(self.inverse, row)
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Share of each history item in a candidate's score, as ``models.EASE`` gives it."""
        keys = as_history(history, self.n_items)
        asked = self._candidates(keys, candidates)
        parts = self._weights()[keys[:, None, :], asked[:, :, None]]
        weights = shares(parts * newest_of_each(keys)[:, None, :])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights, axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"penalty": self.penalty}

    def _weights(self) -> Floats:
        weights = -self.inverse / np.diag(self.inverse)
        np.fill_diagonal(weights, 0)
        return np.asarray(weights)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = history_matrix(history, self.n_items) @ self._weights()
        return np.asarray(scores, np.float32)

    def _arrays(self) -> Arrays:
        return {"inverse": self.inverse}

    def _set_arrays(self, arrays: Arrays) -> None:
        n = self.n_items + 1
        self.inverse = fitting(arrays, {"inverse": (n, n)})["inverse"]


class Shards:
    """Models of parts of the users, whose scores are averaged: forgetting trains one part again.

    A user's rows are in one shard alone, chosen by the seed and the user's code and by nothing that
    the rows say. So the other shards have never seen them.

    Args:
        make: a new model for a seed, unfitted; shard k uses seed k.
        log: all users.
        shards: how many, up to the number of users.
        seed: of who goes where.

    Attributes:
        log: what is still known.
        models: one for each shard.
        cpu: seconds of processor that each training took, the first ones and those after a request.

    Raises:
        ValueError: if a number is out of range or a shard would have no row.

    Source: Bourtoule et al., "Machine Unlearning" (2021), SISA without slices.

    >>> from attnrec_lite.models import EASE
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> parts = Shards(lambda seed: EASE(log.items, penalty=1.0), log, shards=2)
    >>> len(parts.forget(0).cpu), parts.score_all([[1]]).shape
    (3, (1, 4))
    """

    name = "shards"

    def __init__(
        self, make: Callable[[int], Recommender], log: Interactions, shards: int = 4, seed: int = 0
    ) -> None:
        if whole("shards", shards) > log.n_users:
            raise ValueError(f"shards: expected at most {log.n_users} users; received {shards}")
        self.make, self.log, self.items = make, log, log.items
        rng = np.random.default_rng(seed)
        self.shard = rng.permutation(np.arange(log.n_users) % shards)
        self.cpu: list[float] = []
        self.models = [self._train(k) for k in range(shards)]

    def forget(self, user: int) -> Self:
        """Delete a user's rows and train their shard again; returns the shards themselves.

        Raises:
            ValueError: as ``without_user``, or if the shard has nobody else.
        """
        before, self.log = self.log, without_user(self.log, user)
        try:
            self.models[self.shard[user]] = self._train(int(self.shard[user]))
        except ValueError:
            self.log = before
            raise
        return self

    def score_all(self, history: ArrayLike) -> NDArray[np.float32]:
        """Mean of the shards' scores, each in deviations over the catalogue, so that none shouts.

        Args:
            history: as for ``Recommender.score_all``.

        Returns:
            Scores, float32 ``(batch, N + 1)``; column 0 is ``-inf``.
        """
        total: Floats | None = None
        for model in self.models:
            scores = model.score_all(history)[:, 1:].astype(np.float64)
            spread = scores.std(axis=1, keepdims=True)
            apart = scores - scores.mean(axis=1, keepdims=True)
            scores = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
            total = scores if total is None else total + scores
        assert total is not None  # there is a shard
        found = np.full((len(total), total.shape[1] + 1), -np.inf, np.float32)
        found[:, 1:] = total / len(self.models)
        return found

    @property
    def n_items(self) -> int:
        """N, the size of the catalogue without padding."""
        return len(self.items)

    def _train(self, shard: int) -> Recommender:
        rows = self.shard[self.log.user] == shard
        if not rows.any():
            raise ValueError(f"shards: expected a row in each; shard {shard} has none")
        part = self.log.select(rows)
        users, code = np.unique(part.user, return_inverse=True)
        part = replace(part, user=code.astype(np.int32), user_ids=part.user_ids[users])
        start = time.process_time()
        model = self.make(shard).fit(part)  # which knows nobody of another shard, not even a code
        self.cpu.append(time.process_time() - start)
        return model
