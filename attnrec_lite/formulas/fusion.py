"""One vector of several signals: what is known about an item, fused; and scores fused late.

A *part* is a modality as a vector of the width of an item vector. What is missing gets no weight,
and an item of which nothing is known gets one vector that stands for "no idea". Explained in the
chapter "Multimodal".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import (
    Floats,
    as_floats,
    finite,
    same_length,
    same_width,
    zeros_and_ones,
)
from attnrec_lite.formulas.weights import masked_softmax, sigmoid, weighted_sum


def concatenated(
    parts: ArrayLike, matrix: ArrayLike, known: ArrayLike, fallback: ArrayLike
) -> Floats:
    r"""Side by side, then one linear map: equation (13.3), $e = W [m_1 v_1; \ldots; m_M v_M]$.

    It is $\sum_m m_m W_m v_m$ with $W_m$ the columns of part $m$: a sum whose weights are the same
    for every item.

    Args:
        parts: $v_m$, one modality per row, shape ``(M, d)``; what stands where nothing is known is
            not looked at.
        matrix: $W$, shape ``(k, M d)``.
        known: $m_m$, True or 1 where the item has the modality, shape ``(M,)``.
        fallback: the vector of an item of which nothing is known, shape ``(k,)``.

    Returns:
        The item's vector, shape ``(k,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.ItemEncoder``, fuse "concatenation".
    Source: S0-O11 speaks of fusion without saying how; this is the plainest way.

    >>> side_by_side = [[1, 0, 1, 0], [0, 1, 0, 1]]                     # W that adds two parts
    >>> concatenated([[1, 2], [10, 20]], side_by_side, [1, 1], [0, 0])
    array([11., 22.])
    """
    v, m = _parts(parts, known)
    w, none = as_floats("matrix", matrix, 2), as_floats("fallback", fallback, 1)
    if w.shape != (len(none), v.size):
        raise ValueError(f"matrix: expected shape {(len(none), v.size)}; received {w.shape}")
    return none if not m.any() else np.asarray(w @ v.ravel())


def gated(
    parts: ArrayLike, matrix: ArrayLike, bias: ArrayLike, known: ArrayLike, fallback: ArrayLike
) -> tuple[Floats, Floats]:
    r"""A gate for each modality: equation (13.4), $e = \sum_m g_m v_m$.

    $g_m = m_m\,\sigma(w_m^\top [m_1 v_1; \ldots; m_M v_M] + b_m)$

    Gates do not compete: all may be open.

    Args:
        parts: $v_m$, shape ``(M, d)``.
        matrix: $w_m$, one gate per row, shape ``(M, M d)``.
        bias: $b_m$, shape ``(M,)``.
        known: $m_m$, True or 1 where the item has the modality, shape ``(M,)``.
        fallback: the vector of an item of which nothing is known, shape ``(d,)``.

    Returns:
        The item's vector, shape ``(d,)``, and the gates, shape ``(M,)``, each in [0, 1].

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.ItemEncoder``, fuse "gate".
    Source: Arevalo et al. (2017), who have a gate for each entry and a tanh before it.

    >>> gated([[2, 0], [0, 4]], np.zeros((2, 4)), [0, 0], [1, 1], [0, 0])
    (array([1., 2.]), array([0.5, 0.5]))
    """
    v, m = _parts(parts, known)
    w, b = as_floats("matrix", matrix, 2), as_floats("bias", bias, 1)
    if w.shape != (len(v), v.size) or b.shape != (len(v),):
        raise ValueError(
            f"matrix, bias: expected shapes {(len(v), v.size)} and {(len(v),)}; "
            f"received {w.shape} and {b.shape}"
        )
    gates = np.where(m, sigmoid(w @ v.ravel() + b), 0.0)
    return _mixed(gates, v, m, fallback), gates


def attended(
    parts: ArrayLike,
    matrices: ArrayLike,
    bias: ArrayLike,
    query: ArrayLike,
    known: ArrayLike,
    fallback: ArrayLike,
) -> tuple[Floats, Floats]:
    r"""Attention over modalities: equation (13.5), $e = \sum_m \beta_m v_m$.

    $\beta_m = m_m e^{s_m} / \sum_k m_k e^{s_k}$ with $s_m = w^\top \tanh(A_m v_m + b_m)$

    The softmax runs over the modalities of one item, those that it has: if one is missing, the
    others share its weight.

    Args:
        parts: $v_m$, shape ``(M, d)``.
        matrices: $A_m$, shape ``(M, k, d)``.
        bias: $b_m$, shape ``(M, k)``.
        query: $w$, the same for every item, shape ``(k,)``.
        known: $m_m$, True or 1 where the item has the modality, shape ``(M,)``.
        fallback: the vector of an item of which nothing is known, shape ``(d,)``.

    Returns:
        The item's vector, shape ``(d,)``, and the weights, shape ``(M,)``, which sum to 1, or to 0
        where nothing is known.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.ItemEncoder``, fuse "attention".
    Source: S2-I3, S4-I2; no single paper: additive scores after Bahdanau et al. (2015), over
        components as in Chen et al. (2017).

    >>> nothing = np.zeros((2, 3, 2)), np.zeros((2, 3))
    >>> attended([[2, 0], [0, 4]], *nothing, np.zeros(3), [1, 1], [0, 0])
    (array([1., 2.]), array([0.5, 0.5]))
    >>> attended([[2, 0], [0, 4]], *nothing, np.zeros(3), [0, 1], [0, 0])
    (array([0., 4.]), array([0., 1.]))
    """
    v, m = _parts(parts, known)
    a, b, w = (
        as_floats("matrices", matrices, 3),
        as_floats("bias", bias, 2),
        as_floats("query", query, 1),
    )
    if a.shape != (len(v), len(w), v.shape[1]) or b.shape != (len(v), len(w)):
        raise ValueError(
            f"matrices, bias: expected shapes {(len(v), len(w), v.shape[1])} and "
            f"{(len(v), len(w))}; received {a.shape} and {b.shape}"
        )
    scores = np.tanh(np.einsum("mkd,md->mk", a, v) + b) @ w
    weights = masked_softmax(scores, m)
    return _mixed(weights, v, m, fallback), weights


def drop_modalities(known: ArrayLike, share: ArrayLike, points: ArrayLike) -> NDArray[np.bool_]:
    r"""Modality dropout: equation (13.7), $m'_m = m_m\,[u_m \ge p_m]$.

    What is kept is not divided by $1 - p$, as ordinary dropout does: a modality that was dropped
    has to look exactly like one that is missing, so that the model meets in training what it will
    meet later. A softmax hands the weight on by itself.

    Args:
        known: $m_m$, shape ``(..., M)``.
        share: $p_m$, chance that a modality is dropped, a number or shape ``(M,)``.
        points: $u_m$, drawn evenly from [0, 1), the shape of ``known``.

    Returns:
        What counts as known in this step, booleans.

    Raises:
        ValueError: if shapes differ or a number is out of range.

    Layer: ``models.ItemEncoder``, ``dropout``.
    Source: Neverova et al. (2016), "ModDrop"; Volkovs, Yu and Poutanen (2017) drop the id.

    >>> drop_modalities([1, 1, 0], 0.5, [0.2, 0.7, 0.9])
    array([False,  True, False])
    """
    m = zeros_and_ones("known", np.asarray(known, np.float64)) > 0
    p, u = finite("share", share, least=0), finite("points", points, least=0)
    if u.shape != m.shape or p.shape not in ((), m.shape[-1:]):
        raise ValueError(
            f"points, share: expected shapes {m.shape} and {m.shape[-1:]} or a number; "
            f"received {u.shape} and {p.shape}"
        )
    for name, low, array in (("share", p.min(initial=0), p), ("points", u.min(initial=0), u)):
        if low < 0 or array.max(initial=0) >= 1:
            raise ValueError(f"{name}: expected numbers in [0, 1); received {array.max()}")
    return np.asarray(m & (u >= p))


def late_fusion(scores: ArrayLike, weights: ArrayLike, known: ArrayLike) -> Floats:
    r"""Fuse scores, not vectors: equation (13.8).

    $s_i = \sum_m w_m m_{mi} s_{mi} / \sum_m w_m m_{mi}$. Each model scores alone, and knows
    nothing of the others.

    Args:
        scores: $s_{mi}$, of model $m$ for item $i$, on one scale, shape ``(M, n)``.
        weights: $w_m$, not negative, shape ``(M,)``.
        known: $m_{mi}$, whether model $m$ can say something about item $i$, shape ``(M, n)``.

    Returns:
        Scores, shape ``(n,)``; ``-inf`` where no model with a weight knows the item.

    Raises:
        ValueError: if shapes differ, a weight is negative, or a known score is not finite.

    Layer: none; it needs no training.
    Source: ours, against which fusion of vectors has to show what it is good for.

    >>> late_fusion([[1.0, 3.0], [5.0, 0.0]], [1, 1], [[1, 1], [1, 0]])
    array([3., 3.])
    """
    m = zeros_and_ones("known", np.asarray(known, np.float64), 2)
    raw = as_floats("scores", scores, 2)
    if raw.shape != m.shape:
        raise ValueError(f"scores: expected shape {m.shape}, as known has; received {raw.shape}")
    s, w = finite("scores", np.where(m > 0, raw, 0.0), 2), finite("weights", weights, 1)
    same_length("scores", s, "weights", w)
    if (w < 0).any():
        raise ValueError(f"weights: expected numbers from 0; received {w.min():g}")
    total = w @ m
    mean = np.divide(w @ (m * s), total, out=np.zeros(s.shape[1]), where=total > 0)
    return np.where(total > 0, mean, -np.inf)


def _parts(parts: ArrayLike, known: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    v, m = as_floats("parts", parts, 2), zeros_and_ones("known", np.asarray(known, np.float64), 1)
    same_length("parts", v, "known", m)
    return finite("parts", np.where(m[:, None] > 0, v, 0.0), 2), m > 0


def _mixed(weights: Floats, parts: Floats, known: NDArray[np.bool_], fallback: ArrayLike) -> Floats:
    none = as_floats("fallback", fallback, 1)
    same_width("parts", parts, "fallback", none)
    return weighted_sum(weights, parts) if known.any() else none
