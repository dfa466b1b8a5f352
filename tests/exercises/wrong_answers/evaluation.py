"""Typical wrong answers to the exercises of the chapter "Evaluation"."""

import numpy as np
from scipy.stats import binom, hypergeom


def _dcg(wanted, k):
    shown = np.asarray(wanted)[:k]
    return (shown / np.log2(np.arange(2, len(shown) + 2))).sum()


def never_normalised(wanted, k):
    return _dcg(wanted, k)


def ideal_of_k_ones(wanted, k):
    return _dcg(wanted, k) / _dcg(np.ones(k), k)


def ideal_of_the_shown(wanted, k):
    return _dcg(wanted, k) / max(_dcg(np.sort(wanted[:k])[::-1], k), 1e-12)


def logarithm_of_the_place(wanted, k):
    discount = 1 / np.log2(np.maximum(np.arange(1, len(wanted) + 1), 2))
    best = (np.sort(wanted)[::-1] * discount)[:k].sum()
    return (wanted * discount)[:k].sum() / best


def strict(scores, target, k):
    return float((scores > scores[target]).sum() < k)


def at_least(scores, target, k):
    return float((scores >= scores[target]).sum() <= k)


def by_argsort(scores, target, k):
    return float(target in np.argsort(-scores, kind="stable")[:k])


def averaged_without_asking_for_nan(scores, target, k):
    higher = (scores > scores[target]).sum()
    same = max((scores == scores[target]).sum(), 1)
    return np.clip(k - higher, 0, same) / same


def auc_strict(labels, scores):
    return (scores[labels == 1][:, None] > scores[labels == 0]).mean()


def auc_turned(labels, scores):
    gap = scores[labels == 1][:, None] - scores[labels == 0]
    return ((gap < 0) + 0.5 * (gap == 0)).mean()


def accuracy_at_a_half(labels, scores):
    return ((scores > 0.5) == labels).mean()


def p_unpaired(a, b, draws, rng):
    both = np.concatenate([a, b])
    seen, count = abs(a.mean() - b.mean()), 0
    for _ in range(draws):
        mixed = rng.permutation(both)
        count += abs(mixed[: len(a)].mean() - mixed[len(a) :].mean()) >= seen
    return (1 + count) / (1 + draws)


def _flips(a, b, draws, rng):
    gap = a - b
    return (rng.choice([-1, 1], (draws, len(gap))) * gap).mean(1), gap.mean()


def p_one_sided(a, b, draws, rng):
    null, seen = _flips(a, b, draws, rng)
    return (1 + (null >= seen).sum()) / (1 + draws)


def p_without_the_one(a, b, draws, rng):
    null, seen = _flips(a, b, draws, rng)
    return (np.abs(null) >= abs(seen) - 1e-12).mean()


def p_halved(a, b, draws, rng):
    null, seen = _flips(a, b, draws, rng)
    return (1 + (np.abs(null) >= abs(seen) - 1e-12).sum()) / (1 + draws) / 2


def printed_only(accuracy, recall, f1, rounding):
    share = (1 - accuracy) * f1 / (2 * recall * (1 - f1))
    return share, share


def all_corners_plus(accuracy, recall, f1, rounding):
    shares = [
        (1 - a) * f / (2 * r * (1 - f))
        for a, r, f in (
            (accuracy - rounding, recall - rounding, f1 - rounding),
            (accuracy + rounding, recall + rounding, f1 + rounding),
        )
    ]
    return min(shares), max(shares)


def errors_are_positives(accuracy, recall, f1, rounding):
    return (1 - accuracy, 1 - accuracy)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("8.1", never_normalised, "however many", "min(k, wanted)"),
    ("8.1", ideal_of_k_ones, "one wanted item", "log2(place + 1)"),
    ("8.1", ideal_of_the_shown, "its best order", "sort the whole list"),
    ("8.1", logarithm_of_the_place, "one wanted item", "log2(place + 1)"),
    ("8.2", strict, "earns k / N", "chance hits it"),
    ("8.2", at_least, "earns k / N", "chance hits it"),
    ("8.2", by_argsort, "earns k / N", "chance hits it"),
    ("8.2", averaged_without_asking_for_nan, "NaN is refused", "diverged"),
    ("8.3", auc_strict, "one half", "counts one half"),
    ("8.3", auc_turned, "right order", "wrong order"),
    ("8.3", accuracy_at_a_half, "right order", "every positive against every negative"),
    (
        "8.4",
        lambda place, n, m, k: hypergeom.cdf(k, n - 1, place - 1, m),
        "counting all samples",
        "at most k - 1",
    ),
    (
        "8.4",
        lambda place, n, m, k: binom.cdf(k - 1, m, (place - 1) / (n - 1)),
        "counting all samples",
        "nobody is drawn twice",
    ),
    ("8.4", lambda place, n, m, k: float(place <= k), "counting all samples", ""),
    ("8.5", printed_only, "extreme corners", "try the corners"),
    ("8.5", all_corners_plus, "extreme corners", "not all plus"),
    ("8.5", errors_are_positives, "one share", "together 1 - A"),
    ("8.6", p_unpaired, "1,024 ways", "flip the sign"),
    ("8.6", p_one_sided, "1,024 ways", "both sides"),
    ("8.6", p_halved, "1,024 ways", ""),
    ("8.6", p_without_the_one, "never 0", "(1 + count) / (1 + draws)"),
]
