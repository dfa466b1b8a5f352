"""Checkers for the exercises of the chapter "Scores and weights"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 2.1 softmax(scores, axis) ------------------------------------------------------------------------


def _softmax_sums(softmax: Answer, rng: Generator) -> None:
    scores = rng.normal(size=(3, 4, 5))
    for axis in (0, 1, 2):
        given = f"scores of shape (3, 4, 5), axis={axis}"
        weights = array(softmax(scores.copy(), axis), scores.shape, given)
        near(weights.sum(axis), 1.0, f"{given}, sums along the axis",
             "divide by the sum along that axis, with keepdims=True")  # fmt: skip


def _softmax_values(softmax: Answer, rng: Generator) -> None:
    scores, axis = rng.normal(size=(4, 3)), int(rng.integers(2))
    weights = array(softmax(scores.copy(), axis), scores.shape, "scores of shape (4, 3)")
    near(weights, formulas.softmax(scores, axis), f"scores {scores.round(2).tolist()}, axis={axis}")


def _softmax_shift(softmax: Answer, rng: Generator) -> None:
    scores, shift = rng.normal(size=6), float(rng.uniform(5, 9))
    given = f"the same six scores, plus {shift:.1f}"
    near(softmax(scores + shift, 0), softmax(scores, 0), given,
         "only differences of scores may matter")  # fmt: skip


def _softmax_large(softmax: Answer, rng: Generator) -> None:
    scores = rng.normal(size=4) + 10.0 ** rng.integers(3, 6)
    near(softmax(scores, 0), formulas.softmax(scores), f"scores near {scores[0]:,.0f}",
         "exp overflows above 709: subtract the largest score first")  # fmt: skip


# 2.2 masked_softmax(scores, mask) -----------------------------------------------------------------


def _ragged(rng: Generator, rows: int = 5, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    real = rng.integers(1, columns, size=rows)
    return rng.normal(size=(rows, columns)), np.arange(columns) >= columns - real[:, None]


def _masked_zero(masked: Answer, rng: Generator) -> None:
    scores, mask = _ragged(rng)
    weights = array(masked(scores.copy(), mask), scores.shape, "a ragged batch")
    row = int(np.argmax(np.where(mask, 0, np.abs(np.nan_to_num(weights, nan=1))).sum(1)))
    near(weights[~mask], 0.0, f"row {row} attends to padding: weights where the mask is False",
         "a masked item must not reach the sum: use exp(-inf) = 0, or multiply by the mask before "
         "you divide")  # fmt: skip


def _masked_values(masked: Answer, rng: Generator) -> None:
    scores, mask = _ragged(rng)
    weights = array(masked(scores.copy(), mask), scores.shape, "a ragged batch")
    near(weights[mask], formulas.masked_softmax(scores, mask)[mask], "weights of the real items")


def _masked_empty(masked: Answer, rng: Generator) -> None:
    scores = rng.normal(size=(2, 4))
    mask = np.array([[False] * 4, [False, True, True, True]])
    weights = array(masked(scores.copy(), mask), scores.shape, "a row without a real item")
    advice = "0 / 0 is nan: divide only where the sum is above 0"
    if np.isclose(weights[0].sum(), 1, atol=1e-3):
        advice = "with a large negative number as mask, an empty row attends to its padding"
    near(weights[0], 0.0, "weights of a row without a real item", advice)


def _masked_far(masked: Answer, rng: Generator) -> None:
    low = -(10.0 ** rng.integers(10, 13))
    scores, mask = np.array([[0.0, low, low + 1]]), np.array([[False, True, True]])
    near(masked(scores.copy(), mask), formulas.masked_softmax(scores, mask),
         f"a padded 0 beside real scores near {low:.0e}",
         "a large negative number is not minus infinity: real scores can be lower")  # fmt: skip


# 2.3 temperature_for_share(n, share) --------------------------------------------------------------


def _share_reached(answer: Answer, rng: Generator) -> None:
    n, share = int(rng.integers(10, 100_000)), float(rng.uniform(0.2, 0.95))
    temperature = float(answer(n, share))
    given = f"n={n}, share={share:.3f}"
    if not temperature > 0:
        raise Wrong(f"{given}: expected a temperature above 0; received {temperature}",
                    "the others stand at cosine -1: they get exp(-1/τ)")  # fmt: skip
    advice = "the winner stands at cosine 1 and the n - 1 others at -1: they are 2 apart"
    near(formulas.cosine_ceiling(n, temperature), share, f"{given}: the ceiling at your τ", advice)


def _share_falls(answer: Answer, rng: Generator) -> None:
    n, low = int(rng.integers(10, 1000)), float(rng.uniform(0.2, 0.5))
    if not float(answer(n, low)) > float(answer(n, low + 0.4)):
        raise Wrong(f"n={n}: a share of {low + 0.4:.2f} needs a lower τ than {low:.2f}")


# 2.4 jacobian(scores) -----------------------------------------------------------------------------


def _jacobian_differences(answer: Answer, rng: Generator) -> None:
    scores, step = rng.normal(size=5), 1e-6
    found = array(answer(scores.copy()), (5, 5), "five scores")
    up = np.array([formulas.softmax(scores + step * row) for row in np.eye(5)])
    down = np.array([formulas.softmax(scores - step * row) for row in np.eye(5)])
    advice = "raising one score lowers every other weight: off the diagonal stands a minus"
    near(found, (up - down).T / (2 * step), "finite differences of five scores", advice, atol=1e-5)


def _jacobian_rows(answer: Answer, rng: Generator) -> None:
    scores = rng.normal(size=7)
    found = array(answer(scores.copy()), (7, 7), "seven scores")
    near(
        found.sum(axis=1), 0.0, "row sums", "weights sum to 1 whatever happens, so changes sum to 0"
    )


# 2.5 temperature_for_entropy(scores, target) ------------------------------------------------------


def _entropy_reached(answer: Answer, rng: Generator) -> None:
    scores = rng.normal(size=(20, 30)) * rng.uniform(1, 6)
    target = float(rng.uniform(0.8, 2.5))
    temperature = float(answer(scores.copy(), target))
    given = f"20 rows of 30 scores with spread {scores.std():.1f}, target {target:.2f} nats"
    if not (np.isfinite(temperature) and temperature > 0):
        raise Wrong(f"{given}: expected a temperature above 0; received {temperature}")
    found = formulas.entropy(formulas.softmax(scores, temperature=temperature)).mean()
    near(found, target, f"{given}: mean entropy at your τ",
         "entropy rises with τ: divide by τ, and halve the interval that holds the target",
         atol=0.01)  # fmt: skip


def _entropy_scales(answer: Answer, rng: Generator) -> None:
    scores, factor = rng.normal(size=(8, 12)), float(rng.uniform(2, 5))
    once, scaled = float(answer(scores.copy(), 1.5)), float(answer(scores * factor, 1.5))
    near(
        scaled / once, factor, f"scores times {factor:.2f} need τ times as much", atol=0.05 * factor
    )


# 2.6 disagree(query) ------------------------------------------------------------------------------


def _disagree(answer: Answer, rng: Generator) -> None:
    queries = [rng.normal(size=width) for width in (2, 3, 8)]
    for query in [*queries, np.full(2, rng.uniform(1, 2)), np.array([0.0, 1.0, 0.0])]:
        width = len(query)
        keys = array(answer(query.copy()), (2, width), f"a query of width {width}")
        dot, cosine = formulas.dot_scores(query, keys), formulas.cosine_scores(query, keys)
        given = f"width {width}: dot {dot.round(3)}, cosine {cosine.round(3)}"
        if not dot[0] > dot[1] + 1e-9:
            advice = "the dot product also pays for length: make item 0 long"
            raise Wrong(f"{given}: expected item 0 to win by dot product", advice)
        if not cosine[1] > cosine[0] + 1e-9:
            advice = "the cosine only pays for direction: point item 1 along the query"
            raise Wrong(f"{given}: expected item 1 to win by cosine", advice)


EXERCISES = (
    Exercise(
        "2.1",
        "Softmax along an axis",
        1,
        {
            "the weights along the axis sum to 1": _softmax_sums,
            "each weight is exp(score) over the sum": _softmax_values,
            "adding a constant to all scores changes nothing": _softmax_shift,
            "large scores do not overflow": _softmax_large,
        },
        (
            "What happens to exp(s) at s = 1000, and what may you subtract from every score for"
            " free?",
            "numpy's max and sum take axis and keepdims.",
            "e = exp(s - max); the answer is e divided by its sum, both along the axis.",
        ),
    ),
    Exercise(
        "2.2",
        "A softmax that knows padding",
        1,
        {
            "padding gets a weight of exactly 0": _masked_zero,
            "real items share as if the padding were not there": _masked_values,
            "a row without a real item is all zeros": _masked_empty,
            "real scores may be lower than any number you had in mind": _masked_far,
        },
        (
            "Which number x has exp(x) = 0, exactly?",
            "np.where(mask, scores, -np.inf), and take the maximum of that.",
            "An empty row has maximum -inf and sum 0: replace that maximum by 0, and divide only "
            "where the sum is above 0.",
        ),
    ),
    Exercise(
        "2.3",
        "How cold must a cosine be?",
        2,
        {
            "at this temperature the ceiling is the share": _share_reached,
            "a larger share needs a lower temperature": _share_falls,
        },
        (
            "Start from equation (2.9) and solve it for the temperature.",
            "Write the ceiling as share = 1 / (1 + x) with x = (n - 1) exp(-2 / τ).",
            "x = (1 - share) / share, so 2 / τ = ln((n - 1) share / (1 - share)).",
        ),
    ),
    Exercise(
        "2.4",
        "The derivative of the softmax",
        2,
        {
            "it agrees with finite differences": _jacobian_differences,
            "every row sums to 0": _jacobian_rows,
        },
        (
            "Differentiate a_i = e_i / S, once for s_i and once for another s_j.",
            "The diagonal is a_i (1 - a_i), the rest - a_i a_j.",
            "np.diag(a) - np.outer(a, a)",
        ),
    ),
    Exercise(
        "2.5",
        "A temperature for an entropy",
        2,
        {
            "the mean entropy is the target": _entropy_reached,
            "scores that are k times larger need a temperature k times higher": _entropy_scales,
        },
        (
            "Does the entropy rise or fall with the temperature? Is it always so?",
            "It rises, always, so one temperature fits: search for it by halving an interval.",
            "Start from 1e-3 to 1e3 and halve in the logarithm: 60 steps are plenty.",
        ),
    ),
    Exercise(
        "2.6",
        "A shelf on which dot and cosine disagree",
        3,
        {"item 0 wins by dot product and item 1 by cosine, for any query": _disagree},
        (
            "One of the two looks at length and direction, the other at direction only.",
            "Item 1: the query itself. Item 0: longer, and turned away a little.",
            "Turn by adding a vector at a right angle; in width 2, (-q_2, q_1) is one.",
        ),
    ),
)
