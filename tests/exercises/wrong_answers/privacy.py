"""Typical wrong answers to the exercises of the chapter "Privacy"."""

import numpy as np
from scipy.special import gammaln, logsumexp


def others_only(rows):
    return np.array([sum((other == row).all() for other in rows) for row in rows]) - 1


def by_sorted_values(rows):
    rows = np.sort(rows, axis=1)
    return np.array([sum((other == row).all() for other in rows) for row in rows])


def sizes_only(rows):
    group, size = np.unique(rows, axis=0, return_inverse=True, return_counts=True)[1:]
    return np.sort(size[group.ravel()])


def first_column(rows):
    return np.array([sum(other[0] == row[0] for other in rows) for row in rows])


def _counts(histories, n_items, most):
    kept = [i for history in histories for i in list(dict.fromkeys(history))[:most]]
    return np.bincount(np.array(kept, int), minlength=n_items)


def _refuse(epsilon):
    if epsilon <= 0:
        raise ValueError("epsilon")


def one_count(histories, n_items, epsilon, most, rng):
    _refuse(epsilon)
    return _counts(histories, n_items, most) + rng.laplace(0, 1 / epsilon, n_items)


def gaussian(histories, n_items, epsilon, most, rng):
    _refuse(epsilon)
    noise = rng.normal(0, np.sqrt(2) * most / epsilon, n_items)
    return _counts(histories, n_items, most) + noise


def no_bound(histories, n_items, epsilon, most, rng):
    _refuse(epsilon)
    everything = _counts(histories, n_items, n_items)
    return everything + rng.laplace(0, most / epsilon, n_items)


def purchases(histories, n_items, epsilon, most, rng):
    _refuse(epsilon)
    kept = [i for history in histories for i in history[:most]]
    counts = np.bincount(np.array(kept, int), minlength=n_items)
    return counts + rng.laplace(0, most / epsilon, n_items)


def takes_any_epsilon(histories, n_items, epsilon, most, rng):
    scale = most / epsilon if epsilon > 0 else 0.0
    return _counts(histories, n_items, most) + rng.laplace(0, scale, n_items)


def cut_at_zero(histories, n_items, epsilon, most, rng):
    _refuse(epsilon)
    noise = rng.laplace(0, most / epsilon, n_items)
    return np.maximum(_counts(histories, n_items, most) + noise, 0)


def clips_the_mean(gradients, limit, noise, expected, rng):
    total = gradients.sum(axis=0)
    total = total / max(1, np.linalg.norm(total) / (limit * len(gradients) + 1e-12))
    return (total + rng.normal(0, noise * limit, gradients.shape[1])) / expected


def _clipped(gradients, limit):
    norm = np.linalg.norm(gradients, axis=1, keepdims=True)
    return gradients / np.maximum(1, norm / limit)


def normalises(gradients, limit, noise, expected, rng):
    norm = np.linalg.norm(gradients, axis=1, keepdims=True)
    total = (limit * gradients / norm).sum(axis=0)
    return (total + rng.normal(0, noise * limit, gradients.shape[1])) / expected


def divides_by_drawn(gradients, limit, noise, expected, rng):
    total = _clipped(gradients, limit).sum(axis=0)
    total = total + rng.normal(0, noise * limit, gradients.shape[1])
    return total / max(1, len(gradients))


def noise_on_the_mean(gradients, limit, noise, expected, rng):
    total = _clipped(gradients, limit).sum(axis=0)
    return total / expected + rng.normal(0, noise * limit, gradients.shape[1])


def noise_without_limit(gradients, limit, noise, expected, rng):
    total = _clipped(gradients, limit).sum(axis=0)
    return (total + rng.normal(0, noise, gradients.shape[1])) / expected


ORDERS = np.arange(2, 129)


def _divergence(rate, noise):
    found = []
    for order in ORDERS:
        k = np.arange(order + 1)
        terms = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
        terms = terms + k * (k - 1) / (2 * noise**2)
        with np.errstate(all="ignore"):
            q, p = k * np.log(rate), np.where(k < order, (order - k) * np.log1p(-rate), 0)
        found.append(logsumexp(terms + q + p) / (order - 1))
    return np.array(found)


