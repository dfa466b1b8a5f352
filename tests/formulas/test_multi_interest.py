"""Interests: self-attention against a loop, routing against the paper's steps, collapse, E6."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

quick = settings(deadline=None)
seeds, sizes = st.integers(0, 2**32 - 1), st.integers(1, 6)


def drawn(seed, n, d=3, k=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(d, d)), rng.normal(size=(k, n)), rng


# ---- self-attention: over the items ------------------------------------------------------------


@quick
@given(seeds, sizes)
def test_self_attention_is_what_a_loop_gives(seed, n):
    h, w, _, rng = drawn(seed, n)
    q, p = rng.normal(size=(4, 3)), rng.normal(size=(n, 3))
    v, a = formulas.self_attentive_interests(h, w, q, p)
    for k in range(4):
        e = [math.exp(sum(q[k] * np.tanh(w.T @ (h[j] + p[j])))) for j in range(n)]
        assert_allclose(a[k], np.array(e) / sum(e), rtol=1e-9)
        assert_allclose(v[k], sum(a[k, j] * h[j] for j in range(n)), rtol=1e-9, atol=1e-12)


@quick
@given(seeds, sizes)
def test_each_interest_has_one_unit_of_attention_over_the_items(seed, n):
    h, w, _, rng = drawn(seed, n)
    _, a = formulas.self_attentive_interests(h, w, rng.normal(size=(5, 3)))
    assert_allclose(a.sum(axis=1), 1)


def test_without_positions_it_is_the_fifth_program_without_how_long_ago():
    h, w, _, rng = drawn(1, 5)
    q = rng.normal(size=(2, 3))
    for one, other in zip(
        formulas.self_attentive_interests(h, w, q),
        formulas.interest_vectors(h, w, q, np.zeros((2, 5))),
        strict=True,
    ):
        assert_allclose(one, other)


def test_one_interest_is_pooling():
    h, w, _, rng = drawn(2, 5)
    q = rng.normal(size=(1, 3))
    v, _ = formulas.self_attentive_interests(h, w, q)
    weights = formulas.softmax(formulas.dot_scores(q[0], np.tanh(h @ w)))
    assert_allclose(v[0], formulas.weighted_sum(weights, h))


def test_positions_move_the_weights_and_are_no_part_of_the_values():
    same = np.ones((3, 2))
    v, a = formulas.self_attentive_interests(same, np.eye(2), np.eye(2), [[0, 0], [2, 0], [4, 1]])
    assert a[0, 2] > a[0, 0]
    assert_allclose(v, 1)


def test_equal_queries_are_equal_interests():
    h, w, _, _ = drawn(3, 5)
    v, _ = formulas.self_attentive_interests(h, w, np.ones((3, 3)))
    assert formulas.redundancy(v) == pytest.approx(1)


# ---- routing: over the interests ---------------------------------------------------------------


def routed(h, s, b, rounds):
    """The paper's steps, one number at a time; returns what each round had."""
    k, n, told = len(b), len(h), [s.T @ row for row in h]
    b, trace = b.copy(), []
    for _ in range(rounds):
        w = np.zeros((k, n))
        for j in range(n):
            total = sum(math.exp(b[i, j]) for i in range(k))
            for i in range(k):
                w[i, j] = math.exp(b[i, j]) / total
        u = []
        for i in range(k):
            z = sum(w[i, j] * told[j] for j in range(n))
            length = math.sqrt(sum(z**2))
            u.append(length**2 / (1 + length**2) * z / length)
        for i in range(k):
            for j in range(n):
                b[i, j] += float(u[i] @ told[j])
        trace.append((np.array(u), w))
    return trace


@quick
@given(seeds, sizes, st.integers(1, 4))
def test_routing_is_what_the_papers_steps_give(seed, n, rounds):
    h, s, b, _ = drawn(seed, n)
    u, w = formulas.dynamic_routing(h, s, b, rounds)
    expected_u, expected_w = routed(h, s, b, rounds)[-1]
    assert_allclose(u, expected_u, rtol=1e-7, atol=1e-12)
    assert_allclose(w, expected_w, rtol=1e-7, atol=1e-12)


