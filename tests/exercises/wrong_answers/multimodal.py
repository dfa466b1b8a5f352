"""Typical wrong answers to the exercises of the chapter "Multimodal"."""

import numpy as np

from attnrec_lite import formulas


def plain_mean(codes, table):
    return table[codes].mean(axis=1)


def padding_counts(codes, table):
    return (table[codes] * (codes > 0)[:, :, None]).mean(axis=1)


def sum_of_codes(codes, table):
    return (table[codes] * (codes > 0)[:, :, None]).sum(axis=1)


def nothing_by_nothing(codes, table):
    real = codes > 0
    return (table[codes] * real[:, :, None]).sum(axis=1) / real.sum(axis=1)[:, None]


def _fuse(parts, scores, known, fallback):
    v = np.where(known[:, :, None], parts, 0)
    weights = formulas.masked_softmax(np.where(known, scores, 0), known)
    return (weights[:, :, None] * v).sum(axis=1), weights


def softmax_then_mask(parts, scores, known, fallback):
    weights = formulas.softmax(np.where(known, scores, 0)) * known
    vectors = (weights[:, :, None] * np.where(known[:, :, None], parts, 0)).sum(axis=1)
    return np.where(known.any(axis=1)[:, None], vectors, fallback), weights


def over_items(parts, scores, known, fallback):
    weights = formulas.softmax(np.where(known, scores, -1e9), axis=0)
    return (weights[:, :, None] * parts).sum(axis=1), weights


def multiplies_nan(parts, scores, known, fallback):
    weights = formulas.masked_softmax(np.where(known, scores, 0), known)
    vectors = (weights[:, :, None] * parts).sum(axis=1)
    return np.where(known.any(axis=1)[:, None], vectors, fallback), weights


def no_fallback(parts, scores, known, fallback):
    return _fuse(parts, scores, known, fallback)


def vectors_only(parts, scores, known, fallback):
    return _fuse(parts, scores, known, fallback)[0]


def divides(parts, known, share, rng):
    kept = known & (rng.random(known.shape) >= share)
    return np.where(kept[:, :, None], parts / (1 - share)[:, None], 0), kept


def revives(parts, known, share, rng):
    kept = rng.random(known.shape) >= share
    return np.where(kept[:, :, None], parts, 0), kept


def keeps_the_share(parts, known, share, rng):
    kept = known & (rng.random(known.shape) < share)
    return np.where(kept[:, :, None], parts, 0), kept


def one_draw_an_item(parts, known, share, rng):
    kept = known & (rng.random((len(known), 1)) >= share)
    return np.where(kept[:, :, None], parts, 0), kept


def leaves_parts(parts, known, share, rng):
    return parts, known & (rng.random(known.shape) >= share)


def same_block(maps, biases, matrix):
    block = matrix[:, : len(biases[0])]
    return np.hstack([block @ w for w in maps]), sum(block @ b for b in biases)


def bias_not_mapped(maps, biases, matrix):
    blocks = np.split(matrix, len(maps), axis=1)
    bias = np.resize(sum(biases), len(matrix))
    return np.hstack([b @ w for b, w in zip(blocks, maps, strict=True)]), bias


def forgets_bias(maps, biases, matrix):
    blocks = np.split(matrix, len(maps), axis=1)
    whole = np.hstack([b @ w for b, w in zip(blocks, maps, strict=True)])
    return whole, np.zeros(len(matrix))


def just_adds(scores, weights, known):
    return formulas.late_fusion(scores, weights, known)


def _late(scores, weights, known, all_scores=False, all_votes=False):
    rows = [
        formulas.standardise(s, s if all_scores else s[k])
        for s, k in zip(scores, known, strict=True)
    ]
    votes = np.ones_like(known) if all_votes else known
    total = (weights[:, None] * votes).sum(axis=0)
    some = known.any(axis=0)
    mean = (weights[:, None] * known * rows).sum(axis=0) / np.where(total > 0, total, 1)
    return np.where(some, mean, -np.inf)


def scale_over_all(scores, weights, known):
    return _late(scores, weights, known, all_scores=True)


def divides_by_all(scores, weights, known):
    return _late(scores, weights, known, all_votes=True)


def nobody_is_zero(scores, weights, known):
    return np.nan_to_num(_late(scores, weights, known), neginf=0)


def edits_all(encode, rows, features, trained):
    return bool(np.abs(encode(rows + 1, features) - encode(rows, features)).max() > 1e-9)


def new_items_only(encode, rows, features, trained):
    edited = rows.copy()
    edited[~trained] = np.random.default_rng(0).normal(size=edited[~trained].shape)
    moved = encode(edited, features) - encode(rows, features)
    return bool(np.abs(moved[~trained]).max() > 1e-9)


def shifts(encode, rows, features, trained):
    edited = rows.copy()
    edited[~trained] += 1
    return bool(np.abs(encode(edited, features) - encode(rows, features)).max() > 1e-9)


def coarse(encode, rows, features, trained):
    edited = rows.copy()
    edited[~trained] = np.random.default_rng(0).normal(size=edited[~trained].shape)
    return bool(np.abs(encode(edited, features) - encode(rows, features)).max() > 0.01)


def in_place(encode, rows, features, trained):
    before = encode(rows, features)
    rows[~trained] = np.random.default_rng(0).normal(size=rows[~trained].shape)
    return bool(np.abs(encode(rows, features) - before).max() > 1e-9)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("13.1", plain_mean, "padding has no part", "neither in the sum nor in the count"),
    ("13.1", padding_counts, "padding has no part", "neither in the sum nor in the count"),
    ("13.1", sum_of_codes, "the mean of the vectors", "the mean over the codes"),
    ("13.1", nothing_by_nothing, "without a code gets zeros", "divide by at least 1"),
    ("13.2", softmax_then_mask, "share the whole", "mask before the softmax divides"),
    ("13.2", over_items, "a softmax and a sum", "the last axis of scores"),
    ("13.2", multiplies_nan, "is not looked at", "0 times NaN is NaN"),
    ("13.2", no_fallback, "gets the fallback", "give the fallback"),
    ("13.2", vectors_only, "a softmax and a sum", "two arrays"),
    ("13.3", divides, "what stays is as it was", "do not divide by 1 - share"),
    ("13.3", revives, "what was unknown stays unknown", "cannot be kept"),
    ("13.3", keeps_the_share, "with its own chance", "each modality has its own chance"),
    ("13.3", one_draw_an_item, "drawn one by one", "a draw for each item and each modality"),
    ("13.3", leaves_parts, "the rest is zero", "like those that are missing"),
    ("13.4", same_block, "one matrix does what", "meet part m, and no other"),
    ("13.4", bias_not_mapped, "one matrix does what", "meet part m"),
    ("13.4", forgets_bias, "one matrix does what", "meet part m"),
    ("13.5", just_adds, "its numbers are large", "to mean 0 and deviation 1"),
    ("13.5", scale_over_all, "does not know has no voice", "scores[r][known[r]] only"),
    ("13.5", divides_by_all, "does not know has no voice", "no vote where unknown"),
    ("13.5", nobody_is_zero, "nobody knows comes last", "above half of the others"),
    ("13.6", edits_all, "hides untrained rows is right", "edit the others only"),
    ("13.6", new_items_only, "nor may another item read it", "compare the vectors of all items"),
    ("13.6", shifts, "reading differences is reading", "can cancel"),
    ("13.6", coarse, "a little is too much", "however small"),
    ("13.6", in_place, "hides untrained rows is right", "edit a copy"),
]
