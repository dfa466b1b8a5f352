"""Pages that the made-up shop showed to its customers, and what they clicked, by a known chance.

What moves a click, in log odds (``EFFECTS``): purchases of the same category, the more the more,
but each less than the one before; an item whose companion the customer has; dear goods on a phone;
some categories at some hours; the place on the page; and what stands beside it, another item of the
category (a substitute) or its companion (a complement). All of these can be read from the table, so
the true chance is the best that any model can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.data.clicks import Planted
from attnrec_lite.data.sequences import left_pad
from attnrec_lite.data.shop import Shop

EFFECTS: Mapping[str, float] = MappingProxyType(
    {
        "base": -1.8,  # an item of no interest on the first place
        "interest": 0.9,  # times ln(1 + purchases of its category)
        "companion": 1.0,  # the customer has what it follows
        "dear on phone": -0.5,  # times the price band, 0 to 3
        "hour": 0.5,  # times +1 or -1, for each category and part of the day
        "place": -0.15,  # times the place, from 0
        "substitute": -1.0,  # another item of its category is on the page
        "complement": 0.8,  # the item that it follows is on the page
    }
)
"""What each circumstance adds to the log odds of a click."""

PRICE_BANDS = ("under 10", "10 to 15", "15 to 25", "25 and more")  # euro
_EDGES = (10.0, 15.0, 25.0)
DEVICES = ("computer", "phone")
DAY_PARTS = ("night", "morning", "afternoon", "evening")
_OWN_SHARE = 0.5  # of the places of a page, filled from the customer's interests


def make_clicks(shop: Shop, n: int = 4000, size: int = 6, seed: int = 0) -> Planted:
    """Show pages to customers at moments of their histories, and let chance click.

    A page comes just before one of the customer's purchases. About half of its goods are of the
    customer's interests, the rest popular ones; none is bought already, none stands there twice.

    Args:
        shop: with its customers and their purchases.
        n: number of pages; each has ``size`` rows.
        size: goods on a page, at least 2.
        seed: of everything that is drawn here.

    Returns:
        The rows in order of time, so that ``split`` trains on the past. ``fields`` are customer,
        good, category, price, place, device and hour; ``relevant``, ``(n * size, length)``, marks
        the purchases of the candidate's category. ``quality`` is 0: the shop's goods have none.

    Raises:
        ValueError: if a number is out of range, or the shop has no purchases or too few goods.

    >>> from attnrec_lite.data import make_shop
    >>> rows = make_clicks(make_shop(n_users=50), n=100)
    >>> rows.sizes["device"], bool(rows.chance.max() < 0.95), len(rows)
    (2, True, 600)
    """
    rng = np.random.default_rng(whole("seed", seed, least=0))
    pages, places = whole("n", n), whole("size", size, least=2)
    longest = int(np.diff(shop.log.bounds()).max(initial=0))
    if not len(shop.log) or places + longest > len(shop.category) - 1:
        raise ValueError("shop: expected purchases, and more goods than on a page and in a history")
    moment = _moments(shop, pages, rng)
    user = shop.log.user[moment]
    history = left_pad([shop.log.item[a:b] for a, b in zip(
        shop.log.bounds()[user], moment, strict=True)])  # fmt: skip
    shown = _fill(shop, history, user, places, rng)
    codes = _circumstances(shop, shop.log.time[moment], user, shown, rng)
    part_of_day = rng.choice([-1.0, 1.0], (len(shop.category_names), len(DAY_PARTS)))
    chance = 1 / (1 + np.exp(-_log_odds(shop, history, shown, codes, part_of_day)))
    label = rng.random(shown.shape) < chance
    past, item = np.repeat(history, places, axis=0), shown.ravel()
    return Planted(
        shop.log.items, past, item, label.ravel().astype(np.int8), chance.ravel(),
        np.stack([column.ravel() for column in codes.values()], axis=1).astype(np.int32),
        _names(shop, places), np.repeat(np.arange(pages), places), np.repeat(user, places),
        relevant=shop.relevant(past, item), category=shop.category,
        quality=np.zeros(len(shop.category)), rule="shop",
    )  # fmt: skip


def _moments(shop: Shop, pages: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of the log that pages come before, in order of time."""
    drawn = rng.integers(0, len(shop.log), pages)
    order: NDArray[np.int64] = drawn[np.argsort(shop.log.time[drawn], kind="stable")]
    return order


