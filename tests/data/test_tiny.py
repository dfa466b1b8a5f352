"""Logs with next to nothing in them: an answer that makes sense, or an error that says why not."""

import numpy as np
import pytest

from attnrec_lite.data import (
    Interactions,
    by_time,
    collisions,
    leaks,
    leave_one_out,
    pack,
    random_split,
    sample_negatives,
)

ONE_ROW = Interactions.from_columns([7], [7], [7])
ONE_USER = Interactions.from_columns([7] * 6, range(6), range(6))
ONE_ITEM = Interactions.from_columns(range(6), [7] * 6, range(6))
ONE_MOMENT = Interactions.from_columns([1, 1, 1, 2, 2, 2], [1, 2, 3, 1, 2, 3], [5] * 6)
EMPTY = ONE_USER.select([])


@pytest.mark.parametrize("log", [ONE_ROW, ONE_USER, ONE_ITEM, ONE_MOMENT, EMPTY])
def test_every_log_can_be_described_packed_and_turned_into_a_frame(log):
    facts = log.describe()
    assert facts.rows == len(log)
    assert len(str(facts).splitlines()) == 10
    assert (pack(log, 3).targets > 0).sum() == max(0, len(log) - len(np.unique(log.user)))
    assert len(log.to_frame()) == len(log)


def test_all_times_alike_tie_and_cannot_be_cut():
    facts = ONE_MOMENT.describe(at_least=2)
    assert (facts.tied_share, facts.one_sitting, facts.gap_seconds) == (1.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="log: expected times that can be cut in three"):
        by_time(ONE_MOMENT)
    assert leaks(leave_one_out(ONE_MOMENT)).ties == 2
    assert not leaks(leave_one_out(ONE_MOMENT))


@pytest.mark.parametrize("log", [ONE_ROW, EMPTY])
def test_no_split_of_one_row_or_none(log):
    for rule in (by_time, leave_one_out, random_split):
        with pytest.raises(ValueError, match="log: expected"):
            rule(log)


def test_one_user_has_an_own_future_only_where_rows_are_drawn():
    assert leaks(random_split(ONE_USER, 0.3, 0.3, seed=1)).new_users == 0
    assert not leaks(leave_one_out(ONE_USER))
    assert not leaks(by_time(ONE_USER, 0.3, 0.3))


@pytest.mark.parametrize("log", [ONE_ROW, ONE_USER, ONE_ITEM])
def test_who_has_everything_leaves_no_negatives(log):
    with pytest.raises(ValueError, match="left to draw for every user"):
        sample_negatives(log, 1)


def test_one_item_is_always_a_collision():
    drawn = sample_negatives(ONE_ITEM, 4, exclude=None)
    assert collisions(drawn, ONE_ITEM.user, ONE_ITEM).found == 24
    assert collisions(drawn, ONE_ITEM.user, ONE_ITEM).expected == 24
    with pytest.raises(ValueError, match="left to draw"):
        sample_negatives(ONE_ITEM, 4, exclude="target")


def test_no_rows_have_no_negatives():
    assert sample_negatives(EMPTY, 3).shape == (0, 3)
    assert sample_negatives(EMPTY, 3, by="popularity", exclude=None).shape == (0, 3)
    with pytest.raises(ValueError, match="bounds that leave a row"):
        EMPTY.keep_active()
