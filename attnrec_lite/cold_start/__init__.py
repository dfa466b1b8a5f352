"""Newcomers: people without a history, items that nobody took, tasks and shops without data.

``newcomers`` cuts a log so that quality can be measured by how much is known, ``questionnaire``
asks before there is anything to know, ``content`` gives new items the vectors that their content
predicts, ``shops`` carries what one shop learned to another. The models are in ``models``:
``SegmentPopularity``, ``LightGCN``, ``MeanPooling`` with an ``ItemEncoder`` that drops the id, and
``TwoTasks``, which learns a rare label beside a frequent one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from attnrec_lite.cold_start.content import content_ridge
from attnrec_lite.cold_start.newcomers import (
    entry_segment,
    evaluate_groups,
    few_rows,
    knowing,
    new_users,
    of_items,
    scarce_items,
    shop_answers,
)
from attnrec_lite.cold_start.questionnaire import Questionnaire

_HOMES = {
    "transfer": "shops",
    "two_shops": "shops",
}

__all__ = [
    "Questionnaire",
    "content_ridge",
    "entry_segment",
    "evaluate_groups",
    "few_rows",
    "knowing",
    "new_users",
    "of_items",
    "scarce_items",
    "shop_answers",
    "transfer",
    "two_shops",
]


def __getattr__(name: str) -> Any:
    """Import what needs TensorFlow, or other packages, the first time that it is named."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
