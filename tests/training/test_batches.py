"""Batches that show every target once in a known order."""

import itertools
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.training import (
    ClozeBatches,
    PackedBatches,
    PaddedBatches,
    WindowBatches,
)


def log_of(histories):
    """A log in which user ``u`` takes ``histories[u]``, one item a second."""
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


def batches(seed, batch=3, length=4):
    rng = np.random.default_rng(5)
    histories = [rng.integers(1, 9, size=n).tolist() for n in (1, 2, 3, 9, 5, 4, 12, 7)]
    return histories, WindowBatches(log_of(histories), length, batch, seed)


def shown(data):
    """Everything an epoch shows, in order."""
    rows, targets = zip(*[data[step] for step in range(len(data))], strict=True)
    return np.concatenate(rows), np.concatenate(targets)


def test_an_epoch_shows_every_transition_once():
    histories, data = batches(seed=0)
    wanted = Counter()
    for h in histories:
        wanted.update(itertools.pairwise(h))
    for _ in range(3):
        rows, targets = shown(data)
        found = Counter(zip(rows[targets > 0], targets[targets > 0], strict=True))
        assert found == wanted
        assert np.all(rows[targets > 0] > 0)
        assert np.all((targets > 0).any(axis=1))  # no step without anything to learn
        data.on_epoch_end()


def test_the_last_batch_is_shorter_and_not_dropped():
    _, data = batches(seed=0, batch=4)
    sizes = [len(data[step][0]) for step in range(len(data))]
    assert sum(sizes) == len(data.rows)
    assert sizes[:-1] == [4] * (len(sizes) - 1)
    assert 0 < sizes[-1] < 4


def test_the_order_is_the_same_for_a_seed_and_another_each_epoch():
    def epochs(seed):
        data = batches(seed)[1]
        orders = []
        for _ in range(3):
            orders.append(shown(data)[0].tolist())
            data.on_epoch_end()
        return orders

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1] != epochs(0)[2]
    assert epochs(0)[0] != epochs(1)[0]


def test_rows_keep_their_targets_when_the_order_changes():
    histories, data = batches(seed=3, length=20)
    data.on_epoch_end()
    rows, targets = shown(data)
    for row, target in zip(rows, targets, strict=True):
        assert [*row[row > 0], target[-1]] in histories
        assert_array_equal(target[-np.count_nonzero(row) : -1], row[row > 0][1:])


def test_a_log_in_which_nothing_follows_anything_is_refused():
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        WindowBatches(log_of([[1], [2]]), 4, 2, 0)
    log = log_of([[1, 2], [3]])
    with pytest.raises(ValueError, match="^log: "):
        WindowBatches(log.select(log.user < 0), 4, 2, 0)


# ---- packed, padded, with holes ----------------------------------------------------------------

LONG = [np.random.default_rng(5).integers(1, 9, size=n).tolist() for n in (1, 2, 3, 9, 5, 30, 12)]


def flat(data):
    """All rows and targets of an epoch."""
    rows, targets = zip(*[data[step] for step in range(len(data))], strict=True)
    return {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}, np.concatenate(
        targets
    )


@pytest.mark.parametrize("stride", [None, 2, 4])
def test_every_packed_epoch_shows_every_transition_once(stride):
    data = PackedBatches(log_of(LONG), 4, 2, seed=0, stride=stride)
    wanted = Counter(pair for h in LONG for pair in itertools.pairwise(h))
    steps = len(data)
    for _ in range(4):
        rows, targets = flat(data)
        trained = targets > 0
        assert Counter(zip(rows["ids"][trained], targets[trained], strict=True)) == wanted
        if stride is None:
            assert np.count_nonzero(rows["ids"]) == sum(wanted.values())  # no context twice
        assert len(data) == steps
        data.on_epoch_end()


def test_packed_steps_share_the_rows_evenly():
    data = PackedBatches(log_of(LONG * 5), 4, 8, seed=0)
    for _ in range(5):
        sizes = [len(data[step][1]) for step in range(len(data))]
        assert sum(sizes) == len(data.order)
        assert max(sizes) - min(sizes) <= 1
        data.on_epoch_end()


@pytest.mark.parametrize("kind", [PackedBatches, ClozeBatches])
def test_seed_and_epoch_decide_the_rows_alone(kind):
    def epochs(seed):
        data, found = kind(log_of(LONG), 4, 2, seed), []
        for _ in range(3):
            found.append(data[0][0]["ids"].tolist() + data[0][1].tolist())
            data.on_epoch_end()
        return found

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1] != epochs(0)[2]
    assert epochs(0) != epochs(1)
    later = kind(log_of(LONG), 4, 2, 0)
    later.start_at(2)
    assert later[0][0]["ids"].tolist() + later[0][1].tolist() == epochs(0)[2]


def test_padded_rows_hold_the_newest_items_of_each_user():
    data = PaddedBatches(log_of(LONG), 4, 100, seed=0)
    rows, targets = data[0]
    assert len(rows) == sum(len(h) > 1 for h in LONG)
    found = sorted([*row[row > 0], target[-1]] for row, target in zip(rows, targets, strict=True))
    assert found == sorted(h[-5:] for h in LONG if len(h) > 1)
    for row, target in zip(rows, targets, strict=True):
        assert_array_equal(
            target[:-1][row[1:] > 0], np.where(row[:-1] > 0, row[1:], target[:-1])[row[1:] > 0]
        )


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_holes_hide_items_never_padding_and_one_at_least_in_a_window(share):
    data = ClozeBatches(log_of(LONG * 8), 5, 6, seed=0, share=share, newest=0.0)
    for _ in range(3):
        rows, targets = flat(data)
        hidden = rows["ids"] == 9  # of items 1 to 8
        assert_array_equal(hidden, targets > 0)
        assert not np.any(hidden & (rows["segments"] == 0))
        for row, segments in zip(hidden, rows["segments"], strict=True):
            for piece in range(1, segments.max() + 1):
                assert row[segments == piece].any()
        data.on_epoch_end()
    expected = {0.05: 0.3, 0.5: 0.52}[share]  # about: one of each piece of two to five at least
    assert abs(hidden.sum() / (rows["ids"] > 0).sum() - expected) < 0.08


def test_some_windows_have_the_newest_item_hidden_alone():
    rows, targets = flat(ClozeBatches(log_of(LONG * 8), 5, 6, seed=0, newest=1.0))
    assert_array_equal(targets > 0, (rows["positions"] == 0) & (rows["ids"] > 0))


def test_windows_with_holes_cover_every_item():
    data = ClozeBatches(log_of(LONG), 4, 100, seed=0)
    (rows, targets), items = data[0], Counter()
    whole = np.where(targets > 0, targets, rows["ids"])
    for h in LONG:
        items.update(set(itertools.pairwise(h)))
    found = set()
    for row, segments in zip(whole, rows["segments"], strict=True):
        for piece in range(1, segments.max() + 1):
            found.update(itertools.pairwise(row[segments == piece].tolist()))
    assert found == set(items)


@pytest.mark.parametrize("kind", [PackedBatches, PaddedBatches, ClozeBatches])
def test_every_kind_refuses_a_log_that_teaches_nothing(kind):
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        kind(log_of([[1], [2]]), 4, 2, 0)


def test_a_window_with_a_hole_has_room_for_two():
    with pytest.raises(ValueError, match="^length: expected an integer of at least 2"):
        ClozeBatches(log_of(LONG), 1, 2, 0)
