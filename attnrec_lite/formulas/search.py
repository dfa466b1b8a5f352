"""Finding the best of many vectors without looking at all of them, and what that risks.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, same_width, whole


def rounded_score_bound(query: ArrayLike, scale: ArrayLike) -> Floats:
    r"""How far a rounded score can be wrong at most: equation (16.13).

    $|q^\top x_i - q^\top \hat x_i| \le \tfrac{1}{2} s_i \lVert q \rVert_1$. So two stages can be
    exact: with the k-th best *lower* end of the intervals as a bar, only items whose *upper* end
    reaches it can be among the best k. They are scored again, with the vectors as they were.

    Args:
        query: shape ``(d,)``.
        scale: $s_i$ of each item, shape ``(n, 1)`` or ``(n,)``.

    Returns:
        Shape ``(n,)``.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; ``efficiency.exact_in_two_stages`` searches with it.
    Source: ours, Hölder's inequality.

    >>> rounded_score_bound([1.0, -3.0], [0.01])
    array([0.02])
    """
    length = np.abs(finite("query", query, 1)).sum()
    return np.asarray(0.5 * length * finite("scale", scale).ravel())


def probing_cost(items: int, lists: int, probes: int) -> float:
    r"""Vectors that an inverted file compares with: equation (16.14).

    $L + n p / L$: all $L$ centres, then the $p$ nearest lists of $n / L$ vectors, if lists are of
    one size. Least at $L = \sqrt{n p}$, where it is $2 \sqrt{n p}$.

    Args:
        items: $n$.
        lists: $L$.
        probes: $p$, at most $L$.

    Returns:
        Comparisons per query.

    Raises:
        ValueError: if a number is not whole from 1, or there are more probes than lists.

    Layer: none; it counts comparisons.
    Source: Jégou et al. (2011), the inverted file.

    >>> probing_cost(1_000_000, 1000, 1), probing_cost(1_000_000, 3000, 10)
    (2000.0, 6333.333333333334)
    """
    n, lists = whole("items", items), whole("lists", lists)
    if whole("probes", probes) > lists:
        raise ValueError(f"probes: expected at most lists={lists}; received {probes}")
    return lists + n * probes / lists


def hash_recall(cosine: ArrayLike, bits: int, tables: int) -> Floats:
    r"""Chance that random hyperplanes find a neighbour: equation (16.15).

    A random hyperplane keeps two vectors of angle $\theta$ on one side with chance
    $1 - \theta / \pi$. With $b$ of them per table and $L$ tables,
    $1 - (1 - (1 - \theta / \pi)^b)^L$.

    Args:
        cosine: of the angle, in [-1, 1], any shape.
        bits: $b$.
        tables: $L$.

    Returns:
        Chances in the shape of ``cosine``.

    Raises:
        ValueError: if a cosine is outside [-1, 1] or a number not whole from 1.

    Layer: none; it is a chance, nothing to train.
    Source: Charikar (2002).

    >>> hash_recall([1.0, 0.5, 0.0], bits=8, tables=4).round(3)
    array([1.   , 0.147, 0.016])
    """
    c = finite("cosine", cosine, least=0)
    if (np.abs(c) > 1).any():
        raise ValueError(f"cosine: expected numbers in [-1, 1]; received {c[np.abs(c) > 1][0]:g}")
    same_side = 1 - np.arccos(c) / np.pi
    return np.asarray(1 - (1 - same_side ** whole("bits", bits)) ** whole("tables", tables))


def as_distance(vectors: ArrayLike, queries: ArrayLike) -> tuple[Floats, Floats]:
    r"""Make the largest product the nearest point: equation (16.16).

    One more column, $\tilde x_i = (x_i, \sqrt{R^2 - \lVert x_i \rVert^2})$ with
    $R = \max_i \lVert x_i \rVert$, and $\tilde q = (q, 0)$: then $\lVert \tilde q - \tilde x_i
    \rVert^2 = \lVert q \rVert^2 + R^2 - 2 q^\top x_i$. An index that knows only distances finds
    products, too; without the column it would prefer short vectors that point the wrong way.

    Args:
        vectors: shape ``(n, d)``.
        queries: shape ``(m, d)``.

    Returns:
        Both with one more column.

    Raises:
        ValueError: if the widths differ or a number is not finite.

    Layer: none; it changes coordinates, nothing to train.
    Source: Bachrach et al. (2014).

    >>> as_distance([[3.0, 4.0], [0.0, 3.0]], [[1.0, 0.0]])[0]
    array([[3., 4., 0.],
           [0., 3., 4.]])
    """
    x, q = finite("vectors", vectors, 2), finite("queries", queries, 2)
    same_width("vectors", x, "queries", q)
    square = (x**2).sum(axis=1)
    last = np.sqrt(np.maximum(0.0, square.max() - square))
    return np.column_stack([x, last]), np.column_stack([q, np.zeros(len(q))])
