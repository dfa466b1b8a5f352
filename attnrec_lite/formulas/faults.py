"""What a program computes that raises no error and cannot learn: four faults in closed form.

Explained in the chapter "Five programs, repaired".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from attnrec_lite._checks import Floats, as_floats, whole, zeros_and_ones
from attnrec_lite.formulas.weights import sigmoid


def lookup(table: ArrayLike, places: ArrayLike) -> Floats:
    r"""A row of the table per place, the place cut to a whole number: equation (7.2).

    $\mathrm{row}(x) = T_{\lfloor x \rfloor}$

    Args:
        table: $T$, one row per id, shape ``(N, d)``.
        places: numbers in ``[0, N)``, of any shape; ids are whole, and others are cut in silence,
            as a Keras ``Embedding`` does.

    Returns:
        Rows, shape of ``places`` plus ``(d,)``.

    Raises:
        ValueError: if a place is outside of the table.

    Layer: ``keras.layers.Embedding``.

    Source: S4-C5, on numbers between 0 and 1; S1-C4, on one-hot rows, which hold 0 and 1.

    >>> lookup([[10.0], [11.0], [12.0]], [0.2, 0.9, 2]).ravel()
    array([10., 10., 12.])
    """
    t, x = as_floats("table", table, 2), as_floats("places", places)
    outside = ~((x >= 0) & (x < len(t)))
    if outside.any():
        raise ValueError(f"places: expected numbers in [0, {len(t)}); received {x[outside][0]}")
    return t[x.astype(np.int64)]


def logistic_loss(output: ArrayLike, label: ArrayLike) -> Floats:
    r"""Binary cross-entropy of an output before the sigmoid: equation (7.11).

    $\ell(\hat y, y) = \ln(1 + e^{\hat y}) - y\,\hat y$

    Args:
        output: $\hat y$, any number, of any shape.
        label: $y$, 0 or 1; a share between them has a meaning too. Nothing stops you from putting
            a rating in, and that is the fault: see ``binary_slope``.

    Returns:
        The loss in nats, one per output.

    Raises:
        ValueError: if something is no number.

    Layer: ``keras.losses.BinaryCrossentropy`` with ``from_logits=True``.

    Source: S2-C5, where the label is a rating from 1 to 5.

    >>> logistic_loss([0.0, 10.0, 10.0], [1, 1, 4]).round(3)
    array([  0.693,   0.   , -30.   ])
    """
    y_hat, y = as_floats("output", output), as_floats("label", label)
    return np.asarray(np.logaddexp(0.0, y_hat) - y * y_hat)


def binary_slope(output: ArrayLike, label: ArrayLike) -> Floats:
    r"""How the binary cross-entropy answers its output: equation (7.12).

    $\partial\ell / \partial\hat y = \sigma(\hat y) - y$

    Args:
        output: $\hat y$, any number, of any shape.
        label: $y$. Above 1 the slope is below 0 everywhere, and the loss falls without end.

    Returns:
        One slope per output, between $-y$ and $1 - y$.

    Raises:
        ValueError: if something is no number.

    Layer: none; automatic differentiation finds it.

    Source: S2-C5, S2-O28.

    >>> binary_slope([-50.0, 0.0, 50.0], 4).round(3)
    array([-4. , -3.5, -3. ])
    """
    y_hat, y = as_floats("output", output), as_floats("label", label)
    return np.asarray(sigmoid(y_hat) - y)


def best_constant(labels: ArrayLike) -> tuple[float, float]:
    r"""The best that can be said where the input says nothing: equation (7.8).

    $\hat y^* = \ln\frac{p}{1-p}\,,\quad\ell^* = -p\ln p-(1-p)\ln(1-p)$

    Args:
        labels: 0 and 1, both present, shape ``(n,)``; $p$ is the share of ones.

    Returns:
        The output (before the sigmoid, which makes it $p$) and its binary cross-entropy in nats. A
        model with a lower loss on *these* labels has memorised them, one with a lower loss on new
        labels has found something.

    Raises:
        ValueError: if there is no label, or only one kind.

    Layer: none; it is the bias that a last ``Dense`` layer learns first.

    Source: S4-C4 and S4-T1: labels drawn by a coin.

    >>> [round(x, 4) for x in best_constant([0, 1, 1, 1])]
    [1.0986, 0.5623]
    """
    y = zeros_and_ones("labels", labels, 1)
    if not 0 < y.sum() < len(y):
        raise ValueError(f"labels: expected zeros and ones, both; received {len(y)} of one kind")
    output = float(np.log(y.mean() / (1 - y.mean())))
    return output, float(logistic_loss(output, y).mean())


def table_parameters(items: int, width: int, tables: int = 1) -> int:
    r"""How many numbers the item tables of a model learn: equation (7.6).

    $P = t\,(N+1)\,d$

    Args:
        items: $N$; one row more is for padding.
        width: $d$.
        tables: $t$, how many tables for the same ids.

    Returns:
        Their number.

    Raises:
        ValueError: if a number is not whole or below 1.

    Layer: ``keras.layers.Embedding``, once per table.

    Source: S3-C2, with two tables for one kind of id.

    >>> table_parameters(999, 64, tables=2)
    128000
    """
    return whole("tables", tables) * (whole("items", items) + 1) * whole("width", width)
