"""A Transformer block against its formula, and one token at a time against all at once."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.attention import MultiHeadAttention, TransformerBlock
from attnrec_lite.formulas import transformer_block


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def causal(length):
    return np.where(np.tri(length, dtype=bool), 0.0, -1e9).astype(np.float32)


def built(**options):
    """A block whose weights are all random."""
    layer = TransformerBlock(2, 5, seed=3, **options)
    layer(normal(1, 2, 4))
    for number, weight in enumerate(layer.trainable_weights):
        weight.assign(normal(*weight.shape, seed=number))
    return layer


def test_a_block_is_two_sums():
    layer, x, bias = built(), normal(3, 6, 4), causal(6)
    x1 = x + layer.attend(layer.norms[0](x), bias=bias)[0]
    inner = np.maximum(layer.norms[1](x1) @ layer.up.kernel + layer.up.bias, 0)
    expected = x1 + inner @ layer.down.kernel + layer.down.bias
    y, weights = layer(x, bias)
    assert_allclose(y, expected, atol=1e-5)
    assert_allclose(weights, layer.attend(layer.norms[0](x), bias=bias)[1])
    assert_array_equal(np.triu(weights.numpy(), 1), 0)


@pytest.mark.parametrize("make", [built, lambda: MultiHeadAttention(2, 3, seed=1)])
def test_token_by_token_gives_what_all_at_once_gives(make):
    layer, x = make(), normal(2, 5, 4)
    expected = layer(x, bias=causal(5))[0]
    head = 2 if isinstance(layer, TransformerBlock) else 3
    past = (tf.zeros((2, 2, 0, head)),) * 2
    for t in range(5):
        y, past = layer.extend(x[:, t : t + 1], past)
        assert_allclose(y[:, 0], expected[:, t], atol=1e-5)
        assert past[0].shape == (2, 2, t + 1, head)


def test_a_new_block_is_the_formula():
    layer, x = TransformerBlock(2, 5, seed=3), normal(3, 6, 4)
    y, weights = layer(x, causal(6))
    qkv = np.split(layer.attend.qkv.numpy(), 3, axis=1)
    found = transformer_block(
        x, [*qkv, layer.attend.out], [layer.up.kernel, layer.down.kernel], np.tri(6, dtype=bool), 2
    )
    assert_allclose(y, found[0], atol=1e-5)
    assert_allclose(weights, found[1], atol=1e-5)


def test_dropout_acts_in_training_only():
    layer, x = built(dropout=0.5), normal(1, 4, 4)
    assert_array_equal(layer(x)[0], layer(x)[0])
    assert not np.allclose(layer(x, training=True)[0], layer(x, training=True)[0])


def test_a_block_is_made_again_from_its_config_and_saved(tmp_path):
    layer = TransformerBlock(2, 5, dropout=0.1, seed=3)
    again = TransformerBlock.from_config(layer.get_config())
    assert_array_equal(again(normal(1, 2, 4))[0], layer(normal(1, 2, 4))[0])
    x = keras.Input((3, 4))
    model = keras.Model(x, TransformerBlock(2, 5, seed=3)(x)[0])
    model.save(tmp_path / "block.keras")
    loaded = keras.saving.load_model(tmp_path / "block.keras")
    assert_array_equal(loaded(normal(2, 3, 4)), model(normal(2, 3, 4)))


def test_a_block_runs_in_half_precision():
    y, weights = TransformerBlock(2, 8, seed=0, dtype="mixed_float16")(normal(2, 4, 6), causal(4))
    assert y.dtype == tf.float16
    assert_array_equal(np.triu(weights.numpy(), 1), 0)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("name", ["heads", "inner"])
def test_a_block_refuses_what_is_no_size(name):
    with pytest.raises(ValueError, match=f"^{name}: expected an integer of at least 1"):
        TransformerBlock(**{"heads": 1, "inner": 1, name: 0})
