"""The figures of a report: one plain row each, protocol included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import process_time

from attnrec_lite.data.split import Split
from attnrec_lite.evaluation._groups import by_history, by_popularity
from attnrec_lite.evaluation.beyond import ListEvaluation, evaluate_lists
from attnrec_lite.evaluation.protocol import Estimate
from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.evaluation.run import evaluate
from attnrec_lite.evaluation.significance import compare, estimate, holm
from attnrec_lite.models.base import Recommender

NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """One figure of a report.

    Attributes:
        section: ``"overall"``, ``"difference"``, ``"history"`` or ``"popularity"``.
        group: which part of the cases, in words; empty for all.
        model: whose figure it is; for a difference, the baseline that is subtracted.
        metric: such as ``"ndcg@10"``, ``"coverage@10"`` or ``"seconds to fit"``.
        value: the figure.
        low: lower end of its interval; NaN where there is none, as ``high``.
        high: upper end.
        n: cases.
        p: of a difference, corrected by Holm over the baselines; else NaN.
        protocol: what it was measured on.
    """

    section: str
    group: str
    model: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    p: float
    protocol: str

    @classmethod
    def of(cls, section: str, group: str, e: Estimate) -> Row:
        """Take over an estimate."""
        return cls(section, group, e.model, e.metric, e.value, e.low, e.high, e.n, NAN,
                   str(e.protocol))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Trial:
    """A model, what it scored, and what that cost in seconds of the processor.

    Attributes:
        name: as the report calls it.
        model: fitted.
        found: its evaluation.
        lists: what its lists of k are like.
        fit_seconds: NaN if it was fitted before.
        score_seconds: to score and to rank every case.
    """

    name: str
    model: Recommender
    found: Evaluation
    lists: ListEvaluation
    fit_seconds: float
    score_seconds: float

    @classmethod
    def of(
        cls,
        name: str,
        model: Recommender,
        split: Split,
        k: int,
        fit: bool = True,
    ) -> Trial:
        """Fit on the training rows unless that was done before, then rank and list."""
        start = process_time()
        if fit:
            model.fit(split.train)
        ready = process_time()
        found = replace(evaluate(model, split.test, k), model=name)
        score_seconds = process_time() - ready
        lists = evaluate_lists(model, split.test, k, log=split.train)
        return cls(name, model, found, lists, ready - start if fit else NAN, score_seconds)

    def rows(self, k: int, level: float, seed: int) -> list[Row]:
        """The rows of this model over all cases."""
        together = len(self.found.targets) > len(self.found)  # several targets for one list
        rows = [
            Row.of("overall", "", _estimate(self.found, f"{metric}@{k}", level, seed))
            for metric in ("recall" if together else "hr", "ndcg", "mrr")
        ]
        plain = [
            (f"coverage@{k}", self.lists.mean(f"coverage@{k}"), self.lists.protocol),
            ("seconds to fit", self.fit_seconds, self.found.protocol),
            ("seconds to score", self.score_seconds, self.found.protocol),
        ]
        return rows + [
            Row("overall", "", self.name, metric, value, NAN, NAN, len(self.found), NAN, str(told))
            for metric, value, told in plain
        ]


def differences(
    own: Trial, others: Sequence[Trial], metric: str, level: float, seed: int
) -> list[Row]:
    """The model minus each baseline, with p values that Holm corrects for all of them."""
    found = [compare(own.found, other.found, metric, level, seed=seed) for other in others]
    return [
        Row("difference", "", c.against, c.metric, c.difference, c.low, c.high, c.n, float(p),
            str(c.protocol))
        for c, p in zip(found, holm([c.p for c in found]), strict=True)
    ]  # fmt: skip


def history_rows(shown: Sequence[Trial], metric: str, level: float, seed: int) -> list[Row]:
    """Some models on the cases of each length of history."""
    rows = []
    for group, inside in by_history(shown[0].found.history_length):
        words = f"{shown[0].found.protocol}; of these the {inside.sum():,} with {group}"
        for trial in shown:
            values = trial.found.per_user[metric][inside]
            part = estimate(values, metric, trial.name, words, level, seed=seed)
            rows.append(Row.of("history", group, part))
    return rows


def popularity_rows(
    shown: Sequence[Trial], split: Split, k: int, level: float, seed: int
) -> list[Row]:
    """Some models on the targets of each popularity; the others of a case count as no targets."""
    rows = []
    for group, part in by_popularity(split.test, split.train):
        for trial in shown:
            found = replace(evaluate(trial.model, part, k), model=trial.name)
            rows.append(Row.of("popularity", group, _estimate(found, f"ndcg@{k}", level, seed)))
    return rows


def _estimate(found: Evaluation, metric: str, level: float, seed: int) -> Estimate:
    values = found.per_user[metric]
    return estimate(values, metric, found.model, found.protocol, level, seed=seed)
