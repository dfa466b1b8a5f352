"""What a ranking figure owes to how it was taken: sampled negatives, and ties.

Explained in the chapter "Evaluation".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import hypergeom

from attnrec_lite._checks import as_floats, whole


def sampled_hit_rate(place: int, n_items: int, negatives: int, k: int) -> float:
    r"""Chance that a target is among the first k of itself and drawn negatives: equation (8.13).

    Args:
        place: of the target among all N items, from 1.
        n_items: N.
        negatives: how many others are drawn, without replacement, each equally likely.
        k: length of the list.

    Returns:
        $P(X < k)$, where $X$ of the drawn are better: hypergeometric, of $N - 1$ others
        ``place - 1`` are better. With all $N - 1$ drawn, the true hit: 0 or 1.

    Raises:
        ValueError: if a number does not fit.

    Layer: none; ``evaluation.Sampled`` draws the negatives for a model.

    Source: Krichene and Rendle 2020.

    >>> sampled_hit_rate(100, 10_000, negatives=100, k=10) > 0.999
    True
    >>> sampled_hit_rate(100, 10_000, negatives=9_999, k=10)
    0.0
    """
    others = whole("n_items", n_items, least=2) - 1
    if whole("place", place) > n_items:
        raise ValueError(f"place: expected at most {n_items}, the items; received {place}")
    if whole("negatives", negatives) > others:
        raise ValueError(f"negatives: expected at most {others}, the others; received {negatives}")
    return float(hypergeom.cdf(whole("k", k) - 1, others, place - 1, negatives))


def tied_gain(beaten_by: int, tied_with: int, gains: ArrayLike) -> float:
    r"""Mean gain over the places that a tie leaves open: equation (8.19).

    Args:
        beaten_by: $b$, how many score higher than the target.
        tied_with: $e$, how many others score the same.
        gains: what each place earns, first place first, shape ``(k,)``; beyond, nothing.

    Returns:
        $(g_{b+1} + \dots + g_{b+e+1}) / (e + 1)$. Gains of ones give the hit rate: k / N for a
        model that scores all N items alike.

    Raises:
        ValueError: if a count is negative or a gain is not finite.

    Layer: none; ``evaluation.ranking_metrics`` does it for a batch.

    Source: McSherry and Najork 2008; the sources rank without a word on ties.

    >>> tied_gain(0, 999, gains=[1] * 10)
    0.01
    """
    b, e = whole("beaten_by", beaten_by, least=0), whole("tied_with", tied_with, least=0)
    g = as_floats("gains", gains, 1)
    if not np.isfinite(g).all():
        raise ValueError("gains: expected finite numbers; received NaN or inf")
    return float(g[b : b + e + 1].sum() / (e + 1))
