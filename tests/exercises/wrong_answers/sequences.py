"""Typical wrong answers to the exercises of the chapter "Sequences"."""

import numpy as np

from attnrec_lite import formulas


def lower(segments):
    return np.tril(np.ones((segments.shape[1],) * 2, bool))


def same(segments):
    return segments[:, :, None] == segments[:, None, :]


def empty_is_a_piece(segments):
    return same(segments) & lower(segments)


def all_earlier(segments):
    return (segments > 0)[:, None, :] & (segments > 0)[:, :, None] & lower(segments)


def both_ways(segments):
    return same(segments) & (segments > 0)[:, :, None]


def not_itself(segments):
    return both_ways(segments) & np.tril(lower(segments), k=-1)


def _moved(answer, ids, segments, s, step=1):
    edited = ids.copy()
    edited[:, s] = np.where(ids[:, s] > 0, (ids[:, s] - 1 + step) % 11 + 1, 0)
    return np.abs(answer(edited, segments) - answer(ids, segments)).max(axis=-1)


def _leaks(answer, ids, segments, above=1e-9, gap=0, neighbours=True, itself=False):
    found = set()
    for s in range(ids.shape[1]):
        moved = _moved(answer, ids, segments, s) > above
        own = segments == segments[:, [s]]
        if (moved & own)[:, : s - gap + itself if s >= gap else 0].any():
            found.add("future")
        if neighbours and (moved & ~own).any():
            found.add("neighbour")
    return found


def future_only(answer, ids, segments):
    return _leaks(answer, ids, segments, neighbours=False)


def coarse(answer, ids, segments):
    return _leaks(answer, ids, segments, above=0.3)


def one_step_late(answer, ids, segments):
    return _leaks(answer, ids, segments, gap=1)


def counts_itself(answer, ids, segments):
    return _leaks(answer, ids, segments, itself=True)


def true_or_false(answer, ids, segments):
    return bool(_leaks(answer, ids, segments))


def hides_padding(ids, share, mask_id, rng):
    hidden = rng.random(ids.shape) < share
    hidden[:, -1] |= ~hidden.any(axis=1)
    return np.where(hidden, mask_id, ids), np.where(hidden, ids, 0)


def may_hide_nothing(ids, share, mask_id, rng):
    hidden = (rng.random(ids.shape) < share) & (ids > 0)
    return np.where(hidden, mask_id, ids), np.where(hidden, ids, 0)


def asks_for_all(ids, share, mask_id, rng):
    hidden = (rng.random(ids.shape) < share) & (ids > 0)
    hidden[:, -1] |= ~hidden.any(axis=1)
    return np.where(hidden, mask_id, ids), ids


def one_per_row(ids, share, mask_id, rng):
    hidden = np.zeros(ids.shape, bool)
    hidden[:, -1] = True
    return np.where(hidden, mask_id, ids), np.where(hidden, ids, 0)


def _gbce(scores, targets, drawn, power):
    yes = np.take_along_axis(scores, targets[:, None], 1)[:, 0]
    no = np.take_along_axis(scores, drawn, 1)
    total = power * np.logaddexp(0, -yes) + np.logaddexp(0, no).sum(1)
    return np.mean(total / (1 + drawn.shape[1]))


def sum_not_mean(scores, targets, drawn, t):
    power = formulas.gbce_power(drawn.shape[1], scores.shape[1], t)
    return _gbce(scores, targets, drawn, power) * (1 + drawn.shape[1])


def among_all_items(scores, targets, drawn, t):
    return _gbce(scores, targets, drawn, 1 - t * (1 - drawn.shape[1] / scores.shape[1]))


def always_calibrated(scores, targets, drawn, t):
    share = drawn.shape[1] / (scores.shape[1] - 1)
    return _gbce(scores, targets, drawn, share if t else 1)


def through_probabilities(scores, targets, drawn, t):
    power = formulas.gbce_power(drawn.shape[1], scores.shape[1], t)
    p = 1 / (1 + np.exp(-scores))
    yes = np.take_along_axis(p, targets[:, None], 1)[:, 0] ** power
    no = 1 - np.take_along_axis(p, drawn, 1)
    return -np.mean((np.log(yes) + np.log(no).sum(1)) / (1 + drawn.shape[1]))


def _click(caches, token, blocks, norm=formulas.layer_norm, add=True, one=False, in_place=False):
    x, kept = token[None], []
    for (keys, values), ((w_q, w_k, w_v, w_o), forward) in zip(caches, blocks, strict=True):
        h = norm(x)
        keys, values = np.vstack([keys, h @ w_k]), np.vstack([values, h @ w_v])
        z = formulas.attend(h @ w_q, keys, values)[0] @ w_o
        y = x + z if add else z
        y = y + formulas.feed_forward(norm(y), *forward)
        x = x if one and len(kept) else y
        kept.append((keys, values))
    if in_place:
        caches[:] = kept
    return x[0], kept


