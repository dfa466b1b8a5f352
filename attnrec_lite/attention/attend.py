"""Many queries at once: who may look at whom, and what each takes along.

Explained in the chapter "Queries, keys and values"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from attnrec_lite._checks import whole
from attnrec_lite.attention.scores import scores
from attnrec_lite.attention.weights import masked_softmax


def attend(
    queries: Any, keys: Any, values: Any, visible: Any = None, bias: Any = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Every query looks at every key it may see: equations (3.2) and (3.6).

    Args:
        queries: ``(..., n, d_k)``.
        keys: ``(..., m, d_k)``, with the leading axes of ``queries``.
        values: ``(..., m, d_v)``, the same.
        visible: boolean, True where query i may see key j, broadcasts against ``(..., n, m)``;
            None = all.
        bias: added to the scores, broadcasts as ``visible`` does.

    Returns:
        Outputs ``(..., n, d_v)`` and weights ``(..., n, m)``. A query that may see nothing has
        weights and output of zero.

    Raises:
        ValueError: if the widths of queries and keys differ, or ``visible`` is not boolean.

    >>> z, a = attend([[1.0, 0.0]], [[0.0, 1.0], [0.0, 2.0]], [[1.0], [3.0]])
    >>> z.numpy(), a.numpy()
    (array([[2.]], dtype=float32), array([[0.5, 0.5]], dtype=float32))
    """
    s = scores(queries, keys, "scaled_dot")
    s = s if bias is None else s + tf.cast(bias, s.dtype)
    weights = masked_softmax(s, visible)
    return tf.matmul(weights, tf.cast(values, weights.dtype)), weights


def visible(mask: Any, causal: bool = False, window: int | None = None) -> tf.Tensor:
    """Who may look at whom: equation (3.3).

    Args:
        mask: boolean ``(..., n)``, True = real item.
        causal: True lets a query see itself and what came before, nothing later.
        window: how far a query sees, itself included; None = any distance.

    Returns:
        Booleans ``(..., n, n)``: row i is the query, column j the key.

    Raises:
        ValueError: if the mask is not boolean, or the window no whole number from 1.

    >>> visible([False, True, True], causal=True).numpy().astype(int)
    array([[0, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    """
    real = tf.convert_to_tensor(mask)
    if real.dtype != tf.bool:
        raise ValueError(f"mask: expected booleans, True = real item; received {real.dtype.name}")
    steps = tf.range(tf.shape(real)[-1])
    ago = steps[:, tf.newaxis] - steps[tf.newaxis, :]  # query minus key: below 0 is the future
    allowed = ago >= 0 if causal else tf.ones_like(ago, tf.bool)
    if window is not None:
        allowed = allowed & (tf.abs(ago) < whole("window", window))
    return real[..., tf.newaxis, :] & allowed
