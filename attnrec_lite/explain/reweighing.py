"""The same history, other weights: does the list notice?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, whole
from attnrec_lite.explain._reading import movable, places, scores_of
from attnrec_lite.explain.effects import Kept
from attnrec_lite.models.base import Recommender


@dataclass(frozen=True, eq=False)
class Reweighed:
    """What became of an answer when its weights were dealt out anew to the same items.

    Attributes:
        margin: with the model's own weights.
        margins: one for each random order of the weights, float64 ``(shuffles,)``.
        kept: share of the model's list that is still on the list, for each order.
        k: length of the list.
    """

    margin: float
    margins: Floats
    kept: Floats
    k: int


def reweighed(
    model: Recommender,
    history: ArrayLike,
    item: int | str,
    shuffles: int = 20,
    k: int = 10,
    seed: int = 0,
) -> Reweighed:
    """Deal out a model's attention weights anew to the items of a history, and score again.

    The weights of the newest query change their places, in every head, block, interest, and for
    every candidate alike; keys, values and everything else stay. Items never seen change no places
    with padding.

    Args:
        model: one whose weights can be exchanged: (7.1) and its kin, Transformers, target
            attention, interests by attention.
        history: ids, newest last, ``(length,)``, one item at least.
        item: whose margin, an id or a title.
        shuffles: random orders.
        k: length of the lists that are compared; what is in the history is left out.
        seed: of the orders.

    Returns:
        Margins and lists, with the model's own weights and with others.

    Raises:
        TypeError: if the model has no weights that can be exchanged.
        ValueError: if the history is empty, or something is unknown or out of range.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import QKVRecommender
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = QKVRecommender(log.items, width=4, window=3).fit(log, epochs=1)
    >>> reweighed(model, [2], item=3, k=1).kept.min()    # one item has all the weight there is
    np.float64(1.0)
    """
    answer, rng = Kept.of(model, history, item), np.random.default_rng(seed)
    if not movable(model):
        raise TypeError(
            f"model: expected one whose weights can be exchanged; received {model.name}"
        )
    if not len(answer.history):
        raise ValueError("history: expected one item at least; received none")
    ids = places(model, answer.history[np.newaxis])
    first = max(0, ids.shape[1] - model.window)  # type: ignore[attr-defined]
    order = np.tile(np.arange(ids.shape[1]), (whole("shuffles", shuffles) + 1, 1))
    order[1:, first:] = rng.permuted(order[1:, first:], axis=1)  # row 0 is the model itself
    rows = np.repeat(ids, len(order), axis=0)
    scores = np.asarray(
        scores_of(model, rows, move=lambda w: tf.gather(w, order, axis=2, batch_dims=1)), np.float64
    )[:, 1:]
    own = scores[:, answer.item - 1]
    above = (own[:, np.newaxis] - scores).sum(axis=1) / max(1, model.n_items - 1)
    scores[:, answer.history - 1] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, : whole("k", k)]
    best = np.where(np.isneginf(np.take_along_axis(scores, best, 1)), -1, best)
    own_list = best[0][best[0] >= 0]
    kept = [np.isin(own_list, other).mean() if len(own_list) else 1.0 for other in best[1:]]
    return Reweighed(float(above[0]), above[1:], np.array(kept), k)
