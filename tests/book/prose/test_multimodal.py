"""Figures that stand in the prose of chapter 13 are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from attnrec_lite import data, formulas, results
from attnrec_lite.data.shop import make_shop

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "multimodal.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
CAPTIONS = "\n".join(
    cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in CELLS
)
ALT = "\n".join(
    cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "") for cell in CELLS
)
SHOP = make_shop(seed=0)


def toy() -> dict[str, object]:
    """Run the cells of the toy, up to the drawing of its weights."""
    space: dict[str, object] = {"np": np, "formulas": formulas}
    for cell in CELLS:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and (
            "shelf = [" in source or "by_concatenation = [" in source
        ):
            exec(source, space)
    return space


def test_one_good_in_five_is_new_and_one_purchase_in_six_is_of_them():
    split = data.hide_items(data.leave_one_out(SHOP.log), share=0.2)
    cold, _ = data.cold_and_warm(split)
    assert "One good in five of our shop is new" in TEXT
    assert len(data.cold_items(split)) * 5 == len(SHOP.log.items)
    assert "Nothing, for one purchase in six" in TEXT
    assert 5.5 < len(split.test) / len(cold) < 6.5


def test_texts_have_three_to_six_words_in_512_numbers():
    assert "three to six words a good, hashed into 512 numbers" in TEXT
    assert {len(text.split()) for text in SHOP.text[1:]} <= {3, 4, 5, 6}
    assert data.Modalities.of_shop(SHOP)["text"].width == 512


def test_the_drawing_shows_the_numbers_of_the_toy():
    space, drawn = toy(), (BOOK / "figures" / "three-fusions.svg").read_text(encoding="utf8")
    for share in [*space["gates"], *space["weights"]]:
        assert share == 0 or f">{share:.2f}<".replace(">0", ">") in drawn
    heights = [float(h) for h in re.findall(r'height="(\d+)" fill="#[0-9a-f]+" fill-op', drawn)]
    assert abs(heights[0] / sum(heights) - space["weights"][1]) < 0.02


def test_the_kettle_has_about_a_third_of_each():
    space = toy()
    given = [space[n] for n in ("A", "a", "w")]
    of = [
        formulas.attended(parts, *given, known, np.zeros(2))[1]
        for parts, known in zip(space["parts"], space["known"], strict=True)
    ]
    assert "The kettle's three weights are about a third each" in ALT
    assert np.abs(np.array(of[0]) - 1 / 3).max() < 0.06
    assert of[1][0] == of[2][2] == 0
    assert not np.any(of[3])


def test_the_five_signals_of_a_film_are_named():
    assert "director, cast, country" in TEXT
    assert TEXT.count("S4-I2") >= 2


def test_all_ten_items_are_in_the_table():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    mine = {item["id"]: item["verdict"] for item in items if item["chapter"] == "multimodal"}
    rows = re.findall(r"^\| (S\d-\w+) \|[^|]*\| (.) (\w+) \|", TEXT, flags=re.MULTILINE)
    assert {name: verdict for name, _, verdict in rows} == mine
    assert "ten items of the articles S0 to S4" in TEXT
    assert len(mine) == 10


def ndcg(name: str, way: str, part: str) -> float:
    """Mean of the kept rows."""
    rows = results.load("multimodal")["rows"]
    found = [r["found"][part]["ndcg@10"] for r in rows if (r["data"], r["way"]) == (name, way)]
    assert len(found) == 3
    return float(np.mean(found))


def test_attention_is_best_for_new_goods_and_earns_nothing_for_old_ones():
    assert "does best for new goods, and for old ones no better than ids alone" in TEXT
    ways = [f"{a}, {b}" for a in ("features", "both") for b in ("concatenation", "gate")]
    best = ndcg("shop", "both, attention", "cold")
    assert all(best > ndcg("shop", way, "cold") + 0.05 for way in ways)
    assert abs(ndcg("shop", "both, attention", "warm") - ndcg("shop", "id", "warm")) < 0.01
    assert "a concatenation gains on both" in TEXT
    assert ndcg("shop", "both, concatenation", "warm") > ndcg("shop", "id", "warm") + 0.03


def test_no_fusion_has_both_on_films():
    ids = ndcg("films", "id", "warm")
    for fuse in ("concatenation", "gate"):
        assert 1.4 < ndcg("films", f"both, {fuse}", "warm") / ids < 1.7  # half as much again
        assert ndcg("films", f"both, {fuse}", "cold") < 0.01  # all but invisible
        assert 0.9 < ndcg("films", f"features, {fuse}", "warm") / ids < 1.3
        few = ndcg("films", f"features, {fuse}", "cold")
        assert 0.01 < few < ndcg("films", "both, attention", "cold")
    assert ndcg("films", "both, attention", "warm") < 0.8 * ids


def spoilt() -> dict[tuple[str, str, str], tuple[float, float, float, float]]:
    """For each way, modality and failure: NDCG and mean weight, as it is and after."""
    rows = results.load("multimodal")["rows"]
    found: dict[tuple[str, str, str], list[list[float]]] = {}
    for row in (r for r in rows if r["data"] == "shop" and "spoilt" in r):
        for case in row["spoilt"]:
            name = case["modality"]
            both = [x["found"]["warm"]["ndcg@10"] for x in (row, case)]
            both += [x["weights"][name] for x in (row, case)]
            found.setdefault((row["way"], name, case["how"]), []).append(both)
    return {key: tuple(np.mean(values, axis=0)) for key, values in found.items()}  # type: ignore[misc]


def test_dropout_insures_against_what_is_missing_and_not_against_what_is_wrong():
    cases = spoilt()
    assert "Missing: with dropout little is lost." in CAPTIONS
    for (way, name, how), (before, after, weight, weight_after) in cases.items():
        if how == "missing" and "dropout" in way:
            assert before - after < 0.035
        if how == "another's" and "concatenation" not in way:
            assert abs(weight - weight_after) < 0.015  # the weight stays as it was
        if "dropout" in way and how == "another's":
            plain = cases[way.removesuffix(", dropout"), name, how][1]
            assert (after > plain) == (name == "category")  # helps there, hurts at the text
    for fuse, favourite, other in (
        ("concatenation", "category", "text"),
        ("attention", "text", "category"),
    ):
        for how in ("missing", "another's"):
            assert cases[f"both, {fuse}", favourite, how][1] < cases[f"both, {fuse}", other, how][1]
