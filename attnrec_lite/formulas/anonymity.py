"""Who is hidden among whom, and how few clues it takes to tell.

Taking the names out of a log leaves the rows, and the rows of a person are as good as a name.
Explained in the chapter "Privacy".
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, finite, positive


def anonymity(records: Sequence[Hashable]) -> int:
    r"""How many records share the rarest value: the k of k-anonymity, equation (18.1).

    $k = \min_v |\{j : r_j = v\}|$.

    Args:
        records: what somebody may know of each person, such as a tuple of postcode and year, or
            a ``frozenset`` of film ids; equal records can't be told apart.

    Returns:
        k from 1; 1 says that somebody is alone with their record.

    Raises:
        ValueError: if there is no record, or one cannot be compared (a list, say).

    Layer: none; it counts.
    Source: Sweeney, "k-Anonymity: A Model for Protecting Privacy" (2002).

    >>> anonymity([("tea", 1990), ("tea", 1990), ("garden", 1985), ("garden", 1985)])
    2
    """
    counts: dict[Hashable, int] = {}
    for record in records:
        try:
            counts[record] = counts.get(record, 0) + 1
        except TypeError:
            raise ValueError(
                f"records: expected values such as tuples; received {record!r:.60}"
            ) from None
    if not counts:
        raise ValueError("records: expected at least one; received none")
    return min(counts.values())


def clue_scores(similarity: ArrayLike, support: ArrayLike) -> Floats:
    r"""How well each record fits some clues: equation (18.2).

    $S(a, r_j) = \sum_{i \in a} w_i\, \mathrm{sim}_{ij}$ with
    $w_i = 1 / \ln(1 + |\mathrm{supp}(i)|)$: an item that few people have says more.

    Args:
        similarity: how near record j is to clue i, 0 where the record lacks the item; shape
            ``(clues, records)``. The source adds $e^{-|\Delta\text{stars}| / \rho_0}$ and
            $e^{-|\Delta\text{days}| / d_0}$.
        support: how many records have each clue's item, from 1, shape ``(clues,)``.

    Returns:
        Scores, shape ``(records,)``.

    Raises:
        ValueError: if the shapes do not fit, a number is not finite or a support is below 1.

    Layer: none; a weighted sum.
    Source: Narayanan and Shmatikov, "Robust De-anonymization of Large Sparse Datasets" (2008),
        with $1 / \ln |\mathrm{supp}(i)|$, which is infinite for an item that one person has.

    >>> clue_scores([[1, 1], [1, 0]], [340, 2]).round(2)
    array([1.08, 0.17])
    """
    near = finite("similarity", similarity, 2)
    count = finite("support", support, 1)
    if len(count) != len(near):
        raise ValueError(f"support: expected {len(near)} numbers; received {len(count)}")
    if count.min() < 1:
        raise ValueError(f"support: expected numbers from 1; received {count.min():g}")
    return np.asarray((1 / np.log1p(count)) @ near)


def eccentricity(scores: ArrayLike) -> float:
    r"""How far the best score stands above the second: equation (18.3), $(S_1 - S_2) / \sigma(S)$.

    Args:
        scores: one per record, shape ``(records,)``, two or more.

    Returns:
        Standard deviations, 0 for a tie; where it is small, nobody should be named. The source
        asks for 1.5.

    Raises:
        ValueError: if there are fewer than two records (alone, everybody fits best) or a score is
            not finite.

    Layer: none; a test for outliers.
    Source: Narayanan and Shmatikov (2008).

    >>> round(eccentricity([4.0, 1.0, 0.0, 1.0]), 2), eccentricity([2.0, 2.0, 1.0])
    (2.0, 0.0)
    """
    s = finite("scores", scores, 1, least=2)
    second, first = np.partition(s, -2)[-2:]
    spread = float(s.std())
    return float((first - second) / spread) if spread > 0 else 0.0


def nearness(difference: ArrayLike, scale: float) -> Floats:
    r"""How near two numbers are: $e^{-|\Delta| / s}$, in the clue score of equation (18.2).

    Args:
        difference: in any unit, any shape; infinity, for nothing to compare with, gives 0.
        scale: $s$, in the same unit: 1.5 stars and 30 days in the source.

    Returns:
        Numbers in [0, 1], 1 for equal ones.

    Raises:
        ValueError: if a difference is NaN or the scale is not above 0.

    Layer: none; one exponential.
    Source: Narayanan and Shmatikov (2008).

    >>> nearness([0, 30, np.inf], 30).round(3)
    array([1.   , 0.368, 0.   ])
    """
    apart = as_floats("difference", difference)
    if np.isnan(apart).any():
        raise ValueError("difference: expected numbers; received NaN")
    return np.asarray(np.exp(-np.abs(apart) / positive("scale", scale)))
