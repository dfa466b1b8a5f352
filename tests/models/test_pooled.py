"""The mean of a history: by hand, no look ahead, padding, and with content in the place of ids."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Modalities, leave_one_out, make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import ItemEncoder, MeanPooling, Popularity, load

SHOP = make_shop(n_users=60)
SMALL = {"width": 4, "window": 5, "negatives": 8}


def test_a_context_is_the_normalised_mean_of_the_items_up_to_it():
    model = MeanPooling(SHOP.log.items, **SMALL)
    table = np.asarray(model.network.table)
    found = np.asarray(model.network(np.array([[0, 3, 7, 7]], np.int32)))[0]
    assert_array_equal(found[0], np.zeros(4))
    for end, ids in ((1, [3]), (2, [3, 7]), (3, [3, 7, 7])):
        mean = table[ids].mean(axis=0)
        assert_allclose(found[end], (mean - mean.mean()) / np.sqrt(mean.var() + 1e-6), atol=1e-4)


def test_what_comes_later_changes_nothing_before_it():
    network = MeanPooling(SHOP.log.items, **SMALL).network
    first = np.asarray(network(np.array([[1, 2, 3, 4]], np.int32)))
    other = np.asarray(network(np.array([[1, 2, 9, 9]], np.int32)))
    assert_array_equal(first[:, :2], other[:, :2])
    assert not np.allclose(first[:, 2:], other[:, 2:])


def test_each_item_of_the_window_weighs_the_same_and_the_others_nothing():
    model = MeanPooling(SHOP.log.items, **SMALL)
    record = model.attention([[0, 0, 1, 2], [1, 2, 3, 4], [0, 0, 0, 0]], [[1]] * 3)
    assert_allclose(record.weights[0], [0, 0, 0.5, 0.5])
    assert_allclose(record.weights.sum(axis=-1), [1, 1, 0])
    assert model.attention([list(range(1, 9))], [[1]]).weights.shape == (1, 5)


@pytest.mark.slow
def test_it_learns_the_shop():
    split = leave_one_out(make_shop(n_users=300).log)
    popular = evaluate(Popularity(split.train.items).fit(split.train), split.test)
    model = MeanPooling(split.train.items, width=16).fit(split.train, epochs=8)
    assert evaluate(model, split.test).mean("ndcg@10") > 4 * popular.mean("ndcg@10")


def test_with_content_it_is_a_two_tower_model_that_saves_itself(tmp_path):
    encoder = ItemEncoder(Modalities.of_shop(SHOP), 4, dropout={"id": 0.5})
    model = MeanPooling(SHOP.log.items, encoder=encoder, **SMALL).fit(SHOP.log, epochs=1)
    again = load(model.save(tmp_path / "model.npz"))
    assert again.encoder.dropout["id"] == 0.5
    assert_allclose(again.score_all([[1, 2]]), model.score_all([[1, 2]]), rtol=1e-6)


@pytest.mark.parametrize("name", ["width", "window", "negatives", "dropout", "seed"])
def test_a_number_out_of_range_is_named(name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        MeanPooling(SHOP.log.items, **SMALL | {name: -1})
