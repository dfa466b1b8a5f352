"""Averaging against one place with all data, unequal and empty clients, and what leaks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.formulas import pairwise_masks
from attnrec_lite.models import LocalFactors
from attnrec_lite.models._binary import log_matrix
from attnrec_lite.privacy import evidence, federated_averaging
from attnrec_lite.privacy.federated import local_update


@pytest.fixture
def model(small_log):
    return LocalFactors(small_log.items, width=4)


@pytest.fixture(scope="module")
def unequal():
    """60 users: 45 at one client, 10 at another, none at a third, 4 at a fourth; one stays away."""
    return np.repeat([0, 1, 3, -1], [45, 10, 4, 1])


def test_one_local_step_is_a_step_on_all_data_at_once(small_log, unequal, model):
    start, here = model.table, unequal >= 0
    met = log_matrix(small_log).toarray()[here]
    federated_averaging(model, small_log, unequal, rounds=1, learning_rate=0.7)
    averaged, model.table = model.table, start
    residual, users = model.gradients(met)
    assert_allclose(averaged, start - 0.7 * (residual.T @ users) / here.sum(), atol=1e-12)


def test_clients_alike_are_another_step_and_many_steps_another_table(small_log, unequal, model):
    start, tables = model.table, []
    for how in ({}, {"weighted": False}, {"local_steps": 3}):
        model.table = start
        federated_averaging(model, small_log, unequal, rounds=1, **how)
        tables.append(model.table)
    for other in tables[1:]:
        assert np.abs(other - tables[0]).max() > 1e-4
    alone = [-1] * 60
    for part in (slice(0, 45), slice(45, 55), slice(55, 59)):
        codes = np.array(alone)
        codes[part] = 0
        model.table = start
        federated_averaging(model, small_log, codes, rounds=1)
        tables.append(model.table)
    assert_allclose(tables[1], np.mean(tables[3:], axis=0), atol=1e-12)


def test_it_learns_and_says_what_was_sent(small_log, unequal, model):
    run = federated_averaging(model, small_log, unequal, rounds=10)
    assert run.losses[-1] < 0.9 * run.losses[0]
    assert run.sizes == (45, 10, 0, 4)
    assert run.sent == 10 * 3 * model.table.size
    assert (model.table[0] == 0).all()


def test_a_client_without_data_sends_nothing_and_changes_nothing(small_log, unequal, model):
    assert (local_update(model, np.zeros((0, 61)), 5, 1.0) == 0).all()
    start = model.table
    federated_averaging(model, small_log, unequal, rounds=2)
    first, model.table = model.table, start
    closed = np.where(unequal == 3, 2, unequal)  # the same without the empty client
    federated_averaging(model, small_log, closed, rounds=2)
    assert_allclose(model.table, first, atol=1e-12)


def test_one_update_gives_the_whole_history_away(small_log, model):
    met = log_matrix(small_log).toarray()
    model.fit(small_log)
    for person in (0, 5, 33):
        start = model.table
        found = evidence(local_update(model, met[person : person + 1], 1, 0.3), start)
        model.table = start
        assert found[met[person] > 0].min() > 1e-6
        assert found[met[person] == 0].max() < 1e-9


def test_a_mask_hides_one_update_and_leaves_the_sum_as_it_is(small_log, model):
    met, start, updates = log_matrix(small_log).toarray(), model.table, []
    for person in range(3):
        updates.append(local_update(model, met[person : person + 1], 1, 0.3))
        model.table = start
    masked = np.array(updates) + pairwise_masks(3, start.shape)
    found, own = evidence(masked[0], start)[1:], met[0, 1:] > 0
    assert found[own].min() < found[~own].max()
    assert_allclose(masked.sum(0), np.sum(updates, axis=0), atol=1e-12)


def test_a_table_that_knows_nothing_is_no_help_and_no_error():
    update = np.outer([0, 0.5, 0, 1.0], [1.0, 0.0])
    assert_allclose(evidence(update, np.zeros((4, 2))), [0, 0.5, 0, 1])


def test_a_step_too_large_is_an_error_that_names_it(small_log, unequal, model):
    with (
        np.errstate(all="ignore"),
        pytest.raises((FloatingPointError, ValueError), match="learning_rate|finite"),
    ):
        federated_averaging(model, small_log, unequal, rounds=60, learning_rate=1e200)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, log: federated_averaging(m, log, [0]), "^client: expected one code from 0 for"),
        (
            lambda m, log: federated_averaging(m, log, np.full(60, -2)),
            "^client: expected one code from 0",
        ),
        (
            lambda m, log: federated_averaging(m, log, np.full(60, 0.5)),
            "^client: expected one code from 0",
        ),
        (
            lambda m, log: federated_averaging(m, log, np.full(60, -1)),
            "^client: expected somebody who takes part",
        ),
        (
            lambda m, log: federated_averaging(m, log, np.zeros(60, int), rounds=0),
            "^rounds: expected an integer of at least 1",
        ),
        (
            lambda m, log: federated_averaging(m, log, np.zeros(60, int), learning_rate=0),
            "^learning_rate: expected a finite number above 0",
        ),
        (lambda m, log: local_update(m, [[np.nan] * 61], 1, 1.0), "^met: expected finite"),
        (lambda m, log: evidence(np.ones((2, 2)), np.ones((3, 2))), "^table: expected 2 rows"),
        (lambda m, log: evidence(np.ones((2, 2)), np.ones((2, 3))), "^table: expected width 2"),
        (lambda m, log: evidence([[np.nan]], [[1.0]]), "^update: expected finite"),
    ],
)
def test_federated_refuses_by_name(model, small_log, call, message):
    with pytest.raises(ValueError, match=message):
        call(model, small_log)
