"""Drift measures by hand and by simulation: what they promise where nothing has changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.formulas import (
    cusum,
    largest_gap,
    limit_for,
    run_length,
    stability_index,
    stability_limit,
)

quick = settings(deadline=None, max_examples=50)


def test_the_index_by_hand_and_both_ways_round():
    p, q = np.array([80.5, 20.5]) / 101, np.array([50.5, 50.5]) / 101
    by_hand = sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True))
    assert_allclose(stability_index([80, 20], [50, 50]), by_hand)
    assert_allclose(stability_index([50, 50], [80, 20]), by_hand)


@quick
@given(arrays(np.int64, (2, 6), elements=st.integers(0, 1000)).filter(lambda a: a.sum(1).all()))
def test_the_index_is_two_divergences_and_finite_with_empty_bins(pair):
    p, q = (pair + 0.5) / (pair + 0.5).sum(axis=1, keepdims=True)
    assert_allclose(
        stability_index(*pair), stats.entropy(q, p) + stats.entropy(p, q), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("n", [200, 5000])
def test_the_limit_keeps_its_false_alarm_rate_at_every_size(n):
    rng = np.random.default_rng(0)
    shares = np.full(10, 0.1)
    pairs = zip(rng.multinomial(n, shares, 3000), rng.multinomial(n, shares, 3000), strict=True)
    found = np.array([stability_index(a, b) for a, b in pairs])
    rate = (found > stability_limit(n, n, 10, 0.05)).mean()
    assert 0.03 < rate < 0.07
    assert ((found > 0.1).mean() > 0.3) == (n == 200)  # the rule of thumb rings at small samples


def test_the_gap_is_that_of_two_step_functions():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=40), rng.normal(0.5, 1, size=60)
    at = np.concatenate([a, b])
    expected = max(abs((a <= x).mean() - (b <= x).mean()) for x in at)
    assert_allclose(largest_gap(a, b)[0], expected)
    assert largest_gap([1.0], [1.0]) == (0, 1)


@quick
@given(arrays(np.float64, st.integers(0, 30), elements=st.floats(-5, 5)), st.floats(0, 2))
def test_cusum_equals_its_loop_and_page_hinkley(values, allowance):
    level, expected = 0.0, []
    for x in values:
        level = max(0.0, level + (0.3 - x) - allowance)
        expected.append(level)
    assert_allclose(cusum(values, 0.3, allowance), expected, atol=1e-9)


@pytest.mark.parametrize(("limit", "loss"), [(3.0, 0.0), (4.0, 0.0), (4.0, 1.0), (4.0, 0.5)])
def test_the_run_length_is_that_of_a_simulation(limit, loss):
    rng, runs, level = np.random.default_rng(2), 2000, np.zeros(2000)
    alive, length = np.ones(runs, bool), np.zeros(runs)
    while alive.any():
        level = np.maximum(0, level + rng.normal(loss, 1, runs) - 0.5)
        length += alive
        alive &= level <= limit
    assert_allclose(length.mean(), run_length(limit, 0.5, loss), rtol=0.1)


def test_known_run_lengths():
    # one-sided, from Markov chains: Brook and Evans (1972); Montgomery's tables are two-sided
    assert_allclose(run_length(4, 0.5), 336, rtol=0.02)
    assert_allclose(run_length(5, 0.5), 930, rtol=0.02)


@quick
@given(st.floats(20, 1e6), st.floats(0, 1.5))
def test_the_limit_inverts_the_run_length(looks, allowance):
    try:
        limit = limit_for(looks, allowance)
    except ValueError:
        assert run_length(1e-9, allowance) >= looks
        return
    assert_allclose(run_length(limit, allowance), looks, rtol=1e-6)


def test_the_run_length_has_no_jump_where_loss_and_allowance_meet():
    around = [run_length(4, 0.5, 0.5 + d) for d in (-1e-3, -1e-6, 0, 1e-6, 1e-3)]
    assert_allclose(around, around[2], rtol=0.01)
    assert run_length(1e3, 1.0) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability_index([1, 2], [1, 2, 3]), "^after: expected 2 rows"),
        (lambda: stability_index([0, 0], [1, 2]), "^before: expected at least one row"),
        (lambda: stability_index([1.5, 0], [1, 2]), "^before: expected counts"),
        (lambda: stability_index([1], [1]), "^before: expected at least 2"),
        (lambda: stability_limit(0, 5, 3, 0.1), "^before: expected an integer of at least 1"),
        (lambda: stability_limit(5, 5, 1, 0.1), "^bins: expected an integer of at least 2"),
        (lambda: stability_limit(5, 5, 3, 0), "^false_alarms: expected a number above 0"),
        (lambda: largest_gap([], [1]), "^before: expected at least 1"),
        (lambda: largest_gap([1], [np.nan]), "^after: expected finite"),
        (lambda: cusum([np.nan], 0, 0), "^values: expected finite"),
        (lambda: cusum([1], 0, -1), "^allowance: expected a number from 0"),
        (lambda: cusum([1], np.inf, 0), "^target: expected finite"),
        (lambda: run_length(0, 0.5), "^limit: expected a finite number above 0"),
        (lambda: run_length(1, -0.5), "^allowance: expected a number from 0"),
        (lambda: run_length(1, 0.5, np.nan), "^loss: expected finite"),
        (lambda: limit_for(1, 0.5), "^looks: expected more than"),
    ],
)
def test_monitor_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
