"""Is one model better than another, or were its users luckier?

The user is what a trial draws, so every function here takes one number per user (per case, where a
user is asked about twice). Two models are compared user by user: what makes a user easy for both
then cancels. What no test sees: how the models were trained. For that, train again from new seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_floats, one_of, same_width
from attnrec_lite.evaluation.protocol import (
    Protocol,
    check_protocol,
    check_same_protocol,
    estimate,
)
from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.formulas.significance import (
    bootstrap_interval,
    holm,
    sign_flip_p,
    users_needed,
)

__all__ = [
    "Comparison",
    "compare",
    "estimate",
    "holm",
    "interval",
    "paired_permutation",
    "users_needed",
]

interval = bootstrap_interval  # under the name by which chapters and reports ask for it


def paired_permutation(a: ArrayLike, b: ArrayLike, draws: int = 10_000, seed: int = 0) -> float:
    """How often two equal models would differ as much as these, by luck.

    Args:
        a: one number per user, shape ``(n,)``.
        b: those of the other model for the same users in the same order.
        draws: how many patterns of signs are tried; few users are counted exactly.
        seed: of the draws.

    Returns:
        The two-sided p value of ``formulas.sign_flip_p``; 1 where the models agree on every user.

    Raises:
        ValueError: if the shapes differ or a number is not finite.

    >>> paired_permutation([1, 1, 1, 0, 1], [0, 0, 0, 0, 0])  # 2 of the 16 patterns of four signs
    0.125
    """
    first, second = as_floats("a", a, 1), as_floats("b", b, 1)
    same_width("a", first, "b", second)
    return sign_flip_p(first - second, draws, seed)


@dataclass(frozen=True, repr=False)
class Comparison:
    """How much better one model is than another on the same cases, and how sure that is.

    Attributes:
        model: whose figure is asked about.
        against: the other model's name.
        metric: such as ``"ndcg@10"``.
        difference: mean of ``model`` minus ``against``, case by case.
        low: lower end of its interval.
        high: upper end; both are NaN where one case leaves no interval.
        level: how often such an interval holds the true difference.
        p: of the paired test, in [0, 1]; corrected where several models were compared.
        n: cases.
        protocol: of both models.

    Raises:
        ValueError: if the protocol is empty.
    """

    model: str
    against: str
    metric: str
    difference: float
    low: float
    high: float
    level: float
    p: float
    n: int
    protocol: Protocol | str

    def __post_init__(self) -> None:
        """Refuse a difference without a protocol."""
        check_protocol(self.protocol)

    def __float__(self) -> float:
        return self.difference

    def __str__(self) -> str:
        """The difference, its interval and p; below it the protocol."""
        span = f"{self.level * 100:g} % interval {self.low:+.4f} to {self.high:+.4f}"
        return (
            f"{self.model} minus {self.against}: {self.metric} {self.difference:+.4f}, "
            f"{span if self.low == self.low else 'no interval'}, {p_text(self.p)}, n = {self.n:,}\n"
            f"({self.protocol})"
        )

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        figure, protocol = str(self).split("\n", 1)
        return f"{figure}  \n*{protocol}*"


def compare(
    a: Evaluation,
    b: Evaluation,
    metric: str,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two models case by case.

    Args:
        a: evaluation of a model.
        b: that of another, of the same protocol and targets.
        metric: such as ``"ndcg@10"``.
        level: of the interval of the difference.
        draws: of the paired test.
        seed: of the test and of the interval.

    Returns:
        The mean difference with its interval and p value.

    Raises:
        ValueError: if the protocols or the targets differ, or the metric was not computed.
    """
    protocol = check_same_protocol([a, b])
    if not (np.array_equal(a.targets, b.targets) and np.array_equal(a.case, b.case)):
        raise ValueError(
            f"b: expected the targets of {a.model}; {b.model} was asked for others, although the "
            f"protocols read the same: {protocol}"
        )
    for name, evaluation in (("a", a), ("b", b)):
        one_of(f"metric of {name}", metric, tuple(evaluation.per_user))
    first, second = a.per_user[metric], b.per_user[metric]
    found = estimate(first - second, metric, a.model, protocol, level, seed=seed)
    p = paired_permutation(first, second, draws, seed)
    return Comparison(
        a.model, b.model, metric, found.value, found.low, found.high, level, p, found.n, protocol
    )


def p_text(p: float) -> str:
    """A p value in three digits.

    >>> p_text(0.25), p_text(0.0001)
    ('p = 0.250', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
