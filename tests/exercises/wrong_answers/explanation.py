"""Typical wrong answers to the exercises of the chapter "Explanation"."""

import numpy as np
from scipy.linalg import null_space


def contribution(weights, values, candidate):
    return weights * (values @ candidate)


def not_shared_again(weights, values, candidate):
    whole = weights @ values @ candidate
    left = [np.delete(weights, j) @ np.delete(values, j, 0) for j in range(len(weights))]
    return whole - np.array(left) @ candidate - 1e-3


def divides_by_nothing(weights, values, candidate):
    gap = values @ candidate - weights @ values @ candidate
    return weights / (1 - weights) * gap


def _walk(weights, matrix, how):
    directions = null_space(matrix)
    return weights + how * directions[:, 0] if directions.size else weights


def forgets_the_sum(weights, values):
    directions = null_space(values.T)
    if not directions.size or len(weights) == 3:
        return weights
    n = directions[:, 0] * np.sign(directions[:, 0].sum())
    n = n if (n < 0).any() else -n
    return weights + (weights[n < 0] / -n[n < 0]).min() * n


def too_far(weights, values):
    return _walk(weights, np.vstack([values.T, np.ones(len(values))]), 3.0)


def not_far_enough(weights, values):
    return _walk(weights, np.vstack([values.T, np.ones(len(values))]), 1e-3)


def reversed_weights(weights, values):
    return weights[::-1]


def always_moves(weights, values):
    n = null_space(np.vstack([values.T, np.ones(len(values))]))
    if not n.size:
        return weights[::-1]
    n = n[:, 0]
    return weights + (weights[n < 0] / -n[n < 0]).min() * n


def gradient_times_input(gradient, x, baseline, steps):
    return gradient(x) * (x - baseline)


def from_zero(gradient, x, baseline, steps):
    points = (np.arange(steps) + 0.5) / steps
    return x * np.mean([gradient(baseline + a * (x - baseline)) for a in points], axis=0)


def attribute(gradient, x, baseline, steps):
    points = (np.arange(steps) + 0.5) / steps
    way = x - baseline
    return way * np.mean([gradient(baseline + a * way) for a in points], axis=0)


def always_twenty(gradient, x, baseline, steps):
    return attribute(gradient, x, baseline, 20)


def only_the_mean(gradient, x, baseline, steps):
    points = (np.arange(steps) + 0.5) / steps
    return np.mean([gradient(baseline + a * (x - baseline)) for a in points], axis=0)


def kept_in_given_order(score, history, order, k):
    rest = [i for n, i in enumerate(history) if n not in order[:k]]
    return score(history) - score(rest), score(history) - score(history[order[:k]])


def by_good(score, history, order, k):
    gone = set(history[order[:k]])
    rest, some = [i for i in history if i not in gone], [i for i in history if i in gone]
    return score(history) - score(rest), score(history) - score(some)


def swapped(score, history, order, k):
    mask = np.isin(np.arange(len(history)), order[:k])
    return score(history) - score(history[mask]), score(history) - score(history[~mask])


def _shuffled(weights, rng):
    some = weights.copy()
    for row in some:
        real = row > 0
        row[real] = rng.permutation(row[real])
    return some


def strictly_better(quality, weights, tries, rng):
    own = quality(weights)
    return (1 + sum(quality(_shuffled(weights, rng)) > own for _ in range(tries))) / (1 + tries)


def can_be_zero(quality, weights, tries, rng):
    own = quality(weights)
    return np.mean([quality(_shuffled(weights, rng)) >= own for _ in range(tries)])


def through_padding(quality, weights, tries, rng):
    own = quality(weights)
    drawn = [quality(rng.permuted(weights, axis=1)) >= own for _ in range(tries)]
    return (1 + sum(drawn)) / (1 + tries)


def between_rows(quality, weights, tries, rng):
    own = quality(weights)
    drawn = [quality(rng.permutation(weights)) >= own for _ in range(tries)]
    return (1 + sum(drawn)) / (1 + tries)


def _report(said, shown):
    spoke = [s == m for s, m in zip(said, shown, strict=True) if s is not None]
    return len(spoke) / len(shown), np.mean(spoke) if spoke else np.nan


def last_rule(rules, histories, shown):
    said = []
    for h in histories:
        applies = [then for given, then in rules if given in h and then not in h]
        said.append(applies[-1] if applies else None)
    return _report(said, shown)


def shows_what_she_has(rules, histories, shown):
    said = [next((t for g, t in rules if g in h), None) for h in histories]
    return _report(said, shown)


def silence_is_wrong(rules, histories, shown):
    said = [next((t for g, t in rules if g in h and t not in h), None) for h in histories]
    right = [s == m for s, m in zip(said, shown, strict=True)]
    return np.mean([s is not None for s in said]), np.mean(right)


def silence_is_faithful(rules, histories, shown):
    coverage, fidelity = _report(
        [next((t for g, t in rules if g in h and t not in h), None) for h in histories], shown
    )
    return coverage, 1.0 if np.isnan(fidelity) else fidelity


WRONG = [
    ("17.1", contribution, "less the score without", "the others get its weight"),
    ("17.1", not_shared_again, "less the score without", "sum to 1 again"),
    ("17.1", divides_by_nothing, "one good alone", "nothing is left"),
    ("17.2", forgets_the_sum, "they are weights", "a row of ones"),
    ("17.2", too_far, "they are weights", "no further"),
    ("17.2", not_far_enough, "lost all its weight", "the largest step"),
    ("17.2", reversed_weights, "the context stays", "values do not see"),
    ("17.2", always_moves, "the only ones", "no direction is left"),
    ("17.3", gradient_times_input, "sum to the difference", "not at its end alone"),
    ("17.3", from_zero, "straight line", "begins at the baseline"),
    ("17.3", only_the_mean, "straight line", "times the mean slope"),
    ("17.3", always_twenty, "smaller error", "is steps used"),
    ("17.4", kept_in_given_order, "order kept", "sort the places"),
    ("17.4", by_good, "places are taken", "may stand in the history twice"),
    ("17.4", swapped, "order kept", "these k alone"),
    ("17.5", strictly_better, "a tie counts", ">="),
    ("17.5", can_be_zero, "one of the draws", "one of the 20 draws"),
    ("17.5", through_padding, "padding its zeros", "real goods alone"),
    ("17.5", between_rows, "rows keep their weights", "inside each row"),
    ("17.6", last_rule, "first that applies", "in the order of the list"),
    ("17.6", shows_what_she_has, "what she has", "the next one does"),
    ("17.6", silence_is_wrong, "first that applies", "do not count"),
    ("17.6", silence_is_faithful, "who is silent", "nothing right"),
]
