"""A made-up shop whose customers' true interests are known.

Each customer has one to four interests (categories of goods) and shops along them: a purchase
mostly stays with the interest of the one before, and inside an interest it is often the companion
of the newest good bought there (a teapot after a kettle). Because ``Shop`` records which earlier
purchase caused which, attention can be compared with the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite.data import _catalogue, _codes
from attnrec_lite.data._shoppers import Habits, shop_along
from attnrec_lite.data.interactions import Interactions, Vocabulary

TOY_AXES = ("hot water", "table")
TOY_GOODS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "kettle": (1.0, 0.0),
        "teapot": (1.0, 1.0),
        "tablecloth": (0.0, 1.0),
        "ice bucket": (-1.0, 0.5),
        "gift card": (0.0, 0.0),
    }
)
"""The five goods of the book's small examples, as vectors over ``TOY_AXES``."""

CAST: Mapping[str, int] = MappingProxyType({"Mia": 0, "Ravi": 1, "Zoe": 2})
_CAST_TASTES = (("tea",), ("garden", "cycling"), ("party",))
_CAST_PURCHASES = (12, 16, 3)
_INTERESTS = (0.3, 0.35, 0.2, 0.15)  # chance of having 1, 2, 3, 4 interests
_START, _YEAR = 1_704_067_200, 366 * 86_400  # 2024, in seconds
_LONGEST = 60


@dataclass(frozen=True, eq=False, repr=False)
class Shop:
    """A log of purchases and the truth behind it.

    Arrays over items have N + 1 rows, row 0 for padding; arrays over categories have C columns.

    Attributes:
        log: the purchases; item titles are the names of the goods, all N of them.
        category_names: names of the categories, length C.
        category: category of each item, int64, shape ``(N + 1,)``; -1 for padding.
        price: euro, float64 with two decimals, shape ``(N + 1,)``; 0 for padding.
        text: 3 to 6 words on each item, length N + 1; empty for padding.
        popularity: chance of an item when its category is shopped by popularity, float64, shape
            ``(N + 1,)``; sums to 1 in each category.
        companion: the item that follows each item inside its category, int64, shape ``(N + 1,)``;
            0 for padding.
        interests: whether a user has an interest, bool, shape ``(n_users, C)``.
        shares: how a user's attention is divided over interests, float64, shape ``(n_users, C)``;
            rows sum to 1.
        cause: for each row of ``log`` the row of the earlier purchase whose companion it is, or -1
            where chance by popularity chose, int64, shape ``(n,)``.
        names: users with a name in the book, name to user code.
        stay: chance that a purchase keeps the interest of the one before.
        chain: chance that a purchase is the companion of the newest good of its interest.
    """

    log: Interactions
    category_names: tuple[str, ...]
    category: NDArray[np.int64]
    price: NDArray[np.float64]
    text: tuple[str, ...]
    popularity: NDArray[np.float64]
    companion: NDArray[np.int64]
    interests: NDArray[np.bool_]
    shares: NDArray[np.float64]
    cause: NDArray[np.int64]
    names: Mapping[str, int]
    stay: float = 0.6
    chain: float = 0.5

    def __repr__(self) -> str:
        """Show the log and the number of categories."""
        return f"Shop({self.log!r}, {len(self.category_names)} categories)"

    def relevant(self, history: ArrayLike, items: ArrayLike) -> NDArray[np.bool_]:
        """Mark the purchases that share the category of the next one.

        Args:
            history: item codes, left-padded, shape ``(batch, length)``.
            items: the next purchase of each row, shape ``(batch,)``.

        Returns:
            True where a past item has the category of the next, False elsewhere and at padding,
            shape ``(batch, length)``.

        Raises:
            ValueError: if the shapes do not fit or a code is not in 0..N.

        >>> shop = make_shop(n_users=10)
        >>> kettle, ribbon, teapot = map(shop.log.items.id_of, ["kettle", "ribbon", "teapot"])
        >>> shop.relevant([[0, kettle, ribbon]], [teapot])
        array([[False,  True, False]])
        """
        n_items = len(self.category) - 1
        past = _codes.check_ids("history", history, n_items)
        following = _codes.check_ids("items", items, n_items)
        if past.ndim != 2 or following.shape != past.shape[:1]:
            raise ValueError(
                "history, items: expected shapes (batch, length) and (batch,); "
                f"received {past.shape} and {following.shape}"
            )
        same = self.category[past] == self.category[following][:, None]
        found: NDArray[np.bool_] = same & (past > 0)
        return found


