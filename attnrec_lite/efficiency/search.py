"""The k best of all items, exactly: at once, or from rounded scores first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_floats, whole
from attnrec_lite._topk import top_k
from attnrec_lite.efficiency.quantised import QuantisedTable

PIECE = 2**22  # scores held at a time: 16 MiB
Found = tuple[NDArray[np.int32], NDArray[np.float32]]


def exact_top_k(
    contexts: ArrayLike,
    table: ArrayLike,
    k: int,
    bias: ArrayLike | None = None,
    banned: ArrayLike | None = None,
) -> Found:
    """The k best items for each context, best first; of equal scores the smaller id comes first.

    Args:
        contexts: float ``(batch, d)``.
        table: item vectors ``(N + 1, d)``; row 0, padding, is never found.
        k: how many; more than there are are filled up with id 0 and ``-inf``.
        bias: a number for each item, ``(N + 1,)``.
        banned: ids that a row must not get, ``(batch, n)``, 0 for none.

    Returns:
        Ids, int32, and scores, float32, each ``(batch, k)``.

    Raises:
        ValueError: if shapes do not fit, a number is not finite, or ``k`` is not whole from 1.

    >>> exact_top_k([[1.0, 0.0]], [[0, 0], [1, 0], [3, 0], [2, 0]], k=2)[0]
    array([[2, 3]], dtype=int32)
    """
    q, x, b, ban = checked(contexts, table, bias, banned)
    ids = np.zeros((len(q), whole("k", k)), np.int32)
    best = np.full(ids.shape, -np.inf, np.float32)
    rows, width = max(1, PIECE // len(x)), min(k, len(x) - 1)
    for start in range(0, len(q), rows):
        piece = slice(start, start + rows)
        scores = _finite(q[piece] @ x.T + b)
        scores[:, 0] = -np.inf
        np.put_along_axis(scores, ban[piece], -np.inf, axis=1)
        ids[piece, :width] = top_k(scores, width)
        best[piece, :width] = np.take_along_axis(scores, ids[piece, :width], axis=1)
    ids[np.isneginf(best)] = 0
    return ids, best


def exact_in_two_stages(
    contexts: ArrayLike,
    table: ArrayLike,
    codes: QuantisedTable,
    k: int,
    bias: ArrayLike | None = None,
    banned: ArrayLike | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """The same from a rounded table first; only items that can be among the best are scored again.

    A rounded score is wrong by at most half a step times the summed sizes of the context's entries
    (``formulas.rounded_score_bound``); the k-th best lower end is the bar that upper ends have to
    reach. So the codes alone are read for all items, and the vectors for a few: they may lie on a
    disk, or on another machine. NumPy turns codes into floats first, so nothing gets faster here.

    Args:
        contexts: as for ``exact_top_k``.
        table: as there; only the rows that are scored again are read.
        codes: of the same table.
        k: as there.
        bias: as there.
        banned: as there.

    Returns:
        Ids, scores, and how many items of each row were scored again, int64 ``(batch,)``.

    Raises:
        ValueError: as ``exact_top_k``, or if the codes are of a table of another shape.

    >>> x = np.array([[0, 0], [1, 0], [3, 0], [2, 0]])
    >>> ids, _, again = exact_in_two_stages([[1.0, 0.0]], x, QuantisedTable.of(x), k=2)
    >>> ids, again
    (array([[2, 3]], dtype=int32), array([2]))
    """
    q, x, b, ban = checked(contexts, table, bias, banned)
    if (len(codes), codes.width) != x.shape:
        raise ValueError(
            f"codes: expected those of a table of {x.shape}; received {(len(codes), codes.width)}"
        )
    ids = np.zeros((len(q), whole("k", k)), np.int32)
    best, again = np.full(ids.shape, -np.inf, np.float32), np.zeros(len(q), np.int64)
    # Besides rounding to codes, float32 rounds each of the d products and sums.
    slack = 2.0 ** (codes.bits - 1) * x.shape[1] * np.finfo(np.float32).eps
    width = min(k, len(x) - 1)
    for row, context in enumerate(q):
        rough = codes.scores(context[np.newaxis])[0] + b
        rough[0] = rough[ban[row]] = -np.inf
        off = (0.5 + slack) * np.abs(context).sum() * codes.scales
        off += 2 * np.finfo(np.float32).eps * np.abs(b)
        lower = rough - off
        bar = np.partition(lower, len(lower) - width)[len(lower) - width] if width else np.inf
        some = np.flatnonzero((rough + off >= bar) & (rough > -np.inf))
        exact = _finite(x[some] @ context + b[some])
        order = top_k(exact[np.newaxis], min(k, len(some)))[0] if len(some) else some
        ids[row, : len(order)], best[row, : len(order)] = some[order], exact[order]
        again[row] = len(some)
    return ids, best, again


def top_overlap(found: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """Share of each expected list that another list has, whatever the order.

    Args:
        found: ids ``(batch, any)``, 0 for none.
        expected: ids ``(batch, k)``, 0 for none, none twice in a row.

    Returns:
        Shares ``(batch,)``; 1 where nothing is expected.

    Raises:
        ValueError: if the lists are not matrices of as many rows.

    >>> top_overlap([[1, 2, 3], [7, 0, 0]], [[3, 4], [0, 0]])
    array([0.5, 1. ])
    """
    ours, theirs = np.asarray(found), np.asarray(expected)
    if ours.ndim != 2 or theirs.ndim != 2 or len(ours) != len(theirs):
        raise ValueError(
            "found, expected: expected lists of as many rows; "
            f"received shapes {ours.shape} and {theirs.shape}"
        )
    real = theirs > 0
    hit = (
        np.stack([np.isin(t, o) for t, o in zip(theirs, ours, strict=True)]) if len(ours) else real
    )
    count = real.sum(axis=1)
    return np.where(count > 0, (hit & real).sum(axis=1) / np.maximum(1, count), 1.0)


def checked(
    contexts: ArrayLike, table: ArrayLike, bias: ArrayLike | None, banned: ArrayLike | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Refuse what does not fit, and fill in what is left out."""
    q, x = _singles("contexts", contexts), _singles("table", table)
    if not np.isfinite(q).all():
        raise ValueError("contexts: expected finite numbers; received NaN or inf")
    b = np.zeros(len(x), np.float32) if bias is None else np.asarray(bias, np.float32)
    ban = np.zeros((len(q), 1), np.int64) if banned is None else np.asarray(banned, np.int64)
    if len(x) < 2 or q.shape[1] != x.shape[1]:
        raise ValueError(
            f"table: expected padding and an item or more, of width {q.shape[1]} as contexts have; "
            f"received shape {x.shape}"
        )
    if b.shape != (len(x),) or not np.isfinite(b).all():
        raise ValueError(f"bias: expected {len(x)} finite numbers; received shape {b.shape}")
    if ban.ndim != 2 or len(ban) != len(q) or ((ban < 0) | (ban >= len(x))).any():
        raise ValueError(f"banned: expected {len(q)} rows of ids in 0..{len(x) - 1}")
    return q, x, b, ban


def _singles(name: str, value: ArrayLike) -> NDArray[np.float32]:
    """A float32 matrix, without a copy where it is one already."""
    array = value if isinstance(value, np.ndarray) else as_floats(name, value)
    single = array.astype(np.float32, copy=False)
    if single.ndim != 2:
        raise ValueError(f"{name}: expected a matrix; received shape {single.shape}")
    return single


def _finite(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Refuse NaN where it costs least to find: in the scores, not in all of the table."""
    if not np.isfinite(scores).all():
        raise ValueError("table: expected vectors whose scores are finite; received NaN or inf")
    return scores
