"""Learning where the data are, what the server still sees, and forgetting one person.

Explained in the chapter "Privacy".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, positive, whole


def federated_mean(updates: ArrayLike, sizes: ArrayLike) -> Floats:
    r"""The server's step: equation (18.17), $\Delta = \sum_k \frac{n_k}{\sum_j n_j} \Delta_k$.

    Args:
        updates: what each client sends, shape ``(clients, ...)``.
        sizes: $n_k$, examples of each client, not negative; a client without data has no say,
            whatever it sends.

    Returns:
        The mean, of the shape of one update. With equal weights instead, a client with one example
        would count as much as one with a million.

    Raises:
        ValueError: if the lengths differ, nobody has data, or the update of a client with data is
            not finite.

    Layer: none; ``privacy.federated_averaging`` goes round after round.
    Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
        Data" (2017); S0-I8, S1-I10, S4-I6.

    >>> federated_mean([[1.0], [4.0], [np.nan]], [3, 1, 0])
    array([1.75])
    """
    n = finite("sizes", sizes, 1)
    sent = np.asarray(updates, np.float64)
    if sent.ndim < 1 or len(sent) != len(n):
        raise ValueError(f"updates: expected {len(n)}, one per size; received {sent.shape}")
    if n.min() < 0 or n.sum() == 0:
        raise ValueError("sizes: expected numbers from 0, not all of them 0")
    sent = finite("updates", sent[n > 0])
    return np.asarray(np.tensordot(n[n > 0] / n.sum(), sent, axes=1))


def pairwise_masks(clients: int, shape: tuple[int, ...], seed: int = 0) -> Floats:
    r"""Noise that cancels in the sum: equation (18.19).

    $m_k = \sum_{j > k} r_{kj} - \sum_{j < k} r_{jk}$.

    Args:
        clients: how many, from 2; each pair shares the seed of its $r_{kj}$.
        shape: of an update.
        seed: the pairs' seeds are made of it; in a real protocol each pair agrees on its own.

    Returns:
        One mask per client, shape ``(clients, *shape)``; their sum is 0 up to rounding. The server
        sees $\Delta_k + m_k$ of each client, and of the sum everything.

    Raises:
        ValueError: if there are fewer than two clients: a sum of one is that one.

    Layer: none; a lesson. The real protocol works in whole numbers modulo a power of two, where
        masks hide perfectly, agrees on keys, and survives clients that leave.
    Source: Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine Learning"
        (2017).

    >>> masks = pairwise_masks(3, (2,))
    >>> bool(np.abs(masks.sum(axis=0)).max() < 1e-12), bool(np.abs(masks).min() > 0)
    (True, True)
    """
    masks = np.zeros((whole("clients", clients, 2), *shape))
    for k in range(clients):
        for j in range(k + 1, clients):
            shared = np.random.default_rng([seed, k, j]).normal(0, 1, shape)
            masks[k] += shared
            masks[j] -= shared
    return masks


def touched_rows(update: ArrayLike, tolerance: float = 0.0) -> NDArray[np.int64]:
    r"""Rows of a table that an update changes: equation (18.18), $\{i : \Delta_i \ne 0\}$.

    Args:
        update: gradient of the table, shape ``(rows, d)``.
        tolerance: how long a row may be and still count as unchanged.

    Returns:
        Row numbers. A row of an embedding table has a gradient only if its item was read: these
        *are* the items of the history (and any drawn negatives).

    Raises:
        ValueError: if a number is not finite.

    Layer: none; it looks at what is sent.
    Source: the chain rule; noted for embeddings by Melis, Song, De Cristofaro and Shmatikov (2019).

    >>> touched_rows([[0.0, 0.0], [0.1, 0.0], [0.0, 0.0], [0.0, -0.2]])
    array([1, 3])
    """
    return np.flatnonzero(np.linalg.norm(finite("update", update, 2), axis=1) > tolerance)


def rank_one_parts(update: ArrayLike) -> tuple[Floats, Floats]:
    r"""What each item and the person contributed: equation (18.18), $\Delta = r\, u^\top$.

    Where a user is one vector $u$ and each item's score is $q_i^\top u$, the gradient of the item
    table is $r_i u$ with $r_i$ the derivative by the score of item i. One factorisation gives both.

    Args:
        update: gradient of the table from one person, shape ``(items, d)``.

    Returns:
        $r$ ``(items,)`` and $u$ ``(d,)`` with $\lVert u \rVert = 1$: each up to one common sign
        and scale, which the server does not need.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; a singular vector.
    Source: the chain rule; Chai et al., "Secure Federated Matrix Factorization" (2021), recover
        ratings from such gradients.

    >>> r, u = rank_one_parts(np.outer([0.0, 2.0, -1.0], [0.6, 0.8]))
    >>> np.abs(r).round(6).tolist(), np.abs(u).round(6).tolist()
    ([0.0, 2.0, 1.0], [0.6, 0.8])
    """
    left, size, right = np.linalg.svd(finite("update", update, 2), full_matrices=False)
    return np.asarray(left[:, 0] * size[0]), np.asarray(right[0])


def without_row(inverse: ArrayLike, row: ArrayLike) -> Floats:
    r"""Forget one person of a ridge regression, exactly: equation (18.20).

    $(G - x x^\top)^{-1} = P + \frac{P x x^\top P}{1 - x^\top P x}$ with $P = G^{-1}$ and
    $G = X^\top X + \lambda I$.

    Args:
        inverse: $P$, symmetric, shape ``(n, n)``.
        row: $x$, the person's row of $X$, shape ``(n,)``.

    Returns:
        The inverse without the person, in $n^2$ steps instead of $n^3$.

    Raises:
        ValueError: if the shapes do not fit, a number is not finite, or the row cannot have been
            in $X$ ($x^\top P x \ge 1$).

    Layer: none; ``privacy.ForgettingEASE`` keeps the inverse.
    Source: Sherman and Morrison (1950).

    >>> without_row(np.linalg.inv([[3.0, 1.0], [1.0, 2.0]]), [1.0, 1.0]).round(6)
    array([[0.5, 0. ],
           [0. , 1. ]])
    """
    p, x = finite("inverse", inverse, 2), finite("row", row, 1)
    if p.shape != (len(x), len(x)):
        raise ValueError(f"row: expected length {len(p)}, as inverse has; received {len(x)}")
    turned = p @ x
    rest = 1 - float(x @ turned)
    if rest <= 1e-12:
        raise ValueError("row: expected a row that the matrix was made of; it never was in it")
    return np.asarray(p + np.outer(turned, turned) / positive("rest", rest))
