"""Several interests from one history: who competes for what.

In self-attention the past items compete for each interest; in routing the interests compete for
each past item. Explained in the chapter "Multi-interest".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, finite, same_width, whole
from attnrec_lite.formulas.weights import softmax


def self_attentive_interests(
    history: ArrayLike,
    hidden_matrix: ArrayLike,
    queries: ArrayLike,
    positions: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    r"""K weightings of one history, each over the items: equation (12.2).

    $A = \mathrm{softmax}_j\big(Q \tanh((H + P) W)^\top\big)$ and $V = A H$

    Args:
        history: $H$, oldest item first, shape ``(n, d)``.
        hidden_matrix: $W$, shape ``(d, units)``.
        queries: $Q$, one per interest, shape ``(K, units)``.
        positions: $P$, one vector per place, shape ``(n, d)``; none by default. They help to
            choose and are no part of what is chosen: the values are $H$ alone.

    Returns:
        Interests $V$, shape ``(K, d)``, zero for an empty history; weights $A$, shape ``(K, n)``,
        each row a share of 1 over the items.

    Raises:
        ValueError: if the shapes do not fit, there is no query, or a number is not finite.

    Layer: none; ``models.MultiInterest`` adds how long ago to the score, equation (7.9).

    Source: Cen et al. (2020), after Lin et al. (2017); S4-F12 has the softmax without queries.

    >>> v, a = self_attentive_interests([[1, 0], [0, 1]], np.eye(2), [[9, 0], [0, 9]])
    >>> a.round(3)
    array([[0.999, 0.001],
           [0.001, 0.999]])
    """
    h, q = finite("history", history, 2, least=0), finite("queries", queries, 2)
    w = finite("hidden_matrix", hidden_matrix, 2)
    p = np.zeros_like(h) if positions is None else finite("positions", positions, 2, least=0)
    if p.shape != h.shape:
        raise ValueError(f"positions: expected shape {h.shape}, as history; received {p.shape}")
    same_width("history", h, "hidden_matrix, transposed", w.T)
    same_width("hidden_matrix", w, "queries", q)
    if len(h) == 0:
        return np.zeros((len(q), h.shape[1])), np.zeros((len(q), 0))
    a = softmax(q @ np.tanh((h + p) @ w).T, axis=1)
    return a @ h, a


def squash(z: ArrayLike) -> Floats:
    r"""Keep the direction, press the length below 1: equation (12.3).

    $\mathrm{squash}(z) = \frac{\lVert z\rVert^2}{1 + \lVert z\rVert^2}\,\frac{z}{\lVert z\rVert}$

    Args:
        z: one vector per row of the last axis, any shape.

    Returns:
        The same shape; a zero vector stays zero.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; ``models.MultiInterest`` with ``extract="routing"``.

    Source: Sabour et al. (2017), as Li et al. (2019) use it.

    >>> squash([[3.0, 4.0], [0.0, 0.0]]).round(4)
    array([[0.5769, 0.7692],
           [0.    , 0.    ]])
    """
    v = finite("z", z, least=0)
    length = np.sqrt((v**2).sum(axis=-1, keepdims=True)) if v.ndim else np.abs(v)
    return np.asarray(v * np.divide(length, 1 + length**2))  # not z over its length: 0 over 0


def dynamic_routing(
    history: ArrayLike, matrix: ArrayLike, start: ArrayLike, rounds: int = 3
) -> tuple[Floats, Floats]:
    r"""Items find their interest in rounds, as in clustering: equation (12.4).

    In each round $w_{kj} = \mathrm{softmax}_k(b_{kj})$ over the *interests*,
    $u_k = \mathrm{squash}(\sum_j w_{kj}\, S h_j)$, and then
    $b_{kj} \leftarrow b_{kj} + u_k^\top S h_j$.

    Args:
        history: $h$, shape ``(n, d)``.
        matrix: $S$, one for all interests, shape ``(d, d')``; a row vector is multiplied by it
            from the left.
        start: $b$ before the first round, shape ``(K, n)``. Its rows have to differ, or all
            interests stay the same for ever: the paper draws them at random.
        rounds: how many. In training only the last one has a gradient; the couplings of the rounds
            before are taken as given.

    Returns:
        Interests $u$, shape ``(K, d')``, shorter than 1, zero for an empty history; couplings $w$
        of the last round, shape ``(K, n)``, each *column* a share of 1 over the interests.

    Raises:
        ValueError: if the shapes do not fit, there is no interest, a number is not finite, or
            ``rounds`` is no whole number from 1.

    Layer: none; ``models.MultiInterest`` with ``extract="routing"``.

    Source: Li et al. (2019), behaviour-to-interest routing, after Sabour et al. (2017).

    >>> u, w = dynamic_routing([[9, 0], [0, 9]], np.eye(2), [[0.1, 0], [0, 0.1]])
    >>> w.round(1)
    array([[1., 0.],
           [0., 1.]])
    >>> same, _ = dynamic_routing([[9, 0], [0, 9]], np.eye(2), np.zeros((2, 2)))
    >>> bool((same[0] == same[1]).all())
    True
    """
    h, s = finite("history", history, 2, least=0), finite("matrix", matrix, 2)
    b = finite("start", start, 2)
    same_width("history", h, "matrix, transposed", s.T)
    if b.shape[1] != len(h):
        raise ValueError(f"start: expected {len(h)} columns, as history; received {b.shape[1]}")
    told = h @ s
    u, w = np.zeros((len(b), s.shape[1])), b
    for _ in range(whole("rounds", rounds) if len(h) else 0):
        w = softmax(b, axis=0)
        u = squash(w @ told)
        b = b + u @ told.T
    return u, w


def interest_count(length: int, most: int) -> int:
    r"""How many interests a history deserves: equation (12.5).

    $K'_u = \max(1, \min(K, \lfloor\log_2 n_u\rfloor))$

    Args:
        length: $n_u$, the items of the history, 0 or more.
        most: $K$.

    Returns:
        A whole number from 1 to K; the paper leaves open how the logarithm is rounded.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; ``models.MultiInterest`` keeps K and lets the best one speak.

    Source: Li et al. (2019).

    >>> [interest_count(n, most=4) for n in (0, 3, 4, 8, 16, 1000)]
    [1, 1, 2, 3, 4, 4]
    """
    n = whole("length", length, 0)
    return max(1, min(whole("most", most), n.bit_length() - 1))  # floor(log2 n), in whole numbers


def redundancy(interests: ArrayLike) -> float:
    r"""How alike the interests are: equation (12.12), $\mathrm{mean}_{k<l}\cos$.

    Args:
        interests: one per row, shape ``(K, d)``.

    Returns:
        1 if all point the same way: they have collapsed, and K of them say what one says. 0 if
        they are at right angles, below 0 if they point apart. A zero vector is like nothing; one
        interest alone has redundancy 0.

    Raises:
        ValueError: if there is none or a number is not finite.

    Layer: none; ``evaluation.interest_redundancy`` for a batch of users.

    Source: ours; Lin et al. (2017) punish the same in training.

    >>> redundancy([[1, 0], [2, 0]]), redundancy([[1, 0], [0, 1]])
    (1.0, 0.0)
    """
    v = finite("interests", interests, 2)
    if len(v) < 2:
        return 0.0
    length = np.linalg.norm(v, axis=1, keepdims=True)
    unit = np.divide(v, length, out=np.zeros_like(v), where=length > 0)
    first, second = np.triu_indices(len(v), k=1)
    return float((unit[first] * unit[second]).sum(axis=1).mean())


def two_tastes(share: float = 0.5) -> tuple[Floats, Floats]:
    r"""One vector for two tastes, or one for each: equation (12.1).

    The tastes are $a = (1, 0)$ and $b = (0, 1)$, and a good in between is $(a + b)/\sqrt 2$. One
    vector is $u = \pi a + (1 - \pi) b$; two are $a$ and $b$, and the better one speaks.

    Args:
        share: $\pi$, how much of the history is of taste $a$, in [0, 1].

    Returns:
        Scores of a good of taste $a$, one of taste $b$, and the one in between: by one vector, and
        by two, each shape ``(3,)``.

    Raises:
        ValueError: if ``share`` is not in [0, 1].

    Layer: none; it is an argument, not a model.

    Source: ours; S4-F1 has one vector for all a user likes.

    >>> one, two = two_tastes(0.5)
    >>> one.round(2), two.round(2)
    (array([0.5 , 0.5 , 0.71]), array([1.  , 1.  , 0.71]))
    """
    pi = float(as_floats("share", share, 0))
    if not 0 <= pi <= 1:
        raise ValueError(f"share: expected a number in [0, 1]; received {share!r}")
    tastes = np.eye(2)
    goods = np.array([[1, 0], [0, 1], [np.sqrt(0.5), np.sqrt(0.5)]])
    return goods @ (np.array([pi, 1 - pi]) @ tastes), (goods @ tastes.T).max(axis=1)
