"""What recommenders with a next-item network share: how they train, score and are saved."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models._network import NetworkRecommender
from attnrec_lite.training import Batches, FusedAdam, NextItemNetwork, WindowBatches


class NextItemRecommender(NetworkRecommender):
    """A recommender whose network learns, at every position of a history, what comes next.

    Args:
        items: the vocabulary.
        settings: the constructor's other arguments by name, whole numbers and ``dropout``; each
            becomes an attribute. ``window``, ``negatives`` and ``seed`` are among them.

    Raises:
        ValueError: if a number is out of range.

    A subclass sets ``network``, writes ``attention``, and ``_scores`` if a user is more than one
    context vector.
    """

    network: NextItemNetwork
    optimizer: ClassVar[type[keras.optimizers.Optimizer]] = FusedAdam
    window: int
    seed: int

    def __init__(self, items: Vocabulary, **settings: Any) -> None:
        super().__init__(items)
        self._settings = tuple(settings)
        for name, value in settings.items():
            least = 0 if name == "seed" else 1
            check = _share if name == "dropout" else whole
            setattr(self, name, value if isinstance(value, bool) else check(name, value, least))
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
        return {name: getattr(self, name) for name in self._settings}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        context = self.network(tf.constant(self._newest(history)))[:, -1, :]
        context = tf.cast(context, tf.float32)
        scores = tf.matmul(context, self.network.table, transpose_b=True) + self.network.bias
        return np.asarray(scores)

    def _newest(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        return history[:, -self.window :]

    def _batches(self, log: Interactions, batch: int) -> Batches:
        """What the network learns from; a subclass may choose other rows."""
        return WindowBatches(log, self.window, batch, self.seed)


class PastNetwork(NextItemNetwork):
    """A network whose items may have two vectors: one as what was met, one as what is offered.

    Args:
        n_items: N, the size of the catalogue.
        width: d, the width of an item vector.
        dropout: share of the entries of the history's vectors dropped in training.
        tables: 1 if history and candidates are read from the same table, 2 if from one each.
        options: ``negatives`` and ``seed``, as for ``NextItemNetwork``; ``seeds[2:]`` is left for
            a subclass.
    """

    def __init__(
        self, n_items: int, width: int, dropout: float, tables: int = 2, **options: Any
    ) -> None:
        super().__init__(n_items, width, **options)
        self.drop = keras.layers.Dropout(dropout, seed=self.seeds[1])
        if tables == 1:
            self.past = self.table
            return
        start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=self.seeds[0])
        self.past = self.add_weight(shape=(n_items + 1, width), initializer=start, name="past")

    def remember(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to the vectors of the history ``(batch, length, d)``."""
        return self.drop(tf.gather(self.past, ids), training=training)


class ScoringNetwork(PastNetwork):
    """A network whose score of a candidate is more than the dot product with one context.

    ``call`` returns what scores are made of, ``(batch, length, ...)``; a subclass writes
    ``own_scores`` and ``shared_scores``.
    """

    def own_scores(self, y_pred: tf.Tensor, real: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Each position's score of its own candidate, ``(batch, length)``.

        Args:
            y_pred: what ``call`` returned, in float32.
            real: True = real item, ``(batch, length)``.
            targets: a candidate per position, ``(batch, length)``.
        """
        raise NotImplementedError

    def shared_scores(self, y_pred: tf.Tensor, real: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Each position's scores of candidates that all share, ``(batch, length, n)``.

        Args:
            y_pred: what ``call`` returned, in float32.
            real: True = real item, ``(batch, length)``.
            candidates: item ids, ``(n,)``.
        """
        raise NotImplementedError

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Sampled softmax over the real targets; positions with target 0 do not count."""
        points = tf.random.stateless_uniform([self.negatives], self.draws.next())
        drawn = tf.minimum(tf.searchsorted(self.cumulative, points) + 1, self.n_items)
        found, real = tf.cast(y_pred, tf.float32), x > 0
        own = self.own_scores(found, real, y) - tf.gather(self.log_q, y)
        others = self.shared_scores(found, real, drawn) - tf.gather(self.log_q, drawn)
        others = tf.where(drawn == y[:, :, tf.newaxis], others.dtype.min, others)
        everything = tf.concat([own[:, :, tf.newaxis], others], axis=2)
        loss = tf.reduce_logsumexp(everything, axis=2) - own
        counts = tf.cast(y > 0, tf.float32)
        return tf.reduce_sum(loss * counts) / tf.reduce_sum(counts)


def ago_bias(recency: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """A number for each "how long ago" as a bias of scores, as in equation (7.1).

    Args:
        recency: ``(..., window)``; entry a is for the item a places before the query.
        length: how many positions there are, at most ``window``.

    Returns:
        ``(..., query, key)``; what stands at keys after their query does not matter.
    """
    steps = tf.range(length)
    ago = tf.maximum(steps[:, tf.newaxis] - steps[tf.newaxis, :], 0)
    return tf.gather(recency, ago, axis=-1)


def _share(name: str, value: float, least: int) -> float:
    """Refuse what is not a number in [0, 1)."""
    if not isinstance(value, int | float) or not least - 1 <= value < 1:
        raise ValueError(f"{name}: expected a share in [0, 1); received {value!r}")
    return value
