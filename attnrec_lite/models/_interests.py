"""Networks that make several vectors of one history, and the ways in which one of them is chosen.

A subclass of ``InterestNetwork`` says how interests come about: by attention, where the items
compete for each interest, or by routing, where the interests compete for each item.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from attnrec_lite.attention import masked_softmax, visible
from attnrec_lite.models._history import ScoringNetwork, ago_bias
from attnrec_lite.training import NextItemNetwork

CHOICES = ("hard", "label-aware", "each")


class InterestNetwork(ScoringNetwork):
    """At every position: K vectors of the past; one of them, or a mixture, predicts the target.

    Args:
        n_items: N, the size of the catalogue.
        width: d, the width of an item vector.
        dropout: share of the entries of the history's vectors dropped in training.
        choose: who scores the drawn items in training: ``hard``, the interest that scores the
            target highest; ``label-aware``, the mixture that the target asks for; ``each``, the
            best interest of each drawn item, as when the model answers.
        power: of the label-aware attention.
        options: ``tables``, ``negatives`` and ``seed``, as for ``PastNetwork``.
    """

    def __init__(
        self,
        n_items: int,
        width: int,
        dropout: float,
        choose: str = "each",
        power: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        self.choose, self.power = choose, power

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to interests, float ``(batch, length, interest, d)``."""
        return self.look(ids, training)[0]

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Interest vectors and the weights ``(batch, interest, query, key)`` that made them."""
        raise NotImplementedError

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Sampled softmax over the real targets; positions with target 0 do not count."""
        if self.choose == "each":
            return super().compute_loss(x, y, y_pred)
        chosen = self.chosen(tf.cast(y_pred, tf.float32), y)
        return NextItemNetwork.compute_loss(self, x, y, chosen)  # from here on, one vector

    def chosen(self, interests: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """One vector per position, chosen or mixed by its target: ``(batch, length, d)``."""
        each = tf.einsum("btkd,btd->btk", interests, tf.gather(self.table, targets))
        if self.choose == "hard":
            return tf.gather(interests, tf.argmax(each, axis=2), axis=2, batch_dims=2)
        weights = tf.nn.softmax(self.power * each, axis=2)
        return tf.einsum("btk,btkd->btd", weights, interests)

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Each position's score of its own candidate, ``(batch, length)``."""
        each = tf.einsum("btkd,btd->btk", y_pred, tf.gather(self.table, targets))
        return tf.reduce_max(each, axis=2)

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Each position's scores of candidates that all share, ``(batch, length, n)``."""
        each = tf.einsum("btkd,nd->btkn", y_pred, tf.gather(self.table, candidates))
        return tf.reduce_max(each, axis=2)


class AttentionInterests(InterestNetwork):
    """K learned queries, each with a softmax over the items of the past: equation (7.9)."""

    def __init__(
        self, n_items: int, width: int, interests: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        for name, rows, seed in (
            ("hidden", width, self.seeds[2]),
            ("queries", interests, self.seeds[3]),  # drawn apart: equal ones part late, if ever
        ):
            start = keras.initializers.GlorotUniform(seed=seed)
            weight = self.add_weight(shape=(rows, width), initializer=start, name=name)
            setattr(self, name, weight)
        shape = (interests, window)
        self.recency = self.add_weight(shape=shape, initializer="zeros", name="recency")

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Interest vectors and the weights ``(batch, interest, query, key)``, 1 over the keys."""
        h = self.remember(ids, training)
        hidden = tf.tanh(tf.tensordot(h, self.hidden, 1))
        s = tf.einsum("bjd,kd->bkj", hidden, self.queries)[:, :, tf.newaxis, :]
        s += ago_bias(self.recency, tf.shape(ids)[1])
        weights = masked_softmax(s, visible(ids > 0, causal=True)[:, tf.newaxis])
        return tf.einsum("bktj,bjd->btkd", weights, h), weights


class RoutedInterests(InterestNetwork):
    """Dynamic routing: in rounds, with a softmax over the interests: equation (12.4).

    The start is random as in the paper, but drawn once and through the item's vector, so that the
    same history always has the same interests. Nothing else belongs to one interest: two with one
    start would stay alike for ever.
    """

    def __init__(
        self,
        n_items: int,
        width: int,
        interests: int,
        window: int,
        dropout: float,
        rounds: int = 3,
        **options: Any,
    ) -> None:
        super().__init__(n_items, width, dropout, **options)
        self.rounds = rounds
        begin = keras.initializers.GlorotUniform(seed=self.seeds[2])
        self.matrix = self.add_weight(shape=(width, width), initializer=begin, name="matrix")
        self.start = np.random.default_rng(self.seeds[3]).normal(size=(interests, width))

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Interest vectors and couplings ``(batch, interest, query, key)``, 1 over interests."""
        told = tf.cast(tf.tensordot(self.remember(ids, training), self.matrix, 1), tf.float32)
        seen = visible(ids > 0, causal=True)[:, tf.newaxis]
        given = tf.stop_gradient(told)  # only the last round has a gradient
        b = tf.einsum("bjd,kd->bkj", given, tf.constant(self.start, tf.float32))[:, :, tf.newaxis]
        b = tf.tile(b, [1, 1, tf.shape(ids)[1], 1])
        for _ in range(self.rounds - 1):
            u = squash(tf.einsum("bktj,bjd->btkd", masked_softmax(b, seen, axis=1), given))
            b += tf.einsum("btkd,bjd->bktj", u, given)
        weights = masked_softmax(b, seen, axis=1)
        return squash(tf.einsum("bktj,bjd->btkd", weights, told)), weights


def squash(z: tf.Tensor) -> tf.Tensor:
    """Keep the direction, press the length below 1: equation (12.3); zero stays zero."""
    square = tf.reduce_sum(z**2, axis=-1, keepdims=True)
    length = tf.sqrt(tf.where(square > 0, square, 1.0))  # the root of 0 has no gradient
    return z * tf.where(square > 0, length / (1.0 + square), 0.0)
