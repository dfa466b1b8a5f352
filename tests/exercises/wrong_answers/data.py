"""Typical wrong answers to the exercises of the chapter "Data"."""

import numpy as np

from attnrec_lite.formulas import tf_idf


def rows_over_cells(users, items, n_users, n_items):
    return len(users) / (n_users * n_items)


def seen_users_and_items_only(users, items, n_users, n_items):
    pairs = np.unique(np.stack([users, items]), axis=1).shape[1]
    return pairs / (len(np.unique(users)) * len(np.unique(items)))


def pairs_over_users(users, items, n_users, n_items):
    return np.unique(np.stack([users, items]), axis=1).shape[1] / n_users


def second_of_each_tie(users, times):
    _, first = np.unique(np.stack([users, times]), axis=1, return_index=True)
    return ~np.isin(np.arange(len(users)), first)


def times_alone(users, times):
    return (times[:, None] == times).sum(1) > 1


def neighbours_in_the_file(users, times):
    same = (np.diff(users) == 0) & (np.diff(times) == 0)
    return np.r_[same, False] | np.r_[False, same]


def first_rows(times, share):
    return np.arange(len(times)) < len(times) * (1 - share)


def at_random(times, share):
    return np.random.default_rng(0).random(len(times)) > share


def slice_of_the_sorted(times, share):
    train = np.zeros(len(times), bool)
    train[np.argsort(times, kind="stable")[: round(len(times) * (1 - share))]] = True
    return train


def share_to_train_on(times, share):
    return times < np.sort(times)[max(1, int(len(times) * share))]


def fitted_on_both(train, test):
    return tf_idf(test * (train > 0).any(0), np.concatenate([train, test]))


def fitted_on_test(train, test):
    return tf_idf(test * (train > 0).any(0))


def unknown_words_kept(train, test):
    weighed = test * (1 + np.log((1 + len(train)) / (1 + (train > 0).sum(0))))
    length = np.linalg.norm(weighed, axis=1, keepdims=True)
    return np.divide(weighed, length, out=np.zeros_like(weighed), where=length > 0)


def without_length(train, test):
    rarity = 1 + np.log((1 + len(train)) / (1 + (train > 0).sum(0)))
    return test * (train > 0).any(0) * rarity


def without_smoothing(train, test):
    rarity = np.log(len(train) / np.maximum((train > 0).sum(0), 1))
    weighed = test * (train > 0).any(0) * rarity
    length = np.linalg.norm(weighed, axis=1, keepdims=True)
    return np.divide(weighed, length, out=np.zeros_like(weighed), where=length > 0)


def draw_anything(history, n_items, count, rng):
    return rng.integers(1, n_items + 1, count)


def draw_padding(history, n_items, count, rng):
    left = np.setdiff1d(np.arange(n_items + 1), history)
    return np.r_[0, rng.choice(left, count - 1)]


def without_replacement(history, n_items, count, rng):
    left = np.setdiff1d(np.arange(1, n_items + 1), history)
    return rng.choice(left, count, replace=count <= len(left) or count > 5)


def step_to_the_next(history, n_items, count, rng):
    drawn = rng.integers(1, n_items + 1, count)
    for _ in range(n_items):
        hit = np.isin(drawn, history)
        drawn[hit] = drawn[hit] % n_items + 1
    return drawn


def fixed_number_per_row(lengths, width):
    return np.arange(len(lengths)) // 3


def next_fit(lengths, width):
    row, number, room = np.zeros(len(lengths), int), 0, width
    for i, length in enumerate(lengths):
        if length > room:
            number, room = number + 1, width
        row[i], room = number, room - length
    return row


def one_each(lengths, width):
    return np.arange(len(lengths))


def numbered_from_one(lengths, width):
    return np.arange(1, len(lengths) + 1)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("6.1", rows_over_cells, "counts once", "different pairs"),
    ("6.1", seen_users_and_items_only, "without a row count", "have cells too"),
    ("6.1", pairs_over_users, "cells that are filled", "times the number of items"),
    ("6.2", second_of_each_tie, "each row of a tie", "the first of them too"),
    ("6.2", times_alone, "", "same user"),
    ("6.2", neighbours_in_the_file, "order of the rows", "not with the neighbour alone"),
    ("6.3", first_rows, "newer than a test row", "not sorted"),
    ("6.3", at_random, "newer than a test row", "by chance"),
    ("6.3", slice_of_the_sorted, "one side", "stay together"),
    ("6.3", share_to_train_on, "wanted share", "the newest"),
    ("6.4", fitted_on_both, "one test text", "rarity comes from the training"),
    ("6.4", fitted_on_test, "one test text", "rarity comes from the training"),
    ("6.4", unknown_words_kept, "never seen", "not in the vocabulary"),
    ("6.4", without_length, "values", "by its length"),
    ("6.4", without_smoothing, "values", "1 + ln"),
    ("6.5", draw_anything, "no draw is in the history", "leave the history out"),
    ("6.5", draw_padding, "", "0 is padding"),
    ("6.5", without_replacement, "lacks one item", ""),
    ("6.5", step_to_the_next, "equally likely", "a neighbour"),
    ("6.6", fixed_number_per_row, "more than it has slots", "room that is left"),
    ("6.6", next_fit, "no more rows", "longest first"),
    ("6.6", one_each, "no more rows", "longest first"),
    ("6.6", numbered_from_one, "without a gap", "0, 1, 2"),
]
