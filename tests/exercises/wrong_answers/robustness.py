"""Typical wrong answers to the exercises of the chapter "Robustness and fairness"."""

import numpy as np

from attnrec_lite import formulas


def _solved(n, share, half=0.5):
    if share <= 1 / (n + 1):
        raise ValueError("share")
    return half * np.log(n * share / (1 - share))


def forgets_the_other_side(n, share):
    return _solved(n, share, half=1.0)


def counts_itself(n, share):
    return _solved(n + 1, share)


def turned_over(n, share):
    return -_solved(n, share)


def promises_anything(n, share):
    return max(1e-6, 0.5 * np.log(n * share / (1 - share)))


def by_sign(gradients, size):
    return size * np.sign(gradients)


def one_length_for_all(gradients, size):
    return size * gradients / np.linalg.norm(gradients)


def downhill(gradients, size):
    return -formulas.worst_step(gradients, size)


def nought_by_nought(gradients, size):
    return size * gradients / np.linalg.norm(gradients, axis=1, keepdims=True)


def adds_a_little(gradients, size):
    return size * gradients / (np.linalg.norm(gradients, axis=1, keepdims=True) + 1e-3)


def bar_by_all(suspicion, fake, rate):
    from_top = np.sort(suspicion)[::-1]
    return (suspicion[fake] > from_top[int(rate * len(from_top))]).mean()


def rings_at_the_bar(suspicion, fake, rate):
    honest = np.sort(suspicion[~fake])[::-1]
    return (suspicion[fake] >= honest[int(rate * len(honest))]).mean()


def interpolates(suspicion, fake, rate):
    return (suspicion[fake] > np.quantile(suspicion[~fake], 1 - rate)).mean()


def three_deviations(suspicion, fake, rate):
    honest = suspicion[~fake]
    return (suspicion[fake] > honest.mean() + 3 * honest.std()).mean()


def by_mean(values, limit):
    return np.abs(values - values.mean()) > limit * values.std()


def without_the_factor(values, limit):
    apart = np.abs(values - np.median(values))
    return apart > limit * np.median(apart)


def one_sided(values, limit):
    return formulas.robust_z(values) > limit


def divides(values, limit):
    apart = np.abs(values - np.median(values))
    return ~(apart / (1.4826 * np.median(apart)) <= limit)


def _exposure(lists, groups, n_groups, looks, there):
    looks = np.broadcast_to(looks, lists.shape)[there]
    total = np.bincount(groups[lists[there]] % n_groups, looks, n_groups)
    return total / total.sum()


def all_places_alike(lists, groups, n_groups):
    return _exposure(lists, groups, n_groups, np.ones(lists.shape[1]), lists > 0)


def from_nought(lists, groups, n_groups):
    return _exposure(lists, groups, n_groups, 1 / np.log2(np.arange(lists.shape[1]) + 3), lists > 0)


def padding_is_a_group(lists, groups, n_groups):
    looks = formulas.place_exposure(lists.shape[1])
    return _exposure(lists, groups, n_groups, looks, lists >= 0)


def only_groups_that_are_there(lists, groups, n_groups):
    looks = np.broadcast_to(formulas.place_exposure(lists.shape[1]), lists.shape)
    shown = groups[lists[lists > 0]]
    total = np.bincount(shown, looks[lists > 0])
    return total / total.sum()


def by_score(scores, kinds, wanted, k, trade):
    return np.argsort(-scores, kind="stable")[:k]


def _one_by_one(scores, k, worth):
    chosen, left = [], list(range(len(scores)))
    for _ in range(k):
        chosen.append(max(left, key=lambda i: worth([*chosen, i])))
        left.remove(chosen[-1])
    return chosen


def the_other_way(scores, kinds, wanted, k, trade):
    def worth(who):
        q = 0.99 * kinds[who].mean(axis=0) + 0.01 * wanted
        some = q > 0
        apart = (q[some] * np.log(q[some] / wanted[some])).sum()
        return (1 - trade) * scores[who].sum() - trade * apart

    return _one_by_one(scores, k, worth)


def never_smoothed(scores, kinds, wanted, k, trade):
    if trade == 0:
        return by_score(scores, kinds, wanted, k, trade)

    def worth(who):
        q = kinds[who].mean(axis=0)
        apart = (wanted * np.log(wanted / q)).sum()
        return (1 - trade) * scores[who].sum() - trade * apart

    return _one_by_one(scores, k, worth)


def swapped_trade(scores, kinds, wanted, k, trade):
    return formulas.calibrated_list(scores, kinds, wanted, k, 1 - trade)


WRONG = [  # number, answer, words of the property that fails, words of the advice
    ("19.1", forgets_the_other_side, "the worst click takes just the share", "so 2B is between"),
    ("19.1", counts_itself, "the worst click takes just the share", "so 2B is between"),
    ("19.1", turned_over, "the worst click takes just the share", "solve share = 1"),
    ("19.1", promises_anything, "no bound can keep is refused", "1 / (n + 1) already"),
    ("19.2", by_sign, "has the length that is allowed", "each row has its own length"),
    ("19.2", one_length_for_all, "has the length that is allowed", "each row has its own length"),
    ("19.2", downhill, "raises the loss more", "minus is training"),
    ("19.2", nought_by_nought, "raises the loss more", "divide by 1 where the length is 0"),
    ("19.2", adds_a_little, "has the length that is allowed", "each row has its own length"),
    ("19.3", bar_by_all, "made-up ones above the bar", "the honest alone set the bar"),
    ("19.3", rings_at_the_bar, "tie with the bar", ">= would ring"),
    ("19.3", interpolates, "none may ring", "no interpolation"),
    ("19.3", three_deviations, "made-up ones above the bar", "the honest alone set the bar"),
    ("19.4", by_mean, "distance from the median", "1.4826 times"),
    ("19.4", without_the_factor, "distance from the median", "1.4826 times"),
    ("19.4", one_sided, "distance from the median", "1.4826 times"),
    ("19.4", divides, "only another value is far", "0 / 0 is no number"),
    ("19.5", all_places_alike, "how much they are looked at", "1 / log2(1 + p)"),
    ("19.5", from_nought, "how much they are looked at", "p from 1"),
    ("19.5", padding_is_a_group, "an empty place shows nobody", "0 is no item"),
    ("19.5", only_groups_that_are_there, "never shown has a row", "minlength=n_groups"),
    ("19.6", by_score, "makes the list best", "in this direction"),
    ("19.6", the_other_way, "makes the list best", "in this direction"),
    ("19.6", never_smoothed, "makes the list best", "in this direction"),
    ("19.6", swapped_trade, "without a trade", "only the scores speak"),
]
