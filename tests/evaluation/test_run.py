"""Evaluations of several targets, cut-offs and candidates, and everything odd that may come in."""

import numpy as np
import pytest
from fixed import Fixed
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Holdout, Interactions, by_time
from attnrec_lite.evaluation import METRICS, Sampled, compare_table, evaluate
from attnrec_lite.models import Popularity


def log_of(histories):
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True), duplicates="keep")


def last_of(histories):
    """The last item of each history is its target."""
    log = log_of(histories)
    return Holdout(log, log.bounds()[1:] - 1)


def from_third_of(histories):
    """Everything from the third item of each history on is relevant to one ranking."""
    log = log_of(histories)
    row = np.flatnonzero(np.arange(len(log)) >= log.bounds()[log.user] + 2)
    return Holdout(log, row, "from the third on", known=log.bounds()[log.user[row]] + 2)


def constant(log):
    return Fixed(log.items, np.ones((log.n_items + 1,) * 2))


def descending(log):
    """Everyone gets 1, 2, 3, ..."""
    return Fixed(log.items, np.tile(-np.arange(log.n_items + 1), (log.n_items + 1, 1)))


# ---- several targets ---------------------------------------------------------------------------


def test_targets_with_one_history_are_one_case():
    holdout = from_third_of([[1, 2, 3, 5, 4], [6, 5, 1]])
    found = evaluate(descending(holdout.log), holdout, k=2)
    assert len(found) == 2
    assert str(found.protocol) == (
        "from the third on: 4 targets in 2 cases, all 6 items, history removed, ties averaged"
    )
    assert_array_equal(found.targets, [3, 4, 5, 1])
    assert_array_equal(found.case, [0, 0, 0, 1])
    assert_array_equal(found.history_length, [2, 2])
    # the first list is 3, 4, 5, 6 and 3 of it are relevant, the second 1, 2, 3, 4 with one
    assert_array_equal(found.per_user["recall@2"], [2 / 3, 1])
    assert_array_equal(found.per_user["precision@2"], [1, 1 / 2])
    assert_allclose(found.per_user["f1@2"], [0.8, 2 / 3])
    assert_array_equal(found.per_user["hr@2"], [1, 1])
    assert_array_equal(found.per_user["auc"], [1, 1])
    kept = evaluate(descending(holdout.log), holdout, exclude_seen=False).per_user["auc"]
    assert_allclose(kept, [1 / 3, 1])


def test_an_item_bought_twice_is_relevant_once():
    twice = evaluate(*_with(descending, from_third_of([[1, 2, 4, 4, 3, 4], [1, 2, 3, 4]])), k=1)
    assert_array_equal(twice.per_user["recall@1"], [1 / 2, 1 / 2])
    assert "4 targets in 2 cases" in str(twice.protocol)


def _with(make, holdout):
    return make(holdout.log), holdout


def test_cases_stand_in_the_order_of_the_holdout():
    log = log_of([[1, 2], [3, 1], [2, 4]])
    holdout = Holdout(log, np.array([5, 1, 3]))
    assert_array_equal(evaluate(descending(log), holdout).targets, [4, 2, 1])
    found = evaluate(descending(log), holdout, k=1).per_user["hr@1"]
    assert_array_equal(found, [0, 1, 1])


def test_batches_do_not_part_targets_of_one_case():
    rng = np.random.default_rng(1)
    holdout = from_third_of([rng.integers(1, 41, size=rng.integers(3, 30)) for _ in range(99)])
    model = Fixed(holdout.log.items, rng.integers(0, 9, size=(41, 41)).astype(np.float32))
    whole = evaluate(model, holdout, k=(1, 5, 50), batch=1000)
    for batch in (1, 7):
        found = evaluate(model, holdout, k=(1, 5, 50), batch=batch)
        assert found.protocol == whole.protocol
        for name, value in found.per_user.items():
            assert_array_equal(value, whole.per_user[name])


def test_all_targets_of_a_period_against_the_first_of_each():
    rng = np.random.default_rng(0)
    log = Interactions.from_columns(rng.integers(0, 20, 400), rng.integers(0, 15, 400), range(400))
    first, every = (by_time(log, targets=word).test for word in ("first", "all"))
    found = [evaluate(Popularity(log.items).fit(log), holdout) for holdout in (first, every)]
    assert len(found[0]) == len(found[1]) < len(found[1].targets)
    assert "first row of each user in the period" in str(found[0].protocol)
    assert "every row of each user in the period" in str(found[1].protocol)
    with pytest.raises(ValueError, match="differ in split: .*; targets: "):
        compare_table(found)


# ---- cut-offs ----------------------------------------------------------------------------------


def test_several_lengths_give_what_each_gives_alone():
    holdout = from_third_of([[1, 2, 3, 5, 4], [6, 5, 1]])
    model = descending(holdout.log)
    together = evaluate(model, holdout, k=(1, 3, 60))
    assert list(together.per_user) == [*(f"{m}@{k}" for k in (1, 3, 60) for m in METRICS), "auc"]
    for k in (1, 3, 60):
        for name, value in evaluate(model, holdout, k=k).per_user.items():
            assert_array_equal(value, together.per_user[name])
    assert evaluate(model, holdout, k=[2]).protocol == together.protocol
    assert together.mean("recall@60") == 1