@quick
@given(seeds, sizes)
def test_each_item_is_shared_out_over_the_interests_and_no_interest_is_longer_than_1(seed, n):
    h, s, b, _ = drawn(seed, n)
    u, w = formulas.dynamic_routing(100 * h, s, b)
    assert_allclose(w.sum(axis=0), 1)
    assert (np.linalg.norm(u, axis=1) <= 1).all()


def test_routing_is_not_softmax_over_items():
    h, s, b, _ = drawn(4, 5)
    _, w = formulas.dynamic_routing(h, s, b)
    assert not np.allclose(w.sum(axis=1), 1)


@quick
@given(seeds, sizes)
def test_routing_does_not_care_for_the_order_of_items_or_interests(seed, n):
    h, s, b, rng = drawn(seed, n)
    items, interests = rng.permutation(n), rng.permutation(4)
    u, w = formulas.dynamic_routing(h, s, b)
    other_u, other_w = formulas.dynamic_routing(h[items], s, b[interests][:, items])
    assert_allclose(other_u, u[interests], atol=1e-9)
    assert_allclose(other_w, w[interests][:, items], atol=1e-9)


@pytest.mark.parametrize("rounds", [1, 3, 10])
def test_an_equal_start_stays_equal_and_is_found(rounds):
    h, s, _, _ = drawn(5, 6)
    u, w = formulas.dynamic_routing(h, s, np.zeros((3, 6)), rounds)
    assert_allclose(w, 1 / 3)
    assert formulas.redundancy(u) == pytest.approx(1)
    again, _ = formulas.dynamic_routing(3 * h, s, np.random.default_rng(0).normal(size=(3, 6)))
    assert formulas.redundancy(again) < 0.99


def test_items_that_are_all_the_same_give_interests_that_are_all_alike():
    same = np.tile([1.0, 2.0], (5, 1))
    u, _ = formulas.dynamic_routing(same, np.eye(2), np.random.default_rng(0).normal(size=(3, 5)))
    assert formulas.redundancy(u) == pytest.approx(1)


def test_more_interests_than_items_are_allowed():
    u, w = formulas.dynamic_routing([[1.0, 0.0]], np.eye(2), [[1.0], [0.0], [-1.0]])
    assert w.shape == (3, 1)
    assert formulas.redundancy(u) == pytest.approx(1)  # one item has one direction


@pytest.mark.parametrize("extract", ["attention", "routing"])
def test_an_empty_history_has_interests_of_zero(extract):
    nothing = np.zeros((0, 2))
    if extract == "attention":
        v, a = formulas.self_attentive_interests(nothing, np.eye(2), np.eye(2))
    else:
        v, a = formulas.dynamic_routing(nothing, np.eye(2), np.zeros((2, 0)))
    assert_array_equal(v, np.zeros((2, 2)))
    assert a.shape == (2, 0)


def test_huge_numbers_stay_finite():
    u, w = formulas.dynamic_routing([[1e5, 0], [0, -1e5]], np.eye(2), [[1, 2], [3, -9]], rounds=9)
    assert np.isfinite(u).all()
    assert np.isfinite(w).all()


# ---- squash, count, redundancy -----------------------------------------------------------------


@quick
@given(seeds)
def test_squash_keeps_the_direction_and_the_order_of_lengths(seed):
    z = np.random.default_rng(seed).normal(size=(5, 3)) * 3
    found = formulas.squash(z)
    long, short = np.linalg.norm(z, axis=1), np.linalg.norm(found, axis=1)
    assert_allclose(short, long**2 / (1 + long**2))
    assert_allclose(found / short[:, None], z / long[:, None])
    assert_array_equal(np.argsort(short), np.argsort(long))


