"""Checks of arguments: an error names the argument, what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LARGEST = float(np.finfo(np.float64).max)


def as_floats(name: str, value: ArrayLike, ndim: int | None = None) -> Floats:
    """Return ``value`` as a float64 array, of ``ndim`` axes if that is given."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers; received {value!r:.80}") from None
    if ndim is not None and array.ndim != ndim:
        kind = {1: "a vector", 2: "a matrix"}.get(ndim, f"an array of {ndim} axes")
        raise ValueError(f"{name}: expected {kind}; received shape {array.shape}")
    return array


def same_width(name: str, array: NDArray[Any], other_name: str, other: NDArray[Any]) -> None:
    """Refuse two arrays whose last axes differ in length."""
    if array.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"{other_name}: expected width {array.shape[-1]}, as {name} has; "
            f"received shape {other.shape}"
        )


def on_axis(axis: int, array: NDArray[Any], name: str) -> int:
    """Refuse an axis that ``array`` does not have."""
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis: expected one of the {array.ndim} of {name}; received {axis}")
    return axis


def one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    """Refuse a word that is not in the list."""
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(allowed)}; received {value!r}")
    return value


def positive(name: str, value: float) -> float:
    """Refuse what is not a finite number above zero."""
    plain = value.item() if isinstance(value, np.number) else value
    # Whole numbers may be larger than NumPy's.
    if not isinstance(plain, int | float) or not 0 < plain <= LARGEST:
        raise ValueError(f"{name}: expected a finite number above 0; received {value!r}")
    return float(value)


def whole(name: str, value: int, least: int = 1) -> int:
    """Refuse what is not an integer of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: expected an integer of at least {least}; received {value!r}")
    return int(value)


def as_ids(name: str, value: ArrayLike, n_items: int, least: int = 0) -> NDArray[np.int32]:
    """Return item ids as an int32 matrix with entries in ``least..n_items``."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different length
        raise ValueError(f"{name}: expected rows of one length; received {value!r:.80}") from None
    if array.ndim != 2:
        raise ValueError(f"{name}: expected shape (batch, length); received shape {array.shape}")
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(f"{name}: expected integer item ids; received {array.dtype}")
    outside = (array < least) | (array > n_items)
    if outside.any():
        raise ValueError(
            f"{name}: expected ids in {least}..{n_items}; received {array[outside][0]}"
            f" ({int(outside.sum())} of {array.size} outside)"
        )
    return array.astype(np.int32)


def as_history(value: ArrayLike, n_items: int) -> NDArray[np.int32]:
    """Return a history: ids in ``0..N``, left-padded with 0, newest item last."""
    history = as_ids("history", value, n_items)
    if history.shape[1] == 0:  # nobody has looked at anything: one column of padding says the same
        return np.zeros((len(history), 1), np.int32)
    if np.any((history[:, :-1] > 0) & (history[:, 1:] == 0)):
        raise ValueError(
            "history: expected padding (0) on the left only; received a 0 after an item"
        )
    return history


def zeros_and_ones(name: str, value: ArrayLike, ndim: int | None = None) -> Floats:
    """Return ``value`` as float64 after checking that it holds 0 and 1 only."""
    array = as_floats(name, value, ndim)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError(f"{name}: expected 0 and 1 only; received {_other(array)}")
    return array


def _other(array: Floats) -> float:
    return float(array[~np.isin(array, (0.0, 1.0))][0])


def share_of_one(name: str, value: float) -> float:
    """Refuse what is not a number in [0, 1]."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or not 0 <= value <= 1:
        raise ValueError(f"{name}: expected a number in [0, 1]; received {value!r}")
    return float(value)


def finite(name: str, value: ArrayLike, ndim: int | None = None, least: int = 1) -> Floats:
    """Return ``value`` as float64 of at least ``least`` rows, all finite."""
    array = as_floats(name, value, ndim)
    if array.ndim and len(array) < least:
        raise ValueError(f"{name}: expected at least {least}; received {len(array)}")
    if not np.isfinite(array).all():  # a NaN must not pass for "no difference"
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
        raise ValueError(f"{name}: expected a number above 0 and below 1; received {value!r}")
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


def not_negative(name: str, value: ArrayLike) -> Floats:
    """Return finite numbers from 0, of any shape, as float64."""
    array = finite(name, value, least=0)
    if (array < 0).any():
        raise ValueError(f"{name}: expected numbers from 0; received {array.min():g}")
    return array


def in_unit(name: str, value: ArrayLike) -> Floats:
    """Return numbers in [0, 1], of any shape, as float64."""
    array = finite(name, value, least=0)
    if ((array < 0) | (array > 1)).any():
        raise ValueError(
            f"{name}: expected numbers in [0, 1]; received {array.min():g} to {array.max():g}"
        )
    return array


def same_shape(name: str, array: NDArray[Any], other_name: str, other: NDArray[Any]) -> None:
    """Refuse two arrays of different shape."""
    if array.shape != other.shape:
        raise ValueError(
            f"{other_name}: expected shape {array.shape}, as {name} has; received {other.shape}"
        )
