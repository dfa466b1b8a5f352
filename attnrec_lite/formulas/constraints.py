"""When one must not, or had better not: suitability, what risk costs, abstention.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, not_negative, same_length


def suitable(risk: ArrayLike, capacity: ArrayLike) -> NDArray[np.bool_]:
    r"""What may be offered to whom: equation (20.13), $m_{ui} = [r_i \le c_u]$.

    Args:
        risk: $r$, the loss that each product may bring, shape ``(n,)``.
        capacity: $c$, the loss that each client can bear, in the same unit, shape ``(m,)``.

    Returns:
        True = may be offered, shape ``(m, n)``. It is a mask, not a term of a score: no liking
        makes up for a loss that somebody cannot bear.

    Raises:
        ValueError: if a number is negative or not finite: who has not answered is not suited.

    Layer: none; a rule.

    Source: the suitability rule, MiFID II article 25(2). S0-U14 and S1-U13 recommend "by risk
        preference", which is what somebody likes, not what they can bear.

    >>> suitable([0.05, 0.30], [0.10, 0.40])
    array([[ True, False],
           [ True,  True]])
    """
    r, c = not_negative("risk", risk), not_negative("capacity", capacity)
    for name, array in (("risk", r), ("capacity", c)):
        if array.ndim != 1:
            raise ValueError(f"{name}: expected a vector; received shape {array.shape}")
    return np.asarray(r[np.newaxis] <= c[:, np.newaxis])


def certainty_equivalent(mean: ArrayLike, variance: ArrayLike, aversion: ArrayLike) -> Floats:
    r"""The sure return that is worth as much: equation (20.14), $\mu - \tfrac{\gamma}{2} \sigma^2$.

    Args:
        mean: $\mu$, expected return, any shape.
        variance: $\sigma^2$, not negative.
        aversion: $\gamma$, not negative; shapes broadcast.

    Returns:
        Returns, in the unit of the mean.

    Raises:
        ValueError: if a variance or an aversion is negative, or a number is not finite.

    Layer: none; a utility.

    Source: Markowitz (1952); Pratt (1964).

    >>> certainty_equivalent([0.06, 0.10], [0.01, 0.09], 2.0).round(3)
    array([0.05, 0.01])
    """
    mu, var = finite("mean", mean, least=0), not_negative("variance", variance)
    return np.asarray(mu - not_negative("aversion", aversion) * var / 2)


def coverage_risk(confidence: ArrayLike, losses: ArrayLike) -> tuple[Floats, Floats]:
    r"""What silence buys: equation (20.17).

    Keep the k cases that one is surest of: coverage $k/n$, risk
    $\frac1k \sum_{i \le k} \ell_{(i)}$.

    Args:
        confidence: how sure each answer is; only the order counts, shape ``(n,)``.
        losses: $\ell$, what each answer costs if given, shape ``(n,)``.

    Returns:
        Coverages and risks, each ``(n,)``, from the surest case alone to all. Equal confidences
        are answered together or not at all, so each has the risk of the whole group.

    Raises:
        ValueError: if there is nothing, the lengths differ, or a number is not finite.

    Layer: none; a curve that judges when to abstain.

    Source: El-Yaniv and Wiener (JMLR 2010).

    >>> coverage, risk = coverage_risk([0.9, 0.6, 0.8], [0, 1, 0])
    >>> coverage.round(2), risk.round(2)
    (array([0.33, 0.67, 1.  ]), array([0.  , 0.  , 0.33]))
    """
    c, loss = finite("confidence", confidence, 1), finite("losses", losses, 1)
    same_length("confidence", c, "losses", loss)
    order = np.argsort(-c, kind="stable")
    # of equal ones the last stands for all: where a case of the same confidence follows, wait
    last = np.searchsorted(-c[order], -c[order], side="right")
    return last / len(c), np.cumsum(loss[order])[last - 1] / last