def make_shop(
    n_users: int = 2000,
    n_items: int = 240,
    seed: int = 0,
    *,
    stay: float = 0.6,
    chain: float = 0.5,
    median_length: float = 12.0,
    cast: bool = True,
) -> Shop:
    """Make a shop; the same arguments give the same shop, bit for bit.

    A user arrives on some day of 2024 and buys 3 to 60 goods until the year ends, each at most
    once, so a user with one interest buys at most the goods of that category.

    Args:
        n_users: number of users.
        n_items: number of goods N, from 60 to 50,000; the first 240 are named by hand, more are
            numbered ("kettle no. 7").
        seed: of the random generator.
        stay: chance that a purchase keeps the interest of the one before; else the interest is
            drawn by the user's shares.
        chain: chance that a purchase is the companion of the newest good of its interest; else,
            or if that was bought already, it is drawn by popularity (Zipf, exponent 1).
        median_length: median number of purchases of a user, before clipping to 3..60.
        cast: whether users 0, 1, 2 are Mia (only tea), Ravi (garden and cycling) and Zoe (a
            newcomer with 3 purchases for a party).

    Returns:
        The purchases and the truth behind them.

    Raises:
        ValueError: if a number is out of its range.

    >>> shop = make_shop(n_users=50)
    >>> mia = shop.log.user == shop.names["Mia"]
    >>> sorted({shop.category_names[c] for c in shop.category[shop.log.item[mia]]})
    ['tea']
    """
    _check(n_users, n_items, stay, chain, median_length)
    rng = np.random.default_rng(seed)
    n_categories = len(_catalogue.CATEGORIES)
    category = np.concatenate([[-1], np.arange(n_items) % n_categories])
    popularity, companion = _plant(category, rng)
    median = np.concatenate([[0.0], np.array(_catalogue.MEDIAN_PRICES)[category[1:]]])
    price = np.round(median * rng.lognormal(0.0, 0.4, n_items + 1), 2)
    names = _catalogue.name_goods(n_items)
    text = ("", *_catalogue.describe(names, rng))
    shares, lengths, arrival = _customers(n_users, n_categories, median_length, cast, rng)
    stock = np.bincount(category[1:], minlength=n_categories)
    lengths = np.minimum(lengths, (shares > 0) @ stock)
    habits = Habits(category, popularity, companion, stay, chain)
    item, cause = shop_along(habits, shares, lengths, rng)
    user = np.repeat(np.arange(n_users), lengths)
    goods = Vocabulary(np.arange(1, n_items + 1), np.array(names))
    log = Interactions(
        user.astype(np.int32), item, _times(user, lengths, arrival, rng), np.arange(n_users), goods
    )
    truth = (category, price, popularity, companion, shares > 0, shares, cause)
    category, price, popularity, companion, interests, shares, cause = map(_codes.read_only, truth)
    return Shop(
        log,
        _catalogue.CATEGORIES,
        category,
        price,
        text,
        popularity,
        companion,
        interests,
        shares,
        cause,
        MappingProxyType({n: u for n, u in CAST.items() if cast and u < n_users}),
        stay,
        chain,
    )


def _plant(
    category: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give each good a Zipf popularity and a companion, in a cycle through its category."""
    popularity = np.zeros(len(category))
    companion = np.zeros(len(category), np.int64)
    for number in range(category.max() + 1):
        goods = np.flatnonzero(category == number)
        weight = 1.0 / np.arange(1, len(goods) + 1)
        popularity[rng.permutation(goods)] = weight / weight.sum()
        cycle = np.concatenate([goods[:2], rng.permutation(goods[2:])])
        companion[cycle] = np.roll(cycle, -1)
    return popularity, companion


def _customers(
    n_users: int, n_categories: int, median_length: float, cast: bool, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Draw each user's shares of interests, number of purchases and arrival in the year."""
    number = rng.choice(np.arange(1, len(_INTERESTS) + 1), n_users, p=_INTERESTS)
    place = rng.permuted(np.tile(np.arange(n_categories), (n_users, 1)), axis=1)
    shares = rng.exponential(size=(n_users, n_categories)) * (place < number[:, None])
    lengths = np.rint(median_length * rng.lognormal(0.0, 0.6, n_users))
    lengths = np.clip(lengths, 3, _LONGEST).astype(np.int64)
    arrival = rng.uniform(0.0, 0.8, n_users)
    if cast:
        names = _catalogue.CATEGORIES
        for user, tastes in enumerate(_CAST_TASTES[:n_users]):
            shares[user] = 0.0
            shares[user, [names.index(taste) for taste in tastes]] = 1.0
            lengths[user] = _CAST_PURCHASES[user]
        arrival[CAST["Zoe"] :][:1] = 0.96  # two weeks before the year ends
    return shares / shares.sum(axis=1, keepdims=True), lengths, arrival


def _times(
    user: NDArray[np.int64],
    lengths: NDArray[np.int64],
    arrival: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw rising seconds of the year for each user's purchases, no two the same."""
    moment = arrival[user] + (1.0 - arrival[user]) * rng.random(len(user))
    seconds = (moment * (_YEAR - _LONGEST)).astype(np.int64)
    seconds = seconds[np.lexsort((seconds, user))]
    position = np.arange(len(user)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return _START + seconds + position


def _check(n_users: int, n_items: int, stay: float, chain: float, median_length: float) -> None:
    limits = (
        ("n_users", n_users, 1, np.inf),
        ("n_items", n_items, 60, 50_000),
        ("stay", stay, 0, 1),
        ("chain", chain, 0, 1),
        ("median_length", median_length, 1, _LONGEST),
    )
    for name, number, low, high in limits:
        if not low <= number <= high:
            raise ValueError(f"{name}: expected a number in {low}..{high}; received {number}")
