"""Checkers for the exercises of the chapter "Experiments: asking the people"."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 9.1 users_for(p_a, p_b, power, level) ------------------------------------------------------------


def _users(answer: Answer, a: float, b: float, power: float, level: float, advice: str) -> float:
    given = f"{a:.3f} against {b:.3f}, power {power:.2f}, level {level:.2f}"
    needed = formulas.users_per_arm([a * (1 - a), b * (1 - b)], b - a, power, level)
    found = float(answer(a, b, power, level))
    if not abs(found - needed) <= 1:  # so that a NaN is wrong too
        raise Wrong(f"{given}: expected {ceil(needed):,}; received {found:,.6g}", advice)
    if found != round(found) or found < needed - 1e-6:
        raise Wrong(f"{given}: {needed:.2f} are needed; received {found:,.6g}",
                    "half a customer cannot be drawn, and one too few is too few: round up"
                    )  # fmt: skip
    return found


def _users_plain(answer: Answer, rng: Generator) -> None:
    for _ in range(4):
        a = rng.uniform(0.05, 0.3)
        _users(answer, a, a + rng.uniform(0.01, 0.05), 0.8, 0.95,
               "(2 quantiles added, squared) times (both variances added), by the square of the "
               "difference")  # fmt: skip


def _users_other_levels(answer: Answer, rng: Generator) -> None:
    for level in (0.9, 0.99):
        a = rng.uniform(0.1, 0.3)
        _users(answer, a, a + 0.04, rng.uniform(0.6, 0.95), level,
               "the level has two sides, its quantile is at (1 + level) / 2; the power has one"
               )  # fmt: skip


def _users_downwards(answer: Answer, rng: Generator) -> None:
    a = rng.uniform(0.1, 0.3)
    _users(answer, a, a - 0.04, 0.8, 0.95, "a loss has to be found as well as a gain")


# 9.2 share_interval(yes, n) -----------------------------------------------------------------------


def _interval(answer: Answer, yes: int, n: int) -> np.ndarray:
    return array(answer(yes, n), (2,), f"{yes} of {n}")


def _interval_plain(answer: Answer, rng: Generator) -> None:
    for _ in range(4):
        n = int(rng.integers(20, 400))
        yes = int(rng.integers(n // 4, n // 2))
        near(_interval(answer, yes, n), formulas.wilson_interval(yes, n), f"{yes} of {n}",
             "Wilson's interval is not centred on the share: its middle leans to one half",
             atol=2e-5)  # fmt: skip


def _interval_ends(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(5, 40))
    for yes in (0, n):
        found = _interval(answer, yes, n)
        if found[0] < -1e-9 or found[1] > 1 + 1e-9:
            raise Wrong(f"{yes} of {n}: {found.round(4)} leaves [0, 1]", "no share is outside")
        if np.ptp(found) < 1e-3:
            raise Wrong(f"{yes} of {n}: {found.round(4)} has no width",
                        "twenty of twenty is not all: p(1 - p) is 0, the rest of the root is not"
                        )  # fmt: skip
        near(found, formulas.wilson_interval(yes, n), f"{yes} of {n}", "see equation (9.11)",
             atol=2e-5)  # fmt: skip


def _interval_mirror(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(10, 80))
    yes = int(rng.integers(1, n))
    near(_interval(answer, n - yes, n), 1 - _interval(answer, yes, n)[::-1],
         f"{n - yes} of {n}, from {yes} of {n}", "yes and no change places, nothing else"
         )  # fmt: skip


# 9.3 rate_error(clicks, impressions) --------------------------------------------------------------


def _clicks(rng: Generator, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    seen = rng.integers(1, 40, n)
    return rng.binomial(seen, rng.beta(1, 3, n)).astype(float), seen.astype(float)


def _error_plain(answer: Answer, rng: Generator) -> None:
    for _ in range(3):
        c, m = _clicks(rng)
        near(float(answer(c.copy(), m.copy())), formulas.ratio_of_totals(c, m)[1], "80 users",
             "the variance of c - R m between users (ddof=1), by n and by the square of the mean "
             "of m",
             atol=1e-9)  # fmt: skip


def _error_twice(answer: Answer, rng: Generator) -> None:
    c, m = _clicks(rng)
    near(float(answer(2 * c, 2 * m)), float(answer(c.copy(), m.copy())),
         "each user with all clicks and impressions twice",
         "more impressions of the same people are not more people", atol=1e-9)  # fmt: skip


def _error_one_each(answer: Answer, rng: Generator) -> None:
    c = (rng.random(120) < 0.3).astype(float)
    near(float(answer(c, np.ones(120))), c.std(ddof=1) / 120**0.5,
         "one impression of each of 120 users", "then it is the error of a plain mean",
         atol=1e-9)  # fmt: skip


# 9.4 adjusted_difference(a, b, before_a, before_b) ------------------------------------------------


def _arms(rng: Generator) -> list[np.ndarray]:
    size = rng.integers(30, 60, 2)
    before = [rng.poisson(5, n).astype(float) for n in size]
    after = [0.8 * x + rng.normal(d, 1, len(x)) for x, d in zip(before, (0, 0.5), strict=True)]
    return [*after, *before]


def _adjusted(arms: list[np.ndarray]) -> float:
    y = formulas.cuped(np.concatenate(arms[:2]), np.concatenate(arms[2:]))
    return float(y[len(arms[0]) :].mean() - y[: len(arms[0])].mean())


def _adjusted_plain(answer: Answer, rng: Generator) -> None:
    for _ in range(3):
        arms = _arms(rng)
        found, expected = float(answer(*(x.copy() for x in arms))), _adjusted(arms)
        if np.isclose(found, -expected):
            raise Wrong(f"two arms: expected {expected:+.4f}; received {found:+.4f}",
                        "the difference of B from A is B less A")  # fmt: skip
        near(found, expected, "two arms",
             "one theta and one mean of x for both arms together: else the adjustment takes away "
             "what it should keep, or nothing at all")  # fmt: skip


def _adjusted_constant(answer: Answer, rng: Generator) -> None:
    a, b, x, y = _arms(rng)
    plain = b.mean() - a.mean()
    near(float(answer(a, b, x * 0 + 3, y * 0 + 3)), plain, "everybody bought 3 before",
         "what does not vary explains nothing: theta is 0, not 0 / 0")  # fmt: skip


def _adjusted_absorbs(answer: Answer, rng: Generator) -> None:
    a, b, x, y = _arms(rng)
    near(float(answer(a + 10 * x, b + 10 * y, x, y)), float(answer(a, b, x, y)),
         "ten times the past added to everyone's outcome",
         "theta grows by 10 and takes it away again: subtract, in both arms")  # fmt: skip


# 9.5 from_log(action, reward, logging, target, guess) ---------------------------------------------


def _policy(rng: Generator, n: int, actions: int) -> np.ndarray:
    return rng.dirichlet(np.ones(actions) * 2, n)


def _log(rng: Generator, n: int = 60, actions: int = 4) -> tuple[np.ndarray, ...]:
    logging, target = _policy(rng, n, actions), _policy(rng, n, actions)
    action = np.array([rng.choice(actions, p=p) for p in logging])
    guess = rng.random((n, actions))
    return action, (rng.random(n) < 0.4).astype(float), logging, target, guess


def _robust(log: tuple[np.ndarray, ...]) -> float:
    action, reward, logging, target, guess = log
    rows = np.arange(len(action))
    w = formulas.importance_weights(target[rows, action], logging[rows, action])
    direct = formulas.policy_value(target, guess)
    return formulas.doubly_robust(w, reward, guess[rows, action], direct)


def _robust_plain(answer: Answer, rng: Generator) -> None:
    for _ in range(3):
        log = _log(rng)
        near(float(answer(*(x.copy() for x in log))), _robust(log), "a log of 60 rows",
             "the direct method, plus the mean of w times (reward less guess)")  # fmt: skip


def _robust_unbiased(answer: Answer, rng: Generator) -> None:
    q, guess = rng.random((1, 3)), rng.random((1, 3))
    logging, target = _policy(rng, 1, 3), _policy(rng, 1, 3)
    mean = 0.0
    for a in range(3):
        one = float(answer(np.array([a]), q[0, [a]], logging.copy(), target.copy(), guess.copy()))
        mean += logging[0, a] * one
    near(mean, formulas.policy_value(target, q), "the mean over all logs of one row",
         "the weight is the target's chance over the log's, not the other way round")  # fmt: skip


def _robust_shift(answer: Answer, rng: Generator) -> None:
    action, reward, logging, target, guess = _log(rng)
    before = float(answer(action, reward, logging, target, guess))
    after = float(answer(action, reward - 1, logging, target, guess - 1))
    near(after, before - 1, "1 taken from every reward and every guess",
         "a cost of 0 or -1 says what a reward of 1 or 0 says")  # fmt: skip


def _robust_refuses(answer: Answer, rng: Generator) -> None:
    action, reward, logging, target, guess = _log(rng)
    row = int(rng.integers(len(action)))
    logging[row] = np.where(np.arange(4) == action[row], 0.0, 1 / 3)
    try:
        found = answer(action, reward, logging, target, guess)
    except ValueError:
        return
    raise Wrong(f"a logged action had chance 0: expected a ValueError; received {found!r:.40}",
                "what was shown had a chance, so the log is wrong: do not guess one")  # fmt: skip


# 9.6 p_at_every_look(x, tau) ----------------------------------------------------------------------


def _looks(answer: Answer, x: np.ndarray, tau: float) -> np.ndarray:
    return array(answer(x.copy(), tau), (len(x),), f"{len(x)} numbers")


def _expected(x: np.ndarray, tau: float) -> np.ndarray:
    ratios = formulas.mixture_ratio(x.cumsum(), np.arange(1, len(x) + 1), tau)
    return formulas.always_valid_p(ratios)


def _looks_plain(answer: Answer, rng: Generator) -> None:
    for tau in rng.uniform(0.1, 0.8, 3):
        x = rng.normal(0.15, 1, 150)
        near(_looks(answer, x, tau), _expected(x, tau), f"150 numbers, tau {tau:.2f}",
             "p is the smallest 1 / (equation 9.9) so far, and never above 1")  # fmt: skip


def _looks_fall(answer: Answer, rng: Generator) -> None:
    p = _looks(answer, rng.normal(0.2, 1, 200), 0.3)
    if (np.diff(p) > 1e-12).any():
        raise Wrong("the p value rises again", "what was seen once stays seen: a running minimum")


def _looks_no_future(answer: Answer, rng: Generator) -> None:
    x = rng.normal(0, 1, 100)
    near(_looks(answer, x[:40], 0.3), _looks(answer, x, 0.3)[:40], "the first 40 of 100",
         "a look may use what came before it and nothing else")  # fmt: skip


def _looks_alarms(answer: Answer, rng: Generator) -> None:
    x = rng.normal(size=(200, 300))
    alarms = np.mean([_looks(answer, row, 0.2).min() <= 0.05 for row in x])
    if alarms > 0.12:  # 0.05 at most is promised; by chance less than once in ten thousand
        raise Wrong(f"200 tests of nothing, 300 looks each: {alarms:.0%} gave an alarm",
                    "a plain z at each look promises 5 % for one look only")  # fmt: skip


EXERCISES = (
    Exercise(
        "9.1",
        "How many customers?",
        1,
        {
            "80 % power at 95 %": _users_plain,
            "other powers and levels": _users_other_levels,
            "a loss as well as a gain": _users_downwards,
        },
        (
            "Which four numbers stand in equation (9.4)?",
            "The variance of a yes or no is p (1 - p), one for each arm.",
            "NormalDist().inv_cdf((1 + level) / 2) and inv_cdf(power), added and squared; "
            "np.ceil at the end.",
        ),
    ),
    Exercise(
        "9.2",
        "A share and its interval",
        1,
        {
            "Wilson's interval at 95 %": _interval_plain,
            "nobody and everybody": _interval_ends,
            "yes and no are mirrors": _interval_mirror,
        },
        (
            "What does p ± 1.96 SE say when all of twenty say yes?",
            "Write c = 1.96 (to all its digits) and s = c² / n, and take (9.11) term by term.",
            "(p + s/2 ± c sqrt(p (1 - p) / n + s / (4 n))) / (1 + s)",
        ),
    ),
    Exercise(
        "9.3",
        "Clicks per impression, by user",
        2,
        {
            "the delta method": _error_plain,
            "twice the impressions of the same users change nothing": _error_twice,
            "with one impression each it is the error of a mean": _error_one_each,
        },
        (
            "Who was drawn, the impression or the user?",
            "Give each user one number, c - R m, where R is the rate of all.",
            "rest.std(ddof=1) / sqrt(n) / impressions.mean()",
        ),
    ),
    Exercise(
        "9.4",
        "Known before",
        2,
        {
            "the difference after CUPED": _adjusted_plain,
            "a past that does not vary changes nothing": _adjusted_constant,
            "the past added to the outcome changes nothing": _adjusted_absorbs,
        },
        (
            "By how much do the arms differ in what was before, and what is that worth now?",
            "theta comes from both arms together: covariance over variance.",
            "(mean b - mean a) - theta (mean before_b - mean before_a); theta = 0 where the "
            "variance is 0.",
        ),
    ),
    Exercise(
        "9.5",
        "Ask the log",
        3,
        {
            "the doubly robust estimate": _robust_plain,
            "right on average, whatever the guess": _robust_unbiased,
            "a constant on every reward moves it by that constant": _robust_shift,
            "a chance of 0 for what was shown is refused": _robust_refuses,
        },
        (
            "What would the model say, and by how much does the log say otherwise?",
            "rows = np.arange(n); target[rows, action] / logging[rows, action] are the weights.",
            "(target * guess).sum(1).mean() + (w * (reward - guess[rows, action])).mean(), after a "
            "look at the propensities.",
        ),
    ),
    Exercise(
        "9.6",
        "A p value for every look",
        3,
        {
            "equations (9.9) and (9.10)": _looks_plain,
            "it never rises": _looks_fall,
            "it knows nothing of the future": _looks_no_future,
            "tests of nothing seldom cry": _looks_alarms,
        },
        (
            "Which sum, and which n, has the test seen at each look?",
            "x.cumsum() and np.arange(1, n + 1) go into (9.9); then 1 over it.",
            "np.minimum.accumulate(np.minimum(1, 1 / ratio))",
        ),
    ),
)