def test_squash_of_zero_is_zero_and_of_much_is_one():
    assert_array_equal(formulas.squash([0.0, 0.0]), [0, 0])
    assert_allclose(formulas.squash([[1e8, 0], [1e-8, 0]]), [[1, 0], [1e-24, 0]], atol=1e-12)


@quick
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_the_count_is_the_papers_rounded_down(n, most):
    expected = max(1, min(most, math.floor(math.log2(n)))) if n else 1
    assert formulas.interest_count(n, most) == expected


@quick
@given(seeds, st.integers(1, 5))
def test_redundancy_is_the_mean_cosine_of_all_pairs(seed, k):
    v = np.random.default_rng(seed).normal(size=(k, 3))
    pairs = [
        v[i] @ v[j] / np.linalg.norm(v[i]) / np.linalg.norm(v[j])
        for i in range(k) for j in range(i)
    ]  # fmt: skip
    assert formulas.redundancy(v) == pytest.approx(np.mean(pairs) if pairs else 0)


def test_a_zero_interest_is_like_nothing():
    assert formulas.redundancy([[0, 0], [1, 0]]) == 0


# ---- one vector, two tastes --------------------------------------------------------------------


def test_the_exact_case():
    one, two = formulas.two_tastes(0.5)
    assert_allclose(one, [0.5, 0.5, math.sqrt(0.5)])
    assert_allclose(two, [1, 1, math.sqrt(0.5)])


@quick
@given(st.floats(0, 1))
def test_the_good_in_between_wins_by_one_vector_unless_a_taste_dominates(share):
    one, two = formulas.two_tastes(share)
    border = 1 / math.sqrt(2)  # pi = (1/sqrt 2) at which pi = (pi + 1 - pi) / sqrt 2
    assert (one.argmax() == 2) == (1 - border < share < border) or math.isclose(
        max(share, 1 - share), border
    )
    assert_array_equal(two[:2], 1)
    assert one[2] == pytest.approx(two[2])


# ---- refusals ----------------------------------------------------------------------------------

EYE = np.eye(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.self_attentive_interests([1, 2], EYE, EYE), "^history: expected a matri"),
        (lambda: formulas.self_attentive_interests([[1, 2, 3]], EYE, EYE), "^hidden_matrix"),
        (lambda: formulas.self_attentive_interests(EYE, EYE, [[1]]), "^queries: expected width 2"),
        (lambda: formulas.self_attentive_interests(EYE, EYE, np.zeros((0, 2))), "^queries: expec"),
        (lambda: formulas.self_attentive_interests(EYE, EYE, EYE, [[1, 2]]), "^positions: expec"),
        (lambda: formulas.self_attentive_interests([[np.nan, 1]], EYE, EYE), "^history: .*NaN"),
        (lambda: formulas.dynamic_routing(EYE, np.eye(3), EYE), "^matrix, transposed: expected wi"),
        (lambda: formulas.dynamic_routing(EYE, EYE, [[1]]), "^start: expected 2 columns, .* 1$"),
        (lambda: formulas.dynamic_routing(EYE, EYE, np.zeros((0, 2))), "^start: expected at least"),
        (lambda: formulas.dynamic_routing(EYE, EYE, EYE, 0), "^rounds: expected an integer"),
        (lambda: formulas.dynamic_routing(EYE, EYE, [[np.inf, 0]]), "^start: expected finite"),
        (lambda: formulas.squash([np.nan]), "^z: expected finite numbers"),
        (lambda: formulas.interest_count(-1, 4), "^length: expected an integer of at least 0"),
        (lambda: formulas.interest_count(4, 0), "^most: expected an integer of at least 1"),
        (lambda: formulas.redundancy(np.zeros((0, 2))), "^interests: expected at least 1"),
        (lambda: formulas.redundancy([[np.inf, 1]]), "^interests: expected finite"),
        (lambda: formulas.two_tastes(1.5), r"^share: expected a number in \[0, 1\]"),
        (lambda: formulas.two_tastes(np.nan), r"^share: expected a number in \[0, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
