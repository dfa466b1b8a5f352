"""How good is a model for people and items of whom little is known? Cuts of a log that ask it.

The people stay the same and are met after 0, 1, 2, 5, 10 purchases; items keep as many rows. So a
curve over these numbers shows what knowing is worth, and not that others were asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, inside, share_of_one, whole
from attnrec_lite.data._codes import as_vector, check_ids, count
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.shop import Shop
from attnrec_lite.data.split import Holdout, Split, leave_one_out
from attnrec_lite.evaluation import Evaluation, evaluate
from attnrec_lite.models.base import Recommender


def new_users(log: Interactions, share: float = 0.2, at_least: int = 11, seed: int = 0) -> Split:
    """Keep some people out of training altogether, to be met later.

    Args:
        log: the whole table.
        share: of the users with enough rows; they are drawn evenly.
        at_least: rows that a newcomer needs: the target, and what may be known before it.
        seed: of the draw.

    Returns:
        The split: a newcomer's last row is a test target; of the others the last row but one is
        validation, the rest but the last is train, as ``leave_one_out`` cuts.

    Raises:
        ValueError: if nobody has enough rows, or the share draws nobody or leaves nobody.

    >>> from attnrec_lite.data import make_shop
    >>> split = new_users(make_shop(n_users=100).log)
    >>> len(split.test), bool(np.isin(split.test.user, split.train.user).any())
    (12, False)
    """
    rows = np.diff(log.bounds())
    able = np.flatnonzero(rows >= whole("at_least", at_least))
    number = round(inside("share", share) * len(able))
    if not 0 < number < log.n_users:
        raise ValueError(
            f"share: expected one that draws some of the {count(len(able), 'user')} with at least "
            f"{at_least} rows; received {share}"
        )
    newcomers = np.sort(np.random.default_rng(seed).choice(able, number, replace=False))
    old = leave_one_out(log)
    train = old.train.select(~np.isin(old.train.user, newcomers))
    keep = ~np.isin(old.validation.user, newcomers)
    validation = replace(
        old.validation, row=old.validation.row[keep], known=old.validation.known[keep]
    )
    test = Holdout(log, log.bounds()[newcomers + 1] - 1, "last row of newcomers")
    said = f"{count(number, 'user')} with at least {at_least} rows are in no training row"
    return Split(train, validation, test, f"newcomers: {said}; {old.protocol}")


def knowing(holdout: Holdout, known: int) -> Holdout:
    """The same people earlier: what they took right after their first few rows.

    Nothing that they did lies before these rows, so nothing is hidden that could give itself away:
    had the log been cut before a later target, what was cut would compete with it or, left out of
    the ranking, tell what is left.

    Args:
        holdout: whose users are meant.
        known: rows of each that are known; 0 makes everybody a stranger.

    Returns:
        One target for each user: the row after these.

    Raises:
        ValueError: if ``known`` is below 0, or somebody has no row after so many.

    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> early = knowing(Holdout(log, np.array([3])), 2)
    >>> early.history().tolist(), early.item.tolist()
    ([[1, 2]], [3])
    """
    bounds, who = holdout.log.bounds(), np.unique(holdout.user)
    row = bounds[who] + whole("known", known, least=0)
    if (row >= bounds[who + 1]).any():
        least = int((bounds[who + 1] - bounds[who]).min())
        raise ValueError(f"known: expected less than {least}, what everybody has; received {known}")
    return Holdout(holdout.log, row, f"row {known + 1} of each newcomer")


def few_rows(split: Split, known: int, share: float = 0.2, seed: int = 0, most: int = 10) -> Split:
    """Cut the training rows of some items down to a few, as if they were new.

    Args:
        split: of a log.
        known: training rows that each of these items keeps; they are drawn evenly.
        share: of the items with at least ``most`` training rows.
        seed: of both draws: the same items for every ``known``, and fewer rows are a part of more.
        most: the largest ``known`` that will be asked for.

    Returns:
        The split with fewer training rows; see ``of_items`` for its targets.

    Raises:
        ValueError: if a number is out of range, or no item or every item is drawn.

    >>> from attnrec_lite.data import leave_one_out, make_shop
    >>> split = leave_one_out(make_shop(n_users=200).log)
    >>> np.bincount(few_rows(split, 2).train.item)[scarce_items(split)].tolist()[:4]
    [2, 2, 2, 2]
    """
    if whole("known", known, least=0) > most:
        raise ValueError(f"known: expected at most {most}; received {known}")
    scarce = scarce_items(split, share, seed, most)
    item = split.train.item
    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(len(item))  # the same for every number of rows
    order = order[np.argsort(item[order], kind="stable")]
    turn = np.arange(len(item)) - np.searchsorted(item[order], item[order])
    keep = np.ones(len(item), bool)
    keep[order] = (turn < known) | ~np.isin(item[order], scarce)
    said = f"; {count(len(scarce), 'item')} keep {count(known, 'training row')}"
    return replace(split, train=split.train.select(keep), protocol=split.protocol + said)


def scarce_items(
    split: Split, share: float = 0.2, seed: int = 0, most: int = 10
) -> NDArray[np.int64]:
    """Codes of the items that ``few_rows`` cuts down; its arguments and errors."""
    counts = np.bincount(split.train.item, minlength=split.train.n_items + 1)
    able = np.flatnonzero(counts >= whole("most", most))
    number = round(inside("share", share) * len(able))
    if not number > 0:
        raise ValueError(
            f"share: expected one that draws some of {count(len(able), 'item')} with at least "
            f"{most} training rows; received {share}"
        )
    return np.sort(np.random.default_rng(seed).choice(able, number, replace=False))


def of_items(holdout: Holdout, items: ArrayLike) -> Holdout:
    """The targets that are among some items.

    Args:
        holdout: targets.
        items: codes.
    """
    keep = np.isin(holdout.item, np.asarray(items))
    rule = f"{holdout.rule}, of some items only"
    return Holdout(holdout.log, holdout.row[keep], rule, holdout.known[keep])


def evaluate_groups(
    model_of: Callable[[int], Recommender],
    group: ArrayLike,
    holdout: Holdout,
    k: int = 10,
) -> Evaluation:
    """Evaluate a model that knows more than the history: which group somebody belongs to.

    Args:
        model_of: group to the model that serves it, such as ``SegmentPopularity(...).of``.
        group: of each target, ``(targets,)``, whole numbers.
        holdout: targets, of each user one.
        k: length of the list.

    Returns:
        One evaluation of all targets, in their order, comparable with those of other models.

    Raises:
        ValueError: if there is not one group for each target, or as ``evaluate``.
    """
    of = as_vector("group", group)
    if len(of) != len(holdout) or len(of) == 0:
        raise ValueError(f"group: expected one for each of {len(holdout)} targets, at least one; "
                         f"received {len(of)}")  # fmt: skip
    parts, places = [], []
    for one in np.unique(of):
        place = np.flatnonzero(of == one)
        part = Holdout(holdout.log, holdout.row[place], holdout.rule, holdout.known[place])
        parts.append(evaluate(model_of(int(one)), part, k))
        places.append(place)
    back = np.argsort(np.concatenate(places))

    def together(columns: list[Floats]) -> Floats:
        return np.concatenate(columns)[back]

    protocol = replace(parts[0].protocol, targets=len(of), cases=len(of))  # type: ignore[type-var]
    return Evaluation(
        parts[0].model,
        protocol,
        {name: together([part.per_user[name] for part in parts]) for name in parts[0].per_user},
        together([part.history_length for part in parts]),  # type: ignore[arg-type, misc]
        holdout.item,
    )


def entry_segment(shop: Shop, truth: float = 0.7, seed: int = 0) -> NDArray[np.int64]:
    """The department by whose door each customer came in: known before the first purchase.

    Args:
        shop: the made-up shop.
        truth: chance that it is the customer's main interest; else it is any department.
        seed: of the draw.

    Returns:
        Category of each user, ``(n_users,)``.

    Raises:
        ValueError: if ``truth`` is no share.
    """
    rng, (users, kinds) = np.random.default_rng([seed, 15]), shop.shares.shape
    right = rng.random(users) < share_of_one("truth", truth)
    return np.where(right, shop.shares.argmax(axis=1), rng.integers(0, kinds, users))


def shop_answers(
    shop: Shop, goods: ArrayLike, error: float = 0.05, silent: float = 0.1, seed: int = 0
) -> Floats:
    """What each customer answers to "do you like things such as this?".

    Args:
        shop: the made-up shop.
        goods: item codes to ask about, ``(questions,)``.
        error: chance of the wrong answer.
        silent: chance of "don't know".
        seed: of the draw.

    Returns:
        1 for yes (the good's category is an interest), 0 for no, NaN for "don't know",
        ``(n_users, questions)``.

    Raises:
        ValueError: if a good is unknown or a chance is no share.
    """
    asked = check_ids("goods", as_vector("goods", goods), len(shop.category) - 1)
    rng = np.random.default_rng([seed, 16])
    yes = shop.interests[:, shop.category[asked]]
    yes = yes ^ (rng.random(yes.shape) < share_of_one("error", error))
    return np.where(rng.random(yes.shape) < share_of_one("silent", silent), np.nan, yes)
