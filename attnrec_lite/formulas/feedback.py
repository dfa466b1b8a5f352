"""How alike people become when one system serves them all.

Explained in the chapter "Online learning".
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import zeros_and_ones


def jaccard(first: Collection[int], second: Collection[int]) -> float:
    r"""What two people share of what they have: equation (14.16), $|A \cap B| / |A \cup B|$.

    Args:
        first: items of one, each counted once.
        second: items of the other.

    Returns:
        0 for nothing in common, 1 for the same; 0 if neither has anything.

    Raises:
        TypeError: if one of them is no collection.

    Layer: none; a count.
    Source: Jaccard (1901); for feedback loops Chaney et al. (RecSys 2018).

    >>> jaccard({1, 2}, {2, 3}), jaccard([], [])
    (0.3333333333333333, 0.0)
    """
    a, b = set(first), set(second)
    return len(a & b) / max(1, len(a | b))


def homogenisation(consumed: ArrayLike, pairs: NDArray[np.int64] | None = None) -> float:
    r"""How alike people's collections are: equation (14.17), the mean Jaccard index over pairs.

    Args:
        consumed: 1 where a user has an item, else 0, shape ``(users, items)``.
        pairs: which users to compare, numbers of rows, shape ``(m, 2)``; all pairs by default. With
            each user's nearest neighbour it is Chaney's measure.

    Returns:
        A number in [0, 1]; what it means shows beside that of the users' own choices.

    Raises:
        ValueError: if there are fewer than two users, something is not 0 or 1, or a pair is none.

    Layer: none; a mean.
    Source: Chaney, Stewart and Engelhardt (RecSys 2018).

    >>> round(homogenisation([[1, 1, 0], [0, 1, 1], [1, 1, 0]]), 3)
    0.556
    """
    c = zeros_and_ones("consumed", consumed, 2)
    if len(c) < 2:
        raise ValueError(f"consumed: expected two users or more; received {len(c)}")
    chosen = np.column_stack(np.triu_indices(len(c), 1)) if pairs is None else np.asarray(pairs)
    if chosen.ndim != 2 or chosen.shape[1] != 2 or chosen.dtype.kind not in "iu" or not len(chosen):
        raise ValueError(f"pairs: expected row numbers (m, 2); received shape {chosen.shape}")
    if chosen.min() < 0 or chosen.max() >= len(c):
        raise ValueError(f"pairs: expected rows in 0..{len(c) - 1}; received {chosen.max()}")
    size, both = c.sum(axis=1), (c @ c.T)[chosen[:, 0], chosen[:, 1]]
    either = size[chosen[:, 0]] + size[chosen[:, 1]] - both
    return float((both / np.maximum(either, 1)).mean())
