"""Typical wrong answers to the exercises of the chapter "Cold start"."""

import numpy as np

from attnrec_lite import formulas


def mean_of_shares(taken, strength):
    n = taken.sum(axis=1, keepdims=True)
    p = (taken / np.maximum(1, n)).mean(axis=0)
    return (taken + strength * p) / (n + strength)


def forgets_below(taken, strength):
    p = taken.sum(axis=0) / taken.sum()
    return (taken + strength * p) / taken.sum(axis=1, keepdims=True)


def adds_a_constant(taken, strength):
    smoothed = taken + strength / taken.shape[1]
    return smoothed / smoothed.sum(axis=1, keepdims=True)


def plain_where_there_are_rows(taken, strength):
    n = taken.sum(axis=1, keepdims=True)
    shares = (taken + strength * taken.sum(axis=0) / taken.sum()) / (n + strength)
    return np.where(n > 0, shares, 0)


def _tells(answers, tastes, spread):
    return int(np.argmax([spread(column, tastes) for column in answers.T]))


def most_yes(answers, tastes):
    return int(np.argmax(np.nansum(answers, axis=0)))


def _unweighted(column, tastes):
    groups = [tastes[column == a] for a in np.unique(column[~np.isnan(column)])]
    left = np.mean([((g - g.mean(axis=0)) ** 2).sum(axis=1).mean() for g in groups])
    return ((tastes - tastes.mean(axis=0)) ** 2).sum(axis=1).mean() - left


def groups_count_alike(answers, tastes):
    return _tells(answers, tastes, _unweighted)


def _without_silent(column, tastes):
    there = ~np.isnan(column)
    return formulas.variance_reduction(column[there], tastes[there])


def leaves_the_silent_out(answers, tastes):
    return _tells(answers, tastes, _without_silent)


def the_value_itself(answers, tastes):
    return max(formulas.variance_reduction(c, tastes) for c in answers.T)


def _filled(features, vectors, trained, penalty):
    filled = vectors.copy()
    to_own = formulas.ridge_map(features[trained], vectors[trained], penalty)
    filled[~trained] = features[~trained] @ to_own
    return filled


def predicts_all(features, vectors, trained, penalty):
    return features @ formulas.ridge_map(features[trained], vectors[trained], penalty)


def learns_from_all(features, vectors, trained, penalty):
    filled = vectors.copy()
    filled[~trained] = features[~trained] @ formulas.ridge_map(features, vectors, penalty)
    return filled


def fills_in_place(features, vectors, trained, penalty):
    vectors[:] = _filled(features, vectors, trained, penalty)
    return vectors


def without_penalty(features, vectors, trained, penalty):
    return _filled(features, vectors, trained, 1e-9)


def _share(users, items, n_users, n_items):
    degrees = np.bincount(users, minlength=n_users), np.bincount(items, minlength=n_items)
    return 1 / np.sqrt(degrees[0][users] * degrees[1][items])


def adds_once(users, items, vectors, n_users):
    found = np.zeros((n_users, vectors.shape[1]))
    found[users] += _share(users, items, n_users, len(vectors))[:, None] * vectors[items]
    return found


def mean_of_neighbours(users, items, vectors, n_users):
    found = np.zeros((n_users, vectors.shape[1]))
    np.add.at(found, users, vectors[items])
    return found / np.maximum(1, np.bincount(users, minlength=n_users))[:, None]


def divides_by_no_edge(users, items, vectors, n_users):
    found = np.zeros((n_users, vectors.shape[1]))
    root = np.sqrt(np.bincount(items, minlength=len(vectors)))
    np.add.at(found, users, vectors[items] / root[items][:, None])
    return found / np.sqrt(np.bincount(users, minlength=n_users))[:, None]


def _starts(user):
    return np.unique(user, return_index=True, return_counts=True)[1:]


def newest_known(user, item, known):
    start, length = _starts(user)
    stop = (start + length)[length > known] - 1
    return item[stop[:, None] - known + np.arange(known)], item[stop]


