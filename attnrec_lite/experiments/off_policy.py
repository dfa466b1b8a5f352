"""Asking the log in place of the people: what would another policy have earned?

A policy gives each action a chance. A log is worth something for this only if the policy that
wrote it left room for chance, and if it wrote down how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, chances, finite, positive, same_length
from attnrec_lite.formulas import (
    doubly_robust,
    effective_size,
    importance_weights,
    inverse_propensity,
    policy_value,
    self_normalised,
)


@dataclass(frozen=True, eq=False)
class Logs:
    """What was shown, what it earned, and how likely everything was.

    An action is one thing in one place. Where a page shows several, the chance that is needed is
    that of this thing *in this place*, not that of the thing to be anywhere on the page.

    Attributes:
        action: what was shown, 0..actions-1, int64, shape ``(n,)``.
        reward: what it earned, float64, shape ``(n,)``.
        logging: chance of every action under the policy that logged, shape ``(n, actions)``.

    Raises:
        ValueError: if shapes do not fit, an action is unknown, or a logged action had chance 0.
    """

    action: NDArray[np.int64]
    reward: Floats
    logging: Floats

    def __post_init__(self) -> None:
        """Check that the parts fit, and that what happened could happen."""
        logging, action = chances("logging", self.logging), np.asarray(self.action)
        reward = finite("reward", self.reward, 1)
        same_length("logging", logging, "reward", reward)
        if action.shape != reward.shape or action.dtype.kind not in "iu":
            raise ValueError(
                f"action: expected {len(reward)} whole numbers; received {action!r:.60}"
            )
        if ((action < 0) | (action >= logging.shape[1])).any():
            raise ValueError(f"action: expected numbers in 0..{logging.shape[1] - 1}")
        for name, value in (("action", action), ("reward", reward), ("logging", logging)):
            object.__setattr__(self, name, value)
        importance_weights(self.propensity, self.propensity)  # refuses a chance of 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.action)

    @property
    def propensity(self) -> Floats:
        """Chance of what was shown, shape ``(n,)``."""
        return self.at(self.logging)

    def at(self, table: Floats) -> Floats:
        """The entry of each row's action, of a table of shape ``(n, actions)``."""
        chosen: Floats = np.take_along_axis(table, self.action[:, None], axis=1)[:, 0]
        return chosen


@dataclass(frozen=True)
class OffPolicy:
    """Estimates of one policy's value, with what decides whether to believe them.

    Attributes:
        values: name of the estimator to its estimate: ``"mean of the log"`` (the value of the
            *logging* policy), ``"IPS"``, ``"clipped IPS"``, ``"SNIPS"``; with guesses also
            ``"direct"`` and ``"doubly robust"``.
        rows: rows of the log.
        effective: how many rows it is worth, equation (9.19).
        largest: the largest weight.
        mean_weight: near 1 if the propensities are right.
        ceiling: of clipped IPS.
    """

    values: dict[str, float]
    rows: int
    effective: float
    largest: float
    mean_weight: float
    ceiling: float

    def __str__(self) -> str:
        """Every estimate, and below them the state of the weights."""
        row = "  ".join(f"{name} {value:.4f}" for name, value in self.values.items())
        return (
            f"{row}\n({self.rows:,} rows, worth {self.effective:,.0f}; weights up to "
            f"{self.largest:.3g}, mean {self.mean_weight:.3f}, clipped at {self.ceiling:g})"
        )


def check_support(logs: Logs, target: ArrayLike, names: Sequence[str] | None = None) -> None:
    """Refuse a policy that shows what the log can never show.

    Args:
        logs: with the chances of every action.
        target: chances of the policy in question, shape ``(n, actions)``.
        names: of the actions, for the message.

    Raises:
        ValueError: naming the action that the target shows most often where the log never does.

    >>> logs = Logs(np.array([0, 0]), np.ones(2), np.array([[1.0, 0.0]] * 2))
    >>> check_support(logs, [[0.9, 0.1]] * 2, names=["kettle", "teapot"])
    Traceback (most recent call last):
    ...
    ValueError: target: shows teapot in 2 rows where the logging policy never does; 10.0% of what \
it shows is out of sight, and no weight brings it back
    """
    policy = _target(logs, target)
    missing = np.where(logs.logging == 0, policy, 0.0)
    if not missing.any():
        return
    worst = int(missing.sum(axis=0).argmax())
    name = f"action {worst}" if names is None else names[worst]
    raise ValueError(
        f"target: shows {name} in {np.count_nonzero(missing[:, worst]):,} rows where the logging "
        f"policy never does; {missing.sum() / len(logs):.1%} of what it shows is out of sight, and "
        "no weight brings it back"
    )


