"""Other orders of the best candidates of a model, and what they cost.

A re-ranking sees the first ``depth`` candidates only: what the model left below cannot be promoted.
Scores are scaled to [0, 1] within each user's candidates, so that one trade-off suits every model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, as_ids, finite, one_of, share_of_one, whole
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.evaluation.run import Cases
from attnrec_lite.evaluation.ties import Levels, list_metrics
from attnrec_lite.fairness.calibration import mixtures
from attnrec_lite.formulas.fairness import place_exposure
from attnrec_lite.formulas.reranking import marginal_relevance, shared_list

RULES = ("mmr", "calibrated", "share")
ALPHA = 0.01  # as of ``formulas.miscalibration``


def rerank(
    ids: ArrayLike,
    scores: ArrayLike,
    k: int,
    rule: str,
    trade: float,
    *,
    vectors: ArrayLike | None = None,
    shares: ArrayLike | None = None,
    histories: ArrayLike | None = None,
    protected: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Take k of each user's candidates by a rule.

    Args:
        ids: candidates, best first, ``(users, depth)``, 0 for an empty place: what
            ``model.recommend(history, depth)`` gives, with ``scores``.
        scores: of the candidates, ``(users, depth)``; ``-inf`` at an empty place.
        k: length of the lists.
        rule: ``"mmr"``, unlike what is on the list; ``"calibrated"``, with the mixture of the
            history; ``"share"``, with a least share of protected items at every length.
        trade: for ``"mmr"`` the weight of the score (1 changes nothing), for ``"calibrated"`` that
            of the mixture (0 changes nothing), for ``"share"`` the least share (0 changes nothing).
        vectors: for ``"mmr"``, one per id, ``(N + 1, d)``; likeness is their cosine.
        shares: for ``"calibrated"``, of the kinds in each item, ``(N + 1, G)``.
        histories: for ``"calibrated"``, ``(users, length)``; an empty one leaves the order.
        protected: for ``"share"``, True for the group, bool, ``(N + 1,)``.

    Returns:
        Lists, ``(users, k)``, 0 where candidates run out.

    Raises:
        ValueError: if what the rule needs is missing or does not fit.

    >>> rerank([[1, 2, 3]], [[3.0, 2.0, 1.0]], 2, "share", 0.5, protected=[False] * 3 + [True])
    array([[1, 3]], dtype=int32)
    """
    needs = {"mmr": [vectors], "calibrated": [shares, histories], "share": [protected]}
    given = needs[one_of("rule", rule, RULES)]
    if any(part is None for part in given):
        word = {"mmr": "vectors", "calibrated": "shares and histories", "share": "protected"}[rule]
        raise ValueError(f"rule: {rule!r} needs {word}; received none")
    tables = [np.asarray(part) for part in given]
    found, s = as_ids("ids", ids, len(tables[0]) - 1), as_floats("scores", scores, 2)
    if s.shape != found.shape:
        raise ValueError(f"scores: expected shape {found.shape}, as ids has; received {s.shape}")
    want = _wanted(tables, rule, len(found))
    lists = np.zeros((len(found), whole("k", k)), np.int32)
    for user, row in enumerate(found):
        some = row > 0
        if some.any():
            taken = _one(row[some], _scaled(s[user, some]), k, rule, trade, tables[0], want[user])
            lists[user, : len(taken)] = row[some][taken]
    return lists


def steer(
    ids: ArrayLike, scores: ArrayLike, k: int, groups: ArrayLike, merit: ArrayLike, strength: float
) -> tuple[NDArray[np.int32], Floats]:
    """Lists for users one after another, with more of whoever has been shown too little.

    Each candidate's score, scaled to [0, 1], rises by ``strength`` times what its group is behind:
    its share of merit minus its share of the exposure so far. No list has to be fair; their sum
    is, as far as the strength goes.

    Args:
        ids: candidates, best first, ``(users, depth)``, in the order in which users come.
        scores: of the candidates, ``(users, depth)``.
        k: length of the lists.
        groups: provider group of each item, 0..G-1, ``(N + 1,)``.
        merit: of each group, not negative, ``(G,)``.
        strength: 0 leaves the order by score.

    Returns:
        The lists, ``(users, k)``, and each group's share of the exposure, ``(G,)``.

    Raises:
        ValueError: if shapes do not fit or a number is out of range.

    Source: the amortised exposure of Biega, Gummadi and Weikum (SIGIR 2018), one user at a time.

    >>> steer([[1, 2], [1, 2]], [[2.0, 1.0]] * 2, 1, [0, 0, 1], [1, 1], strength=2.0)[0].tolist()
    [[1], [2]]
    """
    kind, due = np.asarray(groups), finite("merit", merit, 1)
    found, s = as_ids("ids", ids, len(kind) - 1), as_floats("scores", scores, 2)
    push = float(finite("strength", strength, 0))
    if s.shape != found.shape or (due < 0).any() or due.sum() == 0 or push < 0:
        raise ValueError("scores, merit, strength: expected shapes of ids, and numbers from 0")
    if kind[1:].min(initial=0) < 0 or kind[1:].max(initial=0) >= len(due):
        raise ValueError(f"groups: expected 0..{len(due) - 1} for every item; received others")
    seen, places = np.zeros(len(due)), place_exposure(k)
    lists = np.zeros((len(found), k), np.int32)
    for user, row in enumerate(found):
        some = row > 0
        behind = due / due.sum() - (seen / seen.sum() if seen.sum() else 0.0)
        raised = _scaled(s[user, some]) + push * behind[kind[row[some]]]
        best = row[some][np.argsort(-raised, kind="stable")[:k]]
        lists[user, : len(best)] = best
        np.add.at(seen, kind[best], places[: len(best)])
    return lists, seen / max(seen.sum(), 1e-300)


