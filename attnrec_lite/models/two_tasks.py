"""Two questions about one moment: one network reads it, and each question has a head of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, inside, whole
from attnrec_lite.data.clicks import Clicks
from attnrec_lite.data.purchases import Purchases
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._together import _swap, dense, log_losses
from attnrec_lite.models._vectors import HIDDEN, check_groups
from attnrec_lite.models.click import ClickModel
from attnrec_lite.models.din import DINNetwork

TASKS = ("click", "purchase")


class TwoTaskNetwork(DINNetwork):
    """Attention over the history and a hidden layer for both tasks, then one number for each."""

    def __init__(self, weight: float, *sizes: Any) -> None:
        super().__init__("softmax", *sizes)
        self.share = weight
        self.buy = self.dense("buy", HIDDEN, 1)

    def score(self, parts: list[tf.Tensor], x: dict[str, tf.Tensor]) -> tf.Tensor:
        """Log odds of a click and of a purchase, ``(copies, ..., 2)``."""
        hidden = tf.nn.relu(dense(tf.concat(parts, -1), self.hidden))
        return tf.concat([dense(hidden, self.out), dense(hidden, self.buy)], -1)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """Equation (15.10) in each copy; the sum over the copies."""
        labels, odds = _swap(y), _swap(y_pred)
        click, purchase = (log_losses(labels[..., task], odds[..., task]) for task in (0, 1))
        loss = (1 - self.share) * click + self.share * purchase
        self.tally.assign_add(loss)
        self.steps.assign_add(tf.ones_like(loss))
        return tf.reduce_sum(loss)


class TwoTasks(ClickModel):
    """How likely is a click, and how likely a purchase? Learned together, equation (15.10).

    The five slots: query = the candidate; keys and values = the items of the history; score = a
    small network; normaliser = softmax; readout = a hidden layer that both tasks share, and a head
    for each. A task with few labels borrows what the other has learned about the history.

    Args:
        items: the vocabulary.
        width: of item vectors.
        weight: of the purchases in the loss, strictly between 0 and 1; the fewer labels they
            have, the smaller, or the shared layers learn these few by heart.
        groups: a category for each item, as for ``DIN``.
        seed: see ``ClickModel``.

    Raises:
        ValueError: if a number is out of range.

    Source: Caruana (1997); S1-I4, S2-O18 and S2-I4. Attention does not learn several tasks by
    itself: the heads and the loss do.

    >>> from attnrec_lite.data import make_purchases
    >>> rows = make_purchases(200)
    >>> TwoTasks(rows.items, groups=rows.category).fit(rows, epochs=1).chances(rows).shape
    (200, 2)
    """

    name = "two tasks"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 16,
        weight: float = 0.1,
        groups: ArrayLike | None = None,
        seed: int = 0,
    ) -> None:
        self.width, self.weight = whole("width", width), inside("weight", weight)
        self.groups = check_groups(groups, len(items))
        super().__init__(items, seed)

    def chances(self, rows: Clicks, weights: NDArray[Any] | None = None) -> Floats:
        """Chances of a click and of a purchase: float64 ``(n, 2)``; see ``ClickModel.chances``."""
        return super().chances(rows, weights)

    def attention(self, rows: Clicks) -> AttentionRecord:
        """What the candidate looked at, for both tasks: axes ``("user", "key")``."""
        return self._record(rows, rows.history, "the item shown", self.items)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {name: getattr(self, name) for name in ("width", "weight", "seed")}
        return own | {"groups": self.groups.tolist()}

    def _network(self, seeds: list[int]) -> TwoTaskNetwork:
        return TwoTaskNetwork(self.weight, self.groups, [], self.width, seeds)

    def _inputs(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        return {"history": rows.history, "candidate": rows.candidate}

    def _labels(self, rows: Clicks) -> NDArray[Any]:
        if not isinstance(rows, Purchases):
            raise ValueError(f"rows: expected Purchases, with both labels; received {rows!r}")
        return np.stack([rows.label, rows.bought], axis=1)
