"""What all recommenders that are networks share: how they learn, and what is saved of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from attnrec_lite.data.split import Holdout
from attnrec_lite.models.base import Arrays, Recommender, fitting
from attnrec_lite.training import Batches, RankingValidation, fit
from attnrec_lite.training._generations import checksum


class NetworkRecommender(Recommender):
    """A recommender that scores with a Keras network.

    A subclass makes ``network`` in its constructor, sets ``losses`` to ``[]``, and lets its ``fit``
    end with ``return self._learn(...)``. The trainable weights of the network are what is saved.
    """

    network: keras.Model
    losses: list[float]

    def _learn(
        self,
        batches: Batches,
        epochs: int,
        learning_rate: float,
        *,
        validation: Holdout | RankingValidation | None = None,
        checkpoint: str | Path | None = None,
        **options: Any,
    ) -> Self:
        """Train the network, as ``training.fit`` does; ``losses`` grows by one for each epoch.

        Args:
            batches: as for ``training.fit``, like all that is not named here.
            epochs: passes over the batches.
            learning_rate: of the optimizer.
            validation: targets to judge by NDCG@10, or another way to judge.
            checkpoint: refused if it is of another vocabulary or configuration.
            **options: ``callbacks``, ``verbose``, ``patience``, ``optimizer``.
        """
        if isinstance(validation, Holdout):
            validation = RankingValidation(self, validation)
        about = {
            "model": type(self).__name__,
            "config": self.config(),
            "vocabulary": checksum([self.items.raw]),
        }
        history = fit(
            self.network,
            batches,
            epochs,
            learning_rate,
            validation=validation,
            checkpoint=checkpoint,
            about=about,
            **options,
        ).history
        before = [] if checkpoint else self.losses  # a checkpoint holds the epochs before, too
        self.losses = [*before, *history.get("loss", [])]
        return self

    def _arrays(self) -> Arrays:
        return {name: np.asarray(weight) for name, weight in self._weights().items()}

    def _set_arrays(self, arrays: Arrays) -> None:
        weights = self._weights()
        fitting(arrays, {name: tuple(weight.shape) for name, weight in weights.items()})
        for name, weight in weights.items():
            weight.assign(arrays[name])

    def _weights(self) -> dict[str, Any]:
        """What was learned, by a name that is the same in every process."""
        return {w.path.split("/", 1)[1]: w for w in self.network.trainable_weights}
