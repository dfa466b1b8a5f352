"""The four programs beside the first: equal to the formulas, in training as in answering."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, leave_one_out, left_pad
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import (
    InterestModel,
    PairwiseAttention,
    Popularity,
    QKVRecommender,
    ScoreTimesAttention,
    TargetAttention,
    _candidates,
    _network,
)

N, D, WINDOW = 12, 4, 6
CLASSES = [ScoreTimesAttention, PairwiseAttention, TargetAttention, InterestModel]
ASKING = [ScoreTimesAttention, TargetAttention]  # the candidate asks
SCORING = [*ASKING, InterestModel]  # more than one dot product scores a candidate
HISTORIES = [[1, 2, 3, 4, 5, 6], [0, 0, 7, 8, 8, 7], [0, 9], [9], [3, 3, 3]]


def log_of(histories):
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def small_log():
    rng = np.random.default_rng(0)
    return log_of([*rng.integers(1, N + 1, size=(20, 9)), np.arange(1, N + 1)])


LOG = small_log()
models = {}


def made(kind, spread=True, **options):
    """A model with weights drawn at random: zeros, such as first biases, would hide a mistake."""
    key = (kind, spread, *sorted(options.items()))
    if key not in models:
        settings = {"width": D, "window": WINDOW, "negatives": 5, "dropout": 0.5, **options}
        models[key] = kind(LOG.items, **settings)
        rng = np.random.default_rng(1)
        for weight in models[key].network.trainable_weights if spread else []:
            weight.assign(rng.normal(size=weight.shape))
    return models[key]


def by_formula(model, history):
    """Scores of all items and weights of one user, as the equations say, in float64."""
    w = {name: np.float64(array) for name, array in model._arrays().items()}
    history = np.array([i for i in history if i], int)
    e, bias = w["table"], w["bias"]
    h = w.get("past", e)[history]
    if isinstance(model, QKVRecommender):
        q, k, v = np.split(w["attend/qkv"], 3, axis=1)
        norms = [(w[f"{n}/gamma"], w[f"{n}/beta"]) for n in ("norm_in", "norm_out")]
        z, a = formulas.newest_asks(h, q, k, v, w["attend/out"], w["recency"][0], *norms)
        return formulas.preference_scores(z, e, bias), a[None]
    if isinstance(model, ScoreTimesAttention):
        return formulas.score_times_attention(h, e, w["recency"], bias)
    if isinstance(model, TargetAttention):
        return formulas.candidate_asks(h, e, w["w_q"], w["w_k"], w["w_v"], w["recency"], bias)
    if isinstance(model, PairwiseAttention):
        to_user, to_score = w["recency"]
        judge = w["judge/query_matrix"], w["judge/key_matrix"], w["judge/v"][:, 0]
        s = formulas.pairwise_scores(h, to_user, *judge)
        dense = w["dense/kernel"].T, w["dense/bias"]
        z, a = formulas.pairwise_context(h, s, to_score, *dense)
        return formulas.preference_scores(z, e, bias), a
    z, a = formulas.interest_vectors(h, w["hidden"], w["queries"], w["recency"])
    return formulas.best_interest_scores(z, e, bias), a


# ---- equal to the formulas ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [QKVRecommender, *CLASSES])
@pytest.mark.parametrize("history", HISTORIES)
def test_scores_and_weights_are_those_of_the_formulas(kind, history):
    model = made(kind)
    scores, weights = by_formula(model, history)
    assert_allclose(model.score_all([history])[0, 1:], scores[1:], rtol=1e-5, atol=2e-5)
    everything = np.arange(1, N + 1)[None]
    found = model.attention([history], everything).weights[0][..., np.array(history) > 0]
    expected = weights[1:] if kind in ASKING else weights
    assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", CLASSES)
def test_without_a_history_only_the_bias_of_an_item_speaks(kind):
    model = made(kind)
    bias = model._arrays()["bias"]
    assert_allclose(by_formula(model, [])[0], bias, atol=1e-12)
    for nothing in ([[0]], [[0, 0, 0]]):
        assert_array_equal(model.score_all(nothing)[0, 1:], bias[1:])


@pytest.mark.parametrize("kind", CLASSES)
def test_only_the_newest_items_of_a_long_history_count(kind):
    model, newest = made(kind), [4, 9, 2, 7, 7, 1]
    for older in ([3], [5, 6, 8] * 10):
        assert_array_equal(model.score_all([older + newest]), model.score_all([newest]))
        assert_array_equal(model.attention([older + newest], [[1]]).keys, [newest])
    assert not np.allclose(model.score_all([[8, *newest[1:]]]), model.score_all([newest]))


@pytest.mark.parametrize("kind", CLASSES)
def test_order_matters_by_how_long_ago_alone(kind):
    model = made(kind)
    assert not np.allclose(model.score_all([[1, 2, 3]]), model.score_all([[2, 1, 3]]))
    fresh = made(kind, spread=False)  # every bias for how long ago is still 0: a set, no sequence
    assert_allclose(fresh.score_all([[1, 2, 3]]), fresh.score_all([[3, 1, 2]]), atol=1e-6)


@pytest.mark.parametrize("kind", CLASSES)
def test_candidates_change_the_weights_where_they_ask_and_nowhere_else(kind):
    one, other = (made(kind).attention([[1, 2, 3]], [[c]]).weights for c in (1, 9))
    assert np.allclose(one, other, atol=1e-3) == (kind not in ASKING)


def test_each_interest_looks_at_the_history_in_its_own_way():
    record = made(InterestModel, interests=3).attention([[1, 2, 3]], [[1]])
    assert record.axes == ("user", "interest", "key")
    assert record.weights.shape == (1, 3, 3)
    assert len(np.unique(record.weights[0].round(4), axis=0)) == 3


# ---- training answers as answering does --------------------------------------------------------


def trained_scores(model, ids, candidates):
    """Scores of these candidates at every position, as the loss sees them: (batch, length, n)."""
    ids = tf.constant(ids)
    found = tf.cast(model.network(ids), tf.float32)
    if isinstance(model, PairwiseAttention):
        scores = tf.einsum("btd,nd->btn", found, model.network.table) + model.network.bias
        return scores.numpy()[:, :, candidates]
    scores = model.network.shared_scores(found, ids > 0, tf.constant(candidates))
    return (scores + tf.gather(model.network.bias, candidates)).numpy()


@pytest.mark.parametrize("kind", CLASSES)
def test_each_position_is_scored_as_if_the_history_ended_there(kind):
    model, candidates = made(kind), [1, 12, 7, 7]
    ids = left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], []])
    found = trained_scores(model, ids, candidates)
    for t in range(ids.shape[1]):
        expected = model.score_all(ids[:, : t + 1])[:, candidates]
        assert_allclose(found[:, t], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", SCORING)
def test_a_position_scores_its_own_candidate_as_it_scores_shared_ones(kind):
    model = made(kind)
    ids = tf.constant(left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], []]))
    targets = np.random.default_rng(3).integers(1, N + 1, size=ids.shape)
    h, everything = model.network(ids), tf.range(N + 1)
    shared = model.network.shared_scores(h, ids > 0, everything).numpy()
    own = model.network.own_scores(h, ids > 0, tf.constant(targets)).numpy()
    expected = np.take_along_axis(shared, targets[:, :, None], 2)[:, :, 0]
    assert_allclose(own, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", CLASSES)
@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, N), min_size=6, max_size=6), st.integers(1, 5))
def test_the_future_never_leaks(kind, history, now):
    other = [i % N + 1 if t >= now else i for t, i in enumerate(history)]
    one, two = (trained_scores(made(kind), [row], [1, 2, 3])[0] for row in (history, other))
    assert_array_equal(one[:now], two[:now])


@pytest.mark.parametrize("kind", SCORING)
def test_the_loss_is_a_softmax_over_the_target_and_the_drawn_items(kind, monkeypatch):
    model = made(kind)
    net = model.network
    net.draw_by_popularity(np.arange(N + 1))
    ids, targets = np.int32([[0, 0, 1, 2, 3, 4]]), np.int32([[0, 0, 2, 3, 4, 9]])
    drawn = np.int32([4, 9, 9, 11, 1])
    points = (np.asarray(net.cumulative)[drawn - 1] + np.append(0, net.cumulative)[drawn - 1]) / 2
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_: tf.constant(points, tf.float32))
    found = float(net.compute_loss(ids, tf.constant(targets), net(ids)))
    log_q = np.asarray(net.log_q)
    losses = []
    for t in range(2, 6):
        scores = by_formula(model, ids[0, : t + 1])[0] - log_q
        target = targets[0, t]
        others = scores[drawn[drawn != target]]
        losses.append(np.log(np.exp(np.append(others, scores[target])).sum()) - scores[target])
    assert_allclose(found, np.mean(losses), rtol=1e-4)
    net.draw_by_popularity(np.ones(N + 1))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_weight_learns_and_padding_does_not(kind):
    net = made(kind).network
    ids, targets = np.int32([[0, 0, 1, 2, 3, 4]]), np.int32([[0, 0, 2, 3, 4, 9]])
    with tf.GradientTape() as tape:
        loss = net.compute_loss(ids, tf.constant(targets), net(ids))
    weights = net.trainable_weights
    for weight, slope in zip(weights, tape.gradient(loss, [w.value for w in weights]), strict=True):
        assert slope is not None, weight.path
        slope = tf.convert_to_tensor(slope).numpy()
        assert np.isfinite(slope).all(), weight.path
        assert np.abs(slope).max() > 0, weight.path
        if weight.name in ("past", "table"):
            assert_array_equal(slope[0], 0, weight.path)


# ---- large numbers, small catalogues -----------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("size", [30.0, 500.0])
def test_huge_scores_stay_finite_in_answer_and_training(kind, size):
    model = kind(LOG.items, width=D, window=WINDOW, negatives=5)
    rng = np.random.default_rng(2)
    for weight in model.network.trainable_weights:
        weight.assign(np.sign(rng.normal(size=weight.shape)) * size**0.5)
    for weight in model.network.trainable_weights:
        if weight.name == "recency":
            weight.assign(np.sign(rng.normal(size=weight.shape)) * size)
    ids = left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], []])
    assert np.isfinite(model.score_all(ids)[:, 1:]).all()
    sums = model.attention(ids, [[3]] * 3).weights.sum(axis=-1)
    assert_allclose(sums[:2], 1, atol=1e-4)
    assert_array_equal(sums[2], 0)
    found = trained_scores(model, ids, [1, 2])
    for t in range(ids.shape[1]):
        expected = model.score_all(ids[:, : t + 1])[:, [1, 2]]
        assert_allclose(found[:, t], expected, rtol=1e-3, atol=1e-3)
    targets = np.where(ids > 0, ids % N + 1, 0)
    with tf.GradientTape() as tape:
        loss = model.network.compute_loss(ids, tf.constant(targets), model.network(ids))
    slopes = tape.gradient(loss, [w.value for w in model.network.trainable_weights])
    assert np.isfinite(float(loss))
    assert all(np.isfinite(tf.convert_to_tensor(s).numpy()).all() for s in slopes)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_catalogue_of_one_item_can_be_learned_and_asked(kind):
    log = log_of([[1, 1], [1, 1, 1]])
    model = kind(log.items, width=2, window=3, negatives=2).fit(log, epochs=1)
    assert np.isfinite(model.losses).all()
    assert_array_equal(model.recommend([[1], [0]], k=2)[0], [[0, 0], [1, 0]])


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("piece", [1, 3, 50, 10**9])
def test_the_size_of_the_pieces_does_not_matter(kind, piece, monkeypatch):
    model, ids = made(kind), left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], [], [9], [2, 9]])
    expected = model.score_all(ids)
    monkeypatch.setattr(_candidates, "PIECE", piece)
    monkeypatch.setattr(_network, "ROWS", piece)
    assert_allclose(model.score_all(ids)[:, 1:], expected[:, 1:], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ASKING)
def test_with_one_table_an_item_has_one_vector(kind):
    model = made(kind, tables=1)
    assert set(made(kind)._arrays()) - set(model._arrays()) == {"past"}
    scores, _ = by_formula(model, [1, 2, 3])
    assert_allclose(model.score_all([[1, 2, 3]])[0, 1:], scores[1:], rtol=1e-5, atol=2e-5)
    assert model.config()["tables"] == 1


# ---- refusals, and learning --------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "^width: expected an integer of at least 1"),
        ({"window": 2.5}, "^window: expected an integer"),
        ({"dropout": 1.0}, r"^dropout: expected a share in \[0, 1\)"),
        ({"dropout": -0.1}, "^dropout: expected a share"),
        ({"negatives": 0}, "^negatives: expected an integer of at least 1"),
        ({"seed": -1}, "^seed: expected an integer of at least 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(LOG.items, **options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (TargetAttention, {"tables": 3}, "^tables: expected 1 or 2; received 3"),
        (ScoreTimesAttention, {"tables": 0}, "^tables: expected an integer of at least 1"),
        (PairwiseAttention, {"units": 0}, "^units: expected an integer of at least 1"),
        (InterestModel, {"interests": 0}, "^interests: expected an integer of at least 1"),
    ],
)
def test_what_only_one_of_them_has_is_checked_too(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(LOG.items, **options)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_log_of_another_catalogue_or_without_a_next_item_is_refused(kind):
    model = made(kind, spread=False)
    with pytest.raises(ValueError, match=f"^log: expected {N} items; received 2"):
        model.fit(log_of([[1, 2]]))
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        model.fit(LOG.select(LOG.bounds()[:-1]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_the_same_seed_gives_the_same_model_to_the_last_bit(kind):
    one, two, other = (
        kind(LOG.items, width=D, window=WINDOW, negatives=5, seed=s).fit(LOG, epochs=2)
        for s in (0, 0, 1)
    )
    assert one.losses == two.losses != other.losses
    for name, array in one._arrays().items():
        assert_array_equal(array, two._arrays()[name], name)


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("kind", CLASSES)
def test_it_trains_and_answers_under_mixed_float16(kind):
    model = kind(LOG.items, width=D, window=WINDOW, negatives=5).fit(LOG, epochs=1)
    history = left_pad([[1, 2, 3], [4], []])
    assert model.score_all(history).dtype == np.float32
    assert np.isfinite(model.losses).all()
    sums = model.attention(history, [[1]] * 3).weights.sum(axis=-1)
    assert_allclose(sums[:2], 1, atol=1e-3)
    assert_array_equal(sums[2], 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
def test_it_learns_a_planted_ring(kind):
    """Each item is followed by the next number, 9 times of 10."""
    rng = np.random.default_rng(0)
    steps = np.where(rng.random((300, 11)) < 0.9, 1, rng.integers(1, 20, size=(300, 11)))
    start = rng.integers(0, 20, size=(300, 1))
    split = leave_one_out(log_of(np.hstack([start, start + steps.cumsum(axis=1)]) % 20 + 1))
    model = kind(split.train.items, width=16, window=8, negatives=32)
    model.fit(split.train, epochs=12, batch=16)
    found = evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1")
    assert found > 0.8
    rival = evaluate(Popularity(split.train.items).fit(split.train), split.test, 1, False)
    assert rival.mean("hr@1") < 0.12
    newest = np.arange(1, 21)[:, None]
    assert np.mean(model.recommend(newest, k=1)[0] == newest % 20 + 1) > 0.8
