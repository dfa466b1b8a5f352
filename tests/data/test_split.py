"""Splits: nothing that is predicted is known before, and the protocol says what it lets through."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import Holdout, Interactions, by_time, leave_one_out


@st.composite
def logs(draw):
    """Logs with unequal users and ties in time; the item of raw row ``r`` is unique."""
    rows = draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=5, max_size=60))
    user, time = zip(*rows, strict=True)
    return Interactions.from_columns(user, range(len(rows)), time)


def assert_histories_end_strictly_before(holdout):
    log, bounds = holdout.log, holdout.log.bounds()
    padded = holdout.history()
    for row, user, history in zip(holdout.row, holdout.user, padded, strict=True):
        assert_array_equal(history[history > 0], log.item[bounds[user] : row])
    assert not (padded == holdout.item[:, None]).any()  # items are unique in these logs


@given(log=logs(), min_history=st.integers(1, 3))
def test_leave_one_out_takes_the_last_two_rows_of_users_with_enough(log, min_history):
    counts = np.diff(log.bounds())
    enough = np.flatnonzero(counts >= min_history + 2)
    if len(enough) == 0:
        with pytest.raises(ValueError, match=f"at least {min_history + 2} rows"):
            leave_one_out(log, min_history)
        return
    split = leave_one_out(log, min_history)
    assert_array_equal(split.test.user, enough)
    assert_array_equal(split.validation.user, enough)
    assert_array_equal(split.test.row, log.bounds()[enough + 1] - 1)
    assert_array_equal(split.validation.row, split.test.row - 1)
    parts = [split.train.item, split.validation.item, split.test.item]
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(1, len(log) + 1))
    assert_array_equal(np.bincount(split.train.user, minlength=log.n_users)[enough] >= 1, True)
    assert split.train.items is log.items
    assert split.train.n_users == log.n_users
    assert_histories_end_strictly_before(split.test)
    assert_histories_end_strictly_before(split.validation)


def test_leave_one_out_counts_ties_and_test_rows_older_than_training():
    # user 0 ends in a tie, at a time when user 1 has not begun
    log = Interactions.from_columns([0] * 3 + [1] * 3 + [2], range(7), [1, 5, 5, 90, 91, 92, 93])
    protocol = leave_one_out(log).protocol
    assert protocol.startswith("leave-one-out: the last row of 2 of 3 users is test")
    assert "1 test rows tie in time" in protocol
    assert "; 2 test rows have an item that no training row has; " in protocol
    assert protocol.endswith("2 are older than the newest training row")


def test_leave_one_out_lets_the_order_of_the_file_decide_ties():
    log = Interactions.from_columns([0] * 3, [30, 10, 20], [5, 5, 5])
    split = leave_one_out(log)
    assert log.items.raw[split.test.item - 1].tolist() == [20]
    assert log.items.raw[split.validation.item - 1].tolist() == [10]


@pytest.mark.parametrize("min_history", [0, -1])
def test_leave_one_out_needs_a_history(min_history):
    log = Interactions.from_columns([0] * 3, [1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match=f"min_history: .*received {min_history}"):
        leave_one_out(log, min_history)


@given(log=logs(), test=st.floats(0.05, 0.5), validation=st.floats(0.05, 0.4))
def test_by_time_never_learns_from_the_time_it_predicts(log, test, validation):
    try:
        split = by_time(log, test, validation)
    except ValueError as error:
        assume("can be cut in three" not in str(error))
        raise
    assert split.train.time.max() < split.validation.log.time[split.validation.row].min()
    begin = split.test.log.time[split.test.row].min()
    assert split.train.time.max() <= begin
    assert split.validation.log.time[split.validation.row].max() < begin
    for holdout in (split.validation, split.test):
        assert len(np.unique(holdout.user)) == len(holdout) > 0
        assert_histories_end_strictly_before(holdout)
    history = split.test.history()
    seen_late = np.isin(history, log.item[log.time >= begin]) & (history > 0)
    assert not seen_late.any()


@given(log=logs())
def test_by_time_targets_are_each_users_first_row_of_the_period(log):
    try:
        split = by_time(log, 0.3, 0.3)
    except ValueError as error:
        assume("can be cut in three" not in str(error))
        raise
    begin = split.test.log.time[split.test.row].min()
    for user in range(log.n_users):
        rows = np.flatnonzero((log.user == user) & (log.time >= begin))
        assert split.test.row[split.test.user == user].tolist() == rows[:1].tolist()


def test_by_time_by_hand_keeps_newcomers_and_counts_them():
    #            train            validation  test (user 2 is new, item 60 was never sold before)
    user = [0, 0, 1, 1, 0, 1] + [0, 1] + [0, 2]
    item = [10, 20, 10, 20, 30, 30] + [40, 40] + [10, 60]
    log = Interactions.from_columns(user, item, range(10))
    split = by_time(log, test=0.2, validation=0.2)
    assert split.train.time.tolist() == [0, 1, 4, 2, 3, 5]
    raw = np.concatenate([[0], log.items.raw])
    assert raw[split.validation.item].tolist() == [40, 40]
    assert raw[split.test.item].tolist() == [10, 60]
    assert raw[split.test.history()].tolist() == [[10, 20, 30, 40], [0, 0, 0, 0]]
    assert "of 2 test targets 1 have no history and 1 an item that no training row has" in (
        split.protocol
    )


def test_by_time_puts_rows_that_tie_with_the_cut_after_it():
    times = [0, 1, 2, 3, 4, 5, 6, 8, 8, 8]
    split = by_time(Interactions.from_columns(range(10), range(10), times), 0.1, 0.3)
    assert len(split.test) == 3
    assert split.train.time.max() == 5


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ((0.0, 0.1), "expected shares above 0 with a sum below 1; received 0.0 and 0.1"),
        ((0.1, -0.1), "received 0.1 and -0.1"),
        ((0.5, 0.5), "received 0.5 and 0.5"),
        ((float("nan"), 0.1), "received nan and 0.1"),
    ],
)
def test_by_time_refuses_bad_shares(shares, message):
    log = Interactions.from_columns(range(10), range(10), range(10))
    with pytest.raises(ValueError, match=message):
        by_time(log, *shares)


def test_by_time_refuses_times_that_cannot_be_cut():
    tied = Interactions.from_columns(range(10), range(10), [7] * 10)
    for log in (tied, tied.select([0]), tied.select([])):
        with pytest.raises(ValueError, match="log: expected times that can be cut in three"):
            by_time(log)


@pytest.fixture
def holdout():
    log = Interactions.from_columns([0] * 4 + [1] * 3, range(1, 8), range(7))
    return Holdout(log, np.array([3, 6, 4]))


def test_history_selects_targets_for_batches(holdout):
    assert holdout.history().tolist() == [[1, 2, 3], [0, 5, 6], [0, 0, 0]]
    assert holdout.history(slice(1, None)).tolist() == [[5, 6], [0, 0]]
    assert holdout.history([2, 0], length=2).tolist() == [[0, 0], [2, 3]]
    assert holdout.history([]).shape == (0, 1)
    assert holdout.user.tolist() == [0, 1, 1]
    assert holdout.item.tolist() == [4, 7, 5]
    assert (len(holdout), repr(holdout)) == (3, "Holdout(3 targets of 2 users)")


@pytest.mark.parametrize("rows", [[3], [-1], [0.5], [[0]]])
def test_history_refuses_targets_that_are_not_there(holdout, rows):
    with pytest.raises(ValueError, match="rows: expected"):
        holdout.history(rows)
    with pytest.raises(ValueError, match="length: expected a number >= 1"):
        holdout.history(length=0)


def test_a_holdout_refuses_rows_outside_of_its_log(holdout):
    with pytest.raises(ValueError, match="row: expected numbers in 0..6; received 7 to 7"):
        Holdout(holdout.log, np.array([7]))


def test_known_cuts_the_history_before_the_target(holdout):
    cut = Holdout(holdout.log, np.array([3, 2, 6]), known=np.array([1, 1, 6]))
    assert cut.history().tolist() == [[0, 1], [0, 1], [5, 6]]
    assert cut.history([1], length=2).tolist() == [[0, 1]]
    assert cut.case().tolist() == [0, 0, 1]
    assert holdout.known.tolist() == holdout.row.tolist()
    assert holdout.case().tolist() == [0, 1, 2]  # in the order of the targets, not of the rows
    assert not cut.known.flags.writeable


@pytest.mark.parametrize(
    ("row", "known", "message"),
    [
        ([3], [4], r"^known: expected rows of the target's user, up to the target; received 4 in"),
        ([6], [3], r"^known: expected rows of the target's user.*\(1 of 1 rows are wrong\)"),
        ([6], [7], "^known: expected numbers in 0..6; received 7"),
        ([6], [-1], "^known: expected numbers in 0..6; received -1"),
        ([6], [4.0], "^known: expected integers in 0..6; received float64"),
        ([6], [[4]], "^known: expected one column"),
        ([6, 5], [4], "^known: expected 2 rows, as row has; received 1"),
        ([6, 5, 6], None, "^row: expected each row at most once; received 6 in row 2"),
    ],
)
def test_a_holdout_refuses_cuts_that_are_no_part_of_the_history(holdout, row, known, message):
    with pytest.raises(ValueError, match=message):
        Holdout(holdout.log, np.array(row), known=None if known is None else np.array(known))


@given(log=logs(), test=st.floats(0.05, 0.5), validation=st.floats(0.05, 0.4))
def test_all_targets_of_a_user_share_a_history_that_ends_before_the_cut(log, test, validation):
    try:
        split = by_time(log, test, validation, targets="all")
    except ValueError as error:
        assume("can be cut in three" not in str(error))
        raise
    begin = split.test.log.time[split.test.row].min()
    parts = [split.train.item, split.validation.item, split.test.item]
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(1, len(log) + 1))  # nothing lost
    for holdout, start in ((split.validation, split.train.time.max() + 1), (split.test, begin)):
        late = log.item[log.time >= start]
        for user in np.unique(holdout.user):
            own = np.flatnonzero(holdout.user == user)
            histories = holdout.history(own)
            assert (histories == histories[0]).all()
            assert not np.isin(histories, late).any()
            before = log.item[(log.user == user) & (log.time < start)]
            assert_array_equal(histories[0][histories[0] > 0], before)
            assert len(np.unique(holdout.case()[own])) == 1
    first = by_time(log, test, validation)
    assert_array_equal(np.unique(split.test.known), first.test.row)
    assert len(np.unique(split.test.case())) == len(first.test)


def test_by_time_with_all_targets_says_so_and_refuses_other_words():
    log = Interactions.from_columns([0, 1] * 10, range(20), range(20))
    split = by_time(log, test=0.2, validation=0.2, targets="all")
    assert split.test.row.tolist() == [8, 9, 18, 19]
    assert split.test.known.tolist() == [8, 8, 18, 18]
    assert split.test.rule == "every row of each user in the period"
    assert "every row of a user in the period a target, predicted from what" in split.protocol
    assert "of 4 test targets 0 have no history and 4 an item" in split.protocol
    with pytest.raises(ValueError, match="^targets: expected one of first, all; received 'last'"):
        by_time(log, targets="last")


def test_newcomers_keep_all_their_targets_and_an_empty_history():
    log = Interactions.from_columns([0] * 8 + [1] * 2, range(10), range(10))
    split = by_time(log, test=0.2, validation=0.2, targets="all")
    assert split.test.user.tolist() == [1, 1]
    assert split.test.history().tolist() == [[0], [0]]
    assert "2 have no history" in split.protocol
