"""Networks that weigh a history: items met and items offered, and how long ago."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite.training import NextItemNetwork


class PastNetwork(NextItemNetwork):
    """A network whose items may have two vectors: one as what was met, one as what is offered.

    Args:
        n_items: N, the size of the catalogue.
        width: d, the width of an item vector.
        dropout: share of the entries of the history's vectors dropped in training.
        tables: 1 if history and candidates are read from the same table, 2 if from one each.
        options: ``negatives``, ``seed`` and ``encoder``, as for ``NextItemNetwork``;
            ``seeds[2:]`` is left for a subclass.
    """

    def __init__(
        self, n_items: int, width: int, dropout: float, tables: int = 2, **options: Any
    ) -> None:
        super().__init__(n_items, width, **options)
        self.drop = keras.layers.Dropout(dropout, seed=self.seeds[1])
        self.own_past = None
        if tables == 2:
            start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=self.seeds[0])
            shape = (n_items + 1, width)
            self.own_past = self.add_weight(shape=shape, initializer=start, name="past")

    @property
    def past(self) -> Any:
        """Vectors of items as what was met, ``(N + 1, d)``."""
        return self.table if self.own_past is None else self.own_past

    def remember(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to the vectors of the history ``(batch, length, d)``."""
        h = tf.gather(self.past, ids)
        return self.drop(h, training=True) if training else h  # a layer may change the precision


class ScoringNetwork(PastNetwork):
    """A network whose score of a candidate is more than the dot product with one context.

    ``call`` returns what scores are made of, ``(batch, length, ...)``; a subclass writes
    ``own_scores`` and ``shared_scores``.
    """

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Each position's score of its own candidate, without its bias, ``(batch, length)``.

        Args:
            y_pred: what ``call`` returned, in float32.
            real: True = real item, ``(batch, length)``.
            targets: a candidate per position, ``(batch, length)``.
        """
        raise NotImplementedError

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Each position's scores of candidates that all share, the same, ``(batch, length, n)``.

        Args:
            y_pred: what ``call`` returned, in float32.
            real: True = real item, ``(batch, length)``.
            candidates: item ids, ``(n,)``.
        """
        raise NotImplementedError

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Sampled softmax over the real targets; positions with target 0 do not count."""
        points = tf.random.stateless_uniform([self.negatives], self.draws.next())
        drawn = tf.minimum(tf.searchsorted(self.cumulative, points) + 1, self.n_items)
        found, real = tf.cast(y_pred, tf.float32), x > 0
        bias = self.rival_bias - self.log_q
        own = self.own_scores(found, real, y) + tf.gather(bias, y)
        others = self.shared_scores(found, real, drawn) + tf.gather(bias, drawn)
        others = tf.where(drawn == y[:, :, tf.newaxis], others.dtype.min, others)
        # log(e^own + sum of e^others) - own, without putting the two side by side
        loss = tf.nn.softplus(tf.reduce_logsumexp(others, axis=2) - own)
        counts = tf.cast(y > 0, tf.float32)
        return tf.reduce_sum(loss * counts) / tf.reduce_sum(counts)


def ago_bias(recency: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """A number for each "how long ago" as a bias of scores, as in equation (7.1).

    Args:
        recency: ``(..., window)``; entry a is for the item a places before the query.
        length: how many positions there are, at most ``window``.

    Returns:
        ``(..., query, key)``; what stands at keys after their query does not matter.
    """
    steps = tf.range(length)
    ago = tf.maximum(steps[:, tf.newaxis] - steps[tf.newaxis, :], 0)
    return tf.gather(recency, ago, axis=-1)
