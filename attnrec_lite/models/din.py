"""Deep interest: the item that is shown asks the history what it has to say about it.

The five slots: query = the candidate; keys and values = the items of the history; score = a small
network, the activation unit, equation (10.1); normaliser = none, so that the amount of interest
survives, or softmax, or gates, or no attention at all; readout = a network on the pooled history,
the candidate and their product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.attention import masked_softmax
from attnrec_lite.data.clicks import Clicks
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._together import dense, rows_of
from attnrec_lite.models._vectors import ItemNetwork, check_fields, check_groups, features_of
from attnrec_lite.models.click import ClickModel

NORMALISERS = ("softmax", "none", "gate", "mean", "sum")
UNIT = 16  # height of the activation unit


class DINNetwork(ItemNetwork):
    """A weight for each item of the history, a weighted sum, and a network that reads it."""

    def __init__(self, normaliser: str, *sizes: Any) -> None:
        super().__init__(*sizes)
        self.normaliser, d = normaliser, self.width
        if normaliser not in ("mean", "sum"):
            self.unit = self.dense("unit", 4 * d, UNIT)
            self.vote = self.dense("vote", UNIT, 1)
        self.head(inputs=3)

    def look(
        self, x: dict[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds ``(copies, batch)`` and weights ``(copies, batch, length)``."""
        table, real = self.table(), x["history"] > 0
        history, candidate = rows_of(table, x["history"]), rows_of(table, x["candidate"])
        if weights is None:
            weights = self._weights(table, x, history, candidate, real)
        taken = tf.where(real, tf.cast(weights, history.dtype), 0)  # padding contributes nothing
        pooled = tf.matmul(taken[:, :, tf.newaxis], history)[:, :, 0]
        return self.score([pooled, candidate, pooled * candidate], x), weights

    def _weights(
        self,
        table: tf.Tensor,
        x: dict[str, tf.Tensor],
        history: tf.Tensor,
        candidate: tf.Tensor,
        real: tf.Tensor,
    ) -> tf.Tensor:
        ones = tf.cast(real, history.dtype)
        if self.normaliser == "sum":
            return ones
        if self.normaliser == "mean":
            return tf.math.divide_no_nan(ones, tf.reduce_sum(ones, -1, keepdims=True))
        scores = self._activation(table, x, history, candidate)
        if self.normaliser == "softmax":
            return masked_softmax(scores, real)
        return (tf.sigmoid(scores) if self.normaliser == "gate" else scores) * ones

    def _activation(
        self, table: tf.Tensor, x: dict[str, tf.Tensor], history: tf.Tensor, candidate: tf.Tensor
    ) -> tf.Tensor:
        # W [h; e; h - e; h * e] in parts. Those of one item are multiplied once for the catalogue
        # and then looked up; only the product belongs to a pair.
        matrix, offset = (tf.cast(part, table.dtype) for part in self.unit)
        by_key, by_query, by_gap, by_product = tf.split(matrix, 4, axis=1)
        key = rows_of(tf.matmul(table, by_key + by_gap), x["history"])
        query = rows_of(tf.matmul(table, by_query - by_gap) + offset, x["candidate"])
        product = dense(history * candidate[:, :, tf.newaxis], (by_product, tf.zeros_like(offset)))
        return dense(tf.nn.relu(product + key + query[:, :, tf.newaxis]), self.vote)[..., 0]


class DIN(ClickModel):
    """The candidate weighs the history, item by item: equations (10.1) and (10.2).

    Args:
        items: the vocabulary.
        width: of item vectors.
        normaliser: what becomes of the scores. ``"softmax"``: shares that sum to 1, so that two
            purchases say as much as twenty of the kind. ``"none"``: the scores themselves, of any
            sign, as in the paper. ``"gate"``: each through a sigmoid. ``"mean"`` and ``"sum"`` are
            without attention: the same network with the same weight for every item.
        groups: a category for each item, shape ``(N + 1,)``, the first for padding; None = none.
        fields: circumstances to read, name to number of codes, as ``Clicks.sizes`` says.
        window: how many of the newest items it looks at.
        seed: see ``ClickModel``.

    Raises:
        ValueError: if a word is unknown or a number out of range.

    Source: Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", KDD 2018. Here
    the product of key and query is element by element, units are ReLU, and nothing is dropped.

    >>> from attnrec_lite.data import make_planted
    >>> rows = make_planted(n=200)
    >>> model = DIN(rows.items, normaliser="none", groups=rows.category).fit(rows, epochs=1)
    >>> model.chances(rows).shape, model.weights(rows).shape
    ((200,), (200, 20))
    """

    name = "din"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 16,
        normaliser: str = "none",
        groups: ArrayLike | None = None,
        fields: Mapping[str, int] | None = None,
        window: int = 50,
        seed: int = 0,
    ) -> None:
        self.width = whole("width", width)
        self.normaliser = one_of("normaliser", normaliser, NORMALISERS)
        self.groups = check_groups(groups, len(items))
        self.fields, self.window = check_fields(fields), whole("window", window)
        super().__init__(items, seed)

    def attention(self, rows: Clicks) -> AttentionRecord:
        """What the candidate looked at: axes ``("user", "key")``, shares of absolute weights."""
        return self._record(rows, rows.history, "the item shown", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "normaliser", "fields", "window", "seed")
        return {"groups": self.groups.tolist(), **{name: getattr(self, name) for name in names}}

    def _network(self, seeds: list[int]) -> DINNetwork:
        sizes = list(self.fields.values())
        return DINNetwork(self.normaliser, self.groups, sizes, self.width, seeds)

    def _inputs(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        found = {"history": rows.history[:, -self.window :], "candidate": rows.candidate}
        return found | ({"features": features_of(rows, self.fields)} if self.fields else {})

    def _by_row(self, found: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        if found.ndim == 1:
            return found
        older = rows.history.shape[1] - found.shape[1]
        return np.pad(found, ((0, 0), (older, 0)))

    def _by_unit(self, given: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        if given.shape != rows.history.shape:
            raise ValueError(
                f"weights: expected shape {rows.history.shape}, as history; received {given.shape}"
            )
        return given[:, -self.window :]
