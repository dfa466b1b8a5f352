"""What helps newcomers: against loops and scikit-learn, by properties, errors by message."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from attnrec_lite import formulas

seeds = st.integers(0, 10_000)
quick = settings(deadline=None, max_examples=40)


@quick
@given(seed=seeds, strength=st.floats(0.01, 1e6))
def test_a_loop_over_segments_and_items_gives_the_same_shares(seed, strength):
    taken = np.random.default_rng(seed).integers(0, 9, (4, 3)) * [[1], [1], [0], [5]]
    total = taken.sum()
    for g in range(4):
        for i in range(3):
            overall = taken[:, i].sum() / total if total else 1 / 3
            share = (taken[g, i] + strength * overall) / (taken[g].sum() + strength)
            assert formulas.segment_shares(taken, strength)[g, i] == pytest.approx(share)


@quick
@given(seed=seeds)
def test_shares_sum_to_1_and_lie_between_the_segments_own_and_those_of_all(seed):
    taken = np.random.default_rng(seed).integers(0, 9, (3, 5)) + 1
    found = formulas.segment_shares(taken, 7)
    assert_allclose(found.sum(axis=1), 1)
    own, overall = taken / taken.sum(axis=1, keepdims=True), taken.sum(axis=0) / taken.sum()
    assert (found >= np.minimum(own, overall) - 1e-12).all()
    assert (found <= np.maximum(own, overall) + 1e-12).all()


def test_a_segment_that_nobody_is_in_speaks_with_the_voice_of_all():
    assert_allclose(formulas.segment_shares([[3, 1], [0, 0]], 5)[1], [0.75, 0.25])
    assert_allclose(formulas.segment_shares([[0, 0]], 5), [[0.5, 0.5]])


@quick
@given(seed=seeds, penalty=st.floats(1e-3, 1e4))
def test_the_map_is_that_of_scikit_learn(seed, penalty):
    rng = np.random.default_rng(seed)
    x, q = rng.normal(size=(6, 9)), rng.normal(size=(6, 2))
    rival = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(x, q)
    assert_allclose(formulas.ridge_map(x, q, penalty), rival.coef_.T, atol=1e-8)


@quick
@given(seed=seeds)
def test_no_step_from_the_map_lowers_what_it_minimises(seed):
    rng = np.random.default_rng(seed)
    x, q, start = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))

    def loss(w):
        return ((x @ w - q) ** 2).sum() + 2 * ((w - start) ** 2).sum()

    found = formulas.ridge_from(x, q, 2, start)
    for _ in range(5):
        assert loss(found) < loss(found + 0.01 * rng.normal(size=found.shape))


def test_a_dear_way_stays_at_the_start_and_a_cheap_one_forgets_it():
    x, q, start = np.eye(2), np.array([[1.0], [2.0]]), np.array([[9.0], [9.0]])
    assert_allclose(formulas.ridge_from(x, q, 1e12, start), start, rtol=1e-9)
    assert_allclose(formulas.ridge_from(x, q, 1e-9, start), q, rtol=1e-7)
    assert_array_equal(formulas.ridge_map(np.zeros((0, 3)), np.zeros((0, 2)), 1), np.zeros((3, 2)))


def test_what_is_dropped_is_zero_and_what_stays_is_not_scaled_up():
    v = np.arange(1.0, 7.0).reshape(3, 2)
    found = formulas.dropped_input(v, [0.0, 0.5, 0.9], 0.5)
    assert_array_equal(found, [[0, 0], [3, 4], [5, 6]])


@quick
@given(seed=seeds)
def test_an_answer_tells_what_a_loop_says_that_it_tells(seed):
    rng = np.random.default_rng(seed)
    t, a = rng.normal(size=(12, 2)), rng.integers(0, 3, 12)
    before = ((t - t.mean(axis=0)) ** 2).sum() / 12
    after = sum(((t[a == k] - t[a == k].mean(axis=0)) ** 2).sum() / 12 for k in set(a.tolist()))
    assert formulas.variance_reduction(a, t) == pytest.approx(before - after)
    assert 0 <= formulas.variance_reduction(a, t) <= before + 1e-12


def test_it_is_what_a_regression_tree_of_scikit_learn_splits_by():
    rng = np.random.default_rng(0)
    t, a = rng.normal(size=(40, 1)), rng.integers(0, 2, (40, 6))
    tree = DecisionTreeRegressor(max_depth=1, random_state=0).fit(a, t).tree_
    gains = [formulas.variance_reduction(column, t) for column in a.T]
    assert tree.feature[0] == np.argmax(gains)
    left, right = tree.n_node_samples[1:3] / 40
    assert tree.impurity[0] - left * tree.impurity[1] - right * tree.impurity[2] == pytest.approx(
        max(gains)
    )


def test_dont_know_is_an_answer_and_one_that_all_give_says_nothing():
    t = [[1.0], [1.0], [0.0], [0.0]]
    assert formulas.variance_reduction([np.nan, np.nan, 1, 1], t) == 0.25
    assert formulas.variance_reduction([1, 1, 1, 1], t) == 0


def test_labels_that_are_not_known_do_not_count():
    odds, labels = [0.3, -2.0, 40.0], [1, 0, 1]
    alone = formulas.log_loss(labels, 1 / (1 + np.exp(-np.array(odds))))
    assert formulas.two_task_loss(odds, odds, labels, [-1, -1, -1], 0.25) == pytest.approx(
        0.75 * alone
    )
    one = formulas.two_task_loss([9e3, -9e3], [0, 0], [0, 1], [-1, -1], 0.5)
    assert one == pytest.approx(4500)  # wrong by far, and finite


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.segment_shares([[-1, 2]], 1), "taken: expected counts.*-1"),
        (lambda: formulas.segment_shares([[1, 2]], 0), "strength: expected.*above 0"),
        (lambda: formulas.ridge_map([[1.0]], [[1.0]], 0), "penalty: expected.*above 0"),
        (lambda: formulas.ridge_map([[np.nan]], [[1.0]], 1), "features: expected finite"),
        (lambda: formulas.ridge_map([[1.0]], [[1.0], [2.0]], 1), "factors: expected 1 rows"),
        (lambda: formulas.ridge_from([[1.0]], [[1.0]], 1, [[1.0, 2.0]]), r"start.*\(1, 1\)"),
        (lambda: formulas.dropped_input([[1.0]], [1.0], 0.5), r"points.*\[0, 1\)"),
        (lambda: formulas.dropped_input([[1.0]], [0.5], 1), "share"),
        (lambda: formulas.variance_reduction([], np.zeros((0, 2))), "tastes: expected at least 1"),
        (lambda: formulas.variance_reduction([1], [[1.0], [2.0]]), "answers: expected 2 rows"),
        (lambda: formulas.two_task_loss([0], [0], [2], [0], 0.5), "clicks: expected 1, 0 or -1"),
        (lambda: formulas.two_task_loss([0], [0], [1], [0, 1], 0.5), "purchases: expected 1 l"),
        (lambda: formulas.two_task_loss([0], [0], [1], [0], 1), "weight"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
