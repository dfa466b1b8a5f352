"""Between the softmax and no normaliser at all.

Explained in the chapter "User, item, interaction"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from attnrec_lite._checks import share_of_one
from attnrec_lite.attention.weights import as_floating


def smoothed_softmax(scores: Any, beta: float, mask: Any = None) -> tf.Tensor:
    """Scores to weights over the last axis: equations (10.4), (10.5).

    Args:
        scores: any shape and float type, finite at real items; computed in float32 or better.
        beta: in [0, 1]: 1 is the softmax, 0 leaves the exponential alone.
        mask: boolean, True = real item, broadcasts against ``scores``; None = all real.

    Returns:
        Weights in the shape and type of ``scores``, 0 where masked; a row where nothing is real is
        all 0, with finite gradients. Below a beta of 1 they do not sum to 1; a weight beyond the
        root of the largest number of its type is cut to that, so that sums stay finite.

    Raises:
        ValueError: if ``beta`` is not in [0, 1], or the mask is not boolean.

    >>> smoothed_softmax([[0.0, 0.0]], beta=0.5).numpy().round(4)
    array([[0.7071, 0.7071]], dtype=float32)
    """
    share_of_one("beta", beta)
    s = as_floating(scores)
    dtype, s = s.dtype, tf.cast(s, tf.float64 if s.dtype == tf.float64 else tf.float32)
    real = tf.ones_like(s, tf.bool) if mask is None else tf.convert_to_tensor(mask)
    if real.dtype != tf.bool:
        raise ValueError(f"mask: expected booleans, True = real item; received {real.dtype.name}")
    s = tf.where(real, s, 0.0)  # what stands at padding may be anything, in the gradient too
    top = tf.reduce_max(tf.where(real, s, s.dtype.min), axis=-1, keepdims=True)
    top = tf.stop_gradient(tf.where(tf.reduce_any(real, -1, keepdims=True), top, 0.0))
    e = tf.where(real, tf.exp(tf.minimum(s - top, 0.0)), 0.0)
    total = tf.reduce_sum(e, axis=-1, keepdims=True)
    rest = beta * tf.math.log(tf.where(total > 0, total, 1.0))
    most = float(np.log(dtype.max) / 2)
    # s - beta LSE(s), with the small differences first: at scores of 500 they are all that counts.
    weights = tf.exp(tf.minimum(s - top - rest + (1 - beta) * top, most))
    return tf.cast(tf.where(real, weights, 0.0), dtype)
