"""The programs of the sources, repaired: those in which each candidate asks the history.

One user, item vectors in, preference scores out, as in ``programs``. Explained in the chapter "Five
programs".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, positive, same_width
from attnrec_lite.formulas.programs import recency_weights
from attnrec_lite.formulas.scores import dot_scores, scaled_dot_scores

CAP = 20.0


def capped(scores: ArrayLike, cap: float = CAP) -> Floats:
    r"""Scores that cannot grow without bound: in equations (7.3) and (7.7).

    $\hat s = c\,\tanh(s / c)$

    Args:
        scores: any shape.
        cap: $c$, which no score reaches.

    Returns:
        Scores of the same order; those far below the cap hardly change.

    Raises:
        ValueError: if the cap is not a finite number above 0.

    Layer: none; the models cap what stands in an exponent, so that in training one product of
        matrices serves all positions of a history.

    Source: ours.

    >>> capped([-500.0, 0.0, 2.0]).round(3)
    array([-20.   ,   0.   ,   1.993])
    """
    c = positive("cap", cap)
    return np.asarray(c * np.tanh(as_floats("scores", scores) / c))


def score_times_attention(
    history: ArrayLike, candidates: ArrayLike, recency: ArrayLike, bias: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    r"""The second program: scores, weighted by their own softmax: equation (7.3).

    $r_{jc} = h_j^\top e_c$, $\alpha_{jc} = \mathrm{softmax}_j(\hat r_{jc} + \hat b_{n-j})$,
    $\hat y_c = \sum_j \alpha_{jc}\, r_{jc} + b_c$, where the hat on $r$ and $b$ caps them.

    Args:
        history: $h$, shape ``(n, d)``.
        candidates: $e$, shape ``(m, d)``.
        recency: as for ``recency_weights``.
        bias: $b_c$, shape ``(m,)``, or one number for all.

    Returns:
        Preference scores, shape ``(m,)``: the bias alone where the history is empty; the weights,
        shape ``(m, n)``, each row over the history.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.ScoreTimesAttention``.

    Source: S1-C4, repaired; S1-F2 and S1-F8 have the softmax over candidates.

    >>> y, a = score_times_attention([[2, 0], [0, 1]], [[1, 0], [0, 1]], recency=[0, 0])
    >>> y.round(2), a.round(2)
    (array([1.76, 0.73]), array([[0.88, 0.12],
           [0.27, 0.73]]))
    """
    r = _each(dot_scores, candidates, history)
    weights = recency_weights(capped(r), capped(recency))
    return (weights * r).sum(axis=1) + as_floats("bias", bias), weights


def candidate_asks(
    history: ArrayLike,
    candidates: ArrayLike,
    query_matrix: ArrayLike,
    key_matrix: ArrayLike,
    value_matrix: ArrayLike,
    recency: ArrayLike,
    bias: ArrayLike = 0.0,
) -> tuple[Floats, Floats]:
    r"""The fourth program: each candidate asks the history for its own context: equation (7.7).

    $s_{jc} = (e_c W_Q)(h_j W_K)^\top / \sqrt d$,
    $\alpha_{jc} = \mathrm{softmax}_j(\hat s_{jc} + \hat b_{n-j})$,
    $\hat y_c = \sum_j \alpha_{jc}\, (h_j W_V)\, e_c^\top + b_c$, where the hat on $s$ and $b$ caps
    them.

    Args:
        history: $h$, shape ``(n, d)``.
        candidates: $e$, shape ``(m, d)``.
        query_matrix: $W_Q$, shape ``(d, d)``.
        key_matrix: $W_K$, the same.
        value_matrix: $W_V$, the same.
        recency: as for ``recency_weights``.
        bias: $b_c$, shape ``(m,)``, or one number for all.

    Returns:
        Preference scores, shape ``(m,)``: the bias alone where the history is empty; the weights,
        shape ``(m, n)``, each row over the history.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.TargetAttention``.

    Source: S3-C4, with the score that it lacks.

    >>> y, a = candidate_asks([[1, 0], [0, 1]], [[2, 0]], *[np.eye(2)] * 3, recency=[0, 0])
    >>> y.round(3), a.round(3)
    (array([1.608]), array([[0.804, 0.196]]))
    """
    h, e = as_floats("history", history, 2), as_floats("candidates", candidates, 2)
    queries = e @ as_floats("query_matrix", query_matrix, 2)
    keys = h @ as_floats("key_matrix", key_matrix, 2)
    weights = recency_weights(capped(_each(scaled_dot_scores, queries, keys)), capped(recency))
    contexts = weights @ (h @ as_floats("value_matrix", value_matrix, 2))
    return (contexts * e).sum(axis=1) + as_floats("bias", bias), weights


def _each(
    score: Callable[[ArrayLike, ArrayLike], Floats], queries: ArrayLike, keys: ArrayLike
) -> Floats:
    """Scores of every query for every key, shape ``(m, n)``."""
    q, k = as_floats("candidates", queries, 2), as_floats("history", keys, 2)
    same_width("history", k, "candidates", q)
    return np.array([score(one, k) for one in q]).reshape(len(q), len(k))
