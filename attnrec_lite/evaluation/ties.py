"""What a ranking earns where scores tie: the exact mean over every order of tied items.

All items with one score are a level. Which of them comes first is left open by the model, so each
order counts the same. McSherry and Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores", ECIR 2008, give that mean in closed form; a model that
scores everything alike then earns what chance earns.

Several items of a case may be relevant. Only levels that hold one of them matter, so a case needs a
few counts and no sorted list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole

METRICS = ("hr", "recall", "precision", "f1", "ndcg", "mrr", "map")
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """Score levels that hold a relevant item: by case, and within a case the best first.

    Attributes:
        case: number of the case, shape ``(g,)``.
        above: candidates with a higher score, shape ``(g,)``.
        size: candidates with this score, shape ``(g,)``.
        relevant: how many of these are relevant, shape ``(g,)``.
        relevant_above: relevant items with a higher score, shape ``(g,)``.
        ranked: candidates of each case, shape ``(cases,)``; every case has a level.
    """

    case: Counts
    above: Counts
    size: Counts
    relevant: Counts
    relevant_above: Counts
    ranked: Counts

    @classmethod
    def of(cls, case: Counts, beaten_by: Counts, tied_with: Counts, ranked: Counts) -> Levels:
        """Collect the relevant items into levels.

        Args:
            case: the case of each relevant item, 0..cases-1, shape ``(m,)``.
            beaten_by: candidates with a higher score, shape ``(m,)``.
            tied_with: other candidates with the same score, shape ``(m,)``.
            ranked: candidates of each case, shape ``(cases,)``.

        >>> Levels.of(*map(np.array, ([0, 0, 0], [2, 0, 2], [1, 0, 1], [9]))).relevant
        array([1, 2])
        """
        order = np.lexsort((beaten_by, case))
        c, above = case[order], beaten_by[order]
        new = np.ones(len(order), bool)
        new[1:] = (c[1:] != c[:-1]) | (above[1:] != above[:-1])
        begin = np.flatnonzero(new)
        relevant = np.diff(begin, append=len(order))
        first = np.searchsorted(c, c[begin])  # where each case begins
        return cls(c[begin], above[begin], tied_with[order][begin] + 1, relevant, begin - first,
                   ranked)  # fmt: skip

    def per_case(self, value: Floats) -> Floats:
        """Sum a number per level over the levels of each case, shape ``(cases,)``."""
        return np.bincount(self.case, value, minlength=len(self.ranked)).astype(np.float64)

    @property
    def total(self) -> Floats:
        """Relevant items of each case, shape ``(cases,)``."""
        return self.per_case(self.relevant.astype(np.float64))


def list_metrics(levels: Levels, k: int) -> dict[str, Floats]:
    """What the first k places earn: every metric of ``METRICS``, one number per case.

    With R relevant items and h of them within the first k places: ``hr`` 1 if h > 0, ``recall``
    h / R, ``precision`` h / k (also where fewer than k can be ranked), ``f1`` their harmonic mean
    2 h / (k + R), ``ndcg`` the discounted gain over that of the best order, ``mrr`` 1 / place of
    the first, ``map`` the mean precision at the places of the relevant items, each 0 beyond k, over
    min(R, k).

    Args:
        levels: of all cases.
        k: length of the list; it may exceed the catalogue.

    Returns:
        Metric to numbers of shape ``(cases,)``.

    Raises:
        ValueError: if ``k`` is not a whole number from 1.

    >>> one = Levels.of(*map(np.array, ([0], [3], [0], [9])))        # fourth of nine, no tie
    >>> {name: round(v.item(), 2) for name, v in list_metrics(one, k=5).items()}
    {'hr': 1.0, 'recall': 1.0, 'precision': 0.2, 'f1': 0.33, 'ndcg': 0.43, 'mrr': 0.25, 'map': 0.25}
    """
    whole("k", k)
    last = min(k, int(levels.ranked.max(initial=1)))  # no place is beyond it
    place = np.arange(1, last + 1)
    inside = np.clip(last - levels.above, 0, levels.size)  # places of the level within the list
    share = levels.relevant / levels.size  # chance that one of its places holds a relevant item
    total = levels.total
    hits = levels.per_case(levels.relevant * (inside / levels.size))
    best = np.minimum(total, last).astype(np.int64)
    discount = 1 / np.log2(place + 1)
    gain = levels.per_case(share * _sums(discount, levels.above, inside))
    hr, mrr = _first_hit(levels, inside)
    harmonic = _sums(1 / place, levels.above, inside)
    # If place j of the level is relevant, so is each place before it with this chance.
    others = (levels.relevant - 1) / np.maximum(levels.size - 1, 1)
    earlier = others * (inside - (levels.above + 1) * harmonic)
    ap = levels.per_case(share * ((levels.relevant_above + 1) * harmonic + earlier))
    return {
        "hr": hr,
        "recall": hits / total,
        "precision": hits / k,
        "f1": 2 * hits / (k + total),
        "ndcg": gain / np.cumsum(discount)[best - 1],
        "mrr": mrr,
        "map": ap / best,
    }


def area_under_curve(levels: Levels) -> Floats:
    """Share of pairs of a relevant and another candidate in the right order; a tie counts half.

    Args:
        levels: of all cases.

    Returns:
        Shape ``(cases,)``; 0.5 where every candidate is relevant, so that no pair is left.

    >>> area_under_curve(Levels.of(*map(np.array, ([0], [2], [0], [9]))))
    array([0.75])
    """
    other = levels.size - levels.relevant  # candidates of the level that are not relevant
    above = levels.above - levels.relevant_above
    wrong = levels.per_case(levels.relevant * (above + other / 2))
    pairs = levels.total * (levels.ranked - levels.total)
    return np.where(pairs > 0, 1 - wrong / np.maximum(pairs, 1), 0.5)


def _sums(gain: Floats, start: Counts, length: Counts) -> Floats:
    """Sums of ``gain[start : start + length]``; exactly one gain where the length is one."""
    total = np.concatenate([[0.0], np.cumsum(gain)])
    low = np.minimum(start, len(gain))
    one = np.append(gain, 0.0)[low]
    return np.where(length == 1, one, total[low + length] - total[low])


def _first_hit(levels: Levels, inside: Counts) -> tuple[Floats, Floats]:
    """Chance of a relevant item in the list, and the mean of 1 / place of the first one."""
    first = np.searchsorted(levels.case, np.arange(len(levels.ranked)))
    above, size, relevant = levels.above[first], levels.size[first], levels.relevant[first]
    places = np.minimum(inside[first], size - relevant + 1)  # the first one comes no later
    miss, reciprocal = np.ones(len(first)), np.zeros(len(first))
    for j in range(places.max(initial=0)):  # once where nothing ties
        left = np.maximum(size - j, 1)  # places of the level from here on
        still = miss * np.where(j < places, (left - relevant) / left, 1.0)
        reciprocal += (miss - still) / (above + j + 1)
        miss = still
    return 1 - miss, reciprocal
