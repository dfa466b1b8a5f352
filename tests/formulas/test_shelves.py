"""Value, loop and inequality of shelves against loops, by hand and by their properties."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.evaluation import ranking_metrics
from attnrec_lite.formulas import entropy, gini, moved_share, next_counts, shelf_value, softmax

quick = settings(deadline=None, max_examples=60)
chances = st.floats(0, 1).map(lambda x: round(x, 4))
amounts = st.floats(0, 1e6).map(lambda x: round(x, 3))
shelves = st.integers(1, 5).flatmap(lambda k: arrays(np.float64, (2, k), elements=chances))
counts = arrays(np.float64, st.integers(1, 9), elements=amounts)
weights = st.integers(1, 7).flatmap(
    lambda n: arrays(np.float64, (2, n), elements=st.floats(-8, 8)).map(softmax)
)


# ---- value -------------------------------------------------------------------------------------


@quick
@given(shelves)
def test_value_equals_a_loop_and_no_order_beats_the_sorted_one(pair):
    attention, wanted = pair
    expected = sum(a * c for a, c in zip(attention, wanted, strict=True))
    assert_allclose(shelf_value(attention, wanted), expected, atol=1e-12)
    best = shelf_value(np.sort(attention)[::-1], np.sort(wanted)[::-1])
    for order in permutations(range(len(wanted))):
        assert shelf_value(attention, wanted[list(order)]) <= best + 1e-12


def test_value_by_hand_and_as_the_gain_of_a_list():
    assert shelf_value([0.75, 0.25], [0.5, 0.25]) == 0.4375
    discount = 1 / np.log2(np.arange(2, 7))
    for place in range(5):
        hit = np.eye(5)[place]
        ndcg = ranking_metrics([place], [0], k=5)["ndcg"][0]
        assert_allclose(shelf_value(discount, hit), ndcg)


# ---- weights that differ -----------------------------------------------------------------------


@quick
@given(weights)
def test_moved_share_equals_a_loop_and_is_a_distance(pair):
    first, second = pair
    more = sum(max(0.0, a - b) for a, b in zip(first, second, strict=True))
    assert_allclose(moved_share(first, second), more, atol=1e-12)
    assert_allclose(moved_share(second, first), moved_share(first, second))
    assert moved_share(first, first) == 0
    assert 0 <= moved_share(first, second) <= 1
    even = np.full(len(first), 1 / len(first))
    assert moved_share(first, second) <= moved_share(first, even) + moved_share(even, second) + 1e-9


def test_moved_share_by_hand():
    assert moved_share([1, 0, 0], [0, 0, 1]) == 1
    assert moved_share([0.5, 0.5, 0], [0.25, 0.5, 0.25]) == 0.25


def test_the_same_entropy_does_not_mean_the_same_attention():
    first, second = [0.7, 0.2, 0.1], [0.1, 0.2, 0.7]
    assert_allclose(entropy(first), entropy(second))
    assert_allclose(moved_share(first, second), 0.6)


# ---- the loop ----------------------------------------------------------------------------------


@quick
@given(counts, st.data())
def test_the_loop_equals_a_loop_over_places_and_only_the_shown_grow(before, data):
    n = len(before)
    k = data.draw(st.integers(1, n))
    shelf = data.draw(st.permutations(range(n)))[:k]
    attention = data.draw(arrays(np.float64, k, elements=chances))
    wanted = data.draw(arrays(np.float64, n, elements=chances))
    visitors = data.draw(st.floats(0.5, 1000))
    expected = before.copy()
    for place, good in enumerate(shelf):
        expected[good] += visitors * attention[place] * wanted[good]
    kept = before.copy()
    after = next_counts(before, shelf, attention, wanted, visitors)
    assert_allclose(after, expected, rtol=1e-12)
    assert_array_equal(before, kept)  # the argument stays as it was
    hidden = np.setdiff1d(np.arange(n), shelf)
    assert_array_equal(after[hidden], before[hidden])
    value = shelf_value(attention, wanted[list(shelf)])
    assert_allclose((after - before).sum(), visitors * value, rtol=1e-9, atol=1e-6)


def test_equal_goods_on_a_popular_shelf_grow_apart_and_on_a_fair_one_together():
    start, attention = np.array([3.0, 4, 3, 5, 4, 4]), [0.6, 0.4]
    popular, fair = start, start
    for turn in range(30):
        first = np.argsort(-popular, kind="stable")[:2]
        popular = next_counts(popular, first, attention, np.full(6, 0.5), 10)
        fair = next_counts(fair, [turn % 6, (turn + 1) % 6], attention, np.full(6, 0.5), 10)
    assert gini(popular) > 0.5 > gini(start) > gini(fair)
    assert_allclose(popular.sum(), fair.sum())  # the same number sold


# ---- inequality --------------------------------------------------------------------------------


@quick
@given(counts, st.floats(0.001, 1000))
def test_gini_equals_all_pairs_and_knows_neither_scale_nor_order(n, factor):
    pairs = sum(abs(a - b) for a in n for b in n)
    expected = pairs / (2 * len(n) * n.sum()) if n.sum() > 0 else 0.0
    assert_allclose(gini(n), expected, atol=1e-9)
    assert_allclose(gini(factor * n), gini(n), atol=1e-9)
    assert_allclose(gini(n[::-1]), gini(n), atol=1e-12)
    assert_allclose(gini(np.repeat(n, 2)), gini(n), atol=1e-9)
    assert -1e-12 <= gini(n) <= 1 - 1 / len(n) + 1e-12


@quick
@given(counts.filter(lambda n: len(n) > 1 and np.ptp(n) > 1))
def test_a_gift_from_the_richest_to_the_poorest_lowers_gini(n):
    after, gift = n.copy(), np.ptp(n) / 4
    after[n.argmax()] -= gift
    after[n.argmin()] += gift
    assert gini(after) < gini(n)


def test_gini_by_hand_at_the_ends_and_for_nothing():
    assert gini([2, 2, 2]) == 0
    assert gini([0, 0, 0, 9]) == 0.75
    assert gini([0.0, 0.0]) == 0
    assert_allclose(gini([1, 3]), 0.25)
    assert_allclose(gini([1e-300, 3e-300]), 0.25)
    assert_allclose(gini([1e308, 1e308 / 3]), 0.25)


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shelf_value([0.5], [0.5, 0.5]), r"^chances: expected width 1, as attention has"),
        (lambda: shelf_value([1.5], [0.5]), r"^attention: expected numbers in \[0, 1\]; .*1\.5"),
        (lambda: shelf_value([0.5], [-0.5]), r"^chances: expected numbers in \[0, 1\]; .*-0\.5"),
        (lambda: shelf_value([0.5], [np.nan]), r"^chances: expected numbers in \[0, 1\]; .*nan"),
        (lambda: moved_share([0.5, 0.5], [1.0]), "^second: expected width 2, as first"),
        (lambda: moved_share([0.5, 0.2], [0.5, 0.5]), r"^first: .* sum to 1; received 0\.7"),
        (lambda: moved_share([0.5, 0.5], [0, 0]), "^second: .* sum to 1; received 0"),
        (lambda: next_counts([1], [1], [1], [1], 1), r"^shelf: expected 1 different .* 0\.\.0"),
        (lambda: next_counts([1, 1], [0, 0], [1, 1], [1, 1], 1), "^shelf: expected 2 different"),
        (lambda: next_counts([1, 1], [0], [1, 1], [1, 1], 1), "^shelf: expected 2 different"),
        (lambda: next_counts([1, 1], [0.5], [1], [1, 1], 1), "^shelf: expected 1 different"),
        (lambda: next_counts([1, 1], [-1], [1], [1, 1], 1), "^shelf: expected 1 different"),
        (lambda: next_counts([1], [0], [1], [1, 1], 1), "^chances: expected width 1, as counts"),
        (lambda: next_counts([-1], [0], [1], [1], 1), "^counts: expected finite numbers from 0"),
        (lambda: next_counts([1], [0], [1], [1], 0), "^visitors: expected a finite number above"),
        (lambda: gini([]), "^counts: expected at least one; received none"),
        (lambda: gini([1, -1]), "^counts: expected finite numbers from 0"),
        (lambda: gini([np.inf]), "^counts: expected finite numbers from 0"),
        (lambda: gini([[1]]), r"^counts: expected a vector; received shape \(1, 1\)"),
    ],
)
def test_shelves_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
