"""Checkers for the exercises of the chapter "Privacy"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from attnrec_lite.exercises.core import Answer, Exercise, Original, Wrong, array, near

Array = NDArray[np.float64]
ORDERS = np.arange(2, 129)

# 18.1 crowd(rows) ---------------------------------------------------------------------------------


def _crowd(answer: Answer, rows: NDArray[np.int64], given: str) -> Array:
    return array(answer(rows.copy()), (len(rows),), given)


def _crowd_right(answer: Answer, rows: NDArray[np.int64], given: str) -> None:
    right = [sum((other == row).all() for other in rows) for row in rows]
    found = _crowd(answer, rows, given)
    advice = "rows have to agree in every column: np.unique(rows, axis=0, ...)"
    if np.allclose(found + 1, right):
        advice = "somebody whom nobody resembles stands in a crowd of one: count the person, too"
    elif np.allclose(np.sort(found), np.sort(right)):
        advice = "one number for each person, in the order of the rows: return_inverse says whose"
    near(found, right, given, advice)


def _crowd_all(answer: Answer, rng: Generator) -> None:
    rows = np.repeat(rng.permutation(27)[:4], (1, 2, 3, 24))
    rows = rng.permutation(rows[:, None] // (9, 3, 1) % 3)
    _crowd_right(answer, rows, "30 people, 3 columns")


def _crowd_columns(answer: Answer, rng: Generator) -> None:
    rows = np.repeat([[1, 2], [2, 1], [3, 3]], rng.permutation([1, 2, 4]), axis=0)
    found = _crowd(answer, rows, "rows of 1, 2 and of 2, 1")
    threes = rows[:, 0] == 3
    if np.allclose(found, np.where(threes, threes.sum(), (~threes).sum())):
        raise Wrong(
            "rows of 1, 2 and of 2, 1: found to be equal",
            "the same numbers in other columns are another person: compare column by column",
        )
    _crowd_right(answer, rows, "rows of 1, 2 and of 2, 1")


# 18.2 noisy_counts(histories, n_items, epsilon, most, rng) ----------------------------------------


def _noisy(
    answer: Answer, histories: list[list[int]], n: int, epsilon: float, most: int, rng: Generator
) -> Array:
    given = [list(history) for history in histories]
    return array(answer(given, n, epsilon, most, rng), (n,), f"{len(given)} histories, {n} items")


def _noisy_mean(answer: Answer, rng: Generator) -> None:
    histories = [rng.permutation(8)[: rng.integers(0, 4)].tolist() for _ in range(9)]
    right = np.bincount([i for history in histories for i in history], minlength=9)
    found = np.mean([_noisy(answer, histories, 9, 1.0, 4, rng) for _ in range(400)], axis=0)
    near(
        found,
        right,
        "epsilon 1, mean of 400 draws",
        "noise around the count, with mean 0: cut nothing off at 0, and draw for every item",
        atol=1.4,
    )


def _noisy_bound(answer: Answer, rng: Generator) -> None:
    first = rng.permutation(8)
    hoard = [int(i) for i in first for _ in range(3)]  # each item three times
    found = _noisy(answer, [hoard], 8, 1e7, 2, rng)
    right = np.isin(np.arange(8), first[:2])
    if np.allclose(found.sum(), 6, atol=0.01) or found.max() > 1.5:
        raise Wrong(
            f"one customer, three times each item, most 2: largest count {found.max():.0f}",
            "a customer who buys a thing three times is still one customer: count people",
        )
    near(
        found,
        right,
        "one customer with 8 items, most 2, hardly any noise",
        "nobody may add more than `most` to the sum: keep the first `most` different items",
        atol=1e-3,
    )


def _noisy_scale(answer: Answer, rng: Generator) -> None:
    epsilon, most, n = float(rng.uniform(0.2, 2)), int(rng.integers(2, 6)), 20_000
    found = _noisy(answer, [], n, epsilon, most, rng)
    right = most / epsilon * np.sqrt(2)
    given = f"epsilon {epsilon:.2f}, most {most}: deviation {found.std():.2f}"
    if np.isclose(found.std(), right / most, rtol=0.05):
        raise Wrong(
            f"{given}, expected {right:.2f}",
            "one customer can move `most` counts by one each, not one count: scale most / epsilon",
        )
    if not np.isclose(found.std(), right, rtol=0.05):
        raise Wrong(
            f"{given}, expected {right:.2f}",
            "Laplace noise of scale most / epsilon has the deviation sqrt(2) times that",
        )
    tails = np.mean(np.abs(found) > 3 * right)
    if not 0.01 < tails < 0.02:
        raise Wrong(
            f"{tails:.2%} of the noise is beyond three deviations, Laplace has 1.4 %",
            "epsilon alone needs rng.laplace; a Gaussian of that size needs a delta",
        )


def _noisy_refuses(answer: Answer, rng: Generator) -> None:
    for epsilon in (0.0, -1.0):
        try:
            answer([[0]], 2, epsilon, 1, rng)
        except ValueError:
            continue
        raise Wrong(
            f"epsilon {epsilon:g}: expected a ValueError; received an answer",
            "no amount of noise is enough for epsilon 0, and below 0 there is nothing: refuse",
        )


# 18.3 private_mean(gradients, limit, noise, expected, rng) ----------------------------------------


def _private(
    answer: Answer, gradients: Array, limit: float, noise: float, expected: float, rng: Generator
) -> Array:
    given = f"{len(gradients)} gradients of width {gradients.shape[1]}"
    found = answer(gradients.copy(), limit, noise, expected, rng)
    return array(found, gradients.shape[1:], given)


def _clip_all(answer: Answer, rng: Generator) -> None:
    gradients = rng.normal(size=(6, 3)) * rng.uniform(0.1, 5, size=(6, 1))
    limit = float(rng.uniform(0.5, 2))
    length = np.sqrt((gradients**2).sum(axis=1, keepdims=True))
    right = (gradients / np.maximum(1, length / limit)).sum(axis=0) / 4
    found = _private(answer, gradients, limit, 0.0, 4.0, rng)
    if np.allclose(found * 6 / 4, right):
        raise Wrong(
            "6 gradients, 4 expected: the sum was divided by 6",
            "how many were drawn is itself a secret: divide by the number that was expected",
        )
    near(
        found,
        right,
        f"6 gradients, limit {limit:.2f}, no noise",
        "each gradient by itself is divided by max(1, norm / limit); a short one stays",
    )


def _clip_one(answer: Answer, rng: Generator) -> None:
    limit = float(rng.uniform(0.5, 2))
    gradients = rng.normal(size=(20, 4))
    gradients[3] *= 1000
    with_all = _private(answer, gradients, limit, 0.0, 10.0, rng)
    without = _private(answer, np.delete(gradients, 3, axis=0), limit, 0.0, 10.0, rng)
    moved = float(np.linalg.norm(with_all - without)) * 10
    if not moved <= limit * (1 + 1e-6):
        raise Wrong(
            f"limit {limit:.2f}: without one person the sum moves by {moved:.2f}",
            "clip each gradient before the sum, not the sum: one person must not move it further",
        )


def _clip_zero(answer: Answer, rng: Generator) -> None:
    gradients = np.vstack([np.zeros(3), rng.normal(size=3) * 1e-3])
    near(
        _private(answer, gradients, 1.0, 0.0, 2.0, rng),
        gradients.sum(axis=0) / 2,
        "a gradient of zeros and a short one",
        "a norm of 0 divides nothing if you divide by max(1, norm / limit)",
    )


def _clip_noise(answer: Answer, rng: Generator) -> None:
    limit, noise, expected = (float(rng.uniform(low, 2 * low)) for low in (0.5, 1.0, 5.0))
    found = _private(answer, np.zeros((0, 20_000)), limit, noise, expected, rng)
    right, got = noise * limit / expected, float(found.std())
    if not np.isclose(got, right, rtol=0.05):
        advice = "the deviation of the sum is noise * limit, and it is divided with the sum"
        if np.isclose(got, noise * limit, rtol=0.05):
            advice = "noise joins the sum, and both are divided by the number expected"
        if np.isclose(got, noise / expected, rtol=0.05):
            advice = "noise is scaled to what one person can do: noise * limit"
        raise Wrong(f"nobody drawn: deviation {got:.3f}, expected {right:.3f}", advice)


# 18.4 epsilon(rate, noise, steps, delta) ----------------------------------------------------------


def _moments(rate: float, noise: float) -> Array:
    """Renyi divergence of one step at the orders, by the sum over binomial terms."""
    found = []
    for order in ORDERS:
        k = np.arange(order + 1)
        binomial = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
        terms = binomial + k * (k - 1) / (2 * noise**2)
        terms += k * np.log(rate) + (order - k) * np.log1p(-rate) if rate < 1 else 0.0
        found.append((logsumexp(terms) if rate < 1 else terms[-1]) / (order - 1))
    return np.array(found)


def _band(rate: float, noise: float, steps: int, delta: float) -> tuple[float, float]:
    """What an account may say: from the tighter conversion to the plain one, and a little more."""
    spent = steps * _moments(rate, noise)
    plain = spent + np.log(1 / delta) / (ORDERS - 1)
    tight = plain + np.log1p(-1 / ORDERS) - np.log(ORDERS) / (ORDERS - 1)
    return 0.98 * float(tight.min()), 1.01 * float(plain.min())


def _account(answer: Answer, rate: float, noise: float, steps: int, delta: float) -> float:
    given = f"rate {rate:g}, noise {noise:g}, {steps} steps, delta {delta:g}"
    found = float(array(answer(rate, noise, steps, delta), (), given))
    low, high = _band(rate, noise, steps, delta)
    if low <= found <= high:
        return found
    if rate < 1:
        whole_low, whole_high = _band(1.0, noise, steps, delta)
        if whole_low <= found <= whole_high:
            raise Wrong(
                f"{given}: received {found:.3f}, expected {low:.3f} to {high:.3f}",
                "that is the account of a step that sees everybody: use the sum with the rate",
            )
    one_low, one_high = _band(rate, noise, 1, delta)
    if steps > 1 and one_low <= found <= one_high:
        advice = "one step was paid: at each order, steps times the divergence"
    elif np.isclose(found, steps * one_high, rtol=0.05):
        advice = "add up the divergences first and convert once: delta is paid once, not each step"
    elif found < low:
        advice = "too good to be true: convert with ln(1 / delta) / (order - 1), then the minimum"
    else:
        advice = "take the smallest epsilon over many orders, 2 to 128, not that of one order"
    raise Wrong(f"{given}: received {found:.3f}, expected {low:.3f} to {high:.3f}", advice)


def _account_one(answer: Answer, rng: Generator) -> None:
    _account(answer, 1.0, float(rng.uniform(1.5, 4)), 1, 1e-5)


def _account_sampled(answer: Answer, rng: Generator) -> None:
    _account(answer, float(rng.uniform(0.01, 0.1)), float(rng.uniform(0.8, 2)), 1, 1e-5)


def _account_many(answer: Answer, rng: Generator) -> None:
    _account(answer, 0.05, 1.0, 400, 1.5e-4)
    steps = int(rng.integers(100, 1000))
    _account(answer, float(rng.uniform(0.01, 0.1)), float(rng.uniform(0.8, 2)), steps, 1e-5)


# 18.5 averaged(models, counts) --------------------------------------------------------------------


def _averaged(answer: Answer, models: Array, counts: NDArray[np.int64], given: str) -> Array:
    return array(answer(models.copy(), counts.copy()), models.shape[1:], given)


def _average_step(answer: Answer, rng: Generator) -> None:
    counts, start = rng.permutation([1, 3, 12]), rng.normal(size=2)
    goods, wanted = rng.normal(size=(16, 2)), rng.normal(size=16)
    owner = np.repeat(np.arange(3), counts)

    def step(rows: Any) -> Array:
        off = goods[rows] @ start - wanted[rows]
        moved: Array = start - 0.1 * goods[rows].T @ off / len(off)
        return moved

    models = np.array([step(owner == c) for c in range(3)])
    found = _averaged(answer, models, counts, "three clients")
    advice = "a client with twelve rows stands for twelve: weights counts / counts.sum()"
    if np.allclose(found, (counts[:, None] * models).sum(axis=0)):
        advice = "divide by all rows: the weights have to sum to 1"
    near(found, step(slice(None)), f"rows {counts.tolist()}: against one step on all rows", advice)


def _average_empty(answer: Answer, rng: Generator) -> None:
    models = rng.normal(size=(3, 2))
    models[1] = np.nan  # it has trained on nothing
    counts = np.array([2, 0, 5])
    right = (2 * models[0] + 5 * models[2]) / 7
    near(
        _averaged(answer, models, counts, "a client without data"),
        right,
        "rows [2, 0, 5], the client without data sends NaN",
        "0 times NaN is NaN: leave out who has no rows, do not weigh them with 0",
    )


def _average_nobody(answer: Answer, rng: Generator) -> None:
    try:
        answer(rng.normal(size=(2, 2)), np.array([0, 0]))
    except ValueError:
        return
    raise Wrong(
        "rows [0, 0]: expected a ValueError; received an answer",
        "a round in which nobody has data has no mean: say so",
    )


# 18.6 forget(inverse, row) ------------------------------------------------------------------------


def _people(rng: Generator) -> tuple[Array, Array]:
    """Purchases of eight people among five items, and the inverse that a linear model keeps."""
    rows = (rng.random((8, 5)) < 0.5).astype(np.float64)
    rows[0, rng.integers(5)] = 1.0
    inverse = np.asarray(np.linalg.inv(rows.T @ rows + 2 * np.eye(5)), np.float64)
    return rows, inverse


def _forget_one(answer: Answer, rng: Generator) -> None:
    rows, inverse = _people(rng)
    right = np.linalg.inv(rows[1:].T @ rows[1:] + 2 * np.eye(5))
    found = array(answer(inverse.copy(), rows[0].copy()), (5, 5), "eight people, five items")
    moved = inverse @ rows[0]
    advice = "the Gram matrix loses x x'; its inverse gains (P x)(P x)' / (1 - x' P x)"
    if np.allclose(found, inverse - np.outer(moved, moved) / (1 + rows[0] @ moved)):
        advice = "that is how somebody joins: both signs turn round when somebody leaves"
    elif np.allclose(found, inverse + np.outer(moved, moved)):
        advice = "divide by 1 - x' P x"
    near(found, right, "eight people, without the first: against a retrained one", advice)


def _forget_all(answer: Answer, rng: Generator) -> None:
    rows, inverse = _people(rng)
    for row in rows:
        inverse = array(answer(inverse.copy(), row.copy()), (5, 5), "one after the other")
    near(
        inverse,
        np.eye(5) / 2,
        "all eight leave, one after the other",
        "without anybody only the penalty is left: inverse = I / penalty",
    )


def _forget_copy(answer: Answer, rng: Generator) -> None:
    rows, inverse = _people(rng)
    before = inverse.copy()
    found = array(answer(Original(inverse), np.zeros(5)), (5, 5), "a row of zeros")
    near(found, before, "somebody who has bought nothing", "there is nothing to take out")
    answer(Original(inverse), rows[0])
    near(inverse, before, "your input, afterwards", "return a new matrix: others still serve by it")


EXERCISES = (
    Exercise(
        "18.1",
        "The crowd",
        1,
        {
            "columns do not change places": _crowd_columns,
            "it counts who is equal in every column": _crowd_all,
        },
        (
            "Who is in the crowd of somebody whom nobody resembles?",
            "np.unique(rows, axis=0) gives the different rows; it can also say how often each is "
            "there and which one each person has.",
            "_, group, size = np.unique(rows, axis=0, return_inverse=True, return_counts=True); "
            "size[group.ravel()]",
        ),
    ),
    Exercise(
        "18.2",
        "Best-sellers with noise",
        2,
        {
            "in the mean it is the count": _noisy_mean,
            "nobody counts for more than their share": _noisy_bound,
            "the noise is scaled to one customer": _noisy_scale,
            "epsilon of 0 or below is refused": _noisy_refuses,
        },
        (
            "By how much can all the counts together change when one customer leaves?",
            "Keep of each customer the first `most` different items; then no customer moves the "
            "counts by more than `most` in all, and that is what the noise is scaled to.",
            "kept = [i for h in histories for i in list(dict.fromkeys(h))[:most]]; "
            "np.bincount(np.array(kept, int), minlength=n_items) + rng.laplace(0, most / epsilon, "
            "n_items); first raise ValueError unless epsilon > 0.",
        ),
    ),
    Exercise(
        "18.3",
        "One person, one limit",
        2,
        {
            "one person moves the sum by at most the limit": _clip_one,
            "each is clipped, short ones are not": _clip_all,
            "a gradient of zeros is no trouble": _clip_zero,
            "the noise is that of the sum, divided": _clip_noise,
        },
        (
            "Which norm has to be at most the limit: that of the mean, or each one's?",
            "norm = np.linalg.norm(gradients, axis=1, keepdims=True); divide each row by "
            "max(1, norm / limit), add up, add noise of deviation noise * limit.",
            "clipped = gradients / np.maximum(1, norm / limit); (clipped.sum(axis=0) + "
            "rng.normal(0, noise * limit, gradients.shape[1])) / expected",
        ),
    ),
    Exercise(
        "18.4",
        "Keep the account",
        3,
        {
            "one step that sees everybody": _account_one,
            "one step that sees a sample": _account_sampled,
            "many steps": _account_many,
        },
        (
            "What adds up over steps at one order, and what is done only once, at the end?",
            "At order a the divergence of a step is ln(sum over k of binom(a, k) (1 - q)^(a - k) "
            "q^k exp(k (k - 1) / (2 s^2))) / (a - 1); take the sum in logarithms.",
            "For each order a from 2 to 128: steps * divergence + ln(1 / delta) / (a - 1); the "
            "smallest of these. A rate of 1 leaves the last term: divergence a / (2 s^2).",
        ),
    ),
    Exercise(
        "18.5",
        "Clients of unequal size",
        1,
        {
            "one step each is one step on all rows": _average_step,
            "a client without data changes nothing": _average_empty,
            "a round without any data is refused": _average_nobody,
        },
        (
            "Ravi has three rows, Mia has twelve. Whose model says more about all rows?",
            "The weights are rows over all rows. And what is 0 times NaN?",
            "has = counts > 0; refuse if none has; np.average(models[has], axis=0, "
            "weights=counts[has])",
        ),
    ),
    Exercise(
        "18.6",
        "Forget one customer",
        3,
        {
            "it is what retraining without them gives": _forget_one,
            "when all have left, nothing is left": _forget_all,
            "nothing is taken from the model in service": _forget_copy,
        },
        (
            "One customer adds x x' to the Gram matrix. What does its inverse become when that is "
            "taken away again?",
            "Sherman and Morrison: the inverse of A - x x' is P + (P x)(P x)' / (1 - x' P x), "
            "with P the inverse of A.",
            "moved = inverse @ row; inverse + np.outer(moved, moved) / (1 - row @ moved)",
        ),
    ),
)
