"""Networks in which every candidate asks the history for itself.

The weights depend on the candidate, so there is no one context per user. Training still takes every
position of a row at once: the score of a past item for a candidate is the same at all positions,
only how long ago the item was differs; so the sums over the past of all positions together are one
product with the matrix of ``ago_factors``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._history import ScoringNetwork, ago_bias
from attnrec_lite.models._network import NextItemRecommender

CAP = 20.0  # exp(20) for a score, exp(20) for "how long ago": their product is still a float32
PIECE = 2**19  # pairs of past item and candidate at a time: 2 MiB, which a cache holds


def capped(scores: tf.Tensor) -> tf.Tensor:
    """Bend scores so that none passes 20 in size, their order kept, for equations (7.3) and (7.7).

    A softmax may then do without the largest score, which would differ for every position.
    """
    return CAP * tf.tanh(scores / CAP)


class CandidateNetwork(ScoringNetwork):
    """A network that pairs every item of the history with every candidate.

    A subclass writes ``pair``: scores, which become weights by a softmax over the history, and
    values, which these weights average.

    Args:
        n_items: N, the size of the catalogue.
        width: d, the width of an item vector.
        window: how many items a history has at most.
        dropout: share of the entries of the history's vectors dropped in training.
        options: ``tables``, ``negatives`` and ``seed``, as for ``PastNetwork``.
    """

    def __init__(
        self, n_items: int, width: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        self.recency = self.add_weight(shape=(window,), initializer="zeros", name="recency")

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to the vectors of the history ``(batch, length, d)``."""
        return self.remember(ids, training)

    def pair(self, past: tf.Tensor, offered: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scores and values of each past item for each candidate, both ``(..., m, n)``.

        Args:
            past: vectors of the history, ``(..., m, d)``.
            offered: vectors of candidates, ``(..., n, d)``.
        """
        raise NotImplementedError

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Each position's score of its own candidate, ``(batch, length)``."""
        s, values = self.pair(y_pred, tf.gather(self.table, targets))  # (batch, key, position)
        w = tf.exp(capped(s)) * tf.transpose(self.ago_factors(tf.shape(real)[1]))
        w *= tf.cast(real, w.dtype)[:, :, tf.newaxis]
        total, norm = tf.reduce_sum(w * values, axis=1), tf.reduce_sum(w, axis=1)
        return tf.math.divide_no_nan(total, norm)

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Each position's scores of candidates that all share, ``(batch, length, n)``."""
        batch, length, n = tf.shape(real)[0], tf.shape(real)[1], tf.shape(candidates)[0]
        past = tf.reshape(tf.transpose(y_pred, (1, 0, 2)), (length * batch, y_pred.shape[-1]))
        s, values = self.pair(past, tf.gather(self.table, candidates))
        w = tf.exp(capped(s)) * tf.reshape(tf.cast(tf.transpose(real), s.dtype), (-1, 1))
        factors = self.ago_factors(length)  # (position, key): 0 for keys in the future
        total = tf.matmul(factors, tf.reshape(w * values, (length, batch * n)))
        norm = tf.matmul(factors, tf.reshape(w, (length, batch * n)))
        mean = tf.reshape(tf.math.divide_no_nan(total, norm), (length, batch, n))
        return tf.transpose(mean, (1, 0, 2))

    def newest_scores(self, ids: tf.Tensor, offered: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scores without bias, ``(batch, n)``, and weights, ``(batch, length, n)``.

        Args:
            ids: histories, ``(batch, length)``.
            offered: vectors of candidates, ``(n, d)``, or ``(batch, n, d)`` for each row its own.
        """
        past, (batch, length) = self.remember(ids), ids.shape
        if len(offered.shape) == 2:
            past = tf.reshape(past, (batch * length, past.shape[-1]))
        s, values = (tf.reshape(x, (batch, length, -1)) for x in self.pair(past, offered))
        factors = self.ago_factors(length)[-1] * tf.cast(ids > 0, s.dtype)
        w = tf.exp(capped(s)) * factors[:, :, tf.newaxis]
        norm = tf.reduce_sum(w, axis=1)
        mean = tf.math.divide_no_nan(tf.reduce_sum(w * values, axis=1), norm)
        return mean, tf.math.divide_no_nan(w, norm[:, tf.newaxis])

    def ago_factors(self, length: tf.Tensor) -> tf.Tensor:
        """What "how long ago" multiplies a weight by, ``(position, key)``; 0 for the future."""
        factors = tf.exp(ago_bias(capped(self.recency), length))
        return tf.linalg.band_part(factors, -1, 0)  # the lower triangle: what came before


class CandidateRecommender(NextItemRecommender):
    """A recommender around a ``CandidateNetwork``; its arguments are told by each subclass."""

    network: CandidateNetwork
    network_type: ClassVar[type[CandidateNetwork]]

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        window: int = 20,
        dropout: float = 0.25,
        tables: int = 2,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        own = {"tables": tables, "negatives": negatives, "seed": seed}
        super().__init__(items, width=width, window=window, dropout=dropout, **own)
        if tables > 2:
            raise ValueError(f"tables: expected 1 or 2; received {tables}")
        self.network = self.network_type(self.n_items, width, window, dropout, **own)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What each candidate looked at: axes ``("user", "candidate", "key")``."""
        keys = self._newest(as_history(history, self.n_items))
        offered = tf.gather(self.network.table, self._candidates(keys, candidates))
        weights = self.network.newest_scores(tf.constant(keys), offered)[1]
        return AttentionRecord(
            np.asarray(tf.transpose(weights, (0, 2, 1))),
            ("user", "candidate", "key"),
            keys,
            "each candidate",
            self.items,
        )

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        keys = self._newest(history)
        scores = np.empty((len(keys), self.n_items + 1), np.float32)
        offered = tf.convert_to_tensor(self.network.table)
        rows = max(1, PIECE // (keys.shape[1] * len(offered)))
        for start in range(0, len(keys), rows):
            piece = slice(start, start + rows)
            scores[piece] = self.network.newest_scores(tf.constant(keys[piece]), offered)[0]
        scores += np.asarray(self.network.bias)
        return scores
