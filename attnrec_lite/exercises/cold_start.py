"""Checkers for the exercises of the chapter "Cold start"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Original, Wrong, array, near

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

# 15.1 shares(taken, strength) ---------------------------------------------------------------------


def _taken(rng: Generator) -> Ids:
    """Four segments and five items; the first item is popular, nobody is in the last segment."""
    found = rng.poisson([9.0, 4.0, 2.0, 1.0, 0.5], size=(4, 5)) + 1
    found[3] = 0
    return np.asarray(found, np.int64)


def _shares_of(answer: Answer, taken: Ids, strength: float, given: str) -> Array:
    return array(answer(taken.copy(), strength), taken.shape, given)


def _shares_value(answer: Answer, rng: Generator) -> None:
    taken, strength = _taken(rng)[:3], float(rng.uniform(1, 30))
    given = f"{taken.tolist()}, strength {strength:.1f}"
    near(
        _shares_of(answer, taken, strength, given),
        formulas.segment_shares(taken, strength),
        given,
        "p_i is the share of item i among all rows: taken.sum(axis=0) / taken.sum()",
    )


def _shares_sum(answer: Answer, rng: Generator) -> None:
    taken, strength = _taken(rng)[:3], float(rng.uniform(1, 30))
    near(
        _shares_of(answer, taken, strength, "some segments").sum(axis=1),
        np.ones(3),
        "sums over the items of each segment",
        "n_g is the sum of a row of taken, with keepdims=True, and the strength is added below too",
    )


def _shares_empty(answer: Answer, rng: Generator) -> None:
    taken = _taken(rng)
    near(
        _shares_of(answer, taken, 4.0, "a segment nobody is in")[3],
        taken.sum(axis=0) / taken.sum(),
        "a segment nobody is in",
        "with counts of 0 only strength * p_i / strength is left",
    )


# 15.2 ask(answers, tastes) ------------------------------------------------------------------------


def _asked(answer: Answer, answers: Array, tastes: Array, given: str) -> int:
    found = answer(answers.copy(), tastes.copy())
    if not isinstance(found, int | np.integer) or isinstance(found, bool):
        raise Wrong(
            f"{given}: expected the number of a question; received {type(found).__name__}",
            "int(np.argmax(...)) of what each question tells",
        )
    return int(found)


def _people(rng: Generator, n: int = 40) -> tuple[Ids, Array]:
    """Two groups of unlike tastes and who is in which."""
    group = rng.integers(0, 2, n)
    group[:2] = 0, 1
    return group, np.eye(2)[group] * 3 + rng.normal(size=(n, 2)) * 0.2


def _best(answer: Answer, answers: Array, tastes: Array, given: str, advice: str) -> None:
    tells = [formulas.variance_reduction(column, tastes) for column in answers.T]
    found, expected = _asked(answer, answers, tastes, given), int(np.argmax(tells))
    if found != expected:
        raise Wrong(f"{given}: expected question {expected}; received {found}", advice)


def _ask_divides(answer: Answer, rng: Generator) -> None:
    group, tastes = _people(rng)
    answers = (rng.random((40, 4)) < 0.85).astype(np.float64)  # most say yes to the others
    answers[:, int(rng.integers(0, 4))] = group
    _best(
        answer,
        answers,
        tastes,
        "one question divides the two tastes",
        "the spread of all tastes, less the mean spread of those with the same answer",
    )


def _ask_popular(answer: Answer, rng: Generator) -> None:
    group, tastes = _people(rng)
    answers = np.stack([np.ones(40), group * 1.0, rng.permutation(group) * 1.0], axis=1)
    _best(
        answer,
        answers,
        tastes,
        "everybody says yes to question 0",
        "an answer that all give tells nothing: it divides nobody",
    )


def _ask_sizes(answer: Answer, rng: Generator) -> None:
    halves = np.repeat([0.0, 1.0], 40)
    tastes = np.stack([2 * halves + np.tile([-1.6, 1.6], 40), rng.normal(size=80) * 0.1], axis=1)
    lone = np.zeros(80)
    lone[rng.integers(0, 80)] = 1
    order = rng.permutation(2)
    answers = np.stack([lone, halves], axis=1)[:, order]
    _best(
        answer,
        answers,
        tastes,
        "one question is for a single person, one cuts in half",
        "weigh the spread in each group of answers by its share of the people, n_a / n",
    )


def _ask_silent(answer: Answer, rng: Generator) -> None:
    group, tastes = _people(rng)
    silent = np.where(group == 1, np.nan, 1.0)  # who keeps silent tells by that
    answers = np.stack([rng.permutation(group) * 1.0, silent], axis=1)
    _best(
        answer,
        answers,
        tastes,
        "in question 1 the silent have one taste",
        "NaN is an answer, too: np.unique takes all NaN as one, while NaN == NaN is False",
    )


# 15.3 fill(features, vectors, trained, penalty) ---------------------------------------------------


def _catalogue(rng: Generator, n: int = 12) -> tuple[Array, Array, NDArray[np.bool_]]:
    trained = np.ones(n, bool)
    trained[rng.choice(n, 4, replace=False)] = False
    return rng.normal(size=(n, 5)), rng.normal(size=(n, 3)), trained


def _filled(answer: Answer, rng: Generator, spoil: float = 0.0) -> tuple[Any, ...]:
    x, q, trained = _catalogue(rng)
    q[~trained] += spoil
    before = q.copy()
    found = array(
        answer(x.copy(), Original(q), trained.copy(), 0.7), q.shape, "12 items, 4 of them new"
    )
    near(q, before, "the vectors that it was given", "fill a copy: the caller's table is not yours")
    return x, before, trained, found


def _fill_old(answer: Answer, rng: Generator) -> None:
    _, q, trained, found = _filled(answer, rng)
    near(
        found[trained],
        q[trained],
        "items that were trained",
        "they keep their own vectors: only rows of ~trained are read off the map",
    )


def _fill_new(answer: Answer, rng: Generator) -> None:
    x, q, trained, found = _filled(answer, rng)
    to_own = formulas.ridge_map(x[trained], q[trained], 0.7)
    near(
        found[~trained],
        x[~trained] @ to_own,
        "new items",
        "x W with W of equation (15.3), from the trained items and with the penalty on the "
        "diagonal",
    )


def _fill_random(answer: Answer, rng: Generator) -> None:
    x, q, trained, found = _filled(answer, rng, spoil=1e3)
    to_own = formulas.ridge_map(x[trained], q[trained], 0.7)
    near(
        found[~trained],
        x[~trained] @ to_own,
        "wild vectors at the new items",
        "what a new item's row holds was never trained: leave these rows out of X and Q",
    )


# 15.4 step(users, items, vectors, n_users) --------------------------------------------------------


def _edges(rng: Generator, n_users: int = 6, n_items: int = 5) -> tuple[Ids, Ids, Array]:
    """A list of different edges; the last user and the last item have none."""
    there = rng.random((n_users, n_items)) < 0.5
    there[0, :3], there[1:3, 0], there[3:, 1] = True, True, True
    there[-1], there[:, -1] = False, False
    users, items = np.nonzero(there)
    order = rng.permutation(len(users))
    return users[order], items[order], rng.normal(size=(n_items, 2))


def _step_of(answer: Answer, rng: Generator) -> tuple[Array, Array, str]:
    users, items, vectors = _edges(rng)
    given = f"edges {list(zip(users.tolist(), items.tolist(), strict=True))}"
    found = array(answer(users.copy(), items.copy(), vectors.copy(), 6), (6, 2), given)
    matrix = np.zeros((6, 5))
    matrix[users, items] = 1
    return found, formulas.propagate(matrix, np.zeros((6, 2)), vectors)[0], given


def _step_sum(answer: Answer, rng: Generator) -> None:
    vectors = rng.normal(size=(1, 2))
    users = rng.permutation(4)
    found = array(answer(users, np.zeros(4, np.int64), vectors, 4), (4, 2), "one item, four users")
    near(
        found,
        np.repeat(vectors, 4, axis=0) / 2,
        "one item, four users with one edge each",
        "divide by the root of the item's degree, too: 1 / sqrt(|N_u| |N_i|)",
    )


def _step_value(answer: Answer, rng: Generator) -> None:
    found, expected, given = _step_of(answer, rng)
    near(
        found[:-1],
        expected[:-1],
        given,
        "np.add.at adds each time a user occurs; found[users] += adds only once",
    )


def _step_nobody(answer: Answer, rng: Generator) -> None:
    found, _, _ = _step_of(answer, rng)
    near(
        found[-1],
        np.zeros(2),
        "a user without an edge",
        "no neighbour, no sum: zeros, and no division by a degree of 0",
    )


# 15.5 newcomers(user, item, known) ----------------------------------------------------------------


def _log(rng: Generator) -> tuple[Ids, Ids]:
    """Rows of users who stand together, oldest first, some of them with few rows."""
    lengths = rng.permutation([1, 2, 3, 4, 6, 8])
    user = np.repeat(np.arange(6), lengths)
    return user, rng.integers(1, 50, len(user))


def _cut(answer: Answer, rng: Generator, known: int) -> tuple[Any, ...]:
    user, item = _log(rng)
    found = answer(user.copy(), item.copy(), known)
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(
            f"expected histories and targets; received {type(found).__name__}",
            "two arrays: return histories, targets",
        )
    own = [item[user == u] for u in range(6)]
    own = [rows for rows in own if len(rows) > known]
    expected = np.array([rows[:known] for rows in own], np.int64).reshape(len(own), known)
    given = f"users {user.tolist()}, items {item.tolist()}, {known} known"
    history = array(found[0], expected.shape, f"{given}: histories")
    target = array(found[1], (len(own),), f"{given}: targets")
    return history, target, expected, np.array([rows[known] for rows in own]), given


def _cut_who(answer: Answer, rng: Generator) -> None:
    try:
        _cut(answer, rng, 3)
    except Wrong as wrong:
        raise Wrong(wrong.finding, "a user with known rows has none left to predict: more than "
                    "known are needed") from None  # fmt: skip


def _cut_first(answer: Answer, rng: Generator) -> None:
    history, _, expected, _, given = _cut(answer, rng, 2)
    near(
        history,
        expected,
        given,
        "a newcomer's purchases are the first ones, not the newest of an old customer",
    )


def _cut_target(answer: Answer, rng: Generator) -> None:
    _, target, _, expected, given = _cut(answer, rng, 2)
    near(target, expected, given, "the purchase that follows the known ones, item[start + known]")


def _cut_none(answer: Answer, rng: Generator) -> None:
    history, target, _, expected, given = _cut(answer, rng, 0)
    near(target, expected, given, "with nothing known the target is the first purchase")
    if history.shape != (6, 0):
        raise Wrong(f"{given}: expected histories of shape (6, 0); received {history.shape}")


# 15.6 loss(click_odds, purchase_odds, clicks, purchases, weight) ----------------------------------


def _rows(rng: Generator, n: int = 9) -> list[Any]:
    clicks = rng.integers(0, 2, n)
    clicks[:2] = 1, 0
    bought = np.where(rng.random(n) < 0.5, -1, clicks * rng.integers(0, 2, n))
    bought[:3] = 1, 0, -1
    return [rng.normal(size=n) * 2, rng.normal(size=n) * 2, clicks, bought]


def _lost(answer: Answer, rows: list[Any], weight: float, given: str, advice: str) -> None:
    found = array(answer(*(part.copy() for part in rows), weight), (), given)
    near(found, formulas.two_task_loss(rows[0], rows[1], rows[2], rows[3], weight), given, advice)


def _loss_value(answer: Answer, rng: Generator) -> None:
    rows = _rows(rng)
    rows[3] = np.maximum(rows[3], 0)
    _lost(
        answer,
        rows,
        float(rng.uniform(0.1, 0.9)),
        "every label known",
        "(1 - w) times the click loss plus w times the purchase loss, each a mean",
    )


def _loss_unknown(answer: Answer, rng: Generator) -> None:
    _lost(
        answer,
        _rows(rng),
        0.4,
        "some purchases not known (-1)",
        "take the known rows out first, and divide by their number, not by all",
    )


def _loss_empty(answer: Answer, rng: Generator) -> None:
    rows = _rows(rng)
    rows[3] = np.full(9, -1)
    _lost(
        answer,
        rows,
        0.4,
        "no purchase known at all",
        "the mean of nothing is NaN: a task without a label adds 0",
    )


def _loss_far(answer: Answer, rng: Generator) -> None:
    rows = _rows(rng)
    rows[0], rows[1] = rows[0] * 1e4, rows[1] * 1e4
    _lost(
        answer,
        rows,
        0.4,
        "log odds of thousands",
        "log(1 + exp(z)) overflows: np.logaddexp(0, z) is the same and does not",
    )


EXERCISES = (
    Exercise(
        "15.1",
        "A small segment is drawn to all",
        1,
        {
            "it is the mean of what the segment and what all took": _shares_value,
            "the shares of each segment sum to 1": _shares_sum,
            "a segment nobody is in gets the shares of all": _shares_empty,
        },
        (
            "Of what are the shares of all computed: of the segments' shares or of all rows?",
            "p = taken.sum(axis=0) / taken.sum(), and n_g = taken.sum(axis=1, keepdims=True) so "
            "that it divides rows.",
            "(taken + strength * p) / (taken.sum(axis=1, keepdims=True) + strength)",
        ),
    ),
    Exercise(
        "15.2",
        "The most telling question",
        2,
        {
            "it finds the question that divides tastes": _ask_divides,
            "a question that all answer alike tells nothing": _ask_popular,
            "groups count by their size": _ask_sizes,
            "silence is an answer": _ask_silent,
        },
        (
            "After the answer you know in which group somebody is. How far apart are the tastes "
            "inside the groups, on average over people?",
            "For each column: np.unique(column, return_inverse=True) names the groups, NaN as one "
            "of them; the mean spread, weighted by n_a / n, is what is left.",
            "formulas.variance_reduction(column, tastes) for each column, then int(np.argmax(...)) "
            "of them.",
        ),
    ),
    Exercise(
        "15.3",
        "A vector for a good that came this morning",
        2,
        {
            "items that were trained keep their vectors": _fill_old,
            "new items get what their content predicts": _fill_new,
            "what stood at the new items is not looked at": _fill_random,
        },
        (
            "Which rows of the table has anybody trained, and which may the map learn from?",
            "X = features[trained], Q = vectors[trained]; solve (X'X + penalty I) W = X'Q.",
            "filled = vectors.copy(); filled[~trained] = features[~trained] @ W",
        ),
    ),
    Exercise(
        "15.4",
        "One step along the edges",
        2,
        {
            "each edge counts by both degrees": _step_sum,
            "a user's vector is the sum over all edges": _step_value,
            "who has no edge gets nothing": _step_nobody,
        },
        (
            "How many edges has each user, and how many each item, when all you have is a list?",
            "np.bincount(users, minlength=n_users) and np.bincount(items, minlength=len(vectors)); "
            "each edge has the share 1 / sqrt of their product.",
            "found = np.zeros((n_users, d)); np.add.at(found, users, share[:, None] * "
            "vectors[items])",
        ),
    ),
    Exercise(
        "15.5",
        "Cut a log down to newcomers",
        1,
        {
            "only who has a purchase left is asked": _cut_who,
            "what is known are the first purchases": _cut_first,
            "the target is the purchase after them": _cut_target,
            "nothing known is a case, too": _cut_none,
        },
        (
            "Which purchases has somebody made who came yesterday?",
            "starts = the first row of each user, lengths = their rows; keep users with more than "
            "known rows.",
            "start = start[lengths > known]; item[start[:, None] + np.arange(known)], "
            "item[start + known]",
        ),
    ),
    Exercise(
        "15.6",
        "Two losses, one of them with few labels",
        2,
        {
            "it is the weighted sum of two mean log losses": _loss_value,
            "a label that is not known is no 0": _loss_unknown,
            "a task without a label adds nothing": _loss_empty,
            "sure answers do not overflow": _loss_far,
        },
        (
            "What must a row with the label -1 add to the sum, and what to the count?",
            "known = labels >= 0 for each task; the log loss of a row in log odds z is ln(1 + e^z) "
            "- y z.",
            "each = np.logaddexp(0, z[known]) - y[known] * z[known]; each.sum() / max(1, "
            "known.sum()), and (1 - w), w",
        ),
    ),
)
