"""Numbers of fewer bits: whole numbers with a scale, and half precision.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, one_of, whole

PER = ("tensor", "row")


def quantise(matrix: ArrayLike, bits: int = 8, per: str = "row") -> tuple[NDArray[np.int8], Floats]:
    r"""Whole numbers and a scale in place of a matrix: equation (16.5).

    $c_{ij} = \mathrm{round}(x_{ij} / s_i)$ with $s_i = \max_j |x_{ij}| / (2^{b-1} - 1)$, or one
    $s$ for the whole matrix. Symmetric: 0 stays 0, and $-2^{b-1}$ is not used. A row of zeros has
    scale 0.

    Args:
        matrix: finite, shape ``(n, d)``.
        bits: $b$, 2 to 8.
        per: one scale per ``row``, or one for the ``tensor``.

    Returns:
        Codes, int8 ``(n, d)``, and scales, ``(n, 1)``; per tensor they are all the same.

    Raises:
        ValueError: if a number is not finite or out of range.

    Layer: none; ``efficiency.QuantisedTable`` stores it.
    Source: Jacob et al. (2018), the symmetric case.

    >>> codes, scale = quantise([[1.27, -0.4], [0.0, 0.0]])
    >>> codes.tolist(), scale.ravel()
    ([[127, -40], [0, 0]], array([0.01, 0.  ]))
    """
    x = finite("matrix", matrix, 2)
    if whole("bits", bits, 2) > 8:
        raise ValueError(f"bits: expected 2 to 8; received {bits}")
    largest = np.abs(x).max(axis=1, keepdims=True, initial=0.0)
    if one_of("per", per, PER) == "tensor":
        largest = np.full_like(largest, largest.max())
    steps = 2 ** (bits - 1) - 1
    scale = largest / steps
    codes = np.divide(x, scale, out=np.zeros_like(x), where=scale > 0)
    # A quotient of the smallest numbers there are may pass the last code.
    return np.clip(np.rint(codes), -steps, steps).astype(np.int8), scale


def dequantise(codes: ArrayLike, scale: ArrayLike) -> Floats:
    r"""The numbers that codes stand for: equation (16.5): $s_i c_{ij}$.

    No number is further than $s_i / 2$ from the one that was coded.

    Args:
        codes: shape ``(n, d)``.
        scale: shape ``(n, 1)``.

    Returns:
        Shape ``(n, d)``.

    Raises:
        ValueError: if there is not one scale per row.

    Layer: none; ``efficiency.QuantisedTable`` does it.
    Source: Jacob et al. (2018).

    >>> dequantise(*quantise([[1.0, -0.5], [0.1, 0.2]], bits=4)).round(3)
    array([[ 1.   , -0.571],
           [ 0.114,  0.2  ]])
    """
    c, s = as_floats("codes", codes, 2), as_floats("scale", scale, 2)
    if s.shape != (len(c), 1):
        raise ValueError(f"scale: expected shape ({len(c)}, 1), one per row; received {s.shape}")
    return c * s


def score_noise(query: ArrayLike, scale: ArrayLike) -> Floats:
    r"""How far a score is moved by rounding: equation (16.6).

    $\sigma_i = \lVert q \rVert\, s_i / \sqrt{12}$, if errors are spread evenly over $\pm s_i / 2$
    and are independent. Two items whose scores lie closer than that change places; one item of
    huge length makes $s$, and with it everybody's noise, as huge *per tensor*, and its own alone
    *per row*.

    Args:
        query: shape ``(d,)``.
        scale: one per item, shape ``(n, 1)`` or ``(n,)``.

    Returns:
        Standard deviations, shape ``(n,)``.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; it is a figure about rounding, nothing to train.
    Source: ours; the variance $s^2/12$ is that of an even spread.

    >>> score_noise([3.0, 4.0], [0.1]).round(4)
    array([0.1443])
    """
    q, s = finite("query", query, 1), finite("scale", scale).ravel()
    return np.asarray(np.linalg.norm(q) * s / np.sqrt(12))


def float_step(values: ArrayLike, fraction: int = 10, least: int = -14) -> Floats:
    r"""From one floating-point number to the next: equation (16.8).

    $2^{\max(\lfloor \log_2 |x| \rfloor,\, e)\, -\, p}$ for $p$ bits of fraction and least exponent
    $e$. Rounding moves a number by at most half of it, a *relative* $2^{-p-1}$; whole-number codes
    have one step for all, small or large.

    Args:
        values: any shape, finite.
        fraction: $p$: 10 in float16, 7 in bfloat16, 23 in float32.
        least: $e$: -14 in float16, -126 in the others.

    Returns:
        Steps, in the shape of ``values``.

    Raises:
        ValueError: if a number is not finite or ``fraction`` is no whole number from 1.

    Layer: none; ``mixed_float16`` of Keras computes with such numbers.
    Source: IEEE 754; float16 ends at 65504, beyond which is infinity.

    >>> float_step([1.0, 1000.0, 2048.0])                       # from 2048 on, only even numbers
    array([9.765625e-04, 5.000000e-01, 2.000000e+00])
    """
    x = np.abs(finite("values", values, least=0))
    exponent = np.frexp(x)[1] - 1  # floor of the logarithm, exactly
    exponent = np.maximum(np.where(x > 0, exponent, least), least)
    return np.asarray(np.exp2((exponent - whole("fraction", fraction)).astype(np.float64)))


def table_bytes(rows: int, width: int, bits: int = 32, per: str | None = None) -> int:
    r"""Memory of a table: equation (16.7).

    $n \lceil d b / 8 \rceil$ bytes, and 4 for each scale.

    Args:
        rows: $n$.
        width: $d$.
        bits: $b$ of a number.
        per: one float32 scale per ``row``, one for the ``tensor``, or None for no scale.

    Returns:
        Bytes.

    Raises:
        ValueError: if a number is not whole from 1 or the word is unknown.

    Layer: none; it counts bytes.
    Source: ours.

    >>> table_bytes(24_000, 64), table_bytes(24_000, 64, 8, "row")
    (6144000, 1632000)
    """
    n, d, b = whole("rows", rows), whole("width", width), whole("bits", bits)
    scales = 0 if per is None else n if one_of("per", per, PER) == "row" else 1
    return n * -(-d * b // 8) + 4 * scales
