"""SASRec that knows how long ago: the time between two items counts, not their distance alone.

The five slots are those of ``SASRec``; to the score of a key it adds a learned number for the time
between it and the query, one for each power of two of the seconds, in every block and head. It is
what is left of the intervals of TiSASRec when they may shift a score but not carry a message: 32
numbers a head instead of two tables of vectors.

The powers are the same for everyone. Scaling by a user's smallest gap, as TiSASRec does, needs the
whole history, and so tells an early click about later ones.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models.base import Arrays
from attnrec_lite.models.sasrec import SASRec
from attnrec_lite.training import Batches, PackedBatches


class TimedBatches(PackedBatches):
    """Packed rows with the ``times`` of their items, in seconds since the first of the log."""

    def take(self, order: NDArray[np.int64]) -> tuple[dict[str, NDArray[Any]], NDArray[np.int32]]:
        """As of the parent, and ``times``, float64 ``(batch, length)``; any number at padding."""
        rows, targets = super().take(order)
        times = self.log.time - self.log.time.min()
        return rows | {"times": times[self.packed.source[order]].astype(np.float64)}, targets


class TimedSASRec(SASRec):
    """``SASRec`` whose scores of keys depend on the time between key and query.

    The calls that get no times, such as ``score_all`` and ``recommend``, suppose that one item
    followed the other at the usual pace, the median gap of the training log. ``score_holdout`` uses
    the times of a log.

    Args:
        items: the vocabulary.
        options: as for ``SASRec``; rows are always packed.

    Raises:
        ValueError: as for ``SASRec``.

    Source: after Li, Wang and McAuley (2020).

    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [0, 9, 18, 400])
    >>> model = TimedSASRec(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.usual_gap
    9
    """

    name = "timed sasrec"
    intervals = True

    def __init__(self, items: Vocabulary, **options: Any) -> None:
        super().__init__(items, **{**options, "packed": True})
        self.usual_gap = 1

    def score_holdout(self, holdout: Holdout) -> NDArray[np.float32]:
        """Scores of all items for the histories of some targets, at the times of their log.

        Args:
            holdout: the targets.

        Returns:
            Scores, float32 ``(m, N + 1)``; column 0, padding, is ``-inf``.
        """
        history = self._newest(holdout.history())
        place = holdout.known[:, np.newaxis] + np.arange(-history.shape[1], 0)
        times = np.where(history > 0, holdout.log.time[np.maximum(place, 0)], 0)
        contexts = self.network.newest(history, times)
        scores: NDArray[np.float32] = np.array(self.network.item_scores(contexts))
        scores[:, 0] = -np.inf
        return scores

    def session(self, history: ArrayLike = ()) -> NoReturn:
        """Refused: a click would have to come with its time."""
        raise ValueError("session: expected a model without times; received TimedSASRec")

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: value for name, value in super().config().items() if name != "packed"}

    def _batches(self, log: Interactions, batch: int) -> Batches:
        gaps = np.diff(log.time)[np.diff(log.user) == 0]
        self.usual_gap = int(np.median(gaps)) if len(gaps) else 1
        return TimedBatches(log, self.window, batch, self.seed)

    def _times(self, history: NDArray[np.int32]) -> NDArray[np.int64]:
        """Times at the usual pace."""
        return np.broadcast_to(np.arange(history.shape[1]) * self.usual_gap, history.shape)

    def _arrays(self) -> Arrays:
        return super()._arrays() | {"usual_gap": np.array(self.usual_gap)}

    def _set_arrays(self, arrays: Arrays) -> None:
        if np.shape(arrays.get("usual_gap", [])) != ():
            raise ValueError(f"file: expected a number usual_gap; received {sorted(arrays)}")
        self.usual_gap = int(arrays["usual_gap"])
        super()._set_arrays({name: a for name, a in arrays.items() if name != "usual_gap"})
