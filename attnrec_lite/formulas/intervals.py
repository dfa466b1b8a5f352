"""How long between two clicks, and attention that knows it.

Explained in the chapter "Sequences".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, positive, whole
from attnrec_lite.formulas.attention import project, rows
from attnrec_lite.formulas.weights import masked_softmax


def interval_matrix(times: ArrayLike, unit: float, longest: int) -> NDArray[np.int64]:
    r"""Time between two clicks in whole units: equation (11.15).

    $r_{ij} = \min\big(k, \lfloor |t_i - t_j| / u \rfloor\big)$.

    Args:
        times: $t$, one per click, in any order, shape ``(n,)``.
        unit: $u$, above 0, in the unit of the times. Choose it before you look at the user: the
            smallest gap of a *whole* history tells early clicks about later ones.
        longest: $k$, from 1: what is farther apart counts as this far.

    Returns:
        Whole numbers 0..k, shape ``(n, n)``, symmetric with zeros on the diagonal.

    Raises:
        ValueError: if a time is not finite or a number is out of range.

    Layer: none; a table of whole numbers that chooses rows of two learned tables.
    Source: Li, Wang and McAuley (2020), whose unit is the smallest gap of the user.

    >>> interval_matrix([0, 70, 75], unit=10, longest=5)
    array([[0, 5, 5],
           [5, 0, 0],
           [5, 0, 0]])
    """
    t = finite("times", times, 1, least=0)
    apart = np.abs(t[:, np.newaxis] - t) // positive("unit", unit)
    return np.minimum(apart, whole("longest", longest)).astype(np.int64)


def interval_attend(
    tokens: ArrayLike,
    matrices: tuple[ArrayLike, ArrayLike, ArrayLike],
    intervals: ArrayLike,
    key_table: ArrayLike,
    value_table: ArrayLike,
    visible: ArrayLike,
) -> tuple[Floats, Floats]:
    r"""Attention whose keys and values know how long ago: equation (11.16).

    $s_{ij} = q_i^\top(k_j + r^K_{ij}) / \sqrt d$ and $z_i = \sum_j \alpha_{ij}(v_j + r^V_{ij})$,
    where $r^K_{ij}$ is the row of the first table that the interval of i and j chooses. Positions,
    if any, are in the tokens.

    Args:
        tokens: shape ``(n, d)``.
        matrices: $W_Q$, $W_K$, $W_V$, each ``(d, d)``.
        intervals: whole numbers 0..k from ``interval_matrix``, shape ``(n, n)``.
        key_table: one vector per interval, shape ``(k + 1, d)``.
        value_table: likewise.
        visible: True where query i may see key j, shape ``(n, n)``.

    Returns:
        Outputs ``(n, d)`` and weights ``(n, n)``.

    Raises:
        ValueError: if the shapes do not fit or an interval has no row.

    Layer: none; ``models.TimedSASRec`` keeps what an interval does to a score, and no vectors.
    Source: Li, Wang and McAuley (2020).

    >>> x, one, none = [[1.0, 0.0], [1.0, 0.0]], np.eye(2), np.zeros((3, 2))
    >>> near = np.array([[4.0, 0.0], [0.0, 0.0], [0.0, 0.0]])   # an interval of 0 is asked for
    >>> seen = np.ones((2, 2), bool)
    >>> interval_attend(x, (one, one, one), [[0, 2], [2, 0]], near, none, seen)[1].round(2)
    array([[0.94, 0.06],
           [0.06, 0.94]])
    """
    x = rows("tokens", as_floats("tokens", tokens, 2))
    q, k, v = project(x, *matrices)
    r = np.asarray(intervals)
    if r.shape != (len(x), len(x)) or r.dtype.kind not in "iu":
        raise ValueError(
            f"intervals: expected whole numbers {(len(x), len(x))}; received {r.dtype} {r.shape}"
        )
    tables = {"key_table": (key_table, k), "value_table": (value_table, v)}
    chosen = []
    for name, (table, like) in tables.items():
        t = as_floats(name, table, 2)
        if t.shape[1] != like.shape[1] or not 0 <= r.min() <= r.max() < len(t):
            raise ValueError(
                f"{name}: expected {r.max() + 1} rows or more of width {like.shape[1]}; "
                f"received shape {t.shape}"
            )
        chosen.append(t[r])  # (n, n, d)
    scores = (q @ k.T + np.einsum("id,ijd->ij", q, chosen[0])) / np.sqrt(k.shape[1])
    weights = masked_softmax(scores, visible)
    return weights @ v + np.einsum("ij,ijd->id", weights, chosen[1]), weights
