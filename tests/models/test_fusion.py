"""The item encoder: against the formulas, inside every model that takes it, and what goes wrong."""

from __future__ import annotations

import json
from itertools import cycle

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import (
    Interactions,
    Modalities,
    Modality,
    Vocabulary,
    cold_and_warm,
    hide_items,
    leave_one_out,
    make_shop,
)
from attnrec_lite.evaluation import evaluate
from attnrec_lite.explain import ModalityRecord
from attnrec_lite.models import (
    BERT4Rec,
    ItemEncoder,
    MultiInterest,
    QKVRecommender,
    SASRec,
    TimedSASRec,
    load,
)
from attnrec_lite.models.fusion import FUSIONS
from attnrec_lite.training import WindowBatches, fit_distributed

N, D = 7, 4
GOODS = Vocabulary(np.arange(10, 10 + N))
SMALL = {"width": D, "window": 5, "negatives": 6, "seed": 3}
ROUTED = {**SMALL, "tables": 1, "extract": "routing", "interests": 2}
MODELS = {
    "SASRec": (SASRec, SMALL),
    "TimedSASRec": (TimedSASRec, SMALL),
    "QKVRecommender": (QKVRecommender, SMALL),
    "BERT4Rec": (BERT4Rec, {"width": D, "window": 5, "seed": 3}),
    "MultiInterest": (MultiInterest, {**SMALL, "tables": 1, "interests": 2}),
    "routing": (MultiInterest, ROUTED),
    "hard": (MultiInterest, {**ROUTED, "extract": "attention", "choose": "hard"}),
}


def signals(items=GOODS, seed=0):
    rng = np.random.default_rng(seed)
    n = len(items)
    picture = Modality.of_vectors("picture", rng.normal(size=(n, 3)), np.arange(n) != 2)
    kinds = [("a",), ("b", "a"), (), ("b",), ("c", "a", "b"), ("c",), ("a",)][:n]
    return Modalities(items, (picture, Modality.of_labels("kind", kinds)))


def small_log(users=30, seed=0):
    rng = np.random.default_rng(seed)
    rows = [(u, 10 + int(i), t) for u in range(users) for t, i in enumerate(rng.integers(0, N, 6))]
    rows += [(users, 10 + i, i) for i in range(N)]
    return Interactions.from_columns(*zip(*rows, strict=True))


LOG = small_log()


def weights(encoder):
    return {name: np.asarray(w, np.float64) for name, w in encoder.kept().items()}


def random_weights(encoder, seed=0):
    """Weights without zeros, so that a part left out would show."""
    rng = np.random.default_rng(seed)
    for w in encoder.trainable_variables:
        w.assign(rng.normal(scale=0.7, size=w.shape))
    return encoder


# ---- against the formulas ----------------------------------------------------------------------


def oracle(encoder, item):
    """Vector and weights of one item, by the formulas, from the encoder's own numbers."""
    w, x = weights(encoder), {}
    x["id"] = w["id_rows"][item] if encoder.ids else None
    x["picture"] = w["picture_features"][item] @ w["picture_map"] + w["picture_bias"]
    codes = [int(c) for c in w["kind_features"][item] if c]
    x["kind"] = w["kind_rows"][codes].mean(axis=0) if codes else np.zeros(D)
    parts = np.array([x[name] for name in encoder.names])
    known, none = w["known"][item], w["fallback"]
    if encoder.fuse == "concatenation":
        matrix = np.concatenate([m.T for m in w["mix"]], axis=1)
        return formulas.concatenated(parts, matrix, known, none), None
    if encoder.fuse == "gate":
        matrix = w["gate"].reshape(-1, len(parts)).T
        return formulas.gated(parts, matrix, w["gate_bias"], known, none)
    maps = w["score"].transpose(0, 2, 1)
    return formulas.attended(parts, maps, w["score_bias"], w["ask"], known, none)


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("fuse", FUSIONS)
def test_the_layer_is_the_formula(fuse, ids):
    encoder = random_weights(ItemEncoder(signals(), D, fuse, ids=ids))
    record = encoder.record(range(1, N + 1), GOODS)
    for item in range(1, N + 1):
        expected, shares = oracle(encoder, item)
        assert_allclose(encoder(tf.constant([item]))[0], expected, atol=1e-5)
        if shares is not None:
            assert_allclose(record.weights[item - 1], shares, atol=1e-5)
            parts = record.weights[item - 1][:, None]  # shares follow from the weighted parts
            assert parts.shape == (len(encoder.names), 1)


