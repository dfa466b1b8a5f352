"""Attention to some keys only: the nearest, or the best.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_width, whole
from attnrec_lite.formulas.weights import softmax


def window_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, window: int
) -> tuple[Floats, Floats]:
    r"""Each item looks at itself and the items just before it: equation (16.3).

    $z_i = \sum_{j = i - w + 1}^{i} \mathrm{softmax}_j(q_i^\top k_j / \sqrt{d_k})\, v_j$: what
    ``attend`` gives with ``visible(..., causal=True, window=w)``, without forming the scores that
    are thrown away there.

    Args:
        queries: shape ``(n, d_k)``.
        keys: shape ``(n, d_k)``.
        values: shape ``(n, d_v)``.
        window: $w$, how far an item sees, itself included.

    Returns:
        Outputs ``(n, d_v)``; and weights ``(n, w)``, oldest first, 0 where there is no such item.

    Raises:
        ValueError: if the shapes do not fit or the window is no whole number from 1.

    Layer: ``efficiency.RoutedAttention`` with the route ``window``.
    Source: Beltagy et al. (2020), Longformer, the causal half of its window.

    >>> z, a = window_attention(np.zeros((3, 1)), np.zeros((3, 1)), [[1], [3], [8]], window=2)
    >>> z.ravel(), a[0]
    (array([1. , 2. , 5.5]), array([0., 1.]))
    """
    q, k, v = _three(queries, keys, values)
    w = whole("window", window)
    if len(q) != len(k):
        raise ValueError(f"queries: expected one per key, {len(k)}; received {len(q)}")
    out, weights = np.zeros((len(q), v.shape[1])), np.zeros((len(q), w))
    for i in range(len(q)):
        near = slice(max(0, i - w + 1), i + 1)
        a = softmax(k[near] @ q[i] / np.sqrt(k.shape[1]))
        out[i], weights[i, w - len(a) :] = a @ v[near], a
    return out, weights


def top_keys_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, keep: int
) -> tuple[Floats, Floats]:
    r"""Each query keeps its best keys alone: equation (16.4).

    With the dropped share of weight $\delta$, $z = (1 - \delta)\, z_{\text{kept}} + \delta\,
    z_{\text{rest}}$, so that the error is $\delta\, \lVert z_{\text{rest}} - z_{\text{kept}}
    \rVert$, at most $2 \delta \max_j \lVert v_j \rVert$: small where attention is sharp, and only
    there. All scores are computed to know which are the best: nothing is saved but sums.

    Args:
        queries: shape ``(n, d_k)``.
        keys: shape ``(m, d_k)``.
        values: shape ``(m, d_v)``.
        keep: how many keys, all m if there are fewer; of equal scores the first.

    Returns:
        Outputs ``(n, d_v)``, and the dropped share $\delta$ of each query, ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit or ``keep`` is no whole number from 1.

    Layer: none; it computes every score, so a network gains nothing by it.
    Source: S2-I1, which says that it saves parameters: it has as many as before.

    >>> z, dropped = top_keys_attention([[0.0]], [[0], [0], [0], [0]], [[1], [1], [5], [5]], keep=2)
    >>> z, dropped                                              # the mean of all four is 3
    (array([[1.]]), array([0.5]))
    """
    q, k, v = _three(queries, keys, values)
    weights = softmax(q @ k.T / np.sqrt(k.shape[1]))
    order = np.argsort(-weights, axis=1, kind="stable")[:, : whole("keep", keep)]
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, order, np.take_along_axis(weights, order, 1), 1)
    total = kept.sum(axis=1, keepdims=True)
    return kept / total @ v, np.maximum(0.0, 1.0 - total[:, 0])


def _three(queries: ArrayLike, keys: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats, Floats]:
    q, k = as_floats("queries", queries, 2), as_floats("keys", keys, 2)
    v = as_floats("values", values, 2)
    same_width("queries", q, "keys", k)
    if len(v) != len(k):
        raise ValueError(f"values: expected one per key, {len(k)}; received {len(v)}")
    return q, k, v
