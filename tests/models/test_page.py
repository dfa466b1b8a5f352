"""The goods of a page look at one another: the formulas, the set, the planted rivals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Clicks, Vocabulary, make_lists
from attnrec_lite.models import PageModel

GOODS = Vocabulary(np.arange(1, 9))


def page(*candidates, histories=None, number=None):
    n = len(candidates)
    past = [[0]] * n if histories is None else histories
    return Clicks(GOODS, past, list(candidates), page=number or [0] * n)


def moved(looks="attention", seed=0):
    model = PageModel(GOODS, width=3, looks=looks)
    rng = np.random.default_rng(seed)
    model._set_arrays({n: a + rng.normal(size=a.shape) / 2 for n, a in model._arrays().items()})
    return model


def by_hand(model, candidates, history=()):
    """Log odds and weights of one page."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}
    table = w["own"] + w["shared"][0]
    e, others = table[list(candidates)], ~np.eye(len(candidates), dtype=bool)

    def layer(x, name):
        return x @ w[f"{name}_matrix"] + w[f"{name}_offset"]

    past = table[list(history)].sum(axis=0) / np.sqrt(max(1, len(history)))
    parts = [e, e * past]
    weights = np.zeros(others.shape)
    if model.looks == "attention":
        z, weights = formulas.attend(layer(e, "query"), layer(e, "key"), layer(e, "value"), others)
        parts += [z, e * z]
    elif model.looks == "mean":
        weights = others / max(1, len(candidates) - 1)
        z = weights @ layer(e, "value")
        parts += [z, e * z]
    hidden = np.maximum(layer(np.concatenate(parts, axis=1), "hidden"), 0)
    return layer(hidden, "out")[:, 0], weights


@pytest.mark.parametrize("looks", ["attention", "mean", "nothing"])
def test_it_computes_the_formulas_on_pages_of_different_length(looks):
    model = moved(looks)
    pages = [((3, 1, 7), (2, 2, 5)), ((4,), ()), ((8, 2), (1,))]
    history = [[0] * (3 - len(h)) + list(h) for c, h in pages for _ in c]
    number = [i for i, (c, _) in enumerate(pages) for _ in c]
    rows = page(*(x for c, _ in pages for x in c), histories=history, number=number)
    found, weights, start = model.chances(rows), model.weights(rows), 0
    for candidates, past in pages:
        stop = start + len(candidates)
        log_odds, expected = by_hand(model, candidates, past)
        assert_allclose(found[start:stop], formulas.sigmoid(log_odds), rtol=1e-4)
        assert_allclose(weights[start:stop, : len(candidates)], expected, atol=1e-5)
        assert_array_equal(weights[start:stop, len(candidates) :], 0)
        start = stop


@pytest.mark.parametrize("looks", ["attention", "mean", "nothing"])
def test_a_page_is_a_set(looks):
    model, order = moved(looks), [2, 0, 3, 1]
    goods = np.array([5, 1, 8, 2])
    straight, mixed = model.chances(page(*goods)), model.chances(page(*goods[order]))
    assert_allclose(mixed, straight[order], rtol=1e-5)


def test_what_stands_beside_it_matters_only_to_who_looks():
    for looks, matters in (("attention", True), ("mean", True), ("nothing", False)):
        model = moved(looks)
        change = model.chances(page(5, 1, 8))[0] - model.chances(page(5, 2, 7))[0]
        assert (abs(change) > 1e-4) == matters


def test_pages_do_not_see_one_another():
    model = moved()
    both = model.chances(page(1, 2, 3, 4, number=[0, 0, 1, 1]))
    assert_allclose(both[:2], model.chances(page(1, 2)), rtol=1e-5)
    assert_allclose(both[2:], model.chances(page(3, 4)), rtol=1e-5)


def test_an_item_alone_looks_at_nothing():
    model = moved()
    assert_array_equal(model.weights(page(4)), [[0.0]])
    assert_array_equal(model.attention(page(4)).weights, [[0.0]])
    assert np.isfinite(model.chances(page(4))).all()
    one = replace(page(4), label=np.array([1]))
    assert np.isfinite(model.fit(one, epochs=1).losses).all()


def test_the_record_names_the_goods_of_the_page():
    record = moved().attention(page(4, 8, 2, number=[0, 0, 1]))
    assert record.keys.tolist() == [[4, 8], [4, 8], [2, 0]]
    assert record.weights[0, 0] == record.weights[1, 1] == 0  # none looks at itself


@pytest.mark.slow
def test_attention_finds_the_rivals_that_were_planted():
    rows = make_lists(n=2000)
    train, validation, test = rows.split()
    auc = {}
    for looks in ("attention", "nothing"):
        model = PageModel(rows.items, looks=looks, groups=rows.category)
        model.fit(train, validation, epochs=10, batch=64)
        auc[looks] = formulas.auc(test.label, model.chances(test))
        if looks == "attention":
            rivals = test.relevant.any(axis=1)
            mass = (model.weights(test) * test.relevant).sum(axis=1)[rivals].mean()
            assert mass > (test.relevant.sum(axis=1) / 7)[rivals].mean() + 0.2
    assert auc["attention"] > auc["nothing"] + 0.02
