"""Several networks of one shape trained side by side, as one network with one more axis.

A small network spends more time on being traced, and on starting each operation, than on numbers.
Stacked, five of them cost little more than one. Nothing is shared: each copy has its own weights,
rows and order of rows, the loss is the sum of the copies' losses, and Adam moves every number by
its own slope. So each copy ends where it would have ended alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import Floats
from attnrec_lite.training import Batches

Inputs = Mapping[str, NDArray[Any]]


class Together(keras.Model):
    """Networks that give chances of a click; every weight has a leading axis, a slice for a copy.

    A subclass makes its weights with ``weight`` and writes ``look``.

    Args:
        seeds: one for each copy.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self.copies = len(seeds)
        self._rngs = [np.random.default_rng(seed) for seed in seeds]
        self.tally = self._fixed("tally")  # summed losses of the epoch's batches
        self.steps = self._fixed("steps")

    def weight(self, name: str, *shape: int, deviation: float = 0.0) -> Any:
        """Make a weight of this shape in every copy, normal around 0, each from its own seed."""
        start = np.stack([rng.normal(0.0, 1.0, shape) for rng in self._rngs]) * deviation
        made = self.add_weight(shape=(self.copies, *shape), initializer="zeros", name=name)
        made.assign(start.astype(np.float32))
        return made

    def dense(self, name: str, width: int, units: int) -> tuple[Any, Any]:
        """Make the matrix and the offset of a dense layer."""
        matrix = self.weight(f"{name}_matrix", width, units, deviation=width**-0.5)
        return matrix, self.weight(f"{name}_offset", 1, units)

    def look(
        self, x: dict[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds ``(copies, units, ...)`` and attention weights, of inputs with leading copies.

        ``weights``, where they are given, take the place of the network's own.
        """
        raise NotImplementedError

    def call(self, x: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Inputs ``(units, copies, ...)`` to log odds in the same order: Keras wants rows first."""
        log_odds, _ = self.look({name: _swap(column) for name, column in x.items()})
        return _swap(tf.cast(log_odds, tf.float32))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Log loss of the known labels, the mean in each copy; the sum over the copies."""
        loss = log_losses(_swap(y), _swap(y_pred))
        self.tally.assign_add(loss)
        self.steps.assign_add(tf.ones_like(loss))
        return tf.reduce_sum(loss)

    def state(self) -> dict[str, NDArray[np.float32]]:
        """What was learned, by a name that is the same in every process."""
        return {w.path.split("/", 1)[1]: w.value.numpy() for w in self.trainable_weights}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``state`` gave."""
        for weight in self.trainable_weights:
            weight.assign(state[weight.path.split("/", 1)[1]])

    def _fixed(self, name: str) -> Any:
        return self.add_weight(
            shape=(self.copies,), initializer="zeros", name=name, trainable=False, autocast=False
        )


class SideBySide(Batches):
    """Rows of several tables in batches, each table in an order of its own.

    Args:
        inputs: of each table, by name, arrays of ``units`` rows.
        labels: of each, ``(units, ...)``; -1 does not count.
        batch: units per step.
        seeds: of the orders.
    """

    def __init__(
        self, inputs: Sequence[Inputs], labels: Sequence[NDArray[Any]], batch: int, seeds: list[int]
    ) -> None:
        self.seeds = seeds
        self.x = {name: np.stack([part[name] for part in inputs]) for name in inputs[0]}
        self.y = np.stack(labels).astype(np.float32)
        super().__init__(self.y.shape[1], batch, seeds[0])

    def start_at(self, epoch: int) -> None:
        """Go to the orders of an epoch, counted from 0; seeds and epoch decide them alone."""
        self.rngs = [np.random.default_rng(seed) for seed in self.seeds]
        for _ in range(epoch + 1):
            self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Go to the orders of the next epoch."""
        self.orders = np.stack([rng.permutation(self.n_rows) for rng in self.rngs])

    def __getitem__(self, step: int) -> tuple[dict[str, NDArray[Any]], NDArray[Any]]:
        """One batch: inputs and labels, ``(units, copies, ...)``."""
        rows = self.orders[:, step * self.batch : (step + 1) * self.batch].T
        copy = np.arange(len(self.seeds))
        return {name: column[copy, rows] for name, column in self.x.items()}, self.y[copy, rows]


class BestOfEach(keras.callbacks.Callback):
    """Judge every copy after each epoch, keep its best weights, stop when all have stopped.

    Args:
        inputs: of each copy's validation rows.
        labels: of these.
        patience: epochs without a better loss after which a copy has stopped.
    """

    def __init__(
        self, inputs: Sequence[Inputs], labels: Sequence[NDArray[Any]], patience: int
    ) -> None:
        super().__init__()
        self.x = {name: tf.stack([part[name] for part in inputs]) for name in inputs[0]}
        self.y = np.stack(labels).astype(np.float32)
        self.patience, copies = patience, len(inputs)
        self.best = np.full(copies, np.inf)
        self.waited = np.zeros(copies, np.int64)
        self.epochs = np.zeros(copies, np.int64)  # that each copy was trained for
        self.losses: list[Floats] = []
        self.kept: dict[str, NDArray[np.float32]] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compare every copy that has not stopped with its best."""
        loss = log_losses(self.y, self.model.look(self.x)[0]).numpy()
        self.losses.append(loss)
        running = self.waited < self.patience
        better = running & (loss < self.best)
        state = self.model.state()
        self.kept = self.kept or state
        for name, array in state.items():
            self.kept[name][better] = array[better]
        self.best[better] = loss[better]
        self.epochs += running
        self.waited = np.where(better, 0, self.waited + running)
        self.model.stop_training = bool((self.waited >= self.patience).all())

    def on_train_end(self, logs: Any = None) -> None:
        """Give every copy its best weights."""
        self.model.set_state(self.kept)


class LossOfEach(keras.callbacks.Callback):
    """Write down the mean training loss of every copy, epoch by epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[Floats] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Take the epoch's sums and start anew."""
        tally, steps = self.model.tally.value.numpy(), self.model.steps.value.numpy()
        self.losses.append(tally / steps)
        self.model.tally.assign(np.zeros_like(tally))
        self.model.steps.assign(np.zeros_like(steps))


def log_losses(labels: Any, log_odds: tf.Tensor) -> tf.Tensor:
    """Mean log loss of each copy over the known labels; -1 is not known.

    Args:
        labels: ``(copies, ...)``.
        log_odds: the same shape.

    >>> log_losses([[1.0, -1.0]], tf.constant([[0.0, 9.0]])).numpy().round(4)
    array([0.6931], dtype=float32)
    """
    y, z = tf.cast(labels, tf.float32), tf.cast(log_odds, tf.float32)
    known = tf.cast(y >= 0, tf.float32)
    rest = list(range(1, len(z.shape)))
    each = tf.nn.sigmoid_cross_entropy_with_logits(y, z) * known
    return tf.math.divide_no_nan(tf.reduce_sum(each, rest), tf.reduce_sum(known, rest))


def rows_of(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Look up every copy's ids in its own table.

    Args:
        table: ``(copies, n, d)``.
        ids: ``(copies, ...)``.

    Returns:
        ``(copies, ..., d)``.

    >>> rows_of(tf.constant([[[1.0], [2.0]], [[3.0], [4.0]]]), tf.constant([[0], [1]])).numpy()
    array([[[1.]],
    <BLANKLINE>
           [[4.]]], dtype=float32)
    """
    copies, n, width = tf.unstack(tf.shape(table))
    first = tf.reshape(tf.range(copies) * n, [-1] + [1] * (len(ids.shape) - 1))
    return tf.gather(tf.reshape(table, (copies * n, width)), tf.cast(ids, tf.int32) + first)


def dense(x: tf.Tensor, layer: tuple[Any, Any]) -> tf.Tensor:
    """Every copy's dense layer: ``(copies, ..., width)`` to ``(copies, ..., units)``."""
    matrix, offset = layer
    flat = tf.reshape(x, (tf.shape(x)[0], -1, x.shape[-1]))
    y = tf.matmul(flat, tf.cast(matrix, x.dtype)) + tf.cast(offset, x.dtype)
    return tf.reshape(y, tf.concat([tf.shape(x)[:-1], [y.shape[-1]]], 0))


def _swap(x: Any) -> tf.Tensor:
    """Exchange the first two axes."""
    x = tf.convert_to_tensor(x)
    return tf.transpose(x, [1, 0, *range(2, len(x.shape))])
