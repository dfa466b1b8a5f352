"""Peeking: a thousand tests of nothing, read once, read often, and read by a rule (chapter 9)."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite.formulas import always_valid_p, mixture_ratio

TESTS, FINE, STEP, TAU, ALPHA = 1_000, 100, 20, 0.12, 0.05  # 2,000 customers, as in the chapter
LOOKS = (1, 2, 4, 5, 10, 20, 25, 50, 100)
FIRST = 20  # looks to begin with
WORD = np.uint32


def data() -> dict[str, Any]:
    """Return the sizes of the experiment and the edge of the plain test."""
    edge = NormalDist().inv_cdf(1 - ALPHA / 2)
    sizes = {"tests": TESTS, "fine": FINE, "step": STEP, "tau": TAU, "alpha": ALPHA}
    return {**sizes, "edge": edge, "looks": LOOKS, "first": FIRST, "seed": 1}


def uniforms(seed: int, count: int) -> NDArray[np.float64]:
    """Return numbers in [0, 1) by mulberry32, the small generator that peeking.js has too."""
    with np.errstate(over="ignore"):
        start = WORD(seed) * WORD(0x27D4EB2F)  # the first thousand seeds share no numbers
        a = start + np.arange(1, count + 1, dtype=WORD) * WORD(0x6D2B79F5)
        t = (a ^ (a >> WORD(15))) * (a | WORD(1))
        t ^= t + (t ^ (t >> WORD(7))) * (t | WORD(61))
    return (t ^ (t >> WORD(14))) / 2.0**32


def blocks(seed: int) -> NDArray[np.float64]:
    """Return sums of 20 customers each, shape ``(tests, 100)``: normal, variance 20."""
    u = uniforms(seed, TESTS * FINE).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log(1 - u[:, 0])), 2 * np.pi * u[:, 1]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return (STEP**0.5 * pairs).reshape(TESTS, FINE)


def count(seed: int, looks: int) -> tuple[int, int, int]:
    """Return how many tests are called: at the end, at the first |z| > 1.96, by the mixture."""
    kept = np.arange(FINE // looks - 1, FINE, FINE // looks)
    sums, n = blocks(seed).cumsum(axis=1)[:, kept], (kept + 1) * STEP
    beyond = np.abs(sums) / np.sqrt(n) > data()["edge"]
    mixture = always_valid_p(mixture_ratio(sums, n, TAU)) <= ALPHA
    return int(beyond[:, -1].sum()), int(beyond.any(axis=1).sum()), int(mixture.any(axis=1).sum())


def table(data: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the false alarms among the first thousand tests for every number of looks."""
    header = ["looks", "at the end only", "at the first |z| > 1.96", "mixture test"]
    rows = [[str(k), *map(str, count(data["seed"], k))] for k in data["looks"]]
    return header, rows
