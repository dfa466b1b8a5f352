"""The mean of a history: what is left of an attention model when the attention is taken out.

The five slots: nobody asks; keys and values = the history; score = the same for all; normaliser =
the number of items; readout = the mean, normalised, against every item: equation (2.17). With an
``ItemEncoder`` it is a *two-tower* model: one tower makes item vectors of content, the other a
user's vector of these.
"""

from __future__ import annotations

from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_history
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import shares
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.training import NextItemNetwork


class MeanNetwork(NextItemNetwork):
    """At each position the mean of the items up to it."""

    def __init__(self, n_items: int, width: int, dropout: float, **options: Any) -> None:
        super().__init__(n_items, width, **options)
        self.drop = keras.layers.Dropout(dropout, seed=self.seeds[0])
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")
        self(np.zeros((1, 1), np.int32))  # builds every layer, so that weights can be loaded

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to context vectors, float ``(batch, length, d)``."""
        real = tf.cast(ids > 0, tf.float32)[:, :, tf.newaxis]
        vectors = self.drop(tf.gather(self.table, ids), training=training)
        total = tf.cumsum(tf.cast(vectors, tf.float32) * real, axis=1)
        mean = self.norm(tf.math.divide_no_nan(total, tf.cumsum(real, axis=1)))
        # The norm would turn padding into a vector; without a history only the item bias speaks.
        return tf.where(real > 0, mean, tf.zeros_like(mean))


class MeanPooling(NextItemRecommender):
    """A user is the mean of what they took, in no order; trained as the attention models are.

    Args:
        items: the vocabulary.
        width: of item vectors.
        window: how many of the newest items it looks at.
        dropout: share of inputs dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.
        encoder: makes item vectors of what is known about the items, as for ``SASRec``; with
            ``dropout={"id": 0.5}`` the tower of items learns to live without the id (15.4).

    Raises:
        ValueError: if a number is out of range.

    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = MeanPooling(log.items, width=4, window=3).fit(log, epochs=1)
    >>> bool((model.score_all([[1, 2]]) == model.score_all([[2, 1]])).all())
    True
    """

    name = "mean"
    network: MeanNetwork

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        window: int = 50,
        dropout: float = 0.2,
        negatives: int = 512,
        seed: int = 0,
        encoder: Any = None,
    ) -> None:
        drawn: dict[str, Any] = {"negatives": negatives, "seed": seed}
        super().__init__(
            items, width=width, window=window, dropout=dropout, encoder=encoder, **drawn
        )
        self.network = MeanNetwork(self.n_items, width, dropout, encoder=self.encoder, **drawn)

    def fit(
        self,
        log: Interactions,
        epochs: int = 30,
        batch: int = 32,
        learning_rate: float = 4e-3,
        verbose: int = 0,
        **options: Any,
    ) -> Self:
        """Learn to predict what follows what; see ``NextItemRecommender.fit``."""
        return super().fit(log, epochs, batch, learning_rate, verbose, **options)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """The same weight for each item of the window, ``("user", "key")``."""
        keys = as_history(history, self.n_items)
        self._candidates(keys, candidates)
        looked = self._newest(keys)
        weights = shares((looked > 0).astype(np.float64))
        return AttentionRecord(weights, ("user", "key"), looked, "nobody", self.items)