def test_shares_are_those_of_the_formula():
    encoder = random_weights(ItemEncoder(signals(), D, "attention"))
    w, record = weights(encoder), encoder.record([2], GOODS)
    codes = [int(c) for c in w["kind_features"][2] if c]
    parts = np.array(
        [
            w["id_rows"][2],
            w["picture_features"][2] @ w["picture_map"] + w["picture_bias"],
            w["kind_rows"][codes].mean(axis=0),
        ]
    )
    expected = formulas.modality_shares(record.weights[0][:, None] * parts)
    assert_allclose(record.shares[0], expected, atol=1e-5)


@pytest.mark.parametrize("fuse", FUSIONS)
def test_padding_is_zero_and_an_item_without_anything_gets_the_fallback(fuse):
    hidden = signals().hidden("picture").hidden("kind")
    encoder = random_weights(ItemEncoder(hidden, D, fuse, ids=False))
    table = encoder.table().numpy()
    assert_array_equal(table[0], 0)
    assert_allclose(table[1:], np.tile(encoder.fallback, (N, 1)))
    assert not encoder.record([1, 2], GOODS).weights.any()


@pytest.mark.parametrize("fuse", FUSIONS)
def test_items_that_look_the_same_differ_by_their_id_alone(fuse):
    same = Modalities.from_arrays(GOODS, {"price": np.ones((N, 2))})
    table = random_weights(ItemEncoder(same, D, fuse, ids=False)).table().numpy()
    assert_allclose(table[1:], np.tile(table[1], (N, 1)))
    table = random_weights(ItemEncoder(same, D, fuse)).table().numpy()
    assert len(np.unique(table[1:].round(5), axis=0)) == N


def test_one_modality_gets_all_the_attention_and_none_leaves_the_id():
    one = ItemEncoder(signals().only("kind"), D, ids=False)
    assert_array_equal(one.record([1], GOODS).weights, [[1.0]])
    encoder = ItemEncoder(Modalities(GOODS, ()), D)
    assert encoder.names == ("id",)
    assert_allclose(encoder(tf.constant([3]))[0], encoder.kept()["id_rows"][3])


# ---- dropout -----------------------------------------------------------------------------------


def test_dropout_strikes_in_training_alone_and_never_makes_known_what_is_not():
    encoder = random_weights(ItemEncoder(signals(), D, "attention", dropout=0.5))
    still = encoder.table()
    assert_array_equal(encoder.table(), still)
    _, seen, _ = encoder.look(training=True)
    known = np.asarray(encoder.known)
    assert np.all(seen.numpy()[known == 0] == 0)
    zeros = np.mean([encoder.look(training=True)[1].numpy()[known > 0] == 0 for _ in range(80)])
    assert 0.4 < zeros < 0.6


def test_dropout_of_the_id_leaves_the_rest():
    encoder = random_weights(ItemEncoder(signals(), D, "attention", dropout={"id": 0.9}))
    assert encoder.dropout == {"id": 0.9, "picture": 0.0, "kind": 0.0}
    seen = np.mean([encoder.look(training=True)[1].numpy()[2] > 0 for _ in range(80)], axis=0)
    assert seen[0] < 0.2
    assert_array_equal(seen[1:], 1)


def test_what_is_kept_is_not_scaled_up():
    encoder = random_weights(ItemEncoder(signals(), D, "concatenation", dropout=0.5))
    found = {tuple(encoder.look(training=True)[0].numpy()[2].round(4)) for _ in range(150)}
    w = weights(encoder)
    codes = [int(c) for c in w["kind_features"][2] if c]
    parts = np.array(
        [
            w["id_rows"][2],
            w["picture_features"][2] @ w["picture_map"] + w["picture_bias"],
            w["kind_rows"][codes].mean(axis=0),
        ]
    )
    each = np.einsum("md,mde->me", parts, w["mix"])
    masks = np.array(list(np.ndindex(2, 2, 2)))[1:]
    allowed = np.concatenate([masks @ each, [w["fallback"]]])
    for vector in found:
        assert np.abs(allowed - vector).max(axis=1).min() < 1e-3
    assert len(found) == 8


