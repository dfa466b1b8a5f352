r"""Noise that is worth something: scaled to what one person can change, and what it promises.

A mechanism is $(\varepsilon, \delta)$-private if for logs that differ in one person and for every
set of answers $P(M(x) \in S) \le e^\varepsilon P(M(x') \in S) + \delta$. Explained in the chapter
"Privacy".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from attnrec_lite._checks import Floats, finite, inside, one_of, positive, zeros_and_ones


def sensitivity(answer: ArrayLike, without: ArrayLike, norm: str = "l1") -> float:
    r"""What one person changes at most: equation (18.9), $\max_u \lVert f(x) - f(x_{-u}) \rVert$.

    Args:
        answer: $f(x)$ on the whole log, shape ``(d,)``, or a number.
        without: $f(x_{-u})$, one row for each person left out, shape ``(users, d)``.
        norm: ``"l1"`` for Laplace's noise, ``"l2"`` for Gaussian noise.

    Returns:
        The largest change that *these* persons make. A promise needs the largest over all logs
        that may come, which is found on paper (one count: 1), never in the data.

    Raises:
        ValueError: if the shapes do not fit or a number is not finite.

    Layer: none; a maximum.
    Source: Dwork, McSherry, Nissim and Smith (2006).

    >>> sensitivity([3, 2], [[2, 1], [3, 1]]), round(sensitivity([3, 2], [[2, 1], [3, 1]], "l2"), 3)
    (2.0, 1.414)
    """
    full = np.atleast_1d(finite("answer", answer))
    rest = finite("without", without)
    if rest.ndim == 1 and full.shape == (1,):
        rest = rest[:, None]
    if full.ndim != 1 or rest.ndim != 2 or rest.shape[1] != len(full):
        raise ValueError(
            f"without: expected shape (users, {full.size}), as answer has; received {rest.shape}"
        )
    order = 1 if one_of("norm", norm, ("l1", "l2")) == "l1" else 2
    return float(np.linalg.norm(full - rest, ord=order, axis=1).max())


def laplace_answer(
    answer: ArrayLike, sensitivity: float, epsilon: float, rng: np.random.Generator
) -> Floats:
    r"""An answer that no person can change much: equation (18.10).

    $f(x) + \mathrm{Lap}(\Delta_1 / \varepsilon)$.

    Args:
        answer: $f(x)$, any shape.
        sensitivity: $\Delta_1$, the most that one person changes the answer, in L1.
        epsilon: $\varepsilon$ above 0; the answer is $(\varepsilon, 0)$-private.
        rng: of the noise; outside of a lesson a cryptographic one.

    Returns:
        The answer with noise of standard deviation $\sqrt 2 \Delta_1 / \varepsilon$.

    Raises:
        ValueError: if a number is not finite or not above 0.

    Layer: none; one draw.
    Source: Dwork, McSherry, Nissim and Smith (2006); S0-I7, S1-I9, S4-I5. In doubles the last bits
        of such noise give the answer away (Mironov, 2012): a release uses a library.

    >>> draws = laplace_answer(np.zeros(100_000), 1, 1.0, np.random.default_rng(0))
    >>> round(float(draws.std()), 2)                       # the square root of 2
    1.41
    """
    exact = finite("answer", answer, least=0)
    scale = positive("sensitivity", sensitivity) / positive("epsilon", epsilon)
    return np.asarray(exact + rng.laplace(0, scale, exact.shape))


def gaussian_delta(sigma: float, epsilon: float) -> float:
    r"""What Gaussian noise leaves open: equation (18.11).

    $\delta(\varepsilon) = \Phi\big(\tfrac{1}{2\sigma} - \varepsilon\sigma\big) -
    e^\varepsilon\, \Phi\big(-\tfrac{1}{2\sigma} - \varepsilon\sigma\big)$, exact, for a sensitivity
    of 1 in L2.

    Args:
        sigma: standard deviation of the noise over the sensitivity.
        epsilon: $\varepsilon$ above 0.

    Returns:
        The smallest $\delta$ for which the answer is $(\varepsilon, \delta)$-private.

    Raises:
        ValueError: if a number is not above 0.

    Layer: none; two tails.
    Source: Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy" (2018).

    >>> round(gaussian_delta(1.0, 1.0), 4)
    0.1269
    """
    s, e = positive("sigma", sigma), positive("epsilon", epsilon)
    first = special.log_ndtr(0.5 / s - e * s)
    second = e + special.log_ndtr(-0.5 / s - e * s)
    return float(np.exp(first) * -np.expm1(min(0.0, second - first)))


def gaussian_noise(epsilon: float, delta: float, sensitivity: float = 1.0) -> float:
    r"""The noise that a promise asks for: equation (18.11), solved for $\sigma$.

    Args:
        epsilon: $\varepsilon$ above 0.
        delta: $\delta$ between 0 and 1, far below one over the number of persons.
        sensitivity: $\Delta_2$, the most that one person changes the answer, in L2.

    Returns:
        Standard deviation of the noise of each number.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; a root.
    Source: Balle and Wang (2018). The better known $\sqrt{2 \ln(1.25 / \delta)} / \varepsilon$ adds
        more than it must, and promises nothing for an $\varepsilon$ above 1.

    >>> round(gaussian_noise(1.0, 1e-5), 3), round(float(np.sqrt(2 * np.log(1.25 / 1e-5))), 3)
    (3.731, 4.845)
    """
    e, d = positive("epsilon", epsilon), inside("delta", delta)
    if gaussian_delta(1e-3, e) <= d:
        raise ValueError(f"epsilon: expected less than {e:g}, which asks for hardly any noise")

    def too_open(log_sigma: float) -> float:
        return float(np.log(max(gaussian_delta(float(np.exp(log_sigma)), e), 1e-300)) - np.log(d))

    high = 0.0
    while too_open(high) > 0:
        high += 1.0
    sigma = float(np.exp(optimize.brentq(too_open, np.log(1e-3), high, xtol=1e-12)))
    return sigma * positive("sensitivity", sensitivity)


def randomised_response(truth: ArrayLike, epsilon: float, rng: np.random.Generator) -> Floats:
    r"""A yes or no that can be denied: equation (18.8).

    Tell the truth with chance $e^\varepsilon / (1 + e^\varepsilon)$, else the contrary; nobody
    needs to be trusted, for the noise is added before anything is sent.

    Args:
        truth: 0 and 1, any shape.
        epsilon: $\varepsilon$ above 0, for each answer; a person who gives ten answers spends ten.
        rng: of the coin.

    Returns:
        What is sent, 0 and 1, of the same shape.

    Raises:
        ValueError: if the truth is not of 0 and 1 or epsilon is not above 0.

    Layer: none; a coin.
    Source: Warner (1965).

    >>> randomised_response([1, 1, 1, 0], 50.0, np.random.default_rng(0))
    array([1., 1., 1., 0.])
    """
    bits = zeros_and_ones("truth", truth)
    lie = special.expit(-positive("epsilon", epsilon))
    return np.asarray(np.where(rng.random(bits.shape) < lie, 1 - bits, bits))


def response_estimate(sent: ArrayLike, epsilon: float) -> float:
    r"""The share behind such answers: equation (18.8), $(\bar y - 1 + p) / (2p - 1)$.

    Args:
        sent: what ``randomised_response`` gave, shape ``(n,)``.
        epsilon: that was used, so $p = e^\varepsilon / (1 + e^\varepsilon)$.

    Returns:
        An unbiased estimate of the true share; it may lie outside of [0, 1].

    Raises:
        ValueError: if there is no answer, one is not 0 or 1, or epsilon is not above 0.

    Layer: none; a mean, corrected.
    Source: Warner (1965). Its standard deviation is at most $1 / (2 (2p - 1) \sqrt n)$.

    >>> rng = np.random.default_rng(0)
    >>> sent = randomised_response(np.arange(100_000) % 10 == 0, 1.0, rng)
    >>> round(float(sent.mean()), 3), round(response_estimate(sent, 1.0), 2)
    (0.315, 0.1)
    """
    bits = zeros_and_ones("sent", sent, 1)
    if len(bits) == 0:
        raise ValueError("sent: expected at least one answer; received none")
    p = special.expit(positive("epsilon", epsilon))
    return float((bits.mean() - 1 + p) / (2 * p - 1))
