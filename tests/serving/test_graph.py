"""The graph gives the model's own answers, and needs nothing of the package."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, Modalities, make_shop
from attnrec_lite.models import (
    InterestModel,
    ItemEncoder,
    MultiInterest,
    PairwiseAttention,
    Popularity,
    QKVRecommender,
    SASRec,
    TimedSASRec,
)
from attnrec_lite.serving import Servable, export

K = 7
STRANGER = """
import json, sys
import tensorflow as tf
found = tf.saved_model.load(sys.argv[1]).signatures
history = tf.constant(json.loads(sys.argv[2]), tf.int64)
best = found["recommend"](history=history)
some = found["score"](history=history, candidates=tf.constant([[1, 2]] * len(history), tf.int64))
assert not [name for name in sys.modules if name.startswith("attnrec_lite")]
print(json.dumps({"keys": sorted(found), "ids": best["ids"].numpy().tolist(),
                  "scores": some["scores"].numpy().tolist()}))
"""


def assert_same(servable, model, histories, k=K):
    found = servable.recommend(tf.constant(histories, tf.int64))
    ids, scores = model.recommend(histories, k)
    assert_allclose(found["scores"], scores, atol=1e-5)
    assert_array_equal(found["ids"], ids)


@pytest.mark.parametrize(
    "made",
    [
        lambda log: SASRec(log.items, width=8, window=5, heads=2),
        lambda log: SASRec(log.items, width=8, window=5, positions="absolute"),
        lambda log: SASRec(log.items, width=8, window=5, positions="none", blocks=1),
        lambda log: QKVRecommender(log.items, width=8, window=5),
        lambda log: PairwiseAttention(log.items, width=8, window=5),
        lambda log: MultiInterest(log.items, width=8, window=5),
        lambda log: InterestModel(log.items, width=8, window=5),
    ],
)
def test_it_answers_as_the_model_does(made, log, histories):
    model = made(log).fit(log, epochs=1)
    assert_same(Servable(model, K), model, histories)


def test_an_encoder_is_asked_once(histories):
    shop = make_shop(n_users=60)
    encoder = ItemEncoder(Modalities.of_shop(shop), 8)
    model = SASRec(shop.log.items, width=8, window=5, encoder=encoder).fit(shop.log, epochs=1)
    servable = Servable(model, K)
    assert_same(servable, model, histories)
    assert not model.network._in_step
    before = servable.recommend(histories.astype(np.int64))["scores"].numpy()
    encoder_weight = model.network.encoder.trainable_variables[0]
    encoder_weight.assign(encoder_weight + 1.0)
    assert_array_equal(servable.recommend(histories.astype(np.int64))["scores"], before)


def test_padding_may_stand_anywhere_and_what_is_unknown_is_passed_over(model):
    n, servable = model.n_items, Servable(model, K)
    wanted = servable.recommend([[3, 5, 2]])
    for row in (
        [0, 3, 5, 2], [3, 5, 2, 0, 0], [3, 0, 5, 0, 2], [3, n + 1, 5, -4, 2], [2**40, 3, 5, 2],
        [3, 5, 2, 2**63 - 1],
    ):  # fmt: skip
        found = servable.recommend([row])
        assert_array_equal(found["ids"], wanted["ids"])
        assert_allclose(found["scores"], wanted["scores"], atol=1e-6)


def test_no_history_and_a_very_long_one(model):
    servable = Servable(model, K)
    nothing = servable.recommend(np.zeros((1, 0), np.int64))
    assert_array_equal(nothing["ids"], model.recommend([[0]], K)[0])
    assert servable.recommend(np.zeros((0, 3), np.int64))["ids"].shape == (0, K)
    long = np.random.default_rng(0).integers(1, 40, (1, 10_000)).astype(np.int64)
    assert_array_equal(servable.recommend(long)["ids"], model.recommend(long, K)[0])


def test_more_than_there_is_and_everything_seen(model):
    n = model.n_items
    found = Servable(model, n + 3).recommend([[1, 2]])
    assert_array_equal(found["ids"], model.recommend([[1, 2]], n + 3)[0])
    assert np.isneginf(found["scores"][0, n - 2 :]).all()
    nothing = Servable(model, K).recommend([np.arange(1, n + 1)])
    assert not nothing["ids"].numpy().any()


def test_of_equal_scores_the_smaller_id_comes_first():
    log = Interactions.from_columns([0] * 9, range(1, 10), range(9))
    model = SASRec(log.items, width=4, window=3)
    model.network.own_table.assign(np.zeros((10, 4)))
    assert_array_equal(Servable(model, 3).recommend([[2]])["ids"], [[1, 3, 4]])


def test_candidates_are_scored_seen_or_not(model, histories):
    candidates = np.tile([1, 5, 3], (len(histories), 1))
    found = Servable(model).score(histories.astype(np.int64), candidates)["scores"]
    assert_allclose(found, model.score(histories, candidates), atol=1e-5)
    strange = Servable(model).score([[1]], [[0, 2**40, -1]])["scores"]
    assert np.isneginf(strange).all()


def test_who_loads_it_needs_nothing_of_the_package(model, histories, tmp_path, root):
    place = export(model, tmp_path / "shop", 3, K)
    assert place == tmp_path / "shop" / "3"
    assert [p.name for p in place.parent.iterdir()] == ["3"]
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, place, json.dumps(histories.tolist())],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["keys"] == ["recommend", "score", "serving_default"]
    assert_array_equal(found["ids"], model.recommend(histories, K)[0])
    wanted = model.score(histories, [[1, 2]] * len(histories))
    assert_allclose(found["scores"], wanted, atol=1e-5)
    about = json.loads((place / "assets.extra" / "items.json").read_text())
    assert about["raw"] == model.items.raw.tolist()
    assert about["titles"][0] == model.items.titles[0]


@pytest.mark.slow
def test_the_tool_of_tensorflow_shows_and_runs_it(model, tmp_path):
    place = export(model, tmp_path / "shop", 1, K)
    tool = [Path(sys.executable).with_name("saved_model_cli")]
    chosen = ["--dir", place, "--tag_set", "serve", "--signature_def", "serving_default"]
    shown = subprocess.run([*tool, "show", *chosen], capture_output=True, text=True, check=True)
    words = " ".join(shown.stdout.split())
    assert "inputs['history'] tensor_info: dtype: DT_INT64 shape: (-1, -1)" in words
    assert f"outputs['ids'] tensor_info: dtype: DT_INT32 shape: (-1, {K})" in words
    run = [*tool, "run", *chosen, "--input_exprs", "history=[[3,5,2]]", "--outdir",
           tmp_path]  # fmt: skip
    subprocess.run(run, capture_output=True, text=True, check=True)
    assert_array_equal(np.load(tmp_path / "ids.npy"), model.recommend([[3, 5, 2]], K)[0])


def test_a_version_that_is_served_is_never_written_over(model, tmp_path):
    export(model, tmp_path, 1, K)
    with pytest.raises(FileExistsError, match="^version: expected a new one; .*1 is there already"):
        export(model, tmp_path, 1, K)


def test_nothing_half_written_stays(model, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("attnrec_lite.serving.graph.json.dumps", full)
    with pytest.raises(OSError, match="No space"):
        export(model, tmp_path, 1, K)
    assert not list(tmp_path.iterdir())


def test_other_models_and_what_is_no_number_are_refused(log, tmp_path):
    for other in (Popularity(log.items).fit(log), TimedSASRec(log.items, width=4, window=3)):
        with pytest.raises(TypeError, match=f"^model: .*received {type(other).__name__}$"):
            Servable(other)
    model = SASRec(log.items, width=4, window=3)
    with pytest.raises(ValueError, match="^k: "):
        Servable(model, 0)
    with pytest.raises(ValueError, match="^version: "):
        export(model, tmp_path, 0)
    model.network.bias.assign(np.full(log.n_items + 1, np.nan))
    with pytest.raises(ValueError, match="^model: expected finite weights; .*bias"):
        Servable(model)
