"""Vectors along edges: against loops, by properties, errors by message."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

seeds = st.integers(0, 10_000)
quick = settings(deadline=None, max_examples=40)


@quick
@given(seed=seeds)
def test_a_loop_over_neighbours_gives_the_same(seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 2, (4, 5))
    u, i = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    users, items = formulas.propagate(a, u, i)
    for m in range(4):
        near = [n for n in range(5) if a[m, n]]
        total = sum((i[n] / np.sqrt(len(near) * a[:, n].sum()) for n in near), np.zeros(2))
        assert_allclose(users[m], total, atol=1e-12)
    for n in range(5):
        near = [m for m in range(4) if a[m, n]]
        total = sum((u[m] / np.sqrt(len(near) * a[m].sum()) for m in near), np.zeros(2))
        assert_allclose(items[n], total, atol=1e-12)


@quick
@given(seed=seeds)
def test_no_step_makes_the_vectors_longer(seed):
    rng = np.random.default_rng(seed)
    a, u, i = rng.integers(0, 2, (6, 4)), rng.normal(size=(6, 2)), rng.normal(size=(4, 2))
    users, items = formulas.propagate(a, u, i)
    before = np.linalg.norm(np.concatenate([u, i]), axis=0)
    assert (np.linalg.norm(np.concatenate([users, items]), axis=0) <= before + 1e-9).all()


def test_a_node_without_an_edge_gets_nothing_whatever_it_was():
    users, items = formulas.propagate([[0, 1], [0, 0]], [[1.0], [7.0]], [[9.0], [2.0]])
    assert_array_equal(users, [[2.0], [0.0]])
    assert_array_equal(items, [[0.0], [1.0]])


@quick
@given(seed=seeds)
def test_a_new_user_gets_what_the_graph_would_give_a_node_that_starts_at_zero(seed):
    rng = np.random.default_rng(seed)
    a, i = rng.integers(0, 2, (5, 4)), rng.normal(size=(4, 2))
    a[0] = [1, 1, 0, 0]  # so that the history below is one that somebody has
    u = np.concatenate([np.zeros((1, 2)), rng.normal(size=(4, 2))])
    layers = [(u, i)]
    for _ in range(2):
        layers.append(formulas.propagate(a, *layers[-1]))
    known = formulas.layer_mean([users for users, _ in layers])[0]
    found = formulas.folded_in([0, 1], a.sum(axis=0), [items for _, items in layers])
    assert_allclose(found, known, atol=1e-12)


def test_nobody_and_unknown_goods_give_zero():
    layers = np.ones((3, 2, 1))
    assert_array_equal(formulas.folded_in([], [1, 1], layers), [0.0])
    assert_array_equal(formulas.folded_in([0], [0, 1], layers), [0.0])


def test_scores_apart_by_far_cost_nothing_or_how_far():
    assert formulas.bpr_loss([1e4], [-1e4]) == 0
    assert formulas.bpr_loss([-1e4], [1e4]) == 2e4
    assert formulas.bpr_loss([3.0], [3.0]) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.propagate([[2]], [[1.0]], [[1.0]]), "edges: expected 0 and 1 only"),
        (lambda: formulas.propagate([[1]], [[1.0]] * 2, [[1.0]]), "user_vectors: expected 1 rows"),
        (lambda: formulas.propagate([[1]], [[1.0]], [[1.0]] * 2), "item_vectors: expected 1 rows"),
        (lambda: formulas.layer_mean(np.zeros((0, 1, 1))), "layers: expected at least 1"),
        (lambda: formulas.folded_in([2], [1, 1], np.ones((2, 2, 1))), r"history.*0\.\.1"),
        (lambda: formulas.folded_in([0, 0], [1, 1], np.ones((2, 2, 1))), "history.*different"),
        (lambda: formulas.folded_in([0], [1], np.ones((2, 2, 1))), "degrees: expected 2 items"),
        (lambda: formulas.bpr_loss([], []), "taken: expected at least 1"),
        (lambda: formulas.bpr_loss([1.0], [1.0, 2.0]), "others: expected 1 rows"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
