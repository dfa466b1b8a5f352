"""Typical wrong answers to the exercises on several interests."""

import numpy as np

from attnrec_lite.formulas import dynamic_routing, softmax, squash


def asked(axis=1, hidden=np.tanh, values=lambda h, w: h, root=False):
    def answer(history, W, queries):
        scores = queries @ hidden(history @ W).T
        A = softmax(scores / np.sqrt(W.shape[1]) if root else scores, axis=axis)
        return A @ values(history, W), A

    return answer


def one_after_the_other(history, W, queries):
    """The second interest is given what the first left over."""
    scores, left, rows = queries @ np.tanh(history @ W).T, np.ones(len(history)), []
    for row in scores:
        a = softmax(row + np.log(left))
        left = np.maximum(left - 0.5 * a, 1e-3)
        rows.append(a)
    return np.array(rows) @ history, np.array(rows)


def different(start):
    if len(np.unique(start, axis=0)) < len(start):
        raise ValueError("equal start")


def routed(axis=0, press=squash, last=True, check=different):
    def answer(history, S, start, rounds):
        check(start)
        told, b = history @ S, start
        for _ in range(rounds):
            w = softmax(b, axis=axis)
            v = press(w @ told)
            b = b + v @ told.T
        return v, w if last else softmax(b, axis=axis)

    return answer


def routed_without_check(history, S, start, rounds):
    return dynamic_routing(history, S, start, rounds)


def neighbours_differ(start):
    if (start[1:] == start[:-1]).all(axis=1).any():
        raise ValueError("equal start")


def unit_length(z):
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)


def not_a_number(z):
    n = np.linalg.norm(z, axis=1, keepdims=True)
    return n**2 / (1 + n**2) * z / n


def power(interests, candidate, p):
    return softmax((interests @ candidate) ** p) @ interests


def signed_power(interests, candidate, p):
    dots = interests @ candidate
    return softmax(np.sign(dots) * np.abs(dots) ** p) @ interests


def overflowing(interests, candidate, p):
    e = np.exp(p * (interests @ candidate))
    return e / e.sum() @ interests


def hard(interests, candidate, p):
    return interests[np.argmax(interests @ candidate)]


def by_sum(interests, vectors, k, seen):
    s = (vectors @ interests.T).sum(axis=1)
    s[seen] = -np.inf
    return np.argsort(-s)[: min(k, len(vectors) - len(seen))]


def seen_afterwards(interests, vectors, k, seen):
    scores = vectors @ interests.T
    found = np.unique(np.argsort(-scores, axis=0)[:k])
    order = found[np.argsort(-scores[found].max(axis=1))][:k]
    return order[~np.isin(order, seen)]


def seen_kept(interests, vectors, k, seen):
    return np.argsort(-(vectors @ interests.T).max(axis=1))[: min(k, len(vectors) - len(seen))]


def round_robin(interests, vectors, k, seen):
    scores = vectors @ interests.T
    scores[seen] = -np.inf
    found = list(dict.fromkeys(np.argsort(-scores, axis=0).ravel()))
    return np.array(found)[: min(k, len(vectors) - len(seen))]


def more_than_there_is(interests, vectors, k, seen):
    scores = (vectors @ interests.T).max(axis=1)
    scores[seen] = -np.inf
    return np.argsort(-scores)[:k]


def varied(bonus):
    def answer(scores, categories, k, diversity):
        taken = []
        for _ in range(k):
            gain = scores + diversity * bonus(categories, taken)
            gain[taken] = -np.inf
            taken.append(int(np.argmax(gain)))
        return np.array(taken)

    return answer


def once(c, taken):
    return sum((c != c[i] for i in taken), np.zeros(len(c)))


def new_category(c, taken):
    return 2.0 * ~np.isin(c, c[taken])


def unlike_the_last(c, taken):
    return 2.0 * (c != c[taken[-1]]) if taken else np.zeros(len(c))


