"""Clicks on the shop: the rule is the written one, and its circumstances are in the table."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_clicks, make_shop
from attnrec_lite.data.impressions import EFFECTS
from attnrec_lite.formulas import auc, calibration_error


@pytest.fixture(scope="module")
def shop():
    return make_shop(n_users=300)


@pytest.fixture(scope="module")
def rows(shop):
    return make_clicks(shop, n=800)


def column(rows, name):
    return rows.features[:, list(rows.fields).index(name)]


def test_the_same_seed_gives_the_same_pages_and_another_others(shop, rows):
    again, other = make_clicks(shop, n=800), make_clicks(shop, n=800, seed=1)
    for name in rows.BY_ROW:
        assert_array_equal(getattr(rows, name), getattr(again, name))
    assert not np.array_equal(rows.candidate, other.candidate)


def test_labels_are_drawn_by_the_chance_in_the_table(shop):
    many = make_clicks(shop, n=3000)
    assert calibration_error(many.label, many.chance) < 0.01
    assert auc(many.label, many.chance) > 0.72
    assert 0.05 < many.label.mean() < 0.2


def test_histories_are_what_the_customer_had_bought_by_then(shop, rows):
    bounds = shop.log.bounds()
    for row in range(0, len(rows), 97):
        user = rows.user[row]
        own = shop.log.item[bounds[user] : bounds[user + 1]].tolist()
        past = rows.history[row][rows.history[row] > 0].tolist()
        assert past == own[: len(past)]
        assert len(past) < len(own)  # the purchase that the page came before is not in it


def test_nothing_on_a_page_is_bought_already_or_shown_twice(rows):
    assert not (rows.history == rows.candidate[:, None]).any()
    shown = rows.candidate[rows.pages()]
    assert all(len(set(page)) == 6 for page in shown.tolist())


def test_the_fields_say_what_the_shop_says(shop, rows):
    assert_array_equal(column(rows, "good"), rows.candidate - 1)
    assert_array_equal(column(rows, "category"), shop.category[rows.candidate])
    assert_array_equal(column(rows, "customer"), rows.user)
    assert_array_equal(column(rows, "place"), np.tile(np.arange(6), 800))
    price = shop.price[rows.candidate]
    bands = [(price[column(rows, "price") == b].min(), price[column(rows, "price") == b].max())
             for b in range(4)]  # fmt: skip
    assert bands[0][1] < 10 <= bands[1][0]
    assert bands[1][1] < 15 <= bands[2][0]
    assert bands[2][1] < 25 <= bands[3][0]
    for name in ("device", "hour"):  # one page, one moment
        assert (np.ptp(column(rows, name)[rows.pages()], axis=1) == 0).all()


def test_the_log_odds_are_the_effects_added_up(shop, rows):
    """A loop over rows; what an hour does to a category is solved for, and must be +- its size."""
    known = np.zeros(len(rows))
    for page in rows.pages()[:200]:
        goods = rows.candidate[page]
        for r, good in zip(page, goods, strict=True):
            past = rows.history[r][rows.history[r] > 0]
            kind = shop.category[good]
            others = [g for g in goods if g != good]
            complement = any(shop.companion[g] == good for g in others)
            substitute = any(
                shop.category[g] == kind and shop.companion[g] != good and shop.companion[good] != g
                for g in others
            )
            known[r] = (
                EFFECTS["base"]
                + EFFECTS["interest"] * np.log(1 + sum(shop.category[p] == kind for p in past))
                + EFFECTS["companion"] * any(shop.companion[p] == good for p in past)
                + EFFECTS["dear on phone"] * column(rows, "price")[r] * column(rows, "device")[r]
                + EFFECTS["place"] * column(rows, "place")[r]
                + EFFECTS["substitute"] * substitute
                + EFFECTS["complement"] * complement
            )
    part = np.arange(len(rows)) < 200 * 6
    rest = (np.log(rows.chance / (1 - rows.chance)) - known)[part]
    assert_allclose(np.abs(rest), EFFECTS["hour"], atol=1e-9)
    cell = column(rows, "category")[part] * 4 + column(rows, "hour")[part]
    for number in np.unique(cell):
        assert np.ptp(rest[cell == number]) < 1e-9


def test_rows_stand_in_order_of_time_so_that_split_trains_on_the_past(shop):
    rows = make_clicks(shop, n=400, seed=3)
    bounds = shop.log.bounds()
    length = (rows.history > 0).sum(axis=1)
    time = shop.log.time[bounds[rows.user] + length]
    assert (np.diff(time) >= 0).all()


def test_it_names_what_is_out_of_range(shop):
    with pytest.raises(ValueError, match="n: expected an integer of at least 1; received 0"):
        make_clicks(shop, n=0)
    with pytest.raises(ValueError, match="size: expected an integer of at least 2; received 1"):
        make_clicks(shop, size=1)
    with pytest.raises(ValueError, match="shop: expected purchases, and more goods than on a page"):
        make_clicks(shop, size=230)
