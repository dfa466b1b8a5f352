"""Every position asks every other, or a second sequence, several times side by side.

Explained in the chapter "Queries, keys and values"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import whole
from attnrec_lite.attention.attend import attend, visible


@keras.saving.register_keras_serializable("attnrec_lite")
class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot product, all heads in one product: equations (3.1), (3.2), (3.3), (3.4), (3.5).

    The five slots: query = projections of the tokens; keys and values = projections of the same
    tokens (self-attention) or of a second sequence (cross-attention); score = scaled dot;
    normaliser = softmax over the keys, per head; readout = one projection of all heads.

    Args:
        heads: how many attentions run side by side.
        key_dim: width of a query, a key and a value in one head.
        causal: True lets a position see itself and what came before, nothing later.
        use_bias: whether the projections add a bias.
        seed: makes the first weights reproducible.
        window: how far a position sees, itself included; None = any distance.

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
        window: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.key_dim = whole("heads", heads), whole("key_dim", key_dim)
        self.causal, self.use_bias, self.seed = causal, use_bias, seed
        self.window = None if window is None else whole("window", window)
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
        self,
        tokens: tf.Tensor,
        mask: tf.Tensor | None = None,
        bias: tf.Tensor | None = None,
        memory: tf.Tensor | None = None,
        memory_mask: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """``(batch, n, d)`` to outputs ``(batch, n, d)`` and weights ``(batch, head, n, m)``.

        Without ``memory`` the tokens look at one another, and ``mask``, boolean ``(batch, n)``,
        says which are real. With ``memory``, ``(batch, m, d)``, they look at that sequence alone,
        and ``memory_mask`` says what is real there. ``bias`` is added to the scores and broadcasts
        against the weights. A position that may see no real item has weights of zero.
        """
        inner = self.heads * self.key_dim
        if memory is None and memory_mask is not None:
            raise ValueError("memory_mask: expected none without memory: there is nothing to mask")
        if memory is None:
            x = self._project(tokens, 0, 3 * inner)
            q, k, v = (self._split(part) for part in tf.split(x, 3, axis=-1))
        elif self.causal or self.window is not None:
            raise ValueError(
                "memory: expected none with causal or window: whose order would it be?"
            )
        else:
            q = self._split(self._project(tokens, 0, inner))
            x = self._project(memory, inner, 3 * inner)
            k, v = (self._split(part) for part in tf.split(x, 2, axis=-1))
        seen = self._visible(tokens, mask) if memory is None else _over_keys(memory_mask)
        return self._look(q, k, v, seen, bias)

    def extend(
        self, token: tf.Tensor, past: tuple[tf.Tensor, tf.Tensor], bias: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        """One more token looks at itself and at those before it, whose keys and values are known.

        Args:
            token: ``(batch, 1, d)``.
            past: keys and values of m tokens, each ``(batch, head, m, key_dim)``.
            bias: added to the scores, broadcasts against ``(batch, head, 1, m + 1)``.

        Returns:
            The output ``(batch, 1, d)``, and keys and values of m + 1 tokens.
        """
        # Keras casts weights inside ``call`` only; that's why ``_project`` and ``_look`` do, too.
        x = self._project(token, 0, 3 * self.heads * self.key_dim)
        q, k, v = (self._split(part) for part in tf.split(x, 3, axis=-1))
        keys, values = (tf.concat(pair, axis=2) for pair in zip(past, (k, v), strict=True))
        return self._look(q, keys, values, None, bias)[0], (keys, values)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """No mask is handed on: the next layer takes its own from the ids."""

    def _look(
        self, q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, seen: tf.Tensor | None, bias: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Attend, head by head, then put the heads side by side and project them."""
        z, weights = attend(q, k, v, seen, bias)
        z = tf.transpose(z, (0, 2, 1, 3))
        z = tf.reshape(z, (tf.shape(z)[0], tf.shape(z)[1], self.heads * self.key_dim))
        z = tf.matmul(z, tf.cast(self.out, z.dtype))
        return (z + tf.cast(self.out_bias, z.dtype) if self.use_bias else z), weights

    def _project(self, tokens: tf.Tensor, start: int, stop: int) -> tf.Tensor:
        """Tokens times a part of the columns of ``qkv``."""
        x = tf.matmul(tokens, tf.cast(self.qkv[:, start:stop], tokens.dtype))
        return x + tf.cast(self.qkv_bias[start:stop], x.dtype) if self.use_bias else x

    def _split(self, x: tf.Tensor) -> tf.Tensor:
        """``(batch, length, heads x key_dim)`` to ``(batch, head, length, key_dim)``."""
        x = tf.reshape(x, (tf.shape(x)[0], tf.shape(x)[1], self.heads, self.key_dim))
        return tf.transpose(x, (0, 2, 1, 3))

    def _visible(self, tokens: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor | None:
        """Who may look at whom: boolean, broadcasts against (batch, head, query, key)."""
        if not self.causal and self.window is None:
            return _over_keys(mask)
        real = tf.ones(tf.shape(tokens)[:2], tf.bool) if mask is None else mask
        return visible(real, self.causal, self.window)[:, tf.newaxis]

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own: dict[str, Any] = {"heads": self.heads, "key_dim": self.key_dim, "causal": self.causal}
        own |= {"use_bias": self.use_bias, "seed": self.seed, "window": self.window}
        return {**super().get_config(), **own}


def _over_keys(mask: tf.Tensor | None) -> tf.Tensor | None:
    """A mask of keys, the same for every head and query."""
    return None if mask is None else mask[:, tf.newaxis, tf.newaxis, :]
