"""Is a difference more than luck: intervals, a test, several tests at once, and how many users.

The numbers are one per user: the user is what a trial draws. Explained in the chapter "Evaluation".
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, inside, positive, whole

CELLS = 2**20  # numbers in memory at a time


def bootstrap_interval(
    values: ArrayLike, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    r"""Where the mean would lie had other users come: equation (8.15).

    $\big[Q_{(1 - \gamma)/2}(\bar x^*),\ Q_{(1 + \gamma)/2}(\bar x^*)\big]$, $\bar x^*$ the mean of
    $n$ values drawn from the $n$ at hand, with replacement

    Args:
        values: one number per user, shape ``(n,)``.
        level: $\gamma$, the share of trials whose interval holds the true mean, about.
        draws: how many resamples.
        seed: of the draws; the same seed gives the same interval.

    Returns:
        Lower and upper end: percentiles of the resampled means. Values that are all alike, or one
        alone, give an interval without width, and it is too narrow: where none of n users had a
        hit, the truth may still be as high as 3 / n.

    Raises:
        ValueError: if there is no value, one is not finite, or ``level`` is not in (0, 1).

    Layer: none; nothing is learned.

    Source: Efron (1979); S2-O29 claims significance without any test.

    >>> low, high = bootstrap_interval([0, 0, 0, 1] * 25)
    >>> round(low, 2), round(high, 2)
    (0.17, 0.34)
    """
    x, gamma = finite("values", values, 1), inside("level", level)
    rng = np.random.default_rng(seed)
    means = np.concatenate(list(_means(x, whole("draws", draws), rng)))
    low, high = np.quantile(means, [(1 - gamma) / 2, (1 + gamma) / 2])
    return float(low), float(high)


def _means(x: Floats, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Means of resamples; where few values differ, a resample is one multinomial draw."""
    n = len(x)
    different, counts = np.unique(x, return_counts=True)
    if len(different) <= n / 16:  # a cell of a multinomial costs as much as some 16 draws
        yield rng.multinomial(n, counts / n, size=draws) @ different / n
        return
    step = max(1, CELLS // n)
    for start in range(0, draws, step):
        yield x[rng.integers(0, n, size=(min(step, draws - start), n))].mean(axis=1)


def sign_flip_p(differences: ArrayLike, draws: int = 10_000, seed: int = 0) -> float:
    r"""How often luck alone would do as much: equation (8.16), a paired permutation test.

    $p = \Pr\big(|\tfrac1n \sum_u \varepsilon_u d_u| \ge |\bar d|\big)$, each sign $\varepsilon_u$
    +1 or −1 by a fair coin

    Args:
        differences: $d$, one model minus the other, one number per user, shape ``(n,)``.
        draws: how many sign patterns are tried. Users without a difference have no sign; if the
            others have no more patterns than ``draws``, every pattern is counted and p is exact.
        seed: of the draws.

    Returns:
        The two-sided p value. By draws it is $(b + 1)/(B + 1)$, b of B patterns doing as much: the
        pattern at hand is one of them, so p is never 0.

    Raises:
        ValueError: if there is no value, or one is not finite.

    Layer: none; nothing is learned.

    Source: Fisher (1935); Phipson and Smyth (2010) for the + 1; S2-O29 tests nothing.

    >>> sign_flip_p([0.5, 0.25, 1.0, 0.0]), sign_flip_p([0.0, 0.0])  # 2 of 8 patterns; 1 of 1
    (0.25, 1.0)
    """
    d = finite("differences", differences, 1)
    d = d[d != 0]
    d = d / np.abs(d).max(initial=0.0)  # sums neither overflow nor vanish
    least = abs(d.sum()) - 1e-12 * np.abs(d).sum()  # equal sums differ by rounding
    exact = 2 ** len(d) <= whole("draws", draws)
    patterns = 2 ** len(d) if exact else draws
    rng = None if exact else np.random.default_rng(seed)
    as_much = sum(
        int((np.abs(d.sum() - 2 * (flips @ d)) >= least).sum())
        for flips in _flips(len(d), patterns, rng)
    )
    return as_much / patterns if exact else (as_much + 1) / (patterns + 1)


def _flips(
    n: int, patterns: int, rng: np.random.Generator | None
) -> Iterator[NDArray[np.integer[Any]]]:
    """Signs to turn, 0 or 1, ``(some, n)``: drawn, or without ``rng`` every pattern once."""
    step = max(1, CELLS // max(n, 1))
    for start in range(0, patterns, step):
        stop = min(start + step, patterns)
        if rng is None:
            yield np.arange(start, stop)[:, None] >> np.arange(n) & 1
        else:
            bits = rng.integers(0, 256, size=(stop - start, -(-n // 8)), dtype=np.uint8)
            yield np.unpackbits(bits, axis=1, count=n)


def holm(p_values: ArrayLike) -> Floats:
    r"""P values of several tests at once, none made better by trying often: equation (8.17).

    $\tilde p_{(i)} = \max_{j \le i} \min\big(1, (m - j + 1)\,p_{(j)}\big)$, smallest first

    Args:
        p_values: $p$, one per test, shape ``(m,)``.

    Returns:
        Corrected values in the same order, none below the given one. Calling a difference real
        where its value is at most 0.05 calls any false one real in at most 5 % of such families.

    Raises:
        ValueError: if one is not in [0, 1].

    Layer: none; nothing is learned.

    Source: Holm (1979).

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = as_floats("p_values", p_values, 1)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p_values: expected numbers in [0, 1]; received {p_values!r:.80}")
    order = np.argsort(p, kind="stable")
    raised = np.minimum(1, p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(raised)
    return corrected


def users_needed(std: float, difference: float, level: float = 0.95, power: float = 0.8) -> int:
    r"""How many users until a difference of this size is seen: equation (8.18).

    $n = \lceil (z_{(1 + \gamma)/2} + z_{\text{power}})^2\, \sigma^2 / \delta^2 \rceil$

    Args:
        std: $\sigma$, spread of the differences between two models, user by user. For two separate
            groups with spreads $\sigma_a$ and $\sigma_b$: $\sqrt{\sigma_a^2 + \sigma_b^2}$, and the
            answer is users per group.
        difference: $\delta$, the mean difference that is worth seeing, above 0.
        level: $\gamma$; a difference that is none is called real in $1 - \gamma$ of all trials.
        power: share of the trials in which a difference of $\delta$ is called real.

    Returns:
        Users. Half the difference needs four times as many.

    Raises:
        ValueError: if a number is not positive, or a share is not in (0, 1).

    Layer: none; nothing is learned.

    Source: the normal approximation; S1-M5 leaves out how many.

    >>> users_needed(std=0.3, difference=0.01)
    7064
    """
    sigma, delta = positive("std", std), positive("difference", difference)
    gamma, wanted = inside("level", level), inside("power", power)
    normal = NormalDist()
    z = normal.inv_cdf((1 + gamma) / 2) + normal.inv_cdf(wanted)
    return max(1, ceil((max(z, 0.0) * sigma / delta) ** 2))
