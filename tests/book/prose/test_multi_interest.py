"""Figures that stand in the prose and captions of the chapter on several interests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from attnrec_lite import formulas, results
from attnrec_lite.data import leave_one_out, make_shop

ROOT = Path(__file__).parents[3]
H = np.array([[1, 0], [0.8, 0.2], [0, 1], [0.2, 0.8]])
START = np.array([[0.2, 0, 0, 0], [0, 0, 0, 0.1]])
V = [[1.2], [0.4], [-1.5]]


@cache
def chapter() -> str:
    """The whole text of the notebook, captions and alt texts included, on one line."""
    path = ROOT / "book" / "multi-interest.ipynb"
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    shown = [cell["metadata"].get("mystnb", {}) for cell in cells]
    captions = [view.get("figure", {}).get("caption", "") for view in shown]
    alts = [view.get("image", {}).get("alt", "") for view in shown]
    text = "\n".join([*("".join(cell["source"]) for cell in cells), *captions, *alts])
    return " ".join(text.split())


@cache
def measured() -> dict:
    return results.load("multi_interest")


def margin(model: str, who: str, shop: str = "shop") -> dict:
    return next(
        row
        for row in measured()["margins"]
        if (row["shop"], row["model"], row["users_with"]) == (shop, model, who)
        and row["over"] == "one vector"
    )


def mean(model: str, figure: str, shop: str = "shop") -> float:
    rows = [r for r in measured()["rows"] if (r["shop"], r["model"]) == (shop, model)]
    assert len(rows) == (5 if shop == "shop" else 3)
    return float(np.mean([row[figure] for row in rows]))


def test_the_planter_comes_first_unless_a_taste_fills_more_than_71_percent():
    assert "The planter gets $1/\\sqrt2\\approx.71$ whatever" in chapter()
    assert "unless one taste fills more than 71 % of the basket" in chapter()
    for share in (0.5, 0.7, 0.72, 0.9):
        one, two = formulas.two_tastes(share)
        assert round(one[2], 2) == 0.71
        assert (one.argmax() == 2) == (share < 0.71)
        assert two.argmin() == 2


def test_the_routing_starts_with_next_to_nothing_and_finds_both_tastes_in_three_rounds():
    assert "The routing began with next to nothing, 0.2 and 0.1" in chapter()
    assert "start = 5 * np.eye(2), np.array([[0.2, 0, 0, 0], [0, 0, 0, 0.1]])" in chapter()
    first = formulas.dynamic_routing(H, 5 * np.eye(2), START, 3)[1][0]
    assert (first[:2] > 0.6).all()
    assert (first[2:] < 0.4).all()
    last = formulas.dynamic_routing(H, 5 * np.eye(2), START, 5)[1][0]
    assert (last[:2] > 0.95).all()
    assert (last[2:] < 0.05).all()


def test_the_discs_of_the_drawing_are_the_numbers_of_the_cell():
    drawing = (ROOT / "book/figures/who-competes.svg").read_text(encoding="utf8")
    a = formulas.self_attentive_interests(H, np.eye(2), [[2, -2], [-2, 2]])[1]
    w = formulas.dynamic_routing(H, 5 * np.eye(2), START, 3)[1]
    for weight in (*a.ravel(), *w.ravel()):
        assert f'r="{26 * round(weight, 2) ** 0.5:.1f}"' in drawing


def test_a_third_interest_needs_eight_purchases():
    assert "so eight purchases are needed for a third" in chapter()
    assert [formulas.interest_count(n, most=4) for n in (7, 8, 15, 16)] == [2, 3, 3, 4]


def test_an_even_power_turns_the_least_liked_interest_into_the_most_liked():
    assert "an even power turns the least liked interest into the most liked one" in chapter()
    for p, first in ((1, 0), (2, 2), (3, 0), (4, 2)):
        assert formulas.label_aware_pow_weights(V, [1.0], p).argmax() == first
        assert formulas.label_aware_weights(V, [1.0], p).argmax() == 0
    assert np.isnan(formulas.label_aware_pow_weights(V, [1.0], 1.5)).all()


def test_the_catalogue_has_twelve_tastes_and_a_customer_at_most_four():
    assert "The catalogue has twelve tastes and a customer at most four" in chapter()
    shop = make_shop(seed=0)
    assert shop.interests.shape[1] == 12
    assert set(shop.interests.sum(axis=1)) == {1, 2, 3, 4}


def test_customers_of_one_taste_lose_nothing_and_the_others_gain_clearly():
    assert "Customers of one taste lose nothing" in chapter()
    assert abs(margin("attention", "one taste")["mean"]) < 0.001
    assert margin("attention", "several")["low"] > 0.02
    assert "attention stands near 0.045" in chapter()
    assert abs(margin("attention", "several")["mean"] - 0.045) < 0.005


def test_less_than_half_is_left_of_the_hard_choice_and_routing_is_not_told_from_nothing():
    assert "less than half of it is left" in chapter()
    hard, routed = margin("attention, hard", "several"), margin("routing", "several")
    assert hard["mean"] < margin("attention", "several")["mean"] / 2
    assert "hard choice near 0.018" in chapter()
    assert abs(hard["mean"] - 0.018) < 0.005
    assert routed["low"] < 0 < routed["high"]
    assert "routing near 0.008 with an interval across zero" in chapter()
    assert abs(routed["mean"] - 0.008) < 0.005


def test_the_hard_choice_and_routing_serve_more_tastes_and_pay_at_the_head_of_the_list():
    assert "The hard choice and routing serve *more* tastes still" in chapter()
    for model in ("attention, hard", "routing"):
        assert mean(model, "taste_coverage@10") > mean("attention", "taste_coverage@10")
        assert mean(model, "ndcg@10, several") < mean("attention", "ndcg@10, several") - 0.05
    assert mean("attention", "taste_coverage@10") > mean("one vector", "taste_coverage@10") + 0.05


def test_the_agreement_is_high_and_the_ndcg_no_better_than_one_vectors():
    assert "The agreement of the first kind of interests is high" in chapter()
    assert mean("attention", "agreement") > 0.85
    assert "is as good at the head of the list" in chapter()
    assert (
        abs(mean("attention", "ndcg@10, several") - mean("one vector", "ndcg@10, several")) < 0.01
    )


def test_where_nothing_follows_anything_one_vector_is_ahead():
    assert "one vector is ahead of four" in chapter()
    assert margin("attention", "several", "alike")["high"] < 0


def test_splitting_right_is_not_enough_where_nothing_follows_anything():
    assert "agree with the tastes as well as here" in chapter()
    assert mean("attention", "agreement", "alike") > mean("attention", "agreement") - 0.02
    served = "taste_coverage@10"
    assert mean("attention", served, "alike") > mean("one vector", served, "alike") + 0.1


def test_longer_histories_help_one_vector_as_much_as_four():
    assert "what four add stays the same" in chapter()
    recall = "recall@20, several"
    for model in ("one vector", "attention"):
        assert mean(model, recall, "long") > mean(model, recall) + 0.03
    gains = [margin("attention", "several", shop)["mean"] for shop in ("shop", "long")]
    assert abs(gains[0] - gains[1]) < 0.01
    assert mean("attention", "agreement", "long") < mean("attention", "agreement") - 0.1


def test_the_rule_by_purchases_has_next_to_nothing_to_do_with_tastes():
    assert "Rows and columns have next to nothing to do with each other" in chapter()
    shop = make_shop(seed=0)
    past = leave_one_out(shop.log).test.history(length=20)
    rule = [formulas.interest_count(n, most=4) for n in (past > 0).sum(axis=1)]
    assert abs(np.corrcoef(rule, shop.interests.sum(axis=1))[0, 1]) < 0.1


def test_the_two_least_redundant_rows_are_behind_in_recall():
    assert "the two rows of least redundancy are also behind in recall" in chapter()
    for model in ("attention, hard", "routing"):
        assert mean(model, "redundancy") < mean("attention", "redundancy")
        assert mean(model, "recall@20, several") < mean("attention", "recall@20, several")


def test_customers_of_one_taste_lose_nothing_in_a_figure_that_has_a_ceiling_and_in_one_without():
    assert "their category has twenty goods, so a list of twenty cannot miss" in chapter()
    assert (np.bincount(make_shop(seed=0).category[1:]) == 20).all()
    assert mean("attention", "recall@20, one taste") == 1
    assert "one and four interests differ by less than .001 over five seeds" in chapter()
    one, four = (mean(m, "ndcg@10, one taste") for m in ("one vector", "attention"))
    assert abs(one - four) < 0.001
