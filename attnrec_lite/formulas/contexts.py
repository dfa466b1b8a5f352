"""A taste for each situation, and how far to believe two events of one's own.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, finite, not_negative, positive, same_shape
from attnrec_lite.formulas.weights import masked_softmax


def gated_weights(
    scores: ArrayLike, same_context: ArrayLike, gate: float, mask: ArrayLike | None = None
) -> Floats:
    r"""Attention that looks at what was done in the same situation: equation (20.18).

    $\alpha_j = \mathrm{softmax}_j\big(s_j + \gamma\,[c_j = c]\big)$

    Args:
        scores: $s$, one per thing in the history, shape ``(..., n)``.
        same_context: True where it was taken in the context of now, of the same shape.
        gate: $\gamma$, from 0: things in context weigh $e^{\gamma}$ times as much as others of the
            same score. With 0 there is no gate; a large one forgets the other context.
        mask: True = a real thing; None = all.

    Returns:
        Weights of the same shape; rows sum to 1, or to 0 where nothing is real.

    Raises:
        ValueError: if the shapes differ, the gate is negative, or ``same_context`` is not boolean.

    Layer: none; the gate is added to the scores in front of a masked softmax.

    Source: a bias on attention scores, as for positions; S2-U8 knows one taste per traveller.

    >>> gated_weights([0.0, 0.0, 0.0], [True, False, False], gate=np.log(2))
    array([0.5 , 0.25, 0.25])
    """
    s, same = as_floats("scores", scores), np.asarray(same_context)
    if same.dtype != bool:
        raise ValueError(f"same_context: expected booleans; received {same.dtype}")
    same_shape("scores", s, "same_context", same)
    bonus = float(not_negative("gate", gate)) * same
    return masked_softmax(s + bonus, np.ones(s.shape, bool) if mask is None else mask)


def shrunk(mean: ArrayLike, n: ArrayLike, prior: ArrayLike, strength: float) -> Floats:
    r"""Believe a person as much as there is to believe: equation (20.19).

    $\hat m = \dfrac{n\, m + \kappa\, m_0}{n + \kappa}$

    Args:
        mean: $m$ of the person, any shape; not looked at where n is 0.
        n: on how many events it rests, not negative, of a shape that broadcasts.
        prior: $m_0$, the mean of everybody.
        strength: $\kappa$, above 0: with so many events of one's own both count alike.

    Returns:
        A number between the two; the prior where n is 0.

    Raises:
        ValueError: if a number is out of range or not finite where it counts.

    Layer: none; a prior of $\kappa$ events.

    Source: Efron and Morris (1975); two bookings a year are two events.

    >>> shrunk([1.0, np.nan], [2, 0], [0.2, 0.2], strength=2.0)
    array([0.6, 0.2])
    """
    count, m0 = not_negative("n", n), finite("prior", prior, least=0)
    m = finite("mean", np.where(count > 0, as_floats("mean", mean), 0.0), least=0)
    k = positive("strength", strength)
    return np.asarray((count * m + k * m0) / (count + k))
