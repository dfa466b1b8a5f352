"""Typical wrong answers to the exercises of the chapter "Queries, keys and values"."""

import numpy as np

from attnrec_lite import formulas


def square(mask):
    return np.ones((mask.shape[1],) * 2, bool)


def sees_everything(mask):
    return mask[:, None, :] & square(mask)


def mask_of_queries(mask):
    return np.tril(square(mask)) & mask[:, :, None]


def strictly_before(mask):
    return np.tril(square(mask), k=-1) & mask[:, None, :]


def upper_triangle(mask):
    return np.triu(square(mask)) & mask[:, None, :]


def unscaled(q, k, v, visible):
    return formulas.masked_softmax(q @ k.T, visible) @ v


def wrong_axis(q, k, v, visible):
    return formulas.masked_softmax(q @ k.T / np.sqrt(k.shape[1]), visible, axis=0) @ v


def root_of_how_many(q, k, v, visible):
    return formulas.masked_softmax(q @ k.T / np.sqrt(len(k)), visible) @ v


def hidden_after_the_softmax(q, k, v, visible):
    return (formulas.attend(q, k, v)[1] * visible) @ v


def large_negative(q, k, v, visible):
    scores = q @ k.T / np.sqrt(k.shape[1])
    return formulas.softmax(np.where(visible, scores, -1e9)) @ v


def scores_times_visible(q, k, v, visible):
    return formulas.softmax(q @ k.T / np.sqrt(k.shape[1]) * visible) @ v


def interleaved(q, k, v, heads):
    def split(x):
        return x.reshape(len(x), -1, heads).transpose(2, 0, 1)

    z = formulas.attend(split(q), split(k), split(v))[0]
    return z.transpose(1, 2, 0).reshape(len(q), -1)


def root_of_all_heads(q, k, v, heads):
    def split(x):
        return x.reshape(len(x), heads, -1).transpose(1, 0, 2)

    shrink = np.sqrt(q.shape[1] / heads) / np.sqrt(q.shape[1])
    z = formulas.attend(split(q) * shrink, split(k), split(v))[0]
    return z.transpose(1, 0, 2).reshape(len(q), -1)


def no_heads(q, k, v, heads):
    return formulas.attend(q, k, v)[0]


def asks_before_it_is_there(keys, values, token, matrices):
    q, k, v = (token @ w for w in matrices)
    z = formulas.attend([q], keys, values)[0][0] if len(keys) else np.zeros(len(v))
    return z, np.vstack([keys, k]), np.vstack([values, v])


def unscaled_click(keys, values, token, matrices):
    q, k, v = (token @ w for w in matrices)
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return formulas.softmax(keys @ q) @ values, keys, values


def query_matrix_for_the_key(keys, values, token, matrices):
    q, _, v = (token @ w for w in matrices)
    keys, values = np.vstack([keys, q]), np.vstack([values, v])
    return formulas.attend([q], keys, values)[0][0], keys, values


def added_in_front(keys, values, token, matrices):
    q, k, v = (token @ w for w in matrices)
    keys, values = np.vstack([k, keys]), np.vstack([v, values])
    return formulas.attend([q], keys, values)[0][0], keys, values


def forgets(keys, values, token, matrices):
    q, k, v = (token @ w for w in matrices)
    return formulas.attend([q], [k], [v])[0][0], k[None], v[None]


def edits(answer, x, places):
    before = answer(x)
    for s in places:
        changed = x.copy()
        changed[:, s] += 1.0
        yield s, np.abs(answer(changed) - before)


def itself_counts(answer, x):
    return any(bool((far[:, : s + 1] > 1e-9).any()) for s, far in edits(answer, x, range(1, 6)))


def two_steps_before(answer, x):
    return any(bool((far[:, : s - 1] > 1e-9).any()) for s, far in edits(answer, x, range(1, 6)))


def swaps_only(answer, x):
    swapped = x.copy()
    swapped[:, [-1, -2]] = x[:, [-2, -1]]
    return bool((np.abs(answer(swapped) - answer(x))[:, :-2] > 1e-9).any())


def coarse(answer, x):
    return any(bool((far[:, :s] > 1e-1).any()) for s, far in edits(answer, x, range(1, 6)))


def last_input_only(answer, x):
    last = x.shape[1] - 1
    return any(bool((far[:, :s] > 1e-9).any()) for s, far in edits(answer, x, [last]))


def never(answer, x):
    return False


def phi(x):
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def not_normalised(state, q, k, v):
    total = (0 if state is None else state) + np.outer(phi(k), v)
    return phi(q) @ total, total


def other_feature_map(state, q, k, v):
    total, r = (0, 0) if state is None else state
    total, r = total + np.outer(np.exp(k), v), r + np.exp(k)
    return np.exp(q) @ total / (np.exp(q) @ r), (total, r)


def asks_before_it_adds(state, q, k, v):
    total, r = (np.outer(phi(k), v), phi(k)) if state is None else state
    z = phi(q) @ total / (phi(q) @ r)
    return z, (total, r) if state is None else (total + np.outer(phi(k), v), r + phi(k))


def keeps_everything(state, q, k, v):
    keys, values = state or ([], [])
    keys, values = [*keys, k], [*values, v]
    qs = np.tile(q, (len(keys), 1))
    return formulas.linear_attention(qs, keys, values, causal=True)[-1], (keys, values)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("3.1", sees_everything, "nobody sees what comes after", "lower triangle"),
    ("3.1", upper_triangle, "nobody sees what comes after", "lower triangle"),
    ("3.1", mask_of_queries, "nobody sees padding", "the mask belongs to the keys"),
    ("3.1", strictly_before, "everything else is seen", "an item sees itself too"),
    ("3.2", unscaled, "it is the equation", "root of the length of a key"),
    ("3.2", wrong_axis, "it is the equation", "along each row"),
    ("3.2", root_of_how_many, "it is the equation", "not how many keys there are"),
    ("3.2", hidden_after_the_softmax, "what is hidden has no part", "hide before the softmax"),
    ("3.2", large_negative, "gets the zero vector", "takes nothing along"),
    ("3.2", scores_times_visible, "what is hidden has no part", "a score of 0 is not hidden"),
    ("3.3", interleaved, "what a loop over blocks of columns gives", "neighbouring columns"),
    ("3.3", root_of_all_heads, "what a loop over blocks of columns gives", "width of one head"),
    ("3.3", no_heads, "what a loop over blocks of columns gives", "head h owns a block"),
    ("3.4", asks_before_it_is_there, "last row of the full causal", "add its key and value before"),
    ("3.4", unscaled_click, "last row of the full causal", "root of the length of a key"),
    ("3.4", forgets, "last row of the full causal", ""),
    ("3.4", query_matrix_for_the_key, "last row of the full causal", "W_K the row for the keys"),
    ("3.4", added_in_front, "grow by one row", "at the end"),
    ("3.5", itself_counts, "a causal model passes", "itself included"),
    ("3.5", two_steps_before, "off by one is found", "just before the edit"),
    ("3.5", swaps_only, "a missing mask is found", "do not swap"),
    ("3.5", coarse, "a leak of one output is found", "however small"),
    ("3.5", never, "a missing mask is found", "edit something late"),
    ("3.5", last_input_only, "a leak of one output is found", "edit every input in turn"),
    ("3.6", not_normalised, "what the formula gives", "carry the sum of phi(k) along"),
    ("3.6", other_feature_map, "what the formula gives", "phi(x) = elu(x) + 1"),
    ("3.6", keeps_everything, "the state does not grow", "sums do not grow"),
    ("3.6", asks_before_it_adds, "what the formula gives", "sees itself too"),
]
