"""Many queries at once: against plain loops, by hand-worked values, and by what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import attend, masked_softmax, multi_head, project, visible

quick = settings(deadline=None, max_examples=40)
numbers = st.floats(-20, 20).map(lambda x: round(x, 3))
S4 = np.add.outer([0.0, 0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4])  # its example, Q = K = V


def matrix(rng_or_draw, rows, columns):
    return rng_or_draw(arrays(np.float64, (rows, columns), elements=numbers))


@st.composite
def attention_inputs(draw):
    """Queries, keys, values and who sees whom: ragged, some rows empty, ties by small grids."""
    n, m, d, e = (draw(st.integers(1, 5)) for _ in range(4))
    seen = draw(arrays(bool, (n, m)))
    return matrix(draw, n, d), matrix(draw, m, d), matrix(draw, m, e), seen


def loop_attend(q, k, v, seen):
    """One number at a time."""
    n, m = len(q), len(k)
    weights, outputs = np.zeros((n, m)), np.zeros((n, v.shape[1]))
    for i in range(n):
        scores = {
            j: sum(a * b for a, b in zip(q[i], k[j], strict=True)) / math.sqrt(len(k[j]))
            for j in range(m)
            if seen[i, j]
        }
        top = max(scores.values(), default=0.0)
        total = sum(math.exp(s - top) for s in scores.values())
        for j, s in scores.items():
            weights[i, j] = math.exp(s - top) / total
            outputs[i] += weights[i, j] * v[j]
    return outputs, weights


@quick
@given(attention_inputs())
def test_attend_equals_a_loop_over_queries_and_keys(inputs):
    for found, expected in zip(attend(*inputs), loop_attend(*inputs), strict=True):
        assert_allclose(found, expected, atol=1e-9)


@quick
@given(attention_inputs())
def test_rows_sum_to_1_or_see_nothing_and_get_the_zero_vector(inputs):
    outputs, weights = attend(*inputs)
    sees = inputs[3].any(axis=1)
    assert_allclose(weights.sum(axis=1), sees, atol=1e-12)
    assert_array_equal(outputs[~sees], 0)
    assert_array_equal(weights[~inputs[3]], 0)


def test_the_keys_compete_and_not_the_queries():
    _, weights = attend(*np.random.default_rng(0).normal(size=(3, 4, 2)))
    assert_allclose(weights.sum(axis=1), 1)
    assert not np.allclose(weights.sum(axis=0), 1)


def test_the_weights_of_s4s_example_are_those_worked_by_hand():
    outputs, weights = attend(S4, S4, S4)
    assert_allclose(weights[0], [0.231574, 0.243447, 0.255929, 0.269050], atol=1e-6)
    assert_allclose(weights[3], [0.2104, 0.2348, 0.2621, 0.2926], atol=5e-5)
    assert_allclose(outputs[0], [0.256246, 0.356246, 0.456246, 0.556246], atol=1e-6)
    half = masked_softmax(S4 @ S4.T / np.sqrt(0.5), np.ones((4, 4), bool))  # its own d_k
    assert_allclose(half[0], [0.1997, 0.2300, 0.2650, 0.3052], atol=5e-5)
    assert_allclose(half[3], [0.1477, 0.2016, 0.2752, 0.3756], atol=5e-5)


def test_the_divisor_is_the_length_of_a_key_and_not_how_many_there_are():
    q, k = np.ones((1, 9)), np.array([[1.0] * 9, [0.0] * 9])
    weights = attend(q, k, [[0], [0]])[1][0]
    assert_allclose(np.log(weights[0] / weights[1]), 9 / 3)


@quick
@given(attention_inputs(), st.integers(0, 10**6))
def test_moving_the_items_moves_the_outputs_and_nothing_else(inputs, seed):
    q, k, v, seen = inputs
    order = np.random.default_rng(seed).permutation(len(k))
    outputs, weights = attend(q, k, v, seen)
    same, moved = attend(q, k[order], v[order], seen[:, order])
    assert_allclose(same, outputs, atol=1e-9)  # somebody else asks: invariant
    assert_allclose(moved, weights[:, order], atol=1e-9)
    own, _ = attend(k, k, v)
    assert_allclose(attend(k[order], k[order], v[order])[0], own[order], atol=1e-9)  # equivariant


def test_leading_axes_go_through():
    q, k, v = np.random.default_rng(0).normal(size=(3, 2, 5, 4, 3))
    outputs, weights = attend(q, k, v, np.tri(4, dtype=bool))
    assert (outputs.shape, weights.shape) == ((2, 5, 4, 3), (2, 5, 4, 4))
    one = attend(q[1, 2], k[1, 2], v[1, 2], np.tri(4, dtype=bool))
    assert_allclose(outputs[1, 2], one[0])


def test_huge_scores_stay_finite():
    outputs, weights = attend([[1e5, 0.0]], [[1e5, 0.0], [-1e5, 0.0]], [[1.0], [2.0]])
    assert_allclose(weights, [[1, 0]])
    assert_allclose(outputs, [[1]])


# ---- projections ---------------------------------------------------------------------------------


def test_projections_are_what_each_row_gives_alone():
    rng = np.random.default_rng(1)
    x, h = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    w_q, w_k, w_v = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 6))
    q, k, v = project(x, w_q, w_k, w_v, memory=h)
    assert_allclose(q[1], [sum(x[1, c] * w_q[c, r] for c in range(4)) for r in range(2)])
    assert_allclose(k[4], h[4] @ w_k)
    assert v.shape == (5, 6)
    assert_allclose(project(x, w_q, w_k, w_v)[1], x @ w_k)


def test_without_projections_scores_are_symmetric_and_with_them_not():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4, 3))
    q, k, _ = project(x, np.eye(3), np.eye(3), np.eye(3))
    assert_allclose(q @ k.T, (q @ k.T).T)
    q, k, _ = project(x, rng.normal(size=(3, 3)), np.eye(3), np.eye(3))
    assert not np.allclose(q @ k.T, (q @ k.T).T)


# ---- who sees whom -------------------------------------------------------------------------------


def loop_visible(mask, causal, window):
    n = len(mask)
    return [
        [
            bool(mask[j] and (not causal or j <= i) and (window is None or abs(i - j) < window))
            for j in range(n)
        ]
        for i in range(n)
    ]


@quick
@given(arrays(bool, st.integers(1, 7)), st.booleans(), st.none() | st.integers(1, 9))
def test_visible_equals_a_loop_over_pairs(mask, causal, window):
    assert_array_equal(visible(mask, causal, window), loop_visible(mask, causal, window))


def test_visible_takes_a_batch_row_by_row():
    masks = np.array([[False, True, True], [True, True, True], [False, False, False]])
    found = visible(masks, causal=True)
    assert found.shape == (3, 3, 3)
    for mask, square in zip(masks, found, strict=True):
        assert_array_equal(square, loop_visible(mask, True, None))
    assert not found[2].any()


def test_counts_of_pairs_are_those_of_the_chapter():
    real = np.ones(512, bool)
    assert visible(real, causal=True).sum() == 131_328
    both_sides = visible(real, window=33).sum()
    assert both_sides == 512 * 65 - 32 * 33 == 32_224  # 33,280 would forget that a list has ends


# ---- heads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_heads_equal_a_loop_over_blocks_of_columns(heads):
    rng = np.random.default_rng(heads)
    x, h = rng.normal(size=(4, 6)), rng.normal(size=(5, 6))
    w_q, w_k, w_v, w_o = rng.normal(size=(4, 6, 6))
    seen = rng.random((4, 5)) < 0.7
    outputs, weights = multi_head(x, w_q, w_k, w_v, w_o, heads, seen, memory=h)
    size, joined = 6 // heads, []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        z, a = loop_attend(x @ w_q[:, own], h @ w_k[:, own], h @ w_v[:, own], seen)
        joined.append(z)
        assert_allclose(weights[head], a, atol=1e-9)
    assert_allclose(outputs, np.concatenate(joined, axis=1) @ w_o, atol=1e-9)


def test_one_head_with_unit_matrices_is_plain_attention():
    x, eye = np.random.default_rng(0).normal(size=(4, 3)), np.eye(3)
    outputs, weights = multi_head(x, eye, eye, eye, eye, 1)
    assert_allclose(outputs, attend(x, x, x)[0])
    assert_allclose(weights[0], attend(x, x, x)[1])


# ---- errors --------------------------------------------------------------------------------------

EYE = np.eye(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attend([1.0], EYE, EYE), r"^queries: expected shape \(\.\.\., rows, width\); rec"),
        (lambda: attend(EYE, np.eye(3), np.eye(3)), "^keys: expected width 2, as queries has"),
        (
            lambda: attend(EYE, EYE, np.eye(3)),
            r"^values: expected one per key, \(2,\); rec.*\(3,\)",
        ),
        (lambda: attend(EYE, EYE, EYE, [[1, 1]]), "^mask: expected booleans"),
        (lambda: attend(EYE, np.zeros((0, 2)), np.zeros((0, 2))), "^keys: expected shape"),
        (lambda: project(EYE, np.eye(3), EYE, EYE), "^query_matrix: expected 2 rows; rec.*3, 3"),
        (lambda: project(EYE, EYE, EYE, EYE, np.eye(3)), "^key_matrix: expected 3 rows"),
        (lambda: project(EYE, EYE, np.ones((2, 3)), EYE), "^key_matrix: expected width 2"),
        (lambda: visible([1, 0]), "^mask: expected booleans .*received int"),
        (lambda: visible(True), "^mask: expected booleans"),
        (lambda: visible([True], window=0), "^window: expected an integer of at least 1"),
        (lambda: multi_head(EYE, EYE, EYE, EYE, EYE, 3), "^query_matrix: expected a multiple of"),
        (lambda: multi_head(EYE, EYE, EYE, EYE, EYE, 0), "^heads: expected an integer"),
        (lambda: multi_head(EYE, EYE, EYE, EYE, np.eye(3), 1), "^output_matrix: expected 2 rows"),
    ],
)
def test_errors_name_the_argument_and_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
