"""The same candidates in another order: for variety, for the mixture a person chose, for providers.

One list at a time, written as the rules are. Explained in the chapter "Robustness and fairness".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, share_of_one, whole
from attnrec_lite.formulas.fairness import miscalibration

Places = NDArray[np.int64]


def marginal_relevance(scores: ArrayLike, similarity: ArrayLike, k: int, trade: float) -> Places:
    r"""Good, and unlike what is on the list: maximal marginal relevance, equation (19.20).

    Next comes $\arg\max_{i \notin S} \lambda s_i - (1 - \lambda) \max_{j \in S} \mathrm{sim}_{ij}$.

    Args:
        scores: $s$ of n candidates, on a scale that can be set against a similarity, ``(n,)``.
        similarity: of each pair, such as a cosine, ``(n, n)``.
        k: length of the list; all candidates if there are fewer.
        trade: $\lambda$ in [0, 1]; 1 leaves the order by score.

    Returns:
        Candidates, best first, of equal ones the first first; shape ``(min(k, n),)``.

    Raises:
        ValueError: if shapes do not fit or a number is not finite or out of range.

    Layer: none; ``fairness.rerank``.

    Source: Carbonell and Goldstein (SIGIR 1998).

    >>> twins = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    >>> marginal_relevance([1.0, 0.9, 0.5], twins, k=2, trade=0.5)
    array([0, 2])
    """
    s, sim = finite("scores", scores, 1), finite("similarity", similarity, 2)
    if sim.shape != (len(s), len(s)):
        raise ValueError(f"similarity: expected {(len(s), len(s))}; received {sim.shape}")
    weight = share_of_one("trade", trade)
    left = np.ones(len(s), bool)
    chosen: list[int] = []
    nearest = np.full(len(s), -np.inf)  # similarity to the nearest one on the list
    for _ in range(min(whole("k", k), len(s))):
        penalty = nearest if chosen else np.zeros(len(s))
        chosen.append(_best(weight * s - (1 - weight) * penalty, left))
        left[chosen[-1]] = False
        nearest = np.maximum(nearest, sim[chosen[-1]])
    return np.array(chosen, np.int64)


def calibrated_list(
    scores: ArrayLike, kinds: ArrayLike, wanted: ArrayLike, k: int, trade: float
) -> Places:
    r"""A list with the mixture of the history, grown one by one: equation (19.20).

    Next comes the candidate whose list has the largest $(1 - \lambda) \sum_{i \in S} s_i -
    \lambda\,\mathrm{KL}(p \,\|\, \tilde q_S)$, where $q_S$ is the mean of the kinds of the list.

    Args:
        scores: $s$ of n candidates, ``(n,)``.
        kinds: shares of the kinds in each candidate, rows with sum 1 (0 for one of no kind),
            ``(n, G)``.
        wanted: $p$, the mixture of the history, with sum 1, ``(G,)``.
        k: length of the list; all candidates if there are fewer.
        trade: $\lambda$ in [0, 1]; 0 leaves the order by score.

    Returns:
        Candidates, in the order in which they were taken, shape ``(min(k, n),)``. Taken one by one
        the list is not always the best one; Steck shows that it is never far from it.

    Raises:
        ValueError: if shapes do not fit or a number is not finite or out of range.

    Layer: none; ``fairness.rerank``.

    Source: Steck (RecSys 2018).

    >>> calibrated_list([1.0, 0.9, 0.8], [[1, 0], [1, 0], [0, 1]], [0.5, 0.5], k=2, trade=0.5)
    array([0, 2])
    """
    s, kind, p = finite("scores", scores, 1), finite("kinds", kinds, 2), finite("wanted", wanted, 1)
    if kind.shape != (len(s), len(p)):
        raise ValueError(f"kinds: expected {(len(s), len(p))}; received {kind.shape}")
    weight = share_of_one("trade", trade)
    left, total, gained = np.ones(len(s), bool), np.zeros(len(p)), 0.0
    chosen: list[int] = []
    for _ in range(min(whole("k", k), len(s))):
        worth = np.array([
            (1 - weight) * (gained + s[i]) - weight * miscalibration(p, _mean(total + kind[i]))
            if left[i] else -np.inf
            for i in range(len(s))
        ])  # fmt: skip
        chosen.append(_best(worth, left))
        left[chosen[-1]] = False
        total, gained = total + kind[chosen[-1]], gained + s[chosen[-1]]
    return np.array(chosen, np.int64)


def shared_list(scores: ArrayLike, protected: ArrayLike, k: int, share: float) -> Places:
    r"""The best order with a least share of a group at every length: equation (19.20).

    At least $\lfloor \rho j \rfloor$ of the first j places are of the group, for every j up to k.
    Both queues stay in the order of their scores; whoever is due comes first, else the better one.

    Args:
        scores: of n candidates, ``(n,)``.
        protected: True for the group, ``(n,)``.
        k: length of the list; all candidates if there are fewer.
        share: $\rho$ in [0, 1]; 0 leaves the order by score.

    Returns:
        Candidates, best first, shape ``(min(k, n),)``. Where the group runs out the promise ends,
        and the others follow.

    Raises:
        ValueError: if shapes do not fit or a number is not finite or out of range.

    Layer: none; ``fairness.rerank``.

    Source: FA*IR, Zehlike et al. (CIKM 2017), with a plain share in place of their test.

    >>> shared_list([4.0, 3.0, 2.0, 1.0], [False, False, False, True], k=3, share=0.5)
    array([0, 3, 1])
    """
    s, own = finite("scores", scores, 1), np.asarray(protected)
    if own.dtype != bool or own.shape != s.shape:
        raise ValueError(
            f"protected: expected booleans {s.shape}; received {own.dtype} {own.shape}"
        )
    least = share_of_one("share", share)
    order = np.argsort(-s, kind="stable").tolist()
    queue = {True: [i for i in order if own[i]], False: [i for i in order if not own[i]]}
    chosen: list[int] = []
    inside = 0
    for place in range(1, min(whole("k", k), len(s)) + 1):
        due = inside < int(least * place + 1e-9)
        heads = [queue[group][0] for group in (True, False) if queue[group]]
        pick = queue[True][0] if due and queue[True] else min(heads, key=lambda i: (-s[i], i))
        queue[bool(own[pick])].pop(0)
        chosen.append(pick)
        inside += bool(own[pick])
    return np.array(chosen, np.int64)


def _best(worth: Floats, left: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(left, worth, -np.inf)))


def _mean(total: Floats) -> Floats:
    return total / total.sum() if total.sum() > 0 else total
