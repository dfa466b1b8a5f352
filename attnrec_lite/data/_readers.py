"""The ways into a table of interactions: columns, a data frame, a text file of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data import _codes, _columns
from attnrec_lite.data._csv import TextTable
from attnrec_lite.data.vocabulary import Vocabulary


class Readers:
    """What ``Interactions`` can be made from."""

    if TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None: ...

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
    ) -> Self:
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

        >>> from attnrec_lite.data import Interactions
        >>> Interactions.from_columns([7, 7], [1, 1], [5, 5], duplicates="last").notes
        ('dropped 1 duplicate row (kept the last)',)
        """
        given = {"user": user, "item": item, "time": time, "value": value}
        columns = {n: _codes.as_vector(n, c) for n, c in given.items() if c is not None}
        _columns.check_policy(duplicates)
        return cls._from_coded(_columns.code(columns), titles, duplicates, time_unit)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: str = "user",
        item: str = "item",
        time: str = "time",
        value: str | None = None,
        title: str | None = None,
        **options: Any,
    ) -> Self:
        """Read columns of a table (a pandas ``DataFrame`` or a mapping of columns) by name.

        Args:
            frame: the table.
            user: name of the column of user ids.
            item: name of the column of item ids.
            time: name of the column of times.
            value: name of the column of values, if any.
            title: name of the column of titles, if any; an item with several keeps its first.
            **options: ``titles``, ``duplicates``, ``time_unit`` of ``from_columns``.

        Returns:
            The table.

        Raises:
            ValueError: if a column is not there, and whatever ``from_columns`` refuses.

        >>> from attnrec_lite.data import Interactions
        >>> Interactions.from_frame({"u": [3], "item": [4], "time": [5]}, user="u").n_users
        1
        """
        present = list(frame.keys())
        named = {"user": user, "item": item, "time": time, "value": value, "title": title}
        for argument, name in named.items():
            if name is not None and name not in present:
                raise ValueError(
                    f"{argument}: expected a column of the table ({', '.join(map(str, present))}); "
                    f"received {name!r}"
                )
        if value is not None:
            options["value"] = np.asarray(frame[value])
        if title is not None:
            options["titles"] = _first_titles(np.asarray(frame[item]), np.asarray(frame[title]))
        return cls.from_columns(*(np.asarray(frame[c]) for c in (user, item, time)), **options)

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        user: str = "user",
        item: str = "item",
        time: str = "time",
        value: str | None = None,
        sep: str = ",",
        names: Sequence[str] | None = None,
        encoding: str = "utf-8",
        time_format: str | None = None,
        chunk: int = 500_000,
        titles: Mapping[Any, str] | None = None,
        duplicates: str = "error",
        time_unit: str = "s",
    ) -> Self:
        r"""Read columns of a text file by name, in pieces: only codes stay in memory.

        Ids are integers if every id of the column is a whole number without leading zeros, else
        text, whatever the size of the pieces. Ten million rows take about 15 s and 600 MiB at the
        peak (``ru_maxrss``), of which the table is 191 MiB: ``benchmarks/read_csv.py``.

        Args:
            path: the file, packed (``.gz``, ``.zip``, ...) or not.
            user: name of the column of user ids.
            item: name of the column of item ids.
            time: name of the column of times.
            value: name of the column of values, if any.
            sep: one character between the fields, ``"\t"`` for TSV; a field may be in quotes.
            names: of the columns, for a file without a header.
            encoding: of the text; a byte-order mark is dropped.
            time_format: how dates are written, as in ``strftime``, or ``"ISO8601"``; without it
                times are numbers. Dates without a zone are UTC.
            chunk: lines in a piece.
            titles: raw item id to title; by default the raw id.
            duplicates: policy of ``from_columns``.
            time_unit: ``"s"`` or ``"ms"``, as in ``from_columns``.

        Returns:
            The table.

        Raises:
            FileNotFoundError: if there is no such file.
            ImportError: if pandas is not installed.
            ValueError: if a column is not there, a line does not fit or is cut off (the line is
                named), and whatever ``from_columns`` refuses.

        >>> import tempfile; from attnrec_lite.data import Interactions
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "log.tsv")
        ...     _ = path.write_text("who\twhat\ttime\nmia\t7\t60\n")
        ...     Interactions.from_csv(path, user="who", item="what", sep="\t")
        Interactions(1 row, 1 user, 1 item, 1970-01-01 to 1970-01-01)
        """
        _columns.check_policy(duplicates)
        named = {"user": user, "item": item, "time": time, "value": value}
        roles = {role: name for role, name in named.items() if name is not None}
        file = TextTable(Path(path), roles, sep, names, encoding, time_format, chunk)
        coded = file.read()
        try:
            return cls._from_coded(coded, titles, duplicates, time_unit)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def _from_coded(
        cls,
        coded: _columns.Coded,
        titles: Mapping[Any, str] | None,
        duplicates: str,
        time_unit: str,
    ) -> Self:
        table, notes = _columns.arrange(coded, duplicates, time_unit)
        items, title_notes = Vocabulary.from_titles(table.pop("raw_items"), titles)
        return cls(items=items, notes=(*notes, *title_notes), **table)


def _first_titles(raw: NDArray[Any], titles: NDArray[Any]) -> dict[Any, str]:
    """Return the first title of each raw id; what is no text is no title."""
    text = np.array([isinstance(title, str) for title in titles.tolist()], bool)
    pairs = zip(raw[text][::-1].tolist(), titles[text][::-1].tolist(), strict=True)
    return dict(pairs)
