"""Do learned interests mean tastes? Matched user by user, and adjusted for what chance reaches.

The truth is needed here: which taste each item belongs to. The made-up shop knows it; elsewhere a
category may stand for a taste, if that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment

from attnrec_lite._checks import Floats, finite, whole

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


def merge_alike(
    speakers: ArrayLike, interests: ArrayLike, alike: float = 0.95
) -> NDArray[np.int64]:
    """Count interests of a user that point the same way as one.

    A user of two tastes has no use for four interests, so some of them collapse into one another
    for this user; which of these speaks for an item is chance. They are joined by hierarchical
    clustering, average linkage: two groups become one as long as their mean cosine is ``alike``.

    Args:
        speakers: the interest that speaks for each item, -1 for padding, int ``(users, n)``.
        interests: the vectors of each user, ``(users, K, d)``.
        alike: the cosine from which on, in (0, 1]; choose it on validation data.

    Returns:
        ``speakers`` with one number for each group of interests, from 0; -1 for padding.

    Raises:
        ValueError: if shapes do not fit, a number is not finite, or ``alike`` is out of range.

    >>> merge_alike([[0, 1, 2, -1]], [[[1, 0], [0, 1], [2, 0.1]]]).tolist()
    [[0, 1, 0, -1]]
    """
    spoken, v = _codes("speakers", speakers), finite("interests", interests, 3, least=0)
    if len(spoken) != len(v) or (spoken >= v.shape[1]).any():
        raise ValueError(
            f"speakers: expected {len(v)} rows of numbers below {v.shape[1]}, as interests; "
            f"received shape {spoken.shape} up to {spoken.max(initial=NOTHING)}"
        )
    if not 0 < alike <= 1:
        raise ValueError(f"alike: expected a cosine above 0 and up to 1; received {alike!r}")
    if v.shape[1] == 1:
        return spoken
    groups = np.stack([_groups(one, alike) for one in v]) if len(v) else np.zeros((0, 1), np.int64)
    return np.where(spoken >= 0, np.take_along_axis(groups, np.maximum(spoken, 0), 1), NOTHING)


def _groups(interests: Floats, alike: float) -> NDArray[np.int64]:
    """A number for each interest, the same for those that are alike, counted as they come."""
    length = np.linalg.norm(interests, axis=1, keepdims=True)
    unit = np.divide(interests, length, out=np.zeros_like(interests), where=length > 0)
    apart = np.maximum(1 - unit @ unit.T, 0)[np.triu_indices(len(unit), k=1)]
    tree = fcluster(linkage(apart, "average"), 1 - alike + 1e-9, "distance")
    _, first, group = np.unique(tree, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[group], np.int64)


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
