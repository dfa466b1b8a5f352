"""How far off a predicted rating is, and what a predicted chance is worth.

Ratings are compared with ratings, chances with labels: 1 (it happened) or 0 (it did not). None of
these says how good a list is. Explained in the chapter "Evaluation".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, same_width, whole
from attnrec_lite.formulas.labels import labels_of


def mse(actual: ArrayLike, predicted: ArrayLike) -> float:
    r"""Mean squared error: equation (8.4), $\frac1n \sum_i (y_i - \hat y_i)^2$.

    Args:
        actual: $y$, shape ``(n,)``.
        predicted: $\hat y$, shape ``(n,)``.

    Returns:
        A number in squared units of the rating; one error of 2 weighs as much as four of 1.

    Raises:
        ValueError: if there is nothing, the shapes differ, or a number is not finite.

    Layer: none; it is a loss of Keras.

    Source: S2-M5; S2-C6 prints it as "MAE".

    >>> round(mse([5, 3, 4], [3, 3, 3]), 3)
    1.667
    """
    y, guess = _ratings(actual, predicted)
    return float(np.mean((y - guess) ** 2))


def mae(actual: ArrayLike, predicted: ArrayLike) -> float:
    r"""Mean absolute error: equation (8.4), $\frac1n \sum_i |y_i - \hat y_i|$.

    Args:
        actual: $y$, shape ``(n,)``.
        predicted: $\hat y$, shape ``(n,)``.

    Returns:
        A number in units of the rating.

    Raises:
        ValueError: as ``mse``.

    Layer: none; it is a loss of Keras.

    Source: S2-M6.

    >>> mae([5, 3, 4], [3, 3, 3])
    1.0
    """
    y, guess = _ratings(actual, predicted)
    return float(np.mean(np.abs(y - guess)))


def rmse(actual: ArrayLike, predicted: ArrayLike) -> float:
    r"""Root of the mean squared error: equation (8.4), $\sqrt{\mathrm{MSE}}$.

    Args:
        actual: $y$, shape ``(n,)``.
        predicted: $\hat y$, shape ``(n,)``.

    Returns:
        A number in units of the rating, never below the mean absolute error.

    Raises:
        ValueError: as ``mse``.

    Layer: none; it judges.

    Source: S2-C6 takes one error for another; this is a third.

    >>> round(rmse([5, 3, 4], [3, 3, 3]), 3)
    1.291
    """
    return float(np.sqrt(mse(actual, predicted)))


def log_loss(labels: ArrayLike, chances: ArrayLike) -> float:
    r"""What a chance costs once it is known what happened, in nats: equation (8.5).

    $-\frac1n \sum_i \big[y_i \ln p_i + (1 - y_i) \ln(1 - p_i)\big]$

    Args:
        labels: $y$, 0 and 1, shape ``(n,)``.
        chances: $p$, the predicted chance of a 1, in [0, 1], shape ``(n,)``.

    Returns:
        A number from 0; ``inf`` where something happened that had been called impossible. Whoever
        always says the base rate pays its entropy.

    Raises:
        ValueError: if there is nothing, the shapes differ, or something is no label or no chance.

    Layer: none; it is a loss of Keras, for models that give chances.

    Source: S4-M1, and what S0-M4 should use for clicks.

    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    y, p = _labels_and_chances(labels, chances)
    with np.errstate(divide="ignore"):
        return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    r"""The share of pairs of a 1 and a 0 that the scores order rightly: equation (8.6).

    $\frac{1}{n_1 n_0} \sum_{i: y_i = 1} \sum_{j: y_j = 0}
    \big[s_i > s_j\big] + \tfrac12 \big[s_i = s_j\big]$

    Args:
        labels: $y$, 0 and 1, shape ``(n,)``.
        scores: $s$, any finite numbers: only their order counts, shape ``(n,)``.

    Returns:
        A number in [0, 1]; 0.5 for scores that are all alike. Pairs are taken over everybody: it
        pays to know who clicks often, which orders nobody's list.

    Raises:
        ValueError: if the shapes differ, a score is not finite, or all labels are the same.

    Layer: none; the metric of Keras approximates it by a grid of thresholds.

    Source: ours; S2-Q2 leaves it out, and it is what click models are compared by.

    >>> auc([1, 0, 1, 0], [0.9, 0.1, 0.4, 0.4])  # four pairs, one a tie
    0.875
    """
    y, s = labels_of(labels), finite("scores", scores, 1)
    same_width("labels", y, "scores", s)
    ones, zeros = s[y == 1], np.sort(s[y == 0])
    if len(ones) == 0 or len(zeros) == 0:
        raise ValueError(
            f"labels: expected a 1 and a 0, or there is no pair; received only {y[0]:g}"
        )
    lower = np.searchsorted(zeros, ones, side="left")  # zeros below each one
    not_higher = np.searchsorted(zeros, ones, side="right")  # zeros below or equal
    return float((lower + not_higher).mean() / 2 / len(zeros))


def calibration_error(labels: ArrayLike, chances: ArrayLike, bins: int = 10) -> float:
    r"""How far chances are from frequencies, bin by bin: equation (8.7).

    $\mathrm{ECE} = \sum_b \frac{n_b}{n} \big|\bar y_b - \bar p_b\big|$

    Args:
        labels: $y$, 0 and 1, shape ``(n,)``.
        chances: $p$, the predicted chance of a 1, in [0, 1], shape ``(n,)``.
        bins: B; bin $b$ holds the chances in $((b - 1)/B, b/B]$, the first also 0.

    Returns:
        A number in [0, 1]: 0 where of the things given a chance of 30 % three in ten happen. It
        depends on the bins; always saying the base rate has 0 too, and tells nothing.

    Raises:
        ValueError: as ``log_loss``, and if ``bins`` is not a whole number from 1.

    Layer: none; it judges chances.

    Source: ours; softmax weights and ranking scores have no calibration to lose.

    >>> calibration_error([1, 0, 1, 0], [0.75, 0.75, 0.25, 0.25])
    0.25
    """
    y, p = _labels_and_chances(labels, chances)
    edges = np.linspace(0, 1, whole("bins", bins) + 1)
    place = np.searchsorted(edges[1:-1], p, side="left")
    return float(np.abs(np.bincount(place, weights=y - p)).sum() / len(y))


def _ratings(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    y, guess = finite("actual", actual, 1), finite("predicted", predicted, 1)
    same_width("actual", y, "predicted", guess)
    return y, guess


def _labels_and_chances(labels: ArrayLike, chances: ArrayLike) -> tuple[Floats, Floats]:
    y, p = labels_of(labels), finite("chances", chances, 1)
    same_width("labels", y, "chances", p)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(
            f"chances: expected numbers in [0, 1]; received {p.min():g} to {p.max():g}"
        )
    return y, p
