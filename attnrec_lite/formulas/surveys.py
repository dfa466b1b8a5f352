"""What answers say about those who answered, and what about the silent.

Explained in the chapter "Experiments: asking the people".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from attnrec_lite._checks import finite, inside, same_length, share_of_one, whole


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    r"""Interval for a share: equation (9.11).

    $\frac{1}{1 + s} \left(\hat p + \frac s2 \pm
    c \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{s}{4 n}}\right)$ with $s = c^2/n$

    Args:
        successes: how many said yes, 0..n.
        n: how many were counted, at least 1, each drawn by chance.
        level: how sure, between 0 and 1.

    Returns:
        Lower and upper end, within [0, 1].

    Raises:
        ValueError: if these are no counts, or ``level`` is out of range.

    Layer: none; a statistic.

    Source: Wilson (1927). Unlike p ± c·SE it keeps to [0, 1], and is not empty at a share of 1.

    >>> tuple(round(end, 4) for end in wilson_interval(20, 20))
    (0.8389, 1.0)
    """
    n, k = whole("n", n), whole("successes", successes, least=0)
    if k > n:
        raise ValueError(f"successes: expected at most n, {n}; received {k}")
    c = float(ndtri(0.5 + inside("level", level) / 2))
    p, s = k / n, c * c / n
    half = c * np.sqrt(p * (1 - p) / n + s / (4 * n))
    low, high = (p + s / 2 - half) / (1 + s), (p + s / 2 + half) / (1 + s)
    return float(low) if k else 0.0, float(high) if k < n else 1.0  # the ends without rounding


def silent_bounds(share: float, answered: float) -> tuple[float, float]:
    r"""Where the share of all lies when the silent may be anything: equation (9.12).

    $[\,r \hat p,\ r \hat p + (1 - r)\,]$

    Args:
        share: $\hat p$, of those who answered, in [0, 1].
        answered: $r$, the share of those asked who answered, in [0, 1].

    Returns:
        The lowest and the highest share of all who were asked; 1 - r apart, however many answer.

    Raises:
        ValueError: if a number is not in [0, 1].

    Layer: none; arithmetic.

    Source: Manski's worst-case bounds; S1-M4 asks by survey and does not count the silent.

    >>> silent_bounds(0.75, 0.5)
    (0.375, 0.875)
    """
    p, r = share_of_one("share", share), share_of_one("answered", answered)
    return r * p, r * p + (1 - r)


def post_stratified(shares: ArrayLike, sizes: ArrayLike) -> float:
    r"""Mean of groups, each by its size among *all*: equation (9.13).

    $\hat p = \sum_g N_g \hat p_g / \sum_g N_g$

    Args:
        shares: share (or mean) among those of each group who answered, shape ``(groups,)``.
        sizes: how many each group has in the population, not negative, not all 0.

    Returns:
        What all would have said if, inside each group, the silent are like those who answered. If
        they are not, weights cannot help.

    Raises:
        ValueError: if shapes differ, a size is negative, or all are 0.

    Layer: none; a weighted mean.

    Source: survey practice; it changes who counts, not what they said.

    >>> round(post_stratified([0.9, 0.5], [100, 300]), 6)     # the first group answered more often
    0.6
    """
    p, n = finite("shares", shares, 1), finite("sizes", sizes, 1)
    same_length("shares", p, "sizes", n)
    if (n < 0).any() or n.sum() == 0:
        raise ValueError("sizes: expected numbers from 0, not all 0; received others")
    return float(p @ n / n.sum())
