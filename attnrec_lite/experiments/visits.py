"""A test on the made-up shop: real coins, simulated customers, and an effect that is known.

Each customer who comes by looks at a shelf and buys from it if the good that is wanted next stands
there; how likely that is, the shop's rule says (``data.truth.next_chances``). So the true effect of
another shelf can be computed, and whatever a test reports can be held against it. Each visit is
judged by the same history: nothing is bought twice, nothing is learned during the test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, as_ids, share_of_one


@dataclass(frozen=True, eq=False)
class Visits:
    """What a test saw, one number per customer.

    Attributes:
        arm: 0 for A, 1 for B, int64, shape ``(n,)``.
        visits: how often each came, int64, shape ``(n,)``.
        bought: at how many of these visits the shelf sold, int64, shape ``(n,)``.
    """

    arm: NDArray[np.int64]
    visits: NDArray[np.int64]
    bought: NDArray[np.int64]

    def split(self, values: ArrayLike | None = None) -> tuple[NDArray[np.float64], Floats]:
        """One number per customer, arm A and arm B apart: of ``bought`` if nothing is given."""
        numbers = as_floats("values", self.bought if values is None else values, 1)
        if numbers.shape != self.arm.shape:
            raise ValueError(
                f"values: expected {len(self.arm)}, one per customer; received {numbers.shape}"
            )
        return numbers[self.arm == 0], numbers[self.arm == 1]


def shelf_chances(chances: ArrayLike, shelves: ArrayLike) -> Floats:
    """How likely each customer's next purchase stands on the shelf that they see.

    Args:
        chances: of every good to be the next, shape ``(n, N + 1)``, as ``next_chances`` gives it.
        shelves: the goods on each customer's shelf, ids 0..N, 0 for an empty place, shape
            ``(n, k)``.

    Returns:
        Chances, shape ``(n,)``; their mean is what the shelf is worth per visit.

    Raises:
        ValueError: if shapes do not fit or a good stands on a shelf twice.

    >>> shelf_chances([[0, 0.5, 0.3, 0.2]], [[1, 3]]).round(6)
    array([0.7])
    """
    p = as_floats("chances", chances, 2)
    ids = as_ids("shelves", shelves, p.shape[1] - 1)
    if len(ids) != len(p):
        raise ValueError(f"shelves: expected {len(p)} rows, as chances has; received {len(ids)}")
    places = np.sort(ids, axis=1)
    if ((places[:, 1:] == places[:, :-1]) & (places[:, 1:] > 0)).any():
        raise ValueError("shelves: expected different goods on a shelf; received one twice")
    total: Floats = np.where(ids > 0, np.take_along_axis(p, ids.astype(np.int64), axis=1), 0.0).sum(
        axis=1
    )
    return total


def simulate_visits(
    chances_a: ArrayLike, chances_b: ArrayLike, activity: ArrayLike, seed: int = 0,
    share: float = 0.5,
) -> Visits:  # fmt: skip
    """Draw each customer to an arm by a coin, and let them come and buy.

    Args:
        chances_a: chance of each customer to buy at a visit under arm A, shape ``(n,)``.
        chances_b: the same under arm B.
        activity: mean number of visits of each customer, not negative, shape ``(n,)``; who comes
            how often does not depend on the arm.
        seed: of the random generator.
        share: chance of the coin to show B.

    Returns:
        Arm, visits and purchases of each customer.

    Raises:
        ValueError: if shapes differ or a number is out of range.

    >>> seen = simulate_visits(np.full(200, 0.1), np.full(200, 0.9), np.full(200, 5.0))
    >>> [bool(x.mean() > 3) for x in seen.split()]
    [False, True]
    """
    rng = np.random.default_rng(seed)
    pair = [
        as_floats(name, p, 1) for name, p in (("chances_a", chances_a), ("chances_b", chances_b))
    ]
    mean = as_floats("activity", activity, 1)
    for name, p in zip(("chances_a", "chances_b"), pair, strict=True):
        if p.shape != mean.shape or not ((p >= -1e-9) & (p <= 1 + 1e-9)).all():
            raise ValueError(f"{name}: expected {len(mean)} chances in [0, 1]; received others")
    if not (mean >= 0).all():
        raise ValueError("activity: expected numbers from 0; received others")
    arm = (rng.random(len(mean)) < share_of_one("share", share)).astype(np.int64)
    visits = rng.poisson(mean)
    bought = rng.binomial(visits, np.clip(np.where(arm == 1, pair[1], pair[0]), 0, 1))
    return Visits(arm, visits.astype(np.int64), bought.astype(np.int64))
