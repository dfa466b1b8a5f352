"""What goes into a block and what it does, against loops, by hand and by what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import (
    attend,
    feed_forward,
    input_tokens,
    layer_norm,
    transformer_block,
    visible,
)

quick = settings(deadline=None, max_examples=40)
numbers = st.floats(-20, 20).map(lambda x: round(x, 3))


def some(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def tokens(draw):
    shape = (draw(st.integers(1, 5)), draw(st.integers(2, 5)))
    return draw(arrays(np.float64, shape, elements=numbers))


# input_tokens ------------------------------------


@quick
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 3))
def test_padding_on_the_left_moves_no_token(ids, pads):
    table, positions = some(5, 4), some(10, 4, seed=1)
    alone = input_tokens(table, ids, positions)
    padded = input_tokens(table, [0] * pads + ids, positions)
    assert_array_equal(padded[pads:], alone)
    assert_array_equal(padded[:pads], 0)


def test_the_root_of_the_width_multiplies_the_item_and_not_its_place():
    table, positions = some(3, 9), some(2, 9, seed=1)
    found = input_tokens(table, [2, 1], positions)
    assert_allclose(found, [3 * table[2] + positions[1], 3 * table[1] + positions[0]])


def test_the_row_of_padding_is_never_read():
    table = some(3, 4)
    table[0] = np.nan
    assert np.isfinite(input_tokens(table, [[0, 2], [1, 2]], some(2, 4))).all()


@pytest.mark.parametrize("ids", [[3], [-1], [0.5], 2, [[1], [7]]])
def test_an_id_that_is_no_row_is_refused(ids):
    with pytest.raises(ValueError, match=r"ids: expected integers in 0\.\.2; received"):
        input_tokens(some(3, 4), ids, some(2, 4))


def test_too_few_positions_are_refused():
    with pytest.raises(ValueError, match="positions: expected 3 rows or more"):
        input_tokens(some(3, 4), [1, 1, 1], some(2, 4))


# layer_norm ------------------------------------


@quick
@given(tokens())
def test_layer_norm_equals_a_loop_over_tokens(x):
    found = layer_norm(x)
    for row, normed in zip(x, found, strict=True):
        mean = sum(row) / len(row)
        variance = sum((value - mean) ** 2 for value in row) / len(row)
        assert_allclose(normed, [(v - mean) / math.sqrt(variance + 1e-6) for v in row], atol=1e-9)


@quick
@given(tokens(), st.floats(-5, 5), st.floats(0.5, 5))
def test_layer_norm_forgets_level_and_size(x, level, size):
    spread = x.std(axis=1)
    x = x[spread > 0.5]  # below, epsilon is no longer small beside the variance
    assert_allclose(layer_norm(size * x + level), layer_norm(x), atol=1e-4)


def test_no_token_learns_of_another():
    x = some(4, 6)
    other = x.copy()
    other[2] += 5
    assert_array_equal(np.delete(layer_norm(other), 2, 0), np.delete(layer_norm(x), 2, 0))


def test_padding_comes_out_as_the_shift_and_not_as_zero():
    assert_allclose(layer_norm(np.zeros((1, 3)), shift=[1, 2, 3]), [[1, 2, 3]])


def test_layer_norm_says_what_does_not_fit():
    with pytest.raises(ValueError, match="gain: expected width 2, as tokens has"):
        layer_norm([[1, 2]], gain=[1, 2, 3])
    with pytest.raises(ValueError, match="epsilon: expected a finite number above 0; received 0"):
        layer_norm([[1, 2]], epsilon=0)
    with pytest.raises(ValueError, match="tokens: expected shape"):
        layer_norm(3.0)


# feed_forward ------------------------------------


@quick
@given(tokens(), st.integers(0, 99))
def test_feed_forward_equals_a_loop_over_units(x, seed):
    inner, outer = some(x.shape[1], 3, seed=seed), some(3, 2, seed=seed + 1)
    b, c = some(3, seed=seed + 2), some(2, seed=seed + 3)
    found = feed_forward(x, inner, outer, b, c)
    for row, out in zip(x, found, strict=True):
        units = [max(0.0, sum(row * inner[:, u]) + b[u]) for u in range(3)]
        assert_allclose(out, sum(units[u] * outer[u] for u in range(3)) + c, atol=1e-9)


def test_feed_forward_says_what_does_not_fit():
    with pytest.raises(ValueError, match="inner_matrix: expected 2 rows; received shape"):
        feed_forward([[1, 2]], np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match="outer_matrix: expected 3 rows; received shape"):
        feed_forward([[1, 2]], np.ones((2, 3)), np.eye(2))


# transformer_block ------------------------------------


def parts(d, inner, seed=0):
    return list(some(4, d, d, seed=seed)), [some(d, inner, seed=seed + 1), some(inner, d)]


@quick
@given(tokens(), st.integers(0, 99))
def test_a_block_is_its_two_steps_written_out(x, seed):
    (q, k, v, o), (w1, w2) = parts(x.shape[1], 3, seed)
    seen = visible(np.ones(len(x), bool), causal=True)
    normed = layer_norm(x)
    y = x + attend(normed @ q, normed @ k, normed @ v, seen)[0] @ o
    expected = y + np.maximum(layer_norm(y) @ w1, 0) @ w2
    found, weights = transformer_block(x, [q, k, v, o], [w1, w2], seen)
    assert_allclose(found, expected, atol=1e-9)
    assert weights.shape == (1, len(x), len(x))


def test_with_a_causal_mask_nothing_before_an_edit_moves():
    x, (matrices, forward) = some(6, 4), parts(4, 8)
    seen = visible(np.ones(6, bool), causal=True)
    edited = x.copy()
    edited[3, 0] += 1  # all four alike would be level, which the norm forgets
    one, two = (transformer_block(z, matrices, forward, seen, heads=2)[0] for z in (x, edited))
    assert_array_equal(one[:3], two[:3])
    assert (np.abs(one - two)[3:].max(axis=1) > 0).all()


def test_a_block_whose_outer_matrices_are_zero_adds_nothing():
    x, (matrices, forward) = some(5, 4), parts(4, 8)
    matrices[3], forward[1] = np.zeros((4, 4)), np.zeros((8, 4))
    assert_array_equal(transformer_block(x, matrices, forward)[0], x)


def test_shifts_of_the_feed_forward_step_are_used():
    x, (matrices, forward) = some(5, 4), parts(4, 8)
    plain = transformer_block(x, matrices, forward)[0]
    moved = transformer_block(x, matrices, [*forward, np.zeros(8), np.full(4, 2.0)])[0]
    assert_allclose(moved, plain + 2)
