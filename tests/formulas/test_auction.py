"""Chances, the auction and its price, and pacing: by hand, against loops, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.special import expit

from attnrec_lite.formulas import auc, paced, scaled_chance, second_price, sigmoid, undo_sampling

quick = settings(deadline=None, max_examples=60)
chances = arrays(np.float64, 6, elements=st.floats(0, 1))
bids = arrays(np.float64, 6, elements=st.floats(0, 100))


def test_thinned_data_are_undone_as_counting_says():
    clicks, views, kept = 30, 1000, 0.1
    q = clicks / (clicks + kept * (views - clicks))
    assert_allclose(undo_sampling(q, kept), clicks / views)
    assert_allclose(undo_sampling([0.0, 0.4, 1.0], 1.0), [0.0, 0.4, 1.0])


@quick
@given(chances, st.floats(0.01, 1))
def test_undoing_keeps_order_and_never_raises_a_chance(q, kept):
    p = undo_sampling(q, kept)
    assert (p <= q + 1e-12).all()
    assert (np.diff(p[np.argsort(q)]) >= -1e-12).all()


def test_two_numbers_change_chances_and_no_order():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    labels = (rng.random(200) < expit(scores)).astype(int)
    p = scaled_chance(scores, 0.3, -2.0)
    assert_allclose(p, expit(0.3 * scores - 2.0))
    assert_allclose(scaled_chance(scores), sigmoid(scores))
    assert auc(labels, p) == auc(labels, scores)
    assert_allclose(scaled_chance([1e300, -1e300], 10.0), [1.0, 0.0], atol=1e-300)


def winner_by_loop(bids, chances, reserve):
    """The least bid that still wins, found by asking for each."""
    worth = [b * p for b, p in zip(bids, chances, strict=True)]
    best = max(range(len(bids)), key=lambda i: (worth[i], -i))
    if worth[best] <= 0 or worth[best] < reserve:
        return -1, 0.0
    others = [w for i, w in enumerate(worth) if i != best]
    return best, max([*others, reserve]) / chances[best]


@quick
@given(bids, chances, st.floats(0, 5))
def test_the_auction_equals_its_loop_and_charges_no_more_than_was_bid(b, p, reserve):
    winner, price = second_price(b, p, reserve)
    expected, expected_price = winner_by_loop(b, p, reserve)
    assert winner == expected
    assert_allclose(price, expected_price, rtol=1e-9)
    if winner >= 0:
        assert 0 <= price <= b[winner]


@quick
@given(bids, chances, st.integers(0, 5), st.floats(0, 200))
def test_nobody_gains_by_bidding_something_else_than_a_click_is_worth(b, p, who, lie):
    def gain(mine):
        winner, price = second_price(np.where(np.arange(6) == who, mine, b), p)
        return p[who] * (b[who] - price) if winner == who else 0.0

    assert gain(lie) <= gain(b[who]) + 1e-9


def test_an_empty_or_worthless_auction_has_no_winner_and_ties_go_to_the_first():
    assert second_price([], []) == (-1, 0.0)
    assert second_price([0.0, 5.0], [0.5, 0.0]) == (-1, 0.0)
    assert second_price([2.0, 2.0], [0.1, 0.1]) == (0, 2.0)
    assert second_price([2.0], [0.1]) == (0, 0.0)
    assert second_price([2.0], [0.1], reserve=0.3) == (-1, 0.0)
    assert_allclose(second_price([2.0], [0.1], reserve=0.15)[1], 1.5)


def test_pacing_falls_rises_and_stays_within_bounds():
    assert_allclose(paced([0.5], [2.0], [1.0], 0.1), 0.5 * np.exp(-0.1))
    assert_allclose(paced([0.5], [1.0], [1.0]), 0.5)
    assert paced([0.99], [0.0], [1.0], 1.0) == 1.0
    assert paced([0.7], [0.0], [0.0]) == 0.0  # no budget buys nothing
    assert paced([1.0], [1e300], [1e-300], 1.0) > 0  # bounded, so that it can come back


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: undo_sampling([1.2], 0.5),
            r"^chances: expected .* \[0, 1\]; received 1.2",
        ),
        (lambda: undo_sampling([0.2], 0.0), "^kept: expected a finite number above 0"),
        (lambda: undo_sampling([0.2], 1.5), "^kept: expected a share above 0, at most 1"),
        (lambda: scaled_chance([np.nan]), "^scores: expected finite numbers"),
        (lambda: second_price([1.0], [0.1, 0.2]), r"^chances: expected shape \(1,\), as bids has"),
        (lambda: second_price([-1.0], [0.1]), "^bids: expected numbers from 0; received -1"),
        (lambda: second_price([np.inf], [0.1]), "^bids: expected finite numbers"),
        (lambda: second_price([[1.0]], [[0.1]]), "^bids: expected a vector"),
        (lambda: second_price([1.0], [0.1], -1), "^reserve: expected numbers from 0"),
        (lambda: paced([1.0], [1.0, 2.0], [1.0]), r"^spent: expected shape \(1,\), as multiplier"),
        (lambda: paced([1.5], [1.0], [1.0]), r"^multiplier: expected numbers in \[0, 1\]"),
        (lambda: paced([1.0], [1.0], [1.0], 0), "^rate: expected a finite number above 0"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
