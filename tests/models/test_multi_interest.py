"""Interests by attention and by routing: as the formulas say, in training as in answering."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, left_pad
from attnrec_lite.models import InterestModel, MultiInterest, load

N, D, K, WINDOW = 12, 4, 3, 6
EXTRACT, CHOOSE = ["attention", "routing"], ["hard", "label-aware", "each"]
HISTORIES = [[1, 2, 3, 4, 5, 6], [0, 0, 7, 8, 8, 7], [0, 9], [9], [3, 3, 3]]
SMALL = {"width": D, "interests": K, "window": WINDOW, "negatives": 5, "dropout": 0.5}


def log_of(histories):
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


LOG = log_of([*np.random.default_rng(0).integers(1, N + 1, size=(20, 9)), np.arange(1, N + 1)])
models = {}


def made(extract, spread=True, **options):
    """A model with weights drawn at random: zeros, such as first biases, would hide a mistake."""
    key = (extract, spread, *sorted(options.items()))
    if key not in models:
        models[key] = MultiInterest(LOG.items, extract=extract, **{**SMALL, **options})
        rng = np.random.default_rng(1)
        for weight in models[key].network.trainable_weights if spread else []:
            weight.assign(rng.normal(size=weight.shape))
    return models[key]


def by_formula(model, history):
    """Interests and weights of one user, in float64, and all scores."""
    w = {name: np.float64(array) for name, array in model._arrays().items()}
    h = w.get("past", w["table"])[[i for i in history if i]]
    if model.extract == "attention":
        z, a = formulas.interest_vectors(h, w["hidden"], w["queries"], w["recency"])
    else:
        start = np.asarray(model.network.start, np.float64) @ (h @ w["matrix"]).T
        z, a = formulas.dynamic_routing(h, w["matrix"], start, model.rounds)
    return z, a, formulas.best_interest_scores(z, w["table"], w["bias"])


# ---- equal to the formulas ---------------------------------------------------------------------


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("tables", [1, 2])
@pytest.mark.parametrize("history", HISTORIES)
def test_interests_weights_and_scores_are_those_of_the_formulas(extract, tables, history):
    model = made(extract, tables=tables)
    z, a, scores = by_formula(model, history)
    assert_allclose(model.interest_vectors([history])[0], z, rtol=1e-5, atol=1e-5)
    found = model.attention([history], [[1]]).weights[0][:, np.array(history) > 0]
    assert_allclose(found, a, atol=1e-5)
    assert_allclose(model.score_all([history])[0, 1:], scores[1:], rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_routing_has_as_many_rounds_as_it_is_told(rounds):
    model = made("routing", rounds=rounds)
    z, _, _ = by_formula(model, [1, 2, 3, 4])
    assert_allclose(model.interest_vectors([[1, 2, 3, 4]])[0], z, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("extract", "axis"), [("attention", 2), ("routing", 1)])
def test_a_record_says_who_competes_with_whom(extract, axis):
    history = left_pad([[i for i in row if i] for row in HISTORIES])
    record = made(extract).attention(history, np.ones((5, 1), int))
    assert record.axes == ("user", "interest", "key")
    assert record.over == record.axes[axis]
    sums, real = record.weights.sum(axis=axis), history > 0
    assert_allclose(sums, 1 if extract == "attention" else real, atol=1e-5)
    other = record.weights.sum(axis=3 - axis)
    assert not np.isclose(other[:3], 1, atol=1e-3).all()


@pytest.mark.parametrize("extract", EXTRACT)
def test_interests_differ_unless_there_is_but_one_item(extract):
    z = made(extract).interest_vectors(left_pad([[1, 2, 3, 4, 5, 6], [3, 3, 3], [5]]))
    assert formulas.redundancy(z[0]) < 0.99
    for same in z[1:]:  # one item has one direction: fewer items than interests
        assert formulas.redundancy(same) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("k", [1, 4, N])
def test_a_list_is_the_union_of_a_search_by_each_interest(extract, k):
    model, w = made(extract), made(extract)._arrays()
    for history in HISTORIES:
        z = model.interest_vectors([history])[0]
        expected = formulas.union_of_searches(z, w["table"][1:], k, w["bias"][1:]) + 1
        assert_array_equal(model.recommend([history], k, exclude_seen=False)[0][0], expected)


@pytest.mark.parametrize("extract", EXTRACT)
def test_one_interest_is_one_vector(extract):
    model = made(extract, interests=1)
    assert model.interest_vectors([[1, 2, 3]]).shape == (1, 1, D)
    w = model._arrays()
    scores = w["table"] @ model.interest_vectors([[1, 2, 3]])[0, 0] + w["bias"]
    assert_allclose(model.score_all([[1, 2, 3]])[0, 1:], scores[1:], rtol=1e-4, atol=1e-5)


def test_routing_with_one_interest_is_a_plain_sum_squashed():
    model = made("routing", interests=1)
    w = model._arrays()
    told = (w["past"][[1, 2, 3]] @ w["matrix"]).sum(axis=0)
    assert_allclose(model.interest_vectors([[1, 2, 3]])[0, 0], formulas.squash(told), rtol=1e-4)


@settings(deadline=None, max_examples=10)
@given(st.permutations([1, 2, 3, 4, 5]))
def test_routing_sees_a_set(history):
    z = made("routing").interest_vectors([[1, 2, 3, 4, 5], history])
    assert_allclose(z[1], z[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("extract", EXTRACT)
def test_the_speaker_of_a_candidate_is_the_interest_that_scores_it_highest(extract):
    model = made(extract)
    candidates = np.tile([[0, 1, 12, 5]], (5, 1))
    found = model.speakers([row[-3:] if len(row) > 3 else [0] * (3 - len(row)) + row
                            for row in HISTORIES], candidates)  # fmt: skip
    assert_array_equal(found[:, 0], -1)
    z, _, _ = by_formula(model, HISTORIES[0][-3:])
    table = np.float64(model._arrays()["table"])
    expected = [formulas.chosen_interest(z, table[c]) for c in (1, 12, 5)]
    assert_array_equal(found[0, 1:], expected)
    with pytest.raises(ValueError, match="^candidates: expected 1 rows; received 5"):
        model.speakers([[1]], candidates)


# ---- training answers as answering does --------------------------------------------------------


@pytest.mark.parametrize("extract", EXTRACT)
def test_each_position_is_read_as_if_the_history_ended_there(extract):
    model = made(extract)
    ids = left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], []])
    found = model.network(tf.constant(ids)).numpy()
    for t in range(ids.shape[1]):
        expected = model.interest_vectors(ids[:, : t + 1])
        assert_allclose(found[:, t], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("extract", EXTRACT)
@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, N), min_size=6, max_size=6), st.integers(1, 5))
def test_the_future_never_leaks(extract, history, now):
    other = [i % N + 1 if t >= now else i for t, i in enumerate(history)]
    one, two = made(extract).network(tf.constant([history, other])).numpy()
    assert_array_equal(one[:now], two[:now])


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("choose", CHOOSE)
def test_the_loss_is_that_of_the_interest_that_was_chosen(extract, choose, monkeypatch):
    model = made(extract, choose=choose, power=2.0)
    net = model.network
    net.draw_by_popularity(np.arange(N + 1))
    ids, targets = np.int32([[0, 0, 1, 2, 3, 4]]), np.int32([[0, 0, 2, 3, 4, 9]])
    drawn = np.int32([4, 9, 9, 11, 1])
    points = (np.asarray(net.cumulative)[drawn - 1] + np.append(0, net.cumulative)[drawn - 1]) / 2
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_: tf.constant(points, tf.float32))
    found = float(net.compute_loss(ids, tf.constant(targets), net(ids)))
    w = {name: np.float64(array) for name, array in model._arrays().items()}
    losses = []
    for t in range(2, 6):
        z, _, best = by_formula(model, ids[0, : t + 1])
        target = targets[0, t]
        if choose == "hard":
            best = w["table"] @ z[formulas.chosen_interest(z, w["table"][target])] + w["bias"]
        elif choose == "label-aware":
            mix = formulas.label_aware_weights(z, w["table"][target], 2.0)
            best = w["table"] @ formulas.weighted_sum(mix, z) + w["bias"]
        scores = best - np.asarray(net.log_q)
        others = scores[drawn[drawn != target]]
        losses.append(np.log(np.exp(np.append(others, scores[target])).sum()) - scores[target])
    assert_allclose(found, np.mean(losses), rtol=1e-4)
    net.draw_by_popularity(np.ones(N + 1))


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("choose", CHOOSE)
def test_every_weight_learns_and_padding_does_not(extract, choose):
    net = made(extract, choose=choose).network
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


def test_only_the_last_round_of_routing_has_a_gradient():
    net, ids = made("routing").network, tf.constant([[1, 2, 3, 4]])
    _, couplings = net.look(ids)
    with tf.GradientTape() as tape:
        told = tf.tensordot(tf.gather(net.past, ids), net.matrix, 1)
        z = tf.einsum("bktj,bjd->btkd", couplings, told)  # the couplings taken as given
        square = tf.reduce_sum(z**2, axis=-1, keepdims=True)
        expected = tf.reduce_sum(z * tf.sqrt(square) / (1 + square))
    given_up = tape.gradient(expected, net.matrix.value)
    with tf.GradientTape() as tape:
        found = tf.reduce_sum(net(ids))
    slope = tape.gradient(found, net.matrix.value)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    assert_allclose(slope, given_up, rtol=1e-4, atol=1e-6)


def after_an_equal_start(extract, choose, epochs):
    """Redundancy of the interests, and that of a model that was drawn apart."""
    found = []
    for equal in (True, False):
        model = MultiInterest(LOG.items, extract=extract, choose=choose, seed=4, **SMALL)
        if equal and extract == "attention":
            model.network.queries.assign(np.tile(model.network.queries[:1], (K, 1)))
        elif equal:
            model.network.start[:] = model.network.start[:1]
        history = left_pad([[1, 2, 3, 4, 5, 6]])
        model.fit(LOG, epochs=epochs)
        found.append(formulas.redundancy(model.interest_vectors(history)[0]))
    return found


@pytest.mark.parametrize("choose", CHOOSE)
def test_routed_interests_that_start_equal_stay_equal(choose):
    equal, drawn = after_an_equal_start("routing", choose, epochs=6)
    assert equal == pytest.approx(1, abs=1e-6)
    assert drawn < 0.99


def test_queries_that_start_equal_are_parted_by_a_hard_choice_and_hardly_by_a_mixture():
    """The first of equals gets the whole gradient; in a mixture all get the same."""
    hard, _ = after_an_equal_start("attention", "hard", epochs=2)
    mixed, _ = after_an_equal_start("attention", "label-aware", epochs=2)
    assert hard < 0.9999, hard
    assert mixed == pytest.approx(1, abs=1e-4)


# ---- the fifth program is one of them ----------------------------------------------------------


def test_the_fifth_program_is_the_same_model_to_the_last_bit():
    options = {"width": D, "window": WINDOW, "negatives": 5, "seed": 2}
    old = InterestModel(LOG.items, **options).fit(LOG, epochs=1)
    new = MultiInterest(LOG.items, choose="each", **options).fit(LOG, epochs=1)
    assert set(old.config()) == {*options, "interests", "dropout"}
    for name, array in old._arrays().items():
        assert_array_equal(array, new._arrays()[name], name)


# ---- files, bad input, extremes ----------------------------------------------------------------


@pytest.mark.parametrize("extract", EXTRACT)
def test_a_saved_model_keeps_its_words_and_its_random_start(extract, tmp_path):
    model = made(extract, choose="label-aware", power=2.5, seed=5)
    again = load(model.save(tmp_path / "model.npz"))
    assert again.config() == model.config()
    assert (again.extract, again.choose, again.power) == (extract, "label-aware", 2.5)
    history = [[1, 2, 3]]
    assert_array_equal(again.interest_vectors(history), model.interest_vectors(history))


@pytest.mark.parametrize("extract", EXTRACT)
def test_without_a_history_interests_are_zero_and_only_the_bias_speaks(extract):
    model = made(extract)
    for nothing in ([[0]], [[0, 0, 0]], [[]]):
        assert_array_equal(model.interest_vectors(nothing), np.zeros((1, K, D)))
        assert_array_equal(model.score_all(nothing)[0, 1:], model._arrays()["bias"][1:])


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("choose", CHOOSE)
def test_a_catalogue_of_one_item_can_be_learned_and_asked(extract, choose):
    log = log_of([[1, 1], [1, 1, 1]])
    model = MultiInterest(
        log.items, width=2, window=3, negatives=2, extract=extract, choose=choose
    ).fit(log, epochs=1)
    assert np.isfinite(model.losses).all()
    assert_array_equal(model.recommend([[1], [0]], k=2)[0], [[0, 0], [1, 0]])


@pytest.mark.parametrize("extract", EXTRACT)
@pytest.mark.parametrize("size", [30.0, 500.0])
def test_huge_scores_stay_finite_in_answer_and_training(extract, size):
    model = MultiInterest(LOG.items, extract=extract, **SMALL)
    rng = np.random.default_rng(2)
    for weight in model.network.trainable_weights:
        weight.assign(np.sign(rng.normal(size=weight.shape)) * size**0.5)
    ids = left_pad([[1, 2, 3, 4, 5, 6], [7, 8, 7], []])
    assert np.isfinite(model.score_all(ids)[:, 1:]).all()
    targets = np.where(ids > 0, ids % N + 1, 0)
    with tf.GradientTape() as tape:
        loss = model.network.compute_loss(ids, tf.constant(targets), model.network(ids))
    slopes = tape.gradient(loss, [w.value for w in model.network.trainable_weights])
    assert np.isfinite(float(loss))
    assert all(np.isfinite(tf.convert_to_tensor(s).numpy()).all() for s in slopes)


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("extract", EXTRACT)
def test_it_trains_and_answers_under_mixed_float16(extract):
    model = MultiInterest(LOG.items, extract=extract, **SMALL).fit(LOG, epochs=1)
    assert model.score_all(left_pad([[1, 2, 3], [4], []])).dtype == np.float32
    assert np.isfinite(model.losses).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interests": 0}, "^interests: expected an integer of at least 1; received 0"),
        ({"extract": "sum"}, "^extract: expected one of attention, routing; received 'sum'"),
        ({"choose": "soft"}, "^choose: expected one of hard, label-aware, each; received 'soft'"),
        ({"power": 0}, "^power: expected a finite number above 0; received 0"),
        ({"power": np.nan}, "^power: expected a finite number above 0; received nan"),
        ({"rounds": 0}, "^rounds: expected an integer of at least 1; received 0"),
        ({"tables": 3}, "^tables: expected 1 or 2; received 3"),
        ({"dropout": 1.0}, r"^dropout: expected a share in \[0, 1\)"),
        ({"width": 0}, "^width: expected an integer of at least 1"),
    ],
)
def test_a_setting_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultiInterest(LOG.items, **options)


def test_an_unknown_item_is_refused():
    with pytest.raises(ValueError, match=rf"^history: expected ids in 0\.\.{N}; received 99"):
        made("routing").interest_vectors([[99]])
