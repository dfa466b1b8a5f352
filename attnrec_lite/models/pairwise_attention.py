"""Pairwise attention: what the third source article set out to build, in TensorFlow.

The five slots: query = the user's vector, a mean of the history in which newer items may count
more; keys and values = the history; score = a small network on the pair of user and past item plus
a learned bias for how long ago; normaliser = softmax over the history; readout = a final dense
layer on the context, then its dot product with every candidate: equations (7.4) and (7.5).

The repair adds the history, over which the softmax now runs (over one pair it is 1), the tanh of
the network (without it the user's part is the same for all items and cancels in the softmax), the
bias for how long ago, and training against items that were not chosen.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_history
from attnrec_lite.attention import Score, masked_softmax, visible
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._history import PastNetwork, ago_bias
from attnrec_lite.models._network import NextItemRecommender


class PairwiseNetwork(PastNetwork):
    """At every position: a user vector, its pairs with the past, a context, a dense layer."""

    def __init__(
        self, n_items: int, width: int, units: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        score_seed, dense_seed = self.seeds[2:4]
        self.recency = self.add_weight(shape=(2, window), initializer="zeros", name="recency")
        self.judge = Score("additive", units=units, seed=score_seed, name="judge")
        start = keras.initializers.GlorotUniform(seed=dense_seed)
        self.dense = keras.layers.Dense(width, kernel_initializer=start, name="dense")
        self(np.zeros((1, window), np.int32))  # builds every layer, so that weights can be loaded

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to context vectors, float ``(batch, length, d)``."""
        return self.look(ids, training)[0]

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Context vectors and the weights ``(batch, query, key)`` that made them."""
        h, seen = self.remember(ids, training), visible(ids > 0, causal=True)
        to_user, to_score = tf.unstack(ago_bias(self.recency, tf.shape(ids)[1]))
        user = tf.matmul(masked_softmax(tf.broadcast_to(to_user, tf.shape(seen)), seen), h)
        scores = tf.cast(self.judge(user, h), h.dtype)  # a layer may change the precision
        weights = masked_softmax(scores + to_score, seen)
        context = self.dense(tf.matmul(weights, h))
        # Its bias would give padding a vector; without a history only the item bias speaks.
        return tf.where((ids > 0)[:, :, tf.newaxis], context, 0.0), weights


class PairwiseAttention(NextItemRecommender):
    """A small network judges each pair of user and past item: equations (7.4) and (7.5).

    Args:
        items: the vocabulary.
        width: of item vectors.
        units: of the hidden layer of the network that judges a pair.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = PairwiseAttention(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.attention([[1, 2]], [[3]]).axes
    ('user', 'key')
    """

    name = "pairwise attention"
    network: PairwiseNetwork

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        units: int = 16,
        window: int = 20,
        dropout: float = 0.25,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        drawn = {"negatives": negatives, "seed": seed}
        super().__init__(items, width=width, units=units, window=window, dropout=dropout, **drawn)
        self.network = PairwiseNetwork(self.n_items, width, units, window, dropout, **drawn)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Which past items the user's vector looked at: axes ``("user", "key")``.

        The candidates do not change the weights here.
        """
        keys = self._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        weights = self.network.look(tf.constant(keys))[1][:, -1, :].numpy()
        return AttentionRecord(weights, ("user", "key"), keys, "the user's vector", self.items)
