"""Circumstances in pairs: which of them mean something together, and how much each pair counts.

``FM`` takes every pair alike. ``AFM`` lets the pairs compete. The five slots of ``AFM``: query = a
learned vector; keys and values = the pairs of fields, each the product of two vectors; score = a
small network; normaliser = softmax over the pairs of a row; readout = a learned vector, equation
(10.13).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.attention import masked_softmax
from attnrec_lite.data.clicks import Clicks
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._together import Together, dense, rows_of
from attnrec_lite.models._vectors import FIRST, check_fields, features_of
from attnrec_lite.models.click import ClickModel


class FMNetwork(Together):
    """A number and a vector for each level of each field, and the products of all pairs."""

    def __init__(self, levels: int, fields: int, width: int, seeds: list[int]) -> None:
        super().__init__(seeds)
        self.fields = fields
        self.offset = self.weight("offset", 1)
        self.single = self.weight("single", levels, 1)
        self.vectors = self.weight("vectors", levels, width, deviation=FIRST)

    def look(
        self, x: dict[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds ``(copies, batch)`` and weights ``(copies, batch, pairs)``: all 1."""
        v = rows_of(self.vectors, x["features"])  # (copies, batch, fields, d)
        if weights is None:  # equation (10.11)
            square = tf.reduce_sum(v, axis=2) ** 2 - tf.reduce_sum(v**2, axis=2)
            pairs = tf.reduce_sum(square, axis=-1) / 2
            weights = tf.ones([*tf.unstack(tf.shape(v)[:2]), self.fields * (self.fields - 1) // 2])
        else:
            pairs = tf.reduce_sum(weights * tf.reduce_sum(self.products(v), axis=-1), axis=-1)
        return self.alone(x) + pairs, weights

    def alone(self, x: dict[str, tf.Tensor]) -> tf.Tensor:
        """What each level says by itself, and the offset."""
        return tf.reduce_sum(rows_of(self.single, x["features"]), (2, 3)) + self.offset

    def products(self, v: tf.Tensor) -> tf.Tensor:
        """Vectors ``(copies, batch, fields, d)`` to products ``(copies, batch, pairs, d)``."""
        first, second = np.triu_indices(self.fields, 1)
        return tf.gather(v, first, axis=2) * tf.gather(v, second, axis=2)


class AFMNetwork(FMNetwork):
    """The same with a weight for each pair."""

    def __init__(self, levels: int, fields: int, width: int, seeds: list[int]) -> None:
        super().__init__(levels, fields, width, seeds)
        self.unit, self.vote = self.dense("unit", width, width), self.dense("vote", width, 1)
        self.projection = self.weight("projection", width, 1)
        self.projection.assign(tf.ones_like(self.projection))  # starts as a mean of pairs

    def look(
        self, x: dict[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds ``(copies, batch)`` and weights ``(copies, batch, pairs)``."""
        products = self.products(rows_of(self.vectors, x["features"]))
        if weights is None:
            scores = dense(tf.nn.relu(dense(products, self.unit)), self.vote)[..., 0]
            weights = masked_softmax(scores)
        taken = tf.reduce_sum(tf.cast(weights, products.dtype)[..., tf.newaxis] * products, axis=2)
        voted = tf.matmul(taken, tf.cast(self.projection, taken.dtype))[..., 0]
        return self.alone(x) + voted, weights


class FM(ClickModel):
    """A factorisation machine: every pair of circumstances counts, equations (10.10), (10.11).

    Args:
        items: the vocabulary of the tables.
        fields: circumstances to read, name to number of codes, as ``Clicks.sizes`` says; two or
            more.
        width: of a level's vector.
        seed: see ``ClickModel``.

    Raises:
        ValueError: if there are fewer than two fields or a number is out of range.

    Source: Rendle, "Factorization Machines", ICDM 2010.

    >>> from attnrec_lite.data import make_feature_pairs
    >>> rows = make_feature_pairs(n=200)
    >>> model = FM(rows.items, rows.sizes).fit(rows, epochs=1)
    >>> model.chances(rows).shape, model.pairs[:2]
    ((200,), [('a', 'b'), ('a', 'c')])
    """

    name = "fm"

    def __init__(
        self, items: Vocabulary, fields: Mapping[str, int], width: int = 8, seed: int = 0
    ) -> None:
        self.fields, self.width = check_fields(fields), whole("width", width)
        if len(self.fields) < 2:
            raise ValueError(f"fields: expected two or more, for a pair; received {self.fields}")
        super().__init__(items, seed)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names of the two fields of each pair, in the order of the weights."""
        return list(combinations(self.fields, 2))

    def attention(self, rows: Clicks) -> AttentionRecord:
        """How much each pair counts: axes ``("user", "key")``; the keys are pairs of fields."""
        titles = [f"{first} × {second}" for first, second in self.pairs]
        named = Vocabulary(np.arange(1, len(titles) + 1), np.array(titles))
        keys = np.tile(np.arange(1, len(titles) + 1, dtype=np.int32), (len(rows), 1))
        return self._record(rows, keys, "the circumstances of the row", named)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"fields": self.fields, "width": self.width, "seed": self.seed}

    def _network(self, seeds: list[int]) -> Together:
        return FMNetwork(sum(self.fields.values()), len(self.fields), self.width, seeds)

    def _inputs(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        return {"features": features_of(rows, self.fields)}

    def _by_unit(self, given: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        if given.shape != (len(rows), len(self.pairs)):
            expected = (len(rows), len(self.pairs))
            raise ValueError(f"weights: expected shape {expected}; received {given.shape}")
        return given


class AFM(FM):
    """A factorisation machine whose pairs compete for attention, equations (10.12), (10.13).

    Args:
        items: as for ``FM``.
        fields: likewise.
        width: likewise; also the height of the network that scores a pair.
        seed: likewise.

    Raises:
        ValueError: likewise.

    Source: Xiao et al., "Attentional Factorization Machines", IJCAI 2017; here without dropout.

    >>> from attnrec_lite.data import make_feature_pairs
    >>> rows = make_feature_pairs(n=200)
    >>> AFM(rows.items, rows.sizes).weights(rows).sum(axis=1)[:2].round(3)
    array([1., 1.], dtype=float32)
    """

    name = "afm"

    def _network(self, seeds: list[int]) -> Together:
        return AFMNetwork(sum(self.fields.values()), len(self.fields), self.width, seeds)
