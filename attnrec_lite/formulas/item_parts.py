"""A modality as a vector of the width of an item vector: what a fusion starts from, and its share.

Explained, with the equations by number, in the chapter "Multimodal".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, as_ids, finite, same_width


def part_of_numbers(features: ArrayLike, matrix: ArrayLike, bias: ArrayLike) -> Floats:
    r"""Numbers, mapped to the width of an item vector: equation (13.1).

    $v_m = W_m x_m + b_m$. A text, a picture and a price differ in width; their parts do not, so
    they can be added, weighed and compared.

    Args:
        features: $x_m$, such as a pretrained encoder gives, shape ``(f,)``.
        matrix: $W_m$, shape ``(d, f)``.
        bias: $b_m$, shape ``(d,)``.

    Returns:
        The part, shape ``(d,)``.

    Raises:
        ValueError: if the shapes do not fit.

    Layer: ``models.ItemEncoder``, for modalities without labels.

    Source: S2-I3 fuses "data types" and does not say how they come to one width; after He and
        McAuley (2016).

    >>> part_of_numbers([1.0, 2.0, 3.0], [[1, 0, 0], [0, 1, 1]], [0.0, 0.5])
    array([1. , 5.5])
    """
    x, w = as_floats("features", features, 1), as_floats("matrix", matrix, 2)
    b = as_floats("bias", bias, 1)
    same_width("matrix", w, "features", x)
    if len(w) != len(b):
        raise ValueError(f"bias: expected shape {(len(w),)}, as the matrix; received {b.shape}")
    return np.asarray(w @ x + b)


def part_of_codes(codes: ArrayLike, table: ArrayLike) -> Floats:
    r"""A bag of codes as the mean of their vectors: equation (13.2).

    $v_m = \frac{1}{|C_m|} \sum_{c \in C_m} t_c$. The mean, and not the sum: a cast of forty would
    otherwise be twenty times as loud as a couple.

    Args:
        codes: the codes of one item, 1 to C, and 0 where it has fewer; shape ``(most,)``.
        table: $t_c$, a vector for each code and row 0 for padding, shape ``(C + 1, d)``.

    Returns:
        The part, shape ``(d,)``; zeros where there is no code.

    Raises:
        ValueError: if a code has no row, or the shapes do not fit.

    Layer: ``models.ItemEncoder``, for modalities with labels.

    Source: S0-I1 and S2-I6 name the idea; averaged words after Kula (2015), who adds them up.

    >>> part_of_codes([2, 1, 0], [[9, 9], [1, 0], [0, 1]])
    array([0.5, 0.5])
    >>> part_of_codes([0, 0], [[9, 9], [1, 0]])
    array([0., 0.])
    """
    t = as_floats("table", table, 2)
    found = as_ids("codes", np.atleast_2d(np.asarray(codes)), len(t) - 1)[0]
    there = found[found > 0]
    return np.asarray(t[there].sum(axis=0) / max(1, len(there)))


def modality_shares(contributions: ArrayLike) -> Floats:
    r"""How much of a vector each of its summands made: equation (13.6).

    $c_m = u_m^\top e / \lVert e \rVert^2$ with $e = \sum_m u_m$

    A weight is not a share: a small weight of a long vector may be most of the sum.

    Args:
        contributions: $u_m$, what each modality added, its weight included, shape ``(M, d)``.

    Returns:
        Shares, shape ``(M,)``, summing to 1; below 0 for what the others outweigh; all 0 if the sum
        is 0.

    Raises:
        ValueError: if a number is not finite.

    Layer: ``models.ItemEncoder``; ``ModalityRecord.shares``.
    Source: ours.

    >>> modality_shares([[3, 0], [1, 0], [0, 0]])
    array([0.75, 0.25, 0.  ])
    """
    u = finite("contributions", contributions, 2)
    e = u.sum(axis=0)
    along, square = u @ e, float(e @ e)
    return np.asarray(along / square) if square > 0 else np.zeros(len(u))
