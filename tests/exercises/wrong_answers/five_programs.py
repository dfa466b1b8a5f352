"""Typical wrong answers to the exercises of the chapter "Five programs, repaired"."""

import numpy as np

from attnrec_lite.formulas import logistic_loss, softmax


def exact_difference(program, query, keys):
    other = np.random.default_rng(1).normal(size=query.shape)
    return not np.array_equal(program(query, keys), program(other, keys))


def twice_the_query(program, query, keys):
    return not np.allclose(program(query, keys), program(2 * query, keys))


def minus_the_query(program, query, keys):
    return not np.allclose(program(query, keys), program(-query, keys))


def other_keys(program, query, keys):
    return not np.allclose(program(query, keys), program(query, keys[::-1]))


def as_printed(query, keys, values):
    scores = np.einsum("bd,bnd->bn", query, keys)[:, None]
    return (softmax(scores, axis=1) @ values)[:, 0]


def over_the_batch(query, keys, values):
    scores = np.einsum("bd,bnd->bn", query, keys) / np.sqrt(query.shape[1])
    return np.einsum("bn,bnd->bd", softmax(scores, axis=0), values)


def unscaled(query, keys, values):
    scores = np.einsum("bd,bnd->bn", query, keys)
    return np.einsum("bn,bnd->bd", softmax(scores), values)


def by_key_length(query, keys, values):
    scores = np.einsum("bd,bnd->bn", query, keys) / np.linalg.norm(keys, axis=-1)
    return np.einsum("bn,bnd->bd", softmax(scores), values)


def mean_of_values(query, keys, values):
    return values.mean(axis=1)


def filled(rows, length, first, left):
    out = np.zeros((len(rows), length), int)
    for line, row in zip(out, rows, strict=True):
        ids = (np.flatnonzero(row) + first)[-length:]
        if len(ids):
            line[slice(-len(ids), None) if left else slice(len(ids))] = ids
    return out


def ids_from_zero(rows, length):
    return filled(rows, length, first=0, left=True)


def padded_on_the_right(rows, length):
    return filled(rows, length, first=1, left=False)


def the_first_ones(rows, length):
    out = np.zeros((len(rows), length), int)
    for line, row in zip(out, rows, strict=True):
        ids = (np.flatnonzero(row) + 1)[:length]
        if len(ids):
            line[-len(ids) :] = ids
    return out


def without_biases(p, h, o):
    return 2 * p * h + 2 * h + h * o


def attention_as_printed(p, h, o):
    return 2 * (p * h + h) + (h + 1) + (h * o + o)


def one_embedding(p, h, o):
    return (p * h + h) + (2 * h + 1) + (h * o + o)


def places(history, candidates, table):
    return np.argsort(-table[candidates] @ table[history].mean(axis=0))


def worst_first(history, candidates, table):
    past, e = table[history], table[candidates]
    weights = softmax(e @ past.T / np.sqrt(e.shape[1]))
    return candidates[np.argsort(((weights @ past) * e).sum(axis=1))]


def one_mean_for_all(history, candidates, table):
    return candidates[np.argsort(-table[candidates] @ table[history].mean(axis=0))]


def always_binary(outputs, labels):
    return logistic_loss(outputs, labels).mean()


def always_squared(outputs, labels):
    return np.mean((outputs - labels) ** 2)


def overflowing(outputs, labels):
    if np.isin(labels, (0, 1)).all():
        return np.mean(np.log(1 + np.exp(outputs)) - labels * outputs)
    if ((labels >= 1) & (labels <= 5)).all():
        return always_squared(outputs, labels)
    raise ValueError("labels")


def never_refuses(outputs, labels):
    return (always_binary if np.isin(labels, (0, 1)).all() else always_squared)(outputs, labels)


def sum_of_losses(outputs, labels):
    if np.isin(labels, (0, 1)).all():
        return np.sum(np.logaddexp(0, outputs) - labels * outputs)
    if np.isin(labels, (1, 2, 3, 4, 5)).all():
        return np.sum((outputs - labels) ** 2)
    raise ValueError("labels: expected 0 and 1, or stars")


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("7.1", exact_difference, "rounding or not", "np.allclose"),
    ("7.1", twice_the_query, "any way of hearing", "another direction"),
    ("7.1", minus_the_query, "any way of hearing", "other numbers"),
    ("7.1", other_keys, "a softmax over one element is caught", "same keys"),
    ("7.2", as_printed, "those of the loop", "plain sum of the values"),
    ("7.2", over_the_batch, "those of the loop", "name the axes"),
    ("7.2", unscaled, "those of the loop", "not scaled"),
    ("7.2", by_key_length, "those of the loop", "as S0 did"),
    ("7.2", mean_of_values, "those of the loop", "mean of the values"),
    ("7.3", ids_from_zero, "the id of its good", "0 is padding"),
    ("7.3", padded_on_the_right, "on the left", "padding stands on the left"),
    ("7.3", the_first_ones, "the last ones stay", "the last ones stay"),
    ("7.4", without_biases, "four layers", "biases too"),
    ("7.4", attention_as_printed, "four layers", "user AND item"),
    ("7.4", one_embedding, "four layers", "a layer each"),
    ("7.5", places, "the candidates, each once", "places"),
    ("7.5", worst_first, "the best fit comes first", "best first"),
    ("7.5", one_mean_for_all, "the best fit comes first", "its own context"),
    ("7.6", always_binary, "for stars", "the mean should be"),
    ("7.6", always_squared, "for clicks", "log-odds"),
    ("7.6", sum_of_losses, "mean over rows", "mean over rows of"),
    ("7.6", overflowing, "a bottom", "np.logaddexp"),
    ("7.6", never_refuses, "labels of another kind", "not yours to guess"),
]