def too_few_are_asked(user, item, known):
    start, length = _starts(user)
    start = start[length > known + 1]
    return item[start[:, None] + np.arange(known)], item[start + known]


def last_is_the_target(user, item, known):
    start, length = _starts(user)
    stop = (start + length)[length > known] - 1
    return item[start[length > known][:, None] + np.arange(known)], item[stop]


def histories_only(user, item, known):
    start, length = _starts(user)
    return item[start[length > known][:, None] + np.arange(known)]


def _log_loss(z, y, known, n):
    return (np.logaddexp(0, z[known]) - y[known] * z[known]).sum() / n


def _loss(click_odds, purchase_odds, clicks, purchases, weight, count):
    total = 0.0
    for z, y, w in ((click_odds, clicks, 1 - weight), (purchase_odds, purchases, weight)):
        known = y >= 0
        total += w * _log_loss(z, y, known, count(known))
    return total


def divides_by_all(*rows):
    return _loss(*rows, count=len)


def nothing_by_nothing(*rows):
    return _loss(*rows, count=np.sum)


def unknown_is_no(click_odds, purchase_odds, clicks, purchases, weight):
    return formulas.two_task_loss(
        click_odds, purchase_odds, clicks, np.maximum(purchases, 0), weight
    )


def plain_sum(click_odds, purchase_odds, clicks, purchases, weight):
    return 2 * formulas.two_task_loss(click_odds, purchase_odds, clicks, purchases, 0.5)


def overflows(click_odds, purchase_odds, clicks, purchases, weight):
    total = 0.0
    for z, y, w in ((click_odds, clicks, 1 - weight), (purchase_odds, purchases, weight)):
        known = y >= 0
        each = np.log(1 + np.exp(z[known])) - y[known] * z[known]
        total += w * each.sum() / max(1, known.sum())
    return total


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("15.1", mean_of_shares, "what the segment and what all took", "among all rows"),
    ("15.1", forgets_below, "what the segment and what all took", "among all rows"),
    ("15.1", adds_a_constant, "what the segment and what all took", "among all rows"),
    ("15.1", plain_where_there_are_rows, "a segment nobody is in", "only strength * p_i"),
    ("15.2", most_yes, "the question that divides tastes", "the mean spread of those"),
    ("15.2", groups_count_alike, "groups count by their size", "n_a / n"),
    ("15.2", leaves_the_silent_out, "silence is an answer", "NaN is an answer, too"),
    ("15.2", the_value_itself, "the question that divides tastes", "np.argmax"),
    ("15.3", predicts_all, "keep their vectors", "only rows of ~trained"),
    ("15.3", learns_from_all, "what their content predicts", "from the trained items"),
    ("15.3", fills_in_place, "keep their vectors", "fill a copy"),
    ("15.3", without_penalty, "what their content predicts", "with the penalty on the diagonal"),
    ("15.4", adds_once, "the sum over all edges", "np.add.at adds each time"),
    ("15.4", mean_of_neighbours, "counts by both degrees", "the item's degree, too"),
    ("15.4", divides_by_no_edge, "gets nothing", "no division by a degree of 0"),
    ("15.5", newest_known, "are the first purchases", "not the newest of an old customer"),
    ("15.5", too_few_are_asked, "has a purchase left", "more than known are needed"),
    ("15.5", last_is_the_target, "the purchase after them", "item[start + known]"),
    ("15.5", histories_only, "has a purchase left", "more than known are needed"),
    ("15.6", divides_by_all, "not known is no 0", "divide by their number"),
    ("15.6", nothing_by_nothing, "without a label adds nothing", "the mean of nothing is NaN"),
    ("15.6", unknown_is_no, "not known is no 0", "take the known rows out first"),
    ("15.6", plain_sum, "the weighted sum", "(1 - w) times the click loss"),
    ("15.6", overflows, "do not overflow", "np.logaddexp(0, z)"),
]
