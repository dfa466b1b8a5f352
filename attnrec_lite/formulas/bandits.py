"""Which one to try: the price of not knowing, and three ways to keep it low.

An arm is one of a few things that can be shown; pulling it shows it and earns 0 or 1. Explained in
the chapter "Online learning".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from attnrec_lite._checks import Floats, as_floats, counts, finite, share_of_one

LOGITS = np.linspace(-30, 30, 241)  # where the integral of Thompson's chances is taken


def greedy_chances(means: ArrayLike, epsilon: float = 0.0) -> Floats:
    r"""Mostly the best so far, sometimes any: equation (14.11).

    $\pi_a = (1 - \varepsilon)\,[a = \arg\max_b \hat\mu_b] + \varepsilon / K$, where arms that tie
    for the best share its part.

    Args:
        means: $\hat\mu$, what each arm has earned per pull, shape ``(..., K)``.
        epsilon: $\varepsilon$, share of the pulls given to chance, in [0, 1].

    Returns:
        The chance of each arm, of the same shape; each is at least $\varepsilon / K$, which is what
        a later off-policy estimate needs.

    Raises:
        ValueError: if there is no arm, a mean is not finite, or epsilon is no share.

    Layer: none; a choice.
    Source: Sutton and Barto, Reinforcement Learning (2018), section 2.2.

    >>> greedy_chances([0.1, 0.3], epsilon=0.2)
    array([0.1, 0.9])
    """
    m = _arms("means", means)
    best = m == m.max(axis=-1, keepdims=True)
    e = share_of_one("epsilon", epsilon)
    return np.asarray((1 - e) * best / best.sum(axis=-1, keepdims=True) + e / m.shape[-1])


def upper_bounds(means: ArrayLike, pulls: ArrayLike, turn: int, scale: float = 2.0) -> Floats:
    r"""How good an arm may still be: equation (14.12), $\hat\mu_a + \sqrt{c \ln t / n_a}$.

    Args:
        means: $\hat\mu$, shape ``(..., K)``; of an arm that was never pulled any finite number.
        pulls: $n$, how often each was pulled, of the same shape.
        turn: $t$, pulls of all arms so far, at least 1.
        scale: $c$, not negative: 2 is UCB1, whose guarantee is for earnings that spread over
            [0, 1]; clicks of a few per cent spread far less, and a small scale explores less.

    Returns:
        The bounds; infinite for an arm that was never pulled. The highest is pulled next.

    Raises:
        ValueError: if shapes differ, a count is none, or a number is out of range.

    Layer: none; a choice.
    Source: Auer, Cesa-Bianchi and Fischer (2002), UCB1 with $c = 2$; without a guarantee for less.

    >>> upper_bounds([0.5, 0.5, 0.0], [100, 1, 0], turn=101).round(2)
    array([0.8 , 3.54,  inf])
    """
    m, n = _arms("means", means), counts("pulls", pulls)
    if m.shape != n.shape:
        raise ValueError(f"pulls: expected shape {m.shape}, as means has; received {n.shape}")
    c = float(finite("scale", scale, 0))
    if c < 0 or turn < 1:
        raise ValueError(f"scale, turn: expected numbers from 0 and 1; received {scale}, {turn}")
    width = np.divide(c * np.log(turn), n, out=np.full(m.shape, np.inf), where=n > 0)
    return np.asarray(m + np.sqrt(width))


def thompson_draw(wins: ArrayLike, losses: ArrayLike, rng: np.random.Generator) -> Floats:
    r"""One guess per arm at what it earns: equation (14.13), $\theta_a \sim \mathrm{Beta}$.

    $\theta_a \sim \mathrm{Beta}(1 + w_a,\ 1 + l_a)$; the arm with the highest guess is pulled, so
    each is pulled as often as it is likely to be the best.

    Args:
        wins: $w$, pulls that earned 1, shape ``(..., K)``.
        losses: $l$, pulls that earned 0, of the same shape.
        rng: draws the guesses.

    Returns:
        The guesses, in [0, 1].

    Raises:
        ValueError: if shapes differ or a number is no count.

    Layer: none; a draw.
    Source: Thompson (1933); Chapelle and Li (NIPS 2011).

    >>> thompson_draw([900, 1], [100, 9], np.random.default_rng(0)).argmax()
    np.int64(0)
    """
    w, losing = _beta(wins, losses)
    return np.asarray(rng.beta(1 + w, 1 + losing))


def thompson_chances(wins: ArrayLike, losses: ArrayLike) -> Floats:
    r"""How likely Thompson pulls each arm: equation (14.14).

    $\pi_a = \int f_a(x) \prod_{b \ne a} F_b(x)\,dx$ with density and distribution of the Betas of
    (14.13). A log is worth little without these chances, and the draw alone does not tell them.

    Args:
        wins: as for ``thompson_draw``, shape ``(..., K)``.
        losses: as there.

    Returns:
        Chances that sum to 1, of the same shape.

    Raises:
        ValueError: as ``thompson_draw``.

    Layer: none; an integral.
    Source: ours; the definition of Thompson's sampling, integrated.

    >>> thompson_chances([1, 1], [1, 1]), thompson_chances([90, 1], [10, 9]).round(3)
    (array([0.5, 0.5]), array([1., 0.]))
    """
    w, losing = _beta(wins, losses)
    a, b = 1 + w, 1 + losing
    # Over the quantiles of each arm, x = F^-1(u), and over the logit of u, so that a chance of a
    # millionth, which lies in the last millionth of a bad arm's quantiles, comes out right, too.
    mine = a[..., np.newaxis], b[..., np.newaxis]
    tail = special.expit(-np.abs(LOGITS))
    x = np.where(LOGITS < 0, stats.beta.ppf(tail, *mine), stats.beta.isf(tail, *mine))
    below = stats.beta.cdf(
        x[..., :, np.newaxis, :],
        a[..., np.newaxis, :, np.newaxis],
        b[..., np.newaxis, :, np.newaxis],
    )  # (..., K of x, K, grid)
    own = np.eye(a.shape[-1], dtype=bool)[:, :, np.newaxis]
    chances = np.where(own, 1.0, below).prod(axis=-2) @ (tail * (1 - tail))
    return np.asarray(chances / chances.sum(axis=-1, keepdims=True))


def regret(values: ArrayLike, chosen: ArrayLike) -> Floats:
    r"""What not knowing has cost so far: equation (14.15).

    $R_t = \sum_{s \le t} (\mu^* - \mu_{a_s})$

    Args:
        values: $\mu$, what each arm truly earns per pull, shape ``(K,)``.
        chosen: $a$, arms pulled, numbers in 0..K-1, shape ``(..., n)``.

    Returns:
        The sum after each pull, of the shape of ``chosen``; it never falls. It takes expected
        earnings, so that luck is no merit.

    Raises:
        ValueError: if there is no arm, a value is not finite, or a choice is no arm.

    Layer: none; a sum.
    Source: Lai and Robbins (1985).

    >>> regret([0.5, 0.2], [1, 0, 1]).round(1)
    array([0.3, 0.3, 0.6])
    """
    mu = finite("values", values, 1)
    a: NDArray[np.int64] = np.asarray(chosen)
    if a.size and (a.dtype.kind not in "iu" or a.min() < 0 or a.max() >= len(mu)):
        raise ValueError(f"chosen: expected numbers in 0..{len(mu) - 1}; received {chosen!r:.80}")
    return np.cumsum(mu.max() - mu[a.astype(np.int64)], axis=-1)


def _arms(name: str, value: ArrayLike) -> Floats:
    m = as_floats(name, value)
    if m.ndim == 0 or m.shape[-1] == 0:
        raise ValueError(f"{name}: expected a number for each arm; received shape {m.shape}")
    return finite(name, m, least=0)


def _beta(wins: ArrayLike, losses: ArrayLike) -> tuple[Floats, Floats]:
    w, losing = counts("wins", wins), counts("losses", losses)
    if w.shape != losing.shape or w.ndim == 0:
        raise ValueError(f"losses: expected shape {w.shape}, as wins has; received {losing.shape}")
    return w, losing
