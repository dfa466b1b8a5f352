"""Item likeness with attention: how alike is the candidate to each item taken, and which counts?

The five slots: query = the candidate; keys and values = the history; score = a bilinear product,
bounded; normaliser = the smoothed softmax, equation (10.4), whose exponent decides how much a long
history says; readout = the weighted sum of likenesses, equation (10.7).
"""

from __future__ import annotations

from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, share_of_one, whole
from attnrec_lite.attention import masked_softmax, smoothed_softmax, visible
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models.base import Arrays, Recommender, fitting
from attnrec_lite.training import NextItemNetwork, WindowBatches, fit

BOUND = 15.0  # of scores: their exponentials, and any sum of them, stay far inside a float
CELLS = 2**24  # scores of pairs in memory at a time: 64 MiB


class NAISNetwork(NextItemNetwork):
    """Every position trains: the sums over each prefix are running sums along the history.

    The loss compares each next item with items drawn for the whole batch. Because these are shared,
    their scores against all histories are two products of matrices, and because scores are bounded
    their exponentials can be summed as they are: a sum up to position t holds nothing of what comes
    later, not even its maximum.
    """

    def __init__(
        self, n_items: int, width: int, beta: float, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, **options)
        first, second, third = self.seeds[:3]
        start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=first)
        self.keys = self.add_weight(shape=(n_items + 1, width), initializer=start, name="keys")
        start = keras.initializers.GlorotUniform(seed=second)
        self.ask = self.add_weight(shape=(width, width), initializer=start, name="ask")
        self.beta, self.drop = beta, keras.layers.Dropout(dropout, seed=third)
        self(np.zeros((1, 1), np.int32))

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to key vectors ``(batch, length, d)``."""
        return self.drop(tf.gather(self.keys, ids), training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Sampled softmax over the real targets, each scored against its own prefix."""
        points = tf.random.stateless_uniform([self.negatives], self.draws.next())
        drawn = tf.minimum(tf.searchsorted(self.cumulative, points) + 1, self.n_items)
        keys, place = tf.cast(y_pred, tf.float32), tf.where(y > 0)
        target = tf.gather_nd(y, place)
        own = tf.gather_nd(self.of_targets(x, keys, y), place) - tf.gather(self.log_q, target)
        others = tf.gather_nd(self.of_shared(x, keys, drawn), place) - tf.gather(self.log_q, drawn)
        others = tf.where(drawn == target[:, tf.newaxis], others.dtype.min, others)
        everything = tf.concat([own[:, tf.newaxis], others], axis=1)
        return tf.reduce_mean(tf.reduce_logsumexp(everything, axis=1) - own)

    def of_targets(self, ids: tf.Tensor, keys: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Score of each position's own target against what came before: ``(batch, length)``."""
        item = tf.gather(self.table, targets)
        weights = smoothed_softmax(
            self.ask_for(item, keys), self.beta, visible(ids > 0, causal=True)
        )
        likeness = tf.matmul(item, keys, transpose_b=True)
        return tf.reduce_sum(weights * likeness, axis=-1) + tf.gather(self.bias, targets)

    def of_shared(self, ids: tf.Tensor, keys: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
        """Scores of the same items at every position: ``(batch, length, items)``."""
        voice, said = self._said(ids, keys, items)
        return self._weighed(tf.cumsum(voice, axis=1), tf.cumsum(said, axis=1), items)

    def of_all(self, ids: tf.Tensor) -> tf.Tensor:
        """Scores of every item after the whole history: ``(batch, N + 1)``."""
        items = tf.range(self.n_items + 1)
        voice, said = self._said(ids, self(ids), items)
        return self._weighed(tf.reduce_sum(voice, 1), tf.reduce_sum(said, 1), items)

    def ask_for(self, items: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """Scores ``(batch, n, length)`` of keys ``(batch, length, d)``, items ``(..., n, d)``."""
        asked = tf.tensordot(items, self.ask, axes=1) * self.ask.shape[0] ** -0.5
        return BOUND * tf.tanh(tf.matmul(asked, keys, transpose_b=True) / BOUND)

    def _said(
        self, ids: tf.Tensor, keys: tf.Tensor, items: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """How loud each item of the history is for each candidate, and what it says, so weighed."""
        vectors = tf.gather(self.table, items)
        asked = tf.matmul(vectors, self.ask) * self.ask.shape[0] ** -0.5
        scores = BOUND * tf.tanh(tf.tensordot(keys, asked, [[2], [1]]) / BOUND)
        voice = tf.exp(scores) * tf.cast(ids > 0, scores.dtype)[:, :, tf.newaxis]
        return voice, voice * tf.tensordot(keys, vectors, [[2], [1]])

    def _weighed(self, voice: tf.Tensor, said: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
        """Equation (10.7) from its two sums; the bias alone where nothing was said."""
        loud = tf.where(voice > 0, voice, 1.0)
        return said * tf.exp(-self.beta * tf.math.log(loud)) + tf.gather(self.bias, items)


class NAIS(Recommender):
    """Likeness of an item to those of the history, each weighed for this item.

    Args:
        items: the vocabulary.
        width: of item vectors; an item has one as a candidate and another as part of a history.
        beta: exponent of the normaliser, in [0, 1]: 1 is the softmax, 0 lets every item of a long
            history add to the score.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    Source: He X. et al., "NAIS: Neural Attentive Item Similarity Model for Recommendation", TKDE
    2018. There a hidden layer scores each pair of items; here a bilinear product does, which scores
    all of them at once. They train on one held-out item of a set, with negatives of its own; here
    every next item of a sequence trains, against shared negatives.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = NAIS(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "nais"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        beta: float = 0.5,
        window: int = 50,
        dropout: float = 0.3,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__(items)
        self.width, self.beta = whole("width", width), share_of_one("beta", beta)
        self.window, self.negatives = whole("window", window), whole("negatives", negatives)
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise ValueError(f"dropout: expected a share in [0, 1); received {dropout!r}")
        self.dropout, self.seed = dropout, whole("seed", seed, least=0)
        self.losses: list[float] = []
        self.network = NAISNetwork(
            self.n_items, width, self.beta, dropout, negatives=negatives, seed=seed
        )

    def fit(
        self,
        log: Interactions,
        epochs: int = 6,
        batch: int = 32,
        learning_rate: float = 6e-3,
        verbose: int = 0,
    ) -> Self:
        """Learn to predict what follows from what came before.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: windows per step.
            learning_rate: of Adam.
            verbose: as in ``keras.Model.fit``.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch.

        Raises:
            ValueError: if the log has other items, or nobody with two, or a number is out of range.
            FloatingPointError: if the loss stops being a number.
        """
        self._check_log(log)
        self.network.draw_by_popularity(np.bincount(log.item, minlength=self.n_items + 1))
        data = WindowBatches(log, self.window, batch, self.seed)
        done = fit(self.network, data, epochs, learning_rate, verbose=verbose)
        self.losses += done.history["loss"]
        return self

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What each candidate looked at: axes ``("user", "candidate", "key")``, shares of 1.

        The exponent decides how loud the history is as a whole, not how it is divided.
        """
        keys = as_history(history, self.n_items)[:, -self.window :]
        asked = tf.gather(self.network.table, self._candidates(keys, candidates))
        scores = self.network.ask_for(asked, self.network(tf.constant(keys)))
        weights = masked_softmax(scores, tf.constant(keys > 0)[:, tf.newaxis])
        axes = ("user", "candidate", "key")
        return AttentionRecord(weights.numpy(), axes, keys, "the candidate", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "beta", "window", "dropout", "negatives", "seed")
        return {name: getattr(self, name) for name in names}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        ids = history[:, -self.window :]
        rows = max(1, CELLS // (ids.shape[1] * (self.n_items + 1)))
        found = np.empty((len(ids), self.n_items + 1), np.float32)
        for start in range(0, len(ids), rows):
            piece = slice(start, start + rows)
            found[piece] = self.network.of_all(tf.constant(ids[piece]))
        return found

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
