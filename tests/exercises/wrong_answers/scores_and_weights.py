"""Typical wrong answers to the exercises of the chapter "Scores and weights"."""

import numpy as np

from attnrec_lite.formulas import entropy, softmax


def naive_softmax(scores, axis):
    e = np.exp(scores)
    return e / e.sum(axis, keepdims=True)


def flat_softmax(scores, axis):
    e = np.exp(scores - scores.max())
    return e / e.sum()


def max_normalised(scores, axis):
    return scores / np.abs(scores).sum(axis, keepdims=True)


def add_a_large_negative(scores, mask):
    return softmax(scores + np.where(mask, 0.0, -1e9))


def replace_by_a_large_negative(scores, mask):
    return softmax(np.where(mask, scores, -1e9))


def minus_infinity_only(scores, mask):
    s = np.where(mask, scores, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def mask_after_the_softmax(scores, mask):
    return softmax(scores) * mask


def full_jacobian_without_minus(scores):
    a = softmax(scores)
    return np.diag(a) + np.outer(a, a)


def diagonal_jacobian(scores):
    a = softmax(scores)
    return np.diag(a * (1 - a))


def inverse_temperature(scores, target):
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = np.sqrt(low * high)
        colder = entropy(softmax(scores, temperature=middle)).mean() > target
        low, high = (low, middle) if colder else (middle, high)
    return 1 / middle


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("2.1", naive_softmax, "large scores do not overflow", "subtract the largest score"),
    ("2.1", flat_softmax, "sum to 1", "keepdims"),
    ("2.1", max_normalised, "sum to 1", "divide by the sum"),
    ("2.2", add_a_large_negative, "all zeros", "attends to its padding"),
    ("2.2", replace_by_a_large_negative, "all zeros", "attends to its padding"),
    ("2.2", minus_infinity_only, "all zeros", "0 / 0"),
    ("2.2", mask_after_the_softmax, "share as if", ""),
    ("2.3", lambda n, share: 1 / np.log((n - 1) * share / (1 - share)), "ceiling", "2 apart"),
    ("2.3", lambda n, share: 2 / np.log(n * share / (1 - share) * 3), "ceiling", "2 apart"),
    ("2.3", lambda n, share: -2 / np.log((n - 1) * share / (1 - share)), "ceiling", "exp(-1/τ)"),
    ("2.3", lambda n, share: 0.3, "ceiling", ""),
    ("2.4", diagonal_jacobian, "finite differences", "off the diagonal"),
    ("2.4", full_jacobian_without_minus, "finite differences", "minus"),
    ("2.5", inverse_temperature, "mean entropy is the target", "rises with τ"),
    ("2.5", lambda scores, target: 1.0, "mean entropy is the target", "rises with τ"),
    ("2.6", lambda query: np.stack([query, 2 * query]), "dot", "make item 0 long"),
    ("2.6", lambda query: np.stack([3 * query, query]), "cosine", "along the query"),
    ("2.6", lambda query: np.eye(2, len(query)), "", ""),
]
