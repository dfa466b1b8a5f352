"""Which interest speaks: the power and its trap, searches and their union, variety step by step."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

quick = settings(deadline=None)
seeds = st.integers(0, 2**32 - 1)
numbers = arrays(np.float64, (4, 3), elements=st.floats(-3, 3))
small = arrays(np.int64, st.tuples(st.integers(1, 9), st.just(2)), elements=st.integers(-2, 2))

# ---- label-aware attention ---------------------------------------------------------------------


@quick
@given(numbers, arrays(np.float64, 3, elements=st.floats(-3, 3)), st.floats(0, 9))
def test_the_more_liked_interest_has_the_larger_weight_whatever_the_signs(v, e, power):
    weights, dots = formulas.label_aware_weights(v, e, power), v @ e
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1)
    order = np.argsort(dots)
    assert (np.diff(weights[order]) >= -1e-12).all()


@quick
@given(numbers, arrays(np.float64, 3, elements=st.floats(-3, 3)))
def test_power_0_is_the_mean_1_is_plain_and_a_large_one_is_the_hard_choice(v, e):
    assert_allclose(formulas.label_aware_weights(v, e, 0), 0.25)
    assert_allclose(formulas.label_aware_weights(v, e, 1), formulas.softmax(v @ e))
    dots = np.sort(v @ e)
    if dots[-1] - dots[-2] > 0.2:
        hard = formulas.label_aware_weights(v, e, 100)
        assert_allclose(hard, np.eye(4)[formulas.chosen_interest(v, e)], atol=1e-6)


def test_the_printed_form_agrees_at_1_and_turns_signs_round_elsewhere():
    v, e = [[1.0, 0], [0, 1], [-2, 0]], [1.0, 0]
    plain = formulas.label_aware_weights(v, e, 1)
    assert_allclose(formulas.label_aware_pow_weights(v, e, 1), plain)
    assert formulas.label_aware_pow_weights(v, e, 2).argmax() == 2  # the least liked
    assert formulas.label_aware_weights(v, e, 2).argmax() == 0
    assert np.isnan(formulas.label_aware_pow_weights(v, e, 0.5)).all()
    assert np.isfinite(formulas.label_aware_weights(v, e, 0.5)).all()


def test_of_equal_interests_the_first_is_chosen():
    assert formulas.chosen_interest([[1, 0], [1, 0]], [1, 0]) == 0
    assert formulas.chosen_interest([[-3, 0], [-1, 0]], [1, 0]) == 1


# ---- union of searches -------------------------------------------------------------------------


@quick
@given(small, small, st.integers(1, 12))
def test_the_union_of_k_searches_holds_the_k_best_ties_included(v, e, k):
    best = (e @ v.T).max(axis=1)
    expected = sorted(range(len(e)), key=lambda i: (-best[i], i))[:k]
    assert formulas.union_of_searches(v, e, k).tolist() == expected


@quick
@given(small, small, st.integers(1, 9), seeds)
def test_a_bias_takes_part_in_every_search(v, e, k, seed):
    bias = np.random.default_rng(seed).integers(-3, 4, size=len(e))
    best = (e @ v.T).max(axis=1) + bias
    expected = sorted(range(len(e)), key=lambda i: (-best[i], i))[:k]
    assert formulas.union_of_searches(v, e, k, bias).tolist() == expected


def test_the_best_interest_puts_both_tastes_first_and_the_sum_the_compromise():
    interests, goods = np.eye(2), np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.6]])
    assert formulas.union_of_searches(interests, goods, 3).tolist() == [0, 1, 2]
    assert formulas.top_k(goods @ interests.sum(axis=0), 3).tolist() == [2, 0, 1]


def test_an_empty_catalogue_gives_an_empty_list():
    assert formulas.union_of_searches([[1, 0]], np.zeros((0, 2)), 3).tolist() == []


# ---- controlled variety ------------------------------------------------------------------------


def value(chosen, scores, categories, weight):
    pairs = itertools.permutations(chosen, 2)
    return sum(scores[i] for i in chosen) + weight * sum(categories[i] != categories[j]
                                                         for i, j in pairs)  # fmt: skip


@quick
@given(seeds, st.integers(1, 7), st.integers(1, 8), st.floats(0, 3))
def test_each_step_takes_what_adds_most(seed, n, k, weight):
    rng = np.random.default_rng(seed)
    scores, categories = rng.normal(size=n), rng.integers(0, 3, size=n)
    found = formulas.controlled_list(scores, categories, k, weight).tolist()
    assert len(found) == len(set(found)) == min(k, n)
    for step, place in enumerate(found):
        before = found[:step]
        gains = {
            i: value([*before, i], scores, categories, weight)
            for i in range(n) if i not in before
        }  # fmt: skip
        assert gains[place] == pytest.approx(max(gains.values()))


@quick
@given(seeds, st.integers(1, 9))
def test_without_diversity_it_is_the_list_of_the_k_best(seed, k):
    scores = np.random.default_rng(seed).integers(0, 3, size=7).astype(float)
    found = formulas.controlled_list(scores, np.zeros(7), k)
    assert_array_equal(found, formulas.top_k(scores, k))


def test_of_two_categories_the_greedy_list_takes_turns():
    found = formulas.controlled_list([9, 8, 7, 3, 2, 1], ["tea"] * 3 + ["garden"] * 3, 4, 10)
    assert found.tolist() == [0, 3, 1, 4]


def test_what_may_never_be_shown_is_not_shown_for_variety():
    scores = [1.0, -np.inf, 0.0, -np.inf]
    assert formulas.controlled_list(scores, [0, 1, 0, 2], 4, 1e9).tolist() == [0, 2]
    assert formulas.controlled_list([], [], 4).tolist() == []


# ---- refusals ----------------------------------------------------------------------------------

EYE = np.eye(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.label_aware_weights(EYE, [1, 2, 3], 1), "^interests: expected width 3"),
        (lambda: formulas.label_aware_weights(np.zeros((0, 2)), [1, 2], 1), "^interests: expected"),
        (lambda: formulas.label_aware_weights(EYE, [1, np.nan], 1), "^candidate: expected finite"),
        (lambda: formulas.label_aware_weights(EYE, [1, 2], -1), "^power: expected a finite number"),
        (lambda: formulas.label_aware_weights(EYE, [1, 2], np.inf), "^power: expected a finite"),
        (lambda: formulas.label_aware_pow_weights(EYE, [1, 2], -1), "^power: expected a finite"),
        (lambda: formulas.chosen_interest([1, 2], [1, 2]), "^interests: expected a matrix"),
        (lambda: formulas.union_of_searches(EYE, EYE, 0), "^k: expected an integer of at least 1"),
        (lambda: formulas.union_of_searches(EYE, [[1]], 1), "^vectors: expected width 2"),
        (lambda: formulas.union_of_searches(np.zeros((0, 2)), EYE, 1), "^interests: expected at"),
        (lambda: formulas.controlled_list([1, np.nan], [0, 0], 1), "^scores: expected a vector"),
        (lambda: formulas.controlled_list([1, np.inf], [0, 0], 1), "^scores: expected a vector"),
        (lambda: formulas.controlled_list([1, 2], [0], 1), "^categories: expected 2, as scores"),
        (lambda: formulas.controlled_list([1], [0], 0), "^k: expected an integer of at least 1"),
        (lambda: formulas.controlled_list([1], [0], 1, -1), "^diversity: expected a number from 0"),
        (lambda: formulas.controlled_list([1], [0], 1, np.nan), "^diversity: expected a number"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