@pytest.mark.parametrize(
    ("k", "message"),
    [
        ((), r"^k: expected one or several different lengths; received \(\)"),
        ((5, 5), r"^k: expected one or several different lengths; received \(5, 5\)"),
        ((5, 0), "^k: expected an integer of at least 1; received 0"),
        (2.5, "^k: expected an integer of at least 1; received 2.5"),
        ("5", "^k: expected an integer of at least 1; received '5'"),
    ],
)
def test_lengths_are_refused_by_name(k, message):
    holdout = last_of([[1, 2]])
    with pytest.raises(ValueError, match=message):
        evaluate(constant(holdout.log), holdout, k=k)


# ---- what the adversary brings -----------------------------------------------------------------


def test_one_user_and_one_item():
    holdout = last_of([[1]])
    found = evaluate(constant(holdout.log), holdout, k=(1, 10))
    assert all(found.mean(f"{m}@1") == 1 for m in METRICS)
    assert found.mean("precision@10") == 0.1
    assert found.mean("auc") == 0.5  # nothing to tell the target from
    assert "no interval" in str(found.estimate("hr@1"))
    assert_array_equal(found.history_length, [0])
    again = evaluate(*_with(constant, last_of([[1, 1]])))
    assert again.mean("mrr@10") == 1  # the target was seen, and stays


def test_users_without_a_target_are_in_no_mean():
    log = log_of([[1, 2], [2], [3, 1], []])
    holdout = Holdout(log, np.array([1, 4]))
    assert evaluate(descending(log), holdout, k=1).protocol.cases == 2
    with pytest.raises(ValueError, match="^holdout: expected at least one target; received none"):
        evaluate(descending(log), Holdout(log, np.zeros(0, int)))


def test_an_item_that_training_never_had_takes_part_and_is_missed():
    log = log_of([[1, 2, 1], [2, 1, 3]])
    model = Popularity(log.items).fit(log.select([0, 1, 3, 4]))
    found = evaluate(model, Holdout(log, np.array([2, 5])), k=2, exclude_seen=False)
    assert_array_equal(found.per_user["hr@2"], [1, 0])


def test_a_constant_scorer_earns_chance_with_several_targets():
    rng = np.random.default_rng(0)
    holdout = from_third_of([rng.permutation(np.arange(1, 31))[:9] for _ in range(30)])
    found = evaluate(constant(holdout.log), holdout, k=7, exclude_seen=False)
    assert_allclose(found.per_user["recall@7"], 7 / 30)
    assert_array_equal(found.per_user["auc"], 0.5)


def test_huge_scores_are_ranked_and_what_is_no_number_is_refused():
    holdout = last_of([[1, 2], [2, 3]])
    table = np.tile(np.array([0, -3e38, 3e38, 2.9e38], np.float32), (4, 1))
    assert_array_equal(evaluate(Fixed(holdout.log.items, table), holdout, k=1).per_user["hr@1"], 1)
    for bad in (np.nan, np.inf, -np.inf):
        table[2, 1] = bad
        with pytest.raises(ValueError, match="^fixed: scores are not finite"):
            evaluate(Fixed(holdout.log.items, table), holdout)
        with pytest.raises(ValueError, match="^fixed: scores are not finite"):
            evaluate(Fixed(holdout.log.items, table), holdout, candidates=Sampled(1))


def test_a_model_that_keeps_its_scores_keeps_them_whole():
    holdout = last_of([[1, 2], [2, 3]])
    kept = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    before = kept.copy()
    model = Fixed(holdout.log.items, kept)
    for give in (lambda history: kept, lambda history: kept[: len(history)]):
        model._scores = give
        evaluate(model, holdout)
        model.recommend([[1], [2]], 2)
        assert_array_equal(kept, before)


def test_progress_shows_a_bar_and_changes_nothing(capsys):
    holdout = last_of([[1, 2], [2, 3], [3, 1]])
    shown = evaluate(constant(holdout.log), holdout, batch=2, progress=True)
    assert "2/2" in capsys.readouterr().out
    quiet = evaluate(constant(holdout.log), holdout, batch=2)
    assert capsys.readouterr().out == ""
    assert quiet.protocol == shown.protocol
    assert str(quiet) == str(shown)


# ---- sampled candidates ------------------------------------------------------------------------


def test_a_sampled_evaluation_says_so_and_is_not_compared_with_a_full_one():
    holdout = last_of([[1, 2, 9], [3, 4, 8], [5, 6, 7]])
    model = descending(holdout.log)
    sampled = evaluate(model, holdout, candidates=Sampled(3, seed=4))
    assert "the target and 3 items drawn uniformly, seed 4," in str(sampled)
    with pytest.raises(ValueError, match="candidates: 'all 9 items' and 'the target and 3 items"):
        compare_table([evaluate(model, holdout), sampled])
    popular = evaluate(model, holdout, candidates=Sampled(3, by="popularity", seed=4))
    assert "3 items drawn by popularity, seed 4," in str(popular)


