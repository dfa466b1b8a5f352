"""Evaluate a recommender: every target against the catalogue, with the protocol in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnrec_lite._checks import Floats, whole
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.models.base import Recommender

METRICS = ("hr", "ndcg", "mrr")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Metrics per user, with the protocol that gives them a meaning.

    Attributes:
        model: the model's name.
        protocol: what was ranked, against what, and how ties and seen items were handled.
        per_user: metric name (``"ndcg@10"``) to one number per target, shape ``(m,)``.
    """

    model: str
    protocol: str
    per_user: dict[str, Floats]

    def mean(self, metric: str) -> float:
        """Mean over the targets.

        Args:
            metric: such as ``"ndcg@10"``.

        Raises:
            ValueError: if that metric was not computed.
        """
        if metric not in self.per_user:
            raise ValueError(
                f"metric: expected one of {', '.join(self.per_user)}; received {metric!r}"
            )
        return float(self.per_user[metric].mean())

    def __str__(self) -> str:
        """Every metric in a row, and below it the protocol."""
        row = "  ".join(f"{name} {self.mean(name):.4f}" for name in self.per_user)
        return f"{self.model}: {row}\n({self.protocol})"


def evaluate(
    model: Recommender,
    holdout: Holdout,
    k: int = 10,
    exclude_seen: bool = True,
    batch: int = 256,
) -> Evaluation:
    """Rank every item of the catalogue for every target.

    Args:
        model: any recommender of the contract.
        holdout: targets with their histories.
        k: length of the list.
        exclude_seen: leave everything that the user met before the target out of the ranking, as a
            shop does that does not sell the same thing twice.
        batch: users scored at a time; changes nothing but the memory.

    Returns:
        Metrics per user and the protocol in words.

    Raises:
        ValueError: if there is no target, the vocabularies differ, or scores are not finite.
    """
    if len(holdout) == 0:
        raise ValueError("holdout: expected at least one target; received none")
    if not np.array_equal(model.items.raw, holdout.log.items.raw):
        raise ValueError(
            f"model: expected the catalogue of the holdout, {holdout.log.n_items} items; "
            f"received one of {model.n_items} with other raw ids"
        )
    whole("k", k)
    counts = []
    for start in range(0, len(holdout), whole("batch", batch)):
        rows = slice(start, start + batch)
        history = holdout.history(rows)
        seen = history if exclude_seen else None
        counts.append(places(model.score_all(history), holdout.item[rows], seen))
    first, tied = (np.concatenate(column) for column in zip(*counts, strict=True))
    found = ranking_metrics(first, tied, k)
    protocol = (
        f"{holdout.rule}: {len(holdout):,} targets, all {model.n_items:,} items, "
        f"history {'removed' if exclude_seen else 'kept'}, ties averaged"
    )
    return Evaluation(model.name, protocol, {f"{name}@{k}": found[name] for name in METRICS})
