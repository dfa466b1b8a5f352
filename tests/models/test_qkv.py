"""The Q/K/V recommender learns what was planted, and nothing where nothing was."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, leave_one_out, left_pad
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import Popularity, QKVRecommender, load

N = 20
SMALL = {"width": 8, "heads": 2, "window": 6, "negatives": 16}


def log_of(histories):
    """A log in which user ``u`` takes ``histories[u]``, one item a second."""
    rows = [(u, int(i), t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def cycle(users=300, length=12, noise=0.1, seed=0):
    """Each item is followed by its successor in a ring of N, but for some noise."""
    rng = np.random.default_rng(seed)
    histories = rng.integers(1, N + 1, size=(users, length))
    for t in range(1, length):
        step = histories[:, t - 1] % N + 1
        histories[:, t] = np.where(rng.random(users) < noise, histories[:, t], step)
    return histories


def small_log():
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 15, size=40)
    return log_of([np.arange(1, N + 1), *(rng.integers(1, N + 1, size=n) for n in lengths)])


def built(seed=0, **changes):
    return QKVRecommender(small_log().items, **{**SMALL, "seed": seed, **changes})


@pytest.fixture(scope="module")
def trained():
    return built().fit(small_log(), epochs=2)


@pytest.fixture(scope="module")
def planted():
    """A model that has learned the ring, and what it was to be judged on."""
    split = leave_one_out(log_of(cycle()))
    model = QKVRecommender(split.train.items, width=16, window=8, negatives=32, dropout=0.1)
    return model.fit(split.train, epochs=8, batch=16), split


# ---- what it computes --------------------------------------------------------------------------


def by_hand(model, history):
    """Context and weights of the newest item, from the formulas, one head at a time."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}

    def normed(x, name):
        x = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-6)
        return x * w[f"{name}/gamma"] + w[f"{name}/beta"]

    h = w["table"][history]
    x = normed(h, "norm_in") @ w["attend/qkv"]
    q, k, v = np.moveaxis(x.reshape(len(history), 3, model.heads, -1), 1, 0)
    ago = np.arange(len(history))[::-1]
    rows = []
    for head in range(model.heads):
        s = formulas.scaled_dot_scores(q[-1, head], k[:, head]) + w["recency"][head, ago]
        rows.append(formulas.masked_softmax(s, history > 0))
    z = np.concatenate(
        [formulas.weighted_sum(row, v[:, head]) for head, row in enumerate(rows)]
    )  # fmt: skip
    context = normed(h[-1] + z @ w["attend/out"], "norm_out")
    return formulas.preference_scores(context, w["table"], w["bias"]), np.array(rows)


@pytest.mark.parametrize("history", [[1, 2, 3, 4, 5, 6], [0, 0, 7, 8], [9], [0, 9]])
def test_scores_and_weights_are_those_of_the_formulas(trained, history):
    scores, weights = by_hand(trained, np.array(history))
    assert_allclose(trained.score_all([history])[0, 1:], scores[1:], rtol=1e-4, atol=1e-4)
    record = trained.attention([history], [[1]])
    assert record.axes == ("user", "head", "key")
    assert_allclose(record.weights[0], weights, atol=1e-5)


def test_only_the_newest_items_of_a_long_history_count(trained):
    newest = [4, 9, 2, 7, 7, 1]
    for older in ([3], [5, 6, 8] * 10):
        assert_array_equal(trained.score_all([older + newest]), trained.score_all([newest]))
        assert_array_equal(trained.attention([older + newest], [[1]]).keys, [newest])
    assert not np.allclose(trained.score_all([[8, *newest[1:]]]), trained.score_all([newest]))


def test_the_order_of_the_history_matters(trained):
    assert not np.allclose(trained.score_all([[1, 2, 3]]), trained.score_all([[2, 1, 3]]))
    assert not np.allclose(trained.score_all([[1, 2, 3]]), trained.score_all([[1, 3, 2]]))


def test_before_training_only_the_newest_place_is_special():
    model = built()
    assert_allclose(model.score_all([[1, 2, 3]]), model.score_all([[2, 1, 3]]), atol=1e-5)
    assert not np.allclose(model.score_all([[1, 2, 3]]), model.score_all([[1, 3, 2]]))


