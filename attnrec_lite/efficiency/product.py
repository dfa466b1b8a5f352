"""Models taken apart: a context for each history, a vector for each item, and their product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history
from attnrec_lite.efficiency.search import exact_top_k
from attnrec_lite.models.base import Recommender

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Product:
    """A model whose score is a product, so that items can be stored and searched by themselves.

    Attributes:
        read: histories, int32 ``(batch, length)``, to contexts, float32 ``(batch, d)``.
        table: item vectors, float32 ``(N + 1, d)``; row 0 is padding.
        bias: a number for each item, float32 ``(N + 1,)``.
    """

    read: Callable[[NDArray[np.int32]], Singles]
    table: Singles
    bias: Singles

    def contexts(self, history: ArrayLike) -> Singles:
        """The context of each history, float32 ``(batch, d)``.

        Raises:
            ValueError: for an unknown id or padding after an item.
        """
        return self.read(as_history(history, len(self.table) - 1))

    def recommend(
        self, history: ArrayLike, k: int, exclude_seen: bool = True
    ) -> tuple[NDArray[np.int32], Singles]:
        """What the model itself recommends, from its parts."""
        seen = as_history(history, len(self.table) - 1)
        banned = seen if exclude_seen else None
        return exact_top_k(self.read(seen), self.table, k, self.bias, banned)


def as_product(model: Recommender) -> Product:
    """Take a model apart.

    Args:
        model: fitted, one whose score of item i is $c^T e_i + b_i$ with a context $c$ that does not
            depend on i: ``SASRec``, ``QKVRecommender``, ``BPR`` and their like. Where the candidate
            asks (``DIN``, ``TargetAttention``) there is no such context, and nothing about the
            user can be computed before the candidate is known.

    Returns:
        Its parts, copies of what it learned.

    Raises:
        ValueError: if the product of the parts is not the score of the model.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import BPR
    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))
    >>> as_product(BPR(log.items, width=4).fit(log)).recommend([[1], [3]], k=1)[0].tolist()
    [[2], [4]]
    """
    parts = _parts(model)
    if parts is not None:
        probe = np.zeros((3, 3), np.int32)  # an empty history, one item, and some
        probe[1:, -1], probe[2] = 1, np.minimum([1, 2, model.n_items], model.n_items)
        found, expected = parts.read(probe), model.score_all(probe)[:, 1:]
        if found.ndim == 2 and found.shape[1] == parts.table.shape[1]:
            same = (found @ parts.table.T + parts.bias)[:, 1:]
            if np.allclose(same, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max()):
                return parts
    raise ValueError(
        f"model: expected one whose score is a product of a context and an item; {model.name} "
        "is not"
    )


def _parts(model: Recommender) -> Product | None:
    """What may be the parts of a model; whether they are, its scores tell."""
    if hasattr(model, "user_vectors"):
        bpr: Any = model
        return Product(
            lambda history: bpr.user_vectors(history).astype(np.float32),
            np.array(bpr.table, np.float32),
            np.array(bpr.bias, np.float32),
        )
    network: Any = getattr(model, "network", None)
    if not hasattr(network, "table") or not hasattr(network, "bias"):
        return None
    kept: Any = model
    if hasattr(network, "newest") and hasattr(kept, "_times"):  # reads histories packed

        def read(history: NDArray[np.int32]) -> Singles:
            newest = kept._newest(history)
            return np.asarray(network.newest(newest, kept._times(newest)), np.float32)

    else:

        def read(history: NDArray[np.int32]) -> Singles:
            return np.asarray(kept._at_the_end(history), np.float32)

    table, bias = (np.array(np.asarray(w), np.float32) for w in (network.table, network.bias))
    return Product(read, table, bias)
