"""Checkers for the exercises of the chapter "Explanation"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
WIDTH = 3

# 17.1 effects(weights, values, candidate) ---------------------------------------------------------


def _effects(answer: Answer, weights: Array, values: Array, candidate: Array, given: str) -> Array:
    return array(answer(weights.copy(), values.copy(), candidate.copy()), weights.shape, given)


def _effects_all(answer: Answer, rng: Generator) -> None:
    weights, values = rng.dirichlet(np.ones(5)), rng.normal(size=(5, WIDTH))
    candidate = rng.normal(size=WIDTH)
    right = []
    for j in range(5):
        left = np.arange(5) != j
        again = weights[left] / weights[left].sum()
        right.append((weights @ values - again @ values[left]) @ candidate)
    given = f"weights {weights.round(2).tolist()}"
    found = _effects(answer, weights, values, candidate, given)
    share = np.allclose(found, weights * (values @ candidate))
    near(
        found,
        right,
        given,
        "that is each good's share of the sum: without a good, the others get its weight"
        if share
        else "the score less the score without the good; the weights of the others sum to 1 again",
    )


def _effects_alike(answer: Answer, rng: Generator) -> None:
    weights, value = rng.dirichlet(np.ones(4)), rng.normal(size=WIDTH)
    given = "four goods of one and the same value"
    found = _effects(answer, weights, np.tile(value, (4, 1)), rng.normal(size=WIDTH), given)
    near(found, np.zeros(4), given, "without one of them the other three say the same")


def _effects_alone(answer: Answer, rng: Generator) -> None:
    value, candidate = rng.normal(size=(1, WIDTH)), rng.normal(size=WIDTH)
    given = "a history of one good"
    found = _effects(answer, np.ones(1), value, candidate, given)
    near(found, value @ candidate, given, "nothing is left, the context is 0: no 1 - 1 below a bar")


# 17.2 other(weights, values) ----------------------------------------------------------------------


def _other(answer: Answer, weights: Array, values: Array, given: str) -> Array:
    return array(answer(weights.copy(), values.copy()), weights.shape, given)


def _other_shares(answer: Answer, rng: Generator) -> None:
    weights, values = rng.dirichlet(np.full(6, 5.0)), rng.normal(size=(6, WIDTH))
    found = _other(answer, weights, values, "six goods, three numbers each")
    near(found.sum(), 1, "six goods: the sum", "keep the sum as well: add a row of ones to values")
    if (found < -1e-9).any():
        raise Wrong(
            f"six goods: expected no weight below 0; received {found.min():.3f}",
            "go along the direction until the first weight is 0, and no further",
        )


def _other_context(answer: Answer, rng: Generator) -> None:
    weights, values = rng.dirichlet(np.full(6, 5.0)), rng.normal(size=(6, WIDTH))
    found = _other(answer, weights, values, "six goods, three numbers each")
    near(
        found @ values,
        weights @ values,
        "six goods: the context",
        "move only along a direction that the values do not see: values.T @ direction = 0",
    )


def _other_gone(answer: Answer, rng: Generator) -> None:
    weights, values = rng.dirichlet(np.full(6, 5.0)), rng.normal(size=(6, WIDTH))
    found = _other(answer, weights, values, "six goods, three numbers each")
    near(
        found.min(),
        0,
        f"weights {weights.round(2).tolist()}: the smallest of yours",
        "the largest step is the smallest of weight / -direction where the direction is below 0",
    )


def _other_only(answer: Answer, rng: Generator) -> None:
    weights, values = rng.dirichlet(np.full(3, 5.0)), np.eye(3)[:, :2] + 0.0
    given = "three goods that make each context in one way only"
    found = _other(answer, weights, values, given)
    near(found, weights, given, "where no direction is left, the weights are the only ones")


# 17.3 attribute(gradient, x, baseline, steps) -----------------------------------------------------


def _curved(rng: Generator) -> tuple[Any, Any, Array, Array]:
    """A smooth function, its gradient, an end and a start."""
    a, b = rng.normal(size=(4, WIDTH)), rng.normal(size=4)

    def f(x: Array) -> float:
        return float(np.logaddexp(0, a @ x + b).sum())

    def gradient(x: Array) -> Array:
        return a.T @ (1 / (1 + np.exp(-(a @ np.asarray(x) + b))))

    return f, gradient, rng.normal(size=WIDTH) * 2, rng.normal(size=WIDTH)


def _attribute(answer: Answer, *how: Any) -> Array:
    gradient, x, baseline, steps = how
    given = f"{steps} steps"
    return array(answer(gradient, x.copy(), baseline.copy(), steps), x.shape, given)


def _path_linear(answer: Answer, rng: Generator) -> None:
    w, x, start = rng.normal(size=(3, WIDTH))
    given = f"a linear function, from {start.round(2).tolist()}"
    found = _attribute(answer, lambda _: w.copy(), x, start, 1)
    whole = np.allclose(found, w * x)
    near(
        found,
        w * (x - start),
        given,
        "the way begins at the baseline: multiply by x - baseline"
        if whole
        else "each coordinate gets its own way, x - baseline, times the mean slope along it",
    )


def _path_complete(answer: Answer, rng: Generator) -> None:
    f, gradient, x, start = _curved(rng)
    found = _attribute(answer, gradient, x, start, 50).sum()
    near(
        found,
        f(x) - f(start),
        "50 steps, a curved function: the sum",
        "take the slope all along the way, at baseline + a (x - baseline), not at its end alone",
        atol=0.01 * max(1.0, abs(f(x) - f(start))),
    )


def _path_finer(answer: Answer, rng: Generator) -> None:
    f, gradient, x, start = _curved(rng)
    wrong = [
        abs(_attribute(answer, gradient, x, start, steps).sum() - (f(x) - f(start)))
        for steps in (8, 64)
    ]
    if wrong[1] > 0.5 * wrong[0] + 1e-6:
        raise Wrong(
            f"8 steps and 64: errors {wrong[0]:.2g} and {wrong[1]:.2g}",
            "more steps, smaller error: is steps used, and are the points spread from 0 to 1?",
        )


# 17.4 fidelity(score, history, order, k) ----------------------------------------------------------


def _in_order(rng: Generator) -> Any:
    """A model to which the order of the history matters."""
    worth = rng.normal(size=40)

    def score(history: Any) -> float:
        items = np.asarray(list(history), int)
        return float(sum(worth[i] * 0.8 ** (len(items) - n) for n, i in enumerate(items)))

    return score


def _fidelity(answer: Answer, *how: Any) -> Array:
    score, history, order, k = how
    given = f"history {history.tolist()}, order {order.tolist()}, k = {k}"
    return array(answer(score, history.copy(), order.copy(), k), (2,), given)


def _fidelity_all(answer: Answer, rng: Generator) -> None:
    score, history, order = _in_order(rng), rng.permutation(30)[:7] + 1, rng.permutation(7)
    order[:2] = max(order[:2]), min(order[:2])  # not in the order of the history
    k = int(rng.integers(2, 5))
    some = np.isin(np.arange(7), order[:k])
    right = [score(history) - score(history[~some]), score(history) - score(history[some])]
    given = f"history {history.tolist()}, order {order.tolist()}, k = {k}"
    found = _fidelity(answer, score, history, order, k)
    turned = np.allclose(found, [right[0], score(history) - score(history[order[:k]])])
    near(
        found,
        right,
        given,
        "what is kept stays in the order of the history: sort the places"
        if turned
        else "score(all) - score(without the first k of order), score(all) - score(these k alone)",
    )


def _fidelity_twice(answer: Answer, rng: Generator) -> None:
    score, history = _in_order(rng), np.array([4, 9, 4, 17])
    some = np.array([True, False, False, False])
    right = [score(history) - score(history[~some]), score(history) - score(history[some])]
    found = _fidelity(answer, score, history, np.array([0, 1, 2, 3]), 1)
    near(
        found,
        right,
        "history [4, 9, 4, 17], the first place taken away",
        "take away places, not goods: the same good may stand in the history twice",
    )


def _fidelity_whole(answer: Answer, rng: Generator) -> None:
    score, history = _in_order(rng), rng.permutation(30)[:3] + 1
    right = [score(history) - score(history[:0]), 0.0]
    found = _fidelity(answer, score, history, np.arange(3), 5)
    near(found, right, "three goods, k = 5", "without all: an empty history; with all: 0")


# 17.5 p_value(quality, weights, tries, rng) -------------------------------------------------------


def _p(answer: Answer, quality: Any, weights: Array, tries: int, rng: Generator) -> float:
    return float(array(answer(quality, weights.copy(), tries, rng), (), f"{tries} tries"))


def _weights(rng: Generator) -> Array:
    """Weights of 20 histories of 3 to 8 goods, 0 at padding on the left."""
    real = np.arange(8) >= 8 - rng.integers(3, 9, 20)[:, None]
    drawn = rng.exponential(size=(20, 8)) * real
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _p_own(answer: Answer, rng: Generator) -> None:
    weights, seen = _weights(rng), []

    def quality(some: Array) -> float:
        seen.append(np.array(some, float))
        return 0.0

    _p(answer, quality, weights, 5, rng)
    for some in seen:
        near(
            np.sort(np.atleast_2d(some), axis=1),
            np.sort(weights, axis=1),
            "the weights of a row, sorted",
            "shuffle inside each row: a row keeps its own weights",
        )
        near(
            some[weights == 0],
            np.zeros((weights == 0).sum()),
            "weights at padding",
            "padding has weight 0 before and after: shuffle the places of real goods alone",
        )
    if len(seen) < 6 or any(np.allclose(some, weights) for some in seen[1:]):
        raise Wrong("5 tries: expected six calls, five of them shuffled", "a new shuffle each time")


def _p_ties(answer: Answer, rng: Generator) -> None:
    found = _p(answer, lambda some: 0.7, _weights(rng), 9, rng)
    near(found, 1.0, "a quality that no weight can change", "as good as the model's is a tie: >=")


def _p_never(answer: Answer, rng: Generator) -> None:
    weights = _weights(rng)

    def quality(some: Array) -> float:
        return float(np.allclose(some, weights))

    found = _p(answer, quality, weights, 19, rng)
    near(
        found,
        0.05,
        "the model's own weights win against all of 19",
        "they are one of the 20 draws themselves: (1 + as good or better) / (1 + tries)",
    )


# 17.6 report(rules, histories, shown) -------------------------------------------------------------


def _report(answer: Answer, rules: Any, histories: Any, shown: Any, given: str) -> Array:
    return array(answer(list(rules), [list(h) for h in histories], list(shown)), (2,), given)


def _report_first(answer: Answer, rng: Generator) -> None:
    a, b, c, d = (int(i) for i in rng.permutation(50)[:4] + 1)
    rules, histories = [(a, b), (c, d)], [[c, a], [c], [a], [d]]
    given = f"rules {rules}, histories {histories}, shown {[b, d, d, a]}"
    found = _report(answer, rules, histories, [b, d, d, a], given)
    near(
        found[0],
        3 / 4,
        f"{given}: coverage",
        "a rule speaks where its first good is in the history; coverage counts all histories",
    )
    near(
        found[1],
        2 / 3,
        f"{given}: fidelity",
        "the first rule that applies speaks, in the order of the list; the silent do not count",
    )


def _report_seen(answer: Answer, rng: Generator) -> None:
    a, b, c = (int(i) for i in rng.permutation(50)[:3] + 1)
    rules, histories = [(a, b), (a, c)], [[a, b]]
    found = _report(answer, rules, histories, [c], f"rules {rules}, history {histories[0]}")
    near(
        found,
        [1, 1],
        f"rules {rules}, history {histories[0]}, shown {c}",
        "what she has is not shown again: a rule to it does not apply, the next one does",
    )


def _report_silent(answer: Answer, rng: Generator) -> None:
    found = _report(answer, [(1, 2)], [[3], [4]], [5, 5], "no rule applies")
    if found[0] != 0 or not np.isnan(found[1]):
        raise Wrong(
            f"no rule applies: expected 0 and NaN; received {found.tolist()}",
            "who says nothing has said nothing false, and nothing right: fidelity is NaN",
        )


EXERCISES = (
    Exercise(
        "17.1",
        "What each good was worth",
        1,
        {
            "it is the score less the score without": _effects_all,
            "goods that say the same have no effect": _effects_alike,
            "one good alone is all there is": _effects_alone,
        },
        (
            "When a good is gone, who gets its weight?",
            "For each j: weights without j, divided by their sum, times values without j; the "
            "score of that, taken from the score of all.",
            "left = np.arange(len(weights)) != j; without = weights[left] @ values[left] / "
            "weights[left].sum(), and 0 where nothing is left.",
        ),
    ),
    Exercise(
        "17.2",
        "Another explanation",
        2,
        {
            "they are weights": _other_shares,
            "the context stays": _other_context,
            "some good has lost all its weight": _other_gone,
            "where they are the only ones they stay": _other_only,
        },
        (
            "In which directions can weights move so that neither the context nor their sum does?",
            "M = np.vstack([values.T, np.ones(len(values))]); scipy.linalg.null_space(M) has such "
            "a direction in each column, or none.",
            "n = the first column; step = (weights[n < 0] / -n[n < 0]).min(); weights + step * n",
        ),
    ),
    Exercise(
        "17.3",
        "The whole difference, shared out",
        2,
        {
            "a straight line needs one step": _path_linear,
            "the shares sum to the difference": _path_complete,
            "more steps, smaller error": _path_finer,
        },
        (
            "Of what is the integral a mean?",
            "Points baseline + a (x - baseline), a in the middle of each of the steps; the mean "
            "of the gradients there; times x - baseline.",
            "a = (np.arange(steps) + 0.5) / steps; mean = np.mean([gradient(baseline + t * (x - "
            "baseline)) for t in a], axis=0)",
        ),
    ),
    Exercise(
        "17.4",
        "Take it away, or keep only it",
        2,
        {
            "both differences, order kept": _fidelity_all,
            "places are taken, not goods": _fidelity_twice,
            "more than there is": _fidelity_whole,
        },
        (
            "What does the model see when the k goods are gone, and what when all others are?",
            "A mask over places: True at order[:k]; history[~mask] and history[mask].",
            "mask = np.isin(np.arange(len(history)), order[:k]); score(history) - "
            "score(history[~mask]), score(history) - score(history[mask])",
        ),
    ),
    Exercise(
        "17.5",
        "Do these weights matter?",
        3,
        {
            "rows keep their weights, padding its zeros": _p_own,
            "a tie counts": _p_ties,
            "the model's own are one of the draws": _p_never,
        },
        (
            "If the weights did not matter, which other weights would have done as well?",
            "In each row permute the weights of the real places (those above 0), tries times; "
            "count how often the quality is at least that of the model's own.",
            "(1 + sum(quality(s) >= quality(weights) for s in shuffled)) / (1 + tries)",
        ),
    ),
    Exercise(
        "17.6",
        "A report on rules",
        2,
        {
            "the first that applies speaks": _report_first,
            "what she has is not shown": _report_seen,
            "who is silent is not faithful": _report_silent,
        },
        (
            "For one history: which rule speaks, and what does it say?",
            "next((then for given, then in rules if given in h and then not in h), None) for each "
            "history h; two counts follow.",
            "spoke = [(s, m) for s, m in zip(said, shown) if s is not None]; len(spoke) / "
            "len(shown), and the mean of s == m over spoke, NaN if there is none.",
        ),
    ),
)
