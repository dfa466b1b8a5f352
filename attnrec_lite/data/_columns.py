"""From raw columns to checked, coded and sorted ones: the work behind ``Interactions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data._codes import count, refuse

POLICIES = ("error", "keep", "first", "last")
YEAR_2100 = 4_102_444_800  # in seconds since 1970; -YEAR_2100 is the year 1840
YEAR_1990 = 631_152_000


def same_length(columns: dict[str, NDArray[Any]]) -> int:
    """Return the common length of all columns; refuse different lengths and empty tables."""
    sizes = {name: len(column) for name, column in columns.items()}
    first, length = next(iter(sizes.items()))
    for name, size in sizes.items():
        if size != length:
            raise ValueError(f"{name}: expected {length:,} rows, as {first} has; received {size:,}")
    if length == 0:
        raise ValueError(f"{first}: expected at least one row; received an empty table")
    return length


@dataclass
class Coded:
    """Columns whose ids are numbered already.

    Attributes:
        user_ids: raw user ids in order.
        raw_items: raw item ids in order.
        columns: ``user`` and ``item`` as places in these, ``time``, and ``value`` or not. They are
            taken out one by one, so that no column is in memory twice for long.
    """

    user_ids: NDArray[Any]
    raw_items: NDArray[Any]
    columns: dict[str, NDArray[Any]]


def code(columns: dict[str, NDArray[Any]]) -> Coded:
    """Check the lengths and the ids of raw columns, and number the ids in sorted order."""
    same_length(columns)
    ids = {}
    for name in ("user", "item"):
        ids[name], columns[name] = _distinct(clean_ids(name, columns[name]))
    return Coded(ids["user"], ids["item"], columns)


def arrange(coded: Coded, duplicates: str, time_unit: str) -> tuple[dict[str, Any], list[str]]:
    """Check times and values, sort the rows, apply the duplicate policy.

    Returns:
        The columns ``user``, ``item``, ``time``, ``value``, ``user_ids`` and ``raw_items`` of an
        ``Interactions`` table, and the notes.
    """
    columns = coded.columns
    raw_time = columns.pop("time")
    moment, seconds, note = clean_time(raw_time, time_unit)
    value = clean_value(columns.pop("value")) if "value" in columns else None
    user, item = columns.pop("user"), columns.pop("item")
    rows, repeated = _without_repeats(user, item, moment, duplicates)
    if repeated.size and duplicates == "error":
        first = repeated.min()
        raise ValueError(
            "duplicates: expected no two rows with the same user, item and time; received "
            f"{count(len(repeated), 'duplicate row')}, the first in row {first}: "
            f"user {coded.user_ids[user[first]]}, item {coded.raw_items[item[first]]}, "
            f"time {raw_time[first]} (or choose 'keep', 'first' or 'last')"
        )
    done = "kept" if duplicates == "keep" else "dropped"
    which = "all" if duplicates == "keep" else f"the {duplicates}"
    repeats = f"{done} {count(len(repeated), 'duplicate row')} (kept {which})"
    item = item[rows]
    item += 1
    table = {
        "user": user[rows],
        "item": item,
        "time": seconds[rows],
        "value": None if value is None else value[rows],
        "user_ids": coded.user_ids,
        "raw_items": coded.raw_items,
    }
    return table, [text for text in (note, repeats if repeated.size else "") if text]


def check_policy(duplicates: str) -> None:
    """Refuse a policy for duplicate rows that is not known."""
    if duplicates not in POLICIES:
        raise ValueError(f"duplicates: expected one of {POLICIES}; received {duplicates!r}")


def _distinct(ids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the ids in order, each once, and for each row its place among them, as int32."""
    if ids.dtype.kind == "i" and ids.max() < 4 * len(ids):  # dense: a table needs no sorting
        present = np.zeros(ids.max() + 1, bool)
        present[ids] = True
        place = np.cumsum(present, dtype=np.int32) - np.int32(1)
        return np.flatnonzero(present), place[ids]
    distinct, number = np.unique(ids, return_inverse=True)
    return distinct, number.astype(np.int32)


