"""Checkers for the exercises of the chapter "The attention economy"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 1.1 best_shelf(attention, chances) ---------------------------------------------------------------


def _goods(
    answer: Answer, attention: NDArray[np.float64], chances: NDArray[np.float64]
) -> list[int]:
    given = f"{len(attention)} places, {len(chances)} goods"
    found = array(answer(attention.copy(), chances.copy()), attention.shape, given)
    if not np.all(np.isin(found, np.arange(len(chances)))) or len(set(found)) < len(found):
        raise Wrong(f"{given}: expected different goods in 0..{len(chances) - 1}; received {found}",
                    "return the number of a good for each place, no good twice")  # fmt: skip
    return [int(good) for good in found]


def _shelf_falling(answer: Answer, rng: Generator) -> None:
    attention, chances = np.sort(rng.dirichlet(np.ones(4)))[::-1], rng.random(9)
    _best(answer, attention, chances, "the best good comes first, then the next best")


def _shelf_any(answer: Answer, rng: Generator) -> None:
    attention, chances = np.sort(rng.dirichlet(np.ones(5))), rng.random(12)
    attention = attention[np.insert(rng.permutation(4), 2, 4)]  # the rest in any order
    _best(answer, attention, chances,
          "here the third place is looked at most: the best good belongs there")  # fmt: skip


def _best(
    answer: Answer, attention: NDArray[np.float64], chances: NDArray[np.float64], advice: str
) -> None:
    goods = _goods(answer, attention, chances)
    best = float(np.sort(attention) @ np.sort(chances)[-len(attention) :])
    near(formulas.shelf_value(attention, chances[goods]), best,
         f"attention {attention.round(2)}, your goods {goods}: value", advice)  # fmt: skip


# 1.2 similarity(interactions) ---------------------------------------------------------------------


def _bought(rng: Generator, users: int = 12, items: int = 6) -> NDArray[np.float64]:
    x = (rng.random((users, items)) < 0.45).astype(float)
    x[0], x[1] = 1.0, 0.0
    return x


def _similar_values(answer: Answer, rng: Generator) -> None:
    x = _bought(rng)
    found, expected = array(answer(x.copy()), (6, 6), "12 users, 6 items"), x.T @ x
    i, j = np.triu_indices(6, 1)
    advice = "divide what two items have in common by the root of the product of their counts"
    if np.allclose(found[i, j], expected[i, j]):
        advice = "a count pays for popularity: " + advice
    near(found[i, j], formulas.item_similarity(x)[i, j], "pairs of different items", advice)


def _similar_self(answer: Answer, rng: Generator) -> None:
    x = _bought(rng)
    near(np.diag(array(answer(x.copy()), (6, 6), "12 users, 6 items")), 0.0, "the diagonal",
         "every item is its own best neighbour, which helps nobody: set it to 0")  # fmt: skip


def _similar_unsold(answer: Answer, rng: Generator) -> None:
    x, unsold = _bought(rng), int(rng.integers(6))
    x[:, unsold] = 0.0
    found = array(answer(x.copy()), (6, 6), f"nobody took item {unsold}")
    near(found[unsold], 0.0, f"row {unsold}, an item that nobody took",
         "0 / 0 is nan: divide only where somebody took both")  # fmt: skip


# 1.3 user_scores(row, interactions, neighbours) ---------------------------------------------------


def _user_values(answer: Answer, rng: Generator) -> None:
    x, row = (rng.random((15, 7)) < 0.4).astype(float), np.zeros(7)
    row[rng.permutation(7)[:3]] = 1.0
    found = array(answer(row.copy(), x.copy(), 15), (7,), "15 users, all of them neighbours")
    advice = "add up the rows of the users, each times its cosine with the row"
    if np.allclose(found, (x @ row) @ x):
        advice = "goods in common favour users who buy everything: divide by both lengths"
    near(found, formulas.user_neighbour_scores(row, x, 15), "15 users, all neighbours", advice)


def _user_nearest(answer: Answer, rng: Generator) -> None:
    row = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    near_by, middle = [1.0, 1.0, *[0.0] * 6], [1.0, 1.0, 0.0, 1.0, *[0.0] * 4]
    all_goods, far = [1.0] * 8, [1.0, *[0.0] * 6, 1.0]  # the first has most in common
    x = np.array([near_by, middle, all_goods, far, far, far])
    x, count = x[rng.permutation(6)], int(rng.integers(1, 3))
    found = array(answer(row.copy(), x.copy(), count), (8,), f"{count} neighbours of 6 users")
    near(found, formulas.user_neighbour_scores(row, x, count), f"{count} of 6 users as neighbours",
         "sort the users by their cosine, largest first, and keep the first")  # fmt: skip


def _user_stranger(answer: Answer, rng: Generator) -> None:
    x = (rng.random((5, 4)) < 0.5).astype(float)
    x[int(rng.integers(5))] = 0.0
    near(answer(np.zeros(4), x, 3), np.zeros(4), "somebody who bought nothing",
         "a row of zeros has no direction: its cosine with everybody is 0, not nan")  # fmt: skip


# 1.4 gini(counts) ---------------------------------------------------------------------------------


def _gini_values(answer: Answer, rng: Generator) -> None:
    counts = rng.poisson(6.0, int(rng.integers(3, 9))).astype(float) + 1
    counts = rng.permutation(np.append(counts, 40.0))
    advice = "by its definition: all pairs, absolute differences, over 2 N times the sum"
    near(answer(counts.copy()), formulas.gini(counts), f"counts {counts.astype(int)}", advice)


def _gini_ends(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(3, 30))
    near(answer(np.full(n, 7.0)), 0.0, f"{n} goods that sell alike")
    near(answer(np.eye(n)[0] * 5), 1 - 1 / n, f"one of {n} goods sells all",
         "the largest value is 1 - 1/N, not 1")  # fmt: skip


def _gini_zero(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(2, 9))
    near(answer(np.zeros(n)), 0.0, f"{n} goods before the first sale",
         "0 / 0 is nan: nothing sold is nothing unequal")  # fmt: skip


def _gini_scale(answer: Answer, rng: Generator) -> None:
    counts, factor = rng.random(6) + 0.1, float(rng.uniform(5, 50))
    near(answer(counts * factor), answer(counts), f"all counts times {factor:.1f}",
         "divide by the sum: a bigger shop is not a more unequal one")  # fmt: skip


# 1.5 blend(first, second, share) ------------------------------------------------------------------


def _blend_values(answer: Answer, rng: Generator) -> None:
    first, second, share = rng.random(8), 500 * rng.random(8), float(rng.uniform(0.2, 0.8))
    given = f"scores up to 1 and up to 500, share {share:.2f}"
    found = array(answer(first.copy(), second.copy(), share), (8,), given)
    advice = "take off the mean and divide by the standard deviation of each first"
    if np.allclose(found, share * first + (1 - share) * second):
        advice = "the rule with the larger numbers decides alone: " + advice
    near(found, formulas.blend_scores(first, second, share), given, advice)


def _blend_ends(answer: Answer, rng: Generator) -> None:
    first, second = rng.normal(size=7), rng.normal(size=7)
    for share, alone in ((1.0, first), (0.0, second)):
        found = array(answer(first.copy(), second.copy(), share), (7,), f"share {share}")
        near(np.argsort(found), np.argsort(alone), f"share {share}: the order",
             "share belongs to the first, 1 - share to the second")  # fmt: skip


def _blend_constant(answer: Answer, rng: Generator) -> None:
    same, other = np.full(6, float(rng.integers(9))), rng.normal(size=6)
    for which, first, second in (("first", same, other), ("second", other, same)):
        given = f"a {which} rule that scores all alike"
        found = array(answer(first.copy(), second.copy(), 0.5), (6,), given)
        advice = "its standard deviation is 0: it has no opinion, so let it add 0, not nan"
        near(found, formulas.blend_scores(first, second, 0.5), given, advice)


# 1.6 same_order(first, second, real) --------------------------------------------------------------


def _weights(
    rng: Generator, rows: int, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    real = rng.permuted(
        np.arange(columns) >= rng.integers(2, columns - 1, size=rows)[:, None], axis=1
    )  # 2 real items or more in any places, and 2 of padding or more
    w = np.where(real, rng.random((rows, columns)), 0.0)
    return w / w.sum(axis=1, keepdims=True), real


def _agreement(
    first: NDArray[np.float64], second: NDArray[np.float64], real: NDArray[np.bool_]
) -> float:
    a, b = first[real], second[real]
    i, j = np.triu_indices(len(a), 1)
    return float(np.mean((a[i] > a[j]) == (b[i] > b[j]))) if len(i) else 1.0


def _order_values(answer: Answer, rng: Generator) -> None:
    first, second = rng.dirichlet(np.ones(6), 1), rng.dirichlet(np.ones(6), 1)
    real = np.ones((1, 6), bool)
    found = array(answer(first.copy(), second.copy(), real), (1,), "one full row")
    near(found, [_agreement(first[0], second[0], real[0])], "one full row of six items",
         "of the 15 pairs, count those where both say more or both say less")  # fmt: skip


def _order_mirror(answer: Answer, rng: Generator) -> None:
    first, real = _weights(rng, 3, 7)
    turned = np.where(real, 1.0 - first, 0.0)
    turned /= turned.sum(axis=1, keepdims=True)
    near(answer(first.copy(), first.copy(), real), np.ones(3), "a row and itself",
         "a row agrees with itself everywhere")  # fmt: skip
    near(answer(first.copy(), turned, real), np.zeros(3), "a row and its mirror image",
         "padding agrees with padding and says nothing: count pairs of real items")  # fmt: skip


def _order_alone(answer: Answer, rng: Generator) -> None:
    real = np.array([[False, False, True], [False, True, True], [False, False, False]])
    first = np.where(real, rng.random((3, 3)) + 0.1, 0.0)
    found = array(answer(first.copy(), first.copy(), real), (3,), "rows of 1, 2 and 0 real items")
    near(found[[0, 2]], 1.0, "rows of one real item and of none",
         "no pair, no disagreement: return 1 there, not nan")  # fmt: skip


EXERCISES = (
    Exercise(
        "1.1",
        "The best shelf",
        1,
        {
            "with attention that falls, nothing sells more": _shelf_falling,
            "nor where the third place is looked at most": _shelf_any,
        },
        (
            "Which good would you put on the place that everybody looks at?",
            "np.argsort of minus the attention gives the places, best first; the same works for "
            "goods.",
            "shelf = np.empty(k, int); shelf[places, best first] = goods, best first, k of them.",
        ),
    ),
    Exercise(
        "1.2",
        "Items that are bought together",
        1,
        {
            "different items: common users over the root of the counts": _similar_values,
            "no item is its own neighbour": _similar_self,
            "an item that nobody took has no neighbour": _similar_unsold,
        },
        (
            "What stands in row i and column j of X.T @ X, and what on its diagonal?",
            "Equation (1.4): divide by np.sqrt(np.outer(n, n)), n the counts of the items.",
            "np.divide(common, scale, out=np.zeros_like(scale), where=scale > 0), then "
            "np.fill_diagonal.",
        ),
    ),
    Exercise(
        "1.3",
        "Users who are alike",
        2,
        {
            "every user counts by their cosine": _user_values,
            "only the nearest count": _user_nearest,
            "somebody who bought nothing gets zeros": _user_stranger,
        },
        (
            "How alike are two rows of 0 and 1, if somebody who bought everything shall not win?",
            "The cosine: x @ row over the product of both lengths, 0 where a length is 0.",
            "nearest = np.argsort(-alike, kind='stable')[:neighbours]; return alike[nearest] @ "
            "x[nearest].",
        ),
    ),
    Exercise(
        "1.4",
        "How unequal is a shelf?",
        2,
        {
            "it is the mean difference over twice the mean": _gini_values,
            "alike is 0, and all for one is 1 - 1/N": _gini_ends,
            "before the first sale it is 0": _gini_zero,
            "the size of the shop does not count": _gini_scale,
        },
        (
            "np.abs(n[:, None] - n) holds the differences of all pairs.",
            "Sum them up and divide by 2 N times the sum of the counts.",
            "Return 0.0 first if the sum is 0.",
        ),
    ),
    Exercise(
        "1.5",
        "A hybrid that survives silence",
        2,
        {
            "both rules on one scale, then the mixture": _blend_values,
            "share 1 is the first alone, share 0 the second": _blend_ends,
            "a rule without an opinion adds nothing": _blend_constant,
        },
        (
            "One rule scores up to 1, the other up to 500: who decides in a plain sum?",
            "(s - s.mean()) / s.std() puts a rule on the common scale.",
            "Where s.std() is 0 use np.zeros_like(s), then share * first + (1 - share) * second.",
        ),
    ),
    Exercise(
        "1.6",
        "Do two models look in the same order?",
        3,
        {
            "it is the share of pairs in the same order": _order_values,
            "a row agrees with itself and not with its mirror": _order_mirror,
            "rows without a pair count as agreement": _order_alone,
        },
        (
            "For one row: compare each item with each later one, in both sets of weights.",
            "i, j = np.triu_indices(n, 1) lists the pairs of a row of n real items.",
            "np.mean((a[i] > a[j]) == (b[i] > b[j])) for the real items of a row, 1.0 where there "
            "is no pair.",
        ),
    ),
)
