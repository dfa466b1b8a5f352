"""Checks that the statistics of experiments share: a NaN must not pass for "no difference"."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats


def finite(name: str, value: ArrayLike, ndim: int | None = None, least: int = 1) -> Floats:
    """Return ``value`` as float64 of at least ``least`` rows, all finite."""
    array = as_floats(name, value, ndim)
    if array.ndim and len(array) < least:
        raise ValueError(f"{name}: expected at least {least}; received {len(array)}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers; received NaN or inf")
    return array


def counts(name: str, value: ArrayLike, ndim: int | None = None, least: int = 1) -> Floats:
    """Return whole numbers from 0 as float64."""
    array = finite(name, value, ndim, least)
    wrong = (array < 0) | (array != np.floor(array))
    if wrong.any():
        raise ValueError(f"{name}: expected counts, 0, 1, 2, ...; received {array[wrong].flat[0]}")
    return array


def inside(name: str, value: float) -> float:
    """Refuse what does not lie strictly between 0 and 1."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or not 0 < value < 1:
        raise ValueError(f"{name}: expected a number between 0 and 1; received {value!r}")
    return float(value)


def same_length(name: str, array: Floats, other_name: str, other: Floats) -> None:
    """Refuse two arrays with another number of rows."""
    if len(array) != len(other):
        raise ValueError(
            f"{other_name}: expected {len(array)} rows, as {name} has; received {len(other)}"
        )


def chances(name: str, value: ArrayLike) -> Floats:
    """Return a matrix whose rows are not negative and sum to 1."""
    p = finite(name, value, 2)
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-6):
        raise ValueError(
            f"{name}: expected rows of chances that sum to 1; received a row with sum "
            f"{p.sum(axis=1)[np.abs(p.sum(axis=1) - 1).argmax()]:.4g} or a negative entry"
        )
    return p
