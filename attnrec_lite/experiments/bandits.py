"""Learning by trying: policies that choose, watch what it earns, and choose again.

Each of a few arms (banners, rankers, first items for a newcomer) earns 1 with a chance that nobody
knows. What not knowing costs is the regret; what a policy writes down while it learns can later
answer for policies that never ran, if it left room for chance and said how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, one_of, share_of_one, whole
from attnrec_lite.experiments.off_policy import Logs
from attnrec_lite.formulas import (
    greedy_chances,
    regret,
    thompson_chances,
    thompson_draw,
    upper_bounds,
)

KINDS = ("even", "greedy", "epsilon", "ucb", "thompson")


@dataclass(frozen=True, eq=False)
class Play:
    """What a policy did in several independent runs.

    Attributes:
        policy: its name.
        action: arms pulled, int64, shape ``(runs, rounds)``.
        reward: what they earned, 0 or 1, float64, of the same shape.
        regret: equation (14.15), of the same shape.
        logs: of the first run, with the chance of every arm at every pull; None if not asked for.
    """

    policy: str
    action: NDArray[np.int64]
    reward: Floats
    regret: Floats
    logs: Logs | None

    def __str__(self) -> str:
        """Regret at the end, with its deviation over the runs."""
        end = self.regret[:, -1]
        return f"{self.policy}: regret {end.mean():.1f} ± {end.std():.1f} ({len(end)} runs)"


def play(
    values: ArrayLike,
    policy: str,
    rounds: int = 20_000,
    runs: int = 20,
    seed: int = 0,
    *,
    epsilon: float = 0.1,
    scale: float = 2.0,
    every: int = 1,
    log: bool = False,
) -> Play:
    r"""Let a policy pull arms.

    Args:
        values: $\mu$, chance of each arm to earn 1, shape ``(K,)``.
        policy: ``even`` pulls at random; ``greedy`` what has earned most per pull; ``epsilon`` the
            same, with some pulls given to chance; ``ucb`` the highest bound, equation (14.12);
            ``thompson`` the highest draw, equation (14.13). ``greedy``, ``epsilon`` and ``ucb``
            take an arm that was never pulled for the best.
        rounds: pulls of each run.
        runs: how many runs, independent.
        seed: of all draws.
        epsilon: of ``epsilon``.
        scale: $c$ of ``ucb``; 2 is UCB1.
        every: pulls from one look at what was earned to the next: 1 learns at once, more as a
            system does that learns at night.
        log: whether to keep the chances of every arm for the first run. For ``thompson`` they are
            an integral, taken once per look; ask with ``every`` of 50 or more.

    Returns:
        Actions, rewards and regret.

    Raises:
        ValueError: if a number is out of range or the policy is unknown.

    >>> bad, good = (play([0.1, 0.5], p, rounds=500).regret[:, -1].mean() for p in KINDS[::4])
    >>> bool(good < bad / 3)
    True
    """
    mu = finite("values", values, 1)
    if ((mu < 0) | (mu > 1)).any():
        raise ValueError(f"values: expected chances in [0, 1]; received {mu.min()} to {mu.max()}")
    arms = _Arms(one_of("policy", policy, KINDS), share_of_one("epsilon", epsilon), scale)
    rng = np.random.default_rng(seed)
    shape = whole("runs", runs), whole("rounds", rounds)
    action, reward = np.zeros(shape, np.int64), np.zeros(shape)
    wins, pulls, first = np.zeros((runs, len(mu))), np.zeros((runs, len(mu))), np.arange(runs)
    chances = np.zeros((rounds, len(mu))) if log else None
    for start in range(0, rounds, whole("every", every)):
        stop = min(start + every, rounds)
        look = arms.look(wins, pulls, start, log)
        for turn in range(start, stop):
            action[:, turn] = arms.pull(look, wins, pulls, rng)
            reward[:, turn] = rng.random(runs) < mu[action[:, turn]]
        if chances is not None and look is not None:
            chances[start:stop] = look[0]
        for turn in range(start, stop):
            wins[first, action[:, turn]] += reward[:, turn]
            pulls[first, action[:, turn]] += 1
    kept = None if chances is None else Logs(action[0], reward[0], chances)
    return Play(policy, action, reward, regret(mu, action), kept)


@dataclass(frozen=True)
class _Arms:
    """How a policy chooses from what has been earned."""

    policy: str
    epsilon: float
    scale: float

    def look(self, wins: Floats, pulls: Floats, turn: int, log: bool) -> Floats | None:
        """Chances of all arms in each run; Thompson's are computed only to be logged."""
        if self.policy == "thompson":
            if not log:
                return None
            mine = thompson_chances(wins[0], pulls[0] - wins[0])
            return np.broadcast_to(mine, wins.shape)
        means = np.divide(wins, pulls, out=np.zeros_like(wins), where=pulls > 0)
        if self.policy == "even":
            return greedy_chances(means, 1.0)
        new = pulls == 0
        if self.policy == "ucb":
            means = upper_bounds(means, np.where(new, 1.0, pulls), max(1, turn), self.scale)
        means = np.where(new, means.max() + 1, means)  # what was never tried comes first
        return greedy_chances(means, self.epsilon if self.policy == "epsilon" else 0.0)

    def pull(
        self, look: Floats | None, wins: Floats, pulls: Floats, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """One arm in each run."""
        if self.policy == "thompson":
            return np.asarray(thompson_draw(wins, pulls - wins, rng).argmax(axis=1))
        assert look is not None
        steps = look.cumsum(axis=1)
        draw = rng.random((len(steps), 1)) * steps[:, -1:]
        return np.asarray((steps > draw).argmax(axis=1), np.int64)