def estimate_value(
    logs: Logs, target: ArrayLike, guesses: ArrayLike | None = None, ceiling: float = 5.0
) -> OffPolicy:
    """Estimate what a policy would have earned, in all the ways of the chapter.

    Args:
        logs: rows with the chances of every action.
        target: chances of the policy in question, shape ``(n, actions)``.
        guesses: a model's guess of the reward of every action, shape ``(n, actions)``.
        ceiling: of the weights of clipped IPS.

    Returns:
        The estimates, and the state of the weights.

    Raises:
        ValueError: if the target shows what the log never can (``check_support``), shapes differ.

    >>> even = np.full((4, 2), 0.5)
    >>> logs = Logs(np.array([0, 1, 0, 1]), np.array([1.0, 0, 1, 0]), even)
    >>> estimate_value(logs, [[1.0, 0.0]] * 4).values["SNIPS"]
    1.0
    """
    policy = _target(logs, target)
    check_support(logs, policy)
    w, r = importance_weights(logs.at(policy), logs.propensity), logs.reward
    values = {
        "mean of the log": float(r.mean()),
        "IPS": inverse_propensity(w, r),
        "clipped IPS": inverse_propensity(w, r, positive("ceiling", ceiling)),
        "SNIPS": self_normalised(w, r),
    }
    if guesses is not None:
        q = finite("guesses", guesses, 2)
        values["direct"] = policy_value(policy, q)
        values["doubly robust"] = doubly_robust(w, r, logs.at(q), values["direct"])
    return OffPolicy(values, len(logs), effective_size(w), float(w.max()), float(w.mean()), ceiling)


def shift_errors(
    logs: Logs,
    target: ArrayLike,
    guesses: ArrayLike | None = None,
    shift: float = -1.0,
    ceiling: float = 5.0,
) -> dict[str, float]:
    """How wrong each estimate goes when the same number is added to every reward.

    A reward of 0 or 1 and a cost of -1 or 0 say the same, so an estimate should move by exactly
    the number that was added.

    Args:
        logs: as for ``estimate_value``.
        target: as there.
        guesses: as there; they are shifted too, as a model of the shifted rewards would be.
        shift: what is added.
        ceiling: as there.

    Returns:
        Estimator to the movement beyond ``shift``: 0 is right.

    Raises:
        ValueError: as ``estimate_value``.

    >>> logs = Logs(np.array([0, 1, 1]), np.array([1.0, 0, 1]), np.full((3, 2), 0.5))
    >>> errors = shift_errors(logs, [[0.9, 0.1]] * 3)
    >>> round(errors["IPS"], 3), abs(round(errors["SNIPS"], 3))
    (0.267, 0.0)
    """
    moved = Logs(logs.action, logs.reward + shift, logs.logging)
    guessed = None if guesses is None else np.asarray(guesses) + shift
    after = estimate_value(moved, target, guessed, ceiling).values
    before = estimate_value(logs, target, guesses, ceiling).values
    return {name: after[name] - before[name] - shift for name in after}


def simulate_logs(logging: ArrayLike, rewards: ArrayLike, seed: int = 0) -> Logs:
    """Let a policy run, and write down what has to be written down.

    Args:
        logging: chance of every action in each row, shape ``(n, actions)``.
        rewards: chance that each action earns 1, of the same shape.
        seed: of the random generator.

    Returns:
        The log: one action per row, drawn by its chance, and a reward of 0 or 1.

    Raises:
        ValueError: if the shapes differ or something is no chance.

    >>> simulate_logs([[1.0, 0.0]] * 3, [[1.0, 0.0]] * 3).reward
    array([1., 1., 1.])
    """
    mu, q = chances("logging", logging), finite("rewards", rewards, 2)
    if mu.shape != q.shape:
        raise ValueError(f"rewards: expected shape {mu.shape}, as logging; received {q.shape}")
    if ((q < -1e-9) | (q > 1 + 1e-9)).any():  # sums of chances miss 1 by a rounding
        raise ValueError(f"rewards: expected chances in [0, 1]; received {q.min()} to {q.max()}")
    rng = np.random.default_rng(seed)
    steps = mu.cumsum(axis=1)
    action = (steps > (rng.random(len(mu)) * steps[:, -1])[:, None]).argmax(axis=1)
    earned = rng.random(len(mu)) < np.take_along_axis(q, action[:, None], axis=1)[:, 0]
    return Logs(action, earned.astype(np.float64), mu)


def _target(logs: Logs, target: ArrayLike) -> Floats:
    policy = chances("target", target)
    if policy.shape != logs.logging.shape:
        raise ValueError(
            f"target: expected shape {logs.logging.shape}, as the log has; received {policy.shape}"
        )
    return policy
