"""Train a network with the conventions of Keras: callbacks, history, progress bar."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from attnrec_lite._checks import positive, whole
from attnrec_lite.training.batches import Batches


def fit(
    network: keras.Model,
    batches: Batches,
    epochs: int,
    learning_rate: float,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 0,
) -> keras.callbacks.History:
    """Train a network on batches with Adam.

    Args:
        network: with a ``compute_loss`` of its own.
        batches: what it learns from.
        epochs: passes over the batches.
        learning_rate: of Adam.
        callbacks: of Keras, or your own.
        verbose: as in ``keras.Model.fit``.

    Returns:
        What Keras returns: ``history["loss"]`` holds the mean loss of each epoch.

    Raises:
        ValueError: if a number is out of range.
        FloatingPointError: if the loss stops being a number.
    """
    whole("epochs", epochs)
    positive("learning_rate", learning_rate)
    network.compile(optimizer=keras.optimizers.Adam(learning_rate))
    done = network.fit(
        batches, epochs=epochs, verbose=verbose, callbacks=list(callbacks), shuffle=False
    )
    if not np.isfinite(done.history["loss"]).all():
        raise FloatingPointError(f"loss is {done.history['loss'][-1]}; try a lower learning_rate")
    return done
