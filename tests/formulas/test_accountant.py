"""Clipping row by row, the noise of a step, and what many steps cost, against integrals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import integrate, stats

from attnrec_lite.formulas import (
    clipped_rows,
    composed,
    epsilon_of,
    noisy_mean,
    renyi_divergence,
)

quick = settings(deadline=None, max_examples=60)
gradients = arrays(np.float64, (5, 3), elements=st.floats(-1e150, 1e150))


@quick
@given(gradients, st.floats(1e-6, 1e6))
def test_no_row_is_longer_than_the_limit_and_short_ones_stay(rows, limit):
    cut = clipped_rows(rows, limit)
    for before, after in zip(rows, cut, strict=True):
        length = float(np.sqrt(sum((x / 1e150) ** 2 for x in before))) * 1e150
        assert np.linalg.norm(after) <= limit * (1 + 1e-9)
        if 0 < length <= limit * (1 - 1e-9) and length > 1e-3:
            assert_allclose(after, before)
        elif length > limit * (1 + 1e-9):
            assert_allclose(after, before * (limit / length), rtol=1e-9, atol=1e-12 * limit)


@quick
@given(gradients, st.integers(0, 4))
def test_one_person_moves_the_sum_by_the_limit_at_most(rows, person):
    total = clipped_rows(rows, 2.0).sum(0)
    rest = clipped_rows(np.delete(rows, person, axis=0), 2.0).sum(0)
    assert np.linalg.norm(total - rest) <= 2 * (1 + 1e-9)


def test_clipping_the_mean_would_not_bound_one_person():
    few = np.zeros((10, 1))
    many = few.copy()
    many[0] = 1e6
    apart = [clipped_rows(x.mean(0, keepdims=True), 1.0)[0, 0] * len(x) for x in (few, many)]
    assert apart[1] - apart[0] == 10  # ten times the limit, although "the gradient was clipped"


def test_the_noise_of_a_step_has_the_deviation_that_is_paid_for():
    draws = np.array(
        [noisy_mean(np.ones((3, 40)), 2.0, 1.5, 6.0, np.random.default_rng(s)) for s in range(500)]
    )
    assert_allclose(draws.std(), 1.5 * 2.0 / 6.0, rtol=0.02)
    assert_allclose(draws.mean(), 3 * 2 / 40**0.5 / 6, atol=0.012)


def test_a_step_without_anybody_is_noise_alone():
    found = noisy_mean(np.zeros((0, 1000)), 1.0, 1.0, 2.0, np.random.default_rng(0))
    assert_allclose(found.std(), 0.5, rtol=0.1)


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.4, 1.0])
@pytest.mark.parametrize("noise", [0.7, 1.0, 4.0])
@pytest.mark.parametrize("order", [2, 5])
def test_the_sum_is_the_integral_that_defines_the_divergence(rate, noise, order):
    def integrand(x):
        ratio = 1 - rate + rate * np.exp((2 * x - 1) / (2 * noise**2))
        return stats.norm.pdf(x, 0, noise) * ratio**order

    value = integrate.quad(integrand, -12 * noise, order + 12 * noise, limit=500, points=[0, order])
    expected = np.log(value[0]) / (order - 1)
    assert_allclose(renyi_divergence(rate, noise, order), expected, rtol=1e-6, atol=1e-12)


def test_large_orders_stay_finite_and_all_take_part_is_the_gaussian():
    assert np.isfinite(renyi_divergence(0.5, 0.3, 1000))
    for order in (2, 17, 256):
        assert_allclose(renyi_divergence(1.0, 3.0, order), order / 18)


@quick
@given(st.floats(0, 50), st.floats(1.01, 300), st.floats(1e-9, 0.5))
def test_the_improved_rule_never_costs_more(rho, order, delta):
    better, classic = epsilon_of(rho, order, delta), epsilon_of(rho, order, delta, "classic")
    assert 0 <= better <= classic + 1e-9


def test_composition_by_hand():
    assert composed(0.5, 4) == 2
    expected = 0.1 * np.sqrt(200 * np.log(1e5)) + 10 * (np.exp(0.1) - 1)
    assert_allclose(composed(0.1, 100, 1e-5), expected)
    assert composed(2.0, 10, 1e-5) == 20  # for a large epsilon plain addition is the better bound
    assert composed(1e6, 2, 0.1) == 2e6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clipped_rows([[np.nan]], 1), "^rows: expected finite"),
        (lambda: clipped_rows([1.0], 1), "^rows: expected a matrix"),
        (lambda: clipped_rows([[1.0]], 0), "^limit: expected a finite number above 0"),
        (
            lambda: noisy_mean([[1.0]], 1, -1, 1, np.random.default_rng(0)),
            "^noise: expected a number from 0",
        ),
        (
            lambda: noisy_mean([[1.0]], 1, 1, 0, np.random.default_rng(0)),
            "^expected: expected a finite number above 0",
        ),
        (lambda: renyi_divergence(0, 1, 2), "^rate: expected a chance above 0 and up to 1"),
        (lambda: renyi_divergence(1.1, 1, 2), "^rate: expected a chance above 0"),
        (lambda: renyi_divergence(np.nan, 1, 2), "^rate: expected a chance above 0"),
        (lambda: renyi_divergence(True, 1, 2), "^rate: expected a chance above 0"),
        (lambda: renyi_divergence(0.1, 0, 2), "^noise: expected a finite number above 0"),
        (lambda: renyi_divergence(0.1, 1, 1), "^order: expected an integer of at least 2"),
        (lambda: epsilon_of(1, 1, 0.1), "^divergence, order: expected numbers from 0 and above 1"),
        (lambda: epsilon_of(-1, 2, 0.1), "^divergence, order: expected"),
        (lambda: epsilon_of(np.nan, 2, 0.1), "^divergence: expected finite"),
        (lambda: epsilon_of(1, 2, 1.0), "^delta: expected a number above 0 and below 1"),
        (lambda: epsilon_of(1, 2, 0.1, "best"), "^rule: expected one of"),
        (lambda: composed(0, 2), "^epsilon: expected a finite number above 0"),
        (lambda: composed(1, 0), "^times: expected an integer of at least 1"),
        (lambda: composed(1, 2, 1.5), "^slack: expected a number above 0 and below 1"),
    ],
)
def test_the_accountants_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
