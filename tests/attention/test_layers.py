"""The layers against the formulas and stock Keras, and what must hold whatever the weights are."""

import json
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import (
    SCORES,
    AttentionPooling,
    MultiHeadAttention,
    Score,
    masked_softmax,
    scores,
)

quick = settings(deadline=None, max_examples=40)
LENGTHS = [5, 3, 1, 0]  # ragged, with an empty row
D = 4


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def left_mask(lengths, width=5):
    """True for real items, which stand on the right."""
    return np.arange(width) >= width - np.array(lengths)[:, None]


def formula_scores(layer, query, keys):
    """What the formulas give for one query with the parameters of a layer."""
    parameters = {
        "bilinear": ("matrix",),
        "additive": ("query_matrix", "key_matrix", "v"),
    }.get(layer.kind, ())
    arguments = [getattr(layer, name).numpy().astype(np.float64) for name in parameters]
    if layer.kind == "additive":
        arguments[-1] = arguments[-1][:, 0]
    function = getattr(formulas, f"{layer.kind}_scores")
    return function(query, keys, *arguments) / layer.temperature


# ---- masked softmax ----------------------------------------------------------------------------


@quick
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 5)).flatmap(
        lambda shape: st.tuples(
            arrays(np.float32, shape, elements=st.floats(-50, 50, width=32)), arrays(bool, shape)
        )
    )
)
def test_masked_softmax_equals_the_formula_on_ragged_rows(pair):
    s, mask = pair
    for axis in (0, 1):
        found = masked_softmax(s, mask, axis=axis).numpy()
        assert_allclose(found, formulas.masked_softmax(s, mask, axis=axis), atol=1e-5)
        assert_array_equal(found[~mask], 0)