def evaluate_given(lists: ArrayLike, holdout: Holdout, k: int, name: str) -> Evaluation:
    """Judge lists that somebody made, as ``evaluate`` judges a model's.

    Args:
        lists: item ids, best first, one row for each case of the holdout in its order,
            ``(cases, at least k)``; 0 for an empty place.
        holdout: the targets.
        k: how many places count.
        name: under which the figures are printed.

    Returns:
        The metrics of ``evaluate`` at k but for the area under the curve; what is on no list counts
        as last. The same cases in the same order, so that ``compare`` tells the price.

    Raises:
        ValueError: if there is not one list for each case, an item is on a list twice, or an id is
            unknown.
    """
    cases, n = Cases(holdout), holdout.log.n_items
    shown = as_ids("lists", lists, n)
    if len(shown) != len(cases) or shown.shape[1] < whole("k", k):
        raise ValueError(f"lists: expected {len(cases)} rows of {k}; received {shown.shape}")
    ordered = np.sort(shown, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)).any():
        raise ValueError("lists: expected each item at most once in a list; received one twice")
    hit = shown[cases.case] == cases.target[:, None]
    # What is not listed comes after everything, each target of a case at a place of its own.
    last = n + np.arange(len(cases.target))
    beaten = np.where(hit.any(axis=1), hit.argmax(axis=1), last)
    ranked = np.full(len(cases), n)
    levels = Levels.of(cases.case, beaten, np.zeros_like(beaten), ranked)
    per_user = {f"{metric}@{k}": v for metric, v in list_metrics(levels, k).items()}
    protocol = cases.protocol(f"all {n:,} items, lists of {k}", exclude_seen=True)
    return Evaluation(name, protocol, per_user, cases.history_length, cases.target, cases.case)


def _wanted(tables: list[NDArray[Any]], rule: str, users: int) -> Any:
    """The mixture of each history, for the rule that asks for it."""
    if rule != "calibrated":
        return [None] * users
    want = mixtures(tables[1], tables[0])
    if len(want) != users:
        raise ValueError(f"histories: expected {users} rows, as ids has; received {len(want)}")
    return want


def _one(
    row: NDArray[np.int32], s: Floats, k: int, rule: str, trade: float, table: Any, want: Any
) -> NDArray[np.int64]:
    """Which candidates of one user, by place."""
    if rule == "mmr":
        v = finite("vectors", table, 2)[row]
        length = np.linalg.norm(v, axis=1, keepdims=True)
        unit = np.divide(v, length, out=np.zeros_like(v), where=length > 0)
        return marginal_relevance(s, unit @ unit.T, k, trade)
    if rule == "share":
        return shared_list(s, table[row], k, trade)
    share_of_one("trade", trade)
    if want.sum() == 0:  # nobody knows what this user wants
        return np.arange(min(k, len(row)))
    return _calibrated(s, table[row], want, k, trade)


def _calibrated(s: Floats, kinds: Floats, want: Floats, k: int, trade: float) -> NDArray[np.int64]:
    """``formulas.calibrated_list``, all candidates of a step at once."""
    chosen, total, left = [], np.zeros(len(want)), np.ones(len(s), bool)
    own = want > 0
    for _ in range(min(k, len(s))):
        sums = total + kinds
        size = sums.sum(axis=1, keepdims=True)
        shown = np.divide(sums, size, out=np.zeros_like(sums), where=size > 0)
        mixed = (1 - ALPHA) * shown[:, own] + ALPHA * want[own]
        far = np.maximum((want[own] * np.log(want[own] / mixed)).sum(axis=1), 0.0)
        # What the others on the list add to the score is the same for all candidates.
        best = int(np.argmax(np.where(left, (1 - trade) * s - trade * far, -np.inf)))
        chosen.append(best)
        left[best] = False
        total = total + kinds[best]
    return np.array(chosen, np.int64)


def _scaled(scores: Floats) -> Floats:
    """Scores in [0, 1]; equal ones are all 1."""
    low, high = scores.min(initial=np.inf), scores.max(initial=-np.inf)
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
