"""Beyond accuracy: what a model's lists are like, whether or not the targets are in them.

Two figures belong to all lists together, how much of the catalogue they reach (coverage) and how
unequally they show it (Gini); two are means over the lists, how far they are from what everyone has
(novelty) and how different their items are (intra-list diversity).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, as_ids, one_of, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation.protocol import Protocol, check_protocol
from attnrec_lite.evaluation.run import Cases, check_catalogue, check_question
from attnrec_lite.formulas.shelves import gini
from attnrec_lite.models.base import Recommender


@dataclass(frozen=True, eq=False, repr=False)
class ListEvaluation:
    """What recommended lists are like, with the protocol they were made under.

    Attributes:
        model: the model's name.
        protocol: for whom the lists were made, out of what.
        overall: metric name (``"coverage@10"``, ``"gini@10"``) to one number for all lists.
        per_user: metric name (``"novelty@10"``, ``"diversity@10"``) to one number per list.
        ids: the lists, best first, 0 where fewer items are left, int32 ``(cases, k)``.
    """

    model: str
    protocol: Protocol | str
    overall: dict[str, float]
    per_user: dict[str, Floats]
    ids: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse figures without a protocol."""
        check_protocol(self.protocol)

    def mean(self, metric: str) -> float:
        """The number of a metric, for metrics per list the mean over the lists.

        Raises:
            ValueError: if that metric was not computed.
        """
        one_of("metric", metric, (*self.overall, *self.per_user))
        if metric in self.overall:
            return self.overall[metric]
        return float(self.per_user[metric].mean())

    def __str__(self) -> str:
        """Every metric in a row, and below it the protocol."""
        names = (*self.overall, *self.per_user)
        row = "  ".join(f"{name} {self.mean(name):.4f}" for name in names)
        return f"{self.model}: {row}\n({self.protocol})"

    __repr__ = __str__


def evaluate_lists(
    model: Recommender,
    holdout: Holdout,
    k: int = 10,
    exclude_seen: bool = True,
    *,
    log: Interactions,
    vectors: ArrayLike | None = None,
    batch: int = 4096,
    progress: bool = False,
) -> ListEvaluation:
    """Make a list for every history of a holdout and ask what the lists are like.

    Args:
        model: any recommender of the contract.
        holdout: whose histories; the targets are not looked at.
        k: length of the lists.
        exclude_seen: leave the history out of the lists.
        log: what "everyone has" is counted in: the training log.
        vectors: one vector per id, ``(N + 1, d)``, whose cosine says how alike two items are (row
            0, padding, is not looked at); without them diversity is left out.
        batch: histories at a time; changes nothing but the memory.
        progress: show a bar.

    Returns:
        ``coverage``, ``gini``, ``novelty`` and ``diversity`` at k, with the protocol.

    Raises:
        ValueError: if there is no target, vocabularies differ, the log is empty, or a shape or
            number does not fit.
    """
    check_question(model, holdout)
    check_catalogue(model, "log", log)
    cases = Cases(holdout)
    lists = [
        model.recommend(history, whole("k", k), exclude_seen)[0]
        for history, _, _ in cases.batches(batch, progress)
    ]
    ids = np.concatenate(lists)
    overall = {
        f"coverage@{k}": coverage(ids, model.n_items),
        f"gini@{k}": gini_of_lists(ids, model.n_items),
    }
    per_user = {f"novelty@{k}": novelty(ids, log)}
    if vectors is not None:
        per_user[f"diversity@{k}"] = intra_list_diversity(ids, vectors)
    protocol = cases.protocol(f"lists out of all {model.n_items:,} items", exclude_seen)
    return ListEvaluation(model.name, protocol, overall, per_user, ids)


def coverage(ids: ArrayLike, n_items: int) -> float:
    """Share of the catalogue that is in any list.

    Args:
        ids: lists of item ids, ``(lists, k)``, 0 for none.
        n_items: N.

    Raises:
        ValueError: if an id is unknown or the catalogue empty.

    >>> coverage([[1, 2], [1, 0]], n_items=4)
    0.5
    """
    shown = as_ids("ids", ids, whole("n_items", n_items))
    return len(np.unique(shown[shown > 0])) / n_items


