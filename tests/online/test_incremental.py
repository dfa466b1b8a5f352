"""Updates: what they learn, what they refuse, and that a rollback is to the bit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Holdout, Interactions, Vocabulary, make_drifting_shop
from attnrec_lite.models import BERT4Rec, Popularity, QKVRecommender, SASRec, TimedSASRec
from attnrec_lite.online import Incremental, with_new_items
from attnrec_lite.online._merge import merge
from attnrec_lite.online._rows import new_rows, old_rows

SHOP = make_drifting_shop(n_users=80, n_items=60, days=30, strength=0, fashion_day=30)
FITTED: dict[str, np.ndarray] = {}


def sasrec(**options):
    """A small model, fitted once."""
    sizes = {"width": 8, "blocks": 1, "window": 10}
    if not FITTED:
        first = SASRec(SHOP.log.items, **sizes)
        FITTED.update(first.fit(SHOP.before(20), epochs=15, learning_rate=1e-2)._arrays())
    model = SASRec(SHOP.log.items, **sizes, **options)
    model._set_arrays(FITTED)
    return model


def keeper(model=None, **options):
    model = model or sasrec()
    return Incremental(model, SHOP.before(20), guard=SHOP.targets(18, 20), **options)


def bits(online):
    """All that an update may change."""
    variables = [*online.model.network.variables, *online._optimizer.variables]
    return [np.asarray(v.value).tobytes() for v in variables] + [
        str(online._rng.bit_generator.state).encode()
    ]


def batch(users, items, times):
    return Interactions.from_columns(users, items, times)


LATER = int(SHOP.log.time.max()) + 1


def test_an_update_learns_the_new_rows():
    online = keeper(replay=0.0, tolerance=1.0, epochs=10, learning_rate=5e-3)
    today, asked = SHOP.between(20, 23), SHOP.targets(20, 23)
    ids, targets = asked.history(length=10), asked.item[:, None]
    before = online.model.score(ids, targets) - online.model.score_all(ids)[:, 1:].mean(1)[:, None]
    report = online.update(today)
    after = online.model.score(ids, targets) - online.model.score_all(ids)[:, 1:].mean(1)[:, None]
    assert report.accepted
    assert report.replayed == 0
    assert after.mean() > before.mean() + 0.1
    assert np.array_equal(online.log.item, SHOP.before(23).item)
    assert online.updates == [report]
    assert "learned" in str(report)


def test_only_new_rows_are_targets_and_each_of_them_once():
    merged = merge(SHOP.before(20), SHOP.between(20, 30))
    ids, targets = new_rows(merged.log, merged.new, 4)
    first = np.isin(np.arange(len(merged.log)), merged.log.bounds())
    expected = merged.log.item[merged.new & ~first]
    assert np.array_equal(np.sort(targets[targets > 0]), np.sort(expected))
    rows, place = np.nonzero(targets[:, :-1])
    assert (ids[rows, place] > 0).all()
    later = ids[rows, place + 1]
    assert np.array_equal(later, targets[rows, place])  # the target is the next item of the row


def test_old_rows_hold_as_many_targets_as_asked_and_never_a_new_one():
    merged = merge(SHOP.before(20), SHOP.between(20, 30))
    rng = np.random.default_rng(0)
    ids, targets = old_rows(merged.log, ~merged.new, 4, 33, rng)
    assert np.count_nonzero(targets) == 33
    assert (ids[targets > 0] > 0).all()
    all_of_them = old_rows(merged.log, ~merged.new, 4, 10**6, rng)[1]
    assert np.count_nonzero(all_of_them) == len(SHOP.before(20)) - len(
        np.unique(SHOP.before(20).user)
    )
    assert len(old_rows(merged.log, ~merged.new, 4, 0, rng)[0]) == 0


def test_every_old_target_is_as_likely_as_any_other():
    log = SHOP.before(20)
    rng, counts = np.random.default_rng(0), np.zeros(61)
    for _ in range(300):
        targets = old_rows(log, np.ones(len(log), bool), 4, 50, rng)[1]
        counts += np.bincount(targets[targets > 0], minlength=61)
    first = np.isin(np.arange(len(log)), log.bounds())
    expected = np.bincount(log.item[~first], minlength=61)
    assert np.corrcoef(counts[1:], expected[1:])[0, 1] > 0.95


def test_replay_makes_the_share_that_was_asked_for():
    report = keeper(replay=0.75, epochs=1, tolerance=1.0).update(SHOP.between(20, 21))
    assert report.replayed == 3 * report.targets


def poison(rows=300, item=7):
    """Everybody wants one thing."""
    users = np.repeat(np.arange(60), rows // 60)
    return batch(users, np.full(rows, item), LATER + np.arange(rows))


def test_a_poisoned_batch_is_noticed_and_put_back_to_the_bit():
    online = keeper(replay=0.0, tolerance=0.005, epochs=10, learning_rate=0.05)
    online._best = online._measure()
    before, rows = bits(online), len(online.log)
    report = online.update(poison())
    assert not report.accepted
    assert report.reason.startswith("the guard fell from ")
    assert report.guard_after < report.guard_before - 0.005
    assert bits(online) == before
    assert len(online.log) == rows
    assert "ROLLED BACK" in str(report)


def test_after_a_rollback_learning_goes_on_as_if_nothing_had_been():
    plain, poisoned = keeper(tolerance=0.05), keeper(tolerance=0.05)
    poisoned.tolerance = -1.0  # whatever comes is refused
    assert not poisoned.update(poison()).accepted
    poisoned.tolerance = 0.05
    for online in (plain, poisoned):
        assert online.update(SHOP.between(20, 22)).accepted
    assert bits(plain) == bits(poisoned)


def test_a_loss_that_is_no_number_is_noticed_with_and_without_a_guard():
    for guard in (SHOP.targets(18, 20), None):
        online = Incremental(sasrec(), SHOP.before(20), guard=guard, learning_rate=1e30)
        before = bits(online)
        report = online.update(SHOP.between(20, 25))
        assert not report.accepted
        assert report.reason == "a loss or a weight is not a number"
        assert bits(online) == before


def test_a_loss_that_is_no_number_is_enough(monkeypatch):
    online = Incremental(sasrec(), SHOP.before(20))
    monkeypatch.setattr(online._network, "train_on_batch", lambda *_: float("inf"))
    report = online.update(SHOP.between(20, 25))
    assert not report.accepted
    assert report.loss == np.inf


def test_weights_spoilt_by_the_very_last_step_are_noticed():
    online = Incremental(sasrec(), SHOP.before(20), epochs=1, batch=10_000)
    online._optimizer.learning_rate.assign(np.inf)
    before = bits(online)
    assert not online.update(SHOP.between(20, 21)).accepted
    assert bits(online) == before


def test_an_interrupt_leaves_everything_as_it_was(monkeypatch):
    online = keeper()
    before = bits(online)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(online, "_measure", stop)
    online._best = 0.5
    with pytest.raises(KeyboardInterrupt):
        online.update(SHOP.between(20, 21))
    assert bits(online) == before
    assert online.updates == []


def test_many_small_falls_do_not_add_up_to_a_large_one(monkeypatch):
    online = keeper(tolerance=0.05)
    falls = iter([0.50, 0.47, 0.44, 0.44])
    monkeypatch.setattr(online, "_measure", lambda: next(falls))
    assert online.update(SHOP.between(20, 21)).accepted  # 0.50 before, 0.47 after
    report = online.update(SHOP.between(21, 22))  # 0.44: 0.03 below the last, 0.06 below the best
    assert not report.accepted
    online.guard = SHOP.targets(18, 20)
    assert online._best is None


def test_unknown_items_are_refused_by_name_and_nothing_changes():
    online = keeper()
    before = bits(online)
    new = batch([0, 0], [3, 999], [LATER, LATER + 1])
    expected = r"^batch: expected items that the model knows; received 1 item .* in 1 row: 999; "
    with pytest.raises(ValueError, match=expected):
        online.update(new)
    assert bits(online) == before
    assert len(online.log) == len(SHOP.before(20))


def test_an_unknown_item_of_the_vocabulary_without_a_row_does_no_harm():
    items = Vocabulary(np.arange(1, 70))
    new = Interactions(
        np.zeros(1, np.int32), np.array([5], np.int32), np.array([LATER]), np.array([0]), items
    )
    assert merge(SHOP.before(20), new).new.sum() == 1


def test_codes_of_the_batch_do_not_matter_only_raw_ids_do():
    new = batch([79, 3], [60, 2], [LATER, LATER])
    merged = merge(SHOP.before(20), new)
    rows = np.flatnonzero(merged.new)
    assert merged.log.items.raw[merged.log.item[rows] - 1].tolist() == [2, 60]
    assert merged.log.user[rows].tolist() == [3, 79]


def test_new_users_are_welcome():
    online = keeper()
    report = online.update(batch([5000, 5000, 5000], [1, 2, 3], LATER + np.arange(3)))
    assert (report.new_users, report.targets, report.accepted) == (1, 2, True)
    assert online.log.n_users == SHOP.log.n_users + 1


def test_user_ids_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="^batch: expected user ids of the kind of the log"):
        keeper().update(batch(["0"], [1], [LATER]))


def test_clocks_that_run_backwards_are_sorted_and_counted():
    online = keeper()
    mine = np.flatnonzero(SHOP.before(20).user == 0)
    early = int(SHOP.before(20).time[mine[0]]) - 5
    report = online.update(batch([0, 0], [1, 2], [early, LATER]))
    assert (report.rows, report.late) == (2, 1)
    theirs = online.log.time[online.log.user == 0]
    assert (np.diff(theirs) >= 0).all()
    assert theirs[0] == early


def test_a_batch_that_is_sent_twice_is_learned_once():
    online = keeper()
    assert online.update(SHOP.between(20, 22)).repeated == 0
    before = bits(online)
    report = online.update(SHOP.between(20, 22))
    assert report.repeated == len(SHOP.between(20, 22))
    assert report.reason == "nothing to learn"
    assert bits(online) == before


def test_repeats_that_the_log_had_already_stay():
    log = Interactions.from_columns([1, 1, 1], [1, 1, 2], [5, 5, 6], duplicates="keep")
    merged = merge(log, batch([1, 1], [1, 2], [5, 7]))
    assert merged.log.item.tolist() == [1, 1, 2, 2]
    assert merged.repeated == 1


def test_an_empty_batch_and_one_of_first_purchases_teach_nothing():
    online = keeper()
    before = bits(online)
    assert online.update(SHOP.between(25, 25)).reason == "nothing to learn"
    report = online.update(batch([7000], [1], [LATER]))
    assert report.reason == "nothing to learn"
    assert len(online.log) == len(SHOP.before(20)) + 1
    assert bits(online) == before


def test_a_model_that_was_fitted_elsewhere_is_not_updated_with_a_stale_optimizer():
    online = keeper()
    online.model.fit(SHOP.before(20), epochs=1)
    with pytest.raises(RuntimeError, match="^model: expected one that is trained here only"):
        online.update(SHOP.between(20, 21))


def test_another_network_and_drawn_negatives_work_too():
    for model in (
        QKVRecommender(SHOP.log.items, width=8, window=10, negatives=16),
        sasrec(loss="sampled", negatives=16),
    ):
        online = keeper(model, tolerance=1.0)
        before = np.asarray(model.network.log_q).copy()
        assert online.update(SHOP.between(20, 22)).accepted
        assert not np.array_equal(before, np.asarray(model.network.log_q))


def test_the_same_seed_gives_the_same_bits():
    found = []
    for _ in range(2):
        online = keeper(seed=3)
        online.update(SHOP.between(20, 22))
        found.append(bits(online))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", [TimedSASRec, BERT4Rec, Popularity])
def test_models_that_read_more_than_ids_from_left_to_right_are_refused(kind):
    with pytest.raises(ValueError, match="^model: expected a network that reads ids from left"):
        Incremental(kind(SHOP.log.items), SHOP.before(20))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replay": 1.0}, "^share: expected a number below 1"),
        ({"tolerance": -0.1}, r"^tolerance: expected a number in \[0, 1\]"),
        ({"epochs": 0}, "^epochs: expected an integer"),
        ({"learning_rate": 0}, "^learning_rate: expected a finite number"),
        ({"guard": Holdout(SHOP.log, np.zeros(0, np.int64))}, "^holdout: expected at least one"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        Incremental(sasrec(), SHOP.before(20), **options)


def test_a_log_of_another_catalogue_is_refused():
    with pytest.raises(ValueError, match="^log: expected 60 items; received 2"):
        Incremental(sasrec(), batch([0, 0], [1, 2], [0, 1]))


def test_room_for_new_items_leaves_the_scores_of_the_old_ones():
    model = sasrec()
    longer = with_new_items(model, Vocabulary(np.arange(1, 64)))
    history = SHOP.targets(25).history(length=10)
    assert_allclose(longer.score_all(history)[:, :61], model.score_all(history), atol=1e-6)
    assert longer.network.bias[-1] == FITTED["bias"][1:].min()
    online = Incremental(longer, Interactions(
        *(getattr(SHOP.before(20), n) for n in ("user", "item", "time", "user_ids")), longer.items
    ))  # fmt: skip
    report = online.update(batch([0, 1, 2], [61, 62, 63], [LATER] * 3))
    assert report.accepted
    assert report.targets == 3


@pytest.mark.parametrize("raw", [[1, 2], [2, 1, *range(3, 61)], [*range(2, 62)]])
def test_old_items_must_come_first(raw):
    with pytest.raises(ValueError, match="^items: expected the 60 items of the model first"):
        with_new_items(sasrec(), Vocabulary(np.array(raw)))
