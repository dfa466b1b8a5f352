"""Checkers for the exercises of the chapter "Evaluation"."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 8.1 ndcg(wanted, k) ------------------------------------------------------------------------------


def _ndcg_one(ndcg: Answer, rng: Generator) -> None:
    k = int(rng.integers(4, 9))
    for place in (1, int(rng.integers(2, k + 1)), k + 1):
        wanted = np.eye(12, dtype=int)[place - 1]
        found = array(ndcg(wanted.copy(), k), (), f"one wanted item, at place {place}, k={k}")
        advice = "place 1 counts 1, place 2 counts 1 / log2(3): divide by log2(place + 1)"
        if place > k:
            advice = "what stands below place k earns nothing"
        near(found, formulas.ndcg(wanted, k), f"one wanted item, at place {place}, k={k}", advice)


def _ndcg_best(ndcg: Answer, rng: Generator) -> None:
    k = int(rng.integers(5, 9))
    for number in (2, k, k + 3):
        wanted = (np.arange(k + 5) < number).astype(int)
        near(ndcg(wanted.copy(), k), 1.0, f"{number} wanted items, all at the top, k={k}",
             "the best order has a 1 at the first min(k, wanted) places, not at all k")  # fmt: skip


def _ndcg_any(ndcg: Answer, rng: Generator) -> None:
    for _ in range(5):
        wanted, k = rng.permutation((np.arange(12) < rng.integers(1, 6)).astype(int)), 5
        near(ndcg(wanted.copy(), k), formulas.ndcg(wanted, k), f"wanted {wanted.tolist()}, k={k}",
             "the best order may use what stands below place k: sort the whole list")  # fmt: skip


# 8.2 hit_rate(scores, target, k) ------------------------------------------------------------------


def _hit_constant(hit_rate: Answer, rng: Generator) -> None:
    n, k = int(rng.integers(20, 60)), int(rng.integers(3, 10))
    scores, target = np.full(n, rng.normal()), int(rng.integers(n))
    near(hit_rate(scores, target, k), k / n, f"{n} equal scores, k={k}, target {target}",
         "nothing prefers one of n equal scores: chance hits it k times in n")  # fmt: skip


def _hit_plain(hit_rate: Answer, rng: Generator) -> None:
    scores, k = rng.permutation(np.arange(30.0)), int(rng.integers(3, 10))
    for target in (
        rng.choice(30, 6, replace=False).tolist() + np.argsort(-scores)[[k - 1, k]].tolist()
    ):
        place = int((scores > scores[target]).sum()) + 1
        near(hit_rate(scores.copy(), target, k), float(place <= k),
             f"no ties, target at place {place}, k={k}")  # fmt: skip


def _hit_tied(hit_rate: Answer, rng: Generator) -> None:
    for _ in range(6):
        scores, k = rng.integers(0, 4, 20).astype(float), int(rng.integers(2, 9))
        target = int(rng.integers(20))
        higher, same = (scores > scores[target]).sum(), (scores == scores[target]).sum() - 1
        expected = formulas.tied_gain(int(higher), int(same), [1] * k)
        near(hit_rate(scores.copy(), target, k), expected,
             f"{higher} score higher and {same} the same, k={k}",
             "it stands at each of the open places equally often: how many are shown?")  # fmt: skip


def _hit_nan(hit_rate: Answer, rng: Generator) -> None:
    for whose in ("the target's score", "another item's score"):
        scores, target = rng.normal(size=10), int(rng.integers(10))
        scores[target if whose.startswith("the") else (target + 1) % 10] = np.nan
        try:
            found = hit_rate(scores, target, 3)
        except ValueError:
            continue
        raise Wrong(f"{whose} is NaN: expected a ValueError; received {found}",
                    "NaN > x is false, so a model that has diverged would stand first")  # fmt: skip


# 8.3 auc(labels, scores) --------------------------------------------------------------------------


def _labelled(rng: Generator, tied: bool) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.permutation((np.arange(30) < rng.integers(5, 15)).astype(int))
    scores = labels + rng.normal(size=30)
    return labels, np.round(scores) if tied else scores


def _pairs(labels: np.ndarray, scores: np.ndarray) -> float:
    gap = scores[labels == 1][:, None] - scores[labels == 0]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


def _auc_pairs(auc: Answer, rng: Generator) -> None:
    labels, scores = _labelled(rng, tied=False)
    found = array(auc(labels.copy(), scores.copy()), (), "30 rows without ties")
    advice = "every positive against every negative: the share of pairs in the right order"
    if np.isclose(found, 1 - _pairs(labels, scores)):
        advice = "you count the pairs in the wrong order"
    near(found, _pairs(labels, scores), "30 rows without ties", advice)


def _auc_ties(auc: Answer, rng: Generator) -> None:
    labels, scores = _labelled(rng, tied=True)
    near(auc(labels.copy(), np.full(30, rng.normal())), 0.5, "30 equal scores",
         "a tied pair counts one half")  # fmt: skip
    near(auc(labels.copy(), scores.copy()), _pairs(labels, scores), "30 rounded scores",
         "a tied pair counts one half")  # fmt: skip


def _auc_order(auc: Answer, rng: Generator) -> None:
    labels, scores = _labelled(rng, tied=False)
    near(auc(labels.copy(), np.exp(3 * scores)), float(auc(labels.copy(), scores.copy())),
         "scores s, and exp(3 s) in the same order",
         "only the order of scores may count, never their size or a threshold")  # fmt: skip


# 8.4 sampled_hit_rate(place, n_items, negatives, k) -----------------------------------------------


def _sampled_counted(sampled: Answer, rng: Generator) -> None:
    for _ in range(4):
        n, k = 9, int(rng.integers(1, 3))
        place, m = int(rng.integers(3, 7)), int(rng.integers(4, 7))
        samples = itertools.combinations(range(1, n), m)
        hits = [sum(other < place for other in sample) < k for sample in samples]
        near(sampled(place, n, m, k), np.mean(hits),
             f"place {place} of {n}, {m} negatives, k={k}, all samples counted",
             "place - 1 of the n_items - 1 others are better; a hit has at most k - 1 of them "
             "among the drawn, and nobody is drawn twice")  # fmt: skip


def _sampled_all(sampled: Answer, rng: Generator) -> None:
    n, k = int(rng.integers(500, 2000)), int(rng.integers(5, 15))
    for place in (k, k + 1):
        near(sampled(place, n, n - 1, k), float(place <= k),
             f"place {place} of {n}, all others drawn, k={k}",
             "draw without replacement: with all others drawn, chance has no say")  # fmt: skip


def _sampled_large(sampled: Answer, rng: Generator) -> None:
    n, place = int(rng.integers(5_000, 20_000)), int(rng.integers(50, 900))
    expected = formulas.sampled_hit_rate(place, n, 100, 10)
    near(sampled(place, n, 100, 10), expected, f"place {place} of {n:,}, 100 negatives, k=10",
         "scipy.stats.hypergeom.cdf stays exact where binomial coefficients overflow")  # fmt: skip


# 8.5 share_range(accuracy, recall, f1, rounding) --------------------------------------------------


def _table(rng: Generator) -> tuple[float, float, float]:
    share, recall, precision = rng.uniform(0.2, 0.5), rng.uniform(0.6, 0.8), rng.uniform(0.6, 0.8)
    wrong = share * (1 + recall / precision - 2 * recall)
    f1 = 2 * precision * recall / (precision + recall)
    return round(1 - wrong, 2), round(recall, 2), round(f1, 2)


def _share_exact(answer: Answer, rng: Generator) -> None:
    row = _table(rng)
    expected = formulas.implied_share(*row, rounding=1e-9).share
    found = array(answer(*row, 1e-9), (2,), f"accuracy, recall, F1 = {row}, hardly rounded")
    near(found, [expected, expected], f"accuracy, recall, F1 = {row}, hardly rounded",
         "wrong are (1 - R) and R (1/P - 1), times the positives: together 1 - A")  # fmt: skip


def _share_rounded(answer: Answer, rng: Generator) -> None:
    row = _table(rng)
    given = f"accuracy, recall, F1 = {row}, each ± 0.005"
    expected = formulas.implied_share(*row).share_range
    found = array(answer(*row, 0.005), (2,), given)
    advice = "the share falls with A and with R and rises with F1: the corners are not all plus"
    if np.isclose(found[0], found[1]):
        advice = "a printed .85 may be anything from .845 to .855: try the corners"
    elif np.allclose(found[::-1], expected):
        advice = "the lowest share comes first"
    near(found, expected, given, advice)


# 8.6 p_value(a, b, draws, rng) --------------------------------------------------------------------


def _p_exact(answer: Answer, rng: Generator) -> None:
    gaps = [rng.normal(shift, 1, size=10) for shift in (0.0, 0.8)]
    gaps.append(np.append(30.0, rng.uniform(0.5, 1, size=9)))  # all better, which a t test misses
    for gap in gaps:
        base = 10 * rng.normal(size=10)  # people differ far more than models do
        signs = np.array(list(itertools.product((-1, 1), repeat=10)))
        exact = (np.abs(signs @ gap) >= abs(gap.sum()) - 1e-9).mean()
        found = array(answer(base + gap, base.copy(), 4000, rng), (), "ten people, two models")
        given = f"ten people, mean difference {gap.mean():+.2f}"
        advice = (
            "flip the sign of each person's difference; count what is as far from 0, on both sides"
        )
        near(found, exact, given, advice, atol=0.035)


def _p_never_zero(answer: Answer, rng: Generator) -> None:
    base = rng.normal(size=200)
    found = float(answer(base + 3, base.copy(), 99, rng))
    if not found > 0:
        raise Wrong(f"200 people, all better by 3, 99 draws: expected 1/100; received {found}",
                    "what was seen is one of the draws: (1 + count) / (1 + draws)")  # fmt: skip
    near(found, 0.01, "200 people, all better by 3, 99 draws",
         "what was seen is one of the draws: (1 + count) / (1 + draws)")  # fmt: skip


def _p_false_alarms(answer: Answer, rng: Generator) -> None:
    alarms = 0
    for _ in range(400):
        person = rng.normal(size=30)
        a, b = person + rng.normal(size=30), person + rng.normal(size=30)
        alarms += float(answer(a, b, 199, rng)) <= 0.05
    if not 5 <= alarms <= 42:  # 20 expected; outside once in thousands
        raise Wrong(f"two equal models, 400 times: p <= 0.05 came {alarms} times, not about 20",
                    "a test of level 0.05 is wrong in one case of twenty")  # fmt: skip


EXERCISES = (
    Exercise(
        "8.1",
        "The gain of a list",
        1,
        {
            "one wanted item earns 1 / log2(place + 1), and nothing below place k": _ndcg_one,
            "the best order earns 1, however many are wanted": _ndcg_best,
            "any list earns its DCG over that of its best order": _ndcg_any,
        },
        (
            "What would the best order of the same list earn?",
            "discount = 1 / np.log2(np.arange(2, k + 2)), for at most as many places as there are.",
            "np.sort(wanted)[::-1] is the best order; divide one sum by the other.",
        ),
    ),
    Exercise(
        "8.2",
        "A hit, when scores tie",
        1,
        {
            "a model that scores all alike earns k / N": _hit_constant,
            "without ties a hit is 1 and a miss 0": _hit_plain,
            "a tie earns the mean over the places that it leaves open": _hit_tied,
            "NaN is refused": _hit_nan,
        },
        (
            "Which places can the target have if ties are cut by chance?",
            "Count those that score higher, b, and the others that score the same, e.",
            "np.clip(k - b, 0, e + 1) / (e + 1), after np.isnan has been asked.",
        ),
    ),
    Exercise(
        "8.3",
        "AUC by its pairs",
        2,
        {
            "it is the share of pairs in the right order": _auc_pairs,
            "a tied pair counts one half": _auc_ties,
            "only the order of scores counts": _auc_order,
        },
        (
            "A pair is one positive row and one negative row. How many pairs are there?",
            "scores[labels == 1][:, None] - scores[labels == 0] holds them all.",
            "The mean of (gap > 0) + 0.5 * (gap == 0).",
        ),
    ),
    Exercise(
        "8.4",
        "What a sampled metric expects",
        2,
        {
            "it agrees with counting all samples": _sampled_counted,
            "with all others drawn it is the true hit": _sampled_all,
            "it is exact for a catalogue of thousands": _sampled_large,
        },
        (
            "How many of the others are better than the target? How many of those may be drawn?",
            "The number of better ones among the drawn is hypergeometric: no item is drawn twice.",
            "hypergeom.cdf(k - 1, n_items - 1, place - 1, negatives) of scipy.stats.",
        ),
    ),
    Exercise(
        "8.5",
        "Audit a table",
        2,
        {
            "exact figures leave one share of positives": _share_exact,
            "rounded figures leave the range between the extreme corners": _share_rounded,
        },
        (
            "Of a share π of positives, how many are missed? How many others are called positive?",
            "1 - A = π (1 + R/P - 2R), and P = F R / (2R - F).",
            "Together π = (1 - A) F / (2R (1 - F)): take its least and greatest over the corners.",
        ),
    ),
    Exercise(
        "8.6",
        "A paired permutation test",
        3,
        {
            "it agrees with all 1,024 ways to flip ten signs": _p_exact,
            "it is never 0": _p_never_zero,
            "two models that do not differ raise few false alarms": _p_false_alarms,
        },
        (
            "If the two models were the same, which of the two numbers of a person could be whose?",
            "Swapping a person's two numbers flips the sign of their difference: draw signs.",
            "p = (1 + how many |mean of flipped differences| reach the one seen) / (1 + draws).",
        ),
    ),
)
