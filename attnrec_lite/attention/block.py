"""One block of a Transformer: look around, then think for yourself.

Explained in the chapter "Sequences"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import whole
from attnrec_lite.attention.multihead import MultiHeadAttention


@keras.saving.register_keras_serializable("attnrec_lite")
class TransformerBlock(keras.layers.Layer):
    """Attention and a small network, each added to what comes in: pre-norm, as trained today.

    ``x + attention(norm(x))``, then ``x + down(relu(up(norm(x))))``: equations (11.2), (11.3) and
    (11.4). The sum is never normalised,
    so a gradient reaches the first block undimmed; whoever reads the last block normalises.

    Args:
        heads: how many attentions run side by side; they share the width.
        inner: width of the hidden layer of the small network.
        dropout: share of each output dropped in training.
        seed: makes first weights and dropout reproducible.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self, heads: int, inner: int, dropout: float = 0.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.inner = whole("heads", heads), whole("inner", inner)
        self.dropout, self.seed = dropout, seed

    def build(self, tokens_shape: Any) -> None:
        """Make the parts, once the width of a token is known."""
        width = tokens_shape[-1]
        seeds = [None if self.seed is None else self.seed + 10 * n for n in range(5)]
        policy = {"dtype": self.dtype_policy}
        self.attend = MultiHeadAttention(
            self.heads, width // self.heads, seed=seeds[0], name="attend", **policy
        )
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-6, name=name, **policy)
            for name in ("norm_attend", "norm_think")
        ]
        self.drops = [keras.layers.Dropout(self.dropout, seed=s, **policy) for s in seeds[1:3]]
        starts = [keras.initializers.GlorotUniform(seed=s) for s in seeds[3:]]
        self.up = keras.layers.Dense(
            self.inner, "relu", kernel_initializer=starts[0], name="up", **policy
        )
        self.down = keras.layers.Dense(width, kernel_initializer=starts[1], name="down", **policy)
        for part in (self.attend, *self.norms, self.up):
            part.build(tokens_shape)
        self.down.build((*tokens_shape[:-1], self.inner))

    def call(
        self, tokens: tf.Tensor, bias: tf.Tensor | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """``(batch, n, d)`` to the same shape, and weights ``(batch, head, n, n)``.

        ``bias`` is added to the scores, ``(batch, 1 or head, n, n)``; a large negative number
        hides a key.
        """
        z, weights = self.attend(self.norms[0](tokens), bias=bias)
        return self._think(tokens + self.drops[0](z, training=training), training), weights

    def extend(
        self, token: tf.Tensor, past: tuple[tf.Tensor, tf.Tensor], bias: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        """One more token after those whose keys and values are known.

        Args and returns are those of ``MultiHeadAttention.extend``.
        """
        z, past = self.attend.extend(self.norms[0](token), past, bias)
        return self._think(token + z, training=False), past

    def _think(self, tokens: tf.Tensor, training: bool) -> tf.Tensor:
        """Add the small network, which sees one token at a time."""
        z = self.down(self.up(self.norms[1](tokens)))
        return tokens + self.drops[1](z, training=training)

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"heads": self.heads, "inner": self.inner, "dropout": self.dropout, "seed": self.seed}
        return {**super().get_config(), **own}
