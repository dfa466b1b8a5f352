"""The repaired programs against plain loops, by hand, and by what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import (
    best_interest_scores,
    interest_vectors,
    newest_asks,
    pairwise_context,
    pairwise_scores,
    preference_scores,
    recency_weights,
)

quick = settings(deadline=None, max_examples=40)
seeds, lengths, widths = st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def times(x, w):
    """A row vector times a matrix, one number at a time."""
    return [sum(x[i] * w[i][j] for i in range(len(x))) for j in range(len(w[0]))]


def loop_softmax(scores):
    top = max(scores)
    e = [math.exp(s - top) for s in scores]
    return [x / sum(e) for x in e]


def loop_mix(weights, vectors):
    return [
        sum(a * v[i] for a, v in zip(weights, vectors, strict=True)) for i in range(len(vectors[0]))
    ]


def loop_norm(x, scale, shift):
    mean = sum(x) / len(x)
    spread = math.sqrt(sum((v - mean) ** 2 for v in x) / len(x) + 1e-6)
    return [(v - mean) / spread * a + b for v, a, b in zip(x, scale, shift, strict=True)]


def aged(scores, recency):
    """Scores plus the number of "how long ago": the last score belongs to the newest item."""
    return [s + recency[len(scores) - 1 - j] for j, s in enumerate(scores)]


# ---- weights of a history ----------------------------------------------------------------------


@quick
@given(seeds, lengths, st.integers(0, 3))
def test_recency_weights_equal_a_loop_and_leave_what_is_further_ago_alone(seed, n, more):
    scores, recency = normal(n, seed=seed) * 3, normal(n + more, seed=seed + 1)
    found = recency_weights(scores, recency)
    assert_allclose(found, loop_softmax(aged(scores, recency)), atol=1e-12)
    assert_allclose(recency_weights(np.tile(scores, (2, 1)), recency), [found, found])


def test_a_bonus_for_the_newest_item_goes_to_the_last_place():
    assert_allclose(recency_weights([0, 0, 0], [np.log(8), 0, 0, 99]), [0.1, 0.1, 0.8])
    assert recency_weights([], [1.0]).shape == (0,)


def test_recency_weights_refuse_a_history_longer_than_the_numbers():
    with pytest.raises(ValueError, match="^recency: expected at least 3 numbers; received 2"):
        recency_weights([1, 2, 3], [0, 0])


# ---- the first program -------------------------------------------------------------------------


@quick
@given(seeds, lengths, st.integers(2, 5))
def test_newest_asks_equals_a_loop(seed, n, d):
    rng = np.random.default_rng(seed)
    h, q, k, v, out = rng.normal(size=(n, d)), *rng.normal(size=(4, d, d))
    recency, norms = rng.normal(size=n), rng.normal(size=(2, 2, d))
    x = [loop_norm(row, *norms[0]) for row in h]
    asked = times(x[-1], q)
    scores = [dot(asked, times(row, k)) / math.sqrt(d) for row in x]
    weights = loop_softmax(aged(scores, recency))
    taken = times(loop_mix(weights, [times(row, v) for row in x]), out)
    expected = loop_norm([a + b for a, b in zip(h[-1], taken, strict=True)], *norms[1])
    found = newest_asks(h, q, k, v, out, recency, tuple(norms[0]), tuple(norms[1]))
    assert_allclose(found[0], expected, atol=1e-9)
    assert_allclose(found[1], weights, atol=1e-12)


def test_newest_asks_hears_only_itself_where_it_stands_alone():
    eye = [np.eye(2)] * 4
    assert_array_equal(newest_asks([[3, 1]], *eye, recency=[0])[1], [1])
    with pytest.raises(ValueError, match="^history: expected at least one item"):
        newest_asks(np.zeros((0, 2)), *eye, recency=[0])


# ---- the third program -------------------------------------------------------------------------


@quick
@given(seeds, lengths, widths, st.integers(1, 4))
def test_pairwise_scores_and_pairwise_context_equal_a_loop(seed, n, d, units):
    rng = np.random.default_rng(seed)
    h, user_recency, recency = rng.normal(size=(n, d)), *rng.normal(size=(2, n))
    w_u, w_h, v = *rng.normal(size=(2, units, d)), rng.normal(size=units)
    dense, shift = rng.normal(size=(d, d)), rng.normal(size=d)
    user = loop_mix(loop_softmax(aged([0.0] * n, user_recency)), h)
    scores = [
        sum(v[i] * math.tanh(dot(w_u[i], user) + dot(w_h[i], row)) for i in range(units))
        for row in h
    ]
    found = pairwise_scores(h, user_recency, w_u, w_h, v)
    assert_allclose(found, scores, atol=1e-9)
    weights = loop_softmax(aged(scores, recency))
    context, shares = pairwise_context(h, found, recency, dense, shift)
    expected = [dot(row, loop_mix(weights, h)) + b for row, b in zip(dense, shift, strict=True)]
    assert_allclose(context, expected, atol=1e-9)
    assert_allclose(shares, weights, atol=1e-9)


def test_without_the_tanh_the_user_would_cancel():
    h, w_u, w_h, v = normal(3, 2), normal(4, 2, seed=1), normal(4, 2, seed=2), normal(4, seed=3)
    linear = [recency_weights((u @ w_u.T + h @ w_h.T) @ v, np.zeros(3)) for u in normal(2, 2)]
    assert_allclose(linear[0], linear[1])
    bent = [recency_weights(pairwise_scores(h, b, w_u, w_h, v), np.zeros(3)) for b in normal(2, 3)]
    assert not np.allclose(bent[0], bent[1])


def test_nobody_without_a_history_gets_a_pairwise_context():
    context, weights = pairwise_context(np.zeros((0, 2)), [], [0], np.eye(2), [5, 5])
    assert_array_equal(context, [0, 0])
    assert weights.shape == (0,)
    assert pairwise_scores(np.zeros((0, 2)), [0], np.eye(2), np.eye(2), [1, 1]).shape == (0,)


# ---- the fifth program -------------------------------------------------------------------------


@quick
@given(seeds, lengths, widths, st.integers(1, 4), st.integers(1, 3))
def test_interest_vectors_equal_a_loop(seed, n, d, units, k):
    rng = np.random.default_rng(seed)
    h, w = rng.normal(size=(n, d)), rng.normal(size=(d, units))
    queries, recency = rng.normal(size=(k, units)), rng.normal(size=(k, n))
    z, weights = interest_vectors(h, w, queries, recency)
    for interest in range(k):
        scores = [dot(queries[interest], [math.tanh(x) for x in times(row, w)]) for row in h]
        shares = loop_softmax(aged(scores, recency[interest]))
        assert_allclose(weights[interest], shares, atol=1e-12)
        assert_allclose(z[interest], loop_mix(shares, h), atol=1e-12)


def test_interest_vectors_of_an_empty_history_are_zero():
    z, weights = interest_vectors(np.zeros((0, 2)), np.eye(2), np.eye(2), np.zeros((2, 3)))
    assert_array_equal(z, np.zeros((2, 2)))
    assert weights.shape == (2, 0)


def test_interests_need_a_row_of_recency_each():
    with pytest.raises(ValueError, match="^recency: expected 2 rows, as queries; received 1"):
        interest_vectors(np.eye(2), np.eye(2), np.eye(2), [[0, 0]])


@quick
@given(seeds, st.integers(1, 4), widths)
def test_best_interest_scores_take_the_best_one_and_more_interests_never_lower_them(seed, k, d):
    rng = np.random.default_rng(seed)
    z, e, bias = rng.normal(size=(k, d)), rng.normal(size=(3, d)), rng.normal(size=3)
    found = best_interest_scores(z, e, bias)
    expected = [max(dot(one, c) for one in z) + b for c, b in zip(e, bias, strict=True)]
    assert_allclose(found, expected, atol=1e-12)
    assert np.all(best_interest_scores(z[:1], e, bias) <= found + 1e-12)
    assert_allclose(best_interest_scores(z[:1], e, bias), preference_scores(z[0], e, bias))
    order = rng.permutation(k)
    assert_array_equal(best_interest_scores(z[order], e, bias), found)


def test_best_interest_scores_need_an_interest():
    with pytest.raises(ValueError, match="^interests: expected at least one"):
        best_interest_scores(np.zeros((0, 2)), np.eye(2))
