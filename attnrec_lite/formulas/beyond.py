"""What lists are like, whether or not they hit: how many items they reach, how known, how alike.

Explained in the chapter "Evaluation"; ``evaluation.beyond`` asks the same of a model's lists.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_floats, as_ids, whole


def coverage(lists: ArrayLike, n_items: int) -> float:
    r"""Share of the catalogue that is on somebody's list: first line of equation (8.12).

    Args:
        lists: item ids, one list per row, shape ``(people, k)``; 0 for an empty place.
        n_items: N, the size of the catalogue.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an id is outside 0..N.

    Layer: none; ``evaluation.beyond.coverage``.

    Source: S0-M2 and S0-O13, as what an "exposure rate" can mean.

    >>> coverage([[1, 2], [2, 1]], n_items=8)
    0.25
    """
    ids = as_ids("lists", lists, whole("n_items", n_items))
    return float(len(np.unique(ids[ids > 0])) / n_items)


def novelty(items: ArrayLike, shares: ArrayLike) -> float:
    r"""How little known a list is, in bits: second line of equation (8.12).

    Args:
        items: item ids of one list, 1..N, shape ``(k,)``.
        shares: of people who have each item, shape ``(N + 1,)``, column 0 for padding; above 0
            for every item of the list.

    Returns:
        Mean of $-\log_2$ of the shares: 0 for what everybody has, 1 for what half of them have.

    Raises:
        ValueError: if an id is unknown or a share on the list is not in (0, 1].

    Layer: none; ``evaluation.beyond.novelty``.

    Source: ours; the sources name no measure beyond accuracy.

    >>> novelty([1, 2], shares=[0, 0.5, 0.125])
    2.0
    """
    p = as_floats("shares", shares, 1)
    shown = p[as_ids("items", np.asarray(items)[None], len(p) - 1, least=1)[0]]
    if not ((shown > 0) & (shown <= 1)).all():
        raise ValueError("shares: expected numbers above 0 and up to 1; received others")
    return float(-np.log2(shown).mean())


def diversity(vectors: ArrayLike) -> float:
    r"""Mean distance of two goods of one list: third line of equation (8.12).

    Args:
        vectors: one per good of the list, shape ``(k, d)``, at least two.

    Returns:
        Mean of 1 minus the cosine over all pairs, in [0, 2]; a zero vector has cosine 0 with all.

    Raises:
        ValueError: if there are fewer than two.

    Layer: none; ``evaluation.beyond.intra_list_diversity``.

    Source: ours; the sources name no measure beyond accuracy.

    >>> diversity([[1, 0], [1, 0], [0, 1]]).__round__(4)
    0.6667
    """
    v = as_floats("vectors", vectors, 2)
    if len(v) < 2:
        raise ValueError(f"vectors: expected at least two; received {len(v)}")
    length = np.linalg.norm(v, axis=1, keepdims=True)
    unit = np.divide(v, length, out=np.zeros_like(v), where=length > 0)
    first, second = np.triu_indices(len(v), k=1)
    return float((1 - (unit[first] * unit[second]).sum(axis=1)).mean())
