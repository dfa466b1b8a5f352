"""Training pairs for a loss that compares: an item that a user took, and one that they did not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.models._binary import log_matrix

Codes = NDArray[np.int64]
Singles = NDArray[np.float32]


class Pairs:
    """All (user, taken item) of a log; each pass gives each of them a fresh item not taken.

    Args:
        log: users who took everything have nothing to compare with and are left out.
    """

    def __init__(self, log: Interactions) -> None:
        met = log_matrix(log)
        self.start = met.indptr.astype(np.int64)
        self.taken = met.indices.astype(np.int64)
        size = np.diff(self.start)
        self.user = np.repeat(np.arange(log.n_users), size)
        self.left = log.n_items - size  # items that a user did not take
        self.rows = np.flatnonzero(self.left[self.user] > 0)
        # Of each taken item, how many not taken by its user lie below it; with the user in front
        # the numbers rise through the whole log, so that one search serves all users.
        self._stride = log.n_items + 1
        rank = np.arange(len(self.taken)) - self.start[self.user]
        self._below = self.user * self._stride + self.taken - 1 - rank

    def __len__(self) -> int:
        """Return the number of pairs in a pass."""
        return len(self.rows)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[Codes, Codes, Codes]]:
        """One pass in random order: users, items taken, items not taken, ``size`` at a time."""
        order = rng.permutation(self.rows)
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            user = self.user[rows]
            yield user, self.taken[rows], self.not_taken(user, rng)

    def not_taken(self, user: Codes, rng: np.random.Generator) -> Codes:
        """An item for each user, uniformly from those that the user did not take.

        Item number r of these, counted from 0, is r + 1 plus the taken ones below it; so nothing
        is drawn twice, and a user who took all but one gets that one.
        """
        number: Codes = rng.integers(0, self.left[user])
        found = np.searchsorted(self._below, user * self._stride + number, side="right")
        item: Codes = number + 1 + found - self.start[user]
        return item


def adagrad(table: Singles, squares: Singles, rows: Codes, slope: Singles, rate: float) -> None:
    """Move the named rows of ``table`` against their slopes, in place.

    Args:
        table: parameters ``(n, d)``.
        squares: sum of squared slopes so far, ``(n, d)``, above 0.
        rows: which rows, ``(b,)``; one that is named twice moves by the sum of its slopes.
        slope: of the loss, ``(b, d)``.
        rate: learning rate.
    """
    unique, place = np.unique(rows, return_inverse=True)
    gather = sparse.csr_array((np.ones(len(rows), np.float32), (place, np.arange(len(rows)))))
    total = gather @ slope
    squares[unique] += total * total
    table[unique] -= rate * total / np.sqrt(squares[unique])
