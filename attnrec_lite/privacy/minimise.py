"""How much of a history has to be known? A log kept shorter, and asked the same questions.

What is not collected can't leak. The figure to draw is quality against what is kept, for training
and for serving alike: the targets stay, everything before them shrinks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout, Split

DAY = 86_400  # seconds


def kept_recent(split: Split, events: int | None = None, days: float | None = None) -> Split:
    """Keep the newest rows of each user before their target, and forget the rest.

    Args:
        split: with one target per user and part, as ``leave_one_out`` makes it.
        events: how many rows before the test target may be known, from 1.
        days: how long before the test target a row may be, above 0.

    Returns:
        The split with fewer rows to learn from and shorter histories; the targets are the same.
        Users without a test target keep their newest rows before their own last one, which stays.

    Raises:
        ValueError: if neither or both are given, or a number is out of range.

    >>> from attnrec_lite.data.split import leave_one_out
    >>> log = Interactions.from_columns([0] * 6, [1, 2, 3, 4, 5, 6], range(6))
    >>> short = kept_recent(leave_one_out(log), events=3)
    >>> short.train.item.tolist(), short.test.history().tolist(), short.test.item.tolist()
    ([3, 4], [[3, 4, 5]], [6])
    """
    if (events is None) == (days is None):
        raise ValueError(f"events, days: expected one of them; received {events!r} and {days!r}")
    log, last = split.test.log, split.test.log.bounds()[1:] - 1
    row = np.arange(len(log))
    end = last[log.user]
    end_of_target = np.full(log.n_users, -1)
    end_of_target[split.test.user] = split.test.row
    end = np.where(end_of_target[log.user] >= 0, end_of_target[log.user], end)
    if events is not None:
        keep = row >= end - whole("events", events)
    else:
        keep = log.time >= log.time[end] - positive("days", days or 0.0) * DAY
    keep[split.test.row] = keep[split.validation.row] = True
    return _reduced(split, keep)


def without_order(split: Split, seed: int = 0) -> Split:
    """Keep what was taken and forget when: each user's rows before the targets are shuffled.

    Args:
        split: with one target per user and part, as ``leave_one_out`` makes it.
        seed: of the shuffle.

    Returns:
        The split of a log in which every row before the targets has the time of the user's first.

    >>> from attnrec_lite.data.split import leave_one_out
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], range(4))
    >>> sorted(without_order(leave_one_out(log)).train.item.tolist())
    [1, 2]
    """
    log = split.test.log
    rng = np.random.default_rng(seed)
    target = np.zeros(len(log), bool)
    target[split.test.row] = target[split.validation.row] = True
    free = np.flatnonzero(~target)
    order = np.lexsort((rng.random(len(free)), log.user[free]))
    item, time = log.item.copy(), log.time.copy()
    item[free] = log.item[free[order]]
    value = None if log.value is None else log.value.copy()
    if value is not None and log.value is not None:
        value[free] = log.value[free[order]]
    first = log.time[np.minimum(log.bounds()[:-1], max(0, len(log) - 1))]
    time[free] = np.minimum(time[free], first[log.user[free]])
    return _on(split, replace(log, item=item, time=time, value=value), np.ones(len(log), bool))


def _reduced(split: Split, keep: NDArray[np.bool_]) -> Split:
    return _on(split, split.test.log, keep)


def _on(split: Split, log: Interactions, keep: NDArray[np.bool_]) -> Split:
    """The same targets in a log of which some rows are kept."""
    number = np.cumsum(keep) - 1
    smaller = log.select(keep)
    parts = [
        Holdout(smaller, number[part.row], part.rule) for part in (split.validation, split.test)
    ]
    train = keep.copy()
    train[split.validation.row] = train[split.test.row] = False
    return Split(log.select(train), parts[0], parts[1], split.protocol)
