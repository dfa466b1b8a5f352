"""Figures that stand in the prose of the chapter on experiments are held against its own cells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "experiments.ipynb").read_text(encoding="utf8"))["cells"]
SHOWN = [cell["metadata"].get("mystnb", {}) for cell in CELLS]
TEXT = "\n".join(
    [
        *("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown"),
        *(view.get("figure", {}).get("caption", "") for view in SHOWN),
        *(view.get("image", {}).get("alt", "") for view in SHOWN),
    ]
)

pytestmark = pytest.mark.slow  # runs the chapter's cells, some ten seconds


@pytest.fixture(scope="module")
def cell() -> dict[str, Any]:
    """What the chapter's cells have computed, figures and solutions apart."""
    mpl.use("Agg")
    space: dict[str, Any] = {}
    for part, view in zip(CELLS, SHOWN, strict=True):
        source = "".join(part["source"])
        if part["cell_type"] == "code" and not view and "check(" not in source:
            exec(source.replace("from attnrec_lite.exercises import check\n", ""), space)
    return space


def test_the_opening_is_a_tenth_more_and_not_found(cell):
    assert "500 bought" in TEXT
    assert "550 did: 5.0 % against 5.5 %, a tenth more" in TEXT
    assert cell["share_b"] / cell["share_a"] == pytest.approx(1.1)
    effect = cell["experiments"].compare_shares([500, 550], [10_000, 10_000], cell["design"])
    assert effect.low < 0
    assert effect.high > 0.01
    assert "*no difference at all* and also *more than a whole point*" in TEXT


def test_power_is_what_caption_and_alt_text_say(cell):
    power = cell["experiments"].power
    assert "near 0.35" in TEXT
    assert power(0.005, 10_000, share=0.05) == pytest.approx(0.35, abs=0.005)
    users = cell["experiments"].users_per_arm
    ratio = users(0.005, share=0.05) / users(0.01, share=0.05)
    assert "Half the difference needs four times the customers" in TEXT
    assert ratio == pytest.approx(4, abs=0.25)
    assert "60,000 customers" in TEXT
    assert 2 * users(0.005, share=0.05) == pytest.approx(60_000, rel=0.05)


def test_counting_visits_is_as_wrong_as_the_figure_says(cell):
    by_visit, by_customer = cell["z_visits"], cell["z_customers"]
    assert "more than half lie outside" in TEXT
    assert np.mean(np.abs(by_visit) > 1.96) > 0.5
    assert "three times as wide" in TEXT
    assert by_visit.std() / by_customer.std() == pytest.approx(3, abs=0.4)
    assert np.mean(np.abs(by_customer) > 1.96) == pytest.approx(0.05, abs=0.015)
    assert np.isclose(cell["p_a"], 0, atol=0.01).any()  # "some find nothing at all on shelf A"
    assert cell["visits"].mean() == pytest.approx(15, abs=2)  # "fifteen visits of one customer"


def test_the_past_narrows_as_caption_and_alt_text_say(cell):
    judged = cell["judged"]
    assert "about two thirds the width" in TEXT
    assert judged.width["CUPED"] / judged.width["plain"] == pytest.approx(2 / 3, abs=0.03)
    assert f"about {cell['truth']:.2f} marks the true effect" in TEXT
    assert (
        judged["holds the truth"] > 0.955
    ).all()  # "a little more often than 95 times in a hundred"
    first = cell["tests"].found.groupby(level=0).head(30)
    assert first["plain"].mean() < 0.6  # many would be missed
    assert first["CUPED"].mean() > 0.85  # nearly all are found


def test_peeking_costs_what_the_caption_says(cell):
    assert "in more than a third of them" in TEXT
    assert cell["plain"][-1] > 1 / 3
    assert "from 0.05 to nearly 0.38" in TEXT
    assert cell["plain"][-1] == pytest.approx(0.38, abs=0.005)
    assert "stays below 0.03" in TEXT
    assert max(cell["mixture"]) < 0.03
    assert "finds three in five" in TEXT
    assert cell["daily"]["A against B, CUPED"][1] == pytest.approx(0.6, abs=0.05)
    assert cell["daily"]["A against A"][1] < 0.05 < 0.2 < cell["daily"]["A against A"][0]


def test_the_survey_hears_what_the_caption_says(cell):
    survey, truth = cell["survey"], cell["found_it"].mean()
    assert "at about 0.52" in TEXT
    assert truth == pytest.approx(0.52, abs=0.005)
    assert survey.weighed["one kind"] == pytest.approx(truth, abs=0.01)
    assert survey.low["one kind"] > truth
    assert "near 0.84" in TEXT
    assert survey.weighed["content"] == pytest.approx(0.84, abs=0.01)
    assert ((survey.least < truth) & (truth < survey.most)).all()


def test_seconds_run_the_wrong_way(cell):
    stays = cell["stays"]
    assert stays["shelf B"][0] < stays["shelf A"][0] < stays["shelf B upside down"][0]
    assert (
        stays["shelf A"][1] < stays["shelf B"][1] == pytest.approx(stays["shelf B upside down"][1])
    )


def test_the_log_says_what_the_text_says(cell):
    assert "IPS says 1.19 purchases: the one tablecloth counts for six" in TEXT
    assert cell["ips"] == pytest.approx(1.19, abs=0.005)
    assert cell["w"][-1] == pytest.approx(6)
    errors = cell["errors"]
    for world in ("20 goods", "12 kinds"):
        best = errors[world, "r"].nsmallest(2).index
        assert set(best) == {"SNIPS", "doubly robust"}
        moved = (errors[world, "r"] - errors[world, "r − 1"]).abs() > 0.01
        assert set(errors.index[moved]) == {"IPS", "clipped IPS"}
    rises = errors["20 goods", "r − 1"] > errors["20 goods", "r"] + 0.01
    falls = errors["12 kinds", "r − 1"] < errors["12 kinds", "r"] - 0.01
    assert set(errors.index[rises]) == set(errors.index[falls]) == {"IPS", "clipped IPS"}
    stay = (cell["wants"] * cell["newest"]).sum(1).mean()
    guess = (cell["twelve"][3] * cell["newest"]).sum(1).mean()
    assert "fewer than half" in TEXT
    assert guess < 0.5 < stay - 0.2  # "far too few"
    assert (
        abs(errors["12 kinds", "bias"]["clipped IPS"])
        > 0.95 * errors["12 kinds", "r"]["clipped IPS"]
    )
    assert cell["lucky"]["IPS"] < cell["lucky"]["SNIPS"]


def test_films_are_as_the_text_says(cell):
    users = int(re.search(r"its (\d+) users", TEXT).group(1))
    assert users == cell["films"].n_users
    assert "has rated 20 films and another 2,391" in TEXT
    assert (cell["given"].min(), cell["given"].max()) == (20, 2391)
    z = cell["same_shelf_twice"](cell["good_ones"], cell["given"])[0]
    assert "Four in five tests of nothing" in TEXT
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.8, abs=0.04)


def test_the_bug_turns_the_sign_and_the_old_log_has_it_right(cell):
    a, b = cell["a"], cell["b"]
    assert "The sign has turned" in TEXT
    assert b.mean() - a.mean() < 0 < cell["truth"]
    assert cell["gain"].mean() > 1.96 * cell["error"]
