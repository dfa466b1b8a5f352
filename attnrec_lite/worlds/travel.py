"""Travel: two bookings a year, on different occasions, in a season.

Somebody who flies to the same office four times a year and to the sea once has two tastes, and the
occasion says which one counts. With so few bookings the taste of all travellers on that occasion is
worth more than most histories. And a hotel that is closed cannot be booked.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import gated_weights, shrunk, softmax
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.taste import WIDTH, make_items, make_tastes, preference

OCCASIONS, SEASONS = ("work", "leisure"), ("winter", "summer")
SHARP, MOST = 5.0, 5  # strictness of a taste; bookings that a history has at most
OUTSIDE = 7.5  # utility of booking nothing from the list
GATE, STRENGTH = 4.0, 2.0  # of the gate; bookings that the taste of all counts for


class Travel(World):
    """Travellers who look for a place, once, on an occasion and in a season.

    Args:
        seed: of what is planted.
        n_items: places.
        people: travellers.
        rounds: occasions on which each looks.
    """

    card = Card(
        name="travel",
        item="a place, open in some seasons",
        history="bookings, none to five, each on an occasion",
        label="a booking",
        harm="a place shown that is closed",
        twist="context, and hardly any history",
        measure="bookings",
        unit="bookings, per 100 lists of five",
    )
    length = 5

    def __init__(
        self, seed: int = 0, n_items: int = 80, people: int = 600, rounds: int = 4
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=10), whole("people", people)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors, kind = make_items(rng, n_items, kinds=8)
        appeal = rng.normal(size=(len(OCCASIONS), n_items + 1))  # to everybody on an occasion
        tastes = np.stack([make_tastes(rng, self.vectors, people, 1) for _ in OCCASIONS], axis=1)
        self.liking = SHARP * tastes @ self.vectors.T + appeal  # (people, occasions, N + 1)
        opens = rng.random((len(SEASONS), 8)) < 0.7
        opens[rng.integers(2, size=8), np.arange(8)] = True  # every kind in one season at least
        self.open = opens[:, kind]
        self.open[:, 0] = False

    @property
    def truth(self) -> Arrays:
        """What each would like on each occasion, and what is open in each season."""
        return {"liking": self.liking, "open": self.open, "vectors": self.vectors}

    def _past(self, rng: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Bookings and their occasions ``(people, MOST)``; -1 where there is none."""
        count = rng.integers(0, MOST + 1, self.people)
        history = np.zeros((self.people, MOST), np.int32)
        occasion = np.full(history.shape, -1)
        for place in range(MOST):
            real = place >= MOST - count
            why, season = rng.integers(2, size=(2, self.people))
            liking = self.liking[np.arange(self.people), why] + rng.gumbel(
                size=(self.people, self.n_items + 1)
            )
            booked = np.where(self.open[season], liking, -np.inf).argmax(axis=1)
            history[real, place], occasion[real, place] = booked[real], why[real]
        return history, occasion

    def observe(self, seed: int = 0) -> Arrays:
        """Bookings of the travellers so far: ``history`` and ``occasion``."""
        history, occasion = self._past(np.random.default_rng([self.seed, seed, 2]))
        return {"history": history, "occasion": occasion}

    def start(self, seed: int = 0) -> State:
        """The first occasion."""
        past = self.observe(seed)
        return self._at(0, seed, past["history"], past["occasion"])

    def _at(
        self, time: int, seed: int, history: NDArray[np.int32], occasion: NDArray[np.int64]
    ) -> State:
        rng = np.random.default_rng([self.seed, seed, time, 3])
        why, season = rng.integers(2, size=(2, self.people))
        facts = {"occasion": why, "season": season, "past": occasion, "open": self.open[season]}
        return State(time, seed, history, facts, {"liking": self.liking})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """What is open."""
        return np.asarray(state.facts["open"])

    def _answer(self, state: State, slate: Slate) -> Feedback:
        rows, real = np.arange(self.people)[:, np.newaxis], slate.ids > 0
        why, is_open = state.facts["occasion"], state.facts["open"]
        noise = state.rng().gumbel(size=(self.people, self.n_items + 1))
        wanted = state.hidden["liking"][np.arange(self.people), why] + noise
        offers = np.where(real & is_open[rows, slate.ids], wanted[rows, slate.ids], -np.inf)
        best = offers.argmax(axis=1)
        booked = offers.max(axis=1) > OUTSIDE + noise[:, 0]
        label = np.zeros(slate.ids.shape)
        label[booked, best[booked]] = 1.0
        history, past = state.history.copy(), state.facts["past"].copy()
        history[booked] = np.column_stack([history[booked, 1:], slate.ids[booked, best[booked]]])
        past[booked] = np.column_stack([past[booked, 1:], why[booked]])
        new = state.history[:, -1] == 0
        sums = {
            "bookings": float(booked.sum()),
            "lists": float(len(booked)),
            "bookings_new": float(booked[new].sum()),
            "lists_new": float(new.sum()),
        }
        following = self._at(state.time + 1, state.seed, history, past)
        return Feedback(label, ~is_open[rows, slate.ids] & real, sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Bookings per 100 lists, and per 100 lists of those without any history."""
        return {
            "bookings": 100 * sums["bookings"] / sums["lists"],
            "bookings_new": 100 * sums["bookings_new"] / max(1.0, sums["lists_new"]),
        }

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By all of the history; by what is popular; by the occasion; by both."""
        counts = np.ones((len(OCCASIONS), self.n_items + 1))
        real = log["history"] > 0
        np.add.at(counts, (log["occasion"][real], log["history"][real]), 1.0)
        popular = np.log(counts / counts.sum(axis=1, keepdims=True))

        def naive(state: State) -> Floats:
            return preference(state.history, self.vectors)

        def known(state: State) -> Floats:
            return np.asarray(popular[state.facts["occasion"]])

        def gated(state: State) -> Floats:
            return SHARP * self._context(state) @ self.vectors.T

        def both(state: State) -> Floats:
            n = (state.facts["past"] == state.facts["occasion"][:, np.newaxis]).sum(axis=1)
            own, all_alike = (np.log(softmax(s)) for s in (gated(state), known(state)))
            return shrunk(own, n[:, np.newaxis], all_alike, STRENGTH)

        return {
            "preference": Policy(naive, False, about="attention over all bookings"),
            "preference + mask": Policy(naive, about="the same, among what is open"),
            "popular": Policy(known, about="what all book on this occasion"),
            "gated": Policy(gated, about="attention over bookings of this occasion"),
            "gated + popular": Policy(both, about="as far as there are such bookings"),
        }

    def _context(self, state: State) -> Floats:
        """Attention over the bookings, those of the occasion first."""
        keys = self.vectors[state.history]
        same = state.facts["past"] == state.facts["occasion"][:, np.newaxis]
        real = state.history > 0
        newest = keys[np.arange(len(keys)), np.where(same, np.arange(MOST), -1).argmax(axis=1)]
        scores = np.einsum("bld,bd->bl", keys, newest) / np.sqrt(WIDTH)
        weights = gated_weights(scores, same, GATE, real)
        return np.asarray(np.einsum("bl,bld->bd", weights, keys))
