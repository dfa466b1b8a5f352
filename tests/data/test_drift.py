"""The drifting shop: what moves, what does not, and that the truth of a day is that of its log."""

import hashlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import make_drifting_shop, make_shop
from attnrec_lite.data.truth import next_chances

STILL = "973a0cab5411b44e588d28a5341f88d95a87a24ddc6e69108934c29eb0480b67"


@pytest.fixture(scope="module")
def made():
    return make_drifting_shop(n_users=400, days=100)


def test_the_shop_that_stands_still_is_what_it_was():
    shop, digest = make_shop(n_users=300, n_items=60, seed=3), hashlib.sha256()
    for array in (shop.log.user, shop.log.item, shop.log.time, shop.cause):
        digest.update(np.ascontiguousarray(array).tobytes())
    assert digest.hexdigest() == STILL


def test_the_same_arguments_give_the_same_log_and_another_seed_another(made):
    again = make_drifting_shop(n_users=400, days=100)
    assert np.array_equal(again.log.item, made.log.item)
    assert np.array_equal(again.log.time, made.log.time)
    assert not np.array_equal(make_drifting_shop(n_users=400, days=100, seed=1).day, made.day)


def test_nothing_is_bought_twice_and_days_fit_the_clock(made):
    pairs = made.log.user.astype(np.int64) * 1000 + made.log.item
    assert len(np.unique(pairs)) == len(pairs)
    first = np.datetime64("2024-01-01").astype("datetime64[s]").astype(np.int64)
    assert np.array_equal((made.log.time - first) // 86_400, made.day)
    keys = np.stack([made.log.user, made.log.time])
    assert len(np.unique(keys, axis=1).T) == len(made.log)  # no two purchases at one second


def test_only_interests_are_bought_and_causes_are_companions_of_that_day(made):
    shop, rows = made.shop, np.flatnonzero(made.shop.cause >= 0)
    assert shop.interests[made.log.user, shop.category[made.log.item]].all()
    cause = shop.cause[rows]
    assert (made.log.user[cause] == made.log.user[rows]).all()
    for row, source in zip(rows[::50], cause[::50], strict=True):
        now = made.on(int(made.day[row]))
        assert now.companion[made.log.item[source]] == made.log.item[row]


def test_seasons_come_and_go_and_come_back(made):
    summer = made.in_summer[made.shop.category[made.log.item]]
    share = [summer[abs(made.day - middle) < 5].mean() for middle in (4, 40, 80)]
    assert share[0] > 0.9 > 0.2 > share[1]
    assert share[2] > 0.8
    assert_allclose(made.demand(20), 1)  # between the seasons
    assert_allclose(made.demand(0), made.demand(80))
    assert_allclose(made.demand(0)[made.in_summer], np.exp(2.0))


def test_without_seasons_and_fashion_every_day_is_the_first():
    calm = make_drifting_shop(n_users=100, days=30, strength=0, fashion_day=30)
    first, last = calm.on(0), calm.on(29)
    for name in ("shares", "popularity", "companion"):
        assert_allclose(getattr(first, name), getattr(last, name))
    assert_allclose(first.shares, calm.shop.shares)


def test_the_fashion_appears_on_its_day_and_not_before(made):
    new = np.isin(made.log.item, made.fashion)
    assert new[made.day < 60].mean() < 0.2 < 0.5 < new[made.day >= 60].mean()
    before, after = made.on(59), made.on(60)
    assert_allclose(
        [np.bincount(s.category[1:], s.popularity[1:]) for s in (before, after)], 1, atol=1e-12
    )
    assert np.isin(after.companion[1:], made.fashion).mean() > 0.99 - 0.2
    assert not np.isin(after.companion[after.companion > 0], 0).any()


def test_the_truth_of_the_day_ranks_better_than_that_of_another_day(made):
    asked = made.targets(70, 72)
    history = asked.history()
    gains = []
    for day in (70, 30):
        chances = next_chances(made.on(day), history, asked.user)
        np.put_along_axis(chances, history.astype(np.int64), -1, axis=1)
        order = np.argsort(-chances, axis=1)[:, :10]
        gains.append((order == asked.item[:, None]).any(axis=1).mean())
    assert gains[0] > 1.5 * gains[1]


def test_days_are_cut_without_a_rest(made):
    assert len(made.before(40)) + len(made.between(40, 100)) == len(made.log)
    assert len(made.targets(40, 42)) == len(made.between(40, 42))
    asked = made.targets(99)
    assert made.day[asked.row].tolist() == [99] * len(asked)
    assert (asked.history(length=1)[:, 0] > 0).mean() > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"days": 0}, "^days: expected an integer"),
        ({"rate": 0}, "^rate: expected a finite number above 0"),
        ({"period": np.nan}, "^period: expected a finite number"),
        ({"strength": -1}, r"^strength: expected a number in \[0, 10\]; received -1"),
        ({"fashion_day": -1}, "^fashion_day: expected an integer of at least 0"),
        ({"fashion": 1}, "^fashion: expected a number above 0 and below 1"),
        ({"grip": 2}, r"^grip: expected a number in \[0, 1\]"),
        ({"n_items": 5}, "^n_items: expected a number in 60"),
    ],
)
def test_a_wrong_number_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        make_drifting_shop(**{"n_users": 10, "days": 2} | options)


def test_one_user_one_day():
    tiny = make_drifting_shop(n_users=1, days=1, rate=1e-9)
    assert len(tiny.log) == 0
    assert repr(tiny).startswith("DriftingShop(Interactions(0 rows, 1 user")
