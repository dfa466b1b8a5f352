"""Clicks that nobody meant: replaced, inserted or lost, in a log or in one history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import as_history, one_of, share_of_one, whole
from attnrec_lite.data.interactions import Interactions

KINDS = ("replace", "insert", "drop")


def noisy_log(log: Interactions, kind: str, rate: float, seed: int = 0) -> Interactions:
    """A log in which some rows are wrong, each on its own.

    Args:
        log: the rows as they should be.
        kind: ``"replace"``, a row names another item, all others alike; ``"insert"``, a row of the
            same user and time, with any item, follows it; ``"drop"``, the row is lost.
        rate: chance that this happens to a row, in [0, 1].
        seed: of the draws.

    Returns:
        A log with the same users and items; ratings are those of the row that was there.

    Raises:
        ValueError: if the kind is another word, the rate out of range, or there is one item only
            and a row shall name another.

    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 1], [1, 2, 1])
    >>> noisy_log(log, "replace", 1.0).item.tolist(), len(noisy_log(log, "insert", 1.0))
    ([2, 1, 2], 6)
    """
    rng = np.random.default_rng(seed)
    hit = rng.random(len(log)) < share_of_one("rate", rate)
    if one_of("kind", kind, KINDS) == "drop":
        return log.select(~hit)
    drawn = _others(log.item, log.n_items, rng) if kind == "replace" else None
    if drawn is not None:
        return replace(log, item=np.where(hit, drawn, log.item).astype(np.int32))
    rows = np.sort(np.concatenate([np.arange(len(log)), np.flatnonzero(hit)]))
    new = np.concatenate([[False], rows[1:] == rows[:-1]]) if len(rows) else np.zeros(0, bool)
    item = np.where(new, rng.integers(1, log.n_items + 1, len(rows)), log.item[rows])
    return replace(
        log,
        user=log.user[rows],
        item=item.astype(np.int32),
        time=log.time[rows],
        value=None if log.value is None else log.value[rows],
    )


def noisy_history(
    history: ArrayLike, kind: str, rate: float, n_items: int, seed: int = 0
) -> NDArray[np.int32]:
    """Histories in which some items are wrong, each on its own.

    Args:
        history: item ids ``(batch, length)``, left-padded.
        kind: as for ``noisy_log``.
        rate: chance that this happens to an item, in [0, 1].
        n_items: N.
        seed: of the draws.

    Returns:
        Histories, left-padded again: as wide as they were, twice as wide after an insertion.

    Raises:
        ValueError: as for ``noisy_log``, and for a history that is none.

    >>> noisy_history([[0, 1, 2]], "drop", 1.0, n_items=3)
    array([[0, 0, 0]], dtype=int32)
    """
    ids = as_history(history, whole("n_items", n_items))
    rng = np.random.default_rng(seed)
    hit = (rng.random(ids.shape) < share_of_one("rate", rate)) & (ids > 0)
    if one_of("kind", kind, KINDS) == "replace":
        return np.where(hit, _others(ids, n_items, rng), ids).astype(np.int32)
    if kind == "drop":
        return packed(np.where(hit, 0, ids))
    drawn = np.where(hit, rng.integers(1, n_items + 1, ids.shape), 0)
    return packed(np.stack([ids, drawn], axis=2).reshape(len(ids), -1))


def packed(ids: NDArray[np.integer]) -> NDArray[np.int32]:
    """Move what is no padding to the right, in its order.

    >>> packed(np.array([[3, 0, 5]]))
    array([[0, 3, 5]], dtype=int32)
    """
    order = np.argsort(ids > 0, axis=1, kind="stable")
    return np.take_along_axis(ids, order, axis=1).astype(np.int32)


def _others(
    item: NDArray[np.integer], n_items: int, rng: np.random.Generator
) -> NDArray[np.integer]:
    """For each item another one, all alike; padding gives some item that nobody looks at."""
    if n_items < 2:
        raise ValueError("log: expected at least 2 items, so that a row can name another")
    drawn = rng.integers(1, n_items, item.shape)
    return np.asarray(drawn + (drawn >= item))
