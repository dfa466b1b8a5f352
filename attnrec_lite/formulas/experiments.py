"""Two arms: is the difference more than chance, how many users does the answer need, who was drawn.

Explained in the chapter "Experiments: asking the people". One number per *unit*, the one that was
drawn to an arm, mostly a customer; arm A is what the shop does now, arm B what it might do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from attnrec_lite._checks import Floats, counts, finite, inside, positive, same_length


def two_proportion_z(successes: ArrayLike, shown: ArrayLike) -> float:
    r"""How many standard errors lie between two shares: equation (9.1).

    $z = (\hat p_B - \hat p_A) / \sqrt{\hat p (1 - \hat p)(1/n_A + 1/n_B)}$, $\hat p$ of both arms.

    Args:
        successes: units of arm A and of arm B that did it, two counts.
        shown: units in each arm, two counts above 0.

    Returns:
        z, positive where B has the larger share; 0 where nobody or everybody did it.

    Raises:
        ValueError: if these are not two counts each, or there are more successes than units.

    Layer: none; a test statistic.

    Source: the pooled test of two proportions; S1-M5, which names the A/B test and no size.

    >>> round(two_proportion_z([500, 550], [10_000, 10_000]), 3)
    1.585
    """
    k, n = _two("successes", successes), _two("shown", shown)
    if (n == 0).any() or (k > n).any():
        raise ValueError(
            f"successes, shown: expected successes up to shown, shown above 0; received {k} of {n}"
        )
    pooled = k.sum() / n.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    return float((k / n) @ [-1, 1] / error) if error > 0 else 0.0


def difference_of_means(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    r"""Difference of two means and its standard error: equation (9.2).

    $\hat\Delta = \bar y_B - \bar y_A$, $\mathrm{SE} = \sqrt{s_A^2/n_A + s_B^2/n_B}$

    Args:
        a: one number per unit of arm A, shape ``(n_A,)``, at least two.
        b: one number per unit of arm B, shape ``(n_B,)``, at least two.

    Returns:
        The difference, positive where B is larger, and its standard error, not negative.

    Raises:
        ValueError: if an arm has fewer than two units, or a number is not finite.

    Layer: none; a statistic.

    Source: Welch (1947): each arm keeps its own variance.

    >>> difference_of_means([1, 3], [4, 6])
    (3.0, 1.4142135623730951)
    """
    first, second = finite("a", a, 1, least=2), finite("b", b, 1, least=2)
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    return float(second.mean() - first.mean()), float(error)


def power_of_test(difference: float, error: float, level: float = 0.95) -> float:
    r"""Chance that a test finds a difference that is there: equation (9.3).

    $1 - \beta = \Phi(|\delta|/\mathrm{SE} - c) + \Phi(-|\delta|/\mathrm{SE} - c)$ with
    $c = \Phi^{-1}(1 - \alpha/2)$

    Args:
        difference: the true difference $\delta$; at 0 the answer is the false-alarm rate.
        error: the standard error of its estimate, above 0.
        level: $1 - \alpha$, between 0 and 1.

    Returns:
        A chance, at least $\alpha$.

    Raises:
        ValueError: if a number is out of its range.

    Layer: none; it plans an experiment.

    Source: the normal approximation, two sides; it stands in every text on testing.

    >>> round(power_of_test(0.08, 1 / 2000**0.5), 3), round(power_of_test(0, 1), 3)
    (0.947, 0.05)
    """
    ratio = abs(float(finite("difference", difference, 0))) / positive("error", error)
    edge = ndtri(0.5 + inside("level", level) / 2)
    return float(ndtr(ratio - edge) + ndtr(-ratio - edge))


def users_per_arm(
    variances: ArrayLike, difference: float, power: float = 0.8, level: float = 0.95
) -> float:
    r"""Units that each arm needs, before rounding up: equation (9.4).

    $n = (c + c_\beta)^2 (\sigma_A^2 + \sigma_B^2) / \delta^2$ with $c_\beta = \Phi^{-1}(1 - \beta)$

    Args:
        variances: of one unit's number in arm A and in arm B, not negative; $p(1 - p)$ for a share.
        difference: the smallest difference $\delta$ that should be found, not 0.
        power: chance to find it, $1 - \beta$, between 0 and 1.
        level: $1 - \alpha$, between 0 and 1.

    Returns:
        Units per arm. The other side, by which (9.3) finds a difference with the wrong sign, is
        left out: it is nothing where the power is worth having.

    Raises:
        ValueError: if a number is out of its range.

    Layer: none; it plans an experiment.

    Source: (9.3) solved for n; what S1-M5 leaves open.

    >>> round(users_per_arm([0.05 * 0.95, 0.055 * 0.945], 0.005))
    31231
    """
    spread = finite("variances", variances, 1)
    if spread.shape != (2,) or (spread < 0).any():
        raise ValueError(f"variances: expected two numbers from 0; received {spread}")
    wanted = positive("difference", abs(float(finite("difference", difference, 0))))
    edges = ndtri([0.5 + inside("level", level) / 2, inside("power", power)])
    return float(edges.sum() ** 2 * spread.sum() / wanted**2)


def ratio_mismatch(units: ArrayLike, planned: ArrayLike) -> tuple[float, float]:
    r"""Do the arms have the sizes that were planned? Equation (9.5).

    $\chi^2 = \sum_k (n_k - n \pi_k)^2 / (n \pi_k)$

    Args:
        units: how many units each arm has in the data, shape ``(arms,)``, at least two arms.
        planned: the share that each arm was to get, above 0, summing to 1.

    Returns:
        $\chi^2$, and the chance of one as large if the plan was kept.

    Raises:
        ValueError: if the shapes differ, there is nobody, or ``planned`` are no shares.

    Layer: none; a check of the data.

    Source: Pearson's test, as sample-ratio check in Kohavi, Tang and Xu (2020).

    >>> chi2, p = ratio_mismatch([10_000, 9_500], [0.5, 0.5])
    >>> round(chi2, 2), p < 0.001
    (12.82, True)
    """
    n, shares = counts("units", units, 1, least=2), finite("planned", planned, 1)
    same_length("units", n, "planned", shares)
    if n.sum() == 0:
        raise ValueError("units: expected at least one unit; received none")
    if (shares <= 0).any() or not np.isclose(shares.sum(), 1):
        raise ValueError(f"planned: expected shares above 0 that sum to 1; received {shares}")
    expected = n.sum() * shares / shares.sum()
    chi2 = float(((n - expected) ** 2 / expected).sum())
    return chi2, float(chdtrc(len(n) - 1, chi2))


def ratio_of_totals(numerator: ArrayLike, denominator: ArrayLike) -> tuple[float, float]:
    r"""A rate over many users, and its standard error by users: equation (9.6).

    $R = \sum_u c_u / \sum_u m_u$ and, by the delta method,
    $\mathrm{SE}^2 = (s_c^2 - 2 R s_{cm} + R^2 s_m^2) / (n \bar m^2)$

    Args:
        numerator: clicks of each user, $c$, shape ``(n,)``, at least two users.
        denominator: impressions of each user, $m$, not negative, shape ``(n,)``.

    Returns:
        The rate and its standard error.

    Raises:
        ValueError: if the shapes differ, there are fewer than two users or no impression.

    Layer: none; a statistic.

    Source: the delta method; Deng, Knoblich and Lu (KDD 2018) for experiments whose unit is a user.

    >>> ratio_of_totals([1, 1], [2, 2])                          # no spread, no error
    (0.5, 0.0)
    """
    c, m = finite("numerator", numerator, 1, least=2), finite("denominator", denominator, 1)
    same_length("numerator", c, "denominator", m)
    if (m < 0).any() or m.sum() == 0:
        raise ValueError("denominator: expected numbers from 0, not all 0; received others")
    rate = c.sum() / m.sum()
    rest = c - rate * m  # its mean is 0; its variance is the bracket of the equation
    return float(rate), float(np.sqrt(rest.var(ddof=1) / len(c)) / m.mean())


def cuped(outcomes: ArrayLike, before: ArrayLike) -> Floats:
    r"""Outcomes less what was known before: equations (9.7) and (9.8).

    $y'_u = y_u - \theta (x_u - \bar x)$ with $\theta = s_{xy}/s_x^2$, so that
    $\mathrm{Var}(y') = (1 - \rho^2)\,\mathrm{Var}(y)$.

    Args:
        outcomes: $y$, one number per unit of *all* arms together, shape ``(n,)``, at least two.
        before: $x$, a number per unit that the experiment cannot have changed, shape ``(n,)``.

    Returns:
        $y'$, shape ``(n,)``, with the mean of $y$; $y$ itself where $x$ does not vary.

    Raises:
        ValueError: if the shapes differ, there are fewer than two units, or one is not finite.

    Layer: none; a regression on one number.

    Source: Deng et al. (WSDM 2013).

    >>> cuped([1, 2, 3, 6], [0, 1, 2, 3]).round(2)
    array([3.4, 2.8, 2.2, 3.6])
    """
    y, x = finite("outcomes", outcomes, 1, least=2), finite("before", before, 1)
    same_length("outcomes", y, "before", x)
    centred = x - x.mean()
    square = centred @ centred
    theta = centred @ y / square if square > 0 else 0.0
    adjusted: Floats = y - theta * centred
    return adjusted


def _two(name: str, value: ArrayLike) -> Floats:
    array = counts(name, value, 1)
    if array.shape != (2,):
        raise ValueError(f"{name}: expected two counts, of arm A and of arm B; received {array}")
    return array
