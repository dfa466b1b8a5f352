"""Finance: what a client likes is not what a client can bear.

Synthetic products and clients; no advice. Products that have just done well are liked, and they are
the ones that can lose most. A rule of suitability compares a loss with what somebody can bear: it
is a mask. It rests on what clients say of themselves, and they are not always right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import certainty_equivalent, scaled_chance, suitable
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.taste import draw, make_items, make_tastes, preference

SLOPE, CHASE, OFFSET = 3.0, 1.5, -1.5  # of the chance to buy: taste, last year's return
AVERSION = 0.35  # over what a client can bear: who can bear little dislikes variance more
QUANTILE = 1.645  # the loss that is exceeded once in twenty years, in deviations
NOISE = 0.35  # error of what clients say that they can bear, in logarithms
PENALTY = 3.0  # of a soft rule, on each unit of loss above the limit
MARGIN = 0.6  # share of the limit that a careful rule uses


class Finance(World):
    """Clients to whom one product is offered each quarter.

    Args:
        seed: of what is planted.
        n_items: products.
        people: clients.
        rounds: quarters.
    """

    card = Card(
        name="finance",
        item="a product with a loss that it may bring",
        history="products bought or looked at",
        label="a purchase",
        harm="a product sold to somebody who cannot bear its loss",
        twist="suitability is a constraint, whatever is liked",
        measure="worth",
        unit="certainty equivalent of what was sold, basis points a year for each offer",
    )

    def __init__(
        self, seed: int = 0, n_items: int = 40, people: int = 500, rounds: int = 4
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=4), whole("people", people)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors, _ = make_items(rng, n_items, kinds=5)
        self.deviation = np.append(0.0, rng.uniform(0.02, 0.35, n_items))
        fee = np.append(0.0, rng.uniform(0.0, 0.02, n_items))
        self.mean = 0.01 + 0.2 * self.deviation - fee
        self.mean[0] = 0.0
        self.loss = np.maximum(QUANTILE * self.deviation - self.mean, 0.0)
        self.last = self.mean + self.deviation * rng.normal(0.5, 1.0, n_items + 1)
        self.capacity = rng.lognormal(np.log(0.2), 0.7, people)  # the loss that each can bear
        self.liking = SLOPE * make_tastes(rng, self.vectors, people) @ self.vectors.T
        self.liking += CHASE * self.last / self.deviation.mean()

    @property
    def truth(self) -> Arrays:
        """What each can bear and likes; what each product earns and may lose."""
        return {
            "capacity": self.capacity,
            "liking": self.liking,
            "mean": self.mean,
            "deviation": self.deviation,
            "loss": self.loss,
        }

    def observe(self, seed: int = 0) -> Arrays:
        """``history`` of clients, and what they ``stated`` that they can bear."""
        rng = np.random.default_rng([self.seed, seed, 2])
        stated = self.capacity * np.exp(NOISE * rng.normal(size=self.people))
        return {"history": draw(rng, self.liking, 5), "stated": stated}

    def start(self, seed: int = 0) -> State:
        """The first quarter."""
        log = self.observe(seed)
        return self._at(0, seed, log["history"], log["stated"], np.zeros(self.liking.shape, bool))

    def _at(
        self,
        time: int,
        seed: int,
        history: NDArray[np.int32],
        stated: Floats,
        offered: NDArray[np.bool_],
    ) -> State:
        facts = {"stated": stated, "offered": offered, "last": self.last}
        return State(time, seed, history, facts, {"capacity": self.capacity})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Products whose loss clients say that they can bear; no offer twice."""
        may = suitable(self.loss, state.facts["stated"]) & ~state.facts["offered"]
        may[:, 0] = False
        return np.asarray(may)

    def _answer(self, state: State, slate: Slate) -> Feedback:
        ids, who = slate.ids[:, 0], np.arange(self.people)
        whims = state.rng().random(self.liking.shape)
        bought = (whims < scaled_chance(self.liking, 1.0, OFFSET))[who, ids] & (ids > 0)
        aversion = AVERSION / self.capacity
        worth = certainty_equivalent(self.mean[ids], self.deviation[ids] ** 2, aversion)
        harm = bought & (self.loss[ids] > self.capacity)
        history, offered = state.history.copy(), state.facts["offered"].copy()
        history[bought] = np.column_stack([history[bought, 1:], ids[bought]])
        offered[who, ids] = True
        sums = {
            "worth": float(worth[bought].sum()),
            "offers": float(len(ids)),
            "sold": float(bought.sum()),
            "unsuitable": float(harm.sum()),
        }
        following = self._at(state.time + 1, state.seed, history, state.facts["stated"], offered)
        return Feedback(bought[:, None].astype(float), harm[:, None], sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Worth of an offer in basis points; sales that were unsuitable, per 1,000 sold."""
        unsuitable = 1000 * sums["unsuitable"] / max(1.0, sums["sold"])
        return {"worth": 1e4 * sums["worth"] / sums["offers"], "unsuitable": unsuitable}

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By liking; with a penalty, a mask; by what it is worth to the client."""

        def naive(state: State) -> Floats:
            scores = preference(state.history, self.vectors)
            return np.where(state.facts["offered"], -np.inf, scores)

        def soft(state: State) -> Floats:
            above = np.maximum(self.loss - state.facts["stated"][:, np.newaxis], 0)
            return np.asarray(naive(state) - PENALTY * above)

        def worth(state: State) -> Floats:
            aversion = AVERSION / state.facts["stated"][:, np.newaxis]
            return certainty_equivalent(self.mean, self.deviation**2, aversion)

        def both(state: State) -> Floats:
            liked = scaled_chance(SLOPE * preference(state.history, self.vectors), 1.0, OFFSET)
            return np.where(worth(state) > 0, worth(state) * liked, worth(state))

        def careful(state: State) -> Floats:
            fits = suitable(self.loss, MARGIN * state.facts["stated"])
            return np.where(fits, both(state), -np.inf)

        return {
            "preference": Policy(naive, False, about="attention: more of what was liked"),
            "preference, penalty": Policy(soft, False, about="attention less a price on risk"),
            "preference + mask": Policy(naive, about="attention, among what is suitable"),
            "worth + mask": Policy(worth, about="the best for the client, bought or not"),
            "worth x liking + mask": Policy(both, about="what it is worth, if it is bought"),
            "worth x liking, margin": Policy(careful, about="the same, at 60 % of the limit"),
        }
