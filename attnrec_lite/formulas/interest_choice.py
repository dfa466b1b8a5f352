"""Which of several interests speaks: in training, in a search, and in a list that is to be varied.

Explained in the chapter "Multi-interest". At the end the interest that likes a candidate best
speaks, ``best_interest_scores``, equation (7.10).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, same_width, whole
from attnrec_lite.formulas.programs import best_interest_scores
from attnrec_lite.formulas.scores import preference_scores
from attnrec_lite.formulas.weights import softmax


def label_aware_weights(interests: ArrayLike, candidate: ArrayLike, power: float) -> Floats:
    r"""The candidate mixes the interests: equation (12.6).

    $\alpha = \mathrm{softmax}_k(p \, v_k^\top e_c)$ and $v_u = \sum_k \alpha_k v_k$

    Args:
        interests: $v$, shape ``(K, d)``.
        candidate: $e_c$, shape ``(d,)``: in training the item that came next.
        power: $p$, 0 or more: 0 is the mean of the interests, 1 plain attention, and the larger,
            the more the best one speaks alone. It is an inverse temperature.

    Returns:
        Weights over the interests, shape ``(K,)``, for ``weighted_sum``: whatever the signs of the
        dot products, the larger one has the larger weight.

    Raises:
        ValueError: if the shapes do not fit, there is no interest, a number is not finite, or
            ``power`` is below 0.

    Layer: none; ``models.MultiInterest`` with ``choose="label-aware"``.

    Source: Li et al. (2019) with the power taken out of the dot product: see
    ``label_aware_pow_weights``.

    >>> v = [[1, 0], [0, 1], [-2, 0]]
    >>> [label_aware_weights(v, [1, 0], power=p).round(2).tolist() for p in (0, 1, 100)]
    [[0.33, 0.33, 0.33], [0.71, 0.26, 0.04], [1.0, 0.0, 0.0]]
    """
    p = _power(power)
    return softmax(p * _dots(interests, candidate))


def label_aware_pow_weights(interests: ArrayLike, candidate: ArrayLike, power: float) -> Floats:
    r"""The same as the paper prints it: equation (12.7).

    $\alpha = \mathrm{softmax}_k\big((v_k^\top e_c)^p\big)$

    Args:
        interests: as for ``label_aware_weights``.
        candidate: likewise.
        power: $p$, 0 or more.

    Returns:
        Weights, shape ``(K,)``. A trap: an even power turns the least liked interest into the most
        liked one, and a fractional power of a negative number is NaN, which then fills the row.

    Raises:
        ValueError: as ``label_aware_weights``.

    Layer: none; it is shown, not used.

    Source: Li et al. (2019).

    >>> v = [[1, 0], [0, 1], [-2, 0]]
    >>> label_aware_pow_weights(v, [1, 0], power=2).round(2)
    array([0.05, 0.02, 0.94])
    >>> label_aware_pow_weights(v, [1, 0], power=1.5)
    array([nan, nan, nan])
    """
    p = _power(power)
    with np.errstate(invalid="ignore", over="ignore"):
        s = _dots(interests, candidate) ** p
        e = np.exp(s - s.max())  # the maximum of a row with a NaN is NaN
        return np.asarray(e / e.sum())


def chosen_interest(interests: ArrayLike, candidate: ArrayLike) -> int:
    r"""The one interest that a target trains: equation (12.8).

    $k^* = \arg\max_k v_k^\top e_c$: the label-aware attention of an infinite power

    Args:
        interests: $v$, shape ``(K, d)``.
        candidate: $e_c$, shape ``(d,)``.

    Returns:
        The number of the interest; of equal ones the first.

    Raises:
        ValueError: as ``label_aware_weights``.

    Layer: none; ``models.MultiInterest`` with ``choose="hard"``.

    Source: Cen et al. (2020).

    >>> chosen_interest([[1, 0], [0, 1]], [0.2, 0.9])
    1
    """
    return int(np.argmax(_dots(interests, candidate)))


def union_of_searches(
    interests: ArrayLike, vectors: ArrayLike, k: int, bias: ArrayLike = 0.0
) -> NDArray[np.int64]:
    r"""The k best items, from K searches for k: equation (12.9).

    $\mathrm{top}_k \max_l v_l^\top e_i = \mathrm{top}_k \bigcup_l \mathrm{top}_k\, v_l^\top e_i$:
    what is among the k best by its best interest is among the k best of that interest.

    Args:
        interests: $v$, shape ``(K, d)``.
        vectors: $e$, one per item, shape ``(n, d)``.
        k: how many items; the searches together return up to K times as many.
        bias: one number per item, shape ``(n,)``, or one for all, added to what every interest
            says: it is part of each search.

    Returns:
        Rows of ``vectors``, best first; of equal scores the smaller row, shape ``(min(k, n),)``.

    Raises:
        ValueError: if the shapes do not fit, there is no interest, or ``k`` is no whole number
            from 1.

    Layer: none; ``models.MultiInterest.recommend`` takes the maximum of all, which is the same.

    Source: Cen et al. (2020); S4-F14 takes the k best entries of a sum instead, which are features.

    >>> union_of_searches([[1, 0], [0, 1]], [[0.9, 0.1], [0.1, 0.9], [0.6, 0.6]], k=2)
    array([0, 1])
    """
    v, e = finite("interests", interests, 2), finite("vectors", vectors, 2, least=0)
    same_width("interests", v, "vectors", e)
    each = np.stack([preference_scores(one, e, bias) for one in v], axis=1)
    found = np.argsort(-each, axis=0, kind="stable")[: whole("k", k)]  # K searches
    rows = np.unique(found)  # each once, the smaller first
    best = best_interest_scores(v, e, bias)[rows]
    return np.asarray(rows[np.argsort(-best, kind="stable")][:k])


def controlled_list(
    scores: ArrayLike, categories: ArrayLike, k: int, diversity: float = 0.0
) -> NDArray[np.int64]:
    r"""A list that trades score for variety, item by item: equation (12.10).

    $\max_S \sum_{i \in S} f(i) + \lambda \sum_{i, j \in S} [c_i \ne c_j]$, by taking in each step
    the item that adds most

    Args:
        scores: $f$, one per candidate, shape ``(n,)``; ``-inf`` may never be shown.
        categories: $c$, one per candidate, shape ``(n,)``.
        k: how many.
        diversity: $\lambda$, 0 or more: 0 is the list of the k best.

    Returns:
        Places in ``scores`` in the order in which they were taken; of equal gains the smaller.
        Greedy: a step is never taken back, so the best set may be another.

    Raises:
        ValueError: if lengths differ, a score is NaN or ``+inf``, or a number is out of range.

    Layer: none; it works on any model's scores.

    Source: Cen et al. (2020), their aggregation module.

    >>> [controlled_list([4, 3, 2], ["tea", "tea", "garden"], 2, x).tolist() for x in (0, 1)]
    [[0, 1], [0, 2]]
    """
    f, c = np.asarray(scores, float), np.asarray(categories)
    if f.ndim != 1 or np.isnan(f).any() or np.isposinf(f).any():
        raise ValueError("scores: expected a vector of numbers or -inf; received something else")
    if c.shape != f.shape:
        raise ValueError(f"categories: expected {len(f)}, as scores; received shape {c.shape}")
    if not (np.isfinite(diversity) and diversity >= 0):
        raise ValueError(f"diversity: expected a number from 0; received {diversity!r}")
    gain = np.array(f)
    taken: list[int] = []
    for _ in range(min(whole("k", k), len(f))):
        best = int(np.argmax(gain))
        if np.isneginf(gain[best]):
            break
        taken.append(best)
        gain += 2 * diversity * (c != c[best])  # the sum counts each pair from both sides
        gain[best] = -np.inf
    return np.array(taken, np.int64)


def _dots(interests: ArrayLike, candidate: ArrayLike) -> Floats:
    v, e = finite("interests", interests, 2), finite("candidate", candidate, 1)
    same_width("candidate", e, "interests", v)
    return np.asarray(v @ e)


def _power(power: float) -> float:
    if not isinstance(power, int | float) or not np.isfinite(power) or power < 0:
        raise ValueError(f"power: expected a finite number from 0; received {power!r}")
    return float(power)
