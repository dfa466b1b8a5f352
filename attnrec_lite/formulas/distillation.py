"""What a small model can learn from a large one besides the right answer.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax

from attnrec_lite._checks import Floats, finite, positive
from attnrec_lite.formulas.weights import softmax


def distillation_loss(student: ArrayLike, teacher: ArrayLike, temperature: float = 1.0) -> float:
    r"""How far the student's choice is from the teacher's: equation (16.12).

    $T^2\, \mathrm{KL}(p^{t} \Vert p^{s})$, $p = \mathrm{softmax}(z / T)$, mean over rows. Without
    the $T^2$ its gradient would shrink as $1 / T^2$, and a high temperature would switch the
    teacher off beside the loss of the right answer.

    Args:
        student: scores, shape ``(n,)`` or ``(batch, n)``.
        teacher: the same.
        temperature: $T$; the higher, the more the order of the *unlikely* items counts.

    Returns:
        At least 0; 0 where both choose alike.

    Raises:
        ValueError: if shapes differ, a score is not finite or the temperature is not above 0.

    Layer: none; ``efficiency.distil`` trains with it.
    Source: Hinton et al. (2015).

    >>> round(distillation_loss([0.0, 0.0], [np.log(3), 0.0]), 4)
    0.1308
    """
    s, t, heat = _both(student, teacher, temperature)
    log_s, log_t = log_softmax(s / heat, axis=-1), log_softmax(t / heat, axis=-1)
    far = (np.exp(log_t) * (log_t - log_s)).sum(axis=-1)
    return float(heat**2 * np.mean(np.maximum(far, 0.0)))


def distillation_slope(student: ArrayLike, teacher: ArrayLike, temperature: float = 1.0) -> Floats:
    r"""Where the student's scores are pushed: equation (16.12), $T (p^{s} - p^{t})$.

    It is the gradient of $T^2\, \mathrm{KL}$. For high $T$ it tends to $(z^{s} - z^{t}) / n$, each
    centred: the student then copies scores, whatever their size, and $T$ drops out.

    Args:
        student: as for ``distillation_loss``.
        teacher: the same.
        temperature: $T$.

    Returns:
        In the shape of ``student``; each row sums to 0.

    Raises:
        ValueError: as for ``distillation_loss``.

    Layer: none; automatic differentiation finds it.
    Source: Hinton et al. (2015), section 2.1.

    >>> distillation_slope([0.0, 0.0], [1.0, -1.0], temperature=100).round(3)
    array([-0.5,  0.5])
    """
    s, t, heat = _both(student, teacher, temperature)
    return np.asarray(heat * (softmax(s / heat) - softmax(t / heat)))


def _both(
    student: ArrayLike, teacher: ArrayLike, temperature: float
) -> tuple[Floats, Floats, float]:
    s, t = finite("student", student), finite("teacher", teacher)
    if s.shape != t.shape or not s.ndim:
        raise ValueError(f"teacher: expected shape {s.shape}, as student has; received {t.shape}")
    return s, t, positive("temperature", temperature)
