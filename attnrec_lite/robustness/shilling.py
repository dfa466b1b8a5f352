"""Made-up users: raters who push one item, and sessions in which it follows everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, as_ids, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.formulas.shilling import attack_profile

KNOWN = 5  # items that everybody knows, for the bandwagon attack


@dataclass(frozen=True)
class Shilled:
    """A log with made-up users in it, and the truth about them.

    Attributes:
        log: honest users first, with the codes they had.
        fake: True for the made-up ones, bool, shape ``(n_users,)``.
        target: id of the item that they push.
    """

    log: Interactions
    fake: NDArray[np.bool_]
    target: int


def shill(
    log: Interactions, kind: str, target: int, profiles: int, filler: int = 50, seed: int = 0
) -> Shilled:
    """Add made-up raters to a log of ratings.

    Args:
        log: with ratings from 0.5 to 5 as ``value``.
        kind: ``"random"``, ``"average"`` or ``"bandwagon"``; see ``formulas.attack_profile``.
        target: id of the item to be pushed, 1..N.
        profiles: how many raters; at most as many as the log has users.
        filler: items that each rates besides; all others if there are fewer. A count far from that
            of people gives the raters away.
        seed: of the draws.

    Returns:
        The log with the raters, who come last, at times of honest rows.

    Raises:
        ValueError: if the log has no ratings, an item or kind is unknown, or there are more raters
            than users: a majority is no attack on a log, it is the log.

    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 1], [1, 2, 3], value=[4.0, 3.0, 5.0])
    >>> found = shill(log, "average", target=2, profiles=1, filler=1)
    >>> found.log.item.tolist(), found.log.value.tolist(), found.fake.tolist()
    ([1, 2, 1, 1, 2], [4.0, 3.0, 5.0, 5.0, 5.0], [False, False, True])
    """
    if log.value is None or len(log) == 0:
        raise ValueError("log: expected ratings; received a log without values")
    aim = int(as_ids("target", [[target]], log.n_items, least=1)[0, 0]) - 1
    rng = np.random.default_rng(seed)
    count = np.bincount(log.item, minlength=log.n_items + 1)[1:]
    total = np.bincount(log.item, log.value, minlength=log.n_items + 1)[1:]
    overall = float(log.value.mean())
    means = np.where(count > 0, total / np.maximum(count, 1), overall)
    spread = _spread(log.value, overall if kind != "average" else means[log.item - 1])
    others = np.delete(np.arange(log.n_items), aim)
    known = others[np.argsort(-count[others], kind="stable")][:KNOWN]
    rows = []
    for number in range(_few(profiles, log)):
        chosen = rng.choice(others, min(whole("filler", filler, least=0), len(others)), False)
        popular = known if kind == "bandwagon" else ()
        rows.append(
            attack_profile(
                kind, means, aim, chosen, popular, spread, seed=int(rng.integers(2**31)) + number
            )
        )
    return _with_raters(log, np.array(rows), aim + 1, rng)


def push_clicks(
    log: Interactions, target: int, sessions: int, length: int = 20, seed: int = 0
) -> Shilled:
    """Add made-up sessions in which one item follows the items that many people click.

    Every other click is the target, those between are drawn by popularity: so whatever somebody
    clicked last, the target came after it often.

    Args:
        log: the honest clicks.
        target: id of the item to be pushed, 1..N.
        sessions: how many made-up users; at most as many as the log has.
        length: clicks of each, at least 2.
        seed: of the draws.

    Returns:
        The log with the sessions; the made-up users come last.

    Raises:
        ValueError: if the item is unknown, or a number out of range.

    >>> log = Interactions.from_columns([0, 0, 1], [1, 2, 1], [1, 2, 3])
    >>> push_clicks(log, target=2, sessions=1, length=4).log.item.tolist()
    [1, 2, 1, 1, 2, 1, 2]
    """
    aim = int(as_ids("target", [[target]], log.n_items, least=1)[0, 0])
    rng = np.random.default_rng(seed)
    count = np.bincount(log.item, minlength=log.n_items + 1).astype(np.float64)
    count[[0, aim]] = 0
    if count.sum() == 0:
        raise ValueError("log: expected a click on another item than the target; received none")
    size = (_few(sessions, log), whole("length", length, least=2))
    items = rng.choice(len(count), size, p=count / count.sum())
    items[:, 1::2] = aim
    begin = rng.choice(log.time, size[0])
    times = begin[:, None] + np.arange(size[1])
    user = np.repeat(np.arange(size[0]), size[1])
    return _appended(log, user, items.ravel(), times.ravel(), None, aim)


def neighbour_ratings(ratings: ArrayLike, target: int, users: ArrayLike, k: int = 20) -> Floats:
    """What users would rate an item, by the raters of it who are most like them.

    The user's mean plus the mean of how far the k most alike raters went above theirs, weighted by
    the cosine of centred ratings; only those alike count, and where nobody is, the user's mean.

    Args:
        ratings: users by items, NaN for none, ``(U, N)``.
        target: column of the item.
        users: rows of those to predict for.
        k: how many neighbours.

    Returns:
        Predictions, not cut to the scale, shape ``(len(users),)``.

    Raises:
        ValueError: if a place does not exist.

    Source: Resnick et al. (CSCW 1994), the rule that shilling was first tried on.

    >>> neighbour_ratings([[5.0, 1.0, np.nan], [5.0, 1.0, 5.0], [1.0, 5.0, 1.0]], 2, [0], k=1)
    array([4.33333333])
    """
    r, rows = as_floats("ratings", ratings, 2), np.asarray(users)
    if not 0 <= target < r.shape[1] or (rows.size and not 0 <= rows.min() <= rows.max() < len(r)):
        raise ValueError(f"target, users: expected places in {r.shape}; received another")
    given = ~np.isnan(r)
    mean = np.where(given, r, 0).sum(axis=1) / np.maximum(given.sum(axis=1), 1)
    centred = np.where(given, r - mean[:, None], 0.0)
    raters = np.flatnonzero(given[:, target])
    length = np.maximum(np.linalg.norm(centred, axis=1), 1e-12)
    asked = centred[rows].copy()
    asked[:, target] = 0.0  # what they said of the target is what is to be predicted
    alike = (asked / length[rows, None]) @ (centred[raters] / length[raters, None]).T
    alike[rows[:, None] == raters] = 0.0  # nobody is asked about themselves
    order = np.argsort(-alike, axis=1, kind="stable")[:, : whole("k", k)]
    near = np.maximum(np.take_along_axis(alike, order, axis=1), 0.0)
    above = centred[raters, target][order]
    total = near.sum(axis=1)
    lift = np.divide((near * above).sum(axis=1), total, out=np.zeros(len(rows)), where=total > 0)
    return np.asarray(mean[rows] + lift)


def _few(number: int, log: Interactions) -> int:
    """Refuse none, and more than the honest users."""
    many = whole("profiles", number)
    if many > log.n_users:
        raise ValueError(
            f"profiles: expected at most {log.n_users}, as many as the log has users; received "
            f"{many}: a majority is no attack on a log, it is the log"
        )
    return many


def _spread(values: Any, means: Any) -> float:
    """Deviation of ratings from what is expected of them."""
    return float(np.sqrt(np.mean((values - means) ** 2)))


def _with_raters(log: Interactions, rows: Floats, target: int, rng: np.random.Generator) -> Shilled:
    user, item = np.nonzero(~np.isnan(rows))
    times = np.sort(rng.choice(log.time, len(user)))
    times = times[np.lexsort((rng.random(len(user)), user))]  # any order within a rater
    value = rows[user, item].astype(np.float32)
    return _appended(log, user, item + 1, times, value, target)


def _appended(
    log: Interactions, user: Any, item: Any, time: Any, value: Any, target: int
) -> Shilled:
    """Put made-up users, coded from 0, behind those of the log."""
    many = int(user.max()) + 1
    order = np.lexsort((time, user))
    ids = log.user_ids
    number = ids.dtype.kind in "iu"
    more = ids.max() + 1 + np.arange(many) if number else [f"made up {n}" for n in range(many)]
    if value is None and log.value is not None:
        value = np.full(len(user), np.nan, np.float32)
    both = Interactions(
        np.concatenate([log.user, log.n_users + user[order]]).astype(np.int32),
        np.concatenate([log.item, item[order]]).astype(np.int32),
        np.concatenate([log.time, time[order]]).astype(np.int64),
        np.concatenate([ids, np.asarray(more)]),
        log.items,
        None if value is None else np.concatenate([log.value, value[order]]),
        log.notes,
    )
    return Shilled(both, np.arange(both.n_users) >= log.n_users, target)