def test_all_items_drawn_are_the_full_ranking_and_too_few_are_counted():
    rng = np.random.default_rng(2)
    holdout = from_third_of([rng.integers(1, 21, size=9) for _ in range(50)])
    model = Fixed(holdout.log.items, rng.integers(0, 9, size=(21, 21)).astype(np.float32))
    for seen in (True, False):
        full = evaluate(model, holdout, k=(1, 4), exclude_seen=seen)
        drawn = evaluate(model, holdout, k=(1, 4), exclude_seen=seen, candidates=Sampled(20))
        for name, value in full.per_user.items():
            assert_array_equal(value, drawn.per_user[name])
        assert "(fewer are left in 50 cases, down to " in str(drawn)


def test_nothing_is_left_to_draw():
    found = evaluate(*_with(constant, last_of([[1, 2]])), candidates=Sampled(5))
    assert found.mean("hr@10") == 1
    assert "fewer are left in 1 case, down to 0" in str(found)


@pytest.mark.parametrize("by", ["uniform", "popularity"])
def test_a_target_never_competes_with_itself_the_seen_or_one_item_twice(by):
    rng = np.random.default_rng(0)
    holdout = from_third_of([rng.integers(1, 31, size=rng.integers(3, 20)) for _ in range(80)])
    model = Fixed(holdout.log.items, np.zeros((31, 31)))
    asked = []
    model.score = lambda history, ids: asked.append((history, ids)) or np.zeros(ids.shape)
    evaluate(model, holdout, candidates=Sampled(8, by), batch=1)
    assert len(asked) == 80
    for (history, ids), case in zip(asked, range(80), strict=True):
        own = np.unique(holdout.item[holdout.case() == case])
        negatives = ids[0, len(own) :]
        assert_array_equal(np.sort(ids[0, : len(own)]), own)
        assert len(np.unique(ids)) == ids.size
        assert not np.isin(negatives, history).any()
        assert len(negatives) <= 8


def test_the_same_seed_draws_the_same_for_every_model_and_batch():
    rng = np.random.default_rng(0)
    holdout = from_third_of([rng.integers(1, 31, size=rng.integers(3, 20)) for _ in range(80)])
    model = Fixed(holdout.log.items, rng.normal(size=(31, 31)))
    a, b, c = (
        evaluate(model, holdout, candidates=Sampled(5, seed=seed), batch=batch)
        for seed, batch in ((0, 256), (0, 7), (1, 256))
    )
    assert_array_equal(a.per_user["ndcg@10"], b.per_user["ndcg@10"])
    assert (a.per_user["ndcg@10"] != c.per_user["ndcg@10"]).any()
    with pytest.raises(ValueError, match="differ in candidates: .*seed 0.*seed 1"):
        compare_table([a, c])


def test_draws_follow_the_chances_they_promise():
    log = log_of([[1, *[2] * 30, *[3] * 10, 4]] + [[5, 1]] * 3000)
    holdout = Holdout(log, log.bounds()[2:] - 1)  # the target is 1, item 5 was seen
    model, counts = Fixed(log.items, np.zeros((6, 6))), {}
    for by in ("uniform", "popularity"):
        asked = []
        model.score = lambda history, ids, asked=asked: asked.append(ids) or np.zeros(ids.shape)
        evaluate(model, holdout, candidates=Sampled(1, by))
        drawn = np.concatenate(asked)[:, 1]
        counts[by] = np.bincount(drawn, minlength=6) / len(drawn)
    assert_allclose(counts["uniform"], [0, 0, 1 / 3, 1 / 3, 1 / 3, 0], atol=0.03)
    assert_allclose(counts["popularity"], [0, 0, 30 / 41, 10 / 41, 1 / 41, 0], atol=0.03)


def test_a_sampled_hit_rate_is_what_combinatorics_says():
    n, drawn, k, place = 101, 20, 3, 11  # ten items beat the target, whoever asks
    log = log_of([range(1, n + 1)] + [[place]] * 4000)
    holdout = Holdout(log, log.bounds()[2:] - 1)
    found = evaluate(descending(log), holdout, k=k, candidates=Sampled(drawn))
    from scipy.stats import hypergeom

    exact = hypergeom(n - 1, place - 1, drawn).cdf(k - 1)  # fewer than k of the better are drawn
    assert found.mean("hr@3") == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"number": 0}, "^number: expected an integer of at least 1; received 0"),
        ({"number": 5, "by": "chance"}, "^by: expected one of uniform, popularity; received 'ch"),
        ({"number": 5, "seed": -1}, "^seed: expected an integer of at least 0; received -1"),
    ],
)
def test_sampled_candidates_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        Sampled(**options)
