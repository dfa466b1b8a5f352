"""Exposure, lift, mixtures, other orders: by hand, by properties, against every list there is."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.formulas import (
    calibrated_list,
    exposure_disparity,
    exposure_ratio,
    group_exposure,
    marginal_relevance,
    miscalibration,
    place_exposure,
    popularity_lift,
    quality_gap,
    shared_list,
)

quick = settings(deadline=None, max_examples=40)
seeds = st.integers(0, 2**31)


def test_exposure_equals_the_loop():
    rng = np.random.default_rng(0)
    lists, groups = rng.integers(0, 6, (8, 4)), np.array([9, 0, 1, 2, 1, 0])
    total = np.zeros(3)
    for row in lists:
        for place, item in enumerate(row, start=1):
            if item:
                total[groups[item]] += 1 / np.log2(1 + place)
    assert_allclose(group_exposure(lists, groups, 3), total / total.sum())
    assert_allclose(place_exposure(2), [1, 1 / np.log2(3)])


def test_nothing_shown_is_no_exposure_and_an_empty_group_has_none():
    assert_allclose(group_exposure(np.zeros((2, 3), int), [0, 0, 1], 3), 0)
    assert_allclose(group_exposure(np.zeros((2, 0), int), [0, 0, 1], 2), 0)
    assert_allclose(group_exposure([[1]], [0, 0, 1], 3), [1, 0, 0])


@quick
@given(seeds, st.floats(0.01, 100))
def test_exposure_by_merit_is_fair_in_any_unit(seed, unit):
    m = np.random.default_rng(seed).random(4) + 0.01
    assert exposure_ratio(unit * m, m) == pytest.approx(1)
    assert exposure_disparity(unit * m, m) == pytest.approx(0, abs=1e-12)


def test_a_group_that_is_never_shown():
    assert exposure_ratio([1, 0], [1, 1]) == 0
    assert exposure_disparity([1, 0], [1, 3]) == 0.75
    assert exposure_ratio([1, 1], [1, 0]) == 1  # without merit it is in the disparity only
    assert exposure_disparity([1, 1], [1, 0]) == 0.5


def test_gap_and_lift_by_hand():
    assert quality_gap([1.0, 0.0, 0.2, 0.4], ["a", "a", "b", "b"]) == pytest.approx(0.2)
    assert quality_gap([1.0, 0.0], ["a", "a"]) == 0
    assert popularity_lift([0.1, 0.1], [0.2, 0.2]) == -0.5


@quick
@given(seeds, st.floats(0.001, 0.9))
def test_miscalibration_is_the_entropy_of_scipy_and_bounded(seed, alpha):
    p, q = np.random.default_rng(seed).dirichlet(np.full(5, 0.3), size=2)
    mixed = (1 - alpha) * q + alpha * p
    assert miscalibration(p, q, alpha) == pytest.approx(stats.entropy(p, mixed), abs=1e-9)
    assert 0 <= miscalibration(p, q, alpha) <= -np.log(alpha) + 1e-9
    assert miscalibration(p, p, alpha) == pytest.approx(0, abs=1e-12)
    assert miscalibration(p, np.zeros(5), alpha) == pytest.approx(-np.log(alpha))


def drawn(seed, n=6):
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(n, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return rng.random(n), v @ v.T, rng.dirichlet(np.full(3, 0.5), size=n), rng.random(n) < 0.4


@quick
@given(seeds, st.integers(1, 9))
def test_each_rule_leaves_the_order_by_score_at_its_neutral_end(seed, k):
    s, sim, kinds, own = drawn(seed)
    order = np.argsort(-s, kind="stable")[:k]
    assert_allclose(marginal_relevance(s, sim, k, 1.0), order)
    assert_allclose(calibrated_list(s, kinds, np.full(3, 1 / 3), k, 0.0), order)
    assert_allclose(shared_list(s, own, k, 0.0), order)


@quick
@given(seeds, st.integers(1, 9), st.floats(0, 1))
def test_every_list_has_k_different_candidates_or_all(seed, k, trade):
    s, sim, kinds, own = drawn(seed)
    lists = (marginal_relevance(s, sim, k, trade), shared_list(s, own, k, trade),
             calibrated_list(s, kinds, [0.2, 0.3, 0.5], k, trade))  # fmt: skip
    for found in lists:
        assert len(set(found.tolist())) == len(found) == min(k, 6)


@quick
@given(seeds, st.floats(0.05, 0.95))
def test_mmr_equals_the_loop(seed, trade):
    s, sim, _, _ = drawn(seed)
    chosen: list[int] = []
    while len(chosen) < 4:
        rest = [i for i in range(6) if i not in chosen]
        worth = [trade * s[i] - (1 - trade) * max((sim[i, j] for j in chosen), default=0.0)
                 for i in rest]  # fmt: skip
        chosen.append(rest[int(np.argmax(worth))])
    assert_allclose(marginal_relevance(s, sim, 4, trade), chosen)


@quick
@given(seeds, st.floats(0.05, 0.95))
def test_one_by_one_comes_near_the_best_calibrated_list(seed, trade):
    s, _, kinds, _ = drawn(seed)
    want = np.array([0.2, 0.3, 0.5])

    def worth(chosen):
        chosen = list(chosen)
        far = miscalibration(want, kinds[chosen].mean(axis=0))
        return (1 - trade) * s[chosen].sum() - trade * far

    found = worth(calibrated_list(s, kinds, want, 3, trade))
    every = [worth(c) for c in permutations(range(6), 3)]
    assert found <= max(every) + 1e-9
    assert found >= np.quantile(every, 0.5)
    single = calibrated_list(s, kinds, want, 1, trade)
    assert worth(single) == pytest.approx(max(worth([i]) for i in range(6)))


@quick
@given(seeds, st.integers(1, 6), st.floats(0, 1))
def test_a_share_holds_at_every_length_and_no_better_list_keeps_it(seed, k, share):
    s, _, _, own = drawn(seed)
    found = shared_list(s, own, k, share)
    least = np.minimum(np.floor(share * np.arange(1, k + 1) + 1e-9), own.sum())
    inside = np.cumsum(own[found])
    # Late where two fall due at once is not allowed: the promise holds at each length.
    assert np.all(inside >= least)
    discount = place_exposure(k)
    best = max(
        (s[list(c)] @ discount for c in permutations(range(6), k)
         if np.all(np.cumsum(own[list(c)]) >= least)), default=-np.inf
    )  # fmt: skip
    assert s[found] @ discount == pytest.approx(best)


def test_where_the_group_runs_out_the_others_follow():
    assert_allclose(shared_list([3.0, 2.0, 1.0], [False, False, True], 9, 1.0), [2, 0, 1])
    assert_allclose(shared_list([3.0, 2.0], [False, False], 2, 1.0), [0, 1])
    assert_allclose(shared_list([1.0, 1.0, 1.0], [False, True, False], 2, 0.0), [0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: place_exposure(0), "k: expected an integer of at least 1"),
        (lambda: group_exposure([[1]], [0, 5], 2), "groups: expected 0..1"),
        (lambda: group_exposure([[1]], [0.5, 1.5], 2), "groups: expected whole numbers"),
        (lambda: group_exposure([[9]], [0, 1], 2), "lists: expected ids in 0..1"),
        (lambda: exposure_ratio([0, 0], [1, 1]), "exposure: expected a group with merit"),
        (lambda: exposure_ratio([1, 1], [0, 0]), "exposure, merit: expected"),
        (lambda: exposure_ratio([1], [1, 1]), "merit: expected shape"),
        (lambda: exposure_disparity([0, 0], [1, 1]), "exposure: expected something"),
        (lambda: quality_gap([1.0], ["a", "b"]), "groups: expected 1"),
        (lambda: quality_gap([], []), "values: expected at least 1"),
        (lambda: popularity_lift([1.0], [0.0]), "had: expected popularity above 0"),
        (lambda: popularity_lift([1.0], [1.0, 1.0]), "had: expected shape"),
        (lambda: miscalibration([0.5, 0.6], [0.5, 0.5]), "wanted: expected shares"),
        (lambda: miscalibration([0.5, 0.5], [0.5, 0.6]), "shown: expected shares"),
        (lambda: miscalibration([1.0], [0.5, 0.5]), "shown: expected shape"),
        (lambda: miscalibration([1.0], [1.0], 0), "alpha: expected a number above 0"),
        (lambda: marginal_relevance([1.0], [[1.0, 0.0]], 1, 0.5), "similarity: expected"),
        (lambda: marginal_relevance([1.0], [[1.0]], 1, 1.5), "trade: expected a number in"),
        (lambda: marginal_relevance([np.nan], [[1.0]], 1, 0.5), "scores: expected finite"),
        (lambda: calibrated_list([1.0], [[1.0, 0.0]], [1.0], 1, 0.5), "kinds: expected"),
        (lambda: shared_list([1.0], [1], 1, 0.5), "protected: expected booleans"),
        (lambda: shared_list([1.0], [True], 0, 0.5), "k: expected an integer"),
        (lambda: shared_list([1.0], [True], 1, -0.1), "share: expected a number in"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
