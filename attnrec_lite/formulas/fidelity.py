"""Do two accounts of one answer agree, and does a simple rule say what the model says?

Explained in the chapter "Explanation".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from attnrec_lite._checks import Floats, as_ids, finite, one_of, same_width, whole

KINDS = ("spearman", "kendall")


def rank_agreement(a: ArrayLike, b: ArrayLike, kind: str = "spearman") -> float:
    r"""Do two accounts put the same items first? Equation (17.16).

    Spearman: the correlation of the ranks, ties by their mean rank. Kendall's $\tau_b$: pairs in
    the same order less pairs in the other, of those that neither ties.

    Args:
        a: one number for each item, ``(n,)``.
        b: likewise.
        kind: ``spearman`` or ``kendall``.

    Returns:
        A number in [-1, 1]; NaN where there is no order to agree with: fewer than two items, or
        all alike in one account. Leave these out of a mean, and say how many they were.

    Raises:
        ValueError: if lengths differ, a number is not finite, or the kind is unknown.

    Layer: none; it compares numbers, as SciPy does.

    Source: Jain and Wallace, "Attention is not Explanation", NAACL 2019, take Kendall's.

    >>> rank_agreement([0.6, 0.3, 0.1], [5.0, 2.0, 2.0]).__round__(3)
    0.866
    >>> rank_agreement([0.5, 0.5], [1.0, 2.0])
    nan
    """
    x, y = finite("a", a, 1, least=0), finite("b", b, 1, least=0)
    same_width("a", x, "b", y)
    one_of("kind", kind, KINDS)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    judge = stats.spearmanr if kind == "spearman" else stats.kendalltau
    return float(judge(x, y).statistic)


def total_variation(p: ArrayLike, q: ArrayLike) -> Floats:
    r"""The share that has to be moved to make one set of shares of the other: equation (17.4).

    $\frac12 \sum_i |p_i - q_i|$

    Args:
        p: shares that sum to 1, or to 0 where there is nothing, ``(..., n)``.
        q: likewise.

    Returns:
        Numbers in [0, 1], ``(...)``.

    Raises:
        ValueError: if shapes differ or something is no share.

    Layer: none; it compares numbers.

    Source: Wiegreffe and Pinter, "Attention is not not Explanation", EMNLP 2019, for predictions.

    >>> total_variation([0.5, 0.5, 0.0], [0.0, 0.0, 1.0])
    array(1.)
    """
    first, second = _both(p, q)
    return np.asarray(0.5 * np.abs(first - second).sum(axis=-1))


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> Floats:
    r"""How different two sets of weights are, in nats: equation (17.5).

    $\frac12 \mathrm{KL}(p \Vert m) + \frac12 \mathrm{KL}(q \Vert m)$ with $m = \frac12 (p + q)$

    Args:
        p: shares that sum to 1, or to 0 where there is nothing, ``(..., n)``.
        q: likewise.

    Returns:
        Numbers from 0 to $\log 2 = 0.693$, which no two weights can pass, ``(...)``. SciPy's
        ``jensenshannon`` is the square root.

    Raises:
        ValueError: if shapes differ or something is no share.

    Layer: none; ``explain.train_twin`` pushes it up.

    Source: Lin, "Divergence measures based on the Shannon entropy", 1991; Jain and Wallace (2019)
    and Wiegreffe and Pinter (2019) for attention.

    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0]).round(4)
    np.float64(0.6931)
    """
    first, second = _both(p, q)
    middle = (first + second) / 2
    halves = [_entropy(first), _entropy(second)]
    return np.asarray(np.maximum(_entropy(middle) - (halves[0] + halves[1]) / 2, 0.0))


def rule_fidelity(by_rule: ArrayLike, lists: ArrayLike) -> dict[str, float]:
    r"""Does a rule say what the model says? Equation (17.18).

    $\text{coverage} = \frac1n \#\{u: r_u \ne 0\}$ and
    $\text{fidelity} = \#\{u: r_u \in L_u\} \big/ \#\{u: r_u \ne 0\}$

    Args:
        by_rule: $r$, the item that the rules name for each user, 0 where no rule applies, ``(n,)``.
        lists: $L$, the model's lists for the same users, ``(n, k)``; 0 for an empty place.

    Returns:
        ``coverage``, ``fidelity`` where a rule applies (NaN where none does), and ``both``, their
        product: the share of all users for whom a rule gives the model's answer.

    Raises:
        ValueError: if shapes do not fit or an id is no whole number from 0.

    Layer: none; it compares lists.

    Source: S3-Q3 and S3-I9 ask for rules and do not ask whether they are true of the model. The
    measure is that of Craven and Shavlik, "Extracting Tree-Structured Representations of Trained
    Networks", NIPS 1995.

    >>> rule_fidelity([2, 3, 0, 1], [[2, 1], [1, 2], [3, 1], [1, 3]])
    {'coverage': 0.75, 'fidelity': 0.6666666666666666, 'both': 0.5}
    """
    largest = np.iinfo(np.int32).max
    ids = as_ids("lists", lists, largest)
    named = as_ids("by_rule", np.asarray(by_rule)[np.newaxis], largest)[0]
    if len(ids) != len(named):
        raise ValueError(f"by_rule: expected {len(ids)}, as lists; received {len(named)}")
    whole("number of users", len(named))
    applies = named > 0
    right = applies & (ids == named[:, np.newaxis]).any(axis=1)
    fidelity = float(right[applies].mean()) if applies.any() else float("nan")
    return {
        "coverage": float(applies.mean()),
        "fidelity": fidelity,
        "both": float(right.mean()),
    }


def _both(p: ArrayLike, q: ArrayLike) -> tuple[Floats, Floats]:
    """Two arrays of shares of one shape."""
    first, second = finite("p", p, least=0), finite("q", q, least=0)
    if first.shape != second.shape or first.ndim == 0:
        raise ValueError(f"q: expected shape {first.shape}, as p; received {second.shape}")
    for name, x in (("p", first), ("q", second)):
        total = x.sum(axis=-1)
        if (x < 0).any() or not (np.isclose(total, 1, atol=1e-3) | (total == 0)).all():
            raise ValueError(f"{name}: expected shares that sum to 1, or to 0; received others")
    return first, second


def _entropy(p: Floats) -> Floats:
    return np.asarray(-np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1))
