"""What another policy would have earned, from the log of this one.

A policy gives each action a chance, row by row. The log keeps, for each row, what was shown, what
it earned and how likely the logging policy was to show it: its *propensity*. Without that number
none of this can be done. Explained in the chapter "Experiments: asking the people".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, chances, finite, positive, same_length


def policy_value(policy: ArrayLike, rewards: ArrayLike) -> float:
    r"""What a policy earns if the reward of every action is known: equation (9.14).

    $V(\pi) = \frac1n \sum_i \sum_a \pi(a \mid x_i)\, q(x_i, a)$

    Args:
        policy: $\pi$, chances of the actions in each row, shape ``(n, actions)``.
        rewards: $q$, the mean reward of each action in each row, of the same shape. With the
            truth this is the value; with a model's guess it is the *direct method*.

    Returns:
        The mean reward.

    Raises:
        ValueError: if the shapes differ or a row of ``policy`` is no set of chances.

    Layer: none; an expectation.

    Source: Dudík et al. (ICML 2011), who name the direct method.

    >>> policy_value([[0.5, 0.5], [0.0, 1.0]], [[1, 0], [0, 0.5]])
    0.5
    """
    p, q = chances("policy", policy), finite("rewards", rewards, 2)
    if p.shape != q.shape:
        raise ValueError(f"rewards: expected shape {p.shape}, as policy has; received {q.shape}")
    return float((p * q).sum(axis=1).mean())


def importance_weights(target: ArrayLike, propensities: ArrayLike) -> Floats:
    r"""How much more often the target policy would have shown what was shown: equation (9.15).

    $w_i = \pi(a_i \mid x_i) / \mu(a_i \mid x_i)$

    Args:
        target: chance of the logged action under the target policy, in [0, 1], shape ``(n,)``.
        propensities: its chance under the policy that logged, in (0, 1], shape ``(n,)``.

    Returns:
        Weights from 0, shape ``(n,)``; in expectation 1 if all that the target shows can be logged.

    Raises:
        ValueError: if a propensity is not in (0, 1]: what was shown cannot have had chance 0, so
            the log or the policy is not what it seems, and no floor on it would mend that.

    Layer: none; a quotient.

    Source: inverse propensity weighting; Horvitz and Thompson (1952).

    >>> importance_weights([0.5, 0.1], [0.25, 0.5])
    array([2. , 0.2])
    """
    p, m = finite("target", target, 1), finite("propensities", propensities, 1)
    same_length("target", p, "propensities", m)
    if ((p < 0) | (p > 1)).any():
        raise ValueError("target: expected chances in [0, 1]; received others")
    wrong = (m <= 0) | (m > 1)
    if wrong.any():
        raise ValueError(
            f"propensities: expected chances in (0, 1]; received {m[wrong][0]:g} "
            f"({int(wrong.sum())} of {len(m)} outside): what was shown had a chance"
        )
    return p / m


def inverse_propensity(weights: ArrayLike, rewards: ArrayLike, ceiling: float = np.inf) -> float:
    r"""Rewards, each as often as the target would have met it: equation (9.16).

    $\hat V_{\mathrm{IPS}} = \frac1n \sum_i \min(w_i, M)\, r_i$

    Args:
        weights: $w$ of equation (9.15), shape ``(n,)``.
        rewards: $r$, what was earned, shape ``(n,)``.
        ceiling: $M$, above 0; ``inf`` cuts nothing. A ceiling trades variance for a bias towards 0.

    Returns:
        The estimate; without a ceiling its expectation is the value of the target policy.

    Raises:
        ValueError: if the shapes differ, a weight is negative, or the ceiling is not above 0.

    Layer: none; a weighted mean.

    Source: Horvitz and Thompson (1952); clipping as in Ionides (2008).

    >>> inverse_propensity([4, 0, 1], [1, 1, 0.5]), inverse_propensity([4, 0, 1], [1, 1, 0.5], 1)
    (1.5, 0.5)
    """
    w, r = _weighted(weights, rewards)
    if ceiling != np.inf:
        positive("ceiling", ceiling)
    return float((np.minimum(w, ceiling) * r).mean())


def self_normalised(weights: ArrayLike, rewards: ArrayLike) -> float:
    r"""The same, divided by the sum of weights: equation (9.17).

    $\hat V_{\mathrm{SNIPS}} = \sum_i w_i r_i / \sum_i w_i$

    Args:
        weights: $w$ of equation (9.15), shape ``(n,)``, not all 0.
        rewards: $r$, what was earned, shape ``(n,)``.

    Returns:
        The estimate, between the lowest and the highest reward; add a number to every reward and it
        moves by that number, which (9.16) does not.

    Raises:
        ValueError: if the shapes differ, a weight is negative, or all are 0.

    Layer: none; a weighted mean.

    Source: Swaminathan and Joachims (2015).

    >>> self_normalised([3, 0, 1], [1, 1, 0])
    0.75
    """
    w, r = _weighted(weights, rewards)
    if w.sum() == 0:
        raise ValueError("weights: expected one above 0; the target shows nothing of the log")
    return float(w @ r / w.sum())


def doubly_robust(
    weights: ArrayLike, rewards: ArrayLike, guessed: ArrayLike, guessed_value: float
) -> float:
    r"""A model's guess, corrected where the log knows better: equation (9.18).

    $\hat V_{\mathrm{DR}} = \hat V_{\mathrm{DM}} + \frac1n \sum_i w_i (r_i - \hat q_i)$

    Args:
        weights: $w$ of equation (9.15), shape ``(n,)``.
        rewards: $r$, what was earned, shape ``(n,)``.
        guessed: $\hat q_i = \hat q(x_i, a_i)$, the guess for what was shown, shape ``(n,)``.
        guessed_value: the direct method, ``policy_value(policy, guesses)``.

    Returns:
        The estimate: right on average if the propensities are, whatever the model; and if the
        model is right, whatever the propensities.

    Raises:
        ValueError: if the shapes differ or a weight is negative.

    Layer: none; a weighted mean.

    Source: Dudík et al. (ICML 2011).

    >>> doubly_robust([2, 0], [1, 0], [0.5, 0.5], guessed_value=0.5)
    1.0
    """
    w, r = _weighted(weights, rewards)
    g = finite("guessed", guessed, 1)
    same_length("rewards", r, "guessed", g)
    return float(finite("guessed_value", guessed_value, 0) + (w * (r - g)).mean())


def effective_size(weights: ArrayLike) -> float:
    r"""How many rows the weighted log is worth: equation (9.19).

    $n_{\mathrm{eff}} = (\sum_i w_i)^2 / \sum_i w_i^2$

    Args:
        weights: $w$ of equation (9.15), shape ``(n,)``.

    Returns:
        From 1 (one row has all the weight) to n (all weigh the same); 0 if nothing has any weight.

    Raises:
        ValueError: if there is no weight, or one is negative.

    Layer: none; a count.

    Source: Kish's effective sample size.

    >>> effective_size([1, 1, 1, 1]), effective_size([4, 0, 0, 0])
    (4.0, 1.0)
    """
    w, _ = _weighted(weights, weights)
    if not w.size or w.max() == 0:
        return 0.0
    w = w / w.max()  # squares of huge weights must not overflow
    return float(w.sum() ** 2 / (w @ w))


def _weighted(weights: ArrayLike, rewards: ArrayLike) -> tuple[Floats, Floats]:
    w, r = finite("weights", weights, 1), finite("rewards", rewards, 1)
    same_length("weights", w, "rewards", r)
    if (w < 0).any():
        raise ValueError(f"weights: expected numbers from 0; received {w.min():g}")
    return w, r
