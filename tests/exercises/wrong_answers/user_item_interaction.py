"""Typical wrong answers to the exercises on the user side, item side and interaction side."""

import numpy as np

from attnrec_lite.formulas import masked_softmax, softmax


def pool(history, mask, query):
    weights = masked_softmax(history @ query / np.sqrt(history.shape[1]), mask)
    return weights @ history


def unscaled(history, mask, query):
    return masked_softmax(history @ query, mask) @ history


def masked_afterwards(history, mask, query):
    return (softmax(history @ query / np.sqrt(history.shape[1])) * mask) @ history


def not_a_number(history, mask, query):
    e = np.where(mask, np.exp(history @ query / np.sqrt(history.shape[1])), 0)
    return e @ history / e.sum()


def unit(history, candidate, W, b, w):
    same = np.broadcast_to(candidate, history.shape)
    x = np.hstack([history, same, history - same, history * same])
    return np.maximum(x @ W.T + b, 0) @ w


def din_with_softmax(history, mask, candidate, W, b, w):
    return masked_softmax(unit(history, candidate, W, b, w), mask) @ history


def din_with_padding(history, mask, candidate, W, b, w):
    return unit(history, candidate, W, b, w) @ history


def din_mean(history, mask, candidate, W, b, w):
    s = unit(history, candidate, W, b, w) * mask
    return s @ history / max(mask.sum(), 1) * 7


def din_infinite_mask(history, mask, candidate, W, b, w):
    return np.where(mask, unit(history, candidate, W, b, w), -1e9) @ history


def din_without_relu(history, mask, candidate, W, b, w):
    same = np.broadcast_to(candidate, history.shape)
    x = np.hstack([history, same, history - same, history * same])
    return ((x @ W.T + b) @ w * mask) @ history


def plain_softmax(scores, beta, mask):
    return masked_softmax(scores, mask)


def maximum_lost(scores, beta, mask):
    e = np.where(mask, np.exp(np.where(mask, scores, -np.inf) - scores[mask].max()), 0)
    return e / e.sum() ** beta


def power_of_each(scores, beta, mask):
    e = np.where(mask, np.exp(scores), 0)
    return e / np.where(mask, e**beta, 0).sum() ** (beta > 0)


def overflowing(scores, beta, mask):
    e = np.where(mask, np.exp(scores), 0)
    return e / e.sum() ** beta


def unmasked(scores, beta, mask):
    top = scores.max()
    return np.exp(scores - beta * (top + np.log(np.exp(scores - top).sum())))


def shares_to_a_power(scores, beta, mask):
    return masked_softmax(scores, mask) ** beta


def afm(pick, normalise=softmax):
    def answer(vectors, W, b, h):
        f, g = pick(len(vectors))
        pairs = vectors[f] * vectors[g]
        return normalise(np.maximum(pairs @ W.T + b, 0) @ h) @ pairs

    return answer


def ordered(m):
    return np.triu_indices(m, 1)


def with_itself(m):
    return np.triu_indices(m)


def neighbours(m):
    return np.arange(m - 1), np.arange(1, m)


def differences(vectors, W, b, h):
    f, g = ordered(len(vectors))
    pairs = vectors[f] - vectors[g]
    return softmax(np.maximum(pairs @ W.T + b, 0) @ h) @ pairs


def beside(quality, category, others=True, empty=0.0):
    same = category[:, None] == category
    if others:
        same &= ~np.eye(len(quality), dtype=bool)
    count = same.sum(1)
    mean = np.where(count, same @ quality / np.maximum(count, 1), empty)
    return quality - mean


def nan_alone(quality, category):
    same = (category[:, None] == category) & ~np.eye(len(quality), dtype=bool)
    return quality - same @ quality / same.sum(1)


def all_the_others(quality, category):
    n = len(quality)
    rivals = len(np.unique(category)) < n
    return quality - rivals * (quality.sum() - quality) / (n - 1)


def best_rival(quality, category):
    same = (category[:, None] == category) & ~np.eye(len(quality), dtype=bool)
    best = np.where(same, quality, -np.inf).max(1)
    return quality - np.where(same.any(1), best, 0)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("10.1", unscaled, "weighted sum under the softmax", "root of the width"),
    ("10.1", masked_afterwards, "padding gets nothing", "before the softmax divides"),
    ("10.1", not_a_number, "empty history", "not NaN"),
    ("10.2", din_with_softmax, "sum of activation times item", "no softmax"),
    ("10.2", din_without_relu, "sum of activation times item", "relu between"),
    ("10.2", din_with_padding, "padding contributes nothing", "multiply the activations"),
    ("10.2", din_infinite_mask, "padding contributes nothing", "a mask of -inf is no help"),
    ("10.2", din_mean, "padding contributes nothing", "multiply the activations"),
    ("10.3", plain_softmax, "at β = 0", "nothing is divided"),
    ("10.3", maximum_lost, "at β = 0", "largest score"),
    ("10.3", unmasked, "at β = 1", "masked softmax"),
    ("10.3", power_of_each, "between, the sum is raised", "whole sum"),
    ("10.3", shares_to_a_power, "at β = 0", "nothing is divided"),
    ("10.3", overflowing, "large scores", "put β ln(sum) into the exponent"),
    ("10.4", afm(with_itself), "weighted sum of all pair products", "one product per pair"),
    ("10.4", afm(neighbours), "weighted sum of all pair products", "m(m - 1)/2"),
    ("10.4", afm(ordered, lambda s: s), "weighted sum of all pair products", "one softmax"),
    ("10.4", differences, "weighted sum of all pair products", "one product"),
    ("10.5", lambda h: h[::-1], "the history is longer", "another order"),
    ("10.5", lambda h: np.concatenate([h, h[-1:]]), "no activation unit", "share of its own"),
    ("10.5", lambda h: np.concatenate([h, np.zeros_like(h)]), "no activation unit", "as it was"),
    ("10.5", lambda h: h[:-1], "no activation unit", "share"),
    ("10.6", lambda q, c: beside(q, c, others=False), "less the mean quality", "hide the diagonal"),
    ("10.6", best_rival, "less the mean quality", "not the best"),
    ("10.6", nan_alone, "without a rival", "an empty row"),
    ("10.6", all_the_others, "less the mean quality", "others of its category"),
    ("10.6", lambda q, c: beside(q, c, empty=q.mean()), "without a rival", "keeps all"),
]
