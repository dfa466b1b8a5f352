"""Users of one taste and of several: does each get theirs?

The truth is needed here: which taste each item belongs to, and which tastes each user has. The
made-up shop knows both; elsewhere a category may stand for a taste, if that is said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_ids, finite, one_of, whole
from attnrec_lite.evaluation.protocol import Estimate, estimate
from attnrec_lite.evaluation.results import Evaluation


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
    """How alike the interests of each user are: equation (12.12), the mean cosine of all pairs.

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
