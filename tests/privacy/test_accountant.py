"""The accountant against Google's, against integrals, and by what it must never do."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, stats

from attnrec_lite.privacy import Accountant, Promise, epsilon_for, noise_for
from attnrec_lite.privacy.accountant import _divergence

GRID = [
    (rate, noise, steps, delta)
    for rate in (0.001, 0.01, 0.05, 0.2)
    for noise in (0.8, 1.0, 2.0, 8.0)
    for steps in (1, 100, 2000)
    for delta in (1e-7, 1.5e-4)
]


@pytest.fixture(scope="module")
def library():
    found = pytest.importorskip("dp_accounting")
    logging.getLogger("absl").setLevel(logging.ERROR)
    return found


def event(library, rate, noise, steps):
    once = library.PoissonSampledDpEvent(rate, library.GaussianDpEvent(noise))
    return library.SelfComposedDpEvent(once, steps)


def test_it_agrees_with_the_library_to_one_percent(library):
    from dp_accounting.rdp import RdpAccountant

    compared = 0
    for rate, noise, steps, delta in GRID:
        book = RdpAccountant()
        book.compose(event(library, rate, noise, steps))
        expected = book.get_epsilon(delta)
        if expected < 10:  # beyond, the library drops orders that it can't compute
            assert_allclose(epsilon_for(noise, rate, steps, delta), expected, rtol=0.01, atol=1e-9)
            compared += 1
    assert compared > 70


def test_a_tighter_accountant_never_finds_more(library):
    from dp_accounting.pld import PLDAccountant

    for noise in (0.5, 1.0, 4.0):
        book = PLDAccountant(value_discretization_interval=1e-3)
        book.compose(event(library, 0.05, noise, 100))
        tight, ours = book.get_epsilon(1e-4), epsilon_for(noise, 0.05, 100, 1e-4)
        assert 0.6 * ours < tight < ours


@pytest.mark.parametrize("order", [1.1, 1.5, 2.7, 9.9])
@pytest.mark.parametrize(("rate", "noise"), [(0.05, 0.5), (0.2, 1.0), (0.9, 3.0), (1e-4, 2.0)])
def test_orders_between_whole_numbers_are_integrals(order, rate, noise):
    def integrand(x):
        ratio = 1 - rate + rate * np.exp((2 * x - 1) / (2 * noise**2))
        return stats.norm.pdf(x, 0, noise) * (ratio**order - 1)  # its own size, not 1 plus it

    edges = (-10 * noise, order + 10 * noise)
    value = integrate.quad(integrand, *edges, limit=400, points=[0, order], epsabs=1e-15)[0]
    assert_allclose(
        _divergence(rate, noise, order), np.log1p(value) / (order - 1), rtol=1e-5, atol=2e-12
    )


def test_sums_and_integrals_meet_at_whole_orders():
    for order in (2, 5, 10):
        between = _divergence(0.1, 1.2, order + 1e-9)
        assert_allclose(between, _divergence(0.1, 1.2, order), rtol=1e-6)


def test_the_known_case_of_the_field():
    whole_orders = Accountant(tuple(float(a) for a in range(2, 64)))
    whole_orders.spend(0.05, 1.0, 400)
    assert_allclose(whole_orders.epsilon(1.5e-4), 6.35, atol=0.05)


@settings(deadline=None, max_examples=8)
@given(st.floats(0.01, 1), st.floats(0.6, 5), st.integers(1, 300))
def test_more_steps_or_persons_cost_more_and_more_noise_less(rate, noise, steps):
    here = epsilon_for(noise, rate, steps, 1e-5)
    assert epsilon_for(noise, rate, steps + 1, 1e-5) >= here - 1e-12
    assert epsilon_for(1.1 * noise, rate, steps, 1e-5) <= here + 1e-12
    assert epsilon_for(noise, 0.9 * rate, steps, 1e-5) <= here + 1e-12
    assert epsilon_for(noise, rate, steps, 1e-4) <= here + 1e-12


def test_different_steps_add_up_in_any_order():
    books = Accountant(), Accountant()
    for rate, noise in ((0.1, 1.0), (0.5, 4.0)):
        books[0].spend(rate, noise, 3)
    for rate, noise in ((0.5, 4.0), (0.1, 1.0)):
        for _ in range(3):
            books[1].spend(rate, noise)
    assert_allclose(books[0].epsilon(1e-5), books[1].epsilon(1e-5))


def test_before_the_first_step_nothing_is_spent_and_without_noise_everything():
    book = Accountant()
    assert book.epsilon(1e-5) == 0
    book.spend(0.1, 0.0)
    assert book.epsilon(1e-5) == np.inf
    assert str(book.promise(1e-5)).startswith("epsilon inf at delta 1e-05")


@settings(deadline=None, max_examples=4)
@given(st.floats(0.2, 9), st.sampled_from([0.02, 0.3, 1.0]), st.sampled_from([1, 200]))
def test_the_noise_keeps_the_promise_and_little_less_does_not(epsilon, rate, steps):
    noise = noise_for(epsilon, rate, steps, 1e-5)
    assert epsilon_for(noise, rate, steps, 1e-5) <= epsilon
    assert epsilon_for(0.998 * noise, rate, steps, 1e-5) > epsilon


def test_a_promise_reads_as_words():
    assert str(Promise(1.234, 1e-5, "one event", 4.0)) == (
        "epsilon 1.23 at delta 1e-05 for one event"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise_for(0, 0.1, 10, 1e-5), "^epsilon: expected a finite number above 0"),
        (lambda: noise_for(-1, 0.1, 10, 1e-5), "^epsilon: expected a finite number above 0"),
        (lambda: noise_for(np.nan, 0.1, 10, 1e-5), "^epsilon: expected a finite number above 0"),
        (lambda: noise_for(1e6, 0.1, 10, 1e-5), "^epsilon: expected one that a noise of 0.2"),
        (lambda: epsilon_for(1, 0, 10, 1e-5), "^rate: expected a chance above 0 and up to 1"),
        (lambda: epsilon_for(1, 1.5, 10, 1e-5), "^rate: expected a chance above 0"),
        (lambda: epsilon_for(1, 0.1, 0, 1e-5), "^steps: expected an integer of at least 1"),
        (lambda: epsilon_for(-1, 0.1, 1, 1e-5), "^noise: expected a finite number above 0"),
        (lambda: epsilon_for(1, 0.1, 1, 0), "^delta: expected a number above 0 and below 1"),
        (lambda: epsilon_for(1, 0.1, 1, 1), "^delta: expected a number above 0 and below 1"),
        (lambda: epsilon_for(1, 0.1, 1, np.nan), "^delta: expected a number above 0"),
        (lambda: Accountant(()), "^orders: expected finite numbers above 1"),
        (lambda: Accountant((1.0,)), "^orders: expected finite numbers above 1"),
    ],
)
def test_the_accountant_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
