"""Figures and claims that stand in the prose of the chapter on the five programs are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import formulas, results

ROOT = Path(__file__).parents[3]
BOOK = ROOT / "book"
ITEMS = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
MARKS = {"right": "✓ right", "imprecise": "≈ imprecise", "wrong": "✗ wrong"}
FIVE = ("attention", "score x attention", "pairwise attention", "target attention", "interests")


def chapter() -> str:
    """The whole text of the notebook, captions and alt texts included."""
    path = BOOK / "five-programs.ipynb"
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    shown = [cell["metadata"].get("mystnb", {}) for cell in cells]
    captions = [view.get("figure", {}).get("caption", "") for view in shown]
    alts = [view.get("image", {}).get("alt", "") for view in shown]
    return "\n".join([*("".join(cell["source"]) for cell in cells), *captions, *alts])


def rows(data: str, model: str) -> list[dict[str, float]]:
    """The runs of one model in the file that the chapter reads."""
    every = results.load("five_programs")["rows"]
    return [row for row in every if (row["data"], row["model"]) == (data, model)]


def means(data: str, column: str = "ndcg@10") -> dict[str, float]:
    """Means over the seeds of each model."""
    names = (*FIVE, "target attention, one table", "popularity", "ease", "successors")
    return {name: float(np.mean([row[column] for row in rows(data, name)])) for name in names}


def test_the_ledger_gives_each_item_its_verdict_and_a_heading_of_the_chapter():
    text = chapter()
    table = re.findall(r"^\| (S\d-\w+) \|.*?\| (\S \w+) \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    verdicts = {i["id"]: MARKS[i["verdict"]] for i in ITEMS if i["chapter"] == "five-programs"}
    assert {item: verdict for item, verdict, _ in table} == verdicts
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert {heading for *_, heading in table} <= set(headings)
    for item, _, heading in table:
        section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
        assert item in section, f"{item} is not treated in {heading}"


def test_the_reported_values_and_their_range():
    told = re.search(r"reported = np\.array\(\s*\[([\d., ]+)\]", chapter()).group(1)
    values = [float(number) for number in told.split(",")]
    source = [0.72692906, 0.87901963, 0.62293125, 0.90555677, 0.83785927]
    np.testing.assert_allclose(values, source, atol=5e-5)
    assert "spread to the right of them, from 0.62 to 0.91" in chapter()
    assert (round(min(source), 2), round(max(source), 2)) == (0.62, 0.91)


def test_the_slope_of_a_rating_of_4_is_below_minus_3_everywhere():
    assert "with $y=4$ that is below −3 *everywhere*" in chapter()
    assert (formulas.binary_slope([-1e3, 0.0, 30.0], 4) < -3).all()
    assert formulas.binary_slope(1e3, 4) == pytest.approx(-3)


def test_one_element_has_weight_1_and_slope_0():
    assert formulas.softmax([-7.0]) == 1.0
    assert "$1\\cdot(1-1)=0$" in chapter()
    assert formulas.softmax_jacobian([1.0]) == 0.0


def test_a_good_of_the_second_program_has_two_tables_of_which_the_cell_counts_128_000():
    assert formulas.table_parameters(999, 64, tables=2) == 2 * 1000 * 64


def test_the_caption_and_the_alt_text_of_the_table_of_models():
    shop, films = means("shop"), means("movielens")
    programs = [name for name in shop if name not in ("popularity", "ease", "successors")]
    assert len(programs) == 6
    text = chapter()
    assert "On the shop every program stands to the right of every rule" in text
    assert min(shop[name] for name in programs) > max(shop["successors"], shop["ease"])
    assert "lie close together above 0.6, successors and ease below, popularity near 0" in text
    assert min(shop[name] for name in programs) > 0.6 > max(shop["successors"], shop["ease"])
    assert shop["popularity"] < 0.03
    assert "stands to the right of all of them" in text
    assert films["successors"] == max(films.values())
    assert "at about 0.055, the attention models spread between 0.035 and 0.055" in text
    assert round(films["successors"], 3) == 0.055
    assert all(0.035 < films[name] < 0.055 for name in programs)


def test_the_verdict_of_the_chapter_is_that_of_the_file():
    shop, films, text = means("shop"), means("movielens"), chapter()
    assert "On the shop, all five beat every rule" in text
    assert min(shop[name] for name in FIVE) > max(shop["successors"], shop["ease"])
    assert "stands above all five, for less than a hundredth of the seconds" in text
    assert films["successors"] > max(films[name] for name in FIVE)
    seconds = means("movielens", "fit_cpu_seconds")
    assert seconds["successors"] < min(seconds[name] for name in FIVE) / 100
    assert "above S1's" in text
    assert [name for name in FIVE if films[name] < films["ease"]] == ["score x attention"]
    assert "two *on purpose*, a role each, do better than one on both data sets" in text
    for found in (shop, films):
        assert found["target attention"] > found["target attention, one table"]
    assert "best on the shop, is third of five there" in text
    assert max(shop, key=shop.get) == "target attention"
    assert sorted(FIVE, key=films.get)[-3] == "target attention"
    seeds = [row["ndcg@10"] for row in rows("movielens", "target attention")]
    assert "further apart than the means of any two of the five" in text
    assert np.ptp(seeds) > np.ptp([films[name] for name in FIVE])
    assert "With 671 people" in text
