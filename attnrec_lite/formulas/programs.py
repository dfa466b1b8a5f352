"""The programs of the sources, repaired: those in which the user asks the history.

A history is one vector per row, oldest first; ``recency`` holds a number for each "how long ago",
the newest item's first. Explained in the chapter "Five programs".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats
from attnrec_lite.formulas.scores import (
    additive_scores,
    dot_scores,
    preference_scores,
    scaled_dot_scores,
)
from attnrec_lite.formulas.weights import masked_softmax, weighted_sum


def recency_weights(scores: ArrayLike, recency: ArrayLike) -> Floats:
    r"""Weights over a history, newer items ahead or behind: a part of equation (7.1).

    $\alpha_j = \mathrm{softmax}_j(s_j + b_{n-j})$ for the items $j = 1, \dots, n$ of the history

    Args:
        scores: $s$, oldest item first, shape ``(n,)`` or ``(..., n)``.
        recency: $b_0, b_1, \dots$, for the newest item, the one before it, and so on; at least n.

    Returns:
        Weights in the shape of ``scores``, which sum to 1 over the history; empty for none.

    Raises:
        ValueError: if a score is not finite or there are fewer numbers than items.

    Layer: none; each model adds the bias to its own scores.

    Source: ours; the sources' programs see a set without an order.

    >>> recency_weights([1.0, 1.0, 1.0], [np.log(2), 0, 0]).round(2)
    array([0.25, 0.25, 0.5 ])
    """
    s, b = as_floats("scores", scores), as_floats("recency", recency, 1)
    n = s.shape[-1] if s.ndim else 0
    if len(b) < n:
        raise ValueError(f"recency: expected at least {n} numbers; received {len(b)}")
    return masked_softmax(s + b[:n][::-1], np.ones(s.shape, bool)) if n else s


def newest_asks(
    history: ArrayLike,
    query_matrix: ArrayLike,
    key_matrix: ArrayLike,
    value_matrix: ArrayLike,
    out_matrix: ArrayLike,
    recency: ArrayLike,
    norm_in: tuple[ArrayLike, ArrayLike] = (1.0, 0.0),
    norm_out: tuple[ArrayLike, ArrayLike] = (1.0, 0.0),
) -> tuple[Floats, Floats]:
    r"""The first program: the newest item asks, the history answers: equation (7.1).

    $z = \mathrm{norm}(h_n + \sum_j \alpha_j x_j W_V W_O)$ with $x = \mathrm{norm}(h)$,
    $\alpha = \mathrm{softmax}_j((x_n W_Q)(x_j W_K)^\top / \sqrt{d_k} + b_{n-j})$

    Args:
        history: $h$, shape ``(n, d)``, at least one item.
        query_matrix: $W_Q$, shape ``(d, d_k)``.
        key_matrix: $W_K$, the same.
        value_matrix: $W_V$, shape ``(d, d_v)``.
        out_matrix: $W_O$, shape ``(d_v, d)``.
        recency: $b$, as for ``recency_weights``.
        norm_in: what the first normalisation multiplies by and adds.
        norm_out: the same of the second.

    Returns:
        The context $z$, shape ``(d,)``, for ``preference_scores``; the weights, shape ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit, or the history is empty: nobody asks.

    Layer: ``models.QKVRecommender`` with one head.

    Source: S0-C4, repaired.

    >>> z, a = newest_asks([[1, 0], [0, 2]], *[np.eye(2)] * 4, recency=[0, 0])
    >>> z.round(3), a.round(3)
    (array([-1.,  1.]), array([0.056, 0.944]))
    """
    h = as_floats("history", history, 2)
    if len(h) == 0:
        raise ValueError("history: expected at least one item, for it asks; received none")
    x = _normalised(h, norm_in)
    query = x[-1] @ as_floats("query_matrix", query_matrix, 2)
    scores = scaled_dot_scores(query, x @ as_floats("key_matrix", key_matrix, 2))
    weights = recency_weights(scores, recency)
    taken = weighted_sum(weights, x @ as_floats("value_matrix", value_matrix, 2))
    return _normalised(h[-1] + taken @ as_floats("out_matrix", out_matrix, 2), norm_out), weights


def pairwise_scores(
    history: ArrayLike,
    user_recency: ArrayLike,
    user_matrix: ArrayLike,
    item_matrix: ArrayLike,
    v: ArrayLike,
) -> Floats:
    r"""The third program's pairs: a network judges user and past item together: equation (7.4).

    $s_j = v^\top \tanh(W_u u + W_h h_j)$ with $u = \sum_j \mathrm{softmax}_j(b'_{n-j})\, h_j$

    Args:
        history: $h$, shape ``(n, d)``.
        user_recency: $b'$, as for ``recency_weights``: how much newer items count for the user.
        user_matrix: $W_u$, shape ``(units, d)``.
        item_matrix: $W_h$, the same.
        v: shape ``(units,)``.

    Returns:
        Scores, shape ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.PairwiseAttention``.

    Source: S2-C4, repaired: without the tanh, $W_u u$ is the same for all items and cancels.

    >>> pairwise_scores([[1, 0], [0, 1]], [0, 0], np.eye(2), np.eye(2), [1, 0]).round(3)
    array([0.905, 0.462])
    """
    h = as_floats("history", history, 2)
    user = recency_weights(np.zeros(len(h)), user_recency) @ h
    return additive_scores(user, h, user_matrix, item_matrix, v)


def pairwise_context(
    history: ArrayLike,
    scores: ArrayLike,
    recency: ArrayLike,
    dense_matrix: ArrayLike,
    dense_bias: ArrayLike,
) -> tuple[Floats, Floats]:
    r"""The third program's context, through its last layer: equation (7.5).

    $z = W \sum_j \alpha_j h_j + w$ with $\alpha = \mathrm{softmax}_j(s_j + b_{n-j})$

    Args:
        history: $h$, shape ``(n, d)``.
        scores: $s$, of ``pairwise_scores``, shape ``(n,)``.
        recency: $b$, as for ``recency_weights``.
        dense_matrix: $W$, shape ``(d, d)``.
        dense_bias: $w$, shape ``(d,)``.

    Returns:
        The context $z$, shape ``(d,)``, for ``preference_scores``, zero for an empty history; the
        weights, shape ``(n,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.PairwiseAttention``.

    Source: S2-C4, repaired.

    >>> z, a = pairwise_context([[1, 0], [0, 1]], [0, 0], [np.log(3), 0], np.eye(2), [0, 0])
    >>> z
    array([0.25, 0.75])
    """
    h, w = as_floats("history", history, 2), as_floats("dense_matrix", dense_matrix, 2)
    weights = recency_weights(scores, recency)
    if len(h) == 0:
        return np.zeros(len(w)), weights
    return w @ weighted_sum(weights, h) + as_floats("dense_bias", dense_bias, 1), weights


def interest_vectors(
    history: ArrayLike, hidden_matrix: ArrayLike, queries: ArrayLike, recency: ArrayLike
) -> tuple[Floats, Floats]:
    r"""The fifth program's interests: K weightings of one history: equation (7.9).

    $\alpha_{kj} = \mathrm{softmax}_j(q_k^\top \tanh(h_j W) + b_{k,n-j})$ and
    $z_k = \sum_j \alpha_{kj}\, h_j$

    Args:
        history: $h$, shape ``(n, d)``.
        hidden_matrix: $W$, shape ``(d, units)``.
        queries: $q$, one per interest, shape ``(K, units)``.
        recency: $b$, one row per interest, shape ``(K, window)``, as for ``recency_weights``.

    Returns:
        Interest vectors $z$, shape ``(K, d)``, zero for an empty history; the weights, shape
        ``(K, n)``, each row over the history.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.InterestModel``.

    Source: S4-C5, repaired; Lin et al. (2017), Cen et al. (2020).

    >>> z, a = interest_vectors([[1, 0], [0, 1]], np.eye(2), [[9, 0], [0, 9]], np.zeros((2, 2)))
    >>> z.round(3)
    array([[0.999, 0.001],
           [0.001, 0.999]])
    """
    h, b = as_floats("history", history, 2), as_floats("recency", recency, 2)
    hidden = np.tanh(h @ as_floats("hidden_matrix", hidden_matrix, 2))
    scores = np.array([dot_scores(q, hidden) for q in as_floats("queries", queries, 2)])
    if len(b) != len(scores):
        raise ValueError(f"recency: expected {len(scores)} rows, as queries; received {len(b)}")
    weights = np.array([recency_weights(*both) for both in zip(scores, b, strict=True)])
    return weights @ h, weights


def best_interest_scores(
    interests: ArrayLike, candidates: ArrayLike, bias: ArrayLike = 0.0
) -> Floats:
    r"""The fifth program's answer: the interest that likes it most speaks: equation (7.10).

    $\hat y_c = \max_k z_k^\top e_c + b_c$

    Args:
        interests: $z$, shape ``(K, d)``.
        candidates: $e$, shape ``(m, d)``.
        bias: $b_c$, shape ``(m,)``, or one number for all.

    Returns:
        Preference scores, shape ``(m,)``.

    Raises:
        ValueError: if the shapes do not fit, or there is no interest.

    Layer: ``models.InterestModel``.

    Source: S4-C5, repaired; Li et al. (2019).

    >>> best_interest_scores([[1, 0], [0, 2]], [[1, 0], [0, 1], [1, 1]])
    array([1., 2., 2.])
    """
    z = as_floats("interests", interests, 2)
    if len(z) == 0:
        raise ValueError("interests: expected at least one; received none")
    return np.asarray(np.max([preference_scores(one, candidates, bias) for one in z], axis=0))


def _normalised(x: Floats, scale_and_shift: tuple[ArrayLike, ArrayLike]) -> Floats:
    """Layer normalisation: mean 0 and variance 1 in each row, then a scale and a shift."""
    scale, shift = (as_floats("norm", part) for part in scale_and_shift)
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6)
    return np.asarray(centred / spread * scale + shift)
