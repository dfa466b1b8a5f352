"""One validated table of who chose what, and when: everything in the package starts from it.

Users are coded 0..U-1, items 1..N (0 is padding), rows are sorted by user, then time, then place
in the file. So a user's history is a slice, and shuffling the users of the file changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data import _codes
from attnrec_lite.data._readers import Readers
from attnrec_lite.data.describe import Description, describe
from attnrec_lite.data.vocabulary import Vocabulary

__all__ = ["Interactions", "Vocabulary"]


@dataclass(frozen=True, eq=False, repr=False)
class Interactions(Readers):
    """Rows sorted by user, then time, then place in the file.

    ``from_columns``, ``from_frame`` and ``from_csv`` check raw data; the constructor takes codes
    and checks that they are consistent. The arrays cannot be written to.

    Attributes:
        user: user codes in 0..n_users-1, int32, shape ``(n,)``.
        item: item codes in 1..n_items, int32, shape ``(n,)``.
        time: seconds since 1970-01-01 UTC, int64, shape ``(n,)``.
        user_ids: raw user ids, shape ``(n_users,)``; ``user_ids[u]`` belongs to code ``u``.
        items: raw ids and titles of the items.
        value: a rating or amount for each row, float32, shape ``(n,)``, or None.
        notes: what loading found or changed, in words.

    Raises:
        ValueError: if shapes differ, a code is out of range or the rows are not sorted.

    >>> log = Interactions.from_columns(["mia", "mia"], ["teapot", "kettle"], [60, 0])
    >>> log
    Interactions(2 rows, 1 user, 2 items, 1970-01-01 to 1970-01-01)
    >>> log.items.title(log.item).tolist()
    ['kettle', 'teapot']
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    time: NDArray[np.int64]
    user_ids: NDArray[Any]
    items: Vocabulary
    value: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the codes, the order and the vocabularies fit together."""
        length = len(self.user)
        dtypes = {"user": np.int32, "item": np.int32, "time": np.int64, "value": np.float32}
        for name, dtype in dtypes.items():
            if name != "value" or self.value is not None:
                array = _codes.as_codes(name, getattr(self, name), dtype, length)
                object.__setattr__(self, name, _codes.read_only(array))
        object.__setattr__(self, "user_ids", _codes.read_only(np.asarray(self.user_ids)))
        object.__setattr__(self, "notes", tuple(self.notes))
        _codes.check_codes("user", self.user, 0, self.n_users - 1)
        _codes.check_codes("item", self.item, 1, self.n_items)
        user_step = np.diff(self.user)
        if not np.all((user_step > 0) | ((user_step == 0) & (np.diff(self.time) >= 0))):
            raise ValueError(
                "rows: expected order by user, then time; received another (see from_columns)"
            )

    @property
    def n_users(self) -> int:
        """Number of users, those without a row included."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of items N, those without a row included, padding not."""
        return len(self.items)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.user)

    def __repr__(self) -> str:
        """Show the sizes and the first and last day."""
        sizes = (len(self), self.n_users, self.n_items)
        parts = list(map(_codes.count, sizes, ("row", "user", "item")))
        if len(self):
            days = np.array([self.time.min(), self.time.max()]).astype("datetime64[s]")
            parts.append(" to ".join(days.astype("datetime64[D]").astype(str)))
        return f"Interactions({', '.join(parts)})"

    def bounds(self) -> NDArray[np.int64]:
        """Return where each user's rows begin and end.

        Returns:
            Offsets of shape ``(n_users + 1,)``: user ``u`` has rows ``bounds[u]:bounds[u + 1]``.

        >>> Interactions.from_columns([5, 5, 9], [1, 2, 1], [0, 1, 2]).bounds()
        array([0, 2, 3])
        """
        return self._bounds

    def select(self, rows: ArrayLike) -> Interactions:
        """Keep some rows; codes and vocabularies stay the same, so does the order.

        Args:
            rows: a boolean for each row, or row numbers in any order, each at most once.

        Returns:
            The smaller table, which may be empty.

        Raises:
            ValueError: if booleans are not one per row, or a number is out of range or repeated.

        >>> Interactions.from_columns([5, 5, 9], [1, 2, 1], [0, 1, 2]).select([2, 0]).item
        array([1, 1], dtype=int32)
        """
        keep = _codes.as_rows(rows, len(self))
        return replace(
            self,
            user=self.user[keep],
            item=self.item[keep],
            time=self.time[keep],
            value=None if self.value is None else self.value[keep],
        )

    def keep_active(self, *, min_user: int = 1, min_item: int = 1) -> Interactions:
        """Drop users and items with too few rows, again and again until all have enough.

        Args:
            min_user: fewest rows of a user.
            min_item: fewest rows of an item.

        Returns:
            A table with new codes and smaller vocabularies; ``notes`` says what was dropped.

        Raises:
            ValueError: if a bound is negative or nothing is left.

        >>> log = Interactions.from_columns([5, 5, 9], [1, 2, 1], [0, 1, 2])
        >>> log.keep_active(min_item=2).notes[-1]
        'kept 2 of 3 rows, 2 of 2 users, 1 of 2 items (min_user=1, min_item=2)'
        """
        keep, users, items = _codes.active(self, min_user, min_item)
        note = (
            f"kept {len(keep):,} of {len(self):,} rows, {len(users):,} of {self.n_users:,} users, "
            f"{len(items):,} of {self.n_items:,} items (min_user={min_user}, min_item={min_item})"
        )
        return Interactions(
            user=np.searchsorted(users, self.user[keep]).astype(np.int32),
            item=(np.searchsorted(items, self.item[keep]) + 1).astype(np.int32),
            time=self.time[keep],
            user_ids=self.user_ids[users],
            items=Vocabulary(self.items.raw[items - 1], self.items.titles[items - 1]),
            value=None if self.value is None else self.value[keep],
            notes=(*self.notes, note),
        )

    def to_frame(self) -> Any:
        """Return the rows as a pandas ``DataFrame`` with raw ids, titles and dates.

        Returns:
            Columns ``user``, ``item``, ``title``, ``time`` (UTC), and ``value`` if there is one.
            ``from_frame(frame, title="title", value="value")`` makes the same table of it, except
            for the notes and for users and items without a row.

        Raises:
            ImportError: if pandas is not installed.

        >>> log = Interactions.from_columns(["mia"], [7], [60], titles={7: "kettle"})
        >>> print(log.to_frame().to_string(index=False))
        user  item  title                time
         mia     7 kettle 1970-01-01 00:01:00
        """
        import pandas as pd

        columns = {
            "user": self.user_ids[self.user],
            "item": self.items.raw[self.item - 1],
            "title": self.items.titles[self.item - 1],
            "time": self.time.astype("datetime64[s]"),
        }
        if self.value is not None:
            columns["value"] = self.value
        return pd.DataFrame(columns)

    def describe(self, at_least: int = 5) -> Description:
        """Measure the log: sizes, long tail, ties in time, sittings; see ``Description``.

        Args:
            at_least: rows that a user needs to be counted where sittings are.

        Returns:
            The figures; printed, they are a few lines of text.

        >>> log = Interactions.from_columns([5, 5, 9], [1, 2, 1], [0, 1, 2])
        >>> print(log.describe())  # doctest: +ELLIPSIS
        size                     3 rows, 2 users, 2 items
        time                     1970-01-01 to 1970-01-01
        pairs                    75.000 % of all pairs of a user and an item occur
        ...
        """
        return describe(self, at_least)

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        rows = np.bincount(self.user, minlength=self.n_users)
        return _codes.read_only(np.concatenate([[0], np.cumsum(rows)]).astype(np.int64))
