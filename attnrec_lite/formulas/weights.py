"""Weights: shares of one unit of attention, what they mix, and how spread out they are.

Explained in the chapter "Scores and weights".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, on_axis, positive, whole


def softmax(scores: ArrayLike, axis: int = -1, temperature: float = 1.0) -> Floats:
    r"""Turn scores into weights: equations (2.2), (2.4), (2.10) and (2.16).

    Args:
        scores: any shape; ``-inf`` marks what gets no weight. An axis with nothing but ``-inf``
            has no softmax: use ``masked_softmax``.
        axis: the axis that competes for one unit of attention, equation (2.16): with queries in
            rows and keys in columns, axis 1.
        temperature: divides the scores, equation (2.10); below 1 sharpens, above 1 flattens.

    Returns:
        Weights of the same shape, in [0, 1], summing to 1 along ``axis``.

    Raises:
        ValueError: if a score is NaN or ``+inf``, ``axis`` is missing, empty or holds only
            ``-inf``, or the temperature is not a positive number.

    Layer: ``attention.masked_softmax``; the temperature is one of ``attention.Score``.
    Source: S0-F4, S1-F3, S2-F12, S3-F2.

    >>> softmax([1000, 999]).round(4)          # exp(1000) would overflow
    array([0.7311, 0.2689])
    """
    s = as_floats("scores", scores) / positive("temperature", temperature)
    if s.ndim == 0 or s.shape[on_axis(axis, s, "scores")] == 0:
        raise ValueError(f"scores: expected at least one along axis {axis}; received {s.shape}")
    if np.isnan(s).any() or np.isposinf(s).any():
        raise ValueError("scores: expected numbers or -inf; received NaN or +inf")
    top = s.max(axis=axis, keepdims=True)
    if np.isneginf(top).any():
        raise ValueError("scores: every score of a row is -inf; use masked_softmax")
    e = np.exp(s - top)  # equation (2.4): subtracting the maximum changes nothing but the overflow
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def weighted_sum(weights: ArrayLike, values: ArrayLike) -> Floats:
    r"""The context vector: equation (2.3), $z = \sum_i \alpha_i v_i$.

    Args:
        weights: shape ``(n,)``.
        values: one value per row, shape ``(n, d)``.

    Returns:
        One vector, shape ``(d,)``: a mixture of the values, not a list of items.

    Raises:
        ValueError: if there is not one weight per value.

    Layer: ``attention.AttentionPooling``.
    Source: S2-F2, S2-F10, S4-F1.

    >>> weighted_sum([0.75, 0.25], [[1, 0], [1, 1]])
    array([1.  , 0.25])
    """
    a, v = as_floats("weights", weights, 1), as_floats("values", values, 2)
    if len(a) != len(v):
        raise ValueError(f"weights: expected {len(v)}, one per value; received {len(a)}")
    return a @ v


def entropy(weights: ArrayLike, axis: int = -1) -> Floats:
    r"""How spread out weights are: equation (2.5), $H = -\sum_i \alpha_i \ln \alpha_i$.

    Args:
        weights: not negative, summing to 1 (or to 0: an empty row) along ``axis``.
        axis: the axis of the sum.

    Returns:
        Entropy in nats, the shape of ``weights`` without ``axis``: 0 when one item has it all,
        ``ln n`` when ``n`` items share equally.

    Raises:
        ValueError: if the weights are negative or sum to something else.

    Layer: none; it measures weights and trains nothing.
    Source: ours; Shannon's entropy, which no article uses.

    >>> entropy([0.5, 0.5, 0.0]).round(4), entropy([1.0, 0.0])
    (np.float64(0.6931), np.float64(0.0))
    """
    a = as_floats("weights", weights)
    total = a.sum(axis=on_axis(axis, a, "weights"))
    if (a < 0).any() or not np.all(np.isclose(total, 1, atol=1e-6) | (total == 0)):
        raise ValueError("weights: expected shares of 1 along the axis; are these scores?")
    logs = np.log(a, out=np.zeros_like(a), where=a > 0)  # 0 ln 0 = 0
    return np.asarray(np.abs((a * logs).sum(axis=axis)))[()]


def masked_softmax(scores: ArrayLike, mask: ArrayLike, axis: int = -1) -> Floats:
    r"""Softmax over real items only: equation (2.6), $\alpha_i = m_i e^{s_i} / \sum_j m_j e^{s_j}$.

    Args:
        scores: any shape; what stands at a masked place is not looked at, not even if NaN.
        mask: True = real item; broadcasts against ``scores``.
        axis: the axis that competes.

    Returns:
        Weights of the shape of ``scores``: exactly 0 where masked, and a row of zeros (not NaN,
        not uniform) where nothing is real: nobody attends to nothing.

    Raises:
        ValueError: if the mask is not boolean or does not fit, a score at a real item is not
            finite, or there is no such axis.

    Layer: ``attention.masked_softmax``.
    Source: S3-C3 has the mask, with 1 for what is hidden and without the rule for an empty row.

    >>> masked_softmax([0.0, 2.0, 2.0], [False, True, True])
    array([0. , 0.5, 0.5])
    >>> masked_softmax([1.0, 2.0], [False, False])
    array([0., 0.])
    """
    s, m = as_floats("scores", scores), np.asarray(mask)
    if m.dtype != bool:
        raise ValueError(f"mask: expected booleans, True = real item; received {m.dtype}")
    try:
        m = np.broadcast_to(m, s.shape)
    except ValueError:
        raise ValueError(f"mask: expected shape {s.shape}, as scores; received {m.shape}") from None
    on_axis(axis, s, "scores")
    if not np.isfinite(s[m]).all():
        raise ValueError("scores: expected finite numbers at real items; received NaN or inf")
    s = np.where(m, s, -np.inf)
    top = s.max(axis=axis, keepdims=True, initial=-np.inf)
    e = np.exp(s - np.where(np.isfinite(top), top, 0.0))
    total = e.sum(axis=axis, keepdims=True)
    return np.asarray(np.divide(e, total, out=np.zeros_like(e), where=total > 0))


def sigmoid(score: ArrayLike) -> Floats:
    r"""A gate: equation (2.7), $\sigma(s) = 1 / (1 + e^{-s})$.

    Args:
        score: any shape.

    Returns:
        Numbers in [0, 1] of the same shape, each on its own: gates do not compete, and their sum
        is free. ``softmax([s, 0])[0]`` equals ``sigmoid(s)``.

    Raises:
        ValueError: if ``score`` holds something other than numbers.

    Layer: ``keras.activations.sigmoid``.
    Source: S2-F13, S2-O17.

    >>> sigmoid([0.7, -1000.0]).round(4)
    array([0.6682, 0.    ])
    """
    s = as_floats("score", score)
    e = np.exp(-np.abs(s))  # never above 1, so never an overflow
    return np.asarray(np.where(s >= 0, 1 / (1 + e), e / (1 + e)))


def cosine_ceiling(n: int, temperature: float = 1.0) -> float:
    r"""The largest weight that a cosine can win among n items: equation (2.9).

    Args:
        n: how many items compete.
        temperature: what the cosines are divided by.

    Returns:
        $1 / (1 + (n - 1) e^{-2/\tau})$: one key along the query, all others against it.

    Raises:
        ValueError: if ``n`` is not a whole number from 1, or the temperature not above 0.

    Layer: none; a bound, with nothing to train.
    Source: ours; it bounds S3-F5.

    >>> round(cosine_ceiling(1000), 5), round(cosine_ceiling(1000, temperature=0.1), 5)
    (0.00734, 1.0)
    """
    rest = whole("n", n) - 1
    return float(1 / (1 + rest * np.exp(-2 / positive("temperature", temperature))))


def softmax_jacobian(weights: ArrayLike) -> Floats:
    r"""How each weight answers each score: equation (2.13), $J_{ij} = \alpha_i([i=j] - \alpha_j)$.

    Args:
        weights: the softmax of some scores, shape ``(n,)``.

    Returns:
        The matrix of derivatives, shape ``(n, n)``; each row sums to 0, and all of it is 0 when one
        weight is 1: then nothing can be learned through the softmax.

    Raises:
        ValueError: if ``weights`` is not a vector.

    Layer: none of its own; TensorFlow's gradient of ``attention.masked_softmax`` is it.
    Source: ours; why S2-F4 divides by the root of the width.

    >>> softmax_jacobian([0.5, 0.5])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    a = as_floats("weights", weights, 1)
    return np.diag(a) - np.outer(a, a)
