"""Item likeness with attention: how alike is the candidate to each item taken, and which counts?

The five slots: query = the candidate; keys and values = the history; score = a bilinear product,
bounded; normaliser = the smoothed softmax, equation (10.4), whose exponent decides how much a long
history says; readout = the weighted sum of likenesses, equation (10.7).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, share_of_one
from attnrec_lite.attention import masked_softmax, smoothed_softmax, visible
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._history import ScoringNetwork
from attnrec_lite.models._network import NextItemRecommender

BOUND = 15.0  # of scores: their exponentials, and any sum of them, stay far inside a float
CELLS = 2**24  # scores of pairs in memory at a time: 64 MiB


class NAISNetwork(ScoringNetwork):
    """Every position trains: the sums over each prefix are running sums along the history.

    The items that a target is compared with are shared by the batch, so their scores against all
    histories are two products of matrices; and because scores are bounded their exponentials can be
    summed as they are: a sum up to position t holds nothing of what comes later, not even its
    maximum.
    """

    def __init__(
        self, n_items: int, width: int, beta: float, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        start = keras.initializers.GlorotUniform(seed=self.seeds[2])
        self.ask = self.add_weight(shape=(width, width), initializer=start, name="ask")
        self.beta = beta
        self(np.zeros((1, 1), np.int32))

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to the vectors of the history ``(batch, length, d)``."""
        return self.remember(ids, training)

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Score of each position's own candidate against what came before, equation (10.7)."""
        item = tf.gather(self.table, targets)
        seen = visible(real, causal=True)
        weights = smoothed_softmax(self.ask_for(item, y_pred), self.beta, seen)
        return tf.reduce_sum(weights * tf.matmul(item, y_pred, transpose_b=True), axis=-1)

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Scores of the same items at every position: ``(batch, length, n)``."""
        voice, said = self._said(y_pred, real, tf.gather(self.table, candidates))
        return self._weighed(tf.cumsum(voice, axis=1), tf.cumsum(said, axis=1))

    def of_all(self, ids: tf.Tensor) -> tf.Tensor:
        """Scores of every item after the whole history: ``(batch, N + 1)``."""
        table = tf.convert_to_tensor(self.table)
        voice, said = self._said(self(ids), ids > 0, table)
        return self._weighed(tf.reduce_sum(voice, 1), tf.reduce_sum(said, 1)) + self.bias

    def ask_for(self, items: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """Scores ``(batch, n, length)`` of keys ``(batch, length, d)``, items ``(..., n, d)``."""
        asked = tf.tensordot(items, self.ask, axes=1) * self.ask.shape[0] ** -0.5
        return BOUND * tf.tanh(tf.matmul(asked, keys, transpose_b=True) / BOUND)

    def _said(
        self, keys: tf.Tensor, real: tf.Tensor, items: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """How loud each item of the history is for each candidate, and what it says, so weighed."""
        voice = tf.exp(tf.transpose(self.ask_for(items, keys), (0, 2, 1)))
        voice *= tf.cast(real, voice.dtype)[:, :, tf.newaxis]
        return voice, voice * tf.tensordot(keys, items, [[2], [1]])

    def _weighed(self, voice: tf.Tensor, said: tf.Tensor) -> tf.Tensor:
        """Equation (10.7) from its two sums; 0 where nothing was said."""
        return said * tf.exp(-self.beta * tf.math.log(tf.where(voice > 0, voice, 1.0)))


class NAIS(NextItemRecommender):
    """Likeness of an item to those of the history, each weighed for it: equation (10.7).

    Args:
        items: the vocabulary.
        width: of item vectors; an item has one as a candidate and another as part of a history.
        beta: exponent of the normaliser, in [0, 1]: 1 is the softmax, 0 lets every item of a long
            history add to the score.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    Source: He X. et al., "NAIS: Neural Attentive Item Similarity Model for Recommendation", TKDE
    2018. There a hidden layer scores each pair of items; here a bilinear product does, which scores
    all of them at once. They train on one held-out item of a set, with negatives of its own; here
    every next item of a sequence trains, against shared negatives.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = NAIS(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "nais"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        beta: float = 0.5,
        window: int = 50,
        dropout: float = 0.3,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        self.beta = share_of_one("beta", beta)
        own = {"negatives": negatives, "seed": seed}
        super().__init__(items, width=width, window=window, dropout=dropout, **own)
        self.network: NAISNetwork = NAISNetwork(self.n_items, width, self.beta, dropout, **own)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What each candidate looked at: axes ``("user", "candidate", "key")``, shares of 1.

        The exponent decides how loud the history is as a whole, not how it is divided.
        """
        keys = self._newest(as_history(history, self.n_items))
        asked = tf.gather(self.network.table, self._candidates(keys, candidates))
        scores = self.network.ask_for(asked, self.network(tf.constant(keys)))
        weights = masked_softmax(scores, tf.constant(keys > 0)[:, tf.newaxis])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights.numpy(), axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().config(), "beta": self.beta}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        ids = self._newest(history)
        rows = max(1, CELLS // (ids.shape[1] * (self.n_items + 1)))
        found = np.empty((len(ids), self.n_items + 1), np.float32)
        for start in range(0, len(ids), rows):
            piece = slice(start, start + rows)
            found[piece] = self.network.of_all(tf.constant(ids[piece]))
        return found
