"""Formulas whose twin is a stock layer of Keras: nothing to write, but to be held equal."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    click_probability,
    elementwise_scores,
    logistic_loss,
    lookup,
    mean_attention,
    sigmoid,
    softmax,
    table_parameters,
)

SCORES = np.random.default_rng(0).normal(scale=3, size=(4, 6))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_gate_is_the_sigmoid_of_keras(dtype):
    far = np.append(SCORES.ravel(), [-500.0, 500.0]).astype(dtype)
    found = np.asarray(keras.activations.sigmoid(keras.ops.convert_to_tensor(far)))
    assert_allclose(found, sigmoid(far), atol=1e-3 if dtype == "float16" else 1e-6)


def test_the_mean_over_queries_is_average_pooling():
    weights = softmax(SCORES)
    found = keras.layers.GlobalAveragePooling1D()(weights[None].astype("float32"))
    assert_allclose(found[0], mean_attention(weights), atol=1e-6)


def test_number_meets_number_in_the_multiply_layer():
    query, keys = SCORES[:2].astype("float32")
    found = keras.layers.Multiply()([query[None], keys[None]])
    assert_allclose(found[0], elementwise_scores(query, keys), atol=1e-5)


def test_a_click_is_one_dense_unit_with_a_sigmoid():
    layer = keras.layers.Dense(1, activation="sigmoid")
    layer.build((None, 6))
    layer.set_weights([SCORES[0, :, None], np.array([-1.5])])
    found = layer(SCORES[1:].astype("float32"))[:, 0]
    assert_allclose(found, click_probability(SCORES[1:], SCORES[0], bias=-1.5), atol=1e-5)


@pytest.mark.parametrize("places", [[0, 5, 2], [0.2, 0.99, 4.5], np.eye(6)[[4]]])
def test_a_lookup_is_what_an_embedding_does_to_ids_floats_and_one_hot_rows(places):
    layer = keras.layers.Embedding(6, 3)
    layer.build()
    found = layer(np.array(places, np.float32))
    assert_allclose(found, lookup(layer.get_weights()[0], places), atol=1e-6)


def test_tables_have_as_many_parameters_as_embeddings():
    layers = [keras.layers.Embedding(8, 3) for _ in range(2)]
    for layer in layers:
        layer.build()
    assert sum(layer.count_params() for layer in layers) == table_parameters(7, 3, tables=2)


def test_the_loss_of_an_output_before_the_sigmoid_is_that_of_keras_ratings_included():
    theirs = keras.losses.BinaryCrossentropy(from_logits=True, reduction="none")
    for label in (0, 0.3, 1, 4):
        labels = np.full((24, 1), label, np.float32)
        found = theirs(labels, SCORES.reshape(24, 1).astype("float32"))
        assert_allclose(found, logistic_loss(SCORES.ravel(), label), rtol=1e-4, atol=1e-4)
