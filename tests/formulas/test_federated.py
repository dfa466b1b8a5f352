"""The server's mean, masks that cancel, what a gradient gives away, and one person less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    federated_mean,
    pairwise_masks,
    rank_one_parts,
    touched_rows,
    without_row,
)

quick = settings(deadline=None, max_examples=40)
small = st.floats(-5, 5)


@quick
@given(arrays(np.float64, (7, 2), elements=small), st.lists(st.integers(0, 6), max_size=4))
def test_clients_of_any_size_give_the_mean_over_all_examples(examples, cuts):
    parts = np.split(examples, sorted(cuts))  # some clients may be empty
    means = [p.mean(0) if len(p) else np.full(2, np.nan) for p in parts]
    assert_allclose(federated_mean(means, [len(p) for p in parts]), examples.mean(0), atol=1e-9)


def test_equal_weights_would_let_the_small_client_win():
    updates, sizes = [[1.0], [0.0]], [1, 99]
    assert federated_mean(updates, sizes)[0] == 0.01
    assert federated_mean(updates, [1, 1])[0] == 0.5


@pytest.mark.parametrize("clients", [2, 3, 9])
def test_masks_cancel_in_the_whole_sum_and_in_no_part(clients):
    masks = pairwise_masks(clients, (4, 3))
    assert np.abs(masks.sum(0)).max() < 1e-12
    for left_out in range(clients):
        assert np.abs(np.delete(masks, left_out, 0).sum(0)).min() > 1e-9
    assert (masks == pairwise_masks(clients, (4, 3))).all()
    assert (masks != pairwise_masks(clients, (4, 3), seed=1)).all()


def test_an_embedding_gradient_lists_the_history():
    table, history = np.random.default_rng(0).normal(size=(9, 3)), [2, 7, 7, 4]
    update = np.zeros_like(table)  # of the squared length of the history's mean vector
    np.add.at(update, history, 2 * table[history].mean(axis=0) / len(history))
    assert touched_rows(update).tolist() == sorted(set(history))
    assert len(touched_rows(update, tolerance=1e9)) == 0


@quick
@given(arrays(np.float64, 6, elements=small), arrays(np.float64, 3, elements=small))
def test_a_rank_one_update_comes_apart(residual, person):
    r, u = rank_one_parts(np.outer(residual, person))
    assert_allclose(np.outer(r, u), np.outer(residual, person), atol=1e-9)
    assert_allclose(np.linalg.norm(u), 1)


@quick
@given(arrays(np.float64, (6, 4), elements=st.integers(0, 1)), st.floats(0.1, 50))
def test_one_person_less_is_the_inverse_made_anew(rows, penalty):
    full = np.linalg.inv(rows.T @ rows + penalty * np.eye(4))
    again = np.linalg.inv(rows[1:].T @ rows[1:] + penalty * np.eye(4))
    assert_allclose(without_row(full, rows[0]), again, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: federated_mean([[1.0]], [1, 2]), "^updates: expected 2, one per size"),
        (lambda: federated_mean([[1.0]], [0]), "^sizes: expected numbers from 0, not all"),
        (lambda: federated_mean([[1.0], [1.0]], [2, -1]), "^sizes: expected numbers from 0"),
        (lambda: federated_mean([[np.nan]], [1]), "^updates: expected finite"),
        (lambda: pairwise_masks(1, (2,)), "^clients: expected an integer of at least 2"),
        (lambda: touched_rows([[np.nan]]), "^update: expected finite"),
        (lambda: rank_one_parts([[np.inf]]), "^update: expected finite"),
        (lambda: without_row(np.eye(2), [1.0]), "^row: expected length 2"),
        (lambda: without_row(np.eye(2), [1.0, 0.0]), "^row: expected a row that the matrix was"),
        (lambda: without_row(np.eye(1), [np.nan]), "^row: expected finite"),
    ],
)
def test_federated_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
