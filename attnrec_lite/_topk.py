"""The k best of many scores, exactly, without sorting them all.

A row of N scores is cut into blocks. The k best items lie in the k blocks with the best maxima, so
two passes over memory do: one takes the maxima, elementwise over long runs, the other looks into k
blocks. Where maxima tie at the border, more than k blocks qualify; these rows are searched whole.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

SMALLEST_BLOCK, LARGEST_BLOCK = 4, 64  # fewer do not pay; more make the runs of maxima short


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the k largest scores of each row, best first; of equal ones the smaller first.

    Args:
        scores: float32 ``(batch, n)`` without NaN; ``-inf`` is a score like any other.
        k: how many, at least 1; all n if n is less.

    Returns:
        Column numbers, ``(batch, min(k, n))``.

    >>> top_k(np.array([[1, 3, 2, 3]], np.float32), 3)
    array([[1, 3, 2]])
    """
    n = scores.shape[1]
    width = min(int(np.sqrt(n / k)), LARGEST_BLOCK)  # as many maxima as items in k blocks
    if width < SMALLEST_BLOCK:
        return _first(scores, np.arange(len(scores)), np.arange(n)[np.newaxis], k)
    blocks = n // width
    maxima = _block_maxima(scores, width, blocks)
    border = np.partition(maxima, blocks - k, axis=1)[:, [blocks - k]]
    inside = maxima >= border
    qualify = np.count_nonzero(inside, axis=1)
    clear, tied = np.flatnonzero(qualify == k), np.flatnonzero(qualify > k)
    found = np.empty((len(scores), k), np.int64)
    chosen = np.nonzero(inside[clear])[1].reshape(-1, k, 1)
    # Block b holds columns b, b + blocks, ...; the last round may run past the end of the row.
    rounds = -(-n // blocks)
    columns = (chosen + blocks * np.arange(rounds)).reshape(-1, k * rounds)
    found[clear] = _first(scores, clear, columns, k)
    for row in tied:
        found[row] = _search(scores[row], border[row, 0], k)
    return found


def _block_maxima(scores: NDArray[np.float32], width: int, blocks: int) -> NDArray[np.float32]:
    """Maxima ``(batch, blocks)`` over columns b, b + blocks, b + 2 blocks, ... of each row."""
    row, column = scores.strides
    shape, strides = (len(scores), width, blocks), (row, blocks * column, column)
    maxima: NDArray[np.float32] = as_strided(scores, shape, strides, writeable=False).max(axis=1)
    rest = scores[:, width * blocks :]  # fewer than one block each
    np.maximum(maxima[:, : rest.shape[1]], rest, out=maxima[:, : rest.shape[1]])
    return maxima


def _search(row: NDArray[np.float32], border: np.float32, k: int) -> NDArray[np.int64]:
    """The k best columns of one row, at least k of whose scores reach the border."""
    above, equal = np.flatnonzero(row > border), np.flatnonzero(row == border)[:k]
    columns = np.concatenate([above, equal])
    only = np.zeros(1, np.int64)
    return np.asarray(_first(row[np.newaxis], only, columns[np.newaxis], k)[0])


def _first(
    scores: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], k: int
) -> NDArray[np.int64]:
    """The k best of some columns in some rows; a column past the end comes after all others."""
    n = scores.shape[1]
    value = scores[rows[:, np.newaxis], np.minimum(columns, n - 1)]
    value = np.where(columns < n, value, -np.inf).astype(np.float32) + np.float32(0)  # -0 is 0
    # Bits of floats rise with the number, if those below zero are turned round. So score and column
    # fit one integer whose order is: larger score first, then smaller column.
    bits = value.view(np.int32)
    bits = ~(bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF)))
    keys = (bits.astype(np.int64) << 32) | columns
    if k < keys.shape[1]:
        keys = np.partition(keys, k - 1, axis=1)[:, :k]
    keys.sort(axis=1)
    return np.asarray(keys & 0xFFFFFFFF)