def test_no_mask_means_that_all_is_real():
    s = normal(3, 4)
    for axis in (0, -1):
        assert_allclose(masked_softmax(s, axis=axis), formulas.softmax(s, axis=axis), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_huge_logits_stay_finite_and_masked_weights_are_exactly_0(dtype):
    s = tf.constant([[1e4, -1e4, 1e4, 5e3], [-1e4, -1e4, -1e4, -1e4]], dtype)
    mask = [[False, True, True, True], [True, True, False, False]]
    found = masked_softmax(s, mask)
    assert found.dtype == dtype
    assert_array_equal(found, [[0, 0, 1, 0], [0.5, 0.5, 0, 0]])


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_row_without_a_real_item_has_zero_weights_and_finite_gradients(dtype):
    s = tf.Variable(tf.constant(normal(3, 4) * 1e3, dtype))
    mask = np.array([[False] * 4, [True, False, True, False], [False] * 4])
    with tf.GradientTape() as tape:
        weights = masked_softmax(s, mask)
        loss = tf.reduce_sum(weights * normal(3, 4, seed=1).astype(dtype))
    assert_array_equal(weights.numpy()[[0, 2]], 0)
    gradient = tape.gradient(loss, s).numpy()
    assert np.isfinite(gradient).all()
    assert_array_equal(gradient[~mask], 0)


def test_gradient_of_masked_softmax_is_the_jacobian_of_the_real_part():
    s, outer = tf.Variable([0.3, -1.0, 0.7, 2.0]), np.array([1.0, -2.0, 3.0, 0.5], np.float32)
    mask = np.array([True, False, True, True])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(masked_softmax(s, mask) * outer)
    expected = formulas.softmax_jacobian(formulas.masked_softmax(s.numpy(), mask)) @ outer
    assert_allclose(tape.gradient(loss, s), expected, atol=1e-6)


def test_what_stands_behind_the_mask_reaches_neither_weights_nor_gradients():
    mask = [False, True, True]
    for trash in (np.nan, np.inf, -np.inf, 3e38):
        s = tf.Variable([trash, 1.0, 2.0])
        with tf.GradientTape() as tape:
            weights = masked_softmax(s, mask)
            loss = tf.reduce_sum(weights * [1.0, 2.0, 4.0])
        assert_allclose(weights, formulas.masked_softmax([0, 1, 2], mask), atol=1e-6)
        gradient = tape.gradient(loss, s).numpy()
        assert np.isfinite(gradient).all()
        assert gradient[0] == 0


def test_a_long_row_in_half_precision_still_sums_to_1():
    n = 70_000  # as many equal exponentials overflow a float16
    weights = masked_softmax(tf.zeros((1, n), tf.float16), np.ones((1, n), bool)).numpy()
    assert weights.dtype == np.float16
    assert_allclose(weights.astype(np.float64).sum(), 1, atol=0.01)


def test_masked_softmax_equals_the_stock_layer_on_rows_with_a_real_item():
    s, mask = normal(3, 5), left_mask([5, 3, 1])
    stock = keras.layers.Softmax()(tf.constant(s), mask=tf.constant(mask))
    assert_allclose(masked_softmax(s, mask), stock, atol=1e-6)


@pytest.mark.parametrize("mask", [[1, 0], [1.0, 0.0]])
def test_a_mask_that_is_not_boolean_is_refused(mask):
    with pytest.raises(ValueError, match="^mask: expected booleans"):
        masked_softmax([1.0, 2.0], mask)


# ---- scores ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SCORES[:3])
def test_scores_equal_the_formulas_for_one_query_and_for_many(kind):
    query, keys = normal(2, 3, D), normal(2, 5, D, seed=1)
    formula = getattr(formulas, f"{kind}_scores")
    many = scores(query, keys, kind).numpy()
    assert many.shape == (2, 3, 5)
    for b in range(2):
        one = scores(query[b, 0], keys[b], kind).numpy()
        assert one.shape == (5,)
        assert_allclose(one, formula(query[b, 0], keys[b]), atol=1e-5)
        for q in range(3):
            assert_allclose(many[b, q], formula(query[b, q], keys[b]), atol=1e-5)
    assert_allclose(scores(query[:, 1], keys, kind), many[:, 1], atol=1e-6)


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_score_layer_equals_the_formula_with_its_own_parameters(kind, temperature):
    query, keys = normal(2, 3, D), normal(2, 5, D, seed=1)
    layer = Score(kind, units=6, temperature=temperature, seed=3)
    found = layer(query, keys).numpy()
    assert found.shape == (2, 3, 5)
    for b in range(2):
        for q in range(3):
            expected = formula_scores(layer, query[b, q], keys[b])
            assert_allclose(found[b, q], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "normalize"), [("dot", False), ("cosine", True)])
def test_scores_equal_the_stock_layer_of_dot_products(kind, normalize):
    query, keys = normal(2, 3, D), normal(2, 5, D, seed=1)
    stock = keras.layers.Dot(axes=2, normalize=normalize)([query, keys])
    assert_allclose(scores(query, keys, kind), stock, atol=1e-6)


@pytest.mark.parametrize("kind", ["bilinear", "additive"])
def test_query_and_keys_may_differ_in_width(kind):
    query, keys = normal(2, 1, 3), normal(2, 5, 4, seed=1)
    layer = Score(kind, seed=0)
    found = layer(query, keys).numpy()[:, 0]
    assert_allclose(
        found, [formula_scores(layer, *p) for p in zip(query[:, 0], keys, strict=True)], atol=1e-5
    )


def test_cosine_of_a_zero_vector_is_0_with_finite_gradients():
    query, keys = tf.Variable([[0.0, 0.0], [1e-30, 0.0]]), tf.Variable([[0.0, 0.0], [3e-30, 4e-30]])
    with tf.GradientTape() as tape:
        s = scores(query, keys, "cosine")
        loss = tf.reduce_sum(s)
    assert_allclose(s, [[0, 0], [0, 0.6]], atol=1e-6)
    for gradient in tape.gradient(loss, [query, keys]):
        assert np.isfinite(gradient.numpy()).all()


