"""Who is shown, who is served, and how it compares with what they brought.

Explained in the chapter "Robustness and fairness"; ``gini`` is equation (1.11).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_ids, finite, inside, whole


def place_exposure(k: int) -> Floats:
    r"""How much each place of a list is looked at: equation (19.15), $e_p = 1 / \log_2(1 + p)$.

    Args:
        k: places.

    Returns:
        Shape ``(k,)``, 1 for the first. An assumption about people: measure it where you can.

    Raises:
        ValueError: if ``k`` is not a whole number from 1.

    Layer: none; the discount of NDCG, equation (8.7), read as attention.

    Source: Singh and Joachims (KDD 2018).

    >>> place_exposure(3).round(3)
    array([1.   , 0.631, 0.5  ])
    """
    return 1 / np.log2(np.arange(2, whole("k", k) + 2))


def group_exposure(lists: ArrayLike, groups: ArrayLike, n_groups: int) -> Floats:
    r"""Each provider's share of all exposure: equation (19.15), $\sum_{i \in g} e_{p(i)} / E$.

    Args:
        lists: item ids, best first, ``(people, k)``; 0 for an empty place.
        groups: provider group of each item, 0..G-1, shape ``(N + 1,)``; row 0 is not looked at.
        n_groups: G; a group without an item has exposure 0.

    Returns:
        Shares, shape ``(G,)``, with sum 1; zeros if nothing was shown.

    Raises:
        ValueError: if an id or a group is unknown.

    Layer: none; ``fairness.provider_exposure`` asks it of a model.

    Source: Singh and Joachims (KDD 2018); S3-K5, S3-I6 ask for fairness and define none.

    >>> group_exposure([[1, 2], [1, 3]], groups=[0, 0, 1, 1], n_groups=2).round(3)
    array([0.613, 0.387])
    """
    kind = np.asarray(groups)
    many = whole("n_groups", n_groups)
    if kind.ndim != 1 or kind.dtype.kind not in "iu" or len(kind) < 2:
        raise ValueError(f"groups: expected whole numbers, (N + 1,); received shape {kind.shape}")
    if kind[1:].min() < 0 or kind[1:].max() >= many:
        raise ValueError(f"groups: expected 0..{many - 1} for every item; received others")
    ids = as_ids("lists", lists, len(kind) - 1)
    if ids.shape[1] == 0:
        return np.zeros(many)
    seen = np.broadcast_to(place_exposure(ids.shape[1]), ids.shape) * (ids > 0)
    total = np.bincount(kind[ids[ids > 0]], seen[ids > 0], minlength=many).astype(np.float64)
    return total / total.sum() if total.sum() > 0 else total


def exposure_ratio(exposure: ArrayLike, merit: ArrayLike) -> float:
    r"""The worst-off group against the best-off one: equation (19.16).

    $\min_g (E_g / M_g) \,/\, \max_g (E_g / M_g)$ over the groups with merit

    Args:
        exposure: $E$, one number per group, not negative.
        merit: $M$, what exposure should go by, in any unit, not negative: items, quality, sales.
            Whoever names it decides what fair means.

    Returns:
        A number in [0, 1]: 1 if exposure goes by merit, 0 if a group with merit is never shown.

    Raises:
        ValueError: if shapes differ, a number is negative, or fewer than one group has merit, or
            nothing was shown.

    Layer: none; a measure.

    Source: the disparate treatment ratio of Singh and Joachims (KDD 2018).

    >>> exposure_ratio([0.75, 0.25], merit=[1.0, 1.0]).__round__(4)
    0.3333
    """
    e, m = _both(exposure, merit)
    each = e[m > 0] / m[m > 0]
    if each.max() == 0:
        raise ValueError("exposure: expected a group with merit to be shown; received zeros")
    return float(each.min() / each.max())


def exposure_disparity(exposure: ArrayLike, merit: ArrayLike) -> float:
    r"""Exposure in the wrong hands: equation (19.16), $\frac12 \sum_g |E_g - M_g|$ of shares.

    Args:
        exposure: $E$, one number per group, not negative.
        merit: $M$, as for ``exposure_ratio``.

    Returns:
        The share of all exposure that would have to move, in [0, 1]; 0 if it goes by merit.

    Raises:
        ValueError: as for ``exposure_ratio``.

    Layer: none; a measure.

    Source: total variation, as equation (1.7) moves attention.

    >>> exposure_disparity([0.75, 0.25], merit=[1.0, 1.0])
    0.25
    """
    e, m = _both(exposure, merit)
    if e.sum() == 0:
        raise ValueError("exposure: expected something to be shown; received zeros")
    return float(np.abs(e / e.sum() - m / m.sum()).sum() / 2)


def quality_gap(values: ArrayLike, groups: ArrayLike) -> float:
    r"""Best served against worst served: equation (19.18), $\max_g \bar x_g - \min_g \bar x_g$.

    Args:
        values: quality for each user, such as NDCG, shape ``(users,)``.
        groups: group of each user, shape ``(users,)``.

    Returns:
        The gap, not negative. Among equals, it grows with the number of groups and shrinks with
        their size: never print it without intervals.

    Raises:
        ValueError: if shapes differ, there is nobody, or a number is not finite.

    Layer: none; ``fairness.quality_by_group`` adds the intervals.

    Source: Ekstrand et al. (FAT* 2018) compare groups so; S3-K5 names no measure.

    >>> quality_gap([0.5, 0.3, 0.1], ["a", "a", "b"]).__round__(4)
    0.3
    """
    x, kind = finite("values", values, 1), np.asarray(groups)
    if kind.shape != x.shape:
        raise ValueError(f"groups: expected {len(x)}, one per user; received shape {kind.shape}")
    _, code = np.unique(kind, return_inverse=True)
    means = np.bincount(code, x) / np.bincount(code)
    return float(means.max() - means.min())


def popularity_lift(shown: ArrayLike, had: ArrayLike) -> float:
    r"""How much more popular the lists are than the histories: equation (19.17).

    $(\overline{\mathrm{pop}}_{\mathrm{list}} - \overline{\mathrm{pop}}_{\mathrm{history}}) /
    \overline{\mathrm{pop}}_{\mathrm{history}}$, each a mean over a group's users of a mean over
    their items

    Args:
        shown: mean popularity of each user's list, above 0, shape ``(users,)``.
        had: mean popularity of each user's history, above 0, shape ``(users,)``.

    Returns:
        0 if people get what is as popular as what they choose, 1 if it is twice as popular.

    Raises:
        ValueError: if shapes differ, nobody is there, or a history has no popularity.

    Layer: none; ``fairness.popularity_lifts`` asks it by group.

    Source: Abdollahpouri, Mansoury, Burke and Mobasher (2019), the change of GAP.

    >>> popularity_lift([0.4, 0.2], [0.1, 0.1]).__round__(4)
    2.0
    """
    a, b = finite("shown", shown, 1), finite("had", had, 1)
    if a.shape != b.shape:
        raise ValueError(f"had: expected shape {a.shape}, as shown has; received {b.shape}")
    if b.mean() <= 0 or (a < 0).any() or (b < 0).any():
        raise ValueError("had: expected popularity above 0; received none")
    return float(a.mean() / b.mean() - 1)


def miscalibration(wanted: ArrayLike, shown: ArrayLike, alpha: float = 0.01) -> float:
    r"""How far a list is from the mixture a person chose: equation (19.19).

    $\sum_g p_g \ln (p_g / \tilde q_g)$ with $\tilde q = (1 - \alpha)\,q + \alpha\,p$

    Args:
        wanted: $p$, shares of the kinds in the history, with sum 1, shape ``(G,)``.
        shown: $q$, shares of the kinds in the list, with sum 1, or all 0 for an empty list.
        alpha: keeps a kind that is not shown from an infinite price; in (0, 1).

    Returns:
        In nats, 0 if the list has the mixture of the history, at most $-\ln \alpha$.

    Raises:
        ValueError: if the shapes differ or shares do not sum to 1.

    Layer: none; ``fairness.evaluate_calibration``.

    Source: Steck (RecSys 2018).

    >>> round(miscalibration([0.7, 0.3], [1.0, 0.0]), 3), miscalibration([0.7, 0.3], [0.7, 0.3])
    (1.134, 0.0)
    """
    p, q = finite("wanted", wanted, 1), finite("shown", shown, 1)
    a = inside("alpha", alpha)
    if q.shape != p.shape:
        raise ValueError(f"shown: expected shape {p.shape}, as wanted has; received {q.shape}")
    if (p < 0).any() or not np.isclose(p.sum(), 1, atol=1e-6):
        raise ValueError(f"wanted: expected shares with sum 1; received sum {p.sum():.6g}")
    if (q < 0).any() or not (np.isclose(q.sum(), 1, atol=1e-6) or q.sum() == 0):
        raise ValueError(f"shown: expected shares with sum 1 or 0; received sum {q.sum():.6g}")
    mixed = (1 - a) * q + a * p
    some = p > 0
    return float(max(0.0, (p[some] * np.log(p[some] / mixed[some])).sum()))


def _both(exposure: ArrayLike, merit: ArrayLike) -> tuple[Floats, Floats]:
    e, m = finite("exposure", exposure, 1), finite("merit", merit, 1)
    if e.shape != m.shape:
        raise ValueError(f"merit: expected shape {e.shape}, as exposure has; received {m.shape}")
    if (e < 0).any() or (m < 0).any() or m.sum() == 0:
        raise ValueError("exposure, merit: expected numbers from 0 and a group with merit")
    return e, m
