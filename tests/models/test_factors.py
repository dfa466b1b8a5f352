"""Matrix factorisation: its pairs, its slopes, its vectors for histories, and what it can learn."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize

from attnrec_lite.data import Interactions, Vocabulary, leave_one_out, left_pad, make_shop
from attnrec_lite.evaluation import evaluate, places, ranking_metrics
from attnrec_lite.models import BPR, Popularity, _fold_in
from attnrec_lite.models._pairs import Pairs, adagrad


def table(met):
    """A log in which user u met item i + 1 where ``met[u, i]``; nobody and nothing is left out."""
    user, item = np.nonzero(np.asarray(met))
    n_users, n_items = np.shape(met)
    everything = Interactions.from_columns(
        [*user, *[n_users] * n_items, *range(n_users)],
        [*(item + 1), *range(1, n_items + 1), *[1] * n_users],
        [*range(1, len(user) + 1), *[0] * n_items, *[0] * n_users],
    )
    return everything.select((everything.time > 0) & (everything.user < n_users))


def groups(users=60, seed=0):
    """Two halves of the users, each with five of the ten items of its own half."""
    rng = np.random.default_rng(seed)
    met = np.zeros((users, 20), bool)
    for user in range(users):
        met[user, 10 * (user % 2) + rng.choice(10, 5, replace=False)] = True
    return met


LOG = table(groups())


# ---- pairs and steps ---------------------------------------------------------------------------


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 8))), st.integers(1, 9))
def test_every_taken_item_meets_one_that_was_not_taken(met, size):
    pairs = Pairs(table(met))
    seen = list(pairs.batches(size, np.random.default_rng(0)))
    assert all(len(user) <= size for user, _, _ in seen)
    found = [tuple(row) for batch in seen for row in zip(*batch, strict=True)]
    for user, taken, other in found:
        assert met[user, taken - 1]
        assert not met[user, other - 1]
    can = [(u, i + 1) for u, i in zip(*np.nonzero(met), strict=True) if not met[u].all()]
    assert sorted((u, i) for u, i, _ in found) == can  # each once; users with everything not
    assert len(pairs) == len(can)


def test_what_was_not_taken_is_drawn_uniformly():
    met = np.array([[1, 0, 0, 1, 0, 1, 0], [0, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 0]])
    drawn = Pairs(table(met)).not_taken(np.repeat([0, 1, 2], 8_000), np.random.default_rng(1))
    counts = np.array([np.bincount(d, minlength=8)[1:] for d in drawn.reshape(3, 8_000)])
    expected = (1 - met) / (1 - met).sum(axis=1, keepdims=True) * 8_000
    assert_allclose(counts, expected, atol=4 * np.sqrt(8_000 / 4))
    assert_array_equal(counts[met > 0], 0)


def test_a_row_that_is_named_twice_moves_by_the_sum():
    rng = np.random.default_rng(0)
    rows, slope = np.array([3, 1, 3, 3]), rng.normal(size=(4, 2)).astype(np.float32)
    found, squares = np.ones((5, 2), np.float32), np.full((5, 2), 0.5, np.float32)
    adagrad(found, squares, rows, slope, 0.1)
    expected, total = np.ones((5, 2)), np.zeros((5, 2))
    np.add.at(total, rows, slope)
    expected -= 0.1 * total / np.sqrt(0.5 + total**2)
    assert_allclose(found, expected, atol=1e-6)
    assert_allclose(squares, 0.5 + total**2, rtol=1e-6)


def test_the_slopes_are_those_of_the_loss():
    model = BPR(LOG.items, width=3, penalty=0.3)
    rng = np.random.default_rng(2)
    user, taken, other = rng.normal(size=(3, 1, 4))
    user[:, -1] = 1

    def loss(x):
        u, i, j = x.reshape(3, 1, 4)
        squares = (u[:, :-1] ** 2).sum() + (i**2).sum() + (j**2).sum()
        return model._slopes(u, i, j)[0] + 0.15 * squares

    start = np.concatenate([user, taken, other]).ravel()
    numbers = optimize.approx_fprime(start, loss, 1e-6).reshape(3, 1, 4)
    numbers[0, :, -1] = 0  # the 1 of the users stays
    value, of_users, of_goods = model._slopes(user, taken, other)
    assert_allclose(value, np.logaddexp(0, -((user * (taken - other)).sum())))
    assert_allclose(np.stack([of_users, *of_goods[:, None]]), numbers, atol=1e-5)


# ---- training ----------------------------------------------------------------------------------


def test_the_loss_falls():
    losses = BPR(LOG.items, width=8).fit(LOG, epochs=25, batch=32).losses
    assert len(losses) == 25
    assert losses[0] > 0.6
    assert losses[-1] < 0.3 < losses[5]
    assert losses[-1] == min(losses[::6] + losses[-1:])


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    first, again, other = (BPR(LOG.items, 4, seed=s).fit(LOG, epochs=3) for s in (5, 5, 6))
    again.fit(LOG, epochs=3)  # a second call forgets the first
    for name in ("table", "bias", "users"):
        assert_array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))
    assert first.losses == again.losses
    assert_array_equal(first.score_all([[1, 2]]), again.score_all([[1, 2]]))


@pytest.mark.slow
def test_a_new_process_with_other_threads_gives_the_same_bits():
    code = (
        "import hashlib; from attnrec_lite.data import load; from attnrec_lite.models import BPR; "
        "log = load('shop', n_users=200); m = BPR(log.items).fit(log, epochs=2); "
        "print(hashlib.sha256(m.table.tobytes() + m.bias.tobytes()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": n, "OPENBLAS_NUM_THREADS": n},
        ).stdout
        for n in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


def test_groups_of_taste_are_found_and_shuffled_ones_are_not():
    rng = np.random.default_rng(3)
    shuffled = np.array([rng.permutation(row) for row in groups()])

    def right(met):
        log = table(met)
        model = BPR(log.items, width=8).fit(log, batch=32)
        found = model.recommend([[1, 2, 3], [11, 12, 13]], 7)[0]
        return np.mean((found <= 10) == [[True], [False]])

    assert right(groups()) > 0.9
    assert right(shuffled) < 0.8


def test_an_item_without_a_row_ranks_last_and_the_rest_by_taste():
    met = groups()
    met[:, 9] = False
    log = table(met)
    model = BPR(log.items, width=8).fit(log, batch=32)
    assert model.recommend([[1, 2, 3]], 20, exclude_seen=False)[0][0, -11:].tolist().count(10) == 1
    assert model.bias[10] < model.bias[np.r_[1:10, 11:21]].min()


def test_an_empty_history_gets_the_mean_user_which_follows_popularity():
    met = np.random.default_rng(4).random((200, 12)) < np.linspace(0.1, 0.8, 12)
    log = table(met)
    model = BPR(log.items, width=4).fit(log)
    assert_allclose(model.user_vectors([[0, 0]])[0], model.users.mean(axis=0), atol=1e-6)
    popular = Popularity(log.items).fit(log).score_all([[0]])[0, 1:]
    assert np.corrcoef(model.score_all([[0]])[0, 1:], popular)[0, 1] > 0.9


def test_a_user_with_everything_and_a_log_of_one_item_are_fitted():
    for met in (np.ones((3, 4)), np.ones((3, 1))):
        log = table(met)
        model = BPR(log.items, width=2).fit(log, epochs=2)
        assert model.losses == [0.0, 0.0]
        assert np.isfinite(model.score_all([[*range(1, met.shape[1] + 1)]])[0, 1:]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "^width: expected an integer of at least 1; received 0"),
        ({"negatives": 0}, "^negatives: expected an integer"),
        ({"penalty": 0}, "^penalty: expected a finite number above 0; received 0"),
        ({"penalty": np.inf}, "^penalty: expected a finite number above 0"),
        ({"seed": -1}, "^seed: expected an integer of at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        BPR(Vocabulary(np.array([1, 2])), **options)


@pytest.mark.parametrize("name", ["epochs", "batch", "learning_rate"])
def test_training_settings_out_of_range_are_refused(name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        BPR(LOG.items).fit(LOG, **{name: 0})


# ---- a vector for a history --------------------------------------------------------------------


def taught(width=4, scale=1.0, negatives=512):
    model = BPR(LOG.items, width, penalty=0.05, negatives=negatives)
    rng = np.random.default_rng(9)
    model.table = rng.normal(0, scale, model.table.shape).astype(np.float32)
    model.bias = rng.normal(0, scale, model.bias.shape).astype(np.float32)
    return model


def fold_in_loss(model, history, u):
    """The published loss of one user, pair by pair."""
    scores = model.table.astype(float) @ u + model.bias
    own, other = set(history), set(range(1, 21)) - set(history)
    total = sum(np.logaddexp(0, scores[j] - scores[i]) for i in own for j in other)
    return total / len(own) / max(1, len(other)) + model.penalty / 2 * (u @ u)


@pytest.mark.parametrize("history", [[1], [3, 7, 20], [5, 5, 9], list(range(1, 20))])
def test_the_vector_of_a_history_is_where_the_loss_is_least(history):
    model = taught()
    best = optimize.minimize(lambda u: fold_in_loss(model, history, u), np.zeros(4), tol=1e-10)
    found = model.user_vectors([history])[0]
    assert_allclose(found, best.x, atol=2e-3)
    assert fold_in_loss(model, history, found) <= best.fun + 1e-5


@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0, 100.0])
def test_every_round_lowers_the_loss_however_large_the_scores(scale, monkeypatch):
    model, histories = taught(scale=scale), [[1, 2], [3], [4, 5, 6, 7]]
    before = [fold_in_loss(model, h, np.zeros(4)) for h in histories]
    for rounds in (1, 2, 3, 6, 12):
        monkeypatch.setattr(_fold_in, "ROUNDS", rounds)
        found = model.user_vectors(left_pad(histories))
        after = [fold_in_loss(model, h, u) for h, u in zip(histories, found, strict=True)]
        assert np.all(np.array(after) <= np.array(before) + 1e-5 * (1 + np.array(before)))
        before = after


def test_the_vector_ignores_order_repeats_neighbours_and_padding():
    model = taught()
    alone = model.user_vectors([[3, 7, 12]])[0]
    assert_allclose(model.user_vectors([[12, 3, 7]])[0], alone, atol=1e-5)
    assert_allclose(model.user_vectors([[3, 7, 12, 12, 3]])[0], alone, atol=1e-5)
    beside = model.user_vectors(left_pad([[1, 2, 3], [3, 7, 12], [4], [], [9, 8, 7, 6]]))
    assert_array_equal(beside[1], alone)
    assert_array_equal(beside[3], model.mean)


def test_many_histories_are_solved_a_part_at_a_time(monkeypatch):
    model = taught()
    histories = np.random.default_rng(0).integers(1, 21, (30, 3))
    whole = model.user_vectors(histories)
    monkeypatch.setattr("attnrec_lite.models.factors.CELLS", 200)
    assert_array_equal(model.user_vectors(histories), whole)


def test_a_sample_of_the_items_gives_nearly_the_same_vector():
    everything, some = taught(), taught(negatives=15)
    first, second = (m.user_vectors([[3, 7], [11, 2]]) for m in (everything, some))
    assert not np.array_equal(first, second)
    assert_array_equal(second, taught(negatives=15).user_vectors([[3, 7], [11, 2]]))
    for a, b in zip(first, second, strict=True):
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.8


def test_the_parts_of_a_history_add_up_to_its_score():
    model = taught()
    history, candidates = [[0, 3, 7, 12]], [[1, 15]]
    ((rows, slots, problem),) = model._problems(np.array(history))
    u = problem.solve()
    assert_allclose(problem.pieces(u).sum(axis=1), u, atol=2e-3)
    parts = (problem.pieces(u) @ model.table[candidates[0]].T.astype(float))[0]  # (key, candidate)
    scores = model.score(history, candidates)[0]
    assert_allclose(parts.sum(axis=0) + model.bias[candidates[0]], scores, atol=1e-2)
    record = model.attention(history, candidates)
    assert record.axes == ("user", "candidate", "key")
    assert (rows.tolist(), slots.tolist()) == ([0], [[1, 2, 3]])
    expected = np.abs(parts / np.abs(parts).sum(axis=0)).T
    assert_allclose(record.weights[0, :, 1:], expected, atol=1e-5)


@pytest.mark.slow
def test_a_vector_found_for_a_history_ranks_as_well_as_the_trained_one():
    split = leave_one_out(make_shop(n_users=800, seed=1).log)
    model = BPR(split.train.items).fit(split.train)
    target, history = split.validation.item, split.validation.history()
    trained = model.users[split.validation.user] @ model.table.T + model.bias
    by_training = ranking_metrics(*places(trained, target, history), k=10)["ndcg"].mean()
    by_history = evaluate(model, split.validation).mean("ndcg@10")
    assert by_training > 0.25
    assert by_history > by_training - 0.01
