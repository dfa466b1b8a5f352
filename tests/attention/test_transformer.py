"""The Keras side of the sequence chapter gives what its formulas give."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from attnrec_lite import formulas, training
from attnrec_lite.attention import Positions, TransformerBlock


def some(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_keras_layer_normalization_is_the_norm():
    x, gain, shift = some(2, 5, 8), some(8, seed=1), some(8, seed=2)
    stock = keras.layers.LayerNormalization(epsilon=1e-6)
    stock.build(x.shape)
    stock.set_weights([gain, shift])
    assert_allclose(stock(x), formulas.layer_norm(x, gain, shift), atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2])
def test_a_block_is_the_formula_with_copied_weights(heads):
    x, matrices = some(1, 6, 8), some(4, 8, 8, seed=1) / 2
    forward = [some(8, 16, seed=2), some(16, 8, seed=3), some(16, seed=4), some(8, seed=5)]
    seen = formulas.visible(np.arange(6) >= 1, causal=True)
    layer = TransformerBlock(heads, inner=16)
    layer.build(x.shape)
    layer.attend.qkv.assign(np.concatenate(matrices[:3], axis=1))
    layer.attend.out.assign(matrices[3])
    for part, weights in ((layer.up, forward[::2]), (layer.down, forward[1::2])):
        part.set_weights(weights)
    hidden = np.where(seen, 0.0, -1e9)[None, None].astype(np.float32)
    found, weights = layer(x.astype(np.float32), bias=hidden)
    expected, shares = formulas.transformer_block(x[0], matrices, forward, seen, heads)
    assert_allclose(found[0, 1:], expected[1:], atol=1e-4)  # padding may do as it likes
    assert_allclose(weights[0, :, 1:], shares[:, 1:], atol=1e-5)


def test_positions_added_to_scaled_items_are_the_tokens():
    table, ids = some(7, 4), np.array([[0, 0, 3, 6, 2]])
    layer = Positions(window=5)
    layer.build((1, 5, 4))
    e = np.where(ids[..., None] > 0, table[ids], 0.0)
    found = layer(tf.constant(2.0 * e, tf.float32), mask=tf.constant(ids > 0))
    expected = formulas.input_tokens(table, ids, layer.table.numpy())
    assert_allclose(found, expected, atol=1e-5)


def case():
    """Contexts, targets and an item table, and the scores of the formulas: items 1..N."""
    contexts, table, bias = some(5, 4), some(9, 4, seed=1), some(9, seed=2)
    targets = np.array([1, 8, 3, 3, 5])
    parts = [tf.constant(a, tf.float32) for a in (contexts, table, bias)]
    keras_side = (parts[0], tf.constant(targets), parts[1], parts[2])
    return keras_side, (contexts @ table.T + bias)[:, 1:], targets - 1


def test_full_softmax_is_the_formula():
    keras_side, scores, targets = case()
    found = training.full_softmax_loss(*keras_side)
    assert_allclose(found, formulas.full_softmax_loss(scores, targets), atol=1e-5)


def test_sampled_softmax_is_the_formula():
    keras_side, scores, targets = case()
    drawn, often = np.array([3, 3, 7, 1]), np.linspace(0.2, 1.5, 9)
    log_q = tf.constant(np.log(often), tf.float32)
    found = training.sampled_softmax_loss(*keras_side, tf.constant(drawn), log_q)
    expected = formulas.sampled_softmax_loss(scores, targets, drawn - 1, often[1:])
    assert_allclose(found, expected, atol=1e-5)


def test_binary_and_gbce_are_the_formulas():
    keras_side, scores, targets = case()
    drawn = (targets[:, None] + [[1, 3, 6]]) % 8  # never the target
    negatives = tf.constant(drawn + 1)
    found = training.binary_loss(*keras_side, negatives)
    assert_allclose(found, formulas.binary_loss(scores, targets, drawn), atol=1e-5)
    for t in (0.0, 0.6, 1.0):
        power = formulas.gbce_power(3, 8, t)
        expected = formulas.gbce_loss(scores, targets, drawn, power)
        assert_allclose(training.gbce_loss(*keras_side, negatives, t), expected, atol=1e-5)
