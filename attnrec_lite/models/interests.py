"""Several interests per user: what the fifth source article set out to build.

The five slots: query = K learned vectors, one per interest, the same for all users; keys and values
= the history; score = a small network on the past item plus a learned bias for how long ago;
normaliser = softmax over the history, one per interest; readout = the interest that scores the
candidate highest, plus the candidate's bias: equations (7.9) and (7.10).

The repair adds the history with its softmax (the source has a sigmoid after the last layer and no
weights at all), interests that come from what a user did and are not drawn at random, the bias for
how long ago, and a target that is the next item.

Source: self-attentive pooling follows Lin et al. (2017) and, for interests, Cen et al. (2020).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history
from attnrec_lite.attention import masked_softmax, visible
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._history import ScoringNetwork, ago_bias
from attnrec_lite.models._network import NextItemRecommender


class InterestNetwork(ScoringNetwork):
    """At every position: K weightings of the past, K interest vectors."""

    def __init__(
        self, n_items: int, width: int, interests: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        for name, rows, seed in (
            ("hidden", width, self.seeds[2]),
            ("queries", interests, self.seeds[3]),  # drawn apart: equal ones would stay equal
        ):
            start = keras.initializers.GlorotUniform(seed=seed)
            weight = self.add_weight(shape=(rows, width), initializer=start, name=name)
            setattr(self, name, weight)
        shape = (interests, window)
        self.recency = self.add_weight(shape=shape, initializer="zeros", name="recency")

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to interests, float ``(batch, length, interest, d)``."""
        return self.look(ids, training)[0]

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Interest vectors and the weights ``(batch, interest, query, key)`` that made them."""
        h = self.remember(ids, training)
        hidden = tf.tanh(tf.tensordot(h, self.hidden, 1))
        s = tf.einsum("bjd,kd->bkj", hidden, self.queries)[:, :, tf.newaxis, :]
        s += ago_bias(self.recency, tf.shape(ids)[1])
        weights = masked_softmax(s, visible(ids > 0, causal=True)[:, tf.newaxis])
        return tf.einsum("bktj,bjd->btkd", weights, h), weights

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Each position's score of its own candidate, ``(batch, length)``."""
        each = tf.einsum("btkd,btd->btk", y_pred, tf.gather(self.table, targets))
        return tf.reduce_max(each, axis=2)

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Each position's scores of candidates that all share, ``(batch, length, n)``."""
        each = tf.einsum("btkd,nd->btkn", y_pred, tf.gather(self.table, candidates))
        return tf.reduce_max(each, axis=2)


class InterestModel(NextItemRecommender):
    """K interests per user, the best one scores: equations (7.9) and (7.10).

    Args:
        items: the vocabulary.
        width: of item vectors.
        interests: K, how many.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = InterestModel(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.attention([[1, 2]], [[3]]).axes
    ('user', 'interest', 'key')
    """

    name = "interests"
    network: InterestNetwork

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        interests: int = 4,
        window: int = 20,
        dropout: float = 0.25,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        shape = {"width": width, "interests": interests, "window": window, "dropout": dropout}
        drawn = {"negatives": negatives, "seed": seed}
        super().__init__(items, **shape, **drawn)
        self.network = InterestNetwork(self.n_items, **shape, **drawn)  # type: ignore[arg-type]

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What each interest is made of: axes ``("user", "interest", "key")``.

        The candidates do not change the weights here; they choose among the interests.
        """
        keys = self._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        weights = self.network.look(tf.constant(keys))[1][:, :, -1, :].numpy()
        return AttentionRecord(
            weights, ("user", "interest", "key"), keys, "each interest", self.items
        )

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        z = self._at_the_end(history)
        best = tf.fill((len(z), self.n_items + 1), tf.float32.min)
        for interest in tf.unstack(z, axis=1):  # one by one: all at once would be K times as large
            best = tf.maximum(best, tf.matmul(interest, self.network.table, transpose_b=True))
        return np.asarray(best + self.network.bias)
