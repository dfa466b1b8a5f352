"""Mask painter: the masks to start from, as the package makes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_lite import formulas

LENGTH = 6


def data() -> dict[str, Any]:
    """Return masks by name, row = query, column = key, 1 where it may look."""
    full, padded = np.ones(LENGTH, bool), np.arange(LENGTH) >= 2
    causal = formulas.visible(full, causal=True)
    leak = causal.copy()
    leak[1, 4] = True  # the second may look at the fifth
    masks = {
        "causal": causal,
        "none": formulas.visible(full),
        "padding": formulas.visible(padded),
        "causal, window of 3": formulas.visible(full, causal=True, window=3),
        "causal with a leak": leak,
    }
    return {"masks": {name: mask.astype(int).tolist() for name, mask in masks.items()}}


def reach(mask: np.ndarray, layers: int) -> np.ndarray:
    """Return which inputs reach which outputs of a stack that adds each layer to its input."""
    step = np.eye(len(mask), dtype=int) + np.asarray(mask)
    return np.linalg.matrix_power(step, layers) > 0


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return, for the first mask and one layer, what each position sees and hears from."""
    mask = np.array(found["masks"]["causal"], bool)

    def places(row: np.ndarray) -> str:
        return ", ".join(str(j + 1) for j in np.flatnonzero(row)) or "none"

    rows = [
        [str(i + 1), places(mask[i]), places(heard), places(heard & (np.arange(LENGTH) > i))]
        for i, heard in enumerate(reach(mask, 1))
    ]
    return ["position", "may look at", "hears from", "later ones among them"], rows
