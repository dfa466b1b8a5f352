"""A released log as an attacker sees it: rows by item, as coarse as they were released."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, positive
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.formulas.anonymity import clue_scores, nearness

DAY = 86_400  # seconds
STARS, DAYS = 1.5, 30.0  # scales of nearness, as in the source


def coarsened(
    log: Interactions, days: float | None = None, stars: float | None = None
) -> Interactions:
    """A log that says less: dates cut to the start of a period, ratings rounded.

    Args:
        log: what is to be released.
        days: length of a period; None leaves dates as they are, infinity takes all of them away.
        stars: step that ratings are rounded to; None leaves them.

    Returns:
        The log; rows stay where they are.

    Raises:
        ValueError: if a number is not above 0.

    >>> log = Interactions.from_columns([0, 0], [1, 2], [100, 90_000])
    >>> coarsened(log, days=1).time.tolist()
    [0, 86400]
    """
    time, value = log.time, log.value
    if days is not None:
        time = _cut(time.astype(np.float64), days).astype(np.int64)
    if stars is not None and value is not None:
        value = _rounded(value.astype(np.float64), stars).astype(np.float32)
    return replace(log, time=time, value=value)


def _cut(time: Floats, days: float) -> Floats:
    """Seconds cut to the start of their period; 0 for all where it never ends."""
    if days == np.inf:
        return np.zeros_like(time)
    seconds = positive("days", days) * DAY
    if seconds < 1:
        raise ValueError(f"days: expected a second at least; received {days}")
    return np.asarray(np.floor(time / seconds) * seconds)


def _rounded(value: Floats, stars: float) -> Floats:
    step = positive("stars", stars)
    return np.asarray(np.round(value / step) * step)


@dataclass(frozen=True)
class Clues:
    """What somebody knows of a person: items, and about when and how they were rated."""

    item: NDArray[np.int32]
    value: Floats | None
    time: Floats | None

    @classmethod
    def draw(
        cls,
        log: Interactions,
        user: int,
        rows: NDArray[np.int64],
        wrong: int,
        stars: float | None,
        days: float | None,
        rng: np.random.Generator,
    ) -> Clues:
        """Some rows of a user, with errors; the first few are of items that they never met."""
        item, n = log.item[rows].copy(), len(rows)
        if wrong:
            mine = log.item[log.bounds()[user] : log.bounds()[user + 1]]
            item[:wrong] = rng.choice(np.setdiff1d(log.item, mine), wrong, replace=False)
        value = time = None
        if stars is not None and log.value is not None:
            value = log.value[rows] + rng.uniform(-stars, stars, n)
        if days is not None:
            time = log.time[rows] + rng.uniform(-days, days, n) * DAY
        return cls(item, value, time)

    def cut(self, days: float | None, stars: float | None) -> Clues:
        """The same, as coarse as what was released."""
        time = self.time if self.time is None or days is None else _cut(self.time, days)
        value = self.value if self.value is None or stars is None else _rounded(self.value, stars)
        return replace(self, time=time, value=value)


class Records:
    """A released log, to be asked who has an item."""

    def __init__(self, log: Interactions) -> None:
        self.log, self.order = log, np.argsort(log.item, kind="stable")
        self.begin = np.searchsorted(log.item[self.order], np.arange(log.n_items + 2))

    def of(self, item: int) -> NDArray[np.int64]:
        """Rows of an item."""
        return self.order[self.begin[item] : self.begin[item + 1]]

    def scores(self, clues: Clues) -> Floats:
        """How well each record fits, ``(users,)``."""
        near = np.zeros((len(clues.item), self.log.n_users))
        for number, item in enumerate(clues.item):
            rows, parts = self.of(item), []
            if clues.value is not None and self.log.value is not None:
                parts.append(nearness(self.log.value[rows] - clues.value[number], STARS))
            if clues.time is not None:
                parts.append(nearness((self.log.time[rows] - clues.time[number]) / DAY, DAYS))
            sums = np.sum(parts, axis=0) if parts else np.ones(len(rows))
            np.maximum.at(near[number], self.log.user[rows], sums)
        support = np.maximum(1, (near > 0).sum(axis=1))
        return clue_scores(near, support)
