"""How far a shift of a vector can move a score, and training against the worst one.

Explained in the chapter "Robustness and fairness".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, one_of, positive, same_length


def score_shift_bound(vector: ArrayLike, radius: float) -> float:
    r"""How far a dot product moves at most: equation (19.6), $|u^\top\Delta| \le \epsilon\|u\|$.

    Args:
        vector: $u$, what the shifted vector is multiplied with, shape ``(d,)``.
        radius: $\epsilon$, the longest shift, in the unit of the vectors; above 0.

    Returns:
        The bound. It is reached by $\Delta = \epsilon u / \|u\|$ and by no other shift; a random
        one of that length moves the score by about $\epsilon\|u\| / \sqrt d$.

    Raises:
        ValueError: if a number is not finite or the radius not above 0.

    Layer: none; a bound, with nothing to train.

    Source: ours; Cauchy's inequality for S0-K3 and S1-K8, which name no size.

    >>> score_shift_bound([3.0, 4.0], radius=0.5)
    2.5
    """
    return float(positive("radius", radius) * np.linalg.norm(finite("vector", vector, 1)))


def worst_step(slope: ArrayLike, radius: float, norm: str = "l2") -> Floats:
    r"""The shift that raises a loss fastest: equation (19.7).

    $\Delta = \epsilon\,\Gamma / \|\Gamma\|_2$ among all of that length, $\Delta = \epsilon\,
    \mathrm{sign}(\Gamma)$ among all whose every number is at most $\epsilon$.

    Args:
        slope: $\Gamma$, slope of the loss at a vector, or one per row, ``(d,)`` or ``(n, d)``.
        radius: $\epsilon$, above 0.
        norm: ``"l2"``, a length for each row; ``"max"``, a size for each number.

    Returns:
        The shift, of the shape of the slope; 0 where the slope is: no direction is worse there.

    Raises:
        ValueError: if a number is not finite, the radius not above 0, or the norm another word.

    Layer: none; ``robustness.APR`` trains against it.

    Source: Goodfellow, Shlens and Szegedy (ICLR 2015) for the sign; He, He, Du and Chua (SIGIR
        2018) for the length; S0-I11, S1-I11 name neither.

    >>> worst_step([3.0, -4.0], radius=0.5), worst_step([3.0, -4.0], radius=0.5, norm="max")
    (array([ 0.3, -0.4]), array([ 0.5, -0.5]))
    """
    g, size = finite("slope", slope), positive("radius", radius)
    if one_of("norm", norm, ("l2", "max")) == "max":
        return np.asarray(size * np.sign(g))
    top = np.abs(g).max(axis=-1, keepdims=True, initial=0.0)
    g = np.divide(g, top, out=np.zeros_like(g), where=top > 0)  # squares neither vanish nor burst
    length = np.linalg.norm(g, axis=-1, keepdims=True)
    return np.asarray(size * np.divide(g, length, out=np.zeros_like(g), where=length > 0))


def adversarial_bpr(
    user: ArrayLike, taken: ArrayLike, other: ArrayLike, radius: float, weight: float = 1.0
) -> float:
    r"""Loss of a pair, and again when somebody shifts its items: equation (19.8).

    $L = f(m) + \lambda f(m - 2\epsilon\|u\|)$ with $m = u^\top(q_i - q_j)$ and $f(m) = \ln(1 +
    e^{-m})$: the worst shift moves $q_i$ against the user and $q_j$ towards it, each by
    $\epsilon$, so that the margin falls by $2\epsilon\|u\|$. For a dot product the worst case needs
    no gradient.

    Args:
        user: $u$, shape ``(d,)``.
        taken: $q_i$, shape ``(d,)``.
        other: $q_j$, shape ``(d,)``.
        radius: $\epsilon$, length of the shift of each item, above 0.
        weight: $\lambda$ of the shifted pair, not negative.

    Returns:
        The loss in nats.

    Raises:
        ValueError: if widths differ or a number is not finite or out of range.

    Layer: none; ``robustness.APR`` follows its slopes.

    Source: He et al. (SIGIR 2018); they shift the user, too.

    >>> round(adversarial_bpr([1.0, 0.0], [1.0, 0.0], [0.0, 1.0], radius=0.5), 4)
    1.0064
    """
    u, qi, qj = (finite(n, v, 1) for n, v in (("user", user), ("taken", taken), ("other", other)))
    for name, vector in (("taken", qi), ("other", qj)):
        same_length("user", u, name, vector)
    trade = float(finite("weight", weight, 0))
    if trade < 0:
        raise ValueError(f"weight: expected a number from 0; received {weight}")
    margin = float(u @ (qi - qj))
    shifted = margin - 2 * score_shift_bound(u, radius)
    return float(np.logaddexp(0, -margin) + trade * np.logaddexp(0, -shifted))
