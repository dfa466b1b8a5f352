"""A model card on demand: is it better than what is simple, for whom, and how sure is that?

The rows of a ``Report`` are plain data; its text and its figure are drawn from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from attnrec_lite._checks import whole
from attnrec_lite.data.leakage import leaks
from attnrec_lite.data.split import Split
from attnrec_lite.evaluation._rows import Row, Trial, differences, history_rows, popularity_rows
from attnrec_lite.evaluation.protocol import Protocol
from attnrec_lite.evaluation.run import check_question
from attnrec_lite.models.base import Recommender

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Report:
    """What ``report`` found.

    Attributes:
        model: the model's name.
        best: the baseline with the highest mean; it stands beside the model in every part.
        metric: by which baselines, parts and differences are judged.
        level: of every interval.
        rows: every figure.
        protocol: what was measured, over all cases.
        split: how the log was cut, in words.
        leaks: what the split lets through, in Markdown.
    """

    model: str
    best: str
    metric: str
    level: float
    rows: tuple[Row, ...]
    protocol: Protocol | str
    split: str
    leaks: str

    @property
    def table(self) -> list[dict[str, Any]]:
        """One plain dictionary per figure, protocol included, for ``pandas.DataFrame``."""
        return [asdict(row) for row in self.rows]

    def section(self, name: str) -> list[Row]:
        """The rows of a section, in order."""
        return [row for row in self.rows if row.section == name]

    def markdown(self) -> str:
        """The report as text; below each table stands what it was measured on."""
        from attnrec_lite.evaluation._card import markdown

        return markdown(self)

    __str__ = __repr__ = _repr_markdown_ = markdown

    def plot(self) -> tuple[Axes, ...]:
        """One panel per section, in the book's style; below them the protocol.

        Returns:
            The axes, from top to bottom; ``axes[0].figure`` is the figure.
        """
        from attnrec_lite.evaluation._card import draw

        return draw(self)


def report(
    model: Recommender,
    split: Split,
    against: Sequence[Recommender] | None = None,
    k: int = 10,
    seed: int = 0,
    level: float = 0.95,
) -> Report:
    """Measure a model on the test part beside every baseline.

    Args:
        model: already fitted, on ``split.train``.
        split: training log and test targets.
        against: baselines; each is fitted here on ``split.train``. By default all of
            ``models.baselines_for``.
        k: length of the lists.
        seed: of the intervals and tests.
        level: of the intervals.

    Returns:
        For the model and each baseline: hit rate (recall, where several targets are relevant
        together), NDCG and MRR with intervals, the share of the catalogue that their lists show,
        and processor seconds. The model's NDCG minus each baseline's, with p values that Holm
        corrects. And its NDCG beside the best baseline's in parts: by length of the history (over
        cases) and by popularity of the target (over targets).

    Raises:
        ValueError: if there is no test target, catalogues differ, the model is its own baseline,
            or scores are not finite.

    >>> from attnrec_lite.data import Interactions, leave_one_out
    >>> from attnrec_lite.models import Popularity, Successors
    >>> log = Interactions.from_columns([0] * 4 + [1] * 4, [1, 2, 3, 4] * 2, range(8))
    >>> split = leave_one_out(log)
    >>> model = Successors(log.items).fit(split.train)
    >>> found = report(model, split, against=[Popularity(log.items)], k=1)
    >>> found.table[0]["metric"], found.table[0]["value"], found.best
    ('hr@1', 1.0, 'popularity')
    """
    whole("k", k)
    check_question(model, split.test)
    rivals = _rivals(model, split, against)
    names = _distinct([model.name, *(rival.name for rival in rivals)])
    own = Trial.of(names[0], model, split, k, fit=False)
    others = [
        Trial.of(name, rival, split, k) for name, rival in zip(names[1:], rivals, strict=True)
    ]
    metric = f"ndcg@{k}"
    best = max(others, key=lambda trial: trial.found.mean(metric), default=None)
    shown = [own] if best is None else [own, best]
    rows = [row for trial in (own, *others) for row in trial.rows(k, level, seed)]
    rows += differences(own, others, metric, level, seed)
    rows += history_rows(shown, metric, level, seed)
    rows += popularity_rows(shown, split, k, level, seed)
    return Report(
        model=own.name,
        best="" if best is None else best.name,
        metric=metric,
        level=level,
        rows=tuple(rows),
        protocol=own.found.protocol,
        split=split.protocol,
        leaks=leaks(split)._repr_markdown_(),
    )


def _rivals(
    model: Recommender, split: Split, against: Sequence[Recommender] | None
) -> list[Recommender]:
    """Baselines to fit; the model itself would be fitted anew, and so is refused."""
    if against is None:
        from attnrec_lite.models import baselines_for

        return list(baselines_for(split.train.items))
    for rival in against:
        if not isinstance(rival, Recommender):
            raise ValueError(f"against: expected recommenders; received {type(rival).__name__}")
        if rival is model:
            raise ValueError(f"against: expected other models; received {model.name} itself")
    return list(against)


def _distinct(names: Sequence[str]) -> list[str]:
    """Number names that come again.

    >>> _distinct(["popularity", "ease", "popularity"])
    ['popularity', 'ease', 'popularity (2)']
    """
    return [
        name if name not in names[:i] else f"{name} ({names[:i].count(name) + 1})"
        for i, name in enumerate(names)
    ]
