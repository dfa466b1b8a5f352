"""What a split lets through: everything that a model could know of its test, counted and named.

A leak is knowledge at training time that nobody would have at the time of the prediction. A split
drawn at random is full of it, which is why it is here: to be measured beside an honest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import one_of
from attnrec_lite.data._codes import count
from attnrec_lite.data._matches import own_histories, same_pair
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout, Split

_KINDS = {
    "older_targets": "are older than the newest training row",
    "rows_in_train": "are training rows themselves (same user, item and time)",
    "pairs_in_train": "have a training row of the same user and item that is not older",
    "own_future": "have a newer training row of the same user",
    "target_in_history": "are in their own history",
    "long_histories": "have a history with more rows than the user had before",
    "in_validation": "are validation targets too",
}


@dataclass(frozen=True)
class Leaks:
    """How many targets each kind of leak touches; false if there is none.

    Attributes:
        part: which targets: ``"test"`` or ``"validation"``.
        targets: number of targets.
        train_rows: number of training rows.
        older_targets: targets older than the newest training row.
        newer_rows: training rows newer than the oldest target.
        newer_share: share of the training rows newer than a target, mean over the targets.
        rows_in_train: targets whose row (user, item and time) is a training row.
        pairs_in_train: targets whose user and item have a training row that is not older.
        own_future: targets whose user has a newer training row.
        target_in_history: targets that are in their own history.
        long_histories: targets whose history holds more rows than the user had before.
        in_validation: test targets that are validation targets too; 0 for ``"validation"``.
        repeats: no leak: targets whose user has an older training row of the same item.
        ties: no leak, but chance: targets at the same second as the user's row before.
        new_users: no leak: targets of a user without a training row.
        new_items: no leak: targets with an item without a training row.
    """

    part: str
    targets: int
    train_rows: int
    older_targets: int
    newer_rows: int
    newer_share: float
    rows_in_train: int
    pairs_in_train: int
    own_future: int
    target_in_history: int
    long_histories: int
    in_validation: int
    repeats: int
    ties: int
    new_users: int
    new_items: int

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the leaks that touch a target, as they are called above."""
        return tuple(name for name in _KINDS if getattr(self, name))

    def __bool__(self) -> bool:
        """Whether anything leaks."""
        return bool(self.found)

    def __str__(self) -> str:
        """Say each leak that was found, and apart from these what is hard but no leak."""
        head = f"{count(self.targets, f'{self.part} target')}, {count(self.train_rows, 'row')}"
        lines = [f"{head} to train on: {count(len(self.found), 'kind')} of leaks"]
        lines += [f"- {self._share(name)} {_KINDS[name]}" for name in self.found]
        if self.newer_rows:
            share = self.newer_rows / self.train_rows
            lines.append(
                f"- {100 * share:.1f} % of the training rows are newer than the oldest target, "
                f"{100 * self.newer_share:.1f} % than the average one"
            )
        lines.append(
            f"no leaks: {self.repeats:,} targets repeat an older training row of the user;\n"
            f"  {self.ties:,} tie in time with the user's row before (the file order decides);\n"
            f"  {self.new_users:,} have a user, {self.new_items:,} an item without a training row"
        )
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        head, *rest = str(self).splitlines()
        return "\n".join([f"**{head}**", "", *rest[:-3], "", *rest[-3:]])

    def _share(self, name: str) -> str:
        number = getattr(self, name)
        return f"{number:,} of {self.targets:,} targets ({100 * number / self.targets:.1f} %)"


