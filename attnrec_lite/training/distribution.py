"""One network on several devices or machines: each takes a share of every batch.

Two processes on one machine, each of which runs the same script with its own ``index``::

    os.environ["TF_CONFIG"] = json.dumps({
        "cluster": {"worker": ["localhost:20001", "localhost:20002"]},
        "task": {"type": "worker", "index": 0},  # 1 in the other process
    })
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # before anything else of TensorFlow
    with strategy.scope():
        model = QKVRecommender(log.items, dropout=0.0)
    batches = WindowBatches(log, model.window, 32, model.seed)
    losses = fit_distributed(model.network, batches, epochs=6, learning_rate=6e-3)

On other machines, put their addresses in the place of ``localhost``; several GPUs of one machine
need one process only, no ``TF_CONFIG``, and ``tf.distribute.MirroredStrategy()``. One GPU needs
nothing of this: TensorFlow uses it by itself, and ``training.fit`` works as it is.

``keras.Model.fit`` is of no use here: under several workers Keras 3.15 fails in it ("Attempt to
convert a value (PerReplica...)"), and under several devices it takes the mean over unequal shares.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from attnrec_lite._checks import positive, whole
from attnrec_lite.training.adam import FusedAdam
from attnrec_lite.training.batches import Batches


def fit_distributed(
    network: keras.Model, batches: Batches, epochs: int, learning_rate: float
) -> list[float]:
    """Train a network on every device of the strategy in whose scope it was made.

    Every process reads all batches and takes its share of the rows. A share's loss counts as many
    times as it has targets, so that their sum is the loss of the whole batch, and the gradients of
    one process come out; only rounding differs. Negatives are the same on all devices, as their
    seeds are. So are the places where dropout strikes within a share: with dropout, more devices
    are another run than one.

    Args:
        network: with a ``compute_loss`` that is the mean over targets above 0.
        batches: the same in every process.
        epochs: passes over the batches.
        learning_rate: of ``FusedAdam``; Keras' own squares gathered gradients before it adds them
            up, so its steps depend on how the rows are shared out.

    Returns:
        The mean loss of each epoch, as ``fit`` has it in its history.

    Raises:
        ValueError: if a number is out of range, or the network has an encoder of items.
        FloatingPointError: if the loss stops being a number.
    """
    if getattr(network, "encoder", None) is not None:
        raise ValueError(
            "network: expected one with a table of items; received one with an encoder"
        )
    whole("epochs", epochs)
    positive("learning_rate", learning_rate)
    strategy = network.distribute_strategy
    with strategy.scope():
        network.compile(optimizer=FusedAdam(learning_rate), jit_compile=False)
        network.optimizer.build(network.trainable_variables)
    step, losses = _step(network, strategy), []
    for epoch in range(epochs):
        batches.start_at(epoch + 1)  # as in ``fit``: Keras shuffles once before it starts
        found, rows = [], []
        for number in range(len(batches)):
            batch = batches[number]
            found.append(float(step(*_shares(batch, strategy))))
            rows.append(len(batch[1]))
            if not np.isfinite(found[-1]):
                raise FloatingPointError(
                    f"loss is {found[-1]} in epoch {epoch + 1}, step {number + 1} of "
                    f"{len(batches)}; try a lower learning_rate"
                )
        losses.append(float(np.average(found, weights=rows)))
    return losses


def _step(network: keras.Model, strategy: tf.distribute.Strategy) -> Any:
    """A function that takes shares, moves the weights on every device alike, gives the loss."""

    def on_device(x: Any, y: tf.Tensor, part: tf.Tensor) -> tf.Tensor:
        weights = network.trainable_variables
        with tf.GradientTape() as tape:
            loss = part * network.compute_loss(x=x, y=y, y_pred=network(x, training=True))
            scaled = network.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, weights)
        network.optimizer.apply_gradients(zip(gradients, weights, strict=True))  # adds them up
        return loss

    def step(x: Any, y: Any, part: Any) -> tf.Tensor:
        losses = strategy.run(on_device, args=(x, y, part))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    return tf.function(step, reduce_retracing=True)


def _shares(batch: tuple[Any, Any], strategy: tf.distribute.Strategy) -> Any:
    """For each device of this process its rows, and its part of the batch's targets."""
    devices = strategy.num_replicas_in_sync

    def share(context: Any) -> Any:
        first = context.replica_id_in_sync_group
        x, y = keras.tree.map_structure(lambda array: array[first::devices], batch)
        part = np.count_nonzero(y) / np.count_nonzero(batch[1])
        if part == 0:  # a mean over no targets is no number, even taken zero times
            x, y = batch
        return keras.tree.map_structure(tf.constant, (x, y, np.float32(part)))

    return strategy.experimental_distribute_values_from_function(share)
