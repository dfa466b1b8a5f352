"""The smoothed softmax for batches: against the formula, at its limits, in half precision."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import masked_softmax, smoothed_softmax


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
def test_it_is_the_formula_on_ragged_rows(beta):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20, 7)) * 4
    mask = np.arange(7) >= 7 - rng.integers(0, 8, 20)[:, None]
    found = smoothed_softmax(scores, beta, mask).numpy()
    expected = [formulas.smoothed_softmax(s, beta, m) for s, m in zip(scores, mask, strict=True)]
    assert_allclose(found, expected, rtol=1e-6)


def test_beta_1_is_the_masked_softmax_and_its_gradient():
    scores = tf.constant(np.random.default_rng(1).normal(size=(3, 5)), tf.float32)
    mask = [[True] * 5, [False, True, True, False, True], [False] * 5]
    gradients = []
    for weigh in (lambda s: smoothed_softmax(s, 1.0, mask), lambda s: masked_softmax(s, mask)):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            loss = tf.reduce_sum(weigh(scores) * tf.range(5.0))
        gradients.append(tape.gradient(loss, scores))
    assert_allclose(*gradients, atol=1e-6)
    assert_array_equal(gradients[0][2], np.zeros(5))


@pytest.mark.parametrize("size", [500.0, 1e4, -500.0])
@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_huge_scores_stay_finite_and_so_do_their_gradients(size, beta):
    scores = tf.constant([[size, size - 1, -size]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        weights = smoothed_softmax(scores, beta)
        total = tf.reduce_sum(weights)
    assert np.isfinite(weights.numpy()).all()
    assert np.isfinite(tape.gradient(total, scores).numpy()).all()
    if beta == 1.0:
        assert_allclose(total, 1.0, atol=1e-6)


def test_what_stands_at_padding_is_never_looked_at():
    scores = tf.constant([[np.nan, 1.0, 2.0], [np.nan, np.inf, -np.inf]], tf.float32)
    mask = tf.constant([[False, True, True], [False, False, False]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        weights = smoothed_softmax(scores, 0.5, mask)
    assert_allclose(weights[0, 1:], formulas.smoothed_softmax([1.0, 2.0], 0.5), rtol=1e-6)
    assert_array_equal(weights[1], [0, 0, 0])
    assert np.isfinite(tape.gradient(weights, scores).numpy()).all()


def test_half_precision_computes_in_single_and_does_not_overflow():
    scores = tf.constant([[9.0, 9.0], [300.0, 0.0]], tf.float16)
    found = smoothed_softmax(scores, 0.0)
    assert found.dtype == tf.float16
    assert np.isfinite(found.numpy()).all()
    exact = smoothed_softmax(tf.constant([[3.0, 1.0]], tf.float16), 0.5).numpy()
    assert_allclose(exact[0], formulas.smoothed_softmax([3.0, 1.0], 0.5), rtol=1e-3)


def test_it_names_what_is_wrong():
    with pytest.raises(ValueError, match="beta: expected a number in"):
        smoothed_softmax([[0.0]], -0.1)
    with pytest.raises(ValueError, match="mask: expected booleans, True = real item"):
        smoothed_softmax([[0.0]], 0.5, [[1]])
