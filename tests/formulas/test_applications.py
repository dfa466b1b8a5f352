"""Time, contexts, two sides, constraints, mastery and effects: by hand, and against loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats import hmean
from sklearn.linear_model import LinearRegression

from attnrec_lite.formulas import (
    adjusted_effect,
    certainty_equivalent,
    coverage_risk,
    fresh,
    gated_weights,
    mastery_after,
    match_chance,
    raw_effect,
    ready,
    reciprocal,
    repeat_chances,
    repeats_and_new,
    shrunk,
    softmax,
    suitable,
)

quick = settings(deadline=None, max_examples=60)
chance = st.floats(0, 1)


def test_a_story_halves_with_each_half_life():
    assert_allclose(fresh(0.4, [0, 3, 6, 9], half_life=3), [0.4, 0.2, 0.1, 0.05])
    assert fresh(1.0, 1e9, 1.0) == 0
    assert_allclose(fresh(0.4, 6, [3.0, 6.0]), [0.1, 0.2])


@quick
@given(arrays(np.int64, st.integers(1, 9), elements=st.integers(0, 50)), st.floats(-1, 4))
def test_repeats_equal_their_loop(gaps, beta):
    weight = [g**-beta if g else 0.0 for g in gaps.astype(float)]
    expected = np.array(weight) / sum(weight) if sum(weight) else np.zeros(len(gaps))
    assert_allclose(repeat_chances(gaps, beta), expected, atol=1e-12)
    assert_allclose(repeat_chances(gaps[np.newaxis], beta)[0], expected, atol=1e-12)


def test_old_and_new_sum_to_one():
    p = repeats_and_new(0.3, repeat_chances([1, 2, 0, 0], 1), [0, 0, 0.5, 0.5])
    assert_allclose(p, [0.2, 0.1, 0.35, 0.35])


@quick
@given(arrays(np.float64, 5, elements=st.floats(-5, 5)), arrays(bool, 5), st.floats(0, 5))
def test_a_gate_moves_weight_to_the_context_and_keeps_the_order_within(s, same, gate):
    a, b = gated_weights(s, same, 0.0), gated_weights(s, same, gate)
    assert_allclose(a, softmax(s))
    assert b[same].sum() >= a[same].sum() - 1e-12
    if same.any():  # within a context nothing changes
        assert_allclose(b[same] * a[same].sum(), a[same] * b[same].sum(), atol=1e-12)
    assert_allclose(gated_weights(s, same, gate, np.zeros(5, bool)), 0)


def test_a_mean_is_believed_as_far_as_it_has_events():
    assert_allclose(shrunk([1.0, 1.0, np.nan], [8, 2, 0], 0.2, 2.0), [0.84, 0.6, 0.2])


@quick
@given(chance, chance)
def test_the_harmonic_mean_is_scipys_and_lies_below_twice_the_smaller(p, q):
    expected = hmean([p, q]) if min(p, q) > 1e-300 else 0.0
    assert_allclose(reciprocal(p, q), expected, atol=1e-12)
    assert reciprocal(p, q) <= 2 * min(p, q) + 1e-12
    assert match_chance(p, q) == p * q


def test_suitability_is_a_comparison_and_no_score():
    assert suitable([0.1, 0.2], [0.1]).tolist() == [[True, False]]
    assert suitable([0.1], [0.0]).tolist() == [[False]]
    assert_allclose(certainty_equivalent(0.1, 0.04, [0.0, 5.0]), [0.1, 0.0])


@quick
@given(
    arrays(np.float64, st.integers(1, 12), elements=st.sampled_from([0.1, 0.5, 0.9])),
    st.integers(0, 9),
)
def test_coverage_and_risk_equal_a_loop_over_thresholds(confidence, seed):
    losses = np.random.default_rng(seed).random(len(confidence))
    coverage, risk = coverage_risk(confidence, losses)
    assert coverage[-1] == 1
    assert_allclose(risk[-1], losses.mean())
    assert set(np.round(coverage, 9)) == {
        round(float((confidence >= t).mean()), 9) for t in confidence
    }
    for c, r in zip(coverage, risk, strict=True):
        kept = next(t for t in confidence if np.isclose((confidence >= t).mean(), c))
        assert_allclose(r, losses[confidence >= kept].mean())


@quick
@given(chance, st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.booleans())
def test_mastery_is_bayes_rule_on_two_states(known, slip, guess, right):
    table = {True: (1 - slip, guess), False: (slip, 1 - guess)}[right]
    joint = np.array([known * table[0], (1 - known) * table[1]])
    found = mastery_after(known, right, slip, guess, 0.0)
    assert_allclose(found, joint[0] / joint.sum(), atol=1e-12)
    assert_allclose(mastery_after(known, right, slip, guess, 1.0), 1.0)


def ready_by_loop(mastery, needs, threshold):
    out = np.zeros(mastery.shape, bool)
    for u in range(len(mastery)):
        for i in range(mastery.shape[1]):
            below = [j for j in range(mastery.shape[1]) if needs[i, j]]
            enough = all(mastery[u, j] >= threshold for j in below)
            out[u, i] = mastery[u, i] < threshold and enough
    return out


@quick
@given(st.integers(0, 10_000))
def test_what_is_ready_equals_its_loop(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    needs = np.tril(rng.random((n, n)) < 0.4, -1).astype(int)
    mastery = rng.random((4, n))
    assert (ready(mastery, needs, 0.5) == ready_by_loop(mastery, needs, 0.5)).all()


def test_who_has_mastered_all_is_ready_for_nothing():
    assert not ready(np.ones((2, 3)), np.zeros((3, 3))).any()


def test_adjusting_takes_away_what_the_stratum_did():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 20_000)
    t = (rng.random(20_000) < np.where(z, 0.8, 0.2)).astype(int)
    y = 0.3 * t - 1.0 * z + rng.normal(0, 0.1, 20_000)
    assert raw_effect(y, t) < -0.2
    assert_allclose(adjusted_effect(y, t, z), 0.3, atol=0.01)
    slope = LinearRegression().fit(np.stack([t, z], 1), y).coef_[0]
    assert_allclose(adjusted_effect(y, t, z), slope, atol=0.01)
    few, many = [1.0, 0.0], [3.0, 0.0] * 3  # effects 1 and 3 in strata of 2 and 6 people
    by_hand = adjusted_effect(few + many, [1, 0] * 4, [0] * 2 + [1] * 6)
    assert_allclose(by_hand, (2 * 1 + 6 * 3) / 8)
    alone = np.zeros(20_000)
    assert_allclose(adjusted_effect(y, t, alone), raw_effect(y, t))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fresh([-0.1], 1, 1), r"^chances: expected numbers in \[0, 1\]"),
        (lambda: fresh([0.1], -1, 1), "^ages: expected numbers from 0; received -1"),
        (lambda: fresh([0.1], 1, 0), "^half_life: expected numbers above 0; received 0"),
        (lambda: repeat_chances([-1], 1), "^gaps: expected numbers from 0"),
        (lambda: repeat_chances([1], np.nan), "^exponent: expected finite numbers"),
        (lambda: repeats_and_new(1.1, [1], [0]), r"^share: expected a number in \[0, 1\]"),
        (lambda: repeats_and_new(0.1, [1], [0, 0]), r"^new: expected shape \(1,\)"),
        (lambda: gated_weights([0.0], [1], 1), "^same_context: expected booleans; received int64"),
        (lambda: gated_weights([0.0], [True], -1), "^gate: expected numbers from 0"),
        (lambda: gated_weights([0.0], [True, False], 1), "^same_context: expected shape"),
        (lambda: shrunk([np.nan], [1], 0.2, 1), "^mean: expected finite numbers"),
        (lambda: shrunk([1], [1], 0.2, 0), "^strength: expected a finite number above 0"),
        (lambda: reciprocal([0.1], [2.0]), r"^other_way: expected numbers in \[0, 1\]"),
        (lambda: match_chance([0.1], [0.1, 0.2]), "^other_way: expected shape"),
        (lambda: suitable([0.1], [np.nan]), "^capacity: expected finite numbers"),
        (lambda: suitable([[0.1]], [1]), "^risk: expected a vector"),
        (lambda: certainty_equivalent(0.1, -1, 1), "^variance: expected numbers from 0"),
        (lambda: coverage_risk([], []), "^confidence: expected at least 1"),
        (lambda: coverage_risk([1.0], [1.0, 2.0]), "^losses: expected 1 rows"),
        (lambda: mastery_after([0.5], [1]), "^correct: expected booleans"),
        (lambda: mastery_after([0.5], [True], slip=0), "^slip: expected a number above 0"),
        (lambda: mastery_after([0.5], [True, False]), "^correct: expected shape"),
        (lambda: ready([[0.1, 0.2]], [[0, 1], [1, 0]]), "^prerequisites: expected no circle"),
        (lambda: ready([[0.1, 0.2]], [[1, 0], [0, 0]]), "^prerequisites: expected no circle"),
        (lambda: ready([[0.1, 0.2]], [[0.0]]), "^prerequisites: expected a square of the skills"),
        (lambda: raw_effect([1.0], [1]), "^treated: expected a 1 and a 0; received only 1"),
        (lambda: adjusted_effect([1, 2, 3], [1, 0, 1], [0, 0, 1]), "1 has only 1"),
        (lambda: adjusted_effect([1, 2], [1, 0], [0]), "^stratum: expected 2 rows"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
