"""Recommend under a hard mask: what is forbidden is not shown, whatever its score.

A penalty on a score can be outbid by a larger score. A mask cannot: it is applied to what may
stand in the list, not to how much it is liked, and the list is looked at once more before it is
handed out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, whole

FULL, SHORT, FORBIDDEN, UNSCORED = 0, 1, 2, 3
_SAY = {
    FULL: "{n} shown",
    SHORT: "{n} shown: no more may be",
    FORBIDDEN: "nothing is shown: the mask forbids everything",
    UNSCORED: "nothing is shown: what is allowed has no score",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """Lists that keep to a mask.

    Attributes:
        ids: best first, int32 ``(people, k)``; 0 where nothing is shown.
        scores: float64 of the same shape; ``-inf`` where nothing is shown.
        why: for each person 0 = the list is full, 1 = shorter than asked, 2 = empty since the mask
            forbids everything, 3 = empty since nothing that is allowed has a score.
    """

    ids: NDArray[np.int32]
    scores: Floats
    why: NDArray[np.int8]

    @property
    def nothing(self) -> NDArray[np.bool_]:
        """Who is shown nothing, ``(people,)``."""
        return self.why >= FORBIDDEN

    def say(self, person: int) -> str:
        """What to tell somebody about the length of their list."""
        shown = int(np.count_nonzero(self.ids[person]))
        return _SAY[int(self.why[person])].format(n=shown)


def recommend_allowed(scores: ArrayLike, allowed: ArrayLike, k: int) -> Shown:
    """The k best that may be shown; of equal scores the smaller id first.

    Args:
        scores: any numbers, ``(people, N + 1)``. Of what is allowed, ``+inf`` comes first, ``-inf``
            and NaN are not shown: no number, no place. What is not allowed is not looked at.
        allowed: True = may be shown, boolean of the same shape; column 0, padding, never is.
        k: how many, from 1; more than is allowed gives shorter lists.

    Returns:
        The lists, and why some are short or empty.

    Raises:
        ValueError: if the mask is not boolean, the shapes differ, or ``k`` is not a whole number
            from 1.

    >>> found = recommend_allowed([[0, 1, 9, 2], [0, 1, 9, 2]],
    ...                           [[True, True, False, True], [True, False, False, False]], k=2)
    >>> found.ids
    array([[3, 1],
           [0, 0]], dtype=int32)
    >>> found.say(1)
    'nothing is shown: the mask forbids everything'
    """
    s, may = as_floats("scores", scores, 2), np.asarray(allowed)
    if may.dtype != bool:  # a mask of -1e9 and 0 is a penalty, and can be outbid
        raise ValueError(f"allowed: expected booleans, True = may be shown; received {may.dtype}")
    if may.shape != s.shape:
        raise ValueError(f"allowed: expected shape {s.shape}, as scores has; received {may.shape}")
    asked = whole("k", k)
    may = may.copy()
    may[:, :1] = False
    can = may & (s > -np.inf)  # not for NaN either
    width = min(asked, s.shape[1])
    order = np.argsort(-np.where(can, s, -np.inf), axis=1, kind="stable")[:, :width]
    stays = np.take_along_axis(can, order, axis=1)  # the mask once more, on the list itself
    ids, best = np.zeros((len(s), asked), np.int32), np.full((len(s), asked), -np.inf)
    ids[:, :width] = np.where(stays, order, 0)
    best[:, :width] = np.where(stays, np.take_along_axis(s, order, axis=1), -np.inf)
    shown = stays.sum(axis=1)
    empty = np.where(may.any(axis=1), UNSCORED, FORBIDDEN)
    why = np.where(shown == asked, FULL, np.where(shown > 0, SHORT, empty)).astype(np.int8)
    return Shown(ids, best, why)
