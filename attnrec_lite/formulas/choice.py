"""From a context to a click or a choice: who competes, and what a probability is a share of.

Explained in the chapter "From weights to a ranking".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, same_width
from attnrec_lite.formulas.weights import masked_softmax, sigmoid


def head_scores(
    context: ArrayLike,
    items: ArrayLike,
    hidden_matrix: ArrayLike,
    hidden_bias: ArrayLike,
    output: ArrayLike,
) -> Floats:
    r"""A small network reads context and candidate: equation (4.1).

    $\hat y_c = w^\top \mathrm{relu}(W_h [z; e_c; z \circ e_c] + b_h)$

    Args:
        context: $z$, shape ``(d,)``.
        items: one candidate per row, shape ``(n, d)``.
        hidden_matrix: $W_h$, shape ``(h, 3 d)``: columns for the context, the item, their product.
        hidden_bias: $b_h$, shape ``(h,)``.
        output: $w$, shape ``(h,)``.

    Returns:
        Preference scores, shape ``(n,)``, any sign and size.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``attention.ScoringHead``, kind "network".

    Source: the $f$ of S2-F3 and the deep $M$ of S1-F2, written out.

    >>> pick = [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]]        # the product's two columns
    >>> head_scores([1.0, 0.5], [[1, 0], [1, 1]], pick, [0, 0], [1, 1])
    array([1. , 1.5])
    """
    z, e = as_floats("context", context, 1), as_floats("items", items, 2)
    same_width("context", z, "items", e)
    w, b = as_floats("output", output, 1), as_floats("hidden_bias", hidden_bias, 1)
    matrix = as_floats("hidden_matrix", hidden_matrix, 2)
    if matrix.shape != (len(w), 3 * len(z)):
        raise ValueError(
            f"hidden_matrix: expected shape {(len(w), 3 * len(z))}; received {matrix.shape}"
        )
    if b.shape != w.shape:
        raise ValueError(f"hidden_bias: expected shape {w.shape}; received {b.shape}")
    both = np.concatenate([np.broadcast_to(z, e.shape), e, z * e], axis=1)
    return np.maximum(both @ matrix.T + b, 0) @ w


def click_probability(context: ArrayLike, weights: ArrayLike, bias: float = 0.0) -> Floats:
    r"""How likely one thing is clicked, whatever stands beside it: equation (4.2).

    $p = \sigma(w^\top z + b)$

    Args:
        context: $z$, shape ``(d,)``, or several, ``(n, d)``.
        weights: $w$, shape ``(d,)``: learned weights of the output, not attention weights.
        bias: $b$, one number: the log-odds of a click where $z$ says nothing.

    Returns:
        One probability, or ``(n,)``; each is free of the others, so their sum is too.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``keras.layers.Dense`` of one unit with a sigmoid, on the context.

    Source: S2-F3 and S2-F11, with the linear map that they leave out.

    >>> click_probability([[1.0, 0.0], [0.0, 0.0]], [2.0, 1.0], bias=-2.0).round(4)
    array([0.5   , 0.1192])
    """
    z, w = as_floats("context", context), as_floats("weights", weights, 1)
    if z.ndim not in (1, 2):
        raise ValueError(f"context: expected shape (d,) or (n, d); received {z.shape}")
    same_width("weights", w, "context", z)
    return sigmoid(z @ w + as_floats("bias", bias, 0))[()]


def choice_probabilities(preferences: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    r"""Which of the candidates is taken, if one is: equation (4.3).

    $p_c = m_c e^{\hat y_c} / \sum_{c'} m_{c'} e^{\hat y_{c'}}$

    Args:
        preferences: $\hat y$, shape ``(..., n)``; the last axis is the list of candidates.
        mask: True = can be chosen, broadcasts against ``preferences``; None = all.

    Returns:
        Probabilities of the same shape: each row sums to 1, or to 0 where nothing can be chosen.

    Raises:
        ValueError: if the mask does not fit, or a preference that counts is not finite.

    Layer: ``attention.masked_softmax``; the same formula over another axis.

    Source: Luce (1959); S0-F4 is this formula, taken for a weight.

    >>> choice_probabilities([1.0, 1.0, 0.0], [True, True, False])
    array([0.5, 0.5, 0. ])
    """
    y = as_floats("preferences", preferences)
    if y.ndim == 0:
        raise ValueError("preferences: expected one number per candidate; received one number")
    return masked_softmax(y, np.ones(y.shape, bool) if mask is None else mask)


def log_odds(preferences: ArrayLike) -> Floats:
    r"""How much sooner one candidate is taken than another: equation (4.4).

    $\ln (p_a / p_b) = \hat y_a - \hat y_b$

    Args:
        preferences: $\hat y$, shape ``(n,)``.

    Returns:
        Matrix ``(n, n)`` with the log-odds of the row against the column. No other candidate
        enters an entry: the independence of irrelevant alternatives.

    Raises:
        ValueError: if ``preferences`` is not a vector of finite numbers.

    Layer: none; it is a difference of two scores, nothing to train.

    Source: Luce (1959).

    >>> log_odds([2.0, 0.5])
    array([[ 0. ,  1.5],
           [-1.5,  0. ]])
    """
    y = as_floats("preferences", preferences, 1)
    if not np.isfinite(y).all():
        raise ValueError("preferences: expected finite numbers; received NaN or inf")
    return y[:, None] - y[None, :]


def gumbel_choice(preferences: ArrayLike, uniform: ArrayLike) -> NDArray[np.int64]:
    r"""Draw from the softmax by taking a maximum: equation (4.5).

    $C = \arg\max_c\, (\hat y_c + G_c)$ with $G_c = -\ln(-\ln U_c)$

    Args:
        preferences: $\hat y$, shape ``(n,)``; ``-inf`` is never chosen.
        uniform: $U$, numbers above 0 and below 1, shape ``(draws, n)``: one row per draw.

    Returns:
        The place of the candidate chosen in each draw, shape ``(draws,)``; place $c$ comes with
        probability $p_c$ of equation (4.3).

    Raises:
        ValueError: if the shapes do not fit, a preference is NaN or ``+inf``, all are ``-inf``, or
            ``uniform`` has a number outside (0, 1).

    Layer: none; drawing is no part of a model.

    Source: a classical identity (Gumbel-max); McFadden (1974) has it as random utility.

    >>> gumbel_choice([1.0, 0.0], [[0.5, 0.5], [0.1, 0.9]])
    array([0, 1])
    """
    y, u = as_floats("preferences", preferences, 1), as_floats("uniform", uniform, 2)
    same_width("preferences", y, "uniform", u)
    if np.isnan(y).any() or np.isposinf(y).any() or not np.isfinite(y).any():
        raise ValueError("preferences: expected numbers, not all -inf; received NaN, inf or none")
    if not ((u > 0) & (u < 1)).all():
        raise ValueError("uniform: expected numbers above 0 and below 1; received others")
    chosen: NDArray[np.int64] = np.argmax(y - np.log(-np.log(u)), axis=1)
    return chosen
