"""Typical wrong answers to the exercises of the chapter "From weights to a ranking"."""

import numpy as np

from attnrec_lite.formulas import dot_scores, softmax, weighted_sum


def with_padding(scores, k, seen):
    s = scores.copy()
    s[seen] = -np.inf
    order = np.argsort(-s, kind="stable")[:k]
    return order[s[order] > -np.inf]


def lowest_first(scores, k, seen):
    s = scores.copy()
    s[[0, *seen]] = np.inf
    return np.argsort(s, kind="stable")[:k]


def multiply_by_the_mask(scores, k, seen):
    allowed = np.arange(len(scores)) > 0
    s = np.where(allowed, scores, -np.inf)
    s[seen] = 0.0
    return np.argsort(-s, kind="stable")[:k]


def cut_then_filter(scores, k, seen):
    order = np.argsort(-scores[1:], kind="stable")[:k] + 1
    return order[~np.isin(order, seen)]


def turned_around(scores, k, seen):
    s = scores.copy()
    s[[0, *seen]] = -np.inf
    order = np.argsort(s, kind="stable")[::-1][:k]
    return order[s[order] > -np.inf]


def filled_up(scores, k, seen):
    s = scores.copy()
    s[[0, *seen]] = -np.inf
    return np.argsort(-s, kind="stable")[:k]


def context(query, shelf):
    return weighted_sum(softmax(dot_scores(query, shelf)), shelf)


def noisy(noise):
    def draw(preferences, draws, rng):
        return np.argmax(preferences + noise(rng, (draws, len(preferences))), axis=1)

    return draw


def one_noise_for_all_draws(preferences, draws, rng):
    return np.full(draws, np.argmax(preferences + rng.gumbel(size=len(preferences))))


def gain_of_the_mean_place(scores, target, k):
    place = 1 + (scores > scores[target]).sum() + ((scores == scores[target]).sum() - 1) / 2
    return 1 / np.log2(place + 1) if place <= k else 0.0


def ties_win(scores, target, k):
    place = 1 + (scores > scores[target]).sum()
    return 1 / np.log2(place + 1) if place <= k else 0.0


def never_cut(scores, target, k):
    return 1 / np.log2(2 + (scores > scores[target]).sum())


def shared_afterwards(preferences, group):
    return softmax(preferences) / (group[:, None] == group).sum(1)


def overflowing(preferences, group):
    e = np.exp(preferences) / (group[:, None] == group).sum(1)
    return e / e.sum()


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("4.1", with_padding, "padding is never in the list", "column 0 is no item"),
    ("4.1", lowest_first, "the best comes first", "largest score comes first"),
    ("4.1", multiply_by_the_mask, "what was seen", "a score of 0 is a high score"),
    ("4.1", turned_around, "the smaller id comes first", "kind='stable'"),
    ("4.1", filled_up, "shorter where fewer", "may not fill up"),
    ("4.1", cut_then_filter, "what was seen", "cut after k then"),
    ("4.2", lambda q, shelf: shelf[::-1], "the goods are others", "another order"),
    ("4.2", lambda q, shelf: np.stack([context(q, shelf)] * 2), "the goods are others", "differ"),
    ("4.2", lambda q, shelf: -shelf, "the context is the same", "changes no weight"),
    ("4.2", lambda q, shelf: 2 * shelf, "the context is the same", "moves the context"),
    ("4.3", lambda s: -s, "the softmax of the scores is the same", "equation (2.4)"),
    ("4.3", lambda s: s - 5 * np.abs(s), "the softmax of the scores is the same", "(2.4)"),
    ("4.3", lambda s: s - 1, "exactly the opposite order", "falls only below"),
    ("4.3", lambda s: s - s.max(), "exactly the opposite order", "falls only below"),
    ("4.4", noisy(lambda r, s: r.normal(size=s)), "as often as the softmax", "-ln(-ln U)"),
    ("4.4", noisy(lambda r, s: r.random(s)), "as often as the softmax", "-ln(-ln U)"),
    ("4.4", noisy(lambda r, s: -r.gumbel(size=s)), "as often as the softmax", "-ln(-ln U)"),
    ("4.4", one_noise_for_all_draws, "as often as the softmax", "each draw"),
    ("4.5", never_cut, "without ties", "0 behind them"),
    ("4.5", ties_win, "with ties it is the mean", "not the gain of the mean place"),
    ("4.5", gain_of_the_mean_place, "with ties it is the mean", "not the gain of the mean place"),
    ("4.6", lambda y, group: softmax(y), "each good gets its share", "ln m"),
    ("4.6", shared_afterwards, "each good gets its share", "divide by the sum"),
    ("4.6", overflowing, "large preferences", "subtract the largest"),
]
