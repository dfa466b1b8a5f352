"""Intervals, bounds and weights: against scipy, by every possible silence, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.formulas import post_stratified, silent_bounds, wilson_interval

quick = settings(deadline=None, max_examples=60)


@quick
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
       st.sampled_from([0.8, 0.95, 0.99]))  # fmt: skip
def test_wilson_equals_scipy_stays_inside_and_mirrors(counts, level):
    k, n = counts
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    low, high = wilson_interval(k, n, level)
    assert_allclose((low, high), (expected.low, expected.high), atol=1e-9)
    assert 0 <= low <= k / n <= high <= 1
    assert high > low
    assert_allclose(wilson_interval(n - k, n, level), (1 - high, 1 - low), atol=1e-9)


def test_wilson_solves_the_equation_that_defines_it():
    for end in wilson_interval(30, 100):
        assert_allclose(abs(0.3 - end), 1.959964 * (end * (1 - end) / 100) ** 0.5, rtol=1e-5)


@quick
@given(st.integers(1, 12), st.data())
def test_bounds_are_reached_by_the_two_extreme_silences(asked, data):
    answered = data.draw(st.integers(1, asked))
    yes = data.draw(st.integers(0, answered))
    possible = [(yes + silent_yes) / asked for silent_yes in range(asked - answered + 1)]
    assert_allclose(
        silent_bounds(yes / answered, answered / asked), (min(possible), max(possible)), atol=1e-12
    )


def test_bounds_say_all_or_nothing_at_the_ends():
    assert silent_bounds(0.7, 1.0) == (0.7, 0.7)
    assert silent_bounds(0.7, 0.0) == (0.0, 1.0)


def test_weights_count_groups_by_their_size():
    assert_allclose(post_stratified([0.9, 0.5], [100, 300]), 0.6)
    assert_allclose(post_stratified([0.9, 0.5], [1, 3]), 0.6)
    assert post_stratified([0.9, 0.5], [0, 3]) == 0.5


def test_weights_repair_a_silence_by_group_and_not_one_by_answer():
    shares, sizes = np.array([0.75, 0.25]), np.array([400, 400])  # the truth is a half
    by_group = sizes * [1.0, 0.1]  # all of one group answer, a tenth of the other
    assert shares @ by_group / by_group.sum() > 0.7
    assert_allclose(post_stratified(shares, sizes), 0.5)
    said_yes = shares * 0.5 / (shares * 0.5 + (1 - shares) * 0.1)  # the content answer more
    assert post_stratified(said_yes, sizes) > 0.7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson_interval(3, 2), "^successes: expected at most n, 2; received 3"),
        (lambda: wilson_interval(0, 0), "^n: expected an integer of at least 1"),
        (lambda: wilson_interval(-1, 5), "^successes: expected an integer of at least 0"),
        (lambda: wilson_interval(1, 5, 1.0), "^level: expected a number above 0 and below 1"),
        (lambda: silent_bounds(1.1, 0.5), r"^share: expected a number in \[0, 1\]"),
        (lambda: silent_bounds(0.1, -0.5), r"^answered: expected a number in \[0, 1\]"),
        (lambda: post_stratified([0.1], [1, 2]), "^sizes: expected 1 rows"),
        (lambda: post_stratified([0.1], [0]), "^sizes: expected numbers from 0, not all 0"),
        (lambda: post_stratified([0.1, 0.2], [1, -1]), "^sizes: expected numbers from 0"),
        (lambda: post_stratified([np.nan], [1]), "^shares: expected finite numbers"),
    ],
)
def test_surveys_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
