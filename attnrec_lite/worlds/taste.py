"""What all worlds share: items in a space, people with a taste, and the score of the sources.

The naive policy of every world is the same: attention over the history, then preference. Its item
vectors are the true ones, so that nothing is lost by poor training: what it lacks, a better
trained network would lack as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, as_history, positive
from attnrec_lite.formulas import masked_softmax

WIDTH = 8


def preference(history: ArrayLike, vectors: ArrayLike, scale: float | None = None) -> Floats:
    r"""The newest item asks, the history answers, the context ranks: what the sources do.

    $\alpha = \mathrm{softmax}(E_h e_n / \tau)$, $z = \sum_j \alpha_j e_j$, $\hat y = E z$

    Args:
        history: ids ``(people, length)``, left-padded, newest last.
        vectors: one per item, row 0 for padding, ``(N + 1, d)``.
        scale: $\tau$, above 0; by default $\sqrt d$.

    Returns:
        Scores ``(people, N + 1)``; 0 for whoever has no history, which prefers nothing.

    Raises:
        ValueError: if an id is unknown or the scale is not above 0.

    >>> preference([[1, 2], [0, 0]], [[0, 0], [1, 0], [0, 1]]).round(2)
    array([[0.  , 0.33, 0.67],
           [0.  , 0.  , 0.  ]])
    """
    e = as_floats("vectors", vectors, 2)
    ids = as_history(history, len(e) - 1)
    keys = e[ids]  # (people, length, d)
    tau = np.sqrt(e.shape[1]) if scale is None else positive("scale", scale)
    asked = np.einsum("bld,bd->bl", keys, keys[:, -1]) / tau
    context = np.einsum("bl,bld->bd", masked_softmax(asked, ids > 0), keys)
    return np.asarray(context @ e.T)


def make_items(
    rng: np.random.Generator, n_items: int, kinds: int, spread: float = 0.35
) -> tuple[Floats, NDArray[np.int64]]:
    """Items of some kinds: vectors around the centre of their kind, row 0 for padding.

    Returns:
        Vectors ``(N + 1, WIDTH)``, about as long as 1, and kinds ``(N + 1,)``, -1 for padding.
    """
    centres = rng.normal(size=(kinds, WIDTH))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    kind = np.append(-1, rng.integers(kinds, size=n_items))
    vectors = centres[kind] + spread * rng.normal(size=(n_items + 1, WIDTH)) / np.sqrt(WIDTH)
    vectors[0] = 0
    return vectors, kind


def make_tastes(rng: np.random.Generator, vectors: Floats, people: int, likes: int = 2) -> Floats:
    """Tastes ``(people, d)``: the mean direction of a few items that somebody loves, length 1."""
    loved = rng.integers(1, len(vectors), size=(people, likes))
    taste = vectors[loved].mean(axis=1)
    return np.asarray(taste / np.linalg.norm(taste, axis=1, keepdims=True))


def draw(rng: np.random.Generator, utility: Floats, length: int) -> NDArray[np.int32]:
    """Items drawn one after another by the softmax of their utility, none twice.

    Args:
        rng: of the draws.
        utility: ``(people, N + 1)``; ``-inf`` is never drawn.
        length: of a history.

    Returns:
        Ids ``(people, length)``, the first drawn last, where the newest stands; 0 on the left where
        fewer can be drawn.

    >>> draw(np.random.default_rng(0), np.array([[0.0, -np.inf, 9.0]]), 4)
    array([[0, 0, 0, 2]], dtype=int32)
    """
    noisy = utility + rng.gumbel(size=utility.shape)
    noisy[:, 0] = -np.inf
    ids = np.argsort(-noisy, axis=1)[:, :length]
    ids = np.where(np.take_along_axis(noisy, ids, axis=1) > -np.inf, ids, 0)[:, ::-1]
    return np.pad(ids, ((0, 0), (length - ids.shape[1], 0))).astype(np.int32)


def picked(table: NDArray[Any], ids: NDArray[np.int32]) -> NDArray[Any]:
    """The entries ``(people, k)`` of a table ``(people, N + 1)`` that stand in the lists."""
    return np.take_along_axis(table, ids.astype(np.int64), axis=1)
