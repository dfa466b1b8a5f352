"""Where in the history an item stands: without this, attention sees a set.

Explained in the chapter "Queries, keys and values".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_width, whole
from attnrec_lite.formulas.attention import rows


def add_positions(tokens: ArrayLike, positions: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    r"""Tell each item how long ago it was: equation (3.7), $x_j = h_j + p_{n-j}$.

    Counted from the newest item, $j = n$, which always gets the first row: so padding on the left
    moves nobody.

    Args:
        tokens: $h_j$, oldest first, shape ``(..., n, d)``.
        positions: row 0 for the newest item, row 1 for the one before, shape ``(n or more, d)``.
        mask: True = real item, shape ``(..., n)``; padding gets nothing. None = all real.

    Returns:
        Tokens with their positions, shape ``(..., n, d)``.

    Raises:
        ValueError: if the shapes do not fit, the rows do not suffice, or the mask is not boolean.

    Layer: ``attention.Positions``.
    Source: Vaswani et al. (2017); S1-O9 and S3-O11 speak of order and give no position.

    >>> add_positions([[10], [20], [30]], [[0], [1], [2]]).ravel()
    array([12., 21., 30.])
    """
    x, p = rows("tokens", tokens), as_floats("positions", positions, 2)
    same_width("tokens", x, "positions", p)
    n = x.shape[-2]
    if len(p) < n:
        raise ValueError(f"positions: expected {n} rows or more; received {len(p)}")
    real = np.ones(x.shape[:-1], bool) if mask is None else np.asarray(mask)
    if real.dtype != bool or real.shape != x.shape[:-1]:
        raise ValueError(
            f"mask: expected booleans of shape {x.shape[:-1]}; received {real.dtype} {real.shape}"
        )
    return np.asarray(x + np.where(real[..., np.newaxis], p[:n][::-1], 0.0))


def sinusoids(length: int, width: int) -> Floats:
    r"""Positions without parameters: equation (3.8), pairs $\sin(a\,\omega_c), \cos(a\,\omega_c)$.

    $\omega_c = 10000^{-2c/d}$ for pair $c = 0, \dots, d/2 - 1$ and age $a$.

    Args:
        length: how many ages, from 0.
        width: $d$, even.

    Returns:
        Shape ``(length, width)``. The dot product of two rows depends on the difference of their
        ages alone.

    Raises:
        ValueError: if a number is not whole, or the width is odd.

    Layer: ``attention.Positions``, kind "sinusoids".
    Source: Vaswani et al. (2017), section 3.5.

    >>> sinusoids(2, 4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]])
    """
    if whole("width", width, least=2) % 2:
        raise ValueError(f"width: expected an even number; received {width}")
    speed = 10_000.0 ** (-np.arange(0, width, 2) / width)
    angle = np.arange(whole("length", length))[:, np.newaxis] * speed
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(length, width)
