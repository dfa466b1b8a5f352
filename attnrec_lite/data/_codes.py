"""Checks and choices on coded arrays, shared by the modules of ``data``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from attnrec_lite.data.interactions import Interactions


def as_vector(name: str, column: ArrayLike) -> NDArray[Any]:
    """Return a column as a one-dimensional array, or say what it is instead."""
    array = np.asarray(column)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one column; received shape {array.shape}")
    return array


def as_codes(name: str, column: ArrayLike, dtype: type, length: int) -> NDArray[Any]:
    """Return a column of the wanted type and length, or say what it is instead."""
    array = as_vector(name, column)
    if len(array) != length:
        raise ValueError(f"{name}: expected {length:,} rows, as user has; received {len(array):,}")
    codes: NDArray[Any] = np.ascontiguousarray(array, dtype)
    if name != "value":
        refuse(name, f"integers that fit {np.dtype(dtype)}", array, codes != array)
    return codes


def check_codes(name: str, codes: NDArray[Any], low: int, high: int) -> None:
    """Refuse codes outside low..high."""
    if codes.size and (codes.min() < low or codes.max() > high):
        raise ValueError(
            f"{name}: expected numbers in {low}..{high}; received {codes.min()} to {codes.max()}"
        )


def check_ids(name: str, ids: ArrayLike, high: int) -> NDArray[np.int64]:
    """Return integers of any shape in 0..high as int64, or say what they are instead."""
    array = np.asarray(ids)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers in 0..{high}; received {array.dtype}")
    check_codes(name, array, 0, high)
    return array.astype(np.int64)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view of ``array`` that cannot be written to; ``array`` itself stays as it was."""
    view = array.view()
    view.flags.writeable = False
    return view


def count(number: int, word: str) -> str:
    """Return a number with its noun: '1 row', '2,000 rows'."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def refuse(name: str, expected: str, column: NDArray[Any], wrong: NDArray[Any]) -> None:
    """Raise if any row is wrong: how many, the first of them and its value."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{name}: expected {expected}; received {column.tolist()[row]!r} in row {row} "
            f"({np.count_nonzero(wrong):,} of {len(column):,} rows are wrong)"
        )


def as_rows(rows: ArrayLike, length: int) -> NDArray[np.int64]:
    """Return row numbers in rising order from booleans or numbers; refuse others."""
    array = as_vector("rows", rows)
    if array.dtype == bool:
        if len(array) != length:
            raise ValueError(f"rows: expected {length:,} booleans; received {len(array):,}")
        return np.flatnonzero(array)
    numbers = np.unique(check_ids("rows", array, length - 1))
    if len(numbers) < len(array):
        raise ValueError(
            f"rows: expected each row at most once; received {len(array) - len(numbers):,} repeated"
        )
    return numbers


def active(
    log: Interactions, min_user: int, min_item: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows, users and items left when all have enough rows of each other."""
    for name, bound in (("min_user", min_user), ("min_item", min_item)):
        if bound < 0:
            raise ValueError(f"{name}: expected a number >= 0; received {bound}")
    keep = np.arange(len(log))
    while True:
        of_user = np.bincount(log.user[keep], minlength=log.n_users)
        of_item = np.bincount(log.item[keep], minlength=log.n_items + 1)
        enough = (of_user[log.user[keep]] >= min_user) & (of_item[log.item[keep]] >= min_item)
        if enough.all():
            break
        keep = keep[enough]
    if len(keep) == 0:
        raise ValueError(
            f"min_user, min_item: expected bounds that leave a row; "
            f"received {min_user} and {min_item} for {log!r}"
        )
    items = np.flatnonzero(of_item[1:] >= min_item) + 1
    return keep, np.flatnonzero(of_user >= min_user), items
