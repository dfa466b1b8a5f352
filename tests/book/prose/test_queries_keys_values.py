"""Figures that stand in the prose of chapter 3 are recomputed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "queries-keys-values.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
CAPTIONS = "\n".join(
    cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in CELLS
)
CLICKS = np.array([TOY_GOODS[name] for name in ("kettle", "tablecloth", "ice bucket")])


def test_nine_comparisons_three_of_them_with_a_later_click():
    assert "it is nine, three of which compare a click with a later one" in TEXT
    seen = formulas.visible(np.ones(3, bool))
    assert seen.sum() == 9
    assert (seen & ~formulas.visible(np.ones(3, bool), causal=True)).sum() == 3


def test_without_projections_each_click_looks_at_itself_most_and_scores_are_symmetric():
    assert "each click looks at itself most, and scores are symmetric" in CAPTIONS
    weights = formulas.attend(CLICKS, CLICKS, CLICKS)[1]
    assert (weights.argmax(axis=1) == np.arange(3)).all()
    scores = CLICKS @ CLICKS.T
    np.testing.assert_array_equal(scores, scores.T)


def test_the_kettle_turns_to_the_tablecloth_which_does_not_turn_back():
    assert "the kettle turns to the tablecloth, which does not turn back" in CAPTIONS
    weights = formulas.attend(CLICKS @ [[0, 1], [0, 0]], CLICKS, CLICKS)[1]
    assert weights[0].argmax() == 1
    np.testing.assert_allclose(weights[1], 1 / 3)


def test_the_drawing_shows_as_many_lines_as_it_says_scores():
    drawing = (BOOK / "figures" / "who-asks.svg").read_text(encoding="utf8")
    lines = [panel.count("<path d=") for panel in drawing.split('<g transform="')[1:]]
    assert lines == [3, 3, 9, 6]
    for told in ("1 × 3 scores: same", "1 × 3 scores per", "3 × 3 scores:", "2 × 3 scores:"):
        assert told in drawing


def test_the_items_of_the_chapter_are_counted():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    number = sum(item["chapter"] == "queries-keys-values" for item in items)
    assert f"{number} items of the articles" in TEXT
    assert f"All {number} source items of this chapter" in TEXT


def test_the_exponent_of_the_count_is_two_for_self_attention_and_one_for_a_query():
    assert "comes out near 2 for self-attention and near 1 for one query" in CAPTIONS
    count = formulas.multiply_adds
    shortest, longest = [
        {name: c["scores"] + c["sums"] + c["projections"] for name, c in cases.items()}
        for cases in (
            {"self": count(256, 256, 64), "one": count(1, 4096, 64)},
            {"self": count(2048, 2048, 64), "one": count(1, 32768, 64)},
        )
    ]
    slope = {name: np.log(longest[name] / shortest[name]) / np.log(8) for name in shortest}
    assert 1.7 < slope["self"] < 2
    assert abs(slope["one"] - 1) < 0.01