# ---- inside a model ----------------------------------------------------------------------------


def model_of(kind="SASRec", fuse="attention", log=LOG, **options):
    encoder = ItemEncoder(signals(log.items), D, fuse, seed=5, **options)
    model, settings = MODELS[kind]
    return model(log.items, encoder=encoder, **settings)


@pytest.mark.parametrize(("kind", "fuse"), list(zip(MODELS, cycle(FUSIONS), strict=False)))
def test_a_model_learns_with_it_saves_and_loads_it(kind, fuse, tmp_path):
    model = model_of(kind, fuse, dropout=0.3).fit(LOG, epochs=2)
    assert np.isfinite(model.losses).all()
    history = [[0, 1, 2], [3, 4, 5], [0, 0, 0]]
    again = load(model.save(tmp_path / "model.npz"))
    assert_array_equal(again.score_all(history), model.score_all(history))
    assert again.config() == model.config() == json.loads(json.dumps(model.config()))
    assert_array_equal(again.encoder.table(), model.encoder.table())
    assert_array_equal(again.encoder.known, model.encoder.known)
    twice = load(again.save(tmp_path / "again.npz"))
    assert_array_equal(twice.score_all(history), model.score_all(history))


@pytest.mark.parametrize("fuse", FUSIONS)
def test_every_part_of_the_encoder_learns(fuse):
    model = model_of("SASRec", fuse, dropout=0.4)
    before = weights(model.encoder)
    model.fit(LOG, epochs=2)
    after, learned = weights(model.encoder), {w.name for w in model.encoder.trainable_variables}
    assert {name for name in before if not np.array_equal(before[name], after[name])} == learned


def test_the_table_of_a_model_is_the_encoders_and_there_is_no_other():
    model = model_of()
    assert_array_equal(model.network.table, model.encoder.table())
    assert not any(name.endswith("table") for name in model._weights())
    assert model.network.encoder is model.encoder


def test_the_same_seed_gives_the_same_model_and_the_recipe_is_left_alone():
    encoder = ItemEncoder(signals(LOG.items), D, dropout=0.3, seed=5)
    before = weights(encoder)
    one, two = (SASRec(LOG.items, encoder=encoder, **SMALL).fit(LOG, epochs=1) for _ in range(2))
    assert_array_equal(one.score_all([[1, 2]]), two.score_all([[1, 2]]))
    assert_array_equal(list(weights(encoder)), list(before))
    for name, w in weights(encoder).items():
        assert_array_equal(w, before[name])


@pytest.mark.parametrize("kind", MODELS)
def test_a_step_makes_the_table_once_so_that_input_and_readout_agree(kind):
    model = model_of(kind, dropout=0.5)
    made = []
    original = model.encoder.table
    model.encoder.table = lambda training=False: made.append(training) or original(training)
    model.network.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    rows, targets = next(iter(model._batches(LOG, 8)))
    model.network.train_on_batch(rows, targets)
    assert made == [True]
    made.clear()
    model.score_all([[1]])
    assert made
    assert not any(made)


def test_after_training_nothing_of_a_step_is_left():
    model = model_of(dropout=0.5).fit(LOG, epochs=1)
    assert model.network._made is None
    before = model.network.table.numpy()
    model.encoder.fallback.assign_add(tf.ones(D))
    model.encoder.kept()["id_rows"].assign_add(tf.ones((N + 1, D)))
    assert not np.array_equal(model.network.table.numpy()[1:], before[1:])  # never stale


def test_interests_of_items_that_are_known_by_an_encoder_read_one_table():
    with pytest.raises(ValueError, match="^tables: expected 1, with an encoder; received 2"):
        MultiInterest(GOODS, encoder=ItemEncoder(signals(), D), **SMALL)


