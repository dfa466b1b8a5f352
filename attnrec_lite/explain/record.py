"""What a model looked at: attention weights that carry the names of their axes.

A bare array of weights invites mistakes: which axis sums to one, which head is drawn, is slot 3 the
third film or padding? An ``AttentionRecord`` answers these itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import as_ids
from attnrec_lite.data.vocabulary import Vocabulary

TOLERANCE = 1e-3  # how far from 1 the weights of one query may sum: float16 needs this much


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """Attention weights, the name of each axis, and the items that were looked at.

    Attributes:
        weights: float32; the first axis is ``"user"``, the last is ``"key"``.
        axes: one name per axis of ``weights``, such as ``("user", "head", "key")``.
        keys: item ids that were looked at, int32 ``(user, key)``; 0 is padding.
        query: in words, who asks: "the newest item", say.
        items: the vocabulary, for titles.
        over: the axis whose members compete for one unit of attention: the keys, or
            ``"interest"`` where several interests share out each key among them.

    Raises:
        ValueError: if names, shapes or sums do not fit: the weights sum to 1 along ``over``, or to
            0 where nothing was looked at, and padding has none.

    >>> goods = Vocabulary(np.array([1, 2]), np.array(["kettle", "teapot"]))
    >>> record = AttentionRecord(np.array([[0.0, 0.25, 0.75]]), ("user", "key"),
    ...                          np.array([[0, 1, 2]]), "the newest item", goods)
    >>> record.top(user=0)
    [('teapot', 0.75), ('kettle', 0.25)]
    """

    weights: NDArray[np.float32]
    axes: tuple[str, ...]
    keys: NDArray[np.int32]
    query: str
    items: Vocabulary
    over: str = "key"

    def __post_init__(self) -> None:
        """Refuse a record that would mislead."""
        w = np.asarray(self.weights, np.float32)
        keys = as_ids("keys", self.keys, len(self.items))
        if len(self.axes) != w.ndim or self.axes[0] != "user" or self.axes[-1] != "key":
            raise ValueError(
                f"axes: expected {w.ndim} names from 'user' to 'key'; received {self.axes}"
            )
        if keys.shape != (w.shape[0], w.shape[-1]):
            raise ValueError(
                f"keys: expected shape {(w.shape[0], w.shape[-1])}; received {keys.shape}"
            )
        if self.over not in self.axes[1:]:
            raise ValueError(f"over: expected one of {self.axes[1:]}; received {self.over!r}")
        total = w.sum(axis=self.axes.index(self.over))
        whole = (np.abs(total - 1) < TOLERANCE) | (np.abs(total) < TOLERANCE)
        if not whole.all() or (w < 0).any():
            raise ValueError(f"weights: expected shares that sum to 1 (or 0) over the {self.over}s")
        padding = np.expand_dims(keys == 0, tuple(range(1, w.ndim - 1)))
        if np.abs(np.where(padding, w, 0)).max(initial=0.0) > 0:
            raise ValueError("weights: expected 0 at padding; some padding is attended to")
        object.__setattr__(self, "weights", w)
        object.__setattr__(self, "keys", keys)

    def __len__(self) -> int:
        """How many users the record holds."""
        return len(self.weights)

    def select(self, user: int, **others: int) -> NDArray[np.float32]:
        """The weights of one user and, where there are several, of one head, query, interest...

        Args:
            user: the row.
            others: a number for each other axis, by name. An axis of length 1 may be left out; a
                longer one may not: averaging heads in silence is how heat maps mislead.

        Returns:
            Weights over the keys, shape ``(key,)``.

        Raises:
            ValueError: if an axis is unknown, left out or out of range.
        """
        index: list[Any] = []
        unknown = set(others) - set(self.axes[1:-1])
        if unknown:
            raise ValueError(f"axes are {self.axes}; received {', '.join(sorted(unknown))}")
        for name, size in zip(self.axes[:-1], self.weights.shape[:-1], strict=True):
            place = user if name == "user" else others.get(name, 0 if size == 1 else None)
            if place is None or not -size <= place < size:
                raise ValueError(f"{name}: expected a number in 0..{size - 1}; received {place}")
            index.append(place)
        return np.asarray(self.weights[tuple(index)])

    def top(self, user: int, n: int | None = None, **others: int) -> list[tuple[str, float]]:
        """Titles and weights of one user, the most attended first.

        Args:
            user: the row.
            n: how many; None for every real item.
            others: as for ``select``.

        Returns:
            Pairs of title and weight; ties keep the newest first; padding is left out.

        Raises:
            ValueError: as for ``select``.
        """
        weights, keys = self.select(user, **others), self.keys[user]
        newest_first = np.flatnonzero(keys > 0)[::-1]
        order = newest_first[np.argsort(-weights[newest_first], kind="stable")][:n]
        titles = self.items.title(keys[order])
        return [(str(t), float(w)) for t, w in zip(titles, weights[order], strict=True)]
