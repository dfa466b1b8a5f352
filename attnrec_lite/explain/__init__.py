"""What a model looked at, what its answer hangs on, and whether a reason may be shown.

``AttentionRecord`` and ``ModalityRecord`` hold what every model can say about itself. ``explain``
asks one answer for its reason and judges the reason before anybody sees it; ``left_out``,
``integrated`` and ``reweighed`` are its parts. ``exact_twin`` and ``train_twin`` find other
weights with the same answers, ``distil_rules`` writes rules and counts how often they are true of
the model, ``click_trial`` puts the weights of a click model on trial.

Explained in the chapter "Explanation". Models import the records, so the rest, which imports
models, is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from attnrec_lite.explain.modality import ModalityRecord
from attnrec_lite.explain.record import AttentionRecord

_HOMES = {
    "ClickTrial": "clicks",
    "Explanation": "explanation",
    "Integrated": "gradients",
    "Kept": "effects",
    "Reliability": "explanation",
    "Reweighed": "reweighing",
    "Rules": "rules",
    "Twin": "twin",
    "click_trial": "clicks",
    "compare_twins": "twin",
    "distil_rules": "rules",
    "exact_twin": "twin",
    "explain": "reasons",
    "integrated": "gradients",
    "left_out": "effects",
    "margins": "effects",
    "reweighed": "reweighing",
    "train_twin": "twin",
}
__all__ = ["AttentionRecord", "ModalityRecord", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Import a part the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
