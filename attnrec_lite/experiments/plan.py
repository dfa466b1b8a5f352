"""Before an experiment: how many users the question needs, and what fewer would find."""

from __future__ import annotations

from math import ceil

from attnrec_lite._checks import inside, positive, whole
from attnrec_lite.formulas import power_of_test
from attnrec_lite.formulas import users_per_arm as formula


def users_per_arm(
    difference: float,
    *,
    share: float | None = None,
    std: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
) -> int:
    """How many units each arm needs so that the difference will be found.

    Args:
        difference: the smallest one worth finding, with its sign; for a share in points, so 0.005
            for 5.0 % against 5.5 %.
        share: of arm A, if the metric is one; else give ``std``.
        std: standard deviation of the metric between units, alike in both arms.
        power: chance to find it.
        level: 1 - the chance to find what is not there.

    Returns:
        Units per arm, rounded up.

    Raises:
        ValueError: if not exactly one of ``share`` and ``std`` is given, or one is out of range.

    Source: equation (9.4).

    >>> users_per_arm(0.005, share=0.05)
    31231
    """
    return ceil(formula(_variances(difference, share, std), difference, power, level))


def power(
    difference: float,
    n: int,
    *,
    share: float | None = None,
    std: float | None = None,
    level: float = 0.95,
) -> float:
    """Chance that a test of this size finds the difference.

    Args:
        difference: the true one.
        n: units in each arm.
        share: of arm A, if the metric is one; else give ``std``.
        std: standard deviation of the metric between units, alike in both arms.
        level: 1 - the chance to find what is not there.

    Returns:
        A chance.

    Raises:
        ValueError: as ``users_per_arm``.

    Source: equation (9.3).

    >>> round(power(0.005, 10_000, share=0.05), 3)
    0.354
    """
    error = (sum(_variances(difference, share, std)) / whole("n", n)) ** 0.5
    return power_of_test(difference, error, level)


def _variances(difference: float, share: float | None, std: float | None) -> tuple[float, float]:
    if (share is None) == (std is None):
        raise ValueError(f"share, std: expected one of them; received {share} and {std}")
    if std is not None:
        return positive("std", std) ** 2, float(std) ** 2
    assert share is not None  # for the type checker: the line above has seen to it
    a, b = inside("share", share), inside("share + difference", share + difference)
    return a * (1 - a), b * (1 - b)
