"""Has something changed? Measures of drift, and how often they ring where nothing did.

A measure is half a monitor; the other half is its limit, and a limit is only known by its false
alarms: a chance per look, or a number of looks from one false alarm to the next. Explained in the
chapter "Online learning".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from attnrec_lite._checks import Floats, counts, finite, inside, positive, same_length, whole

OVERSHOOT = 1.166  # twice 0.583, what a sum overshoots a limit by: Siegmund (1985)


def stability_index(before: ArrayLike, after: ArrayLike) -> float:
    r"""Population stability index: equation (14.6), $\sum_b (q_b - p_b) \ln (q_b / p_b)$.

    Args:
        before: counts of each bin in the reference, shape ``(B,)``.
        after: counts of the same bins now.

    Returns:
        0 for equal shares; it does not say which side moved. One half is added to every count, so
        that an empty bin gives no infinity.

    Raises:
        ValueError: if the lengths differ, there are fewer than two bins, a side is empty, or a
            number is no count.

    Layer: none; a statistic.
    Source: the symmetric divergence of Jeffreys (1946), named PSI in credit scoring.

    >>> stability_index([50, 50], [50, 50]), round(stability_index([80, 20], [50, 50]), 3)
    (0.0, 0.406)
    """
    p, q = (_shares(name, side) for name, side in (("before", before), ("after", after)))
    same_length("before", p, "after", q)
    return float(((q - p) * np.log(q / p)).sum())


def stability_limit(before: int, after: int, bins: int, false_alarms: float) -> float:
    r"""From where on the index may be believed: equation (14.7).

    $(1/n + 1/m)\,\chi^2_{B-1,\,1-\alpha}$: without any drift the index is about
    $(1/n + 1/m)\,\chi^2_{B-1}$, so a fixed limit, 0.1 or 0.25, means something else for every
    sample size.

    Args:
        before: $n$, rows of the reference.
        after: $m$, rows now.
        bins: $B$, of which each should hold five rows or more.
        false_alarms: $\alpha$, the chance to ring at one look though nothing changed.

    Returns:
        The limit.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a quantile.
    Source: Yurdakul and Naranjo (2020).

    >>> round(stability_limit(100, 100, bins=10, false_alarms=0.05), 3)
    0.338
    """
    n, m = whole("before", before), whole("after", after)
    quantile = stats.chi2.ppf(1 - inside("false_alarms", false_alarms), whole("bins", bins, 2) - 1)
    return float((1 / n + 1 / m) * quantile)


def largest_gap(before: ArrayLike, after: ArrayLike) -> tuple[float, float]:
    r"""Kolmogorov and Smirnov's statistic: equation (14.8), $D = \sup_x |F(x) - G(x)|$.

    Args:
        before: numbers of the reference, such as prices or scores, shape ``(n,)``.
        after: numbers now, shape ``(m,)``.

    Returns:
        $D$ in [0, 1], and its p value; with ties (whole numbers, a few prices) the p value is too
        large, so that it rings less often than it says.

    Raises:
        ValueError: if a side is empty or not finite.

    Layer: none; SciPy's ``ks_2samp``.
    Source: Smirnov (1948).

    >>> d, p = largest_gap([1, 2, 3, 4], [3, 4, 5, 6])
    >>> d, round(p, 3)
    (0.5, 0.771)
    """
    found = stats.ks_2samp(finite("before", before, 1), finite("after", after, 1))
    return float(found.statistic), float(found.pvalue)


def cusum(values: ArrayLike, target: float, allowance: float) -> Floats:
    r"""What has been lost in a row: equation (14.9), $C_t = \max(0, C_{t-1} + (\mu - x_t) - k)$.

    Args:
        values: $x$, a figure of quality, one per look, shape ``(n,)``.
        target: $\mu$, what it is if nothing is wrong.
        allowance: $k$, not negative: half of the loss that should be noticed.

    Returns:
        $C$ after each look, shape ``(n,)``, from $C_0 = 0$: it forgets gains, sums up losses. The
        monitor rings where it passes a limit.

    Raises:
        ValueError: if a number is not finite (a NaN must not pass for "no loss"), or the allowance
            is negative.

    Layer: none; ``online.LossMonitor`` keeps it.
    Source: Page (Biometrika 1954). Page and Hinkley's test, $C_t = M_t - \min_{s \le t} M_s$ of the
        sum $M_t$ of $\mu - x_t - k$, is the same number.

    >>> cusum([5, 4, 3, 6], target=5, allowance=0.5)
    array([0. , 0.5, 2. , 0.5])
    """
    x = finite("values", values, 1, least=0)
    k = float(finite("allowance", allowance, 0))
    if k < 0:
        raise ValueError(f"allowance: expected a number from 0; received {allowance}")
    total = np.concatenate([[0.0], np.cumsum(float(finite("target", target, 0)) - x - k)])
    return np.asarray((total - np.minimum.accumulate(total))[1:])


def run_length(limit: float, allowance: float, loss: float = 0.0) -> float:
    r"""Looks until CUSUM rings, on average: equation (14.10).

    $\left(e^{-2 \delta b} + 2 \delta b - 1\right) / (2 \delta^2)$ with $\delta$ = loss - allowance
    and $b$ = limit + 1.166, for independent normal figures, all in units of their deviation; $b^2$
    where $\delta = 0$.

    Args:
        limit: that $C$ has to pass, above 0.
        allowance: $k$ of (14.9).
        loss: by how much the mean has fallen; 0 for the run from one false alarm to the next.

    Returns:
        The average run length: with nothing wrong it should be long, after a loss short.

    Raises:
        ValueError: if the limit or the allowance is out of range, or a number is not finite.

    Layer: none; an average.
    Source: Siegmund, Sequential Analysis (1985).

    >>> round(run_length(4, 0.5)), round(run_length(4, 0.5, loss=1.0), 1)
    (338, 8.3)
    """
    b = positive("limit", limit) + OVERSHOOT
    k, fall = float(finite("allowance", allowance, 0)), float(finite("loss", loss, 0))
    if k < 0:
        raise ValueError(f"allowance: expected a number from 0; received {allowance}")
    d = fall - k
    if abs(d * b) < 1e-4:  # the difference of nearly equal numbers would lose its digits
        return b**2
    with np.errstate(over="ignore"):
        return float((np.expm1(-2 * d * b) + 2 * d * b) / (2 * d**2))


def limit_for(looks: float, allowance: float) -> float:
    r"""The limit that rings falsely once in so many looks: equation (14.10), solved for the limit.

    Args:
        looks: average looks from one false alarm to the next, above 2 for any allowance.
        allowance: $k$ of (14.9), in units of the deviation.

    Returns:
        The limit, in units of the deviation.

    Raises:
        ValueError: if so few looks would need a limit below 0, or a number is out of range.

    Layer: none; a root.
    Source: Siegmund, Sequential Analysis (1985).

    >>> round(limit_for(338, 0.5), 2)
    4.0
    """
    wanted = positive("looks", looks)
    least = run_length(1e-9, allowance)
    if wanted <= least:
        raise ValueError(f"looks: expected more than {least:.3g}; received {looks}")
    high = 1.0
    while run_length(high, allowance) < wanted:
        high *= 2
    return float(optimize.brentq(lambda h: run_length(h, allowance) - wanted, 1e-9, high))


def _shares(name: str, side: ArrayLike) -> Floats:
    n = counts(name, side, 1, least=2)
    if n.sum() == 0:
        raise ValueError(f"{name}: expected at least one row; received none")
    return np.asarray((n + 0.5) / (n + 0.5).sum())
