"""What an evaluation found: figures per case, each printed and compared with its protocol only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, one_of
from attnrec_lite.evaluation.protocol import (
    Estimate,
    Protocol,
    check_protocol,
    check_same_protocol,
    estimate,
)

SHOWN = ("hr", "ndcg", "mrr")  # what one line has room for


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Metrics per case, with the protocol that gives them a meaning.

    Attributes:
        model: the model's name.
        protocol: what was ranked, against what, and how ties and seen items were handled.
        per_user: metric name (``"ndcg@10"``) to one number per case, shape ``(cases,)``. A case is
            one ranking for one history; with one target per user it is a user.
        history_length: rows that the user had before the cut, shape ``(cases,)``.
        targets: ids of the relevant items in the order of the cases, shape ``(targets,)``.
        case: the case of each target, shape ``(targets,)``; by default one target per case.

    Raises:
        ValueError: if the protocol is empty, there is no metric, or lengths do not fit.
    """

    model: str
    protocol: Protocol | str
    per_user: dict[str, Floats]
    history_length: NDArray[np.int64]
    targets: NDArray[np.int32]
    case: NDArray[np.int64] = None  # type: ignore[assignment]  # one target per case

    def __post_init__(self) -> None:
        """Refuse figures without a protocol, and columns that do not fit together."""
        check_protocol(self.protocol)
        if not self.per_user:
            raise ValueError("per_user: expected at least one metric; received none")
        case = np.arange(len(self.targets)) if self.case is None else np.asarray(self.case)
        object.__setattr__(self, "case", case)
        for name, column in (*self.per_user.items(), ("history_length", self.history_length)):
            if np.shape(column) != (len(self),):
                raise ValueError(
                    f"{name}: expected one number per case, {len(self)}; "
                    f"received shape {np.shape(column)}"
                )
        if len(case) != len(self.targets) or not np.array_equal(np.unique(case), range(len(self))):
            raise ValueError(
                f"targets, case: expected at least one target for each of {len(self)} cases; "
                f"received {len(self.targets)} targets of {len(np.unique(case))}"
            )

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(next(iter(self.per_user.values())))

    def mean(self, metric: str) -> float:
        """Mean over the cases, as a plain number for further arithmetic.

        Args:
            metric: such as ``"ndcg@10"``.

        Raises:
            ValueError: if that metric was not computed.
        """
        return float(self.per_user[one_of("metric", metric, tuple(self.per_user))].mean())

    def estimate(self, metric: str, level: float = 0.95) -> Estimate:
        """Mean over the cases, with an interval for what other cases would have given.

        The percentile bootstrap over the cases. It covers the chance of who was tested, not that of
        how the model was trained: for that, train anew.

        Args:
            metric: such as ``"ndcg@10"``.
            level: share of such intervals that hold the true mean.

        Raises:
            ValueError: if that metric was not computed or ``level`` is not a share.
        """
        values = self.per_user[one_of("metric", metric, tuple(self.per_user))]
        return estimate(values, metric, self.model, self.protocol, level)

    def table(self, metrics: Sequence[str] | None = None, level: float = 0.95) -> Table:
        """Metrics with intervals and the protocol.

        Args:
            metrics: which; all by default.
            level: of the intervals.

        Raises:
            ValueError: if a metric was not computed.
        """
        return compare_table([self], metrics, level)

    def __str__(self) -> str:
        """Hit rate, NDCG and MRR in a row, and below it the protocol."""
        names = [name for name in self.per_user if name.split("@")[0] in SHOWN]
        row = "  ".join(f"{name} {self.mean(name):.4f}" for name in names or self.per_user)
        return f"{self.model}: {row}\n({self.protocol})"

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Table:
    """Figures of one protocol side by side; the protocol is printed below.

    Attributes:
        rows: for each evaluation its estimates, in the order of the metrics.
        protocol: that of all of them.
    """

    rows: tuple[tuple[Estimate, ...], ...]
    protocol: Protocol | str

    def frame(self) -> Any:
        """The figures as a ``pandas.DataFrame``, whose corner names the protocol.

        Raises:
            ImportError: if pandas, an optional package, is missing.
        """
        import pandas as pd

        frame = pd.DataFrame(
            [[e.value for e in row] for row in self.rows],
            index=[row[0].model for row in self.rows],
            columns=pd.Index([e.metric for e in self.rows[0]], name=str(self.protocol)),
        )
        frame.attrs["protocol"] = str(self.protocol)
        return frame

    def _cells(self) -> list[list[str]]:
        head = ["model", *(e.metric for e in self.rows[0])]
        return [head, *([row[0].model, *map(_cell, row)] for row in self.rows)]

    def _repr_markdown_(self) -> str:
        head, *rows = ("| " + " | ".join(cells) + " |" for cells in self._cells())
        rule = "|---" * (len(self.rows[0]) + 1) + "|"
        return "\n".join([head, rule, *rows, "", f"*{self.protocol}*"])

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, f"({self.protocol})"])

    __repr__ = __str__


def compare_table(
    evaluations: Sequence[Evaluation], metrics: Sequence[str] | None = None, level: float = 0.95
) -> Table:
    """Set models side by side that were asked the same question.

    Args:
        evaluations: at least one, all of the same protocol and targets.
        metrics: such as ``["ndcg@10", "mrr@10"]``; by default all of the first.
        level: of the intervals.

    Returns:
        A table that prints its protocol.

    Raises:
        ValueError: if protocols differ (the message names what), or the targets do, or a metric
            was not computed.
    """
    protocol = check_same_protocol(evaluations)
    first = evaluations[0]
    for other in evaluations[1:]:
        same = np.array_equal(other.targets, first.targets)
        if not (same and np.array_equal(other.case, first.case)):
            raise ValueError(
                f"evaluations: expected the same targets; those of {first.model} and "
                f"{other.model} differ, although their protocols read the same: {protocol}"
            )
    names = list(first.per_user) if metrics is None else metrics
    rows = tuple(tuple(e.estimate(name, level) for name in names) for e in evaluations)
    return Table(rows, protocol)


def _cell(figure: Estimate) -> str:
    if np.isnan(figure.low):
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"
