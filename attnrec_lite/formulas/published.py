"""What printed figures say about the labels that they were measured on.

Explained in the chapter "Evaluation".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnrec_lite._checks import share_of_one


class Implied(NamedTuple):
    """What other published figures imply, each with the range that their rounding leaves open."""

    precision: float
    precision_range: tuple[float, float]
    share: float
    share_range: tuple[float, float]


def implied_share(accuracy: float, recall: float, f1: float, rounding: float = 0.005) -> Implied:
    r"""What a published accuracy A, recall R and $F_1$ say about the test set: equation (8.14).

    $P = \frac{F_1 R}{2R - F_1}$ and $\pi = \frac{(1 - A)\,F_1}{2R\,(1 - F_1)}$

    Args:
        accuracy: $A$, as printed.
        recall: $R$, as printed, above 0.
        f1: $F_1$, as printed, above 0 and below 1.
        rounding: how far a printed figure may be from the true one: half a unit of the last digit.

    Returns:
        Precision $P$ and share of positives $\pi$, each with the lowest and the highest value that
        unrounded figures could have had (cut at 1). Two models tested on the same labels have
        ranges of $\pi$ that meet.

    Raises:
        ValueError: if a figure is out of range, or no labels and answers have these three.

    Layer: none; it audits a table.

    Source: S2-T1, whose two columns cannot come from one test set.

    >>> [round(x, 3) for x in implied_share(0.85, 0.80, 0.82).share_range]
    [0.397, 0.46]
    >>> [round(x, 3) for x in implied_share(0.75, 0.70, 0.74).share_range]
    [0.482, 0.536]
    """
    h = share_of_one("rounding", rounding)
    a, r, f = (
        share_of_one(name, value)
        for name, value in (("accuracy", accuracy), ("recall", recall), ("f1", f1))
    )
    if not (r > h and h < f < 1 - h):
        raise ValueError(
            f"recall, f1: expected above {h:g}, and f1 below {1 - h:g}; received {recall}, {f1}"
        )
    best = min(a + h, 1.0), min(r + h, 1.0), f - h  # both implied numbers are smallest here
    low, high = _implied(*best), _implied(max(a - h, 0.0), r - h, f + h)
    if low[0] > 1 + 1e-12 or low[1] * best[1] > best[0] + 1e-12:
        raise ValueError(
            f"accuracy, recall, f1: expected figures that some labels and answers have; received "
            f"{accuracy}, {recall}, {f1}, which imply a precision of {low[0]:.3f} and "
            f"{low[1]:.1%} positives"
        )
    (p, p_low, p_high), (share, s_low, s_high) = (
        (min(x, 1.0) for x in column) for column in zip(_implied(a, r, f), low, high, strict=True)
    )
    return Implied(p, (p_low, p_high), share, (s_low, s_high))


def _implied(a: float, r: float, f: float) -> tuple[float, float]:
    """Precision and share of positives; 1 and more where there is no such precision."""
    p = f * r / (2 * r - f) if 2 * r > f else np.inf
    return p, (1 - a) * f / (2 * r * (1 - f))
