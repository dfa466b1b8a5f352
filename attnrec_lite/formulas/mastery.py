"""What somebody knows, and what may come next.

Explained in the chapter "Applications".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, in_unit, inside, same_shape, share_of_one, zeros_and_ones


def mastery_after(
    mastery: ArrayLike,
    correct: ArrayLike,
    slip: float = 0.1,
    guess: float = 0.2,
    learn: float = 0.3,
) -> Floats:
    r"""What an answer says of a skill, and what practice adds: equation (20.11).

    $L' = \dfrac{L (1 - s)}{L (1 - s) + (1 - L) g}$ after a right answer,
    $L' = \dfrac{L s}{L s + (1 - L)(1 - g)}$ after a wrong one; then $L'' = L' + (1 - L')\, t$.

    Args:
        mastery: $L$, chance that the skill is mastered before, in [0, 1], any shape.
        correct: True where the answer was right, of the same shape.
        slip: $s$, chance of a wrong answer in spite of mastery, above 0, below 1.
        guess: $g$, chance of a right answer without it, above 0, below 1.
        learn: $t$, chance that the exercise teaches the skill, in [0, 1].

    Returns:
        $L''$ of the same shape.

    Raises:
        ValueError: if the shapes differ or a number is out of range.

    Layer: none; a hidden Markov model of two states, forward step.

    Source: Corbett and Anderson (1995). S1-U14 goes by "learning style" instead, for which Pashler
        et al. (2008) found no evidence.

    >>> mastery_after([0.5, 0.5], [True, False], learn=0.0).round(3)
    array([0.818, 0.111])
    """
    known, right = in_unit("mastery", mastery), np.asarray(correct)
    if right.dtype != bool:
        raise ValueError(f"correct: expected booleans; received {right.dtype}")
    same_shape("mastery", known, "correct", right)
    s, g, t = inside("slip", slip), inside("guess", guess), share_of_one("learn", learn)
    of_known, of_other = np.where(right, 1 - s, s), np.where(right, g, 1 - g)
    after = known * of_known / (known * of_known + (1 - known) * of_other)
    return after + (1 - after) * t


def ready(
    mastery: ArrayLike, prerequisites: ArrayLike, threshold: float = 0.8
) -> NDArray[np.bool_]:
    r"""What may be practised now: equation (20.12).

    $m_{ui} = [L_{ui} < \theta] \prod_{j: P_{ij} = 1} [L_{uj} \ge \theta]$: not yet mastered, and
    everything that it needs is.

    Args:
        mastery: $L$, chance of each skill, in [0, 1], shape ``(learners, skills)``.
        prerequisites: $P$, 1 where the row's skill needs the column's, shape ``(skills, skills)``.
        threshold: $\theta$, from where a skill counts as mastered, in [0, 1].

    Returns:
        True = may be practised, of the shape of ``mastery``; a row without any True has mastered
        all that there is.

    Raises:
        ValueError: if the shapes do not fit, a number is out of range, or skills need each other
            in a circle: nobody could ever begin.

    Layer: none; a hard mask.

    Source: ours; knowledge spaces are Doignon and Falmagne (1985).

    >>> ready([[0.9, 0.1, 0.1]], [[0, 0, 0], [1, 0, 0], [1, 1, 0]])
    array([[False,  True, False]])
    """
    known = in_unit("mastery", mastery)
    needs = zeros_and_ones("prerequisites", prerequisites, 2)
    if known.ndim != 2 or needs.shape != (known.shape[-1],) * 2:
        raise ValueError(
            f"prerequisites: expected a square of the skills of mastery {known.shape}; "
            f"received shape {needs.shape}"
        )
    if _has_circle(needs):
        raise ValueError("prerequisites: expected no circle; some skills need each other")
    mastered = known >= share_of_one("threshold", threshold)
    missing = (~mastered).astype(np.float64) @ needs.T  # prerequisites that are not mastered
    return np.asarray(~mastered & (missing == 0))


def _has_circle(needs: Floats) -> bool:
    """Whether somebody who takes what needs nothing, again and again, gets stuck."""
    left = np.ones(len(needs), bool)
    while left.any():
        free = left & (needs[:, left].sum(axis=1) == 0)
        if not free.any():
            return True
        left &= ~free
    return False
