"""A twin answers alike and looks elsewhere: exactly where there is room, else as far as it pays."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, make_shop
from attnrec_lite.explain import compare_twins, exact_twin, train_twin
from attnrec_lite.models import QKVRecommender

SHOP = make_shop(n_users=60, n_items=60)
SIZES = {"width": 4, "window": 12, "negatives": 30, "dropout": 0.1}


@pytest.fixture(scope="module")
def model():
    return QKVRecommender(SHOP.log.items, **SIZES).fit(SHOP.log, epochs=3)


@pytest.fixture(scope="module")
def histories():
    return np.stack(
        [SHOP.log.item[a : a + 10] for a in SHOP.log.bounds()[:-1] if a + 10 < len(SHOP.log)]
    )


def test_a_model_is_its_own_twin(model, histories):
    found = compare_twins(model, model, histories).mean()
    assert found == {"predictions": 0, "divergence": 0, "moved": 0, "same_top": 1, "kept": 1}


def test_with_more_items_than_values_are_wide_weights_move_and_nothing_else(model, histories):
    found, other = exact_twin(model, histories[:12], tries=5)
    assert found.predictions.max() < 1e-4
    assert_array_equal(found.kept, 1)
    assert found.moved.min() > 0.1
    assert found.divergence.max() <= np.log(2)
    assert_allclose(other.sum(axis=-1), 1, atol=1e-5)
    assert other.min() >= 0


def test_without_room_weights_stay(model):
    found, other = exact_twin(model, [[0, 3, 1], [0, 0, 2]])
    assert_allclose(found.moved, 0, atol=1e-6)
    assert_array_equal(other[:, :, 0], 0)  # padding
    assert found.same_top.all()


def test_a_learned_twin_leaves_the_model_alone_and_a_push_moves_it_further(model, histories):
    before = {name: array.copy() for name, array in model._arrays().items()}
    options = {"epochs": 8, "batch": 30, "learning_rate": 5e-3}
    left, pushed = (train_twin(model, SHOP.log, push, **options) for push in (0, 5.0))
    for name, array in model._arrays().items():
        assert_array_equal(array, before[name])
    quiet, far = (compare_twins(model, twin, histories).mean() for twin in (left, pushed))
    assert far["divergence"] > 1.5 * quiet["divergence"]
    assert far["predictions"] < 0.5


def test_a_copy_learns_to_predict_what_it_copies_the_same_each_time(model, histories):
    one, same, more = (
        train_twin(model, SHOP.log, 0, epochs=n, batch=30, learning_rate=5e-3) for n in (1, 1, 8)
    )
    assert_allclose(*(m.score_all(histories[:3])[:, 1:] for m in (one, same)), atol=1e-5)
    start, end = (compare_twins(model, m, histories).predictions.mean() for m in (one, more))
    assert end < start


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: compare_twins(m, m, [[0, 0]]), "^histories: expected one at least, and an item"),
        (lambda m: compare_twins(m, m, np.zeros((0, 3), int)), "^histories: expected one at least"),
        (lambda m: compare_twins(m, m, [[99]]), r"^history: expected ids in 0\.\.60"),
        (lambda m: compare_twins(m, m, [[1]], k=0), "^k: expected"),
        (lambda m: exact_twin(m, [[0]]), "^histories: expected one at least"),
        (lambda m: train_twin(m, SHOP.log, push=-1.0), "^push: expected a finite number above 0"),
        (lambda m: train_twin(m, SHOP.log, epochs=0), "^epochs: expected"),
        (lambda m: train_twin(m, SHOP.log.select(SHOP.log.user < 0)), "^log: expected somebody"),
        (
            lambda m: train_twin(m, Interactions.from_columns([0, 0], [1, 2], [1, 2])),
            "^log: expected 60 items",
        ),
        (
            lambda m: compare_twins(m, QKVRecommender(m.items, width=4, window=3), [[1]]),
            "^twin: expected the catalogue",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)
