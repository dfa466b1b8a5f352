"""Checkers for the exercises of the chapter "Multi-interest"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
WIDTH, UNITS = 4, 3


def _two(found: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]], given: str) -> list[Array]:
    """Take the two arrays of an answer, or say that there are not two."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(f"{given}: expected two arrays, interests and weights")
    return [array(part, shape, given) for part, shape in zip(found, shapes, strict=True)]


# 12.1 interests(history, W, queries) --------------------------------------------------------------


def _asked(answer: Answer, history: Array, w: Array, queries: Array, given: str) -> list[Array]:
    k, n = len(queries), len(history)
    copies = history.copy(), w.copy(), queries.copy()
    return _two(answer(*copies), ((k, WIDTH), (k, n)), given)


def _questions(rng: Generator, k: int) -> tuple[Array, Array, Array]:
    n = int(rng.integers(4, 8))
    return (
        rng.normal(size=(n, WIDTH)),
        rng.normal(size=(WIDTH, UNITS)),
        2 * rng.normal(size=(k, UNITS)),
    )


def _interests_axis(answer: Answer, rng: Generator) -> None:
    given = _questions(rng, 3)
    _, weights = _asked(answer, *given, "three interests")
    near(weights.sum(axis=1), np.ones(3), "the sum of each row of weights",
         "the items of a history compete for an interest: softmax along the items")  # fmt: skip


def _interests_value(answer: Answer, rng: Generator) -> None:
    given = _questions(rng, 3)
    v, weights = _asked(answer, *given, "three interests")
    right, shares = formulas.self_attentive_interests(*given)
    near(weights, shares, "the weights of three interests",
         "queries @ tanh(history @ W).T: the tanh is inside, and no root of the width")  # fmt: skip
    near(v, right, "three interests",
         "the values are the items themselves, not what tanh made of them")  # fmt: skip


def _interests_one(answer: Answer, rng: Generator) -> None:
    history, w, queries = _questions(rng, 1)
    v, _ = _asked(answer, history, w, queries, "one interest")
    weights = formulas.softmax(np.tanh(history @ w) @ queries[0])
    near(v[0], formulas.weighted_sum(weights, history), "K = 1",
         "with one query it is the pooling of exercise 10.1 behind a hidden layer")  # fmt: skip


def _interests_apart(answer: Answer, rng: Generator) -> None:
    history, w, queries = _questions(rng, 3)
    alone, _ = _asked(answer, history, w, queries[:1], "the first query alone")
    among, _ = _asked(answer, history, w, queries, "three queries")
    near(among[0], alone[0], "the first interest, when two others are asked for as well",
         "interests do not compete here: none may change because of another")  # fmt: skip


# 12.2 route(history, S, start, rounds) ------------------------------------------------------------


def _routed(
    answer: Answer, history: Array, s: Array, start: Array, rounds: int, given: str
) -> list[Array]:
    shapes = (len(start), s.shape[1]), start.shape
    return _two(answer(history.copy(), s.copy(), start.copy(), rounds), shapes, given)


def _routes(rng: Generator, k: int = 3) -> tuple[Array, Array, Array]:
    n = int(rng.integers(4, 8))
    matrix = 2 * rng.normal(size=(WIDTH, UNITS))
    return rng.normal(size=(n, WIDTH)), matrix, rng.normal(size=(k, n))


def _route_axis(answer: Answer, rng: Generator) -> None:
    given = _routes(rng)
    _, w = _routed(answer, *given, 3, "three interests")
    near(w.sum(axis=0), np.ones(w.shape[1]), "the sum of each column of couplings",
         "the interests compete for an item: softmax along the interests")  # fmt: skip


def _route_value(answer: Answer, rng: Generator) -> None:
    given = _routes(rng)
    for rounds in (1, 2, 3):
        v, w = _routed(answer, *given, rounds, f"{rounds} rounds")
        right, couplings = formulas.dynamic_routing(*given, rounds=rounds)
        near(w, couplings, f"couplings of {rounds} rounds",
             "the couplings of the last round, from the b before it is moved again; b moves by "
             "the dot product of the squashed interest with S applied to the item")  # fmt: skip
        near(v, right, f"interests of {rounds} rounds",
             "squash presses the length, n / (1 + n^2) times the vector; it is not a unit vector"
             )  # fmt: skip


