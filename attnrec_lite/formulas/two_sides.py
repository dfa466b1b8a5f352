"""When both sides choose: one number for two likings.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, in_unit, same_shape


def match_chance(one_way: ArrayLike, other_way: ArrayLike) -> Floats:
    r"""Chance that both want, if each decides alone: equation (20.8), $p\, q$.

    Args:
        one_way: $p$, in [0, 1], any shape.
        other_way: $q$, of the same shape.

    Returns:
        The product. It orders pairs otherwise than the harmonic mean, which would rather have two
        halves than a large chance and a small one.

    Raises:
        ValueError: as ``reciprocal``.

    Layer: none; as ``reciprocal``.

    Source: ours; it is what "matches per recommendation" counts.

    >>> match_chance([0.9, 0.5], [0.3, 0.5])
    array([0.27, 0.25])
    >>> reciprocal([0.9, 0.5], [0.3, 0.5])
    array([0.45, 0.5 ])
    """
    p, q = in_unit("one_way", one_way), in_unit("other_way", other_way)
    same_shape("one_way", p, "other_way", q)
    return p * q


def reciprocal(one_way: ArrayLike, other_way: ArrayLike) -> Floats:
    r"""One number for two people who must both want: equation (20.9), $2 p q / (p + q)$.

    Args:
        one_way: $p$, chance that the first likes the second, in [0, 1], any shape.
        other_way: $q$, chance that the second likes the first, of the same shape.

    Returns:
        The harmonic mean: 0 if one of them never would, at most twice the smaller one.

    Raises:
        ValueError: if the shapes differ or a number is outside [0, 1].

    Layer: none; it joins two models, or one model asked twice.

    Source: Pizzato et al. (RECON, RecSys 2010); S0-U3 and S3-U2 ask one side.

    >>> reciprocal([0.9, 0.5, 0.9], [0.1, 0.5, 0.0]).round(2)
    array([0.18, 0.5 , 0.  ])
    """
    p, q = in_unit("one_way", one_way), in_unit("other_way", other_way)
    same_shape("one_way", p, "other_way", q)
    return np.divide(2 * p * q, p + q, out=np.zeros_like(p), where=p + q > 0)
