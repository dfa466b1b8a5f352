"""NAIS: the formula, prefixes that do not see the future, what beta does, what it learns."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import NAIS, Popularity, load
from attnrec_lite.models.nais import BOUND
from attnrec_lite.training import WindowBatches

N = 12


def log_of(histories):
    rows = [(u, int(i), t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def small_log(seed=0):
    rng = np.random.default_rng(seed)
    return log_of([np.arange(1, N + 1), *(rng.integers(1, N + 1, size=n) for n in range(2, 9))])


def built(beta=0.5, large=1.0, **options):
    """Untrained, with a bias, and scores that matter."""
    options = {"width": 4, "window": 6, "negatives": 5, "dropout": 0.0, **options}
    model = NAIS(small_log().items, beta=beta, **options)
    rng = np.random.default_rng(1)
    arrays = {name: rng.normal(size=a.shape) * large for name, a in model._arrays().items()}
    model._set_arrays(arrays)
    return model


def by_hand(model, history, candidate):
    """Score and shares of one candidate, from the formulas."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}
    q, p = w["past"][history], w["table"][candidate]
    scores = BOUND * np.tanh(formulas.dot_scores(p @ w["ask"], q) / np.sqrt(len(p)) / BOUND)
    score = formulas.nais_score(p, q, scores, model.beta) if len(q) else 0.0
    return score + w["bias"][candidate], scores


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_scores_are_the_formula_on_ragged_histories(beta):
    model = built(beta)
    histories = [[1, 5, 5, 2], [7], []]
    padded = [[0] * (4 - len(h)) + h for h in histories]
    found = model.score_all(padded)
    for row, history in enumerate(histories):
        expected = [by_hand(model, history, c)[0] for c in range(1, N + 1)]
        assert_allclose(found[row, 1:], expected, rtol=1e-4, atol=1e-5)


