"""Ranking metrics: by hand, against a loop over all orders of tied items, against keras-rs."""

import itertools
import math

import numpy as np
import pytest
from fixed import Fixed
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Holdout, Interactions, Vocabulary
from attnrec_lite.data.split import leave_one_out
from attnrec_lite.evaluation import METRICS, Evaluation, evaluate, places, ranking_metrics

quick = settings(deadline=None, max_examples=80)


def metrics(scores, target, k, seen=None):
    """The metrics of one target: one number each."""
    found = ranking_metrics(*places([scores], [target], None if seen is None else [seen]), k)
    return {name: value.item() for name, value in found.items()}


def loop_metrics(scores, target, k, seen=()):
    """Every order of the items, the mean over those that the scores allow: the definition."""
    items = [i for i in range(1, len(scores)) if i == target or i not in seen]
    total, orders = {"hr": 0.0, "ndcg": 0.0, "mrr": 0.0}, 0
    for order in itertools.permutations(items):
        if any(scores[a] < scores[b] for a, b in itertools.pairwise(order)):
            continue
        orders += 1
        place = order.index(target) + 1
        if place <= k:
            total["hr"] += 1
            total["ndcg"] += 1 / math.log2(place + 1)
            total["mrr"] += 1 / place
    return {name: value / orders for name, value in total.items()}


def holdout_of(histories):
    """The last item of each history is its target."""
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    log = Interactions.from_columns(*zip(*rows, strict=True))
    return Holdout(log, log.bounds()[1:] - 1)


# ---- one target --------------------------------------------------------------------------------


def test_hand_case_without_ties():
    scores = [9, 0.1, 0.9, 0.5, 0.7]  # column 0 takes no part; item 4 stands second
    assert metrics(scores, 4, 3) == {"hr": 1, "ndcg": 1 / math.log2(3), "mrr": 1 / 2}
    assert metrics(scores, 2, 1) == {"hr": 1, "ndcg": 1, "mrr": 1}
    assert metrics(scores, 4, 1) == {"hr": 0, "ndcg": 0, "mrr": 0}
    assert metrics(scores, 1, 3) == {"hr": 0, "ndcg": 0, "mrr": 0}
    assert metrics(scores, 1, 100)["mrr"] == 1 / 4


def test_a_tie_counts_the_mean_of_its_places():
    scores = [0, 0.9, 0.5, 0.5, 0.1]  # items 2 and 3 share places 2 and 3
    expected = {"hr": 1, "ndcg": (1 / math.log2(3) + 1 / 2) / 2, "mrr": (1 / 2 + 1 / 3) / 2}
    assert metrics(scores, 2, 3) == pytest.approx(expected)
    assert metrics(scores, 3, 3) == metrics(scores, 2, 3)


def test_a_tie_across_the_cut_is_a_hit_in_part():
    scores = [0, 0.9, 0.5, 0.5, 0.5]  # places 2, 3 and 4; two of them within the first three
    expected = {"hr": 2 / 3, "ndcg": (1 / math.log2(3) + 1 / 2) / 3, "mrr": (1 / 2 + 1 / 3) / 3}
    assert metrics(scores, 4, 3) == pytest.approx(expected)
    assert metrics(scores, 4, 1) == {"hr": 0, "ndcg": 0, "mrr": 0}


@pytest.mark.parametrize("k", [1, 3, 7, 10])
def test_a_constant_scorer_earns_what_chance_earns(k):
    n = 10
    for target in range(1, n + 1):
        found = metrics(np.full(n + 1, 0.3), target, k)
        assert found["hr"] == pytest.approx(k / n, abs=1e-15)
        assert found["mrr"] == pytest.approx(sum(1 / p for p in range(1, k + 1)) / n)


@quick
@given(st.data(), st.integers(1, 5), st.integers(1, 6))
def test_metrics_equal_the_mean_over_all_orders_of_tied_items(data, n, k):
    scores = [99.0, *data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=n, max_size=n))]
    target = data.draw(st.integers(1, n))
    seen = data.draw(st.lists(st.integers(0, n), max_size=3))
    expected = loop_metrics(scores, target, k, seen)
    assert metrics(scores, target, k, seen or [0]) == pytest.approx(expected)


