"""Choices between arms: by hand, against draws, and their regret."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import integrate, stats

from attnrec_lite.formulas import (
    greedy_chances,
    regret,
    thompson_chances,
    thompson_draw,
    upper_bounds,
)

quick = settings(deadline=None, max_examples=50)


@quick
@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(-2, 2)), st.floats(0, 1))
def test_greedy_chances_sum_to_one_and_leave_room_for_each(means, epsilon):
    p = greedy_chances(means, epsilon)
    assert_allclose(p.sum(), 1)
    assert (p >= epsilon / len(means) - 1e-12).all()
    assert_allclose(p[means == means.max()].sum(), 1 - epsilon * (means != means.max()).mean())


def test_ties_share_and_rows_are_apart():
    assert_allclose(greedy_chances([[1, 1, 0], [0, 0, 2]]), [[0.5, 0.5, 0], [0, 0, 1]])


def test_bounds_by_hand():
    assert_allclose(upper_bounds([0.2], [8], turn=np.e**2, scale=2), 0.2 + np.sqrt(0.5))
    assert_allclose(upper_bounds([0.2, 0.1], [8, 4], turn=1), [0.2, 0.1])
    assert upper_bounds([0.0, 1.0], [0, 5], turn=5)[0] == np.inf
    assert_allclose(upper_bounds([0.2, 0.1], [8, 4], turn=50, scale=0), [0.2, 0.1])


def test_thompsons_chances_are_the_shares_of_its_draws():
    wins, losses = np.array([4, 8, 2]), np.array([6, 20, 1])
    rng = np.random.default_rng(0)
    best = thompson_draw(np.tile(wins, (40_000, 1)), np.tile(losses, (40_000, 1)), rng).argmax(1)
    shares = np.bincount(best, minlength=3) / len(best)
    assert_allclose(thompson_chances(wins, losses), shares, atol=0.01)


def test_thompsons_chances_are_even_where_nothing_is_known_and_come_by_rows():
    assert_allclose(thompson_chances(np.zeros(4), np.zeros(4)), 0.25)
    rows = np.array([[3, 1], [0, 9]])
    both = thompson_chances(rows, np.ones((2, 2)))
    assert_allclose(both[1], thompson_chances(rows[1], np.ones(2)))
    assert thompson_chances([10**6, 1], [1, 10**6])[1] < 1e-6


@pytest.mark.parametrize(("wins", "losses"), [([60, 40], [40, 60]), ([600, 45], [400, 65])])
def test_a_chance_of_a_thousandth_and_less_comes_out_right(wins, losses):
    best, other = (stats.beta(1 + w, 1 + n) for w, n in zip(wins, losses, strict=True))
    found = integrate.quad(lambda x: other.pdf(x) * best.cdf(x), 0, 1, epsabs=0, limit=500)[0]
    assert 1e-9 < found < 5e-3
    assert_allclose(thompson_chances(wins, losses)[1], found, rtol=1e-3)


@quick
@given(arrays(np.int64, st.integers(0, 20), elements=st.integers(0, 3)))
def test_regret_equals_its_loop(chosen):
    values, total, expected = [0.1, 0.5, 0.2, 0.5], 0.0, []
    for arm in chosen:
        total += 0.5 - values[arm]
        expected.append(total)
    assert_allclose(regret(values, chosen), expected, atol=1e-12)
    assert (np.diff(regret(values, chosen)) >= 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: greedy_chances([]), "^means: expected a number for each arm"),
        (lambda: greedy_chances([np.nan, 1]), "^means: expected finite"),
        (lambda: greedy_chances([1], 2), r"^epsilon: expected a number in \[0, 1\]"),
        (lambda: upper_bounds([1], [1, 2], 3), r"^pulls: expected shape \(1,\)"),
        (lambda: upper_bounds([1], [-1], 3), "^pulls: expected counts"),
        (lambda: upper_bounds([1], [1], 0), "^scale, turn: expected numbers from 0 and 1"),
        (lambda: upper_bounds([1], [1], 1, -1), "^scale, turn: expected"),
        (lambda: thompson_chances([1], [1, 2]), "^losses: expected shape"),
        (lambda: thompson_chances([0.5], [1]), "^wins: expected counts"),
        (lambda: thompson_draw([1], [-1], np.random.default_rng(0)), "^losses: expected counts"),
        (lambda: regret([0.1], [1]), "^chosen: expected numbers in 0..0"),
        (lambda: regret([0.1], [-1]), "^chosen: expected numbers"),
        (lambda: regret([], []), "^values: expected at least 1"),
    ],
)
def test_bandit_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
