"""Scores to weights, over real items only.

Explained in the chapter "Scores and weights"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def masked_softmax(scores: Any, mask: Any = None, axis: int = -1) -> tf.Tensor:
    """Scores to weights over real items: equations (2.2), (2.4), (2.6) and (2.16).

    Over candidates the same is a choice probability, equation (4.3). Its gradient is equation
    (2.13), and 0 where nothing is real.

    Args:
        scores: any shape and float type, finite at real items; the softmax itself runs in float32
            or better.
        mask: boolean, True = real item, broadcasts against ``scores``; None = all real.
        axis: the axis that competes for one unit of attention.

    Returns:
        Weights in the shape and type of ``scores``: exactly 0 where masked, and a row of zeros
        with finite gradients where nothing is real.

    Raises:
        ValueError: if the mask is not boolean.

    >>> masked_softmax([[0.0, 2.0, 2.0]], [[False, True, True]]).numpy()
    array([[0. , 0.5, 0.5]], dtype=float32)
    """
    s = as_floating(scores)
    dtype, s = s.dtype, tf.cast(s, tf.float64 if s.dtype == tf.float64 else tf.float32)
    if mask is None:
        return tf.cast(tf.nn.softmax(s, axis=axis), dtype)
    mask = tf.convert_to_tensor(mask)
    if mask.dtype != tf.bool:
        raise ValueError(f"mask: expected booleans, True = real item; received {mask.dtype.name}")
    s = tf.where(mask, s, s.dtype.min)  # not -inf: inf - inf is NaN in a row without a real item
    top = tf.stop_gradient(tf.reduce_max(s, axis=axis, keepdims=True))
    e = tf.where(mask, tf.exp(s - top), 0.0)  # after the exponential: a masked weight is exactly 0
    return tf.cast(tf.math.divide_no_nan(e, tf.reduce_sum(e, axis=axis, keepdims=True)), dtype)


def as_floating(values: Any) -> tf.Tensor:
    """Return a float tensor: whole numbers become float32, so that no share is cut to 0 or 1.

    Args:
        values: any shape and type of number.
    """
    x = tf.convert_to_tensor(values)
    return x if x.dtype.is_floating else tf.cast(x, tf.float32)
