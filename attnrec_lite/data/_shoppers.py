"""How the customers of the made-up shop choose, one purchase after another, all users at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TRIES = 4  # draws by popularity before the exact draw among what is left


@dataclass(frozen=True, eq=False)
class Habits:
    """What all customers share: the goods, and the chances ``stay`` and ``chain``.

    Attributes:
        category: category of each item, shape ``(N + 1,)``.
        popularity: chance of each item inside its category, shape ``(N + 1,)``.
        companion: the item that follows each item, shape ``(N + 1,)``.
        stay: chance to keep the interest of the purchase before.
        chain: chance to buy the companion of the newest good of the interest.
    """

    category: NDArray[np.int64]
    popularity: NDArray[np.float64]
    companion: NDArray[np.int64]
    stay: float
    chain: float

    def shelves(self) -> list[NDArray[np.int64]]:
        """Items of each category."""
        return [np.flatnonzero(self.category == c) for c in range(self.category.max() + 1)]


def shop_along(
    habits: Habits,
    shares: NDArray[np.float64],
    lengths: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Let every user make ``lengths[user]`` purchases.

    Args:
        habits: how they choose.
        shares: each user's interests, shape ``(n_users, C)``, rows sum to 1.
        lengths: number of purchases, shape ``(n_users,)``, at most the goods of the interests.
        rng: source of chance.

    Returns:
        Items bought, ordered by user and turn, int32 ``(n,)``; and for each the row of the
        purchase that caused it, or -1, int64 ``(n,)``.
    """
    baskets = Baskets(habits, len(shares), int(lengths.max(initial=0)))
    first_row = np.cumsum(lengths) - lengths
    for turn in range(baskets.bought.shape[1]):
        user = np.flatnonzero(lengths > turn)
        baskets.buy(user, shares[user], rng)
    happened = np.arange(baskets.bought.shape[1]) < lengths[:, None]
    cause = np.where(baskets.source >= 0, first_row[:, None] + baskets.source, -1)
    return baskets.bought[happened], cause[happened]


class Baskets:
    """What every user has bought so far, and the rule by which they buy the next good.

    Args:
        habits: how they choose.
        n_users: how many there are.
        most: purchases that a basket holds.

    Attributes:
        bought: items in their order, 0 where none is yet, int32 ``(n_users, most)``.
        source: place in the basket of the purchase that caused each, or -1, of the same shape.
        number: purchases in each category, ``(n_users, C)``.
        count: purchases of each user, ``(n_users,)``.
    """

    def __init__(self, habits: Habits, n_users: int, most: int) -> None:
        self.habits, self.shelves = habits, habits.shelves()
        self.stock = np.array([len(shelf) for shelf in self.shelves])
        self.bought = np.zeros((n_users, most), np.int32)
        self.source = np.full(self.bought.shape, -1, np.int64)
        self.newest = np.full((n_users, len(self.stock)), -1)  # place of each category's newest
        self.number = np.zeros((n_users, len(self.stock)), np.int64)
        self.before = np.zeros(n_users, np.int64)
        self.count = np.zeros(n_users, np.int64)

    def buy(
        self, user: NDArray[np.int64], shares: NDArray[np.float64], rng: np.random.Generator
    ) -> None:
        """Let some users, each named once, make one purchase.

        Args:
            user: their codes; each has room in the basket and an interest with a good left.
            shares: their interests now, a row for each of them.
            rng: source of chance.
        """
        habits, turn, bought = self.habits, self.count[user], self.bought
        open_shares = shares * (self.number[user] < self.stock)
        interest = _draw(open_shares, rng.random(len(user)))
        keeps = (rng.random(len(user)) < habits.stay) & (turn > 0)
        keeps &= open_shares[np.arange(len(user)), self.before[user]] > 0
        interest = np.where(keeps, self.before[user], interest)
        source = self.newest[user, interest]
        follows = (rng.random(len(user)) < habits.chain) & (source >= 0)
        choice = habits.companion[bought[user, source]]
        follows &= ~_among(choice, bought[user])
        by_chance = ~follows
        choice[by_chance] = _by_popularity(
            habits, self.shelves, interest[by_chance], bought[user[by_chance]], rng
        )
        bought[user, turn] = choice
        self.source[user, turn] = np.where(follows, source, -1)
        self.newest[user, interest] = turn
        self.number[user, interest] += 1
        self.before[user] = interest
        self.count[user] += 1


def _by_popularity(
    habits: Habits,
    shelves: list[NDArray[np.int64]],
    interest: NDArray[np.int64],
    bought: NDArray[np.int32],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw by popularity among the goods of each row's interest that are not bought yet."""
    choice = np.zeros(len(interest), np.int64)
    for number, shelf in enumerate(shelves):
        rows = np.flatnonzero(interest == number)
        steps = np.cumsum(habits.popularity[shelf])
        for _ in range(_TRIES):  # draw again what is bought: the same chances as without it
            draw = np.searchsorted(steps, rng.random(len(rows)) * steps[-1], side="right")
            choice[rows] = shelf[np.minimum(draw, len(shelf) - 1)]
            rows = rows[_among(choice[rows], bought[rows])]
        if len(rows):
            left = np.ones((len(rows), habits.category.size), bool)
            np.put_along_axis(left, bought[rows].astype(np.int64), False, axis=1)
            chances = habits.popularity[shelf] * left[:, shelf]
            choice[rows] = shelf[_draw(chances, rng.random(len(rows)))]
    return choice


def _draw(chances: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw a column for each row with chances in proportion to the row's numbers.

    >>> _draw(np.array([[0.0, 1.0, 3.0]] * 2), np.array([0.2, 0.3]))
    array([1, 2])
    """
    steps = np.cumsum(chances, axis=1)
    above = steps > (uniform * steps[:, -1])[:, None]
    drawn: NDArray[np.int64] = np.argmax(above, axis=1)
    return drawn


def _among(items: NDArray[np.int64], bought: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each row's item is among its purchases."""
    found: NDArray[np.bool_] = (bought == items[:, None]).any(axis=1)
    return found
