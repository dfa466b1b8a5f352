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

A process that dies takes the others with it: they wait for its share of the gradients. So all are
started again, from the checkpoint of the last epoch that was done; ``run_workers`` does that.

``keras.Model.fit`` is of no use here: under several workers Keras 3.15 fails in it ("Attempt to
convert a value (PerReplica...)"), and under several devices it takes the mean over unequal shares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from attnrec_lite._checks import positive, whole
from attnrec_lite.training.adam import FusedAdam
from attnrec_lite.training.batches import Batches
from attnrec_lite.training.checkpoint import Checkpoint, identity


def fit_distributed(
    network: keras.Model,
    batches: Batches,
    epochs: int,
    learning_rate: float,
    checkpoint: str | Path | None = None,
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
        epochs: passes over the batches, those of a checkpoint included.
        learning_rate: of ``FusedAdam``; Keras' own squares gathered gradients before it adds them
            up, so its steps depend on how the rows are shared out.
        checkpoint: a file, or a folder that exists, which every process can read; the first one
            writes it after each epoch. Called again with it, the run goes on and ends with the
            same bits; on more or fewer devices it may go on as well, then up to rounding.

    Returns:
        The mean loss of each epoch, as ``fit`` has it in its history.

    Raises:
        ValueError: if a number is out of range, the network has an encoder of items, or the
            checkpoint is damaged or of another run.
        FloatingPointError: if the loss stops being a number; the checkpoint of the last good epoch
            stays.
        OSError: if the checkpoint cannot be written; the one before it stays.
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
        history = keras.callbacks.History()
        saved = _saved(checkpoint, network, batches, history)
    step, losses = _step(network, strategy), history.history.setdefault("loss", [])
    if len(losses) > epochs:
        raise ValueError(
            f"epochs: expected at least {len(losses)}, as the checkpoint has seen; "
            f"received {epochs}"
        )
    for epoch in range(len(losses), epochs):
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
        if saved is not None and _is_first(strategy):
            saved.on_train_batch_end(len(batches) - 1)
            saved.on_epoch_end(epoch)
    return list(losses)


def _saved(
    path: str | Path | None, network: keras.Model, batches: Batches, history: Any
) -> Checkpoint | None:
    """The checkpoint, after what it holds was put back."""
    if path is None:
        return None
    saved = Checkpoint(path, identity(network, batches), history)
    saved.set_model(network)
    saved.set_params({"steps": len(batches)})
    saved.on_train_begin()
    return saved


def _is_first(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes for all."""
    resolver = strategy.cluster_resolver
    return resolver is None or not resolver.task_id


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
