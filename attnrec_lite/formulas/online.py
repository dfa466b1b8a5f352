"""What changes when a click comes: the weights at once, the parameters only if somebody learns.

A click changes the *input*, and with it every attention weight, while all parameters stay as they
are: equation (14.1). Learning changes the *parameters*: equation (14.2). Explained in the chapter
"Online learning".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, positive, same_length, share_of_one
from attnrec_lite.formulas.weights import softmax


def add_click(
    context: ArrayLike, log_total: float, score: float, value: ArrayLike
) -> tuple[Floats, float, float]:
    r"""One more click under frozen parameters: equation (14.1).

    $a = e^{s} / (Z + e^{s})$, $\mathbf z' = (1 - a)\,\mathbf z + a\,\mathbf v$, $Z' = Z + e^{s}$:
    every older weight shrinks by the same factor $1 - a$, and nothing is computed again. It is
    exact as long as the query and the older scores stay what they are; where the newest item asks,
    or ages count from it, they do not.

    Args:
        context: $\mathbf z$, the weighted mean so far, shape ``(d,)``; any numbers if nothing came.
        log_total: $\ln Z$, logarithm of the sum of the exponentials of all scores so far;
            ``-inf`` if nothing came.
        score: $s$ of the new item.
        value: $\mathbf v$ of the new item, shape ``(d,)``.

    Returns:
        The new context, the new $\ln Z$, and the weight $a$ of the new item.

    Raises:
        ValueError: if the shapes differ or a number is not finite.

    Layer: none; ``models.Session`` keeps keys and values instead, since there the newest item asks.
    Source: S0-O5, S2-O31: weights follow the input while parameters stay; the running sum of
        softmax is that of Milakov and Gimelshein (2018).

    >>> z, total, _ = add_click([0.0, 0.0], -np.inf, 0.0, [1.0, 0.0])
    >>> z, total, a = add_click(z, total, 0.0, [0.0, 1.0])
    >>> z, a
    (array([0.5, 0.5]), 0.5)
    """
    z, v = finite("context", context, 1), finite("value", value, 1)
    same_length("context", z, "value", v)
    s = float(finite("score", score, 0))
    before = float(np.asarray(log_total, np.float64))
    if np.isnan(before) or before == np.inf:
        raise ValueError(f"log_total: expected a number or -inf; received {log_total}")
    after = float(np.logaddexp(before, s))
    a = float(np.exp(s - after))
    return (1 - a) * z + a * v, after, a


def online_step(table: ArrayLike, context: ArrayLike, taken: int, rate: float) -> Floats:
    r"""One step of learning from one click: equation (14.2), $\theta' = \theta - \eta\,\nabla L$.

    With $L = -\ln \mathrm{softmax}(E\mathbf z)_i$ the slope of the item vectors is
    $(\mathbf p - \mathbf y)\,\mathbf z^\top$: the item that was taken moves towards the context,
    every other one away from it, as much as it was expected.

    Args:
        table: $E$, one item vector per row, shape ``(N, d)``.
        context: $\mathbf z$, what the history says, shape ``(d,)``.
        taken: row of the item that was taken.
        rate: $\eta$, above 0.

    Returns:
        The item vectors after the step, ``(N, d)``.

    Raises:
        ValueError: if shapes do not fit, ``taken`` is no row, or the rate is not above 0.

    Layer: none; ``online.Incremental`` takes such steps for every parameter, with Adam.
    Source: S0-A5, S0-A9, which adjust the weights themselves; it is the parameters that learn.

    >>> online_step([[0.0], [0.0]], [1.0], taken=0, rate=1.0)
    array([[ 0.5],
           [-0.5]])
    """
    e, z = finite("table", table, 2), finite("context", context, 1)
    if e.shape[1] != len(z):
        raise ValueError(f"context: expected width {e.shape[1]}, as table has; received {len(z)}")
    if not 0 <= taken < len(e):
        raise ValueError(f"taken: expected a row in 0..{len(e) - 1}; received {taken}")
    surprise = softmax(e @ z)
    surprise[taken] -= 1
    return np.asarray(e - positive("rate", rate) * np.outer(surprise, z))


def faded(total: ArrayLike, value: ArrayLike, gap: float, half_life: float) -> Floats:
    r"""Forget by the clock, then add: equation (14.3), $S' = 2^{-\Delta / h} S + v$.

    Args:
        total: $S$, a sum in which everything counts half after each half-life, of any shape.
        value: $v$, what came now, of the same shape.
        gap: $\Delta$, time since the last one, not negative.
        half_life: $h$, in the same unit, above 0.

    Returns:
        The new sum. Two sums with the same gaps, of vectors and of ones, give a fading mean; the
        sum of ones is how many events the mean remembers, at most $1 / (1 - 2^{-\Delta/h})$.

    Raises:
        ValueError: if shapes differ, the gap is negative (a clock that ran backwards), or a number
            is not finite.

    Layer: none; ``online.FadingTaste`` keeps both sums.
    Source: exponential forgetting; S4-O9, where a class browsed lately gets more weight.

    >>> faded([4.0, 0.0], [0.0, 1.0], gap=2, half_life=1)
    array([1., 1.])
    """
    s, v = finite("total", total, least=0), finite("value", value, least=0)
    if s.shape != v.shape:
        raise ValueError(f"value: expected shape {s.shape}, as total has; received {v.shape}")
    passed = float(finite("gap", gap, 0))
    if passed < 0:
        raise ValueError(f"gap: expected a time from 0; received {gap}: the clock ran backwards")
    return np.asarray(np.exp2(-passed / positive("half_life", half_life)) * s + v)


def replay_loss(new: ArrayLike, old: ArrayLike, share: float) -> float:
    r"""Learn the new without losing the old: equation (14.4).

    $L = (1 - \rho)\,\overline{L}_{\mathrm{new}} + \rho\,\overline{L}_{\mathrm{old}}$, where the old
    rows are drawn anew from what was learned before.

    Args:
        new: losses of the rows that came now, shape ``(n,)``.
        old: losses of old rows, drawn at random, shape ``(m,)``; may be empty if the share is 0.
        share: $\rho$ of the old ones in what is learned, in [0, 1].

    Returns:
        The loss whose gradient is followed.

    Raises:
        ValueError: if a loss is not finite, there is no new one, or no old one where some must be.

    Layer: none; ``online.Incremental`` draws as many old targets as make the plain mean the same.
    Source: experience replay, Lin (1992); Rolnick et al. (NeurIPS 2019).

    >>> replay_loss([1.0, 3.0], [0.0], share=0.5)
    1.0
    """
    rho = share_of_one("share", share)
    n, m = finite("new", new, 1), finite("old", old, 1, least=int(rho > 0))
    return float((1 - rho) * n.mean() + (rho * m.mean() if rho else 0.0))


def replay_count(new: int, share: float) -> int:
    r"""Old rows to draw for some new ones: equation (14.5), $m = n\,\rho / (1 - \rho)$, rounded.

    Args:
        new: $n$, targets that came now.
        share: $\rho$, the share that old targets shall have, in [0, 1).

    Returns:
        How many old targets make the plain mean over all equation (14.4).

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a count.
    Source: ours, from (14.4).

    >>> replay_count(30, 0.5), replay_count(30, 0.75), replay_count(30, 0.0)
    (30, 90, 0)
    """
    if share_of_one("share", share) == 1:
        raise ValueError("share: expected a number below 1; received 1: nothing new is learned")
    if new < 0:
        raise ValueError(f"new: expected a count from 0; received {new}")
    return round(new * share / (1 - share))
