"""Checkers for the exercises of the chapter "Five programs, repaired"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Program = Callable[[np.ndarray, np.ndarray], np.ndarray]

# 7.1 hears_query(program, query, keys) ------------------------------------------------------------


def _scores(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("bd,bnd->bn", query, keys))


def _over(axis: int) -> Program:
    def program(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
        weights = formulas.softmax(_scores(query, keys)[:, None], axis=axis)
        return np.asarray((weights @ keys)[:, 0])

    return program


def _linear(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    weights = formulas.softmax((query[:, None] + keys).sum(-1))
    return np.asarray(np.einsum("bn,bnd->bd", weights, keys))


def _by_direction(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    along = query / np.linalg.norm(query, axis=1, keepdims=True)
    return _over(2)(along, keys)


def _by_size(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return _over(2)(np.abs(query), keys)


def _hears(answer: Answer, program: Program, rng: Generator, given: str, advice: str) -> None:
    expected = program in (_over_keys, _by_direction, _by_size)
    query, keys = rng.normal(size=(4, 3)), rng.normal(size=(4, 5, 3))
    found = answer(program, query.copy(), keys.copy())
    if not isinstance(found, bool | np.bool_):
        raise Wrong(f"{given}: expected True or False; received {type(found).__name__}")
    if bool(found) != expected:
        raise Wrong(f"{given}: expected {expected}; received {bool(found)}", advice)


_over_one, _over_keys = _over(1), _over(2)


def _hears_one(answer: Answer, rng: Generator) -> None:
    _hears(answer, _over_one, rng, "a softmax over one element",
           "call the program twice, with two queries and the same keys, and compare")  # fmt: skip


def _hears_keys(answer: Answer, rng: Generator) -> None:
    _hears(answer, _over_keys, rng, "attention over the keys",
           "this program does hear its query: change the query, not the keys")  # fmt: skip


def _hears_rounding(answer: Answer, rng: Generator) -> None:
    for _ in range(8):
        _hears(answer, _linear, rng, "a score linear in query and key, where the query cancels",
               "two sums in another order differ in the last digits: np.allclose")  # fmt: skip


def _hears_direction(answer: Answer, rng: Generator) -> None:
    for program, given, advice in (
        (_by_direction, "a program that knows the query's direction only",
         "a query twice as long says the same to this program: try another direction"),
        (_by_size, "a program that knows the sizes of the query's entries only",
         "the negative query says the same to this program: try a query with other numbers"),
    ):  # fmt: skip
        _hears(answer, program, rng, given, advice)


# 7.2 attend(query, keys, values) ------------------------------------------------------------------


def _attend_parts(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    batch, n, d = (int(x) for x in rng.permutation([2, 5, 7]))
    keys, values = rng.normal(size=(2, batch, n, d))
    return rng.normal(size=(batch, d)), keys, values


def _mixed(q: np.ndarray, k: np.ndarray, v: np.ndarray, divisor: float | np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("bn,bnd->bd", formulas.softmax(_scores(q, k) / divisor), v))


def _attend_values(answer: Answer, rng: Generator) -> None:
    for _ in range(3):
        q, k, v = _attend_parts(rng)
        given = f"query {q.shape}, keys and values {k.shape}"
        found = array(answer(q.copy(), k.copy(), v.copy()), q.shape, given)
        rows = [
            formulas.weighted_sum(formulas.softmax(formulas.scaled_dot_scores(a, b)), c)
            for a, b, c in zip(q, k, v, strict=True)
        ]
        advice = "name the axes: the product sums over d, the softmax and the last sum over n"
        if np.allclose(found, v.sum(axis=1)):
            advice = "this is the plain sum of the values: your softmax runs over one element"
        elif np.allclose(found, v.mean(axis=1)):
            advice = "this is the mean of the values: do the scores know the query?"
        elif np.allclose(found, _mixed(q, k, v, 1.0)):
            advice = "the scores are not scaled: divide them by the root of d"
        elif np.allclose(found, _mixed(q, k, v, np.linalg.norm(k, axis=2))):
            advice = "you divide by the length of each key, as S0 did: all by the root of d"
        near(found, rows, given, advice)


def _attend_mixture(answer: Answer, rng: Generator) -> None:
    q, k, v = _attend_parts(rng)
    found = array(answer(q.copy(), k.copy(), np.ones_like(v)), q.shape, "values of 1 everywhere")
    near(found, 1.0, "values of 1 everywhere",
         "a mixture of ones is 1: the weights of a row must sum to 1 over the history")  # fmt: skip


# 7.3 histories(rows, length) ----------------------------------------------------------------------


def _history_rows(rng: Generator) -> tuple[np.ndarray, list[list[int]]]:
    goods = int(rng.integers(6, 10))
    rows = (rng.random((6, goods)) < 0.4).astype(int)
    rows[0], rows[1] = 0, 1
    return rows, [[int(i) + 1 for i in np.flatnonzero(row)] for row in rows]


def _history_ids(answer: Answer, rng: Generator) -> None:
    rows, ids = _history_rows(rng)
    length = rows.shape[1]
    given = f"rows of {length} goods, length {length}"
    found = array(answer(rows.copy(), length), (len(rows), length), given)
    for row, own in zip(found, ids, strict=True):
        real = [int(i) for i in row if i > 0]
        if sorted(real) != own:
            advice = "an id is the place of a 1, counted from 1: np.flatnonzero(row) + 1"
            if set(real) == {i - 1 for i in own} - {0}:
                advice = "ids begin with 1: 0 is padding, not a good"
            raise Wrong(f"a row of goods {own}: expected these ids; received {real}", advice)


def _history_padding(answer: Answer, rng: Generator) -> None:
    rows, ids = _history_rows(rng)
    length = rows.shape[1] + 2
    found = array(answer(rows.copy(), length), (len(rows), length), f"length {length}")
    for row, own in zip(found, ids, strict=True):
        expected = [0] * (length - len(own)) + own
        if row.tolist() != expected:
            raise Wrong(f"goods {own}, length {length}: expected {expected}; received "
                        f"{row.astype(int).tolist()}", "padding stands on the left, ids rise"
                        )  # fmt: skip


def _history_short(answer: Answer, rng: Generator) -> None:
    rows, ids = _history_rows(rng)
    found = array(answer(rows.copy(), 3), (len(rows), 3), "length 3")
    for row, own in zip(found, ids, strict=True):
        expected = [0] * (3 - len(own)) + own[-3:]
        if row.tolist() != expected:
            raise Wrong(f"goods {own}, length 3: expected {expected}; received "
                        f"{row.astype(int).tolist()}", "of more than fit, the last ones stay"
                        )  # fmt: skip


# 7.4 parameters(input_dim, hidden_dim, output_dim) ------------------------------------------------


def _parameters(answer: Answer, rng: Generator) -> None:
    for _ in range(4):
        p, h, o = (int(x) for x in rng.integers(2, 60, size=3))
        expected = 2 * (p * h + h) + (2 * h + 1) + (h * o + o)
        found = float(answer(p, h, o))
        advice = "a layer from a to b numbers has a b weights and b biases; add the four layers"
        if found == 2 * p * h + 2 * h + h * o:
            advice = "every layer has biases too, one for each number that comes out"
        if found == 2 * (p * h + h) + (h + 1) + (h * o + o):
            advice = "the attention layer reads user AND item: it is twice as wide as printed"
        if found == (p * h + h) + (2 * h + 1) + (h * o + o):
            advice = "user and item have a layer each"
        if found != expected:
            raise Wrong(f"{p} inputs, {h} hidden, {o} outputs: expected {expected}; received "
                        f"{found:g}", advice)  # fmt: skip


# 7.5 rank(history, candidates, table) -------------------------------------------------------------


def _rank_scores(history: np.ndarray, candidates: np.ndarray, table: np.ndarray) -> np.ndarray:
    past, e = table[history], table[candidates]
    weights = formulas.softmax(e @ past.T / np.sqrt(e.shape[1]))
    return np.asarray(((weights @ past) * e).sum(axis=1))


def _rank_case(
    answer: Answer, rng: Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int], str]:
    table = rng.normal(size=(30, 4))
    ids = rng.permutation(np.arange(1, 30))
    history, candidates = ids[:5], ids[5:11]
    given = f"history {history.tolist()}, candidates {candidates.tolist()}"
    found = np.asarray(answer(history.copy(), candidates.copy(), table.copy()))
    if found.shape != (6,) or not np.isin(found, np.arange(30)).all():
        raise Wrong(f"{given}: expected six ids, best first; received {str(found)[:60]}",
                    "the list holds ids of candidates, not scores and not vectors")  # fmt: skip
    return history, candidates, table, [int(i) for i in found], given


def _rank_members(answer: Answer, rng: Generator) -> None:
    _, candidates, _, found, given = _rank_case(answer, rng)
    if sorted(found) != sorted(candidates.tolist()):
        raise Wrong(f"{given}: received {found}",
                    "argsort gives places in the list of candidates: candidates[places]"
                    )  # fmt: skip


def _rank_order(answer: Answer, rng: Generator) -> None:
    for _ in range(5):
        history, candidates, table, found, given = _rank_case(answer, rng)
        scores = _rank_scores(history, candidates, table)
        expected = candidates[np.argsort(-scores)].tolist()
        if found != expected:
            advice = "each candidate asks the history; its own context meets its own vector"
            if found == expected[::-1]:
                advice = "best first: sort the negative scores"
            raise Wrong(f"{given}: expected {expected}; received {found}", advice)


# 7.6 loss(outputs, labels) ------------------------------------------------------------------------


def _best(answer: Answer, labels: np.ndarray) -> float:
    grid = np.linspace(-8, 8, 1601)
    found = [float(answer(np.full(len(labels), g), labels.copy())) for g in grid]
    return float(grid[int(np.argmin(found))])


def _loss_stars(answer: Answer, rng: Generator) -> None:
    stars = rng.integers(1, 6, size=12).astype(float)
    stars[:2] = 1, 5
    near(_best(answer, stars), stars.mean(), f"stars {stars.astype(int).tolist()}: best constant",
         "for ratings the mean should be the best constant, as it is for the squared error",
         atol=0.011)  # fmt: skip


def _loss_clicks(answer: Answer, rng: Generator) -> None:
    clicks = rng.permutation(np.repeat([0.0, 1.0], [int(rng.integers(3, 9)), 3]))
    near(_best(answer, clicks), formulas.best_constant(clicks)[0],
         f"clicks {clicks.astype(int).tolist()}: best constant",
         "for yes and no the log-odds of the share should be best: binary cross-entropy",
         atol=0.011)  # fmt: skip


def _loss_mean(answer: Answer, rng: Generator) -> None:
    outputs = rng.normal(scale=3, size=8)
    for kind, labels, loss, advice in (
        ("clicks", rng.permutation([0.0, 1.0] * 4), formulas.logistic_loss,
         "for clicks: the mean over rows of ln(1 + exp(output)) - label * output"),
        ("stars", rng.permutation([1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 5.0]), _squared,
         "for stars: the mean over rows of the squared error"),
    ):  # fmt: skip
        given = f"{kind} {labels.astype(int).tolist()}, outputs {outputs.round(2).tolist()}"
        near(float(answer(outputs.copy(), labels.copy())), loss(outputs, labels).mean(),
             given, advice)  # fmt: skip


def _squared(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray((outputs - labels) ** 2)


def _loss_bottom(answer: Answer, rng: Generator) -> None:
    for labels, name in ((rng.integers(1, 6, size=9), "stars"), ([0, 1, 1, 0], "clicks")):
        y = np.asarray(labels, np.float64)
        for far in (-1e4, 1e4):
            found = float(answer(np.full(len(y), far), y.copy()))
            if not np.isfinite(found):
                raise Wrong(f"{name}, outputs of {far:g}: received {found}",
                            "ln(1 + exp(x)) overflows: np.logaddexp(0, x)")  # fmt: skip
            if found < 0:
                raise Wrong(f"{name}, outputs of {far:g}: a loss of {found:g}",
                            "a label above 1 takes the bottom out of cross-entropy")  # fmt: skip


def _loss_other(answer: Answer, rng: Generator) -> None:
    labels = rng.choice([-1.0, 1.0], size=6)
    labels[:2] = -1, 1
    try:
        answer(np.zeros(6), labels.copy())
    except ValueError:
        return
    raise Wrong("labels -1 and 1: expected a ValueError; nothing was raised",
                "labels that are neither 0 and 1 nor from 1 to 5 are not yours to guess"
                )  # fmt: skip


EXERCISES = (
    Exercise(
        "7.1", "The probe that catches a softmax over one element", 1,
        {
            "a softmax over one element is caught": _hears_one,
            "attention over the keys passes": _hears_keys,
            "a query that cancels is caught, rounding or not": _hears_rounding,
            "any way of hearing counts": _hears_direction,
        },
        (
            "What must change in the answer if the query is another one and the keys stay?",
            "Draw another query of the same shape; a multiple of the old one may say the same.",
            "not np.allclose(program(query, keys), program(other, keys))",
        ),
    ),
    Exercise(
        "7.2", "Repair the axis", 1,
        {
            "the contexts are those of the loop": _attend_values,
            "the weights of each row sum to 1": _attend_mixture,
        },
        (
            "Write the shape behind every line. Which letter does the softmax run over?",
            "scores (B, n) = einsum over d; weights (B, n) = softmax over n.",
            "formulas.softmax(scores), then np.einsum('bn,bnd->bd', weights, values).",
        ),
    ),
    Exercise(
        "7.3", "From rows of 0 and 1 to histories of ids", 2,
        {
            "every 1 becomes the id of its good": _history_ids,
            "padding stands on the left": _history_padding,
            "the last ones stay where not all fit": _history_short,
        },
        (
            "What number says which good it is: the 1, or its place?",
            "np.flatnonzero(row) + 1 are the ids; 0 is kept for padding.",
            "ids = ids[-length:], then write them into the right end of a row of zeros.",
        ),
    ),
    Exercise(
        "7.4", "Count S2's parameters", 1,
        {"the count is that of the four layers": _parameters},
        (
            "A linear layer from a to b numbers has a matrix and a vector of biases.",
            "Four layers: user, item, attention (mended: it reads both), fc.",
            "2 (p h + h) + (2 h + 1) + (h o + o)",
        ),
    ),
    Exercise(
        "7.5", "Add the scoring head", 2,
        {
            "the list holds the candidates, each once": _rank_members,
            "the best fit comes first": _rank_order,
        },
        (
            "Who asks? Take the candidates for queries, not the clicks.",
            "weights (candidates, history), contexts = weights @ past, one per candidate.",
            "scores = (contexts * e).sum(axis=1); candidates[np.argsort(-scores)]",
        ),
    ),
    Exercise(
        "7.6", "Pick the loss that the labels ask for", 2,
        {
            "for stars, the mean is the best constant": _loss_stars,
            "for clicks, the log-odds of their share": _loss_clicks,
            "it is the mean over rows of either loss": _loss_mean,
            "there is a bottom, however far the outputs go": _loss_bottom,
            "labels of another kind are refused": _loss_other,
        },
        (
            "Look at the labels first: which values occur?",
            "Only 0 and 1: equation (7.11). From 1 to 5: the squared error. Else: ValueError.",
            "np.isin(labels, (0, 1)).all() decides; np.logaddexp(0, x) is safe for large x.",
        ),
    ),
)  # fmt: skip
