"""Rows of a log in batches: a new order every epoch, the same order for the same seed and epoch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.packing import pack, pack_histories
from attnrec_lite.data.sequences import pad_slices, windows


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
    """Windows of a log: every next item is a target once.

    Args:
        log: the training log.
        length: window length.
        batch: rows per step.
        seed: of the order.
        stride: steps from one window of a long history to the next; the ``length - stride`` items
            that two windows share are context for the newer one. By default ``length``: every item
            is read once.

    Raises:
        ValueError: if no user of the log has two items, so that nothing follows anything.
    """

    def __init__(
        self, log: Interactions, length: int, batch: int, seed: int, stride: int | None = None
    ) -> None:
        self.rows, self.targets = windows(log, length, length if stride is None else stride)
        _something_to_learn(self.targets)
        super().__init__(len(self.rows), batch, seed)

    def take(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Item ids and targets, both int32 ``(batch, length)``."""
        return self.rows[order], self.targets[order]


class PaddedBatches(WindowBatches):
    """One row a user, left-padded: the newest items only, what came before them is not trained.

    Args:
        log, length, batch, seed: as for ``WindowBatches``.

    Raises:
        ValueError: as ``WindowBatches``.
    """

    def __init__(self, log: Interactions, length: int, batch: int, seed: int) -> None:
        start, stop = log.bounds()[:-1], log.bounds()[1:]
        some = stop - start > 1
        start, stop = start[some], stop[some]
        self.rows = pad_slices(log.item, start, stop - 1, length)
        self.targets = pad_slices(log.item, start + 1, stop, length)
        _something_to_learn(self.targets)
        Batches.__init__(self, len(self.rows), batch, seed)


class PackedBatches(Batches):
    """Pieces of several users side by side in each row, packed anew for every epoch.

    Args:
        log, length, batch, seed: as for ``WindowBatches``; the seed also decides which pieces meet
            in a row.
        stride: as for ``WindowBatches``. By default every item is read once, and where long
            histories are cut is drawn anew for every epoch, so that no item always lacks the
            context before a cut.

    Raises:
        ValueError: as ``WindowBatches``.
    """

    def __init__(
        self, log: Interactions, length: int, batch: int, seed: int, stride: int | None = None
    ) -> None:
        self.log, self.length, self.stride = log, whole("length", length), stride
        rows = pack(log, length, length if stride is None else stride)
        _something_to_learn(rows.targets)
        super().__init__(len(rows.rows), batch, seed)

    def __getitem__(self, step: int) -> tuple[dict[str, NDArray[np.int32]], NDArray[np.int32]]:
        """One batch; an epoch has as many steps as any other, its rows shared out evenly."""
        first, last = (n * len(self.order) // len(self) for n in (step, step + 1))
        return self.take(self.order[first:last])

    def take(
        self, order: NDArray[np.int64]
    ) -> tuple[dict[str, NDArray[np.int32]], NDArray[np.int32]]:
        """``{"ids", "segments", "positions"}`` and targets, all int32 ``(batch, length)``."""
        rows = {name: table[order] for name, table in self.packed.inputs.items()}
        return rows, self.packed.targets[order]

    def start_at(self, epoch: int) -> None:
        """Go to the rows of an epoch, counted from 0; seed and epoch decide them alone."""
        self.epoch = epoch
        rng = np.random.default_rng([self.seed, epoch])
        stride, shift = self.stride, None
        if stride is None:
            stride, shift = self.length, rng.integers(self.length, size=self.log.n_users)
        self.packed = pack(self.log, self.length, stride, int(rng.integers(2**31)), shift)
        self.order = np.arange(len(self.packed.rows))  # packing has shuffled the rows

    def on_epoch_end(self) -> None:
        """Go to the rows of the next epoch."""
        self.start_at(self.epoch + 1)


class ClozeBatches(Batches):
    """Windows with holes, packed: the hidden items are the targets, and both sides may be read.

    A hole holds N + 1, an id that is known inside the network only. Every window has a hole at
    least; some have one alone, at the newest item, as the question will be asked later.

    Args:
        log, length, batch, seed: as for ``PackedBatches``.
        share: of the items that are hidden.
        newest: share of the windows with the newest item hidden and nothing else.

    Raises:
        ValueError: as ``WindowBatches``, or if ``length`` is below 2.
    """

    def __init__(
        self,
        log: Interactions,
        length: int,
        batch: int,
        seed: int,
        share: float = 0.3,
        newest: float = 0.2,
    ) -> None:
        inputs, targets = windows(log, whole("length", length, least=2) - 1, length - 1)
        _something_to_learn(targets)
        packed = pack_histories(np.concatenate([inputs, targets[:, -1:]], axis=1), length)
        self.packed, self.hole, self.share, self.newest = packed, log.n_items + 1, share, newest
        super().__init__(len(packed.rows), batch, seed)

    def take(
        self, order: NDArray[np.int64]
    ) -> tuple[dict[str, NDArray[np.int32]], NDArray[np.int32]]:
        """``{"ids", "segments", "positions"}`` with holes, and what is hidden in them, else 0."""
        rows = {name: table[order] for name, table in self.packed.inputs.items()}
        hidden = self.hidden[order]
        targets = np.where(hidden, rows["ids"], 0).astype(np.int32)
        return rows | {"ids": np.where(hidden, self.hole, rows["ids"]).astype(np.int32)}, targets

    def start_at(self, epoch: int) -> None:
        """Go to the order and the holes of an epoch; seed and epoch decide them alone."""
        self.epoch = epoch
        rng = np.random.default_rng([self.seed, epoch])
        self.order = rng.permutation(self.n_rows)
        real = self.packed.rows > 0
        window = self.packed.users[real]  # of each item
        lot = rng.random(len(window))
        smallest = np.full(window.max() + 1, np.inf)
        np.minimum.at(smallest, window, lot)
        hidden = (lot < self.share) | (lot == smallest[window])
        alone = rng.random(len(smallest)) < self.newest
        hidden = np.where(alone[window], self.packed.positions[real] == 0, hidden)
        self.hidden = np.zeros(real.shape, bool)
        self.hidden[real] = hidden

    def on_epoch_end(self) -> None:
        """Go to the order and the holes of the next epoch."""
        self.start_at(self.epoch + 1)


def _something_to_learn(targets: NDArray[np.int32]) -> None:
    if not (targets > 0).any():
        raise ValueError("log: expected a user with two items or more; received none")
