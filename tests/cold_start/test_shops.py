"""What travels between two shops: every weight that names no item, and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.cold_start import transfer, two_shops
from attnrec_lite.data import make_shop
from attnrec_lite.models import ItemEncoder, MeanPooling, SASRec

FIRST, SECOND = two_shops((200, 80))


def model(shop, seed=0, make=SASRec, ids=False, **options):
    encoder = ItemEncoder(shop.known, 8, ids=ids, seed=seed)
    return make(shop.log.items, width=8, window=6, encoder=encoder, seed=seed, **options)


def kind(title):
    return title.split(" no. ")[0]


def test_shops_sell_what_they_should_to_people_who_bought_three():
    for shop, number in ((FIRST, 0), (SECOND, 1)):
        assert shop.log.n_items == 160
        assert np.bincount(shop.log.user).min() >= 3
        assert all((" no. 2" in title) == bool(number) for title in shop.log.items.titles)
        assert int(shop.shared.sum()) == 80
        assert not shop.shared[0]
    both = [{kind(t) for t in s.log.items.titles[s.shared[1:]]} for s in (FIRST, SECOND)]
    assert both[0] == both[1]  # both sell tea, and each kettles of its own
    own = [{kind(t) for t in s.log.items.titles[~s.shared[1:]]} for s in (FIRST, SECOND)]
    assert own[0].isdisjoint(own[1])


def test_purchases_keep_their_good_and_their_time():
    made = make_shop(200, 480, seed=0, cast=False)
    one = {(u, i, t) for u, i, t in zip(made.log.user, made.log.item, made.log.time, strict=True)}
    log = FIRST.log
    rows = zip(log.user_ids[log.user], log.items.raw[log.item - 1], log.time, strict=True)
    assert set(rows) <= one


def test_a_model_without_customers_scores_new_goods_as_the_first_would():
    source, target = model(FIRST).fit(FIRST.log, epochs=1), model(SECOND, seed=1)
    copied = transfer(source, target)
    assert "bias" not in copied
    assert {"encoder/text_map", "encoder/text_bias"} <= set(copied)
    assert any("block" in name or "attend" in name for name in copied)
    for name in copied:
        assert_array_equal(target._weights()[name], source._weights()[name])
    assert not np.asarray(target.network.bias).any()
    twins = model(FIRST, seed=1)
    transfer(source, twins)
    source.network.bias.assign(np.zeros(161))
    assert_array_equal(twins.score_all([[1, 2, 3]]), source.score_all([[1, 2, 3]]))


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (lambda: SASRec(FIRST.log.items, width=8), lambda: model(SECOND), "^source: expected"),
        (lambda: model(FIRST), lambda: model(SECOND, ids=True), "^target: expected a model with"),
        (lambda: model(FIRST), lambda: model(SECOND, blocks=1), "^target: expected the config"),
        (lambda: model(FIRST), lambda: model(SECOND, make=MeanPooling), "^target.*MeanPooling"),
    ],
)
def test_models_of_another_make_are_refused(source, target, message):
    with pytest.raises(ValueError, match=message):
        transfer(source(), target())


@pytest.mark.parametrize("numbers", [(5, 4), (0, 0), (13, 0)])
def test_categories_that_are_not_there_are_refused(numbers):
    with pytest.raises(ValueError, match=r"^shared, own: expected shared \+ 2 \* own in 1\.\.12"):
        two_shops((50, 50), *numbers)
