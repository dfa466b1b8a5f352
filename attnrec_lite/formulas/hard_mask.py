"""What may be shown at all, decided before any score is read.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_floats, same_shape, whole


def allowed_list(scores: ArrayLike, allowed: ArrayLike, k: int) -> NDArray[np.int64]:
    r"""The k best of what may be shown: equation (20.10).

    $A = \{i : m_i = 1,\ s_i > -\infty\}$, and the list is the k of $A$ with the largest scores. A
    score orders $A$ and cannot enlarge it.

    Args:
        scores: $s$, any numbers, also infinite or NaN, shape ``(n,)``.
        allowed: $m$, True = may be shown, shape ``(n,)``.
        k: how many, at least 1.

    Returns:
        Places, best first, of equal ones the smaller first: at most k, none if nothing is allowed.
        NaN is larger than nothing, so a score that is no number is not shown.

    Raises:
        ValueError: if the shapes differ, ``allowed`` is not boolean or k is not a whole number
            above 0.

    Layer: none; ``worlds.mask.recommend_allowed`` does it for a batch.

    Source: ours; S0-U8, S1-U12 and S2-U7 rank treatments by a score alone.

    >>> allowed_list([np.inf, 0.2, np.nan, 0.7], [False, True, True, True], k=3)
    array([3, 1])
    """
    s, may = as_floats("scores", scores, 1), np.asarray(allowed)
    if may.dtype != bool:
        raise ValueError(f"allowed: expected booleans; received {may.dtype}")
    same_shape("scores", s, "allowed", may)
    inside = np.flatnonzero(may & (s > -np.inf))
    return inside[np.argsort(-s[inside], kind="stable")][: whole("k", k)]
