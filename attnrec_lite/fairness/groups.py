"""Is everybody served as well? Quality by group of users, with what chance alone would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, one_of, whole
from attnrec_lite.evaluation.protocol import Estimate, estimate
from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.formulas.significance import holm


@dataclass(frozen=True)
class GroupQuality:
    """How well one group of users is served.

    Attributes:
        name: of the group.
        n: its users with a target.
        figure: mean with its interval, None for a group of nobody.
        difference: mean of the group minus mean of all others; NaN where either is nobody.
        p: how often a random group of this size would differ as much, corrected by Holm for all
            groups that were tested; NaN where nothing was tested.
        note: what cannot be said, in words; empty if nothing is missing.
    """

    name: str
    n: int
    figure: Estimate | None
    difference: float
    p: float
    note: str = ""

    def __str__(self) -> str:
        """Name, mean, interval, difference and p, or why there is none."""
        if self.figure is None:
            return f"{self.name}: {self.note}"
        value = f"{self.name}: {self.figure.metric} {self.figure.value:.4f}"
        if self.figure.low == self.figure.low:
            value += f" [{self.figure.low:.4f}, {self.figure.high:.4f}]"
        tested = (
            "" if self.p != self.p else f", {self.difference:+.4f} to the rest, p = {self.p:.3f}"
        )
        return f"{value}, n = {self.n:,}{tested}{'; ' if self.note else ''}{self.note}"


def quality_by_group(
    found: Evaluation,
    groups: ArrayLike,
    metric: str,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> list[GroupQuality]:
    """A metric for each group of users, with intervals, and tests corrected for their number.

    Args:
        found: of ``evaluate``.
        groups: group of the user of each case, ``(cases,)``.
        metric: such as ``"ndcg@10"``.
        names: groups to report, in this order, those of nobody, too; by default all that occur. A
            user of a group that is not named is among "the others" all the same.
        level: of the intervals, each on its own: of many groups, one will look bad by chance.
        draws: of the permutation test.
        seed: of the test and the intervals.

    Returns:
        One entry a group. A group of one has its figure, no interval and no test: one user says
        nothing about another. A group of nobody has no figure.

    Raises:
        ValueError: if the metric was not computed, there is not one group for each case, or two
            names are the same.
    """
    whole("draws", draws)
    values = found.per_user[one_of("metric", metric, tuple(found.per_user))]
    kind = np.asarray(groups).astype(str)
    if kind.shape != values.shape:
        raise ValueError(f"groups: expected {len(values)}, one per case; received {kind.shape}")
    asked = sorted(set(kind.tolist())) if names is None else [str(name) for name in names]
    if len(set(asked)) < len(asked):
        raise ValueError(f"names: expected different names; received {asked}")
    every = [_group(found, values, kind == name, name, metric, level, seed) for name in asked]
    tested = [i for i, one in enumerate(every) if one.n >= 2 and one.difference == one.difference]
    rng = np.random.default_rng([seed, 5])
    p = [_permuted(values, kind == every[i].name, draws, rng) for i in tested]
    for place, corrected in zip(tested, holm(p) if p else [], strict=True):
        every[place] = replace(every[place], p=float(corrected))
    return every


def _group(
    found: Evaluation,
    values: Floats,
    mine: NDArray[np.bool_],
    name: str,
    metric: str,
    level: float,
    seed: int,
) -> GroupQuality:
    count = int(mine.sum())
    if count == 0:
        return GroupQuality(name, 0, None, np.nan, np.nan, "nobody, so no figure")
    figure = estimate(values[mine], metric, found.model, found.protocol, level, seed=seed)
    rest = values[~mine]
    difference = float(values[mine].mean() - rest.mean()) if len(rest) else np.nan
    note = "one user: no interval, no test" if count == 1 else ""
    if not len(rest):
        note = "everybody: nobody to compare with"
    return GroupQuality(name, count, figure, difference, np.nan, note)


def _permuted(
    values: Floats, mine: NDArray[np.bool_], draws: int, rng: np.random.Generator
) -> float:
    """How often a random group of this size is as far from the rest; never 0."""
    size, total = int(mine.sum()), values.sum()

    def apart(inside: Floats) -> Floats:
        return np.asarray(np.abs(inside / size - (total - inside) / (len(values) - size)))

    here = apart(values[mine].sum())
    drawn = np.array([rng.permutation(values)[:size].sum() for _ in range(draws)])
    return float((np.count_nonzero(apart(drawn) >= here - 1e-12) + 1) / (draws + 1))
