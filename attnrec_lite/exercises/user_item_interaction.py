"""Checkers for the exercises of the chapter "User, item, interaction"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
WIDTH = 4

# 10.1 pool(history, mask, query) ------------------------------------------------------------------


def _padded(rng: Generator, padding: int) -> tuple[Array, NDArray[np.bool_]]:
    """A history of seven places, the first of them padding whose vectors are not zero."""
    return rng.normal(size=(7, WIDTH)), np.arange(7) >= padding


def _pooled(history: Array, mask: NDArray[np.bool_], query: Array) -> Array:
    weights = formulas.masked_softmax(formulas.scaled_dot_scores(query, history), mask)
    return formulas.weighted_sum(weights, history)


def _pool_value(answer: Answer, rng: Generator) -> None:
    (history, mask), query = _padded(rng, 0), rng.normal(size=WIDTH)
    found = array(answer(history.copy(), mask.copy(), query.copy()), (WIDTH,), "seven real items")
    near(found, _pooled(history, mask, query), "seven real items",
         "scores divided by the root of the width, softmax, weighted sum")  # fmt: skip


def _pool_padding(answer: Answer, rng: Generator) -> None:
    (history, mask), query = _padded(rng, 3), rng.normal(size=WIDTH)
    found = array(answer(history.copy(), mask.copy(), query.copy()), (WIDTH,), "three are padding")
    near(found, _pooled(history, mask, query), "seven places, three of them padding",
         "padding must be out before the softmax divides, or it keeps its share")  # fmt: skip


def _pool_order(answer: Answer, rng: Generator) -> None:
    (history, mask), query = _padded(rng, 2), rng.normal(size=WIDTH)
    order = rng.permutation(7)
    before = array(answer(history.copy(), mask.copy(), query.copy()), (WIDTH,), "a history")
    after = array(answer(history[order], mask[order], query.copy()), (WIDTH,), "its items mixed")
    near(after, before, "the same items in another order",
         "a learned query knows no places: no position may enter")  # fmt: skip


def _pool_empty(answer: Answer, rng: Generator) -> None:
    history, query = rng.normal(size=(5, WIDTH)), rng.normal(size=WIDTH)
    found = array(answer(history, np.zeros(5, bool), query), (WIDTH,), "padding alone")
    near(found, np.zeros(WIDTH), "an empty history", "nothing was seen: the zero vector, not NaN")


# 10.2 interest(history, mask, candidate, W, b, w) -------------------------------------------------


def _unit(rng: Generator) -> tuple[Array, Array, Array]:
    return rng.normal(size=(6, 4 * WIDTH)), rng.normal(size=6), rng.normal(size=6)


def _interest(
    history: Array, mask: NDArray[np.bool_], candidate: Array, unit: tuple[Array, Array, Array]
) -> Array:
    """Equations (10.1) and (10.2), one item after the other."""
    matrix, bias, last = unit
    total = np.zeros(WIDTH)
    for item in history[mask]:
        seen = np.concatenate([item, candidate, item - candidate, item * candidate])
        total += (last @ np.maximum(matrix @ seen + bias, 0)) * item
    return total


def _ask(
    answer: Answer, history: Array, mask: NDArray[np.bool_], candidate: Array,
    unit: tuple[Array, Array, Array], given: str,
) -> Array:  # fmt: skip
    copies = [part.copy() for part in (history, mask, candidate, *unit)]
    return array(answer(*copies), (WIDTH,), given)


def _interest_value(answer: Answer, rng: Generator) -> None:
    (history, mask), candidate, unit = _padded(rng, 0), rng.normal(size=WIDTH), _unit(rng)
    found = _ask(answer, history, mask, candidate, unit, "seven items")
    near(found, _interest(history, mask, candidate, unit), "seven items",
         "rows of [h, e, h - e, h * e] in this order, relu between the two maps, and no softmax"
         )  # fmt: skip


def _interest_padding(answer: Answer, rng: Generator) -> None:
    (history, mask), candidate, unit = _padded(rng, 3), rng.normal(size=WIDTH), _unit(rng)
    found = _ask(answer, history, mask, candidate, unit, "three places of padding")
    near(found, _interest(history, mask, candidate, unit), "seven places, three of them padding",
         "without a softmax a mask of -inf is no help: multiply the activations by the mask"
         )  # fmt: skip


def _interest_twice(answer: Answer, rng: Generator) -> None:
    history, candidate, unit = rng.normal(size=(3, WIDTH)), rng.normal(size=WIDTH), _unit(rng)
    once = _ask(answer, history, np.ones(3, bool), candidate, unit, "three items")
    twice = np.concatenate([history, history])
    found = _ask(answer, twice, np.ones(6, bool), candidate, unit, "the same three, twice")
    near(found, 2 * once, "every item of the history twice",
         "a share forgets the count: nothing may divide by a sum or by a length")  # fmt: skip


# 10.3 smoothed(scores, beta, mask) ----------------------------------------------------------------


def _smooth(answer: Answer, s: Array, beta: float, mask: NDArray[np.bool_], given: str) -> Array:
    return array(answer(s.copy(), beta, mask.copy()), s.shape, given)


def _smooth_one(answer: Answer, rng: Generator) -> None:
    s, mask = rng.normal(size=6), np.arange(6) >= 2
    found = _smooth(answer, s, 1.0, mask, "β = 1")
    near(found, formulas.masked_softmax(s, mask), "β = 1, two of six are padding",
         "at β = 1 it is the masked softmax")  # fmt: skip


def _smooth_zero(answer: Answer, rng: Generator) -> None:
    s, mask = rng.normal(size=6), np.arange(6) >= 2
    found = _smooth(answer, s, 0.0, mask, "β = 0")
    near(found, np.where(mask, np.exp(s), 0), "β = 0, two of six are padding",
         "at β = 0 nothing is divided; if you subtracted the largest score, it is missing now"
         )  # fmt: skip


def _smooth_between(answer: Answer, rng: Generator) -> None:
    s, beta, mask = rng.normal(size=6) + 2, float(rng.uniform(0.2, 0.8)), np.ones(6, bool)
    found = _smooth(answer, s, beta, mask, f"β = {beta:.2f}")
    near(found, np.exp(s) / np.exp(s).sum() ** beta, f"β = {beta:.2f}, scores near 2",
         "the whole sum is raised to β, and the largest score cancels at β = 1 only")  # fmt: skip


def _smooth_longer(answer: Answer, rng: Generator) -> None:
    s, beta, copies = rng.normal(size=4), float(rng.uniform(0.2, 0.8)), int(rng.integers(2, 6))
    once = _smooth(answer, s, beta, np.ones(4, bool), "four scores").sum()
    many = np.tile(s, copies)
    found = _smooth(answer, many, beta, np.ones(len(many), bool), "copies").sum()
    near(found, once * copies ** (1 - beta), f"all weights together, history repeated {copies} "
         f"times, β = {beta:.2f}", "n copies of everything multiply the total by n^(1 - β)"
         )  # fmt: skip


def _smooth_large(answer: Answer, rng: Generator) -> None:
    steps = np.array([0.0, -10.0, -500.0]) + rng.normal()
    for top in (1000, -1000):
        s = top + steps
        for beta, mask in ((1.0, np.ones(3, bool)), (0.999, np.array([True, False, True]))):
            found = _smooth(answer, s, beta, mask, f"scores near {top}")
            near(found, formulas.smoothed_softmax(s, beta, mask),
                 f"scores near {top}, β = {beta}",
                 "exp(1000) overflows and exp(-1000) is 0: put β ln(sum) into the exponent, "
                 "exp(s - β LSE(s)), and take the maximum over the real items")  # fmt: skip


# 10.4 afm_pairs(vectors, W, b, h) -----------------------------------------------------------------


def _fields(rng: Generator) -> tuple[Array, Array, Array, Array]:
    m = int(rng.integers(3, 7))
    return (rng.normal(size=(m, WIDTH)), rng.normal(size=(5, WIDTH)), rng.normal(size=5),
            rng.normal(size=5))  # fmt: skip


def _afm(vectors: Array, matrix: Array, bias: Array, last: Array) -> Array:
    pairs = [vectors[f] * vectors[g] for f in range(len(vectors)) for g in range(f)]
    scores = [last @ np.maximum(matrix @ pair + bias, 0) for pair in pairs]
    return np.asarray(formulas.softmax(scores) @ np.array(pairs))


def _afm_value(answer: Answer, rng: Generator) -> None:
    vectors, matrix, bias, last = _fields(rng)
    given = f"{len(vectors)} fields"
    found = array(answer(*(x.copy() for x in (vectors, matrix, bias, last))), (WIDTH,), given)
    near(found, _afm(vectors, matrix, bias, last), given,
         "one product per pair f < g, one score each, one softmax over all m(m - 1)/2 pairs"
         )  # fmt: skip


def _afm_uniform(answer: Answer, rng: Generator) -> None:
    vectors, matrix, bias, _ = _fields(rng)
    m = len(vectors)
    found = array(answer(vectors.copy(), matrix, bias, np.zeros(5)), (WIDTH,), "h = 0")
    near(found.sum(), formulas.pair_sum(vectors) / (m * (m - 1) / 2),
         f"{m} fields, all scores 0: the sum of the vector",
         "equal weights give the pair term of FM divided by the number of pairs; each pair counts "
         "once, and no field meets itself")  # fmt: skip


def _afm_order(answer: Answer, rng: Generator) -> None:
    vectors, *unit = _fields(rng)
    before = array(answer(vectors.copy(), *unit), (WIDTH,), "fields")
    after = array(answer(vectors[::-1].copy(), *unit), (WIDTH,), "fields in another order")
    near(after, before, "the fields in another order",
         "a pair is the same pair from both sides: multiply, don't subtract or join")  # fmt: skip


# 10.5 twin(history) -------------------------------------------------------------------------------


def _twin(answer: Answer, rng: Generator) -> tuple[Array, Array]:
    history = rng.normal(size=(int(rng.integers(2, 6)), WIDTH))
    found = np.asarray(answer(history.copy()), np.float64)
    if found.ndim != 2 or found.shape[1] != WIDTH or not len(found):
        raise Wrong(f"expected vectors of width {WIDTH}; received shape {found.shape}")
    return history, found


def _twin_blind(answer: Answer, rng: Generator) -> None:
    history, found = _twin(answer, rng)
    for _ in range(5):
        candidate, unit = 2 * rng.normal(size=WIDTH), _unit(rng)
        contexts = []
        for rows in (history, found):
            near_by = [np.concatenate([h, candidate, h - candidate, h * candidate]) for h in rows]
            hidden = np.maximum(np.array(near_by) @ unit[0].T + unit[1], 0)
            contexts.append(formulas.softmax(hidden @ unit[2]) @ rows)
        near(contexts[1], contexts[0], "the context of your history, for a random activation unit",
             "a new item gets a share of its own under some unit; what leaves every share as it "
             "was?")  # fmt: skip


def _twin_longer(answer: Answer, rng: Generator) -> None:
    history, found = _twin(answer, rng)
    if len(found) <= len(history):
        raise Wrong(f"{len(history)} items: expected more than that; received {len(found)}",
                    "another order is the same history: make a longer one")  # fmt: skip
    if np.allclose(found.sum(0), history.sum(0), atol=1e-3):
        raise Wrong("the plain sum of your history is the old one",
                    "a sum without a softmax must see the difference")  # fmt: skip


# 10.6 beside_rivals(quality, category) ------------------------------------------------------------


def _beside(quality: Array, category: NDArray[np.int64]) -> Array:
    left = []
    for c, own in enumerate(quality):
        others = quality[(category == category[c]) & (np.arange(len(quality)) != c)]
        left.append(own - (others.mean() if len(others) else 0.0))
    return np.array(left)


def _shelf(rng: Generator) -> tuple[Array, NDArray[np.int64]]:
    """Eight goods; the two of the last category are equally good, and rivals all the same."""
    quality, category = rng.normal(size=8), rng.permutation([0, 0, 0, 1, 1, 1, 2, 2])
    quality[category == 2] = rng.normal()
    return quality, category


def _rivals_value(answer: Answer, rng: Generator) -> None:
    quality, category = _shelf(rng)
    found = array(answer(quality.copy(), category.copy()), (8,), "eight goods")
    same = category[:, None] == category
    itself = np.allclose(found, quality - same @ quality / same.sum(1))
    near(found, _beside(quality, category), "eight goods of three categories",
         "a good is no rival of its own: hide the diagonal before you share out" if itself else
         "from each quality take the mean, not the best, of the others of its category, "
         "equally good ones too"
         )  # fmt: skip


def _rivals_alone(answer: Answer, rng: Generator) -> None:
    quality = rng.normal(size=5)
    found = array(answer(quality.copy(), rng.permutation(5)), (5,), "five categories")
    near(found, quality, "five goods, none of the same category",
         "who has no rival keeps all of its quality: an empty row has weights 0, not NaN"
         )  # fmt: skip


def _rivals_order(answer: Answer, rng: Generator) -> None:
    (quality, category), order = _shelf(rng), rng.permutation(8)
    before = array(answer(quality.copy(), category.copy()), (8,), "eight goods")
    after = array(answer(quality[order], category[order]), (8,), "the same, in another order")
    near(after, before[order], "the same goods in another order",
         "mix the goods and the answers are mixed alike: no place on the list may count"
         )  # fmt: skip


def _rivals_others(answer: Answer, rng: Generator) -> None:
    quality, category = _shelf(rng)
    before = array(answer(quality.copy(), category.copy()), (8,), "eight goods")
    joined = np.append(quality, 5 + rng.random()), np.append(category, 9)
    after = array(answer(*joined), (9,), "and one of a category of its own")
    near(after[:8], before, "the eight, when a good of a ninth category joins",
         "only goods of the same category may be looked at")  # fmt: skip


EXERCISES = (
    Exercise(
        "10.1",
        "One question for everybody",
        1,
        {
            "it is the weighted sum under the softmax of the scaled scores": _pool_value,
            "padding gets nothing": _pool_padding,
            "the order of the history does not count": _pool_order,
            "an empty history gives the zero vector": _pool_empty,
        },
        (
            "Who asks here? Does any candidate have a say?",
            "Scores are history @ query / sqrt(d); padding must be gone before the sum is taken.",
            "e = np.where(mask, np.exp(s - s.max()), 0), then e @ history / max(e.sum(), tiny).",
        ),
    ),
    Exercise(
        "10.2",
        "An interest that adds up",
        2,
        {
            "it is the sum of activation times item": _interest_value,
            "padding contributes nothing": _interest_padding,
            "a history that is told twice counts twice": _interest_twice,
        },
        (
            "What does the activation unit read, and how many numbers is that per item?",
            "np.hstack of history, the candidate repeated, their difference and their product.",
            "s = np.maximum(x @ W.T + b, 0) @ w; the sum is (s * mask) @ history.",
        ),
    ),
    Exercise(
        "10.3",
        "A softmax that lets the length through",
        2,
        {
            "at β = 1 it is the masked softmax": _smooth_one,
            "at β = 0 it is the plain exponential": _smooth_zero,
            "between, the sum is raised to β": _smooth_between,
            "copies of the history add weight": _smooth_longer,
            "large scores do not overflow": _smooth_large,
        },
        (
            "The largest score can be taken out of the sum. What stays behind if β is not 1?",
            "Write the weight as one exponential: s minus β times the logarithm of the sum.",
            "top = s[mask].max(); lse = top + np.log(np.exp(s[mask] - top).sum()).",
        ),
    ),
    Exercise(
        "10.4",
        "Every pair of fields",
        2,
        {
            "it is the weighted sum of all pair products": _afm_value,
            "with equal weights it is the mean over pairs": _afm_uniform,
            "the order of the fields does not count": _afm_order,
        },
        (
            "How many pairs have three fields? And six?",
            "f, g = np.triu_indices(m, 1) are the two fields of each pair.",
            "pairs = vectors[f] * vectors[g]; scores = np.maximum(pairs @ W.T + b, 0) @ h.",
        ),
    ),
    Exercise(
        "10.5",
        "A twin that no softmax can tell apart",
        2,
        {
            "no activation unit under a softmax sees a difference": _twin_blind,
            "the history is longer, and a plain sum sees it": _twin_longer,
        },
        (
            "Which change of a history multiplies every sum in the softmax by the same number?",
            "One item twice changes its share. What must happen to the others?",
            "np.concatenate([history, history]).",
        ),
    ),
    Exercise(
        "10.6",
        "Beside its rivals",
        3,
        {
            "it is the quality less the mean quality of the rivals": _rivals_value,
            "a good without a rival keeps its quality": _rivals_alone,
            "the order of the list does not count": _rivals_order,
            "a good of another category changes nothing": _rivals_others,
        },
        (
            "It is self-attention over the list. Who may look at whom?",
            "same = category[:, None] == category, without its diagonal, is the mask.",
            "formulas.masked_softmax(np.zeros(n), row) is a row of equal weights, or of zeros.",
        ),
    ),
)
