"""Questions to any model: which input reaches which output, and does the order count?

A probe edits one thing and watches what moves. It needs no gradients, no names of layers and no
labels, only a callable from histories to one answer per position, so the same probe serves a
formula in NumPy, a Keras layer and a trained recommender. The future leak is the fault that it
is for: a wrong mask raises no error, and the final metric may not show it.

Explained in the chapter "Queries, keys and values".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, whole

Answer = Callable[[Any], Any]
Edit = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


def influence(
    answer: Answer, history: ArrayLike, edit: Edit | None = None, tries: int = 2, seed: int = 0
) -> Floats:
    """How far output t moves when input s alone is edited, in every row of the batch at once.

    Args:
        answer: from a history to an array ``(batch, length, ...)``, one answer per position. Turn
            training behaviour on inside it if that is what you want to test: a batch norm leaks in
            training only.
        history: item ids, integers ``(batch, length)`` with 0 for padding, which is never edited;
            or vectors, floats ``(batch, length, width)``.
        edit: takes one column of the history, ``(batch, ...)``, and a random generator, and returns
            it changed. None: ids become other ids of this history, vectors get noise as large as
            their spread.
        tries: how many edits of each place; the largest change counts.
        seed: of the edits.

    Returns:
        Shape ``(length, length)``: in row t and column s the largest change of output t. For a
        causal model everything above the diagonal is exactly 0.0 on a CPU.

    Raises:
        ValueError: if the history has the wrong shape, the answer is not one finite number or
            vector per position, or ``edit`` returns another kind of numbers.

    >>> def sums(x): return np.cumsum(x, axis=1)               # answer t reads inputs up to t
    >>> influence(sums, np.ones((1, 3, 1)), edit=lambda column, rng: column + 1)
    array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 1., 1.]])
    """
    x, rng = _history(history), np.random.default_rng(seed)
    change = edit or (_other_ids(x) if x.dtype.kind in "iu" else _noise(x))
    before = _per_position(answer, x)
    length = x.shape[1]
    moved = np.zeros((length, length))
    for s in range(length):
        for _ in range(whole("tries", tries)):
            edited = x.copy()
            column = np.asarray(change(x[:, s].copy(), rng))
            if column.dtype.kind != x.dtype.kind:
                raise ValueError(f"edit: expected {x.dtype}, as history; returned {column.dtype}")
            edited[:, s] = column
            if x.dtype.kind in "iu":
                edited[:, s] = np.where(x[:, s] > 0, edited[:, s], 0)
            far = np.abs(_per_position(answer, edited) - before)
            moved[:, s] = np.maximum(moved[:, s], far.max(axis=(0, *range(2, far.ndim)), initial=0))
    return moved


def future_leak(
    answer: Answer, history: ArrayLike, edit: Edit | None = None, tries: int = 2, seed: int = 0
) -> float:
    """The largest change of an output when something after it is edited: 0.0 in a causal model.

    Args:
        answer: as for ``influence``.
        history: as for ``influence``.
        edit: as for ``influence``.
        tries: as for ``influence``.
        seed: as for ``influence``.

    Raises:
        ValueError: as for ``influence``.

    >>> def centred(x): return x - x.mean(axis=1, keepdims=True)    # a statistic over time
    >>> future_leak(centred, np.ones((1, 4, 1)), edit=lambda column, rng: column + 1)
    0.25
    """
    return float(np.triu(influence(answer, history, edit, tries, seed), k=1).max(initial=0.0))


def order_change(answer: Answer, history: ArrayLike, tries: int = 5, seed: int = 0) -> float:
    """How far the last output moves when what came before the newest item changes its order.

    Args:
        answer: as for ``influence``.
        history: as for ``influence``; of ids, only real ones change places.
        tries: how many random orders; the largest change counts.
        seed: of the orders.

    Returns:
        About 0 (rounding: sums are taken in another order) where the past is a set to the model.

    Raises:
        ValueError: as for ``influence``.

    >>> order_change(lambda x: np.cumsum(x, axis=1), np.random.default_rng(0).normal(size=(2, 5, 1))
    ...     ) < 1e-12
    True
    """
    x, rng = _history(history), np.random.default_rng(seed)
    before, most = _per_position(answer, x)[:, -1], 0.0
    for _ in range(whole("tries", tries)):
        mixed = x.copy()
        for row, source in zip(mixed, x, strict=True):
            past = np.arange(x.shape[1] - 1)
            past = past[source[:-1] > 0] if x.ndim == 2 else past
            row[past] = source[rng.permutation(past)]
        far = np.abs(_per_position(answer, mixed)[:, -1] - before)
        most = max(most, float(far.max(initial=0.0)))
    return most


def _history(history: ArrayLike) -> NDArray[Any]:
    x = np.asarray(history)
    ids, vectors = x.ndim == 2 and x.dtype.kind in "iu", x.ndim == 3 and x.dtype.kind == "f"
    if not (ids or vectors) or 0 in x.shape[:2]:
        raise ValueError(
            "history: expected integer ids (batch, length) or float vectors (batch, length, "
            f"width); received {x.dtype} of shape {x.shape}"
        )
    return x


def _per_position(answer: Answer, x: NDArray[Any]) -> Floats:
    found = np.asarray(answer(x), np.float64)
    if found.shape[:2] != x.shape[:2]:
        raise ValueError(
            f"answer: expected shape {x.shape[:2]} and more, one answer per position; "
            f"received shape {found.shape}"
        )
    if not np.isfinite(found).all():
        raise ValueError("answer: expected finite numbers; received NaN or inf")
    return found


def _other_ids(x: NDArray[Any]) -> Edit:
    known = np.unique(x[x > 0])
    if len(known) < 2:
        raise ValueError("history: expected two different items or more; nothing can be exchanged")

    def edit(column: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Every id becomes another of the known ones, none stays."""
        steps = rng.integers(1, len(known), size=len(column))
        return np.asarray(known[(np.searchsorted(known, column) + steps) % len(known)])

    return edit


def _noise(x: NDArray[Any]) -> Edit:
    spread = float(x.std()) or 1.0

    def edit(column: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Every vector gets noise as large as the spread of all."""
        return np.asarray(column + rng.normal(scale=spread, size=column.shape), column.dtype)

    return edit
