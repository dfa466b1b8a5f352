"""Reading a table of any size from a text file, in pieces, so that only codes are kept.

Ids are text as long as the file is read. A piece of the file is turned into codes and dropped
before the next is read, so the text is never in memory as a whole. Only when something is wrong is
the file gone through again, to name the line.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data._columns import Coded

_WHOLE_NUMBER = re.compile(r"0|-?[1-9]\d*")
_PACKED = (".gz", ".bz2", ".zip", ".xz", ".zst", ".tar")
_TAIL = 200  # bytes


@dataclass(frozen=True)
class TextTable:
    """A text file and how it is written.

    Attributes:
        path: the file.
        columns: role (``user``, ``item``, ``time``, maybe ``value``) to name of a column.
        sep: between the fields.
        names: of the columns, if the first line does not say them.
        encoding: of the text.
        time_format: of dates; None where times are numbers.
        chunk: lines in a piece.
    """

    path: Path
    columns: dict[str, str]
    sep: str
    names: Sequence[str] | None
    encoding: str
    time_format: str | None
    chunk: int

    def read(self) -> Coded:
        """Return the coded columns; raise ``ValueError`` with the line where something is wrong."""
        whole("chunk", self.chunk)
        if len(self.sep) != 1:
            raise ValueError(f"sep: expected one character; received {self.sep!r}")
        _check_end(self.path)
        header = [str(name) for name in self.names or self._first_line()]
        place = {role: self._place(role, header) for role in self.columns}
        books: dict[str, dict[str, int]] = {"user": {}, "item": {}}
        parts: dict[str, list[NDArray[Any]]] = {role: [] for role in place}
        before = 0  # rows
        for piece in self._pieces(len(header), {str(place["user"]), str(place["item"])}):
            for role, column in place.items():
                text = piece[str(column)]
                if role in books:
                    parts[role].append(self._codes(role, text, books[role], before))
                else:
                    parts[role].append(self._numbers(role, text, before))
            before += len(piece)
        if before == 0:
            raise ValueError(f"{self.path}: expected at least one row; received only the header")
        columns = {role: np.concatenate(parts.pop(role)) for role in list(parts)}
        ids = {}
        for role, book in books.items():
            ids[role], rank = _sorted_ids(book)
            if ids[role].dtype.kind == "i" and ids[role][0] < 0:
                expected = "integers >= 0 or non-empty strings"
                raise ValueError(
                    f"{self.path}: {role}: expected {expected}; received {ids[role][0]}"
                )
            columns[role] = rank[columns[role]]
        return Coded(ids["user"], ids["item"], columns)

    def _first_line(self) -> list[str]:
        import pandas as pd

        try:
            first = pd.read_csv(
                self.path, sep=self.sep, header=None, nrows=1, dtype=str, encoding=self.encoding,
                keep_default_na=False,
            )  # fmt: skip
        except pd.errors.EmptyDataError as error:
            raise ValueError(f"{self.path}: expected a header; received an empty file") from error
        return [str(name) for name in first.iloc[0].tolist()]

    def _place(self, role: str, header: list[str]) -> int:
        name, number = self.columns[role], header.count(self.columns[role])
        if number != 1:
            raise ValueError(
                f"{role}: expected one column of the file ({', '.join(header)}); "
                f"received {name!r}, which stands there {number} times"
            )
        return header.index(name)

    def _pieces(self, width: int, ids: set[str]) -> Iterator[Any]:
        """Parse the file; ids stay text, other columns become numbers where they are."""
        import pandas as pd

        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # fields that would be dropped
            try:
                reader = pd.read_csv(
                    self.path,
                    sep=self.sep,
                    header=None if self.names else 0,
                    names=[str(i) for i in range(width)],
                    index_col=False,
                    dtype=dict.fromkeys(ids, "str"),
                    keep_default_na=False,
                    low_memory=False,
                    encoding=self.encoding,
                    chunksize=self.chunk,
                )
                with reader:
                    yield from reader
            except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
                self._refuse_long_line(width)
                raise ValueError(f"{self.path}: expected whole lines; {error}") from error
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{self.path}: expected text in {self.encoding}; {error} "
                    "(give encoding=, such as 'latin-1')"
                ) from error

    def _codes(self, role: str, text: Any, book: dict[str, int], before: int) -> NDArray[np.int32]:
        """Number the ids in the order of their first appearance in the file."""
        import pandas as pd

        number, distinct = pd.factorize(text.to_numpy(object))
        distinct = distinct.tolist()
        if not all(map(str.strip, distinct)):
            empty = np.array([not id_.strip() for id_ in distinct])
            self._refuse(role, "an id", text, empty[number], before)
        codes = np.array([book.setdefault(id_, len(book)) for id_ in distinct], np.int32)
        numbered: NDArray[np.int32] = codes[number]
        return numbered

    def _numbers(self, role: str, text: Any, before: int) -> NDArray[Any]:
        """Return times or values of a piece; refuse what is none."""
        import pandas as pd

        if role == "time" and self.time_format is not None:
            form = self.time_format
            moments = pd.to_datetime(text.astype(str), format=form, errors="coerce", utc=True)
            wrong = moments.isna().to_numpy()
            self._refuse(role, f"a date written as {form!r}", text, wrong, before)
            dates: NDArray[Any] = moments.dt.tz_localize(None).to_numpy("datetime64[ms]")
            return dates
        numbers: NDArray[Any] = pd.to_numeric(text, errors="coerce").to_numpy()
        if numbers.dtype.kind not in "iuf":  # True and False, or beyond 64 bits
            numbers = np.full(len(numbers), np.nan)
        hint = "a finite number" + " (or set time_format for dates)" * (role == "time")
        self._refuse(role, hint, text, ~np.isfinite(numbers), before)
        return numbers if role == "time" else numbers.astype(np.float32)

    def _refuse(
        self, role: str, expected: str, text: Any, wrong: NDArray[np.bool_], before: int
    ) -> None:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"{self.path}, line {self._line_of(before + row)}: {role}: expected {expected} in "
                f"column {self.columns[role]!r}; received {str(text.iloc[row])!r}"
            )

    def _line_of(self, row: int) -> str:
        """Return the line of a row, counted from 1 as an editor counts."""
        for number, (line, _) in enumerate(self._records()):
            if number == row + (not self.names):
                return f"{line:,}"
        return f"of row {row:,}"  # a packed file, or marks that csv takes otherwise

    def _refuse_long_line(self, width: int) -> None:
        for line, record in self._records():
            if len(record) > width:
                raise ValueError(
                    f"{self.path}, line {line:,}: expected {width} fields; received {len(record)}: "
                    f"{self.sep.join(record)[:80]!r}"
                )

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the records that are not empty with the number of their line."""
        if self.path.suffix in _PACKED:
            return
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.sep)
            yield from ((reader.line_num, record) for record in reader if record)


def _check_end(path: Path) -> None:
    """Refuse a file that is empty or stops inside a line."""
    if path.suffix in _PACKED:  # its own format notices
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    if size == 0:
        raise ValueError(f"{path}: expected a header and rows; received an empty file")
    if not tail.endswith((b"\n", b"\r")):
        last = tail.decode("latin-1").splitlines()[-1]
        raise ValueError(
            f"{path}, last line: expected an end of line; received {last!r}: the file is cut off "
            "(if it is whole, end the last line)"
        )


def _sorted_ids(book: dict[str, int]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the ids in order, as integers if all are, and the place of each code among them."""
    ids: NDArray[Any] = np.array(list(book), np.str_)
    if all(map(_WHOLE_NUMBER.fullmatch, book)) and max(map(abs, map(int, book))) < 2**63:
        ids = ids.astype(np.int64)
    order = np.argsort(ids)
    rank = np.empty(len(ids), np.int32)
    rank[order] = np.arange(len(ids), dtype=np.int32)
    return ids[order], rank
