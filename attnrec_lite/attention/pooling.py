"""A history becomes one vector.

Built from the formulas of the chapter "Scores and weights", and tested against them.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite.attention.scores import Score
from attnrec_lite.attention.weights import masked_softmax


@keras.saving.register_keras_serializable("attnrec_lite")
class AttentionPooling(keras.layers.Layer):
    """A history becomes one vector: scores, masked softmax, weighted sum of equation (2.3).

    The five slots: query = a learned vector, or the one handed in; keys = values = the history;
    score = ``kind``; normaliser = softmax over the history; readout = whatever comes next.

    Args:
        kind, temperature, seed: as for ``Score``.

    Raises:
        ValueError: as for ``Score``.
    """

    def __init__(
        self,
        kind: str = "scaled_dot",
        temperature: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.score = Score(kind, temperature=temperature, seed=seed, dtype=self.dtype_policy)
        self.seed = seed
        self.supports_masking = True

    def build(self, history_shape: Any, query_shape: Any = None) -> None:
        """Make the learned query, unless a query is handed in."""
        width = history_shape[-1]
        if query_shape is None:
            start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=self.seed)
            self.query = self.add_weight(shape=(1, width), initializer=start, name="query")
            query_shape = (1, width)
        self.score.build((None, 1, query_shape[-1]), history_shape)

    def call(
        self, history: tf.Tensor, query: tf.Tensor | None = None, mask: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """``(batch, length, d)`` to the context ``(batch, d)`` and weights ``(batch, length)``.

        ``query`` is ``(batch, d)``, ``mask`` boolean ``(batch, length)``; an empty history gives
        the zero vector.
        """
        if query is None:
            q = tf.broadcast_to(self.query, (tf.shape(history)[0], 1, history.shape[-1]))
        else:
            q = query[:, tf.newaxis, :]
        s = self.score(tf.cast(q, history.dtype), history)[:, 0, :]
        weights = masked_softmax(s, mask)
        return tf.einsum("bl,bld->bd", weights, history), weights

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """No mask is handed on: what comes out is one vector."""

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"kind": self.score.kind, "temperature": self.score.temperature, "seed": self.seed}
        return {**super().get_config(), **own}
