"""Selling a place: what a chance of a click is worth, who wins, what is paid, how long money lasts.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, in_unit, not_negative, positive, same_shape


def second_price(bids: ArrayLike, chances: ArrayLike, reserve: float = 0.0) -> tuple[int, float]:
    r"""One place goes to the highest expected payment: equation (20.1).

    $i^* = \arg\max_i b_i p_i$, and a click costs
    $\max(b_j p_j,\, r) / p_{i^*}$ with $j$ the runner-up: the least bid that still wins.

    Args:
        bids: $b$, what a click is worth to each advertiser, not negative, shape ``(n,)``.
        chances: $p$, chance that this person clicks on each, in [0, 1], shape ``(n,)``.
        reserve: $r$, the least expected payment at which the place is sold.

    Returns:
        The winner's place and the price of a click, never above its bid; of equal ones the first
        wins. ``(-1, 0.0)`` if nobody offers more than nothing and at least the reserve.

    Raises:
        ValueError: if the shapes differ, a number is out of range or not finite.

    Layer: none; a rule of the market.

    Source: Vickrey (1961); Edelman, Ostrovsky and Schwarz (AER 2007) for several places. S0-U7
        ranks by attention alone.

    >>> second_price([1.0, 4.0], [0.10, 0.03])  # 0.10 against 0.12: the rarer click is dearer
    (1, 3.3333333333333335)
    """
    b, p = not_negative("bids", bids), in_unit("chances", chances)
    same_shape("bids", b, "chances", p)
    if b.ndim != 1:
        raise ValueError(f"bids: expected a vector; received shape {b.shape}")
    r = float(not_negative("reserve", reserve))
    worth = b * p
    winner = int(worth.argmax()) if len(worth) else -1
    if winner < 0 or worth[winner] <= 0 or worth[winner] < r:
        return -1, 0.0
    second = max(np.delete(worth, winner).max(initial=0.0), r)
    return winner, float(min(second / p[winner], b[winner]))


def undo_sampling(chances: ArrayLike, kept: float) -> Floats:
    r"""The chance of a click behind one learned from thinned data: equation (20.2).

    $p = \dfrac{q}{q + (1 - q) / w}$

    Args:
        chances: $q$, from a model that saw every click and a share of the rest, any shape.
        kept: $w$, the share of the views without a click that it saw, above 0, at most 1.

    Returns:
        $p$ of the same shape: never above $q$, in the same order. A list stays as it is; what is
        multiplied by a bid does not.

    Raises:
        ValueError: if a chance is outside [0, 1] or the share is outside (0, 1].

    Layer: none; a correction after training.

    Source: He et al. (ADKDD 2014). S0-U7 sells a place by attention, without a chance at all.

    >>> undo_sampling([0.5, 0.1], kept=0.1).round(4)
    array([0.0909, 0.011 ])
    """
    q, w = in_unit("chances", chances), positive("kept", kept)
    if w > 1:
        raise ValueError(f"kept: expected a share above 0, at most 1; received {kept}")
    return q / (q + (1 - q) / w)


def scaled_chance(scores: ArrayLike, slope: float = 1.0, offset: float = 0.0) -> Floats:
    r"""A chance from a score, by two numbers that are fitted afterwards: equation (20.3).

    $p = \sigma(a s + b)$. With $b = 0$ and $a = 1/T$ it is a temperature; with $a > 0$ the order of
    the scores stays, so AUC and every list stay, and only what a chance is worth changes.

    Args:
        scores: $s$, finite, any shape.
        slope: $a$.
        offset: $b$.

    Returns:
        $p$ of the same shape.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; two numbers, fitted on data that the model was not trained on.

    Source: Platt (1999); Guo et al. (ICML 2017) for the temperature. ``worlds.ads`` fits them.

    >>> scaled_chance([0.0, 2.0], slope=0.5, offset=-1.0).round(3)
    array([0.269, 0.5  ])
    """
    s = finite("scores", scores, least=0)
    a, b = float(finite("slope", slope, 0)), float(finite("offset", offset, 0))
    return np.asarray(1 / (1 + np.exp(-np.clip(a * s + b, -700, 700))))


def paced(multiplier: ArrayLike, spent: ArrayLike, target: ArrayLike, rate: float = 0.1) -> Floats:
    r"""Bid less while money runs out too fast: equation (20.4).

    $\lambda' = \min\big(1,\ \lambda\, e^{-\eta (x / \rho - 1)}\big)$, with what was spent $x$ and
    what should have been, $\rho$; the bid in the auction is $\lambda b$.

    Args:
        multiplier: $\lambda$ of each advertiser, in [0, 1], shape ``(n,)``.
        spent: $x$ in the step, not negative, shape ``(n,)``.
        target: $\rho$, budget over steps, not negative, shape ``(n,)``.
        rate: $\eta$, above 0; one step changes $\ln\lambda$ by at most $10\eta$ down.

    Returns:
        The new multipliers, in [0, 1]; 0 where the target is 0, since no budget buys nothing.

    Raises:
        ValueError: if the shapes differ or a number is out of range.

    Layer: none; control, not learning.

    Source: Balseiro and Gur (EC 2017), who step in the dual; the exponential keeps it above 0.

    >>> paced([1.0, 0.5, 1.0], [2.0, 0.0, 0.0], [1.0, 1.0, 0.0], rate=0.5).round(3)
    array([0.607, 0.824, 0.   ])
    """
    m, x, rho = (
        in_unit("multiplier", multiplier),
        not_negative("spent", spent),
        not_negative("target", target),
    )
    same_shape("multiplier", m, "spent", x)
    same_shape("multiplier", m, "target", rho)
    with np.errstate(over="ignore"):
        over = np.divide(x, rho, out=np.zeros_like(x), where=rho > 0)
    moved = m * np.exp(-positive("rate", rate) * np.minimum(over - 1, 10))
    return np.where(rho > 0, np.minimum(moved, 1), 0.0)
