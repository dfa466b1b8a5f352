"""A made-up shop that does not stay what it was: seasons, and a fashion that appears on a day.

The goods, the customers and the rule by which they buy are those of ``make_shop``. Two things move:
half of the categories sell in summer and half in winter, so a customer of both is another customer
half a period later; and from one day on a few goods that nobody asked for are what everybody wants,
and what follows a purchase. ``DriftingShop.on`` gives the shop as it is on a day, so the best
ranking of that day is known, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import inside, positive, share_of_one, whole
from attnrec_lite.data import _codes
from attnrec_lite.data._shoppers import Baskets, Habits
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.shop import _LONGEST, _START, Shop, make_shop
from attnrec_lite.data.split import Holdout

SUMMER = ("table", "party", "garden", "toys", "cycling", "camping")
DAY = 86_400


@dataclass(frozen=True, eq=False, repr=False)
class DriftingShop:
    """A log of purchases, and the truth of each day.

    Attributes:
        shop: the truth on which seasons and fashion act; its ``log`` is all that happened.
        day: day of each row of the log, from 0, int64, shape ``(n,)``.
        days: how many there are.
        period: days from one summer to the next; day 0 is the height of summer.
        strength: demand is up to ``exp(strength)`` times what it is between the seasons.
        fashion_day: day on which the fashion appears.
        fashion: the goods that are in fashion from then on, int64.
        grip: share of the free choices that the fashion takes.
    """

    shop: Shop
    day: NDArray[np.int64]
    days: int
    period: float
    strength: float
    fashion_day: int
    fashion: NDArray[np.int64]
    grip: float

    def __repr__(self) -> str:
        """Show the log, its days and the day of the fashion."""
        return f"DriftingShop({self.shop.log!r}, {self.days} days, fashion on {self.fashion_day})"

    @property
    def log(self) -> Interactions:
        """All purchases."""
        return self.shop.log

    @property
    def in_summer(self) -> NDArray[np.bool_]:
        """Whether each category sells in summer, bool, shape ``(C,)``."""
        return np.isin(self.shop.category_names, SUMMER)

    def demand(self, day: int) -> NDArray[np.float64]:
        """How much each category is asked for on a day, 1 between the seasons, shape ``(C,)``."""
        wave = self.strength * np.cos(2 * np.pi * day / self.period)
        return np.asarray(np.exp(np.where(self.in_summer, wave, -wave)))

    def on(self, day: int) -> Shop:
        """The shop as it is on a day: what ``data.truth.next_chances`` takes.

        Args:
            day: from 0; may lie after the last.

        Returns:
            A shop with the shares of interests, the popularity and the companions of that day.
        """
        shares = self.shop.shares * self.demand(day)
        shares = _codes.read_only(shares / shares.sum(axis=1, keepdims=True))
        if day < self.fashion_day:
            return replace(self.shop, shares=shares)
        popularity, companion = _in_fashion(self.shop, self.fashion, self.grip)
        return replace(self.shop, shares=shares, popularity=popularity, companion=companion)

    def before(self, day: int) -> Interactions:
        """The log up to a day, that day not included."""
        return self.log.select(self.day < day)

    def between(self, first: int, stop: int) -> Interactions:
        """What was bought from a day on, up to another that is not included."""
        return self.log.select((self.day >= first) & (self.day < stop))

    def targets(self, first: int, stop: int | None = None) -> Holdout:
        """Every purchase of a day, each to be predicted from all that its user did before it.

        Args:
            first: the day, or the first of several.
            stop: the day after the last of them; by default the day after ``first``.

        Returns:
            The targets; later ones of a day see the earlier ones in their history.
        """
        stop = first + 1 if stop is None else stop
        rows = np.flatnonzero((self.day >= first) & (self.day < stop))
        return Holdout(self.log, rows, f"every purchase of days {first} to {stop - 1}")


def make_drifting_shop(
    n_users: int = 1000,
    n_items: int = 600,
    days: int = 120,
    seed: int = 0,
    *,
    rate: float = 0.1,
    period: float = 80.0,
    strength: float = 2.0,
    fashion_day: int = 60,
    fashion: float = 0.2,
    grip: float = 0.7,
    stay: float = 0.6,
    chain: float = 0.5,
) -> DriftingShop:
    """Make a shop that drifts; the same arguments give the same log, bit for bit.

    Every customer is there from the first day, and buys each good at most once and at most 60.

    Args:
        n_users: number of users.
        n_items: number of goods, as for ``make_shop``.
        days: how long.
        seed: of the random generator.
        rate: purchases of a user per day while every interest is between its seasons.
        period: days from summer to summer.
        strength: of the seasons; 0 for none.
        fashion_day: the day on which the fashion appears; ``days`` or later for none.
        fashion: share of the goods of each category that come into fashion: its least popular.
        grip: share of the free choices that the fashion takes; the companion of every other good
            is a fashionable one from then on.
        stay: as for ``make_shop``.
        chain: likewise.

    Returns:
        The purchases and the truth behind them.

    Raises:
        ValueError: if a number is out of range.

    >>> made = make_drifting_shop(n_users=200, days=100)
    >>> summer = made.in_summer[made.shop.category[made.log.item]]
    >>> [bool(summer[made.day == day].mean() > 0.5) for day in (0, 40, 80)]
    [True, False, True]
    >>> bool(np.isin(made.targets(60, 100).item, made.fashion).mean() > 0.4)
    True
    """
    whole("days", days), positive("rate", rate), positive("period", period)
    whole("fashion_day", fashion_day, least=0), share_of_one("grip", grip)
    if not 0 <= strength <= 10:
        raise ValueError(f"strength: expected a number in [0, 10]; received {strength}")
    shop = make_shop(n_users, n_items, seed, stay=stay, chain=chain)
    goods = _least_popular(shop, inside("fashion", fashion))
    drift = DriftingShop(
        shop, np.zeros(0, np.int64), days, period, strength, fashion_day, goods, grip
    )
    rng = np.random.default_rng([seed, 1])
    baskets = Baskets(_habits(shop), n_users, _LONGEST)
    happened = [_one_day(drift, day, rate, baskets, rng) for day in range(days)]
    user = np.concatenate(happened)
    day = np.repeat(np.arange(days), [len(part) for part in happened])
    order = np.argsort(user, kind="stable")  # by user, then in the order of the days
    user, day = user[order], day[order]
    return replace(drift, shop=_written(shop, user, day, baskets, rng), day=day)


def _one_day(
    drift: DriftingShop, day: int, rate: float, baskets: Baskets, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Let every user buy as often as the season makes them; returns the users, once a purchase."""
    now = drift.on(day)
    baskets.habits = _habits(now)
    wanted = rng.poisson(rate * (drift.shop.shares @ drift.demand(day)))
    bought = []
    for turn in range(int(wanted.max(initial=0))):
        something_left = ((now.shares > 0) & (baskets.number < baskets.stock)).any(axis=1)
        user = np.flatnonzero((wanted > turn) & something_left & (baskets.count < _LONGEST))
        baskets.buy(user, now.shares[user], rng)
        bought.append(user)
    return np.concatenate(bought) if bought else np.zeros(0, np.int64)


