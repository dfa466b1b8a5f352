"""Music: what was heard comes back, and an hour has a mood.

A shop hides what was bought; most of what people play they have played before. Which song returns
depends on how long ago it was heard, and on the session, less on how well it fits a taste. Right
after it was heard, a song is the worst choice of all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import repeat_chances, repeats_and_new, softmax
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.taste import make_items, make_tastes, preference

SHARP, MOOD = 6.0, 2.0  # strictness of a taste for new songs; log-odds that a mood adds
EXPONENT, TIRED = 0.8, 2  # of repeats; songs of the newest plays that nobody wants again yet
SESSION = 8  # plays
PAST = 60  # plays that a history keeps
GRID = np.linspace(0.0, 2.0, 11)


class Music(World):
    """People press play, again and again; what comes next is listed for them.

    Args:
        seed: of what is planted.
        n_items: songs.
        people: listeners.
        rounds: plays of each.
    """

    card = Card(
        name="music",
        item="a song, which can be played again",
        history="plays, with repeats",
        label="the next play is in the list",
        harm="a song listed again right after it was heard",
        twist="repeat consumption, in sessions",
        measure="hits",
        unit="next plays that were in the list of ten, per 100 plays",
    )
    length = 10

    def __init__(
        self, seed: int = 0, n_items: int = 300, people: int = 150, rounds: int = 32
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=PAST), whole("people", people)
        self.rounds = whole("rounds", rounds)
        rng = np.random.default_rng([seed, 1])
        self.vectors, self.kind = make_items(rng, n_items, kinds=6)
        taste = make_tastes(rng, self.vectors, people)
        self.liking = SHARP * taste @ self.vectors.T
        self.share = rng.beta(7, 3, people)  # of plays that are repeats

    @property
    def truth(self) -> Arrays:
        """Liking, share of repeats, kinds of songs, and the exponent."""
        exponent = np.array(EXPONENT)
        return {
            "liking": self.liking,
            "share": self.share,
            "kind": self.kind,
            "exponent": exponent,
        }

    def _next(
        self, history: NDArray[np.int32], mood: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int32]:
        """What each plays next, whatever is listed."""
        gaps = since(history, self.n_items)
        bonus = MOOD * (self.kind == mood[:, np.newaxis])
        old = repeat_chances(np.where(gaps > TIRED, gaps, 0), EXPONENT) * np.exp(bonus)
        new = np.where(gaps == 0, np.exp(self.liking + bonus), 0.0)
        new[:, 0] = 0
        repeats = (rng.random(len(history)) < self.share) & (old.sum(axis=1) > 0)
        weight = np.where(repeats[:, np.newaxis], old, new).cumsum(axis=1)
        draw = rng.random((len(history), 1)) * weight[:, -1:]
        return np.asarray((weight > draw).argmax(axis=1), np.int32)

    def _mood(self, seed: int, session: int) -> NDArray[np.int64]:
        """A kind that each one likes, for a session."""
        rng = np.random.default_rng([self.seed, seed, session, 4])
        noisy = self.liking + rng.gumbel(size=self.liking.shape)
        noisy[:, 0] = -np.inf
        return np.asarray(self.kind[noisy.argmax(axis=1)])

    def _live(self, seed: int, plays: int) -> NDArray[np.int32]:
        history = np.zeros((self.people, PAST), np.int32)
        for time in range(plays):
            rng = np.random.default_rng([self.seed, seed, time, 5])
            song = self._next(history, self._mood(seed, -(-(time + 1) // SESSION)), rng)
            history = _append(history, song)
        return history

    def observe(self, seed: int = 0) -> Arrays:
        """The plays of the time before: ``history``, as an episode begins with."""
        return {"history": self._live(seed, PAST)}

    def start(self, seed: int = 0) -> State:
        """The first play of a new session."""
        history = self._live(seed, PAST)
        return State(0, seed, history, {"session": np.array(0)}, {"any": np.array(1)})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Everything but the songs of the newest plays."""
        may = self.everything(len(state.history))
        np.put_along_axis(may, state.history[:, -TIRED:].astype(np.int64), False, axis=1)
        return may

    def _answer(self, state: State, slate: Slate) -> Feedback:
        mood = self._mood(state.seed, 10_000 + state.time // SESSION)
        song = self._next(state.history, mood, state.rng())
        hit = (slate.ids == song[:, np.newaxis]) & (slate.ids > 0)
        just = state.history[:, -TIRED:]
        harm = (slate.ids[:, :, np.newaxis] == just[:, np.newaxis]).any(axis=2) & (slate.ids > 0)
        old = (state.history == song[:, np.newaxis]).any(axis=1)
        sums = {
            "plays": float(len(song)),
            "hits": float(hit.sum()),
            "repeats": float(old.sum()),
            "hits_new": float(hit[~old].sum()),
        }
        time = state.time + 1
        facts = {"session": np.array(time % SESSION)}
        following = State(time, state.seed, _append(state.history, song), facts, state.hidden)
        return Feedback(hit.astype(float), harm, sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Hits per 100 plays; of new songs alone; and how many plays were repeats."""
        plays, new = sums["plays"], sums["plays"] - sums["repeats"]
        return {
            "hits": 100 * sums["hits"] / plays,
            "hits_new": 100 * sums["hits_new"] / max(1.0, new),
            "repeats": 100 * sums["repeats"] / plays,
        }

    def fit(self, log: Arrays) -> tuple[Floats, float]:
        """Share of repeats of each listener, and the exponent most likely for all."""
        history = log["history"]
        again, chosen = np.zeros(len(history)), np.zeros(len(GRID))
        half = history.shape[1] // 2
        for play in range(half, history.shape[1]):
            gaps = since(history[:, :play], self.n_items)
            gap = gaps[np.arange(len(history)), history[:, play]]
            again += gap > 0
            rest = np.where(gaps > TIRED, gaps, 0)
            for n, exponent in enumerate(GRID):
                p = repeat_chances(rest, exponent)[np.arange(len(history)), history[:, play]]
                chosen[n] += np.log(p[p > 0]).sum()
        return (again + 1) / (history.shape[1] - half + 2), float(GRID[chosen.argmax()])

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """As a shop does, with repeats allowed, and by a model of repeats without and with mood."""
        share, exponent = self.fit(log)

        def score(state: State) -> Floats:
            return preference(state.history, self.vectors)

        def as_shop(state: State) -> Floats:
            return np.where(since(state.history, self.n_items) > 0, -np.inf, score(state))

        def repeats(state: State, mood: bool) -> Floats:
            gaps = since(state.history, self.n_items)
            new = softmax(np.where(gaps > 0, -1e9, SHARP * score(state)))
            old = repeat_chances(np.where(gaps > TIRED, gaps, 0), exponent)
            found = _mixed(share, old, new * (gaps == 0))
            return found * self._in_session(state) if mood else found

        return {
            "preference": Policy(as_shop, False, about="attention; what was heard is hidden"),
            "preference, repeats": Policy(score, False, about="attention; nothing is hidden"),
            "preference + mask": Policy(score, about="attention; only the newest plays are hidden"),
            "repeats": Policy(lambda s: repeats(s, False), about="how long ago, and taste for new"),
            "repeats, session": Policy(lambda s: repeats(s, True), about="and what this hour is"),
        }

    def _in_session(self, state: State) -> Floats:
        """How much more likely each song is by the kinds played in this session."""
        plays = int(state.facts["session"])
        heard = np.zeros((len(state.history), int(self.kind.max()) + 1))
        if plays:
            rows = np.arange(len(state.history))[:, np.newaxis]
            np.add.at(heard, (rows, self.kind[state.history[:, -plays:]]), 1.0)
        return np.asarray((1 + heard)[:, self.kind])


def since(history: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """How many plays ago each song was heard last, 1 for the newest, 0 for never.

    Args:
        history: plays ``(people, length)``, left-padded with 0, newest last.
        n_items: songs.

    Returns:
        Gaps ``(people, N + 1)``, as ``formulas.repeat_chances`` takes them.

    >>> since(np.array([[0, 2, 1, 2]]), 3)
    array([[0, 2, 1, 0]])
    """
    gaps = np.zeros((len(history), n_items + 1), np.int64)
    for gap in range(history.shape[1], 0, -1):  # the newest overwrite the older
        np.put_along_axis(gaps, history[:, [-gap]].astype(np.int64), gap, axis=1)
    gaps[:, 0] = 0
    return gaps


def _append(history: NDArray[np.int32], song: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.column_stack([history[:, 1:], song]).astype(np.int32)


def _mixed(share: Floats, old: Floats, new: Floats) -> Floats:
    """Equation (20.7) for listeners with different shares of repeats."""
    both = [repeats_and_new(float(s), o, n) for s, o, n in zip(share, old, new, strict=True)]
    return np.array(both)
