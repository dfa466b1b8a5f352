"""Which targets of a holdout are among other rows, or in histories: the work behind ``leaks``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout

_BATCH = 1024  # histories looked through at once


def _pair(user: NDArray[np.int32], item: NDArray[np.int32], log: Interactions) -> NDArray[np.int64]:
    pair: NDArray[np.int64] = user.astype(np.int64) * (log.n_items + 1) + item
    return pair


def same_pair(
    holdout: Holdout,
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    time: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a row of each target's user and item is at its very time, not older, older."""
    log, moment = holdout.log, holdout.log.time[holdout.row]
    pairs, number = np.unique(_pair(holdout.user, holdout.item, log), return_inverse=True)
    known = _pair(user, item, log)
    place = np.minimum(np.searchsorted(pairs, known), len(pairs) - 1)
    kept = pairs[place] == known  # most rows have a pair that no target has
    place, time = place[kept], time[kept]
    oldest = np.full(len(pairs), np.iinfo(np.int64).max)
    newest = np.full(len(pairs), np.iinfo(np.int64).min)
    np.minimum.at(oldest, place, time)
    np.maximum.at(newest, place, time)
    moments, rank = np.unique(np.concatenate([moment, time]), return_inverse=True)
    row = np.concatenate([number, place]) * len(moments) + rank
    same = np.isin(row[: len(holdout)], row[len(holdout) :])
    return same, newest[number] >= moment, oldest[number] < moment


def own_histories(holdout: Holdout) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a history holds its item more often than the log before the target, or more rows."""
    log = holdout.log
    pair = _pair(log.user, log.item, log)
    order = np.argsort(pair, kind="stable")
    begins = np.append(True, np.diff(pair[order]) > 0)
    place = np.arange(len(order)) - np.maximum.accumulate(
        np.where(begins, np.arange(len(order)), 0)
    )
    earlier = np.empty(len(order), np.int64)
    earlier[order] = place
    rows_before = holdout.row - log.bounds()[holdout.user]
    own, long = [], []
    for first in range(0, len(holdout), _BATCH):
        batch = slice(first, first + _BATCH)
        history = holdout.history(batch)
        own.append((history == holdout.item[batch, None]).sum(1) > earlier[holdout.row[batch]])
        long.append((history > 0).sum(1) > rows_before[batch])
    return np.concatenate(own), np.concatenate(long)
