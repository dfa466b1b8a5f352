"""Leave-one-out effects of a softmax, from its weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.formulas import left_out_effects, pooled_effects, same_output_weights, softmax


@given(n=st.integers(1, 8), seed=st.integers(0, 10**6), scale=st.sampled_from([0.1, 1.0, 5.0]))
def test_it_equals_answering_again_without_the_item(n, seed, scale):
    rng = np.random.default_rng(seed)
    scores, values, candidate = (
        rng.normal(size=n) * scale,
        rng.normal(size=(n, 3)),
        rng.normal(size=3),
    )

    def answer(kept):
        found = np.zeros(len(kept))
        for row, some in enumerate(kept):
            if some.any():
                found[row] = softmax(scores[some]) @ values[some] @ candidate
        return found

    by_weights = pooled_effects(softmax(scores), values, candidate)
    assert_allclose(by_weights, left_out_effects(answer, n), atol=1e-7)


def test_items_that_say_the_same_have_no_effect_whatever_their_weight():
    values = np.tile([[0.3, -2.0]], (4, 1))
    effects = pooled_effects([0.7, 0.1, 0.1, 0.1], values, [1.0, 1.0])
    assert_allclose(effects, 0, atol=1e-12)


def test_an_item_with_all_the_weight_is_the_whole_score():
    assert_allclose(pooled_effects([1.0], [[2.0, 1.0]], [1.0, 1.0]), [3.0])
    assert_allclose(pooled_effects([1.0, 0.0], [[2.0], [5.0]], [1.0]), [2.0, 0.0])


def test_equal_contexts_do_not_mean_equal_effects():
    weights, values = [0.25] * 4, np.array([[1, 0], [0, 1], [-1, 0.5], [0, 0]])
    other = same_output_weights(weights, values)
    assert_allclose(other @ values, weights @ values, atol=1e-9)
    first, second = (pooled_effects(w, values, [1.0, 1.0]) for w in (weights, other))
    assert abs(first - second).max() > 0.05


@pytest.mark.parametrize(
    ("weights", "values", "candidate", "message"),
    [
        ([0.5, 0.5], [[1, 0]], [1, 0], "values: expected 2 rows"),
        ([0.5, 0.6], [[1, 0], [0, 1]], [1, 0], "weights: expected shares"),
        ([1.5, -0.5], [[1, 0], [0, 1]], [1, 0], "weights: expected shares"),
        ([0.5, 0.5], [[1, 0], [0, 1]], [1, 0, 0], "candidate: expected width 2"),
    ],
)
def test_what_does_not_fit_is_refused(weights, values, candidate, message):
    with pytest.raises(ValueError, match=message):
        pooled_effects(weights, values, candidate)
