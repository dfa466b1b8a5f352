"""From a model to a service: graphs that need nothing of this package, and a server for trying out.

``export`` writes what TensorFlow Serving loads, ``to_lite`` a file for a phone, ``Batcher`` lets
many requests share one matrix product, ``create_app`` answers over HTTP. A name is imported when it
is first asked for: the service needs FastAPI, the rest does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Batcher": "batching",
    "LiteRecommender": "lite",
    "Limits": "limits",
    "Overloaded": "batching",
    "Servable": "graph",
    "create_app": "service",
    "export": "graph",
    "serve": "run",
    "to_lite": "lite",
}

__all__ = [
    "Batcher",
    "Limits",
    "LiteRecommender",
    "Overloaded",
    "Servable",
    "create_app",
    "export",
    "serve",
    "to_lite",
]


def __getattr__(name: str) -> Any:
    """Import what is named the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
