"""Checkers for the exercises of the chapter "By hand"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite._checks import Floats
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near
from attnrec_lite.working import Working

# 5.1 attend(query, keys, values) ------------------------------------------------------------------


def _case(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, d, d_v = (int(x) for x in rng.choice([2, 3, 5, 6, 7], size=3, replace=False))
    return rng.normal(size=d), rng.normal(size=(n, d)), rng.normal(size=(n, d_v))


def _attend_context(attend: Answer, rng: Generator) -> None:
    q, k, v = _case(rng)
    given = f"{len(k)} keys of width {k.shape[1]}, values of width {v.shape[1]}"
    found = array(attend(q.copy(), k.copy(), v.copy()), (v.shape[1],), given)
    others = {
        "divide the scores by the root of their width": formulas.dot_scores(q, k),
        "the width is that of a key, not the number of keys": k @ q / np.sqrt(len(k)),
        "divide by the root of the width, not by the width": k @ q / len(q),
    }
    mistakes = (
        advice
        for advice, s in others.items()
        if np.allclose(found, formulas.weighted_sum(formulas.softmax(s), v))
    )
    expected = formulas.weighted_sum(formulas.softmax(formulas.scaled_dot_scores(q, k)), v)
    near(found, expected, given, next(mistakes, "the weights mix the values, nothing else"))


def _attend_alone(attend: Answer, rng: Generator) -> None:
    q, k, v = _case(rng)
    near(attend(q, k[:1], v[:1]), v[0], "a single key",
         "one score has weight 1: the context is its value")  # fmt: skip


def _attend_huge(attend: Answer, rng: Generator) -> None:
    q, k, v = _case(rng)
    q = 1e6 * q
    expected = formulas.weighted_sum(formulas.softmax(formulas.scaled_dot_scores(q, k)), v)
    near(attend(q.copy(), k.copy(), v.copy()), expected, "a query of some millions",
         "exp of a huge score overflows: take the largest from all of them first")  # fmt: skip


# 5.2 scores_behind(weights) -----------------------------------------------------------------------


def _behind_returns(answer: Answer, rng: Generator) -> None:
    weights = formulas.softmax(rng.normal(size=int(rng.integers(3, 8))) * 2)
    scores = array(answer(weights.copy()), weights.shape, f"{len(weights)} weights")
    near(formulas.softmax(scores), weights, "the softmax of your scores",
         "the softmax divides exp(s) by a sum: the logarithm undoes the first, and the sum is a "
         "constant")  # fmt: skip


def _behind_mean(answer: Answer, rng: Generator) -> None:
    weights = formulas.softmax(rng.normal(size=6))
    near(np.mean(answer(weights.copy())), 0.0, "the mean of your scores",
         "the softmax forgets a constant; take the one that makes the mean 0")  # fmt: skip


def _behind_ratios(answer: Answer, rng: Generator) -> None:
    weights, factor = formulas.softmax(rng.normal(size=5)), float(rng.uniform(2, 9))
    near(answer(weights * factor), answer(weights.copy()), f"the same weights times {factor:.2f}",
         "only ratios of weights tell scores apart")  # fmt: skip


# 5.3 can_be_weights(printed, decimals, inputs) ----------------------------------------------------


def _table(rng: Generator) -> tuple[np.ndarray, int, np.ndarray]:
    """True weights of items of which the first two are equal, as printed with some decimals."""
    n, decimals = int(rng.integers(4, 9)), int(rng.integers(3, 5))
    inputs = rng.normal(size=(n, 3)).round(2)
    inputs[1] = inputs[0]
    weights = formulas.softmax(inputs @ rng.normal(size=3) * 0.3)
    return weights.round(decimals), decimals, inputs


def _shuffled(
    table: tuple[np.ndarray, int, np.ndarray], rng: Generator
) -> tuple[tuple[np.ndarray, int, np.ndarray], list[int]]:
    """The table with its items in another order, and the new places of the first two."""
    printed, decimals, inputs = table
    order = rng.permutation(len(printed))
    return (printed[order], decimals, inputs[order]), np.flatnonzero(order < 2).tolist()


def _verdict(answer: Answer, table: tuple[np.ndarray, int, np.ndarray], given: str) -> bool:
    printed, decimals, inputs = table
    found = answer(printed.copy(), decimals, inputs.copy())
    if not isinstance(found, bool | np.bool_):
        raise Wrong(f"{given}: expected True or False; received {type(found).__name__}")
    return bool(found)


def _table_good(answer: Answer, rng: Generator) -> None:
    for _ in range(20):
        table, _ = _shuffled(_table(rng), rng)
        if not _verdict(answer, table, "a printed softmax"):
            off = table[0].sum() - 1
            given = f"a softmax of {len(table[0])} scores, printed with {table[1]} decimals, is off"
            raise Wrong(f"{given} by {off:+.4f}: expected True; received False",
                        "rounding alone moves the sum by half a unit of the last place for each "
                        "weight")  # fmt: skip


def _table_sum(answer: Answer, rng: Generator) -> None:
    for sign in (1, -1):
        printed, decimals, inputs = _table(rng)
        least = (len(printed) // 2 + 1) * 10.0**-decimals  # the first sum that is too far off
        printed[-1] += 1 + sign * least - printed.sum()
        if _verdict(answer, (printed, decimals, inputs), "a sum that is off"):
            raise Wrong(f"{len(printed)} weights with {decimals} decimals that sum to "
                        f"{printed.sum():.4f}: expected False; received True",
                        "n weights with p decimals may miss 1 by n / 2 units of the last place, "
                        "not by more")  # fmt: skip


def _table_sign(answer: Answer, rng: Generator) -> None:
    printed, decimals, inputs = _table(rng)
    printed[2], printed[3] = -printed[2], printed[3] + 2 * printed[2]
    if _verdict(answer, (printed, decimals, inputs), "a negative weight"):
        raise Wrong(f"a weight of {printed[2]}: expected False; received True",
                    "a share is never negative")  # fmt: skip


def _table_ties(answer: Answer, rng: Generator) -> None:
    printed, decimals, inputs = _table(rng)
    unit = 10.0**-decimals
    printed[0], printed[1] = printed[0] + unit, printed[1] - unit
    table, (i, j) = _shuffled((printed, decimals, inputs), rng)
    if _verdict(answer, table, "equal items with unequal weights"):
        printed = table[0]
        raise Wrong(f"items {i} and {j} are equal, weights {printed[i]:.4f} and {printed[j]:.4f}: "
                    "expected False; received True",
                    "equal rows of inputs must have equal weights")  # fmt: skip


# 5.4 readings(query, keys, values) ----------------------------------------------------------------


def _lists(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    query, keys, values = rng.normal(size=(3, int(rng.integers(3, 7))))
    return query, keys, values


def _pair(answer: Answer, lists: tuple[np.ndarray, ...]) -> tuple[object, object]:
    found = answer(*(x.copy() for x in lists))
    if not isinstance(found, tuple) or len(found) != 2:
        raise Wrong(f"expected a pair (b, d); received {type(found).__name__}")
    return found


def _reading_b(answer: Answer, rng: Generator) -> None:
    q, k, v = _lists(rng)
    found = array(_pair(answer, (q, k, v))[0], (), f"reading B of {len(q)} items")
    scores = formulas.elementwise_scores(q, k)
    advice = "the query is multiplied with the keys number by number, without a sum"
    if np.allclose(found, scores @ v):
        advice = "the softmax makes the scores weights, before they meet the values"
    if np.allclose(found, formulas.softmax(scores / np.sqrt(len(q))) @ v):
        advice = "the products are not scaled here"
    near(found, formulas.softmax(scores) @ v, f"reading B of {len(q)} items", advice)


def _reading_d(answer: Answer, rng: Generator) -> None:
    q, k, v = _lists(rng)
    found = array(_pair(answer, (q, k, v))[1], (len(q),), f"reading D of {len(q)} items")
    across = formulas.softmax(np.outer(q, k), axis=0) @ v
    advice = "n queries ask n keys: the scores are a matrix, and its rows are shared out"
    if np.allclose(found, across):
        advice = "each row, one query, has one unit of attention: the softmax runs over the keys"
    near(found, formulas.softmax(np.outer(q, k), axis=1) @ v, f"reading D of {len(q)} items",
         advice)  # fmt: skip


# 5.5 top_interests(weights, vectors, k) -----------------------------------------------------------


FEATURES = "the sum over the interests leaves one number per feature: add over the others"
INTEREST_MISTAKES: dict[str, Callable[[Floats, Floats], Floats]] = {
    FEATURES: lambda a, x: a @ x,
    "every interest counts as much as its weight": lambda a, x: x.sum(axis=1),
    "the vectors count as well, not the weights alone": lambda a, x: a,
    "the best one comes first": lambda a, x: -formulas.interest_scores(a, x),
}


def _interests(answer: Answer, rng: Generator) -> None:
    cases, founds = [], []
    for n, d in ((7, 4), (4, 7), (6, 6)):
        a, x = formulas.softmax(rng.normal(size=n) * 2), rng.normal(size=(n, d)) + 0.5
        cases.append((a, x))
        founds.append(array(answer(a.copy(), x.copy(), 4), (4,), f"{n} interests, {d} features"))
    for (a, x), found in zip(cases, founds, strict=True):
        right = np.argsort(-formulas.interest_scores(a, x))[:4]
        if not np.array_equal(found, right):
            advice = "rank by the sum of a_i x_ic over c"
            if np.array_equal(found, right + 1):
                advice = "the rows are counted from 0"
            elif np.array_equal(found, np.sort(right)):
                advice = "the best one comes first"
            fits = (
                advice
                for advice, rank in INTEREST_MISTAKES.items()
                if all(
                    np.array_equal(f, np.argsort(-rank(*case))[:4])
                    for case, f in zip(cases, founds, strict=True)
                )
            )
            raise Wrong(f"{len(a)} interests, {x.shape[1]} features: expected {right.tolist()}; "
                        f"received [{', '.join(f'{place:.4g}' for place in found)}]",
                        next(fits, advice))  # fmt: skip


def _interests_not_features(answer: Answer, rng: Generator) -> None:
    vectors = np.zeros((2, 6))
    vectors[0, 4], vectors[1, 5] = rng.uniform(1, 2), rng.uniform(3, 4)
    found = array(answer(np.array([0.5, 0.5]), vectors, 2), (2,), "two interests, six features")
    near(found, [1, 0], "two interests, six features", FEATURES)


# 5.6 first_wrong_line(given, lines, printed, decimals) --------------------------------------------

LINES = (
    ("s1", "q1*k1 + q2*k2"),
    ("s2", "q1*k2 - q2*k1"),
    ("total", "exp(s1) + exp(s2)"),
    ("a1", "exp(s1) / total"),
    ("a2", "exp(s2) / total"),
    ("z", "3*a1 - 2*a2"),
)


def _pages(rng: Generator, decimals: int) -> tuple[dict[str, float], dict[str, float]]:
    """Given numbers, and every line as somebody prints it who goes on from what is printed."""
    given = {name: round(float(rng.uniform(0.5, 2)), 2) for name in ("q1", "q2", "k1", "k2")}
    return given, _go_on(given, {}, decimals)


def _go_on(given: dict[str, float], start: dict[str, float], decimals: int) -> dict[str, float]:
    printed = dict(start)
    for name, expression in LINES:
        if name not in printed:
            value = Working("", **given, **printed).step(name, expression)[name]
            printed[name] = round(value, decimals)
    return printed


def _line_clean(answer: Answer, rng: Generator) -> None:
    for _ in range(10):
        decimals = int(rng.integers(2, 4))
        given, printed = _pages(rng, decimals)
        found = answer(dict(given), list(LINES), dict(printed), decimals)
        if found is not None:
            raise Wrong(f"a right page, {decimals} decimals: expected None; received {found!r}",
                        "a line is worked from the printed lines above it, and may be off by half "
                        "a unit of its last place")  # fmt: skip


def _line_first(answer: Answer, rng: Generator) -> None:
    signs = rng.permutation([-1, 1] * (len(LINES) // 2))  # too much and too little, both
    for place, sign in enumerate(signs):
        given, printed = _pages(rng, 3)
        wrong = LINES[place][0]
        start = {name: printed[name] for name, _ in LINES[:place]}
        bad = _go_on(given, start | {wrong: round(printed[wrong] + 0.002 * sign, 3)}, 3)
        found = answer(dict(given), list(LINES), dict(bad), 3)
        if found is not None and not isinstance(found, str):
            raise Wrong(f"expected the name of a line or None; received {type(found).__name__}")
        if found != wrong:
            advice = "the lines below a wrong one are right if they follow from what is printed"
            if found is None:
                advice = "compare each printed line with its expression worked anew"
            raise Wrong(f"a page wrong in {wrong}: expected {wrong!r}; received {found!r}", advice)


def _line_two(answer: Answer, rng: Generator) -> None:
    given, printed = _pages(rng, 3)
    start = {"s1": printed["s1"], "s2": printed["s2"] + 0.2}
    bad = _go_on(given, start, 3)
    bad["z"] += 0.5
    found = answer(dict(given), list(LINES), dict(bad), 3)
    if found != "s2":
        raise Wrong(f"a page wrong in s2 and in z: expected 's2'; received {found!r}",
                    "go from the top and stop at the first")  # fmt: skip


EXERCISES = (
    Exercise(
        "5.1",
        "One context, from raw numbers",
        1,
        {
            "the context is that of the scaled dot product": _attend_context,
            "a single key gives its value": _attend_alone,
            "huge scores do not overflow": _attend_huge,
        },
        (
            "Three lines: scores, weights, context. Write the shape of each first.",
            "keys @ query has one score per key; divide by the root of len(query).",
            "e = exp(s - max s), weights e / e.sum(), context weights @ values.",
        ),
    ),
    Exercise(
        "5.2",
        "Undo a softmax",
        1,
        {
            "the softmax of the scores is the weights": _behind_returns,
            "the mean of the scores is 0": _behind_mean,
            "weights times a constant have the same scores": _behind_ratios,
        },
        (
            "Which function undoes exp?",
            "ln of a weight is its score minus ln of a sum that is the same for all.",
            "np.log(weights), minus its own mean.",
        ),
    ),
    Exercise(
        "5.3",
        "Can these be weights?",
        2,
        {
            "a printed softmax passes": _table_good,
            "a sum off by more than rounding is refused": _table_sum,
            "a negative weight is refused": _table_sign,
            "equal items with unequal weights are refused": _table_ties,
        },
        (
            "Three questions: signs, sum, ties. Which of them must allow for rounding?",
            "Equation (5.1) says how far the sum may be off; formulas.rounding_slack has it.",
            "formulas.broken_ties(inputs, printed, tolerance) lists the ties that are broken; allow"
            " one unit of the last place, and a hair more for the computer's own rounding.",
        ),
    ),
    Exercise(
        "5.4",
        "Two readings of one line",
        2,
        {
            "reading B: number meets number": _reading_b,
            "reading D: every query asks every key": _reading_d,
        },
        (
            "What is the shape of the scores in B, and what in D?",
            "B has n scores, q * k; D has n times n, np.outer(q, k).",
            "formulas.softmax of either, along the last axis, then @ v.",
        ),
    ),
    Exercise(
        "5.5",
        "Interests or features",
        2,
        {
            "the best interests come first, whatever the shape": _interests,
            "no feature is taken for an interest": _interests_not_features,
        },
        (
            "How many numbers must be left after the sum: n or d?",
            "Add a_i x_ic over c, that is along axis 1.",
            "np.argsort(-(weights[:, None] * vectors).sum(1))[:k]",
        ),
    ),
    Exercise(
        "5.6",
        "The first wrong line",
        3,
        {
            "a right page, rounded line by line, has no wrong line": _line_clean,
            "one wrong line is named, whichever it is": _line_first,
            "of two wrong lines the upper one is named": _line_two,
        },
        (
            "How would a fair teacher mark a page whose third line is wrong and whose other lines "
            "follow?",
            "Work each line from the printed values above it, not from your own.",
            "Working('', **known).step(name, expression)[name], compare within half a unit of the "
            "last place, then put the printed value into known.",
        ),
    ),
)
