"""A history pooled by a sum and by a softmax, figure ``fig-moving-pooling`` of chapter 10."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

GOODS = ("kettle", "tablecloth", "ice bucket")  # Mia's, as in the chapter
CANDIDATE = "teapot"
UNIT = np.array([[0, 0, 0, 0, 0, 0, 1, 1]])  # the chapter's activation unit: adds up the product


def data() -> dict[str, Any]:
    """Return the vectors of the goods and what the activation unit scores each for the teapot."""
    vectors = np.array([TOY_GOODS[name] for name in GOODS])
    scores = formulas.activation_unit(vectors, TOY_GOODS[CANDIDATE], UNIT, [0.0], [1.0])
    return {"goods": list(GOODS), "vectors": vectors.tolist(), "scores": scores.tolist()}


def table(data: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return both pools of a history that holds each good once."""
    return pools(data, [1] * len(data["goods"]))


def pools(data: dict[str, Any], counts: list[int]) -> tuple[list[str], list[list[str]]]:
    """Return the table of both pools, header and rows, for so many of each good."""
    header = ["good", "times", "score", "no normaliser", "softmax"]
    told = np.repeat(np.arange(len(counts)), counts)  # the history, good by good
    scores, vectors = np.array(data["scores"])[told], np.array(data["vectors"])[told]
    shares = formulas.softmax(scores) if len(told) else scores
    rows = []
    for j, good in enumerate(data["goods"]):
        weights = (f"{pool[told == j].sum():.2f}" for pool in (scores, shares))
        rows.append([good, str(counts[j]), f"{data['scores'][j]:.2f}", *weights])
    contexts = formulas.unnormalised_sum(scores, vectors), formulas.weighted_sum(shares, vectors)
    ends = {
        "all weights": (f"{scores.sum():.2f}", f"{shares.sum():.2f}"),
        "context": tuple(f"({z[0]:.2f}, {z[1]:.2f})".replace("-", "−") for z in contexts),
        "length of the context": tuple(f"{np.linalg.norm(z):.2f}" for z in contexts),
    }
    return header, rows + [[name, str(len(told)), "", *both] for name, both in ends.items()]
