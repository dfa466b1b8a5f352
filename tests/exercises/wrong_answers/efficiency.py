"""Typical wrong answers to the exercises of the chapter "Efficiency and scale"."""

import numpy as np
from scipy.special import log_softmax

from attnrec_lite import formulas


def _best(scores, k):
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def place_by_place(exact, fast, k):
    return (_best(exact[:, 1:], k) == _best(fast[:, 1:], k)).mean()


def with_padding(exact, fast, k):
    pairs = zip(_best(exact, k), _best(fast, k), strict=True)
    return np.mean([np.isin(a, b).mean() for a, b in pairs])


def of_the_union(exact, fast, k):
    pairs = zip(_best(exact[:, 1:], k), _best(fast[:, 1:], k), strict=True)
    return np.mean([len(np.intersect1d(a, b)) / len(np.union1d(a, b)) for a, b in pairs])


def any_hit(exact, fast, k):
    pairs = zip(_best(exact[:, 1:], k), _best(fast[:, 1:], k), strict=True)
    return np.mean([np.isin(a, b).any() for a, b in pairs])


def _codes(table, scales, cut=np.rint):
    return cut(table / np.where(scales > 0, scales, 1)).astype(np.int8), scales


def cuts_off(table):
    return _codes(table, np.abs(table).max(1, keepdims=True) / 127, np.trunc)


def one_scale(table):
    return _codes(table, np.full((len(table), 1), np.abs(table).max() / 127))


def as_int64(table):
    codes, scales = _codes(table, np.abs(table).max(1, keepdims=True) / 127)
    return codes.astype(np.int64), scales


def without_abs(table):
    return _codes(table, np.maximum(table.max(1, keepdims=True), 1e-3) / 127)


def of_minus_128(table):
    scales = np.abs(table).max(1, keepdims=True) / 127.0
    scaled = table / np.where(scales > 0, scales, 1)
    return np.floor(scaled + 0.5).clip(-128, 127).astype(np.int8), scales * (128 / 127)


def zero_by_zero(table):
    scales = np.abs(table).max(1, keepdims=True) / 127
    return np.nan_to_num(np.rint(table / scales)).astype(np.int8), scales + 0 / scales


def _masked(q, k, v, near):
    scores = np.where(near, q @ k.T / np.sqrt(k.shape[1]), -np.inf)
    return formulas.softmax(scores) @ v


def _ago(n):
    return np.arange(n)[:, None] - np.arange(n)


def all_pairs(q, k, v, w):
    ago = _ago(len(q))
    return _masked(q, k, v, (ago >= 0) & (ago < w))


def one_too_many(q, k, v, w):
    ago = _ago(len(q))
    return _masked(q, k, v, (ago >= 0) & (ago <= w))


def both_sides(q, k, v, w):
    return _masked(q, k, v, np.abs(_ago(len(q))) < w)


def _shifted(q, k, v, w, empty):
    n, d = q.shape
    scores = np.full((n, w), empty)
    for a in range(min(w, n)):
        scores[a:, a] = (q[a:] * k[: n - a]).sum(1) / np.sqrt(d)
    weights = formulas.softmax(scores)
    out = np.zeros(v.shape)
    for a in range(min(w, n)):
        out[a:] += weights[a:, a, None] * v[: n - a]
    return out


def zero_where_nothing(q, k, v, w):
    return _shifted(q, k, v, w, 0.0)


def the_other_way(student, teacher, temperature):
    return formulas.distillation_loss(teacher, student, temperature)


def without_the_square(student, teacher, temperature):
    return formulas.distillation_loss(student, teacher, temperature) / temperature**2


def log_of_softmax(student, teacher, temperature):
    s, t = (formulas.softmax(z / temperature) for z in (student, teacher))
    return temperature**2 * (t * (np.log(t) - np.log(s))).sum(axis=1).mean()


def of_scores(student, teacher, temperature):
    return ((student - teacher) ** 2).mean()