def test_weights_belong_to_an_input_and_change_with_the_newest_item(trained):
    history = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 4, 6]])
    weights = trained.attention(history, [[1]] * 2).weights
    assert not np.allclose(weights[0, :, :4], weights[1, :, :4], atol=1e-4)


def test_candidates_do_not_change_what_was_looked_at(trained):
    history = left_pad([[1, 2, 3], [4]])
    one, other = (trained.attention(history, [[c], [c]]).weights for c in (1, 9))
    assert_array_equal(one, other)


def test_dropout_is_off_when_it_answers(trained):
    history = left_pad([[1, 2, 3], [4], []])
    assert_array_equal(trained.score_all(history), trained.score_all(history))
    ids = np.asarray(history)
    loud = [np.asarray(trained.network(ids, training=True)) for _ in range(2)]
    assert not np.allclose(loud[0], loud[1])


def test_training_sees_neither_padding_nor_the_future(trained):
    ids = left_pad([[1, 2, 3, 4, 5, 6]])
    later = ids.copy()
    later[:, 3:] = [[9, 9, 9]]
    contexts = np.asarray(trained.network(ids)), np.asarray(trained.network(later))
    assert_array_equal(contexts[0][:, :3], contexts[1][:, :3])
    assert not np.allclose(contexts[0][:, 3:], contexts[1][:, 3:])


@pytest.mark.slow
def test_the_vector_of_padding_is_not_trained():
    assert_array_equal(
        built().fit(small_log(), epochs=1)._arrays()["table"][0], built()._arrays()["table"][0]
    )


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
def test_it_trains_and_answers_under_mixed_float16():
    model = built().fit(small_log(), epochs=1)
    history = left_pad([[1, 2, 3], [4], []])
    assert model.score_all(history).dtype == np.float32
    assert np.isfinite(model.losses).all()
    sums = model.attention(history, [[1]] * 3).weights.sum(axis=-1)
    assert_allclose(sums, np.repeat([[1], [1], [0]], 2, axis=1), atol=1e-3)


# ---- reproducible ------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_model_to_the_last_bit(trained):
    again = built().fit(small_log(), epochs=2)
    assert again.losses == trained.losses
    for name, array in again._arrays().items():
        assert_array_equal(array, trained._arrays()[name], name)


@pytest.mark.slow
def test_another_seed_gives_another_model(trained):
    other = built(seed=1)
    assert not np.allclose(other._arrays()["table"], built()._arrays()["table"])
    assert not np.allclose(other._arrays()["attend/qkv"], built()._arrays()["attend/qkv"])
    assert other.fit(small_log(), epochs=2).losses != trained.losses


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_in_another_process(trained, tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from attnrec_lite.data import Interactions\n"
        "from attnrec_lite.models import QKVRecommender\n"
        "log = Interactions.from_columns(*np.load(sys.argv[1]))\n"
        f"model = QKVRecommender(log.items, **{trained.config()!r})\n"
        "model.fit(log, epochs=2).save(sys.argv[2])\n"
    )
    log, paths = small_log(), [str(tmp_path / "log.npy"), str(tmp_path / "model.npz")]
    np.save(paths[0], np.stack([log.user, log.item, log.time]))
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, *paths], check=True, env=environment)
    for name, array in load(paths[1])._arrays().items():
        assert_array_equal(array, trained._arrays()[name], name)


@pytest.mark.slow
def test_a_loaded_model_can_be_trained_on(trained, tmp_path):
    again = load(trained.save(tmp_path / "model.npz"))
    before = again._arrays()["table"].copy()
    again.fit(small_log(), epochs=1)
    assert len(again.losses) == 1
    assert not np.allclose(again._arrays()["table"], before)


# ---- learning ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_learns_a_planted_ring(planted):
    model, split = planted
    found = evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1")
    assert 0.86 < found < 0.94  # 90 % follow the ring, and noise hits by chance
    assert model.losses[-1] < model.losses[0]
    rival = evaluate(Popularity(split.train.items).fit(split.train), split.test, 1, False)
    assert rival.mean("hr@1") < 0.12