def clean_ids(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """Return raw ids as int64 or str; refuse negative, fractional, missing and empty ones."""
    if column.dtype.kind == "O":
        column = _from_objects(name, column)
    if column.dtype.kind in "UT":
        text = column.astype(np.str_)
        refuse(name, "non-empty strings", text, np.char.strip(text) == "")
        return text
    expected = "integers >= 0 or non-empty strings"
    if column.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected {expected}; received {column.dtype}")
    with np.errstate(invalid="ignore"):
        whole = np.floor(column) == column if column.dtype.kind == "f" else column == column
        refuse(name, expected, column, ~(whole & (column >= 0) & (column < 2**63)))
    return column.astype(np.int64)


def clean_time(column: NDArray[Any], unit: str) -> tuple[NDArray[Any], NDArray[np.int64], str]:
    """Return times to sort by, the same times in whole seconds, and a note (or '')."""
    if unit not in ("s", "ms"):
        raise ValueError(f"time_unit: expected 's' or 'ms'; received {unit!r}")
    if column.dtype.kind == "M":
        refuse("time", "a date in each row", column, np.isnat(column))
        column, unit = column.astype("datetime64[ms]").astype(np.int64), "ms"
    elif column.dtype.kind not in "iuf":
        raise ValueError(f"time: expected numbers; received {column.dtype}")
    refuse("time", "finite numbers", column, ~np.isfinite(column))
    _refuse_other_unit(column, unit)
    seconds = np.floor_divide(column, 1000 if unit == "ms" else 1).astype(np.int64)
    cut = int(np.count_nonzero(seconds * (1000 if unit == "ms" else 1) != column))
    note = f"cut {cut:,} times down to whole seconds, after sorting" if cut else ""
    return column, seconds, note


def clean_value(column: NDArray[Any]) -> NDArray[np.float32]:
    """Return values as float32; refuse what is not a finite number."""
    if column.dtype.kind not in "iuf":
        raise ValueError(f"value: expected numbers; received {column.dtype}")
    refuse("value", "finite numbers", column, ~np.isfinite(column))
    return column.astype(np.float32)


def _without_repeats(
    user: NDArray[Any], item: NDArray[Any], moment: NDArray[Any], policy: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows to keep, sorted by (user, time, row), and the rows that repeat an earlier."""
    rows = _order(user, moment)
    tie = (user[rows[1:]] == user[rows[:-1]]) & (moment[rows[1:]] == moment[rows[:-1]])
    tied = rows[np.append(tie, False) | np.append(False, tie)]  # only these can repeat
    order = tied[np.lexsort((item[tied], moment[tied], user[tied]))]
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in (user, item, moment):
        same &= column[order[1:]] == column[order[:-1]]
    repeated = order[1:][same]
    keep = np.ones(len(user), bool)
    if policy == "first":
        keep[repeated] = False
    elif policy == "last":
        keep[order[:-1][same]] = False
    return rows[keep[rows]], repeated


def _order(user: NDArray[Any], moment: NDArray[Any]) -> NDArray[np.int64]:
    """Rows by user, then time; ties stay in the order of the file."""
    if moment.dtype.kind == "i":
        start, stop = int(moment.min()), int(moment.max()) + 1
        if (int(user.max()) + 1) * (stop - start) < 2**63:  # one key sorts in half the time
            key = user.astype(np.int64)
            key *= stop - start
            key += moment
            key -= start
            return np.argsort(key, kind="stable")
    return np.lexsort((moment, user))


def _from_objects(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """Turn an object column into strings or integers if every entry is one kind."""
    is_text = np.fromiter((isinstance(x, str) for x in column), bool, len(column))
    if is_text.all():
        return column.astype(np.str_)
    is_whole = np.fromiter(
        (isinstance(x, int | np.integer) and not isinstance(x, bool) for x in column),
        bool,
        len(column),
    )
    wrong = ~is_text if is_text[0] else ~is_whole
    refuse(name, "integers >= 0 or non-empty strings, all of one kind", column, wrong)
    refuse(name, "integers below 2**63", column, np.abs(column) >= 2**63)
    return column.astype(np.int64)


def _refuse_other_unit(column: NDArray[Any], unit: str) -> None:
    """Refuse times that cannot be in this unit, or are in both units at once."""
    size = np.abs(column.astype(np.float64))
    if unit == "s":
        late = size > YEAR_2100
        hint = "if these are milliseconds, say time_unit='ms'"
        _refuse_time(f"seconds before the year 2100 ({hint})", column, late)
        return
    _refuse_time("milliseconds before the year 2100", column, size > 1000 * YEAR_2100)
    looks_like_seconds = (size > YEAR_1990) & (size <= YEAR_2100)
    if (size > YEAR_2100).any():
        _refuse_time("milliseconds in every row, not seconds in some", column, looks_like_seconds)


def _refuse_time(expected: str, column: NDArray[Any], wrong: NDArray[Any]) -> None:
    if wrong.any() and not wrong.all():
        expected += "; rows are in mixed units"
    refuse("time", expected, column, wrong)
