"""Integrated gradients of a recommender: what each item's vector adds to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, one_of
from attnrec_lite.explain._reading import places, readable, scores_of, table_of
from attnrec_lite.explain.effects import Kept
from attnrec_lite.formulas import completeness_error, integrated_gradients
from attnrec_lite.models.base import Recommender

STARTS = ("mean", "zero")
COMPLETE = 0.01  # the error up to which parts are said to add up


@dataclass(frozen=True, eq=False)
class Integrated:
    """What each item of a history adds on the way from nobody in particular to this history.

    Attributes:
        kinds: the distinct items, newest first, int32 ``(n,)``.
        parts: what each adds to the margin, float64 ``(n,)``.
        value: the margin with the history as it is.
        start_value: the margin with every item's vector at the start.
        error: of completeness, (17.9); it is of all parts, those of items not in ``kinds``, too.
        gap: the same, not divided: by how much the parts miss the difference, in units of margin.
        steps: that were taken.
    """

    kinds: NDArray[np.int32]
    parts: Floats
    value: float
    start_value: float
    error: float
    gap: float
    steps: int


def integrated(
    model: Recommender,
    history: ArrayLike,
    item: int | str,
    steps: int = 50,
    rule: str = "gauss",
    start: str = "mean",
    last: int = 20,
    most: int | None = None,
) -> Integrated:
    """Integrated gradients of an item's margin by the vectors of the history: equation (17.7).

    ``steps=1, rule="right"`` is gradient times input.

    Args:
        model: a network whose reading of vectors is known: means, (7.1) and its kin, Transformers,
            target attention, interests by attention.
        history: ids, newest last, ``(length,)``, one item at least.
        item: whose margin, an id or a title.
        steps: slopes along the path.
        rule: how they are summed; see ``formulas.path_points``.
        start: where the path begins: ``mean``, every place holds the mean vector of the catalogue,
            anybody's item; or ``zero``. A layer norm divides by the length of what it gets: from
            zero it jumps at the first step, and no number of steps is enough.
        last: how many distinct items are reported, the newest ones.
        most: the steps are doubled until the parts add up to 1 %, up to about this many. A path
            through ReLU units has kinks, for which 50 steps may be too few. None: never.

    Returns:
        Parts, and how well they add up.

    Raises:
        TypeError: if the model has no vectors that can be followed.
        ValueError: if the history is empty, or something is unknown or out of range.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import MeanPooling
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> found = integrated(MeanPooling(log.items, width=4).fit(log, epochs=1), [1, 2], item=3)
    >>> found.kinds.tolist(), found.error < 0.01
    ([2, 1], True)
    """
    answer = Kept.of(model, history, item, last)
    if not readable(model):
        raise TypeError(f"model: expected one whose vectors can be followed; received {model.name}")
    if not len(answer.history):
        raise ValueError("history: expected one item at least; received none")
    ids = places(model, answer.history[np.newaxis])
    x = np.asarray(tf.gather(table_of(model), ids[0]), np.float64)
    mean = np.asarray(table_of(model), np.float64)[1:].mean(axis=0)
    begin = np.broadcast_to(mean, x.shape) if one_of("start", start, STARTS) == "mean" else 0 * x

    def value(points: Floats) -> float:
        return float(_margin(model, ids, tf.constant(points[np.newaxis], tf.float32), answer.item))

    def slopes(points: Floats) -> NDArray[Any]:
        vectors = tf.constant(points, tf.float32)
        rows = np.repeat(ids, len(points), axis=0)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            total = _margin(model, rows, vectors, answer.item)
        return np.asarray(tape.gradient(total, vectors), np.float64)

    values = value(x), value(np.asarray(begin))
    parts = integrated_gradients(slopes, x, begin, steps, rule)
    while completeness_error(parts, *values) > COMPLETE and 2 * steps <= (most or 0):
        steps *= 2
        parts = integrated_gradients(slopes, x, begin, steps, rule)
    return Integrated(
        answer.kinds,
        answer.sums(ids[0], parts.sum(axis=1)),
        *values,
        completeness_error(parts, *values),
        abs(float(parts.sum()) - (values[0] - values[1])),
        steps,
    )


def _margin(model: Any, ids: NDArray[np.int32], vectors: tf.Tensor, item: int) -> tf.Tensor:
    """Sum over the rows of the item's margin."""
    scores = scores_of(model, ids, vectors)[:, 1:]
    own = scores[:, item - 1 : item]
    return tf.reduce_sum(own - scores) / max(1, model.n_items - 1)
