"""Factorisation machines: the formulas, one inside the other, and the planted pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite import formulas
from attnrec_lite.data import make_feature_pairs
from attnrec_lite.models import AFM, FM

ROWS = make_feature_pairs(n=40, fields=4, levels=3)


def moved(model, seed=0):
    """The model with other numbers than the first, offsets included."""
    rng = np.random.default_rng(seed)
    model._set_arrays({n: a + rng.normal(size=a.shape) / 2 for n, a in model._arrays().items()})
    return model


def present(model, row):
    """Offset, weights and vectors of the levels of a row."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}
    levels = ROWS.features[row] + 3 * np.arange(4)
    return w, float(w["offset"][0]), w["single"][levels, 0], w["vectors"][levels]


def test_fm_is_the_formula():
    model = moved(FM(ROWS.items, ROWS.sizes, width=5))
    found = model.chances(ROWS)
    for row in range(len(ROWS)):
        _, offset, single, vectors = present(model, row)
        expected = formulas.sigmoid(formulas.fm_score(offset, single, vectors))
        assert_allclose(found[row], expected, rtol=1e-4)


def test_afm_is_the_formula_and_its_weights_are_those_of_the_pairs():
    model = moved(AFM(ROWS.items, ROWS.sizes, width=5))
    found, weights = model.chances(ROWS), model.weights(ROWS)
    for row in range(len(ROWS)):
        w, offset, single, vectors = present(model, row)
        # the last offset moves every score alike, so the softmax does not see it
        alpha = formulas.pair_weights(
            vectors, w["unit_matrix"].T, w["unit_offset"][0], w["vote_matrix"][:, 0]
        )
        score = formulas.afm_score(offset, single, vectors, w["projection"][:, 0], alpha)
        assert_allclose(weights[row], alpha, atol=1e-5)
        assert_allclose(found[row], formulas.sigmoid(score), rtol=1e-4)


def test_uniform_weights_make_an_afm_an_fm_divided_by_the_number_of_pairs():
    fm = moved(FM(ROWS.items, ROWS.sizes, width=5))
    afm = AFM(ROWS.items, ROWS.sizes, width=5)
    afm._set_arrays({**afm._arrays(), **fm._arrays()})
    ones = np.ones((len(ROWS), 6))
    assert_allclose(afm.chances(ROWS, weights=ones), fm.chances(ROWS), rtol=1e-4)
    sixth = fm.chances(ROWS, weights=ones / 6)
    assert_allclose(afm.chances(ROWS, weights=ones / 6), sixth, rtol=1e-4)
    assert np.abs(sixth - fm.chances(ROWS)).max() > 1e-3


def test_pairs_are_named_in_the_order_of_the_weights():
    model = AFM(ROWS.items, ROWS.sizes)
    assert model.pairs == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    record = model.attention(ROWS)
    assert record.items.title([1, 6]).tolist() == ["a × b", "c × d"]


def test_a_model_of_some_fields_reads_these_by_name():
    model = moved(FM(ROWS.items, {"d": 3, "b": 3}))
    changed = ROWS.features.copy()
    changed[:, [0, 2]] = 0
    other = replace(ROWS, features=changed)
    assert_allclose(model.chances(other), model.chances(ROWS))


@pytest.mark.slow
def test_attention_finds_the_two_pairs_that_were_planted():
    rows = make_feature_pairs("sparse", n=16_000)
    train, validation, test = rows.split()
    model = AFM(rows.items, rows.sizes).fit(train, validation, epochs=12)
    mass = (model.weights(test) * test.relevant).sum(axis=1).mean()
    assert mass > 1.5 * test.relevant.mean()
    assert formulas.auc(test.label, model.chances(test)) > 0.75
