"""Figures that stand in the prose of the introduction are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from attnrec_lite.evaluation import ranking_metrics

BOOK = Path(__file__).parents[3] / "book"


def source() -> str:
    """All text and code of the introduction."""
    cells = json.loads((BOOK / "intro.ipynb").read_text(encoding="utf8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def test_ndcg_of_three_places_is_what_the_cover_says():
    told = re.search(r"is 1 if .*?, (\S+) if second, (\S+) if tenth", source())
    gains = [ndcg_at(place) for place in (2, 10)]
    np.testing.assert_allclose([float(number) for number in told.groups()], gains, atol=0.005)


def ndcg_at(place: int) -> float:
    """NDCG of a single target at a place, by the package."""
    return float(ranking_metrics([place - 1], [0], k=10)["ndcg"][0])


def test_the_items_counted_on_the_cover_are_those_of_the_inventory():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    pages = {path.stem for path in BOOK.iterdir() if path.suffix in (".ipynb", ".md")}
    assert {item["chapter"] for item in items} <= pages
    assert f"All {len(items)} items that we found in the articles are treated" in source()
    readme = (BOOK.parent / "README.md").read_text(encoding="utf8")
    assert f"All {len(items)} items found in the articles are treated" in readme