def _route_short(answer: Answer, rng: Generator) -> None:
    history, s, start = _routes(rng)
    v, _ = _routed(answer, 50 * history, s, start, 3, "large items")
    length = np.linalg.norm(v, axis=1)
    if not np.all(length <= 1):
        raise Wrong(f"large items: expected lengths up to 1; received {length.max():.3g}",
                    "squash the sum in every round, in the last one too")  # fmt: skip
    zero, _ = _routed(answer, 0 * history, s, start, 1, "items of zero")
    near(zero, np.zeros_like(zero), "items of zero", "squash of a zero vector is zero, not 0 / 0")


def _route_equal(answer: Answer, rng: Generator) -> None:
    history, s, start = _routes(rng)
    start[2] = start[0]
    try:
        answer(history.copy(), s.copy(), start.copy(), 3)
    except ValueError:
        return
    raise Wrong("two rows of start are equal: expected a ValueError; received an answer",
                "two interests that start alike stay alike in every round: compare the rows of "
                "start with each other, all pairs")  # fmt: skip


# 12.3 label_aware(interests, candidate, p) --------------------------------------------------------


def _mixed(answer: Answer, v: Array, e: Array, p: float, given: str) -> Array:
    return array(answer(v.copy(), e.copy(), p), (WIDTH,), given)


def _labels(rng: Generator) -> tuple[Array, Array]:
    """Four interests whose dot products with the candidate are apart, two of them negative."""
    e = rng.normal(size=WIDTH)
    v = rng.normal(size=(4, WIDTH))
    dots = rng.permutation([1.1, 0.5, -0.6, -1.7]) + 0.2 * rng.random(4)
    return v + np.outer(dots - v @ e, e) / (e @ e), e


def _label_mean(answer: Answer, rng: Generator) -> None:
    v, e = _labels(rng)
    near(_mixed(answer, v, e, 0.0, "p = 0"), v.mean(axis=0), "p = 0", "no say: equal weights")


def _label_plain(answer: Answer, rng: Generator) -> None:
    v, e = _labels(rng)
    near(_mixed(answer, v, e, 1.0, "p = 1"), formulas.softmax(v @ e) @ v, "p = 1",
         "plain attention, with the candidate as the query")  # fmt: skip


def _label_signs(answer: Answer, rng: Generator) -> None:
    v, e = _labels(rng)
    for p in (2.0, 1.5):
        near(_mixed(answer, v, e, p, f"p = {p:g}"), formulas.softmax(p * (v @ e)) @ v,
             f"p = {p:g}, two of four dot products negative",
             "a power flips or loses the sign; multiply by p instead")  # fmt: skip


def _label_hard(answer: Answer, rng: Generator) -> None:
    v, e = _labels(rng)
    near(_mixed(answer, v, e, 100.0, "p = 100"), v[np.argmax(v @ e)], "p = 100",
         "the best interest alone is left, to 1e-6")  # fmt: skip
    near(_mixed(answer, 30 * v, e, 100.0, "p = 100, long vectors"), 30 * v[np.argmax(v @ e)],
         "p = 100, interests thirty times as long",
         "subtract the largest score before the exponential")  # fmt: skip


# 12.4 serve(interests, vectors, k, seen) ----------------------------------------------------------


def _served(answer: Answer, v: Array, e: Array, k: int, seen: NDArray[np.int64]) -> Array:
    given = f"{len(e)} goods, {len(seen)} seen, k = {k}"
    found = np.asarray(answer(v.copy(), e.copy(), k, seen.copy()), np.float64)
    most = min(k, len(e) - len(seen))
    if found.ndim == 1 and len(found) != most:
        advice = (
            "with k larger than what is left, all of it and no more"
            if k > most
            else "what is seen must be out before a search stops at k, or too little is left"
        )
        raise Wrong(f"{given}: expected {most} goods; received {len(found)}", advice)
    return array(found, (most,), given)


def _catalogue(rng: Generator) -> tuple[Array, Array, NDArray[np.int64]]:
    v, e = rng.normal(size=(3, WIDTH)), rng.normal(size=(40, WIDTH))
    best = np.argsort(-(e @ v.T).max(axis=1))
    return v, e, rng.permutation(best[:12])[:6]  # some of the best were bought


def _serve_order(answer: Answer, rng: Generator) -> None:
    v, e, _ = _catalogue(rng)
    found = _served(answer, v, e, 8, np.zeros(0, np.int64))
    near(found, np.argsort(-(e @ v.T).max(axis=1))[:8], "the 8 best of 40, nothing seen",
         "a good counts by its best interest, once; order what the searches found by that"
         )  # fmt: skip


