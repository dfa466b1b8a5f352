"""The kinds of recommender against plain loops, by hand on the cast, and by their properties."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import TOY_GOODS, leave_one_out, make_shop
from attnrec_lite.formulas import (
    blend_scores,
    content_scores,
    item_neighbour_scores,
    item_similarity,
    low_rank_scores,
    popularity_scores,
    user_neighbour_scores,
)
from attnrec_lite.models import Popularity

quick = settings(deadline=None, max_examples=60)
bits = st.sampled_from([0.0, 1.0])
tables = arrays(np.float64, st.tuples(st.integers(1, 7), st.integers(1, 6)), elements=bits)
scores = st.integers(1, 8).flatmap(
    lambda n: arrays(np.float64, (2, n), elements=st.integers(-50, 50).map(float))
)

GOODS = ["kettle", "teapot", "tablecloth", "ice bucket", "gift card"]
BOUGHT = np.array(
    [[1, 0, 0, 0, 0], [1, 1, 0, 0, 1], [0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]
)
MIA = BOUGHT[0]


@st.composite
def rows_and_tables(draw):
    """A row and a table of the same width, both of 0 and 1, ragged and sometimes empty of ones."""
    table = draw(tables)
    return draw(arrays(np.float64, table.shape[1], elements=bits)), table


def loop_similarity(x):
    n = x.shape[1]
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = sum(a * b for a, b in zip(x[:, i], x[:, j], strict=True))
            alone = sum(x[:, i]) * sum(x[:, j])
            found[i, j] = both / math.sqrt(alone) if i != j and alone > 0 else 0.0
    return found


# ---- by hand -----------------------------------------------------------------------------------


def test_the_cast_by_hand():
    assert_allclose(popularity_scores(BOUGHT), [0.6, 0.4, 0, 0.4, 0.6])
    together = item_similarity(BOUGHT)
    assert_allclose(together[0], [0, 2 / math.sqrt(6), 0, 0, 1 / 3])
    assert_allclose(together[2], 0)
    assert_allclose(item_neighbour_scores(MIA, together), together[0])
    features = [TOY_GOODS[name] for name in GOODS]
    expected = [1, math.sqrt(0.5), 0, -1 / math.sqrt(1.25), 0]
    assert_allclose(content_scores(features[:1], features), expected)
    # Mia herself, then the fourth customer (1/√2), then Ravi (1/√3)
    two = [1 + math.sqrt(0.5), math.sqrt(0.5), 0, 0, 0]
    assert_allclose(user_neighbour_scores(MIA, BOUGHT, 2), two)
    three = np.add(two, np.array([1, 1, 0, 0, 1]) / math.sqrt(3))
    assert_allclose(user_neighbour_scores(MIA, BOUGHT, 3), three)


def test_a_hybrid_by_hand():
    assert_allclose(blend_scores([0, 2], [500, 300], 0.75), [-0.5, 0.5])
    assert_allclose(blend_scores([1, 1, 4], [0, 0, 0], 1.0), np.array([-1, -1, 2]) / math.sqrt(2))


# ---- against loops -----------------------------------------------------------------------------


@quick
@given(tables)
def test_popularity_and_similarity_equal_loops(x):
    assert_allclose(popularity_scores(x), [sum(c) / len(x) for c in x.T])
    assert_allclose(item_similarity(x), loop_similarity(x), atol=1e-12)


@quick
@given(rows_and_tables(), st.integers(1, 8))
def test_neighbours_equal_loops(pair, count):
    row, table = pair
    similar, taken = loop_similarity(table), np.flatnonzero(row)
    everyone = [sum(similar[c, j] for j in taken) for c in range(len(row))]
    assert_allclose(item_neighbour_scores(row, similar), everyone, atol=1e-12)
    nearest = [sum(sorted((similar[c, j] for j in taken), reverse=True)[:count])
               for c in range(len(row))]  # fmt: skip
    assert_allclose(item_neighbour_scores(row, similar, count), nearest, atol=1e-12)
    alike = []
    for other in table:
        length = math.sqrt(sum(row) * sum(other))
        alike.append(float(row @ other) / length if length else 0.0)
    order = sorted(range(len(table)), key=lambda u: -alike[u])
    edge = [alike[u] for u in order[count - 1 : count + 1]]
    assume(len(edge) < 2 or edge[0] - edge[1] > 1e-9)  # equal users: either may be taken
    order = order[:count]
    found = user_neighbour_scores(row, table, count)
    assert_allclose(found.sum(), sum(alike[u] * sum(table[u]) for u in order), atol=1e-9)


@quick
@given(rows_and_tables())
def test_all_neighbours_equal_a_loop_over_users(pair):
    row, table = pair
    expected = np.zeros(len(row))
    for other in table:
        length = math.sqrt(sum(row) * sum(other))
        if length:
            expected += (row @ other) / length * other
    assert_allclose(user_neighbour_scores(row, table, len(table)), expected, atol=1e-12)


@quick
@given(st.integers(0, 4), st.integers(1, 6), st.integers(1, 4), st.data())
def test_content_equals_a_loop_and_an_empty_history_says_nothing(n, items, width, data):
    numbers = st.integers(-9, 9).map(float)
    past = data.draw(arrays(np.float64, (n, width), elements=numbers))
    features = data.draw(arrays(np.float64, (items, width), elements=numbers))
    found, profile = content_scores(past, features), [sum(column) for column in past.T]
    for score, feature in zip(found, features, strict=True):
        length = math.hypot(*profile) * math.hypot(*feature)
        dot = sum(a * b for a, b in zip(profile, feature, strict=True))
        assert_allclose(score, dot / length if length else 0.0, atol=1e-9)


@quick
@given(rows_and_tables(), st.data())
def test_low_rank_projects_and_full_rank_gives_the_matrix_back(pair, data):
    row, table = pair
    rank = data.draw(st.integers(1, min(table.shape)))
    once = low_rank_scores(table, table, rank)
    assert np.linalg.matrix_rank(once, tol=1e-8) <= rank
    assert_allclose(low_rank_scores(table, table, min(table.shape)), table, atol=1e-9)
    assert np.linalg.norm(low_rank_scores(row, table, rank)) <= np.linalg.norm(row) + 1e-9
    assert_allclose(low_rank_scores(table[0], table, rank), once[0], atol=1e-9)


def test_low_rank_is_the_best_approximation_of_its_rank():
    table = (np.random.default_rng(0).random((12, 6)) < 0.5).astype(float)
    left = np.linalg.norm(table - low_rank_scores(table, table, 2))
    assert_allclose(left, np.sqrt((np.linalg.svd(table)[1][2:] ** 2).sum()))


# ---- properties --------------------------------------------------------------------------------


@quick
@given(tables)
def test_similarity_is_symmetric_bounded_and_blind_to_who_is_who(x):
    found = item_similarity(x)
    assert_array_equal(found, found.T)
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-12
    assert_allclose(item_similarity(x[::-1]), found)
    twice = item_similarity(np.concatenate([x, x]))  # twice as many of the same people
    assert_allclose(twice, found, atol=1e-12)
    assert_allclose(item_similarity(np.column_stack([x, 0 * x[:, 0]]))[-1], 0)


@quick
@given(scores, st.floats(0, 1), st.floats(0.1, 1000), st.floats(-100, 100))
def test_a_hybrid_knows_neither_scale_nor_origin_of_its_parts(pair, share, factor, shift):
    first, second = pair
    found = blend_scores(first, second, share)
    assert np.isfinite(found).all()
    assert_allclose(blend_scores(factor * first + shift, second, share), found, atol=1e-6)
    assert_allclose(blend_scores(second, first, 1 - share), found, atol=1e-9)
    assert_allclose(found.mean(), 0, atol=1e-9)


def test_a_silent_part_leaves_the_order_to_the_other():
    for silent in ([0.0] * 4, [0.1] * 4, [1e300] * 4):
        found = blend_scores(silent, [3, 1, 2, 9], 0.5)
        assert_array_equal(np.argsort(found), [1, 2, 0, 3])
        assert_array_equal(blend_scores(silent, silent, 0.5), np.zeros(4))


def test_a_hybrid_survives_tiny_and_huge_scores():
    for size in (1e-300, 1e300):
        assert_allclose(blend_scores([0, size], [0, 1], 0.5), [-1, 1])


def test_popularity_ranks_as_the_model_does():
    log = leave_one_out(make_shop(n_users=60).log).train
    table = np.zeros((log.n_users, log.n_items + 1))
    table[log.user, log.item] = 1
    model = Popularity(log.items).fit(log).score_all([[0]])[0, 1:]
    assert_allclose(popularity_scores(table)[1:] * log.n_users, model)


def test_an_item_that_nobody_took_is_found_by_content_alone():
    table = np.column_stack([BOUGHT[:, :2], np.zeros(5)])
    row = table[3]
    silent = [
        popularity_scores(table)[2],
        item_neighbour_scores(row, item_similarity(table))[2],
        user_neighbour_scores(row, table, 5)[2],
        low_rank_scores(row, table, 2)[2],
    ]
    assert_allclose(silent, 0, atol=1e-12)
    features = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 0.5]])
    assert content_scores(features[row > 0], features)[2] > 0.9


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: popularity_scores([1.0]), r"^interactions: expected a matrix; received .*\(1,\)"),
        (lambda: popularity_scores([[2.0]]), r"^interactions: expected 0 and 1 only; .* 2\.0"),
        (lambda: popularity_scores(np.zeros((0, 3))), "^interactions: expected at least one user"),
        (lambda: item_similarity([[0.5]]), r"^interactions: expected 0 and 1 only; received 0\.5"),
        (lambda: item_similarity([[np.nan]]), "^interactions: expected 0 and 1 only; received nan"),
        (lambda: content_scores([[1.0]], [[1.0, 2.0]]), "^item_features: expected width 1, as"),
        (lambda: content_scores([1.0], [[1.0]]), "^history_features: expected a matrix"),
        (lambda: item_neighbour_scores([1], [[0, 1]]), r"^similarity: expected shape \(1, 1\)"),
        (lambda: item_neighbour_scores([3], [[0]]), "^row: expected 0 and 1 only; received 3"),
        (lambda: item_neighbour_scores([1], [[0]], 0), "^neighbours: expected an integer of at"),
        (lambda: user_neighbour_scores([1], [[1, 0]], 1), "^interactions: expected width 1, as r"),
        (lambda: user_neighbour_scores([1], [[1]], 0), "^neighbours: expected an integer of at"),
        (lambda: low_rank_scores([1, 0], [[1]], 1), "^interactions: expected width 2, as rows"),
        (lambda: low_rank_scores([1, 0], [[1, 0]], 2), "^rank: expected at most 1; received 2"),
        (lambda: low_rank_scores([1, 0], [[1, 0]], 0), "^rank: expected an integer of at least 1"),
        (lambda: low_rank_scores(1, [[1]], 1), r"^rows: expected one row or several; .* \(\)"),
        (lambda: blend_scores([1.0], [1.0, 2.0], 0.5), "^second: expected width 1, as first"),
        (lambda: blend_scores([np.nan], [1.0], 0.5), "^first: expected finite scores; .*NaN"),
        (lambda: blend_scores([1.0], [np.inf], 0.5), "^second: expected finite scores"),
        (lambda: blend_scores([1.0], [1.0], 1.5), r"^share: expected a number in \[0, 1\]"),
        (lambda: blend_scores([1.0], [1.0], np.nan), "^share: .*received nan"),
        (lambda: blend_scores([1.0], [1.0], "1"), "^share: .*received '1'"),
    ],
)  # fmt: skip
def test_recommenders_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_recommender_returns_float64_for_whole_numbers():
    found = [
        popularity_scores([[1]]), content_scores([[1]], [[1]]), item_similarity([[1]]),
        item_neighbour_scores([1], [[0]]), user_neighbour_scores([1], [[1]], 1),
        low_rank_scores([1], [[1]], 1), blend_scores([1], [1], 1),
    ]  # fmt: skip
    assert {f.dtype for f in found} == {np.dtype(np.float64)}
