"""Shifts and slipped-in clicks: against the worst of many, and against what is claimed of them."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    add_click,
    adversarial_bpr,
    bpr_loss,
    capped,
    capped_weights,
    context_shift,
    cosine_ceiling,
    injected_weight,
    injected_weight_bound,
    score_shift_bound,
    softmax,
    trimmed_context,
    weighted_sum,
    worst_step,
)

quick = settings(deadline=None, max_examples=60)
numbers = st.floats(-30, 30)
vectors = arrays(np.float64, st.integers(1, 8), elements=numbers)


def shares(n):
    drawn = arrays(np.float64, n, elements=st.floats(0.001, 1))
    return drawn.map(lambda x: x / x.sum())


@quick
@given(vectors, st.floats(0.01, 5), st.integers(0, 2**31))
def test_no_shift_of_that_length_moves_a_score_further(u, radius, seed):
    shifts = np.random.default_rng(seed).normal(size=(200, len(u)))
    bound = score_shift_bound(u, radius)
    assert np.all(np.abs(worst_step(shifts, radius) @ u) <= bound + 1e-9)
    assume(np.linalg.norm(u) > 1e-6)
    assert_allclose(worst_step(u, radius) @ u, bound, rtol=1e-9)


def test_a_random_shift_moves_a_score_by_the_root_of_the_width_less():
    rng = np.random.default_rng(0)
    u = rng.normal(size=64)
    moved = np.abs(worst_step(rng.normal(size=(20_000, 64)), 1.0) @ u)
    assert_allclose(np.sqrt((moved**2).mean()), score_shift_bound(u, 1.0) / 8, rtol=0.02)


@quick
@given(vectors, st.floats(0.01, 5), st.sampled_from(["l2", "max"]))
def test_a_step_keeps_its_norm_and_no_other_of_that_norm_rises_faster(g, radius, norm):
    assume(np.abs(g).max() > 1e-6)
    step = worst_step(g, radius, norm)
    size = np.linalg.norm(step) if norm == "l2" else np.abs(step).max()
    assert_allclose(size, radius)
    rival = np.random.default_rng(0).normal(size=(100, len(g)))
    sizes = np.linalg.norm(rival, axis=1) if norm == "l2" else np.abs(rival).max(axis=1)
    assert np.all((rival / sizes[:, None] * radius) @ g <= step @ g + 1e-9)


def test_without_a_slope_there_is_no_step_and_tiny_or_huge_slopes_keep_theirs():
    assert_allclose(worst_step([[0.0, 0.0], [1e-200, 0.0], [1e200, 0.0]], 0.5),
                    [[0, 0], [0.5, 0], [0.5, 0]])  # fmt: skip
    assert_allclose(worst_step([0.0, -2.0], 1.0, "max"), [0, -1])


@quick
@given(st.integers(1, 6), st.integers(0, 2**31), st.floats(0.01, 2), st.floats(0, 3))
def test_the_loss_is_the_worst_over_all_shifts_of_both_items(d, seed, radius, weight):
    rng = np.random.default_rng(seed)
    u, i, j = rng.normal(size=(3, d))
    found = adversarial_bpr(u, i, j, radius, weight)
    clean = bpr_loss([u @ i], [u @ j])
    shifts = worst_step(rng.normal(size=(2, 100, d)), radius)
    tried = np.logaddexp(0, -((i + shifts[0] - j - shifts[1]) @ u))
    assert np.all(clean + weight * tried <= found + 1e-9)
    worst = -worst_step(u, radius)
    assert_allclose(clean + weight * bpr_loss([u @ (i + worst)], [u @ (j - worst)]), found)


def test_x32_one_click_takes_nearly_everything():
    scores = [1, 0.5, 0.2, 0, -0.3]
    assert_allclose(softmax(scores).round(3), [0.371, 0.225, 0.167, 0.136, 0.101])
    assert round(injected_weight(scores, 5), 3) == 0.953
    assert_allclose(injected_weight(scores, 5), softmax([*scores, 5])[-1])


@quick
@given(vectors, vectors)
def test_injected_weight_is_the_softmax_of_all(scores, fake):
    assert_allclose(injected_weight(scores, fake),
                    softmax(np.concatenate([scores, fake]))[len(scores):].sum())  # fmt: skip


def test_nothing_slipped_in_takes_nothing_and_huge_scores_stay_finite():
    assert injected_weight([1.0], []) == 0
    assert injected_weight([1e300], [1e300]) == 0.5
    assert injected_weight([0.0], 1e6) == 1.0


@quick
@given(vectors, vectors, st.floats(0.1, 5))
def test_capped_scores_keep_the_bound_and_it_is_reached(scores, fake, bound):
    held = injected_weight(capped(scores, bound), capped(fake, bound))
    most = injected_weight_bound(len(scores), bound, len(fake))
    assert held <= most + 1e-12
    worst = injected_weight(np.full(len(scores), -bound), np.full(len(fake), bound))
    assert_allclose(worst, most)


def test_the_bound_is_the_ceiling_of_a_cosine_and_grows_with_each_click():
    for n, tau in ((1, 1.0), (50, 0.5), (1000, 0.1)):
        assert_allclose(injected_weight_bound(n, 1 / tau), cosine_ceiling(n + 1, tau))
    found = [injected_weight_bound(20, 1.0, m) for m in range(1, 20)]
    assert np.all(np.diff(found) > 0)


@quick
@given(st.integers(1, 10).flatmap(shares), st.floats(0.02, 1))
def test_capped_weights_stay_under_the_cap_in_order_and_sum_to_one_where_they_can(a, cap):
    found = capped_weights(a, cap)
    assert np.all(found <= cap + 1e-12)
    assert np.all(found >= 0)
    assert_allclose(found.sum(), min(1.0, len(a) * cap), rtol=1e-9)
    order = np.argsort(a, kind="stable")
    assert np.all(np.diff(found[order]) >= -1e-12)
    under = found < cap - 1e-9
    if under.sum() > 1:  # what is not cut keeps its proportions
        assert_allclose(found[under] / found[under][0], a[under] / a[under][0])


def test_a_cap_of_one_and_a_cap_that_nothing_meets_change_nothing():
    assert_allclose(capped_weights([0.6, 0.4], 1.0), [0.6, 0.4])
    assert_allclose(capped_weights([0.6, 0.4], 0.6), [0.6, 0.4])
    assert_allclose(capped_weights([1.0, 0.0], 0.5), [0.5, 0.0])  # nobody to give it to
    assert_allclose(capped_weights([1.0], 0.3), [0.3])


@quick
@given(vectors, numbers, st.integers(0, 2**31))
def test_the_move_of_the_context_is_the_weight_times_the_distance(scores, fake, seed):
    rng = np.random.default_rng(seed)
    values, new = rng.normal(size=(len(scores), 3)), rng.normal(size=3)
    z = softmax(scores) @ values
    after, _, a = add_click(z, float(np.logaddexp.reduce(scores)), fake, new)
    assert_allclose(np.linalg.norm(after - z), context_shift(a, z, new), atol=1e-12)


@quick
@given(st.integers(2, 8).flatmap(shares), st.floats(0, 0.45), st.integers(0, 2**31))
def test_who_holds_no_more_than_the_trim_cannot_leave_the_others(a, trim, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(a), 2))
    fake = np.zeros(len(a), bool)
    for i in rng.permutation(len(a)):
        fake[i] = True
        if a[fake].sum() > trim:
            fake[i] = False
    values[fake] = rng.choice([-1e9, 1e9], size=(fake.sum(), 2))
    found = trimmed_context(a, values, trim)
    honest = values[~fake]
    assert np.all(found >= honest.min(axis=0) - 1e-6)
    assert np.all(found <= honest.max(axis=0) + 1e-6)


@quick
@given(st.integers(1, 8).flatmap(shares), st.integers(0, 2**31))
def test_without_a_trim_it_is_the_weighted_sum(a, seed):
    values = np.random.default_rng(seed).normal(size=(len(a), 3))
    assert_allclose(trimmed_context(a, values, 0.0), weighted_sum(a, values), atol=1e-12)


def test_a_trimmed_context_by_hand():
    # 0.2 of the weight is cut from 1 and the same from 3: 0.3, 0.2, 0.1 are left.
    assert_allclose(trimmed_context([0.5, 0.2, 0.3], [[1.0], [2.0], [3.0]], 0.2),
                    [(0.3 * 1 + 0.2 * 2 + 0.1 * 3) / 0.6])  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: score_shift_bound([np.nan], 1), "vector: expected finite"),
        (lambda: score_shift_bound([1.0], 0), "radius: expected a finite number above 0"),
        (lambda: worst_step([1.0], 1, "l1"), "norm: expected one of l2, max"),
        (lambda: worst_step([np.inf], 1), "slope: expected finite"),
        (lambda: adversarial_bpr([1.0], [1.0], [1.0, 2.0], 1), "other: expected 1 rows"),
        (lambda: adversarial_bpr([1.0], [1.0], [1.0], 1, -1), "weight: expected a number from 0"),
        (lambda: injected_weight([], 1.0), "scores: expected at least 1"),
        (lambda: injected_weight([1.0], np.inf), "injected: expected finite"),
        (lambda: injected_weight_bound(0, 1.0), "n: expected an integer of at least 1"),
        (lambda: injected_weight_bound(1, 1.0, 0), "injected: expected an integer"),
        (lambda: capped_weights([0.5, 0.6], 0.5), "weights: expected shares with sum 1"),
        (lambda: capped_weights([1.5, -0.5], 0.5), "weights: expected shares"),
        (lambda: capped_weights([1.0], 0), "cap: expected a number above 0 and up to 1"),
        (lambda: context_shift(1.5, [0.0], [1.0]), "weight: expected a number in"),
        (lambda: context_shift(0.5, [0.0], [1.0, 2.0]), "value: expected 1 rows"),
        (lambda: trimmed_context([1.0], [[1.0]], 0.5), "trim: expected a number from 0"),
        (lambda: trimmed_context([1.0], [[1.0], [2.0]], 0.1), "values: expected 1 rows"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
