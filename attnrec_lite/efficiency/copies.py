"""Copies of a model whose learned numbers are changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.efficiency.quantised import QuantisedTable
from attnrec_lite.models.base import Recommender

Kind = TypeVar("Kind", bound=Recommender)


def changed(model: Kind, change: Callable[[str, NDArray[Any]], NDArray[Any]]) -> Kind:
    """A copy of a model, each of whose arrays is what a function makes of it.

    Args:
        model: any recommender of the contract; it stays as it is.
        change: name and array to an array of the same shape.
    """
    copy = type(model)(model.items, **model.config())
    copy._set_arrays({name: change(name, array) for name, array in model._arrays().items()})
    return copy


def rounded(model: Kind, bits: int = 8, per: str = "row", name: str = "table") -> Kind:
    """A copy whose item vectors are those that a quantised table stands for.

    The copy computes with floats: it shows what rounding does to quality, where items are read and
    where they are scored. ``QuantisedTable`` is what saves the memory.

    Args:
        model: one that has learned a table of that name, such as ``SASRec`` or ``BPR``.
        bits: 8, 4 or 2.
        per: one scale per ``row``, or one for the ``tensor``.
        name: of the array.

    Returns:
        The copy.

    Raises:
        ValueError: if the model has no such matrix, or as ``QuantisedTable.of``.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import BPR
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> rounded(BPR(log.items, width=4).fit(log)).recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """
    table = QuantisedTable.of(_matrix(model, name), bits, per).vectors()
    return changed(model, lambda n, array: table if n == name else array)


def factorised(model: Kind, rank: int, name: str = "table") -> Kind:
    """A copy whose item vectors are the nearest that two narrow matrices can make.

    Args:
        model: one that has learned a matrix of that name.
        rank: of the factors; ``formulas.factor_parameters`` says what they hold.
        name: of the array.

    Returns:
        The copy, which holds the product of the factors: it shows what they do to quality.

    Raises:
        ValueError: if the model has no such matrix, or the rank is not in 1..width.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import BPR
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> int(np.linalg.matrix_rank(factorised(BPR(log.items, width=4).fit(log), 2).table))
    2
    """
    table = _matrix(model, name)
    if whole("rank", rank) > min(table.shape):
        raise ValueError(f"rank: expected at most {min(table.shape)}; received {rank}")
    u, sigma, v = np.linalg.svd(table.astype(np.float64), full_matrices=False)
    near = ((u[:, :rank] * sigma[:rank]) @ v[:rank]).astype(table.dtype)
    return changed(model, lambda n, array: near if n == name else array)


def in_half_precision(model: Kind) -> Kind:
    """A copy whose learned numbers are those that float16 can hold: half of the bytes.

    Args:
        model: any recommender of the contract.

    Returns:
        The copy, which computes with float32 as before.

    Raises:
        ValueError: if a number is beyond 65504, the largest of float16; the message names its
            array.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import EASE
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 3], [1, 2, 1, 2, 1])
    >>> float(in_half_precision(EASE(log.items, penalty=1).fit(log)).weights[1, 2])
    0.66650390625
    """

    def half(name: str, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype.kind != "f":
            return array
        with np.errstate(over="ignore"):
            short = array.astype(np.float16)
        if not np.isfinite(short).all():
            raise ValueError(f"{name}: expected numbers up to 65504; received larger ones or NaN")
        return short.astype(array.dtype)

    return changed(model, half)


def _matrix(model: Recommender, name: str) -> NDArray[Any]:
    """A learned matrix by its name."""
    arrays = model._arrays()
    if name not in arrays or arrays[name].ndim != 2:
        raise ValueError(
            f"model: expected one with a matrix {name!r}; {model.name} has {sorted(arrays)}"
        )
    return arrays[name]
