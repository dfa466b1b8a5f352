"""Checkers for the exercises of the chapter "Online learning"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

Array = NDArray[np.float64]
WIDTH = 3

# 14.1 one_more(context, log_total, score, value) --------------------------------------------------


def _clicks(
    answer: Answer, scores: Array, values: Array, given: str
) -> tuple[Array, list[float], Array]:
    """Hand the clicks in one by one; the contexts, the logarithms, and the right contexts."""
    context, log_total, contexts, totals = np.zeros(WIDTH), -np.inf, [], []
    for score, value in zip(scores, values, strict=True):
        found = answer(context.copy(), log_total, float(score), value.copy())
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise Wrong(
                f"{given}: expected the context and ln Z; received {type(found).__name__}",
                "two things: return context, log_total",
            )
        context = array(found[0], (WIDTH,), given)
        log_total = float(array(found[1], (), given))
        contexts.append(context)
        totals.append(log_total)
    right = [formulas.softmax(scores[: n + 1]) @ values[: n + 1] for n in range(len(scores))]
    return np.array(contexts), totals, np.array(right)


def _click_all(answer: Answer, rng: Generator) -> None:
    scores, values = rng.normal(size=6), rng.normal(size=(6, WIDTH))
    given = f"scores {scores.round(2).tolist()}, one by one"
    contexts, totals, right = _clicks(answer, scores, values, given)
    near(contexts[0], right[0], f"{given}: after the first", "it has the whole unit: a = 1")
    near(
        contexts,
        right,
        given,
        "a is the share of the new item in the sum of all exponentials, the new one included",
    )
    near(totals[-1], np.log(np.exp(scores).sum()), f"{given}: ln Z", "the new exponential joins Z")


def _click_huge(answer: Answer, rng: Generator) -> None:
    scores, values = rng.normal(size=4) + 1000, rng.normal(size=(4, WIDTH))
    contexts, _, right = _clicks(answer, scores, values, "scores near 1,000")
    near(
        contexts,
        right,
        "scores near 1,000",
        "exp(1000) is no number: np.logaddexp adds two exponentials without taking them",
    )


def _click_order(answer: Answer, rng: Generator) -> None:
    scores, values = rng.normal(size=5), rng.normal(size=(5, WIDTH))
    order = rng.permutation(5)
    first = _clicks(answer, scores, values, "five clicks")[0][-1]
    second = _clicks(answer, scores[order], values[order], "the same in another order")[0][-1]
    near(
        second,
        first,
        "the same five clicks in another order",
        "the exponentials are added up, and a sum knows no order: is an older click fading?",
    )


# 14.2 fading(values, times, half_life) ------------------------------------------------------------


def _fading(answer: Answer, values: Array, times: Array, half_life: float, given: str) -> Array:
    return array(answer(values.copy(), times.copy(), half_life), values.shape, given)


def _fade_all(answer: Answer, rng: Generator) -> None:
    values, times = rng.normal(size=(6, WIDTH)), np.cumsum(rng.uniform(0, 3, size=6))
    half_life = float(rng.uniform(0.5, 2))
    weights = np.tril(np.exp2((times - times[:, None]) / half_life))
    given = f"times {times.round(1).tolist()}, half-life {half_life:.2f}"
    found = _fading(answer, values, times, half_life, given)
    near(found[0], values[0], f"{given}: after the first event", "one event is its own mean")
    near(
        found,
        weights @ values / weights.sum(axis=1, keepdims=True),
        given,
        "weights 2 ** (-age / half_life), age by the clock; divide by the sum of these weights",
    )


def _fade_same(answer: Answer, rng: Generator) -> None:
    values, times = rng.normal(size=(4, WIDTH)), np.full(4, 7.0)
    found = _fading(answer, values, times, 1.0, "four events in one second")
    summed = np.allclose(found[-1], values.sum(axis=0))
    near(
        found[-1],
        values.mean(axis=0),
        "four events in one second",
        "a mean, not a sum: divide by how many are remembered"
        if summed
        else "no time has passed between them, so nothing fades: fade by time, not by event",
    )


def _fade_backwards(answer: Answer, rng: Generator) -> None:
    times = np.array([1.0, 5.0, 3.0])
    try:
        answer(rng.normal(size=(3, WIDTH)), times, 1.0)
    except ValueError:
        return
    raise Wrong(
        f"times {times.tolist()}: expected a ValueError; received an answer",
        "a negative gap makes the past louder than it was: refuse it",
    )


# 14.3 guarded(weights, learn, quality, tolerance) -------------------------------------------------


def _guarded(
    answer: Answer, weights: Array, learn: Callable[..., Any], quality: Callable[..., Any]
) -> tuple[Any, bool]:
    found = answer(weights.copy(), learn, quality, 0.01)
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong(
            f"expected weights and whether they were learned; received {type(found).__name__}",
            "two things: return weights, accepted",
        )
    return array(found[0], weights.shape, "weights"), bool(found[1])


def _near_one(weights: Array) -> float:
    """A quality with its best at 1, which sees the first weight only."""
    return float(1 - abs(weights[0] - 1))


def _setter(place: int, number: float) -> Callable[[Array], None]:
    def learn(weights: Array) -> None:
        weights[place] = number

    return learn


def _guard_good(answer: Answer, rng: Generator) -> None:
    weights = np.concatenate([[0.5], rng.normal(size=4)])
    for goal, what in ((0.9, "an update that helps"), (0.495, "a fall within the tolerance")):
        found, accepted = _guarded(answer, weights, _setter(0, goal), _near_one)
        if not accepted:
            raise Wrong(
                f"{what}: expected it to be kept; received a rollback",
                "only a fall of more than the tolerance is refused",
            )
        near(found[0], goal, what, "return what was learned, not what was there before")


def _guard_bad(answer: Answer, rng: Generator) -> None:
    weights = np.concatenate([[0.5], rng.normal(size=4)])
    found, accepted = _guarded(answer, weights, _setter(0, 5.0), _near_one)
    if accepted:
        raise Wrong("an update that wrecks the quality: expected a rollback", "compare after, too")
    if not np.array_equal(found, weights):
        raise Wrong(
            "an update that wrecks the quality: the weights are not those of before, to the bit",
            "learn changes the array in place: copy it before, in its own precision",
        )


def _guard_nan(answer: Answer, rng: Generator) -> None:
    weights = np.concatenate([[0.5], rng.normal(size=4)])
    for place, quality, what in (
        (0, _near_one, "an update after which the quality is NaN"),
        (3, _near_one, "a weight that is NaN where the quality does not look"),
    ):
        found, accepted = _guarded(answer, weights, _setter(place, np.nan), quality)
        if accepted or not np.array_equal(found, weights):
            raise Wrong(
                f"{what}: expected a rollback; received {found.round(2).tolist()}",
                "every comparison with NaN is False: ask for what is good, not for what is bad, "
                "and ask every weight whether it is finite",
            )


# 14.4 first_alarm(values, target, allowance, limit) -----------------------------------------------


def _alarm(answer: Answer, values: Array, given: str, limit: float = 3.0) -> int:
    return int(array(answer(values.copy(), 5.0, 0.5, limit), (), given))


def _alarm_all(answer: Answer, rng: Generator) -> None:
    values = np.concatenate([rng.normal(5, 1, size=20), rng.normal(3.5, 1, size=20)])
    past = np.flatnonzero(formulas.cusum(values, 5.0, 0.5) > 3)
    given = f"20 looks near 5, then 20 near 3.5: {values[:4].round(1).tolist()} ..."
    near(
        _alarm(answer, values, given),
        past[0] if len(past) else -1,
        given,
        "C = max(0, C + target - value - allowance), and the first look at which it is above",
    )


def _alarm_slow(answer: Answer, rng: Generator) -> None:
    number = int(rng.integers(5, 15))
    values = np.concatenate([np.full(number, 5.0), np.full(20, 4.0)])
    near(
        _alarm(answer, values, "a small loss that lasts"),
        number + 6,
        f"{number} looks at 5, then 20 at 4",
        "no single look is far off; what has been lost adds up: carry the sum from look to look",
    )


def _alarm_gains(answer: Answer, rng: Generator) -> None:
    number = int(rng.integers(10, 30))
    values = np.concatenate([np.full(number, 9.0), np.full(5, 1.0)])
    near(
        _alarm(answer, values, "good times before bad ones"),
        number,
        f"{number} looks at 9, then 5 at 1",
        "good times must not be saved up against bad ones: the sum never goes below 0",
    )


def _alarm_none(answer: Answer, rng: Generator) -> None:
    values = rng.uniform(7, 8, size=int(rng.integers(5, 20)))
    near(_alarm(answer, values, "nothing lost"), -1, "nothing lost", "no alarm: give -1")


def _alarm_nan(answer: Answer, rng: Generator) -> None:
    values = np.full(10, 5.0)
    place = int(rng.integers(1, 9))
    values[place] = np.nan
    near(
        _alarm(answer, values, "a look that is NaN"),
        place,
        f"look {place} is NaN",
        "a figure that is no number is no good news, and max(0, NaN) hides it: ring at once",
    )


# 14.5 moved(before, after, false_alarms) ----------------------------------------------------------


def _moved(answer: Answer, before: Any, after: Any, chance: float, given: str) -> bool:
    found = answer(before.copy(), after.copy(), chance)
    if not isinstance(found, bool | np.bool_):
        raise Wrong(f"{given}: expected True or False; received {type(found).__name__}")
    return bool(found)


def _moved_small(answer: Answer, rng: Generator) -> None:
    shares = np.full(8, 1 / 8)
    rings = 0
    for _ in range(200):
        before, after = rng.multinomial(120, shares, size=2)
        rings += _moved(answer, before, after, 0.05, "no drift")
    if rings > 30:
        raise Wrong(
            f"200 pairs of samples of 120 from the same shares: {rings} rang, 10 were allowed",
            "the index of small samples is large without any drift: the limit of (14.7) knows n "
            "and m, a fixed one does not",
        )


def _moved_large(answer: Answer, rng: Generator) -> None:
    shares = np.full(8, 1 / 8)
    tilted = shares + np.tile([0.02, -0.02], 4)
    before, after = rng.multinomial(40_000, shares), rng.multinomial(40_000, tilted)
    if not _moved(answer, before, after, 0.05, "a drift among 40,000"):
        raise Wrong(
            "40,000 rows each, every share moved by two points: expected True",
            "the limit of (14.7) falls with the number of rows, so that large samples find more",
        )


def _moved_sides(answer: Answer, rng: Generator) -> None:
    shares = np.full(8, 1 / 8)
    rings = 0
    for _ in range(200):
        sizes = rng.permutation([20_000, 150])
        before, after = (rng.multinomial(n, shares) for n in sizes)
        rings += _moved(answer, before, after, 0.05, "no drift")
    if rings > 30:
        raise Wrong(
            f"200 pairs, one side of 20,000 rows and one of 150, no drift: {rings} rang",
            "both sides are samples: 1/n + 1/m, and the smaller side decides",
        )


def _moved_empty(answer: Answer, rng: Generator) -> None:
    before = np.array([400, 300, 299, 1])
    after = np.array([400, 300, 300, 0])
    order = rng.permutation(4)
    if _moved(answer, before[order], after[order], 0.05, "a bin that is empty"):
        raise Wrong(
            f"{before[order].tolist()} and {after[order].tolist()}: expected False; received True",
            "one row less in a bin is no drift, and ln 0 is no number: add one half to each count",
        )


# 14.6 choose(wins, losses, rng) -------------------------------------------------------------------


def _arm(answer: Answer, wins: Any, losses: Any, rng: Generator) -> int:
    arm = int(array(answer(wins.copy(), losses.copy(), rng), (), "the arm"))
    if not 0 <= arm < len(wins):
        raise Wrong(f"expected an arm in 0..{len(wins) - 1}; received {arm}")
    return arm


def _choose_best(answer: Answer, rng: Generator) -> None:
    wins, losses = rng.permuted([900, 300, 300, 300]), np.zeros(4, np.int64)
    losses[:] = 10_000 - wins
    pulled = [_arm(answer, wins, losses, rng) for _ in range(200)]
    if np.mean(np.equal(pulled, wins.argmax())) < 0.9:
        raise Wrong(
            "after 10,000 pulls of each, one arm three times as good: it was pulled in "
            f"{np.mean(np.equal(pulled, wins.argmax())):.0%} of 200 turns",
            "whoever knows should use it: explore less as the counts grow",
        )


def _choose_unlucky(answer: Answer, rng: Generator) -> None:
    wins, losses = np.array([2, 0]), np.array([28, 3])
    pulled = [_arm(answer, wins, losses, rng) for _ in range(200)]
    if 1 not in pulled:
        raise Wrong(
            "one arm with 2 of 30, one with 0 of 3: the second was never pulled in 200 turns",
            "three pulls prove nothing: an arm that may still be the best has to come back",
        )


def _choose_regret(answer: Answer, rng: Generator) -> None:
    rates, lost, turns = np.linspace(0.02, 0.12, 10), [], 2500
    for _ in range(3):
        hidden = rng.permutation(rates)
        clicked = rng.random(turns)
        wins, losses, total = np.zeros(10, np.int64), np.zeros(10, np.int64), 0.0
        for turn in range(turns):
            arm = _arm(answer, wins, losses, rng)
            won = clicked[turn] < hidden[arm]
            wins[arm] += won
            losses[arm] += not won
            total += 0.12 - hidden[arm]
        lost.append(total)
    if np.mean(lost) > 90:
        raise Wrong(
            f"2,500 turns on three hidden shelves: {np.mean(lost):.0f} clicks lost, pulling at "
            "random loses 125, 90 are allowed",
            "explore in proportion to the doubt, and remember that clicks are rare: Thompson's "
            "draw, or an upper bound with a small scale",
        )


EXERCISES = (
    Exercise(
        "14.1",
        "One more click",
        1,
        {
            "click by click it is the softmax over all": _click_all,
            "huge scores are no trouble": _click_huge,
            "the order of the clicks does not matter": _click_order,
        },
        (
            "Which share of the new sum of exponentials is the new one's?",
            "The new sum is Z + exp(s), its logarithm np.logaddexp(log_total, score); the share is "
            "exp of a difference of logarithms.",
            "after = np.logaddexp(log_total, score); a = np.exp(score - after); the context is "
            "(1 - a) * context + a * value.",
        ),
    ),
    Exercise(
        "14.2",
        "Half by the clock",
        1,
        {
            "where no time has passed nothing fades": _fade_same,
            "it is the mean with weights that halve": _fade_all,
            "a clock that runs backwards is refused": _fade_backwards,
        },
        (
            "What must be known of the past to take the mean: all of it, or two sums?",
            "One sum of vectors and one of ones; both fade by the same factor before the new event "
            "is added.",
            "factor = 2 ** (-gap / half_life); total = factor * total + value; count = factor * "
            "count + 1; the mean is total / count. Refuse gap < 0.",
        ),
    ),
    Exercise(
        "14.3",
        "Back to the last good state",
        2,
        {
            "an update that does no harm is kept": _guard_good,
            "harm is put back to the bit": _guard_bad,
            "what is no number is harm": _guard_nan,
        },
        (
            "After learn(weights), what does a name that you gave to weights before still hold?",
            "Keep weights.copy(); measure the quality before and after; and think of what NaN does "
            "in a comparison.",
            "good = np.isfinite(weights).all() and quality(weights) >= before - tolerance; if not "
            "good, return the copy.",
        ),
    ),
    Exercise(
        "14.4",
        "The first alarm",
        2,
        {
            "without a loss it does not ring": _alarm_none,
            "good times are not saved up": _alarm_gains,
            "a small loss that lasts is found": _alarm_slow,
            "a figure that is no number rings": _alarm_nan,
            "it rings where the sum first passes the limit": _alarm_all,
        },
        (
            "What should the sum be after a long time in which all was better than expected?",
            "One number from look to look: add what was lost, take off the allowance, never go "
            "below 0.",
            "lost = max(0.0, lost + target - value - allowance); return the place where lost > "
            "limit or the value is NaN; -1 at the end.",
        ),
    ),
    Exercise(
        "14.5",
        "A limit that knows how many",
        2,
        {
            "both sides are samples": _moved_sides,
            "small samples do not ring for nothing": _moved_small,
            "large samples find a small drift": _moved_large,
            "an empty bin is no catastrophe": _moved_empty,
        },
        (
            "How large is the index of two samples of the same thing? Try it with 100 rows each.",
            "Two formulas: the index of (14.6) against the limit of (14.7), with n and m the sums "
            "of the counts and B their number.",
            "formulas.stability_index(before, after) > formulas.stability_limit(before.sum(), "
            "after.sum(), len(before), false_alarms)",
        ),
    ),
    Exercise(
        "14.6",
        "Which one to show",
        3,
        {
            "what is known is used": _choose_best,
            "an unlucky start is no verdict": _choose_unlucky,
            "little is lost on a shelf nobody knows": _choose_regret,
        },
        (
            "How sure are you of an arm with 0 of 3, and how sure of one with 0 of 300?",
            "Guess what each arm earns, with a guess that is wide where you know little; pull the "
            "arm with the highest guess.",
            "rng.beta(1 + wins, 1 + losses).argmax()",
        ),
    ),
)
