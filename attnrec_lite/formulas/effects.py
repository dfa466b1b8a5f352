"""What something does to people, which is not what became of those who got it.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_floats, finite, same_length, zeros_and_ones


def raw_effect(outcomes: ArrayLike, treated: ArrayLike) -> float:
    r"""How much better the treated fared: equation (20.15), $\bar y_1 - \bar y_0$.

    Args:
        outcomes: $y$, one per person, shape ``(n,)``.
        treated: 1 or 0, shape ``(n,)``.

    Returns:
        The difference of means: of two groups, not of two fates, unless chance chose who is
        treated.

    Raises:
        ValueError: if the lengths differ, or one group is empty.

    Layer: none; counted.

    Source: what S0-U8 and S1-U12 would learn from "similar patients".

    >>> raw_effect([1, 0, 1, 1], [1, 1, 0, 0])
    -0.5
    """
    y, t = finite("outcomes", outcomes, 1), zeros_and_ones("treated", treated, 1)
    same_length("outcomes", y, "treated", t)
    if t.min() == t.max():
        raise ValueError(f"treated: expected a 1 and a 0; received only {t[0]:g}")
    return float(y[t == 1].mean() - y[t == 0].mean())


def adjusted_effect(outcomes: ArrayLike, treated: ArrayLike, stratum: ArrayLike) -> float:
    r"""How much better within groups that are alike: equation (20.16).

    $\sum_z \frac{n_z}{n} (\bar y_{1z} - \bar y_{0z})$

    Args:
        outcomes: $y$, one per person, shape ``(n,)``.
        treated: 1 or 0, shape ``(n,)``.
        stratum: $z$, what decided who is treated and also sways the outcome, shape ``(n,)``.

    Returns:
        The mean effect, if nothing outside $z$ does both. No data can say that nothing does.

    Raises:
        ValueError: if the lengths differ, or a stratum has no treated or no untreated person:
            there the data say nothing.

    Layer: none; counted.

    Source: back-door adjustment, Pearl (1995). The same averages that make Simpson's paradox.

    >>> y, t, z = [1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1]
    >>> round(raw_effect(y, t), 3), adjusted_effect(y, t, z)
    (-0.333, 0.0)
    """
    y, t = finite("outcomes", outcomes, 1), zeros_and_ones("treated", treated, 1)
    z = as_floats("stratum", stratum, 1)
    same_length("outcomes", y, "treated", t)
    same_length("outcomes", y, "stratum", z)
    total = 0.0
    for level in np.unique(z):
        here = z == level
        if t[here].min() == t[here].max():
            raise ValueError(
                "stratum: expected treated and untreated in each; "
                f"{level:g} has only {t[here][0]:g}"
            )
        total += here.mean() * raw_effect(y[here], t[here])
    return float(total)
