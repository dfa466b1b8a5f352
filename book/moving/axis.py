"""Axis picker: two users, three clicks each, four goods, and the axis of the softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

SHELF = ["kettle", "teapot", "tablecloth", "ice bucket"]
CLICKS = {
    "Mia": ["kettle", "tablecloth", "ice bucket"],
    "Ravi": ["teapot", "gift card", "kettle"],
}


def data() -> dict[str, Any]:
    """Return the scores, (user, query, key), and the names along the axes."""
    shelf = np.array([TOY_GOODS[name] for name in SHELF])
    asked = np.array([[TOY_GOODS[name] for name in clicks] for clicks in CLICKS.values()])
    scores = asked @ shelf.T
    return {"users": CLICKS, "goods": SHELF, "scores": scores.tolist()}


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the weights over the keys, a click a row, with their sum."""
    weights = formulas.softmax(found["scores"], axis=2)
    rows = []
    for (user, clicks), block in zip(found["users"].items(), weights, strict=True):
        for click, row in zip(clicks, block, strict=True):
            cells = [f"{weight:.3f}" for weight in row]
            rows.append([f"{user}: {click}", *cells, f"{row.sum():.3f}"])
    return ["who asks", *found["goods"], "sum"], rows
