"""People: the item chooses as well, and has only so much time.

A good cannot refuse. A person who is shown to somebody may not want them, may never read their
message because fifty others wrote, and may have blocked them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import gini, match_chance, reciprocal, scaled_chance
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.calibrate import fit_platt
from attnrec_lite.worlds.taste import WIDTH, draw, picked, preference

SLOPE, OFFSET, CHARM = 3.0, -2.0, 1.0  # of the chance to like; charm: what everybody likes
READS = 3  # messages that somebody reads in a round
SHARP = 3.0


class Social(World):
    """Everybody is a user and an item; a match needs both.

    Args:
        seed: of what is planted.
        n_items: people.
        rounds: how often everybody is shown three others.
    """

    card = Card(
        name="social",
        item="a person, who chooses too",
        history="people whom somebody wrote to",
        label="a message sent",
        harm="a message that nobody reads, or one to somebody who blocked the sender",
        twist="two sides must want, and attention is scarce",
        measure="matches",
        unit="people who wrote to each other's liking, per 100 shown",
    )
    length = 3

    def __init__(self, seed: int = 0, n_items: int = 150, rounds: int = 6) -> None:
        super().__init__(seed)
        self.n_items = self.people = whole("n_items", n_items, least=10)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors = rng.normal(size=(n_items + 1, WIDTH)) / np.sqrt(WIDTH)  # who they are
        charm = rng.normal(size=n_items + 1)
        self.vectors[:, 0] = CHARM * charm / SLOPE  # the first trait is liked by everybody
        self.vectors[0] = 0
        wants = rng.normal(size=(n_items, WIDTH))
        wants /= np.linalg.norm(wants[:, 1:], axis=1, keepdims=True)
        wants[:, 0] = 1.0
        self.likes = scaled_chance(SLOPE * wants @ self.vectors.T, 1.0, OFFSET)
        self.blocked = rng.random((n_items, n_items + 1)) < 0.03  # the column blocked the row

    @property
    def truth(self) -> Arrays:
        """Chance that the row likes the column, and who blocked whom."""
        return {"likes": self.likes, "blocked": self.blocked, "vectors": self.vectors}

    def _past(self, seed: int) -> NDArray[np.int32]:
        rng = np.random.default_rng([self.seed, seed, 2])
        return draw(rng, np.log(np.where(self._self(), 1e-12, self.likes**2)), 8)

    def _self(self) -> NDArray[np.bool_]:
        return np.asarray(np.arange(self.n_items + 1) == 1 + np.arange(self.people)[:, np.newaxis])

    def observe(self, seed: int = 0, views: int = 20) -> Arrays:
        """People shown at random to everybody: ``history``, ``item`` and ``like``, by rows."""
        rng = np.random.default_rng([self.seed, seed, 3])
        item = 1 + rng.integers(self.n_items, size=(self.people, views)).astype(np.int32)
        like = rng.random(item.shape) < picked(self.likes, item)
        return {"history": self._past(seed), "item": item, "like": like}

    def start(self, seed: int = 0) -> State:
        """Nobody has been shown to anybody yet."""
        shown = np.zeros((self.people, self.n_items + 1), bool)
        facts = {"shown": shown, "blocked": self.blocked}
        counts = {"inbox": np.zeros(self.people)}
        return State(0, seed, self._past(seed), facts, counts)

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Others who did not block the person, none twice."""
        may = ~(self._self() | self.blocked | state.facts["shown"])
        may[:, 0] = False
        return np.asarray(may)

    def _answer(self, state: State, slate: Slate) -> Feedback:
        rng = state.rng()
        wants = rng.random(self.likes.shape) < self.likes
        answers = rng.random(self.likes.shape) < self.likes
        order = rng.random(self.likes.shape)  # in which an inbox is read
        real = slate.ids > 0
        wrote = np.asarray(picked(wants, slate.ids), bool) & real
        sender = np.nonzero(wrote)[0]
        receiver = slate.ids[wrote] - 1
        lost = picked(self.blocked, slate.ids)[wrote] | (sender == receiver)
        place = np.lexsort([order[sender, receiver + 1], lost, receiver])
        turn = np.zeros(len(sender), np.int64)
        first = np.searchsorted(receiver[place], receiver[place], side="left")
        turn[place] = np.arange(len(sender)) - first
        read = (turn < READS) & ~lost
        match = read & answers[receiver, sender + 1]
        unread = np.zeros(slate.ids.shape, bool)
        unread[wrote] = ~read
        shown = state.facts["shown"].copy()
        np.put_along_axis(shown, slate.ids.astype(np.int64), True, axis=1)
        inbox = state.hidden["inbox"] + np.bincount(receiver, minlength=self.people)
        sums = {
            "matches": float(match.sum()),
            "written": float(len(sender)),
            "unread": float(unread.sum()),
            "real": float(real.sum()),
        }
        if state.time + 1 == self.rounds:
            sums["gini"] = gini(inbox) if inbox.any() else 0.0
        following = State(
            state.time + 1, state.seed, state.history, {**state.facts, "shown": shown},
            {"inbox": inbox},
        )  # fmt: skip
        return Feedback(wrote.astype(float), unread, sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Matches per 100 shown, messages per match, and how unequal inboxes are."""
        return {
            "matches": 100 * sums["matches"] / max(1.0, sums["real"]),
            "unread": 100 * sums["unread"] / max(1.0, sums["written"]),
            "gini": sums["gini"],
        }

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """One side's liking; both sides', joined in two ways; and shared out."""
        scores = preference(log["history"], self.vectors)
        slope, offset = fit_platt(picked(scores, log["item"]).ravel(), log["like"].ravel())

        def naive(state: State) -> Floats:
            shown = state.facts["shown"] | self._self()
            return np.where(shown, -np.inf, preference(state.history, self.vectors))

        def both(state: State) -> tuple[Floats, Floats]:
            p = scaled_chance(preference(state.history, self.vectors), slope, offset)
            other = np.zeros_like(p)
            other[:, 1:] = p[:, 1:].T  # the same model, asked by the other side
            return p, other

        def shared(state: State) -> Floats:
            return _share_out(match_chance(*both(state)), self.allowed(state), self.length)

        return {
            "preference": Policy(naive, False, about="attention; whom the user likes"),
            "preference + mask": Policy(naive, about="the same, without those who blocked"),
            "harmonic mean": Policy(lambda s: reciprocal(*both(s)), about="both sides"),
            "product": Policy(lambda s: match_chance(*both(s)), about="chance that both want"),
            "product, shared out": Policy(shared, about="nobody is shown to more than three"),
        }


def _share_out(worth: Floats, may: NDArray[np.bool_], times: int) -> Floats:
    """Worth of the best lists in which each person stands at most so often; others -inf."""
    found, left = np.full(worth.shape, -np.inf), np.where(may, worth, -1.0)
    for _ in range(times):
        row, column = linear_sum_assignment(left[:, 1:], maximize=True)
        good = left[row, column + 1] >= 0
        found[row[good], column[good] + 1] = left[row[good], column[good] + 1]
        left[row, column + 1] = -1.0
    return found
