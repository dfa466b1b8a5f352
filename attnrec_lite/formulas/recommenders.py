"""The kinds of recommender, one function each: what most bought, what is alike, who is alike.

An interaction matrix has one row per user and one column per item: 1 where the user took the item,
else 0. Scores only rank; none of them is a weight. Explained in the chapter "The attention
economy".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_width, share_of_one, whole, zeros_and_ones
from attnrec_lite.formulas.scores import cosine_scores


def popularity_scores(interactions: ArrayLike) -> Floats:
    r"""The share of users who took each item: equation (1.2), $\hat y_i = n_i / M$.

    Args:
        interactions: 0 and 1, shape ``(M, N)``.

    Returns:
        Scores, shape ``(N,)``, in [0, 1], the same for everybody.

    Raises:
        ValueError: if the matrix holds something else, or nobody.

    Layer: ``models.Popularity``, which counts purchases and ranks alike.

    Source: S2-Q3 leaves it out; it is the first rule to beat.

    >>> popularity_scores([[1, 0], [1, 1]])
    array([1. , 0.5])
    """
    x = zeros_and_ones("interactions", interactions, 2)
    if len(x) == 0:
        raise ValueError(f"interactions: expected at least one user; received shape {x.shape}")
    return np.asarray(x.mean(axis=0))


def content_scores(history_features: ArrayLike, item_features: ArrayLike) -> Floats:
    r"""How alike each item and the history are in their features: equation (1.3).

    Args:
        history_features: features of the items of the history, shape ``(n, f)``.
        item_features: features of every candidate, shape ``(N, f)``.

    Returns:
        Cosine of each candidate with the mean of the history, shape ``(N,)``; all 0 for an empty
        history. An item that nobody took has features, so it has a score.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: none; nothing is learned.

    Source: S2-Q3; S0-O2 blames this kind for cold start, which it helps.

    >>> content_scores([[1, 0]], [[1, 0], [1, 1], [0, 1]]).round(4)
    array([1.    , 0.7071, 0.    ])
    """
    h = as_floats("history_features", history_features, 2)
    f = as_floats("item_features", item_features, 2)
    same_width("history_features", h, "item_features", f)
    profile = h.sum(axis=0) / max(1, len(h))
    return cosine_scores(profile, f)


def item_similarity(interactions: ArrayLike) -> Floats:
    r"""How often two items are taken by one user: equation (1.4), $n_{ij} / \sqrt{n_i n_j}$.

    Args:
        interactions: 0 and 1, shape ``(M, N)``.

    Returns:
        Symmetric matrix, shape ``(N, N)``, in [0, 1], the cosines of the columns; 0 on the diagonal
        and for an item that nobody took.

    Raises:
        ValueError: if the matrix holds something else than 0 and 1.

    Layer: none; it counts, nothing to train.

    Source: S1-O6, S2-O11 (which names users only).

    >>> item_similarity([[1, 1, 0], [1, 0, 0]]).round(4)
    array([[0.    , 0.7071, 0.    ],
           [0.7071, 0.    , 0.    ],
           [0.    , 0.    , 0.    ]])
    """
    x = zeros_and_ones("interactions", interactions, 2)
    together = x.T @ x  # n_ij; n_i stands on the diagonal
    taken = np.sqrt(np.diag(together))
    np.fill_diagonal(together, 0.0)
    scale = np.outer(taken, taken)
    return np.asarray(np.divide(together, scale, out=np.zeros_like(scale), where=scale > 0))


def item_neighbour_scores(
    row: ArrayLike, similarity: ArrayLike, neighbours: int | None = None
) -> Floats:
    r"""What goes with what this user took: equation (1.5), $\hat y_c = \sum_j x_j\,w_{cj}$.

    Args:
        row: 0 and 1, what the user took, shape ``(N,)``.
        similarity: of candidate (row) and item (column), shape ``(N, N)``.
        neighbours: for each candidate, how many of the most similar items of the user count; None
            for all.

    Returns:
        Scores, shape ``(N,)``. Every item of the user asks with the same voice, nothing is
        normalised: an attention with fixed scores and without a softmax.

    Raises:
        ValueError: if the shapes do not fit or ``neighbours`` is below 1.

    Layer: none; the numbers are counted, not trained.

    Source: S1-O6, item based.

    >>> item_neighbour_scores([1, 0, 0], [[0, .5, 0], [.5, 0, .2], [0, .2, 0]])
    array([0. , 0.5, 0. ])
    """
    x = zeros_and_ones("row", row, 1)
    s = as_floats("similarity", similarity, 2)
    if s.shape != (len(x), len(x)):
        raise ValueError(f"similarity: expected shape {(len(x), len(x))}; received {s.shape}")
    near = s[:, x > 0]
    if neighbours is not None:
        near = -np.sort(-near, axis=1)[:, : whole("neighbours", neighbours)]
    return np.asarray(near.sum(axis=1))


def user_neighbour_scores(row: ArrayLike, interactions: ArrayLike, neighbours: int) -> Floats:
    r"""What the users most like this one took: equation (1.6).

    Args:
        row: 0 and 1, what the user took, shape ``(N,)``.
        interactions: 0 and 1, the users to learn from, shape ``(M, N)``. The user's own row may be
            among them: it only adds to items that the user has.
        neighbours: how many of the most similar users count.

    Returns:
        Sum of the neighbours' rows, each times its cosine with ``row``, shape ``(N,)``.

    Raises:
        ValueError: if the shapes do not fit or ``neighbours`` is below 1.

    Layer: none; nothing is learned.

    Source: S1-O6, S2-O11, S2-Q3, user based.

    >>> user_neighbour_scores([1, 0, 0], [[1, 1, 0], [0, 0, 1]], neighbours=1).round(4)
    array([0.7071, 0.7071, 0.    ])
    """
    x = zeros_and_ones("row", row, 1)
    others = zeros_and_ones("interactions", interactions, 2)
    same_width("row", x, "interactions", others)
    alike = cosine_scores(x, others)
    nearest = np.argsort(-alike, kind="stable")[: whole("neighbours", neighbours)]
    return np.asarray(alike[nearest] @ others[nearest])


def low_rank_scores(rows: ArrayLike, interactions: ArrayLike, rank: int) -> Floats:
    r"""What is left of a row after the narrow bridge of a few factors: equation (1.7).

    Args:
        rows: 0 and 1, what one user took, shape ``(N,)``, or several users, ``(m, N)``.
        interactions: 0 and 1, the users to learn from, shape ``(M, N)``.
        rank: number of factors, at most ``min(M, N)``.

    Returns:
        $x V_r V_r^\top$, shape of ``rows``, with the first right singular vectors of the matrix.
        For a row of the matrix itself this is the row of its best approximation of that rank.

    Raises:
        ValueError: if the shapes do not fit or there are not so many factors.

    Layer: none; solved, not trained. The item vectors of later models take the place of $V_r$.

    Source: the model-based kind of S2-Q3, which S1-O6 leaves out.

    >>> low_rank_scores([1, 0, 0], [[1, 1, 0], [1, 1, 0], [0, 0, 1]], rank=1).round(4)
    array([0.5, 0.5, 0. ])
    """
    x = zeros_and_ones("rows", rows)
    others = zeros_and_ones("interactions", interactions, 2)
    if x.ndim not in (1, 2):
        raise ValueError(f"rows: expected one row or several; received shape {x.shape}")
    same_width("rows", x, "interactions", others)
    if whole("rank", rank) > min(others.shape):
        raise ValueError(f"rank: expected at most {min(others.shape)}; received {rank}")
    factors = np.linalg.svd(others, full_matrices=False)[2][:rank]  # V_r, transposed
    return np.asarray(x @ factors.T @ factors)


def blend_scores(first: ArrayLike, second: ArrayLike, share: float) -> Floats:
    r"""A hybrid of two recommenders for one user: equation (1.8).

    Args:
        first: scores of every item, shape ``(N,)``.
        second: scores of the same items by another rule, on any scale.
        share: of the first, in [0, 1].

    Returns:
        ``share`` times the first plus the rest times the second, each with its mean taken off and
        divided by its standard deviation. A rule that scores everything alike has no opinion:
        zeros, not NaN.

    Raises:
        ValueError: if the shapes do not fit, a score is not finite, or the share is not in [0, 1].

    Layer: none; ``share`` is a setting, to be chosen on validation rows.

    Source: S2-Q3, "mixed".

    >>> blend_scores([0, 2], [500, 300], share=0.75), blend_scores([7, 7], [0, 2], share=0.5)
    (array([-0.5,  0.5]), array([-0.5,  0.5]))
    """
    part = share_of_one("share", share)
    a, b = as_floats("first", first, 1), as_floats("second", second, 1)
    same_width("first", a, "second", b)
    return part * _standard("first", a) + (1 - part) * _standard("second", b)


def _standard(name: str, scores: Floats) -> Floats:
    """Mean 0 and standard deviation 1, or zeros where all scores are the same."""
    if not np.isfinite(scores).all():
        raise ValueError(f"{name}: expected finite scores; received NaN or inf")
    if len(scores) == 0 or np.ptp(scores) == 0:
        return np.zeros_like(scores)
    unit = (scores - scores.min()) / np.ptp(scores)  # tiny and huge scores survive
    return np.asarray((unit - unit.mean()) / unit.std())
