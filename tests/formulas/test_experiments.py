"""Differences, power, arms, rates and CUPED: against loops, scipy and simulation."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.formulas import (
    cuped,
    difference_of_means,
    power_of_test,
    ratio_mismatch,
    ratio_of_totals,
    two_proportion_z,
    users_per_arm,
)

quick = settings(deadline=None, max_examples=60)
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
columns = arrays(np.float64, st.integers(2, 12), elements=numbers)
pairs = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, (2, n), elements=numbers))
shares = st.tuples(st.integers(0, 60), st.integers(0, 60))


# ---- two shares --------------------------------------------------------------------------------


def test_half_a_point_is_the_number_of_the_source_map():
    assert round(two_proportion_z([500, 550], [10_000, 10_000]), 3) == 1.585


@quick
@given(shares, st.tuples(st.integers(60, 90), st.integers(60, 90)))
def test_z_squared_is_pearsons_chi_square_and_turns_with_the_arms(k, n):
    assume(sum(k) > 0)
    table = [[k[0], n[0] - k[0]], [k[1], n[1] - k[1]]]
    assume(np.all(np.sum(table, 0) > 0))
    expected = stats.chi2_contingency(table, correction=False).statistic
    assert_allclose(two_proportion_z(k, n) ** 2, expected, atol=1e-9)
    assert_allclose(two_proportion_z(k[::-1], n[::-1]), -two_proportion_z(k, n), atol=1e-12)


def test_z_is_positive_where_b_is_larger_and_zero_where_nobody_differs():
    assert two_proportion_z([1, 5], [10, 10]) > 0
    assert two_proportion_z([0, 0], [10, 20]) == two_proportion_z([10, 20], [10, 20]) == 0


# ---- means -------------------------------------------------------------------------------------


@quick
@given(columns, columns)
def test_difference_and_error_equal_a_loop_and_welchs_test(a, b):
    difference, error = difference_of_means(a, b)
    spread = [sum((y - x.mean()) ** 2 for y in x) / (len(x) - 1) / len(x) for x in (a, b)]
    assert_allclose(error, sum(spread) ** 0.5, atol=1e-9)
    assert_allclose(difference, b.mean() - a.mean(), atol=1e-9)
    if error > 1e-3:
        expected = stats.ttest_ind(b, a, equal_var=False).statistic
        assert_allclose(difference / error, expected, rtol=1e-5, atol=1e-6)


# ---- power -------------------------------------------------------------------------------------


def test_power_by_hand_at_nothing_and_beyond_doubt():
    assert_allclose(power_of_test(0, 1), 0.05)
    assert_allclose(power_of_test(1.959963984540054, 1), 0.5, atol=1e-4)
    assert power_of_test(100, 1) == 1
    assert_allclose(power_of_test(0.08, 2000**-0.5), 0.947, atol=5e-4)
    assert power_of_test(-0.3, 0.1) == power_of_test(0.3, 0.1)


@quick
@given(st.floats(0.01, 5), st.floats(0.5, 0.95), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_users_that_a_power_needs_have_it(difference, wanted, level):
    n = users_per_arm([2.0, 3.0], difference, wanted, level)
    assert_allclose(power_of_test(difference, (5.0 / n) ** 0.5, level), wanted, atol=2e-3)
    assert_allclose(users_per_arm([2.0, 3.0], difference / 2, wanted, level), 4 * n)


def test_half_a_point_needs_thirty_one_thousand():
    assert round(users_per_arm([0.05 * 0.95, 0.055 * 0.945], 0.005)) == 31231


@pytest.mark.slow
def test_power_is_the_share_of_simulated_tests_that_find_it():
    rng = np.random.default_rng(0)
    z = rng.normal(0.25, 1, (4000, 100)).mean(1) * 10
    assert_allclose(np.mean(np.abs(z) > 1.96), power_of_test(0.25, 0.1), atol=0.025)


# ---- arms --------------------------------------------------------------------------------------


@quick
@given(arrays(np.int64, st.integers(2, 5), elements=st.integers(0, 500)))
def test_mismatch_equals_scipy(units):
    assume(units.sum() > 0)
    planned = np.arange(1, len(units) + 1) / sum(range(1, len(units) + 1))
    expected = stats.chisquare(units, planned * units.sum())
    assert_allclose(ratio_mismatch(units, planned), expected, rtol=1e-9, atol=1e-12)


def test_mismatch_by_hand():
    assert ratio_mismatch([50, 50], [0.5, 0.5]) == (0, 1)
    assert_allclose(ratio_mismatch([60, 40], [0.5, 0.5])[0], 4)
    assert ratio_mismatch([10_000, 9_500], [0.5, 0.5])[1] < 0.001


# ---- rates -------------------------------------------------------------------------------------


@quick
@given(st.data(), st.integers(2, 10))
def test_the_rates_error_equals_the_bracket_of_the_equation(data, n):
    c = data.draw(arrays(np.float64, n, elements=numbers))
    m = np.abs(data.draw(arrays(np.float64, n, elements=numbers))) + 1
    rate, error = ratio_of_totals(c, m)
    assert_allclose(rate, sum(c) / sum(m))
    cov = np.cov(c, m)
    bracket = cov[0, 0] - 2 * rate * cov[0, 1] + rate**2 * cov[1, 1]
    assert_allclose(error**2 * n * m.mean() ** 2, bracket, rtol=1e-6, atol=1e-6)
    assert_allclose(ratio_of_totals(7 * c, 7 * m)[1], error, rtol=1e-9, atol=1e-12)


def test_one_impression_each_is_a_plain_mean():
    c = np.array([0.0, 1, 1, 0, 1])
    rate, error = ratio_of_totals(c, np.ones(5))
    assert_allclose((rate, error), (0.6, c.std(ddof=1) / 5**0.5))


@pytest.mark.slow
def test_the_rates_error_is_the_spread_over_repeated_draws_and_the_naive_one_is_not():
    rng, rates, errors, naive = np.random.default_rng(1), [], [], []
    for _ in range(600):
        m = 1 + rng.poisson(8, 400)
        c = rng.binomial(m, rng.beta(0.4, 0.6, 400))
        rate, error = ratio_of_totals(c, m)
        rates.append(rate)
        errors.append(error)
        naive.append((rate * (1 - rate) / m.sum()) ** 0.5)
    assert_allclose(np.std(rates), np.mean(errors), rtol=0.1)
    assert np.std(rates) > 2 * np.mean(naive)


# ---- CUPED -------------------------------------------------------------------------------------


@quick
@given(pairs)
def test_cuped_keeps_the_mean_and_leaves_one_minus_rho_squared(pair):
    y, x = pair
    assume(np.ptp(x) > 1 and np.ptp(y) > 1)
    adjusted = cuped(y, x)
    assert_allclose(adjusted.mean(), y.mean(), atol=1e-9)
    left = 1 - np.corrcoef(x, y)[0, 1] ** 2
    assert_allclose(adjusted.var(), left * y.var(), rtol=1e-6, atol=1e-6)
    assert_allclose(cuped(y + 3 * x, x), adjusted + 3 * x.mean(), rtol=1e-6, atol=1e-6)


def test_cuped_by_hand_and_without_a_past():
    assert_allclose(cuped([1, 2, 3, 6], [0, 1, 2, 3]), [3.4, 2.8, 2.2, 3.6])
    assert_allclose(cuped([1, 2, 6], [4, 4, 4]), [1, 2, 6])


@pytest.mark.parametrize(("rho", "left"), [(0.3, 0.91), (0.5, 0.75), (0.7, 0.51), (0.9, 0.19)])
def test_cuped_leaves_what_theory_says(rho, left):
    rng = np.random.default_rng(0)
    x = rng.normal(size=40_000)
    y = rho * x + (1 - rho**2) ** 0.5 * rng.normal(size=40_000)
    assert_allclose(cuped(y, x).var() / y.var(), left, atol=0.012)


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_proportion_z([1, 2, 3], [4, 5]), "^successes: expected two counts"),
        (lambda: two_proportion_z([1, 2], [4]), "^shown: expected two counts"),
        (lambda: two_proportion_z([5, 2], [4, 4]), "^successes, shown: .* received .*5"),
        (lambda: two_proportion_z([0, 0], [0, 4]), "^successes, shown: expected"),
        (lambda: two_proportion_z([0.5, 1], [4, 4]), "^successes: expected counts, .*0.5"),
        (lambda: two_proportion_z([-1, 1], [4, 4]), "^successes: expected counts, .*-1"),
        (lambda: difference_of_means([1], [1, 2]), "^a: expected at least 2; received 1"),
        (lambda: difference_of_means([1, 2], []), "^b: expected at least 2; received 0"),
        (lambda: difference_of_means([1, np.nan], [1, 2]), "^a: expected finite numbers"),
        (lambda: difference_of_means([1, 2], [1, np.inf]), "^b: expected finite numbers"),
        (lambda: power_of_test(1, 0), "^error: expected a finite number above 0"),
        (lambda: power_of_test(1, 1, level=95), "^level: expected a number above 0 and below 1"),
        (lambda: power_of_test(np.nan, 1), "^difference: expected finite numbers"),
        (lambda: users_per_arm([1], 1), "^variances: expected two numbers from 0"),
        (lambda: users_per_arm([1, -1], 1), "^variances: expected two numbers from 0"),
        (lambda: users_per_arm([1, 1], 0), "^difference: expected a finite number above 0"),
        (lambda: users_per_arm([1, 1], 1, power=1.0), "^power: expected a number above"),
        (lambda: ratio_mismatch([1], [1.0]), "^units: expected at least 2; received 1"),
        (lambda: ratio_mismatch([1, 2], [0.2, 0.3, 0.5]), "^planned: expected 2 rows"),
        (lambda: ratio_mismatch([1, 2], [0.2, 0.3]), "^planned: expected shares above 0"),
        (lambda: ratio_mismatch([1, 2], [0.0, 1.0]), "^planned: expected shares above 0"),
        (lambda: ratio_mismatch([0, 0], [0.5, 0.5]), "^units: expected at least one unit"),
        (lambda: ratio_of_totals([1, 2], [1]), "^denominator: expected 2 rows"),
        (lambda: ratio_of_totals([1, 2], [0, 0]), "^denominator: expected numbers from 0, not"),
        (lambda: ratio_of_totals([1, 2], [1, -1]), "^denominator: expected numbers from 0, not"),
        (lambda: cuped([1, 2], [1]), "^before: expected 2 rows, as outcomes has; received 1"),
        (lambda: cuped([1, 2], [1, np.nan]), "^before: expected finite numbers"),
        (lambda: cuped("ab", [1, 2]), "^outcomes: expected numbers"),
    ],
)
def test_statistics_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
