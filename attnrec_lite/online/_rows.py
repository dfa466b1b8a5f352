"""What one update learns from: the new purchases as targets, and old ones drawn beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import cut_windows, pad_slices

Rows = tuple[NDArray[np.int32], NDArray[np.int32]]  # ids and targets, each (rows, length)


def new_rows(log: Interactions, new: NDArray[np.bool_], length: int) -> Rows:
    """Windows in which the new rows alone are targets; what came before them is context.

    Args:
        log: all rows.
        new: which of them came now, shape ``(n,)``.
        length: of a window.

    Returns:
        Ids and targets, left-padded; a user's very first row follows nothing and is no target.
    """
    theirs = np.isin(log.user, log.user[new])
    rows, targets = _windows(log.select(theirs), new[theirs], length)
    return _with_targets(rows, targets)


def old_rows(
    log: Interactions, old: NDArray[np.bool_], length: int, number: int, rng: np.random.Generator
) -> Rows:
    """Windows drawn at random from the old rows, with so many targets in all.

    Args:
        log: all rows.
        old: which of them may be drawn, shape ``(n,)``.
        length: of a window.
        number: of targets; all there are, if there are fewer.
        rng: draws the windows.

    Returns:
        Ids and targets, as ``new_rows`` gives them. Every old target is as likely as any other.
    """
    past = log.select(old)
    rows, targets = _with_targets(*_windows(past, np.ones(len(past), bool), length))
    order = rng.permutation(len(rows))
    rows, targets = rows[order], targets[order]
    taken = np.cumsum(np.count_nonzero(targets, axis=1))
    some = int(np.searchsorted(taken, number)) + 1  # windows that hold enough
    rows, targets = rows[:some], targets[:some].copy()
    places = np.argwhere(targets > 0)[number:]  # the last window holds more than enough
    targets[places[:, 0], places[:, 1]] = 0
    return _with_targets(rows, targets)


def _windows(log: Interactions, asked: NDArray[np.bool_], length: int) -> Rows:
    cut = cut_windows(log, length)
    rows = pad_slices(log.item, cut.start, cut.stop, length)
    following = np.where(asked, log.item, 0).astype(np.int32)[1:]
    return rows, pad_slices(following, cut.trained, cut.stop, length)


def _with_targets(rows: NDArray[np.int32], targets: NDArray[np.int32]) -> Rows:
    some = (targets > 0).any(axis=1)
    return rows[some], targets[some]
