"""Attention of many queries at once: projections, who sees whom, the weighted sums, several heads.

Capital letters of the equations hold one vector per row. Leading axes, such as a batch, go through
unchanged. Explained in the chapter "Queries, keys and values".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, same_width, whole
from attnrec_lite.formulas.weights import masked_softmax, softmax


def project(
    tokens: ArrayLike,
    query_matrix: ArrayLike,
    key_matrix: ArrayLike,
    value_matrix: ArrayLike,
    memory: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    r"""Three roles for the same rows: equation (3.1), $Q = X W_Q$, $K = H W_K$, $V = H W_V$.

    Args:
        tokens: $X$, who asks, shape ``(..., n, d)``.
        query_matrix: $W_Q$, shape ``(d, d_k)``.
        key_matrix: $W_K$, shape ``(d, d_k)``.
        value_matrix: $W_V$, shape ``(d, d_v)``.
        memory: $H$, who is looked at, shape ``(..., m, d)``; None for ``tokens``: self-attention.

    Returns:
        Queries ``(..., n, d_k)``, keys ``(..., m, d_k)`` and values ``(..., m, d_v)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.MultiHeadAttention`` holds the three matrices side by side in one.
    Source: Vaswani et al. (2017); S4-O15 gives all three the same rows.

    >>> q, k, v = project([[1, 0], [1, 1]], np.eye(2), [[0, 1], [1, 0]], 2 * np.eye(2))
    >>> q @ k.T                                     # not symmetric: to ask is not to be asked
    array([[0., 1.],
           [1., 2.]])
    """
    x = rows("tokens", tokens)
    h = x if memory is None else rows("memory", memory)
    named = {"query_matrix": query_matrix, "key_matrix": key_matrix, "value_matrix": value_matrix}
    w = {name: as_floats(name, matrix, 2) for name, matrix in named.items()}
    for name, matrix in w.items():
        width = (x if name == "query_matrix" else h).shape[-1]
        if len(matrix) != width:
            raise ValueError(f"{name}: expected {width} rows; received shape {matrix.shape}")
    same_width("query_matrix", w["query_matrix"], "key_matrix", w["key_matrix"])
    return x @ w["query_matrix"], h @ w["key_matrix"], h @ w["value_matrix"]


def attend(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, visible: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    r"""Every query looks at every key: equations (3.2) and, with its items moved, (3.6).

    $A = \mathrm{softmax}(Q K^\top / \sqrt{d_k})$ in each row, over what that row may see;
    $Z = A V$.

    Args:
        queries: $Q$, shape ``(..., n, d_k)``.
        keys: $K$, shape ``(..., m, d_k)``.
        values: $V$, shape ``(..., m, d_v)``.
        visible: True where query i may see key j, broadcasts against ``(..., n, m)``; None = all.

    Returns:
        Outputs $Z$, shape ``(..., n, d_v)``, and weights $A$, shape ``(..., n, m)``. Each row of
        $A$ sums to 1; a query that may see nothing has weights and output of zero.

    Raises:
        ValueError: if the shapes do not fit, or ``visible`` is not boolean.

    Layer: ``attention.attend``.
    Source: S2-F4, S3-C3; S4-F7 stops at the weights; Vaswani et al. (2017).

    >>> z, a = attend([[1, 0], [0, 0]], [[9, 0], [0, 0]], [[1], [0]])
    >>> a.round(3), z.round(3)
    (array([[0.998, 0.002],
           [0.5  , 0.5  ]]), array([[0.998],
           [0.5  ]]))
    """
    q, k, v = rows("queries", queries), rows("keys", keys), rows("values", values)
    same_width("queries", q, "keys", k)
    if v.shape[:-1] != k.shape[:-1]:
        raise ValueError(f"values: expected one per key, {k.shape[:-1]}; received {v.shape[:-1]}")
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(k.shape[-1])
    weights = softmax(scores) if visible is None else masked_softmax(scores, visible)
    return weights @ v, weights


def visible(mask: ArrayLike, causal: bool = False, window: int | None = None) -> NDArray[np.bool_]:
    r"""Who may look at whom: equation (3.3), $m_{ij} = m_j\,[j \le i]\,[\,|i - j| < w\,]$.

    Args:
        mask: True = real item, shape ``(..., n)``.
        causal: True keeps $[j \le i]$: itself and what came before; False leaves it out.
        window: $w$, how far a query sees, itself included; None leaves that factor out.

    Returns:
        Booleans, shape ``(..., n, n)``: row i is the query, column j the key.

    Raises:
        ValueError: if the mask is not boolean, or the window no whole number from 1.

    Layer: ``attention.visible``.
    Source: Kang and McAuley (2018) for the causal mask, Beltagy et al. (2020) for the window.

    >>> visible([False, True, True], causal=True).astype(int)
    array([[0, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    """
    real = np.asarray(mask)
    if real.dtype != bool or real.ndim == 0:
        raise ValueError(
            f"mask: expected booleans (..., length), True = real item; received {real.dtype} "
            f"of shape {real.shape}"
        )
    i, j = np.indices((real.shape[-1], real.shape[-1]))
    near = np.ones(i.shape, bool) if window is None else np.abs(i - j) < whole("window", window)
    past = j <= i if causal else np.ones(i.shape, bool)
    return np.asarray(real[..., np.newaxis, :] & past & near)


def multi_head(
    tokens: ArrayLike,
    query_matrix: ArrayLike,
    key_matrix: ArrayLike,
    value_matrix: ArrayLike,
    output_matrix: ArrayLike,
    heads: int,
    visible: ArrayLike | None = None,
    memory: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    r"""Several attentions side by side, joined: equations (3.4) and (3.5).

    Head h works with its own block of columns of $Q$, $K$ and $V$; the outputs are put side by side
    and multiplied by $W_O$.

    Args:
        tokens: as for ``project``.
        query_matrix: as for ``project``, ``heads`` times as many columns as one head uses.
        key_matrix: the same.
        value_matrix: the same.
        output_matrix: $W_O$, shape ``(columns of value_matrix, d_out)``.
        heads: how many.
        visible: as for ``attend``, the same for every head.
        memory: as for ``project``.

    Returns:
        Outputs ``(..., n, d_out)`` and weights ``(..., heads, n, m)``.

    Raises:
        ValueError: if the shapes do not fit, or the columns cannot be shared out evenly.

    Layer: ``attention.MultiHeadAttention``.
    Source: Vaswani et al. (2017).

    >>> x, one = [[1, 0], [1, 1]], np.eye(2)
    >>> z, a = multi_head(x, one, one, one, one, heads=2)
    >>> a.shape, a[1].round(3).tolist()             # head 1 compares the second column only
    ((2, 2, 2), [[0.5, 0.5], [0.269, 0.731]])
    """
    q, k, v = project(tokens, query_matrix, key_matrix, value_matrix, memory)
    for name, array in (("query_matrix", q), ("value_matrix", v)):
        if array.shape[-1] % whole("heads", heads):
            raise ValueError(
                f"{name}: expected a multiple of heads={heads} columns; received {array.shape[-1]}"
            )
    out = as_floats("output_matrix", output_matrix, 2)
    if len(out) != v.shape[-1]:
        raise ValueError(f"output_matrix: expected {v.shape[-1]} rows; received {out.shape}")
    blocks = zip(*(np.split(x, heads, axis=-1) for x in (q, k, v)), strict=True)
    done = [attend(q_h, k_h, v_h, visible) for q_h, k_h, v_h in blocks]
    joined = np.concatenate([z for z, _ in done], axis=-1)
    return joined @ out, np.stack([a for _, a in done], axis=-3)


def rows(name: str, value: ArrayLike) -> Floats:
    """Return one vector per row, with any leading axes, or refuse.

    Args:
        name: of the argument, for the message.
        value: shape ``(..., n, d)`` with at least one row and one column.
    """
    array = as_floats(name, value)
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"{name}: expected shape (..., rows, width); received {array.shape}")
    return array
