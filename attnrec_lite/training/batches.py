"""Rows of a log in batches: a new order every epoch, the same order for the same seed and epoch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import windows


class Batches(keras.utils.PyDataset):
    """Rows in batches, shuffled anew for every epoch.

    A subclass sets ``rows``, how many there are, and writes ``take(order)``: the inputs and targets
    of the rows whose numbers it is given.

    Args:
        rows: how many rows there are.
        batch: rows per step.
        seed: of the order.
    """

    def __init__(self, rows: int, batch: int, seed: int) -> None:
        super().__init__()
        self.n_rows, self.batch, self.seed = rows, whole("batch", batch), seed
        self.start_at(0)

    def take(self, order: NDArray[np.int64]) -> tuple[Any, NDArray[np.int32]]:
        """Inputs and targets of these rows."""
        raise NotImplementedError

    def start_at(self, epoch: int) -> None:
        """Go to the order of an epoch, counted from 0; seed and epoch decide it alone."""
        self.rng = np.random.default_rng(self.seed)
        for _ in range(epoch + 1):
            self.order = self.rng.permutation(self.n_rows)

    def __len__(self) -> int:
        """Steps per epoch."""
        return -(-self.n_rows // self.batch)

    def __getitem__(self, step: int) -> tuple[Any, NDArray[np.int32]]:
        """One batch of inputs and targets."""
        return self.take(self.order[step * self.batch : (step + 1) * self.batch])

    def on_epoch_end(self) -> None:
        """Go to the order of the next epoch."""
        self.order = self.rng.permutation(self.n_rows)


class WindowBatches(Batches):
    """Windows of a log: every item is read once, every next item is a target once.

    Args:
        log: the training log.
        length: window length.
        batch: rows per step.
        seed: of the order.

    Raises:
        ValueError: if no user of the log has two items, so that nothing follows anything.
    """

    def __init__(self, log: Interactions, length: int, batch: int, seed: int) -> None:
        self.rows, self.targets = windows(log, length, stride=length)  # every item is read once
        if not (self.targets > 0).any():
            raise ValueError("log: expected a user with two items or more; received none")
        super().__init__(len(self.rows), batch, seed)

    def take(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Item ids and targets, both int32 ``(batch, length)``."""
        return self.rows[order], self.targets[order]
