"""What a weight does to a score, and other weights that do the same.

Explained in the chapter "Explanation".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from attnrec_lite._checks import Floats, finite, whole


def pooled_effects(weights: ArrayLike, values: ArrayLike, candidate: ArrayLike) -> Floats:
    r"""How much a score falls without each item, from the weights alone: equation (17.2).

    $\Delta_j = \frac{\alpha_j}{1-\alpha_j}\big(e_c^\top v_j - \hat y_c\big)$

    Here $\hat y_c = e_c^\top \sum_j \alpha_j v_j$, and the weights come from a softmax: when an
    item goes, the others share out its weight as they share out the rest. Equal to
    ``left_out_effects``, without asking again.

    Args:
        weights: $\alpha$, shares that sum to 1, ``(n,)``.
        values: $v$, one row for each item, ``(n, d)``.
        candidate: $e_c$, ``(d,)``.

    Returns:
        Effects ``(n,)``; that of an item with all the weight is the whole score, since what is left
        is nothing.

    Raises:
        ValueError: if shapes do not fit, or the weights are no shares.

    Layer: none; it takes a trained layer's weights apart.

    Source: ours; S0-O7 and S1-O16 read $\alpha_j$ alone.

    >>> pooled_effects([0.5, 0.5], [[1, 0], [0, 1]], [1, 0])
    array([ 0.5, -0.5])
    """
    w, v = _shared(weights, values)
    e = finite("candidate", candidate, 1)
    if len(e) != v.shape[1]:
        raise ValueError(f"candidate: expected width {v.shape[1]}, as values; received {len(e)}")
    said = v @ e
    score = w @ said
    rest = 1 - w
    alone = rest <= 1e-12
    effects = w / np.where(alone, 1.0, rest) * (said - score)
    return np.asarray(np.where(alone, score, effects))


def same_output_weights(
    weights: ArrayLike, values: ArrayLike, tries: int = 20, seed: int = 0
) -> Floats:
    r"""Weights as far away as can be found whose weighted sum is the same: equation (17.3).

    Find $w' \ge 0$ with $\sum_j w'_j = 1$ and $\sum_j w'_j v_j = \sum_j w_j v_j$ that is far from
    $w$. There is another one whenever the rows $(v_j, 1)$ of the items with weight depend on one
    another: two items with equal values, or more items than $d + 1$. Each try is a linear program:
    the first takes as much as possible from the largest weight, the others follow random
    directions, and the one that has moved most, by (17.4), is kept.

    Args:
        weights: $w$, shares that sum to 1, ``(n,)``.
        values: $v$, one row for each item, ``(n, d)``.
        tries: linear programs, from 1.
        seed: of the directions.

    Returns:
        Weights ``(n,)``; the same as given where nothing else gives this output.

    Raises:
        ValueError: if shapes do not fit, or the weights are no shares.

    Layer: none; ``explain.exact_twin`` moves the weights of a recommender with it.

    Source: S0-O19, S1-O16 (X25): weights "explain", but two different ones give the same output.

    >>> same_output_weights([0.5, 0.5, 0.0], [[1, 0], [0, 1], [0.5, 0.5]]).round(6) + 0.0
    array([0., 0., 1.])
    >>> same_output_weights([0.5, 0.5], [[1, 0], [0, 1]])          # nothing else will do
    array([0.5, 0.5])
    """
    w, v = _shared(weights, values)
    rows, rng = np.column_stack([v, np.ones(len(w))]), np.random.default_rng(seed)
    null = _null_space(rows)
    if null.shape[1] == 0:
        return w
    best, moved = w, 1e-9
    for number in range(whole("tries", tries)):
        direction = np.eye(len(w))[w.argmax()] if number == 0 else rng.normal(size=len(w))
        # w' = w + null z: every z keeps the output, to the last digit; w' >= 0 bounds it.
        found = linprog(direction @ null, A_ub=-null, b_ub=w, bounds=(None, None))
        if found.status != 0:
            continue
        other = np.maximum(w + null @ found.x, 0.0)
        if (far := 0.5 * float(np.abs(other - w).sum())) > moved:
            best, moved = other, far
    return best


def _shared(weights: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    """Shares and a value for each."""
    w, v = finite("weights", weights, 1), finite("values", values, 2)
    if len(w) != len(v):
        raise ValueError(f"values: expected {len(w)} rows, as weights has; received {v.shape}")
    if (w < 0).any() or not np.isclose(w.sum(), 1, atol=1e-4):
        raise ValueError("weights: expected shares that sum to 1; received others")
    return w, v


def _null_space(rows: Floats) -> Floats:
    """Directions in which weights can move and ``rows.T @ w`` stays, ``(n, free)``."""
    left, size, _ = np.linalg.svd(rows, full_matrices=True)
    rank = int((size > 1e-6 * size.max(initial=0.0)).sum())
    return np.asarray(left[:, rank:])
