"""Peeking costs what was measured; the mixture test keeps its promise; a test is read honestly."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.experiments import monitor, simulate_looks
from attnrec_lite.formulas import always_valid_p, mixture_ratio


def test_each_look_adds_false_alarms_as_measured():
    looks = {1: 0.049, 2: 0.083, 5: 0.141, 10: 0.194, 20: 0.248, 50: 0.322, 100: 0.374}
    found = [simulate_looks(k).share for k in looks]
    assert_allclose(found, list(looks.values()), atol=0.008)
    assert (np.diff(found) > 0).all()


def test_the_mixture_test_keeps_its_promise_and_pays_by_power_as_measured():
    assert_allclose(simulate_looks(100, tau=0.12).share, 0.020, atol=0.003)
    mixture, fixed = (simulate_looks(k, tau=t, effect=0.08) for k, t in ((100, 0.12), (1, None)))
    assert_allclose((mixture.share, fixed.share), (0.778, 0.948), atol=0.006)
    assert_allclose(np.median(mixture.stop), 1_200, atol=40)


def test_walks_are_the_same_for_other_looks_and_stop_at_the_first_call():
    once, often = simulate_looks(2, tests=500), simulate_looks(100, tests=500)
    assert (often.found >= once.found).all()
    assert (often.stop <= once.stop).all()
    assert_array_equal(often.stop[~often.found], 2_000)
    assert set(once.stop) <= {1_000, 2_000}
    assert simulate_looks(3, n=30, tests=5).stop.shape == (5,)


def test_a_reading_equals_a_loop():
    rng = np.random.default_rng(0)
    a, b = rng.normal(50, 2, 400), rng.normal(50.4, 3, 420)
    seen = monitor(a, b, looks=4, tau=0.5)
    assert_array_equal(seen.n, [100, 200, 300, 400])
    ratios = []
    for m, difference in zip(seen.n, seen.difference, strict=True):
        assert_allclose(difference, b[:m].mean() - a[:m].mean())
        v = (a[:m].var(ddof=1) + b[:m].var(ddof=1)) ** 0.5
        ratios.append(mixture_ratio(m * difference / v, m, 0.5 / v))
    assert_allclose(seen.p, always_valid_p(ratios))
    z = seen.difference[-1] / (a.var(ddof=1) + b[:400].var(ddof=1)) ** 0.5 * 20
    assert_allclose(seen.p_fixed[-1], 2 * (1 - 0.5 * (1 + _erf(abs(z) / 2**0.5))), rtol=1e-6)


def _erf(x):
    from math import erf

    return erf(x)


def test_a_look_knows_nothing_of_the_future_and_no_unit_of_the_metric():
    rng = np.random.default_rng(1)
    a, b = rng.exponential(2, 500), rng.exponential(2.4, 500)
    early, all_ = monitor(a[:250], b[:250], 5, tau=0.3), monitor(a, b, 10, tau=0.3)
    assert_allclose(early.p, all_.p[:5])
    assert_allclose(monitor(10 * a + 7, 10 * b + 7, 10, tau=3.0).p, all_.p)


def test_daily_readers_of_nothing_are_fooled_by_the_plain_p_and_not_by_the_other():
    rng = np.random.default_rng(2)
    seen = [monitor(*rng.exponential(size=(2, 2000)), tau=0.1) for _ in range(400)]
    assert np.mean([(s.p_fixed < 0.05).any() for s in seen]) > 0.18
    assert np.mean([(s.p < 0.05).any() for s in seen]) < 0.05


def test_arms_without_spread_do_not_break_the_reading():
    same = monitor(np.ones(40), np.ones(40), 4, tau=0.1)
    assert_array_equal(same.p, 1)
    other = monitor(np.zeros(40), np.ones(40), 4, tau=0.1)
    assert_array_equal(other.p < 0.001, True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate_looks(3), "^looks: expected a divisor of n, 2000; received 3"),
        (lambda: simulate_looks(0), "^looks: expected an integer of at least 1"),
        (lambda: simulate_looks(1, tests=0), "^tests: expected an integer of at least 1"),
        (lambda: simulate_looks(1, tau=-1), "^tau: expected a finite number above 0"),
        (lambda: simulate_looks(1, level=2), "^level: expected a number above 0 and below 1"),
        (lambda: monitor([1, 2], [1, 2], 20, tau=1), "^looks: expected two units or more"),
        (lambda: monitor([1, 2, 3], [1, 2, np.nan], 1, tau=1), "^b: expected finite numbers"),
        (lambda: monitor([1, 2], [1, 2], 1, tau=0), "^tau: expected a finite number above 0"),
    ],
)
def test_sequential_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
