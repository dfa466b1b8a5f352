"""Three ways to make another history of a history, for models that have seen too few.

Each keeps what the next item depends on only if the task lets it: a crop keeps the order, masking
keeps most of the items, shuffling a part keeps the items and not their order. Explained in the
chapter "Online learning".
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import share_of_one

_Ids = NDArray[np.int64]


def cropped(history: ArrayLike, share: float, rng: Generator) -> _Ids:
    r"""A part in one piece: equation (14.18).

    $(i_{c+1}, \dots, i_{c+m})$ with $m = \lceil\eta n\rceil$ and $c$ drawn.

    Args:
        history: item ids, oldest first, without padding, shape ``(n,)``.
        share: $\eta$ of the items that stay, in [0, 1]; one item stays at least.
        rng: draws where the part begins.

    Returns:
        The part, ``(m,)``; an empty history stays empty.

    Raises:
        ValueError: if an id is not a whole number from 1, or ``share`` is out of range.

    Layer: none; it changes what a layer reads.
    Source: S1-I6, S3-I7; Xie et al., CL4SRec (ICDE 2022).

    >>> cropped([1, 2, 3, 4], 0.5, np.random.default_rng(0))
    array([3, 4])
    """
    ids, first, m = _part(history, share, rng, least=1)
    return ids[first : first + m]


def masked(history: ArrayLike, share: float, rng: Generator) -> _Ids:
    r"""Some items taken out: equation (14.19), $(i_t)_{t \notin M}$ with $M$ drawn.

    Args:
        history: as for ``cropped``.
        share: of the items that are taken out, in [0, 1]; rounded down, and the newest stays, since
            it asks.
        rng: draws the items.

    Returns:
        What is left, in its order. Where a model knows a hole, as BERT4Rec does, put one there
        instead: ``formulas.cloze``.

    Raises:
        ValueError: as ``cropped``.

    Layer: none; it changes what a layer reads.
    Source: S1-I6, S3-I7; Xie et al., CL4SRec (ICDE 2022), who put a mask in place of the item.

    >>> masked([1, 2, 3, 4], 0.5, np.random.default_rng(0))
    array([1, 4])
    """
    ids = _ids(history)
    out = min(int(share_of_one("share", share) * len(ids)), max(0, len(ids) - 1))
    return np.delete(ids, rng.choice(max(1, len(ids) - 1), out, replace=False))


def reordered(history: ArrayLike, share: float, rng: Generator) -> _Ids:
    r"""A part shuffled: equation (14.20), $(\dots, i_{\pi(c+1)}, \dots, i_{\pi(c+m)}, \dots)$.

    Args:
        history: as for ``cropped``.
        share: of the items that are shuffled, in one piece, in [0, 1].
        rng: draws the piece and its order.

    Returns:
        The same items; where the next item depends on the newest, the shuffle teaches something
        false.

    Raises:
        ValueError: as ``cropped``.

    Layer: none; it changes what a layer reads.
    Source: S1-I6, S3-I7; Xie et al., CL4SRec (ICDE 2022).

    >>> reordered([1, 2, 3, 4], 0.75, np.random.default_rng(0))
    array([1, 4, 2, 3])
    """
    ids, first, m = _part(history, share, rng, least=0)
    ids[first : first + m] = rng.permutation(ids[first : first + m])
    return ids


def _part(history: ArrayLike, share: float, rng: Generator, least: int) -> tuple[_Ids, int, int]:
    """A copy of the ids, and where a part of this share begins and how long it is."""
    ids = _ids(history)
    m = min(len(ids), max(least, int(np.ceil(share_of_one("share", share) * len(ids)))))
    return ids, int(rng.integers(len(ids) - m + 1)), m


def _ids(history: ArrayLike) -> _Ids:
    ids = np.asarray(history)
    if ids.ndim != 1 or (ids.size and (ids.dtype.kind not in "iu" or ids.min() < 1)):
        raise ValueError(f"history: expected item ids from 1, one row; received {history!r:.60}")
    return ids.astype(np.int64)
