"""The layer ``Positions`` against the formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import POSITIONS, Positions


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


MASK = np.arange(5) >= 5 - np.array([5, 3, 1, 0])[:, None]


@pytest.mark.parametrize("kind", POSITIONS)
@pytest.mark.parametrize("masked", [True, False])
def test_equals_the_formula(kind, masked):
    tokens, layer = normal(4, 5, 6), Positions(8, kind, seed=1)
    mask = MASK if masked else None
    found = layer(tokens, mask=mask)
    table = formulas.sinusoids(8, 6) if kind == "sinusoids" else layer.table.numpy()
    assert_allclose(found, formulas.add_positions(tokens, table, mask), atol=1e-5)


@pytest.mark.parametrize("kind", POSITIONS)
def test_padding_on_the_left_moves_nobody(kind):
    tokens, layer = normal(2, 3, 6), Positions(8, kind, seed=1)
    longer = np.pad(tokens, ((0, 0), (4, 0), (0, 0)))
    assert_array_equal(layer(longer)[:, 4:], layer(tokens))


def test_items_older_than_the_window_share_the_oldest_vector():
    added = Positions(2, seed=0)(np.zeros((1, 4, 6), np.float32))[0].numpy()
    assert_array_equal(added[0], added[1])
    assert_array_equal(added[1], added[2])
    assert not np.array_equal(added[2], added[3])


def test_sinusoids_have_nothing_to_learn_and_learned_ones_have_a_row_per_age():
    for kind, count in (("sinusoids", []), ("learned", [(8, 6)])):
        layer = Positions(8, kind)
        layer.build((None, None, 6))
        assert [w.shape for w in layer.trainable_weights] == count


def test_the_mask_is_taken_from_an_embedding_and_handed_on():
    ids = np.array([[0, 0, 3], [1, 2, 3]])
    embed, layer = keras.layers.Embedding(4, 6, mask_zero=True), Positions(3, seed=0)
    found = layer(embed(ids))
    plain = tf.constant(embed(ids).numpy())
    assert_array_equal(found, layer(plain, mask=ids > 0))
    assert_array_equal(found[0, :2], plain[0, :2])
    assert_array_equal(found._keras_mask, ids > 0)


@pytest.mark.parametrize("kind", POSITIONS)
def test_survives_saving_loading_and_another_length(kind, tmp_path):
    x = keras.Input((None, 6))
    model = keras.Model(x, Positions(4, kind, seed=3)(x))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for length in (2, 4, 7):
        assert_array_equal(again(normal(2, length, 6)), model(normal(2, length, 6)))


@pytest.mark.parametrize("kind", POSITIONS)
def test_a_tf_function_that_builds_the_layer_can_be_followed_by_another(kind):
    layer, tokens = Positions(4, kind, seed=3), normal(2, 3, 6)
    layer.build((None, None, 6)) if kind == "learned" else None  # variables are made eagerly
    one, two = tf.function(layer.__call__), tf.function(lambda x: 2 * layer(x))
    assert_allclose(two(tokens), 2 * one(tokens), atol=1e-6)
    assert_allclose(one(tokens), layer(tokens), atol=1e-6)


@pytest.mark.parametrize("kind", POSITIONS)
def test_mixed_float16_stays_finite(kind):
    found = Positions(4, kind, dtype="mixed_float16")(normal(2, 6, 6))
    assert found.dtype == "float16"
    assert np.isfinite(found.numpy()).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Positions(0), "^window: expected an integer of at least 1"),
        (
            lambda: Positions(3, "rotary"),
            "^kind: expected one of learned, sinusoids; rec.*'rotary'",
        ),
        (lambda: Positions(3, "sinusoids").build((None, 2, 5)), "^width: expected an even number"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
