"""Typical wrong answers to the exercises of the chapter "The attention economy"."""

import numpy as np

from attnrec_lite.formulas import (
    blend_scores,
    gini,
    item_similarity,
    user_neighbour_scores,
)


def best_goods_in_order(attention, chances):
    return np.argsort(-chances)[: len(attention)]


def worst_goods(attention, chances):
    return np.argsort(chances)[: len(attention)]


def always_the_best(attention, chances):
    return np.full(len(attention), chances.argmax())


def common_users(x):
    common = x.T @ x
    np.fill_diagonal(common, 0)
    return common


def with_itself(x):
    return item_similarity(x) + np.eye(x.shape[1])


def unguarded(x):
    taken = x.sum(0)
    common = x.T @ x / np.sqrt(np.outer(taken, taken))
    np.fill_diagonal(common, 0)
    return common


def overlap_of_users(row, x, neighbours):
    alike = x @ row
    nearest = np.argsort(-alike, kind="stable")[:neighbours]
    return alike[nearest] @ x[nearest]


def everybody(row, x, neighbours):
    return user_neighbour_scores(row, x, len(x))


def furthest(row, x, neighbours):
    alike = x @ row / np.maximum(np.linalg.norm(x, axis=1) * np.linalg.norm(row), 1e-9)
    nearest = np.argsort(alike)[:neighbours]
    return alike[nearest] @ x[nearest]


def unguarded_users(row, x, neighbours):
    alike = x @ row / (np.maximum(np.linalg.norm(x, axis=1), 1e-9) * np.linalg.norm(row))
    nearest = np.argsort(-alike, kind="stable")[:neighbours]
    return alike[nearest] @ x[nearest]


def unguarded_gini(n):
    return np.abs(n[:, None] - n).sum() / (2 * len(n) * n.sum())


def gini_up_to_one(n):
    return gini(n) * len(n) / (len(n) - 1)


def gini_of_unsorted(n):
    place = np.arange(1, len(n) + 1)
    return (2 * place - len(n) - 1) @ n / (len(n) * n.sum()) if n.sum() else 0.0


def mean_difference(n):
    return np.abs(n[:, None] - n).mean() / 2


def plain_sum(first, second, share):
    return share * first + (1 - share) * second


def swapped(first, second, share):
    return blend_scores(second, first, share)


def unguarded_blend(first, second, share):
    a, b = ((s - s.mean()) / s.std() for s in (first, second))
    return share * a + (1 - share) * b


def without_mask(first, second, real):
    i, j = np.triu_indices(first.shape[1], 1)
    return np.mean((first[:, i] > first[:, j]) == (second[:, i] > second[:, j]), axis=1)


def unguarded_pairs(first, second, real):
    found = []
    for a, b, r in zip(first, second, real, strict=True):
        i, j = np.triu_indices(r.sum(), 1)
        same = (a[r][i] > a[r][j]) == (b[r][i] > b[r][j])
        found.append(same.sum() / np.float64(len(i)))
    return np.array(found)


def same_winner(first, second, real):
    return (first.argmax(1) == second.argmax(1)).astype(float)


def rolled_to_the_best_place(attention, chances):
    return np.roll(np.argsort(-chances)[: len(attention)], attention.argmax())


def nearest_by_goods_in_common(row, interactions, neighbours):
    length = np.sqrt(row.sum() * interactions.sum(1))
    alike = np.divide(interactions @ row, length, out=np.zeros(len(length)), where=length > 0)
    nearest = np.argsort(-(interactions @ row), kind="stable")[:neighbours]
    return alike[nearest] @ interactions[nearest]


def only_the_first_guarded(first, second, share):
    one = (first - first.mean()) / first.std() if first.std() > 0 else 0 * first
    return share * one + (1 - share) * (second - second.mean()) / second.std()


def the_last_ones_are_real(first, second, real):
    found = []
    for a, b, n in zip(first, second, real.sum(1), strict=True):
        i, j = np.triu_indices(n, 1)
        a, b = a[len(a) - n :], b[len(b) - n :]
        found.append(np.mean((a[i] > a[j]) == (b[i] > b[j])) if len(i) else 1.0)
    return np.array(found)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("1.1", best_goods_in_order, "the third place", "belongs there"),
    ("1.1", worst_goods, "nothing sells more", "comes first"),
    ("1.1", always_the_best, "nothing sells more", "no good twice"),
    ("1.1", rolled_to_the_best_place, "the third place", "belongs there"),
    ("1.2", common_users, "root of the counts", "pays for popularity"),
    ("1.2", with_itself, "its own neighbour", "set it to 0"),
    ("1.2", unguarded, "nobody took", "0 / 0"),
    ("1.3", overlap_of_users, "by their cosine", "divide by both lengths"),
    ("1.3", everybody, "only the nearest", "largest first"),
    ("1.3", furthest, "only the nearest", "largest first"),
    ("1.3", unguarded_users, "bought nothing", "not nan"),
    ("1.3", nearest_by_goods_in_common, "only the nearest", "by their cosine"),
    ("1.4", unguarded_gini, "before the first sale", "0 / 0"),
    ("1.4", gini_up_to_one, "mean difference", "all pairs"),
    ("1.4", gini_of_unsorted, "", ""),
    ("1.4", mean_difference, "mean difference", "over 2 N"),
    ("1.5", plain_sum, "on one scale", "larger numbers decide"),
    ("1.5", swapped, "on one scale", "standard deviation"),
    ("1.5", unguarded_blend, "without an opinion", "not nan"),
    ("1.5", only_the_first_guarded, "without an opinion", "not nan"),
    ("1.6", without_mask, "not with its mirror", "pairs of real items"),
    ("1.6", unguarded_pairs, "without a pair", "no disagreement"),
    ("1.6", same_winner, "", "pairs"),
    ("1.6", the_last_ones_are_real, "not with its mirror", "pairs of real items"),
]