def random_split(
    log: Interactions, test: float = 0.1, validation: float = 0.1, seed: int = 0
) -> Split:
    """Split the rows at random, which lets the future leak: to be compared with, not to be used.

    Args:
        log: the whole table.
        test: share of the rows that become test targets.
        validation: share of the rows that become validation targets.
        seed: of the random generator.

    Returns:
        The split, with a protocol that counts what it leaks.

    Raises:
        ValueError: if the shares are not above 0 with a sum below 1, or the log has too few rows
            for three parts.

    >>> log = Interactions.from_columns([0] * 10, range(10), range(10))
    >>> split = random_split(log, test=0.2, validation=0.2)
    >>> len(split.train), len(split.validation), len(split.test)
    (6, 2, 2)
    """
    if not (test > 0 and validation > 0 and test + validation < 1):
        raise ValueError(
            "test, validation: expected shares above 0 with a sum below 1; "
            f"received {test} and {validation}"
        )
    n_test, n_validation = round(len(log) * test), round(len(log) * validation)
    if not (n_test and n_validation and n_test + n_validation < len(log)):
        raise ValueError(
            f"log: expected enough rows for three parts of {test:.0%}, {validation:.0%} and the "
            f"rest; received {log!r}"
        )
    order = np.random.default_rng(seed).permutation(len(log))
    last = n_test + n_validation
    rows = [np.sort(part) for part in (order[:n_test], order[n_test:last], order[last:])]
    rule = f"rows drawn at random, seed {seed}"
    train, holdout = log.select(rows[2]), Holdout(log, rows[0], rule)
    split = Split(train, Holdout(log, rows[1], rule), holdout, rule)
    found = leaks(split)
    protocol = (
        f"at random, seed {seed}, which leaks: of {count(found.targets, 'test target')} "
        f"{found.older_targets:,} are older than the newest training row and {found.own_future:,} "
        "have a newer training row of the same user"
    )
    return Split(split.train, split.validation, split.test, protocol)


def leaks(split: Split, part: str = "test") -> Leaks:
    """Look for everything that the training rows or the histories tell about the targets.

    Rows are compared by user, item and time, so a split made by hand is searched just as well.

    Args:
        split: any split whose parts share their codes.
        part: ``"test"`` or ``"validation"``: which targets.

    Returns:
        What was found.

    Raises:
        ValueError: if there are no targets, the word is another, or the parts have other codes.

    >>> from attnrec_lite.data import leave_one_out
    >>> log = Interactions.from_columns([0] * 4 + [1] * 4, [1, 2, 3, 4] * 2, range(8))
    >>> print(leaks(leave_one_out(log)))
    2 test targets, 4 rows to train on: 1 kind of leaks
    - 1 of 2 targets (50.0 %) are older than the newest training row
    - 50.0 % of the training rows are newer than the oldest target, 25.0 % than the average one
    no leaks: 0 targets repeat an older training row of the user;
      0 tie in time with the user's row before (the file order decides);
      0 have a user, 2 an item without a training row
    """
    holdout: Holdout = getattr(split, one_of("part", part, ("test", "validation")))
    train, log = split.train, holdout.log
    if len(holdout) == 0:
        raise ValueError(f"split: expected {part} targets; received none")
    for table in (log, split.validation.log):
        _same_codes(train, table, part)
    user, item, time = holdout.user, holdout.item, log.time[holdout.row]
    rows_of_user = np.diff(train.bounds())
    newest = np.full(train.n_users, np.iinfo(np.int64).min)
    newest[rows_of_user > 0] = train.time[train.bounds()[1:][rows_of_user > 0] - 1]
    same, not_older, older = same_pair(holdout, train.user, train.item, train.time)
    other = split.validation if part == "test" else holdout
    shared, _, _ = same_pair(holdout, other.user, other.item, other.log.time[other.row])
    in_history, too_long = own_histories(holdout)
    before = np.maximum(holdout.row - 1, 0)
    follows = (holdout.row > 0) & (log.user[before] == user)
    found: dict[str, NDArray[np.bool_]] = {
        "older_targets": time < train.time.max(initial=np.iinfo(np.int64).min),
        "newer_rows": train.time > time.min(),
        "rows_in_train": same,
        "pairs_in_train": not_older,
        "own_future": newest[user] > time,
        "target_in_history": in_history,
        "long_histories": too_long,
        "in_validation": shared & (part == "test"),
        "repeats": older,
        "ties": follows & (log.time[before] == time),
        "new_users": rows_of_user[user] == 0,
        "new_items": np.bincount(train.item, minlength=log.n_items + 1)[item] == 0,
    }
    counts = {name: int(np.count_nonzero(where)) for name, where in found.items()}
    not_newer = np.searchsorted(np.sort(train.time), time, side="right").mean()
    share = 1.0 - float(not_newer) / len(train) if len(train) else 0.0
    sizes = {"targets": len(holdout), "train_rows": len(train)}
    return Leaks(part=part, newer_share=share, **sizes, **counts)


def _same_codes(train: Interactions, log: Interactions, part: str) -> None:
    pairs = ((train.user_ids, log.user_ids), (train.items.raw, log.items.raw))
    for ours, theirs in pairs:
        if ours is not theirs and not np.array_equal(ours, theirs):
            raise ValueError(
                f"split: expected train and {part} with the same users and items, in the same "
                f"order; received {train!r} and {log!r} (select keeps the codes)"
            )
