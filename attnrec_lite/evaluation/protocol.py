"""What a figure was measured on, kept with the figure: without it the figure means nothing.

The same model earns an NDCG@10 of .05 against the whole catalogue and .50 against a hundred random
films, as the chapter "Evaluation" shows. So nothing here prints a figure alone, and nothing
compares figures of two protocols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from typing import Protocol as Interface

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_floats, one_of, whole
from attnrec_lite.formulas.significance import bootstrap_interval


@dataclass(frozen=True)
class Protocol:
    """What was ranked, against what, and how seen items and ties were handled.

    Equal protocols are what makes two figures comparable.

    Attributes:
        split: which rows were held out, in words.
        targets: items to be predicted, each counted once per case.
        cases: rankings, each of one history; a figure is the mean over them.
        candidates: what a target competes with, in words.
        history: ``"removed"`` if items that the user has met leave the ranking, or ``"kept"``.
        ties: how equal scores count; ``"averaged"`` over every order of them.

    Raises:
        ValueError: if a word is empty or not allowed, or there are fewer targets than cases.

    >>> print(Protocol("last row of each user", 943, 943, "all 1,683 items"))
    last row of each user: 943 targets, all 1,683 items, history removed, ties averaged
    """

    split: str
    targets: int
    cases: int
    candidates: str
    history: str = "removed"
    ties: str = "averaged"

    def __post_init__(self) -> None:
        """Check that nothing is left out."""
        for name in ("split", "candidates", "ties"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{name}: expected words; received {value!r}")
        one_of("history", self.history, ("removed", "kept"))
        whole("targets", self.targets, least=whole("cases", self.cases))

    def __str__(self) -> str:
        """Everything in one line."""
        targets = f"{self.targets:,} target{'' if self.targets == 1 else 's'}"
        if self.targets != self.cases:
            targets += f" in {self.cases:,} case{'' if self.cases == 1 else 's'}"
        return (
            f"{self.split}: {targets}, {self.candidates}, history {self.history}, ties {self.ties}"
        )


@dataclass(frozen=True, repr=False)
class Estimate:
    """One figure with its interval and its protocol; it cannot be printed without them.

    Attributes:
        value: the figure.
        low: lower end of the interval.
        high: upper end; both are NaN where one case leaves no interval.
        level: how often such an interval holds the true value, such as 0.95.
        n: cases that the figure is the mean of.
        metric: such as ``"ndcg@10"``.
        model: the model's name.
        protocol: a ``Protocol``, or words for what is no ranking.

    Raises:
        ValueError: if the protocol is empty.

    >>> shown = Estimate(0.1, 0.08, 0.12, 0.95, 943, "ndcg@10", "attention", "last rows")
    >>> shown
    attention: ndcg@10 0.1000, 95 % interval 0.0800 to 0.1200, n = 943
    (last rows)
    >>> float(shown)
    0.1
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    metric: str
    model: str
    protocol: Protocol | str

    def __post_init__(self) -> None:
        """Refuse a figure without a protocol."""
        check_protocol(self.protocol)

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        """The same text with other digits: ``f"{estimate:.2f}"``; the protocol stays."""
        spec = spec or ".4f"
        if self.low != self.low:
            interval = "no interval"
        else:
            interval = f"{self.level * 100:g} % interval {self.low:{spec}} to {self.high:{spec}}"
        figure = f"{self.model}: {self.metric} {self.value:{spec}}"
        return f"{figure}, {interval}, n = {self.n:,}\n({self.protocol})"

    def __str__(self) -> str:
        return format(self, "")

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        figure, protocol = str(self).split("\n", 1)
        return f"{figure}  \n*{protocol}*"

    def __lt__(self, other: object) -> bool:
        """Whether the value is smaller, so that ``max`` and ``sorted`` compare like with like.

        Raises:
            ValueError: if metrics or protocols differ.
        """
        if not isinstance(other, Estimate):
            return NotImplemented
        check_same_protocol([self, other])
        if self.metric != other.metric:
            raise ValueError(
                f"metric: expected one metric; received {self.metric!r} and {other.metric!r}"
            )
        return self.value < other.value


def estimate(
    values: ArrayLike,
    metric: str,
    model: str,
    protocol: Protocol | str,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    """The mean over users with its interval and its protocol.

    Args:
        values: one number per user, shape ``(n,)``.
        metric: what they are.
        model: whose they are.
        protocol: what they were measured on.
        level: of the interval.
        draws: resamples of the interval.
        seed: of the draws.

    Returns:
        The figure. Its interval covers the chance of who was tested, not that of how the model was
        trained: for that, train anew. It is NaN for one user, who says nothing about another.

    Raises:
        ValueError: as ``formulas.bootstrap_interval``, and if the protocol is empty.

    >>> print(estimate([0, 0, 0, 1] * 25, "hr@10", "attention", "100 users"))
    attention: hr@10 0.2500, 95 % interval 0.1700 to 0.3400, n = 100
    (100 users)
    """
    x = as_floats("values", values, 1)
    low, high = bootstrap_interval(x, level, draws, seed)
    if len(x) == 1:
        low = high = np.nan
    return Estimate(float(x.mean()), low, high, level, len(x), metric, model, protocol)


class Figure(Interface):
    """Whatever has a model and a protocol: an ``Estimate``, an ``Evaluation``."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def protocol(self) -> Protocol | str:
        """What it was measured on."""


def check_protocol(protocol: Any) -> Protocol | str:
    """Return the protocol of a figure, or refuse the figure if it has none.

    Args:
        protocol: a ``Protocol``, or words.

    Raises:
        ValueError: if it is neither, or empty.
    """
    if isinstance(protocol, Protocol) or (isinstance(protocol, str) and protocol.strip()):
        return protocol
    raise ValueError(
        "protocol: expected a Protocol, or words that say what was measured, because the figure "
        f"means nothing without; received {protocol!r}"
    )


def check_same_protocol(figures: Sequence[Figure]) -> Protocol | str:
    """Return the one protocol of several figures, or name what differs.

    Args:
        figures: estimates or evaluations, at least one.

    Returns:
        Their protocol.

    Raises:
        ValueError: if there is no figure, or two of different protocols.

    >>> a, b = (Estimate(v, 0, 1, 0.95, 9, "hr@10", "m", "9 users") for v in (0.2, 0.3))
    >>> check_same_protocol([a, b])
    '9 users'
    """
    if len(figures) == 0:
        raise ValueError("figures: expected at least one; received none")
    first = figures[0]
    for other in figures[1:]:
        if other.protocol != first.protocol:
            raise ValueError(
                "protocol: expected figures of one protocol, because others can't be compared; "
                f"{first.model} and {other.model} differ in "
                f"{_difference(first.protocol, other.protocol)}"
            )
    return first.protocol


def _difference(a: Protocol | str, b: Protocol | str) -> str:
    """Say in which fields two protocols differ."""
    if isinstance(a, str) or isinstance(b, str):
        return f"{str(a)!r} and {str(b)!r}"
    fields, others = asdict(a), asdict(b)
    return "; ".join(
        f"{name}: {fields[name]!r} and {others[name]!r}"
        for name in fields
        if fields[name] != others[name]
    )
