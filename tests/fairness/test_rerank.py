"""Other orders: equal to the formulas, priced as models are, and honest at the edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, make_shop
from attnrec_lite.data.split import by_time, leave_one_out
from attnrec_lite.evaluation import compare, evaluate
from attnrec_lite.evaluation.run import Cases
from attnrec_lite.fairness import (
    RULES,
    evaluate_calibration,
    evaluate_given,
    kind_shares,
    mixtures,
    rerank,
    steer,
)
from attnrec_lite.formulas import (
    calibrated_list,
    group_exposure,
    marginal_relevance,
    miscalibration,
    shared_list,
)
from attnrec_lite.models import BPR, EASE


@pytest.fixture(scope="module")
def scene():
    shop = make_shop(n_users=60, n_items=60)
    split = leave_one_out(shop.log)
    model = EASE(shop.log.items, penalty=10).fit(split.train)
    ids, scores = model.recommend(split.test.history(), 20)
    return shop, split, model, ids, scores


def needs(shop, split):
    shares = kind_shares(shop.category, 12)
    return {
        "mmr": {"vectors": shares},
        "calibrated": {"shares": shares, "histories": split.test.history()},
        "share": {"protected": np.arange(61) > 40},
    }


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("trade", [0.0, 0.35, 1.0])
def test_each_list_is_that_of_the_formula(scene, rule, trade):
    shop, split, _, ids, scores = scene
    given = needs(shop, split)[rule]
    lists = rerank(ids, scores, 8, rule, trade, **given)
    shares = kind_shares(shop.category, 12)
    want = mixtures(split.test.history(), shares)
    for user in range(0, 60, 7):
        row, s = ids[user], scores[user].astype(float)
        s = (s - s.min()) / (s.max() - s.min())
        if rule == "mmr":
            v = shares[row]
            expected = marginal_relevance(s, v @ v.T, 8, trade)
        elif rule == "share":
            expected = shared_list(s, row > 40, 8, trade)
        else:
            expected = calibrated_list(s, shares[row], want[user], 8, trade)
        if rule == "calibrated" and trade == 1.0:  # scores count nothing: ties are broken by dust
            far = [miscalibration(want[user], mixtures([some], shares)[0])
                   for some in (row[expected], lists[user])]  # fmt: skip
            assert_allclose(far[0], far[1], atol=1e-9)
        else:
            assert_array_equal(lists[user], row[expected])


def test_the_neutral_end_costs_nothing_and_is_priced_as_the_model_is(scene):
    shop, split, model, ids, scores = scene
    own = evaluate(model, split.test, 8)
    for rule, neutral in (("mmr", 1.0), ("calibrated", 0.0), ("share", 0.0)):
        lists = rerank(ids, scores, 8, rule, neutral, **needs(shop, split)[rule])
        priced = evaluate_given(lists, split.test, 8, rule)
        for metric in ("ndcg@8", "hr@8", "mrr@8", "recall@8", "precision@8", "map@8"):
            assert_allclose(priced.per_user[metric], own.per_user[metric], atol=1e-9)


def test_two_rerankings_can_be_compared(scene):
    shop, split, _, ids, scores = scene
    given = needs(shop, split)["mmr"]
    first, second = (
        evaluate_given(rerank(ids, scores, 8, "mmr", trade, **given), split.test, 8, f"mmr {trade}")
        for trade in (1.0, 0.1)
    )
    assert compare(second, first, "ndcg@8").difference < 0


def test_calibration_gets_nearer_to_the_mixture_and_a_share_is_kept(scene):
    shop, split, _, ids, scores = scene
    shares, history = kind_shares(shop.category, 12), split.test.history()
    far = [
        evaluate_calibration(
            rerank(ids, scores, 8, "calibrated", t, shares=shares, histories=history),
            history, shares,
        ).mean
        for t in (0.0, 0.5, 0.95)
    ]  # fmt: skip
    assert far[0] > far[1] > far[2]
    protected = np.arange(61) > 40
    lists = rerank(ids, scores, 8, "share", 0.5, protected=protected)
    there = np.minimum(protected[ids].sum(axis=1), 4)
    assert np.all(protected[lists].sum(axis=1) >= there)


def test_several_targets_of_a_case_are_judged_as_evaluate_judges_them():
    shop = make_shop(n_users=60, n_items=60)
    split = by_time(shop.log, targets="all")
    model = BPR(shop.log.items, width=8).fit(split.train, epochs=5)  # no two scores are equal
    own = evaluate(model, split.test, 5)
    cases = Cases(split.test)
    lists = model.recommend(split.test.history(cases.first), 5)[0]
    mine = evaluate_given(lists, split.test, 5, "lists")
    for metric in ("ndcg@5", "recall@5", "hr@5", "map@5"):
        assert_allclose(mine.per_user[metric], own.per_user[metric], atol=1e-9)


def test_short_and_empty_candidate_lists_and_k_beyond_the_catalogue():
    ids, scores = [[3, 1, 0], [0, 0, 0]], [[2.0, 1.0, -np.inf], [-np.inf] * 3]
    flags = [False, True, False, False]
    assert rerank(ids, scores, 9, "share", 0.5, protected=flags).tolist() == [
        [3, 1, *[0] * 7], [0] * 9
    ]  # fmt: skip
    shares = [[0, 0], [1, 0], [1, 0], [0, 1]]
    lists = rerank(ids, scores, 2, "calibrated", 0.9, shares=shares, histories=[[0, 1], [0, 0]])
    assert lists.tolist() == [[1, 3], [0, 0]] or lists.tolist() == [[3, 1], [0, 0]]
    empty = rerank(
        ids, scores, 2, "calibrated", 0.9, shares=shares, histories=np.zeros((2, 1), int)
    )
    assert empty.tolist() == [[3, 1], [0, 0]]  # nobody knows the mixture: the order stays
    same = rerank([[2, 1]], [[1.0, 1.0]], 2, "mmr", 0.5, vectors=np.zeros((4, 2)))
    assert same.tolist() == [[2, 1]]


def test_steering_ends_where_the_merit_is_and_starts_where_the_scores_are():
    rng = np.random.default_rng(0)
    groups = np.array([0] * 21 + [1] * 20)
    scores = rng.random((300, 40)) + (np.arange(1, 41) <= 20)  # the first group scores higher
    order = np.argsort(-scores, axis=1)
    ids, s = order + 1, np.take_along_axis(scores, order, axis=1)
    none, shown = steer(ids, s, 5, groups, [1, 1], 0.0)
    assert_array_equal(none, ids[:, :5])
    assert shown[0] == 1
    lists, shown = steer(ids, s, 5, groups, [3, 1], 20.0)
    assert_allclose(shown, [0.75, 0.25], atol=0.02)
    assert_allclose(shown, group_exposure(lists, groups, 2))
    between = steer(ids, s, 5, groups, [1, 1], 1.0)[1][1]
    assert 0 < between <= 0.5


def test_steering_cannot_show_what_is_no_candidate():
    lists, shown = steer([[1], [1], [0]], [[1.0], [1.0], [-np.inf]], 1, [0, 0, 1], [1, 1], 9.0)
    assert lists.tolist() == [[1], [1], [0]]
    assert shown.tolist() == [1, 0]


def test_calibration_of_nobody_and_of_an_empty_list():
    shares = kind_shares([-1, 0, 1], 2)
    found = evaluate_calibration([[1], [0], [1]], [[1], [1], [0]], shares)
    assert_allclose(found.divergence, [0, -np.log(0.01), np.nan])
    assert_allclose(found.lost, [0, 1, np.nan])
    for user in range(2):
        one = miscalibration(found.wanted[user], found.shown[user])
        assert one == pytest.approx(found.divergence[user])
    assert_allclose(mixtures([[1, 2]], [[9, 9], [0.5, 0.5], [0, 1]]), [[0.25, 0.75]])


LOG = Interactions.from_columns([0, 0, 0], [1, 2, 3], [1, 2, 3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rerank([[1]], [[1.0]], 1, "magic", 0.5), "rule: expected one of mmr"),
        (lambda: rerank([[1]], [[1.0]], 1, "mmr", 0.5), "rule: 'mmr' needs vectors"),
        (lambda: rerank([[1]], [[1.0]], 1, "mmr", 1.5, vectors=np.eye(2)), "trade: expected"),
        (lambda: rerank([[1]], [[1.0]], 1, "share", 0.5, protected=[0, 1]), "protected: expected"),
        (lambda: rerank([[1]], [[1.0, 2.0]], 1, "mmr", 0.5, vectors=np.eye(2)), "scores: expected"),
        (lambda: rerank([[5]], [[1.0]], 1, "mmr", 0.5, vectors=np.eye(2)), "ids: expected ids"),
        (lambda: rerank([[1]], [[1.0]], 0, "mmr", 0.5, vectors=np.eye(2)), "k: expected"),
        (lambda: rerank([[1]], [[1.0]], 1, "calibrated", 0.5, shares=np.eye(2),
                        histories=[[1], [1]]), "histories: expected 1 rows"),
        (lambda: steer([[1]], [[1.0]], 1, [0, 0], [1], -1), "strength: expected"),
        (lambda: steer([[1]], [[1.0]], 1, [0, 5], [1], 1), "groups: expected 0..0"),
        (lambda: kind_shares([0, 3], 2), "kinds: expected 0..1"),
        (lambda: mixtures([[1]], [[0, 0], [0.5, 0.1]]), "shares: expected rows with sum 1"),
        (lambda: evaluate_calibration([[1], [1]], [[1]], [[0], [1]]), "lists: expected 1 rows"),
        (lambda: evaluate_given([[1, 1]], leave_one_out(LOG).test, 2, "x"), "lists: expected each"),
        (lambda: evaluate_given([[1]], leave_one_out(LOG).test, 2, "x"), "lists: expected 1 rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
