"""Deletion: by hand, against a loop over orders, and in the cases where nothing can be said."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    comprehensiveness,
    deletion_area,
    deletion_curve,
    left_out_effects,
    order_against_chance,
    sufficiency,
)

WORTH = np.array([3.0, 1.0, -2.0, 0.5])
numbers = st.floats(-5, 5, width=32)


def total(kept):
    return kept @ WORTH


def either(kept):
    """Two items say the same: one of them is enough."""
    return (kept[:, 0] | kept[:, 1]).astype(float)


def test_the_effects_of_a_sum_are_its_terms():
    assert_allclose(left_out_effects(total, 4), WORTH)
    assert left_out_effects(lambda kept: np.zeros(len(kept)), 0).shape == (0,)


def test_two_items_that_say_the_same_have_no_effect_and_are_needed_together():
    assert_allclose(left_out_effects(either, 2), 0)
    assert comprehensiveness(either, [True, True]) == 1
    assert sufficiency(either, [True, False]) == 0


@given(arrays(float, 5, elements=numbers), st.permutations(range(5)))
def test_a_curve_is_a_loop_of_deletions(worth, order):
    kept, by_hand = np.ones(5, bool), [worth.sum()]
    for item in order:
        kept[item] = False
        by_hand.append(worth[kept].sum())
    curve = deletion_curve(lambda k: k @ worth, order)
    assert_allclose(curve, by_hand, atol=1e-9)
    falls = [(2 * curve[0] - a - b) / 2 for a, b in pairwise(curve)]
    assert deletion_area(curve) == pytest.approx(np.mean(falls), abs=1e-9)


def test_what_is_named_and_what_is_not_share_out_a_sum():
    named = np.array([True, False, True, False])
    assert comprehensiveness(total, named) == 1.0
    assert sufficiency(total, named) == 1.5
    assert comprehensiveness(total, np.zeros(4, bool)) == 0
    assert sufficiency(total, np.ones(4, bool)) == 0


def test_the_chance_level_is_the_mean_over_all_orders():
    areas = [deletion_area(deletion_curve(total, order)) for order in permutations(range(4))]
    best = order_against_chance(total, np.argsort(-WORTH), draws=4000)
    assert best["area"] == pytest.approx(max(areas))
    assert best["chance"] == pytest.approx(np.mean(areas), abs=0.03)
    assert best["gain"] == pytest.approx(best["area"] - best["chance"])
    assert best["p"] == pytest.approx(1 / 24, abs=0.015)  # one order of 24 is as good
    worst = order_against_chance(total, np.argsort(WORTH), draws=200)
    assert worst["gain"] < 0
    assert worst["p"] == 1


def test_an_order_of_a_random_explanation_has_a_p_that_is_even():
    rng, found = np.random.default_rng(0), []
    for seed in range(300):
        worth = rng.normal(size=6)
        answer = lambda kept, worth=worth: kept @ worth  # noqa: E731
        found.append(order_against_chance(answer, rng.permutation(6), draws=40, seed=seed)["p"])
    assert np.mean(np.array(found) <= 0.25) == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize(
    "answer", [lambda kept: np.zeros(len(kept)), lambda kept: kept.sum(axis=1) * 1e300]
)
def test_where_the_order_does_not_matter_p_is_one(answer):
    found = order_against_chance(answer, [2, 0, 1], draws=50)
    assert found["p"] == 1
    assert found["gain"] == pytest.approx(0, abs=abs(found["area"]) * 1e-9)


def test_one_item_has_one_order():
    found = order_against_chance(lambda kept: kept[:, 0] * 2.0, [0], draws=5)
    assert found == {"area": 1.0, "chance": 1.0, "gain": 0.0, "p": 1.0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: left_out_effects(total, -1), "^n: expected an integer of at least 0"),
        (lambda: left_out_effects(lambda kept: kept[:, 0] * np.nan, 2), "^answer: expected finite"),
        (lambda: left_out_effects(lambda kept: [1.0], 2), "^answer: expected 3 numbers; received"),
        (lambda: comprehensiveness(total, [1, 0, 1, 1]), "^named: expected booleans"),
        (lambda: sufficiency(total, [[True]]), "^named: expected booleans"),
        (lambda: deletion_curve(total, [0, 0, 1, 2]), r"^order: expected each of 0\.\.n - 1 once"),
        (lambda: deletion_curve(total, [[0]]), "^order: expected each"),
        (lambda: deletion_area([1.0]), "^curve: expected at least 2; received 1"),
        (lambda: order_against_chance(total, []), "^order: expected one item at least"),
        (lambda: order_against_chance(total, [0, 1, 2, 3], draws=0), "^draws: expected"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
