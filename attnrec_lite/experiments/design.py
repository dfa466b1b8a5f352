"""What a test is: what is measured, on whom, and whether the arms are the ones that were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnrec_lite._checks import as_floats
from attnrec_lite.formulas import ratio_mismatch

ALARM = 0.001  # below this p value, arms of these sizes were not drawn by this plan


class SampleRatioMismatch(ValueError):
    """The arms do not have the sizes that were planned: whatever differs may be the bug."""


@dataclass(frozen=True)
class Design:
    """What was measured, on whom, and how the arms were drawn.

    Attributes:
        metric: such as ``"purchases in two weeks"``.
        unit: who was drawn to an arm, such as ``"customer"``; each of them counts once.
        planned: share of the units that arm A and arm B were to get.

    Raises:
        ValueError: if a word is empty or the shares are not two above 0 that sum to 1.

    >>> print(Design("purchases in two weeks", unit="customer"))
    purchases in two weeks, drawn by customer 50:50
    """

    metric: str
    unit: str
    planned: tuple[float, float] = (0.5, 0.5)

    def __post_init__(self) -> None:
        """Check that nothing was left out."""
        for name in ("metric", "unit"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{name}: expected a few words; received {value!r}")
        shares = as_floats("planned", self.planned, 1)
        if shares.shape != (2,) or not (shares > 0).all() or not np.isclose(shares.sum(), 1):
            raise ValueError(
                f"planned: expected two shares above 0 with sum 1; received {self.planned}"
            )

    def __str__(self) -> str:
        """One line: metric, unit, ratio."""
        ratio = ":".join(f"{100 * share:g}" for share in self.planned)
        return f"{self.metric}, drawn by {self.unit} {ratio}"


@dataclass(frozen=True)
class RatioCheck:
    """Sizes of the arms against the plan.

    Attributes:
        units: units in each arm.
        planned: share that each was to get.
        chi2: equation (9.5).
        p: chance of a distance as large if the plan was kept.
    """

    units: tuple[int, ...]
    planned: tuple[float, ...]
    chi2: float
    p: float

    @property
    def ok(self) -> bool:
        """Whether the sizes may be chance: p is at least 0.001."""
        return self.p >= ALARM

    def __str__(self) -> str:
        """The sizes, the plan and the verdict in one line."""
        sizes = " : ".join(f"{n:,}" for n in self.units)
        plan = " : ".join(f"{100 * share:g}" for share in self.planned)
        verdict = "as planned" if self.ok else "NOT AS PLANNED"
        return f"{sizes} for a plan of {plan}: chi2 {self.chi2:.1f}, p = {self.p:.2g}, {verdict}"


def check_ratio(
    units: Sequence[int], planned: Sequence[float] = (0.5, 0.5), *, strict: bool = True
) -> RatioCheck:
    """Are the arms of the data the arms that were drawn? Asked before any difference is read.

    Args:
        units: how many units each arm has in the data.
        planned: share that each arm was to get.
        strict: raise when they are not; else only say so.

    Returns:
        The check, which prints as a line.

    Raises:
        SampleRatioMismatch: a ``ValueError``, if ``strict`` and p is below 0.001.
        ValueError: if the counts or shares are none.

    Source: equation (9.5); Kohavi, Tang and Xu (2020).

    >>> print(check_ratio([5_030, 4_970]))
    5,030 : 4,970 for a plan of 50 : 50: chi2 0.4, p = 0.55, as planned
    """
    chi2, p = ratio_mismatch(units, planned)
    sizes = tuple(int(n) for n in np.asarray(units))
    check = RatioCheck(sizes, tuple(float(share) for share in planned), chi2, p)
    if strict and not check.ok:
        raise SampleRatioMismatch(
            f"units: expected arms as planned; received {check}. Find out who is missing before "
            "you compare: a difference between other people is not an effect"
        )
    return check
