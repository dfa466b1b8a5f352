"""What recommenders that are networks share: how they learn and score, and what is saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models.base import Arrays, Recommender, fitting
from attnrec_lite.training import (
    Batches,
    FusedAdam,
    NextItemNetwork,
    RankingValidation,
    WindowBatches,
    fit,
)
from attnrec_lite.training._generations import checksum

if TYPE_CHECKING:
    from attnrec_lite.models.fusion import ItemEncoder

ROWS = 1024  # histories read at a time: a network keeps a number for each pair of positions


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


class NextItemRecommender(NetworkRecommender):
    """A recommender whose network learns, at every position of a history, what comes next.

    Args:
        items: the vocabulary.
        settings: the constructor's other arguments by name, whole numbers and ``dropout``; each
            becomes an attribute. ``window``, ``negatives`` and ``seed`` are among them.
        encoder: makes item vectors of what is known about the items, for models that take one.

    Raises:
        ValueError: if a number is out of range.

    A subclass sets ``network``, writes ``attention``, and ``_scores`` if a user is more than one
    context vector.
    """

    network: NextItemNetwork
    optimizer: ClassVar[type[keras.optimizers.Optimizer]] = FusedAdam
    window: int
    seed: int

    def __init__(self, items: Vocabulary, *, encoder: Any = None, **settings: Any) -> None:
        super().__init__(items)
        self._settings = tuple(settings)
        for name, value in settings.items():
            least = 0 if name == "seed" else 1
            check = _share if name == "dropout" else whole
            setattr(self, name, value if isinstance(value, bool) else check(name, value, least))
        width, heads = settings.get("width", 1), settings.get("heads", 1)
        if width % heads:
            raise ValueError(f"width: expected a multiple of heads={heads}; received {width}")
        self.encoder: ItemEncoder | None = None
        if encoder is not None:
            from attnrec_lite.models.fusion import encoder_for

            self.encoder = encoder_for(encoder, items, width)
        self.losses: list[float] = []

    def fit(
        self,
        log: Interactions,
        epochs: int = 6,
        batch: int = 64,
        learning_rate: float = 1e-2,
        verbose: int = 0,
        **options: Any,
    ) -> Self:
        """Learn to predict what follows what.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: windows per step.
            learning_rate: of Adam.
            verbose: as in ``keras.Model.fit``.
            **options: ``validation`` (targets to judge by after each epoch), ``patience``,
                ``checkpoint``, ``callbacks`` and ``optimizer``, as for ``training.fit``.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch.

        Raises:
            ValueError: if the log has other items, or nobody with two, or a number is out of range,
                or a checkpoint is damaged or of another run.
            FloatingPointError: if the loss stops being a number.
            OSError: if a checkpoint cannot be written.
        """
        self._check_log(log)
        self.network.draw_by_popularity(np.bincount(log.item, minlength=self.n_items + 1))
        options.setdefault("optimizer", self.optimizer)
        data = self._batches(log, batch)
        return self._learn(data, epochs, learning_rate, verbose=verbose, **options)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {name: getattr(self, name) for name in self._settings}
        return own if self.encoder is None else own | {"encoder": self.encoder.get_config()}

    def _weights(self) -> dict[str, Any]:
        """What was learned; with an encoder, its features, too."""
        if self.encoder is None:
            return super()._weights()
        parts = self.encoder.kept()
        mine = {id(weight) for weight in parts.values()}
        return {f"encoder/{name}": weight for name, weight in parts.items()} | {
            name: weight for name, weight in super()._weights().items() if id(weight) not in mine
        }

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        context = self._at_the_end(history)
        scores = tf.matmul(context, self.network.table, transpose_b=True) + self.network.bias
        return np.asarray(scores)

    def _at_the_end(self, history: NDArray[np.int32]) -> tf.Tensor:
        """What the network says after the newest item, float32 ``(batch, ...)``."""
        keys = self._newest(history)
        starts = range(0, max(1, len(keys)), ROWS)
        found = [self.network(tf.constant(keys[s : s + ROWS]))[:, -1] for s in starts]
        return tf.cast(tf.concat(found, axis=0), tf.float32)

    def _newest(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        return history[:, -self.window :]

    def _batches(self, log: Interactions, batch: int) -> Batches:
        """What the network learns from; a subclass may choose other rows."""
        return WindowBatches(log, self.window, batch, self.seed)


def _share(name: str, value: float, least: int) -> float:
    """Refuse what is not a number in [0, 1)."""
    if not isinstance(value, int | float) or not least - 1 <= value < 1:
        raise ValueError(f"{name}: expected a share in [0, 1); received {value!r}")
    return value
