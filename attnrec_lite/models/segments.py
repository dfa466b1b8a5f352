"""What people like you took: popularity in each segment, before anything else is known."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import positive, whole
from attnrec_lite.data._codes import as_vector, check_codes
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.formulas import segment_shares
from attnrec_lite.models.base import Arrays, Recommender, fitting
from attnrec_lite.models.baselines import _nobody_asks

ANYONE = -1  # the segment of a person of whom nothing is known


class SegmentPopularity(Recommender):
    """Popularity among the people of one segment, small segments drawn to all: equation (15.1).

    The five slots: nobody asks, nothing is looked at; the score of an item is its share of what the
    segment took. A segment is anything known before the first click: a country, the page that
    somebody came from, answers to a questionnaire. A history does not say it, so a model speaks for
    one segment at a time: ``model.of(3).recommend(...)``.

    Args:
        items: the vocabulary.
        segments: how many there are.
        strength: rows at which a segment is believed by half.
        segment: that it speaks for; -1, anyone, is plain popularity.

    Raises:
        ValueError: if a number is out of range.

    >>> log = Interactions.from_columns([0, 0, 1, 2], [1, 2, 3, 3], range(4))
    >>> model = SegmentPopularity(log.items, segments=2, strength=1).fit(log, [0, 1, 1])
    >>> [model.of(s).recommend([[0]], k=1)[0].item() for s in (-1, 0, 1)]
    [3, 1, 3]
    """

    name = "segment popularity"

    def __init__(
        self, items: Vocabulary, segments: int = 1, strength: float = 50.0, segment: int = ANYONE
    ) -> None:
        super().__init__(items)
        self.segments, self.strength = whole("segments", segments), positive("strength", strength)
        if whole("segment", segment, least=ANYONE) >= self.segments:
            raise ValueError(f"segment: expected -1 to {self.segments - 1}; received {segment}")
        self.segment = int(segment)
        self.taken = np.zeros((self.segments + 1, self.n_items + 1), np.int64)  # last row: anyone

    def fit(self, log: Interactions, segment: ArrayLike | None = None) -> Self:
        """Count what the people of each segment took.

        Args:
            log: the training log.
            segment: of each user of the log, -1 where it is not known, ``(n_users,)``; without it
                nobody's is known.

        Returns:
            The model itself.

        Raises:
            ValueError: if the log has other items, or a segment is unknown.
        """
        self._check_log(log)
        known = np.full(log.n_users, ANYONE) if segment is None else as_vector("segment", segment)
        if len(known) != log.n_users:
            raise ValueError(f"segment: expected one for each of {log.n_users} users; "
                             f"received {len(known)}")  # fmt: skip
        check_codes("segment", known, ANYONE, self.segments - 1)
        self.taken = np.zeros_like(self.taken)
        np.add.at(self.taken, (known.astype(np.int64)[log.user], log.item), 1)  # -1: the last row
        return self

    def of(self, segment: int) -> SegmentPopularity:
        """The same model, speaking for another segment.

        Args:
            segment: 0 to ``segments - 1``, or -1 for anyone.

        Raises:
            ValueError: if there is no such segment.
        """
        own = self.config() | {"segment": segment}
        model = SegmentPopularity(self.items, **own)
        model.taken = self.taken
        return model

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """Weights of zero, ``("user", "key")``: nobody's history is looked at."""
        return _nobody_asks(self, history, candidates)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"segments": self.segments, "strength": self.strength, "segment": self.segment}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        taken = self.taken[:, 1:]
        if self.segment == ANYONE:
            taken = taken.sum(axis=0, keepdims=True)  # one segment of all is its own whole
        shares = segment_shares(taken, self.strength)[self.segment]
        scores = np.concatenate([[0.0], shares]).astype(np.float32)
        return np.broadcast_to(scores, (len(history), len(scores)))

    def _arrays(self) -> Arrays:
        return {"taken": self.taken}

    def _set_arrays(self, arrays: Arrays) -> None:
        shape = (self.segments + 1, self.n_items + 1)
        taken = fitting(arrays, {"taken": shape})["taken"]
        if taken.dtype.kind not in "iu" or (taken < 0).any():
            raise ValueError("taken: expected counts from 0; received other numbers")
        self.taken = taken
