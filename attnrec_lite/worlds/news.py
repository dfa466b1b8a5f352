"""News: items die, and some turn out to be false.

A good is worth tomorrow what it is worth today. A story is worth half after its half-life, which
differs by kind; and one that was withdrawn must not be shown at all, however well it fits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import fresh, scaled_chance
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.taste import draw, make_items, make_tastes, picked, preference

SLOPE, OFFSET, SHARP = 4.0, -2.5, 4.0
HALF_LIVES = np.array([2.0, 4.0, 8.0, 48.0])  # hours: flash, match report, analysis, feature
READ = 20  # a history keeps so many stories
BEFORE = 24  # hours of stories that are out when an episode begins


class News(World):
    """Readers who come every hour; stories come out, fade, and some are withdrawn.

    Args:
        seed: of what is planted.
        n_items: stories of the day before and of the episode.
        people: readers.
        rounds: hours.
    """

    card = Card(
        name="news",
        item="a story, with an hour at which it came out",
        history="stories read",
        label="a read",
        harm="a story shown after it was withdrawn as false",
        twist="items die",
        measure="reads",
        unit="stories read, per 100 shown",
    )
    length = 3

    def __init__(
        self, seed: int = 0, n_items: int = 300, people: int = 150, rounds: int = 24
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=4), whole("people", people)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors, _ = make_items(rng, n_items, kinds=8)
        self.kind = np.append(-1, rng.integers(len(HALF_LIVES), size=n_items))
        self.half_life = HALF_LIVES[self.kind]
        self.out = np.append(np.inf, rng.uniform(-BEFORE, rounds, n_items))
        lasts = np.where(rng.random(n_items) < 0.08, rng.uniform(1, 6, n_items), np.inf)
        self.withdrawn = np.append(np.inf, self.out[1:] + lasts)

    @property
    def truth(self) -> Arrays:
        """Vectors, half-lives, the hours at which stories came out and were withdrawn."""
        return {
            "vectors": self.vectors,
            "half_life": self.half_life,
            "out": self.out,
            "withdrawn": self.withdrawn,
        }

    def _readers(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.int32], Floats]:
        affinity = make_tastes(rng, self.vectors, n) @ self.vectors.T
        known = np.where(self.out <= 0, SHARP * affinity, -np.inf)
        return draw(rng, known, 5), scaled_chance(affinity, SLOPE, OFFSET)

    def observe(self, seed: int = 0, views: int = 8000) -> Arrays:
        """Views of stories of the day before, shown at random: ``history item age read``."""
        rng = np.random.default_rng([self.seed, seed, 2])
        history, chance = self._readers(rng, views)
        item = rng.integers(1, self.n_items + 1, views)
        age = rng.uniform(0, BEFORE, views)
        p = fresh(chance[np.arange(views), item], age, self.half_life[item])
        return {"history": history, "item": item, "age": age, "read": rng.random(views) < p}

    def start(self, seed: int = 0) -> State:
        """The first hour."""
        rng = np.random.default_rng([self.seed, seed, 3])
        history, chance = self._readers(rng, self.people)
        has_read = np.zeros(chance.shape, bool)
        np.put_along_axis(has_read, history.astype(np.int64), True, axis=1)
        padded = np.pad(history, ((0, 0), (READ - history.shape[1], 0)))
        return self._at(0, seed, padded, has_read, chance)

    def _at(
        self,
        time: int,
        seed: int,
        history: NDArray[np.int32],
        has_read: NDArray[np.bool_],
        chance: Floats,
    ) -> State:
        facts = {"age": time - self.out, "read": has_read, "withdrawn": self.withdrawn <= time}
        return State(time, seed, history, facts, {"chance": chance})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """What is out, not withdrawn, and not read yet."""
        good = (state.facts["age"] >= 0) & ~state.facts["withdrawn"]
        return np.asarray(good & ~state.facts["read"])

    def _answer(self, state: State, slate: Slate) -> Feedback:
        age, real = state.facts["age"], slate.ids > 0
        worth = fresh(state.hidden["chance"], _since(age), self.half_life) * (age >= 0)
        chance = picked(worth, slate.ids)
        again = picked(state.facts["read"], slate.ids)
        whims = picked(state.rng().random(state.facts["read"].shape), slate.ids)
        read = np.asarray((whims < chance) & ~again & real)
        history, has_read = state.history.copy(), state.facts["read"].copy()
        for place in range(self.length):  # one after another, the newest at the right
            who = np.flatnonzero(read[:, place])
            history[who] = np.column_stack([history[who, 1:], slate.ids[who, place]])
            has_read[who, slate.ids[who, place]] = True
        sums = {"age": float(age[slate.ids][real].clip(0).sum()), "real": float(real.sum())}
        harm = state.facts["withdrawn"][slate.ids] & real
        following = self._at(state.time + 1, state.seed, history, has_read, state.hidden["chance"])
        return Feedback(read.astype(float), harm, sums | {"reads": float(read.sum())}, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Reads per 100 shown, and the mean age of what was shown, in hours."""
        n = max(1.0, sums["real"])
        return {"reads": 100 * sums["reads"] / n, "age": sums["age"] / n}

    def fit(self, log: Arrays) -> tuple[float, float, Floats]:
        """Slope and offset of the chance, and a half-life for each kind, most likely together."""
        item, age, read = log["item"], log["age"], log["read"]
        score = preference(log["history"], self.vectors)[np.arange(len(item)), item]
        kind = self.kind[item]

        def loss(at: Floats) -> float:
            p = scaled_chance(score, at[0], at[1]) * np.exp2(-age / np.exp(at[2:])[kind])
            return float(
                -np.mean(np.where(read, np.log(p + 1e-12), np.log1p(-p.clip(0, 1 - 1e-9))))
            )

        start = np.concatenate([[1.0, -1.0], np.full(len(HALF_LIVES), np.log(6.0))])
        bounds = [(-50, 50)] * 2 + [(np.log(0.2), np.log(500.0))] * len(HALF_LIVES)
        best = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
        return float(best[0]), float(best[1]), np.exp(best[2:])

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By attention; the newest first; by what a story is still worth."""
        slope, offset, half_lives = self.fit(log)

        def naive(state: State) -> Floats:
            scores = preference(state.history, self.vectors)
            return np.where(state.facts["read"] | (state.facts["age"] < 0), -np.inf, scores)

        def newest(state: State) -> Floats:
            return np.tile(-state.facts["age"], (len(state.history), 1))

        def worth(state: State) -> Floats:
            p = scaled_chance(preference(state.history, self.vectors), slope, offset)
            return fresh(p, _since(state.facts["age"]), half_lives[self.kind])

        return {
            "preference": Policy(naive, False, about="attention; nothing twice"),
            "preference + mask": Policy(naive, about="the same, nothing that was withdrawn"),
            "newest first": Policy(newest, about="by the clock alone"),
            "chance x freshness": Policy(worth, about="half-lives by kind, fitted on the log"),
        }


def _since(age: Floats) -> Floats:
    """Ages from 0: what is not out yet, and padding, are left to the mask."""
    return np.maximum(age, 0.0)