@pytest.mark.parametrize("kind", ["BERT4Rec", "MultiInterest", "routing", "hard"])
def test_what_no_row_has_is_nobodys_rival_in_any_model(kind):
    log = LOG.select(LOG.item != 4)
    model = model_of(kind, "concatenation", log=log)
    before = weights(model.encoder)["id_rows"]
    model.fit(log, epochs=2)
    after = weights(model.encoder)["id_rows"]
    assert_array_equal(after[4], before[4])
    assert np.asarray(model.network.bias)[4] == 0
    assert (after[1:4] != before[1:4]).any(axis=1).all()
    assert model.score_all([[1, 2]])[0, 4] > -1e6  # it can be recommended all the same


@pytest.mark.parametrize("loss", ["full", "sampled", "binary", "gbce"])
def test_items_without_a_training_row_are_nobodys_rivals(loss):
    log = LOG.select(LOG.item != 4)
    model = SASRec(
        log.items, encoder=ItemEncoder(signals(log.items), D, "concatenation"), loss=loss, **SMALL
    )
    before = weights(model.encoder)["id_rows"]
    model.fit(log, epochs=3)
    after = weights(model.encoder)
    assert_array_equal(after["id_rows"][4], before[4])
    assert np.asarray(model.network.bias)[4] == 0
    assert (after["id_rows"][1:4] != before[1:4]).any(axis=1).all()
    assert after["known"][4, 0] == 0  # its row was never trained: it counts as unknown
    assert after["known"][[1, 2, 3, 5, 6, 7], 0].all()
    draws = np.asarray(model.network.draw([4000]))
    assert 4 not in draws
    assert set(draws.tolist()) == {1, 2, 3, 5, 6, 7}
    assert np.isfinite(model.losses).all()


def test_a_session_and_a_checkpoint_work_with_it(tmp_path):
    model = model_of().fit(LOG, epochs=2, checkpoint=tmp_path / "run")
    session = model.session([1, 2])
    assert_allclose(session.click(3)[1:], model.score_all([[1, 2, 3]])[0, 1:], atol=1e-5)
    again = model_of().fit(LOG, epochs=2, checkpoint=tmp_path / "run")
    assert_array_equal(again.score_all([[1, 2]]), model.score_all([[1, 2]]))
    with pytest.raises(ValueError, match="checkpoint"):
        model_of(fuse="gate").fit(LOG, epochs=2, checkpoint=tmp_path / "run")


def test_it_works_in_half_precision(mixed_float16):
    model = model_of(dropout=0.2).fit(LOG, epochs=1)
    assert np.isfinite(model.losses).all()
    assert model.encoder.table().dtype == tf.float32
    assert np.isfinite(model.score_all([[1, 2]])[:, 1:]).all()


def test_several_devices_are_refused_rather_than_trained_otherwise():
    model = model_of()
    with pytest.raises(ValueError, match="^network: expected one with a table of items"):
        fit_distributed(model.network, WindowBatches(LOG, 5, 8, 0), 1, 0.01)


def test_keras_makes_the_layer_again_from_its_config():
    encoder = ItemEncoder(signals(), D, "gate", dropout={"kind": 0.1}, ids=False, seed=9)
    config = keras.saving.serialize_keras_object(encoder)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert again.get_config() == encoder.get_config()
    again.set_weights(encoder.get_weights())
    assert_array_equal(again.table(), encoder.table())


# ---- other features ----------------------------------------------------------------------------