def gini_of_lists(ids: ArrayLike, n_items: int) -> float:
    """How unequally the lists show the catalogue: the Gini coefficient of the exposures.

    Args:
        ids: lists of item ids, ``(lists, k)``, 0 for none.
        n_items: N; items in no list count with exposure 0.

    Returns:
        0 if every item is shown equally often (never, too), 1 - 1 / N if only one is.

    Raises:
        ValueError: if an id is unknown or the catalogue empty.

    >>> gini_of_lists([[1], [1]], n_items=4), gini_of_lists([[1, 2], [3, 4]], n_items=4)
    (0.75, 0.0)
    """
    shown = as_ids("ids", ids, whole("n_items", n_items))
    return gini(np.bincount(shown.ravel(), minlength=n_items + 1)[1:])


def novelty(ids: ArrayLike, log: Interactions) -> Floats:
    """Mean surprise of a list in bits: -log2 of the share of users who have the item already.

    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
    2010. An item that nobody has counts as if one user had it: its surprise would be infinite.

    Args:
        ids: lists of item ids, ``(lists, k)``, 0 for none.
        log: who has what; only users with a row count.

    Returns:
        Shape ``(lists,)``; 0 for an empty list.

    Raises:
        ValueError: if an id is unknown or the log has no row.

    >>> log = Interactions.from_columns([0, 1, 2, 3], [1, 1, 1, 2], range(4))
    >>> novelty([[2, 0], [1, 2]], log).round(3)
    array([2.   , 1.208])
    """
    shown = as_ids("ids", ids, log.n_items)
    if len(log) == 0:
        raise ValueError("log: expected at least one row; received none")
    pairs = np.unique(log.user * np.int64(log.n_items + 1) + log.item)  # bought twice is one user
    users = np.bincount(pairs % (log.n_items + 1), minlength=log.n_items + 1)
    surprise = np.log2(len(np.unique(log.user)) / np.maximum(users, 1))
    return _mean_of_list(surprise[shown], shown)


def intra_list_diversity(ids: ArrayLike, vectors: ArrayLike) -> Floats:
    """Mean of 1 - cosine over all pairs of a list.

    Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005.

    Args:
        ids: lists of item ids, ``(lists, k)``, 0 for none.
        vectors: one vector per id, ``(N + 1, d)``; a vector of length 0 is like nothing.

    Returns:
        Shape ``(lists,)``; 0 for a list of fewer than two items.

    Raises:
        ValueError: if an id is unknown or a vector of an item is not finite.

    >>> intra_list_diversity([[1, 2], [1, 3], [1, 0]], [[0, 0], [1, 0], [2, 0], [0, 1]])
    array([0., 1., 0.])
    """
    v = as_floats("vectors", vectors, ndim=2)
    shown = as_ids("ids", ids, len(v) - 1)
    if not np.isfinite(v[1:]).all():
        raise ValueError("vectors: expected finite numbers; received NaN or inf")
    length = np.linalg.norm(v, axis=1, keepdims=True)
    unit = np.divide(v, length, out=np.zeros_like(v), where=length > 0)
    unit[0] = 0
    total = np.zeros((len(shown), v.shape[1]))
    own = np.zeros(len(shown))
    for column in shown.T:  # the cosines of all pairs: the sum squared, less every item's own
        total += unit[column]
        own += (unit[column] ** 2).sum(axis=1)
    count = np.count_nonzero(shown, axis=1)
    pairs = count * (count - 1)
    alike = (total**2).sum(axis=1) - own
    return np.where(pairs > 0, 1 - alike / np.maximum(pairs, 1), 0.0)


def _mean_of_list(value: Floats, shown: NDArray[np.int32]) -> Floats:
    inside = shown > 0
    count = np.maximum(np.count_nonzero(inside, axis=1), 1)
    return np.asarray(np.where(inside, value, 0.0).sum(axis=1) / count)
