"""What a model remembers: telling whose rows it was trained on from how it ranks them.

A signal is a number per user, larger for a member. The plain one asks how high the model puts what
the user really took; the strong one compares that with models trained with and without the user.
An attack is judged by how many members it finds while it accuses one outsider in a hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, inside, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.formulas.membership import (
    attack_curve,
    hits_at,
    likelihood_ratio,
    membership_advantage,
)
from attnrec_lite.models.base import Recommender

BATCH = 1024  # histories scored at a time


@dataclass(frozen=True)
class Attack:
    """How well members are told from others.

    Attributes:
        area: chance that a member's signal is larger than an outsider's; 0.5 where nothing leaks.
        advantage: largest hit rate less false alarms.
        hits: share of members found at ``false_alarms``.
        low: lower end of its interval over persons.
        high: upper end.
        false_alarms: share of outsiders that may be accused.
        members: how many there were.
        others: how many outsiders.
    """

    area: float
    advantage: float
    hits: float
    low: float
    high: float
    false_alarms: float
    members: int
    others: int

    def __str__(self) -> str:
        return (
            f"AUC {self.area:.3f}, advantage {self.advantage:.3f}, {self.hits:.1%} of "
            f"{self.members:,} members found ({self.low:.1%} to {self.high:.1%}) at "
            f"{self.false_alarms:.0%} false alarms among {self.others:,}"
        )


def attack(
    members: ArrayLike,
    others: ArrayLike,
    false_alarms: float = 0.01,
    level: float = 0.95,
    draws: int = 400,
    seed: int = 0,
) -> Attack:
    """Judge a signal.

    Args:
        members: signal of each user of the training log, larger = member, shape ``(m,)``.
        others: of users who were not in it, shape ``(n,)``.
        false_alarms: share of these that may be accused.
        level: of the interval.
        draws: resamples of both sides.
        seed: of the draws.

    Returns:
        The figures.

    Raises:
        ValueError: if a side is empty or not finite, or a number is out of range.

    >>> found = attack([3.0, 2.0, 2.5, 0.5], [1.0, 0.0, 0.2, 0.6])
    >>> found.area, found.advantage, found.hits
    (0.875, 0.75, 0.75)
    """
    inside_, outside = finite("members", members, 1), finite("others", others, 1)
    false, true = attack_curve(inside_, outside)
    rng = np.random.default_rng(seed)
    again = [
        hits_at(rng.choice(inside_, len(inside_)), rng.choice(outside, len(outside)), false_alarms)
        for _ in range(whole("draws", draws))
    ]
    tail = (1 - inside("level", level)) / 2
    low, high = np.quantile(again, [tail, 1 - tail])
    return Attack(
        float(np.trapezoid(true, false)),
        membership_advantage(inside_, outside),
        hits_at(inside_, outside, false_alarms),
        float(low),
        float(high),
        false_alarms,
        len(inside_),
        len(outside),
    )


def standing(model: Recommender, log: Interactions, rows: int = 10) -> Floats:
    """How high a model puts what each user took next, in deviations over the catalogue.

    Args:
        model: a fitted recommender; only its scores are asked for.
        log: users to be asked about, members or not.
        rows: the newest rows of each user, each predicted from the rows before it.

    Returns:
        The mean of (score - mean) / deviation over these rows, shape ``(n_users,)``; NaN for a user
        with fewer than two rows. Free of the scale of the scores, so that models compare.

    Raises:
        ValueError: if the catalogue is another one, or a number is out of range.
    """
    count = whole("rows", rows)
    end = log.bounds()[log.user + 1]
    place = np.arange(len(log))
    asked = np.flatnonzero((place > log.bounds()[log.user]) & (place >= end - count))
    targets, found = Holdout(log, asked), np.zeros(len(asked))
    for first in range(0, len(asked), BATCH):
        some = slice(first, first + BATCH)
        scores = model.score_all(targets.history(some))[:, 1:].astype(np.float64)
        own = np.take_along_axis(scores, targets.item[some, None] - 1, axis=1)[:, 0]
        spread = scores.std(axis=1)
        apart = own - scores.mean(axis=1)
        found[some] = np.divide(apart, spread, out=np.zeros_like(own), where=spread > 0)
    sums = np.bincount(targets.user, found, minlength=log.n_users)
    n = np.bincount(targets.user, minlength=log.n_users)
    return np.asarray(np.divide(sums, n, out=np.full(log.n_users, np.nan), where=n > 0))


@dataclass(frozen=True, eq=False)
class Shadows:
    """Models trained on random halves of the users, and what they show of everybody.

    Attributes:
        signal: ``standing`` of each user in each model, float64 ``(models, users)``.
        member: whether the user was in its training log, bool ``(models, users)``.
    """

    signal: Floats
    member: NDArray[np.bool_]

    def plain(self, target: int = 0) -> tuple[Floats, Floats]:
        """Signals of members and of others in one model: the loss threshold."""
        return self._sides(self.signal[target], target)

    def ratios(self, target: int = 0) -> tuple[Floats, Floats]:
        """The same compared with all other models: the likelihood ratio.

        Raises:
            ValueError: if the others are too few for somebody to be in one and out of another.
        """
        rest = np.arange(len(self.signal)) != target
        signal, member = self.signal[rest], self.member[rest]
        with_, without = (np.where(kind, signal, np.nan) for kind in (member, ~member))
        return self._sides(likelihood_ratio(self.signal[target], with_, without), target)

    def _sides(self, found: Floats, target: int) -> tuple[Floats, Floats]:
        member = self.member[target]
        return found[member], found[~member]


def shadows(
    make: Callable[[int], Recommender],
    log: Interactions,
    models: int = 16,
    rows: int = 10,
    seed: int = 0,
) -> Shadows:
    """Train models on random halves of the users, so that everybody is in half of them.

    Args:
        make: a new model for a seed, unfitted.
        log: all users; those with fewer than two rows are left out, for nothing can be asked.
        models: how many, an even number from 4; one of them plays the model under attack.
        rows: as for ``standing``.
        seed: of the halves; model k is made with seed k.

    Returns:
        What they show.

    Raises:
        ValueError: if fewer than two users have two rows, or the number of models is odd or below
            4.

    Source: Carlini et al., "Membership Inference Attacks From First Principles" (2022).
    """
    n = whole("models", models, 4)
    usable = np.flatnonzero(np.diff(log.bounds()) >= 2)
    if n % 2 or len(usable) < 2:
        raise ValueError(
            "models, log: expected an even number and two users with two rows; "
            f"received {models} and {log!r}"
        )
    rng = np.random.default_rng(seed)
    member = np.zeros((n, log.n_users), bool)
    order = rng.permuted(np.tile(np.arange(n), (len(usable), 1)), axis=1)  # each user's own halves
    member[:, usable] = (order < n // 2).T
    signal = np.zeros((n, log.n_users))
    for number in range(n):
        model = make(number).fit(log.select(member[number][log.user]))
        signal[number] = standing(model, log, rows)
    return Shadows(signal[:, usable], member[:, usable])
