"""A forgotten user leaves the model that a training without them would have given."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import EASE, ForgettingEASE, LocalFactors, Popularity, load
from attnrec_lite.privacy import Shadows, Shards, attack, shadows, standing, without_user


def rows_of(log, user):
    return log.item[log.bounds()[user] : log.bounds()[user + 1]]


def test_forgetting_equals_training_again_to_a_millionth(small_log):
    model, log = ForgettingEASE(small_log.items, penalty=3.0).fit(small_log), small_log
    for user in (4, 0, 59, 31):
        model.forget(rows_of(log, user))
        log = without_user(log, user)
        again = ForgettingEASE(small_log.items, penalty=3.0).fit(log)
        assert_allclose(model.inverse, again.inverse, rtol=1e-6, atol=1e-9)
        history = [[0, 0, 1, 7], [2, 3, 4, 5]]
        assert_allclose(model.score_all(history), again.score_all(history), atol=1e-6)


def test_before_and_after_differ_so_that_equality_says_something(small_log):
    model = ForgettingEASE(small_log.items, penalty=3.0).fit(small_log)
    before = model.inverse
    assert np.abs(model.forget(rows_of(small_log, 4)).inverse - before).max() > 1e-3


def test_it_is_ease_up_to_ties(small_log):
    ours = ForgettingEASE(small_log.items, 5.0).fit(small_log).score_all([[3, 9]])
    assert_allclose(ours, EASE(small_log.items, 5.0).fit(small_log).score_all([[3, 9]]), atol=1e-5)


def test_everybody_can_leave(small_log):
    model = ForgettingEASE(small_log.items, penalty=2.0).fit(small_log)
    for user in range(small_log.n_users):
        model.forget(rows_of(small_log, user))
    assert_allclose(model.inverse, np.eye(61) / 2, atol=1e-9)


def test_it_is_saved_with_what_it_forgot(small_log, tmp_path):
    model = ForgettingEASE(small_log.items, penalty=2.0).fit(small_log).forget([1, 1, 2])
    again = load(model.save(tmp_path / "model.npz"))
    assert (again.inverse == model.inverse).all()
    record = model.attention([[1, 2, 1]], [[3]])
    assert_allclose(record.weights.sum(), 1, rtol=1e-6)
    assert record.weights[0, 0, 0] == 0


def test_shards_forget_by_training_one_part_again(small_log):
    def make(seed):
        return LocalFactors(small_log.items, width=3, rounds=5, seed=seed)

    parts = Shards(make, small_log, shards=3, seed=1)
    sizes = np.bincount(parts.shard)
    assert sizes.tolist() == [20, 20, 20]
    before, shard = list(parts.models), int(parts.shard[7])
    parts.forget(7)
    assert [old is new for old, new in zip(before, parts.models, strict=True)].count(False) == 1
    fresh = Shards(make, without_user(small_log, 7), shards=3, seed=1)
    for ours, theirs in zip(parts.models, fresh.models, strict=True):
        assert (ours.table == theirs.table).all()
    assert before[shard] is not parts.models[shard]
    assert len(parts.cpu) == 4
    assert not (parts.log.user == 7).any()


def test_one_shard_is_the_model_itself_up_to_scale(small_log, small_split):
    parts = Shards(lambda s: EASE(small_log.items), small_split.train, shards=1)
    alone = EASE(small_log.items).fit(small_split.train)
    found = [evaluate(m, small_split.test, 10).per_user["ndcg@10"].mean() for m in (parts, alone)]
    assert_allclose(*found, atol=0.02)  # nearly: tie breaks of a millionth may round away


def test_a_shard_that_says_nothing_leaves_it_to_the_others(small_log):
    parts = Shards(lambda s: Popularity(small_log.items), small_log, shards=2)
    one = parts.models[1].score_all([[0]])
    parts.models[0] = Popularity(small_log.items)  # unfitted: every score is 0
    order = np.argsort(-parts.score_all([[0]])[0], kind="stable")
    assert (order == np.argsort(-one[0], kind="stable")).all()


def test_the_attack_no_longer_finds_whom_the_model_forgot(small_log):
    seen = shadows(lambda s: EASE(small_log.items, 0.1), small_log, models=8, rows=5)
    areas = np.zeros((8, 2))
    for target, member in enumerate(seen.member):
        deleted = np.flatnonzero(member)[::2]
        kept = member.copy()
        kept[deleted] = False
        model = EASE(small_log.items, 0.1).fit(small_log.select(kept[small_log.user]))
        for when, signal in enumerate((seen.signal[target], standing(model, small_log, 5))):
            signals = seen.signal.copy()
            signals[target] = signal
            ratio = np.empty(len(member))
            ratio[member], ratio[~member] = Shadows(signals, seen.member).ratios(target)
            areas[target, when] = attack(ratio[deleted], ratio[~member], draws=1).area
    before, after = areas.mean(axis=0)
    assert before > 0.7
    assert after < 0.58


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda log: without_user(log, 60), "^user: expected one of 60 with a row"),
        (lambda log: without_user(without_user(log, 3), 3), "^user: expected one of 60 with a row"),
        (lambda log: without_user(log, -1), "^user: expected an integer of at least 0"),
        (lambda log: ForgettingEASE(log.items, 0), "^penalty: expected a finite number above 0"),
        (lambda log: ForgettingEASE(log.items).forget([]), "^items: expected some item ids"),
        (lambda log: ForgettingEASE(log.items).forget([0]), r"^items: expected ids in 1\.\.60"),
        (lambda log: ForgettingEASE(log.items).forget([61]), r"^items: expected ids in 1\.\.60"),
        (lambda log: ForgettingEASE(log.items).forget([1.5]), "^items: expected some item ids"),
        (
            lambda log: ForgettingEASE(log.items, 1.0).forget([1, 2]),
            "^row: expected a row that the matrix was made of",
        ),
        (lambda log: Shards(EASE, log, 61), "^shards: expected at most 60 users"),
        (
            lambda log: Shards(EASE, Interactions.from_columns([0, 0], [1, 2], [0, 1]), 2),
            "^shards: expected at most 1 users",
        ),
    ],
)
def test_unlearning_refuses_by_name(small_log, call, message):
    with pytest.raises(ValueError, match=message):
        call(small_log)


def test_a_request_that_would_empty_a_shard_is_refused_and_changes_nothing():
    log = Interactions.from_columns([0, 0, 1], [1, 2, 1], [0, 1, 2])
    parts = Shards(lambda s: Popularity(log.items), log, 2)
    with pytest.raises(ValueError, match="^shards: expected a row in each"):
        parts.forget(0)
    assert len(parts.log) == 3
