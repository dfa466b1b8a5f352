"""Figures that stand in the prose are recomputed: a typed number that is wrong turns a test red."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import evaluation, formulas
from attnrec_lite.data import leave_one_out, load
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import EASE, ItemKNN, Popularity, Successors

BOOK = Path(__file__).parents[3] / "book"


def source() -> str:
    """The whole text of the chapter, figure captions included, on one line."""
    cells = json.loads((BOOK / "evaluation.ipynb").read_text(encoding="utf8"))["cells"]
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in cells]
    captions = [figure.get("caption", "") for figure in figures]
    return " ".join("\n".join([*("".join(c["source"]) for c in cells), *captions]).split())


@cache
def ndcg(kind: type, how: str = "all") -> float:
    """NDCG@10 on MovieLens under one of the chapter's protocols; deterministic models only."""
    log = load("movielens")
    split = leave_one_out(log)
    ways = {
        "all": {},
        "kept": {"exclude_seen": False},
        "uniform": {"candidates": evaluation.Sampled(100)},
        "popularity": {"candidates": evaluation.Sampled(100, by="popularity")},
    }
    return evaluate(kind(log.items).fit(split.train), split.test, **ways[how]).mean("ndcg@10")


def test_the_opening_is_exact():
    def rate(places, drawn):
        return sum(
            share * formulas.sampled_hit_rate(place, 10_000, drawn, 10)
            for place, share in places.items()
        )

    a, b = {100: 1.0}, {1: 0.1, 5_000: 0.9}
    assert (rate(a, 9_999), rate(a, 100)) == (0, pytest.approx(1, abs=1e-6))
    assert rate(b, 9_999) == pytest.approx(0.1)
    assert rate(b, 100) == pytest.approx(0.1, abs=1e-6)
    text = source()
    assert "at 1,395 of 9,999" in text
    assert rate(a, 1_394) > rate(b, 1_394)
    assert rate(a, 1_395) < rate(b, 1_395)
    assert "one better good on average" in text
    assert pytest.approx(1, abs=0.02) == 100 * 99 / 9_999
    assert "model A has an AUC of .99" in text
    assert pytest.approx(0.99, abs=5e-4) == 1 - 99 / 9_999


def test_the_empty_page_and_the_rates_are_those_of_the_prose():
    assert "has an accuracy of .95" in source()
    assert formulas.accuracy([1] * 50 + [0] * 950, [0] * 1_000) == 0.95
    many, few = formulas.rates(1_000, 50, 5), formulas.rates(100, 20, 1)
    assert few.ctr == pytest.approx(4 * many.ctr)  # "four times as high"
    assert "one piece in place of five" in source()


def test_the_errors_are_those_of_the_source_check():
    found = [getattr(formulas, name)([5, 3, 4], [3, 3, 3]) for name in ("mse", "mae", "rmse")]
    np.testing.assert_allclose(found, [1.667, 1.0, 1.291], atol=5e-4)
    assert "that is 1.667 in place of 1." in source()


def test_four_rows_have_an_auc_of_three_and_a_half_pairs_of_four():
    assert "labels 1, 0, 1, 0 with chances .9, .1, .4, .4" in source()
    assert formulas.auc([1, 0, 1, 0], [0.9, 0.1, 0.4, 0.4]) == 3.5 / 4


def test_the_exaggerator_is_wrong_in_one_of_five_where_it_is_nearly_certain():
    rng = np.random.default_rng(0)
    rng.normal(size=(200, 100)), rng.integers(0, 2, size=200)  # drawn in the cell before
    p = rng.beta(1, 2, size=10_000)
    y = (rng.random(10_000) < p).astype(int)
    told = p**2.5 / (p**2.5 + (1 - p) ** 2.5)
    assert "one in five does not happen" in source()
    assert 1 - y[told > 0.9].mean() == pytest.approx(0.2, abs=0.05)
    assert formulas.auc(y, told) == formulas.auc(y, p)


def test_a_place_is_worth_what_the_text_says():
    assert "1, .63, .5, .43 and so on" in source()
    worth = [formulas.dcg(np.eye(4)[i], 4) for i in range(4)]
    np.testing.assert_allclose(worth, [1, 0.63, 0.5, 0.43], atol=5e-3)


def test_zoe_leads_by_precision_and_recall_and_mia_by_the_rest():
    mia, zoe = (np.isin(np.arange(1, 11), places).astype(int) for places in ([1, 4], [2, 3, 5]))
    for better, worse, names in (
        (zoe, mia, ("precision_at", "recall_at")),
        (mia, zoe, ("ndcg", "reciprocal_rank", "average_precision")),
    ):
        assert all(getattr(formulas, n)(better, 3) > getattr(formulas, n)(worse, 3) for n in names)
    assert formulas.auc(mia, -np.arange(10)) > formulas.auc(zoe, -np.arange(10))


def test_published_figures_are_those_of_the_paper():
    assert "| Recall@10 | .8039 | .6975 | .2821 | | NDCG@10 | .6008 | .4751 | .1516 |" in source()


def test_s2s_columns_need_two_test_sets():
    first, second = (
        formulas.implied_share(*row) for row in ((0.85, 0.80, 0.82), (0.75, 0.70, 0.74))
    )
    assert "one with at most 46 % positives, one with at least 48 %" in source()
    assert round(100 * first.share_range[1]) == 46
    assert round(100 * second.share_range[0]) == 48
    assert ".75 and .70 make an $F_1$ of .72" in source()
    assert pytest.approx(0.72, abs=5e-3) == 2 * 0.75 * 0.70 / 1.45


def test_the_count_of_successors_is_first_against_all_films_and_falls_against_a_hundred():
    kinds = (Popularity, ItemKNN, EASE, Successors)
    order = {
        how: [k.name for k in sorted(kinds, key=lambda k, how=how: -ndcg(k, how))]
        for how in ("all", "kept", "uniform", "popularity")
    }
    assert order["all"] == ["successors", "ease", "item-knn", "popularity"]
    assert order["kept"][0] == "successors"
    assert (
        order["uniform"] == order["popularity"] == ["ease", "item-knn", "successors", "popularity"]
    )
    assert "keeps less than a tenth of its figure" in source()
    assert ndcg(EASE, "kept") < 0.1 * ndcg(EASE)


def test_a_sign_flip_of_five_people_proves_nothing():
    assert "Four of five people are better off, by a fifth of the scale on average" in source()
    d = [0.3, 0.1, 0.2, -0.1, 0.4]
    assert np.mean(d) == pytest.approx(0.18)
    assert formulas.sign_flip_p(d) == 6 / 32


def test_all_models_share_an_accuracy_of_point_998():
    n = load("movielens").n_items - 2_390  # the fewest films that anybody has not rated
    assert "nobody is below .998" in source()
    assert 1 - 11 / n > 0.998
    assert re.search(r"some nine thousand rows per person", source())


def test_what_recbole_counts_is_what_the_benchmark_wrote_down():
    told = re.search(r"finds (\S+) % of the hidden films, where .*? finds (\S+) %", source())
    file = BOOK.parent / "benchmarks" / "recbole" / "results.json"
    runs = json.loads(file.read_text(encoding="utf8"))["recbole"]["metrics"]
    found = [runs[name]["recall@10"] for name in ("Pop, as it comes", "Pop")]
    assert [float(number) for number in told.groups()] == [round(100 * r, 1) for r in found]
