"""A log that grows: new rows beside known ones, by raw ids, whatever order they arrive in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data._codes import count
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Merged:
    """A log and what came to it.

    Attributes:
        log: all rows; users who are new have codes after those who are known.
        new: whether each row came now, bool, shape ``(n,)``.
        late: new rows older than a row that the same user had already.
        repeated: rows that were known already, second for second; they are left out.
        new_users: users who had no code before.
    """

    log: Interactions
    new: NDArray[np.bool_]
    late: int
    repeated: int
    new_users: int


def merge(known: Interactions, batch: Interactions) -> Merged:
    """Add the rows of a batch to a log; the codes of the log stay.

    Args:
        known: the log so far.
        batch: new rows, with codes of its own; every item must be known by its raw id.

    Returns:
        The longer log. A row that is there already (user, item and second) is left out, so a batch
        that is sent twice changes nothing the second time.

    Raises:
        ValueError: if an item is unknown, naming it, or the raw ids of users are of another kind.
    """
    item = item_codes(known.items, batch)[batch.item - 1]
    users, fresh = _user_codes(known.user_ids, batch.user_ids)
    user = users[batch.user]
    pairs = ((known.user, user), (known.item, item), (known.time, batch.time))
    columns = [np.concatenate(pair).astype(np.int64) for pair in pairs]
    new = np.arange(len(columns[0])) >= len(known)
    # By user, then time; of one second the known rows stay first, in the order of the log.
    order = np.lexsort((columns[2], columns[0]))
    kept = order[~(new[order] & _again(columns, order))]
    keep_user, keep_item, keep_time = (column[kept] for column in columns)
    is_new = new[kept]
    log = replace(
        known,
        user=keep_user.astype(np.int32),
        item=keep_item.astype(np.int32),
        time=keep_time,
        user_ids=np.concatenate([known.user_ids, batch.user_ids[fresh]]),
        value=None,
    )
    late = _before_known(is_new, keep_user)
    return Merged(log, is_new, late, len(order) - len(kept), int(fresh.sum()))


def item_codes(items: Vocabulary, batch: Interactions) -> NDArray[np.int64]:
    """Code of each item of the batch's vocabulary in another, 0 for one without a row there.

    Raises:
        ValueError: naming items that have a row and no code.
    """
    codes = lookup(items.raw, batch.items.raw) + 1
    rows = np.bincount(batch.item, minlength=batch.n_items + 1)[1:]
    unknown = (codes == 0) & (rows > 0)
    if unknown.any():
        first = ", ".join(repr(raw) for raw in batch.items.raw[unknown][:5].tolist())
        many, places = count(int(unknown.sum()), "item"), count(int(rows[unknown].sum()), "row")
        raise ValueError(
            f"batch: expected items that the model knows; received {many} that it does not, in "
            f"{places}: {first}; make room with online.with_new_items, or leave these rows out"
        )
    return codes


def lookup(known: NDArray[Any], asked: NDArray[Any]) -> NDArray[np.int64]:
    """Place of each id in ``known``, -1 where it is not there."""
    if len(known) == 0 or (known.dtype.kind in "iu") != (asked.dtype.kind in "iu"):
        return np.full(len(asked), -1, np.int64)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)
    found: NDArray[np.int64] = np.where(known[order[place]] == asked, order[place], -1)
    return found


def _user_codes(
    known: NDArray[Any], asked: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Code of each user of a batch, and which of them are new."""
    if len(known) and len(asked) and (known.dtype.kind in "iu") != (asked.dtype.kind in "iu"):
        raise ValueError(
            f"batch: expected user ids of the kind of the log, {known.dtype}; received "
            f"{asked.dtype}: everybody would be new"
        )
    codes = lookup(known, asked)
    fresh = codes < 0
    codes[fresh] = len(known) + np.arange(np.count_nonzero(fresh))
    return codes, fresh


def _again(columns: list[NDArray[np.int64]], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row, in this order, is the same as an earlier one."""
    rows = np.lexsort((columns[1], columns[2], columns[0]))  # stable: the known row comes first
    same = np.all([np.diff(column[rows]) == 0 for column in columns], axis=0)
    again = np.zeros(len(rows), bool)
    again[rows[1:][same]] = True
    return again[order]


def _before_known(new: NDArray[np.bool_], user: NDArray[np.int64]) -> int:
    """New rows that a known row of the same user follows."""
    place = np.arange(len(new))
    last = np.full(int(user.max(initial=-1)) + 1, -1)
    np.maximum.at(last, user[~new], place[~new])
    return int(np.count_nonzero(new & (place < last[user])))
