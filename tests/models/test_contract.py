"""What every recommender keeps, whatever it has learned: one suite for all of them."""

import itertools
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, Vocabulary, left_pad
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models import (
    BPR,
    EASE,
    NAIS,
    BERT4Rec,
    InterestModel,
    ItemKNN,
    LightGCN,
    MeanPooling,
    MultiInterest,
    PairwiseAttention,
    Popularity,
    Precomputed,
    QKVRecommender,
    RecentPopularity,
    Recommender,
    SASRec,
    ScoreTimesAttention,
    SegmentPopularity,
    Successors,
    TargetAttention,
    TimedSASRec,
    load,
)

N = 7
SMALL = {"width": 4, "window": 5, "negatives": 6, "seed": 3}
HISTORIES = [[1, 2, 3], [4], [], [7, 6, 5, 4, 3, 2, 1], [2, 2, 5]]  # ragged, one empty, one long


def make_log():
    rng = np.random.default_rng(0)
    rows = [(u, i, t) for u in range(12) for t, i in enumerate(rng.integers(1, N + 1, size=u % 5))]
    rows += [(12, i, i) for i in range(1, N + 1)]  # so that every item occurs
    titles = {i: f"thing {i}" for i in range(1, N + 1)}
    return Interactions.from_columns(*zip(*rows, strict=True), titles=titles)


LOG = make_log()
MAKERS = {
    "Popularity": lambda: Popularity(LOG.items).fit(LOG),
    "Successors": lambda: Successors(LOG.items).fit(LOG),
    "RecentPopularity": lambda: RecentPopularity(LOG.items, half_life=2e-5).fit(LOG),
    "ItemKNN": lambda: ItemKNN(LOG.items, k=3, shrink=0.5).fit(LOG),
    "EASE": lambda: EASE(LOG.items, penalty=2.0).fit(LOG),
    "Precomputed": lambda: Precomputed.of(ItemKNN(LOG.items, k=3).fit(LOG), keep=4),
    "BPR": lambda: BPR(LOG.items, width=4, negatives=5, seed=2).fit(LOG, epochs=3, batch=7),
    "QKVRecommender": lambda: QKVRecommender(LOG.items, heads=2, **SMALL).fit(LOG, epochs=1),
    "ScoreTimesAttention": lambda: ScoreTimesAttention(LOG.items, **SMALL).fit(LOG, epochs=1),
    "PairwiseAttention": lambda: PairwiseAttention(LOG.items, units=3, **SMALL).fit(LOG, epochs=1),
    "TargetAttention": lambda: TargetAttention(LOG.items, **SMALL).fit(LOG, epochs=1),
    "InterestModel": lambda: InterestModel(LOG.items, interests=3, **SMALL).fit(LOG, epochs=1),
    "MultiInterest": lambda: MultiInterest(LOG.items, interests=3, **SMALL).fit(LOG, epochs=1),
    "MultiInterest, routed": lambda: MultiInterest(
        LOG.items, interests=3, extract="routing", **SMALL
    ).fit(LOG, epochs=1),
    "BERT4Rec": lambda: BERT4Rec(LOG.items, width=4, heads=2, window=5).fit(LOG, epochs=1),
    "SASRec": lambda: SASRec(LOG.items, **SMALL).fit(LOG, epochs=1),
    "TimedSASRec": lambda: TimedSASRec(LOG.items, **SMALL).fit(LOG, epochs=1),
    "MeanPooling": lambda: MeanPooling(LOG.items, **SMALL).fit(LOG, epochs=1),
    "LightGCN": lambda: LightGCN(LOG.items, width=4, seed=2).fit(LOG, epochs=3, batch=7),
    "SegmentPopularity": lambda: SegmentPopularity(LOG.items, segments=3, segment=1).fit(
        LOG, np.arange(LOG.n_users) % 3
    ),
    "NAIS": lambda: NAIS(LOG.items, width=4, window=4, negatives=5).fit(LOG, epochs=1),
}
fitted = {}


@pytest.fixture(params=MAKERS)
def model(request):
    if request.param not in fitted:
        fitted[request.param] = MAKERS[request.param]()
    return fitted[request.param]