def no_sampling(rate, noise, steps, delta):
    spent = steps * ORDERS / (2 * noise**2)
    return (spent + np.log(1 / delta) / (ORDERS - 1)).min()


def one_step(rate, noise, steps, delta):
    return (_divergence(rate, noise) + np.log(1 / delta) / (ORDERS - 1)).min()


def converts_each_step(rate, noise, steps, delta):
    return steps * (_divergence(rate, noise) + np.log(1 / delta) / (ORDERS - 1)).min()


def no_delta(rate, noise, steps, delta):
    return (steps * _divergence(rate, noise)).min()


def order_two(rate, noise, steps, delta):
    return (steps * _divergence(rate, noise) + np.log(1 / delta) / (ORDERS - 1))[0]


def plain_mean(models, counts):
    if not counts.any():
        raise ValueError("counts")
    return models[counts > 0].mean(axis=0)


def weighs_with_zero(models, counts):
    if not counts.any():
        raise ValueError("counts")
    return np.average(models, axis=0, weights=counts)


def plain_sum(models, counts):
    if not counts.any():
        raise ValueError("counts")
    return counts[counts > 0] @ models[counts > 0]


def mean_of_nothing(models, counts):
    has = counts > 0
    return np.nan_to_num((counts[has] @ models[has]) / max(1, counts.sum()))


def joins(inverse, row):
    moved = inverse @ row
    return inverse - np.outer(moved, moved) / (1 + row @ moved)


def no_denominator(inverse, row):
    moved = inverse @ row
    return inverse + np.outer(moved, moved)


def in_place(inverse, row):
    moved = inverse @ row
    inverse += np.outer(moved, moved) / (1 - row @ moved)
    return inverse


def takes_from_the_inverse(inverse, row):
    return inverse - np.outer(row, row)


WRONG = [
    ("18.1", others_only, "columns do not", "crowd of one"),
    ("18.1", by_sorted_values, "columns do not", "column by column"),
    ("18.1", sizes_only, "", "in the order of the rows"),
    ("18.1", first_column, "equal in every column", "in every column"),
    ("18.2", one_count, "scaled to one customer", "not one count"),
    ("18.2", gaussian, "scaled to one customer", "needs a delta"),
    ("18.2", no_bound, "more than their share", "the first `most`"),
    ("18.2", purchases, "more than their share", "count people"),
    ("18.2", takes_any_epsilon, "is refused", "no amount of noise"),
    ("18.2", cut_at_zero, "it is the count", "cut nothing off"),
    ("18.3", clips_the_mean, "at most the limit", "before the sum"),
    ("18.3", normalises, "short ones are not", "a short one stays"),
    ("18.3", divides_by_drawn, "short ones are not", "is itself a secret"),
    ("18.3", noise_on_the_mean, "of the sum, divided", "both are divided"),
    ("18.3", noise_without_limit, "of the sum, divided", "what one person can do"),
    ("18.4", no_sampling, "sees a sample", "sees everybody"),
    ("18.4", one_step, "many steps", "one step was paid"),
    ("18.4", converts_each_step, "many steps", "convert once"),
    ("18.4", no_delta, "sees everybody", "too good to be true"),
    ("18.4", order_two, "sees everybody", "not that of one order"),
    ("18.5", plain_mean, "one step on all rows", "stands for twelve"),
    ("18.5", weighs_with_zero, "without data", "0 times NaN"),
    ("18.5", plain_sum, "one step on all rows", "sum to 1"),
    ("18.5", mean_of_nothing, "is refused", "has no mean"),
    ("18.6", joins, "retraining", "how somebody joins"),
    ("18.6", no_denominator, "retraining", "divide by 1"),
    ("18.6", in_place, "in service", "a new matrix"),
    ("18.6", takes_from_the_inverse, "retraining", "Gram matrix"),
]
