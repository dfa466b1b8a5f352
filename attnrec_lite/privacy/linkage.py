"""Anonymisation undone: who is it that rated these few films on about these days?

The names are gone from the log, the rows are not. Somebody who knows a few rows of a person, with
errors, scores every record by them and names the best one, if it stands out. The attack has three
ends, and all are counted: named rightly, named wrongly, nobody named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, finite, inside, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.evaluation.protocol import Estimate, estimate
from attnrec_lite.formulas.anonymity import eccentricity
from attnrec_lite.privacy.records import Clues, Records, coarsened

APART = 1.5  # deviations between the best record and the next one


@dataclass(frozen=True, eq=False, repr=False)
class Linkage:
    """What an attack on each person came to.

    Attributes:
        user: the persons who were looked for, codes in the log, int64, shape ``(n,)``.
        found: the record that fits best is theirs, bool, shape ``(n,)``.
        apart: how far it stands above the next one, in deviations, float64, shape ``(n,)``.
        absent: the same after the person's record had been taken out of the log: whoever is named
            then is named wrongly.
        clues: what was known, in words.
        threshold: deviations from which on a name is given.
    """

    user: NDArray[np.int64]
    found: NDArray[np.bool_]
    apart: Floats
    absent: Floats
    clues: str
    threshold: float = APART

    @property
    def right(self) -> NDArray[np.bool_]:
        """Named, and it is them."""
        return np.asarray(self.found & (self.apart >= self.threshold))

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Somebody else was named."""
        return np.asarray(~self.found & (self.apart >= self.threshold))

    @property
    def accused(self) -> NDArray[np.bool_]:
        """Somebody was named although the person is not in the log."""
        return np.asarray(self.absent >= self.threshold)

    def at(self, false_alarms: float) -> Linkage:
        """The same attack, with the lowest threshold that accuses so few of the absent.

        Args:
            false_alarms: share of absent persons for whom a name may be given, between 0 and 1.

        Raises:
            ValueError: if it is out of range.
        """
        allowed = int(inside("false_alarms", false_alarms) * len(self.absent))
        highest = np.sort(self.absent)[::-1][allowed]
        return replace(self, threshold=float(np.nextafter(highest, np.inf)))

    def estimates(self, level: float = 0.95) -> dict[str, Estimate]:
        """Shares of ``right``, ``wrong`` and ``accused`` over persons, with intervals."""
        return {
            name: estimate(getattr(self, name), f"share {name}", "linkage", self.clues, level)
            for name in ("right", "wrong", "accused")
        }

    def __repr__(self) -> str:
        """The shares in one line."""
        n = len(self.user)
        return (
            f"Linkage({self.clues}: of {n:,}, {self.right.mean():.1%} named rightly, "
            f"{self.wrong.mean():.1%} wrongly; {self.accused.mean():.1%} of absent ones)"
        )


def link(
    log: Interactions,
    known: int = 8,
    *,
    stars: float | None = 1.0,
    days: float | None = 14.0,
    wrong: int = 0,
    release_days: float | None = None,
    release_stars: float | None = None,
    threshold: float = APART,
    seed: int = 0,
) -> Linkage:
    """Look for everybody by a few of their rows.

    Args:
        log: where the clues come from, and what is searched.
        known: rows that are known of a person, drawn at random; persons with fewer are left out.
        stars: largest error of a known rating, either way; None if ratings are unknown.
        days: largest error of a known date; None if dates are unknown.
        wrong: how many of the known rows are of items that the person never met.
        release_days: the log that is searched has its dates cut to such periods, as ``coarsened``
            does; the attacker cuts theirs alike.
        release_stars: likewise for ratings.
        threshold: deviations between the best record and the next, from which on a name is given.
        seed: of the clues.

    Returns:
        What came of it, person by person.

    Raises:
        ValueError: if the log has fewer than three users (with one taken out, nobody could stand
            out), nobody has enough rows, ratings are asked for and there are none, or a number is
            out of range.

    Source: Narayanan and Shmatikov, "Robust De-anonymization of Large Sparse Datasets" (2008).

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 3, 1, 4], range(6))
    >>> link(log, known=2, stars=None).right.tolist()
    [True, True, True]
    """
    count, lies = whole("known", known), whole("wrong", wrong, 0)
    _check(log, stars, days, count, lies)
    positive("threshold", threshold)
    rng = np.random.default_rng(seed)
    records = Records(coarsened(log, release_days, release_stars))
    length = np.diff(log.bounds())
    asked = np.flatnonzero(length >= count)
    found, apart, absent = np.zeros(len(asked), bool), np.zeros(len(asked)), np.zeros(len(asked))
    for place, user in enumerate(asked):
        rows = log.bounds()[user] + rng.choice(length[user], count, replace=False)
        clues = Clues.draw(log, int(user), rows, lies, stars, days, rng)
        scores = records.scores(clues.cut(release_days, release_stars))
        found[place] = scores.argmax() == user
        apart[place] = eccentricity(scores)
        absent[place] = eccentricity(np.delete(scores, user))
    return Linkage(asked, found, apart, absent, _words(count, lies, stars, days), threshold)


def crowd(log: Interactions, known: int, seed: int = 0) -> NDArray[np.int64]:
    """How many users have all of a few items, drawn from each user: 1 is somebody alone.

    Args:
        log: no dates or ratings are used.
        known: items drawn; users with fewer are left out.
        seed: of the draws.

    Returns:
        For each such user the number of users, themselves included, int64.

    Raises:
        ValueError: if nobody has so many rows.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 1, 4], range(6))
    >>> crowd(log, known=2).tolist()
    [2, 2, 1]
    """
    count, length = whole("known", known), np.diff(log.bounds())
    asked = np.flatnonzero(length >= count)
    if len(asked) == 0:
        raise ValueError(f"known: expected at most {length.max(initial=0)} rows; received {known}")
    rng, records = np.random.default_rng(seed), Records(log)
    sizes = []
    for user in asked:
        rows = log.bounds()[user] + rng.choice(length[user], count, replace=False)
        have = [np.unique(log.user[records.of(item)]) for item in np.unique(log.item[rows])]
        sizes.append(np.count_nonzero(np.bincount(np.concatenate(have)) == len(have)))
    return np.array(sizes, np.int64)


def _check(
    log: Interactions, stars: float | None, days: float | None, known: int, wrong: int
) -> None:
    for name, error in (("stars", stars), ("days", days)):
        if error is not None and finite(name, error, 0) < 0:
            raise ValueError(f"{name}: expected a number from 0, or None; received {error}")
    if stars is not None and log.value is None:
        raise ValueError("stars: expected None, for the log has no ratings")
    if wrong > known:
        raise ValueError(f"wrong: expected at most known={known}; received {wrong}")
    if log.n_users < 3:
        raise ValueError(f"log: expected at least 3 users; received {log.n_users}")
    if np.diff(log.bounds()).max() < known:
        raise ValueError(f"known: expected a user with {known} rows; received {log!r}")


def _words(known: int, wrong: int, stars: float | None, days: float | None) -> str:
    parts = [f"{known} rows known, {wrong} of them wrong" if wrong else f"{known} rows known"]
    parts.append("no ratings" if stars is None else f"ratings within {stars:g} stars")
    parts.append("no dates" if days is None else f"dates within {days:g} days")
    return ", ".join(parts)
