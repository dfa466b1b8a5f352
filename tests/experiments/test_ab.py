"""Comparisons of two arms: against scipy, what they refuse, and that they print their design."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite import formulas
from attnrec_lite.experiments import (
    Design,
    Effect,
    RatioCheck,
    SampleRatioMismatch,
    check_ratio,
    compare_means,
    compare_ratios,
    compare_shares,
)

DESIGN = Design("purchases in two weeks", unit="customer")
quick = settings(deadline=None, max_examples=40)
arms = st.integers(4, 30).flatmap(
    lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 9).map(float))
)


# ---- the design --------------------------------------------------------------------------------


def test_an_effect_prints_its_design_and_cannot_be_without_one():
    text = str(compare_shares([500, 550], [10_000, 10_000], DESIGN))
    for part in ("+0.0050", "[-0.0012, +0.0112]", "95%", "0.113", "purchases in two weeks",
                 "customer", "50:50", "10,000", "0.055"):  # fmt: skip
        assert part in text
    assert max(map(len, text.splitlines())) < 80
    for nothing in (None, "", "per customer"):
        with pytest.raises(ValueError, match=r"^design: expected a Design; received"):
            Effect(0.1, 0.1, 0, 0.2, 0.3, 0.95, (0, 0.1), (1, 1), "Welch", nothing)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "customer"), "^metric: expected a few words; received ''"),
        (("clicks", "  "), "^unit: expected a few words"),
        ((None, "customer"), "^metric: expected a few words; received None"),
        (("clicks", "customer", (0.5, 0.6)), "^planned: expected two shares above 0 with sum 1"),
        (("clicks", "customer", (0.0, 1.0)), "^planned: expected two shares above 0"),
        (("clicks", "customer", (1.0,)), "^planned: expected two shares above 0"),
    ],
)
def test_a_design_without_words_or_shares_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Design(*arguments)


# ---- means -------------------------------------------------------------------------------------


@quick
@given(arms)
def test_means_equal_welchs_test_of_scipy(pair):
    a, b = pair
    effect = compare_means(a, b, DESIGN, level=0.9)
    assert_allclose(effect.difference, b.mean() - a.mean(), atol=1e-12)
    if effect.error > 0:
        expected = stats.ttest_ind(b, a, equal_var=False)
        assert_allclose(effect.p, expected.pvalue)
        assert_allclose((effect.low, effect.high), expected.confidence_interval(0.9))
        assert effect.found == (effect.p < 0.1) == (not effect.low <= 0 <= effect.high)
    else:
        assert effect.low == effect.difference == effect.high


def test_arms_without_any_spread_have_no_interval_and_no_doubt():
    same, other = compare_means([2] * 9, [2] * 9, DESIGN), compare_means([2] * 9, [3] * 9, DESIGN)
    assert (same.low, same.high, same.p, same.found) == (0, 0, 1, False)
    assert (other.low, other.high, other.p, other.found) == (1, 1, 0, True)


def test_arms_that_differ_by_a_rounding_do_not_warn(recwarn):
    compare_means([0.1 + 0.2, 0.3, 0.3], [0.3, 0.3, 0.3], DESIGN)
    assert not recwarn.list


def test_the_past_narrows_the_interval_by_the_formula_with_one_theta():
    rng = np.random.default_rng(0)
    x = rng.poisson(6, 400).astype(float)
    y = x + rng.normal(size=400) + 0.4 * (np.arange(400) >= 200)
    plain = compare_means(y[:200], y[200:], DESIGN)
    sharper = compare_means(y[:200], y[200:], DESIGN, before=(x[:200], x[200:]))
    adjusted = formulas.cuped(y, x)
    expected = formulas.difference_of_means(adjusted[:200], adjusted[200:])
    assert_allclose((sharper.difference, sharper.error), expected)
    assert sharper.error < 0.5 * plain.error
    assert "CUPED" in str(sharper)
    assert "CUPED" not in str(plain)


@pytest.mark.slow
def test_tests_of_nothing_cry_as_often_as_promised_with_and_without_the_past():
    rng, found = np.random.default_rng(0), []
    for _ in range(1500):
        x = rng.exponential(size=200)
        y = x + rng.exponential(size=200)
        past = (x[:100], x[100:])
        found.append([compare_means(y[:100], y[100:], DESIGN).found,
                      compare_means(y[:100], y[100:], DESIGN, before=past).found])  # fmt: skip
    assert_allclose(np.mean(found, 0), 0.05, atol=0.018)


def test_each_unit_counts_once():
    with pytest.raises(ValueError, match=r"^units: .* arm A has 3 rows of 2 \(sum them"):
        compare_means([1, 2, 3], [1, 2, 3], DESIGN, units=([7, 7, 8], [1, 2, 3]))
    with pytest.raises(ValueError, match=r"^units: expected arms of different customers; .*3"):
        compare_means([1, 2, 3], [1, 2, 3], DESIGN, units=([7, 3, 8], [1, 2, 3]))
    with pytest.raises(ValueError, match=r"^units: expected \(3, 3\), one per row; .*\[2, 3\]"):
        compare_means([1, 2, 3], [1, 2, 3], DESIGN, units=([7, 8], [1, 2, 3]))
    assert compare_means([1, 2], [3, 5], DESIGN, units=(["a", "b"], ["c", "d"])).n == (2, 2)


# ---- shares and rates --------------------------------------------------------------------------


def test_shares_test_by_the_pooled_and_report_by_their_own_error():
    effect = compare_shares([30, 55], [100, 100], DESIGN)
    z = formulas.two_proportion_z([30, 55], [100, 100])
    assert_allclose(effect.p, 2 * stats.norm.sf(z))
    own = (0.3 * 0.7 / 100 + 0.55 * 0.45 / 100) ** 0.5
    assert_allclose((effect.low, effect.high), (0.25 - 1.959964 * own, 0.25 + 1.959964 * own))


def test_a_rate_is_compared_by_those_who_were_drawn():
    rng = np.random.default_rng(0)
    m = [1 + rng.poisson(9, 300) for _ in "ab"]
    c = [rng.binomial(x, rng.beta(0.3, 0.6, 300)) for x in m]
    effect = compare_ratios(c, m, DESIGN)
    (a, error_a), (b, error_b) = (formulas.ratio_of_totals(*x) for x in zip(c, m, strict=True))
    assert_allclose((effect.difference, effect.error), (b - a, np.hypot(error_a, error_b)))
    naive = formulas.two_proportion_z([x.sum() for x in c], [x.sum() for x in m])
    assert abs(naive) > 1.5 * abs(effect.difference) / effect.error
    flat = compare_ratios(([1, 1], [1, 1]), ([2, 2], [2, 2]), DESIGN)
    assert (flat.difference, flat.p) == (0, 1)


# ---- arms that were not drawn ------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: check_ratio([600, 400]),
        lambda: compare_means(np.arange(600), np.arange(400), DESIGN),
        lambda: compare_shares([10, 10], [600, 400], DESIGN),
        lambda: compare_ratios((np.ones(600), np.ones(400)), (np.ones(600), np.ones(400)), DESIGN),
    ],
)
def test_every_comparison_refuses_arms_that_were_not_drawn(call):
    with pytest.raises(SampleRatioMismatch, match=r"600 : 400 for a plan of 50 : 50.*NOT AS PLAN"):
        call()
    assert issubclass(SampleRatioMismatch, ValueError)


def test_a_plan_of_sixty_to_forty_is_a_plan():
    design = Design("x", "customer", planned=(0.6, 0.4))
    assert compare_shares([10, 10], [600, 400], design).n == (600, 400)
    assert check_ratio([600, 400], design.planned).ok


def test_the_check_can_only_say_so():
    check = check_ratio([10_000, 9_500], strict=False)
    assert isinstance(check, RatioCheck)
    assert not check.ok
    assert "NOT AS PLANNED" in str(check)
    assert "as planned" in str(check_ratio([300, 100, 100], [0.6, 0.2, 0.2]))


def test_the_check_cries_about_once_in_a_thousand_sound_tests():
    rng = np.random.default_rng(0)
    sizes = rng.binomial(1000, 0.5, 5000)
    bad = np.mean([not check_ratio([k, 1000 - k], strict=False).ok for k in sizes])
    assert bad < 0.003


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare_means([1], [1, 2], DESIGN), "^a: expected at least 2"),
        (lambda: compare_means([1, np.nan], [1, 2], DESIGN), "^a: expected finite numbers"),
        (lambda: compare_means([[1, 2]], [1, 2], DESIGN), "^a: expected a vector"),
        (
            lambda: compare_means([1, 2], [1, 3], DESIGN, before=([1], [1, 2])),
            r"^before: expected \(2, 2\), one per unit; received \[1, 2\]",
        ),
        (lambda: compare_means([1, 2], [1, 3], DESIGN, level=1.5), "^level: expected a number"),
        (lambda: compare_shares([5], [10, 10], DESIGN), "^successes: expected two counts"),
        (lambda: compare_shares([5, 11], [10, 10], DESIGN), "^successes, shown"),
        (lambda: compare_ratios(([1, 2], [1, 2]), ([1], [1, 2]), DESIGN), "^denominator: expect"),
    ],
)
def test_comparisons_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
