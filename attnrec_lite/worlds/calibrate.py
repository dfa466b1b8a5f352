"""From a score to a chance: two numbers fitted afterwards, or steps.

SciPy does the fitting. What is fitted here must not be what the score was trained on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression, minimize

from attnrec_lite._checks import Floats, finite, same_length
from attnrec_lite.formulas.labels import labels_of

SHRINK = 1e-6  # keeps the slope finite where scores part clicks from the rest without error


def fit_platt(scores: ArrayLike, labels: ArrayLike) -> tuple[float, float]:
    r"""Slope and offset of ``formulas.scaled_chance`` that make the labels most likely.

    Args:
        scores: shape ``(n,)``, finite.
        labels: 0 and 1, of the same length.

    Returns:
        $a$ and $b$ of $\sigma(a s + b)$.

    Raises:
        ValueError: if the lengths differ, a score is not finite, or all labels are the same.

    >>> slope, offset = fit_platt([0.0, 0.0, 1.0, 1.0], [0, 1, 1, 1])
    >>> bool(slope > 1), abs(round(offset, 2))
    (True, 0.0)
    """
    s, y = _scored(scores, labels)
    spread = float(s.std()) or 1.0
    x = (s - s.mean()) / spread

    def loss(at: Floats) -> tuple[float, Floats]:
        z = at[0] * x + at[1]
        wrong = 1 / (1 + np.exp(-np.clip(z, -700, 700))) - y
        value = np.mean(np.logaddexp(0, z) - y * z) + SHRINK * at[0] ** 2 / 2
        return float(value), np.array([wrong @ x / len(x) + SHRINK * at[0], wrong.mean()])

    share = float(y.mean())
    a, b = minimize(loss, [0.0, np.log(share / (1 - share))], jac=True, method="BFGS").x
    return float(a / spread), float(b - a * s.mean() / spread)


def fit_isotonic(scores: ArrayLike, labels: ArrayLike) -> Callable[[ArrayLike], Floats]:
    """The steps that never fall and fit the labels best, in squared error.

    Args:
        scores: shape ``(n,)``, finite.
        labels: 0 and 1, of the same length.

    Returns:
        A function from scores to chances, straight between the scores that were seen.

    Raises:
        ValueError: as ``fit_platt``.

    >>> fit_isotonic([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1])([0.0, 1.5, 9.0])
    array([0. , 0.5, 1. ])
    """
    s, y = _scored(scores, labels)
    at, place, size = np.unique(s, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=y) / size
    steps = isotonic_regression(means, weights=size).x
    return lambda new: np.interp(finite("scores", new, least=0), at, steps)


def _scored(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, Floats]:
    s, y = finite("scores", scores, 1), labels_of(labels)
    same_length("scores", s, "labels", y)
    if y.min() == y.max():
        raise ValueError(f"labels: expected a 1 and a 0; received only {y[0]:g}")
    return s, y
