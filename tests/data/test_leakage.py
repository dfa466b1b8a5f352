"""Every leak that is planted is found under its own name, and an honest split has none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import (
    Holdout,
    Interactions,
    Split,
    by_time,
    leaks,
    leave_one_out,
    movielens,
    random_split,
)

# Two users; row numbers are row numbers of the log, times are the numbers in brackets:
# user 0: items 1 2 3 4 at (10 20 30 40), user 1: items 1 2 3 4 at (11 21 31 41)
LOG = Interactions.from_columns(
    [0] * 4 + [1] * 4, [1, 2, 3, 4] * 2, [10, 20, 30, 40, 11, 21, 31, 41]
)


def split_of(train, test, validation=(), log=LOG):
    empty = np.array(validation, np.int64)
    return Split(log.select(list(train)), Holdout(log, empty), Holdout(log, np.array(test)), "")


class Leaky(Holdout):
    """A holdout whose histories end after the target instead of before it."""

    def history(self, rows=None, length=None):
        beyond = Holdout(self.log, np.minimum(self.row + 1, len(self.log) - 1))
        return beyond.history(rows, length)


def test_an_honest_cut_in_time_has_no_leak():
    found = leaks(split_of([0, 1, 4, 5], [2, 6]))
    assert not found
    assert (found.found, found.newer_rows, found.repeats) == ((), 0, 0)
    assert str(found).startswith("2 test targets, 4 rows to train on: 0 kinds of leaks\nno leaks:")


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        # the other user's rows of time 21 are newer than the target of time 20
        (split_of([0, 4, 5], [1]), {"older_targets": 1}),
        (split_of([0, 1, 4, 5], [2, 6], validation=[2, 3]), {"in_validation": 1}),
        # the target itself is a training row: so is its pair, not older than itself
        (
            split_of([0, 1, 4, 5], [1]),
            {"rows_in_train": 1, "pairs_in_train": 1, "older_targets": 1},
        ),
        # the user's own future is a training row
        (split_of([0, 2], [1]), {"own_future": 1, "older_targets": 1}),
        # the last row of user 0 lies after rows of user 1; its history ends behind it
        (
            Split(
                LOG.select([0, 4]), Holdout(LOG, np.zeros(0, int)), Leaky(LOG, np.array([2])), ""
            ),
            {"target_in_history": 1, "long_histories": 1},
        ),
    ],
    ids=["newer rows", "validation", "row", "future", "history"],
)
def test_each_planted_leak_is_found_and_named(split, expected):
    found = leaks(split)
    assert found
    assert {name: getattr(found, name) for name in found.found} == expected
    for name in expected:
        assert f"{getattr(found, name):,} of {found.targets:,} targets" in str(found)


def test_a_pair_is_a_leak_unless_it_is_older():
    log = Interactions.from_columns([0] * 4, [7, 8, 7, 7], [10, 20, 30, 40])
    later = leaks(split_of([0, 1, 3], [2], log=log))
    assert (later.pairs_in_train, later.repeats, later.own_future) == (1, 1, 1)
    earlier = leaks(split_of([0, 1], [2], log=log))
    assert not earlier
    assert (earlier.pairs_in_train, earlier.repeats) == (0, 1)
    assert earlier.target_in_history == 0  # the item is in the history, by an older row


def test_ties_newcomers_and_new_items_are_said_apart():
    log = Interactions.from_columns([0, 0, 1, 1], [7, 8, 7, 9], [10, 10, 10, 30])
    found = leaks(split_of([0], [1, 3], log=log))
    assert not found
    assert (found.ties, found.new_users, found.new_items) == (1, 1, 2)
    assert "1 tie in time" in str(found)
    assert "1 have a user, 2 an item without a training row" in str(found)


def test_the_validation_targets_can_be_searched_too():
    split = leave_one_out(LOG)
    assert leaks(split, "validation").targets == 2
    assert leaks(split, "validation").in_validation == 0
    assert leaks(replace(split, validation=split.test)).in_validation == 2
    with pytest.raises(
        ValueError, match="part: expected one of test, validation; received 'train'"
    ):
        leaks(split, "train")


def test_a_notebook_shows_the_same_words():
    found = leaks(random_split(LOG, 0.25, 0.25))
    shown = found._repr_markdown_().replace("**", "").replace("\n\n", "\n")
    assert shown == str(found)


def test_other_codes_and_no_targets_are_refused():
    smaller = LOG.select([0, 4]).keep_active(min_item=1)
    nobody = Holdout(LOG, np.zeros(0, int))
    with pytest.raises(ValueError, match="expected train and test with the same users and items"):
        leaks(Split(smaller, nobody, Holdout(LOG, np.array([1])), ""))
    with pytest.raises(ValueError, match="split: expected test targets; received none"):
        leaks(Split(LOG, nobody, nobody, ""))


def test_codes_that_are_equal_but_not_identical_will_do():
    copy = Interactions.from_columns(LOG.user, LOG.item, LOG.time)
    assert leaks(Split(copy, Holdout(LOG, np.zeros(0, int)), Holdout(LOG, np.array([1])), ""))


def test_no_training_rows_leak_nothing():
    assert not leaks(split_of([], [1, 2]))


@st.composite
def logs(draw):
    """Logs with ties and repeats."""
    cells = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9))
    user, item, time = zip(*draw(st.lists(cells, min_size=10, max_size=40)), strict=True)
    return Interactions.from_columns(user, item, time, duplicates="keep")


@given(log=logs(), seed=st.integers(0, 9))
def test_the_counts_are_those_of_a_loop(log, seed):
    split = random_split(log, 0.3, 0.2, seed)
    found = leaks(split)
    train = list(zip(split.train.user, split.train.item, split.train.time, strict=True))
    test = list(zip(split.test.user, split.test.item, log.time[split.test.row], strict=True))
    valid = set(
        zip(
            split.validation.user,
            split.validation.item,
            log.time[split.validation.row],
            strict=True,
        )
    )
    counted = {
        "older_targets": [any(t > b[2] for *_, t in train) for b in test],
        "rows_in_train": [b in train for b in test],
        "pairs_in_train": [any(a[:2] == b[:2] and a[2] >= b[2] for a in train) for b in test],
        "own_future": [any(a[0] == b[0] and a[2] > b[2] for a in train) for b in test],
        "in_validation": [b in valid for b in test],
        "repeats": [any(a[:2] == b[:2] and a[2] < b[2] for a in train) for b in test],
        "new_users": [all(a[0] != b[0] for a in train) for b in test],
        "new_items": [all(a[1] != b[1] for a in train) for b in test],
        "ties": [
            row > 0 and log.user[row - 1] == log.user[row] and log.time[row - 1] == log.time[row]
            for row in split.test.row
        ],
        "target_in_history": [False],
        "long_histories": [False],
    }
    assert {name: getattr(found, name) for name in counted} == {
        n: sum(c) for n, c in counted.items()
    }
    assert found.newer_rows == sum(t > min(b[2] for b in test) for *_, t in train)
    assert found.newer_share == pytest.approx(np.mean([t > b[2] for *_, t in train for b in test]))


@given(log=logs(), seed=st.integers(0, 3))
def test_a_random_split_gives_every_row_one_part(log, seed):
    split = random_split(log, 0.2, 0.3, seed)
    parts = [split.test.row, split.validation.row]
    held = np.concatenate(parts)
    assert [len(part) for part in parts] == [round(len(log) * 0.2), round(len(log) * 0.3)]
    assert len(np.unique(held)) == len(held)
    rest = log.select(np.setdiff1d(np.arange(len(log)), held))
    assert_array_equal(split.train.item, rest.item)
    assert_array_equal(split.train.time, rest.time)
    again = random_split(log, 0.2, 0.3, seed)
    assert_array_equal(split.test.row, again.test.row)
    assert (
        f"at random, seed {seed}, which leaks: of {len(split.test)} test target" in split.protocol
    )


def test_another_seed_draws_other_rows():
    log = Interactions.from_columns([0] * 100, range(100), range(100))
    rows = [set(random_split(log, seed=seed).test.row.tolist()) for seed in (0, 1)]
    assert rows[0] != rows[1]


@pytest.mark.parametrize(
    ("shares", "rows", "message"),
    [
        ((0.0, 0.1), 10, "test, validation: expected shares above 0 .*; received 0.0 and 0.1"),
        ((0.5, 0.5), 10, "received 0.5 and 0.5"),
        ((float("nan"), 0.1), 10, "received nan and 0.1"),
        ((0.1, 0.1), 1, "log: expected enough rows for three parts of 10%, 10% and the rest"),
        ((0.1, 0.1), 4, "log: expected enough rows for three parts"),
        ((0.5, 0.4), 2, "log: expected enough rows for three parts"),
    ],
)
def test_a_random_split_refuses_what_leaves_a_part_empty(shares, rows, message):
    log = Interactions.from_columns([0] * rows, range(rows), range(rows))
    with pytest.raises(ValueError, match=message):
        random_split(log, *shares)


@pytest.mark.slow
def test_the_three_splits_of_movielens():
    log = movielens()
    random, last, cut = (leaks(rule(log)) for rule in (random_split, leave_one_out, by_time))
    assert not cut
    assert last.found == ("older_targets",)
    assert {"older_targets", "own_future"} <= set(random.found)
    assert random.own_future > 0.8 * random.targets
