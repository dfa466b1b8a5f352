"""Intervals and tests: against SciPy and brute force, and by how often they are wrong."""

import itertools
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from attnrec_lite.formulas import bootstrap_interval, holm, sign_flip_p, significance, users_needed

quick = settings(deadline=None, max_examples=60)
whole = st.integers(-3, 3).map(float)


# ---- interval ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_an_interval_of_three_users_equals_all_27_resamples(level):
    values = [0.0, 1.0, 4.0]
    every = [np.mean(draw) for draw in itertools.product(values, repeat=3)]
    low, high = bootstrap_interval(values, level, draws=40_000)
    assert low == np.quantile(every, (1 - level) / 2, method="inverted_cdf")
    assert high == np.quantile(every, (1 + level) / 2, method="inverted_cdf")


@pytest.mark.parametrize("kinds", [2, 11, 400])  # few values go one way, many the other
def test_an_interval_agrees_with_scipy(kinds):
    rng = np.random.default_rng(kinds)
    values = rng.integers(0, kinds, size=400) ** 1.5
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    width = theirs.high - theirs.low
    assert_allclose(bootstrap_interval(values, draws=20_000), theirs, atol=0.03 * width)


def test_drawing_equal_values_together_changes_nothing():
    values = np.repeat([0.0, 0.3, 1.0], [60, 30, 10])
    few = bootstrap_interval(values, draws=20_000)
    many = bootstrap_interval(values + 1e-9 * np.arange(100), draws=20_000)  # no two are equal
    assert few != many
    assert_allclose(few, many, atol=0.004)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    for draw in (lambda: rng.random(150), lambda: (rng.random(300) < 0.2) * 1.0):
        truth = 0.5 if draw().max() < 1 else 0.2
        held = 0
        for seed in range(400):
            low, high = bootstrap_interval(draw(), draws=300, seed=seed)
            held += low <= truth <= high
        assert 0.91 <= held / 400 <= 0.98


def test_the_seed_decides_and_memory_does_not(monkeypatch):
    values = np.random.default_rng(0).random(500)
    first = bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) == first
    assert bootstrap_interval(values, seed=4) != first
    monkeypatch.setattr(significance, "CELLS", 700)  # one resample at a time
    assert bootstrap_interval(values, seed=3) == first
    monkeypatch.setattr(significance, "CELLS", 1)
    assert bootstrap_interval(values, seed=3) == first


@quick
@given(st.lists(whole, min_size=1, max_size=30))
def test_an_interval_lies_within_the_values_and_moves_with_them(values):
    low, high = bootstrap_interval(values, draws=100)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    shifted = bootstrap_interval(np.array(values) + 5, draws=100)
    assert_allclose(shifted, (low + 5, high + 5))


def test_one_user_and_equal_users_have_no_spread():
    assert bootstrap_interval([0.7]) == pytest.approx((0.7, 0.7))
    assert bootstrap_interval([0.7] * 50) == pytest.approx((0.7, 0.7))


def test_where_nobody_had_a_hit_the_interval_is_too_narrow():
    assert bootstrap_interval([0.0] * 35) == (0, 0)
    assert (1 - 3 / 35) ** 35 > 0.04  # a hit rate of 3 / n often shows none


# ---- paired test -------------------------------------------------------------------------------


@quick
@given(st.lists(whole, min_size=1, max_size=9))
def test_p_is_the_share_of_all_sign_patterns_that_do_as_much(differences):
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    expected = np.mean([s >= abs(sum(differences)) for s in sums])
    assert sign_flip_p(differences) == expected


@pytest.mark.parametrize("n", [5, 12, 60])
def test_p_agrees_with_scipy_exact_and_drawn(n):
    d = np.random.default_rng(n).normal(0.3, 1, n)
    theirs = stats.permutation_test(
        (d, np.zeros(n)),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples", n_resamples=20_000, vectorized=True, rng=2,
    ).pvalue  # fmt: skip
    ours = sign_flip_p(d, draws=20_000)
    assert ours == pytest.approx(theirs, abs=1e-12 if 2**n <= 20_000 else 0.01)


def test_equal_sums_count_whatever_order_they_are_added_in():
    assert sign_flip_p([0.1, 0.2, 0.3]) == 0.25  # only all signs and no sign do as much
    assert sign_flip_p([0.1, 0.2, -0.3]) == 1  # the sum is 0 but for rounding


def test_users_without_a_difference_change_nothing():
    d = [0.5, 0.25, -0.1, 1.0, 0.3]
    assert sign_flip_p(d + [0.0] * 10_000) == sign_flip_p(d)
    assert sign_flip_p([0.0] * 7) == 1
    assert sign_flip_p([3.0]) == 1  # one user proves nothing


def test_drawn_p_counts_the_pattern_at_hand_and_is_never_zero():
    assert sign_flip_p([1.0] * 200, draws=99) == 1 / 100
    many = sign_flip_p(np.arange(1, 15), draws=2**14)  # exact
    drawn = sign_flip_p(np.arange(1, 15), draws=2**14 - 1)
    assert many == 2 / 2**14
    assert drawn >= 1 / 2**14


