"""The mixture test against an integral, its promise by simulation, its p value by properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import integrate, stats

from attnrec_lite.formulas import always_valid_p, mixture_ratio

quick = settings(deadline=None, max_examples=40)


@quick
@given(st.floats(-6, 6), st.integers(1, 300), st.floats(0.05, 1.0))
def test_the_ratio_is_the_mixture_of_likelihood_ratios(z, n, tau):
    total = z * n**0.5

    def integrand(d):
        return np.exp(d * total - n * d * d / 2) * stats.norm.pdf(d, scale=tau)

    peak = total / (n + tau**-2)
    width = 12 / (n + tau**-2) ** 0.5
    expected = integrate.quad(integrand, peak - width, peak + width)[0]
    assert_allclose(mixture_ratio(total, n, tau), expected, rtol=1e-6)


def test_before_the_first_user_nothing_is_known_and_beyond_doubt_it_is_infinite():
    assert mixture_ratio(0, 0, 0.5) == 1
    assert mixture_ratio(1e6, 10, 0.5) == np.inf
    assert mixture_ratio(0, 10_000, 0.5) < 0.03


def test_the_ratio_is_one_on_average_where_there_is_no_difference():
    rng = np.random.default_rng(0)
    sums = rng.normal(size=400_000) * 30**0.5
    assert_allclose(mixture_ratio(sums, 30, 0.1).mean(), 1, atol=0.01)


def test_a_hundred_looks_keep_the_promise():
    rng = np.random.default_rng(0)
    n = 20 * np.arange(1, 101)
    sums = (rng.normal(size=(4000, 100)) * 20**0.5).cumsum(1)
    alarms = (always_valid_p(mixture_ratio(sums, n, 0.12)) <= 0.05).any(1).mean()
    assert 0.01 < alarms < 0.05
    plain = (np.abs(sums) / np.sqrt(n) > 1.96).any(1).mean()
    assert plain > 0.33


@quick
@given(arrays(np.float64, st.integers(1, 12), elements=st.integers(0, 400).map(lambda k: k / 4)))
def test_p_equals_a_loop_and_never_rises(ratios):
    expected, lowest = [], 1.0
    for ratio in ratios:
        lowest = min(lowest, 1 / ratio if ratio > 0 else np.inf)
        expected.append(lowest)
    p = always_valid_p(ratios)
    assert_allclose(p, expected)
    assert (np.diff(p) <= 0).all()
    assert ((p > 0) & (p <= 1)).all()


def test_p_runs_along_the_last_axis_and_takes_infinity():
    assert_allclose(always_valid_p([[2, 1], [1, 4]]), [[0.5, 0.5], [1, 0.25]])
    assert always_valid_p([np.inf])[0] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixture_ratio(1, -1, 0.1), "^n: expected numbers from 0; received -1"),
        (lambda: mixture_ratio(np.nan, 1, 0.1), "^sums: expected finite numbers"),
        (lambda: mixture_ratio(1, 1, 0), "^tau: expected a finite number above 0"),
        (lambda: always_valid_p([]), "^ratios: expected one number per look; received none"),
        (lambda: always_valid_p(3.0), "^ratios: expected one number per look"),
        (lambda: always_valid_p([1, -1]), "^ratios: expected numbers from 0; .*negative"),
        (lambda: always_valid_p([1, np.nan]), "^ratios: expected numbers from 0; .*NaN"),
    ],
)
def test_sequential_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
