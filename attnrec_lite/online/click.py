"""One user, one click more, parameters frozen: a state of fixed size instead of a history.

A model allows this exactly where what is kept does not depend on what comes later. A fading mean
does (two sums, here); so does a recurrent network (its state) and causal attention whose positions
are relative (keys and values: ``models.SASRec.session``). It is *not* exact where ages count from
the newest item and enter the keys (absolute positions), where attention looks to both sides
(BERT4Rec), or where the candidate asks (DIN: there is no state before the question).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, finite, positive, whole
from attnrec_lite._topk import top_k
from attnrec_lite.formulas import faded


class FadingTaste:
    """A user as the mean of what they took, in which everything counts half after each half-life.

    The five slots: nobody asks; keys and values are the items taken; the score of a past item is
    its age alone; the weights sum to 1; the readout is the dot product with every item.

    Args:
        table: item vectors of a model that is frozen, ``(N + 1, d)``, row 0 for padding.
        half_life: in the unit of the times, above 0.
        bias: of each item, ``(N + 1,)``; 0 by default.

    Attributes:
        history: ids taken, oldest first.
        time: of the newest; what comes next must not be older.

    Raises:
        ValueError: if shapes do not fit or a number is out of range.

    >>> taste = FadingTaste([[0, 0], [1, 0], [0, 1]], half_life=1.0)
    >>> taste.click(1, time=0.0)[1:], taste.click(2, time=1.0)[1:].round(3)
    (array([1., 0.], dtype=float32), array([0.333, 0.667], dtype=float32))
    """

    def __init__(self, table: ArrayLike, half_life: float, bias: ArrayLike | None = None) -> None:
        vectors = finite("table", table, 2, least=2)
        own = np.zeros(len(vectors)) if bias is None else finite("bias", bias, 1)
        if len(own) != len(vectors):
            raise ValueError(f"bias: expected {len(vectors)}, as table has; received {len(own)}")
        self._table, self._bias = vectors.astype(np.float32), own.astype(np.float32)
        self.half_life = positive("half_life", half_life)
        self.history: list[int] = []
        self.time = -np.inf
        self._sums: Floats = np.zeros(vectors.shape[1] + 1)  # of the vectors, and of ones

    def click(self, item: int, time: float) -> NDArray[np.float32]:
        """Add an item: O(d) for the state, O(Nd) for the scores, whatever the history's length.

        Args:
            item: its id, 1..N.
            time: when, not before the one before.

        Returns:
            Scores of all items, float32 ``(N + 1,)``; column 0, padding, is ``-inf``.

        Raises:
            ValueError: for an unknown id, or a clock that runs backwards; the state is untouched.
        """
        new = int(as_ids("item", [[item]], len(self._table) - 1, least=1)[0, 0])
        now = float(finite("time", time, 0))
        if now < self.time:
            raise ValueError(f"time: expected {self.time} or later; received {time}")
        gap = now - self.time if self.history else 0.0
        self._sums = faded(self._sums, np.append(self._table[new], 1.0), gap, self.half_life)
        self.history.append(new)
        self.time = now
        return self.scores()

    def scores(self) -> NDArray[np.float32]:
        """Scores of all items now; without a history the bias alone speaks."""
        total = self._sums[-1]
        context = self._sums[:-1] / total if total > 0 else self._sums[:-1]
        found: NDArray[np.float32] = self._table @ context.astype(np.float32) + self._bias
        found[0] = -np.inf
        return found

    def recommend(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best items that are not in the history, best first; 0 and ``-inf`` where none is.

        Raises:
            ValueError: if ``k`` is not a whole number from 1.
        """
        scores = self.scores()
        scores[self.history] = -np.inf
        best = top_k(scores[np.newaxis, 1:], whole("k", k))[0] + 1
        ids, found = np.zeros(k, np.int32), np.full(k, -np.inf, np.float32)
        found[: len(best)] = scores[best]
        ids[: len(best)] = np.where(np.isneginf(scores[best]), 0, best)
        return ids, found


def fading_mean(vectors: ArrayLike, times: ArrayLike, half_life: float) -> Floats:
    """The same mean from the whole history: what ``FadingTaste`` is tested against.

    Args:
        vectors: of the items taken, oldest first, ``(n, d)``.
        times: when, ``(n,)``, not falling.
        half_life: in their unit.

    Returns:
        The mean, ``(d,)``.

    Raises:
        ValueError: if shapes do not fit or times fall.

    >>> fading_mean([[1, 0], [0, 1]], [0, 1], half_life=1).round(3)
    array([0.333, 0.667])
    """
    v, t = finite("vectors", vectors, 2), finite("times", times, 1)
    if len(v) != len(t) or (np.diff(t) < 0).any():
        raise ValueError(f"times: expected {len(v)} that do not fall; received {len(t)}")
    weights = np.exp2((t - t[-1]) / positive("half_life", half_life))
    return np.asarray(weights @ v / weights.sum())
