"""What the scripts in ``benchmarks`` measured, for the chapters that show it.

These runs take minutes to hours, so a chapter reads what was kept. One file for each script, with
the same name; the script writes it, nobody else does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["load", "names", "path"]

_FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the names of all results, sorted.

    >>> names()[:3]
    ['applications', 'cold_start', 'compression']
    """
    return sorted(file.stem for file in _FOLDER.glob("*.json"))


def path(name: str) -> Path:
    """Return the file where ``benchmarks/<name>.py`` keeps what it measured; it need not exist.

    Args:
        name: of the script, without its ending.

    >>> path("growth").name
    'growth.json'
    """
    return _FOLDER / f"{name}.json"


def load(name: str) -> Any:
    """Return what ``benchmarks/<name>.py`` measured, as the script wrote it.

    Args:
        name: of the script, without its ending.

    Raises:
        ValueError: nothing is kept under this name.

    >>> sorted(load("growth")["slopes"])
    ['items', 'length', 'users', 'width']
    """
    if name not in names():
        raise ValueError(f"name: expected one of {', '.join(names())}; received {name!r}")
    return json.loads(path(name).read_text(encoding="utf8"))
