"""Who is shown and who is served, measured by group, and what it costs to change it.

``exposure`` asks for providers and for popularity, ``groups`` for users, ``calibration`` for the
mixture that a person chose, ``rerank`` changes the lists and tells the price. Nothing here decides
what is fair: whoever names the groups and the merit does.
"""

from __future__ import annotations

from attnrec_lite.fairness.calibration import (
    Calibration,
    evaluate_calibration,
    kind_shares,
    mixtures,
)
from attnrec_lite.fairness.exposure import (
    Exposure,
    popularity_lifts,
    popularity_shares,
    provider_exposure,
    users_by_popularity,
)
from attnrec_lite.fairness.groups import GroupQuality, quality_by_group
from attnrec_lite.fairness.rerank import RULES, evaluate_given, rerank, steer

__all__ = [
    "RULES",
    "Calibration",
    "Exposure",
    "GroupQuality",
    "evaluate_calibration",
    "evaluate_given",
    "kind_shares",
    "mixtures",
    "popularity_lifts",
    "popularity_shares",
    "provider_exposure",
    "quality_by_group",
    "rerank",
    "steer",
    "users_by_popularity",
]
