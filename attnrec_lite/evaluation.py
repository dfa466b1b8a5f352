"""Ranking metrics with their protocol: how good are the first k places?

One target per user competes with every item of the catalogue. Three things decide the figure as
much as the model does, so each is stated and printed with it: which row was held out, what happens
to items the user has already met, and what a tie counts.

**Ties.** A target that shares its score with e other items stands at each of the e + 1 places
equally often, and gets the mean over these places. A model that scores everything alike therefore
earns what chance earns, k / N for the hit rate, and not everything or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_ids, whole
from attnrec_lite.data.split import Holdout
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


def places(
    scores: ArrayLike, targets: ArrayLike, seen: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each target stands: how many items beat it, and how many tie with it.

    Args:
        scores: ``(batch, N + 1)``; column 0 is padding and takes no part.
        targets: item ids 1..N, shape ``(batch,)``.
        seen: item ids ``(batch, any)`` that take no part in the ranking, 0 for none. A target
            that is also seen stays in: it is what the user did.

    Returns:
        Two counts of shape ``(batch,)``: items with a higher score, and other items with the same.

    Raises:
        ValueError: if shapes do not fit, an id is unknown, or a score of an item is not finite (a
            model that has diverged must not rank first because ``NaN > x`` is false).

    >>> places([[0, 0.9, 0.5, 0.5]], [2])
    (array([1]), array([1]))
    """
    s = np.array(scores, np.float32)
    if s.ndim != 2 or len(s) != len(np.asarray(targets)):
        raise ValueError(f"scores: expected one row per target; received shape {s.shape}")
    if not np.isfinite(s[:, 1:]).all():
        raise ValueError("scores: expected finite numbers; received NaN or inf")
    target = as_ids("targets", np.asarray(targets)[:, None], s.shape[1] - 1, least=1)
    own = np.take_along_axis(s, target, axis=1)
    if seen is not None:
        met = as_ids("seen", seen, s.shape[1] - 1)
        if len(met) != len(s):
            raise ValueError(f"seen: expected {len(s)} rows, one per target; received {len(met)}")
        np.put_along_axis(s, met, -np.inf, axis=1)
    s[:, 0] = -np.inf
    np.put_along_axis(s, target, own, axis=1)
    return (s > own).sum(axis=1), (s == own).sum(axis=1) - 1


def ranking_metrics(beaten_by: ArrayLike, tied_with: ArrayLike, k: int) -> dict[str, Floats]:
    """Hit rate, NDCG and MRR at k, each the mean over the places that a tie leaves open.

    Args:
        beaten_by: items with a higher score than the target, shape ``(m,)``.
        tied_with: other items with the same score, shape ``(m,)``.
        k: length of the list.

    Returns:
        ``hr``, ``ndcg`` and ``mrr``, each ``(m,)``: 1, 1 / log2(place + 1) and 1 / place for a
        target within the first k places, else 0.

    Raises:
        ValueError: if ``k`` is not a whole number from 1.

    >>> {name: float(v[0]) for name, v in ranking_metrics([2], [0], k=10).items()}
    {'hr': 1.0, 'ndcg': 0.5, 'mrr': 0.3333333333333333}
    """
    place = np.arange(1, whole("k", k) + 1)
    first, tied = np.asarray(beaten_by), np.asarray(tied_with) + 1
    gains = {"hr": np.ones(k), "ndcg": 1 / np.log2(place + 1), "mrr": 1 / place}
    low, high = np.minimum(first, k), np.minimum(first + tied, k)
    metrics = {}
    for name, gain in gains.items():
        total = np.concatenate([[0.0], np.cumsum(gain)])
        metrics[name] = np.where(
            tied == 1, np.append(gain, 0.0)[low], (total[high] - total[low]) / tied
        )
    return metrics


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
