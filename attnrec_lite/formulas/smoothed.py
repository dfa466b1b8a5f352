"""Between the softmax and no normaliser at all: one exponent decides how much length counts.

Explained in the chapter "User, item, interaction".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, same_width, share_of_one
from attnrec_lite.formulas.weights import weighted_sum


def smoothed_softmax(scores: ArrayLike, beta: float, mask: ArrayLike | None = None) -> Floats:
    r"""Between the softmax and no normaliser at all: equations (10.4) and, stable, (10.5).

    $\alpha_j = \frac{e^{s_j}}{(\sum_k e^{s_k})^\beta} = \exp(s_j - \beta\,\mathrm{LSE}(s))$

    Args:
        scores: $s_j$, shape ``(n,)``; what stands at padding is not looked at.
        beta: in [0, 1]: 1 is the softmax, 0 leaves the exponential alone.
        mask: True = real item, shape ``(n,)``; None = all real.

    Returns:
        Weights, shape ``(n,)``, not negative; 0 at padding, and a row of zeros where nothing is
        real. Below a beta of 1 they don't sum to 1, and one that no float can hold is ``inf``.

    Raises:
        ValueError: if a score of a real item is not finite, ``beta`` is not in [0, 1], or the mask
            does not fit.

    Layer: ``attention.smoothed_softmax``.
    Source: He X. et al. (2018), whose published programs take the exponential first.

    >>> smoothed_softmax([800.0, 800.0], beta=1.0), smoothed_softmax([0.0, 0.0], beta=0.5).round(4)
    (array([0.5, 0.5]), array([0.7071, 0.7071]))
    """
    share_of_one("beta", beta)
    s = as_floats("scores", scores, 1)
    real = real_ones(mask, s)
    found = np.zeros_like(s)
    if real.any():
        kept = finite("scores", s[real])
        with np.errstate(over="ignore"):  # the weight itself may be too large
            found[real] = np.exp(kept - beta * log_sum_exp(kept))
    return found


def total_weight(scores: ArrayLike, beta: float, mask: ArrayLike | None = None) -> float:
    r"""How much attention a whole history gets: equation (10.6).

    $\sum_j \alpha_j = (\sum_k e^{s_k})^{1 - \beta}$

    Args:
        scores: as for ``smoothed_softmax``.
        beta: likewise.
        mask: likewise.

    Returns:
        A number from 0: 1 at a beta of 1, and $(n e^s)^{1 - \beta}$ for $n$ equal scores, so that
        a longer history speaks louder the smaller beta is.

    Raises:
        ValueError: as ``smoothed_softmax``.

    Layer: none; it measures weights.
    Source: ours, from He X. et al. (2018).

    >>> [round(total_weight([0.0] * 9, beta), 3) for beta in (1.0, 0.5, 0.0)]
    [1.0, 3.0, 9.0]
    """
    return float(smoothed_softmax(scores, beta, mask).sum())


def nais_score(
    candidate: ArrayLike,
    history: ArrayLike,
    scores: ArrayLike,
    beta: float,
    mask: ArrayLike | None = None,
) -> float:
    r"""Likeness to each item of the history, weighed: equation (10.7).

    $\hat y_c = \sum_j \alpha_j\, p_c^\top q_j$

    Args:
        candidate: $p_c$, shape ``(d,)``.
        history: $q_j$, one per row, shape ``(n, d)``, without the candidate itself.
        scores: $s_j$, shape ``(n,)``, for ``smoothed_softmax``.
        beta: likewise.
        mask: likewise.

    Returns:
        A preference score; 0 for an empty history.

    Raises:
        ValueError: if the shapes do not fit, and as ``smoothed_softmax``.

    Layer: ``models.NAIS``.
    Source: He X. et al. (2018), without the factor that a second exponent gives.

    >>> nais_score([1, 0], [[2, 0], [0, 5]], [0.0, 0.0], beta=1.0)
    1.0
    """
    e, h = as_floats("candidate", candidate, 1), as_floats("history", history, 2)
    same_width("candidate", e, "history", h)
    return float(weighted_sum(smoothed_softmax(scores, beta, mask), h) @ e)


def log_sum_exp(scores: Floats) -> float:
    """The log of the sum of exponentials, without forming one that overflows."""
    top = scores.max()
    return float(top + np.log(np.exp(scores - top).sum()))


def real_ones(mask: ArrayLike | None, scores: Floats) -> NDArray[np.bool_]:
    """The mask, checked; all True where none is given."""
    real = np.ones(scores.shape, bool) if mask is None else np.asarray(mask)
    if real.dtype != bool or real.shape != scores.shape:
        raise ValueError(
            f"mask: expected booleans of shape {scores.shape}; received {real.dtype} {real.shape}"
        )
    return real