def _serve_seen(answer: Answer, rng: Generator) -> None:
    v, e, seen = _catalogue(rng)
    found = _served(answer, v, e, 8, seen)
    left = np.setdiff1d(np.arange(40), seen)
    near(found, left[np.argsort(-(e[left] @ v.T).max(axis=1))[:8]], "six of the best were bought",
         "what is seen must be out before a search stops at k, or too little is left")  # fmt: skip


def _serve_all(answer: Answer, rng: Generator) -> None:
    v, e, _ = _catalogue(rng)
    found = _served(answer, v, e[:10], 99, np.arange(3))
    near(np.sort(found), np.arange(3, 10), "k = 99 of ten goods, three of them seen",
         "with k larger than what is left, all of it, each good once")  # fmt: skip


# 12.5 varied(scores, categories, k, diversity) ----------------------------------------------------


def _list(
    answer: Answer, f: Array, c: NDArray[np.int64], k: int, diversity: float, given: str
) -> Array:
    return array(answer(f.copy(), c.copy(), k, diversity), (k,), given)


def _shelf(rng: Generator) -> tuple[Array, NDArray[np.int64]]:
    return 2 * rng.random(12), rng.permutation(np.repeat([0, 1, 2], [6, 4, 2]))


def _varied_zero(answer: Answer, rng: Generator) -> None:
    for _ in range(6):
        f, c = _shelf(rng)
        near(_list(answer, f, c, 5, 0.0, "λ = 0"), np.argsort(-f)[:5], "λ = 0",
             "no bonus: the five best, best first")  # fmt: skip


def _varied_value(answer: Answer, rng: Generator) -> None:
    for diversity in 4 * (0.03, 0.1, 0.3):
        f, c = _shelf(rng)
        near(_list(answer, f, c, 6, diversity, f"λ = {diversity}"),
             formulas.controlled_list(f, c, 6, diversity), f"λ = {diversity}, six of twelve",
             "a good gains λ for every good of another category on the list so far, twice, since "
             "the double sum counts a pair from both sides")  # fmt: skip


def _varied_most(answer: Answer, rng: Generator) -> None:
    f, c = _shelf(rng)
    found = _list(answer, f, c, 6, 50.0, "λ = 50").astype(int)
    near(np.bincount(c[found], minlength=3), [2, 2, 2], "goods of each category, λ = 50",
         "a good gains by every other one on the list, not by the last or the first alone"
         )  # fmt: skip
    if len(set(found)) < 6:
        raise Wrong("λ = 50: expected six different goods", "take a good off once it is taken")


# 12.6 choose(recalls) -----------------------------------------------------------------------------

TASTES, USERS, ASKED = 4, 300, 20
STAIRS = {1: (0.6, 0.6, 0.6, 0.6), 2: (0.55, 0.6, 0.6, 0.6), 3: (0.5, 0.55, 0.6, 0.6)}


def _recalls(rng: Generator, stairs: tuple[float, ...]) -> Array:
    """Recall of each user by K: people differ far more than the K do."""
    person = rng.uniform(-0.35, 0.35, (USERS, 1))
    return rng.binomial(ASKED, np.clip(person + stairs, 0, 1)) / ASKED


def _chosen(answer: Answer, recalls: Array) -> tuple[int, float, float]:
    found = answer(recalls.copy())
    if not isinstance(found, tuple | list) or len(found) != 3:
        raise Wrong("expected K and the two ends of an interval")
    return int(found[0]), float(found[1]), float(found[2])


def _often(answer: Answer, rng: Generator, stairs: tuple[float, ...], right: int) -> None:
    picked = [_chosen(answer, _recalls(rng, stairs))[0] for _ in range(40)]
    hits, more = picked.count(right), sum(k > right for k in picked)
    if hits < 32:
        usual = np.bincount(picked).argmax()
        raise Wrong(
            f"recall {stairs} by K = 1 to 4, and noise: expected K = {right} in 32 of 40 trials or "
            f"more; received it in {hits}, most often {usual}",
            "the largest mean is largest by luck: take the smallest K that no larger one beats by "
            "an interval above 0"
            if more > 8
            else "compare user by user, since users differ more than the K do, and each K with "
            "all larger ones, not only with the next",
        )