def test_it_sees_new_features_and_what_it_learned_stays():
    model = model_of().fit(LOG, epochs=1)
    before, score = weights(model.encoder), model.score_all([[1, 2]])
    model.encoder.see(signals(LOG.items).hidden("picture"))
    after = weights(model.encoder)
    assert not np.array_equal(model.score_all([[1, 2]]), score)
    assert not after["known"][:, 1].any()
    assert_array_equal(after["known"][:, [0, 2]], before["known"][:, [0, 2]])
    assert_array_equal(after["id_rows"], before["id_rows"])
    model.encoder.see(signals(LOG.items))
    assert_array_equal(model.score_all([[1, 2]]), score)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: m.only("kind"),
            r"^modalities: expected .*picture missing: see Modalities.hidden",
        ),
        (lambda m: m.only("kind", "picture"), "^modalities: expected .'picture', 'kind'."),
        (
            lambda m: Modalities(
                m.items, (Modality.of_vectors("picture", np.ones((N, 5))), m["kind"])
            ),
            "^picture: expected width 3; received 5",
        ),
        (
            lambda m: Modalities(
                m.items,
                (m["picture"], Modality.of_labels("kind", [("a", "b", "c"), *[("d",)] * (N - 1)])),
            ),
            "^kind: expected number of labels 3; received 4",
        ),
        (
            lambda m: signals(Vocabulary(np.arange(N - 1))),
            f"^modalities: expected {N} items; received {N - 1}",
        ),
    ],
)
def test_features_of_another_shape_are_refused_by_name(change, message):
    encoder = ItemEncoder(signals(), D)
    with pytest.raises(ValueError, match=message):
        encoder.see(change(signals()))


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fuse": "sum"}, "^fuse: expected one of concatenation, gate, attention; received 'sum'"),
        ({"width": 0}, "^width: expected an integer of at least 1"),
        ({"dropout": 1.0}, r"^dropout: expected a share in \[0, 1\); received 1.0 for id"),
        ({"dropout": {"text": 0.1}}, "^dropout: expected names among id, picture, kind; received"),
        ({"dropout": {"id": -0.1}}, r"^dropout: expected a share in \[0, 1\); received -0.1"),
        ({"dropout": "much"}, "^dropout: expected a share"),
        ({"modalities": {"items": 3}}, "^modalities: expected Modalities; received"),
        ({"modalities": None}, "^modalities: expected Modalities; received None"),
        (
            {"modalities": Modalities(GOODS, ()), "ids": False},
            "^modalities: expected at least one, or ids=True",
        ),
    ],
)
def test_a_bad_argument_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        ItemEncoder(**{"modalities": signals(), "width": D, **options})


@pytest.mark.parametrize("kind", MODELS)
def test_an_encoder_of_another_model_is_refused(kind):
    model, settings = MODELS[kind]

    def made(encoder):
        return model(LOG.items, encoder=encoder, **settings)

    with pytest.raises(
        ValueError, match="^encoder: expected width 4, as the model has; received 8"
    ):
        made(ItemEncoder(signals(LOG.items), 8))
    few = Modalities.from_arrays(Vocabulary(np.arange(3)), {"a": np.ones((3, 1))})
    with pytest.raises(ValueError, match=f"^encoder: expected {N} items; received 3"):
        made(ItemEncoder(few, D))
    with pytest.raises(ValueError, match="^encoder: expected the catalogue of this model"):
        made(ItemEncoder(signals(Vocabulary(np.arange(N))), D))
    with pytest.raises(ValueError, match="^modalities: expected Modalities"):
        made({"modalities": 3})
    with pytest.raises(ValueError, match="^encoder: expected an ItemEncoder; received 'gate'"):
        made("gate")


def test_a_record_names_its_axes_and_items():
    record = model_of().encoder.record([3, 1], LOG.items)
    assert isinstance(record, ModalityRecord)
    assert record.axes == ("item", "modality")
    assert record.modalities == ("id", "picture", "kind")
    assert record.weights.shape == record.shares.shape == (len(record), 3)
    assert record.of(10) == dict(zip(record.modalities, record.weights[1].tolist(), strict=True))
    for unknown in (0, N + 1):
        with pytest.raises(ValueError, match=r"^items: expected ids in 1\.\.7"):
            model_of().encoder.record([unknown], LOG.items)


# ---- what it is for ----------------------------------------------------------------------------


@pytest.mark.slow
def test_features_carry_cold_items_and_a_table_cannot():
    shop = make_shop(n_users=500, seed=1)
    split = hide_items(leave_one_out(shop.log), 0.25, seed=1)
    cold, _ = cold_and_warm(split)
    options = {"width": 16, "window": 10, "blocks": 1, "seed": 0}
    found = {}
    for name in ("ids", "both"):
        encoder = ItemEncoder(Modalities.of_shop(shop), 16, "attention", dropout={"id": 0.5})
        model = SASRec(shop.log.items, encoder=encoder if name == "both" else None, **options)
        found[name] = evaluate(model.fit(split.train, epochs=10), cold, 20).mean("recall@20")
    assert found["ids"] < 0.1
    assert found["both"] > 0.5
