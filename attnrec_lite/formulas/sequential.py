"""Looking before the end: a statistic that may be looked at after every user.

Explained in the chapter "Experiments: asking the people".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, positive


def mixture_ratio(sums: ArrayLike, n: ArrayLike, tau: float) -> Floats:
    r"""Likelihood of "some difference" over that of "none", after n users: equation (9.9).

    $\Lambda_n = \sqrt{\frac{1}{1 + n\tau^2}} \exp\frac{\tau^2 S_n^2}{2 (1 + n\tau^2)}$

    Args:
        sums: $S_n$, the sum of n numbers of variance 1, whose mean is 0 if there is no difference.
        n: how many numbers were summed, at least 0, of a shape that broadcasts with ``sums``.
        tau: spread of the differences that are expected, in standard deviations, above 0.

    Returns:
        $\Lambda$ of the common shape; may be ``inf`` where a difference is beyond doubt.

    Raises:
        ValueError: if ``n`` is negative or a number is not finite.

    Layer: none; a test statistic.

    Source: Johari et al. (KDD 2017; Operations Research 2022); a mixture of likelihood ratios over
        normal differences, in expectation 1 at every n where there is no difference.

    >>> mixture_ratio([0, 60], 1000, 0.1).round(3)
    array([0.302, 1.549])
    """
    s, size, t = finite("sums", sums), finite("n", n), positive("tau", tau) ** 2
    if (size < 0).any():
        raise ValueError(f"n: expected numbers from 0; received {size.min()}")
    with np.errstate(over="ignore"):
        ratio: Floats = np.exp(t * s**2 / (2 * (1 + size * t)) - np.log1p(size * t) / 2)
    return ratio


def always_valid_p(ratios: ArrayLike) -> Floats:
    r"""A p value that may be read at every look: equation (9.10).

    $p_n = \min(1, \min_{m \le n} 1/\Lambda_m)$

    Args:
        ratios: $\Lambda$ at each look, in order of time along the last axis, not negative.

    Returns:
        p values of the same shape; they never rise. If there is no difference, the chance that any
        of them ever falls to $\alpha$ is at most $\alpha$, however often one looks.

    Raises:
        ValueError: if there is no look, or a ratio is negative or NaN.

    Layer: none; a running minimum.

    Source: Johari et al. (KDD 2017), by Ville's inequality.

    >>> always_valid_p([0.5, 4.0, 2.0, 25.0])
    array([1.  , 0.25, 0.25, 0.04])
    """
    ratio = np.asarray(ratios, np.float64)
    if ratio.ndim == 0 or ratio.shape[-1] == 0:
        raise ValueError("ratios: expected one number per look; received none")
    if not (ratio >= 0).all():
        raise ValueError("ratios: expected numbers from 0; received a negative one or NaN")
    highest = np.maximum.accumulate(ratio, axis=-1)
    p: Floats = 1 / np.maximum(highest, 1)
    return p
