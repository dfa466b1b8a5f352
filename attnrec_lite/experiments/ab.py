"""Two arms compared, with the design that gives the difference a meaning.

A difference between two arms says something only if chance alone put each *unit* (mostly a
customer) into its arm, if the arms in the data are the arms that were drawn, and if each unit
counts once. The first is told by ``Design``, the other two are checked, and an ``Effect`` cannot
be made or printed without its design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from attnrec_lite._checks import Floats, as_floats, inside
from attnrec_lite.experiments.design import Design, check_ratio
from attnrec_lite.formulas import (
    cuped,
    difference_of_means,
    ratio_of_totals,
    two_proportion_z,
)

Pair = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True)
class Effect:
    """A difference B − A with its interval; it prints with its design or not at all.

    Attributes:
        difference: of arm B from arm A.
        error: its standard error.
        low: lower end of the interval.
        high: upper end.
        p: chance of a difference as large if there is none.
        level: of the interval.
        means: the metric in arm A and in arm B.
        n: units in arm A and in arm B.
        method: how it was computed, in words.
        design: metric, unit and plan.
    """

    difference: float
    error: float
    low: float
    high: float
    p: float
    level: float
    means: tuple[float, float]
    n: tuple[int, int]
    method: str
    design: Design

    def __post_init__(self) -> None:
        """Refuse to be without a design."""
        if not isinstance(self.design, Design):
            raise ValueError(f"design: expected a Design; received {self.design!r}")

    @property
    def found(self) -> bool:
        """Whether p is below 1 - level; at the edge the interval of shares may say otherwise."""
        return self.p < 1 - self.level

    def __str__(self) -> str:
        """Difference, interval and p; below it everything that gives them a meaning."""
        a, b = (f"{name} {m:.4g} (n = {n:,})" for name, m, n in self._arms())
        return (
            f"{self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}] at {self.level:.0%}, "
            f"p = {self.p:.3g}\n({self.design};\n {a}, {b}; {self.method})"
        )

    def _arms(self) -> list[tuple[str, float, int]]:
        return list(zip("AB", self.means, self.n, strict=True))


def compare_shares(
    successes: Sequence[int], shown: Sequence[int], design: Design, level: float = 0.95
) -> Effect:
    """Compare how many units of each arm did something.

    Args:
        successes: units of arm A and B that did it.
        shown: units in each arm.
        design: metric, unit and plan.
        level: of the interval.

    Returns:
        The effect: p by the pooled test, equation (9.1); the interval with each arm's own variance.

    Raises:
        SampleRatioMismatch: if the arms are not as planned.
        ValueError: if counts do not fit.

    >>> design = Design("bought", unit="customer")
    >>> print(compare_shares([500, 550], [10_000, 10_000], design))
    +0.0050 [-0.0012, +0.0112] at 95%, p = 0.113
    (bought, drawn by customer 50:50;
     A 0.05 (n = 10,000), B 0.055 (n = 10,000); two proportions)
    """
    z = two_proportion_z(successes, shown)
    check_ratio(shown, design.planned)
    k, n = np.asarray(successes, float), np.asarray(shown, float)
    error = float(np.sqrt((k / n * (1 - k / n) / n).sum()))
    p = float(2 * stats.norm.sf(abs(z)))
    return _normal((k / n)[0], (k / n)[1], error, n, level, "two proportions", design, p)


def compare_means(
    a: ArrayLike,
    b: ArrayLike,
    design: Design,
    *,
    before: Pair | None = None,
    units: Pair | None = None,
    level: float = 0.95,
) -> Effect:
    """Compare a number of each unit, by Welch's test.

    Args:
        a: one number per unit of arm A, shape ``(n_A,)``.
        b: one number per unit of arm B, shape ``(n_B,)``.
        design: metric, unit and plan.
        before: for each arm a number per unit from *before* the experiment; then the outcomes are
            adjusted by it, equation (9.7), with one theta for both arms.
        units: for each arm the id of each row's unit; then it is checked that none comes twice.
        level: of the interval.

    Returns:
        The effect. ``means`` are of the adjusted outcomes where ``before`` is given.

    Raises:
        SampleRatioMismatch: if the arms are not as planned.
        ValueError: if a unit has several rows or is in both arms, or shapes do not fit.

    >>> design = Design("purchases", unit="customer")
    >>> compare_means([1, 3, 2], [4, 6, 5], design).difference
    3.0
    """
    difference_of_means(a, b)  # refuses what is no number before anything else is said
    y, n = np.concatenate([a, b]), (len(np.asarray(a)), len(np.asarray(b)))
    if units is not None:
        _each_once(units, n, design.unit)
    check_ratio(n, design.planned)
    method = "Welch"
    if before is not None:
        y = cuped(y, np.concatenate(_pair("before", before, n)))
        method = "Welch after CUPED"
    first, second = y[: n[0]], y[n[0] :]
    difference, error = difference_of_means(first, second)
    if error > 1e-9 * np.abs(y).max():
        test = stats.ttest_ind(second, first, equal_var=False)
        low, high = test.confidence_interval(inside("level", level))
        p = float(test.pvalue)
    else:  # nobody varies: what is seen is what there is
        low, high, p = difference, difference, float(difference == 0)
    means = (float(first.mean()), float(second.mean()))
    return Effect(difference, error, float(low), float(high), p, level, means, n, method, design)


def compare_ratios(
    numerators: Pair, denominators: Pair, design: Design, level: float = 0.95
) -> Effect:
    """Compare a rate, such as clicks per impression, where users and not impressions were drawn.

    Args:
        numerators: for each arm the clicks of each unit.
        denominators: for each arm the impressions of each unit.
        design: metric, unit and plan.
        level: of the interval.

    Returns:
        The effect, with the standard error of equation (9.6) in each arm.

    Raises:
        SampleRatioMismatch: if the arms are not as planned.
        ValueError: if shapes do not fit or there is no impression.

    >>> design = Design("clicks per impression", unit="customer")
    >>> compare_ratios(([1, 0], [2, 1]), ([4, 4], [4, 4]), design).difference
    0.25
    """
    (rate_a, error_a), (rate_b, error_b) = (
        ratio_of_totals(c, m) for c, m in zip(numerators, denominators, strict=True)
    )
    n = np.array([len(np.asarray(c)) for c in numerators], float)
    check_ratio(n.astype(int).tolist(), design.planned)
    error = float(np.hypot(error_a, error_b))
    return _normal(rate_a, rate_b, error, n, level, "delta method by unit", design)


def _normal(
    a: float, b: float, error: float, n: Floats, level: float, method: str, design: Design,
    p: float | None = None,
) -> Effect:  # fmt: skip
    """An effect whose error is taken for normal."""
    half = error * float(stats.norm.ppf(0.5 + inside("level", level) / 2))
    difference = float(b - a)
    if p is None:
        p = float(2 * stats.norm.sf(abs(difference) / error)) if error > 0 else float(a == b)
    sizes, means = (int(n[0]), int(n[1])), (float(a), float(b))
    low, high = difference - half, difference + half
    return Effect(difference, error, low, high, p, level, means, sizes, method, design)


def _pair(name: str, pair: Pair, n: tuple[int, int]) -> list[Floats]:
    arrays = [as_floats(name, part, 1) for part in pair]
    if tuple(map(len, arrays)) != n:
        raise ValueError(f"{name}: expected {n}, one per unit; received {[len(x) for x in arrays]}")
    return arrays


def _each_once(units: Pair, n: tuple[int, int], unit: str) -> None:
    ids = [np.asarray(part) for part in units]
    if tuple(map(len, ids)) != n:
        raise ValueError(f"units: expected {n}, one per row; received {[len(x) for x in ids]}")
    for arm, part in zip("AB", ids, strict=True):
        if len(np.unique(part)) < len(part):
            raise ValueError(
                f"units: expected one row per {unit}, who was drawn; arm {arm} has {len(part):,} "
                f"rows of {len(np.unique(part)):,} (sum them, or compare_ratios)"
            )
    both = np.intersect1d(ids[0], ids[1])
    if len(both):
        raise ValueError(f"units: expected arms of different {unit}s; {both[0]!r} is in both")
