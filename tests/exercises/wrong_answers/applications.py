"""Typical wrong answers to the exercises of the chapter "Applications"."""

import numpy as np


def highest_bid(bids, chances):
    order = np.argsort(-bids)
    return order[0], bids[order[1]] if len(bids) > 1 else 0.0


def highest_chance(bids, chances):
    worth = np.sort(bids * chances)
    return np.argmax(chances), worth[-2] / chances.max() if len(bids) > 1 else 0.0


def pays_its_bid(bids, chances):
    best = np.argmax(bids * chances)
    return best, bids[best] if len(bids) > 1 else 0.0


def pays_the_second_bid(bids, chances):
    order = np.argsort(-bids * chances)
    return order[0], bids[order[1]] if len(bids) > 1 else 0.0


def always_pays(bids, chances):
    order = np.argsort(-bids * chances)
    second = order[min(1, len(bids) - 1)]
    return order[0], bids[second] * chances[second] / chances[order[0]]


def penalty(scores, allowed, k):
    s = np.where(np.isnan(scores), -np.inf, scores) - 1e9 * ~allowed
    order = np.argsort(-s)
    return [i for i in order[: min(k, allowed.sum())] if not np.isnan(scores[i])]


def fills_up(scores, allowed, k):
    return np.argsort(-np.where(allowed, scores, -np.inf), kind="stable")[:k]


def forgets_nan(scores, allowed, k):
    places = np.flatnonzero(allowed)
    return places[np.argsort(-scores[places])][:k]


def worst_first(scores, allowed, k):
    places = np.flatnonzero(allowed & ~np.isnan(scores))
    return places[np.argsort(scores[places])][:k]


def _path(mastery, answers, slip, guess, learn, practice=True, bayes=True):
    found = []
    for right in answers:
        yes = mastery * ((1 - slip) if right else slip)
        no = (1 - mastery) * (guess if right else (1 - guess))
        mastery = yes / (yes + no) if bayes else yes
        mastery = mastery + (1 - mastery) * learn if practice else mastery
        found.append(mastery)
    return found


def no_practice(mastery, answers, slip, guess, learn):
    return _path(mastery, answers, slip, guess, learn, practice=False)


def not_divided(mastery, answers, slip, guess, learn):
    return _path(mastery, answers, slip, guess, learn, bayes=False)


def slip_and_guess_swapped(mastery, answers, slip, guess, learn):
    return _path(mastery, answers, guess, slip, learn)


def mean_of_answers(mastery, answers, slip, guess, learn):
    return np.cumsum(answers) / np.arange(1, len(answers) + 1)


def one_side(ours, theirs, k):
    return np.argsort(-ours, axis=1)[:, :k]


def mean_of_both(ours, theirs, k):
    return np.argsort(-(ours + theirs.T) / 2, axis=1)[:, :k]


def wrong_way_round(ours, theirs, k):
    if ours.shape == theirs.shape:
        return np.argsort(-ours * theirs, axis=1)[:, :k]
    return np.argsort(-ours * theirs.T, axis=1)[:, :k]


def plain_difference(outcomes, treated, stratum):
    return outcomes[treated].mean() - outcomes[~treated].mean()


def strata_alike(outcomes, treated, stratum):
    gaps = []
    for s in np.unique(stratum):
        mine = stratum == s
        if treated[mine].all() or not treated[mine].any():
            raise ValueError("no comparison")
        gaps.append(outcomes[mine & treated].mean() - outcomes[mine & ~treated].mean())
    return np.mean(gaps)


def skips_strata(outcomes, treated, stratum):
    total, people = 0.0, 0
    for s in np.unique(stratum):
        mine = stratum == s
        if treated[mine].all() or not treated[mine].any():
            continue
        gap = outcomes[mine & treated].mean() - outcomes[mine & ~treated].mean()
        total, people = total + mine.sum() * gap, people + mine.sum()
    return total / people


def believes_the_sample(confidence, wrong, most):
    order = np.argsort(-confidence)
    share = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share <= most)
    return confidence[order[good[-1]]] if len(good) else np.inf


def silent(confidence, wrong, most):
    return np.inf


def fixed_bound(confidence, wrong, most):
    return 0.6


WRONG = [
    ("20.1", highest_bid, "decide together", "hardly ever comes"),
    ("20.1", highest_chance, "decide together", "rank bid * chance"),
    ("20.1", pays_its_bid, "least bid that still wins", "divided by the chance"),
    ("20.1", pays_the_second_bid, "least bid that still wins", "divided by the chance"),
    ("20.1", always_pays, "alone pays nothing", "pays nothing"),
    ("20.2", penalty, "no score buys", "a larger one beats it"),
    ("20.2", fills_up, "a short list stays short", "never fill a list up"),
    ("20.2", forgets_nan, "no number is not shown", "no reason to show"),
    ("20.2", worst_first, "best first", "best first"),
    ("20.3", no_practice, "with practice", "after the answer comes the lesson"),
    ("20.3", not_divided, "may be a slip", "who knows slips"),
    ("20.3", slip_and_guess_swapped, "may be a slip", "who does not misses"),
    ("20.3", mean_of_answers, "may be a slip", "who knows slips"),
    ("20.4", one_side, "both sides are asked", "theirs is asked, too"),
    ("20.4", mean_of_both, "both sides are asked", "product of both"),
    ("20.4", wrong_way_round, "right way round", "what j thinks of i"),
    ("20.5", plain_difference, "no harm", "like with like"),
    ("20.5", strata_alike, "no harm", "how many of all people"),
    ("20.5", skips_strata, "no answer", "do not guess"),
    ("20.6", believes_the_sample, "holds for new answers", "is a sample"),
    ("20.6", silent, "safety by silence", "take the lowest"),
    ("20.6", fixed_bound, "nothing is said", "return infinity"),
]
