"""Errors and chances: by hand, against loops over all pairs and bins, against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from attnrec_lite.formulas import auc, calibration_error, log_loss, mae, mse, rmse

quick = settings(deadline=None, max_examples=80)
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
chance = st.sampled_from([0.0, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0])
rated = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30)
answered = st.lists(st.tuples(st.integers(0, 1), chance), min_size=1, max_size=30)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def test_the_errors_of_the_small_case():
    actual, predicted = [5, 3, 4], [3, 3, 3]  # off by 2, 0 and 1
    assert round(mse(actual, predicted), 3) == 1.667
    assert mae(actual, predicted) == 1
    assert round(rmse(actual, predicted), 3) == 1.291


@quick
@given(rated)
def test_errors_agree_with_scikit_learn_and_stand_in_order(rows):
    sklearn = pytest.importorskip("sklearn.metrics")
    y, guess = columns(rows)
    assert mse(y, guess) == pytest.approx(sklearn.mean_squared_error(y, guess), rel=1e-12)
    assert mae(y, guess) == pytest.approx(sklearn.mean_absolute_error(y, guess), rel=1e-12)
    assert rmse(y, guess) == pytest.approx(sklearn.root_mean_squared_error(y, guess), rel=1e-12)
    assert mae(y, guess) <= rmse(y, guess) * (1 + 1e-12)
    assert mse(guess, y) == mse(y, guess)


@quick
@given(answered)
def test_log_loss_agrees_with_a_loop_and_with_scikit_learn(rows):
    sklearn = pytest.importorskip("sklearn.metrics")
    y, p = columns(rows)
    called_impossible = any(p != y and p in (0, 1) for y, p in rows)
    if called_impossible:
        assert log_loss(y, p) == math.inf
        return
    loop = -sum(math.log(p if y else 1 - p) for y, p in rows) / len(rows)
    assert log_loss(y, p) == pytest.approx(loop, abs=1e-12)
    assert log_loss(y, p) == pytest.approx(sklearn.log_loss(y, p, labels=[0, 1]), abs=1e-12)


def test_the_base_rate_pays_its_entropy_and_no_other_constant_pays_less():
    labels = [1] * 3 + [0] * 7
    entropy = -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))
    assert log_loss(labels, [0.3] * 10) == pytest.approx(entropy)
    for p in (0.2, 0.29, 0.31, 0.5):
        assert log_loss(labels, [p] * 10) > entropy


def test_log_loss_keeps_the_digits_of_a_chance_near_none():
    assert log_loss([0], [1e-20]) == pytest.approx(1e-20, rel=1e-12, abs=0)


@quick
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_order_with_ties_counting_half(rows):
    sklearn = pytest.importorskip("sklearn.metrics")
    y, s = columns(rows)
    assume(0 < sum(y) < len(y))
    wins = [(a > b) + (a == b) / 2 for ya, a in rows if ya for yb, b in rows if not yb]
    assert auc(y, s) == pytest.approx(sum(wins) / len(wins), abs=1e-12)
    assert auc(y, s) == pytest.approx(sklearn.roc_auc_score(y, s), abs=1e-12)
    assert auc(y, np.exp(s)) == auc(y, s)  # only the order counts
    assert auc(y, [-x for x in s]) == pytest.approx(1 - auc(y, s))


def test_auc_of_constant_and_of_huge_scores():
    assert auc([1, 0, 0], [7, 7, 7]) == 0.5
    assert auc([1, 0, 1], [1e308, -1e308, 0]) == 1


@quick
@given(answered, st.integers(1, 12))
def test_calibration_agrees_with_a_loop_over_the_bins(rows, bins):
    y, p = columns(rows)
    edges, total = np.linspace(0, 1, bins + 1), 0.0
    for b in range(bins):
        low = -1 if b == 0 else edges[b]
        inside = [(a, c) for a, c in rows if low < c <= edges[b + 1]]
        total += abs(sum(a for a, _ in inside) - sum(c for _, c in inside))
    assert calibration_error(y, p, bins) == pytest.approx(total / len(rows), abs=1e-12)


def test_calibration_agrees_with_the_curve_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(3)
    p = rng.random(2000)
    y = (rng.random(2000) < p**2).astype(int)
    happened, said = sklearn.calibration_curve(y, p, n_bins=8)
    held = np.histogram(p, bins=8, range=(0, 1))[0] / 2000
    assert calibration_error(y, p, 8) == pytest.approx(held @ np.abs(happened - said), abs=1e-12)


def test_true_chances_are_calibrated_and_bolder_ones_are_not_though_in_the_same_order():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p).astype(int)
    bolder = p**2 / (p**2 + (1 - p) ** 2)
    assert calibration_error(y, p) < 0.02
    assert calibration_error(y, bolder) > 0.08
    assert auc(y, bolder) == pytest.approx(auc(y, p), abs=1e-6)
    assert log_loss(y, p) < log_loss(y, bolder)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mse([], []), "^actual: expected at least 1; received 0"),
        (lambda: mse([1, 2], [1]), r"^predicted: expected width 2, as actual has; .*\(1,\)"),
        (lambda: mae([1, np.nan], [1, 1]), "^actual: expected finite .*; received NaN or inf"),
        (lambda: rmse([1], [np.inf]), "^predicted: expected finite .*; received NaN or inf"),
        (lambda: mae([[1]], [[1]]), "^actual: expected a vector"),
        (lambda: log_loss([], []), "^labels: expected at least one; received none"),
        (lambda: log_loss([2], [0.5]), "^labels: expected 0 and 1 only; received 2"),
        (lambda: log_loss([1, 0], [0.5]), "^chances: expected width 2, as labels has"),
        (lambda: log_loss([1, 0], [0.5, 1.5]), r"^chances: .* in \[0, 1\]; received 0.5 to 1.5"),
        (lambda: log_loss([1, 0], [-0.1, 0.5]), r"^chances: .* in \[0, 1\]; received -0.1 to 0.5"),
        (lambda: log_loss([1], [np.nan]), "^chances: expected finite numbers"),
        (lambda: auc([1, 1], [0.5, 0.5]), "^labels: expected a 1 and a 0.*received only 1"),
        (lambda: auc([0, 0], [0.5, 0.5]), "^labels: expected a 1 and a 0.*received only 0"),
        (lambda: auc([1, 0], [np.nan, 0]), "^scores: expected finite numbers"),
        (lambda: auc([1, 0], [0]), "^scores: expected width 2, as labels has"),
        (lambda: calibration_error([1], [0.5], 0), "^bins: expected an integer of at least 1"),
        (lambda: calibration_error([1], [2]), r"^chances: expected numbers in \[0, 1\]"),
    ],
)
def test_errors_and_chances_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
