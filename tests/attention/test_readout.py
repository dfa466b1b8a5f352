"""The scoring head and the batch top-k against the formulas, stock Keras, and broken inputs."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import ScoringHead, top_k
from attnrec_lite.attention.readout import READOUTS

quick = settings(deadline=None, max_examples=40)
D, N = 4, 7


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def formula(layer, z, e, bias=0.0):
    """What the formulas give for one row with the parameters of a layer."""
    if layer.kind == "dot":
        return formulas.preference_scores(z, e, bias)
    matrix, output = layer.hidden_matrix.numpy().T, layer.output_weights.numpy()[:, 0]
    return formulas.head_scores(z, e, matrix, layer.hidden_bias.numpy(), output) + bias


def head(kind, **options):
    layer = ScoringHead(kind, seed=1, **options)
    layer.build((None, D), (None, None, D))
    if kind == "network":
        layer.hidden_bias.assign(normal(layer.hidden_bias.shape[0], seed=9))
    return layer


@pytest.mark.parametrize("kind", READOUTS)
@pytest.mark.parametrize("units", [None, 6])
@pytest.mark.parametrize("shared", [True, False])
def test_the_head_equals_the_formula_row_by_row(kind, units, shared):
    layer, z = head(kind, units=units), normal(3, D)
    e = normal(N, D, seed=1) if shared else normal(3, N, D, seed=1)
    bias = normal(N, seed=2)
    found = layer(z, e, bias=bias).numpy()
    assert found.shape == (3, N)
    for row in range(3):
        expected = formula(layer, z[row], e if shared else e[row], bias)
        assert_allclose(found[row], expected, atol=1e-5)
    assert_allclose(found - layer(z, e), np.broadcast_to(bias, (3, N)), atol=1e-5)


def test_the_network_equals_two_stock_dense_layers_with_copied_weights():
    layer, z, e = head("network", units=5), normal(3, D), normal(3, N, D, seed=1)
    both = np.concatenate([np.broadcast_to(z[:, None], e.shape), e, z[:, None] * e], -1)
    first, second = keras.layers.Dense(5, "relu"), keras.layers.Dense(1, use_bias=False)
    first.build(both.shape)
    second.build((None, None, 5))
    first.set_weights([layer.hidden_matrix.numpy(), layer.hidden_bias.numpy()])
    second.set_weights([layer.output_weights.numpy()])
    assert_allclose(layer(z, e), second(first(both))[..., 0], atol=1e-5)


def test_the_dot_equals_the_stock_dot_layer():
    z, e = normal(3, D), normal(3, N, D, seed=1)
    assert_allclose(head("dot")(z, e), keras.layers.Dot(axes=(1, 2))([z, e]), atol=1e-5)


@pytest.mark.parametrize("kind", READOUTS)
def test_a_candidate_is_scored_alike_in_any_company_and_any_batch(kind):
    layer, z, e = head(kind), normal(3, D), normal(3, N, D, seed=1)
    whole = layer(z, e).numpy()
    assert_allclose(layer(z, e[:, 2:3])[:, 0], whole[:, 2], atol=1e-6)
    assert_allclose(layer(z[1:2], e[1:2])[0], whole[1], atol=1e-6)
    assert_allclose(layer(z, e[:, ::-1]), whole[:, ::-1], atol=1e-6)


@pytest.mark.parametrize("kind", READOUTS)
def test_no_candidate_and_no_row_give_empty_scores(kind):
    layer = head(kind)
    assert layer(normal(2, D), normal(2, 0, D)).shape == (2, 0)
    assert layer(normal(0, D), normal(N, D)).shape == (0, N)


@pytest.mark.parametrize("kind", READOUTS)
def test_half_precision_is_close_and_finite(kind):
    layer, half = head(kind), ScoringHead(kind, dtype="float16")
    half.build((None, D), (None, None, D))
    half.set_weights(layer.get_weights())
    z, e = 3 * normal(3, D), 3 * normal(3, N, D, seed=1)
    found = half(z.astype("float16"), e.astype("float16"))
    assert found.dtype == tf.float16
    assert np.isfinite(found).all()
    assert_allclose(found, layer(z, e), atol=0.1)


@pytest.mark.parametrize("kind", READOUTS)
@pytest.mark.usefixtures("mixed_float16")
def test_under_mixed_float16_weights_stay_float32_and_a_float32_bias_is_taken(kind):
    layer = ScoringHead(kind, seed=0)
    found = layer(normal(2, D), normal(2, N, D), bias=normal(N))
    assert found.dtype == tf.float16
    assert np.isfinite(found).all()
    assert all(w.dtype == "float32" for w in layer.weights)


@pytest.mark.parametrize("kind", READOUTS)
def test_a_head_is_built_again_from_its_config(kind):
    layer = ScoringHead(kind, units=3, seed=4, name="head")
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    again = ScoringHead.from_config(config)
    assert again.get_config() == config
    z, e = normal(2, D), normal(2, N, D, seed=1)
    assert_array_equal(again(z, e), layer(z, e))  # the same seed, so the same first weights


@pytest.mark.parametrize("kind", READOUTS)
def test_a_model_with_a_head_is_saved_and_loaded(kind, tmp_path):
    context, candidates = keras.Input((D,)), keras.Input((None, D))
    model = keras.Model([context, candidates], head(kind)(context, candidates))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for n in (1, N):
        inputs = [normal(3, D), normal(3, n, D, seed=1)]
        assert_array_equal(again(inputs), model(inputs))


@pytest.mark.parametrize("kind", READOUTS)
def test_a_tf_function_gives_the_same_for_any_number_of_candidates(kind):
    layer = head(kind)
    shapes = [tf.TensorSpec([None, D]), tf.TensorSpec([None, None, D])]
    graph = tf.function(lambda z, e: top_k(layer(z, e), 3), input_signature=shapes)
    for n in (1, 2, N):
        z, e = normal(3, D), normal(3, n, D, seed=1)
        for found, expected in zip(graph(z, e), top_k(layer(z, e), 3), strict=True):
            assert_allclose(found, expected, atol=1e-6)


def test_one_step_of_fit_moves_every_parameter():
    context = keras.Input((D,))
    model = keras.Model(context, head("network")(context, tf.constant(normal(N, D))))
    before = model.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    model.fit(normal(16, D), np.arange(16) % N, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.isfinite(new).all()
        assert not np.array_equal(old, new)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ScoringHead("cosine"), "^kind: expected one of dot, network; received 'cosine'"),
        (lambda: ScoringHead(units=0), "^units: expected an integer of at least 1"),
        (lambda: ScoringHead()(normal(2, D), normal(2, N, 3)), "candidates: expected width 4"),
        (lambda: top_k([[1.0]], 0), "^k: expected an integer of at least 1"),
        (lambda: top_k([1.0], 1), r"^scores: expected shape \(batch, n\)"),
        (lambda: top_k([[1.0]], 1, [[1]]), "^allowed: expected booleans"),
    ],
)
def test_errors_name_the_argument_and_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- top-k ---------------------------------------------------------------------------------------


@st.composite
def batches(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 8)))
    scores = draw(arrays(np.float32, shape, elements=st.integers(-2, 2).map(float)))
    return scores, draw(arrays(bool, shape)), draw(st.integers(1, 10))


@quick
@given(batches())
def test_top_k_equals_the_formula_with_ties_masks_and_too_few(batch):
    scores, allowed, k = batch
    places, best = (x.numpy() for x in top_k(scores, k, allowed))
    assert places.shape == best.shape == (len(scores), k)
    for row, s, may, values in zip(places, scores, allowed, best, strict=True):
        expected = formulas.top_k(s, k, may)
        assert_array_equal(row[: len(expected)], expected)
        assert_array_equal(row[len(expected) :], -1)
        assert_array_equal(values[: len(expected)], s[expected])
        assert np.isneginf(values[len(expected) :]).all()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_top_k_keeps_the_type_and_the_order_of_ties_in_every_precision(dtype):
    scores = tf.cast(tf.constant([[0.0, -0.0, 1.0, 1.0, 1.0, -2.0]]), dtype)
    places, best = top_k(scores, 5)
    assert_array_equal(places, [[2, 3, 4, 0, 1]])
    assert best.dtype == dtype


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_top_k_refuses_what_is_no_number_unless_it_may_not_be_shown(bad):
    scores = np.array([[1.0, bad, 0.5]], np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected numbers or -inf"):
        top_k(scores, 2)
    assert_array_equal(top_k(scores, 2, [[True, False, True]])[0], [[0, 2]])


def test_whole_numbers_are_ranked_as_the_same_floats():
    assert_array_equal(top_k([[3, 1, 3]], 2)[0], [[0, 2]])
