"""Rows of item codes for a model: left-padded histories, and windows to train on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data.interactions import Interactions


def left_pad(sequences: Iterable[ArrayLike], length: int | None = None) -> NDArray[np.int32]:
    """Put ragged sequences of item codes into one array, the newest item last.

    Args:
        sequences: for each row its item codes, oldest first; each code is at least 1.
        length: number of columns; by default that of the longest sequence, at least 1. A longer
            sequence loses its oldest items.

    Returns:
        Item codes with zeros in front, int32, shape ``(batch, length)``.

    Raises:
        ValueError: if ``length`` is below 1, a sequence is not one row of whole numbers, or a code
            is below 1.

    >>> left_pad([[1, 2, 3], [4], []], length=2)
    array([[2, 3],
           [0, 4],
           [0, 0]], dtype=int32)
    """
    rows = [np.asarray(sequence) for sequence in sequences]
    for number, row in enumerate(rows):
        if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
            raise ValueError(
                "sequences: expected one row of whole numbers each; "
                f"received {row.dtype} of shape {row.shape} in sequence {number}"
            )
    stop = np.cumsum([len(row) for row in rows], dtype=np.int64)
    parts = [np.zeros(0, np.int64), *(row.astype(np.int64) for row in rows if row.size)]
    flat = np.concatenate(parts)
    if flat.size and (flat.min() < 1 or flat.max() > np.iinfo(np.int32).max):
        raise ValueError(
            f"sequences: expected item codes >= 1; received {flat.min()} to {flat.max()}"
        )
    start = np.concatenate([[0], stop[:-1]]).astype(np.int64)[: len(rows)]
    return pad_slices(flat.astype(np.int32), start, stop, length)


def pad_slices(
    items: NDArray[np.int32],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    length: int | None = None,
) -> NDArray[np.int32]:
    """Left-pad many slices of one column: row ``i`` is the end of ``items[start[i]:stop[i]]``.

    Args:
        items: item codes, shape ``(n,)``.
        start: where each slice begins, shape ``(m,)``.
        stop: where each slice ends, shape ``(m,)``.
        length: number of columns; by default that of the longest slice, at least 1.

    Returns:
        Item codes with zeros in front, int32, shape ``(m, length)``.

    Raises:
        ValueError: if ``length`` is below 1.

    >>> pad_slices(np.array([5, 6, 7], np.int32), np.array([0, 2]), np.array([2, 3]))
    array([[5, 6],
           [0, 7]], dtype=int32)
    """
    if length is None:
        length = max(1, int((stop - start).max(initial=0)))
    if length < 1:
        raise ValueError(f"length: expected a number >= 1; received {length}")
    padded = np.zeros((len(stop), length), np.int32)
    columns = np.arange(-length, 0)
    for first in range(0, len(stop), 65_536):  # in pieces: the positions take 8 bytes each
        piece = slice(first, first + 65_536)
        position = stop[piece, None] + columns  # (piece, length)
        is_item = position >= start[piece, None]
        padded[piece][is_item] = items[position[is_item]]
    return padded


def windows(
    log: Interactions, length: int = 50, stride: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Cut each user's sequence into windows in which every next item is a target exactly once.

    The newest window ends at the user's last step, the one before it ends ``stride`` steps
    earlier, and so on. A window repeats ``length - stride`` steps of the one before as context,
    with target 0, so that a long history is neither cut off nor counted twice.

    Args:
        log: the table to train on.
        length: number of columns.
        stride: steps from one window to the next, in 1..length; by default ``length // 2``.

    Returns:
        ``rows`` and ``targets``, both int32 of shape ``(m, length)`` and left-padded:
        ``targets[i, t]`` is the item after ``rows[i, t]``, or 0 at padding and where an earlier
        window has that target. Users with one row have no next item, so they give no window.

    Raises:
        ValueError: if ``length`` is below 1 or ``stride`` is not in 1..length.

    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [10, 20, 30, 40])
    >>> rows, targets = windows(log, length=2, stride=1)
    >>> rows.tolist(), targets.tolist()
    ([[1, 2], [2, 3]], [[2, 3], [0, 4]])
    """
    cut = cut_windows(log, length, stride)
    rows = pad_slices(log.item, cut.start, cut.stop, length)
    targets = pad_slices(log.item[1:], cut.trained, cut.stop, length)
    return rows, targets


class Windows(NamedTuple):
    """Where each window lies in the rows of a log, ordered by user and time; int64, ``(m,)`` each.

    Attributes:
        user: whose window it is.
        start: first row of the user: a window as wide as ``stop - start`` would hold everything.
        trained: first row whose next item is a target of this window.
        stop: end of the window; the item there is the last target.
    """

    user: NDArray[np.int64]
    start: NDArray[np.int64]
    trained: NDArray[np.int64]
    stop: NDArray[np.int64]


def cut_windows(
    log: Interactions,
    length: int,
    stride: int | None = None,
    shift: NDArray[np.int64] | None = None,
) -> Windows:
    """Return where ``windows`` cuts, for the same arguments.

    Args:
        log: as for ``windows``.
        length: as for ``windows``.
        stride: as for ``windows``.
        shift: for each user, how many of the newest steps get a window of their own, without
            context, in 0..length-1; so the cuts before it move. A sequence that one window holds
            is not cut.
    """
    if length < 1:
        raise ValueError(f"length: expected a number >= 1; received {length}")
    stride = max(1, length // 2) if stride is None else stride
    if not 1 <= stride <= length:
        raise ValueError(f"stride: expected a number in 1..{length} (length); received {stride}")
    start = log.bounds()[:-1]
    steps = np.maximum(np.diff(log.bounds()) - 1, 0)  # of each user: items with a next item
    apart = np.where(steps > length, 0 if shift is None else shift, 0)
    end, steps = start + steps, steps - apart
    extra = -(-np.maximum(steps - length, 0) // stride)  # windows beyond the newest
    number = np.where(steps > 0, extra + 1, 0)
    user = np.repeat(np.arange(log.n_users), number)
    from_end = np.cumsum(number)[user] - 1 - np.arange(len(user))  # 0 for the newest window
    stop = (start + steps)[user] - from_end * stride
    is_oldest = from_end == extra[user]
    trained = np.where(is_oldest, start[user], stop - stride)  # targets before it are done
    cut = Windows(user, start[user], trained, stop)
    if not apart.any():
        return cut
    own = np.flatnonzero(apart)
    last = Windows(own, (end - apart)[own], (end - apart)[own], end[own])
    joined = [np.concatenate(pair) for pair in zip(cut, last, strict=True)]
    order = np.argsort(joined[3], kind="stable")  # rows of the log: by user, then time
    return Windows(*(column[order] for column in joined))
