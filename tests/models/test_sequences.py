"""Transformers over a history: the future never leaks, padding never matters, a click is cheap."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.data import Interactions, leave_one_out, left_pad, pack
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import BERT4Rec, Popularity, SASRec, TimedSASRec, load
from attnrec_lite.models._transformer import gap_powers, one_piece
from attnrec_lite.probes import future_leak
from attnrec_lite.training import PackedBatches, PaddedBatches

N = 12
SMALL = {"width": 8, "heads": 2, "window": 5, "dropout": 0.1}
POSITIONS = ["relative", "absolute", "none"]
HISTORIES = [[1, 2, 3, 4, 5], [6], [7, 8], [9, 10, 11, 12], [3, 3, 3]]


def log_of(histories):
    """User ``u`` takes ``histories[u]``, one item a second; all N items are known."""
    rows = [(u, int(i), t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    rows += [(len(histories) + i, i, 0) for i in range(1, N + 1)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def small_log(users=30, longest=14, seed=1):
    rng = np.random.default_rng(seed)
    return log_of([rng.integers(1, N + 1, size=rng.integers(1, longest)) for _ in range(users)])


def ring(users=150, length=9, noise=0.1, seed=0):
    """Each item is followed by its successor in a ring of N, but for some noise."""
    rng = np.random.default_rng(seed)
    histories = rng.integers(1, N + 1, size=(users, length))
    for t in range(1, length):
        step = histories[:, t - 1] % N + 1
        histories[:, t] = np.where(rng.random(users) < noise, histories[:, t], step)
    return log_of(histories)


def stirred(model, seed=0):
    """A model whose weights are all random, as far from the first ones as training may take it."""
    rng = np.random.default_rng(seed)
    for weight in model.network.trainable_weights:
        weight.assign(np.asarray(weight) + rng.normal(0, 0.3, weight.shape))
    return model


def sasrec(seed=0, **changes):
    return stirred(SASRec(small_log().items, **{**SMALL, "seed": seed, **changes}))


def packed_rows(length=11):
    """Two or more histories in each row, as the network reads them."""
    return pack(log_of([[*h, 1] for h in HISTORIES]), length=length)


# ---- what it computes --------------------------------------------------------------------------


def norm(x, w, name):
    x = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-6)
    return x * w[f"{name}/gamma"] + w[f"{name}/beta"]


def by_hand(model, history):
    """Scores after a history without padding, from the formulas, one query and head at a time."""
    w = {name: array.astype(np.float64) for name, array in model._arrays().items()}
    both_ways = isinstance(model, BERT4Rec)
    h = w["table"][history] * np.sqrt(model.width)
    if both_ways:
        h = np.concatenate([h, [w["hole"]]])
    length, window = len(h), model.window
    if model.positions == "absolute":
        h = h + w["ages"][np.arange(length)[::-1]]
    for b in range(model.blocks):
        x = norm(h, w, f"block_{b}/norm_attend")
        x = x @ w[f"block_{b}/attend/qkv"] + w[f"block_{b}/attend/qkv_bias"]
        q, k, v = np.moveaxis(x.reshape(length, 3, model.heads, -1), 1, 0)
        z = np.zeros((length, model.heads, q.shape[-1]))
        for i in range(length):
            keys = np.arange(max(0, i - window + 1), length if both_ways else i + 1)
            for a in range(model.heads):
                s = formulas.scaled_dot_scores(q[i, a], k[keys, a])
                if model.positions == "relative":
                    s = s + w["recency"][b, a, i - keys + (window - 1 if both_ways else 0)]
                z[i, a] = formulas.weighted_sum(formulas.softmax(s), v[keys, a])
        h = h + z.reshape(length, -1) @ w[f"block_{b}/attend/out"] + w[f"block_{b}/attend/out_bias"]
        x = norm(h, w, f"block_{b}/norm_think")
        x = np.maximum(x @ w[f"block_{b}/up/kernel"] + w[f"block_{b}/up/bias"], 0)
        h = h + x @ w[f"block_{b}/down/kernel"] + w[f"block_{b}/down/bias"]
    return formulas.preference_scores(norm(h, w, "norm")[-1], w["table"], w["bias"])


@pytest.mark.parametrize("kind", [SASRec, BERT4Rec])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("history", [[4], [1, N, 3], [N, 3, 2, 1]])
def test_scores_are_those_of_the_formulas(kind, positions, history):
    model = stirred(kind(small_log().items, **SMALL, positions=positions))
    expected = by_hand(model, np.array(history))[1:]
    assert_allclose(model.score_all([[0, *history]])[0, 1:], expected, rtol=1e-4, atol=1e-4)


def test_relative_positions_reach_as_far_as_two_blocks_look():
    model, history = sasrec(), np.random.default_rng(0).integers(1, N + 1, size=30)
    reach = 2 * (model.window - 1) + 1
    expected = by_hand(model, history)[1:]
    assert_allclose(model.score_all([history])[0, 1:], expected, rtol=1e-4, atol=1e-4)
    assert_allclose(model.score_all([history[-reach:]])[0, 1:], expected, rtol=1e-4, atol=1e-4)
    shorter = model.score_all([history[1 - reach :]])[0, 1:]
    assert not np.allclose(shorter, expected, rtol=1e-4, atol=1e-4)


def test_absolute_positions_read_the_newest_window_only():
    model, newest = sasrec(positions="absolute"), [4, 9, 2, 7, 1]
    assert_array_equal(model.score_all([[3, 5, *newest]]), model.score_all([newest]))


# ---- who sees whom -----------------------------------------------------------------------------


@pytest.mark.parametrize("positions", POSITIONS)
def test_the_future_never_leaks(positions):
    network, ids = sasrec(positions=positions).network, left_pad(HISTORIES, 6)
    assert future_leak(lambda x: network(x.astype(np.int32)).numpy(), ids) == 0.0


def test_a_leak_would_be_found():
    network = stirred(BERT4Rec(small_log().items, **SMALL)).network
    leak = future_leak(lambda x: network(x.astype(np.int32)).numpy(), left_pad(HISTORIES, 6))
    assert leak > 1e-3


@pytest.mark.parametrize("kind", ["sasrec", "bert4rec"])
@pytest.mark.parametrize("positions", POSITIONS)
def test_pieces_of_a_packed_row_do_not_see_each_other(kind, positions):
    make = {"sasrec": SASRec, "bert4rec": BERT4Rec}[kind]
    network = stirred(make(small_log().items, positions=positions, **SMALL)).network
    packed = packed_rows()
    assert (packed.segments.max(axis=1) > 1).any()
    before = network(packed.inputs).numpy()
    for row in range(len(packed.rows)):
        for piece in range(1, packed.segments[row].max() + 1):
            own = packed.segments[row] == piece
            ids = packed.rows.copy()
            ids[row, own] = ids[row, own] % N + 1
            moved = np.abs(network(packed.inputs | {"ids": ids}).numpy() - before).max(axis=-1)
            assert moved[row, own].max() > 1e-3
            assert moved[row, ~own].max(initial=0) == 0


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_packed_piece_gives_what_it_gives_alone(positions):
    network, packed = sasrec(positions=positions).network, packed_rows()
    together = network(packed.inputs).numpy()
    for row in range(len(packed.rows)):
        for piece in range(1, packed.segments[row].max() + 1):
            own = packed.segments[row] == piece
            alone = network(packed.rows[row, own][np.newaxis]).numpy()[0]
            assert_allclose(together[row, own], alone, atol=1e-5)


def test_contexts_at_padding_are_zero_and_its_vector_is_not_trained():
    model, ids = sasrec(), left_pad(HISTORIES, 7)
    contexts = model.network(ids).numpy()
    assert_array_equal(contexts[ids == 0], 0)
    assert np.abs(contexts[ids > 0]).min(axis=-1).max() > 0
    with tf.GradientTape() as tape:
        loss = model.network.compute_loss(y=tf.constant(ids), y_pred=model.network(ids))
    gradient = tf.convert_to_tensor(tape.gradient(loss, model.network.table))
    assert_array_equal(gradient[0], 0)
    assert np.abs(gradient[1:]).min(axis=-1).max() > 0


def test_left_padded_rows_are_packed_rows_of_one_piece():
    rows = one_piece(np.array([[0, 4, 5]], np.int32))
    assert {name: table.numpy().tolist() for name, table in rows.items()} == {
        "ids": [[0, 4, 5]],
        "segments": [[0, 1, 1]],
        "positions": [[2, 1, 0]],
    }


# ---- packed and padded -------------------------------------------------------------------------


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("loss", ["full", "sampled"])
def test_packed_rows_have_the_losses_of_padded_rows(positions, loss):
    log = small_log(longest=6)  # nobody is cut: 5 items and a target at most
    network = sasrec(positions=positions, loss=loss, negatives=7).network

    def total(batches):
        (rows, targets), draws = batches[0], network.draws.state.numpy()
        assert len(batches) == 1
        found = float(network.compute_loss(y=tf.constant(targets), y_pred=network(rows)))
        network.draws.state.assign(draws)
        return found, np.count_nonzero(targets)

    packed, padded = (kind(log, 5, 1000, 0) for kind in (PackedBatches, PaddedBatches))
    assert len(packed[0][1]) < len(padded[0][1])
    assert total(packed)[1] == total(padded)[1]
    assert_allclose(total(packed)[0], total(padded)[0], rtol=0, atol=1e-5)


# ---- one click at a time -----------------------------------------------------------------------


@pytest.mark.parametrize("positions", ["relative", "none"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_a_session_gives_what_recomputing_gives(positions, blocks):
    model = sasrec(positions=positions, blocks=blocks)
    items = np.random.default_rng(3).integers(1, N + 1, size=20)  # slides four times over
    session = model.session()
    assert_allclose(session.scores[1:], model.score_all([[0]])[0, 1:], atol=1e-6)
    for t, item in enumerate(items, start=1):
        expected = model.score_all([items[:t]])[0]
        assert_allclose(session.click(item), expected, atol=1e-5)
    assert session.history == items.tolist()
    again = model.session(items)
    assert_allclose(again.scores, session.scores, atol=1e-5)
    assert again.history == session.history


def test_a_session_recommends_as_the_model_does():
    model, session = sasrec(), sasrec().session([1, 2, 3])
    for options in ({"k": 4}, {"k": N + 3}, {"k": 4, "exclude_seen": False}):
        expected = model.recommend([[1, 2, 3]], **options)
        for own, whole in zip(session.recommend(**options), expected, strict=True):
            assert_allclose(own, whole[0], atol=1e-5)
    before = session.scores.copy()
    session.recommend(2)[1][:] = 9
    assert_array_equal(session.scores, before)


def test_where_ages_count_from_the_newest_a_cache_would_be_wrong():
    with pytest.raises(ValueError, match="^positions: expected 'relative' or 'none'.*'absolute'"):
        sasrec(positions="absolute").session([1])


@pytest.mark.parametrize("item", [0, -1, N + 1])
def test_a_session_refuses_an_unknown_id(item):
    session = sasrec().session([1])
    before = session.scores.copy()
    with pytest.raises(ValueError, match=rf"^item: expected ids in 1\.\.{N}; received {item}"):
        session.click(item)
    with pytest.raises(ValueError, match="^history: expected ids in"):
        sasrec().session([1, item])
    assert session.history == [1]
    assert_array_equal(session.scores, before)


# ---- training ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_model_to_the_last_bit():
    one, other = (
        SASRec(small_log().items, **SMALL, seed=4).fit(small_log(), epochs=2, batch=4)
        for _ in range(2)
    )
    assert one.losses == other.losses
    for name, array in one._arrays().items():
        assert_array_equal(array, other._arrays()[name], name)
    third = SASRec(small_log().items, **SMALL, seed=5).fit(small_log(), epochs=2, batch=4)
    assert third.losses != one.losses


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("kind", [SASRec, BERT4Rec])
def test_it_trains_and_answers_under_mixed_float16(kind):
    model = kind(small_log().items, **SMALL).fit(small_log(), epochs=1, batch=4)
    history = left_pad([[1, 2, 3], [4], []])
    assert np.isfinite(model.losses).all()
    assert np.isfinite(model.score_all(history)[:, 1:]).all()
    sums = model.attention(history, [[1]] * 3).weights.sum(axis=-1)
    assert_allclose(sums[:2], 1, atol=1e-3)
    assert_array_equal(sums[2], 0)
    if kind is SASRec:
        assert_allclose(model.session([1, 2, 3]).scores, model.score_all(history)[0], atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"loss": "full"}, {"loss": "sampled", "negatives": 8}])
def test_it_learns_a_planted_ring(options):
    split = leave_one_out(ring())
    model = SASRec(split.train.items, width=16, window=8, dropout=0.1, **options)
    model.fit(split.train, epochs=15, batch=8, learning_rate=5e-3)
    assert 0.8 < evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1") < 0.97
    rival = evaluate(Popularity(split.train.items).fit(split.train), split.test, 1, False)
    assert rival.mean("hr@1") < 0.2


@pytest.mark.slow
def test_a_model_that_fills_holes_learns_the_ring_too():
    split = leave_one_out(ring())
    model = BERT4Rec(split.train.items, width=16, window=8, dropout=0.1)
    model.fit(split.train, epochs=40, batch=8, learning_rate=5e-3)
    assert evaluate(model, split.test, k=1, exclude_seen=False).mean("hr@1") > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["full", "sampled", "binary", "gbce"])
def test_exhausted_negatives_neither_loop_nor_crash(loss):
    everything = log_of([np.arange(1, N), np.arange(1, N + 1)])  # all but one item, and all
    model = SASRec(everything.items, loss=loss, negatives=3, **SMALL).fit(everything, epochs=1)
    assert np.isfinite(model.losses).all()
    single = Interactions.from_columns([0] * 4, [1] * 4, range(4))  # a catalogue of one item
    model = SASRec(single.items, loss=loss, negatives=3, **SMALL).fit(single, epochs=2)
    assert np.isfinite(model.losses).all()
    assert model.recommend([[1]], 2, exclude_seen=False)[0].tolist() == [[1, 0]]


# ---- holes -------------------------------------------------------------------------------------


def test_a_hole_is_no_item():
    model = stirred(BERT4Rec(small_log().items, **SMALL))
    history = left_pad(HISTORIES)
    assert model.score_all(history).shape == (len(HISTORIES), N + 1)
    assert model.recommend(history, N + 5, exclude_seen=False)[0].max() == N
    with pytest.raises(ValueError, match="^history: expected ids in"):
        model.score_all([[N + 1]])


def test_the_question_is_a_hole_behind_the_newest_items():
    model = stirred(BERT4Rec(small_log().items, **SMALL))
    assert_array_equal(model._with_hole(np.array([[0, 0, 3]])), [[0, 0, 3, N + 1]])
    newest = [4, 9, 2, 7]
    assert_array_equal(model.score_all([[3, 5, *newest]]), model.score_all([newest]))
    assert not np.allclose(model.score_all([[8, 9, 2, 7]]), model.score_all([newest]))


def test_an_empty_history_is_a_hole_alone():
    model = stirred(BERT4Rec(small_log().items, **SMALL))
    assert np.isfinite(model.score_all([[0]])[0, 1:]).all()
    assert_array_equal(model.attention([[0, 0]], [[1]]).weights, 0)


# ---- the time between two items ----------------------------------------------------------------


def timed_log(gaps, histories):
    """A log whose users wait ``gaps[u]`` seconds from item to item."""
    rows = [
        (u, int(i), int(t))
        for u, items in enumerate(histories)
        for i, t in zip(items, np.cumsum([0, *gaps[u]]), strict=True)
    ]
    return Interactions.from_columns(*zip(*rows, strict=True))


def test_a_gap_counts_by_its_power_of_two():
    gaps = np.array([0, 1, 2, 3, 6, 7, 8, 1022, 1023, 2**40])
    powers = gap_powers(np.stack([np.zeros(10), gaps], axis=1)).numpy()[:, 1, 0]
    assert powers.tolist() == [0, 1, 1, 2, 2, 3, 3, 9, 10, 31]


def test_before_it_has_learned_time_does_not_count():
    log = small_log()
    timed, plain = TimedSASRec(log.items, **SMALL), SASRec(log.items, **SMALL)
    history = left_pad(HISTORIES)
    assert_allclose(timed.score_all(history), plain.score_all(history), atol=1e-5)
    timed.network.pace.assign(np.random.default_rng(0).normal(size=timed.network.pace.shape))
    assert not np.allclose(timed.score_all(history)[:, 1:], plain.score_all(history)[:, 1:])


def test_scores_of_a_holdout_use_its_times_and_others_the_usual_pace():
    log = timed_log(
        [[7] * 5, [7] * 3, [900, 7, 7]], [[1, 2, 3, 4, 5, 6], [2, 3, 1, 4], [2, 3, 1, 4]]
    )
    model = stirred(TimedSASRec(log.items, **SMALL))
    model.fit(log, epochs=1, learning_rate=1e-9)
    assert model.usual_gap == 7
    test = leave_one_out(log).test
    found, usual = model.score_holdout(test), model.score_all(test.history())
    assert_allclose(found[:2], usual[:2], atol=1e-5)
    assert not np.allclose(found[2, 1:], usual[2, 1:], atol=1e-3)
    assert np.all(np.isneginf(found[:, 0]))


def test_times_that_come_later_never_leak():
    network = stirred(TimedSASRec(small_log().items, **SMALL)).network
    ids = np.array([[1, 2, 3, 4, 5]], np.int32)
    times = np.array([[0.0, 5.0, 9.0, 100.0, 101.0]])
    before = network({**one_piece(ids), "times": times}).numpy()
    for t in range(1, 5):
        later = times + 1e5 * (np.arange(5) >= t)
        moved = np.abs(network({**one_piece(ids), "times": later}).numpy() - before).max(axis=-1)[0]
        assert moved[:t].max() == 0
        assert moved[t] > 1e-4


def test_a_timed_model_has_no_session_and_checks_its_file(tmp_path):
    model = TimedSASRec(small_log().items, **SMALL)
    with pytest.raises(ValueError, match="^session: expected a model without times"):
        model.session([1])
    with pytest.raises(ValueError, match="^file: expected a number usual_gap"):
        model._set_arrays({name: a for name, a in model._arrays().items() if name != "usual_gap"})
    model.usual_gap = 99
    assert load(model.save(tmp_path / "model.npz")).usual_gap == 99


@pytest.mark.slow
def test_it_learns_what_the_gap_decides():
    """After a minute the next item of the ring follows, after a day the sixth next."""
    rng = np.random.default_rng(0)
    histories, gaps = [], []
    for _ in range(300):
        pause = rng.random(8) < 0.5
        items = [int(rng.integers(1, N + 1))]
        for long in [False, *pause]:  # the pause before an item decides what follows that item
            items.append((items[-1] + 5 * long) % N + 1)
        histories.append(items)
        gaps.append([*np.where(pause, 86_400, 60), 60])
    log = timed_log(gaps, histories)
    split = leave_one_out(log)
    found = {}
    for kind in (SASRec, TimedSASRec):
        model = kind(log.items, width=16, window=8, dropout=0.1)
        model.fit(split.train, epochs=20, batch=8, learning_rate=5e-3)
        scores = model.score_holdout(split.test) if kind is TimedSASRec else None
        scores = model.score_all(split.test.history()) if scores is None else scores
        found[kind] = np.mean(scores[:, 1:].argmax(axis=1) + 1 == split.test.item)
    assert found[TimedSASRec] > 0.9
    assert found[SASRec] < 0.7


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SASRec, BERT4Rec])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 6, "heads": 4}, "^width: expected a multiple of heads=4; received 6"),
        ({"blocks": 0}, "^blocks: expected an integer of at least 1"),
        ({"dropout": 1.0}, r"^dropout: expected a share in \[0, 1\); received 1\.0"),
        ({"positions": "left"}, "^positions: expected one of relative, absolute, none"),
        ({"window": 0}, "^window: expected an integer of at least"),
        ({"inner": 0}, "^inner: expected an integer of at least 1"),
        ({"seed": -1}, "^seed: expected an integer of at least 0"),
    ],
)
def test_bad_arguments_are_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(small_log().items, **options)


def test_more_bad_arguments_are_refused():
    items = small_log().items
    with pytest.raises(ValueError, match="^loss: expected one of sampled, full, binary, gbce"):
        SASRec(items, loss="hinge")
    with pytest.raises(ValueError, match="^negatives: expected an integer of at least 1"):
        SASRec(items, negatives=0)
    with pytest.raises(ValueError, match="^share: expected a number above 0 and below 1"):
        BERT4Rec(items, share=1.0)
    with pytest.raises(ValueError, match="^window: expected an integer of at least 2"):
        BERT4Rec(items, window=1)


def test_a_log_that_teaches_nothing_is_refused():
    log = log_of([[1], [2]])
    for kind in (SASRec, BERT4Rec):
        with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
            kind(log.items, **SMALL).fit(log)


def test_the_loss_follows_the_size_of_the_catalogue():
    assert SASRec(small_log().items, **SMALL).loss == "full"
    many = Interactions.from_columns([0] * 5001, range(5001), range(5001))
    assert SASRec(many.items, **SMALL).loss == "sampled"
