"""Do interests mean tastes? Explained in the chapter "Multi-interest"."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment


def matched_share(interests: ArrayLike, tastes: ArrayLike) -> float:
    r"""Share of items whose interest is matched with their taste: equation (12.11).

    $M = \frac1n \max_m \sum_j [m(k_j) = t_j]$ over all $m$ that give each interest a taste of its
    own; the second line of the equation subtracts what a random deal of the same numbers reaches.

    Args:
        interests: $k$, the interest that speaks for each item of one user, whole numbers ``(n,)``.
        tastes: $t$, the true taste of each item, whole numbers ``(n,)``.

    Returns:
        A share in (0, 1]; 1 if the interests are the tastes under other names.

    Raises:
        ValueError: if there is no item, lengths differ, or something is not a whole number.

    Layer: none; it judges a model, nothing to train.

    Source: ours; the matching is the assignment problem, as SciPy solves it.

    >>> matched_share([2, 2, 0, 0], [7, 7, 4, 4]), matched_share([1, 1, 1, 1], [7, 7, 4, 4])
    (1.0, 0.5)
    """
    ours, truth = np.asarray(interests), np.asarray(tastes)
    for name, codes in (("interests", ours), ("tastes", truth)):
        if codes.ndim != 1 or codes.dtype.kind not in "iu" or len(codes) == 0:
            raise ValueError(
                f"{name}: expected whole numbers, shape (n,), at least one; "
                f"received {codes.dtype} of shape {codes.shape}"
            )
    if len(ours) != len(truth):
        raise ValueError(f"tastes: expected {len(ours)}, as interests; received {len(truth)}")
    k, t = (np.unique(codes, return_inverse=True)[1] for codes in (ours, truth))
    together = np.zeros((k.max() + 1, t.max() + 1))
    np.add.at(together, (k, t), 1)
    best = linear_sum_assignment(together, maximize=True)
    return float(together[best].sum() / len(ours))
