"""Attention for recommender systems, small enough to read.

The modules follow the data: ``data`` loads a log, ``models`` learn from it, ``evaluation`` and
``explain`` ask what was learned, ``experiments`` what it does to people, ``probes`` what reaches
what, ``checklist`` whether a program can learn at all, ``plot`` draws it. ``online`` keeps a model
learning, ``cold_start`` serves whom it does not know, ``efficiency`` makes it smaller, ``serving``
takes it to where it answers, ``engines`` takes a log to machines that hold more than one.
``privacy`` asks what a log and a model give away, ``robustness`` what can be done to them,
``fairness`` whom they serve, ``worlds`` generates scenes in which one thing is not as in a shop.
``formulas`` holds the equations of the book in NumPy and is what the rest is tested against;
``working`` sets one out line by line; ``results`` keeps what the benchmarks measured; ``budget`` is
the switch from a chapter's short run to its full one; ``command`` is what
``python -m attnrec_lite`` runs.

Importing the package costs little: TensorFlow is only loaded by the modules that need it.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"
_MODULES = (
    "attention",
    "budget",
    "checklist",
    "cold_start",
    "command",
    "data",
    "efficiency",
    "engines",
    "evaluation",
    "exercises",
    "experiments",
    "explain",
    "fairness",
    "formulas",
    "models",
    "online",
    "plot",
    "privacy",
    "probes",
    "results",
    "robustness",
    "serving",
    "training",
    "working",
    "worlds",
)


def __getattr__(name: str) -> ModuleType:
    """Import a module of the package the first time that it is named."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
