"""Routes against the formulas, against stock attention with the same weights, and their limits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from attnrec_lite import formulas
from attnrec_lite.attention import MultiHeadAttention
from attnrec_lite.efficiency import RoutedAttention, linear_attend, low_rank_attend, window_attend
from attnrec_lite.efficiency.attention import CHUNK


def three(n, d=4, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return (scale * rng.normal(size=(3, 1, n, d))).astype(np.float32)


def all_real(n):
    return np.ones((1, n), bool)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n", [1, 5, CHUNK, CHUNK + 1, 3 * CHUNK - 7])
def test_linear_attend_is_the_formula(n, causal):
    q, k, v = three(n)
    found = linear_attend(q, k, v, all_real(n), causal)
    expected = formulas.linear_attention(q[0], k[0], v[0], causal)
    assert_allclose(found[0], expected, atol=1e-5)


@pytest.mark.parametrize("window", [1, 3, 8, 50])
@pytest.mark.parametrize("n", [1, 7, 8, 25])
def test_window_attend_is_the_formula(n, window):
    q, k, v = three(n)
    found = window_attend(q, k, v, window, all_real(n))
    assert_allclose(found[0], formulas.window_attention(q[0], k[0], v[0], window)[0], atol=1e-5)


def test_low_rank_attend_is_the_formula():
    q, k, v = three(9)
    mix = np.random.default_rng(1).normal(size=(3, 9))
    expected = formulas.low_rank_attention(q[0], k[0], v[0], mix)[0]
    assert_allclose(low_rank_attend(q, k, v, mix, all_real(9))[0], expected, atol=1e-5)


@pytest.mark.parametrize("call", ["linear", "causal", "window", "low_rank"])
def test_padding_is_looked_at_by_nobody(call):
    q, k, v = three(9)
    mask = np.arange(9)[None] >= 4
    mix = np.random.default_rng(1).normal(size=(3, 9)).astype(np.float32)

    def outputs(k, v):
        return {
            "linear": lambda: linear_attend(q, k, v, mask),
            "causal": lambda: linear_attend(q, k, v, mask, causal=True),
            "window": lambda: window_attend(q, k, v, 3, mask),
            "low_rank": lambda: low_rank_attend(q, k, v, mix, mask),
        }[call]().numpy()

    other = k.copy(), v.copy()
    other[0][:, :4], other[1][:, :4] = 50.0, -50.0
    assert_allclose(outputs(*other)[:, 4:], outputs(k, v)[:, 4:], atol=1e-6)
    if call in ("causal", "window"):
        assert not outputs(k, v)[:, :4].any()  # nothing real is seen


@pytest.mark.parametrize("call", ["causal", "window"])
def test_the_future_does_not_leak(call):
    q, k, v = three(150)

    def outputs(k, v):
        if call == "causal":
            return linear_attend(q, k, v, all_real(150), causal=True).numpy()
        return window_attend(q, k, v, 20, all_real(150)).numpy()

    other = k.copy(), v.copy()
    other[0][:, 70:], other[1][:, 70:] = 9.0, 9.0
    assert_allclose(outputs(*other)[:, :70], outputs(k, v)[:, :70], atol=1e-6)
    assert np.abs(outputs(*other)[:, 70:] - outputs(k, v)[:, 70:]).max() > 0.1


def test_where_nothing_is_real_the_answer_is_nothing():
    q, k, v = three(5)
    nobody = np.zeros((1, 5), bool)
    for z in (
        linear_attend(q, k, v, nobody),
        linear_attend(q, k, v, nobody, causal=True),
        window_attend(q, k, v, 2, nobody),
        low_rank_attend(q, k, v, np.ones((2, 5), np.float32), nobody),
    ):
        assert not np.asarray(z).any()


def test_huge_numbers_stay_finite():
    q, k, v = three(6, scale=1e3)
    for z in (
        linear_attend(-np.abs(q), -np.abs(k), v, all_real(6)),
        window_attend(q * 1e3, k * 1e3, v, 2, all_real(6)),
    ):
        assert np.isfinite(z).all()


def same_weights(source, layer, tokens):
    layer(tokens)
    for name in ("qkv", "out", "qkv_bias", "out_bias"):
        getattr(layer, name).assign(getattr(source, name))
    return layer


def test_a_window_layer_is_the_stock_layer_with_the_same_weights():
    tokens = np.random.default_rng(3).normal(size=(2, 23, 8)).astype(np.float32)
    mask = np.arange(23)[None] >= np.array([[0], [9]])
    stock = MultiHeadAttention(2, 4, causal=True, window=5, seed=1)
    expected = stock(tokens, mask=mask)[0]
    layer = same_weights(stock, RoutedAttention(2, 4, "window", size=5), tokens)
    assert_allclose(layer(tokens, mask=mask), expected, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_the_full_route_is_the_stock_layer(causal):
    tokens = np.random.default_rng(4).normal(size=(2, 6, 8)).astype(np.float32)
    mask = np.arange(6)[None] >= np.array([[0], [2]])
    stock = MultiHeadAttention(2, 4, causal=causal, seed=1)
    expected = stock(tokens, mask=mask)[0]
    layer = same_weights(stock, RoutedAttention(2, 4, "full", causal=causal), tokens)
    assert_allclose(layer(tokens, mask=mask), expected, atol=1e-5)


def test_low_rank_with_a_mixture_for_each_place_is_the_stock_layer():
    tokens = np.random.default_rng(5).normal(size=(2, 6, 8)).astype(np.float32)
    stock = MultiHeadAttention(2, 4, seed=1)
    expected = stock(tokens)[0]
    layer = same_weights(stock, RoutedAttention(2, 4, "low_rank", size=6, length=6), tokens)
    layer.summaries.assign(np.eye(6))
    assert_allclose(layer(tokens), expected, atol=1e-5)


def test_shorter_rows_take_the_places_of_the_newest():
    tokens = np.random.default_rng(6).normal(size=(2, 6, 8)).astype(np.float32)
    layer = RoutedAttention(2, 4, "low_rank", size=3, length=9, seed=0)
    mask = np.arange(9)[None] >= 3
    padded = np.concatenate([np.zeros((2, 3, 8), np.float32), tokens], axis=1)
    assert_allclose(layer(padded, mask=np.tile(mask, (2, 1)))[:, 3:], layer(tokens), atol=1e-5)


@pytest.mark.parametrize("route", ["full", "window", "low_rank", "linear"])
def test_a_layer_learns_saves_and_computes_in_a_function(route, tmp_path):
    layer = RoutedAttention(2, 4, route, size=3, length=7, seed=0)
    tokens = np.random.default_rng(7).normal(size=(16, 7, 8)).astype(np.float32)
    model = keras.Sequential([keras.Input((7, 8)), layer])
    model.compile("adam", "mse", jit_compile=False)
    before = [np.array(w) for w in model.get_weights()]
    model.fit(tokens, tokens, verbose=0)
    moved = [np.abs(a - b).max() for a, b in zip(before, model.get_weights(), strict=True)]
    assert min(moved) > 0 or route == "full"  # a bias of keys cancels in a softmax, as a whole
    model.save(tmp_path / "layer.keras")
    again = keras.models.load_model(tmp_path / "layer.keras")
    assert_allclose(again.predict(tokens, verbose=0), model.predict(tokens, verbose=0), atol=1e-6)
    assert again.layers[0].get_config() == layer.get_config()
    assert_allclose(tf.function(layer)(tokens), layer(tokens), atol=1e-5)


def test_half_precision_sums_long_rows_in_single(mixed_float16):
    layer = RoutedAttention(1, 8, "linear", causal=True, seed=0)
    tokens = np.abs(np.random.default_rng(8).normal(size=(1, 3000, 8))) * 30
    found = layer(tokens.astype(np.float16))
    assert found.dtype == tf.float16
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RoutedAttention(1, 4, "flash"), "^route: expected one of full, window, low_rank"),
        (lambda: RoutedAttention(1, 4, "window", size=0), "^size: expected an integer"),
        (lambda: RoutedAttention(1, 4, "low_rank", causal=True), "^causal: expected False for low"),
        (
            lambda: RoutedAttention(1, 4, "low_rank", length=2)(np.zeros((1, 3, 4), np.float32)),
            "tokens: expected rows of at most 2; received 3",
        ),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_route_has_no_past_to_extend():
    with pytest.raises(NotImplementedError, match="keeps no keys"):
        RoutedAttention(1, 4).extend(None, None)
