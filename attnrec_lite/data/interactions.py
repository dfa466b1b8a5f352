"""One validated table of who chose what, and when: everything in the package starts from it.

Users are coded 0..U-1, items 1..N (0 is padding), rows are sorted by user, then time, then place
in the file. So a user's history is a slice, and shuffling the users of the file changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data import _codes, _columns
from attnrec_lite.data.describe import Description, describe
from attnrec_lite.data.vocabulary import Vocabulary

__all__ = ["Interactions", "Vocabulary"]


@dataclass(frozen=True, eq=False, repr=False)
class Interactions:
    """Rows sorted by user, then time, then place in the file.

    ``from_columns`` and ``from_frame`` check raw data; the constructor takes codes and checks that
    they are consistent. The arrays cannot be written to.

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

    @classmethod
    def from_columns(
        cls,
        user: ArrayLike,
        item: ArrayLike,
        time: ArrayLike,
        *,
        value: ArrayLike | None = None,
        titles: Mapping[Any, str] | None = None,
        duplicates: str = "error",
        time_unit: str = "s",
    ) -> Interactions:
        """Check raw columns, code the ids in sorted order and sort the rows.

        Args:
            user: raw user ids, integers >= 0 or non-empty strings, shape ``(n,)``.
            item: raw item ids, likewise, shape ``(n,)``.
            time: numbers since 1970-01-01 UTC, or dates, shape ``(n,)``.
            value: a number for each row, shape ``(n,)``.
            titles: raw item id to title; by default the raw id.
            duplicates: policy for rows of the same user, item and time: ``"error"``, or ``"keep"``
                all, the ``"first"`` or the ``"last"`` of the file.
            time_unit: ``"s"`` or ``"ms"``; ignored for dates.

        Returns:
            The table; what was found or changed stands in its ``notes``.

        Raises:
            ValueError: if columns differ in length or are empty, an id, time or option is not as
                above, times are in another unit, or rows repeat.

        >>> Interactions.from_columns([7, 7], [1, 1], [5, 5], duplicates="last").notes
        ('dropped 1 duplicate row (kept the last)',)
        """
        given = {"user": user, "item": item, "time": time, "value": value}
        columns = {n: _codes.as_vector(n, c) for n, c in given.items() if c is not None}
        table, notes = _columns.code(columns, duplicates, time_unit)
        items, title_notes = Vocabulary.from_titles(table.pop("raw_items"), titles)
        return cls(items=items, notes=(*notes, *title_notes), **table)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: str = "user",
        item: str = "item",
        time: str = "time",
        value: str | None = None,
        **options: Any,
    ) -> Interactions:
        """Read columns of a table (a pandas ``DataFrame`` or a mapping of columns) by name.

        Args:
            frame: the table.
            user: name of the column of user ids.
            item: name of the column of item ids.
            time: name of the column of times.
            value: name of the column of values, if any.
            **options: ``titles``, ``duplicates``, ``time_unit`` of ``from_columns``.

        Returns:
            The table.

        Raises:
            ValueError: if a column is not there, and whatever ``from_columns`` refuses.

        >>> Interactions.from_frame({"u": [3], "item": [4], "time": [5]}, user="u").n_users
        1
        """
        present = list(frame.keys())
        named = {"user": user, "item": item, "time": time, "value": value}
        for argument, name in named.items():
            if name is not None and name not in present:
                raise ValueError(
                    f"{argument}: expected a column of the table ({', '.join(map(str, present))}); "
                    f"received {name!r}"
                )
        if value is not None:
            options["value"] = np.asarray(frame[value])
        return cls.from_columns(*(np.asarray(frame[c]) for c in (user, item, time)), **options)

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