def always_diverse(scores, categories, k, diversity):
    return varied(new_category)(scores, categories, k, 1.0)


def interval(gain, factor=1.96):
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return gain.mean() - factor * error, gain.mean() + factor * error


def chosen(pick, ends=interval):
    def answer(recalls):
        k = pick(recalls)
        return (k + 1, *ends(recalls[:, k] - recalls[:, 0]))

    return answer


def enough(recalls):
    n = recalls.shape[1]
    for k in range(n):
        if all(interval(recalls[:, j] - recalls[:, k])[0] <= 0 for j in range(k + 1, n)):
            return k


def largest_mean(recalls):
    return int(recalls.mean(axis=0).argmax())


def next_only(recalls):
    for k in range(recalls.shape[1] - 1):
        if interval(recalls[:, k + 1] - recalls[:, k])[0] <= 0:
            return k
    return recalls.shape[1] - 1


def unpaired(recalls):
    mean, error = recalls.mean(axis=0), recalls.std(axis=0, ddof=1) / np.sqrt(len(recalls))
    for k in range(recalls.shape[1]):
        if all(mean[k + 1 :] - 1.96 * error[k + 1 :] <= mean[k] + 1.96 * error[k]):
            return k


def standard_deviations(gain):
    return gain.mean() - 1.96 * gain.std(ddof=1), gain.mean() + 1.96 * gain.std(ddof=1)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("12.1", asked(axis=0), "one unit over the items", "softmax along the items"),
    ("12.1", asked(hidden=lambda x: x), "those of the equation", "tanh is inside"),
    ("12.1", asked(root=True), "those of the equation", "no root"),
    (
        "12.1",
        asked(values=lambda h, w: np.tanh(h @ w) @ np.linalg.pinv(w)),
        "those of the equation",
        "not what tanh made",
    ),
    ("12.1", one_after_the_other, "those of the equation", "tanh"),
    ("12.2", routed(axis=1), "one unit over the interests", "along the interests"),
    ("12.2", routed(last=False), "those of the rounds", "before it is moved again"),
    ("12.2", routed(press=unit_length), "those of the rounds", "squash"),
    ("12.2", routed(press=lambda z: z), "those of the rounds", "squash"),
    ("12.2", routed(press=not_a_number), "no interest is longer", "not 0 / 0"),
    ("12.2", routed_without_check, "an equal start", "stay alike"),
    ("12.2", routed(check=neighbours_differ), "an equal start", "all pairs"),
    ("12.3", power, "negative dot products", "multiply by p"),
    ("12.3", signed_power, "p = 0 is the mean", "equal weights"),
    ("12.3", overflowing, "p = 100", "subtract the largest"),
    ("12.3", hard, "p = 0 is the mean", "equal weights"),
    ("12.4", by_sum, "order by the best interest", "by its best interest"),
    ("12.4", round_robin, "order by the best interest", "order what the searches found"),
    ("12.4", seen_afterwards, "what was seen", "out before a search stops"),
    ("12.4", seen_kept, "what was seen", "out before a search stops"),
    ("12.4", more_than_there_is, "few goods left", "all of it"),
    ("12.5", varied(once), "each step takes", "twice"),
    ("12.5", varied(new_category), "each step takes", "every good of another category"),
    ("12.5", varied(unlike_the_last), "each step takes", "every good of another category"),
    ("12.5", always_diverse, "λ = 0", "no bonus"),
    ("12.6", chosen(largest_mean), "number of tastes", "largest by luck"),
    ("12.6", chosen(lambda r: r.shape[1] - 1), "number of tastes", "largest by luck"),
    ("12.6", chosen(unpaired), "number of tastes", "user by user"),
    ("12.6", chosen(next_only), "a step that brings nothing", "all larger ones"),
    ("12.6", chosen(enough, standard_deviations), "the interval", "standard error"),
]