def summed_rows(student, teacher, temperature):
    log_s, log_t = (log_softmax(z / temperature, axis=1) for z in (student, teacher))
    return temperature**2 * (np.exp(log_t) * (log_t - log_s)).sum()


def rough_best(rough, off, k):
    return np.argsort(-rough)[:k]


def upper_bar(rough, off, k):
    return np.flatnonzero(rough + off >= np.sort(rough + off)[-k])


def worst_error(rough, off, k):
    return np.flatnonzero(rough + off.max() >= np.sort(rough - off.max())[-k])


def strictly(rough, off, k):
    return np.flatnonzero(rough + off > np.sort(rough - off)[-k])


def as_booleans(rough, off, k):
    return rough + off >= np.sort(rough - off)[-k]


def _stays(w_q, heads, gone):
    return ~np.isin(np.arange(w_q.shape[1]) // (w_q.shape[1] // heads), gone)


def zeros_instead(w_q, w_k, w_v, w_o, heads, gone):
    return w_q, w_k, w_v, np.where(_stays(w_q, heads, gone)[:, None], w_o, 0)


def interleaved(w_q, w_k, w_v, w_o, heads, gone):
    stays = ~np.isin(np.arange(w_q.shape[1]) % heads, gone)
    return w_q[:, stays], w_k[:, stays], w_v[:, stays], w_o[stays]


def first_ones(w_q, w_k, w_v, w_o, heads, gone):
    left = _stays(w_q, heads, gone).sum()
    return w_q[:, :left], w_k[:, :left], w_v[:, :left], w_o[:left]


def keys_of_others(w_q, w_k, w_v, w_o, heads, gone):
    stays = _stays(w_q, heads, gone)
    left = stays.sum()
    return w_q[:, stays], w_k[:, -left:] if left else w_k[:, :0], w_v[:, stays], w_o[stays]


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("16.1", place_by_place, "share of the exact list", "both lists hold"),
    ("16.1", with_padding, "padding is on no list", "column 0 is padding"),
    ("16.1", of_the_union, "share of the exact list", "divided by k"),
    ("16.1", any_hit, "share of the exact list", "divided by k"),
    ("16.2", cuts_off, "more than half a step", "astype alone cuts off"),
    ("16.2", one_scale, "uses all of its steps", "not one for all"),
    ("16.2", as_int64, "more than half a step", "a byte each"),
    ("16.2", without_abs, "more than half a step", "np.rint rounds to the nearest"),
    ("16.2", zero_by_zero, "a row of zeros stays one", "nothing by nothing"),
    ("16.3", all_pairs, "does not grow with the square", "do not form all pairs"),
    ("16.3", one_too_many, "itself and those just before", "i - w + 1 to i"),
    ("16.3", both_sides, "itself and those just before", "i - w + 1 to i"),
    ("16.3", zero_where_nothing, "itself and those just before", "over these alone"),
    ("16.4", the_other_way, "it is the divergence", "p_t the teacher's"),
    ("16.4", without_the_square, "keeps its voice", "multiplied by T squared"),
    ("16.4", log_of_softmax, "large scores give numbers", "in one step"),
    ("16.4", of_scores, "it is the divergence", "then the mean over rows"),
    ("16.4", summed_rows, "it is the divergence", "then the mean over rows"),
    ("16.5", rough_best, "none of the best is lost", "for certain"),
    ("16.5", upper_bar, "none of the best is lost", "for certain"),
    ("16.5", worst_error, "nobody is kept who cannot win", "k-th best lower end"),
    ("16.5", strictly, "the best are left", "use >="),
    ("16.5", as_booleans, "none of the best is lost", "np.flatnonzero"),
    ("16.6", zeros_instead, "that of a silenced one", "a zero that stays is computed"),
    ("16.6", interleaved, "that of a silenced one", "the same rows of the last"),
    ("16.6", first_ones, "that of a silenced one", "the same rows of the last"),
    ("16.6", keys_of_others, "that of a silenced one", "the same rows of the last"),
]
