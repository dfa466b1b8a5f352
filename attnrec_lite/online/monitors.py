"""Something to watch by: is what comes in, and how well it is served, still what it was?

A monitor without a false-alarm rate is a random generator with a bell. Those for what comes in have
a chance to ring at each look; the one for quality has a number of looks from one false alarm to the
next. Both are promises for independent figures, and ``measured_run_length`` measures them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import counts, finite, inside, positive, same_length, whole
from attnrec_lite.formulas import (
    largest_gap,
    limit_for,
    run_length,
    stability_index,
    stability_limit,
)


@dataclass(frozen=True)
class Look:
    """One look of a monitor.

    Attributes:
        value: the statistic.
        limit: above it the monitor rings.
        rings: whether it does.
    """

    value: float
    limit: float
    rings: bool

    def __str__(self) -> str:
        """The figure beside its limit."""
        return f"{self.value:.4g} of {self.limit:.4g}{', RINGS' if self.rings else ''}"


class ShareMonitor:
    """Are the shares of kinds (categories, devices, items) still those of a reference?

    Args:
        reference: rows of each kind while all was well, counts of shape ``(B,)``.
        false_alarms: chance to ring at one look though nothing has changed. It holds for rows that
            are independent; one customer's purchases are not, so count each customer once, or
            measure the rate on quiet days.

    Raises:
        ValueError: if there are fewer than two kinds, or a number is out of range.

    >>> monitor = ShareMonitor([500, 500], false_alarms=0.01)
    >>> print(monitor.look([260, 240]), "/", monitor.look([400, 100]))
    0.001594 of 0.0199 / 0.4139 of 0.0199, RINGS
    """

    def __init__(self, reference: ArrayLike, false_alarms: float = 0.01) -> None:
        self.reference = counts("reference", reference, 1, least=2)
        stability_index(self.reference, self.reference)  # refuses a reference without rows
        self.false_alarms = inside("false_alarms", false_alarms)

    def look(self, now: ArrayLike) -> Look:
        """Compare.

        Args:
            now: rows of each kind, counts of shape ``(B,)``.

        Returns:
            The stability index (14.6) beside the limit (14.7) for so many rows.

        Raises:
            ValueError: if the lengths differ, there is no row, or a number is no count.
        """
        fresh = counts("now", now, 1)
        same_length("reference", self.reference, "now", fresh)
        value = stability_index(self.reference, fresh)
        rows = int(self.reference.sum()), int(fresh.sum())
        limit = stability_limit(*rows, len(fresh), self.false_alarms)
        return Look(value, limit, value > limit)


class ValueMonitor:
    """Are numbers (prices, scores, ages of histories) still distributed as in a reference?

    Args:
        reference: numbers while all was well, shape ``(n,)``.
        false_alarms: as for ``ShareMonitor``.

    Raises:
        ValueError: if there is no number, one is not finite, or the chance is out of range.

    >>> monitor = ValueMonitor(np.arange(200.0))
    >>> monitor.look(np.arange(200.0)).rings, monitor.look(np.arange(200.0) + 100).rings
    (False, True)
    """

    def __init__(self, reference: ArrayLike, false_alarms: float = 0.01) -> None:
        self.reference = finite("reference", reference, 1)
        self.false_alarms = inside("false_alarms", false_alarms)

    def look(self, now: ArrayLike) -> Look:
        """Compare.

        Args:
            now: numbers, shape ``(m,)``.

        Returns:
            1 - p of Kolmogorov and Smirnov's test (14.8) beside 1 - the chance of a false alarm.

        Raises:
            ValueError: if there is no number, or one is not finite.
        """
        p = largest_gap(self.reference, finite("now", now, 1))[1]
        return Look(1 - p, 1 - self.false_alarms, p < self.false_alarms)


class LossMonitor:
    """Has quality fallen? Sums up what each look lacks, and rings where that is too much.

    Args:
        target: the figure while all is well, such as the mean NDCG@10 of quiet days.
        spread: its standard deviation from look to look on quiet days, above 0.
        notice: the fall that shall be noticed, in the unit of the figure, above 0.
        looks_between: looks from one false alarm to the next, on average.

    Attributes:
        level: what is lacking so far, equation (14.9), in units of the spread.
        limit: where it rings.

    Raises:
        ValueError: if a number is out of range.

    >>> monitor = LossMonitor(target=0.20, spread=0.01, notice=0.01, looks_between=365)
    >>> [monitor.look(x).rings for x in (0.21, 0.20, 0.19, 0.18, 0.18, 0.18, 0.18)]
    [False, False, False, False, False, True, True]
    """

    def __init__(
        self, target: float, spread: float, notice: float, looks_between: float = 365
    ) -> None:
        self.target, self.spread = float(finite("target", target, 0)), positive("spread", spread)
        self.allowance = positive("notice", notice) / self.spread / 2
        self.limit = limit_for(looks_between, self.allowance)
        self.level = 0.0

    def look(self, value: float) -> Look:
        """Add a figure; a NaN is refused, since it must not pass for quiet.

        Raises:
            ValueError: if the figure is not finite.
        """
        lack = (self.target - float(finite("value", value, 0))) / self.spread
        self.level = max(0.0, self.level + lack - self.allowance)
        return Look(self.level, self.limit, self.level > self.limit)

    def reset(self) -> None:
        """Begin anew, as after an alarm that was looked into."""
        self.level = 0.0

    def looks_until(self, fall: float = 0.0) -> float:
        """Looks until it rings on average, after the figure has fallen by so much."""
        return run_length(self.limit, self.allowance, fall / self.spread)


def measured_run_length(
    monitor: LossMonitor,
    draw: Callable[[np.random.Generator], float],
    runs: int = 200,
    longest: int = 10_000,
    seed: int = 0,
) -> float:
    """Let a monitor watch made-up figures until it rings, again and again.

    Args:
        monitor: begins anew for each run, and at the end.
        draw: gives the next figure; one with a trend, a week or a heavy tail shows what the promise
            is worth where figures are not normal and independent.
        runs: how often.
        longest: a run without an alarm ends here and counts as so long.
        seed: of the random generator.

    Returns:
        The mean number of looks until it rang.

    Raises:
        ValueError: if a number is out of range.

    >>> monitor = LossMonitor(0.0, 1.0, notice=1.0, looks_between=50)
    >>> bool(35 < measured_run_length(monitor, lambda rng: rng.normal()) < 65)
    True
    """
    rng, total = np.random.default_rng(seed), 0
    for _ in range(whole("runs", runs)):
        monitor.reset()
        for _ in range(whole("longest", longest)):
            total += 1
            if monitor.look(draw(rng)).rings:
                break
    monitor.reset()
    return total / runs
