"""How strongly each query asks for each key: a function without parameters, a layer with them.

Explained in the chapter "Scores and weights"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import one_of, positive, whole
from attnrec_lite.attention.weights import as_floating

SCORES = ("dot", "scaled_dot", "cosine", "bilinear", "additive")


def scores(query: Any, keys: Any, kind: str = "scaled_dot") -> tf.Tensor:
    """Scores that need no parameters: equations (2.1), (2.8) and (2.12).

    Args:
        query: shape ``(..., d)`` for one query, or ``(..., queries, d)`` with keys of as many axes.
        keys: shape ``(..., keys, d)``.
        kind: ``dot``, ``scaled_dot`` or ``cosine``.

    Returns:
        Scores, ``(..., keys)`` for one query, else ``(..., queries, keys)``.

    Raises:
        ValueError: if the kind has parameters or is unknown (see ``Score``), or widths differ.

    >>> scores([1.0, 0.0], [[1.0, 0.0], [1.0, 1.0]], kind="cosine").numpy().round(3)
    array([1.   , 0.707], dtype=float32)
    """
    one_of("kind", kind, SCORES[:3])
    q, k = as_floating(query), as_floating(keys)
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"keys: expected width {q.shape[-1]}, as query has; received {k.shape}")
    single = len(q.shape) < len(k.shape)
    if single:
        q = q[..., tf.newaxis, :]
    if kind == "cosine":
        q, k = _unit(q), _unit(k)
    s = tf.matmul(q, k, transpose_b=True)
    if kind == "scaled_dot":
        s = s / tf.sqrt(tf.cast(tf.shape(k)[-1], s.dtype))
    return s[..., 0, :] if single else s


@keras.saving.register_keras_serializable("attnrec_lite")
class Score(keras.layers.Layer):
    """Any score of the book behind one interface.

    Equations (2.1), (2.8), (2.12), (2.14) and (2.15), each divided by a temperature, (2.10).

    Args:
        kind: ``dot``, ``scaled_dot``, ``cosine``, ``bilinear`` or ``additive``.
        units: height of the small network of ``additive``; defaults to the width of the query.
        temperature: divides every score; cosines want one well below 1.
        seed: makes the first weights of ``bilinear`` and ``additive`` reproducible.

    Raises:
        ValueError: if the kind is unknown or a number is out of range.
    """

    def __init__(
        self,
        kind: str = "scaled_dot",
        units: int | None = None,
        temperature: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kind = one_of("kind", kind, SCORES)
        self.units = None if units is None else whole("units", units)
        self.temperature = positive("temperature", temperature)
        self.seed = seed

    def build(self, query_shape: Any, keys_shape: Any) -> None:
        """Make the parameters, if the kind has any."""
        d_q, d_k = query_shape[-1], keys_shape[-1]
        h = self.units or d_q
        shapes = {
            "bilinear": {"matrix": (d_q, d_k)},
            "additive": {"query_matrix": (h, d_q), "key_matrix": (h, d_k), "v": (h, 1)},
        }.get(self.kind, {})
        for number, (name, shape) in enumerate(shapes.items()):
            seed = None if self.seed is None else self.seed + number
            start = keras.initializers.GlorotUniform(seed=seed)
            setattr(self, name, self.add_weight(shape=shape, initializer=start, name=name))

    def call(self, query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """``(..., queries, d_q)`` and ``(..., keys, d_k)`` to scores ``(..., queries, keys)``."""
        if self.kind == "bilinear":
            s = tf.matmul(tf.matmul(query, self.matrix), keys, transpose_b=True)
        elif self.kind == "additive":
            q = tf.matmul(query, self.query_matrix, transpose_b=True)[..., :, tf.newaxis, :]
            k = tf.matmul(keys, self.key_matrix, transpose_b=True)[..., tf.newaxis, :, :]
            # Not tf.matmul: TensorFlow 2.21 writes outside its memory where a product of four axes
            # broadcasts (tensorflow issue 123109).
            s = tf.tensordot(tf.tanh(q + k), self.v, axes=1)[..., 0]
        else:
            s = scores(query, keys, self.kind)
        return s / tf.cast(self.temperature, s.dtype)

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"units": self.units, "temperature": self.temperature, "seed": self.seed}
        return {**super().get_config(), "kind": self.kind, **own}


def _unit(vectors: tf.Tensor) -> tf.Tensor:
    """Divide by the length; the zero vector stays zero, and every gradient is finite."""
    x = tf.cast(vectors, tf.float64 if vectors.dtype == tf.float64 else tf.float32)
    # A direction does not depend on the size, so the size may go first, and tiny vectors survive.
    top = tf.stop_gradient(tf.reduce_max(tf.abs(x), axis=-1, keepdims=True))
    x = tf.math.divide_no_nan(x, top)
    square = tf.reduce_sum(x * x, axis=-1, keepdims=True)
    return tf.cast(x * tf.math.rsqrt(tf.where(square > 0, square, 1.0)), vectors.dtype)
