"""Systems that go on: learn from each batch, answer each click, notice when something is wrong.

``incremental`` updates parameters and goes back if that did harm; ``click`` changes the input only;
``monitors`` ring, and say how often they ring for nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "FadingTaste": "click",
    "Incremental": "incremental",
    "Look": "monitors",
    "LossMonitor": "monitors",
    "ShareMonitor": "monitors",
    "Update": "incremental",
    "ValueMonitor": "monitors",
    "fading_mean": "click",
    "measured_run_length": "monitors",
    "with_new_items": "grow",
}

__all__ = [
    "FadingTaste",
    "Incremental",
    "Look",
    "LossMonitor",
    "ShareMonitor",
    "Update",
    "ValueMonitor",
    "fading_mean",
    "measured_run_length",
    "with_new_items",
]


def __getattr__(name: str) -> Any:
    """Import a part the first time that it is named; updates need TensorFlow, monitors do not."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
