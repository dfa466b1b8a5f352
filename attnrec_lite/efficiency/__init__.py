"""The same model for less: fewer bits, fewer weights, a smaller student, a shorter search.

``as_product`` takes a model apart into contexts and a table of items, where its score is a product
of both; ``QuantisedTable`` keeps the table in 8, 4 or 2 bits, ``exact_in_two_stages`` and
``ItemIndex`` search it. ``rounded``, ``in_half_precision``, ``factorised``, ``prune_weights`` and
``prune_heads`` give a changed copy of a model that has what they change; ``distil`` trains a
smaller one; ``Precomputed`` keeps lists where nothing has to be computed any more.
``RoutedAttention`` is attention by a cheaper route. Each says what it saves: bytes, multiply-adds,
or nothing.

A name is imported when it is first asked for: tables do not wait for TensorFlow, and only
``ItemIndex`` needs faiss.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "ItemIndex": "index",
    "Precomputed": "precomputed",
    "Product": "product",
    "QuantisedTable": "quantised",
    "RoutedAttention": "attention",
    "as_product": "product",
    "distil": "distillation",
    "exact_in_two_stages": "search",
    "exact_top_k": "search",
    "factorised": "copies",
    "head_importance": "pruning",
    "in_half_precision": "copies",
    "linear_attend": "attention",
    "low_rank_attend": "attention",
    "prune_heads": "pruning",
    "prune_weights": "pruning",
    "remove_heads": "pruning",
    "rounded": "copies",
    "top_overlap": "search",
    "window_attend": "attention",
}

__all__ = [
    "ItemIndex",
    "Precomputed",
    "Product",
    "QuantisedTable",
    "RoutedAttention",
    "as_product",
    "distil",
    "exact_in_two_stages",
    "exact_top_k",
    "factorised",
    "head_importance",
    "in_half_precision",
    "linear_attend",
    "low_rank_attend",
    "prune_heads",
    "prune_weights",
    "remove_heads",
    "rounded",
    "top_overlap",
    "window_attend",
]


def __getattr__(name: str) -> Any:
    """Import a part the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
