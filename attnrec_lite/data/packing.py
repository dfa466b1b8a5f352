"""Several users in one row, so that a batch holds items instead of padding.

Where most histories are short, a padded batch is mostly padding, and padding costs as much as items
do. Packing puts pieces of several users side by side. Three things keep it right: a mask that lets
an item look at earlier items of its own piece only (``packed_mask``), positions counted in each
piece, and targets that never cross from one user to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import cut_windows

_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Packed:
    """Rows that hold pieces of several users, with the empty slots on the left.

    Attributes:
        rows: item codes, int32, shape ``(m, length)``; 0 where a slot is empty.
        targets: the item after each, or 0 where a slot is empty or only context.
        segments: number of the piece in its row, 1, 2, ... from left to right; 0 where empty.
        positions: age of each item in its piece, 0 for the newest, as ``attention.Positions``
            counts; 0 where empty.
        users: user code of each slot; -1 where empty.
    """

    rows: NDArray[np.int32]
    targets: NDArray[np.int32]
    segments: NDArray[np.int32]
    positions: NDArray[np.int32]
    users: NDArray[np.int32]

    @property
    def fill(self) -> float:
        """Share of the slots that hold an item; 1 if there are none."""
        return float(np.mean(self.rows > 0)) if self.rows.size else 1.0

    def __repr__(self) -> str:
        """Show the shape and how full it is."""
        return f"Packed({self.rows.shape[0]:,} rows of {self.rows.shape[1]}, {self.fill:.1%} full)"


def pack(
    log: Interactions, length: int = 50, stride: int | None = None, seed: int | None = None
) -> Packed:
    """Pack every user's sequence into rows; every next item is a target exactly once.

    A sequence longer than ``length`` is cut as ``windows`` cuts it. The pieces are then put into
    rows by first fit, the longest first.

    Args:
        log: the table to train on.
        length: number of columns.
        stride: steps from one window of a long sequence to the next; by default ``length // 2``.
        seed: shuffles which pieces of one size meet in a row, and the rows; give another in each
            epoch. By default neither is shuffled, and the longest pieces come first.

    Returns:
        The rows. Users with one row have no next item, so they are not in it.

    Raises:
        ValueError: if ``length`` is below 1 or ``stride`` is not in 1..length.

    >>> log = Interactions.from_columns([0, 0, 0, 1, 1, 2, 2], range(11, 18), range(7))
    >>> packed = pack(log, length=3)
    >>> packed
    Packed(2 rows of 3, 66.7% full)
    >>> packed.rows.tolist(), packed.targets.tolist(), packed.segments.tolist()
    ([[1, 2, 4], [0, 0, 6]], [[2, 3, 5], [0, 0, 7]], [[1, 1, 2], [0, 0, 1]])
    """
    rng = None if seed is None else np.random.default_rng(seed)
    cut = cut_windows(log, length, stride)
    begin = np.maximum(cut.start, cut.stop - length)
    size = cut.stop - begin
    row, offset, segment = _first_fit(size, length, rng)
    n_rows = int(row.max(initial=-1)) + 1
    if rng is not None:
        row = rng.permutation(n_rows)[row]
    piece = np.repeat(np.arange(len(size)), size)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(size) - size, size)
    source = begin[piece] + within  # row of the log
    slot = row[piece] * length + offset[piece] + within
    is_target = source >= cut.trained[piece]
    log_item = log.item
    columns = {
        "rows": log_item[source],
        "targets": np.where(is_target, log_item[source + 1], 0),
        "segments": segment[piece],
        "positions": (size - 1)[piece] - within,
        "users": cut.user[piece],
    }
    shape = (n_rows, length)
    filled = {name: _put(shape, slot, column, name) for name, column in columns.items()}
    return Packed(**filled)


def packed_mask(segments: ArrayLike) -> NDArray[np.bool_]:
    """Which slot may look at which: at its own piece, at itself and what came before.

    Args:
        segments: number of the piece of each slot, 0 where empty, shape ``(batch, length)``.

    Returns:
        True where the query may look at the key, shape ``(batch, length, length)``; a row of an
        empty slot is False throughout.

    Raises:
        ValueError: if the shape is another.

    >>> packed_mask([[0, 1, 1, 2]]).astype(int)[0]
    array([[0, 0, 0, 0],
           [0, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 1]])
    """
    piece = np.asarray(segments)
    if piece.ndim != 2 or (piece.size and piece.dtype.kind not in "iu"):
        raise ValueError(
            "segments: expected integers of shape (batch, length); "
            f"received {piece.dtype} of shape {piece.shape}"
        )
    causal = np.tri(piece.shape[1], dtype=bool)
    same = piece[:, :, None] == piece[:, None, :]
    mask: NDArray[np.bool_] = same & causal & (piece > 0)[:, :, None]
    return mask


def slot_owners(
    log: Interactions, length: int, stride: int | None = None
) -> dict[str, NDArray[np.int64]]:
    """Whose item stands in each slot of three kinds of batches, for ``plot.batch_picture``.

    Args:
        log: the table.
        length: number of columns.
        stride: as ``windows`` takes it.

    Returns:
        ``"padded"`` (one row a user, the newest items), ``"windows"`` and ``"packed"``: user code
        + 1 of each slot, 0 where it is empty, each of shape ``(rows, length)``.

    Raises:
        ValueError: as ``pack``.

    >>> log = Interactions.from_columns([0, 0, 0, 1, 1, 2, 2], range(11, 18), range(7))
    >>> slot_owners(log, 3)["padded"].tolist()
    [[0, 1, 1], [0, 0, 2], [0, 0, 3]]
    """
    cut = cut_windows(log, length, stride)
    inside = np.arange(length) >= length - (cut.stop - cut.start)[:, None]
    in_windows = inside * (cut.user[:, None] + 1)
    newest = np.append(np.diff(cut.user) > 0, True)[: len(inside)]  # window of each user
    packed = pack(log, length, stride).users.astype(np.int64) + 1
    return {"padded": in_windows[newest], "windows": in_windows, "packed": packed}


def _first_fit(
    size: _Ints, length: int, rng: np.random.Generator | None
) -> tuple[_Ints, _Ints, _Ints]:
    """Put pieces into rows, each into the first row with room, the longest first.

    Done row after row that is: take the longest piece that still fits, again and again. The rows
    depend on the sizes only, of which there are at most ``length``, so equal rows are made at once.

    Returns:
        Row, offset and number in the row (from 1) of each piece.
    """
    left = np.bincount(size, minlength=length + 1)
    sizes, rows, ends, numbers = [], [], [], []
    n_rows = 0
    while left.any():
        pattern = _fill_one(left, length)
        taken = np.bincount(pattern, minlength=length + 1)
        used = taken > 0
        times = int((left[used] // taken[used]).min())
        left = left - times * taken
        sizes.append(np.tile(pattern, times))
        rows.append(np.repeat(np.arange(n_rows, n_rows + times), len(pattern)))
        ends.append(np.tile(length - pattern.sum() + np.cumsum(pattern), times))
        numbers.append(np.tile(np.arange(1, len(pattern) + 1), times))
        n_rows += times
    none = [np.zeros(0, np.int64)]
    place_size, row, end, number = (np.concatenate(none + a) for a in (sizes, rows, ends, numbers))
    places = np.argsort(place_size, kind="stable")
    order = np.arange(len(size)) if rng is None else rng.permutation(len(size))
    pieces = order[np.argsort(size[order], kind="stable")]
    at = np.empty(len(size), np.int64)
    at[pieces] = places  # the first piece of a size goes to the first place of that size
    return row[at], end[at] - size, number[at]


def _fill_one(left: _Ints, length: int) -> _Ints:
    """Sizes in one row: as many as possible of the longest piece that fits, then the next.

    >>> _fill_one(np.array([0, 9, 0, 1]), 5)
    array([3, 1, 1])
    """
    room, pattern = length, []
    for size in np.flatnonzero(left)[::-1].tolist():
        number = min(int(left[size]), room // size)
        pattern += [size] * number
        room -= number * size
    return np.array(pattern, np.int64)


def _put(
    shape: tuple[int, int], slot: _Ints, column: NDArray[np.integer], name: str
) -> NDArray[np.int32]:
    table = np.full(shape, -1 if name == "users" else 0, np.int32)
    table.reshape(-1)[slot] = column
    return table
