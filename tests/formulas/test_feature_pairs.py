"""Feature pairs: against loops over pairs, and the machine of Rendle inside that of Xiao."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite import formulas

numbers = st.floats(-9, 9).map(lambda x: round(x, 3))
features = arrays(np.float64, st.tuples(st.integers(2, 6), st.just(3)), elements=numbers)


@given(features)
def test_pair_sum_is_the_loop_over_pairs(v):
    expected = sum(float(a @ b) for a, b in combinations(v, 2))
    assert math.isclose(formulas.pair_sum(v), expected, abs_tol=1e-8)


def test_fewer_than_two_features_have_no_pair():
    assert formulas.pair_sum([[3.0, 4.0]]) == 0
    assert formulas.pair_sum(np.zeros((0, 2))) == 0
    assert formulas.fm_score(0.5, [2.0], [[3.0, 4.0]]) == 2.5


@given(features, st.integers(0, 99))
def test_pair_weights_are_the_loop_over_pairs_in_its_order(v, seed):
    rng = np.random.default_rng(seed)
    matrix, bias, h = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=4)
    scores = [float(np.maximum(matrix @ (a * b) + bias, 0) @ h) for a, b in combinations(v, 2)]
    found = formulas.pair_weights(v, matrix, bias, h)
    assert found.shape == (len(v) * (len(v) - 1) // 2,)
    assert_allclose(found, formulas.softmax(scores), atol=1e-12)


@given(features)
def test_uniform_attention_is_the_factorisation_machine_over_the_number_of_pairs(v):
    m = len(v)
    pairs = m * (m - 1) // 2
    weights = np.arange(m, dtype=float)
    found = formulas.afm_score(0.5, weights, v, np.ones(3), np.full(pairs, 1 / pairs))
    alone = 0.5 + weights.sum()
    assert math.isclose(found - alone, formulas.pair_sum(v) / pairs, abs_tol=1e-8)
    ones = formulas.afm_score(0.5, weights, v, np.ones(3), np.ones(pairs))
    assert math.isclose(ones, formulas.fm_score(0.5, weights, v), abs_tol=1e-8)


def test_the_order_of_pairs_matters_and_is_that_of_triu_indices():
    v = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]
    score = [formulas.afm_score(0, [0] * 3, v, [1, 1], alpha) for alpha in np.eye(3)]
    assert score == [1.0, 0.0, 2.0]  # (0, 1), (0, 2), (1, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.fm_score(0, [1], [[1, 2], [3, 4]]), "weights: expected 2 rows, as vec"),
        (lambda: formulas.pair_sum([1, 2]), "vectors: expected a matrix"),
        (lambda: formulas.pair_weights([[1, 2]], [[1, 1]], [0], [1]), "expected two or more, for"),
        (lambda: formulas.pair_weights([[1], [2]], [[1, 1]], [0], [1]), "matrix: expected width 1"),
        (lambda: formulas.pair_weights([[1], [2]], [[1]], [0, 0], [1]), "bias: expected 1 rows"),
        (lambda: formulas.afm_score(0, [1, 1], [[1], [2]], [1], [1, 1]), "alpha: expected 1, one"),
        (lambda: formulas.afm_score(0, [1, 1], [[1], [2]], [1, 1], [1]), "projection: expected w"),
    ],
)
def test_they_name_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
