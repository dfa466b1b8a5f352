"""Counts against counting, and the cheaper attentions against what they claim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    attend,
    crossing_length,
    linear_attention,
    low_rank_attention,
    multiply_adds,
)

quick = settings(deadline=None, max_examples=40)
sizes = st.integers(1, 6)


class Counted(float):
    """A number that counts its multiplications."""

    done = 0

    def __mul__(self, other):
        Counted.done += 1
        return Counted(float(self) * float(other))


def product(a, b):
    """Rows times columns, one multiplication at a time."""
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Counted(0)) for column in b]
        for row in a
    ]


@quick
@given(sizes, sizes, sizes, sizes)
def test_the_count_is_what_a_loop_multiplies(n, m, head_width, heads):
    d = head_width * heads

    def some(rows, columns):
        return [[Counted(1.0)] * columns for _ in range(rows)]

    count = multiply_adds(n, m, d, heads)
    Counted.done = 0
    for _ in range(heads):
        product(some(n, head_width), some(m, head_width))
    assert Counted.done == count["scores"]
    Counted.done = 0
    for _ in range(heads):
        product(some(n, m), some(head_width, m))
    assert Counted.done == count["sums"]
    Counted.done = 0
    for rows in (n, m, m, n):  # queries, keys, values, output
        product(some(rows, d), some(d, d))
    assert Counted.done == count["projections"]
    assert count["weights"] == heads * n * m
    assert count["parameters"] == 4 * d * d


def test_the_figures_of_the_chapter():
    one, every = multiply_adds(1, 1000, 64), multiply_adds(1000, 1000, 64)
    assert one["scores"] + one["sums"] == 128_000
    assert every["scores"] + every["sums"] == 128_000_000
    assert every["projections"] == 16_384_000
    rows = [multiply_adds(512, 512, 64, heads) for heads in (1, 2, 4, 8)]
    assert [row["scores"] for row in rows] == [16_777_216] * 4
    assert [row["weights"] for row in rows] == [262_144, 524_288, 1_048_576, 2_097_152]
    assert [row["parameters"] for row in rows] == [16_384] * 4


@quick
@given(st.integers(1, 200))
def test_at_the_crossing_both_parts_are_equal_and_beside_it_not(width):
    n = crossing_length(width)

    def looking_minus_projecting(length):
        c = multiply_adds(length, length, width)
        return c["scores"] + c["sums"] - c["projections"]

    assert looking_minus_projecting(n) == 0
    assert looking_minus_projecting(n - 1) < 0 < looking_minus_projecting(n + 1)


# ---- low rank ------------------------------------------------------------------------------------


def test_with_a_summary_for_every_key_low_rank_is_exact():
    q, k, v = np.random.default_rng(0).normal(size=(3, 5, 4))
    outputs, weights = low_rank_attention(q, k, v, np.eye(5))
    assert_allclose(outputs, attend(q, k, v)[0])
    assert weights.shape == (5, 5)


def test_low_rank_looks_at_mixtures_and_lets_the_last_key_reach_the_first_query():
    rng = np.random.default_rng(1)
    q, k, v = rng.normal(size=(3, 5, 4))
    summaries = rng.normal(size=(2, 5))
    outputs, weights = low_rank_attention(q, k, v, summaries)
    assert weights.shape == (5, 2)
    assert_allclose(outputs, attend(q, summaries @ k, summaries @ v)[0])
    v[-1] += 1
    assert np.abs(low_rank_attention(q, k, v, summaries)[0] - outputs)[0].max() > 1e-3


# ---- linear --------------------------------------------------------------------------------------


def phi(x):
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def quadratic_form(q, k, v, causal):
    """The same attention with its weights written out."""
    scores = phi(q) @ phi(k).T
    scores = np.tril(scores) if causal else scores
    return (scores / scores.sum(axis=1, keepdims=True)) @ v


@quick
@given(st.integers(1, 8), sizes, sizes, st.booleans(), st.integers(0, 10**6))
def test_linear_attention_equals_its_quadratic_form(n, width, out, causal, seed):
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=(n, width)), rng.normal(size=(n, width)), rng.normal(size=(n, out))
    found = linear_attention(q, k, v, causal)
    assert_allclose(found, quadratic_form(q, k, v, causal), atol=1e-9)
    assert (found <= v.max(axis=0) + 1e-9).all()  # a mixture: the weights are shares


def test_linear_attention_is_another_model_than_the_softmax():
    q, k, v = np.random.default_rng(2).normal(size=(3, 6, 4))
    assert np.abs(linear_attention(q, k, v) - attend(q, k, v)[0]).max() > 0.05


def test_causal_linear_attention_does_not_see_the_future():
    q, k, v = np.random.default_rng(3).normal(size=(3, 6, 4))
    before = linear_attention(q, k, v, causal=True)
    k[4:], v[4:] = 9.0, 9.0
    np.testing.assert_array_equal(linear_attention(q, k, v, causal=True)[:4], before[:4])


def test_linear_attention_stays_finite_for_extreme_keys():
    assert_allclose(linear_attention([[-900.0]], [[-900.0], [-900.0]], [[1.0], [3.0]]), [[2.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multiply_adds(0, 1, 1), "^queries: expected an integer of at least 1"),
        (lambda: multiply_adds(1, 1.5, 1), "^keys: expected an integer"),
        (lambda: multiply_adds(1, 1, 6, heads=4), "^width: expected a multiple of heads=4; rec.*6"),
        (lambda: crossing_length(0), "^width: expected an integer"),
        (lambda: low_rank_attention([[1]], [[1]], [[1]], [[1, 1]]), "^summaries: expected one col"),
        (lambda: linear_attention([[1, 2]], [[1]], [[1]]), "^keys: expected width 2"),
        (lambda: linear_attention([[1]], [[1]], [[1], [2]]), "^values: expected one per key; "),
        (lambda: linear_attention([[1], [2]], [[1]], [[1]], causal=True), "per key and query"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
