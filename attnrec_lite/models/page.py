"""What else is shown: the goods of a page look at one another before they are judged.

The five slots: query = an item of the page; keys and values = the other items of the page; score =
scaled dot product; normaliser = softmax over the others; readout = a network on the item, what it
took from the others, and their product. There is no position among the tokens, so the page is a
set: exchange two items, and their chances change places. Where the place on the page matters it is
a circumstance, a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.attention import attend
from attnrec_lite.data.clicks import NOT_KNOWN, Clicks
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._together import Together, dense, rows_of
from attnrec_lite.models._vectors import ItemNetwork, check_fields, check_groups, features_of
from attnrec_lite.models.click import ClickModel

LOOKS = ("attention", "mean", "nothing")


class PageNetwork(ItemNetwork):
    """Each item, what its history says of it, and what it takes from the rest of its page."""

    def __init__(self, looks: str, *sizes: Any) -> None:
        super().__init__(*sizes)
        self.looks, d = looks, self.width
        if looks == "attention":
            self.query, self.key = self.dense("query", d, d), self.dense("key", d, d)
        if looks != "nothing":
            self.value = self.dense("value", d, d)
        self.head(inputs=2 if looks == "nothing" else 4)

    def look(
        self, x: dict[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds ``(copies, pages, places)``, weights ``(copies, pages, places, places)``."""
        table, shown = self.table(), x["candidate"] > 0
        item = rows_of(table, x["candidate"])
        liked = item * self._past(table, x["history"])[:, :, tf.newaxis]
        others = shown[:, :, tf.newaxis, :] & ~tf.eye(tf.shape(shown)[2], dtype=tf.bool)
        if weights is None:
            weights = self._weights(item, others)
        parts = [item, liked]
        if self.looks != "nothing":
            taken = tf.where(others, tf.cast(weights, item.dtype), 0)
            seen = tf.matmul(taken, dense(item, self.value))
            parts += [seen, item * seen]
        return self.score(parts, x), weights

    def _past(self, table: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        """The history as one vector: equation (10.4) with equal scores and a beta of one half."""
        real = tf.cast(history > 0, table.dtype)
        total = tf.reduce_sum(rows_of(table, history) * real[..., tf.newaxis], axis=2)
        return total * tf.math.rsqrt(tf.maximum(tf.reduce_sum(real, -1, keepdims=True), 1))

    def _weights(self, item: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
        if self.looks == "attention":
            return attend(dense(item, self.query), dense(item, self.key), item, others)[1]
        ones = tf.cast(others, item.dtype)
        if self.looks == "nothing":
            return tf.zeros_like(ones)
        return tf.math.divide_no_nan(ones, tf.reduce_sum(ones, -1, keepdims=True))


class PageModel(ClickModel):
    """The goods shown together look at one another, equation (10.9).

    Args:
        items: the vocabulary.
        width: of item vectors.
        looks: at the others with ``"attention"``, at their ``"mean"``, or at ``"nothing"``: the
            same network that judges each item alone.
        groups: a category for each item, shape ``(N + 1,)``, the first for padding; None = none.
        fields: circumstances to read, name to number of codes, as ``Clicks.sizes`` says.
        window: how many of the newest items of a history count.
        seed: see ``ClickModel``.

    Raises:
        ValueError: if a word is unknown or a number out of range.

    >>> from attnrec_lite.data import make_lists
    >>> rows = make_lists(n=20)
    >>> model = PageModel(rows.items, groups=rows.category).fit(rows, epochs=1)
    >>> model.chances(rows).shape, model.weights(rows).shape
    ((160,), (160, 8))
    """

    name = "page"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 16,
        looks: str = "attention",
        groups: ArrayLike | None = None,
        fields: Mapping[str, int] | None = None,
        window: int = 50,
        seed: int = 0,
    ) -> None:
        self.width, self.looks = whole("width", width), one_of("looks", looks, LOOKS)
        self.groups = check_groups(groups, len(items))
        self.fields, self.window = check_fields(fields), whole("window", window)
        super().__init__(items, seed)

    def attention(self, rows: Clicks) -> AttentionRecord:
        """What each item of a page looked at: axes ``("user", "key")``, keys = the page."""
        page = rows.pages()
        shown = np.where(page >= 0, rows.candidate[page], 0)
        return self._record(rows, shown[self._page_of(page)], "an item of the page", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("width", "looks", "fields", "window", "seed")
        return {"groups": self.groups.tolist(), **{name: getattr(self, name) for name in names}}

    def _network(self, seeds: list[int]) -> Together:
        sizes = list(self.fields.values())
        return PageNetwork(self.looks, self.groups, sizes, self.width, seeds)

    def _inputs(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        page = rows.pages()
        found = {
            "candidate": np.where(page >= 0, rows.candidate[page], 0),
            "history": rows.history[page[:, 0], -self.window :],  # one moment, one history
        }
        return found | ({"features": features_of(rows, self.fields)[page]} if self.fields else {})

    def _labels(self, rows: Clicks) -> NDArray[Any]:
        page = rows.pages()
        return np.where(page >= 0, rows.label[page], NOT_KNOWN)

    def _by_row(self, found: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        return found[rows.pages() >= 0]

    def _by_unit(self, given: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        page = rows.pages()
        if given.shape != (len(rows), page.shape[1]):
            expected = (len(rows), page.shape[1])
            raise ValueError(f"weights: expected shape {expected}; received {given.shape}")
        return np.where((page >= 0)[:, :, np.newaxis], given[page], 0.0)

    @staticmethod
    def _page_of(page: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the page of each row, counted from 0."""
        return np.nonzero(page >= 0)[0]
