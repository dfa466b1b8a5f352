"""Which raters look made up, how many of them that finds, and how many honest ones it accuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, one_of
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.formulas.errors import auc
from attnrec_lite.formulas.outliers import (
    detection_rate,
    rating_deviation,
    robust_z,
    shared_variation,
)

DETECTORS = ("rdma", "pca", "count z", "isolation")
NEIGHBOURS = 25  # most alike raters, whose likeness is one of the features
MOST = 4_000 * 20_000  # cells of the table of ratings: 640 MB


@dataclass(frozen=True)
class Detection:
    """What a detector finds, at fixed shares of false alarms.

    Attributes:
        auc: chance that a made-up rater looks worse than an honest one; 0.5 is guessing, below it
            the detector defends the attackers.
        at_1: share of the made-up raters caught with at most 1 % of the honest ones accused.
        at_5: the same with 5 %.
        honest: honest raters: with fewer than 100, 1 % is nobody.
        fake: made-up raters.
    """

    auc: float
    at_1: float
    at_5: float
    honest: int
    fake: int


def detection(suspicion: ArrayLike, fake: ArrayLike) -> Detection:
    """Judge a detector by the truth.

    Args:
        suspicion: more is worse, shape ``(users,)``.
        fake: True for made-up raters, shape ``(users,)``; both kinds must occur.

    Returns:
        The figures.

    Raises:
        ValueError: if shapes differ, a number is NaN, or one kind is missing.

    >>> detection([0.1, 0.2, 0.9], [False, False, True])
    Detection(auc=1.0, at_1=1.0, at_5=1.0, honest=2, fake=1)
    """
    one, five = (detection_rate(suspicion, fake, share) for share in (0.01, 0.05))
    truth = np.asarray(fake)
    # Ranks do for the area, and they are finite where a suspicion is not.
    _, rank = np.unique(np.asarray(suspicion, np.float64), return_inverse=True)
    area = auc(truth.astype(float), rank.astype(float))
    return Detection(area, one, five, int((~truth).sum()), int(truth.sum()))


def rating_table(log: Interactions) -> Floats:
    """Ratings as users by items, NaN for none; of two ratings of one pair the newest counts.

    Raises:
        ValueError: if the log has no ratings or the table would be larger than 640 MB.

    >>> rating_table(Interactions.from_columns([0, 1], [1, 2], [1, 1], value=[4.0, 3.0]))
    array([[ 4., nan],
           [nan,  3.]])
    """
    if log.value is None:
        raise ValueError("log: expected ratings; received a log without values")
    if log.n_users * log.n_items > MOST:
        raise ValueError(
            f"log: expected at most {MOST:,} pairs; received {log.n_users:,} x {log.n_items:,}"
        )
    table = np.full((log.n_users, log.n_items), np.nan)
    table[log.user, log.item - 1] = log.value
    return table


def suspicion(log: Interactions, detector: str, seed: int = 0) -> Floats:
    """How made up each rater looks; nobody has said who is.

    Args:
        log: with ratings as ``value``.
        detector: ``"rdma"``, distance from the item means, most where few rate; ``"pca"``, how
            little a rater shares the main directions; ``"count z"``, how unusual the number of
            ratings is, in robust deviations of its logarithm; ``"isolation"``, an isolation forest
            on seven features of a rater (scikit-learn).
        seed: of the forest.

    Returns:
        More is worse, shape ``(n_users,)``.

    Raises:
        ValueError: if the detector is another word or the log has no ratings.
        ImportError: if scikit-learn, which the forest needs, is missing.

    >>> log = Interactions.from_columns([0, 0, 1, 1, 2], [1, 2, 1, 2, 2], range(5), value=[4.0] * 5)
    >>> suspicion(log, "rdma")
    array([0., 0., 0.])
    """
    one_of("detector", detector, DETECTORS)
    r = rating_table(log)
    if detector == "rdma":
        return rating_deviation(r)
    if detector == "pca":
        return shared_variation(r)
    if detector == "count z":
        return np.abs(robust_z(np.log1p((~np.isnan(r)).sum(axis=1))))
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=200, random_state=seed).fit(rater_features(r))
    return -np.asarray(forest.score_samples(rater_features(r)), np.float64)


def rater_features(ratings: Floats) -> Floats:
    """Seven numbers about each rater, ``(users, 7)``.

    RDMA; mean distance from the item means; logarithm of the number of ratings; their mean and
    deviation; share of the highest rating; likeness to the 25 most alike raters.

    Source: Chirita, Nejdl and Zamfir (2005) and Burke et al. (KDD 2006) for such features.
    """
    given = ~np.isnan(ratings)
    filled = np.where(given, ratings, 0.0)
    count = given.sum(axis=1)
    some = np.maximum(count, 1)
    item_mean = filled.sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    mean = filled.sum(axis=1) / some
    centred = np.where(given, filled - mean[:, None], 0.0)
    apart = np.where(given, np.abs(filled - item_mean), 0.0).sum(axis=1) / some
    top = (given & (filled >= np.nanmax(ratings))).sum(axis=1) / some
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -1.0)
    many = max(1, min(NEIGHBOURS, len(alike) - 1))  # nobody is their own neighbour
    nearest = np.sort(alike, axis=1)[:, -many:].mean(axis=1)
    deviation = length[:, 0] / np.sqrt(some)
    columns = (rating_deviation(ratings), apart, np.log1p(count), mean, deviation, top, nearest)
    return np.column_stack(columns)
