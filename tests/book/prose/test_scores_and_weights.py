"""Figures that stand in the prose are recomputed: a typed number that is wrong turns a test red."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

BOOK = Path(__file__).parents[3] / "book"
SHELF = np.array([TOY_GOODS[name] for name in ("kettle", "teapot", "tablecloth", "ice bucket")])


def source() -> str:
    """The whole text of the chapter, figure captions included."""
    cells = json.loads((BOOK / "scores-and-weights.ipynb").read_text(encoding="utf8"))["cells"]
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in cells]
    captions = [figure.get("caption", "") for figure in figures]
    return "\n".join([*("".join(cell["source"]) for cell in cells), *captions])


def test_the_opening_gives_the_cosines_of_the_shelf_in_per_cent():
    shares = 100 * formulas.cosine_scores(TOY_GOODS["kettle"], SHELF)
    text = source()
    told = re.search(r"gives (\S+) %, (\S+) %, (\S+) % and (\S+) %\..*?add up to (\S+) %", text)
    numbers = [float(number.replace("−", "-")) for number in told.groups()]
    np.testing.assert_allclose(numbers, [*shares, shares.sum()], atol=0.5)


def test_the_table_of_goods_is_the_one_that_the_cells_use():
    rows = re.findall(r"^\| (?:hot water|table) \| (.*) \|$", source(), re.M)
    table = [[float(cell.replace("−", "-")) for cell in row.split(" | ")] for row in rows]
    np.testing.assert_array_equal(np.transpose(table), SHELF)


def test_the_ceiling_falls_below_one_half_where_the_caption_says():
    assert "half of the attention among eight goods, among nine no more" in source()
    assert formulas.cosine_ceiling(8) > 0.5 > formulas.cosine_ceiling(9)
    assert formulas.cosine_ceiling(100_000, temperature=0.1) > 0.99
    assert formulas.cosine_ceiling(1000) < 0.01


def test_the_small_embedding_spreads_as_little_as_the_caution_says():
    assert "which is 0.08 at width 1024" in source()
    assert round(0.05**2 * np.sqrt(1024), 2) == 0.08
