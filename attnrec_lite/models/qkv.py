"""Query, keys, values over a user's history: what the first source article set out to build.

The five slots: query = the newest item of the history; keys and values = the history; score =
scaled dot product plus a learned bias for how long ago; normaliser = softmax over the history;
readout = the context plus the newest item's own vector, normalised, against every item: equations
(7.1) and (2.17).
"""

from __future__ import annotations

from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_history
from attnrec_lite.attention import MultiHeadAttention
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.training import NextItemNetwork


class QKVNetwork(NextItemNetwork):
    """One causal attention over the history; every position asks about what came before it."""

    def __init__(
        self, n_items: int, width: int, heads: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, **options)
        first, drop_in, drop_out = self.seeds[:3]
        self.attend = MultiHeadAttention(
            heads, width // heads, causal=True, use_bias=False, seed=first, name="attend"
        )
        self.recency = self.add_weight(shape=(heads, window), initializer="zeros", name="recency")
        self.norm_in = keras.layers.LayerNormalization(epsilon=1e-6, name="norm_in")
        self.norm_out = keras.layers.LayerNormalization(epsilon=1e-6, name="norm_out")
        self.drop_in = keras.layers.Dropout(dropout, seed=drop_in)
        self.drop_out = keras.layers.Dropout(dropout, seed=drop_out)
        self(np.zeros((1, window), np.int32))  # builds every layer, so that weights can be loaded

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to context vectors, float ``(batch, length, d)``."""
        return self.look(ids, training)[0]

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Context vectors and the weights ``(batch, head, query, key)`` that made them."""
        h = self.drop_in(tf.gather(self.table, ids), training=training)
        steps = tf.range(tf.shape(ids)[1])
        ago = tf.maximum(steps[:, tf.newaxis] - steps[tf.newaxis, :], 0)  # (query, key)
        bias = tf.gather(self.recency, ago, axis=1)[tf.newaxis]  # (1, head, query, key)
        z, weights = self.attend(self.norm_in(h), mask=ids > 0, bias=bias)
        context = self.norm_out(h + self.drop_out(z, training=training))
        # The norm would turn padding into a vector; without a history only the item bias speaks.
        return tf.where((ids > 0)[:, :, tf.newaxis], context, 0.0), weights


class QKVRecommender(NextItemRecommender):
    """The newest item asks, the history answers (7.1), equation (2.17) scores every item.

    Args:
        items: the vocabulary.
        width: of item vectors, a multiple of ``heads``.
        heads: how many attentions run side by side.
        window: how many of the newest items it looks at.
        dropout: share of inputs and outputs dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.
        encoder: makes item vectors of what is known about the items, as for ``SASRec``.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = QKVRecommender(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "attention"
    network: QKVNetwork
    optimizer = keras.optimizers.Adam

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        heads: int = 1,
        window: int = 50,
        dropout: float = 0.25,
        negatives: int = 512,
        seed: int = 0,
        encoder: Any = None,
    ) -> None:
        drawn: dict[str, Any] = {"negatives": negatives, "seed": seed}
        super().__init__(
            items, width=width, heads=heads, window=window, dropout=dropout, encoder=encoder,
            **drawn,
        )  # fmt: skip
        self.network = QKVNetwork(
            self.n_items, width, heads, window, dropout, encoder=self.encoder, **drawn
        )

    def fit(
        self,
        log: Interactions,
        epochs: int = 6,
        batch: int = 32,
        learning_rate: float = 6e-3,
        verbose: int = 0,
        **options: Any,
    ) -> Self:
        """Learn to predict what follows what; see ``NextItemRecommender.fit``."""
        return super().fit(log, epochs, batch, learning_rate, verbose, **options)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the newest item looked at: axes ``("user", "head", "key")``.

        The candidates do not change the weights here: the history alone decides who is looked at.
        """
        keys = self._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        weights = self.network.look(tf.constant(keys))[1][:, :, -1, :].numpy()
        return AttentionRecord(
            weights, ("user", "head", "key"), keys, "the newest item", self.items
        )