def test_attention_is_the_softmax_of_the_scores_whatever_beta_is():
    for beta in (0.0, 1.0):
        model = built(beta)
        record = model.attention([[0, 3, 8, 1]], [[2, 9]])
        assert record.axes == ("user", "candidate", "key")
        for place, candidate in enumerate((2, 9)):
            expected = formulas.softmax(by_hand(model, [3, 8, 1], candidate)[1])
            assert_allclose(record.select(0, candidate=place)[1:], expected, rtol=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_every_position_is_scored_by_its_own_prefix(beta):
    """What training computes by running sums is what scoring computes for each prefix alone."""
    model = built(beta)
    ids = np.array([[0, 0, 4, 4, 9, 1], [3, 2, 1, 7, 8, 12]], np.int32)
    targets = np.array([[0, 0, 4, 9, 1, 2], [2, 1, 7, 8, 12, 5]], np.int32)
    network = model.network
    keys = network(tf.constant(ids))
    bias, real = network.bias.numpy(), tf.constant(ids > 0)
    shared = network.shared_scores(keys, real, tf.range(N + 1)).numpy() + bias
    own = network.own_scores(keys, real, tf.constant(targets)).numpy() + bias[targets]
    for row, place in np.argwhere(targets > 0):
        alone = model.score_all(ids[row : row + 1, : place + 1])[0]
        assert_allclose(shared[row, place, 1:], alone[1:], rtol=1e-4, atol=1e-4)
        assert_allclose(own[row, place], alone[targets[row, place]], rtol=1e-4, atol=1e-4)


def test_the_future_never_leaks_to_the_last_bit():
    network = built().network
    first = np.array([[3, 2, 1, 7, 8, 12]], np.int32)
    for place in range(5):
        other = first.copy()
        other[0, place + 1 :] = [6, 5, 11, 10, 9][: 5 - place]
        a, b = (
            network.shared_scores(network(tf.constant(x)), tf.constant(x > 0), tf.range(N + 1))
            for x in (first, other)
        )
        assert_array_equal(a[0, : place + 1], b[0, : place + 1])
        assert np.abs(a[0, place + 1] - b[0, place + 1]).max() > 1e-6


def test_huge_vectors_stay_finite():
    for beta in (0.0, 0.5, 1.0):
        model = built(beta, large=30.0)
        assert np.isfinite(model.score_all([[1, 2, 3, 4, 5, 6], [0] * 6])[:, 1:]).all()
        model.fit(small_log(), epochs=1, learning_rate=1e-3)
        assert np.isfinite(model.losses).all()


def test_beta_decides_whether_ten_copies_say_more_than_one():
    once, often = [[0] * 5 + [4]], [[4] * 6]
    for beta, ratio in ((1.0, 1.0), (0.5, 6**0.5), (0.0, 6.0)):
        model = built(beta)
        bias = model._arrays()["bias"][1:]
        single, many = (model.score_all(h)[0, 1:] - bias for h in (once, often))
        assert_allclose(many, ratio * single, rtol=1e-3, atol=1e-5)


def test_the_loss_is_that_of_the_drawn_items_and_of_real_targets_only():
    model = built()
    rows, targets = WindowBatches(small_log(), 6, 99, 0)[0]
    network = model.network
    network.draw_by_popularity(np.ones(N + 1, np.int64))
    keys = network(tf.constant(rows))
    state = network.draws.state.numpy()
    points = tf.random.stateless_uniform([5], network.draws.next())
    drawn = tf.minimum(tf.searchsorted(network.cumulative, points) + 1, N).numpy()
    network.draws.state.assign(state)
    found = float(network.compute_loss(tf.constant(rows), tf.constant(targets), keys))
    log_q, losses = network.log_q.numpy(), []
    for row, place in np.argwhere(targets > 0):
        scores = model.score_all(rows[row : row + 1, : place + 1])[0] - log_q
        target = targets[row, place]
        rest = [scores[i] for i in drawn if i != target]
        losses.append(np.logaddexp.reduce([scores[target], *rest]) - scores[target])
    assert_allclose(found, np.mean(losses), rtol=1e-4)


def test_the_same_seed_ends_at_the_same_bits_and_a_file_gives_the_same_scores(tmp_path):
    log = small_log()
    options = {"width": 4, "window": 6, "negatives": 5}
    models = [NAIS(log.items, seed=3, **options).fit(log, epochs=2) for _ in range(2)]
    first, again = (m.score_all([[1, 2, 3]]) for m in models)
    assert_array_equal(first, again)
    back = load(models[0].save(tmp_path / "nais.npz"))
    assert_array_equal(back.score_all([[1, 2, 3]]), first)
    assert back.config() == models[0].config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 1.5}, r"beta: expected a number in \[0, 1\]"),
        ({"width": 0}, "width: expected an integer of at least 1"),
        ({"window": 0}, "window: expected an integer of at least 1"),
        ({"dropout": 1}, r"dropout: expected a share in \[0, 1\); received 1"),
        ({"negatives": 0}, "negatives: expected an integer of at least 1"),
        ({"seed": -1}, "seed: expected an integer of at least 0"),
    ],
)
def test_it_names_what_is_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        NAIS(small_log().items, **options)


def test_a_log_in_which_nothing_follows_anything_is_refused():
    log = Interactions.from_columns(range(N), range(1, N + 1), range(N))
    with pytest.raises(ValueError, match="log: expected a user with two items or more"):
        NAIS(log.items, width=4).fit(log)


@pytest.mark.slow
def test_it_learns_what_goes_together_and_nothing_where_nothing_does():
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 4, 300)
    planted = [rng.permutation(np.arange(1, 11) + 10 * kind)[:6] for kind in kinds]
    shuffled = [rng.permutation(np.arange(1, 41))[:6] for _ in range(300)]
    for histories, learns in ((planted, True), (shuffled, False)):
        split = leave_one_out(log_of(histories))
        model = NAIS(split.train.items, width=8, negatives=20, dropout=0.1)
        model.fit(split.train, epochs=15)
        popular = Popularity(split.train.items).fit(split.train)
        found, base = (evaluate(m, split.test).mean("hr@10") for m in (model, popular))
        assert (found > base + 0.3) == learns