def test_metrics_agree_with_keras_rs_where_nothing_ties():
    keras_rs = pytest.importorskip("keras_rs")
    rng = np.random.default_rng(7)
    scores = np.stack([rng.permutation(41) for _ in range(50)]).astype(np.float32)
    targets = rng.integers(1, 41, size=50)
    truth = np.eye(41, dtype=np.float32)[targets][:, 1:]
    for k in (1, 5, 10, 40):
        found = ranking_metrics(*places(scores, targets), k)
        for name, other in (
            ("hr", keras_rs.metrics.RecallAtK(k=k)),
            ("ndcg", keras_rs.metrics.NDCG(k=k)),
            ("mrr", keras_rs.metrics.MeanReciprocalRank(k=k)),
        ):
            other.update_state(truth, scores[:, 1:])
            assert_allclose(found[name].mean(), float(other.result()), atol=1e-6)


# ---- what takes part ---------------------------------------------------------------------------


def test_padding_takes_no_part_however_high_its_score():
    for padding in (-1e9, 0.0, 0.5, 1e9, np.inf, -np.inf, np.nan):
        beaten, tied = places([[padding, 0.5, 0.7]], [1])
        assert (beaten.item(), tied.item()) == (1, 0)


def test_seen_items_take_no_part_and_a_seen_target_stays():
    scores = [[0, 0.9, 0.5, 0.5, 0.7]]
    assert_array_equal(places(scores, [3]), [[2], [1]])
    assert_array_equal(places(scores, [3], [[0, 1, 2]]), [[1], [0]])
    assert_array_equal(places(scores, [3], [[1, 2, 3, 4]]), [[0], [0]])  # the target is seen too
    assert_array_equal(places(scores, [3], [[0, 0, 0, 0]]), places(scores, [3]))


def test_each_row_has_its_own_seen_items():
    scores = np.tile([0, 0.9, 0.8, 0.7], (2, 1))
    beaten, _ = places(scores, [3, 3], [[0, 1], [1, 2]])
    assert_array_equal(beaten, [1, 0])


def test_places_leaves_its_input_alone():
    scores = np.array([[0, 0.9, 0.5]], np.float32)
    before = scores.copy()
    places(scores, [2], [[1]])
    assert_array_equal(scores, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: places([[0, np.nan, 1]], [2]), "^scores: expected finite numbers"),
        (lambda: places([[0, 1, np.nan]], [2]), "^scores: expected finite numbers"),
        (lambda: places([[0, np.inf, 1]], [1]), "^scores: expected finite numbers"),
        (lambda: places([[0, -np.inf, 1]], [1]), "^scores: expected finite numbers"),
        (lambda: places([0, 1, 2], [1, 1, 1]), r"^scores: expected one row.*received shape \(3,\)"),
        (lambda: places([[0, 1, 2]], [1, 1]), "^scores: expected one row per target"),
        (lambda: places([[0, 1, 2]], [0]), r"^targets: expected ids in 1\.\.2; received 0"),
        (lambda: places([[0, 1, 2]], [3]), r"^targets: expected ids in 1\.\.2; received 3"),
        (lambda: places([[0, 1, 2]], [1.0]), "^targets: expected integer item ids"),
        (lambda: places([[0, 1, 2]], [1], [[3]]), r"^seen: expected ids in 0\.\.2; received 3"),
        (lambda: places([[0, 1, 2]], [1], [-1]), r"^seen: expected shape \(batch, length\)"),
        (lambda: ranking_metrics([0], [0], 0), "^k: expected an integer of at least 1"),
        (lambda: ranking_metrics([0], [0], 1.5), r"^k: .*received 1\.5"),
    ],
)
def test_places_and_metrics_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("rows", [1, 3])
def test_seen_of_another_batch_is_refused(rows):
    with pytest.raises(ValueError, match="^seen: "):
        places([[0, 1, 2], [0, 2, 1]], [1, 1], [[2]] * rows)


# ---- many targets ------------------------------------------------------------------------------


def test_evaluate_by_hand_with_seen_items_removed_and_kept():
    holdout = holdout_of([[1, 2], [3, 1], [4]])  # the third user has no history
    table = np.tile([0, 0.9, 0.5, 0.7, 0.1], (5, 1))  # everyone gets 1, 3, 2, 4
    model = Fixed(holdout.log.items, table)
    found = evaluate(model, holdout, k=2)
    assert_array_equal(found.per_user["hr@2"], [1, 1, 0])
    assert_allclose(found.per_user["ndcg@2"], [1 / math.log2(3), 1, 0])
    assert found.mean("mrr@2") == pytest.approx((1 / 2 + 1 + 0) / 3)
    kept = evaluate(model, holdout, k=2, exclude_seen=False)
    assert_array_equal(kept.per_user["hr@2"], [0, 1, 0])


