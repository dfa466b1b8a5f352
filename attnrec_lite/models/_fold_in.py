"""A user vector for a history that was never trained on: a convex problem, solved anew each time.

Matrix factorisation knows a vector for each user of its training log and for nobody else. With the
item vectors held still, what it would have learned for a history H is the one minimum over u of

    mean over i in H and j not in H of softplus(s_j - s_i)  +  penalty / 2 |u|^2,

with s_i = u q_i + b_i. The j are all items, or a fixed sample of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats

ROUNDS = 12  # of Newton's method; after them the last step moves a vector by less than 1 %
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class FoldIn:
    """The problem for some histories of one length n, so that no padding takes part.

    A row is computed alike whatever stands beside it: its scores do not depend on the batch.

    Attributes:
        own: vectors of the histories' items, float32 ``(b, n, d)``.
        own_bias: their biases ``(b, n)``.
        other: vectors of the m items that they are compared with, ``(m, d)``.
        other_bias: their biases ``(m,)``.
        share: weight of the comparisons with each of these, ``(b, m)``: 0 for items of the history.
        penalty: on the squared length of u.
    """

    own: Singles
    own_bias: Singles
    other: Singles
    other_bias: Singles
    share: Singles
    penalty: float

    def solve(self) -> Floats:
        """The user vectors ``(b, d)``, by Newton's method with a step that cannot overshoot.

        If a whole step moves no comparison by more than r, the curvature t of the way along it is
        at most e^(r t) times that at its start. Integrated twice, this bounds the loss; the bound
        is least at t = log(1 + r) / r, so a step of that size always lowers the loss.
        """
        u = np.zeros((len(self.own), self.own.shape[2]))
        for _ in range(ROUNDS):
            step = np.linalg.solve(*self._curvature_and_slope(u))[:, :, 0]
            moved = np.concatenate([self.own @ step[:, :, None], self.other @ step[:, :, None]], 1)
            reach = np.ptp(moved, axis=1)  # (b, 1)
            u -= step * np.where(reach > 0, np.log1p(reach) / np.maximum(reach, 1e-300), 1)
        return u

    def pieces(self, u: Floats) -> Floats:
        """What each item of the history adds to the user vector, ``(b, n, d)``.

        At the minimum the slope is zero, which says that they sum to u: each item pulls u to
        itself, and away from what it does not beat by far.
        """
        wrong = (0.5 - self._lead(u)) * self.share[:, None, :]
        pulls = wrong.sum(axis=2)[:, :, None] * self.own - wrong @ self.other
        pieces: Floats = pulls.astype(np.float64) / self.penalty
        return pieces

    def _curvature_and_slope(self, u: Floats) -> tuple[Floats, Floats]:
        """Second and first derivatives of the loss at u: ``(b, d, d)`` and ``(b, d, 1)``."""
        lead, share = self._lead(u), self.share[:, None, :]
        wrong, weight = (0.5 - lead) * share, (0.25 - lead * lead) * share
        slope = wrong.sum(axis=1)[:, None] @ self.other - wrong.sum(axis=2)[:, None] @ self.own
        turned = self.own.transpose(0, 2, 1)
        cross = turned @ (weight @ self.other)
        curvature = (
            turned @ (weight.sum(axis=2)[:, :, None] * self.own)
            + self.other.T @ (weight.sum(axis=1)[:, :, None] * self.other)
            - cross
            - cross.transpose(0, 2, 1)
        )
        own_slope = (slope[:, 0] + self.penalty * u)[:, :, None]
        return curvature + self.penalty * np.eye(u.shape[1]), own_slope

    def _lead(self, u: Floats) -> Singles:
        """How surely each item of the history beats each other one, less 1/2: ``(b, n, m)``."""
        v = u.astype(np.float32)
        own = (self.own @ v[:, :, None])[:, :, 0] + self.own_bias
        other = (self.other @ v[:, :, None])[:, :, 0] + self.other_bias
        half: Singles = np.float32(0.5) * (own[:, :, None] - other[:, None, :])
        return np.float32(0.5) * np.tanh(half)
