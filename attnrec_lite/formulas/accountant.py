"""Learning with noise, and what many noisy steps cost together.

Explained in the chapter "Privacy"; ``privacy.Accountant`` adds up what is defined here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from attnrec_lite._checks import Floats, finite, inside, one_of, positive, whole


def clipped_rows(rows: ArrayLike, limit: float) -> Floats:
    r"""Each row cut to a length: equation (18.13).

    $\bar g_i = g_i / \max(1, \lVert g_i \rVert / C)$.

    Args:
        rows: one gradient per person, shape ``(n, d)``.
        limit: $C$ above 0.

    Returns:
        Rows of length at most C, in their directions, shape ``(n, d)``. Clipping the *mean* of the
        rows would bound nothing: one person can still move it by as much as they like.

    Raises:
        ValueError: if a number is not finite or the limit is not above 0.

    Layer: none; a scale per row.
    Source: Abadi et al., "Deep Learning with Differential Privacy" (2016).

    >>> clipped_rows([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], limit=1.0)
    array([[0.6, 0.8],
           [0.3, 0.4],
           [0. , 0. ]])
    """
    g, c = finite("rows", rows, 2, least=0), positive("limit", limit)
    largest = np.abs(g).max(axis=1, keepdims=True, initial=0)  # so that squares don't overflow
    unit = np.divide(g, largest, out=np.zeros_like(g), where=largest > 0)
    length = largest * np.linalg.norm(unit, axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        return np.asarray(g / np.maximum(1, length / c))


def noisy_mean(
    rows: ArrayLike, limit: float, noise: float, expected: float, rng: np.random.Generator
) -> Floats:
    r"""One step of DP-SGD: equation (18.14).

    $\tilde g = \frac{1}{qU} \Big( \sum_{i \in B} \bar g_i + \mathcal N(0, \sigma^2 C^2 I) \Big)$.

    Args:
        rows: gradients of the persons who were drawn, shape ``(n, d)``; n may be 0.
        limit: $C$.
        noise: $\sigma$, in units of C; 0 for none, which promises nothing.
        expected: $qU$, how many persons a draw has on average. The number that came would be a
            secret itself.
        rng: of the noise.

    Returns:
        The mean, shape ``(d,)``.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; ``privacy.PrivateFactors`` takes such steps.
    Source: Abadi et al. (2016), equation in their algorithm 1.

    >>> noisy_mean([[3.0, 4.0], [0.0, 1.0]], 1.0, 0.0, 2.0, np.random.default_rng(0))
    array([0.3, 0.9])
    """
    cut = clipped_rows(rows, limit)
    sigma = float(finite("noise", noise, 0))
    if sigma < 0:
        raise ValueError(f"noise: expected a number from 0; received {noise}")
    total = cut.sum(axis=0) + rng.normal(0, sigma * limit, cut.shape[1])
    return np.asarray(total / positive("expected", expected))


def renyi_divergence(rate: float, noise: float, order: int) -> float:
    r"""What one noisy step costs at most: equation (18.15).

    $\rho(\alpha) = \frac{1}{\alpha - 1} \ln \sum_{k=0}^{\alpha} \binom{\alpha}{k}
    (1 - q)^{\alpha - k} q^k \exp\Big(\frac{k^2 - k}{2 \sigma^2}\Big)$.

    Args:
        rate: $q$ in (0, 1], the chance that a person takes part, drawn for each alone (Poisson).
            Batches of a shuffled log are another draw, for which this is no promise.
        noise: $\sigma$ above 0.
        order: $\alpha$, a whole number from 2.

    Returns:
        Rényi divergence of order alpha between the answers with and without one person; that of
        T steps is T times it.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a sum.
    Source: Mironov, Talwar and Zhang, "Rényi Differential Privacy of the Sampled Gaussian
        Mechanism" (2019).

    >>> round(renyi_divergence(1.0, 2.0, 8), 6)            # everybody: alpha / (2 sigma^2)
    1.0
    >>> round(renyi_divergence(0.05, 1.0, 8), 4)
    0.6013
    """
    q, s, a = sampling_rate(rate), positive("noise", noise), whole("order", order, 2)
    k = np.arange(a + 1)
    ways = special.gammaln(a + 1) - special.gammaln(k + 1) - special.gammaln(a - k + 1)
    terms = ways + special.xlogy(k, q) + special.xlog1py(a - k, -q) + (k * k - k) / (2 * s * s)
    return max(0.0, float(special.logsumexp(terms) / (a - 1)))


def epsilon_of(divergence: float, order: float, delta: float, rule: str = "improved") -> float:
    r"""From a divergence to a promise: equation (18.16).

    ``"classic"``: $\varepsilon = \rho + \frac{\ln(1/\delta)}{\alpha - 1}$; ``"improved"``, never
    larger:
    $\varepsilon = \rho + \ln\frac{\alpha - 1}{\alpha} - \frac{\ln\delta + \ln\alpha}{\alpha - 1}$.

    Args:
        divergence: $\rho(\alpha)$ of all steps together.
        order: $\alpha$ above 1, not necessarily whole.
        delta: $\delta$ between 0 and 1.
        rule: which of the two.

    Returns:
        $\varepsilon$, at least 0. Any order gives a true promise, so the least over all is taken.
        The improved rule says 0 where $\rho$ is so small that $\delta$ alone covers it,
        $\delta^2 > 1 - e^{-\rho}$.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; two logarithms.
    Source: classic, Mironov, "Rényi Differential Privacy" (2017), proposition 3; improved,
        Canonne, Kamath and Steinke (2020), proposition 12.

    >>> round(epsilon_of(1.0, 10, 1e-5, "classic"), 3), round(epsilon_of(1.0, 10, 1e-5), 3)
    (2.279, 1.918)
    """
    rho = float(finite("divergence", divergence, 0))
    a, d = float(finite("order", order, 0)), inside("delta", delta)
    if rho < 0 or a <= 1:
        raise ValueError(
            f"divergence, order: expected numbers from 0 and above 1; received {rho} and {a}"
        )
    if one_of("rule", rule, ("improved", "classic")) == "classic":
        return float(rho - np.log(d) / (a - 1))
    if d**2 > -np.expm1(-rho):  # the total variation is below delta: Bretagnolle and Huber
        return 0.0
    return float(max(0.0, rho + np.log1p(-1 / a) - (np.log(d) + np.log(a)) / (a - 1)))


def composed(epsilon: float, times: int, slack: float = 0.0) -> float:
    r"""The same promise given again and again: equation (18.12).

    $T \varepsilon$ without slack; with $\delta'$:
    $\varepsilon \sqrt{2 T \ln(1 / \delta')} + T \varepsilon (e^\varepsilon - 1)$, if that is less.

    Args:
        epsilon: $\varepsilon$ of one answer, above 0.
        times: $T$, how many answers.
        slack: $\delta'$ in [0, 1), added to the delta of the whole.

    Returns:
        $\varepsilon$ of all answers together.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; arithmetic.
    Source: Dwork, Rothblum and Vadhan, "Boosting and Differential Privacy" (2010).

    >>> composed(0.1, 100), round(composed(0.1, 100, slack=1e-5), 2)
    (10.0, 5.85)
    """
    e, t = positive("epsilon", epsilon), whole("times", times)
    if slack == 0:
        return t * e
    root = e * np.sqrt(-2 * t * np.log(inside("slack", slack)))
    return float(min(t * e, root + t * e * np.expm1(min(e, 300.0))))


def sampling_rate(rate: float) -> float:
    """Return a rate in (0, 1]; with 0 nobody takes part and nothing can be learned."""
    number = isinstance(rate, int | float | np.integer | np.floating)
    if not number or isinstance(rate, bool) or not 0 < rate <= 1:
        raise ValueError(f"rate: expected a chance above 0 and up to 1; received {rate!r}")
    return float(rate)
