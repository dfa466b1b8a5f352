"""Figures that stand in the prose of the chapter "The attention economy" are recomputed."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data import leave_one_out, load, make_shop
from attnrec_lite.models import Popularity

BOOK = Path(__file__).parents[3] / "book"
NUMBERS = {"five": 5, "eleven": 11}


def cells() -> list[dict]:
    """The cells of the chapter."""
    path = BOOK / "attention-economy.ipynb"
    return json.loads(path.read_text(encoding="utf8"))["cells"]


def text() -> str:
    """Prose and captions of the chapter, alternative texts included."""
    parts = []
    for cell in cells():
        shown = cell["metadata"].get("mystnb", {})
        parts += [shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", "")]
        parts += ["".join(cell["source"])] if cell["cell_type"] == "markdown" else []
    return "\n".join(parts)


def test_the_attention_of_the_five_places_falls_as_one_over_the_place():
    told = re.search(r"chance of (\d+) %, the second of (\d+) %, then (\d+) %, (\d+) % and (\d+) %",
                     text())  # fmt: skip
    shares = 1 / np.arange(1, 6)
    np.testing.assert_allclose([int(x) for x in told.groups()], 100 * shares / shares.sum(), atol=1)


def test_the_shop_and_its_customer_are_as_large_as_the_prose_says():
    shop = make_shop(seed=0)
    history = leave_one_out(shop.log).test.history()[shop.names["Mia"]]
    assert f"A shop sells {shop.log.n_items} goods" in text()
    told = re.search(r"Here are her (\w+) purchases", text()).group(1)
    assert NUMBERS[told] == (history > 0).sum()
    assert math.factorial(5) == 120
    assert "Five goods can stand in 120 orders" in text()


def test_the_films_are_about_nine_thousand():
    assert "nine thousand films" in text()
    assert round(load("movielens").n_items, -3) == 9000


def test_the_popular_shelf_of_the_caption_has_nothing_for_mia():
    shop = make_shop(seed=0)
    split = leave_one_out(shop.log)
    history = split.test.history()[shop.names["Mia"]][None]
    ids = Popularity(shop.log.items).fit(split.train).recommend(history, k=5)[0][0]
    assert ", ".join(shop.log.items.title(ids)) in text()
    assert not shop.interests[shop.names["Mia"], shop.category[ids]].any()


def test_the_swap_of_two_places_changes_the_value_by_the_product_of_the_differences():
    rng = np.random.default_rng(0)
    a, c = rng.random(5), rng.random(5)
    swapped = c[[0, 3, 2, 1, 4]]
    change = formulas.shelf_value(a, swapped) - formulas.shelf_value(a, c)
    assert "$(a_p-a_q)(\\pi_h-\\pi_g)$" in text()
    np.testing.assert_allclose(change, (a[1] - a[3]) * (c[3] - c[1]))


def test_the_ledger_has_as_many_rows_as_the_title_of_the_table_says():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    home = {item["id"]: item["verdict"] for item in items if item["chapter"] == "attention-economy"}
    rows = re.findall(r"^\| (S\d-\w+) \| .*? \| [✓≈✗] (\w+) \|", text(), re.M)
    assert f"All {len(rows)} source items" in text()
    assert f"{len(rows)} items of the articles" in text()
    assert dict(rows) == home
    headings = set(re.findall(r"^##+ (.+)$", text(), re.M))
    places = re.findall(r"^\| S\d-\w+ \|.*\| ([^|]+) \|$", text(), re.M)
    assert set(places[-len(rows) :]) <= headings
