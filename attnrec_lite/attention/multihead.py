"""Every position asks every other, several times side by side.

Built from the formulas of the chapter "Scores and weights", and tested against them.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import whole
from attnrec_lite.attention.scores import scores
from attnrec_lite.attention.weights import masked_softmax


@keras.saving.register_keras_serializable("attnrec_lite")
class MultiHeadAttention(keras.layers.Layer):
    """Every position asks every position: scaled dot product, one projection for q, k and v.

    The five slots: query, keys and values = projections of the same tokens; score = scaled dot;
    normaliser = softmax over the keys, per head; readout = one projection of all heads.

    Args:
        heads: how many attentions run side by side.
        key_dim: width of a query, a key and a value in one head.
        causal: True lets a position see itself and what came before, nothing later.
        use_bias: whether the projections add a bias.
        seed: makes the first weights reproducible.

    Raises:
        ValueError: if a number is not a whole number from 1.
    """

    def __init__(
        self,
        heads: int,
        key_dim: int,
        causal: bool = False,
        use_bias: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.key_dim = whole("heads", heads), whole("key_dim", key_dim)
        self.causal, self.use_bias, self.seed = causal, use_bias, seed
        self.supports_masking = True

    def build(self, tokens_shape: Any) -> None:
        """Make the two projections: width to 3 x heads x key_dim, and back."""
        width, inner = tokens_shape[-1], self.heads * self.key_dim
        for name, rows, columns, number in (("qkv", width, 3 * inner, 0), ("out", inner, width, 1)):
            seed = None if self.seed is None else self.seed + number
            start = keras.initializers.GlorotUniform(seed=seed)
            setattr(
                self, name, self.add_weight(shape=(rows, columns), initializer=start, name=name)
            )
            if self.use_bias:
                bias = self.add_weight(shape=(columns,), initializer="zeros", name=f"{name}_bias")
                setattr(self, f"{name}_bias", bias)

    def call(
        self, tokens: tf.Tensor, mask: tf.Tensor | None = None, bias: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """``(batch, length, d)`` to outputs ``(batch, length, d)`` and the weights.

        ``mask`` is boolean ``(batch, length)``; ``bias`` is added to the scores and broadcasts
        against ``(batch, head, query, key)``, the shape of the weights. A position that may see
        no real item has weights of zero.
        """
        batch, length = tf.shape(tokens)[0], tf.shape(tokens)[1]
        x = tf.matmul(tokens, self.qkv)
        x = x + self.qkv_bias if self.use_bias else x
        x = tf.reshape(x, (batch, length, 3, self.heads, self.key_dim))
        q, k, v = tf.unstack(tf.transpose(x, (2, 0, 3, 1, 4)))  # each (batch, head, length, key)
        s = scores(q, k, "scaled_dot")
        s = s if bias is None else s + tf.cast(bias, s.dtype)
        weights = masked_softmax(s, self._visible(length, mask))
        z = tf.transpose(tf.matmul(weights, v), (0, 2, 1, 3))
        z = tf.matmul(tf.reshape(z, (batch, length, self.heads * self.key_dim)), self.out)
        return (z + self.out_bias if self.use_bias else z), weights

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """No mask is handed on: the next layer takes its own from the ids."""

    def _visible(self, length: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor | None:
        """Who may look at whom: boolean, broadcasts against (batch, head, query, key)."""
        seen = None if mask is None else mask[:, tf.newaxis, tf.newaxis, :]
        if not self.causal:
            return seen
        steps = tf.range(length)
        past = steps[tf.newaxis, :] <= steps[:, tf.newaxis]  # key <= query
        return past if seen is None else past & seen

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"heads": self.heads, "key_dim": self.key_dim, "causal": self.causal}
        return {**super().get_config(), **own, "use_bias": self.use_bias, "seed": self.seed}
