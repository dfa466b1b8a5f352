"""Scores: how strongly a query asks for each key. Any sign, any size, and no share of anything.

Explained in the chapter "Scores and weights".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, positive, same_width, whole


def dot_scores(query: ArrayLike, keys: ArrayLike) -> Floats:
    r"""Dot product of the query with each key: equation (2.1), $s_i = q^\top k_i$.

    Args:
        query: shape ``(d,)``.
        keys: one key per row, shape ``(n, d)``.

    Returns:
        Scores, shape ``(n,)``, any sign and size.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.scores``.
    Source: S0-F4, S1-F6, S2-F7, S3-F4.

    >>> dot_scores([1, 0], [[1, 0], [1, 1], [0, 1], [-1, 0.5]])
    array([ 1.,  1.,  0., -1.])
    """
    q, k = _query_and_keys(query, keys)
    return k @ q


def cosine_scores(query: ArrayLike, keys: ArrayLike) -> Floats:
    r"""Cosine of the angle between the query and each key: equation (2.8).

    Args:
        query: shape ``(d,)``.
        keys: one key per row, shape ``(n, d)``.

    Returns:
        Scores, shape ``(n,)``, in [-1, 1]; 0 where a vector has length 0, because a vector
        without direction agrees with nothing.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.scores``.
    Source: S0-F6, where it is called a weight, and S3-F5. It is a score.

    >>> cosine_scores([1, 0], [[1, 0], [1, 1], [0, 1], [-1, 0.5], [0, 0]]).round(4)
    array([ 1.    ,  0.7071,  0.    , -0.8944,  0.    ])
    """
    q, k = _query_and_keys(query, keys)
    q, k = _unit(q), _unit(k)
    return k @ q


def dot_variance(width: int, query_variance: float = 1.0, key_variance: float = 1.0) -> float:
    r"""How far dot products of random vectors spread: equation (2.11).

    Args:
        width: $d$, how many entries a vector has.
        query_variance: variance of an entry of the query.
        key_variance: variance of an entry of a key.

    Returns:
        $d\,\sigma_q^2\,\sigma_k^2$: the variance of $q^\top k$ when all entries are independent
        with mean 0. It is $d$ for entries of variance 1.

    Raises:
        ValueError: if the width is not a whole number from 1 or a variance is not above 0.

    Layer: none; a property of the scores, with nothing to train.
    Source: ours; the reason for the divisor of S2-F4.

    >>> dot_variance(64), round(dot_variance(1024, 0.05**2, 0.05**2) ** 0.5, 2)
    (64.0, 0.08)
    """
    spread = positive("query_variance", query_variance) * positive("key_variance", key_variance)
    return whole("width", width) * spread


def scaled_dot_scores(query: ArrayLike, keys: ArrayLike) -> Floats:
    r"""Dot product kept at the same spread for every width: equation (2.12).

    Args:
        query: shape ``(d,)``.
        keys: one key per row, shape ``(n, d)``.

    Returns:
        Scores $q^\top k_i / \sqrt d$, shape ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.scores``.
    Source: S2-F9, where the whole attention is called a score.

    >>> scaled_dot_scores([1, 1, 1, 1], [[1, 1, 1, 1]])
    array([2.])
    """
    q, k = _query_and_keys(query, keys)
    return np.asarray(k @ q / np.sqrt(len(q)))


def bilinear_scores(query: ArrayLike, keys: ArrayLike, matrix: ArrayLike) -> Floats:
    r"""Dot product after a learned change of axes: equation (2.14), $s_i = q^\top W k_i$.

    Args:
        query: shape ``(d_q,)``.
        keys: one key per row, shape ``(n, d_k)``.
        matrix: $W$, shape ``(d_q, d_k)``; the widths may differ.

    Returns:
        Scores, shape ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.Score``.
    Source: Luong et al. (2015), "general"; S2-F9 means it by "multiplicative".

    >>> bilinear_scores([1, 0], [[1, 0], [0, 1]], [[0, 1], [1, 0]])     # W swaps the axes
    array([0., 1.])
    """
    q, k, w = (
        as_floats("query", query, 1),
        as_floats("keys", keys, 2),
        as_floats("matrix", matrix, 2),
    )
    if w.shape != (len(q), k.shape[1]):
        raise ValueError(f"matrix: expected shape {(len(q), k.shape[1])}; received {w.shape}")
    return k @ (w.T @ q)


def additive_scores(
    query: ArrayLike, keys: ArrayLike, query_matrix: ArrayLike, key_matrix: ArrayLike, v: ArrayLike
) -> Floats:
    r"""A small network as the judge: equation (2.15), $s_i = v^\top \tanh(W_q q + W_k k_i)$.

    Args:
        query: shape ``(d_q,)``.
        keys: one key per row, shape ``(n, d_k)``.
        query_matrix: $W_q$, shape ``(h, d_q)``.
        key_matrix: $W_k$, shape ``(h, d_k)``.
        v: shape ``(h,)``.

    Returns:
        Scores, shape ``(n,)``, none larger than the sum of ``abs(v)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.Score``.
    Source: Bahdanau et al. (2015); S1-O12 and S2-F8 print it wrongly.

    >>> additive_scores([1, .5], [[2, 0], [1, 1]], np.eye(2), np.eye(2), [1, 1]).round(4)
    array([1.4572, 1.8692])
    """
    q, k, v_ = as_floats("query", query, 1), as_floats("keys", keys, 2), as_floats("v", v, 1)
    wq = as_floats("query_matrix", query_matrix, 2)
    wk = as_floats("key_matrix", key_matrix, 2)
    for name, matrix, shape in (
        ("query_matrix", wq, (len(v_), len(q))),
        ("key_matrix", wk, (len(v_), k.shape[1])),
    ):
        if matrix.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}; received {matrix.shape}")
    return np.tanh(wq @ q + k @ wk.T) @ v_


def preference_scores(context: ArrayLike, items: ArrayLike, bias: ArrayLike = 0.0) -> Floats:
    r"""How much the user would like each candidate: equation (2.17), $\hat y_c = z^\top e_c + b_c$.

    Args:
        context: $z$, shape ``(d,)``.
        items: one candidate per row, shape ``(n, d)``.
        bias: one number per candidate, shape ``(n,)``, or one for all.

    Returns:
        Preference scores, shape ``(n,)``: these rank the candidates.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.ScoringHead``, kind "dot"; it is the readout of ``models.QKVRecommender``.
    Source: the step that S0-F3 and S4-F4 leave out.

    >>> preference_scores([1.0, 0.25], [[1, 0], [1, 1]], [0.0, -0.5])
    array([1.  , 0.75])
    """
    z, e = _query_and_keys(context, items, names=("context", "items"))
    b = as_floats("bias", bias)
    if b.shape not in ((), (len(e),)):
        raise ValueError(f"bias: expected one number or {len(e)}; received shape {b.shape}")
    return e @ z + b


def _query_and_keys(
    query: ArrayLike, keys: ArrayLike, names: tuple[str, str] = ("query", "keys")
) -> tuple[Floats, Floats]:
    q, k = as_floats(names[0], query, 1), as_floats(names[1], keys, 2)
    same_width(names[0], q, names[1], k)
    return q, k


def _unit(vectors: Floats) -> Floats:
    """Divide by the length; the largest entry goes first, so tiny and huge vectors survive."""
    top = np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0)
    scaled = np.divide(vectors, top, out=np.zeros_like(vectors), where=top > 0)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return np.asarray(np.divide(scaled, length, out=np.zeros_like(vectors), where=length > 0))
