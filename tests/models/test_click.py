"""The contract of click models, the same for all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Vocabulary, make_clicks, make_shop
from attnrec_lite.models import (
    AFM,
    DIN,
    FM,
    ClickModel,
    PageModel,
    Popularity,
    load,
    train_together,
)

SHOP = make_shop(n_users=60)
ROWS = make_clicks(SHOP, n=120)
TRAIN, VALIDATION, TEST = ROWS.split()
SOME = {name: ROWS.sizes[name] for name in ("category", "price", "device")}
OPTIONS = {"width": 4, "groups": SHOP.category, "fields": SOME}

MAKERS = {
    "fm": lambda **o: FM(ROWS.items, SOME, width=4, **o),
    "afm": lambda **o: AFM(ROWS.items, SOME, width=4, **o),
    "din softmax": lambda **o: DIN(ROWS.items, normaliser="softmax", **OPTIONS, **o),
    "din none": lambda **o: DIN(ROWS.items, normaliser="none", **OPTIONS, **o),
    "din gate": lambda **o: DIN(ROWS.items, normaliser="gate", **OPTIONS, **o),
    "din mean": lambda **o: DIN(ROWS.items, normaliser="mean", **OPTIONS, **o),
    "din sum": lambda **o: DIN(ROWS.items, normaliser="sum", **OPTIONS, **o),
    "page attention": lambda **o: PageModel(ROWS.items, **OPTIONS, **o),
    "page mean": lambda **o: PageModel(ROWS.items, looks="mean", **OPTIONS, **o),
    "page nothing": lambda **o: PageModel(ROWS.items, looks="nothing", **OPTIONS, **o),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
KINDS = ("afm", "din softmax", "page attention")  # training is slow: one of each kind
kinds = pytest.mark.parametrize("make", [MAKERS[name] for name in KINDS], ids=KINDS)


@each
def test_chances_are_chances_and_do_not_look_at_the_label(make):
    model = make()
    found = model.chances(TEST)
    assert (found.shape, found.dtype) == ((len(TEST),), np.float64)
    assert ((found > 0) & (found < 1)).all()
    assert_array_equal(model.chances(replace(TEST, label=1 - TEST.label)), found)


@each
def test_rows_do_not_know_of_one_another_but_on_a_page(make):
    model, pages = make(), TEST.pages()
    one = TEST.select(pages[3])
    assert_allclose(model.chances(one), model.chances(TEST)[pages[3]], rtol=1e-5)


@kinds
def test_a_fit_lowers_the_loss_and_the_same_seed_ends_at_the_same_bits(make):
    first, again, other = make(seed=1), make(seed=1), make(seed=2)
    before = first.chances(TRAIN)
    assert_array_equal(before, again.chances(TRAIN))
    assert not np.allclose(before, other.chances(TRAIN))
    for model in (first, again):
        model.fit(TRAIN, epochs=3, batch=64)
    assert first.losses[-1] < first.losses[0]
    assert len(first.losses) == 3
    for name, array in first._arrays().items():
        assert_array_equal(array, again._arrays()[name])
    assert not np.allclose(before, first.chances(TRAIN))


@kinds
def test_saved_and_loaded_it_says_the_same(make, tmp_path):
    model = make(seed=4)
    model._set_arrays({name: array + 0.125 for name, array in model._arrays().items()})
    back = load(model.save(tmp_path / "model.npz"), ClickModel)
    assert type(back) is type(model)
    assert back.config() == model.config()
    assert_array_equal(back.chances(TEST), model.chances(TEST))


def test_another_process_loads_it_and_says_the_same(tmp_path):
    model = MAKERS["din softmax"](seed=4)
    path = model.save(tmp_path / "model.npz")
    code = (
        "from attnrec_lite.data import make_clicks, make_shop; import sys;"
        "from attnrec_lite.models import DIN, load;"
        "rows = make_clicks(make_shop(n_users=60), n=120).split()[2];"
        "print(load(sys.argv[1], DIN).chances(rows).sum().hex())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "CUDA_VISIBLE_DEVICES": "-1"}
    output = subprocess.check_output(
        [sys.executable, "-c", code, str(path)], env=environment, text=True
    )
    assert output.strip() == model.chances(TEST).sum().hex()


def test_load_refuses_another_kind_than_was_asked_for(tmp_path):
    path = MAKERS["fm"]().save(tmp_path / "fm.npz")
    with pytest.raises(ValueError, match="path: expected a Recommender; .* holds FM"):
        load(path)
    with pytest.raises(ValueError, match="path: expected a DIN; .* holds FM"):
        load(path, DIN)
    popular = Popularity(ROWS.items).fit(SHOP.log).save(tmp_path / "popular.npz")
    with pytest.raises(ValueError, match="path: expected a ClickModel; .* holds Popularity"):
        load(popular, ClickModel)


def test_a_file_whose_arrays_do_not_fit_is_refused(tmp_path):
    path = MAKERS["fm"]().save(tmp_path / "fm.npz")
    with np.load(path) as file:
        parts = dict(file)
    np.savez(tmp_path / "cut.npz", **{**parts, "learned/vectors": parts["learned/vectors"][1:]})
    with pytest.raises(ValueError, match="vectors: expected numbers of shape"):
        load(tmp_path / "cut.npz", FM)


@each
def test_attention_is_a_record_of_shares_and_weights_are_what_it_computes(make):
    model = make()
    weights = model.weights(TEST)
    record = model.attention(TEST)
    assert weights.shape == record.weights.shape
    total = np.abs(weights).sum(axis=1)
    assert_allclose(record.weights.sum(axis=1)[total > 0], 1, atol=1e-5)
    assert_allclose(record.weights * total[:, None], np.abs(weights), atol=1e-5)


@each
def test_its_own_weights_handed_back_change_nothing_and_others_do(make):
    model = make(seed=3)
    own = model.weights(TEST)
    assert_allclose(model.chances(TEST, weights=own), model.chances(TEST), atol=1e-5)
    if own.any():
        other = model.chances(TEST, weights=np.roll(own, 1, axis=1) * 2 + 0.1)
        assert np.abs(other - model.chances(TEST)).max() > 1e-4
    with pytest.raises(ValueError, match="weights: expected shape"):
        model.chances(TEST, weights=own[:, 1:])


@kinds
def test_models_trained_together_end_as_if_they_were_alone(make):
    tables = [make_clicks(SHOP, n=120, seed=seed).split() for seed in (0, 1, 2)]
    width = min(len(t[0].history[0]) for t in tables)
    trains, validations = (
        [replace(t[part], history=t[part].history[:, -width:]) for t in tables] for part in (0, 1)
    )
    options = {"epochs": 6, "batch": 32, "learning_rate": 0.02, "patience": 1}
    together = [make(seed=seed) for seed in (5, 6, 7)]
    train_together(together, trains, validations, **options)
    for model, seed, train, validation in zip(
        together, (5, 6, 7), trains, validations, strict=True
    ):
        alone = make(seed=seed).fit(train, validation, **options)
        assert len(alone.losses) == len(model.losses)
        assert_allclose(model.losses, alone.losses, rtol=1e-4)
        assert_allclose(model.validation_losses, alone.validation_losses, rtol=1e-4)
        assert_allclose(model.chances(TEST), alone.chances(TEST), rtol=1e-3)


def test_validation_keeps_the_best_epoch_and_stops_after_patience():
    model = MAKERS["din sum"]()
    model.fit(TRAIN, VALIDATION, epochs=40, batch=32, learning_rate=0.1, patience=2)
    losses = model.validation_losses
    assert 3 <= len(losses) < 40
    assert int(np.argmin(losses)) == len(losses) - 3
    kept = model.chances(VALIDATION)
    own = -np.log(np.where(VALIDATION.label == 1, kept, 1 - kept)).mean()
    assert_allclose(own, min(losses), rtol=1e-4)


@kinds
def test_rows_without_a_label_do_not_count(make):
    hidden = TRAIN.label.copy()
    hidden[TRAIN.page % 2 == 1] = -1
    model = make().fit(replace(TRAIN, label=hidden), epochs=1, batch=4096)
    alone = make().fit(TRAIN.select(TRAIN.page % 2 == 0), epochs=1, batch=4096)
    assert_allclose(model.losses, alone.losses, rtol=1e-5)


def test_shuffled_labels_teach_nothing():
    rng = np.random.default_rng(0)
    shuffled = replace(TRAIN, label=rng.permutation(TRAIN.label))
    model = MAKERS["din sum"]().fit(shuffled, VALIDATION, epochs=10)
    base = TRAIN.label.mean()
    entropy = -(base * np.log(base) + (1 - base) * np.log(1 - base))
    assert min(model.validation_losses) > 0.9 * entropy


@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("name", KINDS)
def test_half_precision_trains_to_finite_chances(name):
    model = MAKERS[name]().fit(TRAIN, epochs=2, batch=64)
    assert np.isfinite(model.losses).all()
    assert model.losses[-1] < model.losses[0]
    assert np.isfinite(model.chances(TEST)).all()


@each
def test_it_refuses_another_catalogue(make):
    other = Vocabulary(ROWS.items.raw + 1000)
    with pytest.raises(ValueError, match="rows: expected the catalogue of this model"):
        make().chances(replace(TEST, items=other))


@each
def test_it_refuses_a_table_without_its_fields(make):
    bare = replace(TEST, features=np.zeros((len(TEST), 0), np.int32), fields={})
    with pytest.raises(ValueError, match="fields: expected 'category' with 12 codes; the table"):
        make().chances(bare)


def test_fitting_names_what_is_wrong():
    model = MAKERS["fm"]()
    unlabelled = replace(TRAIN, label=np.full(len(TRAIN), -1))
    with pytest.raises(ValueError, match="trains: expected labels; received a table without one"):
        model.fit(unlabelled)
    for name in ("batch", "patience", "epochs"):
        with pytest.raises(ValueError, match=f"{name}: expected an integer of at least 1"):
            model.fit(TRAIN, VALIDATION, **{name: 0})
    with pytest.raises(ValueError, match="learning_rate: expected a finite number above 0"):
        model.fit(TRAIN, learning_rate=0.0)


def test_training_together_names_what_does_not_fit():
    one, other = MAKERS["fm"](), MAKERS["afm"]()
    with pytest.raises(ValueError, match="models: expected at least one; received none"):
        train_together([], [])
    with pytest.raises(ValueError, match="models: expected one kind and one configuration"):
        train_together([one, other], [TRAIN, TRAIN])
    with pytest.raises(ValueError, match="trains: expected 1 tables; received 2"):
        train_together([one], [TRAIN, TRAIN])
    with pytest.raises(ValueError, match="trains: expected tables of one shape"):
        train_together([one, MAKERS["fm"](seed=1)], [TRAIN, TEST])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DIN(ROWS.items, normaliser="max"), "normaliser: expected one of softmax, none"),
        (lambda: DIN(ROWS.items, width=0), "width: expected an integer of at least 1"),
        (lambda: DIN(ROWS.items, window=0), "window: expected an integer of at least 1"),
        (lambda: DIN(ROWS.items, seed=-1), "seed: expected an integer of at least 0"),
        (lambda: DIN(ROWS.items, groups=[0, 1]), "groups: expected 241, one for padding and each"),
        (lambda: DIN(ROWS.items, groups=np.full(241, -1)), "groups: expected numbers in 0.."),
        (lambda: DIN(ROWS.items, fields={"hour": 0}), r"fields\['hour'\]: expected an integer"),
        (lambda: PageModel(ROWS.items, looks="up"), "looks: expected one of attention, mean, no"),
        (lambda: FM(ROWS.items, {"hour": 4}), "fields: expected two or more, for a pair"),
    ],
)
def test_constructors_name_what_is_out_of_range(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_table_without_rows_has_no_chances():
    nothing = TEST.select(np.zeros(len(TEST), bool))
    for make in MAKERS.values():
        assert make().chances(nothing).shape == (0,)
