"""What attention costs, and two ways of paying less for something slightly different.

Explained in the chapter "Queries, keys and values".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_width, whole
from attnrec_lite.formulas.attention import attend, rows


def multiply_adds(queries: int, keys: int, width: int, heads: int = 1) -> dict[str, int]:
    r"""What one attention layer computes: equation (3.9), $2\,n\,m\,d + 2\,(n + m)\,d^2$.

    Args:
        queries: $n$, how many ask.
        keys: $m$, how many are looked at.
        width: $d$ of all heads together, a multiple of ``heads``.
        heads: how many share the width.

    Returns:
        Multiply-adds of the ``scores`` ($n m d$), of the ``sums`` ($n m d$) and of the four
        ``projections`` ($2(n+m)d^2$); how many ``weights`` stand in memory (heads times $n m$); and
        the ``parameters`` ($4 d^2$).

    Raises:
        ValueError: if a number is not whole from 1, or the heads cannot share the width.

    Layer: none; it counts operations, nothing to train.
    Source: S3-Q1, which says "in the worst case"; S0-Q2, which says that heads lower it.

    >>> one, all_ = multiply_adds(1, 1000, 64), multiply_adds(1000, 1000, 64)
    >>> one["scores"] + one["sums"], all_["scores"] + all_["sums"]
    (128000, 128000000)
    """
    n, m, d = whole("queries", queries), whole("keys", keys), whole("width", width)
    if d % whole("heads", heads):
        raise ValueError(f"width: expected a multiple of heads={heads}; received {width}")
    each = heads * n * m * (d // heads)  # heads times as many products, each 1/heads as long
    return {
        "scores": each,
        "sums": each,
        "projections": 2 * (n + m) * d**2,
        "weights": heads * n * m,
        "parameters": 4 * d**2,
    }


def crossing_length(width: int) -> int:
    r"""From where on looking costs more than projecting: equation (3.10), $n^* = 2 d$.

    Args:
        width: $d$.

    Returns:
        The length at which $2 n^2 d = 4 n d^2$ in self-attention; the projections cost more below
        it, scores and sums above.

    Raises:
        ValueError: if the width is no whole number from 1.

    Layer: none; it counts operations, nothing to train.
    Source: ours; S3-F7 counts the length alone.

    >>> crossing_length(64)
    128
    """
    return 2 * whole("width", width)


def low_rank_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, summaries: ArrayLike
) -> tuple[Floats, Floats]:
    r"""Look at r summaries in place of m keys: equation (3.11), attend(Q, R K, R V).

    Args:
        queries: as for ``attend``.
        keys: as for ``attend``.
        values: as for ``attend``.
        summaries: $R$, each row mixes the $m$ keys into one, shape ``(r, m)``; learned elsewhere.

    Returns:
        Outputs ``(..., n, d_v)`` and weights ``(..., n, r)``, over summaries and not over items.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``efficiency.RoutedAttention``; no model of the book uses it: a mixture holds the future.
    Source: Wang et al. (2020), Linformer.

    >>> q, k, v = np.eye(2), [[1, 0], [0, 1], [1, 1]], [[1], [2], [3]]
    >>> z, a = low_rank_attention(q, k, v, [[0.5, 0.5, 0], [0, 0, 1]])
    >>> z.round(3).ravel(), a.shape
    (array([2.381, 2.381]), (2, 2))
    """
    k, v, r = rows("keys", keys), rows("values", values), as_floats("summaries", summaries, 2)
    if r.shape[1] != k.shape[-2]:
        raise ValueError(
            f"summaries: expected one column per key, {k.shape[-2]}; received shape {r.shape}"
        )
    return attend(queries, r @ k, r @ v)


def linear_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, causal: bool = False
) -> Floats:
    r"""Attention that sums first and is asked later: equations (3.12) and, causal, (3.13).

    The exponential of the score, $e^{q^\top k / \sqrt{d_k}}$, gives way to
    $\varphi(q)^\top \varphi(k)$ with
    $\varphi(x) = \mathrm{elu}(x) + 1 > 0$, so that the sum over keys can be taken once for all
    queries; in the causal form it is carried along as a state of fixed size.

    Args:
        queries: shape ``(n, d_k)``.
        keys: shape ``(m, d_k)``.
        values: shape ``(m, d_v)``.
        causal: True lets query i see keys up to i; then n = m.

    Returns:
        Outputs, shape ``(n, d_v)``; the weights are never formed.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``efficiency.RoutedAttention``; another model than ``attend``, and none of the book's.
    Source: Katharopoulos et al. (2020).

    >>> linear_attention([[0.0]], [[0.0], [2.0]], [[1], [5]])       # weights 1/4 and 3/4
    array([[4.]])
    """
    q, k, v = (
        as_floats("queries", queries, 2),
        as_floats("keys", keys, 2),
        as_floats("values", values, 2),
    )
    same_width("queries", q, "keys", k)
    if len(v) != len(k) or (causal and len(q) != len(k)):
        raise ValueError(
            f"values: expected one per key{' and query' if causal else ''}; received "
            f"{len(q)} queries, {len(k)} keys, {len(v)} values"
        )
    q, k = _positive_features(q), _positive_features(k)
    if not causal:
        return np.asarray((q @ (k.T @ v)) / (q @ k.sum(axis=0))[:, np.newaxis])
    state, total = np.zeros((k.shape[1], v.shape[1])), np.zeros(k.shape[1])
    out = np.empty_like(v)
    for i in range(len(k)):
        state, total = state + np.outer(k[i], v[i]), total + k[i]
        out[i] = q[i] @ state / (q[i] @ total)
    return out


def _positive_features(x: Floats) -> Floats:
    """elu(x) + 1: above 0 everywhere (a float64 exp is 0 from -746 on), a line on the right."""
    return np.asarray(np.where(x > 0, x + 1, np.exp(np.clip(x, -300, 0))))
