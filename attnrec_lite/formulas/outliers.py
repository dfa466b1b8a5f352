"""Who is unlike the others, and how many of the made-up ones that finds.

Ratings are a matrix of users by items with NaN where nobody rated. Explained in the chapter
"Robustness and fairness".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, finite, share_of_one, whole

TO_DEVIATION = 1.4826  # median absolute deviation to standard deviation, if values were normal


def robust_z(values: ArrayLike) -> Floats:
    r"""Distance from the median in robust deviations: equation (19.11).

    $z_i = (x_i - \mathrm{med}(x)) / (1.4826\,\mathrm{med}_j |x_j - \mathrm{med}(x)|)$

    Args:
        values: $x$, shape ``(n,)``, at least one.

    Returns:
        Signed distances, shape ``(n,)``. Where more than half of the values are equal the deviation
        is 0: those have distance 0, every other one an infinite distance.

    Raises:
        ValueError: if there is no value, or one is not finite.

    Layer: none; a statistic.

    Source: Hampel (1974); Iglewicz and Hoaglin (1993) call 3.5 far. S0-I18 names no rule; with mean
        and standard deviation, no one of n values can lie beyond $(n - 1) / \sqrt n$.

    >>> robust_z([1.0, 2.0, 3.0, 4.0, 50.0]).round(2)
    array([-1.35, -0.67,  0.  ,  0.67, 31.7 ])
    """
    x = finite("values", values, 1)
    apart = x - np.median(x)
    deviation = TO_DEVIATION * np.median(np.abs(apart))
    far = np.where(apart == 0, 0.0, np.copysign(np.inf, apart))
    return np.asarray(np.divide(apart, deviation, out=far, where=deviation > 0))


def rating_deviation(ratings: ArrayLike) -> Floats:
    r"""How far a rater is from the others, most where few rate: RDMA, equation (19.12).

    $\mathrm{RDMA}_u = \frac{1}{|I_u|} \sum_{i \in I_u} |r_{ui} - \bar r_i| / n_i$

    Args:
        ratings: users by items, NaN for none, shape ``(users, N)``.

    Returns:
        Shape ``(users,)``, not negative; 0 for a user without a rating. A rater who writes each
        item's own mean, and rates what many rate, is *below* the honest ones.

    Raises:
        ValueError: if a rating is infinite or nobody is there.

    Layer: none; ``robustness.suspicion``.

    Source: Chirita, Nejdl and Zamfir (WIDM 2005).

    >>> rating_deviation([[3.0, 4.0], [5.0, np.nan], [4.0, 4.0]]).round(4)
    array([0.1667, 0.3333, 0.    ])
    """
    r = ratings_of(ratings)
    given = ~np.isnan(r)
    raters = np.maximum(given.sum(axis=0), 1)
    mean = np.where(given, r, 0.0).sum(axis=0) / raters
    apart = np.where(given, np.abs(r - mean), 0.0) / raters
    return np.asarray(apart.sum(axis=1) / np.maximum(given.sum(axis=1), 1))


def shared_variation(ratings: ArrayLike, components: int = 3) -> Floats:
    r"""How little a rater goes with what moves the others: equation (19.13).

    With $D$ the ratings standardised within each user, 0 for none, and $U \Sigma V^\top$ its
    singular value decomposition, $-\sum_{c \le C} U_{uc}^2$: raters made by a recipe agree with
    nobody's taste, so that they carry little of the main directions. So do honest people who rated
    little; and raters who copy what everybody likes carry much.

    Args:
        ratings: users by items, NaN for none, shape ``(users, N)``.
        components: $C$, how many directions; all if there are fewer.

    Returns:
        Suspicion of each user, shape ``(users,)``, at most 0; a user without a rating, or with one
        rating for everything, has the most.

    Raises:
        ValueError: if a rating is infinite, nobody is there, or ``components`` is below 1.

    Layer: none; ``robustness.suspicion``.

    Source: PCASelectUsers of Mehta and Nejdl (UMUAI 19, 2009).

    >>> fans = [[5.0, 1.0, 3.0], [5.0, 1.0, 3.0], [3.0, 3.0, 3.0]]
    >>> np.abs(shared_variation(fans, components=1)).round(4)
    array([0.5, 0.5, 0. ])
    """
    r = ratings_of(ratings)
    given = ~np.isnan(r)
    filled = np.where(given, r, 0.0)
    count = np.maximum(given.sum(axis=1, keepdims=True), 1)
    centred = np.where(given, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    centred[np.abs(centred) < 1e-12 * np.abs(filled).max(initial=1.0)] = 0.0  # rounding is no taste
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    z = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    u, size, _ = np.linalg.svd(z, full_matrices=False)
    real = size > 1e-9 * max(1.0, float(size.max(initial=0.0)))
    u = u[:, real][:, : whole("components", components)]
    return np.asarray(0.0 - (u**2).sum(axis=1))


def detection_rate(suspicion: ArrayLike, fake: ArrayLike, false_alarms: float) -> float:
    r"""Share of the made-up users that are caught when few honest ones may be: equation (19.14).

    The bar is as low as it can be with at most $\lfloor f\,n \rfloor$ of the n honest users above
    it; whoever ties with the bar is not above it.

    Args:
        suspicion: more is worse, shape ``(users,)``; infinite is allowed.
        fake: True for made-up users, shape ``(users,)``; both kinds must occur.
        false_alarms: $f$, in [0, 1].

    Returns:
        A number in [0, 1]: the true positive rate at that false positive rate.

    Raises:
        ValueError: if shapes differ, a suspicion is NaN, or one kind is missing.

    Layer: none; a measure.

    Source: ours; S0-I18 counts no false alarms.

    >>> detection_rate([0.1, 0.2, 0.3, 0.9, 0.25], [False] * 3 + [True] * 2, false_alarms=0.0)
    0.5
    """
    s, f = as_floats("suspicion", suspicion, 1), np.asarray(fake)
    if f.dtype != bool or f.shape != s.shape:
        raise ValueError(f"fake: expected booleans, {s.shape}; received {f.dtype} {f.shape}")
    if np.isnan(s).any():
        raise ValueError("suspicion: expected numbers; received NaN")
    if f.all() or not f.any():
        raise ValueError(f"fake: expected both kinds; received {int(f.sum())} of {len(f)}")
    honest = np.sort(s[~f])[::-1]
    allowed = int(share_of_one("false_alarms", false_alarms) * len(honest) + 1e-9)
    if allowed == len(honest):
        return 1.0
    return float((s[f] > honest[allowed]).mean())


def ratings_of(ratings: ArrayLike) -> Floats:
    """Return ratings as a matrix with NaN for none.

    Raises:
        ValueError: if one is infinite or nobody is there.
    """
    r = as_floats("ratings", ratings, 2)
    if len(r) == 0 or np.isinf(r).any():
        raise ValueError("ratings: expected users with finite ratings or NaN; received others")
    return r
