"""Losses of the next item: against loops, against one another, and where their minimum lies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from attnrec_lite.formulas import (
    binary_loss,
    full_softmax_loss,
    gbce_loss,
    gbce_power,
    learned_chance,
    sampled_softmax_loss,
    sigmoid,
    softmax,
)

quick = settings(deadline=None, max_examples=40)
numbers = st.floats(-30, 30).map(lambda x: round(x, 3))


@st.composite
def cases(draw):
    """Scores, targets and, for each row, negatives that are other items."""
    rows, n, k = draw(st.integers(1, 4)), draw(st.integers(2, 6)), draw(st.integers(1, 5))
    scores = draw(arrays(np.float64, (rows, n), elements=numbers))
    targets = draw(arrays(np.int64, rows, elements=st.integers(0, n - 1)))
    steps = draw(arrays(np.int64, (rows, k), elements=st.integers(1, n - 1)))
    return scores, targets, (targets[:, None] + steps) % n


@quick
@given(cases())
def test_full_softmax_is_minus_the_log_of_the_weight_of_the_target(case):
    scores, targets, _ = case
    expected = -np.mean([np.log(softmax(s)[t]) for s, t in zip(scores, targets, strict=True)])
    assert_allclose(full_softmax_loss(scores, targets), expected, atol=1e-9)


@quick
@given(cases())
def test_sampled_softmax_over_every_item_once_is_the_full_one(case):
    scores, targets, _ = case
    n = scores.shape[1]
    sampled = sampled_softmax_loss(scores, targets, np.arange(n), np.ones(n))
    assert_allclose(sampled, full_softmax_loss(scores, targets), atol=1e-9)


def test_the_correction_makes_the_sum_over_draws_right_on_average():
    rng, k = np.random.default_rng(0), 50
    scores, q = np.arange(6) / 3, np.arange(1, 7) / 21  # what scores high is drawn often
    drawn = rng.choice(6, size=(4000, k), p=q)
    sums = np.exp(scores - np.log(k * q))[drawn].sum(axis=1)
    assert_allclose(sums.mean(), np.exp(scores).sum(), rtol=0.02)
    uncorrected = np.exp(scores)[drawn].mean() * 6
    assert abs(uncorrected / np.exp(scores).sum() - 1) > 0.05


def test_the_function_lowers_what_is_drawn_often():
    scores, often = np.array([[0.5, 1.0, -0.3]]), np.array([0.2, 3.0, 1.0])
    lowered = scores[0] - np.log(often)
    expected = np.log(np.exp(lowered).sum()) - lowered[0]
    assert_allclose(sampled_softmax_loss(scores, [0], [1, 2], often), expected)


def test_a_draw_that_is_the_target_of_a_row_is_left_out_of_that_row_only():
    scores = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    found = sampled_softmax_loss(scores, [0, 1], [0, 2], np.ones(3))
    first = math.log(math.exp(1) + math.exp(3)) - 1
    second = math.log(math.exp(2) + math.exp(1) + math.exp(3)) - 2
    assert_allclose(found, (first + second) / 2)
    assert sampled_softmax_loss([[5.0, 1.0]], [0], [0, 0], np.ones(2)) == 0


@quick
@given(cases(), st.floats(0.01, 1))
def test_gbce_equals_a_loop_over_yes_and_no(case, power):
    scores, targets, drawn = case
    expected = 0.0
    for s, target, negatives in zip(scores, targets, drawn, strict=True):
        terms = [power * math.log1p(math.exp(-s[target]))]
        terms += [math.log1p(math.exp(s[i])) for i in negatives]
        expected += sum(terms) / len(terms) / len(scores)
    assert_allclose(gbce_loss(scores, targets, drawn, power), expected, atol=1e-9)


@quick
@given(cases())
def test_without_calibration_gbce_is_the_binary_loss(case):
    power = gbce_power(negatives=1, n_items=50, calibration=0)
    assert gbce_loss(*case, power=power) == binary_loss(*case)


def test_a_hopeless_score_is_punished_and_not_rounded_away():
    assert_allclose(binary_loss([[0.0, 800.0]], [0], [[1]]), (math.log(2) + 800) / 2)
    assert np.isfinite(gbce_loss([[-800.0, 800.0]], [0], [[1]], 0.5))


@pytest.mark.parametrize("calibration", [0, 0.25, 0.5, 0.75, 1])
@pytest.mark.parametrize(("negatives", "n_items"), [(1, 2), (1, 241), (256, 3417)])
def test_the_power_is_the_formula_of_the_paper(negatives, n_items, calibration):
    a = negatives / (n_items - 1)
    paper = a * (calibration * (1 - 1 / a) + 1 / a)
    assert_allclose(gbce_power(negatives, n_items, calibration), paper)


@pytest.mark.parametrize("power", [1.0, 0.4, 0.05])
def test_learned_chance_is_where_the_expected_loss_is_least(power):
    chance, alpha = np.array([0.6, 0.3, 0.1]), 0.05

    def expected(s):
        yes = power * chance * np.logaddexp(0, -s)
        return (yes + alpha * (1 - chance) * np.logaddexp(0, s)).sum()

    least = sigmoid(minimize(expected, np.zeros(3), tol=1e-12).x)
    assert_allclose(learned_chance(chance, alpha, power), least, atol=1e-4)


@quick
@given(arrays(np.float64, 5, elements=st.floats(0, 1)), st.floats(0.001, 1))
def test_full_calibration_gives_the_chance_back_and_none_gives_more(chance, alpha):
    assert_allclose(learned_chance(chance, alpha, alpha), chance, atol=1e-9)
    assert (learned_chance(chance, alpha, 1.0) >= chance - 1e-12).all()


def test_a_model_trained_on_draws_ends_at_the_learned_chance():
    """By sampling: uniform negatives, one of ten others per target, the target never its own."""
    rng = np.random.default_rng(1)
    chance = np.array([0.4, 0.3, 0.2, 0.1, 0, 0, 0, 0, 0, 0, 0])
    came = rng.choice(11, size=200_000, p=chance)
    drawn = (came + rng.integers(1, 11, size=came.size)) % 11
    yes, no = np.bincount(came, minlength=11), np.bincount(drawn, minlength=11)
    assert_allclose(yes / (yes + no), learned_chance(chance, 1 / 10, 1.0), atol=0.01)


def test_losses_say_what_does_not_fit():
    scores = np.zeros((2, 3))
    with pytest.raises(ValueError, match="targets: expected 2, as scores has rows; received 1"):
        full_softmax_loss(scores, [0])
    with pytest.raises(ValueError, match=r"targets: expected columns 0\.\.2; received"):
        full_softmax_loss(scores, [0, 3])
    with pytest.raises(ValueError, match="scores: expected a row and a column"):
        full_softmax_loss(np.zeros((0, 3)), np.zeros(0, int))
    with pytest.raises(ValueError, match="expected: expected 3 numbers above 0"):
        sampled_softmax_loss(scores, [0, 1], [2], [1, 0, 1])
    with pytest.raises(ValueError, match="drawn: expected other items than the target"):
        binary_loss(scores, [0, 1], [[1], [1]])
    with pytest.raises(ValueError, match="drawn: expected 2 rows, as scores has"):
        binary_loss(scores, [0, 1], [[1]])
    with pytest.raises(ValueError, match="drawn: expected columns, 2 axes"):
        binary_loss(scores, [0, 1], [1, 2])
    with pytest.raises(ValueError, match="power: expected a finite number above 0; received 0"):
        gbce_loss(scores, [0, 1], [[1], [2]], 0)
    with pytest.raises(ValueError, match="negatives: expected at most 2, all others; received 3"):
        gbce_power(3, 3, 1)
    with pytest.raises(ValueError, match=r"chance: expected numbers in \[0, 1\]"):
        learned_chance([2.0], 0.1, 1)