class Scores(Recommender):
    """A model that scores as it is told, to see what the contract makes of it."""

    name = "told"

    def __init__(self, items, scores):
        super().__init__(items)
        self.told = np.asarray(scores)

    def _scores(self, history):
        return np.tile(self.told, (len(history), 1))

    def fit(self, log):
        return self

    attention = config = _arrays = _set_arrays = None


def told(scores):
    return Scores(Vocabulary(np.arange(len(scores) - 1)), scores)


# ---- scores ------------------------------------------------------------------------------------


def test_shapes_types_and_padding(model):
    history = left_pad(HISTORIES)
    scores = model.score_all(history)
    assert (scores.shape, scores.dtype) == ((5, N + 1), np.float32)
    assert np.all(np.isneginf(scores[:, 0]))
    assert np.isfinite(scores[:, 1:]).all()
    ids, best = model.recommend(history, 3)
    assert (ids.shape, ids.dtype, best.shape, best.dtype) == ((5, 3), np.int32, (5, 3), np.float32)
    assert model.n_items == N
    assert isinstance(model.name, str)


def test_score_is_the_part_of_score_all_that_was_asked_for(model):
    history, candidates = left_pad(HISTORIES), np.tile([[7, 1, 1]], (5, 1))
    scores = model.score(history, candidates)
    assert scores.dtype == np.float32
    assert_array_equal(scores, model.score_all(history)[:, [7, 1, 1]])


def test_scores_are_the_callers_own(model):
    history = left_pad(HISTORIES)
    before = model.score_all(history).copy()
    model.score_all(history)[:] = 99
    model.recommend(history, 2)
    assert_array_equal(model.score_all(history), before)


def test_an_input_is_left_alone(model):
    history = left_pad(HISTORIES)
    before = history.copy()
    model.recommend(history, 2)
    model.attention(history, np.ones((5, 1), int))
    assert_array_equal(history, before)


def test_two_calls_give_the_same(model):
    history = left_pad(HISTORIES)
    assert_array_equal(model.score_all(history), model.score_all(history))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_every_integer_type_and_a_list_are_the_same_history(model, dtype):
    history = left_pad(HISTORIES)
    assert_array_equal(model.score_all(history.astype(dtype)), model.score_all(history))
    assert_array_equal(model.score_all(history.tolist()), model.score_all(history))


@pytest.mark.parametrize("extra", [1, 2, 30])
@pytest.mark.parametrize("histories", [HISTORIES, [[1, 2, 3], [4], [], [6, 5]]])
def test_more_padding_on_the_left_changes_nothing(model, histories, extra):
    history = left_pad(histories)
    longer = np.pad(history, ((0, 0), (extra, 0)))
    assert_allclose(model.score_all(longer)[:, 1:], model.score_all(history)[:, 1:], atol=1e-6)
    assert_array_equal(model.recommend(longer, N)[0], model.recommend(history, N)[0])


def test_rows_do_not_depend_on_each_other_nor_on_their_order(model):
    history, order = left_pad(HISTORIES), [3, 0, 4, 2, 1]
    scores = model.score_all(history)[:, 1:]
    assert_allclose(model.score_all(history[order])[:, 1:], scores[order], atol=1e-6)
    for row, expected in zip(history, scores, strict=True):
        assert_allclose(model.score_all(row[None])[0, 1:], expected, atol=1e-6)


@pytest.mark.parametrize("length", [0, 1, 4])
def test_an_empty_history_answers(model, length):
    history = np.zeros((2, length), int)
    scores = model.score_all(history)
    assert np.isfinite(scores[:, 1:]).all()
    assert_allclose(scores[:, 1:], model.score_all([[0]] * 2)[:, 1:], atol=1e-6)
    assert np.all(np.sort(model.recommend(history, N)[0], axis=1) == np.arange(1, N + 1))


def test_no_user_at_all_answers(model):
    nobody = np.zeros((0, 4), int)
    assert model.score_all(nobody).shape == (0, N + 1)
    assert model.recommend(nobody, 3)[0].shape == (0, 3)
    assert len(model.attention(nobody, np.zeros((0, 2), int))) == 0


# ---- recommendations ---------------------------------------------------------------------------


