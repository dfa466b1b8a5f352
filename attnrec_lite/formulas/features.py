"""Features: from a number, a text or a table of purchases to a vector per item.

Explained in the chapter "Data". What these functions learn (means, document counts), they learn
from the rows that they are given: hand them training rows only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, same_width, whole, zeros_and_ones


def standardise(values: ArrayLike, train: ArrayLike) -> Floats:
    r"""Distance from the training mean in training standard deviations: equation (6.9).

    Args:
        values: a quantity, shape ``(n,)``.
        train: the same quantity on the training rows, shape ``(m,)``.

    Returns:
        $(x - \mu) / \sigma$, shape ``(n,)``; 0 where the training rows are all alike.

    Raises:
        ValueError: if there is no training row.

    Layer: ``keras.layers.Normalization``, adapted to the training rows.
    Source: S2-C3, S2-O26, which apply it to ids.

    >>> standardise([1, 2, 3, 1000], [1, 2, 3, 1000]).round(3)
    array([-0.58 , -0.577, -0.575,  1.732])
    """
    x, t = as_floats("values", values, 1), as_floats("train", train, 1)
    if len(t) == 0:
        raise ValueError("train: expected at least one number; received none")
    alike = np.ptp(t) == 0  # asked of the numbers: their deviation may be 0 but for rounding
    return np.zeros_like(x) if alike else np.asarray((x - t.mean()) / t.std())


def tf_idf(counts: ArrayLike, train: ArrayLike | None = None) -> Floats:
    r"""How often a word stands here, times how rare it is elsewhere: equation (6.10).

    Args:
        counts: how often each word stands in each text, shape ``(texts, words)``.
        train: the texts that say how rare a word is, shape ``(any, words)``; by default
            ``counts``.

    Returns:
        $t_{iw}\,(1 + \ln\frac{1 + D}{1 + D_w})$, each row divided by its length, shape of
        ``counts``; a row of zeros where a text has no known word. Of $D$ texts $D_w$ have word $w$;
        a word that none of them has weighs nothing.

    Raises:
        ValueError: if a count is negative or the widths differ.

    Layer: none; counted, not trained (``sklearn`` calls it ``TfidfTransformer``).
    Source: S0-A2, S0-A7.

    >>> tf_idf([[1, 1, 0], [1, 0, 2]]).round(3)
    array([[0.58 , 0.815, 0.   ],
           [0.335, 0.   , 0.942]])
    """
    t = _counts("counts", counts)
    known = t if train is None else _counts("train", train)
    same_width("counts", t, "train", known)
    texts = (known > 0).sum(axis=0)
    weighed = t * np.where(texts > 0, 1 + np.log((1 + len(known)) / (1 + texts)), 0)
    length = np.linalg.norm(weighed, axis=1, keepdims=True)
    return np.asarray(np.divide(weighed, length, out=np.zeros_like(weighed), where=length > 0))


def positive_pmi(interactions: ArrayLike) -> Floats:
    r"""How much more often two items are taken together than by chance: equation (6.11).

    Args:
        interactions: 0 and 1, shape ``(M, N)``.

    Returns:
        $\max(0, \ln\frac{M\,n_{ij}}{n_i\,n_j})$, shape ``(N, N)``, with a diagonal of 0; 0 too for
        items that nobody took together.

    Raises:
        ValueError: if the matrix holds something else than 0 and 1.

    Layer: none; counted. Word2Vec with negative sampling learns a relative of it.
    Source: S0-A2, which names co-occurrence and Word2Vec as two methods.

    >>> positive_pmi([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]]).round(4)
    array([[0.    , 0.2877, 0.    ],
           [0.2877, 0.    , 0.    ],
           [0.    , 0.    , 0.    ]])
    """
    x = zeros_and_ones("interactions", interactions, 2)
    together = x.T @ x
    taken = np.diag(together).copy()
    by_chance = np.outer(taken, taken) / max(1, len(x))
    ratio = np.divide(together, by_chance, out=np.ones_like(together), where=together > 0)
    found = np.maximum(0.0, np.log(ratio))
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def truncated_svd(matrix: ArrayLike, width: int) -> tuple[Floats, float]:
    r"""The narrow vectors that keep most of a matrix: equation (6.12), $E = U_r\,\Sigma_r$.

    Args:
        matrix: one item per row, shape ``(N, f)``.
        width: $r$, at most ``min(N, f)``.

    Returns:
        Item vectors, shape ``(N, r)``, whose signs are arbitrary, column by column; and the share
        of the summed squares of the matrix that no $r$ numbers per item can keep.

    Raises:
        ValueError: if there are not so many columns to keep.

    Layer: none; solved, not trained (``sklearn`` calls it ``TruncatedSVD``).
    Source: ours; S2-O10 speaks of "high-dimensional vectors", the step before.

    >>> vectors, lost = truncated_svd([[2, 0], [0, 1], [2, 0]], width=1)
    >>> np.abs(vectors).round(3).tolist(), round(lost, 3)
    ([[2.0], [0.0], [2.0]], 0.111)
    """
    x = as_floats("matrix", matrix, 2)
    most = min(x.shape)
    if whole("width", width) > most:
        raise ValueError(f"width: expected at most {most}; received {width}")
    u, sigma, _ = np.linalg.svd(x, full_matrices=False)
    square = sigma**2
    lost = float(square[width:].sum() / square.sum()) if square.sum() > 0 else 0.0
    return u[:, :width] * sigma[:width], lost


def _counts(name: str, value: ArrayLike) -> Floats:
    array = as_floats(name, value, 2)
    if np.any(array < 0):
        raise ValueError(f"{name}: expected counts from 0; received {array.min():g}")
    return array
