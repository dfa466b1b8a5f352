"""The simulated test: its truth is the truth, its coin is fair, its customers are themselves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_shop
from attnrec_lite.data.truth import next_chances
from attnrec_lite.experiments import shelf_chances, simulate_visits


def test_a_shelf_is_worth_the_sum_of_its_goods():
    chances = [[0, 0.5, 0.3, 0.2], [0, 0.1, 0.1, 0.8]]
    assert_allclose(shelf_chances(chances, [[1, 3], [2, 0]]), [0.7, 0.1])
    assert_allclose(shelf_chances(chances, [[0, 0], [0, 0]]), 0)
    assert_allclose(shelf_chances(chances, [[3, 2, 1], [1, 2, 3]]), 1)


def test_no_shelf_beats_that_of_the_truth():
    shop = make_shop(n_users=50, seed=1)
    start = shop.log.bounds()
    history = [shop.log.item[[start[u]]] for u in range(50)]
    chances = next_chances(shop, history, np.arange(50))
    best = np.argsort(-chances, axis=1)[:, :5]
    others = np.random.default_rng(0).permuted(np.tile(np.arange(1, 241), (50, 1)), axis=1)[:, :5]
    assert (shelf_chances(chances, best) >= shelf_chances(chances, others)).all()


def test_customers_come_and_buy_as_often_as_their_chances_say():
    p_a, p_b, activity = np.full(40_000, 0.2), np.full(40_000, 0.5), np.full(40_000, 3.0)
    seen = simulate_visits(p_a, p_b, activity, seed=0)
    a, b = seen.split()
    assert_allclose((a.mean(), b.mean()), (0.6, 1.5), atol=0.03)
    assert_allclose(seen.arm.mean(), 0.5, atol=0.01)
    assert (seen.bought <= seen.visits).all()
    assert_allclose([x.mean() for x in seen.split(seen.visits)], 3.0, atol=0.05)


def test_the_same_seed_is_the_same_test_and_another_share_another_coin():
    p, activity = np.linspace(0, 1, 500), np.full(500, 4.0)
    first, again = (simulate_visits(p, p, activity, seed=4) for _ in range(2))
    for name in ("arm", "visits", "bought"):
        assert_array_equal(getattr(first, name), getattr(again, name))
    assert simulate_visits(p, p, activity, share=1.0).arm.all()
    assert_allclose(simulate_visits(p, p, activity, share=0.1).arm.mean(), 0.1, atol=0.05)


def test_nobody_who_does_not_come_buys():
    seen = simulate_visits(np.ones(20), np.ones(20), np.zeros(20))
    assert not seen.visits.any()
    assert not seen.bought.any()
    assert len(simulate_visits([], [], []).arm) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shelf_chances([[0, 1.0]], [[2]]), r"^shelves: expected ids in 0\.\.1"),
        (lambda: shelf_chances([[0, 1.0]], [[1], [1]]), "^shelves: expected 1 rows"),
        (lambda: shelf_chances([[0, 0.5, 0.5]], [[1, 1]]), "^shelves: .* received one twice"),
        (lambda: simulate_visits([0.5], [0.5, 0.5], [1, 1]), "^chances_a: expected 2 chances"),
        (lambda: simulate_visits([0.5], [1.5], [1]), r"^chances_b: expected 1 chances in \[0, 1\]"),
        (lambda: simulate_visits([np.nan], [0.5], [1]), "^chances_a: expected 1 chances"),
        (lambda: simulate_visits([0.5], [0.5], [-1]), "^activity: expected numbers from 0"),
        (lambda: simulate_visits([0.5], [0.5], [1], share=2), "^share: expected a number in"),
        (
            lambda: simulate_visits([0.5], [0.5], [1]).split([1, 2]),
            "^values: expected 1, one per customer; received",
        ),
    ],
)
def test_visits_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
