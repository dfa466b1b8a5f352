"""Questions that a printed calculation has to answer before anybody believes it.

Explained in the chapter "By hand".
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, positive, same_width, whole


def rounding_slack(n: int, decimals: int) -> float:
    r"""How far from 1 the sum of n printed weights may be: equation (5.1), $n \cdot 10^{-p} / 2$.

    Args:
        n: how many weights were printed.
        decimals: digits after the point, $p$.

    Returns:
        The largest distance that rounding alone can make: half a unit of the last place for each.

    Raises:
        ValueError: if ``n`` is not an integer of at least 1, or ``decimals`` of at least 0.

    Layer: none; it judges printed numbers, nothing to train.

    Source: ours; S2-F15 passes this test and fails the next.

    >>> rounding_slack(3, decimals=4)
    0.00015
    """
    return float(whole("n", n) * 0.5 / 10 ** whole("decimals", decimals, least=0))


def broken_ties(
    inputs: ArrayLike, weights: ArrayLike, tolerance: float = 0.0
) -> list[tuple[int, int]]:
    r"""Equal items with unequal weights, which no score can give: equation (5.2).

    Args:
        inputs: all that the score may look at, one item per row, shape ``(n, d)``.
        weights: shape ``(n,)``.
        tolerance: how far equal weights may lie apart; for weights printed with $p$ decimals
            $10^{-p}$.

    Returns:
        Pairs ``(i, j)``, ``i < j``, whose rows are the same number for number and whose weights
        differ by more; empty where symmetry holds.

    Raises:
        ValueError: if there is not one weight per item.

    Layer: none; it judges weights of any layer that does not see positions.

    Source: S2-F15.

    >>> broken_ties([[1, 0.5, 1], [0, 1, 0], [1, 0.5, 1]], [0.4472, 0.5, 0.0528], 1e-4)
    [(0, 2)]
    """
    x, a = as_floats("inputs", inputs, 2), as_floats("weights", weights, 1)
    if len(x) != len(a):
        raise ValueError(f"weights: expected {len(x)}, one per item; received {len(a)}")
    return [
        (i, j)
        for i, j in combinations(range(len(a)), 2)
        if np.array_equal(x[i], x[j]) and abs(a[i] - a[j]) > tolerance
    ]


def scores_behind(weights: ArrayLike) -> Floats:
    r"""The scores that a softmax turned into these weights: equation (5.3).

    $s_i = \ln\alpha_i - \frac1n\sum_j \ln\alpha_j$: the softmax forgets a constant, so of all
    answers this is the one whose mean is 0.

    Args:
        weights: all above 0, shape ``(n,)``; they need not sum to 1, their ratios decide.

    Returns:
        Scores, shape ``(n,)``, with mean 0; ``softmax`` of them is ``weights`` over their sum.

    Raises:
        ValueError: if a weight is not a finite number above 0: a softmax never gives 0.

    Layer: none; it undoes ``attention.masked_softmax``, to read weights and not to train.

    Source: ours; it asks what S2-F15 would take.

    >>> scores_behind([0.4472, 0.5, 0.0528]).round(3)
    array([ 0.675,  0.787, -1.462])
    """
    a = as_floats("weights", weights, 1)
    if len(a) == 0 or not np.all((a > 0) & np.isfinite(a)):
        raise ValueError(f"weights: expected finite numbers above 0; received {a.tolist()!r:.80}")
    logs = np.log(a)
    return np.asarray(logs - logs.mean())


def elementwise_scores(query: ArrayLike, keys: ArrayLike) -> Floats:
    r"""One number asks, one number answers: equation (5.4), $s_i = q_i k_i$.

    Args:
        query: one number per item, shape ``(n,)``.
        keys: one number per item, shape ``(n,)``.

    Returns:
        Scores, shape ``(n,)``; their sum is the dot product, which is one score.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``keras.layers.Multiply``.

    Source: S2-F15, the second reading of S2-N1.

    >>> elementwise_scores([1, 0, 1], [0.5, 1, 0.5])
    array([0.5, 0. , 0.5])
    """
    q, k = as_floats("query", query, 1), as_floats("keys", keys, 1)
    same_width("query", q, "keys", k)
    return q * k


def mean_attention(weights: ArrayLike) -> Floats:
    r"""Many queries, one list: equation (5.5), $\bar\alpha_j = \frac1m\sum_i \alpha_{ij}$.

    Args:
        weights: one query per row, shape ``(m, n)``; each row sums to 1.

    Returns:
        Weights over the keys, shape ``(n,)``, again summing to 1: every query has one vote.

    Raises:
        ValueError: if there is no row, or a row holds no weights.

    Layer: ``keras.layers.GlobalAveragePooling1D`` over the query axis; it has nothing to learn.

    Source: the step that S3-N1 leaves out.

    >>> mean_attention([[0.5, 0.5], [1.0, 0.0]])
    array([0.75, 0.25])
    """
    a = as_floats("weights", weights, 2)
    if len(a) == 0 or (a < 0).any() or not np.allclose(a.sum(axis=1), 1, atol=1e-6):
        raise ValueError("weights: expected rows of shares that sum to 1; are these scores?")
    return np.asarray(a.mean(axis=0))


def sharpness(width: int, printed: float) -> float:
    r"""What a wrong $d_k$ does: equation (5.6), $\sqrt{d_k} / \sqrt{d_k'}$ times sharper scores.

    Args:
        width: of the keys, $d_k$.
        printed: what was put in its place, $d_k'$.

    Returns:
        The factor by which every score is too large; its inverse is the temperature in effect.

    Raises:
        ValueError: if ``width`` is not a whole number from 1 or ``printed`` not above 0.

    Layer: none; a constant, whose inverse ``attention.Score`` takes as its temperature.

    Source: S4-F6.

    >>> round(sharpness(4, 0.5), 2)
    2.83
    """
    return float(np.sqrt(whole("width", width) / positive("printed", printed)))


def interest_scores(weights: ArrayLike, vectors: ArrayLike) -> Floats:
    r"""One number per interest: equation (5.7), $r_i = \sum_c \alpha_i x_{ic}$.

    Args:
        weights: one per interest, shape ``(n,)``.
        vectors: one interest per row, shape ``(n, d)``.

    Returns:
        Shape ``(n,)``: these may rank interests. The sum over ``i`` instead, which S4 prints, has
        shape ``(d,)`` and ranks features.

    Raises:
        ValueError: if there is not one weight per interest.

    Layer: none; a dot product with a candidate, ``preference_scores``, does the ranking.

    Source: S4-F13, S4-F14.

    >>> interest_scores([0.25, 0.75], [[1, 1, 1], [0, 1, 0]])
    array([0.75, 0.75])
    """
    a, x = as_floats("weights", weights, 1), as_floats("vectors", vectors, 2)
    if len(a) != len(x):
        raise ValueError(f"weights: expected {len(x)}, one per interest; received {len(a)}")
    return np.asarray((a[:, None] * x).sum(axis=1))


def decimals_for_order(values: ArrayLike) -> int:
    r"""Decimals that keep every order: equation (5.8), the least $p$ with $10^{-p} < \min$ gap.

    Args:
        values: finite numbers, shape ``(n,)``; equal ones are a tie and need no telling apart.

    Returns:
        A number of digits after the point, 0 or more, at which rounded values stand in the same
        order as the values. Fewer may do by luck.

    Raises:
        ValueError: if a value is not finite.

    Layer: none; it says how to print.

    Source: ours.

    >>> decimals_for_order([0.9, 0.1]), decimals_for_order([0.2316, 0.2434, 0.2559])
    (1, 2)
    """
    v = as_floats("values", values, 1)
    if not np.isfinite(v).all():
        raise ValueError("values: expected finite numbers; received NaN or inf")
    gaps = np.diff(np.unique(v))
    if len(gaps) == 0:
        return 0
    places = 0
    while 10.0**-places >= gaps.min():
        places += 1
    return places
