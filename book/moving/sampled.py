"""Sampled metrics: which of two models leads depends on how many rivals are drawn (chapter 8)."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_lite import formulas

N, K, PLACE, SHARE = 10_000, 10, 100, 0.1  # the chapter's goods, page, model A and model B
FAR = 5_000  # where B puts the good for everybody else
DRAWN = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, N - 1)


def data() -> dict[str, Any]:
    """Return the chapter's two models."""
    return {"n": N, "k": K, "place": PLACE, "share": SHARE, "far": FAR, "drawn": DRAWN}


def ndcg(place: int, drawn: int) -> float:
    """Return the expected NDCG@10 against so many: what a place earns times its chance, (8.13)."""
    within = [formulas.sampled_hit_rate(place, N, drawn, k) for k in range(1, K + 1)]
    return float(np.diff(within, prepend=0) @ (1 / np.log2(np.arange(2, K + 2))))


def both(metric: str, drawn: int, place: int = PLACE, share: float = SHARE) -> tuple[float, float]:
    """Return what A and B are expected to earn by ``"HR"`` or ``"NDCG"``."""

    def earns(at: int) -> float:
        if metric == "HR":
            return formulas.sampled_hit_rate(at, N, drawn, K)
        return ndcg(at, drawn)

    return earns(place), share * earns(1) + (1 - share) * earns(FAR)


def table(data: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return both metrics of both models for some numbers of drawn goods."""
    header = ["goods drawn", "HR@10 of A", "HR@10 of B", "NDCG@10 of A", "NDCG@10 of B"]
    rows = [
        [f"{m:,}", *(f"{x:.3f}" for metric in ("HR", "NDCG") for x in both(metric, m))]
        for m in data["drawn"]
    ]
    return header, rows
