"""The network that the models of sequences share: embeddings, blocks, a last norm.

What an item may look at is decided once per batch, from the ids alone, and handed to every block
as a number to add to the scores: 0 or less where the key is visible, hugely negative where not.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite.attention import TransformerBlock
from attnrec_lite.data.packing import pack_histories
from attnrec_lite.training import NextItemNetwork, independent_seeds

# Added to a score: exp(-1e9) is exactly 0. In half precision it is -inf, which does no harm, since
# every item sees itself.
HIDDEN = -1e9
AT_A_TIME = 256  # rows read at once, so that memory does not grow with the number of users
POWERS = 32  # of two: 2**31 seconds are 68 years
POSITIONS = ("relative", "absolute", "none")


class TransformerNetwork(NextItemNetwork):
    """Item ids to context vectors, through blocks of attention.

    Args:
        n_items, width: as for ``NextItemNetwork``.
        blocks: how many blocks are stacked.
        heads: of each block.
        inner: hidden width of each block's small network.
        window: how far an item looks, itself included.
        dropout: share dropped of the embeddings and of what each block adds.
        positions: ``relative``, a learned number for each distance, block by block and head by
            head; ``absolute``, a learned vector for each age, 0 for the newest; or ``none``.
        intervals: whether the time between two items counts, too: a learned number for each power
            of two of the seconds. Rows are then dictionaries that hold ``times``.
        causal: whether an item sees earlier items only. If not, the id N + 1 is a hole, which has
            a vector of its own and no score.
        options: ``negatives``, ``seed`` and ``loss`` of ``NextItemNetwork``.
    """

    def __init__(
        self,
        n_items: int,
        width: int,
        blocks: int,
        heads: int,
        inner: int,
        window: int,
        dropout: float,
        positions: str = "relative",
        causal: bool = True,
        intervals: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(n_items, width, **options)
        self.width, self.window, self.positions, self.causal = width, window, positions, causal
        seeds = independent_seeds(self.seeds[0], blocks)
        self.blocks = [
            TransformerBlock(heads, inner, dropout, seed=seed, name=f"block_{number}")
            for number, seed in enumerate(seeds)
        ]
        if positions == "relative":
            shape = (blocks, heads, window if causal else 2 * window - 1)
            self.recency = self.add_weight(shape=shape, initializer="zeros", name="recency")
        if positions == "absolute":
            start = keras.initializers.RandomNormal(stddev=width**-0.5, seed=self.seeds[1])
            self.ages = self.add_weight(shape=(window, width), initializer=start, name="ages")
        if not causal:
            start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seeds[3])
            self.hole = self.add_weight(shape=(width,), initializer=start, name="hole")
        self.intervals = intervals
        if intervals:
            shape = (blocks, heads, POWERS)
            self.pace = self.add_weight(shape=shape, initializer="zeros", name="pace")
        self.drop = keras.layers.Dropout(dropout, seed=self.seeds[2])
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")
        empty = {**one_piece(np.zeros((1, window), np.int32)), "times": np.zeros((1, window))}
        self(empty)  # builds every layer, so that weights can be loaded

    def call(self, rows: Any, training: bool = False) -> tf.Tensor:
        """Rows to context vectors, float ``(batch, length, d)``; zero at padding."""
        return self.look(rows, training)[0]

    def look(self, rows: Any, training: bool = False) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Context vectors, and each block's weights ``(batch, head, query, key)``.

        Args:
            rows: int ids ``(batch, length)``, left-padded; or packed rows, a dictionary of
                ``ids``, ``segments`` and ``positions``, each int ``(batch, length)``, and of
                ``times`` in seconds, where intervals count.
            training: whether dropout is on.
        """
        rows = rows if isinstance(rows, dict) else one_piece(rows)
        biases = self.visible(rows)
        h = self.drop(self.embed(rows), training=training)
        weights = []
        for block, bias in zip(self.blocks, biases, strict=True):
            h, seen = block(h, bias, training=training)
            weights.append(seen)
        real = (rows["ids"] > 0)[:, :, tf.newaxis]
        # The norm would turn padding into a vector; without a history only the item bias speaks.
        return tf.where(real, self.norm(h), 0.0), weights

    def newest(
        self, history: NDArray[np.int32], times: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """The context of the newest item of each history, ``(batch, d)``; zero where there is none.

        The histories, left-padded, are read packed: padding would cost as much as items do.
        """
        packed = pack_histories(history)
        contexts = np.zeros((len(history), self.width), np.float32)
        for start in range(0, len(packed.rows), AT_A_TIME):
            part = slice(start, start + AT_A_TIME)
            last = (packed.rows[part] > 0) & (packed.positions[part] == 0)
            rows = {name: tf.constant(table[part]) for name, table in packed.inputs.items()}
            if times is not None:
                rows["times"] = tf.constant(times[packed.users[part], packed.source[part]])
            found = self(rows)
            contexts[packed.users[part][last]] = tf.boolean_mask(found, last)
        return contexts

    def newest_weights(
        self, history: NDArray[np.int32], times: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """What the newest item of each history looks at, ``(batch, block, head, key)``.

        Zero at padding, so an empty history looks at nothing.
        """
        rows = one_piece(history)
        weights = self.look(rows if times is None else rows | {"times": tf.constant(times)})[1]
        newest = np.stack([np.asarray(w[:, :, -1], np.float32) for w in weights], axis=1)
        return newest * (history > 0)[:, np.newaxis, np.newaxis]

    def embed(self, rows: dict[str, tf.Tensor]) -> tf.Tensor:
        """Item vectors, with the vector of their age where positions are absolute."""
        h = self.vectors(rows["ids"])
        if self.positions == "absolute":
            h += tf.gather(self.ages, tf.minimum(rows["positions"], self.window - 1))
        return h

    def vectors(self, ids: tf.Tensor) -> tf.Tensor:
        """What stands for each id; times the root of d, so that numbers are of the size of 1."""
        if self.causal:
            return tf.gather(self.table, ids) * self.width**0.5
        is_hole = ids > self.n_items
        items = tf.gather(self.table, tf.where(is_hole, 0, ids)) * self.width**0.5
        return tf.where(is_hole[..., tf.newaxis], tf.cast(self.hole, items.dtype), items)

    @tf.function  # type: ignore[untyped-decorator]
    def click(self, item: tf.Tensor, caches: Any, known: tf.Tensor) -> tuple[tf.Tensor, Any]:
        """Scores after one more item, from what the items before it left behind.

        Args:
            item: its id, an int32 scalar.
            caches: for each block keys and values of the ``window - 1`` items before, newest last,
                each ``(1, head, window - 1, key_dim)``.
            known: how many of them are real.

        Returns:
            Scores ``(N + 1,)`` and the caches for the next item.
        """
        ago = tf.range(self.window - 1, -1, -1)
        bias = tf.where(ago <= known, 0.0, HIDDEN)
        h = tf.cast(self.vectors(item[tf.newaxis, tf.newaxis]), self.compute_dtype)
        moved = []
        for number, (block, past) in enumerate(zip(self.blocks, caches, strict=True)):
            own = bias
            if self.positions == "relative":
                own += tf.cast(self.recency, tf.float32)[number, :, ::-1][:, tf.newaxis]
            h, (keys, values) = block.extend(h, past, own)
            moved.append((keys[:, :, 1:], values[:, :, 1:]))  # the oldest is out of reach now
        return self.item_scores(self.norm(h)[:, 0])[0], moved

    def item_scores(self, contexts: tf.Tensor) -> tf.Tensor:
        """Scores of all items for contexts ``(batch, d)``, float32 ``(batch, N + 1)``."""
        contexts = tf.cast(contexts, tf.float32)
        return tf.matmul(contexts, self.table, transpose_b=True) + self.bias

    def visible(self, rows: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """What each block adds to its scores, float32 ``(batch, 1 or head, query, key)``."""
        segments = rows["segments"]
        steps = tf.range(tf.shape(segments)[1])
        ago = steps[:, tf.newaxis] - steps[tf.newaxis, :]  # query minus key: below 0 is the future
        near = tf.abs(ago) < self.window
        if self.causal:
            near &= ago >= 0
        # Padding is a piece of its own, so that nobody looks at it, and its own rows stay finite.
        same = segments[:, :, tf.newaxis] == segments[:, tf.newaxis, :]
        mask = tf.where(same & near, 0.0, HIDDEN)[:, tf.newaxis]
        biases = [mask] * len(self.blocks)
        if self.positions == "relative":
            low = 0 if self.causal else 1 - self.window
            distance = tf.clip_by_value(ago, low, self.window - 1) - low
            recency = tf.gather(tf.cast(self.recency, tf.float32), distance, axis=2)
            biases = [bias + recency[number] for number, bias in enumerate(biases)]
        if self.intervals:
            powers = gap_powers(rows["times"])
            pace = tf.gather(
                tf.cast(self.pace, tf.float32), powers, axis=2
            )  # (block, head, batch, i, j)
            pace = tf.transpose(pace, (0, 2, 1, 3, 4))
            biases = [bias + pace[number] for number, bias in enumerate(biases)]
        return biases


def one_piece(ids: tf.Tensor) -> dict[str, tf.Tensor]:
    """Left-padded rows as packed rows of one piece each; ages count from the last column."""
    ids = tf.convert_to_tensor(ids)
    ages = tf.range(tf.shape(ids)[1] - 1, -1, -1)
    real = tf.cast(ids > 0, ids.dtype)
    return {"ids": ids, "segments": real, "positions": tf.broadcast_to(ages, tf.shape(ids))}


def gap_powers(times: tf.Tensor) -> tf.Tensor:
    """How long between two items, as a power of two: 0 for less than a second, 1 up to 3 seconds...

    Args:
        times: in seconds, ``(batch, length)``.

    Returns:
        Whole numbers 0..31, int32 ``(batch, length, length)``.

    >>> gap_powers([[0, 60, 61]]).numpy()[0]
    array([[0, 5, 5],
           [5, 0, 1],
           [5, 1, 0]], dtype=int32)
    """
    t = tf.cast(times, tf.float64)
    gap = tf.cast(tf.abs(t[:, :, tf.newaxis] - t[:, tf.newaxis, :]), tf.float32)
    power = tf.math.log(1.0 + gap) / np.float32(np.log(2.0))
    return tf.minimum(tf.cast(power + 1e-4, tf.int32), POWERS - 1)
