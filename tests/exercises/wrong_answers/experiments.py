"""Typical wrong answers to the exercises of the chapter "Experiments: asking the people"."""

from statistics import NormalDist

import numpy as np

from attnrec_lite import formulas

quantile = NormalDist().inv_cdf


def users(level_sides=2, variances=2, rounded=True, gains_only=False):
    def users_for(p_a, p_b, power, level):
        side = (1 + level) / 2 if level_sides == 2 else level
        spread = p_a * (1 - p_a) + (variances - 1) * p_b * (1 - p_b)
        n = (quantile(side) + quantile(power)) ** 2 * spread / (p_b - p_a) ** 2
        if gains_only and p_b < p_a:
            return 0
        return np.ceil(n) if rounded else n

    return users_for


def always_the_same_level(p_a, p_b, power, level):
    return users()(p_a, p_b, power, 0.95)


def plain_interval(yes, n):
    half = 1.959964 * np.sqrt(yes / n * (1 - yes / n) / n)
    return yes / n - half, yes / n + half


def stretched_to_one(yes, n):
    low, high = formulas.wilson_interval(yes, n)
    return (low, high) if 0 < yes < n else (yes / n, yes / n)


def by_impression(clicks, impressions):
    rate = clicks.sum() / impressions.sum()
    return np.sqrt(rate * (1 - rate) / impressions.sum())


def mean_of_rates(clicks, impressions):
    return (clicks / impressions).std(ddof=1) / np.sqrt(len(clicks))


def theta_per_arm(a, b, before_a, before_b):
    ends = []
    for y, x in ((a, before_a), (b, before_b)):
        ends.append(formulas.cuped(y, x).mean())
    return ends[1] - ends[0]


def divided_by_nothing(a, b, before_a, before_b):
    y, x = np.concatenate([a, b]), np.concatenate([before_a, before_b])
    theta = np.cov(x, y)[0, 1] / x.var(ddof=1)
    return b.mean() - a.mean() - theta * (before_b.mean() - before_a.mean())


def change_of_each(a, b, before_a, before_b):
    return (b - before_b).mean() - (a - before_a).mean()


def robust(turned=False, floor=None, corrected=True):
    def from_log(action, reward, logging, target, guess):
        rows = np.arange(len(action))
        mu, pi = logging[rows, action], target[rows, action]
        if floor is not None:
            mu = np.maximum(mu, floor)
        elif (mu <= 0).any():
            raise ValueError("no chance")
        w = mu / pi if turned else pi / mu
        guessed = guess[rows, action] if corrected else 0.0
        return (target * guess).sum(1).mean() * corrected + (w * (reward - guessed)).mean()

    return from_log


def unbounded(x, tau):
    n = np.arange(1, len(x) + 1)
    return 1 / formulas.mixture_ratio(x.cumsum(), n, tau)


def at_the_end(x, tau):
    n = np.arange(1, len(x) + 1)
    p = np.minimum(1, 1 / formulas.mixture_ratio(x.cumsum(), n, tau))
    return np.full(len(x), p.min())


def plain_z(x, tau):
    z = np.abs(x.cumsum()) / np.sqrt(np.arange(1, len(x) + 1))
    p = np.array([2 * (1 - NormalDist().cdf(v)) for v in z])
    return np.minimum.accumulate(p)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("9.1", users(level_sides=1), "80 % power at 95 %", "2 quantiles added"),
    ("9.1", users(variances=1), "80 % power at 95 %", "both variances"),
    ("9.1", users(rounded=False), "80 % power at 95 %", "round up"),
    ("9.1", always_the_same_level, "other powers and levels", "the level has two sides"),
    ("9.1", users(gains_only=True), "a loss as well", "a loss has to be found"),
    ("9.2", plain_interval, "Wilson's interval", "leans to one half"),
    ("9.2", stretched_to_one, "nobody and everybody", "twenty of twenty"),
    ("9.3", by_impression, "the delta method", "between users"),
    ("9.3", mean_of_rates, "the delta method", "c - R m"),
    ("9.4", theta_per_arm, "the difference after CUPED", "for both arms together"),
    ("9.4", change_of_each, "the difference after CUPED", "one theta"),
    ("9.4", divided_by_nothing, "does not vary", "not 0 / 0"),
    ("9.5", robust(corrected=False), "the doubly robust estimate", "reward less guess"),
    ("9.5", robust(turned=True), "the doubly robust estimate", "the direct method, plus"),
    ("9.5", robust(floor=1e-3), "is refused", "do not guess one"),
    ("9.6", unbounded, "equations (9.9) and (9.10)", "smallest 1 /"),
    ("9.6", at_the_end, "equations (9.9) and (9.10)", "so far"),
    ("9.6", plain_z, "equations (9.9) and (9.10)", "equation 9.9"),
]
