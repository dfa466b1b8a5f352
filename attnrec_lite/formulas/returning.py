"""What time does to a recommendation: news die, songs come back.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import (
    Floats,
    finite,
    in_unit,
    not_negative,
    same_shape,
    share_of_one,
)
from attnrec_lite.formulas.weights import masked_softmax


def fresh(chances: ArrayLike, ages: ArrayLike, half_life: ArrayLike) -> Floats:
    r"""What a story is still worth: equation (20.5), $p\, 2^{-a / h}$.

    Args:
        chances: $p$, chance that a new story is read, in [0, 1], any shape. Not a score: halving a
            negative score raises it, see equation (4.8).
        ages: $a$, time since it came out, not negative, of a shape that broadcasts.
        half_life: $h$, in the same unit, above 0; one, or one for each.

    Returns:
        The chance at that age.

    Raises:
        ValueError: if a chance is outside [0, 1], an age is negative (not out yet: mask it) or a
            number is not finite.

    Layer: none; one number for a kind of story, counted from a log.

    Source: exponential decay; S0-U2 and S2-U4 rank news like goods.

    >>> fresh([0.2, 0.1], [12, 0], half_life=6)
    array([0.05, 0.1 ])
    """
    p, a = in_unit("chances", chances), not_negative("ages", ages)
    h = not_negative("half_life", half_life)
    if (h == 0).any():
        raise ValueError("half_life: expected numbers above 0; received 0")
    return np.asarray(p * np.exp2(-a / h))


def repeat_chances(gaps: ArrayLike, exponent: float) -> Floats:
    r"""Which of the old ones comes back, if one does: equation (20.6).

    $r_i = g_i^{-\beta} / \sum_j g_j^{-\beta}$

    Args:
        gaps: $g$, how many plays ago each was heard last, 1 for the newest; 0 for never. The last
            axis is that of the items, ``(..., n)``.
        exponent: $\beta$; 0 makes all that were heard alike.

    Returns:
        Rows that sum to 1, or to 0 for who has heard nothing.

    Raises:
        ValueError: if a gap is negative or a number is not finite.

    Layer: none; counted from a log. It is a softmax of $-\beta \ln g$ over the history.

    Source: Anderson, Kumar, Tomkins and Vassilvitskii (WWW 2014); S0-U4 hides what was heard.

    >>> repeat_chances([1, 3, 0], exponent=1.0)
    array([0.75, 0.25, 0.  ])
    """
    g, b = not_negative("gaps", gaps), float(finite("exponent", exponent, 0))
    return masked_softmax(-b * np.log(np.where(g > 0, g, 1.0)), g > 0)


def repeats_and_new(share: float, repeats: ArrayLike, new: ArrayLike) -> Floats:
    r"""Chance of what is played next, old or new: equation (20.7).

    $p_i = \rho\, r_i + (1 - \rho)\, n_i$

    Args:
        share: $\rho$ of plays that are repeats, in [0, 1].
        repeats: $r$, each chance given that it is a repeat, shape ``(..., n)``.
        new: $n$, each chance given that it is new, of the same shape; 0 for what was heard.

    Returns:
        Chances of the same shape, which sum to 1 if both parts do.

    Raises:
        ValueError: if the shapes differ or a number is outside [0, 1].

    Layer: none; a mixture of two models.

    Source: Ren et al. (RepeatNet, AAAI 2019), which learns when to repeat.

    >>> repeats_and_new(0.8, [1.0, 0.0, 0.0], [0.0, 0.5, 0.5])
    array([0.8, 0.1, 0.1])
    """
    r, n, rho = in_unit("repeats", repeats), in_unit("new", new), share_of_one("share", share)
    same_shape("repeats", r, "new", n)
    return rho * r + (1 - rho) * n
