"""Rows of a sequence model: hidden places, several users in one row, distances, one new click.

Explained in the chapter "Sequences".
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, inside, whole

_Ints = NDArray[np.int64]


def cloze(ids: ArrayLike, share: float, mask_id: int, rng: Generator) -> tuple[_Ints, _Ints]:
    r"""Hide some items and ask for them: the input and targets of equation (11.11).

    $-\frac{1}{|M|}\sum_{m \in M} \ln P(i_m \mid S_{\setminus M})$: a hidden place may look to both
    sides, since what it is asked for is not there any more.

    Args:
        ids: item ids, 0 for padding, shape ``(rows, n)``.
        share: chance of an item to be hidden, in (0, 1). In a row of which none was drawn, the
            newest item is hidden, so that each row that holds an item asks something.
        mask_id: the id that says *hidden*, above every item.
        rng: draws what is hidden.

    Returns:
        The ids with ``mask_id`` in the hidden places, and what stood there, 0 elsewhere.

    Raises:
        ValueError: if the shapes do not fit, or ``share`` or ``mask_id`` is out of range.

    Layer: none; ``training.ClozeBatches`` hides before the network reads.
    Source: Sun et al. (2019).

    >>> cloze([[0, 3, 5]], 1e-9, mask_id=6, rng=np.random.default_rng(0))
    (array([[0, 3, 6]]), array([[0, 0, 5]]))
    """
    i = np.asarray(ids)
    if i.ndim != 2 or (i.size and i.dtype.kind not in "iu"):
        raise ValueError(
            f"ids: expected whole numbers (rows, length); received {i.dtype} {i.shape}"
        )
    if whole("mask_id", mask_id) <= i.max(initial=0):
        raise ValueError(f"mask_id: expected more than any id, {i.max()}; received {mask_id}")
    real = i > 0
    hidden = (rng.random(i.shape) < inside("share", share)) & real
    newest = real & (np.cumsum(real, axis=1) == real.sum(axis=1, keepdims=True))
    hidden |= newest & ~hidden.any(axis=1, keepdims=True)
    return np.where(hidden, mask_id, i).astype(np.int64), np.where(hidden, i, 0).astype(np.int64)


def visible_in_piece(segments: ArrayLike) -> NDArray[np.bool_]:
    r"""Who may see whom in a packed row: equation (11.12), $m_{ij} = [g_i = g_j > 0][j \le i]$.

    Args:
        segments: $g$, number of the piece of each slot, 0 where empty, shape ``(..., n)``.

    Returns:
        Booleans ``(..., n, n)``: row i is the query, column j the key.

    Raises:
        ValueError: if ``segments`` holds no whole numbers from 0.

    Layer: none; it is a table of booleans, ``data.packed_mask``, that every layer is handed.
    Source: Krell et al. (2021).

    >>> visible_in_piece([1, 1, 2]).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [0, 0, 1]])
    """
    piece = np.asarray(segments)
    if piece.ndim == 0 or piece.dtype.kind not in "iu" or piece.min(initial=0) < 0:
        raise ValueError(
            "segments: expected whole numbers from 0, shape (..., length); "
            f"received {piece.dtype} of shape {piece.shape}"
        )
    query, key = piece[..., :, np.newaxis], piece[..., np.newaxis, :]
    past = np.tri(piece.shape[-1], dtype=bool)
    return np.asarray((query == key) & (query > 0) & past)


def distance_scores(queries: ArrayLike, keys: ArrayLike, numbers: ArrayLike) -> Floats:
    r"""Order told by a number for each distance: equation (11.13), $s_{ij} + b_{i-j}$.

    $s_{ij} = q_i^\top k_j / \sqrt{d_k} + b_{i-j}$. The tokens themselves hold no place, so a key
    stays what it is when clicks are added after it.

    Args:
        queries: shape ``(n, d_k)``, oldest first.
        keys: shape ``(n, d_k)``.
        numbers: $b$, the first for an item and itself, the next for its neighbour before it, shape
            ``(n or more,)``.

    Returns:
        Scores, shape ``(n, n)``; above the diagonal, where j comes after i, minus infinity.

    Raises:
        ValueError: if the shapes do not fit or the numbers do not suffice.

    Layer: none; ``models.SASRec`` hands the numbers to its blocks as a bias of the scores.
    Source: Shaw et al. (2018), Raffel et al. (2020).

    >>> distance_scores([[0], [0], [0]], [[1], [1], [1]], [0, -1, -2])
    array([[  0., -inf, -inf],
           [ -1.,   0., -inf],
           [ -2.,  -1.,   0.]])
    """
    q, k = as_floats("queries", queries, 2), as_floats("keys", keys, 2)
    b, n = as_floats("numbers", numbers, 1), len(q)
    if k.shape != q.shape or 0 in q.shape:
        raise ValueError(f"keys: expected shape {q.shape}, as queries has; received {k.shape}")
    if len(b) < n:
        raise ValueError(f"numbers: expected {n} or more; received {len(b)}")
    i, j = np.indices((n, n))
    scores = q @ k.T / np.sqrt(q.shape[1]) + b[np.maximum(i - j, 0)]
    return np.where(j <= i, scores, -np.inf)


def click_cost(n: int, width: int, inner: int, blocks: int) -> dict[str, int]:
    r"""Multiply-adds for a click with cached keys and values, and without: equation (11.14).

    One token costs $c = 4d^2 + 2d\,d_{in}$ in the matrices of a block and $2nd$ for looking. With a
    cache only the new token is computed, in each of $B$ blocks: $B\,(c + 2nd)$. Without one, all
    $n$ are: $B\,(nc + 2n^2d)$, $n$ times as much.

    Args:
        n: length of the history, the new click included.
        width: $d$.
        inner: $d_{in}$, width inside the feed-forward step.
        blocks: $B$.

    Returns:
        ``cached`` and ``recomputed``; the norms and the readout are left out.

    Raises:
        ValueError: if a number is no whole number from 1.

    Layer: none; it counts operations, nothing to train.
    Source: ours, from equation (3.9) for each block.

    >>> click_cost(n=50, width=64, inner=64, blocks=2)
    {'cached': 61952, 'recomputed': 3097600}
    """
    given = {"n": n, "width": width, "inner": inner, "blocks": blocks}
    n, d, inner, blocks = (whole(name, value) for name, value in given.items())
    one = 4 * d**2 + 2 * d * inner + 2 * n * d
    return {"cached": blocks * one, "recomputed": blocks * n * one}
