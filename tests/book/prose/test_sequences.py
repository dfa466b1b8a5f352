"""Figures that stand in the prose of chapter 11 are recomputed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from attnrec_lite import formulas, results

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "sequences.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
CAPTIONS = "\n".join(
    cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in CELLS
)
ALPHA = 1 / 239  # one negative in a shop of 240


def test_no_source_item_has_its_home_here():
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    assert "none of the articles' items has its home in this chapter" in TEXT
    assert not [item for item in items if item["chapter"] == "sequences"]


def test_the_items_that_are_taken_up_have_their_home_in_chapter_3():
    told = re.search(r"\((S3-O4[^)]*)\) was examined in", TEXT)[1].split(", ")
    items = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
    home = {item["id"]: item["chapter"] for item in items}
    assert {home[name] for name in told} == {"queries-keys-values"}


def test_what_the_plain_binary_loss_makes_of_chances():
    sure = formulas.learned_chance([0.05, 0.5, 0.3], ALPHA, 1.0)
    assert "a good that comes once in twenty cases gets .93" in TEXT
    assert round(float(sure[0]), 2) == 0.93
    assert ".996 and .990 are hard to keep apart" in TEXT
    assert sure[1:].round(3).tolist() == [0.996, 0.990]


def test_a_said_chance_of_nine_tenths_is_below_one_in_ten():
    assert "at 0.9 the true chance is below one in ten" in CAPTIONS
    assert formulas.learned_chance([0.1], ALPHA, 1.0)[0] > 0.9


def test_the_legend_gives_the_number_of_the_equation():
    labels = re.findall(r"\$\$ \((eq-[\w-]+)\)", TEXT)
    number = labels.index("eq-learned-chance") + 1
    assert f"eq. (11.{number})" in TEXT


def test_one_minus_sigmoid_is_zero_from_about_17_on_in_float32():
    assert "$1-\\sigma(s)$ is 0 from about $s=17$ on" in TEXT
    one, scores = np.float32(1), np.arange(10, 25, 0.25, dtype=np.float32)
    left = one - one / (one + np.exp(-scores))
    assert abs(scores[np.argmax(left == 0)] - 17) < 0.5


def test_a_click_costs_the_nth_part():
    assert "a click costs $1/n$ of the whole" in TEXT
    cost = formulas.click_cost(100, 64, 64, 2)
    assert cost["recomputed"] == 100 * cost["cached"]


def test_four_matrices_belong_to_attention_and_two_to_the_step_beside_it():
    assert "of the matrices of a block, four belong to attention and two" in TEXT
    drawn = (BOOK / "figures" / "transformer-block.svg").read_text(encoding="utf8")
    assert drawn.count("<rect") == 6  # the frame, three norms, attention, feed-forward


def test_what_the_losses_earned():
    rows = results.load("losses")["rows"]
    found = {
        way: [r["ndcg@10"] for r in rows if r["way"] == way] for way in (r["way"] for r in rows)
    }
    mean = {way: f"{np.mean(values):.3f}"[1:] for way, values in found.items()}
    assert "`benchmarks/losses.py`, five minutes of one core" in TEXT
    assert round(sum(r["fit_cpu_seconds"] for r in rows) / 60) == 5
    one, eight = mean["binary, K = 1"], mean["binary, K = 8"]
    assert f"with one negative, {mean['gBCE, K = 1']} against {one}" in TEXT
    assert f"{mean['gBCE, K = 8']}, and the plain binary loss has {eight} too" in TEXT
    assert mean["gBCE, K = 8"] == eight
    assert abs(np.mean(found["binary, K = 1"]) - 0.557) < 0.004  # Successors
    assert min(found["full softmax"]) > max(found["cloze, full softmax"])
    full = min(found["full softmax"])
    assert all(full > max(values) for way, values in found.items() if way != "full softmax")
