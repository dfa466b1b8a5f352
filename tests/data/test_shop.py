"""The made-up shop: the planted truth is there, and the same seed gives the same shop."""

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import TOY_AXES, TOY_GOODS, make_shop
from attnrec_lite.data._catalogue import CATEGORIES, GOODS, describe, name_goods
from attnrec_lite.data._shoppers import Habits, _by_popularity


@pytest.fixture(scope="module")
def shop():
    return make_shop()


@pytest.fixture(scope="module")
def large():
    """Categories of 1,000 goods, so that nothing runs out and chances can be measured."""
    return make_shop(n_users=6000, n_items=12_000, seed=3)


def arrays(shop):
    found = {f.name: getattr(shop, f.name) for f in fields(shop)}
    found |= {name: getattr(shop.log, name) for name in ("user", "item", "time")}
    found["text"] = np.array(shop.text)
    found["titles"] = shop.log.items.titles
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}


def test_the_same_seed_gives_the_same_shop_and_another_seed_another():
    first, again, other = (arrays(make_shop(300, seed=seed)) for seed in (5, 5, 6))
    assert len(first) == 12
    for name in first:
        assert_array_equal(first[name], again[name], strict=True)
    changed = {n for n in first if not np.array_equal(first[n], other[n])}
    assert changed == set(first) - {"category", "titles"}