@pytest.mark.slow
def test_it_ranks_the_successor_first_for_every_item(planted):
    model, _ = planted
    newest = np.arange(1, N + 1)
    ids, _ = model.recommend(newest[:, None], k=1)
    assert np.mean(ids[:, 0] == newest % N + 1) > 0.9


@pytest.mark.slow
def test_it_learns_nothing_where_nothing_follows_from_anything():
    histories = np.random.default_rng(2).permuted(cycle().ravel()).reshape(300, 12)
    split = leave_one_out(log_of(histories))
    model = QKVRecommender(split.train.items, width=16, window=8, negatives=32, dropout=0.1)
    model.fit(split.train, epochs=8, batch=16)
    found = evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1")
    chance = 1 / N
    assert found < chance + 4 * np.sqrt(chance * (1 - chance) / 300)


@pytest.mark.slow
def test_it_looks_at_what_the_next_item_was_planted_to_depend_on():
    """Each user alternates between two items: the item before the newest is what comes next."""
    rng = np.random.default_rng(3)
    pairs = np.stack([rng.permutation(N)[:2] + 1 for _ in range(400)])
    split = leave_one_out(log_of(np.tile(pairs, 5)))
    model = QKVRecommender(split.train.items, width=16, window=8, negatives=32, dropout=0.1)
    model.fit(split.train, epochs=12, batch=16, learning_rate=1e-2)
    assert evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1") > 0.9
    history = split.test.history(length=8)
    weights = model.attention(history, split.test.item[:, None]).weights[:, 0]
    on_target = (weights * (history == split.test.item[:, None])).sum(axis=1)
    assert on_target.mean() > 0.8


@pytest.mark.slow
def test_who_has_no_history_is_shown_what_is_popular():
    rng = np.random.default_rng(4)
    chances = np.arange(1, N + 1) / np.arange(1, N + 1).sum()
    histories = [rng.choice(np.arange(1, N + 1), size=10, p=chances) for _ in range(200)]
    log = log_of(histories)
    model = QKVRecommender(log.items, width=16, window=8, negatives=32).fit(log, batch=16)
    scores = model.score_all([[0, 0]])[0, 1:]
    assert np.corrcoef(scores, np.log(chances))[0, 1] > 0.5  # 0.7 to 0.9 over seeds
    assert_array_equal(model.attention([[0, 0]], [[1]]).weights, 0)


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "^width: expected an integer of at least 1"),
        ({"width": 7}, "^width: expected a multiple of heads=2; received 7"),
        ({"heads": 0}, "^heads: expected an integer of at least 1"),
        ({"window": 0}, "^window: expected an integer of at least 1"),
        ({"window": 2.5}, "^window: expected an integer"),
        ({"dropout": 1.0}, r"^dropout: expected a share in \[0, 1\)"),
        ({"dropout": -0.1}, "^dropout: expected a share"),
        ({"dropout": np.nan}, "^dropout: expected a share"),
        ({"negatives": 0}, "^negatives: expected an integer of at least 1"),
        ({"seed": -1}, "^seed: expected an integer of at least 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        built(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "^epochs: "),
        ({"batch": 0}, "^batch: "),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": -1.0}, "learning_rate"),
    ],
)
def test_a_way_to_train_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        built().fit(small_log(), **options)


def test_a_log_that_teaches_nothing_is_refused():
    log = small_log()
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        built().fit(log.select(log.user < 0))
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        built().fit(log.select(log.bounds()[:-1]))  # one row of each user
    with pytest.raises(ValueError, match="^log: expected 20 items; received 2"):
        built().fit(log_of([[1, 2]]))


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_training():
    model = built()
    with pytest.raises(FloatingPointError, match="^loss is nan in epoch 1, step . of .; try"):
        model.fit(small_log(), epochs=2, learning_rate=1e30)
    with pytest.raises(ValueError, match="^attention: scores are not finite; did training diverge"):
        model.score_all([[1]])


def test_config_builds_the_same_again():
    model = built(seed=4, dropout=0.5)
    assert model.config() == {**SMALL, "seed": 4, "dropout": 0.5}
    again = QKVRecommender(model.items, **model.config())
    assert_array_equal(again.score_all([[1, 2]]), model.score_all([[1, 2]]))
