"""What each provider gets to see of the lists, and how popular they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, finite
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.formulas.fairness import (
    exposure_disparity,
    exposure_ratio,
    group_exposure,
    popularity_lift,
)


@dataclass(frozen=True)
class Exposure:
    """Who was shown, against what they should have been shown by.

    Attributes:
        names: of the groups.
        shown: share of all exposure, by place, shape ``(G,)``.
        merit: share that exposure should have by the measure that was named, shape ``(G,)``.
        merit_name: what that measure is, in words.
        ratio: worst-off over best-off group, in [0, 1]; 1 is proportional.
        disparity: share of all exposure in the wrong hands, in [0, 1].
    """

    names: tuple[str, ...]
    shown: Floats
    merit: Floats
    merit_name: str
    ratio: float
    disparity: float

    def __str__(self) -> str:
        """One line a group, then both measures."""
        width = max(map(len, self.names))
        lines = [
            f"{name:<{width}}  shown {s:6.1%}  {self.merit_name} {m:6.1%}"
            for name, s, m in zip(self.names, self.shown, self.merit, strict=True)
        ]
        return "\n".join([*lines, f"ratio {self.ratio:.3f}, disparity {self.disparity:.3f}"])


def provider_exposure(
    lists: ArrayLike,
    groups: ArrayLike,
    merit: ArrayLike,
    merit_name: str = "merit",
    names: Sequence[str] | None = None,
) -> Exposure:
    """Share of exposure of each provider group against its share of merit.

    Args:
        lists: item ids, best first, ``(people, k)``; 0 for an empty place.
        groups: provider group of each item, 0..G-1, ``(N + 1,)``; row 0 is not looked at.
        merit: of each group, in any unit, not negative, ``(G,)``.
        merit_name: what it is, such as ``"sold"``; it is printed.
        names: of the groups; numbers by default.

    Returns:
        The figures. A group without merit is in the disparity, not in the ratio.

    Raises:
        ValueError: if an id or group is unknown, lengths differ, or nothing was shown.

    >>> print(provider_exposure([[1], [1], [2]], [0, 0, 1], [1, 1], "goods", ["old", "new"]))
    old  shown  66.7%  goods  50.0%
    new  shown  33.3%  goods  50.0%
    ratio 0.500, disparity 0.167
    """
    due = finite("merit", merit, 1)
    shown = group_exposure(lists, groups, len(due))
    called = tuple(map(str, range(len(due)) if names is None else names))
    if len(called) != len(due):
        raise ValueError(f"names: expected {len(due)}, as merit has; received {len(called)}")
    ratio, disparity = exposure_ratio(shown, due), exposure_disparity(shown, due)
    return Exposure(called, shown, due / due.sum(), merit_name, ratio, disparity)


def popularity_shares(log: Interactions) -> Floats:
    """Share of the users who have each item.

    Args:
        log: the training log.

    Returns:
        Shape ``(N + 1,)``, 0 for padding.

    Raises:
        ValueError: if the log has no row.

    >>> log = Interactions.from_columns([0, 0, 1], [1, 1, 2], [1, 2, 1])
    >>> popularity_shares(log)
    array([0. , 0.5, 0.5])
    """
    if len(log) == 0:
        raise ValueError("log: expected at least one row; received none")
    pair = np.unique(log.user * np.int64(log.n_items + 1) + log.item)
    have = np.bincount(pair % (log.n_items + 1), minlength=log.n_items + 1)
    return have / len(np.unique(log.user))


def popularity_lifts(
    lists: ArrayLike, histories: ArrayLike, groups: ArrayLike, popularity: ArrayLike
) -> dict[str, float]:
    """How much more popular the lists of each group of users are than what they chose.

    Args:
        lists: item ids, ``(users, k)``, 0 for an empty place.
        histories: item ids, left-padded, ``(users, length)``.
        groups: group of each user, ``(users,)``.
        popularity: of each item, ``(N + 1,)``, such as ``popularity_shares``.

    Returns:
        Group to lift: 0 for as popular, 1 for twice as popular. Users without a list or a history
        have nothing to compare and are left out; so is a group of nobody else.

    Raises:
        ValueError: if an id is unknown or lengths differ.

    >>> popularity_lifts([[1], [1]], [[1], [2]], ["a", "b"], [0, 0.5, 0.25])
    {'a': 0.0, 'b': 1.0}
    """
    p, kind = finite("popularity", popularity, 1), np.asarray(groups)
    shown = as_ids("lists", lists, len(p) - 1)
    had = as_ids("histories", histories, len(p) - 1)
    if not len(shown) == len(had) == len(kind):
        raise ValueError(
            f"lists, histories, groups: expected one length; received {len(shown)}, {len(had)}, "
            f"{len(kind)}"
        )
    both = (shown > 0).any(axis=1) & (had > 0).any(axis=1)
    return {
        str(group): popularity_lift(
            _mean(p, shown[both & (kind == group)]), _mean(p, had[both & (kind == group)])
        )
        for group in np.unique(kind)
        if (both & (kind == group)).any()
    }


def users_by_popularity(
    histories: ArrayLike, popularity: ArrayLike, head: float = 0.2
) -> NDArray[np.str_]:
    """Users by their taste for what is popular: ``niche``, ``diverse``, ``blockbuster``.

    Abdollahpouri et al. (2019): sort users by the share of the most popular fifth of the items in
    their history; the lowest fifth are niche, the highest fifth blockbuster, the rest diverse.

    Args:
        histories: item ids, left-padded, ``(users, length)``.
        popularity: of each item, ``(N + 1,)``.
        head: share of the items that are called popular, and of the users in each extreme.

    Returns:
        A word for each user, ``(users,)``.

    Raises:
        ValueError: if an id is unknown or ``head`` not in (0, 0.5].

    >>> users_by_popularity([[1], [2], [3]], [0, 0.9, 0.2, 0.1], head=0.34).tolist()
    ['blockbuster', 'niche', 'diverse']
    """
    p = finite("popularity", popularity, 1)
    ids = as_ids("histories", histories, len(p) - 1)
    if not 0 < head <= 0.5:
        raise ValueError(f"head: expected a share above 0 and up to 0.5; received {head!r}")
    many = max(1, round(head * (len(p) - 1)))
    popular = np.zeros(len(p), bool)
    popular[1 + np.argsort(-p[1:], kind="stable")[:many]] = True
    share = (popular[ids] & (ids > 0)).sum(axis=1) / np.maximum((ids > 0).sum(axis=1), 1)
    order = np.argsort(share, kind="stable")
    cut = max(1, round(head * len(ids)))
    words = np.full(len(ids), "diverse", dtype="<U11")
    words[order[:cut]] = "niche"
    words[order[-cut:]] = "blockbuster"
    return words


def _mean(popularity: Floats, ids: NDArray[np.int32]) -> Floats:
    """Mean popularity of each row of items."""
    count = (ids > 0).sum(axis=1)
    return np.asarray(np.where(ids > 0, popularity[ids], 0.0).sum(axis=1) / count)
