"""BERT4Rec: a Transformer that looks both ways, trained to fill holes in the history.

The five slots: query = a hole put behind the newest item, as the blocks below have changed it; keys
and values = the whole history and the hole; score = scaled dot product plus a learned number for
the distance; normaliser = softmax over these, per head; readout = the last block's output,
normalised, against every item: equation (2.17).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, inside, one_of, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.models._transformer import POSITIONS, TransformerNetwork
from attnrec_lite.training import Batches, ClozeBatches


class BERT4Rec(NextItemRecommender):
    """Self-attention over the history without direction, trained on holes.

    To answer, it is shown the history with a hole at the end. The hole has an id, N + 1, inside the
    network only: it is in no vocabulary and can't be recommended.

    Args:
        items: the vocabulary.
        width: of item vectors, a multiple of ``heads``.
        blocks: how many blocks are stacked.
        heads: how many attentions run side by side in a block.
        window: how many of the newest items are read, the hole included; at least 2.
        dropout: share of embeddings and of each block's additions dropped in training.
        share: of the items that are hidden in training.
        positions: ``relative``, ``absolute`` or ``none``.
        inner: hidden width of each block's small network; by default that of an item vector.
        seed: the same seed gives the same model, to the last bit on a CPU.
        encoder: makes item vectors of what is known about the items, as for ``SASRec``.

    Raises:
        ValueError: if a number is out of range or a word unknown, or the encoder does not fit.

    Source: Sun et al. (2019).

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = BERT4Rec(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.recommend([[1, 2]], k=2)[0].shape
    (1, 2)
    """

    name = "bert4rec"
    network: TransformerNetwork
    inner: int

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        blocks: int = 2,
        heads: int = 1,
        window: int = 50,
        dropout: float = 0.2,
        share: float = 0.3,
        positions: str = "relative",
        inner: int | None = None,
        seed: int = 0,
        encoder: Any = None,
    ) -> None:
        super().__init__(
            items, encoder=encoder, width=width, blocks=blocks, heads=heads, window=window,
            dropout=dropout, inner=width if inner is None else inner, seed=seed,
        )  # fmt: skip
        self.share = inside("share", share)
        self.positions = one_of("positions", positions, POSITIONS)
        whole("window", window, least=2)
        self.network = TransformerNetwork(
            self.n_items, width, blocks, heads, self.inner, window, dropout, positions,
            causal=False, negatives=1, seed=seed, loss="full", encoder=self.encoder,
        )  # fmt: skip

    def fit(
        self,
        log: Interactions,
        epochs: int = 60,
        batch: int = 32,
        learning_rate: float = 2e-3,
        verbose: int = 0,
        **options: Any,
    ) -> Self:
        """Learn to fill holes, new ones in every epoch.

        Only the holes teach something, so it takes several times the epochs of ``SASRec``.

        Arguments and errors are those of ``SASRec.fit``.
        """
        return super().fit(log, epochs, batch, learning_rate, verbose, **options)

    def attention(self, history: ArrayLike, candidates: ArrayLike) -> AttentionRecord:
        """What the hole at the end looked at: axes ``("user", "block", "head", "key")``.

        What it gave to itself is left out, and the rest scaled to sum to 1.
        """
        seen = as_history(history, self.n_items)
        self._candidates(seen, candidates)
        keys = seen[:, 1 - self.window :]
        weights = self.network.newest_weights(self._with_hole(seen))[..., :-1]
        weights *= (keys > 0)[:, np.newaxis, np.newaxis]
        total = weights.sum(axis=-1, keepdims=True)
        weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        axes = ("user", "block", "head", "key")
        return AttentionRecord(weights, axes, keys, "a hole behind the newest item", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().config() | {"share": self.share, "positions": self.positions}

    def _batches(self, log: Interactions, batch: int) -> Batches:
        return ClozeBatches(log, self.window, batch, self.seed, self.share)

    def _scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(self.network.item_scores(self.network.newest(self._with_hole(history))))

    def _with_hole(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        """The newest items, and a hole behind them."""
        hole = np.full((len(history), 1), self.n_items + 1, np.int32)
        return np.concatenate([history[:, 1 - self.window :], hole], axis=1)