def _choose_right(answer: Answer, rng: Generator) -> None:
    for right, stairs in STAIRS.items():
        _often(answer, rng, stairs, right)


def _choose_step(answer: Answer, rng: Generator) -> None:
    _often(answer, rng, (0.5, 0.5, 0.6, 0.6), 3)


def _choose_interval(answer: Answer, rng: Generator) -> None:
    recalls = _recalls(rng, (0.4, 0.5, 0.6, 0.6))
    k, low, high = _chosen(answer, recalls)
    if not 1 <= k <= TASTES:
        raise Wrong(f"expected a K from 1 to {TASTES}; received {k}")
    gain = recalls[:, k - 1] - recalls[:, 0]
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    near([low, high], gain.mean() + np.array([-1.96, 1.96]) * error,
         f"the interval of K = {k} over K = 1",
         "mean and standard error of the differences, user by user; 1.96 errors to each side",
         atol=0.4 * error)  # fmt: skip


EXERCISES = (
    Exercise(
        "12.1",
        "K questions to one history",
        1,
        {
            "each interest hands out one unit over the items": _interests_axis,
            "weights and interests are those of the equation": _interests_value,
            "one interest is pooling": _interests_one,
            "no interest changes another": _interests_apart,
        },
        (
            "Who competes for what? Along which axis must the weights add up to 1?",
            "Scores are queries @ np.tanh(history @ W).T, shape (K, n); the values are the items.",
            "A = formulas.softmax(scores, axis=1); return A @ history, A.",
        ),
    ),
    Exercise(
        "12.2",
        "Routing that refuses to collapse",
        2,
        {
            "each item hands out one unit over the interests": _route_axis,
            "interests and couplings are those of the rounds": _route_value,
            "no interest is longer than 1": _route_short,
            "an equal start is refused": _route_equal,
        },
        (
            "What would two interests with the same start do in the first round, and in the next?",
            "Per round: softmax over axis 0, squash of w @ (history @ S), then move b by the dot "
            "products.",
            "told = history @ S; w = softmax(b, axis=0); v = squash(w @ told); b = b + v @ told.T; "
            "and len(np.unique(start, axis=0)) < len(start) is the test.",
        ),
    ),
    Exercise(
        "12.3",
        "The candidate mixes the interests",
        2,
        {
            "p = 0 is the mean": _label_mean,
            "p = 1 is plain attention": _label_plain,
            "negative dot products keep their sign": _label_signs,
            "p = 100 is the best interest alone": _label_hard,
        },
        (
            "What does an even power do to a dot product below 0, and what one of 1.5?",
            "Multiply the dot products by p; a softmax of that is an inverse temperature.",
            "return formulas.softmax(p * (interests @ candidate)) @ interests.",
        ),
    ),
    Exercise(
        "12.4",
        "One list out of K searches",
        2,
        {
            "it is the order by the best interest": _serve_order,
            "what was seen is left out": _serve_seen,
            "few goods left are all shown": _serve_all,
        },
        (
            "If a search stops at k, what happens when half of its answers were bought already?",
            "Set the scores of seen goods to minus infinity first; then k of each search suffice.",
            "found = np.unique of the first k of np.argsort(-scores, axis=0); order found by "
            "scores.max(axis=1); keep what is finite.",
        ),
    ),
    Exercise(
        "12.5",
        "A dial for variety",
        2,
        {
            "λ = 0 gives the best": _varied_zero,
            "each step takes the good that adds most": _varied_value,
            "a large λ spreads the list over the categories": _varied_most,
        },
        (
            "By how much does the double sum grow when one good joins the list?",
            "By 2 λ for each good of another category that is there already.",
            "gain = scores.copy(); after each pick: gain += 2 * diversity * (categories != "
            "categories[best]); gain[best] = -np.inf.",
        ),
    ),
    Exercise(
        "12.6",
        "As many as the data ask for",
        3,
        {
            "it finds the number of tastes in four of five trials": _choose_right,
            "a step that brings nothing does not end the search": _choose_step,
            "the interval is that of the paired gain over K = 1": _choose_interval,
        },
        (
            "If K = 2, 3 and 4 are equally good, how often has K = 2 the largest mean?",
            "Take the smallest K such that no larger one is better by a 95 % interval above 0.",
            "gain = recalls[:, later] - recalls[:, [k]]; low = mean - 1.96 * std(ddof=1) / "
            "sqrt(users); k is enough if all low <= 0.",
        ),
    ),
)