def test_padding_and_seen_items_are_never_recommended(model):
    ids, scores = model.recommend(left_pad(HISTORIES), N)
    for row, best, history in zip(ids, scores, HISTORIES, strict=True):
        left = sorted(set(range(1, N + 1)) - set(history))
        assert sorted(row[: len(left)]) == left
        assert_array_equal(row[len(left) :], 0)  # fewer than k are left
        assert np.all(np.isneginf(best[len(left) :]))
        assert np.isfinite(best[: len(left)]).all()


def test_seen_items_stay_when_asked(model):
    ids, _ = model.recommend(left_pad(HISTORIES), N, exclude_seen=False)
    assert_array_equal(np.sort(ids, axis=1), np.tile(np.arange(1, N + 1), (5, 1)))


def test_scores_come_with_their_ids_best_first(model):
    history = left_pad(HISTORIES)
    ids, best = model.recommend(history, N, exclude_seen=False)
    assert_array_equal(best, np.take_along_axis(model.score_all(history), ids, axis=1))
    assert np.all(np.diff(best, axis=1) <= 0)


@pytest.mark.parametrize("k", [N + 1, N + 2, 50])
def test_k_may_exceed_the_catalogue(model, k):
    ids, scores = model.recommend(left_pad(HISTORIES), k, exclude_seen=False)
    assert ids.shape == scores.shape == (5, k)
    assert_array_equal(np.sort(ids[:, :N], axis=1), np.tile(np.arange(1, N + 1), (5, 1)))
    assert_array_equal(ids[:, N:], 0)
    assert np.all(np.isneginf(scores[:, N:]))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_shorter_list_is_the_head_of_a_longer_one(model, k):
    history = left_pad(HISTORIES)
    for short, long in zip(model.recommend(history, k), model.recommend(history, N), strict=True):
        assert_array_equal(short, long[:, :k])


def test_seen_means_the_whole_history_as_it_was_handed_in(model):
    history = [[*range(2, N + 1), 2, 2, 2, 2, 2, 2]]  # all but the newest fall out of any window
    assert_array_equal(model.recommend(history, 2)[0], [[1, 0]])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-2, 2), min_size=1, max_size=9), st.integers(1, 12), st.data())
def test_of_equal_scores_the_smaller_id_comes_first(scores, k, data):
    history = data.draw(st.lists(st.integers(1, len(scores)), max_size=4))
    ids, best = told([99, *scores]).recommend(left_pad([history]), k)
    left = [i for i in range(1, len(scores) + 1) if i not in history]
    expected = sorted(left, key=lambda i: (-scores[i - 1], i))[:k]
    assert ids[0].tolist() == expected + [0] * (k - len(expected))
    assert best[0, : len(expected)].tolist() == [scores[i - 1] for i in expected]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="^told: scores are not finite; did training diverge"):
        told([0, 1, bad]).recommend([[0]], 1)
    assert told([bad, 1, 2]).recommend([[0]], 1)[0].item() == 2  # padding takes no part


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ([[1, N + 1]], rf"^history: expected ids in 0\.\.{N}; received {N + 1}"),
        ([[-1, 1]], rf"^history: expected ids in 0\.\.{N}; received -1"),
        ([[1.0, 2.0]], "^history: expected integer item ids; received float64"),
        ([[1, 0]], r"^history: expected padding \(0\) on the left only"),
        ([[1, 0, 2]], r"^history: expected padding \(0\) on the left only"),
        ([1, 2], r"^history: expected shape \(batch, length\); received shape \(2,\)"),
    ],
)
def test_a_bad_history_is_refused_by_every_call(model, history, message):
    one = [[1]]
    for call in (
        lambda: model.score_all(history),
        lambda: model.score(history, one),
        lambda: model.recommend(history, 1),
        lambda: model.recommend(history, 1, exclude_seen=False),
        lambda: model.attention(history, one),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ([[0]], rf"^candidates: expected ids in 1\.\.{N}; received 0"),
        ([[N + 1]], rf"^candidates: expected ids in 1\.\.{N}; received {N + 1}"),
        ([[1.5]], "^candidates: expected integer item ids"),
        ([1], r"^candidates: expected shape \(batch, length\)"),
        ([[1], [2]], "^candidates: expected 1 rows; received 2"),
    ],
)
def test_bad_candidates_are_refused(model, candidates, message):
    for call in (model.score, model.attention):
        with pytest.raises(ValueError, match=message):
            call([[1]], candidates)


