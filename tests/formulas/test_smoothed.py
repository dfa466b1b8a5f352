"""The smoothed softmax: its two ends, its stable form, what beta does to length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from attnrec_lite import formulas

scores = arrays(np.float64, st.integers(1, 8), elements=st.floats(-9, 9))
betas = st.floats(0, 1)


def naive(s, beta):
    """As published programs have it: the exponential first."""
    e = np.exp(s)
    return e / e.sum() ** beta


@given(scores, betas)
def test_it_is_what_the_naive_form_gives_where_that_has_a_value(s, beta):
    assert_allclose(formulas.smoothed_softmax(s, beta), naive(s, beta), rtol=1e-9)


@given(scores)
def test_its_ends_are_the_softmax_and_the_exponential(s):
    assert_allclose(formulas.smoothed_softmax(s, 1.0), formulas.softmax(s), rtol=1e-9)
    assert_allclose(formulas.smoothed_softmax(s, 0.0), np.exp(s), rtol=1e-9)


@pytest.mark.parametrize("size", [500.0, 800.0])
@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_huge_scores_keep_their_value_where_the_naive_form_fails(size, beta):
    s = np.array([size, size - 1, -size])
    found = formulas.smoothed_softmax(s, beta)
    assert np.isfinite(found).all()
    assert_allclose(np.log(found[:2]), s[:2] - beta * logsumexp(s), rtol=1e-12)
    with np.errstate(all="ignore"):
        assert np.isfinite(naive(s, beta)).all() == (size < 709)


def test_a_weight_that_no_float_holds_is_infinite_and_not_nan():
    assert formulas.smoothed_softmax([2000.0], 0.5)[0] == math.inf
    assert_array_equal(formulas.smoothed_softmax([2000.0, -2000.0], 1.0), [1.0, 0.0])


@given(scores, betas, st.integers(1, 9))
def test_a_history_n_times_as_long_gets_n_to_the_one_minus_beta_the_attention(s, beta, n):
    longer = formulas.total_weight(np.tile(s, n), beta)
    assert_allclose(longer, n ** (1 - beta) * formulas.total_weight(s, beta), rtol=1e-9)


@given(scores, betas)
def test_padding_has_no_weight_and_moves_none(s, beta):
    padded, mask = np.append(s, np.nan), np.append(np.ones(len(s), bool), False)
    found = formulas.smoothed_softmax(padded, beta, mask)
    assert found[-1] == 0
    assert_allclose(found[:-1], formulas.smoothed_softmax(s, beta))


def test_an_empty_history_has_no_weight_and_no_score():
    assert_array_equal(formulas.smoothed_softmax([1.0, 2.0], 0.5, [False, False]), [0, 0])
    assert formulas.total_weight([], 0.5) == 0
    assert formulas.nais_score([1.0], np.zeros((0, 1)), [], 0.5) == 0


@given(scores, betas, st.integers(0, 99))
def test_nais_score_is_what_a_loop_gives(s, beta, seed):
    rng = np.random.default_rng(seed)
    candidate, history = rng.normal(size=3), rng.normal(size=(len(s), 3))
    total = sum(math.exp(x) for x in s) ** beta
    expected = sum(
        math.exp(x) / total * float(candidate @ h) for x, h in zip(s, history, strict=True)
    )
    found = formulas.nais_score(candidate, history, s, beta)
    assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * math.exp(9))


@pytest.mark.parametrize(
    ("s", "beta", "mask", "message"),
    [
        ([0.0], 1.5, None, r"beta: expected a number in \[0, 1\]; received 1.5"),
        ([np.nan], 0.5, None, "scores: expected finite numbers"),
        ([0.0], 0.5, [1], "mask: expected booleans"),
        ([0.0], 0.5, [True, True], "mask: expected booleans of shape"),
    ],
)
def test_it_names_what_is_wrong(s, beta, mask, message):
    with pytest.raises(ValueError, match=message):
        formulas.smoothed_softmax(s, beta, mask)
