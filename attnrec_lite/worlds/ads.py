"""Ads: what is shown is paid for, by click, from a budget that ends.

The list of a shop needs an order. A price needs a chance: who bids for a click pays by what a click
is worth and how likely it is, so a score that orders well and is no chance sells at a wrong price.
And money that is gone by noon shows nobody anything in the evening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, not_negative, whole
from attnrec_lite.formulas import calibration_error, log_loss, paced, scaled_chance, softmax
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.calibrate import fit_isotonic, fit_platt
from attnrec_lite.worlds.taste import draw, make_items, make_tastes, picked, preference

SLOPE, OFFSET = 4.0, -4.5  # of the true chance of a click, in the affinity of person and ad
SHARP = 4.0  # how strictly a history follows a taste
RATE = 0.3  # of pacing
Chance = Callable[[State], Floats]


class Ads(World):
    """Advertisers bid for the views of a day.

    Args:
        seed: of what is planted.
        n_items: advertisers; the last has no budget at all.
        people: visitors in each half hour.
        rounds: half hours.
        per_head: budget of all advertisers together, for each view of the day.
    """

    card = Card(
        name="ads",
        item="an ad of somebody who bids for a click and has a budget",
        history="ads clicked",
        label="a click",
        harm="an ad shown, or clicked, that nobody pays for any more",
        twist="a price needs a chance, and a budget must last",
        measure="value",
        unit="what clicks that were paid for are worth to advertisers, per 1,000 views",
    )

    def __init__(
        self,
        seed: int = 0,
        n_items: int = 30,
        people: int = 60,
        rounds: int = 48,
        per_head: float = 0.15,
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=2), whole("people", people)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors, _ = make_items(rng, n_items, kinds=6)
        self.bids = np.append(0.0, rng.lognormal(0.0, 0.7, n_items))
        total = float(not_negative("per_head", per_head)) * people * rounds
        money = rng.dirichlet(np.full(n_items - 1, 2.0)) * total
        self.budgets = np.concatenate([[0.0], money, [0.0]])

    @property
    def truth(self) -> Arrays:
        """Vectors, bids and budgets."""
        return {"vectors": self.vectors, "bids": self.bids, "budgets": self.budgets}

    def _visitors(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.int32], Floats]:
        """Histories, and chances to click each ad."""
        affinity = make_tastes(rng, self.vectors, n) @ self.vectors.T
        return draw(rng, SHARP * affinity, 5), scaled_chance(affinity, SLOPE, OFFSET)

    def observe(self, seed: int = 0, views: int = 6000) -> Arrays:
        """Views of ads shown at random: ``history``, ``item``, ``click``."""
        rng = np.random.default_rng([self.seed, seed, 2])
        history, chance = self._visitors(rng, views)
        item = rng.integers(1, self.n_items + 1, views)
        click = rng.random(views) < chance[np.arange(views), item]
        return {"history": history, "item": item, "click": click}

    def start(self, seed: int = 0) -> State:
        """The first half hour; nobody has spent anything."""
        pace = np.where(self.budgets > 0, 0.5, 0.0)
        return self._arrive(0, seed, {"left": self.budgets.copy(), "pace": pace})

    def _arrive(self, time: int, seed: int, money: Arrays) -> State:
        rng = np.random.default_rng([self.seed, seed, time, 3])
        history, chance = self._visitors(rng, self.people)
        return State(time, seed, history, {"bids": self.bids, **money}, {"chance": chance})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Ads with money left."""
        return np.tile(state.facts["left"] > 0, (len(state.history), 1))

    def _answer(self, state: State, slate: Slate) -> Feedback:
        ids = slate.ids[:, 0]
        whims = state.rng().random((len(ids), self.n_items + 1))
        clicked = np.asarray((whims < state.hidden["chance"]) & (np.arange(whims.shape[1]) > 0))
        click = clicked[np.arange(len(ids)), ids]
        asked = np.zeros(len(ids)) if slate.price is None else slate.price[:, 0]
        left, paid, free = state.facts["left"].copy(), np.zeros(len(ids)), np.zeros(len(ids), bool)
        for view in np.flatnonzero(click):  # one after another: the last may find no money left
            paid[view] = min(asked[view], left[ids[view]])
            free[view] = left[ids[view]] <= 0
            left[ids[view]] -= paid[view]
        broke = (state.facts["left"][ids] <= 0) & (ids > 0)
        spent = state.facts["left"] - left
        pace = paced(state.facts["pace"], spent, self.budgets / self.rounds, RATE)
        sums = {
            "views": float(len(ids)),
            "value": float(self.bids[ids][click & ~free].sum()),
            "revenue": float(paid.sum()),
        }
        following = self._arrive(state.time + 1, state.seed, {"left": left, "pace": pace})
        return Feedback(click[:, None].astype(float), (free | broke)[:, None], sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Value, revenue and what advertisers keep, per 1,000 views."""
        value, revenue = (1000 * sums[name] / sums["views"] for name in ("value", "revenue"))
        return {"value": value, "revenue": revenue, "surplus": value - revenue}

    def chances(self, log: Arrays) -> dict[str, Chance]:
        """Ways to make a chance of the attention score, fitted on a log."""
        history, item = log["history"], log["item"]
        score = preference(history, self.vectors)[np.arange(len(item)), item]
        slope, offset = fit_platt(score, log["click"])
        steps = fit_isotonic(score, log["click"])

        def score_of(state: State) -> Floats:
            return preference(state.history, self.vectors)

        return {
            "share": lambda state: _shares(score_of(state)),
            "sigmoid": lambda state: scaled_chance(score_of(state)),
            "platt": lambda state: scaled_chance(score_of(state), slope, offset),
            "isotonic": lambda state: steps(score_of(state)),
        }

    def calibration(self, seed: int = 0) -> dict[str, dict[str, float]]:
        """Calibration error and log loss of each way on views that nothing was fitted on."""
        new = self.observe(seed + 1000)
        state = State(0, seed, new["history"], {"bids": self.bids})
        found = {}
        for name, chance in self.chances(self.observe(seed)).items():
            p = chance(state)[np.arange(len(new["item"])), new["item"]]
            clicks = new["click"].astype(float)
            error, loss = calibration_error(clicks, p), log_loss(clicks, p.clip(1e-6, 1 - 1e-6))
            found[name] = {"calibration_error": error, "log_loss": loss}
        return found

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By attention alone; by bid and attention; by bid and chance; with pacing."""
        ways = self.chances(log)
        share, platt = Auction(ways["share"]), Auction(ways["platt"])
        slow = Auction(ways["platt"], pacing=True)

        def naive(state: State) -> Floats:
            return preference(state.history, self.vectors)

        def bid(state: State, slate: Slate) -> Floats:
            return np.asarray(state.facts["bids"][slate.ids])

        return {
            "preference": Policy(naive, False, bid, "attention alone; a click costs what was bid"),
            "preference + mask": Policy(naive, True, bid, "the same, among ads with money left"),
            "bid x attention": Policy(share.index, True, share.price, "a weight as a chance"),
            "bid x chance": Policy(platt.index, True, platt.price, "Platt's chance, second price"),
            "bid x chance, paced": Policy(slow.index, True, slow.price, "and budgets that last"),
        }


class Auction:
    """Rank by bid times chance and charge the least bid that still wins, for many views at once.

    Args:
        chance: from a state to chances ``(people, N + 1)``.
        pacing: whether bids are multiplied by the pace of their budget.
    """

    def __init__(self, chance: Chance, pacing: bool = False) -> None:
        self.chance, self.pacing = chance, pacing

    def index(self, state: State) -> Floats:
        """Expected payment of each ad at its bid."""
        pace = state.facts["pace"] if self.pacing else 1.0
        return np.asarray(pace * state.facts["bids"] * self.chance(state))

    def price(self, state: State, slate: Slate) -> Floats:
        """Of a click on the winner, never above its bid."""
        index = np.where(state.facts["left"] > 0, self.index(state), 0.0)
        np.put_along_axis(index, slate.ids.astype(np.int64), 0.0, axis=1)
        second = index.max(axis=1, keepdims=True)
        p = np.asarray(picked(self.chance(state), slate.ids), np.float64)
        price = np.divide(second, p, out=np.zeros_like(p), where=p > 0)
        return np.asarray(np.minimum(price, state.facts["bids"][slate.ids]))


def _shares(scores: Floats) -> Floats:
    """Softmax over the ads: a share of attention, taken for a chance."""
    shares = np.zeros_like(scores)
    shares[:, 1:] = softmax(scores[:, 1:] * SHARP)
    return shares
