"""Items that a user did not choose, drawn at random, for training and for sampled rankings.

Most code draws, compares with the history and draws again, in a loop that never ends for a user who
has seen everything. Here every draw succeeds at once. The items are laid side by side, each as wide
as its weight; what the user has seen is taken out of the line; a point on what is left is drawn;
and the pieces taken out to its left say how far it has to be moved to name an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.data._codes import as_vector, check_ids, count
from attnrec_lite.data.interactions import Interactions

Whole = NDArray[np.int64]
_WAYS = ("uniform", "popularity")


def sample_negatives(
    log: Interactions,
    per_row: int,
    by: str = "uniform",
    exclude: str | None = "history",
    seed: int | Sequence[int] = 0,
    rows: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Draw items for each row that its user did not choose, with replacement.

    Args:
        log: the table. With the whole table, validation and test items are no negatives either;
            with ``split.train`` they may be.
        per_row: number of draws for each row.
        by: ``"uniform"``, or ``"popularity"``: in proportion to the rows of the item, so never one
            without a row.
        exclude: ``"history"`` leaves out all that the user has in ``log``, earlier or later;
            ``"target"`` only the row's own item; None nothing.
        seed: of the random generator; for other draws in every epoch give ``(seed, epoch)``.
        rows: which rows of ``log``, for batches; all by default.

    Returns:
        Item codes in 1..N, never padding, int32, shape ``(len(rows), per_row)``.

    Raises:
        ValueError: if an argument is not as above, or nothing is left to draw for a user.

    >>> log = Interactions.from_columns([0, 0, 1], [10, 20, 30], [0, 1, 2])
    >>> sample_negatives(log, per_row=4)
    array([[3, 3, 3, 3],
           [3, 3, 3, 3],
           [2, 2, 2, 1]], dtype=int32)
    """
    per_row = whole("per_row", per_row)
    if exclude is not None:
        one_of("exclude", exclude, ("history", "target"))
    weight = _weights(log, by)
    chosen = np.arange(len(log)) if rows is None else as_vector("rows", rows)
    chosen = check_ids("rows", chosen, len(log) - 1)
    if exclude == "history":
        owner = log.user[chosen].astype(np.int64)
        seen_by, seen = _distinct(log)
        groups = log.n_users
    elif exclude == "target":
        owner = seen_by = np.arange(len(chosen))
        seen, groups = log.item[chosen].astype(np.int64), len(chosen)
    else:
        owner, groups = np.zeros(len(chosen), np.int64), 1
        seen_by = seen = np.zeros(0, np.int64)
    line = _Line.without(weight, seen_by, seen, groups)
    _refuse_nothing_left(log, line.left[owner] == 0, chosen, by)
    draws = np.random.default_rng(seed).integers(
        line.left[owner][:, None], size=(len(owner), per_row)
    )
    return line.items_at(owner, draws)


@dataclass(frozen=True)
class Collisions:
    """Negatives that are positives, counted and expected.

    Attributes:
        found: number of negatives that their user has chosen.
        drawn: number of negatives.
        expected: number that chance gives where nothing is excluded.
    """

    found: int
    drawn: int
    expected: float

    def __str__(self) -> str:
        """Say both numbers and their shares of the draws."""
        share = f"{100 * self.found / self.drawn:.2f} %" if self.drawn else "none"
        return (
            f"{self.found:,} of {count(self.drawn, 'negative')} ({share}) are positives; "
            f"chance gives {self.expected:,.1f}"
        )


