"""First fit: pieces into rows of one length, each into the first row with room, longest first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]


def first_fit(
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
