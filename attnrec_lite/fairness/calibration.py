"""Does a list have the mixture of kinds that the person chose?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, finite, inside


@dataclass(frozen=True)
class Calibration:
    """How far lists are from the mixtures of their histories.

    Attributes:
        divergence: of each user in nats, ``(users,)``; NaN for one without a history.
        lost: share of the kinds of the history that the list does not show at all, ``(users,)``.
        wanted: mixtures of the histories, ``(users, G)``.
        shown: mixtures of the lists, ``(users, G)``.
    """

    divergence: Floats
    lost: Floats
    wanted: Floats
    shown: Floats

    @property
    def mean(self) -> float:
        """Mean divergence over the users with a history, in nats."""
        return float(np.nanmean(self.divergence))


def kind_shares(kinds: ArrayLike, n_kinds: int) -> Floats:
    """Items of one kind each as rows of shares.

    Args:
        kinds: kind of each item, 0..G-1, ``(N + 1,)``; what stands for padding is not looked at.
        n_kinds: G.

    Returns:
        Shape ``(N + 1, G)``: 1 at the item's kind, zeros for padding.

    Raises:
        ValueError: if an item has another kind.

    >>> kind_shares([-1, 1, 0], n_kinds=2)
    array([[0., 0.],
           [0., 1.],
           [1., 0.]])
    """
    code = np.asarray(kinds)
    if code.ndim != 1 or len(code) < 2 or code[1:].min() < 0 or code[1:].max() >= n_kinds:
        raise ValueError(f"kinds: expected 0..{n_kinds - 1} for every item; received others")
    shares = np.zeros((len(code), n_kinds))
    shares[np.arange(1, len(code)), code[1:]] = 1.0
    return shares


def mixtures(ids: ArrayLike, shares: ArrayLike) -> Floats:
    """Mixture of kinds of each row of items.

    Args:
        ids: item ids, ``(users, length)``, 0 for none.
        shares: of the kinds in each item, rows with sum 1 or, for an item of no kind, 0;
            ``(N + 1, G)``.

    Returns:
        Shape ``(users, G)``, rows with sum 1, or 0 where nothing has a kind.

    Raises:
        ValueError: if an id is unknown.

    >>> mixtures([[1, 1, 2], [0, 0, 0]], [[0, 0], [1, 0], [0, 1]]).round(3)
    array([[0.667, 0.333],
           [0.   , 0.   ]])
    """
    kind = _kinds(shares)
    shown = as_ids("ids", ids, len(kind) - 1)
    total = np.zeros((len(shown), kind.shape[1]))
    for column in shown.T:
        total += kind[column]
    size = total.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(total, size, out=np.zeros_like(total), where=size > 0))


def evaluate_calibration(
    lists: ArrayLike, histories: ArrayLike, shares: ArrayLike, alpha: float = 0.01
) -> Calibration:
    """Compare each list with the mixture of its history.

    Args:
        lists: item ids, ``(users, k)``, 0 for an empty place.
        histories: item ids, left-padded, ``(users, length)``.
        shares: as for ``mixtures``.
        alpha: as for ``formulas.miscalibration``.

    Returns:
        The figures of each user. A list of k items cannot have every mixture: with ten, no kind can
        have a twentieth.

    Raises:
        ValueError: if an id is unknown or the numbers of users differ.

    >>> kinds = kind_shares([-1, 0, 1], 2)
    >>> found = evaluate_calibration([[1, 2], [1, 1]], [[1, 2], [1, 2]], kinds)
    >>> found.divergence.round(3), found.lost
    (array([0.   , 1.959]), array([0. , 0.5]))
    """
    kind, a = _kinds(shares), inside("alpha", alpha)
    p, q = mixtures(histories, kind), mixtures(lists, kind)
    if len(p) != len(q):
        raise ValueError(f"lists: expected {len(p)} rows, as histories has; received {len(q)}")
    mixed = (1 - a) * q + a * p
    ratio = np.divide(p, mixed, out=np.ones_like(p), where=p > 0)
    some = p.sum(axis=1) > 0
    divergence = np.where(some, np.maximum((p * np.log(ratio)).sum(axis=1), 0.0), np.nan)
    lost = ((p > 0) & (q == 0)).sum(axis=1) / np.maximum((p > 0).sum(axis=1), 1)
    return Calibration(divergence, np.where(some, lost, np.nan), p, q)


def _kinds(shares: ArrayLike) -> NDArray[np.float64]:
    kind = finite("shares", shares, 2).copy()
    kind[0] = 0.0
    total = kind.sum(axis=1)
    if (kind < 0).any() or not (np.isclose(total, 1, atol=1e-6) | (total == 0)).all():
        raise ValueError("shares: expected rows with sum 1 or 0; received others")
    return kind
