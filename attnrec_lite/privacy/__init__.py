"""What a log and a model give away about a person, and what can be done about it.

``linkage`` undoes anonymisation, ``membership`` asks a model whom it was trained on; ``training``
adds noise against that, ``accountant`` counts what it is worth, ``noisy`` adds it once instead;
``federated`` learns where the data are, and shows what the server sees; ``unlearning`` forgets,
``minimise`` asks how much had to be known at all. No part needs TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Accountant": "accountant",
    "Attack": "membership",
    "FederatedRun": "federated",
    "ForgettingEASE": "unlearning",
    "Linkage": "linkage",
    "LocalFactors": "factors",
    "NoisyEASE": "noisy",
    "NoisyPopularity": "noisy",
    "PrivateFactors": "training",
    "Promise": "accountant",
    "Shadows": "membership",
    "Shards": "unlearning",
    "attack": "membership",
    "clipped_sum": "training",
    "coarsened": "records",
    "crowd": "linkage",
    "epsilon_for": "accountant",
    "evidence": "federated",
    "federated_averaging": "federated",
    "kept_recent": "minimise",
    "link": "linkage",
    "noise_for": "accountant",
    "promise_of": "training",
    "shadows": "membership",
    "standing": "membership",
    "without_order": "minimise",
    "without_user": "unlearning",
}

__all__ = [
    "Accountant",
    "Attack",
    "FederatedRun",
    "ForgettingEASE",
    "Linkage",
    "LocalFactors",
    "NoisyEASE",
    "NoisyPopularity",
    "PrivateFactors",
    "Promise",
    "Shadows",
    "Shards",
    "attack",
    "clipped_sum",
    "coarsened",
    "crowd",
    "epsilon_for",
    "evidence",
    "federated_averaging",
    "kept_recent",
    "link",
    "noise_for",
    "promise_of",
    "shadows",
    "standing",
    "without_order",
    "without_user",
]


def __getattr__(name: str) -> Any:
    """Import a part the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
