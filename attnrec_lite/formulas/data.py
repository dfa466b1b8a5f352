"""What a log holds, what it hides and what becomes of it in a batch, in numbers.

Explained in the chapter "Data".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, whole


def density(users: ArrayLike, items: ArrayLike, n_users: int, n_items: int) -> float:
    r"""Share of all pairs of a user and an item that occur: equation (6.1), $n / (M N)$.

    Args:
        users: codes 0..M-1, one per row of the log, shape ``(rows,)``.
        items: ids 1..N, shape ``(rows,)``.
        n_users: $M$, those without a row included.
        n_items: $N$, likewise.

    Returns:
        A number in [0, 1]; a pair that repeats counts once.

    Raises:
        ValueError: if the columns differ in length or a code is out of range.

    Layer: none; it counts rows, nothing to train.
    Source: S3-Q2 speaks of sparse data and gives no measure.

    >>> density([0, 0, 0, 1], [1, 2, 2, 3], n_users=2, n_items=3)
    0.5
    """
    user = _codes("users", users, 0, whole("n_users", n_users) - 1)
    item = _codes("items", items, 1, whole("n_items", n_items))
    _same_length("users", user, "items", item)
    pairs = np.unique(np.stack([user, item], axis=1), axis=0)
    return len(pairs) / (n_users * n_items)


def tied_share(users: ArrayLike, times: ArrayLike) -> float:
    """Share of the rows whose time another row of the same user has too: equation (6.2).

    Args:
        users: a code per row, shape ``(rows,)``, in any order.
        times: whole seconds, shape ``(rows,)``.

    Returns:
        A number in [0, 1]; 0 for a log without rows. Their order is the order of the file.

    Raises:
        ValueError: if the columns differ in length or hold no whole numbers.

    Layer: none; it counts rows, nothing to train.
    Source: ours; the articles never ask in what order rows stand.

    >>> tied_share([0, 0, 0, 1], [5, 5, 7, 5])
    0.5
    """
    user, time = _codes("users", users), _codes("times", times)
    _same_length("users", user, "times", time)
    if len(user) == 0:
        return 0.0
    moments = np.stack([user, time], axis=1)
    _, which, how_many = np.unique(moments, axis=0, return_inverse=True, return_counts=True)
    return float(np.mean(how_many[which.ravel()] > 1))


def older_share(target_times: ArrayLike, train_times: ArrayLike) -> float:
    r"""Share of the targets that happened before training ended: equation (6.3).

    Args:
        target_times: when each target happened, shape ``(m,)``.
        train_times: when each training row happened, shape ``(n,)``.

    Returns:
        Share of the targets that are older than the newest training row: 0 for a cut in time.

    Raises:
        ValueError: if there are no targets or no training rows.

    Layer: none; it counts rows, nothing to train.
    Source: S2-C3 splits at random, where this is nearly 1.

    >>> older_share([4, 9, 9, 12], [1, 2, 10])
    0.75
    """
    target = finite("target_times", target_times, 1)
    return float(np.mean(target < finite("train_times", train_times, 1).max()))


def filled_variance(values: ArrayLike) -> float:
    r"""Variance after every gap is filled with the mean: equation (6.4), $(1-p)\,\mathrm{Var}$.

    Args:
        values: one column, NaN where a value is missing, shape ``(n,)``.

    Returns:
        The variance of the values that are there, times their share $1 - p$.

    Raises:
        ValueError: if nothing is there.

    Layer: none; arithmetic, nothing to train.
    Source: S2-Q1, S2-I12, which advise mean filling and do not mention this.

    >>> filled_variance([1.0, 3.0, np.nan, np.nan])
    0.5
    """
    x = as_floats("values", values, 1)
    there = x[~np.isnan(x)]
    return float(finite("values", there, 1).var() * len(there) / len(x))


def observed_mean(values: ArrayLike, chances: ArrayLike) -> float:
    r"""What the mean of the observed values tends to: equation (6.5), $\sum p_i x_i / \sum p_i$.

    Args:
        values: all values, seen or not, shape ``(n,)``.
        chances: $p_i$, chance of each to be observed, in [0, 1], shape ``(n,)``.

    Returns:
        The mean of what gets observed. It is the mean of all values where the chances are equal.

    Raises:
        ValueError: if the shapes differ, a chance is outside [0, 1], or all are 0.

    Layer: none; arithmetic, nothing to train.
    Source: S2-Q1 has no word for values that are missing for a reason.

    >>> observed_mean([1, 5], [0.1, 0.9])
    4.6
    """
    x, p = _with_chances(values, chances)
    if p.sum() == 0:
        raise ValueError("chances: expected one above 0; received zeros only")
    return float(p @ x / p.sum())


def inverse_mean(values: ArrayLike, chances: ArrayLike) -> float:
    r"""Mean of the observed values, each counted $1 / p_i$ times: equation (6.6).

    Args:
        values: the values that were observed, shape ``(n,)``.
        chances: $p_i$, the chance that each had to be observed, above 0, shape ``(n,)``.

    Returns:
        An estimate of the mean of all values, the unobserved ones included.

    Raises:
        ValueError: if the shapes differ, there is no value, or a chance is not in (0, 1].

    Layer: none; arithmetic, nothing to train.
    Source: the remedy that S2-Q1 lacks; Schnabel et al. 2016.

    >>> round(inverse_mean([1] * 1 + [5] * 9, [0.1] * 1 + [0.9] * 9), 6)
    3.0
    """
    x, p = _with_chances(values, chances)
    if np.any(p == 0):
        raise ValueError("chances: expected numbers above 0; received 0 for an observed value")
    return float(np.sum(x / p) / np.sum(1 / p))


def fill_share(lengths: ArrayLike, width: int) -> float:
    r"""Share of the slots of a padded batch that hold an item: equation (6.7).

    Args:
        lengths: length of each history, shape ``(B,)``.
        width: $L$, slots per row; a longer history is cut to its newest $L$ items.

    Returns:
        $\sum_u \min(|S_u|, L) / (B L)$, in [0, 1].

    Raises:
        ValueError: if there is no history, a length is negative, or ``width`` is below 1.

    Layer: none; ``data.pack`` raises it.
    Source: ours; the articles never ask what a batch holds.

    >>> fill_share([12, 3, 90], width=50)
    0.43333333333333335
    """
    length = finite("lengths", _codes("lengths", lengths, 0))
    return float(np.minimum(length, whole("width", width)).sum() / (len(length) * width))


def collision_chance(histories: ArrayLike, chances: ArrayLike) -> Floats:
    r"""Chance that a drawn negative is an item that the user has: equation (6.8).

    Args:
        histories: item ids, 0 for padding, shape ``(B, L)``.
        chances: $q_i$, how often item $i$ is drawn, shape ``(N + 1,)``, index 0 for padding; in
            any unit.

    Returns:
        $\sum_{i \in S_u} q_i$ for each row, shape ``(B,)``; an item counts once.

    Raises:
        ValueError: if an id is unknown, or chances are negative or sum to 0.

    Layer: none; ``data.collisions`` counts what this expects.
    Source: ours; the articles name negatives nowhere.

    >>> collision_chance([[0, 1], [2, 3]], [0, 1, 1, 2])
    array([0.25, 0.75])
    """
    q = finite("chances", chances, 1)
    if np.any(q < 0) or not q[1:].sum() > 0:
        found = f"{q.min():g} to {q.max():g}, sum {q[1:].sum():g}"
        raise ValueError(f"chances: expected numbers from 0, sum above 0; received {found}")
    q = np.concatenate([[0.0], q[1:] / q[1:].sum()])
    rows = [_codes("histories", row, 0, len(q) - 1) for row in np.atleast_2d(histories)]
    return np.array([q[np.unique(row)].sum() for row in rows])


def _codes(name: str, value: ArrayLike, least: int | None = None, most: int | None = None,
           ) -> NDArray[np.int64]:  # fmt: skip
    array = np.asarray(value)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        kind = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"{name}: expected a vector of whole numbers; received {kind}")
    low = -np.inf if least is None else least
    high = np.inf if most is None else most
    if array.size and not low <= array.min() <= array.max() <= high:
        found = f"{array.min()} to {array.max()}"
        raise ValueError(f"{name}: expected numbers in {low}..{high}; received {found}")
    return array.astype(np.int64)


def _same_length(name: str, a: NDArray[np.int64], other: str, b: NDArray[np.int64]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{other}: expected {len(a)} rows, as {name} has; received {len(b)}")


def _with_chances(values: ArrayLike, chances: ArrayLike) -> tuple[Floats, Floats]:
    x, p = finite("values", values, 1), finite("chances", chances, 1)
    if x.shape != p.shape:
        raise ValueError(f"chances: expected shape {x.shape}, as values; received {p.shape}")
    if p.min() < 0 or p.max() > 1:
        found = f"{p.min():g} to {p.max():g}"
        raise ValueError(f"chances: expected numbers in [0, 1]; received {found}")
    return x, p