def test_gradient_of_cosine_equals_finite_differences():
    query, keys = normal(D).astype(np.float64), normal(3, D, seed=1).astype(np.float64)
    variable, step = tf.Variable(query), 1e-6
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(scores(variable, keys, "cosine") * [1.0, -2.0, 3.0])
    numeric = [
        (formulas.cosine_scores(query + e, keys) - formulas.cosine_scores(query - e, keys))
        @ [1, -2, 3] / (2 * step)
        for e in step * np.eye(D)
    ]  # fmt: skip
    assert_allclose(tape.gradient(loss, variable), numeric, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores([1.0], [[1.0]], "additive"), "^kind: expected one of dot, scaled_dot, cos"),
        (lambda: Score("scaled"), "^kind: expected one of dot, .*received 'scaled'"),
        (lambda: Score(units=0), "^units: expected an integer of at least 1"),
        (lambda: Score(temperature=0), "^temperature: expected a finite number above 0"),
        (lambda: AttentionPooling("sum"), "^kind: expected one of"),
        (lambda: AttentionPooling(temperature=-1.0), "^temperature: "),
        (lambda: MultiHeadAttention(0, 2), "^heads: expected an integer of at least 1"),
        (lambda: MultiHeadAttention(2, 1.5), r"^key_dim: expected an integer.*received 1\.5"),
    ],
)
def test_layers_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("kind", SCORES)
def test_no_product_of_four_axes_broadcasts(kind):
    """TensorFlow 2.21 writes outside its memory there (tensorflow/tensorflow#123109)."""
    pool, layer = AttentionPooling(kind, seed=0), heads_layer()

    @tf.function
    def graph(tokens):
        return pool(layer(tokens)[0])

    operations = graph.get_concrete_function(tf.TensorSpec([4, 5, D])).graph.get_operations()
    products = [op for op in operations if op.type.startswith("BatchMatMul")]
    assert len(products) >= 2
    for op in products:
        left, right = (x.shape for x in op.inputs)
        assert left.rank < 4 or left[:-2] == right[:-2], f"{op.name}: {left} times {right}"


# ---- pooling -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("handed", [True, False])
def test_pooling_equals_the_formulas_on_a_ragged_batch(kind, handed):
    history, mask = normal(4, 5, D), left_mask(LENGTHS)
    layer = AttentionPooling(kind, temperature=0.5, seed=1)
    query = normal(4, D, seed=2) if handed else None
    context, weights = layer(history, query, mask=mask)
    assert (context.shape, weights.shape) == ((4, D), (4, 5))
    for b in range(4):
        q = query[b] if handed else layer.query.numpy()[0]
        s = formula_scores(layer.score, q, history[b])
        expected = formulas.masked_softmax(s, mask[b])
        assert_allclose(weights[b], expected, atol=1e-5)
        assert_allclose(context[b], formulas.weighted_sum(expected, history[b]), atol=1e-5)


def test_pooling_equals_stock_dot_attention():
    history, query, mask = normal(3, 5, D), normal(3, D, seed=1), left_mask([5, 3, 1])
    stock = keras.layers.Attention()
    theirs, shares = stock(
        [query[:, None], history], mask=[None, mask], return_attention_scores=True
    )
    context, weights = AttentionPooling("dot")(history, query, mask=mask)
    assert_allclose(weights, shares[:, 0], atol=1e-5)
    assert_allclose(context, theirs[:, 0], atol=1e-5)


def test_pooling_equals_stock_additive_attention_with_copied_weights():
    history, query, mask = normal(3, 5, D), normal(3, D, seed=1), left_mask([5, 3, 1])
    layer = AttentionPooling("additive", seed=2)
    context, weights = layer(history, query, mask=mask)
    stock = keras.layers.AdditiveAttention()
    stock.build([(3, 1, D), (3, 5, D)])
    stock.set_weights([layer.score.v.numpy()[:, 0]])
    q = query[:, None] @ layer.score.query_matrix.numpy().T
    keys = history @ layer.score.key_matrix.numpy().T
    theirs, shares = stock(
        [q, history, keys], mask=[None, mask], return_attention_scores=True
    )  # fmt: skip
    assert_allclose(weights, shares[:, 0], atol=1e-5)
    assert_allclose(context, theirs[:, 0], atol=1e-5)


