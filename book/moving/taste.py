"""The taste plane: one vector, or several, for what somebody bought (chapter 12)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite import formulas

# Name, degrees from gardening (0) towards cycling (90), and whether it lies between the two.
GOODS = [
    ("trowel", 2, False),
    ("watering can", 13, False),
    ("rake", 23, False),
    ("trailer for compost", 34, True),
    ("planter for the handlebar", 43, True),
    ("rack for seedlings", 50, True),
    ("saddlebag for bulbs", 58, True),
    ("bike bell", 67, False),
    ("bike lamp", 77, False),
    ("bike pump", 88, False),
]
BOUGHT = {
    "two tastes": [4, 10, 18, 71, 79, 87],
    "one taste": [3, 8, 12, 16, 20, 27],
    "what lies between": [36, 40, 43, 46, 51, 54],
    "all three": [6, 14, 41, 48, 77, 84],
}
# One question that asks for nothing; two that like one axis and dislike the other; one for both.
QUERIES = {
    "1": [[0, 0]],
    "2": [[2, -2], [-2, 2]],
    "3": [[2, -2], [-2, 2], [2, 2]],
}
LENGTH = 4  # goods on the page


def data() -> dict[str, Any]:
    """Return the shop, what may have been bought, and the questions."""
    return {"goods": GOODS, "bought": BOUGHT, "queries": QUERIES, "length": LENGTH}


def on_the_circle(degrees: ArrayLike) -> NDArray[np.float64]:
    """Return vectors of length 1 at these degrees, shape ``(n, 2)``."""
    angle = np.radians(np.asarray(degrees, np.float64))
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def rank(degrees: ArrayLike, interests: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interests and the score of every good, by equations (12.2) and (7.10)."""
    history, questions = on_the_circle(degrees), QUERIES[str(interests)]
    vectors, _ = formulas.self_attentive_interests(history, np.eye(2), questions)
    goods = on_the_circle([angle for _, angle, _ in GOODS])
    return vectors, formulas.best_interest_scores(vectors, goods)


def table(data: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return every good with its score and its place, for two tastes and one vector."""
    _, scores = rank(data["bought"]["two tastes"], 1)
    places = np.argsort(np.argsort(-scores, kind="stable"), kind="stable") + 1
    rows = [
        [name, f"{angle}°", f"{score:.3f}", str(place)]
        for (name, angle, _), score, place in zip(data["goods"], scores, places, strict=True)
    ]
    return ["good", "from gardening", "score", "place"], rows
