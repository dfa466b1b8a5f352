"""Vectors that flow along the edges between people and the items that they took.

Explained in the chapter "Cold start": what a graph can do for somebody with one edge, and that it
can do nothing for somebody with none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, finite, same_length, zeros_and_ones


def propagate(
    edges: ArrayLike, user_vectors: ArrayLike, item_vectors: ArrayLike
) -> tuple[Floats, Floats]:
    r"""One step along the graph, each node the weighted sum of its neighbours: equation (15.5).

    $e_u^{(k+1)} = \sum_{i \in N_u} \frac{1}{\sqrt{|N_u| |N_i|}}\, e_i^{(k)}$, and the same for an
    item over its users.

    Args:
        edges: 1 where user u took item i, else 0, ``(users, items)``.
        user_vectors: $e_u^{(k)}$, ``(users, d)``.
        item_vectors: $e_i^{(k)}$, ``(items, d)``.

    Returns:
        $e_u^{(k+1)}$ and $e_i^{(k+1)}$; 0 for a node without an edge, whatever its vector was.

    Raises:
        ValueError: if shapes do not fit or an edge is neither 0 nor 1.

    Layer: none; ``models.LightGCN`` multiplies by the same sparse matrix.

    Source: He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for
    Recommendation", SIGIR 2020; S0-I9.

    >>> users, items = propagate([[1, 1], [0, 1]], [[1.0], [2.0]], [[4.0], [8.0]])
    >>> users.round(3).tolist(), items.round(3).tolist()
    ([[6.828], [5.657]], [[0.707], [1.914]])
    """
    a = zeros_and_ones("edges", edges, 2)
    u, i = finite("user_vectors", user_vectors, 2), finite("item_vectors", item_vectors, 2)
    same_length("edges", a, "user_vectors", u)
    same_length("the columns of edges", a.T, "item_vectors", i)
    degree = np.sqrt(np.outer(a.sum(axis=1), a.sum(axis=0)))
    share = np.divide(a, degree, out=np.zeros_like(a), where=a > 0)
    return share @ i, share.T @ u


def layer_mean(layers: ArrayLike) -> Floats:
    r"""A node's vector is the mean of what it was at each step: equation (15.6).

    $e = \frac{1}{K+1} \sum_{k=0}^{K} e^{(k)}$.

    Args:
        layers: $e^{(0)}, \ldots, e^{(K)}$, ``(K + 1, nodes, d)``.

    Returns:
        Vectors ``(nodes, d)``.

    Raises:
        ValueError: if there is no layer or a number is not finite.

    Layer: none; a mean.

    Source: He et al. (SIGIR 2020), who found learned weights to be no better.

    >>> layer_mean([[[1.0, 0.0]], [[0.0, 1.0]]])
    array([[0.5, 0.5]])
    """
    return np.asarray(finite("layers", layers, 3).mean(axis=0))


def bpr_loss(taken: ArrayLike, others: ArrayLike) -> float:
    r"""What a user took should score above what they did not: equation (15.7).

    $L = \frac1n \sum \ln(1 + e^{s_j - s_i})$ over pairs of an item i taken and an item j not taken.

    Args:
        taken: $s_i$, ``(n,)``.
        others: $s_j$, ``(n,)``.

    Returns:
        The mean, from 0; $\ln 2$ if nothing is told apart.

    Raises:
        ValueError: if there is no pair, or the lengths differ.

    Layer: none; ``models.BPR`` and ``models.LightGCN`` minimise it.

    Source: Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.

    >>> round(bpr_loss([1.0, 0.0], [0.0, 0.0]), 4)
    0.5032
    """
    i, j = finite("taken", taken, 1), finite("others", others, 1)
    same_length("taken", i, "others", j)
    return float(np.logaddexp(0, j - i).mean())


def folded_in(history: ArrayLike, degrees: ArrayLike, layers: ArrayLike) -> Floats:
    r"""A user who was in no graph: what their items hand on, equation (15.8).

    $u = \frac{1}{K+1} \sum_{k=0}^{K-1} \sum_{i \in H} \frac{1}{\sqrt{|H| |N_i|}}\, e_i^{(k)}$: the
    vector that (15.5) would give a node with these edges and a vector $e_u^{(0)}$ of 0, while the
    items stay as they are.

    Args:
        history: $H$, places of the different items that were taken, ``(n,)``.
        degrees: $|N_i|$, how many users of the graph took each item, ``(items,)``; an item that
            nobody took hands on nothing, but counts in $|H|$.
        layers: $e_i^{(0)}, \ldots, e_i^{(K)}$ of the items, ``(K + 1, items, d)``.

    Returns:
        The user's vector, ``(d,)``; 0 for an empty history: a graph knows nobody without an edge.

    Raises:
        ValueError: if shapes do not fit, or a place is unknown or repeated.

    Layer: none; ``models.LightGCN`` does it for a batch.

    Source: ours; He et al. embed only the users that they trained on.

    >>> folded_in([0, 1], [4, 1], [[[2.0], [1.0]], [[9.0], [9.0]]]).round(3)
    array([0.707])
    """
    e, n = finite("layers", layers, 3), finite("degrees", degrees, 1)
    if e.shape[1] != len(n):
        raise ValueError(f"degrees: expected {e.shape[1]} items; received {len(n)}")
    ids = np.asarray(history, np.int64).reshape(-1)
    if len(np.unique(ids)) < len(ids) or ((ids < 0) | (ids >= len(n))).any():
        raise ValueError(f"history: expected different places in 0..{len(n) - 1}; received {ids}")
    degree = np.sqrt(max(1, len(ids)) * n[ids])
    share = np.divide(1, degree, out=np.zeros(len(ids)), where=n[ids] > 0)
    return np.asarray((share @ e[:-1][:, ids]).sum(axis=0) / len(e))
