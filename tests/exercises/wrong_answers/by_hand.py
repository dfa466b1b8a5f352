"""Typical wrong answers to the exercises of the chapter "By hand"."""

import numpy as np

from attnrec_lite.formulas import broken_ties, interest_scores, rounding_slack, softmax
from attnrec_lite.working import Working


def unscaled(query, keys, values):
    return softmax(keys @ query) @ values


def divided_by_the_number_of_keys(query, keys, values):
    return softmax(keys @ query / np.sqrt(len(keys))) @ values


def divided_by_the_width(query, keys, values):
    return softmax(keys @ query / len(query)) @ values


def values_times_scores(query, keys, values):
    return (keys @ query / np.sqrt(len(query))) @ values


def without_the_shift(query, keys, values):
    e = np.exp(keys @ query / np.sqrt(len(query)))
    return e / e.sum() @ values


def logarithm_alone(weights):
    return np.log(weights)


def log_odds(weights):
    return np.log(weights / (1 - weights))


def centred_weights(weights):
    return weights - weights.mean()


def sum_and_sign_alone(printed, decimals, inputs):
    off = abs(printed.sum() - 1)
    return bool(off <= rounding_slack(len(printed), decimals) + 1e-9 and (printed >= 0).all())


def sum_exactly_one(printed, decimals, inputs):
    ties = broken_ties(inputs, printed, 1.01 * 10.0**-decimals)
    return bool(abs(printed.sum() - 1) < 1e-9 and (printed >= 0).all() and not ties)


def any_sum_near_one(printed, decimals, inputs):
    ties = broken_ties(inputs, printed, 1.01 * 10.0**-decimals)
    return bool(abs(printed.sum() - 1) < 0.05 and (printed >= 0).all() and not ties)


def no_sign(printed, decimals, inputs):
    off = abs(printed.sum() - 1)
    ties = broken_ties(inputs, printed, 1.01 * 10.0**-decimals)
    return bool(off <= rounding_slack(len(printed), decimals) + 1e-9 and not ties)


def a_unit_for_each(printed, decimals, inputs):
    unit = 10.0**-decimals
    off = abs(printed.sum() - 1) <= len(printed) * unit + 1e-9
    return bool(off and (printed >= 0).all() and not broken_ties(inputs, printed, 1.01 * unit))


def loose_ties(printed, decimals, inputs):
    off = abs(printed.sum() - 1) <= rounding_slack(len(printed), decimals) + 1e-9
    ties = broken_ties(inputs, printed, 5 * 10.0**-decimals)
    return bool(off and (printed >= 0).all() and not ties)


def one_score_for_all(query, keys, values):
    return softmax([query @ keys])[0] * values.sum(), softmax(np.outer(query, keys)) @ values


def over_the_queries(query, keys, values):
    return softmax(query * keys) @ values, softmax(np.outer(query, keys), axis=0) @ values


def keys_ask(query, keys, values):
    return softmax(query * keys) @ values, softmax(np.outer(keys, query)) @ values


def features(weights, vectors, k):
    return np.argsort(-(weights @ vectors))[:k]


def unweighted(weights, vectors, k):
    return np.argsort(-vectors.sum(axis=1))[:k]


def worst_first(weights, vectors, k):
    return np.argsort(interest_scores(weights, vectors))[:k]


def counted_from_one(weights, vectors, k):
    return np.argsort(-interest_scores(weights, vectors))[:k] + 1


def from_the_top(given, lines, printed, decimals):
    """Works every line from its own values, so that carried rounding counts as an error."""
    page = Working("", **given)
    for name, expression in lines:
        page = page.step(name, expression)
        if abs(page[name] - printed[name]) > 0.5 * 10.0**-decimals + 1e-12:
            return name
    return None


def to_the_last_digit(given, lines, printed, decimals):
    known = dict(given)
    for name, expression in lines:
        if Working("", **known).step(name, expression)[name] != printed[name]:
            return name
        known[name] = printed[name]
    return None


def last_wrong(given, lines, printed, decimals):
    known, wrong = dict(given), None
    for name, expression in lines:
        value = Working("", **known).step(name, expression)[name]
        wrong = name if abs(value - printed[name]) > 0.51 * 10.0**-decimals else wrong
        known[name] = printed[name]
    return wrong


def only_upwards(given, lines, printed, decimals):
    known = dict(given)
    for name, expression in lines:
        value = Working("", **known).step(name, expression)[name]
        if printed[name] - value > 0.51 * 10.0**-decimals:
            return name
        known[name] = printed[name]
    return None


def never_wrong(given, lines, printed, decimals):
    return None


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("5.1", unscaled, "scaled dot product", "by the root of their width"),
    ("5.1", divided_by_the_number_of_keys, "scaled dot product", "not the number of keys"),
    ("5.1", divided_by_the_width, "scaled dot product", "not by the width"),
    ("5.1", values_times_scores, "scaled dot product", "weights mix the values"),
    ("5.1", without_the_shift, "", "overflow"),
    ("5.2", logarithm_alone, "mean of the scores is 0", "forgets a constant"),
    ("5.2", log_odds, "softmax of the scores", "the sum is a constant"),
    ("5.2", centred_weights, "softmax of the scores", "the logarithm undoes"),
    ("5.3", sum_and_sign_alone, "unequal weights are refused", "must have equal weights"),
    ("5.3", sum_exactly_one, "a printed softmax passes", "half a unit of the last place"),
    ("5.3", any_sum_near_one, "off by more than rounding", "not by more"),
    ("5.3", no_sign, "negative weight is refused", "never negative"),
    ("5.3", a_unit_for_each, "off by more than rounding", ""),
    ("5.3", loose_ties, "unequal weights are refused", ""),
    ("5.4", one_score_for_all, "reading B", "without a sum"),
    ("5.4", over_the_queries, "reading D", "runs over the keys"),
    ("5.4", keys_ask, "reading D", "its rows are shared out"),
    ("5.5", features, "", "one number per feature"),
    ("5.5", unweighted, "", "as much as its weight"),
    ("5.5", worst_first, "", "best one comes first"),
    ("5.5", counted_from_one, "", ""),
    ("5.6", from_the_top, "a right page", "from the printed lines above it"),
    ("5.6", to_the_last_digit, "a right page", "half a unit"),
    ("5.6", last_wrong, "the upper one", "stop at the first"),
    ("5.6", never_wrong, "one wrong line is named", "worked anew"),
    ("5.6", only_upwards, "", ""),
]