def _written(
    shop: Shop,
    user: NDArray[np.int64],
    day: NDArray[np.int64],
    baskets: Baskets,
    rng: np.random.Generator,
) -> Shop:
    """The shop with the log of what was bought."""
    seconds = rng.integers(DAY - _LONGEST, size=len(user))
    seconds = seconds[np.lexsort((seconds, day, user))]  # rising within each user's day
    first_row = np.cumsum(baskets.count) - baskets.count
    place = np.arange(len(user)) - first_row[user]
    time = _START + DAY * day + seconds + place  # no two the same
    log = Interactions(
        user.astype(np.int32), baskets.bought[user, place], time, shop.log.user_ids, shop.log.items
    )
    source = baskets.source[user, place]
    cause = np.where(source >= 0, first_row[user] + source, -1)
    return replace(shop, log=log, cause=_codes.read_only(cause))


def _habits(shop: Shop) -> Habits:
    return Habits(shop.category, shop.popularity, shop.companion, shop.stay, shop.chain)


def _least_popular(shop: Shop, share: float) -> NDArray[np.int64]:
    """The goods of each category that few ask for, one of each at least."""
    found = []
    for number in range(len(shop.category_names)):
        goods = np.flatnonzero(shop.category == number)
        order = goods[np.argsort(shop.popularity[goods], kind="stable")]
        found.append(order[: max(1, round(share * len(goods)))])
    return np.sort(np.concatenate(found))


def _in_fashion(
    shop: Shop, fashion: NDArray[np.int64], grip: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Popularity and companions once the fashion is there."""
    popularity, companion = (1 - grip) * shop.popularity, shop.companion.copy()
    for number in range(len(shop.category_names)):
        goods = np.flatnonzero(shop.category == number)
        new = fashion[shop.category[fashion] == number]
        popularity[new] += grip / len(new)
        others = goods[~np.isin(goods, new)]
        companion[others] = np.resize(new, len(others))
    return _codes.read_only(popularity), _codes.read_only(companion)
