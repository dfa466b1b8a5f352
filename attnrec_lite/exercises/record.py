"""The reader's record: which exercises were tried, and when they were first right.

One small file of plain JSON in the working directory, ``attnrec-progress.json``: numbers of
exercises and times, no code and no name. It is the reader's: it may be read, moved, edited and
deleted. The environment variable ``ATTNREC_PROGRESS`` names another file; empty, it keeps nothing.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

VARIABLE, NAME = "ATTNREC_PROGRESS", "attnrec-progress.json"
MARK = "attnrec_lite exercises: yours to read, move, edit and delete"
LARGEST = 1_000_000  # bytes: a hundred times what all exercises take
TRIES, FIRST, RIGHT = "tries", "first tried", "first right"


class Unusable(Exception):
    """A file that is there and that is no record; the text says what was found."""


@dataclass(frozen=True)
class Record:
    """What the file holds.

    Attributes:
        entries: exercise number to tries, day and time of the first try and of the first right one.
        note: what was wrong with the file, in a line; empty when all is well.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    note: str = ""


def place() -> Path | None:
    """Return where the record is kept; None if nothing is to be kept."""
    named = os.environ.get(VARIABLE, NAME)
    return Path(named).expanduser() if named else None


def read() -> Record:
    """Read the record, without changing anything; a file that cannot be used is an empty one."""
    try:
        path = place()
        return Record() if path is None else Record(_parse(_bytes(path)))
    except (OSError, RuntimeError, ValueError, Unusable) as error:
        return Record(note=f"{shown()} cannot be read: {_line(error)}")


def note_try(number: str, passed: bool) -> str:
    """Add a try to the record.

    Args:
        number: of the exercise.
        passed: whether the answer was right.

    Returns:
        What the reader should hear of it, in one line; mostly nothing. Whatever is wrong with the
        file is told there: it is no reason for an exercise to fail.
    """
    try:
        path = place()
        return "" if path is None else _add(Path(os.path.realpath(path)), number, passed)
    except (OSError, RuntimeError, ValueError, Unusable) as error:
        return f"Progress is not kept: {_line(error)}"


def _add(path: Path, number: str, passed: bool) -> str:
    """Read, add, write; once more if somebody else has written in between."""
    note = ""
    for _ in range(20):
        before = _bytes(path)
        if before is not None and not path.stat().st_mode & 0o222:
            raise Unusable(f"{path.name} may only be read")
        try:
            entries = _parse(before)
        except Unusable:
            if before is None or MARK.encode() not in before:
                raise  # not written here: it stays as it is
            aside = path.with_name(f"{path.stem}-damaged-{uuid4().hex[:6]}{path.suffix}")
            path.rename(aside)
            note = f"{path.name} was damaged: set aside as {aside.name}, and begun anew"
            continue
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = entries.setdefault(number, {TRIES: 0, FIRST: now, RIGHT: None})
        entry[TRIES] += 1
        entry[RIGHT] = entry[RIGHT] or (now if passed else None)
        if _write(path, entries, before):
            first = f"Progress is kept in {shown()}; delete it to start anew"
            return note or ("" if before else first)
    return "Progress of this try is not kept: the file is being written without a pause"


def _write(path: Path, entries: dict[str, Any], before: bytes | None) -> bool:
    """Put a whole new file in the place of the old one, unless that is no longer ``before``."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    text = json.dumps({"what": MARK, "exercises": entries}, indent=1) + "\n"
    try:
        draft.write_text(text, encoding="utf8")
        if _bytes(path) != before:
            return False
        draft.replace(path)
        return True
    finally:
        draft.unlink(missing_ok=True)


def _bytes(path: Path) -> bytes | None:
    """Return what a file holds; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise Unusable(f"{path.name} is no record of exercises; it stays as it is")
    return path.read_bytes()


def _parse(found: bytes | None) -> dict[str, dict[str, Any]]:
    """Return the entries; none for no file and for an empty one.

    Raises:
        Unusable: if there is something else in it.
    """
    if not found or not found.strip():
        return {}
    try:
        whole = json.loads(found)
        entries = whole["exercises"]
        if whole["what"] != MARK:
            raise KeyError
        for entry in entries.values():
            if type(entry[TRIES]) is not int or not {type(entry[FIRST]), type(entry[RIGHT])} <= {
                str,
                type(None),
            }:
                raise TypeError
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise Unusable("the file holds something else than a record; it stays as it is") from None
    return dict(entries)


def shown() -> str:
    """Return the name of the file as the reader knows it; empty if nothing is kept."""
    return os.environ.get(VARIABLE, NAME)


def _line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__
