"""DP-SGD: a table of items that nobody's history can change much.

The order matters: the gradient of *each person* is clipped, then they are summed, then noise is
added, then the sum is divided by how many persons a round *expects*. A person is a user with all
rows (user-level privacy). Clipping events instead would promise to hide one purchase, not a person.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from attnrec_lite._checks import Floats, finite, inside, positive
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models.base import Recommender
from attnrec_lite.privacy.accountant import Accountant, Promise
from attnrec_lite.privacy.factors import LocalFactors


def clipped_sum(residual: Floats, users: Floats, limit: float) -> tuple[Floats, Floats]:
    r"""Sum of gradients of rank one, each clipped on its own: equation (18.13).

    The length of $r u^\top$ is $\lVert r \rVert \lVert u \rVert$, so no gradient is ever written
    out.

    Args:
        residual: $r$ of each user, shape ``(users, rows)``.
        users: $u$ of each, shape ``(users, d)``.
        limit: $C$ above 0.

    Returns:
        The sum ``(rows, d)``, and the length of each user's part of it, at most C.

    Raises:
        ValueError: if the limit is not above 0.

    >>> total, lengths = clipped_sum(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]]), limit=1.0)
    >>> total.tolist(), lengths.tolist()
    ([[0.0, 1.0], [0.0, 0.0]], [1.0])
    """
    length = np.linalg.norm(residual, axis=1) * np.linalg.norm(users, axis=1)
    scale = 1 / np.maximum(1, length / positive("limit", limit))
    return np.asarray((residual * scale[:, None]).T @ users), np.asarray(length * scale)


class PrivateFactors(LocalFactors):
    r"""``LocalFactors`` trained by DP-SGD: the released table is $(\varepsilon, \delta)$-private.

    The promise is for a user with all rows, added or taken away, and covers the table alone: what
    a device computes of its own history it shows to nobody. It does not cover what was chosen by
    looking at the data (settings, the list of items, the number of users).

    Args:
        items: the vocabulary, which must not come from the private log.
        noise: $\sigma$, standard deviation over ``limit``; 0 for none, with no promise.
        limit: $C$, the most that one user moves a round's sum.
        delta: below one over the number of users.
        **settings: as for ``LocalFactors``.

    Raises:
        ValueError: if a number is out of range.

    Source: Abadi et al. (2016); with a fixed divisor and clipping per user, McMahan, Ramage, Talwar
    and Zhang, "Learning Differentially Private Recurrent Language Models" (2018).

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> print(PrivateFactors(log.items, noise=4.0, rounds=5, delta=0.1).fit(log).promise)
    epsilon 0.00 at delta 0.1 for one user with all rows
    """

    name = "private factors"

    def __init__(
        self,
        items: Vocabulary,
        noise: float = 1.0,
        limit: float = 0.1,
        delta: float = 1e-4,
        **settings: Any,
    ) -> None:
        super().__init__(items, **settings)
        self.noise, self.limit = float(finite("noise", noise, 0)), positive("limit", limit)
        if self.noise < 0:
            raise ValueError(f"noise: expected a number from 0; received {noise}")
        self.delta = inside("delta", delta)

    @property
    def promise(self) -> Promise:
        """What all rounds of a training promise; it does not depend on the data."""
        book = Accountant()
        book.spend(self.rate, self.noise, self.rounds)
        return book.promise(self.delta)

    def fit(self, log: Interactions) -> Self:
        """Learn the table from the start; returns the model itself.

        Raises:
            ValueError: if the log has other items or no user with a row, or ``delta`` is not below
                one over the number of users: publishing one of them would then be "private".
        """
        if self.delta * log.n_users >= 1:
            raise ValueError(
                f"delta: expected less than 1 / {log.n_users}, one over the users; "
                f"received {self.delta:g}"
            )
        return super().fit(log)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"noise": self.noise, "limit": self.limit, "delta": self.delta}
        return own | super().config()

    def _slope(self, met: Floats, expected: float, rng: np.random.Generator) -> Floats:
        total, _ = clipped_sum(*self.gradients(met), self.limit)
        total += rng.normal(0, self.noise * self.limit, total.shape)
        total[0] = 0  # padding has no vector
        return total / expected


def promise_of(model: Recommender) -> Promise | None:
    """What a model promises; None for one that was not trained privately.

    >>> from attnrec_lite.models import Popularity
    >>> promise_of(Popularity(Vocabulary(np.array([1])))) is None
    True
    """
    found = getattr(model, "promise", None)
    return found if isinstance(found, Promise) else None
