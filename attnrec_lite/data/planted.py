"""Clicks whose reason is known, one maker for each of the three sides that attention can look at.

``make_planted``: items of the history decide (user side). ``make_lists``: the goods shown beside it
decide (item side). ``make_feature_pairs``: circumstances that go together decide (interaction
side). Each draws labels from a chance that is in the table, so the best possible AUC is known, and
each says what matters in ``relevant``, so weights can be compared with the truth.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, one_of, whole
from attnrec_lite.data.clicks import Planted
from attnrec_lite.data.vocabulary import Vocabulary

CATEGORIES, GOODS = 10, 20  # categories, and items in each
LONGEST, TASTES = 20, 3
RULES = ("quality", "intensity")
PAIR_RULES = ("sparse", "dense")
_SLOPE = {"quality": 2.2, "intensity": 0.52}  # an AUC of about 0.8 for who knows the rule
_USUAL_COUNT = 4.3  # matches of a row on average


def make_planted(rule: str = "quality", n: int = 20_000, seed: int = 0) -> Planted:
    """Clicks that depend on the items of the history that match the candidate's category.

    There are 10 categories of 20 items. A history of 2 to 20 items comes from three of them, some
    more than others; the candidate is of a category that occurs in it. By the rule *quality* the
    log odds of a click are 2.2 times the mean hidden quality of the matching items, however many
    they are; by *intensity* they are 0.52 times the number of matching items less 4.3, whatever
    their quality.

    Args:
        rule: ``"quality"`` or ``"intensity"``; histories and candidates are the same under both.
        n: number of rows, in no order, so ``split`` may cut anywhere.
        seed: of everything that is drawn.

    Returns:
        The rows; ``relevant``, ``(n, 20)``, marks the matching items, one at least in each row.

    Raises:
        ValueError: if the rule is unknown or a number is out of range.

    >>> rows = make_planted("intensity", n=100)
    >>> rows
    Planted(100 rows, 45 clicks, 100 pages)
    >>> bool((rows.chance[rows.relevant.sum(axis=1) > 6] > 0.8).all())
    True
    """
    one_of("rule", rule, RULES)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    category, quality, items = _catalogue(rng)
    length = rng.integers(2, LONGEST + 1, whole("n", n))
    tastes = _some_categories(n, rng)
    edges = np.cumsum(rng.dirichlet([2.0] * TASTES, n), axis=1)[:, None, :-1]
    taste = (rng.random((n, LONGEST, 1)) > edges).sum(axis=2)
    kind = np.take_along_axis(tastes, taste, axis=1)
    real = np.arange(LONGEST) >= LONGEST - length[:, None]
    history = np.where(real, _any_item(kind, rng), 0)
    occurs = (real[:, :, None] & (kind[:, :, None] == tastes[:, None, :])).any(axis=1)
    asked = tastes[np.arange(n), (rng.random((n, TASTES)) * occurs).argmax(axis=1)]
    relevant = real & (kind == asked[:, None])
    count = relevant.sum(axis=1)
    mean_quality = (quality[history] * relevant).sum(axis=1) / count
    strength = mean_quality if rule == "quality" else count - _USUAL_COUNT
    candidate = _any_item(asked, rng)
    chance, label = _draw(_SLOPE[rule] * strength, rng)
    return Planted(
        items, history, candidate, label, chance,
        relevant=relevant, category=category, quality=quality, rule=rule,
    )  # fmt: skip


def make_lists(n: int = 3000, size: int = 8, seed: int = 0) -> Planted:
    """Pages of goods whose clicks depend on what is shown beside them.

    The goods of a page come from three of ten categories. The log odds of a click are 1.3 times
    the item's hidden quality less that of its best rival: another item of its category on the page.
    An item without a rival is compared with an average one, of quality 0.

    Args:
        n: number of pages; each has ``size`` rows.
        size: goods on a page, at least 2.
        seed: of everything that is drawn.

    Returns:
        The rows, without histories; ``relevant``, ``(n * size, size)``, marks the places of the
        rivals of each row. A row without a rival has none.

    Raises:
        ValueError: if a number is out of range.

    >>> rows = make_lists(n=2, size=4)
    >>> rows, rows.relevant.shape
    (Planted(8 rows, 4 clicks, 2 pages), (8, 4))
    """
    rng = np.random.default_rng(whole("seed", seed, least=0))
    category, quality, items = _catalogue(rng)
    pages, places = whole("n", n), whole("size", size, least=2)
    tastes = _some_categories(pages, rng)
    kind = np.take_along_axis(tastes, rng.integers(0, TASTES, (pages, places)), axis=1)
    shown = _any_item(kind, rng)
    rivals = (kind[:, :, None] == kind[:, None, :]) & ~np.eye(places, dtype=bool)
    best = np.where(rivals, quality[shown][:, None, :], -np.inf).max(axis=2)
    best = np.where(rivals.any(axis=2), best, 0.0)
    chance, label = _draw(1.3 * (quality[shown] - best).ravel(), rng)
    rows = pages * places
    return Planted(
        items, np.zeros((rows, 1), np.int32), shown.ravel(), label, chance,
        page=np.repeat(np.arange(pages), places),
        relevant=rivals.reshape(rows, places), category=category, quality=quality, rule="rivals",
    )  # fmt: skip


def make_feature_pairs(
    rule: str = "sparse", n: int = 20_000, fields: int = 6, levels: int = 8, seed: int = 0
) -> Planted:
    """Clicks that depend on circumstances, and on which of them meet.

    Each level of a field moves the log odds by itself; and each pair of levels of two fields that
    matter moves them by a number of its own. All pairs together move them equally much under both
    rules.

    Args:
        rule: ``"sparse"``: two pairs of fields matter; ``"dense"``: all of them, a little each.
        n: number of rows, in no order.
        fields: how many circumstances, at least 3; named ``"a"``, ``"b"``, ...
        levels: codes of each, at least 2.
        seed: of everything that is drawn.

    Returns:
        The rows, of a single item without a history; ``relevant``, ``(n, pairs)``, marks the pairs
        that matter, in the order (a, b), (a, c), ..., (b, c), ..., the same in every row.

    Raises:
        ValueError: if the rule is unknown or a number is out of range.

    >>> rows = make_feature_pairs(n=4)
    >>> rows.features.shape, int(rows.relevant[0].sum()), rows.sizes["a"]
    ((4, 6), 2, 8)
    """
    one_of("rule", rule, PAIR_RULES)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    whole("n", n), whole("levels", levels, least=2)
    if not 3 <= whole("fields", fields, least=3) <= 26:
        raise ValueError(f"fields: expected a number in 3..26; received {fields}")
    codes = rng.integers(0, levels, (n, fields), np.int32)
    log_odds = rng.normal(0.0, 0.3, (fields, levels))[np.arange(fields), codes].sum(axis=1)
    pairs = list(combinations(range(fields), 2))
    matter = rng.permutation(len(pairs))[: 2 if rule == "sparse" else len(pairs)]
    tables = rng.normal(0.0, 1.5 / np.sqrt(len(matter)), (len(matter), levels, levels))
    for table, pair in zip(tables, matter, strict=True):
        first, second = pairs[pair]
        log_odds += table[codes[:, first], codes[:, second]]
    chance, label = _draw(log_odds, rng)
    names = "abcdefghijklmnopqrstuvwxyz"[:fields]
    return Planted(
        Vocabulary(np.array([1]), np.array(["offer"])),
        np.zeros((n, 1), np.int32), np.ones(n, np.int32), label, chance, codes,
        {name: tuple(f"{name}{level}" for level in range(levels)) for name in names},
        relevant=np.tile(np.isin(np.arange(len(pairs)), matter), (n, 1)),
        category=np.array([-1, 0]), quality=np.zeros(2), rule=rule,
    )  # fmt: skip


def _catalogue(rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats, Vocabulary]:
    """Category and quality of items 1..200, mean 0 and deviation 1, and their names."""
    n_items = CATEGORIES * GOODS
    category = np.concatenate([[-1], np.arange(n_items) // GOODS])
    drawn = rng.normal(size=n_items)
    quality = np.concatenate([[0.0], (drawn - drawn.mean()) / drawn.std()])
    names = [f"{'ABCDEFGHIJ'[c]}{i % GOODS + 1}" for i, c in enumerate(category[1:])]
    return category, quality, Vocabulary(np.arange(1, n_items + 1), np.array(names))


def _some_categories(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Three different categories for each row, ``(n, 3)``."""
    return rng.permuted(np.tile(np.arange(CATEGORIES), (n, 1)), axis=1)[:, :TASTES]


def _any_item(category: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int32]:
    """An item of each category, all equally likely."""
    drawn = 1 + category * GOODS + rng.integers(0, GOODS, category.shape)
    return drawn.astype(np.int32)


def _draw(log_odds: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int8]]:
    """Chances, and labels drawn by them."""
    chance: Floats = 1 / (1 + np.exp(-log_odds))
    return chance, (rng.random(len(chance)) < chance).astype(np.int8)
