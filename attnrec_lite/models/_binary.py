"""Logs and histories as sparse matrices of 0 and 1: who has met what, and nothing else.

Item-item models don't care how often or in which order, so both sides of their arithmetic are such
a matrix: row = user or history, column = item id, column 0 (padding) empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from attnrec_lite.data.interactions import Interactions

TIE = 1e-6  # popularity, times this, decides between equal scores and for empty histories


def log_matrix(log: Interactions) -> sparse.csr_array:
    """Who has met what: 1 for each pair of user and item in the log, however often it occurs.

    Returns:
        float64, shape ``(n_users, N + 1)``.
    """
    return _ones(log.user, log.item, (log.n_users, log.n_items + 1))


def history_matrix(history: NDArray[np.int32], n_items: int) -> sparse.csr_array:
    """The same of histories ``(batch, length)``: float64, shape ``(batch, N + 1)``."""
    row, slot = np.nonzero(history)
    return _ones(row, history[row, slot], (len(history), n_items + 1))


def newest_of_each(history: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Where each item stands for the last time, so that a repeated one is counted once.

    Args:
        history: item ids ``(batch, length)``, left-padded.

    Returns:
        Booleans of the same shape, False at padding.

    >>> newest_of_each(np.array([[0, 5, 2, 5]]))
    array([[False, False,  True,  True]])
    """
    rows, slots = np.nonzero(history)
    pair = np.stack([rows, history[rows, slots]])
    newest_first = pair[:, ::-1]
    _, place = np.unique(newest_first, axis=1, return_index=True)
    keep = len(rows) - 1 - place
    found = np.zeros(history.shape, bool)
    found[rows[keep], slots[keep]] = True
    return found


def shares(contributions: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Absolute contributions as shares of their sum over the last axis; 0 where all are 0.

    >>> shares(np.array([[3.0, -1.0], [0.0, 0.0]]))
    array([[0.75, 0.25],
           [0.  , 0.  ]], dtype=float32)
    """
    size = np.abs(contributions)
    total = size.sum(axis=-1, keepdims=True)
    found: NDArray[np.floating[Any]] = np.zeros_like(size)
    np.divide(size, total, out=found, where=total > 0)
    return found.astype(np.float32)


def tie_break(popularity: NDArray[np.int64]) -> NDArray[np.float32]:
    """Popularity as numbers in [0, 1e-6), too small to change anything but ties."""
    share: NDArray[np.float64] = popularity / (popularity.max(initial=0) + 1)
    return (TIE * share).astype(np.float32)


def _ones(
    row: NDArray[np.integer[Any]], column: NDArray[np.integer[Any]], shape: tuple[int, int]
) -> sparse.csr_array:
    matrix = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
