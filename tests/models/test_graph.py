"""LightGCN: against the formulas, its slopes against differences, and what it cannot know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, Vocabulary, leave_one_out, make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import LightGCN, Popularity
from attnrec_lite.models.graph import loss_and_slope, normalised, walk

ROWS = [(0, 1), (0, 2), (0, 2), (1, 2), (2, 4), (3, 1), (3, 4)]  # item 3 has no edge
CATALOGUE = Vocabulary(np.arange(1, 5))


def log_of(rows):
    user, item = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    return Interactions(user, item, np.arange(len(rows)), np.arange(user.max() + 1), CATALOGUE)


GRAPH = log_of(ROWS)
EDGES = np.zeros((4, 4))
EDGES[tuple(np.transpose(ROWS) - [[0], [1]])] = 1


def by_formula(first, steps):
    users, items = first[:4], first[5:]
    layers = [(users, items)]
    for _ in range(steps):
        layers.append(formulas.propagate(EDGES, *layers[-1]))
    return np.stack([u for u, _ in layers]), np.stack([i for _, i in layers])


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), steps=st.integers(1, 4))
def test_a_walk_is_the_formula_step_by_step_and_a_repeated_row_is_one_edge(seed, steps):
    first = np.random.default_rng(seed).normal(size=(9, 3)).astype(np.float32)
    found = walk(normalised(GRAPH), first, steps)
    users, items = by_formula(first.astype(np.float64), steps)
    assert_allclose(found[:, :4], users, atol=1e-5)
    assert_allclose(found[:, 5:], items, atol=1e-5)
    assert not found[1:, 4].any()  # padding is nobody's neighbour


def test_a_new_user_is_the_formula_of_what_its_items_hand_on():
    model = LightGCN(CATALOGUE, width=3, layers=2)
    first = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    edges = normalised(GRAPH)
    model._keep(walk(edges, first, 2), edges, 4)
    items = by_formula(first.astype(np.float64), 2)[1]
    for history in ([1], [2, 4], [1, 2, 4], [3, 1], [3]):
        expected = formulas.folded_in(np.array(history) - 1, EDGES.sum(axis=0), items)
        assert_allclose(model.user_vectors([history])[0], expected, atol=1e-5)
    assert_allclose(model.table[1:], formulas.layer_mean(items), atol=1e-5)
    assert_allclose(
        model.user_vectors([[0]])[0], walk(edges, first, 2)[:, :4].mean((0, 1)), atol=1e-6
    )


def test_the_slopes_are_those_of_the_loss():
    rng = np.random.default_rng(1)
    first, edges = rng.normal(size=(9, 2)), normalised(GRAPH).astype(np.float64)
    rows = [np.array([0, 3, 0]), np.array([5, 8, 6]), np.array([7, 6, 8])]

    def loss(vectors):
        v = walk(edges, vectors, 2).mean(axis=0)
        score = [(v[rows[0]] * v[items]).sum(axis=1) for items in rows[1:]]
        return 3 * formulas.bpr_loss(*score)

    total, slope = loss_and_slope(edges, first, 2, rows)
    assert total == pytest.approx(loss(first))
    for node, column in np.ndindex(first.shape):
        step = np.zeros_like(first)
        step[node, column] = 1e-6
        difference = (loss(first + step) - loss(first - step)) / 2e-6
        assert slope[node, column] == pytest.approx(difference, abs=1e-7)


def test_order_and_repetition_do_not_matter_nor_who_stands_beside():
    model = LightGCN(CATALOGUE, width=3).fit(GRAPH, epochs=2)
    scores = model.score_all([[0, 1, 2], [2, 1, 2], [0, 0, 4]])
    assert_allclose(scores[0], scores[1], rtol=1e-6)
    assert_allclose(scores[2], model.score_all([[4]])[0], rtol=1e-5)


def test_an_item_without_an_edge_keeps_its_first_vector_and_hands_on_nothing():
    model = LightGCN(CATALOGUE, width=3, layers=2, penalty=1e-9).fit(GRAPH, epochs=1)
    assert not model.handed[3].any()
    assert not model.handed[0].any()
    assert model.table[3].any()


def test_it_learns_the_shop_and_nothing_from_shuffled_purchases():
    split = leave_one_out(make_shop(n_users=400).log)
    popular = evaluate(Popularity(split.train.items).fit(split.train), split.test).mean("ndcg@10")
    model = LightGCN(split.train.items, width=16).fit(split.train, epochs=30)
    assert model.losses[-1] < 0.5 * model.losses[0]
    assert evaluate(model, split.test).mean("ndcg@10") > 5 * popular
    rng, log = np.random.default_rng(0), split.train
    other = Interactions(log.user, rng.permutation(log.item), log.time, log.user_ids, log.items)
    model.fit(other, epochs=30)
    assert evaluate(model, split.test).mean("ndcg@10") < 2 * popular


def test_the_same_seed_gives_the_same_model_and_a_second_fit_forgets_the_first():
    first = LightGCN(CATALOGUE, width=3, seed=4).fit(GRAPH, epochs=3)
    again = LightGCN(CATALOGUE, width=3, seed=4).fit(GRAPH, epochs=1).fit(GRAPH, epochs=3)
    other = LightGCN(CATALOGUE, width=3, seed=5).fit(GRAPH, epochs=3)
    assert_array_equal(first.table, again.table)
    assert not np.array_equal(first.table, other.table)


@pytest.mark.parametrize("rows", [[(0, 1)], [(0, i) for i in range(1, 5)]])
def test_one_user_is_enough_and_a_user_of_everything_teaches_nothing(rows):
    model = LightGCN(CATALOGUE, width=3).fit(log_of(rows), epochs=2)
    assert np.isfinite(model.score_all([[0], [1]])[:, 1:]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "^layers: expected an integer of at least 1"),
        ({"width": 1.5}, "^width"),
        ({"penalty": 0}, "^penalty: expected a finite number above 0"),
        ({"seed": -1}, "^seed"),
    ],
)
def test_a_number_out_of_range_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        LightGCN(CATALOGUE, **options)


def test_another_catalogue_and_a_batch_of_none_are_refused():
    with pytest.raises(ValueError, match="^log: expected"):
        LightGCN(CATALOGUE).fit(make_shop(n_users=5).log)
    with pytest.raises(ValueError, match="^batch"):
        LightGCN(CATALOGUE).fit(GRAPH, batch=0)
