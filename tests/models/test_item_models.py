"""Nearest neighbours and EASE: against loops, against plain inversion, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, Vocabulary, left_pad
from attnrec_lite.models import EASE, ItemKNN, Popularity, linear, load, neighbours
from attnrec_lite.models._binary import history_matrix, newest_of_each, shares

MADE = np.random.default_rng(7)


def table(met, repeat=1):
    """A log in which user u met item i + 1 where ``met[u, i]``, ``repeat`` times."""
    user, item = np.nonzero(np.asarray(met))
    n_users, n_items = np.shape(met)
    everything = Interactions.from_columns(
        [*np.repeat(user, repeat), *[n_users] * n_items, *range(n_users)],
        [*np.repeat(item + 1, repeat), *range(1, n_items + 1), *[1] * n_users],
        [*range(1, repeat * len(user) + 1), *[0] * n_items, *[0] * n_users],
    )
    return everything.select((everything.time > 0) & (everything.user < n_users))


def random_log(users=40, items=15, share=0.3, seed=0):
    return np.random.default_rng(seed).random((users, items)) < share


matrices = arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 7)))


# ---- nearest neighbours ------------------------------------------------------------------------


def loop_knn(met, k, shrink):
    """[i, j]: what item i of a history adds to candidate j, as the equations say."""
    met = np.asarray(met)
    n, weights = met.shape[1], np.zeros((met.shape[1], met.shape[1]))
    for j in range(n):
        near = []
        for i in range(n):
            both = sum(met[:, i] & met[:, j])
            if i != j and both:
                near.append((both / (np.sqrt(met[:, i].sum() * met[:, j].sum()) + shrink), -i))
        for similarity, minus_i in sorted(near, reverse=True)[:k]:
            weights[-minus_i, j] = similarity
    return weights


@settings(deadline=None)
@given(matrices, st.integers(1, 8), st.sampled_from([0.0, 0.5, 20.0]))
def test_neighbours_are_those_of_a_loop(met, k, shrink):
    log, n = table(met), met.shape[1]
    model = ItemKNN(log.items, k, shrink).fit(log)
    expected = loop_knn(met, k, shrink)
    alone = model.score_all(np.arange(1, n + 1)[:, None])[:, 1:]
    assert_allclose(alone, expected, atol=2e-6)
    history = [[*range(1, n + 1)]]
    assert_allclose(model.score_all(history)[0, 1:], expected.sum(axis=0), atol=1e-5)


@pytest.mark.parametrize("block", [1, 4, 16])
def test_the_size_of_a_block_changes_nothing(block, monkeypatch):
    log = table(random_log())
    whole = ItemKNN(log.items, k=5).fit(log)
    monkeypatch.setattr(neighbours, "BLOCK", block)
    pieces = ItemKNN(log.items, k=5).fit(log)
    assert_array_equal(pieces.neighbours, whole.neighbours)
    assert_array_equal(pieces.similarity, whole.similarity)


def test_neighbours_stand_nearest_first_and_leave_the_item_itself_out():
    model = ItemKNN(table(random_log()).items, k=6).fit(table(random_log()))
    assert np.all(np.diff(model.similarity, axis=1) <= 0)
    assert not np.any((model.neighbours == np.arange(16)[:, None])[1:])
    assert_array_equal(model.neighbours[0], 0)


def test_shrinkage_doubts_what_few_people_met():
    met = np.zeros((20, 3), bool)
    met[:12, 0] = met[:11, 1] = True  # 11 of 12 people agree
    met[12, 0] = met[12, 2] = True  # one person
    met[13:, 0] = True
    log = table(met)
    plain = ItemKNN(log.items, k=1).fit(log)
    doubting = ItemKNN(log.items, k=1, shrink=10).fit(log)
    first, second = (m.score_all([[1]])[0] for m in (plain, doubting))
    assert second[3] / first[3] < second[2] / first[2] < 1


def test_a_catalogue_of_the_size_of_a_shop_stays_sparse():
    n = 24_000
    user, item = MADE.integers(0, 3_000, 20_000), MADE.integers(1, n + 1, 20_000)
    everything = Interactions.from_columns(
        [*user, *[3_000] * n], [*item, *range(1, n + 1)], range(len(user) + n)
    )
    log = everything.select(everything.user < everything.n_users - 1)
    model = ItemKNN(log.items, k=20).fit(log)
    assert model.neighbours.shape == (n + 1, 20)
    assert sum(a.nbytes for a in model._arrays().values()) < 5e6
    one = int(log.item[0])
    expected = Popularity(log.items).fit(log).recommend([[0]], 5)[0]
    assert_array_equal(model.recommend([[0]], 5)[0], expected)
    assert model.score_all([[one]])[0, 1:].max() > 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "^k: expected an integer of at least 1; received 0"),
        ({"k": 2.0}, "^k: expected an integer"),
        ({"shrink": -1}, "^shrink: expected a finite number from 0; received -1"),
        ({"shrink": np.nan}, "^shrink: expected a finite number from 0; received nan"),
        ({"shrink": np.inf}, "^shrink: expected a finite number from 0; received inf"),
        ({"shrink": "1"}, "^shrink: expected a finite number from 0; received '1'"),
    ],
)
def test_settings_of_neighbours_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ItemKNN(Vocabulary(np.array([1, 2])), **options)


def test_a_file_with_unknown_neighbours_is_refused(tmp_path):
    log = table(random_log())
    model = ItemKNN(log.items, k=2).fit(log)
    model.neighbours = model.neighbours + 15
    with pytest.raises(ValueError, match=r"^neighbours: expected ids in 0\.\.15"):
        load(model.save(tmp_path / "model.npz"))


# ---- EASE --------------------------------------------------------------------------------------


def inverted(met, penalty):
    """The published lines, in float64: invert, divide, clear the diagonal."""
    x = np.asarray(met, float)
    p = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
    weights = -p / np.diag(p)
    np.fill_diagonal(weights, 0)
    return weights


@settings(deadline=None)
@given(matrices, st.sampled_from([0.3, 1.0, 50.0]))
def test_ease_is_the_inverted_matrix(met, penalty):
    log = table(met)
    model = EASE(log.items, penalty).fit(log)
    expected = inverted(met, penalty)
    assert_allclose(model.weights[1:, 1:], expected, atol=1e-5)
    assert_array_equal(model.weights[0], 0)
    assert_array_equal(model.weights[:, 0], 0)
    assert_array_equal(np.diag(model.weights), 0)
    history = np.arange(1, met.shape[1] + 1)[None]
    assert_allclose(model.score_all(history)[0, 1:], expected.sum(axis=0), atol=2e-5)


@pytest.mark.parametrize("users", [5, 60])
def test_both_ways_to_solve_agree(users):
    met = random_log(users, 20, seed=users)
    ones = np.pad(met, ((0, 0), (1, 0))).astype(float)
    sparse = linear.sparse.csr_array(ones)
    by_items, by_users = linear._by_items(sparse, 3.0), linear._by_users(sparse, 3.0)
    assert_allclose(by_users, by_items * (1 - np.eye(21)), atol=1e-5)


def test_no_other_weights_without_a_diagonal_fit_better():
    met, penalty = random_log(30, 8, seed=3).astype(float), 2.0
    log = table(met)

    def loss(weights):
        return ((met - met @ weights) ** 2).sum() + penalty * (weights**2).sum()

    best = EASE(log.items, penalty).fit(log).weights[1:, 1:].astype(float)
    for _ in range(50):
        nudge = MADE.normal(size=best.shape) * (1 - np.eye(8)) * 0.01
        assert loss(best + nudge) > loss(best)


def test_a_large_penalty_leaves_the_counts_of_pairs():
    met = random_log(30, 8, seed=4).astype(float)
    log = table(met)
    both = met.T @ met * (1 - np.eye(8))
    scaled = EASE(log.items, 1e6).fit(log).weights[1:, 1:] * 1e6
    assert_allclose(scaled, both, atol=1e-3)


@pytest.mark.parametrize("penalty", [0, -1.0, np.nan, np.inf, "1", None])
def test_a_penalty_that_is_none_is_refused(penalty):
    with pytest.raises(ValueError, match="^penalty: expected a finite number above 0"):
        EASE(Vocabulary(np.array([1])), penalty)


@pytest.mark.parametrize("users", [3, 50])
def test_a_penalty_too_small_to_solve_is_said(users):
    met = np.ones((users, 10), bool)  # all items alike: singular without a penalty
    log = table(met)
    with pytest.raises(ValueError, match="^penalty: expected more than 1e-300"):
        EASE(log.items, 1e-300).fit(log)


def test_too_many_items_are_refused_before_memory_is_taken():
    with pytest.raises(ValueError, match=r"^items: expected at most 32,768.*received 32,769"):
        EASE(Vocabulary(np.arange(32_769)))


# ---- both --------------------------------------------------------------------------------------

MAKERS = {"ItemKNN": lambda items: ItemKNN(items, k=4), "EASE": lambda items: EASE(items, 20.0)}


@pytest.fixture(params=MAKERS)
def maker(request):
    return MAKERS[request.param]


def test_how_often_and_in_which_order_does_not_matter(maker):
    log, often = table(random_log()), table(random_log(), repeat=3)
    model, other = maker(log.items).fit(log), maker(often.items).fit(often)
    assert_allclose(model.score_all([[1, 2, 3]]), other.score_all([[3, 1, 2]]), atol=2e-6)
    assert_allclose(model.score_all([[1, 2, 2, 2]]), model.score_all([[0, 0, 2, 1]]), atol=1e-7)


def test_a_history_adds_up(maker):
    log = table(random_log())
    model = maker(log.items).fit(log)
    together, one, two = (model.score_all([h])[0, 1:] for h in ([4, 9], [0, 4], [0, 9]))
    assert_allclose(together, one + two, atol=3e-6)


def test_nothing_known_is_ranked_by_popularity(maker):
    met = random_log()
    met[:, 14] = False  # an item without a training row
    log = table(met)
    model, popular = maker(log.items).fit(log), Popularity(log.items).fit(log)
    expected = popular.recommend([[0]], 15)[0]
    assert_array_equal(model.recommend([[0]], 15)[0], expected)
    assert_array_equal(model.recommend([[0, 15]], 15, exclude_seen=False)[0], expected)
    assert model.score_all([[1, 2, 3]])[0, 15] == 0
    assert np.all(model.score_all([[0]])[0, 1:] < 1e-6)


def test_groups_of_taste_are_found_and_shuffled_ones_are_not(maker):
    met = np.zeros((60, 20), bool)
    for user in range(60):
        group = 10 * (user % 2)
        met[user, group + MADE.choice(10, 5, replace=False)] = True
    shuffled = np.array([MADE.permutation(row) for row in met])

    def right(made):
        model = maker(table(made).items).fit(table(made))
        found = model.recommend([[1, 2, 3], [11, 12, 13]], 7)[0]
        return np.mean((found <= 10) == [[True], [False]])

    assert right(met) == 1
    assert right(shuffled) < 0.9


def test_shares_of_attention_are_those_of_the_score(maker):
    log = table(random_log())
    model = maker(log.items).fit(log)
    model.popularity[:] = 0  # no tie-break: only what is known of pairs
    history = left_pad([[1, 2, 3], [4], [], [5, 6, 5]])
    candidates = np.tile([[9, 10]], (4, 1))
    record = model.attention(history, candidates)
    assert record.axes == ("user", "candidate", "key")
    assert record.query == "the candidate"
    for user, row in enumerate(history):
        for place, candidate in enumerate([9, 10]):
            size = [
                abs(model.score([[item]], [[candidate]]).item()) if item else 0.0 for item in row
            ]
            if user == 3:
                size[0] = 0.0  # 5 stands again, at the end
            expected = np.array(size) / max(sum(size), 1e-12)
            assert_allclose(record.weights[user, place], expected, atol=1e-4)
    assert record.select(0, candidate=1).shape == (3,)


def test_a_candidate_that_nothing_speaks_for_has_no_shares():
    log = table(np.eye(4, dtype=bool))
    record = ItemKNN(log.items).fit(log).attention([[1, 2]], [[3]])
    assert_array_equal(record.weights, 0)


# ---- histories as 0 and 1 ----------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=4))
def test_the_newest_of_each_item_is_marked_once(histories):
    history = left_pad(histories)
    found = newest_of_each(history)
    for row, marks in zip(history, found, strict=True):
        assert sorted(row[marks]) == sorted(set(row) - {0})
        for slot in np.flatnonzero(marks):
            assert row[slot] not in row[slot + 1 :]
    dense = history_matrix(history, 5).toarray()
    for row, line in zip(history, dense, strict=True):
        assert_array_equal(np.flatnonzero(line), sorted(set(row) - {0}))
        assert set(line) <= {0, 1}


def test_shares_of_nothing_are_nothing():
    assert_allclose(shares(np.array([[3.0, -1.0], [0.0, 0.0]])), [[0.75, 0.25], [0, 0]])
