"""Judge predicted clicks and ratings: every figure with its interval and its protocol.

None of these says how good a list is: a model may call every click right to the digit and order
nobody's list. For lists there is ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite import formulas
from attnrec_lite._checks import Floats, inside, one_of, share_of_one, whole
from attnrec_lite.evaluation.protocol import Estimate, Protocol
from attnrec_lite.evaluation.results import Table

CELLS = 2**20  # numbers in memory at a time


@dataclass(frozen=True, repr=False)
class Judgement:
    """Figures of one model on one set of labels or ratings, by name.

    Attributes:
        estimates: metric to figure.
        undefined: metric to the reason why it has no value here, in words.
    """

    estimates: dict[str, Estimate]
    undefined: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, metric: str) -> Estimate:
        """The figure of a metric; raises ValueError where there is none, with the reason."""
        if metric in self.undefined:
            raise ValueError(f"metric: {metric} has no value here: {self.undefined[metric]}")
        return self.estimates[one_of("metric", metric, tuple(self.estimates))]

    def table(self) -> Table:
        """All figures in a row; it prints the protocol."""
        row = tuple(self.estimates.values())
        return Table((row,), row[0].protocol)

    def __str__(self) -> str:
        missing = (f"\nno {name}: {reason}" for name, reason in self.undefined.items())
        return f"{self.table()}{''.join(missing)}"

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        missing = (f"\n\nNo {name}: {reason}." for name, reason in self.undefined.items())
        return f"{self.table()._repr_markdown_()}{''.join(missing)}"


def evaluate_clicks(
    labels: ArrayLike,
    chances: ArrayLike,
    protocol: Protocol | str,
    threshold: float = 0.5,
    model: str = "model",
    users: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Judgement:
    """Judge chances of a click by what happened.

    Args:
        labels: 1 for a click, else 0, shape ``(n,)``.
        chances: predicted chance of a click, in [0, 1], shape ``(n,)``.
        protocol: which rows these are, in words; printed with every figure.
        threshold: a chance from here on counts as a predicted click.
        model: the model's name.
        users: who each row belongs to, shape ``(n,)``. Rows of one user resemble each other, so the
            interval draws users, not rows; without it every row counts as a user of its own.
        level: of the intervals.
        draws: resamples of the intervals.
        seed: of the draws.

    Returns:
        ``base rate`` (the share of clicks), ``accuracy``, ``precision``, ``recall``, ``f1``,
        ``log loss``, ``auc`` and ``calibration error``. What has no value here, such as the
        precision of a model that never predicts a click, is in ``undefined`` with the reason. The
        calibration error has no interval: resampling adds noise to every bin, so its percentiles
        lie too high.

    Raises:
        ValueError: if shapes differ, something is no label or no chance, a chance of exactly 0 or 1
            was wrong (the log loss would be infinite), or the protocol is empty.

    >>> found = evaluate_clicks([1, 0, 1, 0], [0.9, 0.2, 0.4, 0.3], "4 impressions, made up")
    >>> float(found["recall"]), float(found["auc"])
    (0.5, 1.0)
    """
    found = _judge(_Clicks(labels, chances, threshold), protocol, model, users, level, draws, seed)
    error = formulas.calibration_error(labels, chances)
    n = next(iter(found.estimates.values())).n
    found.estimates["calibration error"] = Estimate(
        error, np.nan, np.nan, level, n, "calibration error", model, protocol
    )
    return found


def evaluate_ratings(
    actual: ArrayLike,
    predicted: ArrayLike,
    protocol: Protocol | str,
    model: str = "model",
    users: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Judgement:
    """Judge predicted ratings by the real ones.

    Args:
        actual: ratings, shape ``(n,)``.
        predicted: what was predicted for them, shape ``(n,)``.
        protocol: which rows these are, in words; printed with every figure.
        model: the model's name.
        users: who each row belongs to; see ``evaluate_clicks``.
        level: of the intervals.
        draws: resamples of the intervals.
        seed: of the draws.

    Returns:
        ``mse`` in squared units of the rating, ``mae`` and ``rmse`` in its units.

    Raises:
        ValueError: if shapes differ, a number is not finite, or the protocol is empty.

    >>> found = evaluate_ratings([5, 3, 4], [3, 3, 3], "3 ratings, made up")
    >>> [round(float(found[name]), 3) for name in ("mse", "mae", "rmse")]
    [1.667, 1.0, 1.291]
    """
    formulas.mse(actual, predicted)  # checks both
    off = np.asarray(actual, np.float64) - np.asarray(predicted, np.float64)
    return _judge(_Ratings(off), protocol, model, users, level, draws, seed)


class _Ratings:
    """Errors under weights: one row of weights is one resample."""

    why: ClassVar[dict[str, str]] = {}

    def __init__(self, off: Floats) -> None:
        self.off = off

    def __len__(self) -> int:
        return len(self.off)

    def __call__(self, w: Floats) -> dict[str, Floats]:
        """Figures of each row of weights, ``(resamples, n)`` to ``(resamples,)``."""
        n = w.sum(axis=1)
        squared = w @ self.off**2 / n
        return {"mse": squared, "mae": w @ np.abs(self.off) / n, "rmse": np.sqrt(squared)}


class _Clicks:
    """Shares, loss and order under weights; NaN where a figure has no value."""

    why: ClassVar[dict[str, str]] = {
        "precision": "no click was predicted",
        "recall": "nobody clicked",
        "f1": "nobody clicked and no click was predicted",
        "auc": "all labels are the same, so there is no pair to order",
    }

    def __init__(self, labels: ArrayLike, chances: ArrayLike, threshold: float) -> None:
        if not np.isfinite(formulas.log_loss(labels, chances)):  # checks both
            raise ValueError(
                "chances: expected above 0 and below 1 where they can be wrong; received 0 for a "
                "click or 1 for none, which costs an infinite log loss: keep a margin, such as 1e-6"
            )
        y, p = np.asarray(labels, np.float64), np.asarray(chances, np.float64)
        said = (p >= share_of_one("threshold", threshold)).astype(np.float64)
        loss = -np.log(np.where(y == 1, p, 1 - p))
        self.sums = np.column_stack([np.ones(len(y)), y, said, y * said, said == y, loss])
        self.rising = np.argsort(p, kind="stable")
        self.clicked = y[self.rising]
        self.ties = np.unique(p[self.rising], return_index=True)[1]  # where each chance begins

    def __len__(self) -> int:
        return len(self.rising)

    def __call__(self, w: Floats) -> dict[str, Floats]:
        """Figures of each row of weights, ``(resamples, n)`` to ``(resamples,)``."""
        n, clicks, said, hits, right, loss = (w @ self.sums).T
        w = np.take(w, self.rising, axis=1)
        ones = np.add.reduceat(w * self.clicked, self.ties, axis=1)
        zeros = np.add.reduceat(w, self.ties, axis=1) - ones
        ordered = (ones * (np.cumsum(zeros, axis=1) - zeros / 2)).sum(axis=1)  # a tie is half
        with np.errstate(invalid="ignore"):  # 0 / 0 is NaN: no value
            return {
                "base rate": clicks / n,
                "accuracy": right / n,
                "precision": hits / said,
                "recall": hits / clicks,
                "f1": 2 * hits / (clicks + said),
                "log loss": loss / n,
                "auc": ordered / (clicks * (n - clicks)),
            }


def _judge(
    figures: _Clicks | _Ratings,
    protocol: Protocol | str,
    model: str,
    users: ArrayLike | None,
    level: float,
    draws: int,
    seed: int,
) -> Judgement:
    """Take each figure as it is, and its interval from resampled users."""
    n, ends = len(figures), [(1 - inside("level", level)) / 2, (1 + level) / 2]
    given = np.arange(n) if users is None else np.asarray(users)
    if given.shape != (n,):
        raise ValueError(f"users: expected {n} of them, one per row; received shape {given.shape}")
    unit = np.unique(given, return_inverse=True)[1]
    drawn = [figures(w) for w in _weights(unit, whole("draws", draws), seed)]
    found = Judgement({})
    for name, value in figures(np.ones((1, n))).items():
        if np.isnan(value[0]):
            found.undefined[name] = figures.why[name]
            continue
        all_ = np.concatenate([part[name] for part in drawn])
        known = all_[~np.isnan(all_)]  # a resample without a click has no recall
        alone = unit.max() == 0 or len(known) == 0
        low, high = (np.nan, np.nan) if alone else map(float, np.quantile(known, ends))
        found.estimates[name] = Estimate(
            float(value[0]), low, high, level, n, name, model, protocol
        )
    return found


def _weights(unit: NDArray[np.int64], draws: int, seed: int) -> Iterator[Floats]:
    """How often each row stands in each resample of the units, ``(some, n)``."""
    rng, units = np.random.default_rng(seed), int(unit.max()) + 1
    step = max(1, CELLS // len(unit))
    for start in range(0, draws, step):
        some = min(step, draws - start)
        drawn = rng.integers(0, units, size=(some, units)) + units * np.arange(some)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=some * units).reshape(some, units)
        yield np.take(counts.astype(np.float64), unit, axis=1)
