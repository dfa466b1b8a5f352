"""What a ranked list earns: found or not, and how high.

A list is read from its first place down: ``wanted`` has a 1 at every place whose item the person
took, and 0 elsewhere, over the whole ranking, so that its sum is all there was to find. Explained
in the chapter "Evaluation".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, whole, zeros_and_ones


def hit_rate(wanted: ArrayLike, k: int) -> float:
    r"""Whether the first k places hold anything wanted: equation (8.8), HR@k.

    Args:
        wanted: 0 and 1, one per place of the ranking, first place first, shape ``(n,)``.
        k: how many places are shown.

    Returns:
        1.0 or 0.0; the mean over people is the hit rate.

    Raises:
        ValueError: if ``wanted`` holds something else, or nothing was wanted.

    Layer: none; ``evaluation.evaluate`` counts it for a model, ``"hr@10"``.

    Source: no source article ranks; S2-Q2 stops at accuracy.

    >>> hit_rate([0, 0, 1, 0, 1], k=2), hit_rate([0, 0, 1, 0, 1], k=3)
    (0.0, 1.0)
    """
    return float(_wanted(wanted)[: whole("k", k)].any())


def precision_at(wanted: ArrayLike, k: int) -> float:
    r"""Share of the k places that hold something wanted: equation (8.8), P@k.

    Args:
        wanted: as for ``hit_rate``.
        k: how many places are shown; a shorter ranking leaves the rest of them empty.

    Returns:
        A number in [0, 1]; with one wanted item never above ``1 / k``.

    Raises:
        ValueError: as ``hit_rate``.

    Layer: none; ``evaluation.evaluate``, ``"precision@10"``.

    Source: S2-M3, for a list.

    >>> precision_at([1, 0, 0, 1], k=3).__round__(4)
    0.3333
    """
    return float(_wanted(wanted)[: whole("k", k)].sum() / k)


def recall_at(wanted: ArrayLike, k: int) -> float:
    r"""Share of what was wanted that the k places hold: equation (8.8), R@k.

    Args:
        wanted: as for ``hit_rate``.
        k: how many places are shown.

    Returns:
        A number in [0, 1]; the hit rate itself where one item was wanted.

    Raises:
        ValueError: as ``hit_rate``.

    Layer: none; ``evaluation.evaluate``, ``"recall@10"``.

    Source: S2-M2, for a list.

    >>> recall_at([1, 0, 0, 1], k=3)
    0.5
    """
    w = _wanted(wanted)
    return float(w[: whole("k", k)].sum() / w.sum())


def dcg(gains: ArrayLike, k: int) -> float:
    r"""Gains, each discounted by its place: equation (8.9), $\sum_{p\le k} g_p / \log_2(p + 1)$.

    Args:
        gains: one per place, first place first, shape ``(n,)``, not negative; 0 and 1, or grades.
        k: how many places count.

    Returns:
        The sum; place 1 counts in full, place 3 half.

    Raises:
        ValueError: if a gain is negative or not finite.

    Layer: none; see ``ndcg``.

    Source: Järvelin and Kekäläinen 2002, with the discount in common use today.

    >>> dcg([0, 0, 1], k=3)
    0.5
    """
    g = as_floats("gains", gains, 1)
    if not (np.isfinite(g).all() and (g >= 0).all()):
        raise ValueError("gains: expected finite numbers from 0; received others")
    g = g[: whole("k", k)]
    return float((g / np.log2(np.arange(2, len(g) + 2))).sum())


def ndcg(gains: ArrayLike, k: int) -> float:
    r"""DCG of a list over that of the best order: equation (8.9).

    Args:
        gains: as for ``dcg``, over the whole ranking: the best order may use all of them.
        k: how many places count.

    Returns:
        A number in [0, 1]; 1 if no order of the same goods does better.

    Raises:
        ValueError: as ``dcg``, and if there is nothing to gain.

    Layer: none; ``evaluation.evaluate``, ``"ndcg@10"``.

    Source: Järvelin and Kekäläinen 2002.

    >>> round(ndcg([0, 1, 1, 0], k=3), 4)
    0.6934
    """
    best = dcg(np.sort(as_floats("gains", gains, 1))[::-1], k)
    if best == 0:
        raise ValueError("gains: expected at least one above 0; received none")
    return dcg(gains, k) / best


def reciprocal_rank(wanted: ArrayLike, k: int | None = None) -> float:
    r"""One over the place of the first wanted item: equation (8.10).

    Args:
        wanted: as for ``hit_rate``.
        k: how many places count; None for all.

    Returns:
        1, 1/2, 1/3 ..., or 0 where none of the places holds one; its mean is the MRR.

    Raises:
        ValueError: as ``hit_rate``.

    Layer: none; ``evaluation.evaluate``, ``"mrr@10"``.

    Source: ours; the sources have none.

    >>> reciprocal_rank([0, 1, 1]), reciprocal_rank([0, 1, 1], k=1)
    (0.5, 0.0)
    """
    w = _wanted(wanted)[: None if k is None else whole("k", k)]
    return float(1 / (w.argmax() + 1)) if w.any() else 0.0


def average_precision(wanted: ArrayLike, k: int | None = None) -> float:
    r"""Mean of the precision at each place where something wanted stands: equation (8.11).

    Args:
        wanted: as for ``hit_rate``.
        k: how many places count; None for all.

    Returns:
        A number in [0, 1]. The sum is divided by the hits that were possible, the smaller of k
        and what was wanted, so that a perfect list earns 1; its mean over people is the MAP.

    Raises:
        ValueError: as ``hit_rate``.

    Layer: none; ``evaluation.evaluate``, ``"map@10"``.

    Source: ours; the sources have none.

    >>> round(average_precision([1, 0, 1, 0], k=3), 4)
    0.8333
    """
    w = _wanted(wanted)
    places = len(w) if k is None else whole("k", k)
    shown = w[:places]
    precision = np.cumsum(shown) / np.arange(1, len(shown) + 1)
    return float((precision * shown).sum() / min(places, w.sum()))


def _wanted(wanted: ArrayLike) -> Floats:
    """Return 0 and 1 with at least one 1: a mean over nothing wanted is no number."""
    w = zeros_and_ones("wanted", wanted, 1)
    if not w.any():
        raise ValueError("wanted: expected at least one 1; this person has nothing to be found")
    return w
