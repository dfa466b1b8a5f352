"""Several relevant items and ties: against every order of the items, scikit-learn and keras-rs."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.evaluation import METRICS, ranking_metrics
from attnrec_lite.evaluation.ranking import count_places
from attnrec_lite.evaluation.ties import Levels, area_under_curve, list_metrics

quick = settings(deadline=None, max_examples=80)


def levels_of(scores, relevant, seen=None):
    """Levels of a batch; ``relevant`` holds ids for each row."""
    scores = np.array(scores, np.float32)
    row = np.repeat(np.arange(len(scores)), [len(r) for r in relevant])
    target = np.array([i for r in relevant for i in r], np.int32)
    met = None if seen is None else np.array(seen, np.int32)
    return Levels.of(row, *count_places(scores, row, target, met))


def by_loop(scores, relevant, k):
    """The definition: every order of the items that the scores allow, and the mean over them."""
    names, orders = (*METRICS, "auc"), 0
    total = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(range(1, len(scores))):
        if any(scores[a] < scores[b] for a, b in itertools.pairwise(order)):
            continue
        orders += 1
        for name, value in one_order([i in relevant for i in order], k).items():
            total[name] += value
    return {name: value / orders for name, value in total.items()}


def one_order(is_hit, k):
    """Metrics of a list without ties, one hit after the other."""
    count, hits, gain, precisions, first = sum(is_hit), 0, 0.0, 0.0, 0.0
    for place, hit in enumerate(is_hit[:k], start=1):
        if hit:
            hits += 1
            gain += 1 / math.log2(place + 1)
            precisions += hits / place
            first = first or 1 / place
    best = sum(1 / math.log2(place + 1) for place in range(1, min(count, k) + 1))
    misses = len(is_hit) - count
    right = sum(not later for i, hit in enumerate(is_hit) if hit for later in is_hit[i + 1 :])
    precision, recall = hits / k, hits / count
    return {
        "hr": float(hits > 0),
        "recall": recall,
        "precision": precision,
        "f1": 2 * precision * recall / (precision + recall) if hits else 0.0,
        "ndcg": gain / best,
        "mrr": first,
        "map": precisions / min(count, k),
        "auc": right / (count * misses) if misses else 0.5,
    }


def found(scores, relevant, k):
    levels = levels_of([scores], [relevant])
    values = list_metrics(levels, k) | {"auc": area_under_curve(levels)}
    return {name: value.item() for name, value in values.items()}


# ---- by hand -----------------------------------------------------------------------------------


def test_two_relevant_items_by_hand():
    scores = [0, 0.9, 0.8, 0.7, 0.6]  # the list is 1, 2, 3, 4; relevant are 2 and 4
    assert found(scores, [2, 4], 3) == pytest.approx(
        {
            "hr": 1, "recall": 1 / 2, "precision": 1 / 3, "f1": 2 / 5,
            "ndcg": (1 / math.log2(3)) / (1 + 1 / math.log2(3)),
            "mrr": 1 / 2, "map": (1 / 2) / 2, "auc": 1 / 4,
        }
    )  # fmt: skip
    assert found(scores, [2, 4], 4)["map"] == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_a_tie_of_two_relevant_and_one_other_by_hand():
    scores = [0, 0.5, 0.5, 0.5]  # three orders of the hits: first and second, and so on
    at_2 = found(scores, [1, 2], 2)
    assert at_2["hr"] == pytest.approx(1)  # one of the first two is always relevant
    assert at_2["recall"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert at_2["mrr"] == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert at_2["map"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert at_2["auc"] == pytest.approx(1 / 2)


def test_nothing_ties_and_the_figures_are_exact():
    assert found([0, 3, 2, 1], [2], 2)["mrr"] == 1 / 2
    assert found([0, 3, 2, 1], [2], 2)["ndcg"] == 1 / math.log2(3)
    assert found([0, 3, 2, 1], [1, 2, 3], 3) == {name: 1 for name in METRICS} | {"auc": 0.5}


# ---- against the definition --------------------------------------------------------------------


@quick
@given(st.data(), st.integers(1, 6), st.integers(1, 8))
def test_every_metric_is_the_mean_over_all_orders_of_tied_items(data, n, k):
    scores = [99.0, *data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=n, max_size=n))]
    relevant = data.draw(st.sets(st.integers(1, n), min_size=1))
    assert found(scores, sorted(relevant), k) == pytest.approx(by_loop(scores, relevant, k))


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_constant_scorer_earns_what_chance_earns(n, count):
    relevant = list(range(1, min(count, n) + 1))
    for k in (1, 3, 9):
        values = found([0] + [0.3] * n, relevant, k)
        assert values["recall"] == pytest.approx(min(k, n) / n)
        assert values["auc"] == 0.5
        miss = math.comb(n - len(relevant), min(k, n)) / math.comb(n, min(k, n))
        assert values["hr"] == pytest.approx(1 - miss)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_one_relevant_item_earns_what_the_metrics_of_one_place_say(seed, k):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 8, size=(20, 31))
    levels = levels_of(scores, [[i] for i in rng.integers(1, 31, size=20)])
    values = list_metrics(levels, k)
    for name, value in ranking_metrics(levels.above, levels.size - 1, k).items():
        assert_allclose(values[name], value, atol=1e-12)
    assert_allclose(values["recall"], values["hr"], atol=1e-12)
    assert_allclose(values["precision"], values["hr"] / k, atol=1e-12)
    assert_allclose(values["map"], values["mrr"], atol=1e-12)


def test_many_relevant_items_are_counted_as_few_are():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 30, size=(4, 101))
    relevant = [rng.choice(np.arange(1, 101), n, replace=False) for n in (1, 16, 17, 80)]
    together = levels_of(scores, relevant)
    for i, ids in enumerate(relevant):
        alone = levels_of(scores[[i]], [ids])
        each = [levels_of(scores[[i]], [[target]]) for target in ids]
        assert sorted(set(alone.above)) == sorted({one.above.item() for one in each})
        for k in (5, 50):
            for name, value in list_metrics(together, k).items():
                assert value[i] == pytest.approx(list_metrics(alone, k)[name].item())


@pytest.mark.parametrize("k", [9, 10, 1000, 10**12])
def test_k_may_exceed_the_catalogue(k):
    values = found([0, *range(9)], [1, 9], k)  # places 9 and 1
    assert values["recall"] == 1
    assert values["precision"] == 2 / k  # places that nothing fills hold nothing relevant
    assert values["map"] == pytest.approx((1 + 2 / 9) / 2)


def test_seen_items_leave_the_ranking_and_relevant_ones_stay():
    levels = levels_of([[0, 4, 3, 2, 1]], [[2, 4]], seen=[[0, 1, 2]])
    assert_array_equal(levels.above, [0, 2])
    assert levels.ranked.item() == 3


# ---- against other libraries -------------------------------------------------------------------


def random_lists(ties):
    rng = np.random.default_rng(11)
    scores = rng.permuted(np.tile(np.arange(40) % (9 if ties else 40), (60, 1)), axis=1)
    truth = rng.random((60, 40)) < 0.15
    truth[:, 0] |= ~truth.any(axis=1)
    padded = np.pad(scores, ((0, 0), (1, 0))).astype(np.float32)
    return scores, truth, levels_of(padded, [np.flatnonzero(row) + 1 for row in truth])


@pytest.mark.parametrize("ties", [False, True])
def test_ndcg_and_auc_agree_with_scikit_learn(ties):
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, truth, levels = random_lists(ties)
    for k in (1, 5, 20, 40):
        theirs = [
            sklearn.ndcg_score(t[None], s[None], k=k) for t, s in zip(truth, scores, strict=True)
        ]
        assert_allclose(list_metrics(levels, k)["ndcg"], theirs, atol=1e-6)
    theirs = [sklearn.roc_auc_score(t, s) for t, s in zip(truth, scores, strict=True)]
    assert_allclose(area_under_curve(levels), theirs, atol=1e-6)


def test_average_precision_agrees_with_scikit_learn_where_nothing_ties():
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, truth, levels = random_lists(ties=False)
    theirs = [sklearn.average_precision_score(t, s) for t, s in zip(truth, scores, strict=True)]
    assert_allclose(list_metrics(levels, 40)["map"], theirs, atol=1e-6)


def test_metrics_agree_with_keras_rs_where_nothing_ties():
    keras_rs = pytest.importorskip("keras_rs")
    scores, truth, levels = random_lists(ties=False)
    for k in (1, 5, 20, 40):
        values = list_metrics(levels, k)
        for name, other in (
            ("recall", keras_rs.metrics.RecallAtK(k=k)),
            ("precision", keras_rs.metrics.PrecisionAtK(k=k)),
            ("ndcg", keras_rs.metrics.NDCG(k=k)),
            ("mrr", keras_rs.metrics.MeanReciprocalRank(k=k)),
        ):
            other.update_state(truth.astype(np.float32), scores.astype(np.float32))
            assert_allclose(values[name].mean(), float(other.result()), atol=1e-6, err_msg=name)


def test_average_precision_agrees_with_keras_rs_but_for_the_best_that_k_allows():
    keras_rs = pytest.importorskip("keras_rs")
    scores, truth, levels = random_lists(ties=False)
    for k in (1, 5, 40):
        other = keras_rs.metrics.MeanAveragePrecision(k=k)  # divides by R, and we by min(R, k)
        other.update_state(truth.astype(np.float32), scores.astype(np.float32))
        share = np.minimum(levels.total, k) / levels.total
        assert (list_metrics(levels, k)["map"] * share).mean() == pytest.approx(
            float(other.result()), abs=1e-6
        )


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_list_metrics_refuse_k_by_name(k):
    with pytest.raises(ValueError, match="^k: expected an integer of at least 1"):
        list_metrics(levels_of([[0, 1, 2]], [[1]]), k)
