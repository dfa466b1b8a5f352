"""Programs in which the candidate asks: against plain loops, by hand, and by what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import candidate_asks, capped, score_times_attention

quick = settings(deadline=None, max_examples=40)
seeds, lengths, widths = st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def cap(x):
    return 20 * math.tanh(x / 20)


def loop_weights(scores, recency):
    n = len(scores)
    exponents = [cap(s) + cap(recency[n - 1 - j]) for j, s in enumerate(scores)]
    top = max(exponents)
    e = [math.exp(x - top) for x in exponents]
    return [x / sum(e) for x in e]


@quick
@given(seeds, lengths, widths, st.integers(1, 4))
def test_score_times_attention_equals_a_loop(seed, n, d, m):
    rng = np.random.default_rng(seed)
    h, e = rng.normal(size=(n, d)) * 3, rng.normal(size=(m, d)) * 3
    recency, bias = rng.normal(size=n + 1), rng.normal(size=m)
    found, weights = score_times_attention(h, e, recency, bias)
    for c in range(m):
        r = [dot(row, e[c]) for row in h]
        shares = loop_weights(r, recency)
        assert_allclose(weights[c], shares, atol=1e-10)
        assert_allclose(found[c], dot(shares, r) + bias[c], atol=1e-9)


@quick
@given(seeds, lengths, widths, st.integers(1, 4))
def test_candidate_asks_equals_a_loop(seed, n, d, m):
    rng = np.random.default_rng(seed)
    h, e, w = rng.normal(size=(n, d)), rng.normal(size=(m, d)), rng.normal(size=(3, d, d))
    recency, bias = rng.normal(size=n), rng.normal(size=m)
    found, weights = candidate_asks(h, e, *w, recency, bias)

    def times(x, matrix):
        return [sum(x[i] * matrix[i][j] for i in range(d)) for j in range(d)]

    for c in range(m):
        asked = times(e[c], w[0])
        shares = loop_weights([dot(asked, times(r, w[1])) / math.sqrt(d) for r in h], recency)
        values = [times(row, w[2]) for row in h]
        context = [sum(a * v[i] for a, v in zip(shares, values, strict=True)) for i in range(d)]
        assert_allclose(weights[c], shares, atol=1e-10)
        assert_allclose(found[c], dot(context, e[c]) + bias[c], atol=1e-9)


def test_score_times_attention_by_hand():
    """Scores 2 and 0 for the candidate: weights e^2 : 1, a little less by the cap."""
    found, weights = score_times_attention([[2, 0], [0, 1]], [[1, 0]], [0, 0])
    assert_allclose(weights, [[0.8800, 0.1200]], atol=5e-4)
    assert_allclose(found, [1.760], atol=1e-3)


def test_the_prediction_lies_between_the_mean_and_the_best_score():
    rng = np.random.default_rng(1)
    h, e = rng.normal(size=(5, 3)), rng.normal(size=(40, 3))
    found, _ = score_times_attention(h, e, np.zeros(5))
    r = e @ h.T
    assert np.all(found >= r.mean(axis=1) - 1e-12)
    assert np.all(found <= r.max(axis=1) + 1e-12)


def test_another_candidate_changes_the_weights_but_not_those_of_its_neighbours():
    rng = np.random.default_rng(2)
    h, e = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))
    for both in (
        score_times_attention,
        lambda *a: candidate_asks(a[0], a[1], *[np.eye(3)] * 3, a[2]),
    ):
        weights = both(h, e, np.zeros(4))[1]
        assert not np.allclose(weights[0], weights[1])
        assert_array_equal(both(h, e[:2], np.zeros(4))[1], weights[:2])


@pytest.mark.parametrize("size", [1.0, 500.0, 1e6])
def test_huge_scores_give_shares(size):
    h, e = np.array([[size], [-size], [size / 2]]), np.array([[1.0], [-1.0]])
    for found, weights in (
        score_times_attention(h, e, [0, 500, -500]),
        candidate_asks(h, e, [[1]], [[1]], [[1]], [0, 500, -500]),
    ):
        assert np.isfinite(found).all()
        assert_allclose(weights.sum(axis=1), 1)


def test_capped_keeps_the_order_and_small_scores_and_passes_no_limit():
    s = np.linspace(-400, 400, 801)
    found = capped(s)
    assert np.abs(found).max() <= 20
    assert np.all(np.diff(found) >= 0)
    assert_allclose(capped([0.5, -1.0]), [0.5, -1.0], rtol=1e-3)
    assert_allclose(capped([3.0], cap=1.0), np.tanh(3.0))
    with pytest.raises(ValueError, match="^cap: expected a finite number above 0"):
        capped([1.0], cap=0)


def test_an_empty_history_leaves_the_bias():
    nothing, e = np.zeros((0, 2)), np.eye(2)
    for found, weights in (
        score_times_attention(nothing, e, [0], [3, 4]),
        candidate_asks(nothing, e, e, e, e, [0], [3, 4]),
    ):
        assert_array_equal(found, [3, 4])
        assert weights.shape == (2, 0)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="^candidates: expected width 2, as history has"):
        score_times_attention(np.eye(2), np.eye(3), [0, 0])
    with pytest.raises(ValueError, match="^recency: expected at least 2 numbers; received 1"):
        candidate_asks(np.eye(2), np.eye(2), *[np.eye(2)] * 3, recency=[0])
