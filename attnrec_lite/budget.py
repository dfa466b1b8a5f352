"""The switch from the two-minute run of a chapter to the full one.

A chapter that trains a model names both of its sizes where it uses them,
``for seed in range(pick(3, full=10))``. It runs short, unless the environment variable
``ATTNREC_FULL`` is set to ``1`` before the cell runs.
"""

from __future__ import annotations

import os
from typing import TypeVar

ENVIRONMENT = "ATTNREC_FULL"
_FULL = ("1", "true", "yes")
_SHORT = ("", "0")

Size = TypeVar("Size")


def pick(short: Size, full: Size) -> Size:
    """Return ``short`` in the ordinary run, ``full`` where ``ATTNREC_FULL`` asks for the full one.

    The variable is read at each call, so that a notebook can set it in its first cell. Both
    values are computed whatever the run: hand over sizes, not results.

    Args:
        short: the size that a page can wait for, and that the published book shows.
        full: the size of the full run.

    Returns:
        One of the two, unchanged.

    Raises:
        ValueError: the variable is none of 1, true and yes (the full run), nor 0, nor empty.

    >>> import os
    >>> _ = os.environ.pop("ATTNREC_FULL", None)
    >>> pick(3, full=10)
    3
    >>> os.environ["ATTNREC_FULL"] = "1"
    >>> pick(3, full=10)
    10
    >>> del os.environ["ATTNREC_FULL"]
    """
    said = os.environ.get(ENVIRONMENT, "")
    if said.strip().lower() in _FULL:
        return full
    if said.strip() in _SHORT:
        return short
    raise ValueError(
        f"{ENVIRONMENT}: expected 1, true or yes for the full run, 0 or nothing for the short "
        f"one; received {said!r:.80}"
    )
