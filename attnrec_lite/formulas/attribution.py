"""Which part of an input made the output: slopes, their integral, and what blocks hand on.

Explained in the chapter "Explanation".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, finite, one_of, whole

RULES = ("left", "right", "midpoint", "trapezoid", "gauss", "graded")
Slopes = Callable[[Floats], Any]


def path_points(steps: int, rule: str = "gauss") -> tuple[Floats, Floats]:
    r"""Points of a path from 0 to 1 and their weights, for an integral by a sum: equation (17.8).

    $\int_0^1 g(a)\,da \approx \sum_s w_s\, g(a_s)$

    Args:
        steps: m, how many slopes are taken, two at least for the trapezoid.
        rule: ``left``, ``right`` and ``midpoint`` with weights 1/m; ``trapezoid``, both ends with
            half a weight; ``gauss``, Gauss and Legendre, exact for polynomials up to 2m - 1;
            ``graded``, the same for $t$ with $a = t^3$: most points lie near the start, where a
            layer norm turns fastest.

    Returns:
        Points in [0, 1] and weights that sum to 1, each ``(steps,)``.

    Raises:
        ValueError: if the number is out of range or the rule unknown.

    Layer: none; where slopes are taken, nothing to train.

    Source: numerical integration as in any textbook; the rules as SciPy and Captum name them.

    >>> path_points(2, "left"), path_points(3, "trapezoid")[1]
    ((array([0. , 0.5]), array([0.5, 0.5])), array([0.25, 0.5 , 0.25]))
    """
    m = whole("steps", steps, least=2 if rule == "trapezoid" else 1)
    if one_of("rule", rule, RULES) in ("gauss", "graded"):
        points, weights = np.polynomial.legendre.leggauss(m)
        points, weights = (points + 1) / 2, weights / 2
        return (points, weights) if rule == "gauss" else (points**3, 3 * points**2 * weights)
    if rule == "trapezoid":
        weights = np.full(m, 1 / (m - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, m), weights
    shift = {"left": 0.0, "midpoint": 0.5, "right": 1.0}[rule]
    return (np.arange(m) + shift) / m, np.full(m, 1 / m)


def integrated_gradients(
    slopes: Slopes, x: ArrayLike, start: ArrayLike, steps: int = 50, rule: str = "gauss"
) -> Floats:
    r"""What each number of an input adds on the way from a start to it: equation (17.7).

    $\mathrm{IG}_j = (x_j - x'_j) \int_0^1 \partial_j F\big(x' + a (x - x')\big)\, da$

    The parts add up to $F(x) - F(x')$: see ``completeness_error``, a test that costs nothing.

    Args:
        slopes: $\nabla F$, from points ``(steps, *shape of x)`` to slopes of the same shape.
        x: any shape.
        start: $x'$, the same shape: what "nothing" looks like. It is a choice, and it counts.
        steps: as for ``path_points``.
        rule: likewise.

    Returns:
        Parts of the shape of ``x``. For the part of an item, sum those of its vector.

    Raises:
        ValueError: if shapes differ, a slope is not finite, or as for ``path_points``.

    Layer: none; ``explain.integrated`` takes the slopes of a recommender.

    Source: Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017; S0-I15 wants
    it without naming it.

    >>> def slopes(x): return 2 * x                            # F(x) = x1^2 + x2^2
    >>> integrated_gradients(slopes, [3.0, 1.0], [0.0, 0.0], steps=1)
    array([9., 1.])
    """
    end, begin = finite("x", x, least=0), finite("start", start, least=0)
    if end.shape != begin.shape:
        raise ValueError(f"start: expected shape {end.shape}, as x; received {begin.shape}")
    points, weights = path_points(steps, rule)
    along = points.reshape(-1, *[1] * end.ndim)
    found = _slopes(slopes, begin + along * (end - begin))
    return np.asarray((end - begin) * np.tensordot(weights, found, axes=1))


def completeness_error(parts: ArrayLike, value: float, start_value: float) -> float:
    r"""How far integrated gradients are from adding up: equation (17.9).

    $\Big|\sum_j \mathrm{IG}_j - (F(x) - F(x'))\Big| \big/ |F(x) - F(x')|$

    Args:
        parts: any shape.
        value: $F(x)$.
        start_value: $F(x')$.

    Returns:
        A share of the difference, 0 for a perfect sum; inf where there is no difference to share
        out and the parts do not sum to 0.

    Raises:
        ValueError: if a number is not finite.

    Layer: none; it tests ``integrated_gradients``.

    Source: completeness, Sundararajan et al. (2017).

    >>> completeness_error([2.0, 0.5], value=3.0, start_value=0.5)
    0.0
    """
    total = float(finite("parts", parts, least=0).sum())
    whole_way = float(finite("value", value) - finite("start_value", start_value))
    error = abs(total - whole_way)
    return error / abs(whole_way) if whole_way else (0.0 if error == 0 else float("inf"))


def gradient_times_input(slopes: Slopes, x: ArrayLike, start: ArrayLike = 0.0) -> Floats:
    r"""What each number would add if the output were a straight line: equation (17.6).

    $(x_j - x'_j)\, \partial_j F(x)$: integrated gradients with one step at the end of the path.
    Where the output has saturated, its slope is 0, and so is every part.

    Args:
        slopes: as for ``integrated_gradients``; it is asked for one point.
        x: any shape.
        start: $x'$; broadcasts against ``x``.

    Returns:
        Parts of the shape of ``x``; they need not add up to anything.

    Raises:
        ValueError: if a number is not finite or the slopes have another shape.

    Layer: none; ``explain.integrated`` with ``steps=1, rule="right"``.

    Source: Shrikumar et al., "Not Just a Black Box", 2016.

    >>> gradient_times_input(lambda x: 2 * x, [3.0, 1.0])        # twice the parts of F
    array([18.,  2.])
    """
    end, begin = finite("x", x, least=0), finite("start", start, least=0)
    return np.asarray((end - begin) * _slopes(slopes, end[np.newaxis])[0])


def attention_rollout(weights: ArrayLike) -> Floats:
    r"""Weights handed on through blocks, if what is mixed stayed what it was: equation (17.10).

    $R = \tilde A_L \cdots \tilde A_1$ with $\tilde A_l = \frac12 (A_l + I)$: half of a token goes
    around each block unchanged. Values, norms and the small networks are left out.

    Args:
        weights: $A_l$, the first block first, ``(blocks, n, n)``, each row a query; rows sum to 1,
            or to 0 where a query is padding. Heads have to be put together before.

    Returns:
        ``(n, n)``: how much of each input is in each output by this account; rows sum to 1.

    Raises:
        ValueError: if the shape is another, or a row is no set of shares.

    Layer: none; it reads the weights of ``attention.MultiHeadAttention``.

    Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020. It is one of
    the methods that S0-I15 and S2-I2 do not name.

    >>> attention_rollout([[[1, 0], [0.5, 0.5]], [[1, 0], [1, 0]]])
    array([[1.   , 0.   ],
           [0.625, 0.375]])
    """
    a = finite("weights", weights, 3)
    if a.shape[1] != a.shape[2]:
        raise ValueError(f"weights: expected shape (blocks, n, n); received {a.shape}")
    total = a.sum(axis=2)
    if (a < 0).any() or not np.isclose(total, np.where(total > 0.5, 1, 0), atol=1e-3).all():
        raise ValueError("weights: expected rows of shares that sum to 1, or to 0 at padding")
    n = a.shape[1]
    lost = np.where(total > 0.5, 0.0, 0.5)  # padding is handed on whole
    found = np.eye(n)
    for block, more in zip(a, lost, strict=True):
        found = (0.5 * block + np.diag(0.5 + more)) @ found
    return found


def permutation_importance(
    judge: Callable[[NDArray[Any]], float],
    table: ArrayLike,
    column: int,
    repeats: int = 10,
    seed: int = 0,
) -> Floats:
    r"""How much worse a model gets when one column is dealt out anew: equation (17.17).

    $I_c = m(X) - m(X_{\pi(c)})$, for random orders $\pi$ of the column's entries

    It is a property of a model and a table, not of the world: of two columns that say the same, the
    model may read one, and a model that reads noise has noise that is important.

    Args:
        judge: $m$, from a table to a number, the higher the better.
        table: $X$, ``(rows, columns)``.
        column: which.
        repeats: orders that are tried.
        seed: of the orders.

    Returns:
        One fall for each order, ``(repeats,)``; look at their spread as well as their mean.

    Raises:
        ValueError: if the table is none, has no such column, or a judgement is not finite.

    Layer: none; scikit-learn has it for its estimators, ``inspection.permutation_importance``.

    Source: Breiman, "Random Forests", 2001; the "feature importance" of S3-Q3 and S3-I9.

    >>> x = np.array([[0, 5], [1, 5], [2, 5], [3, 5]])
    >>> def judge(table): return float((table[:, 0] == [0, 1, 2, 3]).mean())
    >>> float(permutation_importance(judge, x, column=1).max())
    0.0
    """
    x, rng = np.asarray(table), np.random.default_rng(seed)
    if x.ndim != 2 or isinstance(column, bool) or not -x.shape[1] <= column < x.shape[1]:
        raise ValueError(
            f"column: expected one of a table (rows, columns); received {column} of {x.shape}"
        )
    found = []
    for _ in range(whole("repeats", repeats)):
        dealt = x.copy()
        dealt[:, column] = x[rng.permutation(len(x)), column]
        found.append(judge(dealt))
    before = as_floats("judge", judge(x))
    return finite("judge", before - np.asarray(found, np.float64), 1)


def _slopes(slopes: Slopes, points: Floats) -> Floats:
    found = finite("slopes", slopes(points), least=0)
    if found.shape != points.shape:
        raise ValueError(f"slopes: expected shape {points.shape}; received {found.shape}")
    return found
