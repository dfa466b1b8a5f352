"""Checkers for the exercises of the chapter "Robustness and fairness"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
Ids = NDArray[np.int64]

# 19.1 bound_for(n, share) -------------------------------------------------------------------------


def _bound_of(answer: Answer, n: int, share: float) -> float:
    given = f"{n} true clicks, at most {share:.2f} for a slipped-in one"
    return float(array(answer(n, share), (), given))


def _bound_worst(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(4, 60))
    share = float(rng.uniform(1.3 / (n + 1), 0.9))
    bound = _bound_of(answer, n, share)
    if not bound > 0:
        raise Wrong(
            f"{n} true clicks, share {share:.2f}: expected a bound above 0; received {bound:.3g}",
            "solve share = 1 / (1 + n exp(-2B)) for B",
        )
    near(
        formulas.injected_weight_bound(n, bound),
        share,
        f"{n} true clicks, bound {bound:.3f}: what one click takes at worst",
        "at worst it scores B and every true one -B, so 2B is between them",
    )


def _bound_refuses(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(4, 60))
    share = float(rng.uniform(0.1, 0.98)) / (n + 1)
    try:
        found = answer(n, share)
    except ValueError:
        return
    raise Wrong(
        f"{n} true clicks, share {share:.3f}: expected a ValueError; received {found!r}",
        "with all scores equal it has 1 / (n + 1) already: less is not to be had by a bound",
    )


# 19.2 worst(gradients, size) ----------------------------------------------------------------------


def _gradients(rng: Generator) -> Array:
    rows = rng.normal(size=(5, 4)) * 10.0 ** rng.integers(-4, 3, size=(5, 1))
    rows[int(rng.integers(0, 5))] = 0.0
    return rows


def _worst_of(answer: Answer, rows: Array, size: float) -> Array:
    found = array(answer(rows.copy(), size), rows.shape, f"{len(rows)} rows of gradients")
    if not np.isfinite(found).all():
        raise Wrong(
            "a row of zeros: expected zeros; received NaN or infinity",
            "a zero row has no direction: divide by 1 where the length is 0",
        )
    return found


def _worst_length(answer: Answer, rng: Generator) -> None:
    rows, size = _gradients(rng), float(rng.uniform(0.1, 2))
    rows = rows[rows.any(axis=1)]
    near(
        np.linalg.norm(_worst_of(answer, rows, size), axis=1),
        np.full(len(rows), size),
        f"size {size:.2f}: the lengths of the moves",
        "each row has its own length: np.linalg.norm(rows, axis=1, keepdims=True)",
    )


def _worst_way(answer: Answer, rng: Generator) -> None:
    rows, size = _gradients(rng), float(rng.uniform(0.1, 2))
    length = np.linalg.norm(rows, axis=1)
    moves = _worst_of(answer, rows, size)
    near(
        (moves * rows).sum(axis=1) / np.where(length > 0, length, 1),
        size * (length > 0),
        f"size {size:.2f}: by how much the loss of each row rises, per unit of its slope",
        "uphill along the gradient itself, g / |g|: the sign of each entry is another direction, "
        "and minus is training",
    )


def _worst_zero(answer: Answer, rng: Generator) -> None:
    rows = _gradients(rng)
    flat = ~rows.any(axis=1)
    near(
        _worst_of(answer, rows, 0.7)[flat],
        rows[flat],
        "a row of zeros",
        "a zero row has no direction: divide by 1 where the length is 0",
    )


# 19.3 caught(suspicion, fake, rate) ---------------------------------------------------------------


def _caught(
    answer: Answer, honest: Array, fakes: Array, rate: float, rng: Generator, given: str, why: str
) -> None:
    order = rng.permutation(len(honest) + len(fakes))
    suspicion = np.concatenate([honest, fakes])[order]
    fake = (np.arange(len(order)) >= len(honest))[order]
    found = array(answer(suspicion.copy(), fake.copy(), rate), (), given)
    near(found, formulas.detection_rate(suspicion, fake, rate), given, why)


def _caught_share(answer: Answer, rng: Generator) -> None:
    honest, fakes = rng.normal(size=200), rng.normal(size=80) + rng.uniform(1, 2)
    rate = float(rng.choice([0.05, 0.1]))
    _caught(
        answer,
        honest,
        fakes,
        rate,
        rng,
        f"200 honest and 80 fake accounts, rate {rate}",
        "the honest alone set the bar: their suspicion from the top down, the one after "
        "int(rate * n) of them",
    )


def _caught_ties(answer: Answer, rng: Generator) -> None:
    honest = rng.permutation(np.repeat([0.0, 1.0, 2.0], [120, 60, 20]))
    fakes = rng.permutation(np.repeat([1.0, 2.0, 3.0], [20, 25, 15]))
    _caught(
        answer,
        honest,
        fakes,
        0.05,
        rng,
        "suspicions with many ties",
        "an alarm rings above the bar, not at it: >= would ring for every tie",
    )


def _caught_few(answer: Answer, rng: Generator) -> None:
    honest = np.sort(rng.normal(size=30))
    between = honest[-2] + (honest[-1] - honest[-2]) * rng.uniform(0.8, 0.99, size=20)
    fakes = np.append(between, honest[-1] + rng.uniform(0.1, 1, size=20))
    _caught(
        answer,
        honest,
        fakes,
        0.01,
        rng,
        "30 honest accounts, rate 0.01",
        "of 30 nobody may ring, so the bar is the most suspicious honest one: no interpolation",
    )


# 19.4 outliers(values, limit) ---------------------------------------------------------------------


def _flags(answer: Answer, values: Array, limit: float, given: str, why: str) -> None:
    found = np.asarray(answer(values.copy(), limit))
    if found.shape != values.shape or found.dtype != bool:
        raise Wrong(
            f"{given}: expected {len(values)} booleans; received {found.dtype} {found.shape}",
            "compare the distances with the limit, all at once",
        )
    near(found, np.abs(formulas.robust_z(values)) > limit, given, why)


def _flags_value(answer: Answer, rng: Generator) -> None:
    values = 3 * rng.exponential(size=101) + float(rng.uniform(-20, 20))
    _flags(
        answer,
        values,
        0.6,
        "101 draws of a lopsided law, limit 0.6",
        "distance from the median, divided by 1.4826 times the median distance",
    )


def _flags_masked(answer: Answer, rng: Generator) -> None:
    values = np.append(rng.normal(size=12), [900.0, 1000.0, -800.0])
    _flags(
        answer,
        rng.permutation(values),
        3.5,
        "12 small values and 3 huge ones, limit 3.5",
        "outliers stretch mean and standard deviation and hide behind them; the median does not "
        "move, and both sides count",
    )


def _flags_equal(answer: Answer, rng: Generator) -> None:
    values = np.full(9, float(rng.uniform(1, 5)))
    if rng.random() < 0.5:
        values[int(rng.integers(0, 9))] += 1.0
    _flags(
        answer,
        values,
        3.5,
        f"{values.round(2).tolist()}",
        "where the median distance is 0, whoever has any distance is infinitely far and all others "
        "are not far at all: 0 / 0 is no number",
    )


# 19.5 exposure(lists, groups, n_groups) -----------------------------------------------------------


def _shown(
    answer: Answer, lists: Ids, groups: Ids, many: int, given: str, expected: Array, why: str
) -> None:
    found = np.asarray(answer(lists.copy(), groups.copy(), many))
    if found.shape != (many,):
        raise Wrong(f"{given}: expected {many} shares; received shape {found.shape}", why)
    near(array(found, (many,), given), expected, given, why)


def _lists(rng: Generator, full: bool = True) -> tuple[Ids, Ids]:
    groups = np.append(-1, rng.permutation(np.arange(12) % 3))
    lists = np.stack([rng.permutation(np.arange(1, 13))[:5] for _ in range(6)])
    if not full:
        lists[rng.integers(0, 6, 2), 3:] = 0
    return lists.astype(np.int64), groups.astype(np.int64)


def _exposure_of(lists: Ids, groups: Ids, many: int) -> Array:
    return formulas.group_exposure(lists, np.maximum(groups, 0), many)


def _exposure_value(answer: Answer, rng: Generator) -> None:
    lists, groups = _lists(rng)
    lists[:, 0] = 1 + np.argmax(groups[1:] == 0)  # the first places are all of group 0
    _shown(
        answer,
        lists,
        groups,
        3,
        "6 lists of 5, the first places all of one group",
        _exposure_of(lists, groups, 3),
        "place p counts 1 / log2(1 + p), p from 1; then divide by the sum over all lists",
    )


def _exposure_padding(answer: Answer, rng: Generator) -> None:
    lists, groups = _lists(rng, full=False)
    _shown(
        answer,
        lists,
        groups,
        3,
        "lists with empty places",
        _exposure_of(lists, groups, 3),
        "0 is no item: groups[0] is no group, and an empty place shows nothing",
    )


def _exposure_unshown(answer: Answer, rng: Generator) -> None:
    lists, groups = _lists(rng)
    _shown(
        answer,
        lists,
        groups,
        5,
        "5 groups, of which 2 have no item",
        _exposure_of(lists, groups, 5),
        "a group without an item has exposure 0: np.bincount(..., minlength=n_groups)",
    )


# 19.6 calibrated(scores, kinds, wanted, k, trade) -------------------------------------------------


def _candidates(rng: Generator) -> tuple[Array, Array, Array]:
    kinds = np.eye(3)[rng.permutation(np.arange(15) % 3)]
    return np.sort(rng.uniform(0, 1, 15))[::-1].copy(), kinds, rng.dirichlet([4.0, 2.0, 1.0])


def _taken(
    answer: Answer, scores: Array, kinds: Array, wanted: Array, trade: float, given: str, why: str
) -> None:
    found = array(answer(scores.copy(), kinds.copy(), wanted.copy(), 6, trade), (6,), given)
    near(found, formulas.calibrated_list(scores, kinds, wanted, 6, trade), given, why)


def _calibrated_score(answer: Answer, rng: Generator) -> None:
    scores, kinds, wanted = _candidates(rng)
    order = rng.permutation(15)
    _taken(
        answer,
        scores[order],
        kinds[order],
        wanted,
        0.0,
        "trade 0",
        "with trade 0 only the scores speak; give places of candidates, best first",
    )


def _calibrated_value(answer: Answer, rng: Generator) -> None:
    for _ in range(5):
        scores, kinds, wanted = _candidates(rng)
        trade = float(rng.uniform(0.5, 0.9))
        _taken(
            answer,
            scores,
            kinds,
            wanted,
            trade,
            f"15 candidates, trade {trade:.2f}",
            "for each candidate left: the list with it, its mixture q as the mean of the kinds, "
            "and the divergence of wanted from q, in this direction",
        )


def _calibrated_missing(answer: Answer, rng: Generator) -> None:
    scores, kinds, wanted = _candidates(rng)
    scores[kinds[:, 1] == 1] -= 5.0  # a kind that people want and no good scores for
    _taken(
        answer,
        scores,
        kinds,
        wanted,
        1.0,
        "trade 1, one kind with low scores",
        "with trade 1 the mixture alone decides; a kind that is not yet shown costs much and not "
        "infinitely: formulas.miscalibration smooths it",
    )


EXERCISES = (
    Exercise(
        "19.1",
        "A bound for one strange click",
        1,
        {
            "at the bound, the worst click takes just the share": _bound_worst,
            "what no bound can keep is refused": _bound_refuses,
        },
        (
            "What is the worst that a click can score, and what the worst that the others can?",
            "share = 1 / (1 + n exp(-2B)): turn it round for B.",
            "B = 0.5 * np.log(n * share / (1 - share)); raise ValueError if share <= 1 / (n + 1)",
        ),
    ),
    Exercise(
        "19.2",
        "The worst small move",
        2,
        {
            "every move has the length that is allowed": _worst_length,
            "no other move of that length raises the loss more": _worst_way,
            "a row without a slope stays where it is": _worst_zero,
        },
        (
            "Which way does a loss rise fastest?",
            "length = np.linalg.norm(gradients, axis=1, keepdims=True), one for each row.",
            "size * gradients / np.where(length > 0, length, 1)",
        ),
    ),
    Exercise(
        "19.3",
        "Caught, at one false alarm in a hundred",
        2,
        {
            "it is the share of the made-up ones above the bar": _caught_share,
            "a tie with the bar is no alarm": _caught_ties,
            "of a few honest ones none may ring": _caught_few,
        },
        (
            "Who decides where the bar lies: everybody, the made-up ones, or the honest?",
            "Sort the honest from the most suspicious down; int(rate * n) of them may lie above "
            "the bar.",
            "honest = np.sort(suspicion[~fake])[::-1]; bar = honest[int(rate * len(honest))]; "
            "(suspicion[fake] > bar).mean()",
        ),
    ),
    Exercise(
        "19.4",
        "Outliers that cannot hide",
        2,
        {
            "it is the distance from the median, in robust deviations": _flags_value,
            "huge values do not hide one another": _flags_masked,
            "among equals only another value is far": _flags_equal,
        },
        (
            "One value goes to a million. What happens to the mean, and what to the median?",
            "apart = np.abs(values - np.median(values)); its own median times 1.4826 is the unit.",
            "apart > limit * 1.4826 * np.median(apart): a product, so that nothing is divided by 0",
        ),
    ),
    Exercise(
        "19.5",
        "Who is shown",
        1,
        {
            "places count by how much they are looked at": _exposure_value,
            "an empty place shows nobody": _exposure_padding,
            "a group that is never shown has a row": _exposure_unshown,
        },
        (
            "Is the first place worth as much as the fifth?",
            "looks = 1 / np.log2(np.arange(2, k + 2)), the same for each list, and lists > 0 says "
            "what is there.",
            "looks = np.broadcast_to(looks, lists.shape)[lists > 0]; total = "
            "np.bincount(groups[lists[lists > 0]], looks, n_groups); total / total.sum()",
        ),
    ),
    Exercise(
        "19.6",
        "A calibrated list, one place at a time",
        3,
        {
            "without a trade the scores decide": _calibrated_score,
            "each place takes what makes the list best": _calibrated_value,
            "a kind with low scores gets its places": _calibrated_missing,
        },
        (
            "The list grows by one. What would it be worth with each of the candidates left?",
            "worth = (1 - trade) * (sum of the scores) - trade * formulas.miscalibration(wanted, "
            "mean of the kinds), with the candidate in the list.",
            "For each of k places: max(left, key=lambda i: worth(chosen + [i])), where left runs "
            "in the order of the candidates.",
        ),
    ),
)
