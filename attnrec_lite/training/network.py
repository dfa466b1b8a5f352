"""A network that reads items and predicts what follows each of them.

Every position of a row predicts the item that follows it, so one row trains many targets. Each
target has to beat other items: all of them, or a few that are drawn, the same for the whole batch.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import one_of
from attnrec_lite.training.losses import (
    binary_loss,
    full_softmax_loss,
    gbce_loss,
    sampled_softmax_loss,
)

LOSSES = ("sampled", "full", "binary", "gbce")
ABSENT = -1e9  # added to a score: exp(-1e9) is exactly 0
SMOOTHING = 0.75  # counts to this power: between popularity (1) and uniform (0)


def independent_seeds(seed: int, number: int) -> list[int]:
    """Seeds for the parts of one model: the same from the same seed, unrelated to one another.

    Args:
        seed: of the model.
        number: how many.

    Returns:
        Whole numbers from 0 to 2**31 - 1.

    >>> independent_seeds(0, 3) == independent_seeds(0, 4)[:3]
    True
    """
    return [int(s) >> 1 for s in np.random.SeedSequence(seed).generate_state(number)]


class NextItemNetwork(keras.Model):
    """A network from item ids to one context vector per position, trained to predict what follows.

    A subclass writes ``call(rows, training)``: int ``(batch, length)``, or a dictionary of packed
    rows, to float ``(batch, length, d)``. Items are read and scored with the same table, equation
    (2.17).

    Args:
        n_items: N, the size of the catalogue.
        width: d, the width of an item vector.
        negatives: how many items are drawn: per batch, or for ``binary`` and ``gbce`` per target.
        seed: makes first weights and negatives reproducible; ``seeds`` holds six more, for what
            a subclass draws.
        loss: ``sampled`` or ``full`` softmax, ``binary`` cross-entropy, or ``gbce``.
        encoder: makes the item vectors of what is known about the items, in the place of a table
            of weights: an ``ItemEncoder``, with ``table(training)`` and ``know_ids(trained)``.
    """

    def __init__(
        self,
        n_items: int,
        width: int,
        negatives: int,
        seed: int,
        loss: str = "sampled",
        encoder: Any = None,
    ) -> None:
        super().__init__()
        self.n_items, self.negatives = n_items, negatives
        self.objective = one_of("loss", loss, LOSSES)
        table_seed, draws_seed, *self.seeds = independent_seeds(seed, 8)
        start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=table_seed)
        self.encoder, self._in_step, self._made = encoder, False, None
        if encoder is None:
            shape = (n_items + 1, width)
            self.own_table = self.add_weight(shape=shape, initializer=start, name="table")
        self.bias = self.add_weight(shape=(n_items + 1,), initializer="zeros", name="bias")
        self.draws = keras.random.SeedGenerator(draws_seed)
        fixed = {"trainable": False, "initializer": "zeros", "autocast": False}
        self.cumulative = self.add_weight(shape=(n_items,), name="cumulative", **fixed)
        self.log_q = self.add_weight(shape=(n_items + 1,), name="log_q", **fixed)
        if encoder is not None:
            self.absent = self.add_weight(shape=(n_items + 1,), name="absent", **fixed)
        self.draw_by_popularity(np.ones(n_items + 1, np.int64))

    @property
    def table(self) -> Any:
        """Item vectors ``(N + 1, d)``: a weight, or what the encoder makes of it when it is read.

        In a step of training they are made once, so that input and readout agree on what modality
        dropout took.
        """
        if self.encoder is None:
            return self.own_table
        if not self._in_step:
            return self.encoder.table()
        if self._made is None:
            self._made = self.encoder.table(training=True)
        return self._made

    @property
    def rival_bias(self) -> Any:
        """The bias of each item in the loss, where items that were not there do not compete."""
        return self.bias if self.encoder is None else self.bias + self.absent

    def train_step(self, data: Any) -> Any:
        """A step as Keras takes it, in which ``table`` is made once."""
        self._in_step, self._made = True, None
        try:
            return super().train_step(data)
        finally:
            self._in_step, self._made = False, None

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """The loss over the real targets; positions with target 0 do not count."""
        real = y > 0
        contexts = tf.cast(tf.boolean_mask(y_pred, real), tf.float32)
        targets = tf.boolean_mask(y, real)
        known = (contexts, targets, tf.convert_to_tensor(self.table), self.rival_bias)
        if self.objective == "full":
            return full_softmax_loss(*known)
        if self.objective == "sampled":
            return sampled_softmax_loss(*known, self.draw([self.negatives]), self.log_q)
        drawn = self.draw([tf.size(targets), self.negatives])
        return (gbce_loss if self.objective == "gbce" else binary_loss)(*known, drawn)

    def draw(self, shape: Any) -> tf.Tensor:
        """Item ids 1..N, drawn anew: int32 of this shape."""
        points = tf.reshape(tf.random.stateless_uniform(shape, self.draws.next()), [-1])
        drawn = tf.searchsorted(self.cumulative, points) + 1
        return tf.reshape(tf.minimum(drawn, self.n_items), shape)

    def draw_by_popularity(self, counts: NDArray[np.int64]) -> None:
        """Draw negatives by smoothed popularity from now on.

        ``binary`` and ``gbce`` keep drawing evenly: they know no correction for another way.

        Args:
            counts: how often each item occurs in training, ``(N + 1,)``; rare items keep a chance.
                With an encoder, items that do not occur compete with nobody: an item that was not
                there was not turned down, and what it looks like must not be learned as a fault.
        """
        even = self.objective in ("binary", "gbce")
        q = np.maximum(counts[1:], 1.0) ** (0 if even else SMOOTHING)
        if self.encoder is not None and counts[1:].any():
            there = counts > 0
            self.encoder.know_ids(there)
            self.absent.assign(np.where(there, 0.0, ABSENT))
            q = np.where(there[1:], q, 1e-30)  # not 0, whose logarithm would be no number
        q /= q.sum()
        self.cumulative.assign(np.cumsum(q))
        self.log_q.assign(np.log(np.concatenate([[1.0], q]) * self.negatives))
