"""One signal about each item: a row of numbers, a bag of codes, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data._codes import read_only

IDS = "id"  # the modality that every catalogue has: which item it is


@dataclass(frozen=True, eq=False, repr=False)
class Modality:
    """One signal about each item: a row of numbers, or a bag of codes.

    ``of_vectors`` and ``of_labels`` make one from what stands in a table.

    Attributes:
        name: such as ``"text"``; ``"id"`` is taken.
        values: row 0 is for padding. Numbers, float32 ``(N + 1, f)``; or codes 1..C, int32
            ``(N + 1, most)``, 0 where an item has fewer.
        known: True where the item has this signal, ``(N + 1,)``; rows of the others are 0.
        labels: what the codes 1..C stand for; empty for numbers.

    Raises:
        ValueError: if a shape does not fit, a number is not finite or a code has no label.

    >>> Modality.of_labels("genre", [("War", "Drama"), (), ("Drama",)])
    Modality(genre: 2 codes, at most 2 an item, known for 2 of 3 items)
    """

    name: str
    values: NDArray[Any]
    known: NDArray[np.bool_]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the shapes and the entries."""
        if not isinstance(self.name, str) or not self.name.strip() or self.name == IDS:
            raise ValueError(f"name: expected a word other than {IDS!r}; received {self.name!r}")
        values, known = np.asarray(self.values), np.asarray(self.known)
        if values.ndim != 2 or not values.shape[1]:
            raise ValueError(f"{self.name}: expected shape (N + 1, width); received {values.shape}")
        if known.dtype != bool or known.shape != (len(values),):
            raise ValueError(
                f"{self.name}: expected {len(values)} booleans as known; "
                f"received {known.dtype} of shape {known.shape}"
            )
        if not np.isfinite(values[known]).all():
            item = np.flatnonzero(known & ~np.isfinite(values).all(axis=1))[0]
            raise ValueError(f"{self.name}: expected finite numbers; item {item} has NaN or inf")
        if known[:1].any():
            raise ValueError(f"{self.name}: expected nothing in row 0, which is padding")
        if self.labels and (values.min() < 0 or values.max() > len(self.labels)):
            raise ValueError(
                f"{self.name}: expected codes in 0..{len(self.labels)}; "
                f"received {values.min()} to {values.max()}"
            )
        clean = np.where(known[:, None], values, 0).astype(np.int32 if self.labels else np.float32)
        object.__setattr__(self, "values", read_only(clean))
        object.__setattr__(self, "known", read_only(known))

    @classmethod
    def of_vectors(cls, name: str, vectors: ArrayLike, known: ArrayLike | None = None) -> Modality:
        """A row of numbers for each item, such as a pretrained encoder gives.

        Args:
            name: of the modality.
            vectors: shape ``(N, f)``, the first row for item 1; what stands in a row that is not
                known is not looked at.
            known: True where there is a row, shape ``(N,)``; all by default.

        Raises:
            ValueError: if the shapes do not fit, or a known row holds NaN or inf.
        """
        try:
            rows = np.asarray(vectors, np.float32)
        except (TypeError, ValueError):
            raise ValueError(f"{name}: expected numbers; received {vectors!r:.60}") from None
        if rows.ndim != 2:
            raise ValueError(f"{name}: expected shape (N, width); received {rows.shape}")
        there = np.ones(len(rows), bool) if known is None else np.asarray(known)
        if there.dtype != bool or there.shape != rows.shape[:1]:
            raise ValueError(
                f"{name}: expected {len(rows)} booleans as known; received shape {there.shape}"
            )
        return cls(name, np.pad(rows, ((1, 0), (0, 0))), np.concatenate([[False], there]))

    @classmethod
    def of_labels(cls, name: str, labels: Sequence[Collection[str]], at_least: int = 1) -> Modality:
        """A bag of words for each item: genres, directors, a category.

        Args:
            name: of the modality.
            labels: for each item its labels; one that is repeated counts once.
            at_least: leave out labels of fewer items: a director of one film says nothing about
                another.

        Raises:
            ValueError: if labels are a text and not a collection of texts, or none is left.
        """
        if any(isinstance(bag, str) for bag in labels):
            raise ValueError(f"{name}: expected a collection of labels for each item, not one text")
        bags = [set(bag) for bag in labels]
        every, counts = np.unique([label for bag in bags for label in bag], return_counts=True)
        kept = every[counts >= at_least].tolist()
        if not kept:
            raise ValueError(f"{name}: expected a label of at least {at_least} items; found none")
        code = {label: number for number, label in enumerate(kept, start=1)}
        found = [sorted(code[label] for label in bag if label in code) for bag in bags]
        values = np.zeros((len(bags) + 1, max(map(len, found))), np.int32)
        for row, codes in zip(values[1:], found, strict=True):
            row[: len(codes)] = codes
        return cls(name, values, values[:, 0] > 0, tuple(kept))

    @property
    def width(self) -> int:
        """How many numbers, or at most how many codes, an item has."""
        return int(self.values.shape[1])

    def __repr__(self) -> str:
        """Show what it holds and for how many items."""
        kind = f"{self.width:,} number{'' if self.width == 1 else 's'}"
        if self.labels:
            kind = f"{len(self.labels):,} codes, at most {self.width} an item"
        items = f"known for {np.count_nonzero(self.known):,} of {len(self.known) - 1:,} items"
        return f"Modality({self.name}: {kind}, {items})"