@pytest.mark.parametrize("k", [0, -1, 1.0, True, None])
def test_a_bad_k_is_refused(model, k):
    with pytest.raises(ValueError, match="^k: expected an integer of at least 1"):
        model.recommend([[1]], k)


# ---- attention ---------------------------------------------------------------------------------


def test_attention_is_a_valid_record_of_the_same_history(model):
    history = left_pad(HISTORIES)
    record = model.attention(history, np.ones((5, 2), int))
    assert isinstance(record, AttentionRecord)
    assert (record.axes[0], record.axes[-1]) == ("user", "key")
    assert record.items is model.items
    assert record.query
    length = record.keys.shape[1]
    assert_array_equal(record.keys, history[:, -length:])
    sums = record.weights.sum(axis=record.axes.index(record.over))
    assert np.all(np.isclose(sums, 1, atol=1e-5) | (sums == 0))
    assert_array_equal(record.weights[2], 0)  # an empty history


# ---- files -------------------------------------------------------------------------------------


def same(a, b):
    """Two models answer alike, to the last bit, in the same words."""
    history = left_pad(HISTORIES)
    assert type(a) is type(b)
    assert a.config() == b.config()
    assert_array_equal(a.score_all(history), b.score_all(history))
    assert_array_equal(a.items.raw, b.items.raw)
    assert a.items.raw.dtype.kind == b.items.raw.dtype.kind
    assert_array_equal(a.items.titles, b.items.titles)


