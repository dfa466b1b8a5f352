"""Let policies live through a world, and compare them pair by pair over seeds.

Seeds are the sample: each draws another world, other people and other whims, and every policy meets
the same. Intervals are Student's over seeds; differences are taken seed by seed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from attnrec_lite._checks import Floats, finite, inside, one_of
from attnrec_lite.worlds.base import Policy, Slate, World
from attnrec_lite.worlds.mask import recommend_allowed


def play(world: World, policy: Policy, seed: int = 0) -> dict[str, float]:
    """Let a policy recommend for an episode.

    Args:
        world: with its truth.
        policy: one of its ``policies``, or your own.
        seed: of the episode.

    Returns:
        The figures of the world, and ``label`` (successes as a log would count them, per 100
        shown), ``harm`` and ``forbidden`` (per 1,000 shown) and ``nothing`` (per 1,000 times that
        somebody was asked and shown nothing).

    Raises:
        ValueError: if the policy's scores do not fit.

    >>> from attnrec_lite.worlds import WORLDS
    >>> world = WORLDS["finance"]()
    >>> policy = world.policies(world.observe())["preference + mask"]
    >>> play(world, policy)["forbidden"]
    0.0
    """
    state, sums = world.start(seed), Counter[str]()
    while state.time < world.rounds:
        may = world.allowed(state)
        view = state.view()
        asked = may if policy.masked else world.everything(len(may))
        shown = recommend_allowed(policy.rule(view), asked, world.length)
        slate = Slate(shown.ids, shown.scores)
        if policy.price is not None:
            slate = Slate(shown.ids, shown.scores, policy.price(view, slate))
        found = world.respond(state, slate)
        real = shown.ids > 0
        bad = real & ~np.take_along_axis(may, shown.ids.astype(np.int64), axis=1)
        sums.update(found.sums)
        sums.update(shown=real.sum(), forbidden=bad.sum(), nothing=shown.nothing.sum())
        sums.update(asked=len(real), label=found.label.sum(), harm=found.harm.sum())
        state = found.state
    figures = _in_every_world(sums) | world.figures(sums)
    return {name: float(x) for name, x in figures.items()}


def _in_every_world(sums: Mapping[str, float]) -> dict[str, float]:
    """Figures that all worlds have."""
    n, asked = max(1, sums["shown"]), max(1, sums["asked"])
    return {
        "label": 100 * sums["label"] / n,
        "harm": 1000 * sums["harm"] / n,
        "forbidden": 1000 * sums["forbidden"] / n,
        "nothing": 1000 * sums["nothing"] / asked,
    }


def seed_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Mean over seeds and Student's interval around it.

    Args:
        values: one figure per seed, shape ``(n,)``.
        level: how often such an interval holds the true mean, if figures scatter like a bell.

    Returns:
        Mean, lower and upper end; the ends are NaN for one seed, which tells no spread.

    Raises:
        ValueError: if there is nothing or a figure is not finite.

    >>> [round(x, 2) for x in seed_interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48]
    """
    x = finite("values", values, 1)
    mean = float(x.mean())
    if len(x) < 2:
        return mean, float("nan"), float("nan")
    error = float(x.std(ddof=1)) / len(x) ** 0.5
    half = float(stdtrit(len(x) - 1, (1 + inside("level", level)) / 2)) * error
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class Contest:
    """Policies of one world, over seeds.

    Attributes:
        world: its name.
        measure: the figure that judges.
        rows: one dictionary per policy and seed: world, policy, seed, figures, cpu_seconds.
    """

    world: str
    measure: str
    rows: tuple[dict[str, Any], ...]

    @property
    def policies(self) -> list[str]:
        """Names, the naive first."""
        return list(dict.fromkeys(row["policy"] for row in self.rows))

    def values(self, policy: str, figure: str | None = None) -> Floats:
        """A figure of a policy, one per seed; the measure by default."""
        one_of("policy", policy, self.policies)
        mine = [row["figures"] for row in self.rows if row["policy"] == policy]
        name = one_of("figure", figure or self.measure, tuple(mine[0]))
        return np.array([figures[name] for figures in mine])

    def more(self, policy: str, than: str, figure: str | None = None) -> tuple[float, float, float]:
        """How much more one policy has than another, seed by seed: mean and interval."""
        return seed_interval(self.values(policy, figure) - self.values(than, figure))

    def summary(self) -> list[dict[str, Any]]:
        """For each policy and figure: mean, its interval, and how much more than the naive."""
        found = []
        for policy in self.policies:
            for figure in self.rows[0]["figures"]:
                mean, low, high = seed_interval(self.values(policy, figure))
                more = self.more(policy, self.policies[0], figure)
                found.append(
                    {"world": self.world, "policy": policy, "figure": figure}
                    | dict(zip(("mean", "low", "high"), (mean, low, high), strict=True))
                    | dict(zip(("more", "more_low", "more_high"), more, strict=True))
                )
        return found

    def table(self) -> str:
        """The figures, with half the width of their intervals."""
        figures = list(self.rows[0]["figures"])
        lines = [f"{self.world}, judged by {self.measure}"]
        lines.append(" " * 26 + "".join(f"{name:>20}" for name in figures))
        for policy in self.policies:
            cells = [seed_interval(self.values(policy, name)) for name in figures]
            text = "".join(f"{f'{m:.3g} ± {h - m:.2g}':>20}" for m, _, h in cells)
            lines.append(f"{policy:<26}{text}")
        return "\n".join(lines)

    __str__ = table


def contest(
    name: str, seeds: Iterable[int] = range(5), only: Iterable[str] | None = None, **sizes: float
) -> Contest:
    """Let all policies of a world play, for each seed in a new world.

    Args:
        name: of ``worlds.WORLDS``.
        seeds: of world, log and episode.
        only: names of policies; all by default.
        sizes: of the world, as its constructor takes them.

    Returns:
        The figures.

    Raises:
        ValueError: if a name is unknown, or there is no seed.

    >>> found = contest("finance", seeds=range(2), people=100)
    >>> mean, low, high = found.more("preference + mask", "preference", "unsuitable")
    >>> mean < 0
    True
    """
    from attnrec_lite.worlds import WORLDS  # the list names every world, and they import this

    kind = WORLDS[one_of("name", name, tuple(WORLDS))]
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        world = kind(seed=seed, **sizes)
        policies = world.policies(world.observe(seed))
        for policy in policies if only is None else only:
            begin = time.process_time()
            figures = play(world, policies[one_of("only", policy, tuple(policies))], seed)
            spent = round(time.process_time() - begin, 3)
            rows.append(
                {"world": name, "policy": policy, "seed": seed}
                | {"figures": figures, "cpu_seconds": spent}
            )
    if not rows:
        raise ValueError("seeds: expected at least one; received none")
    return Contest(name, kind.card.measure, tuple(rows))
