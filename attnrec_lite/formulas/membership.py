"""Was this person in the training log? How well an attack tells, and how well it can.

Explained in the chapter "Privacy". An attack is a number per person, larger = more likely a member;
``privacy.membership`` makes such numbers for a recommender.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from attnrec_lite._checks import Floats, finite, inside, positive, same_length


def attack_curve(members: ArrayLike, others: ArrayLike) -> tuple[Floats, Floats]:
    """False alarms and hits at every threshold, in equation (18.4).

    Args:
        members: a number for each person of the training log, shape ``(m,)``, larger = "member".
        others: for each person who was not in it, shape ``(n,)``.

    Returns:
        False positive and true positive rates, both from 0 to 1 and rising; persons with one and
        the same number are accused together or not at all.

    Raises:
        ValueError: if a side is empty or not finite.

    Layer: none; it sorts.
    Source: the receiver operating characteristic.

    >>> false, true = attack_curve([3, 2, 1], [2, 0])
    >>> false.tolist(), true.round(2).tolist()
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.33, 0.67, 1.0, 1.0])
    """
    inside_, outside = finite("members", members, 1), finite("others", others, 1)
    at = np.unique(np.concatenate([inside_, outside]))[::-1]
    rates = [
        np.concatenate([[0.0], 1 - np.searchsorted(np.sort(side), at) / len(side)])
        for side in (outside, inside_)
    ]
    return rates[0], rates[1]


def membership_advantage(members: ArrayLike, others: ArrayLike) -> float:
    r"""What the best threshold gains over guessing: equation (18.4).

    $\max_t (\mathrm{TPR}(t) - \mathrm{FPR}(t))$.

    Args:
        members: as for ``attack_curve``.
        others: likewise.

    Returns:
        A number in [0, 1]: 0 where nothing is learned. The threshold is chosen on the same persons,
        so a few persons give more than 0 by luck.

    Raises:
        ValueError: if a side is empty or not finite.

    Layer: none; Kolmogorov and Smirnov's distance, one-sided.
    Source: Yeom, Giacomelli, Fredrikson and Jha, "Privacy Risk in Machine Learning" (2018).

    >>> round(membership_advantage([3, 2, 1], [2, 0]), 3)
    0.5
    """
    false, true = attack_curve(members, others)
    return float((true - false).max())


def hits_at(members: ArrayLike, others: ArrayLike, false_alarms: float = 0.01) -> float:
    r"""Members found while hardly anybody is accused wrongly: equation (18.5).

    $\max \{\mathrm{TPR}(t) : \mathrm{FPR}(t) \le \alpha\}$.

    Args:
        members: as for ``attack_curve``.
        others: likewise; at least $1 / \alpha$ of them, or no false alarm at all is allowed.
        false_alarms: $\alpha$ between 0 and 1.

    Returns:
        The true positive rate; about $\alpha$ for an attack that knows nothing.

    Raises:
        ValueError: if a side is empty or not finite, or the rate is out of range.

    Layer: none; a point of the curve.
    Source: Carlini et al., "Membership Inference Attacks From First Principles" (2022): a mean over
        all persons hides the few who are betrayed with certainty.

    >>> hits_at([5, 4, 0, 0], [1, 0, 0, 0], 0.01), hits_at([5, 4, 1, 0], [1, 0, 0, 0], 0.25)
    (0.5, 0.75)
    """
    false, true = attack_curve(members, others)
    return float(true[false <= inside("false_alarms", false_alarms) + 1e-12].max())


def likelihood_ratio(observed: ArrayLike, with_: ArrayLike, without: ArrayLike) -> Floats:
    r"""Which kind of model does this look like? Equation (18.6).

    $\Lambda_u = \ln \mathcal N(x_u; \mu^{in}_u, s^2_{in})
    - \ln \mathcal N(x_u; \mu^{out}_u, s^2_{out})$
    with one mean per person and one variance for all, for a few models give no more.

    Args:
        observed: $x$, what the attacked model shows of each person, shape ``(n,)``.
        with_: what models that were trained with the person show, shape ``(models, n)``, at least
            two; NaN where a model was trained without.
        without: likewise without the person.

    Returns:
        Log ratios, shape ``(n,)``, larger = "member".

    Raises:
        ValueError: if the shapes do not fit, a person has no model of one kind, or what was
            observed is not finite.

    Layer: none; two normal densities.
    Source: Carlini et al. (2022), LiRA.

    >>> likelihood_ratio([2.0, 0.0], [[2.0, 2.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, -1.0]]).round(2)
    array([ 2., -2.])
    """
    x = finite("observed", observed, 1)
    found = []
    for name, given in (("with_", with_), ("without", without)):
        table = np.asarray(given, np.float64)
        if table.ndim != 2 or table.shape[1] != len(x) or np.isinf(table).any():
            raise ValueError(f"{name}: expected numbers (models, {len(x)}); received {table.shape}")
        count = (~np.isnan(table)).sum(axis=0)
        if count.min() < 1 or count.max() < 2:
            raise ValueError(f"{name}: expected a model for everybody, and two for somebody")
        mean = np.nansum(table, axis=0) / count
        freedom = count.sum() - len(x)
        spread = np.sqrt(np.nansum((table - mean) ** 2) / max(1, freedom))
        found.append(stats.norm.logpdf(x, mean, max(float(spread), 1e-6)))
    same_length("observed", x, "with_", found[0])
    return np.asarray(found[0] - found[1])


def hits_allowed(epsilon: float, delta: float, false_alarms: float) -> float:
    r"""What no attack can pass: equation (18.7).

    $\mathrm{TPR} \le \min\big(e^\varepsilon \mathrm{FPR} + \delta,\;
    1 - e^{-\varepsilon} (1 - \delta - \mathrm{FPR})\big)$.

    Args:
        epsilon: $\varepsilon$ above 0 of the training.
        delta: $\delta$ between 0 and 1.
        false_alarms: the false positive rate, between 0 and 1.

    Returns:
        The largest true positive rate, at most 1. For small epsilon the difference of both is
        small: that is what is promised, whatever the attacker knows.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a bound.
    Source: Kairouz, Oh and Viswanath, "The Composition Theorem for Differential Privacy" (2015).

    >>> round(hits_allowed(1.0, 1e-5, 0.01), 4), round(hits_allowed(8.0, 1e-5, 0.01), 3)
    (0.0272, 1.0)
    """
    e, d = positive("epsilon", epsilon), inside("delta", delta)
    f = inside("false_alarms", false_alarms)
    grown = np.exp(min(e, 700.0)) * f + d
    return float(min(1.0, grown, 1 - np.exp(-e) * (1 - d - f)))