def test_saved_and_loaded_it_is_the_same_model(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    assert path == tmp_path / "model.npz"
    same(load(path), model)
    same(load(str(path)), model)
    assert os.listdir(tmp_path) == ["model.npz"]  # nothing besides


def test_a_new_model_takes_back_what_another_saved_twice(model, tmp_path):
    again = load(model.save(tmp_path / "a"))
    same(load(again.save(tmp_path / "b")), model)
    assert (tmp_path / "b").is_file()  # the name is kept as it was given


@pytest.mark.slow
def test_in_a_new_process_it_is_the_same_model(model, tmp_path):
    model.save(tmp_path / "model.npz")
    history = left_pad(HISTORIES)
    np.save(tmp_path / "history.npy", history)
    code = (
        "import sys, numpy as np; from attnrec_lite.models import load; folder = sys.argv[1]\n"
        "model = load(folder + '/model.npz')\n"
        "scores = model.score_all(np.load(folder + '/history.npy'))\n"
        "np.savez(folder + '/answer.npz', scores=scores, titles=model.items.titles)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    answer = np.load(tmp_path / "answer.npz")
    assert_array_equal(answer["scores"], model.score_all(history))
    assert_array_equal(answer["titles"], model.items.titles)


@pytest.mark.parametrize("raw", [["b", "a", "007"], [10, 2**40, 3]])
def test_the_vocabulary_travels_with_the_model(raw, tmp_path):
    items = Vocabulary(np.array(raw), np.array(["Amélie", "鉄瓶", "x" * 100]))
    again = load(Popularity(items).save(tmp_path / "model.npz"))
    assert again.items.raw.tolist() == raw
    assert again.items.titles.tolist() == items.titles.tolist()
    assert [again.items.id_of(r) for r in raw] == [1, 2, 3]


def test_a_file_that_could_not_be_read_back_is_not_written(tmp_path):
    items = Vocabulary(np.array(["a", "b"], dtype=object))
    try:
        path = Popularity(items).save(tmp_path / "model.npz")
    except ValueError:
        assert not os.listdir(tmp_path)
    else:
        assert load(path).items.raw.tolist() == ["a", "b"]


def test_a_file_holds_no_pickle(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            assert file[name].dtype.kind in "iufU", name
    with zipfile.ZipFile(path) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".npy"}


class Trap:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def rewrite(path, **changes):
    """Save a model's file again with some parts replaced; None drops one."""
    with np.load(path) as file:
        parts = {**file, **changes}
    np.savez(path, **{name: value for name, value in parts.items() if value is not None})


@pytest.mark.parametrize("part", ["raw", "titles", "about", "extra"])
def test_a_pickle_in_a_file_is_refused_and_not_run(model, part, tmp_path):
    path = model.save(tmp_path / "model.npz")
    trap = np.empty(1, object)
    trap[0] = Trap(tmp_path / "sprung")
    rewrite(path, **{part: trap})
    with pytest.raises(ValueError, match="^path: .* is not a saved recommender or is damaged"):
        load(path)
    assert not (tmp_path / "sprung").exists()


def about(saved, **changes):
    text = {"format": 1, "model": type(saved).__name__, "config": saved.config(), **changes}
    return np.array(json.dumps({k: v for k, v in text.items() if v is not None}))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"format": None}, {"model": "Nothing"}, {"model": None}, {"model": ["x"]},
        {"model": "load"}, {"config": None}, {"config": {"surprise": 1}}, {"config": [1]},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(model, change, tmp_path):
    path = model.save(tmp_path / "model.npz")
    rewrite(path, about=about(model, **change))
    with pytest.raises(ValueError, match="model.npz|config"):
        load(path)


@pytest.mark.parametrize("text", ["[1]", "3", "null", "{", ""])
def test_a_file_that_does_not_say_what_it_is_is_refused(model, text, tmp_path):
    path = model.save(tmp_path / "model.npz")
    rewrite(path, about=np.array(text))
    with pytest.raises(ValueError, match="^path: "):
        load(path)


def learned(path):
    with np.load(path) as file:
        return [name for name in file.files if name.startswith("learned/")]


@pytest.mark.slow
def test_a_missing_or_misshapen_array_is_refused_by_name(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    for name in learned(path):
        for change in (None, np.zeros(3), np.zeros((2, 2, 2))):
            model.save(path)
            rewrite(path, **{name: change})
            with pytest.raises(ValueError, match=name.removeprefix("learned/")):
                load(path)


def test_words_where_numbers_belong_are_refused(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    name, shape = learned(path)[0], next(iter(model._arrays().values())).shape
    rewrite(path, **{name: np.full(shape, "a")})
    with pytest.raises(ValueError, match=name.removeprefix("learned/")):
        load(path)


def test_a_vocabulary_of_another_size_is_refused(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    rewrite(path, raw=np.arange(N + 1), titles=np.arange(N + 1).astype(str))
    with pytest.raises(ValueError, match=f"expected .*{N + 2}"):
        load(path)
    rewrite(path, raw=np.arange(N))
    with pytest.raises(ValueError, match="^path: "):
        load(path)


def test_a_cut_file_is_refused_wherever_it_is_cut(model, tmp_path):
    path = model.save(tmp_path / "model.npz")
    data = path.read_bytes()
    for size in [0, 1, 10, *range(100, len(data) - 1, 97), len(data) - 1]:
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match="^path: .* is not a saved recommender or is damaged"):
            load(path)


@pytest.mark.parametrize("flip", [0x01, 0x08, 0xFF])
def test_a_flipped_byte_is_refused_or_harmless(flip, tmp_path):
    model = MAKERS["Popularity"]()
    path = model.save(tmp_path / "model.npz")
    data, refused = path.read_bytes(), 0
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])
        try:
            again = load(path)
        except ValueError:
            refused += 1
        else:
            same(again, model)  # a date in the archive, say
    assert refused > len(data) / 2


@pytest.mark.parametrize("kind", ["text", "npy", "zip", "pickle", "npz", "folder"])
def test_another_kind_of_file_is_refused(kind, tmp_path):
    path = tmp_path / "model.npz"
    if kind == "text":
        path.write_text("user,item\n1,2\n")
    elif kind == "npy":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("about", "{}")
    elif kind == "pickle":
        np.array([Trap(tmp_path / "sprung")], object).dump(path)
    elif kind == "npz":
        np.savez(path, weights=np.zeros(3))
    else:
        path.mkdir()
    with pytest.raises(ValueError, match="^path: .* is not a saved recommender or is damaged"):
        load(path)
    assert not (tmp_path / "sprung").exists()


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load(tmp_path / "none.npz")


def test_a_failing_disk_leaves_the_old_file_and_no_other(model, tmp_path, monkeypatch):
    path = model.save(tmp_path / "model.npz")
    before = path.read_bytes()

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    for target in ("numpy.savez", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(target, full)
            with pytest.raises(OSError, match="No space left"):
                model.save(path)
        assert os.listdir(tmp_path) == ["model.npz"]
        assert path.read_bytes() == before


def test_a_disk_that_fills_up_half_way_leaves_nothing(model, tmp_path, monkeypatch):
    open_part, calls = zipfile.ZipFile.open, []

    def some(*args, **options):
        calls.append(args)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        return open_part(*args, **options)

    monkeypatch.setattr(zipfile.ZipFile, "open", some)
    with pytest.raises(OSError, match="No space left"):
        model.save(tmp_path / "model.npz")
    assert not os.listdir(tmp_path)


def test_a_folder_that_is_not_there_is_said_and_not_made(model, tmp_path):
    with pytest.raises(FileNotFoundError):
        model.save(tmp_path / "none" / "model.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        model.save(tmp_path / "file" / "model.npz")
    assert os.listdir(tmp_path) == ["file"]


# ---- baselines ---------------------------------------------------------------------------------


def test_popularity_counts_the_training_log_and_nothing_else():
    model = Popularity(LOG.items)
    assert_array_equal(model.score_all([[0]])[:, 1:], [[0] * N])
    for log in (LOG, LOG.select(np.arange(len(LOG) // 2))):  # the second fit forgets the first
        counts = [np.count_nonzero(log.item == i) for i in range(1, N + 1)]
        assert_array_equal(model.fit(log).score_all([[0], [3]])[:, 1:], [counts, counts])


def test_successors_counts_what_came_next_and_breaks_ties_by_popularity():
    model = Successors(LOG.items).fit(LOG)
    follows, popularity = np.zeros((N + 1, N + 1)), np.bincount(LOG.item, minlength=N + 1)
    for user in range(LOG.n_users):
        history = LOG.item[LOG.user == user]
        for now, then in itertools.pairwise(history):
            follows[now, then] += 1
    assert follows.max() > 1
    scores = model.score_all(np.arange(N + 1)[:, None])[:, 1:]
    assert_array_equal(np.floor(scores), follows[:, 1:])
    order = np.lexsort([np.tile(-popularity[1:], (N + 1, 1)), -follows[:, 1:]], axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    assert np.all(np.diff(ranked, axis=1) <= 0)
    shares = (scores - follows[:, 1:]) / popularity[1:]
    assert_allclose(shares, shares[0, 0], rtol=1e-4)


def test_successors_looks_at_the_newest_item_alone():
    model = Successors(LOG.items).fit(LOG)
    assert_array_equal(model.score_all([[1, 2, 3]]), model.score_all([[5, 4, 3]]))
    weights = model.attention([[1, 2, 3], [0, 0, 4], [0, 0, 0]], [[1]] * 3).weights
    assert_array_equal(weights, [[0, 0, 1], [0, 0, 1], [0, 0, 0]])


def test_successors_of_nothing_are_the_popular():
    assert_array_equal(
        Successors(LOG.items).fit(LOG).recommend([[0]], N)[0],
        Popularity(LOG.items).fit(LOG).recommend([[0]], N)[0],
    )
    alone = LOG.select(LOG.bounds()[:-1][np.diff(LOG.bounds()) > 0])  # nobody took two
    found = Successors(LOG.items).fit(alone).score_all([[1]])
    assert np.all(found[:, 1:] < 1)
    assert np.isfinite(Successors(LOG.items).score_all([[1]])[:, 1:]).all()


@pytest.mark.parametrize("maker", [Popularity, Successors])
def test_a_baseline_refuses_a_log_of_another_catalogue(maker):
    for n in (1, N + 2):
        other = Interactions.from_columns([0] * n, range(n), range(n))
        with pytest.raises(ValueError, match=f"^log: expected {N} items; received {n}"):
            maker(LOG.items).fit(other)


@pytest.mark.parametrize("item", [0, N + 1, -1])
def test_successors_from_a_file_with_unknown_items_are_refused(item, tmp_path):
    path = Successors(LOG.items).fit(LOG).save(tmp_path / "model.npz")
    rewrite(path, **{"learned/pairs": np.array([[1, item, 3]])})
    with pytest.raises(ValueError, match="^pairs: expected item ids in 1"):
        load(path)


def test_a_log_of_other_items_of_the_same_number_is_refused():
    other = Interactions.from_columns([0] * N, range(100, 100 + N), range(N))
    for maker in (Popularity, Successors):
        with pytest.raises(ValueError, match="^log: expected the catalogue of this model"):
            maker(LOG.items).fit(other)
