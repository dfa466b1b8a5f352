"""Which weights and heads can go, and what it saves.

Explained in the chapter "Efficiency and scale".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, finite, share_of_one, whole


def magnitude_mask(weights: ArrayLike, share: float) -> NDArray[np.bool_]:
    r"""Keep the largest weights: equation (16.10).

    $m_{ij} = 1$ for all but the $\lfloor \rho\, m n \rfloor$ smallest $|w_{ij}|$: of all matrices
    with so many zeros, $m \circ W$ is the nearest to $W$. Of equal weights the first go.

    Args:
        weights: any shape, finite.
        share: $\rho$, what is dropped.

    Returns:
        True where a weight is kept, in the shape of ``weights``.

    Raises:
        ValueError: if a weight is not finite or the share not in [0, 1].

    Layer: none; ``efficiency.prune_weights`` does it to a model.
    Source: Han et al. (2015).

    >>> magnitude_mask([[3.0, -0.1], [0.5, -2.0]], 0.5).astype(int)
    array([[1, 0],
           [0, 1]])
    """
    w = finite("weights", weights, least=0)
    mask = np.ones(w.size, bool)
    smallest = np.argsort(np.abs(w), axis=None, kind="stable")
    mask[smallest[: int(share_of_one("share", share) * w.size)]] = False
    return mask.reshape(w.shape)


def head_importance(readout: ArrayLike, slopes: ArrayLike, heads: int) -> Floats:
    r"""How much the loss feels each head: equation (16.11).

    Put a gate $\xi_h = 1$ on the output of head $h$. The importance is the mean over examples of
    $|\partial L / \partial \xi_h|$. The gate scales the head's rows of $W_O$, so that
    $\partial L / \partial \xi_h = \sum_{i \in h, j} (W_O)_{ij}\, \partial L / \partial (W_O)_{ij}$.
    The mean is of absolute values: a head that helps one user and harms another matters twice.

    Args:
        readout: $W_O$, shape ``(heads * d_v, d)``.
        slopes: of each example's loss by $W_O$, shape ``(examples, heads * d_v, d)``.
        heads: how many share the rows.

    Returns:
        Shape ``(heads,)``.

    Raises:
        ValueError: if the shapes do not fit or a number is not finite.

    Layer: none; ``efficiency.head_importance`` asks a model.
    Source: Michel et al. (2019).

    >>> head_importance([[1.0], [2.0]], [[[0.5], [1.0]], [[-0.5], [0.0]]], heads=2)
    array([0.5, 1. ])
    """
    w, g = finite("readout", readout, 2), finite("slopes", slopes, 3)
    if g.shape[1:] != w.shape:
        raise ValueError(f"slopes: expected shape (examples, *{w.shape}); received {g.shape}")
    if len(w) % whole("heads", heads):
        raise ValueError(f"heads: expected a divisor of {len(w)} rows; received {heads}")
    gates = (w * g).reshape(len(g), heads, -1).sum(axis=-1)
    return np.asarray(np.abs(gates).mean(axis=0))


def sparse_bytes(rows: int, columns: int, share: float) -> dict[str, int]:
    r"""What zeros save, if only the others are stored: equation (16.7).

    In compressed rows a number that is kept takes 4 bytes for itself and 4 for its column:
    $8 (1 - \rho)\, m n + 4 (m + 1)$ bytes against $4 m n$. Below one half, pruning makes a table
    *larger*; a mask over a dense one saves nothing at all.

    Args:
        rows: $m$.
        columns: $n$.
        share: $\rho$, what was dropped.

    Returns:
        Bytes, ``dense`` and ``sparse``.

    Raises:
        ValueError: if a number is out of range.

    Layer: none; it counts bytes.
    Source: ours; S1-I16 says that pruning speeds up.

    >>> sparse_bytes(1000, 64, 0.5), sparse_bytes(1000, 64, 0.9)["sparse"]
    ({'dense': 256000, 'sparse': 260004}, 55204)
    """
    m, n = whole("rows", rows), whole("columns", columns)
    kept = m * n - int(share_of_one("share", share) * m * n)
    return {"dense": 4 * m * n, "sparse": 8 * kept + 4 * (m + 1)}