def test_a_bought_again_target_stays_in_the_ranking():
    holdout = holdout_of([[1, 2, 1]])
    model = Fixed(holdout.log.items, [[0, 0.1, 0.9]] * 3)
    assert evaluate(model, holdout, k=1).mean("hr@1") == 1  # item 2 was seen, item 1 is what came
    assert evaluate(model, holdout, k=1, exclude_seen=False).mean("hr@1") == 0


def test_batches_change_nothing_and_drop_nobody():
    rng = np.random.default_rng(1)
    holdout = holdout_of([rng.integers(1, 31, size=rng.integers(1, 9)) for _ in range(1001)])
    table = rng.integers(0, 6, size=(31, 31)).astype(np.float32)  # many ties
    model = Fixed(holdout.log.items, table)
    whole = evaluate(model, holdout, batch=5000)
    single = evaluate(model, holdout, batch=1)
    for batch in (100, 1001):
        found = evaluate(model, holdout, batch=batch)
        for name, value in found.per_user.items():
            assert value.shape == (1001,)
            assert_array_equal(value, whole.per_user[name])
            assert_array_equal(value, single.per_user[name])
    assert "1,001 targets" in str(whole.protocol)


def test_the_model_never_sees_the_target():
    holdout = holdout_of([[1, 2, 3], [2, 4]])
    model = Fixed(holdout.log.items, np.zeros((5, 5)))
    evaluate(model, holdout)
    assert_array_equal(model.calls[0], [[1, 2], [0, 2]])


def test_a_constant_scorer_is_chance_over_users_too():
    holdout = holdout_of([[1, u % 20 + 1] for u in range(200)])
    model = Fixed(holdout.log.items, np.ones((21, 21)))
    assert evaluate(model, holdout, k=10, exclude_seen=False).mean("hr@10") == pytest.approx(0.5)


def test_the_figure_is_printed_with_its_protocol():
    holdout = holdout_of([[1, 2], [2, 1]])
    model = Fixed(holdout.log.items, np.ones((3, 3)))
    text = str(evaluate(model, holdout, k=5))
    figures, protocol = text.split("\n")
    assert figures == "fixed: hr@5 1.0000  ndcg@5 1.0000  mrr@5 1.0000"
    for part in ("2 targets", "all 2 items", "history removed", "ties averaged"):
        assert part in protocol
    assert "history kept" in str(evaluate(model, holdout, exclude_seen=False))
    assert [*(f"{name}@5" for name in METRICS), "auc"] == list(
        evaluate(model, holdout, k=5).per_user
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_model_that_has_diverged_is_refused(bad):
    holdout = holdout_of([[1, 2], [2, 1]])
    table = np.ones((3, 3))
    table[2, 1] = bad
    with pytest.raises(ValueError, match="fixed: scores are not finite"):
        evaluate(Fixed(holdout.log.items, table), holdout)


def test_evaluate_refuses_by_name():
    holdout = holdout_of([[1, 2], [2, 1]])
    model = Fixed(holdout.log.items, np.ones((3, 3)))
    nobody = Holdout(holdout.log, holdout.row[:0])
    other = Fixed(Vocabulary(np.arange(5)), np.ones((6, 6)))
    twin = Fixed(Vocabulary(np.array([71, 72])), np.ones((3, 3)))  # as many items, but others
    for call, message in (
        (lambda: evaluate(model, nobody), "^holdout: expected at least one target"),
        (
            lambda: evaluate(other, holdout),
            "^model: expected the catalogue of the holdout, 2.*of 5",
        ),
        (lambda: evaluate(twin, holdout), "^model: expected the catalogue of the holdout, 2.*of 2"),
        (lambda: evaluate(model, holdout, k=0), "^k: expected an integer of at least 1"),
        (lambda: evaluate(model, holdout, batch=0), "^batch: expected an integer of at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    found = Evaluation("m", "p", {"hr@1": np.ones(2)}, np.ones(2, int), np.array([1, 2]))
    with pytest.raises(ValueError, match="^metric: expected one of hr@1; received 'hr@10'"):
        found.mean("hr@10")


def test_the_protocol_says_which_rows_were_held_out():
    log = holdout_of([[1, 2, 3], [2, 1, 3]]).log
    split = leave_one_out(log)
    model = Fixed(log.items, np.ones((4, 4)))
    for holdout, rule in ((split.test, "last row of"), (split.validation, "last row but one")):
        assert rule in str(evaluate(model, holdout))
