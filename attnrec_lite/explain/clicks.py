"""Attention on trial: a click model whose weights are shuffled, levelled, and set beside deletion.

Two questions, which are easily taken for one. Is the weight *faithful*: does the answer move with
it? And is it *right*: does it lie where the cause of the click was? Planted rows know the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats
from attnrec_lite.data.clicks import Planted
from attnrec_lite.formulas import auc, rank_agreement
from attnrec_lite.models.click import ClickModel


@dataclass(frozen=True)
class ClickTrial:
    """What came out, for one model on rows that it did not learn from.

    Attributes:
        auc: with the model's own weights.
        auc_shuffled: with the weights of each row dealt out anew to its items.
        auc_uniform: with the mean weight for every item.
        moved: mean change of the chance of a click by the shuffle.
        moved_all_match: the same, of rows of which every item belongs to the planted cause.
        moved_mixed: of the other rows.
        agreement: Spearman's, of weights and the change of the chance without each item; the mean
            over the rows that have an order.
        right: AUC of the weights as a guess at the planted cause, the mean over mixed rows.
        effect_right: the same of the changes without each item.
        mass: share of the absolute weights on the planted cause, the mean over mixed rows.
        mass_uniform: the same for even weights.
        rows: how many there are.
        mixed: how many of them are mixed.
    """

    auc: float
    auc_shuffled: float
    auc_uniform: float
    moved: float
    moved_all_match: float
    moved_mixed: float
    agreement: float
    right: float
    effect_right: float
    mass: float
    mass_uniform: float
    rows: int
    mixed: int


def click_trial(model: ClickModel, rows: Planted, seed: int = 0) -> ClickTrial:
    """Put the weights of a click model on trial.

    Args:
        model: one that weighs the history, such as ``DIN``.
        rows: with histories and what is ``relevant`` in them, ``make_planted``'s.
        seed: of the shuffle.

    Returns:
        The figures; NaN for a mean over no rows.

    Raises:
        ValueError: if ``relevant`` is not about the history, or the rows are not of this model.
    """
    real, truth = rows.history > 0, np.asarray(rows.relevant)
    if truth.shape != real.shape:
        raise ValueError(
            f"rows: expected relevant of shape {real.shape}, as history; received {truth.shape}"
        )
    weights, chance = np.asarray(model.weights(rows), np.float64), model.chances(rows)
    count = np.maximum(real.sum(axis=1, keepdims=True), 1)
    level = np.where(real, weights.sum(axis=1, keepdims=True) / count, 0.0)
    shuffled = model.chances(rows, dealt(weights, real, np.random.default_rng(seed)))
    moved = np.abs(shuffled - chance)
    effects = np.abs(chance[:, np.newaxis] - without_each(model, rows))
    mixed = (real & ~truth).any(axis=1) & truth.any(axis=1)
    size = np.abs(weights)
    return ClickTrial(
        auc(rows.label, chance),
        auc(rows.label, shuffled),
        auc(rows.label, model.chances(rows, level)),
        float(moved.mean()),
        _mean(moved[~mixed]),
        _mean(moved[mixed]),
        _mean([rank_agreement(size[i, real[i]], effects[i, real[i]]) for i in range(len(rows))]),
        _mean([auc(truth[i, real[i]], size[i, real[i]]) for i in np.flatnonzero(mixed)]),
        _mean([auc(truth[i, real[i]], effects[i, real[i]]) for i in np.flatnonzero(mixed)]),
        _mean((size * truth).sum(axis=1)[mixed] / np.maximum(size.sum(axis=1)[mixed], 1e-30)),
        _mean(((truth & real).sum(axis=1) / count[:, 0])[mixed]),
        len(rows),
        int(mixed.sum()),
    )


def dealt(weights: Floats, real: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Weights of each row in a random order over its real places, 0 at padding.

    >>> dealt(np.array([[0.0, 1.0, 2.0]]), np.array([[False, True, True]]),
    ...       np.random.default_rng(0)).sum()
    np.float64(3.0)
    """
    key = np.where(real, rng.random(weights.shape), -1.0)  # padding is on the left, and stays
    return np.asarray(np.take_along_axis(weights, np.argsort(key, axis=1), axis=1) * real)


def without_each(model: ClickModel, rows: Planted) -> Floats:
    """Chance of a click without each item of the history, ``(n, length)``; as it is at padding."""
    found = np.tile(model.chances(rows)[:, np.newaxis], (1, rows.history.shape[1]))
    for place in range(rows.history.shape[1]):
        some = np.flatnonzero(rows.history[:, place] > 0)
        if not len(some):
            continue
        fewer = rows.history[some].copy()
        fewer[:, 1 : place + 1] = fewer[:, :place]  # the others close up
        fewer[:, 0] = 0
        found[some, place] = model.chances(replace(rows.select(some), history=fewer))
    return found


def _mean(values: Floats | list[float]) -> float:
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