def test_an_empty_history_is_the_zero_vector():
    context, weights = AttentionPooling(seed=0)(normal(2, 3, D), mask=left_mask([0, 3], 3))
    assert_array_equal(context[0], np.zeros(D))
    assert_array_equal(weights[0], np.zeros(3))
    assert np.abs(context[1]).sum() > 0


def test_pooling_does_not_care_for_the_order_of_a_set():
    history, query, order = normal(2, 5, D), normal(2, D, seed=1), [3, 0, 4, 1, 2]
    layer = AttentionPooling("bilinear", seed=0)
    context, weights = layer(history, query)
    shuffled, moved = layer(history[:, order], query)
    assert_allclose(shuffled, context, atol=1e-6)
    assert_allclose(moved, weights.numpy()[:, order], atol=1e-6)


# ---- several heads -----------------------------------------------------------------------------


def loop_heads(layer, tokens, mask=None, bias=None):
    """Multi-head attention one head and one query at a time, from the formulas."""
    batch, length, _ = tokens.shape
    h, d = layer.heads, layer.key_dim
    x = tokens.astype(np.float64) @ layer.qkv.numpy()
    x = x + (layer.qkv_bias.numpy() if layer.use_bias else 0)
    x = x.reshape(batch, length, 3, h, d)
    weights, contexts = np.zeros((batch, h, length, length)), np.zeros((batch, length, h, d))
    for b in range(batch):
        for head in range(h):
            q, k, v = (x[b, :, part, head] for part in range(3))
            for t in range(length):
                s = formulas.scaled_dot_scores(q[t], k) + (0 if bias is None else bias[head, t])
                real = np.ones(length, bool) if mask is None else mask[b].copy()
                if layer.causal:
                    real[t + 1 :] = False
                weights[b, head, t] = formulas.masked_softmax(s, real)
                contexts[b, t, head] = formulas.weighted_sum(weights[b, head, t], v)
    out = contexts.reshape(batch, length, h * d) @ layer.out.numpy()
    return out + (layer.out_bias.numpy() if layer.use_bias else 0), weights


