"""Train a network with the conventions of Keras: callbacks, history, progress bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnrec_lite._checks import positive, whole
from attnrec_lite.training.batches import Batches
from attnrec_lite.training.checkpoint import Checkpoint, identity
from attnrec_lite.training.validation import RankingValidation


def fit(
    network: keras.Model,
    batches: Batches,
    epochs: int,
    learning_rate: float,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 0,
    validation: RankingValidation | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    about: Mapping[str, Any] | None = None,
    optimizer: Callable[[float], keras.optimizers.Optimizer] = keras.optimizers.Adam,
) -> keras.callbacks.History:
    """Train a network on batches; ``keras.Model.fit`` does the work.

    Args:
        network: built, with a ``compute_loss`` of its own.
        batches: what it learns from.
        epochs: passes over the batches, those of a checkpoint included.
        learning_rate: of the optimizer.
        callbacks: of Keras, or your own.
        verbose: as in ``keras.Model.fit``: 1 for a bar with the time of a step and what is left of
            the epoch; what is left of the run stands above it.
        validation: evaluates the model after each epoch.
        patience: evaluations without a better one after which training stops; the best weights
            are given back. All epochs are run by default, and the last weights stay.
        checkpoint: a file, or a folder that exists, to go on from if training was interrupted;
            see ``Checkpoint``. Called again with the same arguments, it ends with the same bits.
        about: what else decides the result, such as a vocabulary, as plain JSON values; a
            checkpoint that was written about something else is refused.
        optimizer: made from the learning rate: a class such as ``FusedAdam``, or a function that
            adds a schedule.

    Returns:
        What Keras returns: ``history["loss"]`` holds the mean loss of each epoch.

    Raises:
        ValueError: if a number is out of range, there is a patience and no validation, or the
            checkpoint is damaged or of another run.
        FloatingPointError: if the loss or a weight stops being a number; the checkpoint of the
            last good epoch stays.
        OSError: if the checkpoint cannot be written; the one before it stays.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import QKVRecommender
    >>> from attnrec_lite.training import WindowBatches
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> network = QKVRecommender(log.items, width=4, window=3).network
    >>> len(fit(network, WindowBatches(log, 3, 8, seed=0), 2, 0.01).history["loss"])
    2
    """
    whole("epochs", epochs)
    positive("learning_rate", learning_rate)
    early = _early(validation, patience)
    # XLA, which Keras turns on where it sees a GPU, would compile anew for every batch: the number
    # of targets changes from one to the next.
    network.compile(optimizer=optimizer(learning_rate), jit_compile=False)
    if network.built:
        # Otherwise the first step does, and TensorFlow traces a step that makes variables twice.
        network.optimizer.build(network.trainable_variables)
    history, done = keras.callbacks.History(), 0
    run = [NumbersOnly(), validation, history, *callbacks, early]
    if checkpoint is not None:
        told = {**identity(network, batches), "patience": patience, **(about or {})}
        if validation is not None:
            told["validation"] = validation.identity()
        run.append(saved := Checkpoint(checkpoint, told, history, early))
        done, epochs = _what_is_left(saved, epochs)
        batches.start_at(done)
    if verbose:
        run.append(Progress())
    network.fit(
        batches,
        initial_epoch=done,
        epochs=epochs,
        verbose=verbose,
        callbacks=[callback for callback in run if callback is not None],
        shuffle=False,
    )
    return history


class NumbersOnly(keras.callbacks.Callback):
    """Stops at the step at which the loss is no number any more."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the mean loss up to here, which shows the first loss that is no number."""
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"loss is {loss} in epoch {self.epoch}, step {batch + 1} of "
                f"{self.params['steps']}; try a lower learning_rate"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the weights, which the last step may have spoilt after its loss was taken."""
        for weight in self.model.trainable_weights:
            if not np.isfinite(np.asarray(weight.value)).all():
                raise FloatingPointError(
                    f"{weight.path} is not finite after epoch {self.epoch}; "
                    "try a lower learning_rate"
                )


class Stopping(keras.callbacks.EarlyStopping):
    """Keras' early stopping, counting evaluations instead of epochs."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Judge an epoch that was evaluated."""
        if self.monitor in (logs or {}):
            super().on_epoch_end(epoch, logs)


class Progress(keras.callbacks.ProgbarLogger):
    """Keras' bar, with the time that is left for the whole run; its own is that of the epoch."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        super().on_train_begin(logs)
        self.begun: tuple[int, float] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Say what is left, as soon as one epoch shows how long one takes."""
        now = time.monotonic()
        if self.begun is None:
            self.begun = epoch, now
        elif self.verbose:
            first, start = self.begun
            left = round((now - start) / (epoch - first) * (self.epochs - epoch))
            print(f"[{left // 60}:{left % 60:02d} left] ", end="")
        super().on_epoch_begin(epoch, logs)


def _what_is_left(saved: Checkpoint, epochs: int) -> tuple[int, int]:
    """The epoch to go on from, and the one to stop at."""
    if saved.epoch > epochs:
        raise ValueError(
            f"epochs: expected at least {saved.epoch}, as many as {saved.path} has seen; "
            f"received {epochs}"
        )
    return saved.epoch, saved.epoch if saved.stopped else epochs


def _early(validation: RankingValidation | None, patience: int | None) -> Stopping | None:
    if patience is None:
        return None
    whole("patience", patience)
    if validation is None:
        raise ValueError("patience: expected a validation to judge by; received none")
    return Stopping(validation.monitor, patience=patience, mode="max", restore_best_weights=True)
