"""Typical wrong answers to the exercises of the chapter "Online learning"."""

import numpy as np

from attnrec_lite import formulas


def by_exponentials(context, log_total, score, value):
    z = np.exp(log_total) + np.exp(score)
    a = np.exp(score) / z
    return (1 - a) * context + a * value, np.log(z)


def half_and_half(context, log_total, score, value):
    return (context + value) / 2, np.logaddexp(log_total, score)


def total_stays(context, log_total, score, value):
    a = np.exp(score - np.logaddexp(log_total, score))
    return (1 - a) * context + a * value, max(log_total, score)


def context_only(context, log_total, score, value):
    a = np.exp(score - np.logaddexp(log_total, score))
    return (1 - a) * context + a * value


def _fading(values, times, half_life, base=2.0, by_event=False):
    total, count, last, found = np.zeros(values.shape[1]), 0.0, times[0], []
    for value, time in zip(values, times, strict=True):
        if time < last:
            raise ValueError("time: the clock ran backwards")
        factor = base ** (-(1 if by_event else time - last) / half_life)
        total, count, last = factor * total + value, factor * count + 1, time
        found.append(total / count)
    return np.array(found)


def base_e(values, times, half_life):
    return _fading(values, times, half_life, base=np.e)


def by_event(values, times, half_life):
    return _fading(values, times, half_life, by_event=True)


def sum_not_mean(values, times, half_life):
    weights = np.tril(np.exp2((times - times[:, None]) / half_life))
    return weights @ values


def backwards(values, times, half_life):
    weights = np.tril(np.exp2((times - times[:, None]) / half_life))
    return weights @ values / weights.sum(axis=1, keepdims=True)


def keeps_a_name(weights, learn, quality, tolerance):
    before, was = quality(weights), weights
    learn(weights)
    if np.isfinite(weights).all() and quality(weights) >= before - tolerance:
        return weights, True
    return was, False


def asks_for_bad(weights, learn, quality, tolerance):
    before, was = quality(weights), weights.copy()
    learn(weights)
    if quality(weights) < before - tolerance:
        return was, False
    return weights, True


def quality_alone(weights, learn, quality, tolerance):
    before, was = quality(weights), weights.copy()
    learn(weights)
    good = quality(weights) >= before - tolerance
    return (weights, True) if good else (was, False)


def in_single_precision(weights, learn, quality, tolerance):
    before, was = quality(weights), weights.astype(np.float32)
    learn(weights)
    good = np.isfinite(weights).all() and quality(weights) >= before - tolerance
    return (weights, True) if good else (was, False)


def no_tolerance(weights, learn, quality, tolerance):
    before, was = quality(weights), weights.copy()
    learn(weights)
    good = np.isfinite(weights).all() and quality(weights) >= before
    return (weights, True) if good else (was, False)


def each_alone(values, target, allowance, limit):
    rings = np.flatnonzero((target - values - allowance > limit) | np.isnan(values))
    return rings[0] if len(rings) else -1


def saves_up(values, target, allowance, limit):
    rings = np.flatnonzero(np.cumsum(target - values - allowance) > limit)
    return rings[0] if len(rings) else -1


def hides_nan(values, target, allowance, limit):
    lost = 0.0
    for look, value in enumerate(values):
        lost = max(0.0, lost + target - value - allowance)
        if lost > limit:
            return look
    return -1


def rings_for_gains(values, target, allowance, limit):
    lost = 0.0
    for look, value in enumerate(values):
        lost = max(0.0, lost + value - target - allowance)
        if lost > limit or np.isnan(value):
            return look
    return -1


def fixed_limit(before, after, false_alarms):
    return formulas.stability_index(before, after) > 0.1


def lenient_limit(before, after, false_alarms):
    return formulas.stability_index(before, after) > 0.25


def one_side(before, after, false_alarms):
    limit = formulas.stability_limit(before.sum(), 10**9, len(before), false_alarms)
    return formulas.stability_index(before, after) > limit


def plain_logarithm(before, after, false_alarms):
    p, q = before / before.sum(), after / after.sum()
    limit = formulas.stability_limit(before.sum(), after.sum(), len(before), false_alarms)
    return ((q - p) * np.log(q / p)).sum() > limit


def greedy(wins, losses, rng):
    return np.argmax(wins / np.maximum(wins + losses, 1))


def half_random(wins, losses, rng):
    if rng.random() < 0.5:
        return rng.integers(len(wins))
    return np.argmax(wins / np.maximum(wins + losses, 1))


def textbook(wins, losses, rng):
    n = wins + losses
    if (n == 0).any():
        return np.argmin(n)
    return np.argmax(wins / n + np.sqrt(2 * np.log(n.sum()) / n))


WRONG = [
    ("14.1", by_exponentials, "huge scores are no trouble", "np.logaddexp"),
    ("14.1", half_and_half, "click by click", "whole unit"),
    ("14.1", total_stays, "click by click", "sum of all exponentials"),
    ("14.1", context_only, "click by click", "two things"),
    ("14.2", base_e, "weights that halve", "2 ** (-age"),
    ("14.2", by_event, "no time has passed", "by time, not by event"),
    ("14.2", sum_not_mean, "no time has passed", "not a sum"),
    ("14.2", backwards, "runs backwards", "refuse it"),
    ("14.3", keeps_a_name, "to the bit", "copy it before"),
    ("14.3", asks_for_bad, "no number is harm", "ask for what is good"),
    ("14.3", quality_alone, "no number is harm", "whether it is finite"),
    ("14.3", in_single_precision, "to the bit", "in its own precision"),
    ("14.3", no_tolerance, "does no harm is kept", "more than the tolerance"),
    ("14.4", each_alone, "small loss that lasts", "adds up"),
    ("14.4", saves_up, "not saved up", "never goes"),
    ("14.4", hides_nan, "no number rings", "ring at once"),
    ("14.4", rings_for_gains, "without a loss", "give -1"),
    ("14.5", fixed_limit, "do not ring for nothing", "a fixed one does not"),
    ("14.5", lenient_limit, "find a small drift", "falls with the number"),
    ("14.5", one_side, "both sides are samples", "the smaller side decides"),
    ("14.5", plain_logarithm, "empty bin", "add one half"),
    ("14.6", greedy, "unlucky start", "has to come back"),
    ("14.6", half_random, "what is known is used", "as the counts grow"),
    ("14.6", textbook, "little is lost", "clicks are rare"),
]
