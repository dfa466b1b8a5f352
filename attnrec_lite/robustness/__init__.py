"""What harms a recommender, and what limits the harm: noise, shifted vectors, made-up users.

``noise`` spoils a log or a history, ``perturbation`` shifts item vectors and trains against it,
``shilling`` adds made-up raters and sessions, ``clicks`` slips one click into a history,
``detectors`` look for the made-up ones and count false alarms, ``defences`` bound what a rater or a
click can do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "APR": "perturbation",
    "BoundedAttention": "defences",
    "DETECTORS": "detectors",
    "Detection": "detectors",
    "Shilled": "shilling",
    "click_takes": "clicks",
    "detection": "detectors",
    "item_rating": "defences",
    "list_overlap": "clicks",
    "neighbour_ratings": "shilling",
    "noisy_history": "noise",
    "noisy_log": "noise",
    "push_clicks": "shilling",
    "shifted_items": "perturbation",
    "shifted_ranking": "perturbation",
    "shill": "shilling",
    "suspicion": "detectors",
    "with_click": "clicks",
}

__all__ = [
    "APR",
    "DETECTORS",
    "BoundedAttention",
    "Detection",
    "Shilled",
    "click_takes",
    "detection",
    "item_rating",
    "list_overlap",
    "neighbour_ratings",
    "noisy_history",
    "noisy_log",
    "push_clicks",
    "shifted_items",
    "shifted_ranking",
    "shill",
    "suspicion",
    "with_click",
]


def __getattr__(name: str) -> Any:
    """Import a part the first time that it is named; none needs TensorFlow before it is used."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