def _fill(
    shop: Shop,
    history: NDArray[np.int32],
    user: NDArray[np.int32],
    places: int,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """Goods of each page, ``(pages, places)``, drawn without repetition, none of them bought."""
    popular = shop.popularity / shop.popularity.sum()
    by_interest = shop.popularity * np.where(
        shop.category >= 0, shop.shares[user][:, shop.category], 0.0
    )
    weight = _OWN_SHARE * by_interest + (1 - _OWN_SHARE) * popular
    np.put_along_axis(weight, history.astype(np.int64), 0.0, axis=1)
    weight[:, 0] = 0.0
    with np.errstate(divide="ignore"):  # Gumbel noise: the largest are a draw without repetition
        noisy = np.log(weight) + rng.gumbel(size=weight.shape)
    best = np.argpartition(-noisy, places, axis=1)[:, :places]
    return rng.permuted(best, axis=1).astype(np.int32)


def _circumstances(
    shop: Shop,
    time: NDArray[np.int64],
    user: NDArray[np.int32],
    shown: NDArray[np.int32],
    rng: np.random.Generator,
) -> dict[str, NDArray[np.int64]]:
    """Codes of every field, ``(pages, places)`` each."""
    phone = rng.random(len(user)) < 0.5
    columns = {
        "customer": user[:, None],
        "good": shown - 1,
        "category": shop.category[shown],
        "price": np.searchsorted(_EDGES, shop.price[shown], side="right"),
        "place": np.arange(shown.shape[1]),
        "device": phone[:, None],
        "hour": (time % 86_400 // 21_600)[:, None],  # four parts of six hours
    }
    return {
        name: np.broadcast_to(np.asarray(column, np.int64), shown.shape)
        for name, column in columns.items()
    }


def _names(shop: Shop, places: int) -> dict[str, tuple[str, ...]]:
    return {
        "customer": tuple(map(str, shop.log.user_ids)),
        "good": tuple(map(str, shop.log.items.titles)),
        "category": shop.category_names,
        "price": PRICE_BANDS,
        "place": tuple(str(place + 1) for place in range(places)),
        "device": DEVICES,
        "hour": DAY_PARTS,
    }


def _log_odds(
    shop: Shop,
    history: NDArray[np.int32],
    shown: NDArray[np.int32],
    codes: Mapping[str, NDArray[np.int64]],
    part_of_day: Floats,
) -> Floats:
    """The rule: ``EFFECTS`` added up, ``(pages, places)``."""
    kind = codes["category"]
    same = (shop.category[history][:, None, :] == kind[:, :, None]).sum(axis=2)
    has = (shop.companion[history][:, None, :] == shown[:, :, None]).any(axis=2)
    beside = ~np.eye(shown.shape[1], dtype=bool)
    leads = (shop.companion[shown][:, None, :] == shown[:, :, None]) & beside  # j is followed by i
    paired = leads | np.swapaxes(leads, 1, 2)
    rival = (kind[:, :, None] == kind[:, None, :]) & beside & ~paired
    found: Floats = (
        EFFECTS["base"]
        + EFFECTS["interest"] * np.log1p(same)
        + EFFECTS["companion"] * has
        + EFFECTS["dear on phone"] * codes["price"] * codes["device"]
        + EFFECTS["hour"] * part_of_day[kind, codes["hour"]]
        + EFFECTS["place"] * codes["place"]
        + EFFECTS["substitute"] * rival.any(axis=2)
        + EFFECTS["complement"] * leads.any(axis=2)
    )
    return found
