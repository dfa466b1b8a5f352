"""SASRec: a causal Transformer over the history, trained to predict what follows each item.

The five slots: query = the newest item, as the blocks below have changed it; keys and values = the
items up to it; score = scaled dot product plus a learned number for the distance; normaliser =
softmax over the history, per head; readout = the last block's output, normalised, against every
item: equation (2.17).
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, one_of
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.models._session import Session
from attnrec_lite.models._transformer import POSITIONS, TransformerNetwork
from attnrec_lite.training import Batches, PackedBatches, PaddedBatches

FULL_SOFTMAX_UP_TO = 5_000  # items; above, negatives are drawn


class SASRec(NextItemRecommender):
    """Self-attention over the history, read from left to right.

    Args:
        items: the vocabulary.
        width: of item vectors, a multiple of ``heads``.
        blocks: how many blocks are stacked.
        heads: how many attentions run side by side in a block.
        window: how far an item looks back, itself included.
        dropout: share of embeddings and of each block's additions dropped in training.
        loss: ``full`` or ``sampled`` softmax, ``binary`` or ``gbce``; by default ``full`` for
            catalogues of up to 5,000 items, else ``sampled``.
        negatives: items drawn per batch for the loss, or per target for ``binary`` and ``gbce``.
        packed: train on pieces of several users in each row; False: one padded row a user.
        positions: ``relative``, ``absolute`` or ``none``.
        inner: hidden width of each block's small network; by default that of an item.
        seed: the same seed gives the same model, to the last bit on a CPU.
        encoder: an ``ItemEncoder`` of the same width, whose vectors, made of what is known about
            the items, take the place of the table; the model learns with a copy of it.

    Raises:
        ValueError: if a number is out of range or a word unknown.

    Source: Kang and McAuley (2018).

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = SASRec(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "sasrec"
    intervals: ClassVar[bool] = False  # whether the time between two items counts
    network: TransformerNetwork
    width: int
    blocks: int
    heads: int
    inner: int

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        blocks: int = 2,
        heads: int = 1,
        window: int = 50,
        dropout: float = 0.2,
        loss: str | None = None,
        negatives: int = 512,
        packed: bool = True,
        positions: str = "relative",
        inner: int | None = None,
        seed: int = 0,
        encoder: Any = None,
    ) -> None:
        super().__init__(
            items, width=width, blocks=blocks, heads=heads, window=window, dropout=dropout,
            negatives=negatives, inner=width if inner is None else inner, seed=seed,
            encoder=encoder,
        )  # fmt: skip
        self.loss = loss or ("full" if self.n_items <= FULL_SOFTMAX_UP_TO else "sampled")
        self.packed, self.positions = bool(packed), one_of("positions", positions, POSITIONS)
        self.network = TransformerNetwork(
            self.n_items, width, blocks, heads, self.inner, window, dropout, positions,
            intervals=self.intervals, negatives=negatives, seed=seed, loss=self.loss,
            encoder=self.encoder,
        )  # fmt: skip

    def fit(
        self,
        log: Interactions,
        epochs: int = 30,
        batch: int = 32,
        learning_rate: float = 2e-3,
        verbose: int = 0,
        **options: Any,
    ) -> Self:
        """Learn to predict what follows what.

        Args:
            log: the training log; its ids are those of the vocabulary.
            epochs: passes over the log.
            batch: rows per step.
            learning_rate: of Adam.
            verbose: as in ``keras.Model.fit``.
            **options: ``validation`` (targets to judge by), ``patience``, ``checkpoint``,
                ``callbacks`` and ``optimizer``, as for ``training.fit``.

        Returns:
            The model itself; ``losses`` holds the mean loss of each epoch.

        Raises:
            ValueError: if the log has other items, or nobody with two, or a number is out of range,
                or a checkpoint is damaged or of another run.
            FloatingPointError: if the loss stops being a number.
            OSError: if a checkpoint cannot be written.
        """
        return super().fit(log, epochs, batch, learning_rate, verbose, **options)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the newest item looked at: axes ``("user", "block", "head", "key")``.

        The candidates do not change the weights here: the history alone decides who is looked at.
        """
        seen = as_history(history, self.n_items)
        self._candidates(seen, candidates)
        keys = seen[:, -self.window :]
        newest = self._newest(seen)
        weights = self.network.newest_weights(newest, self._times(newest))[..., -keys.shape[1] :]
        axes = ("user", "block", "head", "key")
        return AttentionRecord(weights, axes, keys, "the newest item", self.items)

    def session(self, history: ArrayLike = ()) -> Session:
        """Follow one user click by click; see ``Session``.

        Args:
            history: item ids so far, oldest first, without padding.

        Raises:
            ValueError: for an unknown id, or if positions are absolute.
        """
        return Session(self, history)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        words = {"loss": self.loss, "packed": self.packed, "positions": self.positions}
        return super().config() | words

    def _batches(self, log: Interactions, batch: int) -> Batches:
        rows = PackedBatches if self.packed else PaddedBatches
        return rows(log, self.window, batch, self.seed)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        newest = self._newest(history)
        contexts = self.network.newest(newest, self._times(newest))
        return np.asarray(self.network.item_scores(contexts))

    def _times(self, history: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """When each item came, where that counts."""
        return None

    def _newest(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        """Items that reach the newest: each block looks ``window - 1`` further back."""
        reach = self.window
        if self.positions != "absolute":
            reach += (self.blocks - 1) * (self.window - 1)
        return history[:, -reach:]
