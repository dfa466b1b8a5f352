"""The true chances of the next purchase: they add up, and they come true."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import leave_one_out, make_shop
from attnrec_lite.data.truth import next_chances
from attnrec_lite.evaluation import places, ranking_metrics

SHOP = make_shop(seed=0)
TEST = leave_one_out(SHOP.log).test
HISTORY = TEST.history()
TRUTH = next_chances(SHOP, HISTORY, TEST.user)


def test_each_row_is_a_distribution_over_what_is_left_of_the_interests():
    assert_allclose(TRUTH.sum(axis=1), 1)
    assert TRUTH.min() >= 0
    assert_array_equal(TRUTH[:, 0], 0)
    assert np.take_along_axis(TRUTH, HISTORY.astype(int), 1).max() == 0
    wanted = SHOP.interests[TEST.user][:, SHOP.category[1:]]
    assert TRUTH[:, 1:][~wanted].max() == 0


def test_what_gets_a_chance_of_so_many_per_cent_is_bought_so_often():
    bought = np.zeros(TRUTH.shape, bool)
    bought[np.arange(len(TEST)), TEST.item] = True
    for low, high in ((0.001, 0.01), (0.01, 0.03), (0.03, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1)):
        some = np.logical_and(low < TRUTH, high >= TRUTH)
        error = np.sqrt(TRUTH[some].sum()) / some.sum()
        assert abs(bought[some].mean() - TRUTH[some].mean()) < 4 * error


def test_no_other_habits_explain_the_purchases_better():
    def likelihood(**habits):
        found = next_chances(SHOP, HISTORY, TEST.user, **habits)
        return np.log(np.maximum(found[np.arange(len(TEST)), TEST.item], 1e-9)).mean()

    true = likelihood()
    for habits in ({"stay": 0.3}, {"stay": 0.9}, {"chain": 0.2}, {"chain": 0.8}):
        assert likelihood(**habits) < true


def test_nothing_that_is_fixed_beforehand_ranks_better_than_the_truth():
    def ndcg(scores):
        return ranking_metrics(*places(scores, TEST.item, HISTORY), k=10)["ndcg"].mean()

    rng = np.random.default_rng(0)
    for size in (0.5, 2.0):
        assert ndcg(TRUTH * rng.lognormal(0, size, TRUTH.shape)) < ndcg(TRUTH)


def test_mia_by_hand():
    kettle, teapot = map(SHOP.log.items.id_of, ("kettle", "teapot"))
    chances = next_chances(SHOP, [[kettle]], [SHOP.names["Mia"]])[0]
    left = SHOP.popularity[(SHOP.category == SHOP.category[kettle])].sum() - SHOP.popularity[kettle]
    assert_allclose(chances[teapot], 0.5 + 0.5 * SHOP.popularity[teapot] / left)
    assert_allclose(chances.sum(), 1)
    empty = next_chances(SHOP, [[0]], [SHOP.names["Mia"]])[0]
    tea = SHOP.category == SHOP.category[kettle]
    assert_allclose(empty, np.where(tea, SHOP.popularity, 0))
    everything = np.flatnonzero(tea)[None]
    assert next_chances(SHOP, everything, [SHOP.names["Mia"]]).sum() == 0


def test_an_interest_that_is_sold_out_gives_its_chances_to_the_others():
    ravi = SHOP.names["Ravi"]
    garden, cycling = (SHOP.category_names.index(name) for name in ("garden", "cycling"))
    history = np.flatnonzero(SHOP.category == garden)[None]
    chances = next_chances(SHOP, history, [ravi])[0]
    assert_allclose(chances[SHOP.category == cycling].sum(), 1)


@pytest.mark.parametrize(
    ("history", "users", "options", "message"),
    [
        ([[1]], [0, 1], {}, r"^users: expected 1, one per history; received \(2,\)"),
        ([[999]], [0], {}, r"^history: expected ids in 0\.\.240"),
        ([[1]], [99_999], {}, "^users"),
        ([[1]], [0], {"stay": 1.5}, r"^stay: expected a number in \[0, 1\]"),
        ([[1]], [0], {"chain": -0.5}, r"^chain: expected a number in \[0, 1\]"),
    ],
)
def test_the_truth_refuses_by_name(history, users, options, message):
    with pytest.raises(ValueError, match=message):
        next_chances(SHOP, history, users, **options)


def test_nobody_has_no_chances():
    assert next_chances(SHOP, np.zeros((0, 3), int), np.zeros(0, int)).shape == (0, 241)


def test_the_shop_remembers_the_chances_it_was_made_with():
    shop = make_shop(n_users=30, seed=2, stay=0.2, chain=0.9)
    assert (shop.stay, shop.chain) == (0.2, 0.9)
    split = leave_one_out(shop.log)
    history, users = split.test.history(), split.test.user
    own = next_chances(shop, history, users)
    assert_allclose(own, next_chances(shop, history, users, stay=0.2, chain=0.9))
    assert not np.allclose(own, next_chances(shop, history, users, stay=0.6))
    assert not np.allclose(own, next_chances(shop, history, users, chain=0.5))
