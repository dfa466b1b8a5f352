"""Attack rates against scikit-learn and loops; the ratio of densities; what privacy allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.metrics import roc_curve

from attnrec_lite.formulas import (
    attack_curve,
    hits_allowed,
    hits_at,
    likelihood_ratio,
    membership_advantage,
)

quick = settings(deadline=None, max_examples=50)
numbers = arrays(np.float64, st.integers(1, 12), elements=st.integers(-3, 3))


@quick
@given(numbers, numbers)
def test_the_curve_is_that_of_scikit_learn(members, others):
    labels = np.repeat([1, 0], [len(members), len(others)])
    false, true, _ = roc_curve(labels, np.append(members, others), drop_intermediate=False)
    found = attack_curve(members, others)
    assert_allclose(found, (false, true))
    assert_allclose(membership_advantage(members, others), (true - false).max())
    assert (np.diff(found) >= 0).all()


@quick
@given(numbers, numbers, st.floats(0.01, 0.99))
def test_hits_equal_a_loop_over_thresholds(members, others, allowed):
    best = 0.0
    for t in np.append(members, others):
        if (others >= t).mean() <= allowed:
            best = max(best, (members >= t).mean())
    assert_allclose(hits_at(members, others, allowed), best)


def test_equal_numbers_tell_nothing():
    assert hits_at(np.ones(50), np.ones(200)) == 0
    assert membership_advantage(np.ones(5), np.ones(9)) == 0


def test_the_ratio_is_that_of_two_normal_densities_and_skips_missing_models():
    with_ = np.array([[3.0, np.nan], [4.0, 1.0], [5.0, 2.0]])
    without = np.array([[0.0, 0.0], [1.0, np.nan], [np.nan, 0.5]])
    s_in = np.sqrt((1 + 0 + 1 + 0.25 + 0.25) / 3)
    s_out = np.sqrt((0.25 + 0.25 + 0.0625 + 0.0625) / 2)
    expected = stats.norm.logpdf([4, 1], [4, 1.5], s_in) - stats.norm.logpdf(
        [4, 1], [0.5, 0.25], s_out
    )
    assert_allclose(likelihood_ratio([4, 1], with_, without), expected)
    flat = likelihood_ratio([1.0], [[1.0], [1.0]], [[1.0], [1.0]])
    assert flat[0] == 0  # models that always say the same are no reason for a division by zero


@quick
@given(st.floats(0.01, 9), st.floats(1e-9, 0.1), st.floats(0.001, 0.999))
def test_what_is_allowed_grows_with_epsilon_and_never_below_guessing(epsilon, delta, false):
    allowed = hits_allowed(epsilon, delta, false)
    assert false <= allowed <= 1
    assert hits_allowed(epsilon + 0.5, delta, false) >= allowed


def test_no_attack_on_gaussian_noise_passes_what_is_allowed():
    from attnrec_lite.formulas import gaussian_noise

    for epsilon in (0.5, 2.0):
        sigma = gaussian_noise(epsilon, 1e-3)
        for false in (0.01, 0.1, 0.5):  # the best test there is: a threshold, by Neyman and Pearson
            true = stats.norm.sf(stats.norm.isf(false) - 1 / sigma)
            assert true <= hits_allowed(epsilon, 1e-3, false) + 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attack_curve([], [1]), "^members: expected at least 1"),
        (lambda: attack_curve([1], [np.nan]), "^others: expected finite"),
        (lambda: hits_at([1], [1], 0), "^false_alarms: expected a number above 0"),
        (lambda: membership_advantage([np.inf], [1]), "^members: expected finite"),
        (lambda: likelihood_ratio([1], [[1, 2]], [[1]]), "^with_: expected numbers"),
        (lambda: likelihood_ratio([1], [[1], [2]], [[1]]), "^without: expected a model for everyb"),
        (
            lambda: likelihood_ratio([1], [[np.nan], [np.nan]], [[1], [1]]),
            "^with_: expected a model for everybody",
        ),
        (lambda: likelihood_ratio([np.nan], [[1], [1]], [[1], [1]]), "^observed: expected finite"),
        (lambda: hits_allowed(0, 0.1, 0.1), "^epsilon: expected a finite number above 0"),
        (lambda: hits_allowed(1, 0.1, 0), "^false_alarms: expected a number above 0"),
    ],
)
def test_membership_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
