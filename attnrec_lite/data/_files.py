"""Reading rating files line for line as their publishers wrote them, or saying what is wrong.

A good file is parsed by pandas at full speed, in pieces. Only when something is wrong is the file
read again, slowly, to name the line.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data._columns import YEAR_1990, YEAR_2100

_PATTERNS = {"int": r"\d+", "float": r"\d+(\.\d+)?", "str": r".+"}
_PIECE = 2_000_000  # rows


@dataclass(frozen=True)
class RatingsFormat:
    """How one family of rating files is written.

    Attributes:
        separator: between the four columns.
        has_header: whether the first line names the columns.
        lowest: least rating.
        highest: greatest rating.
        item_type: ``"int"`` or ``"str"``.
        names: what the publisher calls user, item, rating and time.
    """

    separator: str
    has_header: bool
    lowest: float
    highest: float
    item_type: str = "int"
    names: tuple[str, str, str, str] = ("userId", "movieId", "rating", "timestamp")

    @property
    def header(self) -> str:
        """The columns as a line of the file."""
        return self.separator.join(self.names)

    @property
    def types(self) -> tuple[str, str, str, str]:
        """Type of each column."""
        return ("int", self.item_type, "float", "int")


def read_ratings(path: Path, form: RatingsFormat) -> dict[str, NDArray[Any]]:
    """Read the columns ``user``, ``item``, ``value`` and ``time`` of a ratings file.

    Args:
        path: the file.
        form: how it is written.

    Returns:
        Four columns of equal length.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is empty, cut off, has other columns, or a line does not fit.
    """
    _check_ends(path, form)
    try:
        user, item, value, time = _columns(path, form)
    except (ValueError, OverflowError) as error:  # pandas: wrong number of fields, or no number
        _explain(path, form)
        raise ValueError(f"{path}: expected {form.header!r} in each line; {error}") from error
    if len(user) == 0:
        raise ValueError(f"{path}: expected lines {form.header!r}; received only the header")
    lines = f"ratings from {form.lowest:g} to {form.highest:g}"
    _refuse_lines(path, form, lines, value, (value < form.lowest) | (value > form.highest))
    moment = "a time in seconds between 1990 and 2100"
    _refuse_lines(path, form, moment, time, (time < YEAR_1990) | (time > YEAR_2100))
    return {"user": user, "item": item, "value": value, "time": time}


def read_titles(path: Path, separator: str, n_columns: int, item_type: str) -> dict[Any, str]:
    """Read item id and title, the first two columns of a film file.

    Args:
        path: the file; UTF-8, or Latin-1 as the oldest editions are.
        separator: between columns; a comma means CSV with a header and quotes.
        n_columns: number of columns.
        item_type: ``"int"`` or ``"str"``.

    Returns:
        Raw id to title.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line has another number of columns, a bad id or an id seen before.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    is_csv = separator == ","
    lines = io.StringIO(text)  # not splitlines, which also splits at rarer characters
    rows = csv.reader(lines) if is_csv else (line.rstrip("\n").split(separator) for line in lines)
    titles: dict[Any, str] = {}
    for number, row in enumerate(rows, start=1):
        if is_csv and number == 1 and row[:2] == ["movieId", "title"]:
            continue
        if len(row) != n_columns or not re.fullmatch(_PATTERNS[item_type], row[0]):
            raise ValueError(
                f"{path}, line {number}: expected {n_columns} columns separated by {separator!r}, "
                f"the first an item id; received {separator.join(row)[:80]!r}"
            )
        key = int(row[0]) if item_type == "int" else row[0]
        if key in titles:
            raise ValueError(f"{path}, line {number}: expected each id once; received {key} again")
        titles[key] = row[1].strip()
    return titles


def _check_ends(path: Path, form: RatingsFormat) -> None:
    """Refuse a file that is empty, begins with other columns or stops inside a line."""
    with path.open("rb") as file:
        first = file.readline(1000).decode("latin-1").rstrip("\r\n")
        size = file.seek(0, 2)
        file.seek(max(0, size - 80))
        tail = file.read()
    if size == 0:
        raise ValueError(f"{path}: expected lines {form.header!r}; received an empty file")
    if form.has_header and first != form.header:
        raise ValueError(f"{path}, line 1: expected {form.header!r}; received {first[:80]!r}")
    if not tail.endswith(b"\n"):
        last = tail.decode("latin-1").splitlines()[-1]
        raise ValueError(
            f"{path}, last line: expected an end of line; received {last!r}: the file is cut off"
        )


def _columns(path: Path, form: RatingsFormat) -> list[NDArray[Any]]:
    """Parse the file in pieces; raise ``ValueError`` where the fields do not fit."""
    import pandas as pd

    width = len(form.separator)  # "::" is read as ":" with an empty column between, which is fast
    kept = [str(i * width) for i in range(4)]
    names = [str(i) for i in range(3 * width + 2)]  # one more, to notice lines that are too long
    dtypes = dict(zip(kept, ("int64", form.item_type, "float64", "int64"), strict=True))
    kinds = (np.int64, object if form.item_type == "str" else np.int64, np.float64, np.int64)
    pieces = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # fields that pandas would drop
        try:
            reader = pd.read_csv(
                path,
                sep=form.separator[0],
                header=None,
                names=names,
                index_col=False,
                skiprows=int(form.has_header),
                dtype={name: dtypes.get(name, "str") for name in names},
                keep_default_na=False,
                na_values=[""],
                quoting=csv.QUOTE_NONE,
                skip_blank_lines=False,
                chunksize=_PIECE,
            )
            with reader:
                for piece in reader:
                    if piece[kept].isna().any(axis=None) or piece.drop(columns=kept).notna().any(
                        axis=None
                    ):
                        raise ValueError("a line has too few or too many columns")
                    pairs = zip(kept, kinds, strict=True)
                    pieces.append([piece[name].to_numpy(kind) for name, kind in pairs])
        except pd.errors.ParserWarning as error:
            raise ValueError(f"a line has too many columns ({error})") from error
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


def _explain(path: Path, form: RatingsFormat) -> None:
    """Raise for the first line that does not fit, if there is one."""
    patterns = [_PATTERNS[kind] for kind in form.types]
    with path.open(encoding="latin-1", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and form.has_header:
                continue
            fields = line.rstrip("\r\n").split(form.separator)
            if len(fields) != 4 or not all(map(re.fullmatch, patterns, fields)):
                raise ValueError(
                    f"{path}, line {number}: expected {form.header!r} with "
                    f"{', '.join(form.types)}; received {line.rstrip()[:80]!r}"
                )


def _refuse_lines(
    path: Path, form: RatingsFormat, expected: str, column: NDArray[Any], wrong: NDArray[np.bool_]
) -> None:
    """Raise with the line of the first wrong row."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{path}, line {row + 1 + form.has_header}: expected {expected}; "
            f"received {column[row]:g} ({np.count_nonzero(wrong):,} such lines)"
        )
