"""A table of item vectors in 8, 4 or 2 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import finite
from attnrec_lite.formulas.low_precision import quantise

STORED = (8, 4, 2)  # bits: so that whole codes fill a byte
BLOCK = 4096  # rows turned into floats at a time


@dataclass(frozen=True, eq=False)
class QuantisedTable:
    """Codes and scales in place of vectors: one scale for each row, or one for all.

    Scores are computed from the codes, some rows at a time, so the floats never stand in memory
    all at once. It saves memory and what is fetched from it; NumPy, which multiplies floats only,
    gets no faster.

    Attributes:
        codes: int8 ``(n, d)`` at 8 bits; else several codes to a byte, uint8 ``(n, bytes)``.
        scale: float32 ``(n,)`` per row, or ``(1,)`` per tensor.
        width: d.
        bits: of a code.
    """

    codes: NDArray[Any]
    scale: NDArray[np.float32]
    width: int
    bits: int

    @classmethod
    def of(cls, table: ArrayLike, bits: int = 8, per: str = "row") -> Self:
        """Round a table.

        Args:
            table: finite, ``(n, d)``.
            bits: 8, 4 or 2.
            per: one scale per ``row``, or one for the ``tensor``.

        Returns:
            The rounded table; a row of zeros stays one.

        Raises:
            ValueError: if a number is NaN or infinite (the message names the first such row), or
                too large for float32, or another argument is unknown.

        >>> QuantisedTable.of([[1.0, 0.5], [0.0, 0.0]]).vectors().round(2)
        array([[1. , 0.5],
               [0. , 0. ]], dtype=float32)
        """
        if bits not in STORED:
            raise ValueError(f"bits: expected one of {STORED}; received {bits!r}")
        x = np.asarray(table)
        bad = np.zeros(0) if x.ndim != 2 or x.dtype.kind != "f" else ~np.isfinite(x).all(axis=1)
        if bad.any():
            raise ValueError(
                f"table: expected finite numbers; received NaN or inf in row {int(bad.argmax())}"
                f" ({int(bad.sum())} of {len(x)} rows)"
            )
        codes, scale = quantise(finite("table", table, 2), bits, per)
        scale = scale[:, 0] if per == "row" else scale[:1, 0]
        if not (scale <= np.finfo(np.float32).max).all():
            raise ValueError("table: expected numbers that float32 holds; received larger ones")
        narrow = scale.astype(np.float32)
        return cls(codes if bits == 8 else _packed(codes, bits), narrow, codes.shape[1], bits)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales."""
        return int(self.codes.nbytes + self.scale.nbytes)

    @property
    def scales(self) -> NDArray[np.float32]:
        """The scale of each row, ``(n,)``."""
        return np.broadcast_to(self.scale, (len(self),))

    def vectors(self, rows: slice | NDArray[np.int64] = slice(None)) -> NDArray[np.float32]:
        """What the codes of some rows stand for, float32 ``(rows, d)``."""
        return self._levels(rows) * self.scales[rows, np.newaxis]

    def scores(self, contexts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Products of contexts ``(batch, d)`` with every row, float32 ``(batch, n)``."""
        found = np.empty((len(contexts), len(self)), np.float32)
        for start in range(0, len(self), BLOCK):
            rows = slice(start, start + BLOCK)
            np.matmul(contexts, self._levels(rows).T, out=found[:, rows])
        found *= self.scales
        return found

    def lost_rows(self) -> NDArray[np.int64]:
        """Rows of which nothing is left but zeros: one huge number elsewhere set their scale."""
        some = [self._levels(slice(s, s + BLOCK)).any(axis=1) for s in range(0, len(self), BLOCK)]
        return np.flatnonzero(~np.concatenate(some))

    def _levels(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        codes = self.codes[rows]
        return (codes if self.bits == 8 else _unpacked(codes, self)).astype(np.float32)


def _packed(codes: NDArray[np.int8], bits: int) -> NDArray[np.uint8]:
    """Several codes to a byte, the first in the lowest bits; all made positive before."""
    each = 8 // bits
    short = np.pad(codes, ((0, 0), (0, -codes.shape[1] % each)))
    shifted = (short + 2 ** (bits - 1)).astype(np.uint8).reshape(len(codes), -1, each)
    joined = np.bitwise_or.reduce(shifted << (bits * np.arange(each, dtype=np.uint8)), axis=2)
    return np.asarray(joined, np.uint8)


def _unpacked(codes: NDArray[np.uint8], table: QuantisedTable) -> NDArray[np.int8]:
    """The inverse of ``_packed``."""
    each, middle = 8 // table.bits, 2 ** (table.bits - 1)
    shifts = table.bits * np.arange(each, dtype=np.uint8)
    parts = (codes[:, :, np.newaxis] >> shifts) & np.uint8(2**table.bits - 1)
    return parts.reshape(len(codes), -1)[:, : table.width].astype(np.int8) - np.int8(middle)
