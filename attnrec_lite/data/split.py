"""Hold out the end of the log, so that a model is judged on a future it has not seen.

Two protocols, their weakness stated in ``Split.protocol``: with ``leave_one_out`` one user's test
can lie before another's training rows; ``by_time`` never learns from later, but tests fewer users.
Compute every statistic (popularity, vocabularies, scales) on ``Split.train`` only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of
from attnrec_lite.data._codes import as_vector, check_ids, count, read_only, refuse
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import pad_slices


@dataclass(frozen=True, eq=False, repr=False)
class Holdout:
    """Rows to be predicted, each from what the same user did before a cut.

    Targets of one user with one cut are one case: they are relevant to one ranking together. A
    user without a target is no case and takes no part in any mean.

    Attributes:
        log: the whole table.
        row: numbers of the target rows in ``log``, each at most once, int64, shape ``(m,)``.
        rule: in words, which rows these are; it is printed with every figure.
        known: for each target the first row of ``log`` that is not known when it is predicted,
            int64, shape ``(m,)``; by default the target's own row, so that each is a case.

    Raises:
        ValueError: if a row number is out of range or repeated, or ``known`` lies after the target
            or among another user's rows.

    >>> log = Interactions.from_columns([0, 0, 0], [1, 2, 3], [10, 20, 30])
    >>> last = Holdout(log, np.array([2]))
    >>> last.item, last.history()
    (array([3], dtype=int32), array([[1, 2]], dtype=int32))
    >>> both = Holdout(log, np.array([1, 2]), known=np.array([1, 1]))
    >>> both.item.tolist(), both.history().tolist(), both.case().tolist()
    ([2, 3], [[1], [1]], [0, 0])
    """

    log: Interactions
    row: NDArray[np.int64]
    rule: str = "chosen rows"
    known: NDArray[np.int64] = None  # type: ignore[assignment]  # the target's own row

    def __post_init__(self) -> None:
        """Check the row numbers."""
        row = check_ids("row", as_vector("row", self.row), len(self.log) - 1)
        again = np.ones(len(row), bool)
        again[np.unique(row, return_index=True)[1]] = False
        refuse("row", "each row at most once", row, again)
        given = row if self.known is None else self.known
        known = check_ids("known", as_vector("known", given), len(self.log) - 1)
        if len(known) != len(row):
            raise ValueError(f"known: expected {len(row)} rows, as row has; received {len(known)}")
        outside = (known > row) | (known < self.log.bounds()[self.log.user[row]])
        refuse("known", "rows of the target's user, up to the target", known, outside)
        object.__setattr__(self, "row", read_only(row))
        object.__setattr__(self, "known", read_only(known))

    def __len__(self) -> int:
        """Return the number of targets m."""
        return len(self.row)

    def __repr__(self) -> str:
        """Show the number of targets and users."""
        users = len(np.unique(self.user))
        return f"Holdout({count(len(self), 'target')} of {count(users, 'user')})"

    @property
    def user(self) -> NDArray[np.int32]:
        """User of each target, int32, shape ``(m,)``."""
        return self.log.user[self.row]

    @property
    def item(self) -> NDArray[np.int32]:
        """Item to be predicted, int32, shape ``(m,)``."""
        return self.log.item[self.row]

    def history(
        self, rows: ArrayLike | slice | None = None, length: int | None = None
    ) -> NDArray[np.int32]:
        """Everything the user of each target did before its cut, in the order of the log.

        Args:
            rows: which targets (a slice, or numbers in 0..m-1), for batches; all by default.
            length: number of columns; by default that of the longest history of these targets,
                at least 1. A longer history loses its oldest items.

        Returns:
            Item codes, left-padded, int32, shape ``(len(rows), length)``.

        Raises:
            ValueError: if a number is out of range or ``length`` is below 1.
        """
        if rows is None or isinstance(rows, slice):
            stop = self.known[slice(None) if rows is None else rows]
        else:
            stop = self.known[check_ids("rows", as_vector("rows", rows), len(self) - 1)]
        start = self.log.bounds()[self.log.user[stop]]
        return pad_slices(self.log.item, start, stop, length)

    def case(self) -> NDArray[np.int64]:
        """Number of the case of each target, counted in the order in which the cases first appear.

        Returns:
            Int64, shape ``(m,)``; equal numbers mean the same user and history.
        """
        _, first, case = np.unique(self.known, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[case], np.int64)


@dataclass(frozen=True, eq=False)
class Split:
    """A table to learn from and two sets of targets to be judged on.

    Attributes:
        train: rows to learn from, with the codes and vocabularies of the whole table.
        validation: targets to choose settings by.
        test: targets for the number that is reported.
        protocol: one sentence on how the cut was made and what it lets through.
    """

    train: Interactions
    validation: Holdout
    test: Holdout
    protocol: str


def leave_one_out(log: Interactions, min_history: int = 1) -> Split:
    """Test on each user's last row, validate on the last but one, train on the rest.

    Args:
        log: the whole table.
        min_history: fewest rows a user must keep for training; users with fewer than
            ``min_history + 2`` rows stay in ``train`` only.

    Returns:
        The split; ``train`` keeps all users and codes. Where the test row ties in time with the
        row before, the order of the file decides; ``protocol`` counts these.

    Raises:
        ValueError: if ``min_history`` is below 1 or no user has enough rows.

    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [10, 20, 30, 40])
    >>> split = leave_one_out(log)
    >>> split.train.item.tolist(), split.validation.item.tolist(), split.test.item.tolist()
    ([1, 2], [3], [4])
    """
    if min_history < 1:
        raise ValueError(f"min_history: expected a number >= 1; received {min_history}")
    stop = log.bounds()[1:]
    last = stop[np.diff(log.bounds()) >= min_history + 2] - 1
    if len(last) == 0:
        raise ValueError(
            f"log: expected a user with at least {min_history + 2} rows; received {log!r}"
        )
    keep = np.ones(len(log), bool)
    keep[last] = keep[last - 1] = False
    train = log.select(keep)
    ties = np.count_nonzero(log.time[last] == log.time[last - 1])
    early = np.count_nonzero(log.time[last] < train.time.max())
    new_item = np.count_nonzero(~np.isin(log.item[last], train.item))
    protocol = (
        f"leave-one-out: the last row of {len(last):,} of {count(log.n_users, 'user')} is test, "
        f"the one before validation, the rest train; {new_item:,} test rows have an item that no "
        f"training row has; {ties:,} test rows tie in time with the row before (the file order "
        f"decides) and {early:,} are older than the newest training row"
    )
    validation = Holdout(log, last - 1, "last row but one of each user")
    return Split(train, validation, Holdout(log, last, "last row of each user"), protocol)


def by_time(
    log: Interactions, test: float = 0.1, validation: float = 0.1, targets: str = "first"
) -> Split:
    """Cut the calendar twice: train before the first cut, validate up to the second, then test.

    Args:
        log: the whole table.
        test: share of the rows after the second cut; rows that tie with the cut go after it.
        validation: share of the rows between the cuts.
        targets: ``"first"``, one target per user, the first row in the period; or ``"all"``, every
            row of a user in the period, predicted together from what lies before the period.

    Returns:
        The split. The history of a target is everything before the user's first row in the period;
        it is empty for a user who first appears there. ``protocol`` counts these, and the targets
        whose item no training row has: they stay in, and a model that can't know them misses them.

    Raises:
        ValueError: if the shares are not positive with a sum below 1, ``targets`` is another word,
            or times tie so much that a part is empty.

    >>> log = Interactions.from_columns([0, 1] * 5, range(10), range(10))
    >>> split = by_time(log, test=0.2, validation=0.2)
    >>> split.train.time.max(), split.validation.row.tolist(), split.test.row.tolist()
    (np.int64(5), [3, 8], [4, 9])
    """
    one_of("targets", targets, ("first", "all"))
    if not (test > 0 and validation > 0 and test + validation < 1):
        raise ValueError(
            "test, validation: expected shares above 0 with a sum below 1; "
            f"received {test} and {validation}"
        )
    times = np.sort(log.time)
    wanted = [round(len(log) * (1 - share)) for share in (test + validation, test)]
    cuts = times[[row for row in wanted if row < len(log)]]  # too few rows: fewer than two cuts
    if not (len(cuts) == 2 and times[0] < cuts[0] < cuts[1]):
        raise ValueError(
            f"log: expected times that can be cut in three at {1 - test - validation:.0%} and "
            f"{1 - test:.0%} of the rows; received ties across a cut, or too few rows: {log!r}"
        )
    train = log.select(log.time < cuts[0])
    periods = ((cuts[0], cuts[1]), (cuts[1], None))
    holdouts = [_rows_between(log, begin, end, targets) for begin, end in periods]
    new_user = np.count_nonzero(holdouts[1].history(length=1) == 0)
    new_item = np.count_nonzero(~np.isin(holdouts[1].item, train.item))
    day = [str(cut.astype("datetime64[s]").astype("datetime64[D]")) for cut in cuts]
    which = "one target per user, the first in the period"
    if targets == "all":
        which = "every row of a user in the period a target, predicted from what lies before it"
    protocol = (
        f"cut in time: train before {day[0]}, validation from then to {day[1]}, test from then on, "
        f"{which}; of {count(len(holdouts[1]), 'test target')}"
        f" {new_user:,} have no history and {new_item:,} an item that no training row has"
    )
    return Split(train, holdouts[0], holdouts[1], protocol)


def _rows_between(
    log: Interactions, begin: np.int64, end: np.int64 | None, targets: str
) -> Holdout:
    """Return each user's first row, or all rows, with begin <= time < end."""
    inside = log.time >= begin
    if end is not None:
        inside &= log.time < end
    rows = np.flatnonzero(inside)
    _, first, user = np.unique(log.user[rows], return_index=True, return_inverse=True)
    if targets == "first":
        return Holdout(log, rows[first], "first row of each user in the period")
    rule = "every row of each user in the period"
    return Holdout(log, rows, rule, known=rows[first][user])
