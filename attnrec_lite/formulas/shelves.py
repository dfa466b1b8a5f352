"""Shelves: what a place is worth, what it does to what comes next, and how unequal that ends.

Attention here is the customer's, the scarce thing that the places of a shelf share out; only
``moved_share`` is about the other attention, the weights of a model. Explained in the chapter "The
attention economy".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, positive, same_width


def shelf_value(attention: ArrayLike, chances: ArrayLike) -> float:
    r"""What a shelf is expected to sell at one look: equation (1.1), $V = \sum_p a_p \pi_{g_p}$.

    Args:
        attention: chance that each place is looked at, shape ``(k,)``.
        chances: chance that the good at each place is wanted, shape ``(k,)``.

    Returns:
        The value, highest when the likeliest good stands where most attention goes.

    Raises:
        ValueError: if the shapes differ or something is no chance.

    Layer: none; the customer's attention is not computed by a model.

    Source: S1-O1, S1-O4: the announced economy, and the right content in the right place. With
        $a_p = 1/\log_2(p + 1)$ and chances of 0 and 1 it is the DCG of a list.

    >>> shelf_value([0.75, 0.25], [0.5, 0.25]), shelf_value([0.75, 0.25], [0.25, 0.5])
    (0.4375, 0.3125)
    """
    a, c = _chances("attention", attention), _chances("chances", chances)
    same_width("attention", a, "chances", c)
    return float(a @ c)


def moved_share(first: ArrayLike, second: ArrayLike) -> float:
    r"""Attention that two sets of weights put elsewhere: equation (1.9).

    Args:
        first: weights over some items, summing to 1, shape ``(n,)``.
        second: other weights over the same items.

    Returns:
        Half the sum of absolute differences: 0 for the same weights, 1 for weights that share no
        item.

    Raises:
        ValueError: if the shapes differ or something is not a share of 1.

    Layer: none; it compares what layers returned.

    Source: S0-O3, which takes weights for the user's attention.

    >>> moved_share([0.5, 0.5, 0], [0.25, 0.5, 0.25])
    0.25
    """
    a, b = _chances("first", first), _chances("second", second)
    same_width("first", a, "second", b)
    for name, w in (("first", a), ("second", b)):
        if not np.isclose(w.sum(), 1, atol=1e-3):
            raise ValueError(f"{name}: expected weights that sum to 1; received {w.sum():.4g}")
    return float(np.abs(a - b).sum() / 2)


def next_counts(
    counts: ArrayLike, shelf: ArrayLike, attention: ArrayLike, chances: ArrayLike, visitors: float
) -> Floats:
    r"""One turn of the loop: equation (1.10), $n_i' = n_i + m\,a_{p(i)}\,\pi_i$.

    Args:
        counts: what was taken of each good so far, shape ``(N,)``.
        shelf: the good at each place, numbers in 0..N-1, none twice, shape ``(k,)``.
        attention: chance that each place is looked at, shape ``(k,)``.
        chances: chance that each good is taken once it is seen, shape ``(N,)``.
        visitors: how many look at the shelf.

    Returns:
        Expected counts after them, shape ``(N,)``: only what is shown can grow.

    Raises:
        ValueError: if shapes do not fit, a good is unknown or twice on the shelf, or something is
            negative or no chance.

    Layer: none; it is the shop's turn, not the model's.

    Source: S0-D1, S0-O30: the loop that the text has and the picture lacks.

    >>> next_counts([3, 5, 4], shelf=[1, 2], attention=[0.75, 0.25], chances=[0.5] * 3, visitors=8)
    array([3., 8., 5.])
    """
    n, a, c = _counts(counts), _chances("attention", attention), _chances("chances", chances)
    same_width("counts", n, "chances", c)
    goods = np.asarray(shelf)
    known = goods.dtype.kind in "iu" and bool(((goods >= 0) & (goods < len(n))).all())
    if goods.shape != a.shape or not known or len(np.unique(goods)) < len(goods):
        raise ValueError(
            f"shelf: expected {len(a)} different numbers in 0..{len(n) - 1}; received {shelf!r:.80}"
        )
    after = n.copy()
    after[goods] += positive("visitors", visitors) * a * c[goods]
    return after


def gini(counts: ArrayLike) -> float:
    r"""How unequally something is shared out: equation (1.11).

    Args:
        counts: what each one has, not negative, shape ``(N,)``.

    Returns:
        $\sum_{ij} |n_i - n_j| / (2 N \sum_i n_i)$: 0 if all have the same, $1 - 1/N$ if one has it
        all, 0 if there is nothing to share.

    Raises:
        ValueError: if there is nobody, or a count is negative or not finite.

    Layer: none; a statistic.

    Source: Gini's index; S0-O8 promises exposure to creators, this measures who gets it.

    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 4]), gini([0, 0])
    (0.0, 0.75, 0.0)
    """
    n = np.sort(_counts(counts))
    if n.size == 0:
        raise ValueError("counts: expected at least one; received none")
    if n[-1] == 0:
        return 0.0
    n = n / n[-1]
    place = np.arange(1, len(n) + 1)  # sorted, a pair's difference counts by its places
    return float((2 * place - len(n) - 1) @ n / (len(n) * n.sum()))


def _counts(counts: ArrayLike) -> Floats:
    n = as_floats("counts", counts, 1)
    if not np.isfinite(n).all() or (n < 0).any():
        raise ValueError("counts: expected finite numbers from 0; received another")
    return n


def _chances(name: str, value: ArrayLike) -> Floats:
    c = as_floats(name, value, 1)
    if not ((c >= 0) & (c <= 1)).all():
        raise ValueError(
            f"{name}: expected numbers in [0, 1]; received {c.round(4).tolist()!r:.80}"
        )
    return c
