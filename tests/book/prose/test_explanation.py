"""Figures and claims that stand in the prose of chapter 17 are recomputed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attnrec_lite import explain, formulas, models, results
from attnrec_lite.data import leave_one_out, make_shop
from attnrec_lite.data.shop import TOY_GOODS

BOOK = Path(__file__).parents[3] / "book"
CELLS = json.loads((BOOK / "explanation.ipynb").read_text(encoding="utf8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
SHOWN = "\n".join(
    str(cell["metadata"].get("mystnb", {}).get(kind, {}).get(part, ""))
    for cell in CELLS
    for kind, part in (("figure", "caption"), ("image", "alt"))
)
GOODS = ["kettle", "tablecloth", "ice bucket", "gift card"]
V = np.array([TOY_GOODS[name] for name in GOODS])
TEAPOT = np.array(TOY_GOODS["teapot"])
WEIGHTS = formulas.softmax(V @ [1.0, 0.2])


@pytest.fixture(scope="module")
def kept() -> pd.DataFrame:
    return pd.DataFrame(results.load("explanation")["rows"])


def mean(kept: pd.DataFrame, what: str, **only: object) -> float:
    for key, value in only.items():
        kept = kept[kept[key] == value]
    assert len(kept) >= 3
    return float(kept[what].mean())


def test_the_toy_is_as_its_prose_says():
    assert "Half of the attention was on the kettle" in TEXT
    assert 0.49 < WEIGHTS[0] < 0.53
    effects = formulas.pooled_effects(WEIGHTS, V, TEAPOT)
    assert "it speaks *against* the teapot" in TEXT
    assert effects[3] < 0 < WEIGHTS[3]
    assert WEIGHTS[1] - WEIGHTS[3] < 0.05  # nearly the weight of the tablecloth
    other = formulas.same_output_weights(WEIGHTS, V)
    assert other[3] == pytest.approx(0, abs=1e-6)


def test_two_different_weights_make_one_output_as_the_source_map_has_it():
    values = [[1, 0], [0, 1], [0.5, 0.5]]
    np.testing.assert_allclose(formulas.same_output_weights([0.5, 0.5, 0], values), [0, 0, 1])


def test_the_left_rule_needs_dozens_of_steps_and_gauss_two():
    def slopes(X):
        a, dots = formulas.softmax(X @ [1.0, 0.2]), X @ TEAPOT
        above = dots - (a * dots).sum(axis=-1, keepdims=True)
        return a[..., None] * (TEAPOT + above[..., None] * np.array([1.0, 0.2]))

    def error(rule, steps):
        parts = formulas.integrated_gradients(slopes, V, np.zeros((4, 2)), steps, rule)
        return formulas.completeness_error(parts, float(WEIGHTS @ V @ TEAPOT), 0.0)

    assert "from the left it takes dozens of steps" in SHOWN
    assert error("left", 24) > 0.01 > error("left", 64)
    assert error("gauss", 2) < 0.01


def test_attention_reads_a_clock(kept):
    cause = kept[kept["part"] == "cause"]
    attention = {"model": "attention", "account": "attention"}
    assert "attention names it nearly always" in TEXT
    assert mean(cause, "named_newest", **attention) > 0.9
    assert "attention hardly ever names it" in TEXT
    assert mean(cause, "named_older", **attention) < 0.1
    for account in ("leave-one-out", "integrated gradients"):
        assert 0.2 < mean(cause, "named_older", model="attention", account=account) < 0.7
    assert mean(cause, "named_older", model="ease", account="leave-one-out") > 0.6


def test_nine_causes_in_ten_are_the_newest_purchase():
    assert "Nine causes in ten *are* the newest purchase" in TEXT
    shop = make_shop(n_users=600, seed=0)
    row = leave_one_out(shop.log).test.row
    gap = row - shop.cause[row]
    known = (shop.cause[row] >= 0) & (gap < 20)
    assert (gap[known] == 1).mean() == pytest.approx(0.9, abs=0.05)


def test_attention_agrees_with_leaving_out_less_than_gradients_do(kept):
    faithful = kept[(kept["part"] == "faithful") & (kept["account"] == "effect")]
    assert "with six people each" in SHOWN
    assert set(faithful["people"]) == {6}
    for data in ("shop", "movielens"):
        for model in ("attention", "sasrec"):
            of = {"data": data, "model": model}
            agreement = mean(faithful, "agreement", **of)
            assert agreement < mean(faithful, "gradient_agreement", **of)
            assert mean(faithful, "kept_when_shuffled", **of) > 0.5


def test_a_sentence_for_some_and_hardly_ever_by_lot(kept):
    faithful = kept[kept["part"] == "faithful"]
    assert 0.2 < faithful[faithful["account"] == "effect"]["shown"].mean() < 0.8
    assert faithful[faithful["account"] == "random"]["shown"].mean() < 0.1
    assert "on MovieLens what attention names hardly ever passes" in TEXT
    attention = faithful[faithful["account"] == "attention"].groupby("data")["shown"].mean()
    assert attention["movielens"] < 0.1 < 0.3 < attention["shop"]


def test_exact_twins_are_a_matter_of_counting_and_trained_ones_pay(kept):
    twin = kept[kept["part"] == "twin"]
    assert mean(twin, "divergence", how="exact", width=32) < 0.01
    assert mean(twin, "divergence", how="exact", width=4) > 0.1
    assert twin[twin["how"] == "exact"]["largest_prediction"].max() < 1e-4
    assert "comes back to nearly the *same* weights" in TEXT
    for data in ("shop", "movielens"):
        without, pushed = (
            {what: mean(twin, what, how="learned", data=data, push=push) for what in WHAT}
            for push in (0.0, 1.0)
        )
        assert without["divergence"] < 0.05
        assert pushed["divergence"] > 5 * without["divergence"]
        assert "about a quarter of what the model would choose moves" in TEXT
        assert pushed["predictions"] == pytest.approx(0.25, abs=0.03)
        assert pushed["predictions"] > 2 * without["predictions"]


WHAT = ("divergence", "predictions")


def test_rules_say_most_of_a_list_and_little_of_its_first_place(kept):
    rules = kept[(kept["part"] == "rules") & (kept["model"] == "attention")]
    assert "true of about seven in ten" in TEXT
    assert mean(rules, "fidelity", k=10, way="rules 10") == pytest.approx(0.7, abs=0.05)
    assert "about two people in three" in SHOWN
    assert mean(rules, "both", k=10, way="rules 1000") == pytest.approx(0.66, abs=0.06)
    assert mean(rules, "both", k=1, way="rules 1000") < 0.2
    assert mean(rules, "both", k=10, way="tree 1000") < mean(rules, "both", k=10, way="rules 1000")


def test_even_grids_fail_from_zero_and_fifty_slopes_are_complete_from_the_mean(kept):
    found = kept[(kept["part"] == "integration") & (kept["steps"] == 50)]
    gauss = {"rule": "gauss", "start": "mean"}
    for model in ("attention", "mean"):
        assert mean(found, "within_1_percent", model=model, **gauss) == 1
    assert "miss the 1 % for some people" in TEXT
    assert mean(found, "within_1_percent", model="sasrec", **gauss) < 1
    assert mean(found, "median", model="attention", rule="midpoint", start="zero") > 0.5


def test_mia_s_newest_purchase_has_the_weight_and_speaks_against_it():
    shop = make_shop(n_users=1000, seed=0)
    split = leave_one_out(shop.log)
    model = models.QKVRecommender(shop.log.items, width=32, window=20)
    model.fit(split.train, epochs=12)
    mia = split.test.history(length=20)[split.test.user == shop.names["Mia"]][0]
    best = int(model.recommend([mia], 1)[0][0, 0])
    found = explain.explain(model, mia, best, by="attention")
    assert shop.log.items.title(best) == "biscuit tin"
    assert shop.log.items.title(found.named) == "honey dipper"
    assert found.kinds[0] == found.named  # the newest
    assert found.weights[0] > 0.3
    assert found.effects[0] < 0
    assert found.gradients.argmax() == 0
    assert not found.can_be_shown