def collisions(
    negatives: ArrayLike, users: ArrayLike, log: Interactions, by: str = "uniform"
) -> Collisions:
    """Count the negatives that their user has in a log.

    The expected number is the sum over all draws of the chance to hit one of the user's items:
    (number of the user's distinct items) / N for uniform draws, (rows of these items) / (all rows)
    for draws by popularity.

    Args:
        negatives: item codes, shape ``(n, per_row)``.
        users: the user code of each row, shape ``(n,)``.
        log: what the users have chosen.
        by: how the negatives were drawn.

    Returns:
        What was found and what chance gives.

    Raises:
        ValueError: if shapes do not fit, a code is unknown, a negative is padding or the word is
            not known.

    >>> log = Interactions.from_columns([0, 0, 1], [10, 20, 30], [0, 1, 2])
    >>> print(collisions([[1, 3], [2, 2], [3, 1]], log.user, log))
    4 of 6 negatives (66.67 %) are positives; chance gives 3.3
    """
    drawn = check_ids("negatives", negatives, log.n_items)
    owner = check_ids("users", as_vector("users", users), log.n_users - 1)
    if drawn.ndim != 2 or len(drawn) != len(owner):
        raise ValueError(
            f"negatives: expected {len(owner):,} rows, one for each of users; "
            f"received shape {drawn.shape}"
        )
    if drawn.size and drawn.min() < 1:
        raise ValueError("negatives: expected item codes from 1; received padding (0)")
    seen_by, seen = _distinct(log)
    weight = _weights(log, by)
    mass = np.bincount(seen_by, weight[seen - 1], minlength=log.n_users)
    step = log.n_items + 1
    found = np.isin(owner[:, None] * step + drawn, seen_by * step + seen)
    expected = float(mass[owner].sum()) * drawn.shape[1] / max(1, int(weight.sum()))
    return Collisions(int(found.sum()), drawn.size, expected)


@dataclass(frozen=True)
class _Line:
    """The items side by side, and for each group what was taken out of the line.

    Attributes:
        ends: where each item ends, shape ``(N,)``.
        left: what is left for each group, shape ``(groups,)``.
        cut: key of the place of each cut in what is left: group * (total + 1) + place, rising.
        moved: for each cut how much its group and those before it have lost, itself included.
        lost: the same before each group, shape ``(groups,)``.
    """

    ends: Whole
    left: Whole
    cut: Whole
    moved: Whole
    lost: Whole

    @classmethod
    def without(cls, weight: Whole, seen_by: Whole, seen: Whole, groups: int) -> _Line:
        """Take the items ``seen`` out for the groups ``seen_by``, ordered by group, then item."""
        ends = np.cumsum(weight)
        width = weight[seen - 1]
        moved = np.cumsum(width)
        each = np.bincount(seen_by, minlength=groups)
        lost = np.append(0, moved)[np.cumsum(each) - each]
        place = ends[seen - 1] - (moved - lost[seen_by])  # of the cut, once all cuts are made
        total = int(weight.sum())
        left = total - np.diff(np.append(lost, moved[-1:] if len(moved) else 0))
        return cls(ends, left, seen_by * (total + 1) + place, moved, lost)

    def items_at(self, owner: Whole, points: Whole) -> NDArray[np.int32]:
        """Items at the points 0..left-1 of what is left for their owners, ``(n, per_row)``."""
        total = int(self.ends[-1])
        cuts = np.searchsorted(self.cut, owner[:, None] * (total + 1) + points, side="right")
        gone = np.append(0, self.moved)[cuts] - self.lost[owner][:, None]
        item = np.searchsorted(self.ends, points + gone, side="right") + 1
        return item.astype(np.int32)


def _distinct(log: Interactions) -> tuple[Whole, Whole]:
    """Users and their items, each pair once, ordered by user, then item."""
    step = log.n_items + 1
    pairs = np.unique(log.user.astype(np.int64) * step + log.item)
    return pairs // step, pairs % step


def _weights(log: Interactions, by: str) -> Whole:
    if one_of("by", by, _WAYS) == "uniform":
        return np.ones(log.n_items, np.int64)
    rows: Whole = np.bincount(log.item, minlength=log.n_items + 1)[1:]
    return rows


def _refuse_nothing_left(
    log: Interactions, empty: NDArray[np.bool_], chosen: Whole, by: str
) -> None:
    if empty.any():
        users = np.unique(log.user[chosen[empty]])
        what = "item" if by == "uniform" else "item that has a row"
        raise ValueError(
            f"log: expected an {what} left to draw for every user; received "
            f"{count(len(users), 'user')} who chose all of them, such as "
            f"{log.user_ids[users[0]]} (leave them out with rows=, or set exclude='target' or None)"
        )
