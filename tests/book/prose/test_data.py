"""What the prose of the chapter "Data" says in words, recomputed: a wrong word turns a test red."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from attnrec_lite import data, formulas
from attnrec_lite.evaluation import places, ranking_metrics

NOTEBOOK = Path(__file__).parents[3] / "book" / "data.ipynb"


@cache
def source() -> str:
    """The whole text of the chapter, figure captions included."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf8"))["cells"]
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in cells]
    return "\n".join(
        ["".join(cell["source"]) for cell in cells] + [f.get("caption", "") for f in figures]
    )


@pytest.fixture(scope="module")
def films():
    return data.load("movielens")


@pytest.fixture(scope="module")
def shop():
    return data.make_shop(seed=0)


def test_ravi_has_sixteen_lines_and_ends_as_told(shop):
    assert "One customer, sixteen lines" in source()
    bounds, ravi = shop.log.bounds(), shop.names["Ravi"]
    assert bounds[ravi + 1] - bounds[ravi] == 16
    goods = shop.log.items.title(shop.log.item[bounds[ravi] : bounds[ravi + 1]])
    assert {"cycling gloves", "bottle cage", "bike pump"} < set(goods.tolist())
    assert "teapot" not in goods


def test_the_words_about_sittings_fit_movielens(films):
    text, facts = source(), films.describe()
    assert "rated everything in one sitting, seconds apart" in text
    assert facts.one_sitting > 0.6
    assert facts.gap_seconds == 10
    assert "nearly a third of the lines share their second" in text
    assert 0.3 < facts.tied_share < 1 / 3
    assert "the median user stayed little more than an hour" in text
    assert 1 / 24 < facts.span_days < 1.5 / 24


def test_the_words_about_the_splits_fit_them(films, shop):
    text = source()
    assert "nearly every target has its own future in training" in text
    found = data.leaks(data.random_split(films))
    assert found.own_future / found.targets > 0.98
    assert "few targets, most of them of users without a history" in text
    late = data.by_time(films).test
    assert len(late) < 100
    assert np.mean((late.history() > 0).sum(1) == 0) > 0.5
    assert "the same cut tests most of them" in text
    assert len(data.by_time(shop.log).test) / shop.log.n_users > 0.6


def test_one_click_with_a_score_of_five_takes_nearly_all():
    assert "comes in with a score of 5" in source()
    weights = formulas.softmax([1, 0.5, 0.2, 0, -0.3])
    np.testing.assert_allclose(weights, [0.371, 0.225, 0.167, 0.136, 0.101], atol=5e-4)  # X32
    assert round(formulas.softmax([1, 0.5, 0.2, 0, -0.3, 5])[-1], 3) == 0.953


def test_who_made_it_is_told_as_it_is(films):
    text, facts, holdout = source(), data.film_facts(films), data.leave_one_out(films).test
    made_by = TfidfVectorizer(analyzer=list, min_df=2).fit_transform(facts.director + facts.cast)
    for title, column in (("Toy Story (1995)", "director"), ("Alien (1979)", "cast")):
        one = films.items.id_of(title)
        alike = (made_by @ made_by[one - 1].T).toarray().ravel()
        near = np.argsort(-alike, kind="stable")[:4] + 1
        assert near[0] == one
        names = facts[column]
        assert all(set(names[one]) & set(names[other]) for other in near[1:])
    assert "1, 3, 5, 20 or all did no better" in text
    past, rates = holdout.history(), {}
    for newest in (1, 3, 5, 10, 20, past.shape[1]):
        asks = np.zeros((len(past), films.n_items + 1))
        np.put_along_axis(asks, past[:, -newest:], 1, axis=1)
        scores = np.insert(asks[:, 1:] @ made_by @ made_by.T, 0, 0, axis=1)
        found = ranking_metrics(*places(scores, holdout.item, past), k=10)["hr"]
        rates[newest] = found.mean()
    assert max(rates, key=rates.get) == 10


def test_the_shop_has_twelve_categories_as_told(shop):
    assert "one of twelve categories" in source()
    assert len(shop.category_names) == 12