def test_p_ignores_which_model_is_first_and_the_unit_of_measure():
    d = np.random.default_rng(0).normal(0.1, 1, 80)
    p = sign_flip_p(d, seed=1)
    assert sign_flip_p(-d, seed=1) == p
    assert sign_flip_p(d * 1e300, seed=1) == p
    assert sign_flip_p(d * 1e-300, seed=1) == p
    assert 0 < p < 1


def test_memory_decides_nothing(monkeypatch):
    d = np.random.default_rng(0).normal(0.1, 1, 64)  # whole bytes of signs: the same stream
    exact, drawn = sign_flip_p(d[:10]), sign_flip_p(d)
    monkeypatch.setattr(significance, "CELLS", 640)
    assert (sign_flip_p(d[:10]), sign_flip_p(d)) == (exact, drawn)


def test_two_models_that_do_not_differ_are_told_apart_in_5_percent_of_trials():
    rng = np.random.default_rng(1)
    trials = [
        sign_flip_p(rng.exponential(size=60) - rng.exponential(size=60), draws=399, seed=seed)
        for seed in range(500)
    ]
    assert 0.03 <= np.mean(np.array(trials) <= 0.05) <= 0.07


# ---- several tests -----------------------------------------------------------------------------


def test_holm_by_hand():
    assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert_array_equal(holm([0.9, 0.8]), [1, 1])
    assert_array_equal(holm([0.03]), [0.03])
    assert holm([]).shape == (0,)


@quick
@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.049, 0.2, 1.0]), min_size=1, max_size=6))
def test_holm_rejects_what_every_family_with_it_rejects(p):
    """Closed testing: a difference is real if Bonferroni says so in every subset that holds it."""
    m = range(len(p))
    subsets = [s for size in m for s in itertools.combinations(m, size + 1)]
    expected = [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in m]
    assert_allclose(holm(p), expected)


def test_five_baselines_without_a_difference_are_beaten_by_chance_in_5_percent_of_families():
    p = np.random.default_rng(0).random((4000, 5))
    assert np.mean(p.min(axis=1) <= 0.05) > 0.2  # uncorrected
    assert 0.04 <= np.mean([holm(row).min() <= 0.05 for row in p]) <= 0.06


# ---- how many users ----------------------------------------------------------------------------


def test_users_needed_by_the_normal_tables():
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert users_needed(1.0, 0.1) == np.ceil(z**2 * 100) == 785
    assert users_needed(1.0, 0.05) == pytest.approx(4 * 785, abs=4)
    assert users_needed(1.0, 0.1, level=0.99) > 785 > users_needed(1.0, 0.1, power=0.5)
    assert users_needed(0.01, 10.0) == 1


def test_as_many_users_as_needed_find_the_difference_as_often_as_asked():
    rng = np.random.default_rng(0)
    n = users_needed(std=1.0, difference=0.2, power=0.8)
    d = rng.normal(0.2, 1.0, size=(4000, n))
    z = np.abs(d.mean(axis=1)) / (d.std(axis=1, ddof=1) / sqrt(n))
    assert 0.77 <= np.mean(z > stats.norm.ppf(0.975)) <= 0.83


def test_two_groups_need_as_many_each_with_both_spreads():
    rng = np.random.default_rng(1)
    n = users_needed(sqrt(1.0 + 4.0), 0.5, power=0.9)
    gap = rng.normal(0.5, 1, (4000, n)).mean(axis=1) - rng.normal(0, 2, (4000, n)).mean(axis=1)
    assert 0.88 <= np.mean(np.abs(gap) / sqrt(5 / n) > stats.norm.ppf(0.975)) <= 0.92


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval([]), "^values: expected at least 1; received 0"),
        (lambda: bootstrap_interval([1, NAN]), "^values: expected finite .*received NaN or inf"),
        (lambda: bootstrap_interval([[1, 2]]), r"^values: expected a vector; received shape"),
        (lambda: bootstrap_interval(["x"]), "^values: expected numbers"),
        (lambda: bootstrap_interval([1], level=1), "^level: expected .* below 1; received 1"),
        (lambda: bootstrap_interval([1], level=95), "^level: expected .* below 1; received 95"),
        (lambda: bootstrap_interval([1], draws=0), "^draws: expected an integer of at least 1"),
        (lambda: sign_flip_p([]), "^differences: expected at least 1"),
        (lambda: sign_flip_p([INF]), "^differences: expected finite numbers"),
        (lambda: sign_flip_p([0.0], draws=0), "^draws: expected an integer of at least 1"),
        (lambda: holm([0.1, 1.1]), r"^p_values: expected numbers in \[0, 1\]; received \[0.1, 1.1"),
        (lambda: holm([NAN]), r"^p_values: expected numbers in \[0, 1\]"),
        (lambda: holm([[0.1]]), "^p_values: expected a vector"),
        (lambda: users_needed(0, 1), "^std: expected a finite number above 0; received 0"),
        (lambda: users_needed(1, -1), "^difference: expected a finite number above 0"),
        (lambda: users_needed(1, 1, power=1.0), "^power: expected a number above 0 and below 1"),
        (lambda: users_needed(1, 1, level=0), "^level: expected a number above 0 and below 1"),
    ],
)
def test_significance_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
