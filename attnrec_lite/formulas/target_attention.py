"""The item that is shown asks the history, and the items of a list ask one another.

A *score* of the activation unit has any sign. It becomes a *weight* only by a normaliser, and
whether there is one decides if the number of like items counts. Explained in the chapter "User,
item, interaction".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import (
    Floats,
    as_floats,
    finite,
    same_length,
    same_width,
    whole,
    zeros_and_ones,
)
from attnrec_lite.formulas.attention import attend, project
from attnrec_lite.formulas.smoothed import log_sum_exp, real_ones
from attnrec_lite.formulas.weights import weighted_sum


def activation_unit(
    history: ArrayLike,
    candidate: ArrayLike,
    matrix: ArrayLike,
    bias: ArrayLike,
    weights: ArrayLike,
    offset: float = 0.0,
) -> Floats:
    r"""A small network scores each item of the history for a candidate: equation (10.1).

    $s_j = w^\top \mathrm{relu}(W [h_j; e_c; h_j - e_c; h_j \circ e_c] + b) + b_0$

    Args:
        history: $h_j$, one item per row, shape ``(n, d)``.
        candidate: $e_c$, shape ``(d,)``.
        matrix: $W$, shape ``(k, 4 d)``: columns for the item, the candidate, gap, product.
        bias: $b$, shape ``(k,)``.
        weights: $w$, shape ``(k,)``.
        offset: $b_0$.

    Returns:
        Scores, shape ``(n,)``, any sign and size.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.DIN``, the layers "unit" and "vote".
    Source: Zhou et al. (2018), where the product is an outer one.

    >>> pick = [[0, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 1]]      # the product's columns
    >>> activation_unit([[1, 0], [1, 1], [0, -1]], [1, 1], pick, [0, 0], [1, 1])
    array([1., 2., 0.])
    """
    h, e = as_floats("history", history, 2), as_floats("candidate", candidate, 1)
    same_width("candidate", e, "history", h)
    w, b = as_floats("weights", weights, 1), as_floats("bias", bias, 1)
    m = as_floats("matrix", matrix, 2)
    if m.shape != (len(w), 4 * len(e)):
        raise ValueError(f"matrix: expected shape {(len(w), 4 * len(e))}; received {m.shape}")
    same_length("weights", w, "bias", b)
    asked = np.broadcast_to(e, h.shape)
    four = np.concatenate([h, asked, h - e, h * e], axis=1)
    return np.asarray(np.maximum(four @ m.T + b, 0) @ w + offset)


def unnormalised_sum(scores: ArrayLike, values: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    r"""Scores as weights, as they are: equation (10.2), $z(c) = \sum_j m_j s_j h_j$.

    Args:
        scores: $s_j$, shape ``(n,)``.
        values: $h_j$, one per row, shape ``(n, d)``.
        mask: True = real item, shape ``(n,)``; None = all real.

    Returns:
        One vector, shape ``(d,)``: an item that stands there twice counts twice, padding nothing.

    Raises:
        ValueError: if the shapes do not fit, or the mask is not boolean.

    Layer: ``models.DIN``, normaliser "none".
    Source: Zhou et al. (2018), section 4.3.

    >>> unnormalised_sum([2.0, 2.0, 0.5], [[1, 0], [1, 0], [0, 4]])
    array([4., 2.])
    """
    s = as_floats("scores", scores, 1)
    return weighted_sum(np.where(real_ones(mask, s), s, 0.0), values)


def weight_of_copies(scores: ArrayLike, item: int, copies: int) -> float:
    r"""What a softmax gives to n copies of one item: equation (10.3).

    $\frac{n\,e^{s_j}}{n\,e^{s_j} + \sum_{k \ne j} e^{s_k}}$

    Args:
        scores: $s_k$, of different items, shape ``(m,)``.
        item: $j$, the place of the one that is repeated.
        copies: $n$, how often it stands in the history.

    Returns:
        The weight of all copies together, in [0, 1]: as if $\ln n$ were added to the score, and 1
        however many there are, if there is nothing else.

    Raises:
        ValueError: if a score is not finite, there is no such place, or ``copies`` is below 1.

    Layer: none; it counts what ``attention.masked_softmax`` does.
    Source: ours; why Zhou et al. (2018) leave the softmax out.

    >>> [round(weight_of_copies([0.0, 0.0], 0, n), 3) for n in (1, 2, 10)]
    [0.5, 0.667, 0.909]
    """
    s = finite("scores", scores, 1)
    if not 0 <= whole("item", item, least=0) < len(s):
        raise ValueError(f"item: expected a place in 0..{len(s) - 1}; received {item}")
    lifted = s.copy()
    lifted[item] += np.log(whole("copies", copies))
    return float(np.exp(lifted[item] - log_sum_exp(lifted)))


def mass_on_truth(weights: ArrayLike, relevant: ArrayLike) -> float:
    r"""The share of the attention that falls on what matters: equation (10.8).

    $\sum_j \alpha_j r_j / \sum_j \alpha_j$

    Args:
        weights: $\alpha_j$, not negative, shape ``(n,)``; they need not sum to 1.
        relevant: $r_j$, 0 and 1 or booleans, shape ``(n,)``.

    Returns:
        A number in [0, 1]. Compare it with the share of relevant items, which uniform weights get.

    Raises:
        ValueError: if the shapes differ, a weight is negative (hand in absolute values, and say
            so), or all of them are 0.

    Layer: none; it judges weights where the truth was planted.
    Source: ours.

    >>> mass_on_truth([0.5, 0.25, 0.25], [1, 0, 1])
    0.75
    """
    a = finite("weights", weights, 1)
    r = zeros_and_ones("relevant", np.asarray(relevant, np.float64), 1)
    same_length("weights", a, "relevant", r)
    if a.min() < 0 or a.sum() == 0:
        raise ValueError(
            f"weights: expected numbers from 0, one above it; received {a.min():g} to {a.max():g}"
        )
    return float(a @ r / a.sum())


def listwise(
    items: ArrayLike,
    query_matrix: ArrayLike,
    key_matrix: ArrayLike,
    value_matrix: ArrayLike,
    visible: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    r"""The items of a list look at one another: equation (10.9).

    $e'_c = e_c + \sum_j A_{cj} W_V^\top e_j$, with $A$ as in equation (3.2).

    The list is a set: exchange two items, and their results change places.

    Args:
        items: $e_c$, one per row, shape ``(n, d)``.
        query_matrix: $W_Q$, shape ``(d, d_k)``.
        key_matrix: $W_K$, shape ``(d, d_k)``.
        value_matrix: $W_V$, shape ``(d, d)``.
        visible: True where item c may look at item j, broadcasts against ``(n, n)``; None = all,
            itself included. ``~np.eye(n, dtype=bool)`` lets it look at the others.

    Returns:
        Items that know their list, shape ``(n, d)``, and weights $A$, shape ``(n, n)``.

    Raises:
        ValueError: if the shapes do not fit, or ``visible`` is not boolean.

    Layer: ``attention.MultiHeadAttention``; ``models.PageModel`` reads its results.
    Source: S3-O6, S3-O7; Vaswani et al. (2017) for the attention.

    >>> nothing = np.zeros((2, 1))
    >>> listwise([[1, 0], [3, 2]], nothing, nothing, np.eye(2))[0]          # each plus the mean
    array([[3., 1.],
           [5., 3.]])
    """
    e = as_floats("items", items, 2)
    q, k, v = project(e, query_matrix, key_matrix, value_matrix)
    same_width("items", e, "value_matrix", v)
    z, weights = attend(q, k, v, visible)
    return e + z, weights
