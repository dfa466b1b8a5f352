"""Mechanisms by simulation and by integrals: the noise is what the promise asks for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, stats

from attnrec_lite.formulas import (
    gaussian_delta,
    gaussian_noise,
    laplace_answer,
    randomised_response,
    response_estimate,
    sensitivity,
)

quick = settings(deadline=None, max_examples=40)


def rng():
    return np.random.default_rng(0)


def test_a_count_changes_by_one_and_a_histogram_by_what_a_person_holds():
    taken = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 1]])
    without = taken.sum(0) - taken
    assert sensitivity(taken.sum(0), without) == 3
    assert_allclose(sensitivity(taken.sum(0), without, "l2"), 3**0.5)
    assert sensitivity(2.0, [2.0, 1.0]) == 1


@quick
@given(st.floats(0.05, 5), st.floats(0.5, 20))
def test_laplace_keeps_the_ratio_of_densities(epsilon, delta):
    draws = laplace_answer(np.zeros(20_000), delta, epsilon, rng())
    assert_allclose(draws.std(), 2**0.5 * delta / epsilon, rtol=0.05)
    x = np.linspace(-30, 30, 101) * delta
    densities = [stats.laplace.logpdf(x, m, delta / epsilon) for m in (0, delta)]
    assert np.abs(densities[0] - densities[1]).max() <= epsilon * (1 + 1e-9)
    assert stats.kstest(draws, "laplace", args=(0, delta / epsilon)).pvalue > 1e-4


@quick
@given(st.floats(0.3, 5), st.floats(0.05, 4))
def test_the_gaussian_delta_is_the_integral_of_what_is_left_open(sigma, epsilon):
    def open_(x):
        return max(0.0, stats.norm.pdf(x, 1, sigma) - np.exp(epsilon) * stats.norm.pdf(x, 0, sigma))

    begin = 0.5 + epsilon * sigma**2  # where the densities are e^epsilon apart
    expected = integrate.quad(open_, begin, begin + 12 * sigma, epsabs=1e-14)[0]
    assert_allclose(gaussian_delta(sigma, epsilon), expected, rtol=1e-5, atol=1e-12)


@quick
@given(st.floats(0.05, 20), st.floats(1e-12, 0.4), st.floats(0.1, 10))
def test_the_noise_meets_its_delta_and_no_less_would(epsilon, delta, reach):
    sigma = gaussian_noise(epsilon, delta, reach)
    assert_allclose(gaussian_delta(sigma / reach, epsilon), delta, rtol=1e-6)
    assert gaussian_delta(0.99 * sigma / reach, epsilon) > delta


def test_the_rule_of_thumb_adds_too_much_below_one_and_promises_nothing_above():
    for epsilon in (0.2, 0.5, 1.0):
        assert gaussian_noise(epsilon, 1e-5) < np.sqrt(2 * np.log(1.25e5)) / epsilon
    thumb = np.sqrt(2 * np.log(1.25e5)) / 20
    assert gaussian_delta(thumb, 20.0) > 1e-5


def test_the_noise_agrees_with_the_library():
    library = pytest.importorskip("dp_accounting")
    for epsilon, delta in ((0.5, 1e-5), (2.0, 1e-6), (8.0, 1e-4)):
        assert_allclose(
            gaussian_noise(epsilon, delta),
            library.get_sigma_gaussian(epsilon, delta),
            rtol=1e-3,
        )


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 3.0])
def test_randomised_response_can_be_denied_and_still_counted(epsilon):
    truth = rng().random(40_000) < 0.2
    sent = randomised_response(truth, epsilon, np.random.default_rng(1))
    p = np.exp(epsilon) / (1 + np.exp(epsilon))
    assert_allclose(sent[truth].mean(), p, atol=0.02)
    assert_allclose(sent[~truth].mean(), 1 - p, atol=0.02)
    within = 4 * 0.5 / ((2 * p - 1) * len(truth) ** 0.5)
    assert abs(response_estimate(sent, epsilon) - truth.mean()) < within


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sensitivity([1, 2], [[1]]), r"^without: expected shape \(users, 2\)"),
        (lambda: sensitivity([1], [[np.nan]]), "^without: expected finite"),
        (lambda: sensitivity([1], [[1]], "l0"), "^norm: expected one of l1, l2"),
        (lambda: laplace_answer([1], 1, 0, rng()), "^epsilon: expected a finite number above 0"),
        (lambda: laplace_answer([1], 1, -2, rng()), "^epsilon: expected a finite number above 0"),
        (lambda: laplace_answer([1], np.inf, 1, rng()), "^sensitivity: expected a finite number"),
        (lambda: laplace_answer([np.nan], 1, 1, rng()), "^answer: expected finite"),
        (lambda: gaussian_delta(0, 1), "^sigma: expected a finite number above 0"),
        (lambda: gaussian_noise(0, 0.1), "^epsilon: expected a finite number above 0"),
        (lambda: gaussian_noise(1, 0), "^delta: expected a number above 0 and below 1"),
        (lambda: gaussian_noise(1, 1), "^delta: expected a number above 0 and below 1"),
        (lambda: gaussian_noise(1e9, 0.1), "^epsilon: expected less than 1e[+]09"),
        (lambda: randomised_response([2], 1, rng()), "^truth: expected 0 and 1 only"),
        (lambda: randomised_response([1], 0, rng()), "^epsilon: expected a finite number above 0"),
        (lambda: response_estimate([], 1), "^sent: expected at least one answer"),
        (lambda: response_estimate([1], np.nan), "^epsilon: expected a finite number above 0"),
    ],
)
def test_mechanisms_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
