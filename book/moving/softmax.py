"""Softmax playground: the shelf of the chapter, and the good that is not on it, hidden."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

WIDTHS = [4**power for power in range(6)]
TEMPERATURES = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


def data() -> dict[str, Any]:
    """Return goods, their scores when a kettle asks, and which of them are on the shelf."""
    goods = list(TOY_GOODS)
    scores = formulas.dot_scores(TOY_GOODS["kettle"], list(TOY_GOODS.values()))
    return {
        "goods": goods,
        "scores": scores.tolist(),
        "real": [name != "gift card" for name in goods],
        "widths": WIDTHS,
        "temperatures": TEMPERATURES,
    }


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return scores and weights, a good a row."""
    weights = formulas.masked_softmax(found["scores"], np.array(found["real"]))
    rows = zip(found["goods"], found["scores"], found["real"], weights, strict=True)
    return ["good", "score", "weight"], [
        [name, f"{score:.2f}".replace("-", "−"), f"{weight:.3f}" if real else "0 (masked)"]
        for name, score, real, weight in rows
    ]