def heads_layer(causal=True, use_bias=True, heads=2, key_dim=3, seed=5):
    """A built layer; its biases are not zero, so that a forgotten one shows."""
    layer = MultiHeadAttention(heads, key_dim, causal=causal, use_bias=use_bias, seed=seed)
    layer.build((None, None, D))
    if use_bias:
        layer.qkv_bias.assign(normal(3 * heads * key_dim, seed=8))
        layer.out_bias.assign(normal(D, seed=9))
    return layer


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_heads_equal_a_loop_over_heads_and_queries(causal, use_bias, masked):
    tokens, mask = normal(4, 5, D), left_mask(LENGTHS) if masked else None
    bias = normal(2, 5, 5, seed=4)
    layer = heads_layer(causal, use_bias)
    for b in (None, bias):
        found, weights = layer(tokens, mask=mask, bias=b)
        expected, shares = loop_heads(layer, tokens, mask, b)
        assert_allclose(weights, shares, atol=1e-5)
        assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_heads_equal_stock_keras_with_copied_weights(causal, masked):
    tokens, mask = normal(3, 5, D), left_mask([5, 3, 1]) if masked else None
    layer = heads_layer(causal)
    stock = keras.layers.MultiHeadAttention(2, 3)
    stock.build((None, 5, D), (None, 5, D))
    kernels = layer.qkv.numpy().reshape(D, 3, 2, 3)
    biases = layer.qkv_bias.numpy().reshape(3, 2, 3)
    parts = [part for i in (0, 1, 2) for part in (kernels[:, i], biases[i])]
    order = [w.path for w in stock.weights]
    assert [name.split("/")[-2] for name in order[::2]] == [
        "query", "key", "value", "attention_output",
    ]  # fmt: skip
    stock.set_weights([*parts, layer.out.numpy().reshape(2, 3, D), layer.out_bias.numpy()])
    theirs, shares = stock(
        tokens, tokens, use_causal_mask=causal, return_attention_scores=True,
        attention_mask=None if mask is None else np.repeat(mask[:, None], 5, axis=1),
    )  # fmt: skip
    found, weights = layer(tokens, mask=mask)
    real = np.ones((3, 5), bool) if mask is None else mask
    asked = real if causal else np.ones((3, 5), bool)  # stock Keras is uniform where nothing is
    assert_allclose(found.numpy()[asked], theirs.numpy()[asked], atol=1e-5)
    shares = np.moveaxis(shares.numpy(), 1, 2)
    assert_allclose(np.moveaxis(weights.numpy(), 1, 2)[asked], shares[asked], atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_weights_of_every_head_and_query_sum_to_1_over_the_real_keys(causal):
    mask = left_mask(LENGTHS)
    weights = heads_layer(causal)(normal(4, 5, D), mask=mask)[1].numpy()
    asked = mask if causal else np.repeat(mask.any(axis=1, keepdims=True), 5, axis=1)
    expected = np.broadcast_to(asked[:, None], (4, 2, 5))
    assert_allclose(weights.sum(axis=-1), expected, atol=1e-6)
    assert_array_equal(weights[np.broadcast_to(~mask[:, None, None], weights.shape)], 0)


def test_the_weights_are_not_those_of_another_axis():
    weights = heads_layer(causal=False)(normal(2, 5, D))[1].numpy()
    assert not np.allclose(weights.sum(axis=-2), 1)  # queries do not compete with each other


@pytest.mark.parametrize("causal", [True, False])
def test_vectors_at_padding_never_matter(causal):
    tokens, mask = normal(4, 5, D), left_mask(LENGTHS)
    spoilt = np.where(mask[..., None], tokens, 100 * normal(4, 5, D, seed=3))
    layer, pool = heads_layer(causal), AttentionPooling("additive", seed=0)
    assert_array_equal(layer(spoilt, mask=mask)[0][mask], layer(tokens, mask=mask)[0][mask])
    assert_array_equal(pool(spoilt, mask=mask)[0], pool(tokens, mask=mask)[0])


def test_a_real_item_may_be_the_zero_vector():
    tokens, mask = normal(1, 3, D), np.ones((1, 3), bool)
    tokens[0, 1] = 0  # a mask made from vectors would drop it
    tokens[0, 2] -= tokens[0, 2].mean()  # and one made from their sums would drop this
    layer = heads_layer(causal=False)
    assert_allclose(layer(tokens, mask=mask)[1], loop_heads(layer, tokens)[1], atol=1e-5)
    assert np.all(layer(tokens, mask=mask)[1].numpy() > 0)
    assert np.all(AttentionPooling(seed=0)(tokens, mask=mask)[1].numpy() > 0)


def test_gradients_at_padding_are_0_and_finite_everywhere():
    mask, layer, pool = left_mask(LENGTHS), heads_layer(), AttentionPooling("cosine", seed=0)
    tokens = tf.Variable(normal(4, 5, D) * 10)
    with tf.GradientTape() as tape:
        outputs = tf.boolean_mask(layer(tokens, mask=mask)[0], mask)
        loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(pool(tokens, mask=mask)[0] ** 2)
    gradients = tape.gradient(loss, [tokens, *layer.trainable_weights, *pool.trainable_weights])
    for gradient in gradients:
        assert np.isfinite(gradient.numpy()).all()
    assert_array_equal(gradients[0].numpy()[~mask], 0)
    assert np.abs(gradients[0].numpy()[mask]).min() > 0


@pytest.mark.parametrize("extra", [1, 4])
def test_more_padding_on_the_left_changes_nothing(extra):
    tokens, mask = normal(4, 5, D), left_mask(LENGTHS)
    longer = np.concatenate([normal(4, extra, D, seed=6), tokens], axis=1)
    longer_mask = left_mask(LENGTHS, 5 + extra)
    layer, pool = heads_layer(), AttentionPooling(seed=0)
    outputs = layer(longer, mask=longer_mask)[0][:, extra:]
    assert_allclose(outputs[mask], layer(tokens, mask=mask)[0][mask], atol=1e-6)
    assert_allclose(pool(longer, mask=longer_mask)[0], pool(tokens, mask=mask)[0], atol=1e-6)


@quick
@given(t=st.integers(0, 3), seed=st.integers(0, 100), masked=st.booleans())
def test_the_future_never_leaks(t, seed, masked):
    tokens, mask = normal(4, 5, D, seed=seed), left_mask(LENGTHS) if masked else None
    later = tokens.copy()
    later[:, t + 1 :] = 100 * normal(4, 4 - t, D, seed=seed + 1)
    layer = heads_layer()
    for found, expected in zip(layer(later, mask=mask), layer(tokens, mask=mask), strict=True):
        axis = 1 if found.shape[1] == 5 else 2
        early = np.take(found, range(t + 1), axis), np.take(expected, range(t + 1), axis)
        assert_array_equal(*early)


def test_a_position_sees_itself_and_its_past_when_causal_and_all_when_not():
    tokens = normal(2, 5, D)
    past = heads_layer()(tokens)[1].numpy() > 0
    assert_array_equal(past, np.broadcast_to(np.tril(np.ones((5, 5), bool)), past.shape))
    assert np.all(heads_layer(causal=False)(tokens)[1].numpy() > 0)


def test_without_masks_the_outputs_move_with_the_tokens():
    tokens, order = normal(2, 5, D), np.array([3, 0, 4, 1, 2])
    layer = heads_layer(causal=False)
    outputs, weights = (x.numpy() for x in layer(tokens))
    shuffled, moved = layer(tokens[:, order])
    assert_allclose(shuffled, outputs[:, order], atol=1e-5)
    assert_allclose(moved, weights[:, :, order][..., order], atol=1e-5)
    causal = heads_layer()
    assert not np.allclose(causal(tokens[:, order])[0], causal(tokens)[0].numpy()[:, order])


def test_rows_of_a_batch_do_not_see_each_other():
    tokens, mask = normal(4, 5, D), left_mask(LENGTHS)
    other = tokens.copy()
    other[1:] = 100 * normal(3, 5, D, seed=7)
    other_mask = mask.copy()
    other_mask[1:] = left_mask([1, 0, 5])
    for layer in (heads_layer(), heads_layer(causal=False), AttentionPooling("cosine", seed=0)):
        for found, expected in zip(
            layer(other, mask=other_mask), layer(tokens, mask=mask), strict=True
        ):
            assert_array_equal(found[0], expected[0])


def test_heads_differ_and_a_bias_belongs_to_one_of_them():
    tokens, layer = normal(2, 5, D), heads_layer()
    weights = layer(tokens)[1].numpy()
    assert not np.allclose(weights[:, 0], weights[:, 1])
    bias = np.zeros((1, 2, 5, 5), np.float32)
    bias[:, 1, :, 0] = 50.0
    biased = layer(tokens, bias=bias)[1].numpy()
    assert_allclose(biased[:, 0], weights[:, 0], atol=1e-6)
    assert_allclose(biased[:, 1, :, 0], 1, atol=1e-6)


def test_huge_tokens_stay_finite():
    tokens = normal(4, 5, D) * 1e4
    for layer in (heads_layer(), AttentionPooling("dot", temperature=1e-3, seed=0)):
        for found in layer(tokens, mask=left_mask(LENGTHS)):
            assert np.isfinite(found.numpy()).all()


# ---- precision, saving, training ---------------------------------------------------------------


@pytest.mark.parametrize("kind", SCORES)
def test_half_precision_is_close_and_finite(kind):
    query, keys, mask = normal(4, 1, D), normal(4, 5, D, seed=1), left_mask(LENGTHS)
    full, half = Score(kind, seed=3), Score(kind, dtype="float16")
    for layer in (full, half):
        layer.build((4, 1, D), (4, 5, D))
    half.set_weights(full.get_weights())
    found = half(query.astype(np.float16), keys.astype(np.float16))
    assert found.dtype == tf.float16
    assert_allclose(found, full(query, keys), atol=1e-2)
    weights = masked_softmax(found[:, 0], mask)
    assert_allclose(weights, masked_softmax(full(query, keys)[:, 0], mask), atol=1e-2)


@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("kind", SCORES)
def test_pooling_under_mixed_float16(kind):
    history, query, mask = normal(4, 5, D), normal(4, D, seed=1), left_mask(LENGTHS)
    for q in (query, None):
        half, full = (AttentionPooling(kind, seed=2, dtype=t) for t in (None, "float32"))
        for found, expected in zip(
            half(history, q, mask=mask), full(history, q, mask=mask), strict=True
        ):
            assert found.dtype == tf.float16
            assert_allclose(found, expected, atol=1e-2)
        assert {w.dtype for w in half.trainable_weights} <= {"float32"}


@pytest.mark.usefixtures("mixed_float16")
def test_heads_under_mixed_float16():
    tokens, mask = normal(4, 5, D), left_mask(LENGTHS)
    half = MultiHeadAttention(2, 3, causal=True, seed=5)
    full = MultiHeadAttention(2, 3, causal=True, seed=5, dtype="float32")
    bias = normal(1, 2, 5, 5, seed=1)
    for found, expected in zip(
        half(tokens, mask=mask, bias=bias), full(tokens, mask=mask, bias=bias), strict=True
    ):
        assert found.dtype == tf.float16
        assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize(
    "layer",
    [
        Score("additive", units=6, temperature=0.5, seed=3, name="judge"),
        AttentionPooling("bilinear", temperature=0.5, seed=4, name="pool"),
        MultiHeadAttention(2, 3, causal=True, use_bias=False, seed=5, name="heads"),
    ],
    ids=lambda layer: layer.name,
)
def test_a_layer_is_built_again_from_its_config(layer):
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    again = type(layer).from_config(config)
    assert again.get_config() == config
    inputs = (normal(2, 1, D), normal(2, 5, D)) if layer.name == "judge" else (normal(2, 5, D),)
    for found, expected in zip(
        tf.nest.flatten(again(*inputs)), tf.nest.flatten(layer(*inputs)), strict=True
    ):
        assert_array_equal(found, expected)  # the same seed, so the same first weights


def test_another_seed_gives_other_weights_and_no_seed_differs_each_time():
    def first(seed):
        layer = MultiHeadAttention(2, 3, seed=seed)
        layer.build((None, None, D))
        return layer.qkv.numpy()

    assert_array_equal(first(1), first(1))
    assert not np.allclose(first(1), first(2))
    assert not np.allclose(first(None), first(None))


def tiny_model(kind="scaled_dot", handed=True):
    """Ids to one number through every layer of the module."""
    ids = keras.Input((None,), dtype="int32")
    mask = keras.ops.not_equal(ids, 0)
    h = keras.layers.Embedding(
        8, D, embeddings_initializer=keras.initializers.RandomNormal(seed=1)
    )(ids)
    h, _ = MultiHeadAttention(2, 3, causal=True, seed=2)(h, mask=mask)
    query = h[:, -1] if handed else None
    z, weights = AttentionPooling(kind, seed=3)(h, query, mask=mask)
    start = keras.initializers.GlorotUniform(seed=4)
    y = keras.layers.Dense(1, kernel_initializer=start, dtype="float32")(z)
    return keras.Model(ids, [y, weights])


def padded_ids():
    return np.array([[0, 0, 1, 2, 3], [0, 0, 0, 0, 4], [5, 6, 7, 1, 2], [0, 0, 0, 0, 0]], np.int32)


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("handed", [True, False])
def test_a_model_with_the_layers_is_saved_and_loaded(kind, handed, tmp_path):
    model = tiny_model(kind, handed)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for found, expected in zip(again(padded_ids()), model(padded_ids()), strict=True):
        assert_array_equal(found, expected)
    longer = np.pad(padded_ids(), ((0, 0), (3, 0)))
    assert_allclose(again(longer)[0], model(padded_ids())[0], atol=1e-6)


def trained_step(model):
    """One step of plain SGD; returns the weights after it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the second output has no loss: Keras says so
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss=["mse", None])
        history = model.fit(
            padded_ids(), np.arange(4.0, dtype=np.float32)[:, None],
            epochs=1, batch_size=4, shuffle=False, verbose=0,
        )  # fmt: skip
    assert np.isfinite(history.history["loss"]).all()
    return model.get_weights()


def test_one_step_of_fit_moves_every_parameter():
    model = tiny_model("additive", handed=False)
    before = model.get_weights()
    for name, old, new in zip(
        [w.path for w in model.weights], before, trained_step(model), strict=True
    ):
        assert np.isfinite(new).all()
        assert not np.array_equal(old, new), name


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
def test_one_step_of_fit_under_mixed_float16():
    for weight in trained_step(tiny_model("cosine")):
        assert np.isfinite(weight).all()


@pytest.mark.slow
def test_one_step_under_a_distribution_strategy_is_the_same_step():
    plain = trained_step(tiny_model("bilinear"))
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = tiny_model("bilinear")
    for found, expected in zip(trained_step(model), plain, strict=True):
        assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("kind", SCORES)
def test_a_tf_function_gives_the_same_for_every_length(kind):
    layer, pool = heads_layer(), AttentionPooling(kind, seed=0)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, D], tf.float32), tf.TensorSpec([None, None], tf.bool)
        ]
    )  # fmt: skip
    def graph(tokens, mask):
        h, weights = layer(tokens, mask=mask)
        return (h, weights, *pool(h, mask=mask))

    for length in (1, 5):
        tokens, mask = normal(4, length, D), left_mask([1, 1, 0, 1], length)
        h, weights = layer(tokens, mask=mask)
        for found, expected in zip(
            graph(tokens, mask), (h, weights, *pool(h, mask=mask)), strict=True
        ):
            assert_allclose(found, expected, atol=1e-6)


def test_the_mask_of_an_embedding_is_taken_and_not_handed_on():
    ids = padded_ids()
    embed = keras.layers.Embedding(8, D, mask_zero=True)
    layer, pool = heads_layer(), AttentionPooling(seed=0)
    plain = tf.constant(embed(ids).numpy())
    for one in (layer, pool):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = one(embed(ids))
        for x, y in zip(found, one(plain, mask=ids > 0), strict=True):
            assert_array_equal(x, y)
            assert getattr(x, "_keras_mask", None) is None


TWO_DEVICES = """
import sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from attnrec_lite.attention import AttentionPooling
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
def step():
    x = keras.Input((3, 4))
    z, _ = AttentionPooling("bilinear", seed=1)(x)
    model = keras.Model(x, keras.layers.Dense(1, kernel_initializer="ones")(z))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    rng = np.random.default_rng(0)
    data = rng.normal(size=(4, 3, 4)).astype("float32"), np.ones((4, 1), "float32")
    model.fit(*data, batch_size=4, verbose=0, shuffle=False)
    return np.concatenate([w.ravel() for w in model.get_weights()])
alone = step()
with strategy.scope():
    together = step()
np.testing.assert_allclose(together, alone, atol=1e-6)
print("same")
"""


@pytest.mark.slow
def test_one_step_on_two_devices_is_the_step_on_one():
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "same", done.stderr[-2000:]


# ---- whole numbers, as a newcomer types them -----------------------------------------------------


@pytest.mark.parametrize("kind", ["dot", "scaled_dot", "cosine"])
def test_whole_numbers_give_the_scores_of_the_same_floats(kind):
    query, keys = [1, 0], [[1, 0], [1, 1], [-3, 2]]
    floats = scores(np.array(query, "float32"), np.array(keys, "float32"), kind)
    assert_array_equal(scores(query, keys, kind), floats)
    assert_array_equal(masked_softmax([[1, 2]]), masked_softmax([[1.0, 2.0]]))


def test_scores_of_different_widths_are_refused_by_name():
    with pytest.raises(ValueError, match="^keys: expected width 2, as query has"):
        scores([1.0, 0.0], [[1.0, 0.0, 0.0]])
