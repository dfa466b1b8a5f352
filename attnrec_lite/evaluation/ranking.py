"""Where targets stand among all items, and what the first k places earn.

**Ties.** A target that shares its score with e other items stands at each of the e + 1 places
equally often, and gets the mean over these places. A model that scores everything alike therefore
earns what chance earns, k / N for the hit rate, and not everything or nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, whole

SORT_FROM = 16  # so many targets in a row make sorting it cheaper than counting for each
Counts = NDArray[np.int64]


def places(
    scores: ArrayLike, targets: ArrayLike, seen: ArrayLike | None = None
) -> tuple[Counts, Counts]:
    """Where each target stands: how many items beat it, and how many tie with it.

    Args:
        scores: ``(batch, N + 1)``; column 0 is padding and takes no part.
        targets: item ids 1..N, shape ``(batch,)``.
        seen: item ids ``(batch, any)`` that take no part in the ranking, 0 for none. A target
            that is also seen stays in: it is what the user did.

    Returns:
        Two counts of shape ``(batch,)``: items with a higher score, and other items with the same.

    Raises:
        ValueError: if shapes do not fit, an id is unknown, or a score of an item is not finite (a
            model that has diverged must not rank first because ``NaN > x`` is false).

    >>> places([[0, 0.9, 0.5, 0.5]], [2])
    (array([1]), array([1]))
    """
    s = np.array(scores, np.float32)
    if s.ndim != 2 or len(s) != len(np.asarray(targets)):
        raise ValueError(f"scores: expected one row per target; received shape {s.shape}")
    if not np.isfinite(s[:, 1:]).all():
        raise ValueError("scores: expected finite numbers; received NaN or inf")
    target = as_ids("targets", np.asarray(targets)[:, None], s.shape[1] - 1, least=1)[:, 0]
    met = None if seen is None else as_ids("seen", seen, s.shape[1] - 1)
    if met is not None and len(met) != len(s):
        raise ValueError(f"seen: expected {len(s)} rows, one per target; received {len(met)}")
    return count_places(s, np.arange(len(s)), target, met)[:2]


def count_places(
    scores: NDArray[np.float32],
    row: Counts,
    target: NDArray[np.int32],
    seen: NDArray[np.int32] | None = None,
) -> tuple[Counts, Counts, Counts]:
    """Count what beats each target and what ties with it, for any number of targets in a row.

    Row by row, because a row of scores stays in the processor's cache and a batch doesn't.

    Args:
        scores: checked, float32 ``(batch, N + 1)``; overwritten with ``-inf`` at padding and seen.
        row: the row of each target, rising, shape ``(m,)``.
        target: item ids, shape ``(m,)``.
        seen: as for ``places``.

    Returns:
        Higher scores and other equal scores for each target, ``(m,)``, other targets included; and
        how many items take part in each row, ``(batch,)``.
    """
    own = scores[row, target]
    if seen is not None:
        np.put_along_axis(scores, seen, -np.inf, axis=1)
    scores[:, 0] = -np.inf
    scores[row, target] = own
    higher, equal = np.empty(len(row), np.int64), np.empty(len(row), np.int64)
    ranked = np.empty(len(scores), np.int64)
    flag, count = np.empty(scores.shape[1], bool), np.count_nonzero
    bounds = np.searchsorted(row, np.arange(len(scores) + 1))
    for r, line in enumerate(scores):
        ranked[r] = count(np.greater(line, -np.inf, out=flag))
        first, last = bounds[r], bounds[r + 1]
        if last - first > SORT_FROM:
            rising, wanted = np.sort(line), own[first:last]
            below, up_to = (np.searchsorted(rising, wanted, side) for side in ("left", "right"))
            higher[first:last], equal[first:last] = len(line) - up_to, up_to - below
            continue
        for i in range(first, last):
            higher[i] = count(np.greater(line, own[i], out=flag))
            equal[i] = count(np.equal(line, own[i], out=flag))
    return higher, equal - 1, ranked


def ranking_metrics(beaten_by: ArrayLike, tied_with: ArrayLike, k: int) -> dict[str, Floats]:
    """Hit rate, NDCG and MRR at k, each the mean over the places that a tie leaves open.

    Args:
        beaten_by: items with a higher score than the target, shape ``(m,)``.
        tied_with: other items with the same score, shape ``(m,)``.
        k: length of the list.

    Returns:
        ``hr``, ``ndcg`` and ``mrr``, each ``(m,)``: 1, 1 / log2(place + 1) and 1 / place for a
        target within the first k places, else 0.

    Raises:
        ValueError: if ``k`` is not a whole number from 1.

    >>> {name: float(v[0]) for name, v in ranking_metrics([2], [0], k=10).items()}
    {'hr': 1.0, 'ndcg': 0.5, 'mrr': 0.3333333333333333}
    """
    place = np.arange(1, whole("k", k) + 1)
    first, tied = np.asarray(beaten_by), np.asarray(tied_with) + 1
    gains = {"hr": np.ones(k), "ndcg": 1 / np.log2(place + 1), "mrr": 1 / place}
    low, high = np.minimum(first, k), np.minimum(first + tied, k)
    metrics = {}
    for name, gain in gains.items():
        total = np.concatenate([[0.0], np.cumsum(gain)])
        metrics[name] = np.where(
            tied == 1, np.append(gain, 0.0)[low], (total[high] - total[low]) / tied
        )
    return metrics
