"""A log from the plainest of files: one event a line, a user and an item, oldest first."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.data.interactions import Interactions


def read_events(path: str | Path) -> Interactions:
    r"""Read lines of ``user item``, the format of SASRec's own repository.

    Both are positive integers, separated by blanks or tabs; empty lines don't count. A user's
    events stand in the order in which they happened; lines of several users may be mixed. There
    are no times, so each event gets the number of its line as its second. Four million lines take
    about two seconds.

    Args:
        path: the file.

    Returns:
        The log. ``user_ids`` and ``items.raw`` hold the numbers of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file holds no line, a line is not two positive integers (the first such
            line is named), or there is only one item.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    ...     _ = file.write("7 30\n7 10\n8 10\n")
    ...     file.flush()
    ...     log = read_events(file.name)
    >>> log.user.tolist(), log.items.raw[log.item - 1].tolist()
    ([0, 0, 1], [30, 10, 10])
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"file: expected a text file of user item lines; found no {path}")
    user, item = _columns(path).T
    if item.min() == item.max():
        raise ValueError(f"file: expected two items or more; {path} has item {item[0]} only")
    return Interactions.from_columns(user, item, np.arange(len(user)))


def _columns(path: Path) -> NDArray[np.int64]:
    """The numbers of the file, int64 ``(lines, 2)``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file, which is refused below
            found = np.loadtxt(path, dtype=np.int64, ndmin=2, comments=None, encoding="utf-8")
    except ValueError:
        _refuse_first_wrong_line(path)
        raise  # pragma: no cover  # numpy refuses no line that the check lets through
    if found.size == 0:
        raise ValueError(f"file: expected lines of user item; {path} is empty")
    if found.shape[1] != 2 or found.min() < 1:
        _refuse_first_wrong_line(path)
    return found


def _refuse_first_wrong_line(path: Path) -> None:
    """Name the first line that is not two positive integers, the way slow but exact."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            words = line.split()
            if words and not (len(words) == 2 and all(map(_is_positive, words))):
                shown = line.strip()
                raise ValueError(
                    f"file: expected two positive integers, user and item, in line {number:,} of "
                    f"{path}; received {shown[:60]!r}"
                )


def _is_positive(word: str) -> bool:
    return word.isascii() and word.isdigit() and 0 < int(word) < 2**63
