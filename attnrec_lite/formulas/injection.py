"""What one slipped-in click takes of the attention, and readouts that bound it.

Explained in the chapter "Robustness and fairness"; ``capped`` is the bound on scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, positive, same_length, whole


def injected_weight(scores: ArrayLike, injected: ArrayLike) -> float:
    r"""Attention that slipped-in clicks take: equation (19.1), $a = \sum_m e^{s_m} / Z'$.

    Args:
        scores: of the true history, shape ``(n,)``, at least one.
        injected: score of one slipped-in click, or of several, shape ``(m,)``.

    Returns:
        Their share of the weight, in (0, 1). Softmax rewards a score, not a reason: without a bound
        on scores one click takes as much as its maker likes.

    Raises:
        ValueError: if a score is not finite or there is no true click.

    Layer: none; ``robustness.click_takes`` measures it on a model.

    Source: S0-K3, S1-K2: sensitive to noise; S1-O15 says the opposite.

    >>> round(injected_weight([1, 0.5, 0.2, 0, -0.3], 5), 3)
    0.953
    """
    s, new = finite("scores", scores, 1), np.atleast_1d(finite("injected", injected, least=0))
    top = max(s.max(), new.max(initial=-np.inf))
    fake = np.exp(new - top).sum()
    return float(fake / (fake + np.exp(s - top).sum()))


def injected_weight_bound(n: int, bound: float, injected: int = 1) -> float:
    r"""What clicks can take if no score leaves [-B, B]: equation (19.3).

    $a \le m / (m + n\,e^{-2B})$: at worst every slipped-in click scores $B$ and every true one
    $-B$. With $m = 1$ and $B = 1/\tau$ it is the ceiling of a cosine, equation (2.9).

    Args:
        n: true clicks, at least 1.
        bound: $B$, above 0.
        injected: $m$, slipped-in clicks, at least 1.

    Returns:
        The largest share of the weight. It grows with every further click, and it bounds a
        true favourite just as well: that is its price. ``capped`` of the scores keeps it.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; ``robustness.BoundedAttention`` keeps it.

    Source: ours; S0-I12 asks for "robust regularisation" and names none.

    >>> round(injected_weight_bound(5, bound=1.0), 3), round(injected_weight_bound(50, 1.0), 3)
    (0.596, 0.129)
    """
    m = whole("injected", injected)
    return float(m / (m + whole("n", n) * np.exp(-2 * positive("bound", bound))))


def context_shift(weight: float, context: ArrayLike, value: ArrayLike) -> float:
    r"""How far a click moves the context: equation (19.2), $\|z' - z\| = a\,\|v - z\|$.

    It is exact, from equation (14.1): so whoever bounds the weight a bounds the harm.

    Args:
        weight: $a$ of the new click, in [0, 1].
        context: $z$ before, shape ``(d,)``.
        value: $v$ of the new click, shape ``(d,)``.

    Returns:
        The length of the move.

    Raises:
        ValueError: if widths differ or a number is out of range.

    Layer: none; a bound.

    Source: ours, from Milakov and Gimelshein's running softmax.

    >>> context_shift(0.5, [0.0, 0.0], [3.0, 4.0])
    2.5
    """
    z, v = finite("context", context, 1), finite("value", value, 1)
    same_length("context", z, "value", v)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight: expected a number in [0, 1]; received {weight!r}")
    return float(weight * np.linalg.norm(v - z))


def capped_weights(weights: ArrayLike, cap: float) -> Floats:
    r"""No weight above a cap: equation (19.4), $\tilde\alpha_i = \min(c, \kappa\,\alpha_i)$.

    $\kappa \ge 1$ is chosen so that the sum stays 1: what is cut from the largest goes to the
    others in proportion, and again if that lifts one above the cap.

    Args:
        weights: not negative, with sum 1, shape ``(n,)``.
        cap: $c$, in (0, 1]. With $n\,c < 1$ nothing can sum to 1: every weight is $c$, and the
            rest goes to nobody. With fewer than n weights above 0 the same may happen.

    Returns:
        Weights of the same shape and order, each at most ``cap``.

    Raises:
        ValueError: if weights are no shares of 1 or the cap is out of range.

    Layer: none; ``robustness.BoundedAttention``.

    Source: ours; for S0-I12.

    >>> capped_weights([0.8, 0.1, 0.1], cap=0.5), capped_weights([0.9, 0.1], cap=0.25)
    (array([0.5 , 0.25, 0.25]), array([0.25, 0.25]))
    """
    a = _shares(weights)
    if not 0 < cap <= 1:
        raise ValueError(f"cap: expected a number above 0 and up to 1; received {cap!r}")
    order = np.argsort(-a, kind="stable")
    falling = a[order]
    rest = np.concatenate([np.cumsum(falling[::-1])[::-1], [0.0]])  # from each place on
    for count in range(len(a) + 1):  # how many of the largest are cut
        if rest[count] <= 0:
            return np.where(a > 0, cap, 0.0)
        scale = (1 - count * cap) / rest[count]
        if count == len(a) or scale * falling[count] <= cap:
            break
    return np.asarray(np.minimum(cap, np.maximum(scale, 0.0) * a))


def trimmed_context(weights: ArrayLike, values: ArrayLike, trim: float) -> Floats:
    r"""A readout that leaves out the extremes: equation (19.5).

    Number by number of the vector: sort the values, cut $\tau$ of the weight from each end,
    average what is left. Clicks that hold at most $\tau$ of the weight cannot move any number
    beyond the least and the greatest of the others, however large their values are.

    Args:
        weights: $\alpha$, shape ``(n,)``, not negative with sum 1.
        values: $v$, shape ``(n, d)``.
        trim: $\tau$, in [0, 0.5); 0 is the weighted sum of equation (2.3).

    Returns:
        The context, shape ``(d,)``.

    Raises:
        ValueError: if shapes do not fit or a number is out of range.

    Layer: none; a trimmed mean has no smooth slope.

    Source: the trimmed mean, Huber, "Robust Statistics" (1981); S0-I12 names no method.

    >>> trimmed_context([0.4, 0.4, 0.2], [[1.0], [2.0], [1000.0]], trim=0.2).round(4)
    array([1.6667])
    """
    a, v = _shares(weights), finite("values", values, 2)
    same_length("weights", a, "values", v)
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim: expected a number from 0 and below 0.5; received {trim!r}")
    order = np.argsort(v, axis=0, kind="stable")
    above = np.cumsum(a[order], axis=0)
    below = np.vstack([np.zeros(v.shape[1]), above[:-1]])
    kept = np.clip(np.minimum(above, 1 - trim) - np.maximum(below, trim), 0, None)
    # A last bit of rounding of the sums is no weight: it would let a huge value through.
    kept[kept < 1e-12] = 0.0
    total = kept.sum(axis=0)
    return np.asarray((kept / total * np.take_along_axis(v, order, axis=0)).sum(axis=0))


def _shares(weights: ArrayLike) -> Floats:
    a = finite("weights", weights, 1)
    if (a < 0).any() or not np.isclose(a.sum(), 1, atol=1e-6):
        raise ValueError(
            f"weights: expected shares with sum 1; received sum {a.sum():.6g} or one below 0"
        )
    return a
