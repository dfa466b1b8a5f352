"""One click slipped into a history: how much attention it takes, and what it does to the list."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, as_ids, one_of, whole
from attnrec_lite.models.base import Recommender

PLACES = ("newest", "before", "oldest")


def with_click(history: ArrayLike, item: int, place: str, n_items: int) -> NDArray[np.int32]:
    """Histories with one more click.

    Args:
        history: item ids ``(batch, length)``, left-padded.
        item: id of the click, 1..N.
        place: ``"newest"``, after all; ``"before"``, before the newest; ``"oldest"``, before all.
        n_items: N.

    Returns:
        Histories, one column wider.

    Raises:
        ValueError: if the item or the place is unknown.

    >>> with_click([[0, 1, 2], [0, 0, 3]], 9, "oldest", n_items=9)
    array([[0, 9, 1, 2],
           [0, 0, 9, 3]], dtype=int32)
    """
    ids = as_history(history, whole("n_items", n_items))
    new = as_ids("item", [[item]], n_items, least=1)[0, 0]
    one_of("place", place, PLACES)
    count = (ids > 0).sum(axis=1)
    behind = {"newest": 0, "before": 1, "oldest": ids.shape[1]}[place]
    column = ids.shape[1] - np.minimum(behind, count)  # of the click, in the wider array
    old = np.arange(ids.shape[1]) + (np.arange(ids.shape[1]) >= column[:, None])
    wider = np.zeros((len(ids), ids.shape[1] + 1), np.int32)
    # What stands before the click moves one column to the left, so that padding stays in front.
    np.put_along_axis(wider, old, ids, axis=1)
    wider[np.arange(len(ids)), column] = new
    return wider


def click_takes(
    model: Recommender, history: ArrayLike, items: ArrayLike, place: str = "before"
) -> Floats:
    """Share of the attention that each of some items takes when it is slipped in.

    Args:
        model: any recommender whose ``attention`` has an axis of keys.
        history: item ids ``(batch, length)``, left-padded.
        items: the clicks to try, one at a time, ids 1..N, shape ``(m,)``.
        place: as for ``with_click``. Where the newest item asks, a click after all others changes
            the question, too.

    Returns:
        Shares, ``(batch, m)``, mean over heads and other axes; 0 for a model that looks at nobody's
        history. The candidate, where it matters, is the model's own best item.

    Raises:
        ValueError: if an id or the place is unknown.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import Successors
    >>> log = Interactions.from_columns([0, 0], [1, 2], [1, 2])
    >>> click_takes(Successors(log.items).fit(log), [[1]], [2], place="newest")
    array([[1.]])
    """
    ids = as_history(history, model.n_items)
    tried = as_ids("items", np.atleast_2d(items), model.n_items, least=1)[0]
    found = np.zeros((len(ids), len(tried)))
    for number, item in enumerate(tried):
        longer = with_click(ids, int(item), place, model.n_items)
        record = model.attention(longer, model.recommend(longer, 1, exclude_seen=False)[0])
        order = [record.axes.index("user"), record.axes.index("key")]
        weights = np.moveaxis(np.asarray(record.weights, np.float64), order, [0, 1])
        weights = weights.reshape(*weights.shape[:2], -1).mean(axis=2)
        total = np.maximum(weights.sum(axis=1), 1e-300)
        slot = _slot(longer, ids, place) - (longer.shape[1] - weights.shape[1])
        taken = weights[np.arange(len(ids)), np.maximum(slot, 0)]
        found[:, number] = np.where(slot >= 0, taken / total, 0.0)  # out of the window: no share
    return found


def list_overlap(first: ArrayLike, second: ArrayLike) -> Floats:
    """Share of the first list that is on the second, too, whatever the order.

    Args:
        first: item ids ``(batch, k)``, 0 for an empty place.
        second: those after something happened, with as many rows.

    Returns:
        Shape ``(batch,)``; 1 for an empty first list, from which nothing can be lost.

    Raises:
        ValueError: if the numbers of rows differ.

    >>> list_overlap([[1, 2]], [[2, 3]])
    array([0.5])
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        raise ValueError(f"second: expected {len(a)} lists, as first has; received {b.shape}")
    kept = ((a[:, :, None] == b[:, None, :]) & (a > 0)[:, :, None]).any(axis=2).sum(axis=1)
    size = (a > 0).sum(axis=1)
    return np.asarray(np.where(size > 0, kept / np.maximum(size, 1), 1.0))


def _slot(longer: NDArray[np.int32], history: NDArray[np.int32], place: str) -> NDArray[np.integer]:
    """Column of the click that was slipped in."""
    count = (history > 0).sum(axis=1)
    behind = {"newest": 0, "before": 1, "oldest": history.shape[1]}[place]
    return np.asarray(longer.shape[1] - 1 - np.minimum(behind, count))
