"""What one shop learned, carried to another whose goods and customers nobody there has met.

Ids mean nothing elsewhere. What travels is what does not name an item: how texts become vectors,
and how attention reads a history of such vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.item_features import text_features
from attnrec_lite.data.modalities import Modalities
from attnrec_lite.data.shop import Shop, make_shop
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models._network import NextItemRecommender

KINDS = 12  # categories of ``make_shop``


class OneShop(NamedTuple):
    """A shop that keeps some categories only.

    Attributes:
        log: its purchases, with ids of its own.
        known: the texts of its goods.
        shared: True for goods whose category the other shop sells, too, ``(N + 1,)``.
    """

    log: Interactions
    known: Modalities
    shared: NDArray[np.bool_]


def two_shops(
    users: tuple[int, int] = (1500, 600), shared: int = 4, own: int = 4, seed: int = 0
) -> tuple[OneShop, OneShop]:
    """Two made-up shops with other goods and other customers, and some categories in common.

    The first sells goods 1 to 240 of ``make_shop``, the second "no. 2" of each, with a popularity
    and companions of their own; each in its own categories and in those that both have. Purchases
    in other categories fall away, and so do customers who are left with fewer than three.

    Args:
        users: customers of each shop before that.
        shared: categories that both sell.
        own: categories that only one sells, as many for each.
        seed: of both.

    Returns:
        The first shop and the second.

    Raises:
        ValueError: if there are not so many categories, or a number is out of range.

    >>> first, second = two_shops((100, 50))
    >>> first.log.n_items, second.log.n_items, int(first.shared.sum())
    (160, 160, 80)
    """
    whole("shared", shared, least=0)
    if shared + 2 * whole("own", own, least=0) > KINDS or shared + own == 0:
        raise ValueError(
            f"shared, own: expected shared + 2 * own in 1..{KINDS}; received {shared} and {own}"
        )
    found = []
    for number, (size, first) in enumerate(zip(users, (shared, shared + own), strict=True)):
        made = make_shop(whole("users", size), 480, seed=2 * seed + number, cast=False)
        sold = (made.category < shared) & (made.category >= 0)
        sold |= (made.category >= first) & (made.category < first + own)
        sold &= (np.arange(481) <= 240) == (number == 0)
        found.append(_only(made, sold, shared))
    return found[0], found[1]


def transfer(source: NextItemRecommender, target: NextItemRecommender) -> list[str]:
    """Start a model where another one ended, in all that does not name an item.

    Args:
        source: fitted, with an ``ItemEncoder`` that does without ids.
        target: of another catalogue and the same configuration; it is changed.

    Returns:
        The names of the weights that were copied.

    Raises:
        ValueError: if the two differ in more than the catalogue, or know items by their ids.

    Source: S0-I2, S1-I8, S2-I5.
    """
    for name, model in (("source", source), ("target", target)):
        if model.encoder is None or model.encoder.ids:
            raise ValueError(
                f"{name}: expected a model with an ItemEncoder(ids=False); its vectors are of ids"
            )
    mine, theirs = _portable(source), _portable(target)
    shapes = [{n: tuple(w.shape) for n, w in part.items()} for part in (mine, theirs)]
    if type(source) is not type(target) or shapes[0] != shapes[1]:
        differ = sorted(set(shapes[0].items()) ^ set(shapes[1].items()))
        raise ValueError(
            f"target: expected the configuration of the source; {type(source).__name__} and "
            f"{type(target).__name__} differ in {differ[:2]}"
        )
    for name, weight in theirs.items():
        weight.assign(mine[name])
    return sorted(theirs)


def _portable(model: NextItemRecommender) -> dict[str, Any]:
    """Weights by name, without those that have a row for each item."""
    assert model.encoder is not None
    fixed = {f"encoder/{n}" for n, w in model.encoder.kept().items() if not w.trainable}
    return {n: w for n, w in model._weights().items() if n not in fixed | {"bias"}}


def _only(made: Shop, sold: NDArray[np.bool_], shared: int) -> OneShop:
    """A shop that sells these goods, to customers who bought three of them."""
    log = made.log.select(sold[made.log.item])
    kept = np.flatnonzero(np.bincount(log.user, minlength=log.n_users) >= 3)
    log = log.select(np.isin(log.user, kept))
    goods = np.flatnonzero(sold)
    small = Interactions(
        np.searchsorted(kept, log.user).astype(np.int32),
        (np.searchsorted(goods, log.item) + 1).astype(np.int32),
        log.time,
        log.user_ids[kept],
        Vocabulary(log.items.raw[goods - 1], log.items.titles[goods - 1]),
    )
    texts = [made.text[good] for good in goods]
    in_both = np.concatenate([[False], made.category[goods] < shared])
    return OneShop(small, Modalities(small.items, (text_features(texts),)), in_both)
