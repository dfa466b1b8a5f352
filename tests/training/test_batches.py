"""Batches that show every target once in a known order."""

import itertools
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.training import (
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