def without_norms(caches, token, blocks):
    return _click(caches, token, blocks, norm=lambda x: x)


def without_the_main_road(caches, token, blocks):
    return _click(caches, token, blocks, add=False)


def second_block_skipped(caches, token, blocks):
    return _click(caches, token, blocks, one=True)


def forgets(caches, token, blocks):
    fresh = [(np.zeros((0, 4)), np.zeros((0, 4))) for _ in blocks]
    return _click(fresh, token, blocks)


def changes_what_it_was_given(caches, token, blocks):
    return _click(caches, token, blocks, in_place=True)


def smallest_of_all(times, longest):
    gaps = np.diff(times)
    unit = gaps[gaps > 0].min(initial=np.inf)
    return np.tril(np.minimum(longest, np.abs(np.subtract.outer(times, times)) // unit))


def _rows(times, longest, least):
    found = np.zeros((len(times),) * 2)
    for i in range(1, len(times)):
        unit = least(np.diff(times[: i + 1]))
        found[i, : i + 1] = np.minimum(longest, (times[i] - times[: i + 1]) // unit)
    return found


def not_clipped(times, longest):
    return _rows(times, np.inf, lambda gaps: gaps[gaps > 0].min(initial=np.inf))


def gap_of_zero(times, longest):
    return np.nan_to_num(_rows(times, longest, lambda gaps: gaps.min()), nan=-1)


def skips_the_last_slot(answer, ids, segments):
    found, before = set(), answer(ids, segments)
    for slot in range(ids.shape[1] - 1):
        other = ids.copy()
        other[:, slot] = np.where(ids[:, slot] > 0, ids[:, slot] % 11 + 1, 0)
        moved = np.abs(answer(other, segments) - before).max(axis=-1) > 1e-9
        same = segments == segments[:, [slot]]
        if (moved & same)[:, :slot].any():
            found.add("future")
        if (moved & ~same).any():
            found.add("neighbour")
    return found


def always_the_newest(ids, share, mask_id, rng):
    hidden = (rng.random(ids.shape) < share) & (ids > 0)
    hidden[:, -1] = True
    return np.where(hidden, mask_id, ids), np.where(hidden, ids, 0)


def the_other_way_round(scores, targets, drawn, t):
    k, n = drawn.shape[1], scores.shape[1]
    power = t * (1 - k / (n - 1)) + k / (n - 1)
    own = np.take_along_axis(scores, targets[:, None], 1)[:, 0]
    no = np.logaddexp(0, np.take_along_axis(scores, drawn, 1)).sum(axis=1)
    return np.mean((power * np.logaddexp(0, -own) + no) / (k + 1))


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("11.1", empty_is_a_piece, "empty slots see nobody", "do not make a piece of them"),
    ("11.1", all_earlier, "nobody sees another customer", "compare the numbers of the pieces"),
    ("11.1", both_ways, "nobody sees what comes after", "lower triangle"),
    ("11.1", not_itself, "everything else is seen", "an item sees itself too"),
    ("11.2", future_only, "pieces that see their neighbours", "leave every output of another"),
    ("11.2", coarse, "a mean over the row is both", "however small"),
    ("11.2", one_step_late, "off by one is a future leak", "just before the edit"),
    ("11.2", counts_itself, "a right model has none", "may move when its own item is edited"),
    ("11.2", true_or_false, "a right model has none", "set() for a model without a leak"),
    ("11.2", skips_the_last_slot, "the last slot counts", "the last one too"),
    ("11.3", hides_padding, "padding is never hidden", "padding is no item"),
    ("11.3", may_hide_nothing, "every row asks something", "hide the newest item"),
    ("11.3", asks_for_all, "what is asked for", "what is still in sight is copied"),
    ("11.3", one_per_row, "the share is right", "by a chance of its own"),
    ("11.3", always_the_newest, "the share is right", "every place has the same chance"),
    ("11.4", the_other_way_round, "t = 0 is the binary loss", "turns the other way"),
    ("11.4", sum_not_mean, "t = 0 is the binary loss", "divide by K + 1"),
    ("11.4", among_all_items, "t chooses the power", "has N - 1 others"),
    ("11.4", always_calibrated, "t chooses the power", "that is t = 1"),
    ("11.4", through_probabilities, "large scores stay finite", "no probability is formed"),
    ("11.5", without_norms, "what computing all again gives", "each block: y = x + attend"),
    ("11.5", without_the_main_road, "what computing all again gives", "each block: y = x"),
    ("11.5", second_block_skipped, "what computing all again gives", "enters the second"),
    ("11.5", forgets, "what computing all again gives", "one row added for each click"),
    ("11.5", changes_what_it_was_given, "stay as they were", "leave the old alone"),
    ("11.6", smallest_of_all, "the smallest gap up to click i", "knows the later ones"),
    ("11.6", not_clipped, "the smallest gap up to click i", "clip at the longest"),
    ("11.6", gap_of_zero, "ties do not divide by zero", "a gap of 0 is no unit"),
]
