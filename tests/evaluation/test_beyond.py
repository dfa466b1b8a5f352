"""Coverage, Gini, novelty and diversity: by hand, against loops, and with their protocol."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, Vocabulary, leave_one_out
from attnrec_lite.evaluation import ListEvaluation, evaluate_lists
from attnrec_lite.evaluation.beyond import coverage, gini_of_lists, intra_list_diversity, novelty
from attnrec_lite.models import Popularity, Successors

quick = settings(deadline=None, max_examples=60)
N = 6
lists = st.lists(
    st.lists(st.integers(1, N), max_size=4, unique=True).map(lambda r: r + [0] * (4 - len(r))),
    min_size=1,
    max_size=6,
)


def log_of(histories):
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


# ---- against loops -----------------------------------------------------------------------------


@quick
@given(lists)
def test_coverage_and_gini_are_what_loops_say(ids):
    exposure = [sum(row.count(i) for row in ids) for i in range(1, N + 1)]
    assert coverage(ids, N) == sum(x > 0 for x in exposure) / N
    apart = sum(abs(a - b) for a, b in itertools.product(exposure, repeat=2))
    expected = apart / (2 * N * sum(exposure)) if sum(exposure) else 0
    assert gini_of_lists(ids, N) == pytest.approx(expected)


@quick
@given(lists, st.integers(0, 2**32 - 1))
def test_diversity_is_the_mean_over_all_pairs(ids, seed):
    vectors = np.random.default_rng(seed).integers(-1, 2, size=(N + 1, 3)).astype(float)
    vectors[0] = np.nan  # padding is not looked at
    found = intra_list_diversity(ids, vectors)
    for row, value in zip(ids, found, strict=True):
        apart = []
        for i, j in itertools.combinations([i for i in row if i], 2):
            length = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
            apart.append(1 - (vectors[i] @ vectors[j] / length if length else 0))
        assert value == pytest.approx(np.mean(apart) if apart else 0, abs=1e-12)


@quick
@given(lists)
def test_novelty_is_the_mean_surprise(ids):
    log = log_of([[1, 1, 2], [1, 3], [1], [2, 6]])
    users = {1: 3, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1}  # 4 and 5 are nobody's and count as one user's
    raw = np.concatenate([[0], log.items.raw])
    shown = [[np.flatnonzero(raw == i)[0] if i in raw else 0 for i in row] for row in ids]
    for row, value in zip(shown, novelty(shown, log), strict=True):
        bits = [-np.log2(users[raw[i]] / 4) for i in row if i]
        assert value == pytest.approx(np.mean(bits) if bits else 0)


def test_an_item_that_nobody_has_is_as_surprising_as_one_of_a_single_user():
    log = log_of([[1, 2, 3], [1], [1], [1]]).select([0, 1, 3, 4, 5])
    assert_allclose(novelty([[1], [2], [3]], log), [0, 2, 2])


def test_extremes():
    everyone_the_same = np.ones((9, 1), int)
    assert gini_of_lists(everyone_the_same, 10) == pytest.approx(0.9)
    assert coverage(everyone_the_same, 10) == 0.1
    assert (coverage([[0, 0]], 10), gini_of_lists([[0, 0]], 10)) == (0, 0)
    assert (coverage([[1]], 1), gini_of_lists([[1]], 1)) == (1, 0)
    assert intra_list_diversity([[1, 2]], [[0, 0], [1, 0], [-1, 0]]).item() == 2
    assert intra_list_diversity([[1, 2]], np.zeros((3, 2))).item() == 1
    assert intra_list_diversity([[1, 2, 0]], [[5, 5], [1, 0], [1, 0]]).item() == 0


# ---- with a model ------------------------------------------------------------------------------


@pytest.fixture
def split():
    rng = np.random.default_rng(0)
    return leave_one_out(log_of([rng.permutation(np.arange(1, 21))[:8] for _ in range(40)]))


def test_lists_of_a_model_and_their_protocol(split):
    vectors = np.random.default_rng(1).normal(size=(21, 3))
    models = [rule(split.train.items).fit(split.train) for rule in (Popularity, Successors)]
    popular, follows = (
        evaluate_lists(m, split.test, k=4, log=split.train, vectors=vectors) for m in models
    )
    assert isinstance(popular, ListEvaluation)
    assert popular.ids.shape == (40, 4)
    assert_array_equal(popular.ids, models[0].recommend(split.test.history(), 4)[0])
    assert popular.mean("coverage@4") == coverage(popular.ids, 20) < follows.mean("coverage@4")
    assert popular.mean("gini@4") == gini_of_lists(popular.ids, 20) > follows.mean("gini@4")
    assert popular.mean("novelty@4") == novelty(popular.ids, split.train).mean()
    assert popular.mean("diversity@4") == intra_list_diversity(popular.ids, vectors).mean()
    text = str(popular)
    assert text == repr(popular)
    assert text.startswith("popularity: coverage@4 0.")
    assert "last row of each user: 40 targets, lists out of all 20 items, history removed" in text
    without = evaluate_lists(models[0], split.test, k=4, log=split.train, batch=7)
    assert list(without.per_user) == ["novelty@4"]
    assert_array_equal(without.ids, popular.ids)


def test_k_beyond_the_catalogue_leaves_empty_places(split):
    model = Popularity(split.train.items).fit(split.train)
    found = evaluate_lists(model, split.test, k=50, log=split.train)
    assert_array_equal((found.ids > 0).sum(axis=1), 13)  # 20 less a history of 7
    kept = evaluate_lists(model, split.test, k=50, exclude_seen=False, log=split.train)
    assert (kept.mean("coverage@50"), kept.mean("gini@50")) == (1, 0)
    assert "history kept" in str(kept)


def test_what_does_not_fit_is_refused_by_name(split):
    model = Popularity(split.train.items).fit(split.train)
    other = Popularity(Vocabulary(np.arange(3)))
    empty = split.train.select([])
    good = {"log": split.train, "k": 2}
    for call, message in (
        (lambda: evaluate_lists(other, split.test, **good), "^model: .*catalogue of the holdout"),
        (
            lambda: evaluate_lists(model, split.test, log=log_of([[1]])),
            "^model: .*of the log, 1",
        ),
        (lambda: evaluate_lists(model, split.test, log=empty), "^log: expected at least one row"),
        (lambda: evaluate_lists(model, split.test, log=split.train, k=0), "^k: expected an int"),
        (
            lambda: evaluate_lists(model, split.test, **good, vectors=np.ones((5, 2))),
            r"^ids: expected ids in 0\.\.4",
        ),
        (lambda: coverage([[7]], 6), r"^ids: expected ids in 0\.\.6; received 7"),
        (lambda: gini_of_lists([[1]], 0), "^n_items: expected an integer of at least 1"),
        (lambda: intra_list_diversity([[1]], [[0], [np.nan]]), "^vectors: expected finite"),
        (lambda: ListEvaluation("m", "", {}, {}, np.zeros((1, 1))), "^protocol: expected"),
        (
            lambda: evaluate_lists(model, split.test, **good).mean("ndcg@2"),
            "^metric: expected one of coverage@2, gini@2, novelty@2; received 'ndcg@2'",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
