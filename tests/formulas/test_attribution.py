"""Slopes along a path: against closed forms, SciPy, scikit-learn, and a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.integrate import quad

from attnrec_lite.formulas import (
    attention_rollout,
    completeness_error,
    gradient_times_input,
    integrated_gradients,
    path_points,
    permutation_importance,
)

RULES = ["left", "right", "midpoint", "trapezoid", "gauss", "graded"]
numbers = st.floats(-2, 2, width=32)


def bent(x):
    return np.tanh(x @ np.array([2.0, -1.0, 0.5])) + x[..., 0] * x[..., 1] ** 2


def slopes(x):
    w = np.array([2.0, -1.0, 0.5])
    own = (1 - np.tanh(x @ w) ** 2)[..., np.newaxis] * w
    own[..., 0] += x[..., 1] ** 2
    own[..., 1] += 2 * x[..., 0] * x[..., 1]
    return own


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("steps", [2, 7, 50])
def test_points_are_inside_and_weights_sum_to_one(rule, steps):
    points, weights = path_points(steps, rule)
    assert points.shape == weights.shape == (steps,)
    assert weights.sum() == pytest.approx(1)
    assert ((points >= 0) & (points <= 1)).all()
    assert (np.diff(points) > 0).all()


def test_gauss_is_exact_where_it_promises_to_be():
    points, weights = path_points(4)
    assert weights @ points**7 == pytest.approx(1 / 8)
    assert weights @ points**8 != pytest.approx(1 / 9, abs=1e-7)


@given(arrays(float, 3, elements=numbers), arrays(float, 3, elements=numbers))
def test_parts_are_what_scipy_integrates(x, start):
    found = integrated_gradients(slopes, x, start, steps=50)
    for j in range(3):
        g = quad(lambda a, j=j: slopes(start + a * (x - start))[j], 0, 1)[0]
        assert found[j] == pytest.approx((x[j] - start[j]) * g, abs=1e-5)
    assert found.sum() == pytest.approx(bent(x) - bent(start), abs=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_comes_closer_with_more_steps_and_the_worst_halve_their_error(rule):
    x, start = np.array([1.0, 0.5, -1.0]), np.array([-1.0, 1.0, 0.0])
    errors = [
        completeness_error(integrated_gradients(slopes, x, start, m, rule), bent(x), bent(start))
        for m in (25, 50, 100)
    ]
    assert errors[2] < errors[0] or errors[0] < 1e-12
    if rule in ("left", "right"):
        assert errors[2] == pytest.approx(errors[1] / 2, rel=0.1)
    if rule == "gauss":
        assert errors[1] < 1e-8


def test_a_path_that_turns_at_its_start_wants_its_points_there():
    def turning(x):  # of x / sqrt(x^2 + 1e-6): a layer norm of one number, from zero
        return 1e-6 / (x**2 + 1e-6) ** 1.5

    value = 1 / np.sqrt(1 + 1e-6)
    errors = [
        completeness_error(integrated_gradients(turning, [1.0], [0.0], 50, rule), value, 0.0)
        for rule in ("graded", "gauss", "midpoint", "left")
    ]
    assert errors[0] < 0.01 < 0.05 < min(errors[1:])


def test_a_straight_line_needs_no_path():
    def flat(x):
        return np.broadcast_to([2.0, -1.0], x.shape)

    assert_allclose(integrated_gradients(flat, [3.0, 4.0], [1.0, 0.0], 1, "left"), [4, -4])
    assert_allclose(gradient_times_input(flat, [3.0, 4.0], [1.0, 0.0]), [4, -4])


def test_what_has_saturated_has_no_slope_and_still_a_part():
    def s(x):
        return 1 / np.cosh(x) ** 2  # of tanh

    assert abs(gradient_times_input(s, [20.0])[0]) < 1e-6
    assert integrated_gradients(s, [20.0], [0.0], 50)[0] == pytest.approx(1, abs=1e-6)


def test_one_step_at_the_end_is_gradient_times_input():
    x, start = np.array([1.0, 0.5, -1.0]), np.zeros(3)
    one = integrated_gradients(slopes, x, start, 1, "right")
    assert_allclose(one, gradient_times_input(slopes, x, start))


def test_the_error_of_nothing_is_nothing_or_infinite():
    assert completeness_error([1.0, -1.0], 2.0, 2.0) == 0
    assert completeness_error([1.0], 2.0, 2.0) == np.inf
    assert completeness_error([1.01], 1.0, 0.0) == pytest.approx(0.01)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 9))
def test_rollout_is_a_loop_of_products(blocks, n, seed):
    a = np.random.default_rng(seed).dirichlet(np.ones(n), (blocks, n))
    by_hand = np.eye(n)
    for block in a:
        by_hand = (block + np.eye(n)) / 2 @ by_hand
    found = attention_rollout(a)
    assert_allclose(found, by_hand)
    assert_allclose(found.sum(axis=1), 1)


def test_rollout_of_padding_stays_with_padding():
    a = [[[0.0, 0.0], [0.0, 1.0]]] * 3
    assert_allclose(attention_rollout(a), np.eye(2))


def test_a_column_that_is_not_read_is_not_important_and_one_that_is_agrees_with_scikit_learn():
    from sklearn.inspection import permutation_importance as theirs
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = x @ [2.0, 1.0, 0.0] + rng.normal(size=400) * 0.1
    model = LinearRegression().fit(x, y)
    own = [permutation_importance(lambda t: model.score(t, y), x, c, 30).mean() for c in range(3)]
    assert_allclose(
        own, theirs(model, x, y, n_repeats=30, random_state=1).importances_mean, atol=0.05
    )
    assert own[0] > own[1] > 0.1 > abs(own[2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: path_points(0), "^steps: expected an integer of at least 1"),
        (lambda: path_points(1, "trapezoid"), "^steps: expected an integer of at least 2"),
        (lambda: path_points(3, "simpson"), "^rule: expected one of left, right"),
        (lambda: integrated_gradients(slopes, [1.0, 2], [1.0]), r"^start: expected shape \(2,\)"),
        (lambda: integrated_gradients(slopes, [np.inf, 0, 0], [0.0] * 3), "^x: expected finite"),
        (lambda: integrated_gradients(lambda x: x[0], [1.0], [0.0]), "^slopes: expected shape"),
        (lambda: integrated_gradients(lambda x: x * np.nan, [1.0], [0.0]), "^slopes: expected fin"),
        (lambda: gradient_times_input(slopes, [np.nan]), "^x: expected finite"),
        (lambda: completeness_error([np.nan], 1, 0), "^parts: expected finite"),
        (lambda: completeness_error([1.0], np.inf, 0), "^value: expected finite"),
        (lambda: attention_rollout([[[1.0, 0.0]]]), r"^weights: expected shape \(blocks, n, n\)"),
        (lambda: attention_rollout([[[0.7]]]), "^weights: expected rows of shares"),
        (lambda: attention_rollout([[[2.0, -1.0]] * 2]), "^weights: expected rows of shares"),
        (lambda: permutation_importance(len, [[1, 2]], 2), "^column: expected one of a table"),
        (lambda: permutation_importance(len, [1, 2], 0), "^column: expected one of a table"),
        (lambda: permutation_importance(len, [[1]], 0, repeats=0), "^repeats: expected"),
        (lambda: permutation_importance(lambda t: np.nan, [[1]], 0), "^judge: expected finite"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