def test_another_process_with_another_hash_seed_gives_the_same_shop():
    code = (
        "import hashlib; from attnrec_lite.data import make_shop; s = make_shop(200, seed=1);"
        "print(hashlib.sha256(s.log.item.tobytes() + s.log.time.tobytes() + s.price.tobytes()"
        " + repr(s.text).encode()).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    s = make_shop(200, seed=1)
    data = s.log.item.tobytes() + s.log.time.tobytes() + s.price.tobytes() + repr(s.text).encode()
    assert output.strip() == hashlib.sha256(data).hexdigest()


def test_goods_are_named_by_hand_once_and_then_numbered(shop):
    names = shop.log.items.titles.tolist()
    assert len(set(names)) == len(names) == 240
    assert [len(goods) for goods in GOODS] == [20] * 12
    wanted = {"kettle": "tea", "teapot": "tea", "tablecloth": "table", "ice bucket": "party"}
    for name, category in (wanted | {"gift card": "gifts"}).items():
        assert CATEGORIES[shop.category[shop.log.items.id_of(name)]] == category
    many = name_goods(1500)
    assert len(set(many)) == 1500
    assert "kettle no. 7" in many
    assert many[:240] == names


def test_the_toy_goods_are_in_the_shop(shop):
    assert list(TOY_GOODS) == ["kettle", "teapot", "tablecloth", "ice bucket", "gift card"]
    assert list(TOY_GOODS.values()) == [(1, 0), (1, 1), (0, 1), (-1, 0.5), (0, 0)]
    assert all(len(vector) == len(TOY_AXES) == 2 for vector in TOY_GOODS.values())
    assert all(shop.log.items.id_of(name) for name in TOY_GOODS)
    with pytest.raises(TypeError):
        TOY_GOODS["kettle"] = (0.0, 0.0)


def test_arrays_over_items_have_a_row_for_padding(shop):
    assert shop.category.shape == shop.price.shape == shop.popularity.shape == (241,)
    assert (shop.category[0], shop.price[0], shop.popularity[0]) == (-1, 0, 0)
    assert (shop.companion[0], shop.text[0], len(shop.text)) == (0, "", 241)
    assert np.bincount(shop.category[1:]).tolist() == [20] * 12
    assert shop.category_names == CATEGORIES
    with pytest.raises(ValueError, match="read-only"):
        shop.price[1] = 0


@pytest.mark.parametrize("n_items", [60, 100, 240, 1000])
def test_companions_are_one_cycle_through_each_category(n_items):
    shop = make_shop(20, n_items)
    for number in range(12):
        goods = np.flatnonzero(shop.category == number)
        seen, item = [], goods[0]
        for _ in goods:
            seen.append(item)
            item = shop.companion[item]
        assert item == goods[0]
        assert sorted(seen) == goods.tolist()
    name = shop.log.items
    assert name.title(int(shop.companion[name.id_of("kettle")])) == "teapot"


def test_popularity_is_zipf_in_each_category(large):
    for number in range(12):
        ranked = np.sort(large.popularity[large.category == number])[::-1]
        assert_allclose(ranked.sum(), 1)
        assert_allclose(ranked[0] / ranked, np.arange(1, len(ranked) + 1))


def test_prices_are_cents_and_text_describes(shop):
    assert (shop.price[1:] > 0.5).all()
    assert_allclose(shop.price * 100, np.round(shop.price * 100), atol=1e-9)
    typical = [np.median(shop.price[shop.category == c]) for c in range(12)]
    assert typical[CATEGORIES.index("camping")] > 2 * typical[CATEGORIES.index("sewing")]
    for name, text in zip(shop.log.items.titles, shop.text[1:], strict=True):
        assert text.startswith(name)
        assert 3 <= len(text.split()) <= 6
        assert len(set(text.split())) == len(text.split())
    assert "no." not in describe(name_goods(300), np.random.default_rng(0))[299]


def test_users_have_one_to_four_interests_as_often_as_planned(large):
    number = large.interests.sum(axis=1)
    frequency = np.bincount(number, minlength=5) / len(number)
    assert_allclose(frequency, [0, 0.3, 0.35, 0.2, 0.15], atol=0.02)
    assert_allclose(large.shares.sum(axis=1), 1)
    assert_array_equal(large.shares > 0, large.interests)
    spread = large.shares[large.interests.sum(axis=1) == 2].max(axis=1)
    assert_allclose(spread.mean(), 0.75, atol=0.02)  # the larger of two flat Dirichlet shares


@pytest.mark.parametrize("name", ["shop", "large"])
def test_every_purchase_is_new_to_the_user_and_of_one_of_their_interests(name, request):
    shop = request.getfixturevalue(name)
    log = shop.log
    key = log.user.astype(np.int64) * (log.n_items + 1) + log.item
    assert len(np.unique(key)) == len(log)
    assert shop.interests[log.user, shop.category[log.item]].all()


def test_histories_are_3_to_60_long_with_the_planned_median(large):
    lengths = np.diff(large.log.bounds())
    assert lengths.min() == 3
    assert 40 < lengths.max() <= 60
    assert abs(np.median(lengths) - 12) <= 1
    longer = make_shop(1000, 12_000, median_length=30)
    assert abs(np.median(np.diff(longer.log.bounds())) - 30) <= 2


def test_times_rise_within_a_user_and_stay_within_the_year(shop):
    step = np.diff(shop.log.time)[np.diff(shop.log.user) == 0]
    assert step.min() >= 1
    days = shop.log.time.astype("datetime64[s]")
    assert days.min() >= np.datetime64("2024-01-01")
    assert days.max() < np.datetime64("2025-01-01")
    late = shop.log.time[shop.log.bounds()[:-1]] > shop.log.time.mean()
    assert 0.1 < late.mean() < 0.6  # newcomers, for a split by time


@pytest.mark.parametrize("name", ["shop", "large"])
def test_a_cause_is_the_newest_earlier_purchase_of_the_category_and_has_this_companion(
    name, request
):
    shop = request.getfixturevalue(name)
    log, category = shop.log, shop.category[shop.log.item]
    rows = np.flatnonzero(shop.cause >= 0)
    cause = shop.cause[rows]
    assert len(rows) > len(log) / 4
    assert (cause < rows).all()
    assert_array_equal(log.user[cause], log.user[rows])
    assert_array_equal(category[cause], category[rows])
    assert_array_equal(shop.companion[log.item[cause]], log.item[rows])
    for row, source in zip(rows[:500], cause[:500], strict=True):
        assert not (category[source + 1 : row] == category[row]).any()


def test_stay_and_chain_are_the_chances_that_were_asked_for():
    shop = make_shop(4000, 24_000, seed=1, stay=0.7, chain=0.25, cast=False)
    log, category = shop.log, shop.category[shop.log.item]
    inside = np.diff(log.user) == 0
    same = (category[1:] == category[:-1])[inside]
    share = shop.shares[log.user[:-1], category[:-1]][inside]
    assert_allclose(same.mean(), (0.7 + 0.3 * share).mean(), atol=0.01)
    started = np.array(
        [(category[log.bounds()[u] : r] == category[r]).any() for r, u in enumerate(log.user)]
    )
    assert_allclose((shop.cause[started] >= 0).mean(), 0.25, atol=0.01)
    assert not (shop.cause[~started] >= 0).any()


def test_without_chain_and_stay_nothing_is_caused_and_order_is_by_share(large):
    shop = make_shop(3000, 12_000, seed=2, stay=0, chain=0, cast=False)
    assert (shop.cause == -1).all()
    log, category = shop.log, shop.category[shop.log.item]
    first = log.bounds()[:-1]
    drawn = shop.shares[np.arange(log.n_users), category[first]].mean()
    assert_allclose(drawn, (shop.shares**2).sum(axis=1).mean(), atol=0.02)
    linked = shop.companion[log.item[:-1]] == log.item[1:]
    assert (
        linked.mean() < 0.01 < (large.companion[large.log.item[:-1]] == large.log.item[1:]).mean()
    )


def test_popular_goods_are_bought_more_as_zipf_says(large):
    by_chance = large.log.item[large.cause < 0]
    bought = np.bincount(by_chance, minlength=large.log.n_items + 1)[1:]
    top = large.popularity[1:] == large.popularity.max()
    fifth = np.isclose(large.popularity[1:], large.popularity.max() / 5)
    assert top.sum() == fifth.sum() == 12
    assert 3 < bought[top].sum() / bought[fifth].sum() < 5.5  # 5, less what is bought once only


def test_the_draw_among_what_is_left_has_the_same_chances_as_drawing_again():
    category = np.array([-1, 0, 0, 0, 0])
    popularity = np.array([0, 0.9, 0.06, 0.03, 0.01])
    habits = Habits(category, popularity, np.zeros(5, np.int64), 0, 0)
    bought = np.tile(np.array([[1, 4]], np.int32), (20_000, 1))  # 91 % of the draws are refused
    rng = np.random.default_rng(0)
    choice = _by_popularity(habits, habits.shelves(), np.zeros(20_000, int), bought, rng)
    assert_allclose(np.bincount(choice) / 20_000, [0, 0, 2 / 3, 1 / 3], atol=0.015)


def test_the_cast_has_its_tastes_whatever_the_seed():
    for seed in range(5):
        shop = make_shop(30, seed=seed)
        taste = {
            name: {CATEGORIES[c] for c in np.flatnonzero(shop.interests[user])}
            for name, user in shop.names.items()
        }
        assert taste == {"Mia": {"tea"}, "Ravi": {"garden", "cycling"}, "Zoe": {"party"}}
        bought = np.diff(shop.log.bounds())
        assert bought[shop.names["Mia"]] == 12
        assert bought[shop.names["Zoe"]] == 3
        zoe = shop.log.time[shop.log.user == shop.names["Zoe"]]
        assert zoe.min().astype("datetime64[s]") > np.datetime64("2024-12-01")


def test_the_cast_can_be_left_out_or_cut_short():
    assert dict(make_shop(30, cast=False).names) == {}
    alone = make_shop(1)
    assert dict(alone.names) == {"Mia": 0}
    assert alone.log.n_users == 1


def test_relevant_marks_past_goods_of_the_same_category_only(shop):
    code = shop.log.items.id_of
    history = [[0, code("kettle"), code("bunting")], [code("teapot")] * 3]
    marked = shop.relevant(history, [code("green tea"), code("ribbon")])
    assert marked.tolist() == [[False, True, False], [False] * 3]
    assert not shop.relevant([[0, 0]], [0]).any()


@pytest.mark.parametrize(
    ("history", "items", "message"),
    [
        ([1, 2], [1], r"expected shapes \(batch, length\) and \(batch,\); received \(2,\)"),
        ([[1, 2]], [1, 2], r"received \(1, 2\) and \(2,\)"),
        ([[1, 241]], [1], "history: expected numbers in 0..240; received 1 to 241"),
        ([[1, 2]], [-1], "items: expected numbers in 0..240; received -1 to -1"),
        ([[1, 2]], [0.5], "items: expected integers"),
    ],
)
def test_relevant_refuses_what_does_not_fit(shop, history, items, message):
    with pytest.raises(ValueError, match=message):
        shop.relevant(history, items)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_users": 0}, "n_users: expected a number in 1..inf; received 0"),
        ({"n_items": 59}, "n_items: expected a number in 60..50000; received 59"),
        ({"n_items": 50_001}, "received 50001"),
        ({"stay": 1.1}, "stay: expected a number in 0..1; received 1.1"),
        ({"chain": -0.1}, "chain: expected a number in 0..1; received -0.1"),
        ({"median_length": 0}, "median_length: expected a number in 1..60; received 0"),
        ({"stay": float("nan")}, "stay: .*received nan"),
    ],
)
def test_make_shop_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        make_shop(**options)


def test_interests_that_run_out_end_the_history_or_move_it_on():
    small = make_shop(400, 60, seed=0, median_length=40)
    lengths = np.diff(small.log.bounds())
    stock = small.interests.sum(axis=1) * 5
    assert (lengths <= stock).all()
    assert (lengths == stock).mean() > 0.5
    assert small.interests[small.log.user, small.category[small.log.item]].all()


def test_a_large_shop_is_quick_to_make():
    begin = time.perf_counter()
    shop = make_shop(31_000, 24_000)
    assert time.perf_counter() - begin < 20
    assert repr(shop).startswith("Shop(Interactions(")
    assert shop.log.n_items == 24_000
    assert len(shop.log) > 12 * 31_000
