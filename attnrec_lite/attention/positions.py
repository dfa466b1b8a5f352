"""Where in the history an item stands.

Explained in the chapter "Queries, keys and values"; tested against ``formulas``.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite._checks import one_of, whole
from attnrec_lite.formulas.positions import sinusoids

POSITIONS = ("learned", "sinusoids")


@keras.saving.register_keras_serializable("attnrec_lite")
class Positions(keras.layers.Layer):
    """Add to each item a vector for how long ago it was: equations (3.7), (3.8), (11.1).

    Counted from the newest item, in the last column, so padding on the left moves nobody.

    Args:
        window: how many ages have a vector of their own; older items share the oldest one.
        kind: ``learned``, or ``sinusoids``, which have nothing to learn.
        seed: makes the first learned vectors reproducible.

    Raises:
        ValueError: if the kind is unknown, the window no whole number from 1, or sinusoids meet an
            odd width.

    >>> layer = Positions(window=2, kind="sinusoids")
    >>> layer(tf.zeros((1, 2, 2))).numpy().round(3)                 # the newest last: age 0
    array([[[0.841, 0.54 ],
            [0.   , 1.   ]]], dtype=float32)
    """

    def __init__(
        self, window: int, kind: str = "learned", seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.window, self.kind, self.seed = (
            whole("window", window),
            one_of("kind", kind, POSITIONS),
            seed,
        )
        self.supports_masking = True

    def build(self, tokens_shape: Any) -> None:
        """Make the table, one row per age, the newest first."""
        width = tokens_shape[-1]
        if self.kind == "sinusoids":
            self.table = sinusoids(self.window, width)
            return
        start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=self.seed)
        self.table = self.add_weight(shape=(self.window, width), initializer=start, name="table")

    def call(self, tokens: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """``(batch, length, d)`` to the same shape; what ``mask`` calls padding stays as it was."""
        ages = tf.range(tf.shape(tokens)[1] - 1, -1, -1)
        added = tf.cast(
            tf.gather(tf.convert_to_tensor(self.table), tf.minimum(ages, self.window - 1)),
            tokens.dtype,
        )
        if mask is not None:
            added = tf.where(mask[:, :, tf.newaxis], added, tf.zeros_like(added))
        return tokens + added

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        own = {"window": self.window, "kind": self.kind, "seed": self.seed}
        return {**super().get_config(), **own}
