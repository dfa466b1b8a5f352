"""What a survey says about those who answered, and what it leaves open about all.

An interval speaks of chance among those who answered. It knows nothing of who kept silent, and the
satisfied do not answer as often as the others. So a ``Survey`` prints the share of answers and the
bounds for all, side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import inside, same_length, share_of_one, whole, zeros_and_ones
from attnrec_lite.formulas import post_stratified, silent_bounds, wilson_interval


@dataclass(frozen=True)
class Survey:
    """A yes-or-no question, put to some and answered by fewer.

    Attributes:
        question: in words; it is printed with every figure.
        yes: how many said yes.
        answered: how many answered.
        asked: how many were asked.
        level: of the interval.

    Raises:
        ValueError: if there is no question, nobody answered, or not yes <= answered <= asked.

    >>> print(Survey("Did you find it?", yes=81, answered=100, asked=500))
    "Did you find it?" yes 81.0% of 100 answers [72.2%, 87.5%] at 95%
    (400 of the 500 asked were silent, so of all between 16.2% and 96.2%)
    """

    question: str
    yes: int
    answered: int
    asked: int
    level: float = 0.95

    def __post_init__(self) -> None:
        """Check that the counts can be."""
        if not isinstance(self.question, str) or not self.question.strip():
            raise ValueError(f"question: expected a few words; received {self.question!r}")
        whole("answered", self.answered)
        inside("level", self.level)
        if not whole("yes", self.yes, 0) <= self.answered <= whole("asked", self.asked):
            raise ValueError(
                "yes, answered, asked: expected yes <= answered <= asked; received "
                f"{self.yes}, {self.answered}, {self.asked}"
            )

    @property
    def share(self) -> float:
        """Share of yes among the answers."""
        return self.yes / self.answered

    @property
    def interval(self) -> tuple[float, float]:
        """What chance leaves open among people who answer like these: equation (9.11)."""
        return wilson_interval(self.yes, self.answered, self.level)

    @property
    def bounds(self) -> tuple[float, float]:
        """What silence leaves open among all who were asked: equation (9.12)."""
        return silent_bounds(self.share, self.answered / self.asked)

    def __str__(self) -> str:
        """Answers with their interval, and the bounds for all."""
        low, high = (f"{end:.1%}" for end in self.interval)
        least, most = (f"{end:.1%}" for end in self.bounds)
        return (
            f'"{self.question}" yes {self.share:.1%} of {self.answered:,} answers [{low}, {high}] '
            f"at {self.level:.0%}\n({self.asked - self.answered:,} of the {self.asked:,} asked "
            f"were silent, so of all between {least} and {most})"
        )


def post_stratify(yes: ArrayLike, group: ArrayLike, population: ArrayLike) -> float:
    """Weigh answers so that each group counts by its size among all.

    Args:
        yes: 0 or 1 for each answer, shape ``(answers,)``.
        group: group of each answer, numbers from 0, shape ``(answers,)``.
        population: how many of all belong to group 0, 1, 2, ..., shape ``(groups,)``.

    Returns:
        The weighted share, equation (9.13).

    Raises:
        ValueError: if shapes differ, a group is unknown, or a group of the population has no
            answer: its share would be made up.

    >>> post_stratify([1, 1, 1, 0], [0, 0, 0, 1], [10, 30])
    0.25
    """
    said, sizes = zeros_and_ones("yes", yes, 1), np.asarray(population, float)
    kind = np.asarray(group)
    same_length("yes", said, "group", kind)
    if kind.dtype.kind not in "iu" or ((kind < 0) | (kind >= len(sizes))).any():
        raise ValueError(f"group: expected numbers in 0..{len(sizes) - 1}; received others")
    answers = np.bincount(kind, minlength=len(sizes))
    empty = np.flatnonzero((answers == 0) & (sizes > 0))
    if len(empty):
        raise ValueError(f"group: expected answers of every group; group {empty[0]} has none")
    shares = np.bincount(kind, said, len(sizes)) / np.maximum(answers, 1)
    return post_stratified(shares, sizes)


def simulate_answers(
    satisfied: ArrayLike, if_satisfied: ArrayLike, if_not: ArrayLike, seed: int = 0
) -> NDArray[np.bool_]:
    """Let people answer a survey, or not.

    Args:
        satisfied: 0 or 1 for each person, shape ``(n,)``.
        if_satisfied: chance that a satisfied person answers; one number, or one per person.
        if_not: chance that another one does.
        seed: of the random generator.

    Returns:
        Who answers, bool, shape ``(n,)``.

    Raises:
        ValueError: if a chance is not in [0, 1] or shapes do not fit.

    >>> simulate_answers([1, 1, 0], if_satisfied=1.0, if_not=0.0)
    array([ True,  True, False])
    """
    happy = zeros_and_ones("satisfied", satisfied, 1)
    both = []
    for name, value in (("if_satisfied", if_satisfied), ("if_not", if_not)):
        chance = np.asarray(value, float)
        if chance.shape not in ((), happy.shape):
            raise ValueError(f"{name}: expected a chance, or one per person; got {chance.shape}")
        for end in (chance.min(initial=1), chance.max(initial=0)):
            share_of_one(name, float(end))
        both.append(chance)
    answers: NDArray[np.bool_] = np.random.default_rng(seed).random(len(happy)) < np.where(
        happy > 0, *both
    )
    return answers
