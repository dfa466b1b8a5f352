"""A shorter log: which rows stay, that targets stay, and that nothing else changes."""

import numpy as np
import pytest

from attnrec_lite.data import Interactions
from attnrec_lite.data.split import leave_one_out
from attnrec_lite.privacy import kept_recent, without_order

DAY = 86_400


@pytest.mark.parametrize("n", [1, 2, 4, 100])
def test_histories_are_the_newest_events_and_targets_are_the_same(small_split, n):
    short = kept_recent(small_split, events=n)
    assert (short.test.item == small_split.test.item).all()
    assert (short.validation.item == small_split.validation.item).all()
    full, found = small_split.test.history(length=60), short.test.history(length=60)
    for whole, kept in zip(full, found, strict=True):
        assert (kept[kept > 0] == whole[whole > 0][-n:]).all() or n == 1
    held = len(small_split.test) + len(small_split.validation)
    assert len(short.train) <= len(small_split.train)
    assert len(short.test.log) == len(short.train) + held


def test_days_count_back_from_the_target(small_split):
    short = kept_recent(small_split, days=20)
    log = short.train
    until = np.full(log.n_users, -1, np.int64)
    until[small_split.test.user] = small_split.test.log.time[small_split.test.row]
    asked = until[log.user] >= 0
    assert (log.time[asked] >= until[log.user[asked]] - 20 * DAY).all()
    whole = small_split.train
    dropped = len(whole) - len(log)
    old = whole.time < until[whole.user] - 20 * DAY
    assert dropped >= old[until[whole.user] >= 0].sum() > 0


def test_with_room_for_everything_nothing_changes(small_split):
    for how in ({"events": 10_000}, {"days": 1e5}):
        short = kept_recent(small_split, **how)
        assert (short.train.item == small_split.train.item).all()
        assert (short.test.history() == small_split.test.history()).all()


def test_order_is_lost_and_nothing_else(small_split):
    mixed = without_order(small_split, seed=3)
    train, whole = mixed.train, small_split.train
    assert (train.user == whole.user).all()
    for user in range(whole.n_users):
        assert sorted(train.item[train.user == user]) == sorted(whole.item[whole.user == user])
        assert len(set(train.time[train.user == user].tolist())) <= 1
    assert (train.item != whole.item).any()
    assert (mixed.test.item == small_split.test.item).all()
    assert (np.sort(mixed.test.history(), 1) == np.sort(small_split.test.history(), 1)).all()


def test_ratings_go_with_their_rows():
    log = Interactions.from_columns([0] * 6, range(1, 7), range(6), value=np.arange(1.0, 7.0))
    mixed = without_order(leave_one_out(log), seed=1).train
    assert (mixed.value == mixed.item).all()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "^events, days: expected one of them"),
        ({"events": 2, "days": 3.0}, "^events, days: expected one of them"),
        ({"events": 0}, "^events: expected an integer of at least 1"),
        ({"days": 0.0}, "^days: expected a finite number above 0"),
        ({"days": np.nan}, "^days: expected a finite number above 0"),
    ],
)
def test_minimise_refuses_by_name(small_split, how, message):
    with pytest.raises(ValueError, match=message):
        kept_recent(small_split, **how)
