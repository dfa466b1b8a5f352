"""What several click networks share: vectors of items and of circumstances, and the last layers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data._codes import as_vector, check_ids
from attnrec_lite.data.clicks import Clicks
from attnrec_lite.models._together import Together, dense, rows_of

HIDDEN = 16  # height of the hidden layer that reads everything
FIRST = 0.25  # deviation of first vectors; an item's own starts smaller than its group's
OWN = 0.3


class ItemNetwork(Together):
    """A network that knows items, their groups, and circumstances.

    The vector of an item is its own plus that of its group: what goods of one category have in
    common is learned from all of them at once.

    Args:
        groups: group of each item, ``(N + 1,)``.
        sizes: codes of each field.
        width: of an item's vector.
        seeds: one for each copy.
    """

    def __init__(
        self, groups: NDArray[np.int64], sizes: list[int], width: int, seeds: list[int]
    ) -> None:
        super().__init__(seeds)
        self.width, self.groups, self.fields = width, groups, len(sizes)
        self.own = self.weight("own", len(groups), width, deviation=FIRST * OWN)
        self.shared = self.weight("shared", int(groups.max()) + 1, width, deviation=FIRST)
        if sizes:
            self.levels = self.weight("levels", sum(sizes), width, deviation=FIRST)

    def table(self) -> tf.Tensor:
        """Vector of every item, ``(copies, N + 1, d)``."""
        shared = tf.gather(self.shared, self.groups, axis=1)
        return shared + tf.cast(self.own, shared.dtype)

    def head(self, inputs: int) -> None:
        """Make the last two layers."""
        width = inputs * self.width + self.fields * self.width
        self.hidden, self.out = self.dense("hidden", width, HIDDEN), self.dense("out", HIDDEN, 1)

    def score(self, parts: list[tf.Tensor], x: dict[str, tf.Tensor]) -> tf.Tensor:
        """Log odds ``(copies, ...)`` of vectors ``(copies, ..., d)`` and the circumstances."""
        if self.fields:
            level = rows_of(self.levels, x["features"])  # (copies, ..., fields, d)
            shape = tf.concat([tf.shape(level)[:-2], [self.fields * self.width]], 0)
            parts = [*parts, tf.reshape(level, shape)]
        return dense(tf.nn.relu(dense(tf.concat(parts, -1), self.hidden)), self.out)[..., 0]


def check_groups(groups: ArrayLike | None, n_items: int) -> NDArray[np.int64]:
    """Return the group of each item, codes from 0; one for all where none are given.

    Raises:
        ValueError: if there is not one for each item and for padding.
    """
    if groups is None:
        return np.zeros(n_items + 1, np.int64)
    given = as_vector("groups", groups)
    if len(given) != n_items + 1:
        raise ValueError(
            f"groups: expected {n_items + 1}, one for padding and each item; received {len(given)}"
        )
    padded = np.where(np.arange(n_items + 1) > 0, given, 0)  # padding may have any code, even -1
    return check_ids("groups", padded, 2**31 - 1)


def check_fields(fields: Mapping[str, int] | None) -> dict[str, int]:
    """Return names of fields and how many codes each has.

    Raises:
        ValueError: if a number is not whole or below 1.
    """
    return {str(name): whole(f"fields[{name!r}]", size) for name, size in (fields or {}).items()}


def features_of(rows: Clicks, fields: Mapping[str, int]) -> NDArray[np.int32]:
    """The columns of some fields, as numbers of rows in one table for all levels.

    Raises:
        ValueError: if the table lacks a field or has another number of codes for it.
    """
    columns, first = [], 0
    for name, size in fields.items():
        if rows.sizes.get(name) != size:
            raise ValueError(
                f"fields: expected {name!r} with {size} codes; the table has {rows.sizes}"
            )
        columns.append(rows.features[:, list(rows.fields).index(name)] + first)
        first += size
    found = np.zeros((len(rows), 0), np.int32) if not columns else np.stack(columns, axis=1)
    return found.astype(np.int32)
