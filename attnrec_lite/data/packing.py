"""Several users in one row, so that a batch holds items instead of padding.

Where most histories are short, a padded batch is mostly padding, and padding costs as much as items
do. Packing puts pieces of several users side by side. Three things keep it right: a mask that lets
an item look at earlier items of its own piece only (``packed_mask``), positions counted in each
piece, and targets that never cross from one user to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data._first_fit import first_fit
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
        source: row of the log, or column of the histories, of each item; -1 where empty.
    """

    rows: NDArray[np.int32]
    targets: NDArray[np.int32]
    segments: NDArray[np.int32]
    positions: NDArray[np.int32]
    users: NDArray[np.int32]
    source: NDArray[np.int32]

    @property
    def inputs(self) -> dict[str, NDArray[np.int32]]:
        """What a network reads: ``ids``, ``segments`` and ``positions``, each ``(m, length)``."""
        return {"ids": self.rows, "segments": self.segments, "positions": self.positions}

    @property
    def fill(self) -> float:
        """Share of the slots that hold an item; 1 if there are none."""
        return float(np.mean(self.rows > 0)) if self.rows.size else 1.0

    def __repr__(self) -> str:
        """Show the shape and how full it is."""
        return f"Packed({self.rows.shape[0]:,} rows of {self.rows.shape[1]}, {self.fill:.1%} full)"


def pack(
    log: Interactions,
    length: int = 50,
    stride: int | None = None,
    seed: int | None = None,
    shift: NDArray[np.int64] | None = None,
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
        shift: moves the cuts, as ``cut_windows`` takes it.

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
    cut = cut_windows(log, length, stride, shift)
    begin = np.maximum(cut.start, cut.stop - length)
    size = cut.stop - begin
    place = _places(size, length, rng)
    source = np.repeat(begin, size) + place.within  # row of the log
    is_target = source >= np.repeat(cut.trained, size)
    targets = np.where(is_target, log.item[source + 1], 0)
    return _fill(place, log.item[source], targets, np.repeat(cut.user, size), source)


def pack_histories(history: ArrayLike, length: int | None = None) -> Packed:
    """Pack left-padded histories, so that a network reads them without their padding.

    Args:
        history: item codes, newest last, shape ``(batch, columns)``.
        length: number of columns of the packed rows, at least that of the longest history; by
            default just that.

    Returns:
        The rows: ``users`` are rows of ``history``, ``positions`` 0 marks the newest item of each,
        there are no targets. An empty history is not in it.

    Raises:
        ValueError: if ``length`` is too small.

    >>> packed = pack_histories([[0, 1, 2], [0, 0, 0], [0, 0, 3]])
    >>> packed.rows.tolist(), packed.users.tolist()
    ([[1, 2], [0, 3]], [[0, 0], [-1, 2]])
    """
    items = np.asarray(history)
    size = np.count_nonzero(items, axis=1)
    longest = int(size.max(initial=1))
    if length is not None and length < longest:
        raise ValueError(f"length: expected at least {longest}; received {length}")
    user = np.flatnonzero(size)
    place = _places(size[user], longest if length is None else length, None)
    owner, column = np.nonzero(items)
    return _fill(place, items[owner, column], np.zeros(len(owner)), owner, column)


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


class _Placing(NamedTuple):
    """Where each item goes, piece after piece, and what it is called there."""

    shape: tuple[int, int]
    slot: _Ints
    within: _Ints  # place in its piece, from the oldest
    segment: _Ints
    age: _Ints


def _places(size: _Ints, length: int, rng: np.random.Generator | None) -> _Placing:
    """Place pieces of these sizes, in a shuffled order if there is a generator."""
    row, offset, segment = first_fit(size, length, rng)
    n_rows = int(row.max(initial=-1)) + 1
    if rng is not None:
        row = rng.permutation(n_rows)[row]
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    slot = np.repeat(row * length + offset, size) + within
    age = np.repeat(size - 1, size) - within
    return _Placing((n_rows, length), slot, within, np.repeat(segment, size), age)


def _fill(place: _Placing, *columns: NDArray[Any]) -> Packed:
    """Put item, target, user and source of each placed item into tables."""
    item, target, user, source = columns
    values = {"rows": item, "targets": target, "segments": place.segment, "positions": place.age}
    tables = {}
    for name, column in (values | {"users": user, "source": source}).items():
        empty = -1 if name in ("users", "source") else 0
        tables[name] = np.full(place.shape, empty, np.int32)
        tables[name].reshape(-1)[place.slot] = column
    return Packed(**tables)
