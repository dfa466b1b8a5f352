"""``attend``, ``visible`` and ``MultiHeadAttention``: against the formulas and stock Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.attention import MultiHeadAttention, attend, visible

D = 4


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def left_mask(lengths, width):
    """True for real items, which stand on the right."""
    return np.arange(width) >= width - np.array(lengths)[:, None]


MASK = left_mask([5, 3, 1, 0], 5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("window", [None, 1, 2, 9])
def test_visible_equals_the_formula(causal, window):
    assert_array_equal(visible(MASK, causal, window), formulas.visible(MASK, causal, window))
    assert_array_equal(visible(MASK[1], causal, window), formulas.visible(MASK[1], causal, window))


def test_attend_equals_the_formula_on_ragged_batches():
    q, k, v = normal(4, 5, D), normal(4, 5, D, seed=1), normal(4, 5, 3, seed=2)
    for seen in (None, formulas.visible(MASK), formulas.visible(MASK, causal=True)):
        for found, expected in zip(
            attend(q, k, v, seen), formulas.attend(q, k, v, seen), strict=True
        ):
            assert_allclose(found, expected, atol=1e-5)


def test_a_bias_is_added_to_the_scores_before_the_softmax():
    q, k, v, bias = normal(2, 3, D), normal(2, 3, D, seed=1), normal(2, 3, D), normal(3, 3, seed=4)
    _, weights = attend(q, k, v, bias=bias)
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(D) + bias
    assert_allclose(weights, formulas.softmax(scores), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_huge_scores_and_rows_that_see_nothing_stay_finite(dtype):
    q = tf.Variable(tf.constant(normal(4, 5, D) * 30, dtype))
    with tf.GradientTape() as tape:
        z, weights = attend(q, q, q, formulas.visible(MASK, causal=True))
        loss = tf.reduce_sum(z)
    assert z.dtype == weights.dtype == dtype
    assert_array_equal(z.numpy()[~MASK], 0)
    for x in (z, weights, tape.gradient(loss, q)):
        assert np.isfinite(x.numpy()).all()


def test_whole_numbers_are_taken_as_floats():
    z, a = attend([[1, 0]], [[0, 1], [0, 2]], [[1], [2]])
    assert_allclose(a, [[0.5, 0.5]])
    assert_allclose(z, [[1.5]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attend([[1.0]], [[1.0, 2.0]], [[1.0]]), "^keys: expected width 1"),
        (lambda: attend([[1.0]], [[1.0]], [[1.0]], [[1]]), "^mask: expected booleans"),
        (lambda: visible([1, 0]), "^mask: expected booleans, True = real item; received int32"),
        (lambda: visible([True], window=0), "^window: expected an integer of at least 1"),
        (lambda: MultiHeadAttention(1, 2, window=0), "^window: expected an integer of at least 1"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- the layer, both uses ------------------------------------------------------------------------


def heads_layer(**options):
    """A built layer whose biases are not zero, so that a forgotten one shows."""
    layer = MultiHeadAttention(2, 3, seed=5, **options)
    layer.build((None, None, D))
    if layer.use_bias:
        layer.qkv_bias.assign(normal(18, seed=8))
        layer.out_bias.assign(normal(D, seed=9))
    return layer


def stock_with_the_weights_of(layer):
    stock = keras.layers.MultiHeadAttention(layer.heads, layer.key_dim, use_bias=layer.use_bias)
    stock.build((None, None, D), (None, None, D))
    parts = np.split(layer.qkv.numpy(), 3, axis=1)
    biases = np.split(layer.qkv_bias.numpy(), 3) if layer.use_bias else [None] * 3
    values = [x for pair in zip(parts, biases, strict=True) for x in pair if x is not None]
    values += [layer.out.numpy(), *([layer.out_bias.numpy()] if layer.use_bias else [])]
    stock.set_weights([v.reshape(w.shape) for v, w in zip(values, stock.weights, strict=True)])
    return stock


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_cross_attention_equals_stock_keras_with_copied_weights(use_bias, masked):
    tokens, memory, layer = normal(3, 2, D), normal(3, 5, D, seed=1), heads_layer(use_bias=use_bias)
    mask = left_mask([5, 3, 1], 5) if masked else None
    theirs, shares = stock_with_the_weights_of(layer)(
        tokens, memory, return_attention_scores=True,
        attention_mask=None if mask is None else np.repeat(mask[:, None], 2, axis=1),
    )  # fmt: skip
    found, weights = layer(tokens, memory=memory, memory_mask=mask)
    assert weights.shape == (3, 2, 2, 5)
    assert_allclose(weights, shares, atol=1e-5)
    assert_allclose(found, theirs, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 2}])
def test_self_attention_equals_stock_keras_and_the_formula(options):
    tokens, layer = normal(3, 5, D), heads_layer(use_bias=False, **options)
    seen = formulas.visible(np.ones((3, 5), bool), **options)
    found, weights = layer(tokens)
    matrices = np.split(layer.qkv.numpy(), 3, axis=1)
    expected, shares = formulas.multi_head(tokens, *matrices, layer.out.numpy(), 2, seen[0])
    assert_allclose(found, expected, atol=1e-5)
    assert_allclose(weights, shares, atol=1e-5)
    theirs = stock_with_the_weights_of(layer)(tokens, tokens, attention_mask=seen)
    assert_allclose(found, theirs, atol=1e-5)


def test_cross_attention_with_itself_is_self_attention():
    tokens, mask, layer = normal(4, 5, D), MASK, heads_layer()
    for one, other in zip(
        layer(tokens, mask=mask), layer(tokens, memory=tokens, memory_mask=mask), strict=True
    ):
        assert_allclose(one, other, atol=1e-6)


def test_an_empty_memory_gives_weights_of_zero_and_padding_of_it_never_matters():
    tokens, memory, layer = normal(4, 2, D), normal(4, 5, D, seed=1), heads_layer()
    spoilt = np.where(MASK[..., None], memory, 100.0).astype(np.float32)
    found, weights = layer(tokens, memory=memory, memory_mask=MASK)
    assert_array_equal(layer(tokens, memory=spoilt, memory_mask=MASK)[0], found)
    assert_array_equal(weights.numpy()[3], 0)


@pytest.mark.parametrize("options", [{"causal": True}, {"window": 2}])
def test_a_memory_has_no_common_order_with_the_tokens(options):
    layer = heads_layer(**options)
    with pytest.raises(ValueError, match="memory: expected none with causal or window"):
        layer(normal(1, 2, D), memory=normal(1, 5, D))


def test_the_mask_of_a_memory_is_taken_from_its_embedding():
    ids = np.array([[0, 0, 3], [1, 2, 3]])
    layer, embed = heads_layer(), keras.layers.Embedding(4, D, mask_zero=True)
    tokens, plain = normal(2, 2, D), tf.constant(embed(ids).numpy())
    found = layer(tokens, memory=embed(ids))[1]
    assert_array_equal(found, layer(tokens, memory=plain, memory_mask=ids > 0)[1])
    assert_array_equal(found.numpy()[0, ..., :2], 0)


@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 2}])
def test_the_layer_is_rebuilt_from_its_config(options):
    layer = heads_layer(**options)
    again = MultiHeadAttention.from_config(layer.get_config())
    again.build((None, None, D))
    again.set_weights(layer.get_weights())
    assert_array_equal(again(normal(2, 5, D))[0], layer(normal(2, 5, D))[0])


def test_cross_attention_is_saved_and_loaded(tmp_path):
    tokens, memory = keras.Input((None, D)), keras.Input((None, D))
    mask = keras.Input((None,), dtype="bool")
    out, _ = heads_layer()(tokens, memory=memory, memory_mask=mask)
    model = keras.Model([tokens, memory, mask], out)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    arguments = [normal(4, 2, D), normal(4, 5, D, seed=1), MASK]
    assert_array_equal(again(arguments), model(arguments))


@pytest.mark.parametrize("cross", [True, False])
def test_a_tf_function_gives_the_same(cross):
    layer, tokens, memory = heads_layer(), normal(2, 3, D), normal(2, 5, D, seed=1)

    @tf.function
    def graph(x, m):
        return layer(x, memory=m) if cross else layer(x)

    eager = layer(tokens, memory=memory) if cross else layer(tokens)
    for found, expected in zip(graph(tokens, memory), eager, strict=True):
        assert_allclose(found, expected, atol=1e-6)


def test_mixed_float16_stays_finite_with_rows_that_see_nothing():
    layer = MultiHeadAttention(2, 3, causal=True, seed=0, dtype="mixed_float16")
    found, weights = layer(100 * normal(4, 5, D), mask=MASK)
    assert found.dtype == weights.dtype == "float16"
    assert np.isfinite(found.numpy()).all()
    assert_array_equal(weights.numpy()[3], 0)


def test_a_mask_of_a_memory_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="memory_mask: expected none without memory"):
        heads_layer()(normal(2, 3, D), memory_mask=np.ones((2, 5), bool))
