"""Several interests per user, by attention or by routing, behind one class.

The five slots: query = K learned vectors (attention) or, round by round, the interests themselves
(routing); keys and values = the history; score = a small network on the past item plus how long
ago (attention), a dot product (routing); normaliser = softmax over the *history* for each interest
(attention), over the *interests* for each item (routing); readout = the interest that scores the
candidate highest, plus the candidate's bias: equation (7.10).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, as_ids, one_of, positive
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._interests import (
    CHOICES,
    AttentionInterests,
    InterestNetwork,
    RoutedInterests,
)
from attnrec_lite.models._network import NextItemRecommender

EXTRACTORS = ("attention", "routing")


class MultiInterest(NextItemRecommender):
    """K vectors per user, the best one scores: equations (7.10) and (12.4).

    Args:
        items: the vocabulary.
        width: of item vectors.
        interests: K, how many; a history of fewer items has fewer that differ.
        extract: ``attention``, equation (7.9), or ``routing``, equation (12.4).
        choose: which interest a target trains: ``hard``, the one that scores it highest;
            ``label-aware``, a mixture; ``each``, the best one of each item that competes.
        power: of the label-aware attention; the larger, the harder the choice.
        rounds: of the routing.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        tables: 1 if history and candidates are read from the same table, 2 if from one each.
        seed: the same seed gives the same model, to the last bit on a CPU.
        encoder: makes item vectors of what is known about the items, as for ``SASRec``; ``tables``
            has to be 1 then.

    Raises:
        ValueError: if a number is out of range or a word unknown, or the encoder does not fit.

    Source: Li et al. (2019) and Cen et al. (2020).

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = MultiInterest(log.items, width=4, interests=2, window=3, extract="routing")
    >>> model.fit(log, epochs=1).interest_vectors([[1, 2]]).shape
    (1, 2, 4)
    >>> model.attention([[1, 2]], [[3]]).over
    'interest'
    """

    name = "multi-interest"
    network: InterestNetwork

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        interests: int = 4,
        extract: str = "attention",
        choose: str = "each",
        power: float = 4.0,
        rounds: int = 3,
        window: int = 20,
        dropout: float = 0.25,
        negatives: int = 256,
        tables: int = 2,
        seed: int = 0,
        encoder: Any = None,
    ) -> None:
        shape = {"width": width, "interests": interests, "window": window, "dropout": dropout}
        drawn = {"negatives": negatives, "seed": seed}
        super().__init__(items, encoder=encoder, **shape, rounds=rounds, tables=tables, **drawn)
        if tables > (2 if encoder is None else 1):
            most = "1 or 2" if encoder is None else "1, with an encoder"
            raise ValueError(f"tables: expected {most}; received {tables}")
        self.extract = one_of("extract", extract, EXTRACTORS)
        self.choose = one_of("choose", choose, CHOICES)
        self.power = positive("power", power)
        self._settings += ("extract", "choose", "power")
        options: dict[str, Any] = {**drawn, "tables": tables, "choose": choose}
        options |= {"power": self.power, "encoder": self.encoder}
        if extract == "routing":
            self.network = RoutedInterests(self.n_items, **shape, rounds=rounds, **options)  # type: ignore[arg-type]
        else:
            self.network = AttentionInterests(self.n_items, **shape, **options)  # type: ignore[arg-type]

    def interest_vectors(self, history: ArrayLike) -> NDArray[np.float32]:
        """The interests of each user.

        Args:
            history: item ids ``(batch, length)``, left-padded with 0.

        Returns:
            Float32 ``(batch, K, d)``; zero for an empty history.

        Raises:
            ValueError: for an unknown id or padding after an item.
        """
        return np.asarray(self._at_the_end(as_history(history, self.n_items)))

    def speakers(self, history: ArrayLike, candidates: ArrayLike) -> NDArray[np.int64]:
        """Which interest speaks for each candidate: the one that scores it highest.

        Args:
            history: item ids ``(batch, length)``, left-padded with 0.
            candidates: item ids ``(batch, n)``, 0 for none; the history itself, to see how the
                interests share out what the user did.

        Returns:
            Numbers of interests from 0, of equal ones the first, int64 ``(batch, n)``; -1 for id 0.

        Raises:
            ValueError: for an unknown id, padding after an item, or another batch size.
        """
        z, ids = self.interest_vectors(history), as_ids("candidates", candidates, self.n_items)
        if len(ids) != len(z):
            raise ValueError(f"candidates: expected {len(z)} rows; received {len(ids)}")
        vectors = np.asarray(self.network.table)[ids]
        best = np.einsum("bkd,bnd->bkn", z, vectors).argmax(axis=1)
        return np.where(ids > 0, best, -1)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What each interest is made of: axes ``("user", "interest", "key")``.

        ``over`` of the record says who competed: by attention the keys, by routing the interests.
        The candidates do not change the weights here; they choose among the interests.
        """
        keys = self._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        weights = self.network.look(tf.constant(keys))[1][:, :, -1, :].numpy()
        over = "interest" if isinstance(self.network, RoutedInterests) else "key"
        axes = ("user", "interest", "key")
        return AttentionRecord(weights, axes, keys, "each interest", self.items, over)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        z = self._at_the_end(history)
        best, table = tf.fill((len(z), self.n_items + 1), tf.float32.min), self.network.table
        for interest in tf.unstack(z, axis=1):  # one by one: all at once would be K times as large
            best = tf.maximum(best, tf.matmul(interest, table, transpose_b=True))
        return np.asarray(best + self.network.bias)
