"""Checkers for the exercises of the chapter "From weights to a ranking"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 4.1 top_k(scores, k, seen) -----------------------------------------------------------------------


def _list(answer: Answer, scores: np.ndarray, k: int, seen: list[int], given: str) -> list[int]:
    """The ids that were answered, as plain numbers."""
    found = np.asarray(answer(scores.copy(), k, list(seen)), np.float64)
    if found.ndim != 1:
        raise Wrong(f"{given}: expected a list of ids; received shape {found.shape}")
    if not np.isin(found, np.arange(len(scores))).all():
        raise Wrong(f"{given}: expected ids from 0 to {len(scores) - 1}; received {found}")
    return [int(i) for i in found]


def _best(scores: np.ndarray, k: int, seen: list[int]) -> list[int]:
    allowed = np.arange(len(scores)) > 0
    allowed[seen] = False
    return [int(i) for i in formulas.top_k(scores, k, allowed)]


def _top_padding(answer: Answer, rng: Generator) -> None:
    scores = rng.normal(size=12) - 9
    scores[0] = 0.0
    found = _list(answer, scores, 4, [], "twelve scores near -9, and 0 in column 0")
    if 0 in found:
        raise Wrong(f"the list {found} recommends padding",
                    "column 0 is no item: take it out by -inf, whatever its score")  # fmt: skip
    if found != _best(scores, 4, []):
        raise Wrong(f"scores {scores.round(1).tolist()}: expected {_best(scores, 4, [])}; received "
                    f"{found}", "the largest score comes first")  # fmt: skip


def _top_seen(answer: Answer, rng: Generator) -> None:
    scores = rng.normal(size=12) - 9
    best_first = 1 + np.argsort(-scores[1:])
    seen = [int(i) for i in (best_first[0], *rng.choice(best_first[1:], 2, replace=False))]
    found = _list(answer, scores, 4, seen, f"seen {seen}")
    met = sorted(set(found) & set(seen))
    if met:
        raise Wrong(f"the list {found} holds {met}, which was seen",
                    "a score of 0 is a high score where the others are negative: use -inf"
                    )  # fmt: skip
    if found != _best(scores, 4, seen):
        raise Wrong(f"seen {seen}: expected {_best(scores, 4, seen)}; received {found}",
                    "leave out what was seen first, and cut after k then")  # fmt: skip


def _top_ties(answer: Answer, rng: Generator) -> None:
    scores = rng.integers(0, 3, size=40).astype(float)
    found = _list(answer, scores, 20, [], "forty scores, each 0, 1 or 2")
    expected = _best(scores, 20, [])
    if found != expected:
        raise Wrong(f"forty scores with ties: expected {expected[:5]}...; received {found[:5]}...",
                    "of equal scores the smaller id comes first: sort the negative, kind='stable'"
                    )  # fmt: skip


def _top_short(answer: Answer, rng: Generator) -> None:
    scores, seen = rng.normal(size=6), [1, 4]
    found = _list(answer, scores, 10, seen, "k = 10 with three items left")
    if found != _best(scores, 10, seen):
        raise Wrong(f"k = 10 with three items left: expected {_best(scores, 10, seen)}; received "
                    f"{found}", "what may not be shown may not fill up the list")  # fmt: skip


# 4.2 other_shelf(query, shelf) --------------------------------------------------------------------


def _context(query: np.ndarray, shelf: np.ndarray) -> np.ndarray:
    return formulas.weighted_sum(formulas.softmax(formulas.dot_scores(query, shelf)), shelf)


def _shelf(answer: Answer, rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    query, shelf = rng.normal(size=3), rng.normal(size=(4, 3))
    found = np.asarray(answer(query.copy(), shelf.copy()), np.float64)
    if found.ndim != 2 or found.shape[1] != 3 or len(found) < 2:
        raise Wrong(f"expected two goods or more, of width 3; received shape {found.shape}")
    return query, shelf, found


def _shelf_same_sum(answer: Answer, rng: Generator) -> None:
    query, shelf, found = _shelf(answer, rng)
    near(_context(query, found), _context(query, shelf), "the context of your shelf",
         "the same vector added to every good changes no weight (2.4), and moves the context by "
         "that vector")  # fmt: skip


def _shelf_other_goods(answer: Answer, rng: Generator) -> None:
    _, shelf, found = _shelf(answer, rng)
    apart = np.abs(found[:, None] - shelf[None]).max(-1).min()
    if apart < 1e-3:
        raise Wrong("a good of your shelf is one of the old shelf",
                    "another order, or a good less, is no other shelf: make new goods")  # fmt: skip
    if np.abs(found - found[0]).max() < 1e-3:
        raise Wrong("all goods of your shelf are the same one", "make at least two that differ")


# 4.3 turn_over(scores) ----------------------------------------------------------------------------


def _turn_same_choice(answer: Answer, rng: Generator) -> None:
    scores = rng.normal(size=7) * rng.uniform(0.5, 2)
    found = array(answer(scores.copy()), (7,), "seven scores")
    near(formulas.softmax(found), formulas.softmax(scores), "the softmax of your scores",
         "only one thing may be done to scores that no softmax sees: equation (2.4)")  # fmt: skip


def _turn_reverses(answer: Answer, rng: Generator) -> None:
    for _ in range(5):
        scores = rng.normal(size=7) * rng.uniform(0.5, 2)
        found = array(answer(scores.copy()), (7,), "seven scores")
        product = formulas.product_scores(found, found)
        if not np.array_equal(np.argsort(-product), np.argsort(found)):
            advice = "x exp(x) falls only below x = -1: the largest score has to be there as well"
            raise Wrong(f"your scores {found.round(2).tolist()}, ranked by the product: "
                        f"{np.argsort(-product).tolist()}, by score: "
                        f"{np.argsort(-found).tolist()}", advice)  # fmt: skip


# 4.4 draw(preferences, draws, rng) ----------------------------------------------------------------

DRAWS = 40_000


def _draw(answer: Answer, y: np.ndarray, rng: Generator, given: str) -> np.ndarray:
    found = array(answer(y.copy(), DRAWS, rng), (DRAWS,), given)
    if not np.isin(found, np.arange(len(y))).all():
        raise Wrong(f"{given}: expected places from 0 to {len(y) - 1}; received others")
    return np.bincount(found.astype(int), minlength=len(y)) / DRAWS


def _draw_shares(answer: Answer, rng: Generator) -> None:
    y = rng.permutation([2.0, 1.2, 0.6, 0.0, -0.5]) + rng.normal()
    p, found = formulas.choice_probabilities(y), _draw(answer, y, rng, "five preferences")
    far = np.abs(found - p) / np.sqrt(p * (1 - p) / DRAWS)
    if far.max() > 6:  # by chance less than once in ten million
        c = int(far.argmax())
        raise Wrong(f"{DRAWS:,} draws: place {c} was drawn in {found[c]:.1%}, expected {p[c]:.1%}",
                    "the noise is -ln(-ln U), new for each candidate and each draw")  # fmt: skip


def _draw_never(answer: Answer, rng: Generator) -> None:
    y = rng.normal(size=5)
    y[int(rng.integers(5))] = -np.inf
    found = _draw(answer, y, rng, "one preference of -inf")
    if found[np.isneginf(y)].any():
        raise Wrong("a candidate with preference -inf was drawn",
                    "-inf plus any noise is -inf, so it never is the maximum")  # fmt: skip


# 4.5 expected_ndcg(scores, target, k) -------------------------------------------------------------


def _by_every_order(scores: np.ndarray, target: int, k: int) -> float:
    """Put the target at each place that its tie leaves open, one after the other."""
    higher, tied = int((scores > scores[target]).sum()), int((scores == scores[target]).sum())
    gains = [1 / np.log2(place + 1) if place <= k else 0.0
             for place in range(higher + 1, higher + tied + 1)]  # fmt: skip
    return float(np.mean(gains))


def _ndcg_alone(answer: Answer, rng: Generator) -> None:
    scores, k = rng.permutation(12) + 0.5, int(rng.integers(3, 9))
    for target in np.argsort(-scores):
        near(float(answer(scores.copy(), int(target), k)), _by_every_order(scores, target, k),
             f"place {int((scores > scores[target]).sum()) + 1} of 12, k = {k}, no ties",
             "1 / log2(place + 1) within the first k places, 0 behind them")  # fmt: skip


def _ndcg_ties(answer: Answer, rng: Generator) -> None:
    scores = rng.integers(0, 4, size=15).astype(float)
    for target in rng.permutation(15):
        for k in (2, 5):
            near(float(answer(scores.copy(), int(target), k)),
                 _by_every_order(scores, int(target), k),
                 f"fifteen scores with ties, target {target}, k = {k}",
                 "the mean over the places that the tie leaves open, some of them behind k; not "
                 "the gain of the mean place")  # fmt: skip


def _ndcg_chance(answer: Answer, rng: Generator) -> None:
    n, k = int(rng.integers(30, 60)), 10
    chance = float(np.sum(1 / np.log2(np.arange(1, k + 1) + 1)) / n)
    near(float(answer(np.zeros(n), int(rng.integers(n)), k)), chance,
         f"{n} equal scores", "who scores everything alike earns what chance earns")  # fmt: skip


# 4.6 with_twins(preferences, group) ---------------------------------------------------------------


def _twins_shares(answer: Answer, rng: Generator) -> None:
    y, group = rng.normal(size=7), rng.permutation([0, 0, 0, 1, 1, 2, 3])
    p = array(answer(y.copy(), group.copy()), (7,), "seven goods in four groups")
    near(p.sum(), 1.0, "the sum of the probabilities", "divide by the sum at the end")
    near(p, _twins(y, group), "seven goods in four groups",
         "ln m of the group's m members comes off each preference before the softmax")  # fmt: skip


def _twins_alone(answer: Answer, rng: Generator) -> None:
    y, group = rng.normal(size=5), rng.permutation(5)
    near(array(answer(y.copy(), group), (5,), "five groups of one"), formulas.softmax(y),
         "five groups of one good each", "without twins it is the plain softmax")  # fmt: skip


def _twins_copy(answer: Answer, rng: Generator) -> None:
    y, group = rng.normal(size=4), np.arange(4)
    copies = int(rng.integers(2, 5))
    before = array(answer(y.copy(), group), (4,), "four goods")
    many = np.concatenate([y, np.full(copies, y[0])]), np.concatenate([group, [0] * copies])
    after = array(answer(*many), (4 + copies,), f"the same and {copies} copies of the first")
    near(after[1:4], before[1:4], f"the others, when {copies} copies of the first join",
         "a copy may take from its twins, not from the others")  # fmt: skip


def _twins_large(answer: Answer, rng: Generator) -> None:
    y, group = rng.normal(size=4) + 10.0 ** rng.integers(3, 5), np.array([0, 0, 1, 2])
    near(array(answer(y.copy(), group), (4,), "four goods"), _twins(y, group),
         f"preferences near {y[0]:,.0f}",
         "exp overflows above 709: subtract the largest first")  # fmt: skip


def _twins(y: np.ndarray, group: np.ndarray) -> np.ndarray:
    members = (group[:, None] == group[None, :]).sum(1)
    return formulas.choice_probabilities(y - np.log(members))


EXERCISES = (
    Exercise(
        "4.1",
        "Top-k with padding, seen items and ties",
        1,
        {
            "padding is never in the list, and the best comes first": _top_padding,
            "what was seen is never in the list": _top_seen,
            "of equal scores the smaller id comes first": _top_ties,
            "the list is shorter where fewer are left": _top_short,
        },
        (
            "Which score makes an item lose against every other, even against -1000?",
            "Work on a copy: s[0] = -inf and s[seen] = -inf.",
            "np.argsort(-s, kind='stable'), cut after k; drop the ids whose score is -inf.",
        ),
    ),
    Exercise(
        "4.2",
        "Another shelf, the same vector",
        2,
        {
            "the context is the same": _shelf_same_sum,
            "the goods are others, and at least two": _shelf_other_goods,
        },
        (
            "What does the softmax of q·e do if every e moves by the same vector?",
            "Every score changes by the same number, so by (2.4) no weight changes.",
            "Take any new goods, -shelf say, and add to each the old context minus the new one.",
        ),
    ),
    Exercise(
        "4.3",
        "Turn a ranking over",
        2,
        {
            "the softmax of the scores is the same": _turn_same_choice,
            "the product ranks them in exactly the opposite order": _turn_reverses,
        },
        (
            "Where does x exp(x) fall? Its derivative stands in the chapter.",
            "Below -1. A constant added to all scores is invisible to the softmax.",
            "Subtract the largest score and a little more than 1.",
        ),
    ),
    Exercise(
        "4.4",
        "Draw by taking a maximum",
        2,
        {
            "each candidate comes as often as the softmax says": _draw_shares,
            "a candidate with preference -inf is never drawn": _draw_never,
        },
        (
            "Which noise makes the largest of noisy scores a draw from the softmax?",
            "Gumbel noise: -ln(-ln U) with U uniform between 0 and 1.",
            "rng.gumbel(size=(draws, n)) added to the preferences, then argmax along axis 1.",
        ),
    ),
    Exercise(
        "4.5",
        "NDCG with ties",
        2,
        {
            "without ties it is 1 / log2(place + 1)": _ndcg_alone,
            "with ties it is the mean over the places left open": _ndcg_ties,
            "a model that scores everything alike earns what chance earns": _ndcg_chance,
        },
        (
            "Among which places does the tie leave the target?",
            "From 1 + higher to 1 + higher + tied, where tied counts the others only.",
            "The mean of 1 / log2(place + 1) over these places, with 0 for those beyond k.",
        ),
    ),
    Exercise(
        "4.6",
        "Red kettle, blue kettle",
        3,
        {
            "each good gets its share, and they sum to 1": _twins_shares,
            "without twins it is the softmax": _twins_alone,
            "a copy takes nothing from the goods of other groups": _twins_copy,
            "large preferences do not overflow": _twins_large,
        },
        (
            "With m equal kettles, how much is one of them worth if all together count as one?",
            "exp(ŷ) / m is exp(ŷ - ln m): the change belongs into the preference.",
            "members = (group[:, None] == group).sum(1), then the softmax of ŷ - np.log(members).",
        ),
    ),
)
