"""Does an explanation name what the answer hangs on? Take it away and look.

Explained in the chapter "Explanation". An answer here is a function of which of n items may be
looked at: from booleans ``(sets, n)``, True = kept, to one number for each set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from attnrec_lite._checks import Floats, finite, whole

Answer = Callable[[NDArray[np.bool_]], Any]


def left_out_effects(answer: Answer, n: int) -> Floats:
    r"""How much the answer falls when one item is taken away: equation (17.1).

    $\Delta_j = f(H) - f(H \setminus \{j\})$

    Args:
        answer: $f$, from the items that are kept, booleans ``(sets, n)``, to numbers ``(sets,)``.
        n: items of $H$.

    Returns:
        One effect for each item, ``(n,)``; below 0 for an item that spoke against the answer. Two
        items that say the same may both have 0: each is enough without the other.

    Raises:
        ValueError: if ``n`` is not whole from 0, or the answers are not finite, one for each set.

    Layer: none; ``explain.left_out`` asks a recommender.

    Source: ours for recommenders; the deletion that S0-O7, S1-O16 and S3-Q3 leave out (X25).

    >>> def f(kept): return kept @ np.array([3.0, 1.0, -2.0])
    >>> left_out_effects(f, 3)
    array([ 3.,  1., -2.])
    """
    one_less = ~np.eye(whole("n", n, least=0), dtype=bool)
    found = _asked(answer, np.concatenate([np.ones((1, n), bool), one_less]))
    return np.asarray(found[0] - found[1:])


def comprehensiveness(answer: Answer, named: ArrayLike) -> float:
    r"""How much the answer falls without the items that the explanation names: equation (17.11).

    $f(H) - f(H \setminus R)$

    Args:
        answer: $f$, as for ``left_out_effects``.
        named: $R$, booleans ``(n,)``.

    Returns:
        In the unit of the answer; high if the named items were needed.

    Raises:
        ValueError: if ``named`` is not booleans or an answer is not finite.

    Layer: none; ``explain.explain`` computes it with its chance level.

    Source: DeYoung et al., "ERASER", ACL 2020.

    >>> def f(kept): return kept @ np.array([3.0, 1.0, -2.0])
    >>> comprehensiveness(f, [True, False, False])
    3.0
    """
    kept = _booleans("named", named)
    all_of_them, without = _asked(answer, np.stack([np.ones_like(kept), ~kept]))
    return float(all_of_them - without)


def sufficiency(answer: Answer, named: ArrayLike) -> float:
    r"""How much the answer falls if nothing but the named items is kept: equation (17.12).

    $f(H) - f(R)$

    Args:
        answer: $f$, as for ``left_out_effects``.
        named: $R$, booleans ``(n,)``.

    Returns:
        In the unit of the answer; near 0, or below, if the named items were enough.

    Raises:
        ValueError: as for ``comprehensiveness``.

    Layer: none; ``explain.explain`` computes it.

    Source: DeYoung et al., "ERASER", ACL 2020.

    >>> def f(kept): return kept @ np.array([3.0, 1.0, -2.0])
    >>> sufficiency(f, [True, False, False])
    -1.0
    """
    kept = _booleans("named", named)
    all_of_them, alone = _asked(answer, np.stack([np.ones_like(kept), kept]))
    return float(all_of_them - alone)


def deletion_curve(answer: Answer, order: ArrayLike) -> Floats:
    r"""The answer as items go, one after the other: equation (17.13).

    $c_k = f(H \setminus \{o_1, \dots, o_k\})$ for $k = 0, \dots, n$

    Args:
        answer: $f$, as for ``left_out_effects``.
        order: $o$, each of 0..n - 1 once, the first to go first.

    Returns:
        ``(n + 1,)``, from the whole history to an empty one.

    Raises:
        ValueError: if ``order`` is no order, or an answer is not finite.

    Layer: none; ``explain.explain`` computes it.

    Source: Petsiuk et al., "RISE", BMVC 2018, for pixels; items go here, and none is put in its
    place.

    >>> def f(kept): return kept @ np.array([3.0, 1.0, -2.0])
    >>> deletion_curve(f, [0, 1, 2])
    array([ 2., -1., -2.,  0.])
    """
    return _asked(answer, _left(_order(order)))


def deletion_area(curve: ArrayLike) -> float:
    r"""How early the answer falls: the mean fall over the curve, equation (17.14).

    $A = \frac1n \sum_{k=1}^{n} \frac{(c_0 - c_{k-1}) + (c_0 - c_k)}{2}$

    Args:
        curve: $c$, from ``deletion_curve``, two numbers at least.

    Returns:
        In the unit of the answer. An order says nothing by itself: see ``order_against_chance``.

    Raises:
        ValueError: if there are fewer than two numbers, or one is not finite.

    Layer: none; ``explain.explain`` computes it.

    Source: Petsiuk et al. (2018) take the area below the curve; this is the area above it.

    >>> deletion_area([2.0, -1.0, -2.0, 0.0]).__round__(4)
    2.6667
    """
    c = finite("curve", curve, 1, least=2)
    return float(trapezoid(c[0] - c, dx=1 / (len(c) - 1)))


def order_against_chance(
    answer: Answer, order: ArrayLike, draws: int = 200, seed: int = 0
) -> dict[str, float]:
    r"""Does an order make the answer fall earlier than a random one? Equation (17.15).

    $A(o) - \mathbb E_\pi A(\pi)$, and $p = \frac{1 + \#\{A(\pi) \ge A(o)\}}{1 + \text{draws}}$

    Args:
        answer: $f$, as for ``left_out_effects``.
        order: $o$, as for ``deletion_curve``, of one item at least.
        draws: random orders $\pi$ that are tried; with $n$ items there are only $n!$ of them.
        seed: of the draws.

    Returns:
        ``area``, ``chance`` (the mean area of a random order), ``gain`` (the difference) and
        ``p``, which is 1 where the order does not matter. With one item there is one order.

    Raises:
        ValueError: if ``order`` is no order, is empty, or an answer is not finite.

    Layer: none; ``explain.explain`` computes it.

    Source: ours; an area without its chance level is the usual omission.

    >>> def f(kept): return kept @ np.array([3.0, 1.0, 0.0, 0.0])
    >>> found = order_against_chance(f, [0, 1, 2, 3], draws=999)
    >>> found["area"], round(found["chance"], 1), found["p"] < 0.15
    (3.25, 2.0, True)
    """
    own, rng = _order(order), np.random.default_rng(seed)
    if len(own) == 0:
        raise ValueError("order: expected one item at least; received none")
    others = [rng.permutation(len(own)) for _ in range(whole("draws", draws))]
    sets = np.concatenate([_left(one) for one in (own, *others)])
    distinct, which = np.unique(sets, axis=0, return_inverse=True)  # few, for short histories
    curves = _asked(answer, distinct)[which.ravel()].reshape(draws + 1, len(own) + 1)
    areas = trapezoid(curves[:, :1] - curves, dx=1 / len(own), axis=1)
    slack = 1e-9 * max(1.0, float(np.abs(areas).max()))  # sums in another order differ by rounding
    p = (1 + int((areas[1:] >= areas[0] - slack).sum())) / (1 + draws)
    chance = float(areas[1:].mean())
    return {"area": float(areas[0]), "chance": chance, "gain": float(areas[0]) - chance, "p": p}


def _left(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """What is left after 0, 1, ..., n items of an order are gone, ``(n + 1, n)``."""
    gone_at = np.empty(len(order), np.int64)
    gone_at[order] = np.arange(len(order))
    return np.asarray(gone_at >= np.arange(len(order) + 1)[:, np.newaxis])


def _asked(answer: Answer, kept: NDArray[np.bool_]) -> Floats:
    found = finite("answer", answer(kept), 1, least=0)
    if len(found) != len(kept):
        raise ValueError(f"answer: expected {len(kept)} numbers; received {len(found)}")
    return found


def _booleans(name: str, value: ArrayLike) -> NDArray[np.bool_]:
    array = np.asarray(value)
    if array.dtype != bool or array.ndim != 1:
        raise ValueError(
            f"{name}: expected booleans, shape (n,); received {array.dtype} of shape {array.shape}"
        )
    return array


def _order(order: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(order)
    if array.ndim != 1 or not np.array_equal(np.sort(array), np.arange(array.size)):
        raise ValueError(f"order: expected each of 0..n - 1 once; received {order!r:.80}")
    return array.astype(np.int64)
