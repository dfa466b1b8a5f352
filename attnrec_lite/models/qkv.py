"""Query, keys, values over a user's history: what the first source article set out to build.

The five slots: query = the newest item of the history; keys and values = the history; score =
scaled dot product plus a learned bias for how long ago; normaliser = softmax over the history;
readout = the context plus the newest item's own vector, normalised, against every item: equation
(2.17).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, whole
from attnrec_lite.attention import MultiHeadAttention
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._network import NetworkRecommender
from attnrec_lite.training import NextItemNetwork, RankingValidation, WindowBatches


class QKVNetwork(NextItemNetwork):
    """One causal attention over the history; every position asks about what came before it."""

    def __init__(
        self, n_items: int, width: int, heads: int, window: int, dropout: float, **options: Any
    ) -> None:
        super().__init__(n_items, width, **options)
        first, drop_in, drop_out = self.seeds[:3]
        self.attend = MultiHeadAttention(
            heads, width // heads, causal=True, use_bias=False, seed=first, name="attend"
        )
        self.recency = self.add_weight(shape=(heads, window), initializer="zeros", name="recency")
        self.norm_in = keras.layers.LayerNormalization(epsilon=1e-6, name="norm_in")
        self.norm_out = keras.layers.LayerNormalization(epsilon=1e-6, name="norm_out")
        self.drop_in = keras.layers.Dropout(dropout, seed=drop_in)
        self.drop_out = keras.layers.Dropout(dropout, seed=drop_out)
        self(np.zeros((1, window), np.int32))  # builds every layer, so that weights can be loaded

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids ``(batch, length)`` to context vectors, float ``(batch, length, d)``."""
        return self.look(ids, training)[0]

    def look(self, ids: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Context vectors and the weights ``(batch, head, query, key)`` that made them."""
        h = self.drop_in(tf.gather(self.table, ids), training=training)
        steps = tf.range(tf.shape(ids)[1])
        ago = tf.maximum(steps[:, tf.newaxis] - steps[tf.newaxis, :], 0)  # (query, key)
        bias = tf.gather(self.recency, ago, axis=1)[tf.newaxis]  # (1, head, query, key)
        z, weights = self.attend(self.norm_in(h), mask=ids > 0, bias=bias)
        context = self.norm_out(h + self.drop_out(z, training=training))
        # The norm would turn padding into a vector; without a history only the item bias speaks.
        return tf.where((ids > 0)[:, :, tf.newaxis], context, 0.0), weights


class QKVRecommender(NetworkRecommender):
    """The newest item asks, the history answers, equation (2.17) scores every item.

    Args:
        items: the vocabulary.
        width: of item vectors, a multiple of ``heads``.
        heads: how many attentions run side by side.
        window: how many of the newest items it looks at.
        dropout: share of inputs and outputs dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = QKVRecommender(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "attention"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        heads: int = 1,
        window: int = 50,
        dropout: float = 0.25,
        negatives: int = 512,
        seed: int = 0,
    ) -> None:
        super().__init__(items)
        if whole("width", width) % whole("heads", heads):
            raise ValueError(f"width: expected a multiple of heads={heads}; received {width}")
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise ValueError(f"dropout: expected a share in [0, 1); received {dropout!r}")
        self.width, self.heads, self.window = width, heads, whole("window", window)
        self.dropout, self.negatives = dropout, whole("negatives", negatives)
        self.seed = whole("seed", seed, least=0)
        self.losses: list[float] = []
        self.network = QKVNetwork(
            self.n_items, width, heads, window, dropout, negatives=negatives, seed=seed
        )

    def fit(
        self,
        log: Interactions,
        epochs: int = 6,
        batch: int = 32,
        learning_rate: float = 6e-3,
        verbose: int = 0,
        validation: Holdout | RankingValidation | None = None,
        patience: int | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Learn to predict what follows what.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: windows per step.
            learning_rate: of Adam.
            verbose: as in ``keras.Model.fit``.
            validation: targets to judge by NDCG@10 after each epoch, or another way to judge.
            patience: evaluations without a better one after which it stops, with the best weights.
            checkpoint: a file, or a folder, to go on from where training was interrupted.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch.

        Raises:
            ValueError: if the log has other items, or nobody with two, or a number is out of range,
                or the checkpoint is damaged or of another run.
            FloatingPointError: if the loss stops being a number.
            OSError: if the checkpoint cannot be written.
        """
        self._check_log(log)
        self.network.draw_by_popularity(np.bincount(log.item, minlength=self.n_items + 1))
        data = WindowBatches(log, self.window, batch, self.seed)
        return self._learn(
            data,
            epochs,
            learning_rate,
            verbose=verbose,
            validation=validation,
            patience=patience,
            checkpoint=checkpoint,
        )

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the newest item looked at: axes ``("user", "head", "key")``.

        The candidates do not change the weights here: the history alone decides who is looked at.
        """
        keys = self._newest(as_history(history, self.n_items))
        self._candidates(keys, candidates)
        weights = self.network.look(tf.constant(keys))[1][:, :, -1, :].numpy()
        return AttentionRecord(
            weights, ("user", "head", "key"), keys, "the newest item", self.items
        )

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "heads", "window", "dropout", "negatives", "seed")
        return {name: getattr(self, name) for name in names}

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        context = self.network(tf.constant(self._newest(history)))[:, -1, :]
        context = tf.cast(context, tf.float32)
        scores = tf.matmul(context, self.network.table, transpose_b=True) + self.network.bias
        return np.asarray(scores)

    def _newest(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        return history[:, -self.window :]
