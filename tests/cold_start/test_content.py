"""Vectors of new items from content: against scikit-learn, by hand, and what is left alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from attnrec_lite.cold_start import content_ridge
from attnrec_lite.data import (
    Modalities,
    cold_and_warm,
    cold_items,
    hide_items,
    leave_one_out,
    make_shop,
)
from attnrec_lite.data.modality import Modality
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import BPR, EASE, ItemEncoder, LightGCN, SASRec

SHOP = make_shop(n_users=300)
SPLIT = hide_items(leave_one_out(SHOP.log), 0.2)
KNOWN = Modalities.of_shop(SHOP)
NEW = cold_items(SPLIT)
OLD = np.setdiff1d(np.arange(1, 241), NEW)


def bpr(**options):
    return BPR(SHOP.log.items, width=8, **options).fit(SPLIT.train, epochs=5)


def test_the_vectors_are_those_of_scikit_learns_ridge_with_an_intercept():
    model, before = bpr(), bpr()
    content_ridge(model, KNOWN.only("text", "price"), SPLIT.train, penalty=2.0)
    x = np.concatenate([KNOWN["text"].values, KNOWN["price"].values], axis=1).astype(np.float64)
    targets = np.column_stack([before.table, before.bias])
    rival = Ridge(alpha=2.0, solver="cholesky").fit(x[OLD], targets[OLD])
    found = np.column_stack([model.table, model.bias])
    assert_allclose(found[NEW], rival.predict(x[NEW]), atol=1e-4)
    assert_array_equal(found[OLD], targets[OLD])
    assert_array_equal(found[0], targets[0])


@pytest.mark.parametrize("make", [bpr, lambda: LightGCN(SHOP.log.items, 8).fit(SPLIT.train)])
def test_new_items_are_found_where_there_was_chance(make):
    cold, warm = cold_and_warm(SPLIT)
    model = make()
    before = evaluate(model, cold).mean("auc"), evaluate(model, warm).mean("auc")
    content_ridge(model, KNOWN, SPLIT.train)
    after = evaluate(model, cold).mean("auc"), evaluate(model, warm).mean("auc")
    assert after[0] > before[0] + 0.2
    assert after[1] > before[1] - 0.05


def test_what_is_shuffled_helps_nobody():
    cold = cold_and_warm(SPLIT)[0]
    right = evaluate(content_ridge(bpr(), KNOWN.only("category"), SPLIT.train), cold).mean("auc")
    spoilt = KNOWN.only("category").shuffled("category")
    wrong = evaluate(content_ridge(bpr(), spoilt, SPLIT.train), cold).mean("auc")
    assert right > wrong + 0.15


def test_a_new_item_of_which_nothing_is_known_gets_the_mean():
    hidden = KNOWN.only("category", "price").hidden("category", NEW[:1]).hidden("price", NEW[:1])
    model = content_ridge(bpr(), hidden, SPLIT.train)
    assert_allclose(model.table[NEW[0]], model.table[OLD].mean(axis=0), atol=1e-6)


def test_a_bag_of_codes_is_the_shares_of_its_codes():
    labels = [("a", "b") if i % 3 == 0 else ("a",) if i % 3 == 1 else () for i in range(240)]
    bag = Modalities(SHOP.log.items, (Modality.of_labels("tag", labels),))
    model, before = bpr(), bpr()
    content_ridge(model, bag, SPLIT.train, penalty=1e-6)
    group = np.arange(-1, 240) % 3
    for kind in (0, 1):
        same = [i for i in OLD if group[i] == kind]
        new = next(i for i in NEW if group[i] == kind)
        assert_allclose(model.table[new], before.table[same].mean(axis=0), atol=1e-3)


def test_items_with_few_rows_may_count_as_new():
    rows = np.bincount(SPLIT.train.item, minlength=241)
    model, before = content_ridge(bpr(), KNOWN, SPLIT.train, fewest=6), bpr()
    moved = (model.table != before.table).any(axis=1)
    assert_array_equal(np.flatnonzero(moved), np.flatnonzero(rows < 6)[1:])


def test_a_network_with_a_table_learns_it_too():
    model = SASRec(SHOP.log.items, width=8, window=10).fit(SPLIT.train, epochs=1)
    before = np.asarray(model.network.own_table)
    content_ridge(model, KNOWN, SPLIT.train)
    after = np.asarray(model.network.table)
    assert_array_equal(after[OLD], before[OLD])
    assert not np.isclose(after[NEW], before[NEW]).all(axis=1).any()


@pytest.mark.parametrize(
    ("model", "known", "options", "message"),
    [
        (lambda: EASE(SHOP.log.items), KNOWN, {}, "^model: expected one with a table.*ease"),
        (
            lambda: SASRec(SHOP.log.items, 8, encoder=ItemEncoder(KNOWN, 8)),
            KNOWN, {}, "^model: expected one with a table",
        ),
        (bpr, Modalities(SHOP.log.items, ()), {}, "^modalities: expected something"),
        (bpr, KNOWN.only("price").hidden("price"), {}, "^modalities: expected something"),
        (bpr, Modalities.of_shop(make_shop(20, 60)), {}, "^modalities: expected the catalogue"),
        (bpr, KNOWN, {"penalty": 0}, "^penalty"),
        (bpr, KNOWN, {"fewest": 0}, "^fewest"),
        (bpr, KNOWN, {"fewest": 10**6}, "^modalities: expected something"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(model, known, options, message):
    with pytest.raises(ValueError, match=message):
        content_ridge(model(), known, SPLIT.train, **options)


def test_a_log_of_another_shop_is_refused():
    with pytest.raises(ValueError, match="^log: expected"):
        content_ridge(bpr(), KNOWN, make_shop(20, 60).log)
