"""The notation page lists what is used: a symbol stands in a chapter, a name in the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
TABLE = [
    line
    for line in (BOOK / "notation.md").read_text(encoding="utf8").splitlines()
    if re.match(r"\| [$`]", line)  # a symbol or a name; the table of slots has neither
]
SYMBOLS = [line.split(" | ")[0].strip("| ") for line in TABLE]


def chapters() -> str:
    """All Markdown and code of the notebooks."""
    notebooks = [json.loads(path.read_text(encoding="utf8")) for path in BOOK.glob("*.ipynb")]
    return "\n".join("".join(cell["source"]) for book in notebooks for cell in book["cells"])


def package() -> str:
    """All code of the package."""
    files = sorted((ROOT / "attnrec_lite").rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf8") for path in files)


def test_the_table_is_there_and_names_no_symbol_twice():
    assert len(SYMBOLS) >= 25
    assert len(set(SYMBOLS)) == len(SYMBOLS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_of_the_table_is_used(symbol):
    if symbol.startswith("$"):
        assert symbol.strip("$") in chapters()
    else:
        name = re.escape(symbol.strip("`"))
        assert re.search(rf"\b{name}\b", chapters() + package())
