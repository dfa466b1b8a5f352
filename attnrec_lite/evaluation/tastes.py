"""Users of one taste and of several: does each get theirs, and do interests mean tastes?

The truth is needed here: which taste each item belongs to, and which tastes each user has. The
made-up shop knows both; elsewhere a category may stand for a taste, if that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from attnrec_lite._checks import Floats, as_ids, finite, one_of, whole
from attnrec_lite.evaluation.protocol import Estimate, estimate
from attnrec_lite.evaluation.results import Evaluation

NOTHING = -1  # no item, or no taste


@dataclass(frozen=True)
class Agreement:
    """How well interests and tastes agree, beyond what chance reaches.

    Attributes:
        observed: share of items whose interest is the one matched with their taste.
        expected: the same for interests dealt out at random to the items of each user.
        users: with two tastes or more in what they did; the others say nothing.
        items: of these users.
    """

    observed: float
    expected: float
    users: int
    items: int

    @property
    def adjusted(self) -> float:
        """1 for the truth itself, about 0 for chance, below 0 for worse than chance."""
        return (self.observed - self.expected) / (1 - self.expected)

    def __str__(self) -> str:
        """The three figures and what they are of."""
        return (
            f"agreement {self.adjusted:.3f}, adjusted for chance ({self.observed:.3f} observed, "
            f"{self.expected:.3f} by chance; {self.items:,} items of {self.users:,} users with "
            "two tastes or more)"
        )


def taste_agreement(
    interests: ArrayLike, tastes: ArrayLike, draws: int = 20, seed: int = 0
) -> Agreement:
    """Compare the interest that speaks for each item with the item's taste, user by user.

    A number of an interest means nothing by itself, so interests and tastes are matched first, for
    each user in the best way, one interest for one taste at most: a taste that two interests share
    is half wrong. Because the best match of noise is not zero, chance is measured with it: the
    user's interests are dealt out anew to the same items, and matched again.

    Args:
        interests: the interest that speaks for each item, -1 for padding, int ``(users, n)``; see
            ``MultiInterest.speakers``.
        tastes: the true taste of the same items, -1 for padding, int ``(users, n)``.
        draws: how often chance is tried.
        seed: of the draws.

    Returns:
        Observed, expected and adjusted agreement. Users of fewer than two tastes are left out.

    Raises:
        ValueError: if shapes differ, padding does, or no user has two tastes.

    >>> tastes = [[0, 0, 0, 7, 7, 7]]
    >>> taste_agreement([[3, 3, 3, 1, 1, 1]], tastes).adjusted
    1.0
    >>> taste_agreement([[3, 3, 3, 3, 3, 3]], tastes).adjusted
    0.0
    """
    ours, truth = _codes("interests", interests), _codes("tastes", tastes)
    if ours.shape != truth.shape or ((ours == NOTHING) != (truth == NOTHING)).any():
        raise ValueError(
            f"interests, tastes: expected the same items and padding; received shapes "
            f"{ours.shape} and {truth.shape}"
        )
    rng = np.random.default_rng(seed)
    observed, expected, users, items = 0, 0.0, 0, 0
    for given, true in zip(ours, truth, strict=True):
        real = true != NOTHING
        kind, number = np.unique(true[real], return_inverse=True)
        if len(kind) < 2:
            continue
        spoken = np.unique(given[real], return_inverse=True)[1]
        observed += _matched(spoken, number)
        chance = [_matched(rng.permutation(spoken), number) for _ in range(whole("draws", draws))]
        expected += float(np.mean(chance))
        users, items = users + 1, items + len(number)
    if users == 0:
        raise ValueError("tastes: expected a user with two tastes or more; received none")
    return Agreement(observed / items, expected / items, users, items)


def by_tastes(
    found: Evaluation, tastes: ArrayLike, metric: str, most: int = 4, level: float = 0.95
) -> dict[int, Estimate]:
    """A metric by how many tastes a user has.

    Args:
        found: of ``evaluate``.
        tastes: how many each case's user has, whole numbers from 0, shape ``(cases,)``.
        metric: such as ``"recall@20"``.
        most: this many or more are one group.
        level: of the intervals.

    Returns:
        Number of tastes to the mean with its interval; a number that nobody has is left out.

    Raises:
        ValueError: if the metric was not computed or there is not one number per case.
    """
    values = found.per_user[one_of("metric", metric, tuple(found.per_user))]
    number = np.asarray(tastes)
    if number.shape != values.shape or number.dtype.kind not in "iu" or (number < 0).any():
        raise ValueError(
            f"tastes: expected a whole number for each of {len(values)} cases; "
            f"received {number.dtype} of shape {number.shape}"
        )
    number = np.minimum(number, whole("most", most))
    return {
        int(n): estimate(values[number == n], metric, found.model, found.protocol, level)
        for n in np.unique(number)
    }


def taste_coverage(ids: ArrayLike, taste: ArrayLike, wanted: ArrayLike) -> Floats:
    """Share of a user's tastes that have an item in the list.

    Args:
        ids: lists of item ids, ``(users, k)``, 0 for none.
        taste: taste of each item, int ``(N + 1,)``; row 0, padding, is not looked at.
        wanted: whether a user has a taste, bool ``(users, tastes)``.

    Returns:
        Shape ``(users,)``; NaN for a user without a taste, who cannot be served.

    Raises:
        ValueError: if an id or taste is unknown, or shapes do not fit.

    >>> taste_coverage([[1, 2], [1, 1]], taste=[-1, 0, 1], wanted=[[True, True], [True, True]])
    array([1. , 0.5])
    """
    kind, wants = np.asarray(taste), np.asarray(wanted)
    shown = as_ids("ids", ids, len(kind) - 1)
    if wants.dtype != bool or wants.ndim != 2 or len(wants) != len(shown):
        raise ValueError(
            f"wanted: expected booleans, {len(shown)} rows; received {wants.dtype} {wants.shape}"
        )
    if ((kind[1:] < 0) | (kind[1:] >= wants.shape[1])).any():
        raise ValueError(f"taste: expected 0..{wants.shape[1] - 1} for every item")
    served = np.zeros(wants.shape, bool)
    row, place = np.nonzero(shown)
    served[row, kind[shown[row, place]]] = True
    number, reached = wants.sum(axis=1), (served & wants).sum(axis=1)
    nobody = np.full(len(shown), np.nan)
    return np.asarray(np.divide(reached, number, out=nobody, where=number > 0))


def interest_redundancy(interests: ArrayLike) -> Floats:
    """How alike the interests of each user are: equation (12.0), the mean cosine of all pairs.

    Args:
        interests: ``(users, K, d)``, of ``MultiInterest.interest_vectors``.

    Returns:
        Shape ``(users,)``: 1 where all have collapsed into one, 0 at right angles and for K = 1.

    Raises:
        ValueError: if a number is not finite or there are not three axes.

    >>> interest_redundancy([[[1, 0], [2, 0]], [[1, 0], [0, 1]]])
    array([1., 0.])
    """
    v = finite("interests", interests, 3, least=0)
    length = np.linalg.norm(v, axis=2, keepdims=True)
    unit = np.divide(v, length, out=np.zeros_like(v), where=length > 0)
    pairs = v.shape[1] * (v.shape[1] - 1)
    alike = (unit.sum(axis=1) ** 2).sum(axis=1) - (unit**2).sum(axis=(1, 2))
    return np.asarray(alike / max(pairs, 1))


def _matched(interests: NDArray[np.int64], tastes: NDArray[np.int64]) -> int:
    """Items whose interest is the one matched with their taste; codes count from 0."""
    together = np.zeros((interests.max() + 1, tastes.max() + 1), np.int64)
    np.add.at(together, (interests, tastes), 1)
    return int(together[linear_sum_assignment(together, maximize=True)].sum())


def _codes(name: str, value: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(value)
    if array.ndim != 2 or array.dtype.kind not in "iu" or (array < NOTHING).any():
        raise ValueError(
            f"{name}: expected whole numbers from -1, shape (users, n); "
            f"received {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)
