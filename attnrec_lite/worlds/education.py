"""Education: what somebody likes is not what they learn from, and order matters.

An exercise whose prerequisites are missing teaches nothing. Learners like exercises in the style
that they name, and here, as far as anybody has found, learn no more from it. So a system trained on
likes can be right about likes and useless.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, share_of_one, whole
from attnrec_lite.formulas import mastery_after, ready
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.taste import preference

FORMATS = ("film", "text", "game")
SLIP, GUESS, LEARN = 0.1, 0.2, 0.3  # of knowledge tracing
LIKED, OTHER = 0.9, 0.4  # chance to like an exercise in one's own style, and in another
KEPT = 12  # a history keeps so many exercises


class Education(World):
    """Learners practise one exercise at a time, for some lessons.

    Args:
        seed: of what is planted.
        skills: in the graph of prerequisites; each has an exercise in every format.
        people: learners.
        rounds: exercises of each.
        sure: from what chance on a skill counts as mastered, in [0, 1].
    """

    card = Card(
        name="education",
        item="an exercise for a skill, in a format",
        history="exercises liked",
        label="a like",
        harm="an exercise whose prerequisites are not mastered",
        twist="a graph of prerequisites, and mastery instead of liking",
        measure="gained",
        unit="skills mastered in the episode, per learner",
    )

    def __init__(
        self,
        seed: int = 0,
        skills: int = 12,
        people: int = 150,
        rounds: int = 30,
        sure: float = 0.8,
    ) -> None:
        super().__init__(seed)
        self.sure = share_of_one("sure", sure)
        self.skills, self.people = whole("skills", skills), whole("people", people)
        self.rounds, self.n_items = whole("rounds", rounds), skills * len(FORMATS)
        rng = np.random.default_rng([seed, 1])
        self.needs = np.zeros((skills, skills), np.int64)  # each needs one or two earlier ones
        for skill in range(2, skills):
            self.needs[skill, rng.choice(skill, size=rng.integers(1, 3), replace=False)] = 1
        self.skill = np.append(-1, np.repeat(np.arange(skills), len(FORMATS)))
        self.format = np.append(-1, np.tile(np.arange(len(FORMATS)), skills))
        self.vectors = np.zeros((self.n_items + 1, skills + len(FORMATS)))
        places = np.arange(1, self.n_items + 1)
        self.vectors[places, self.skill[1:]] = 1.0
        self.vectors[places, skills + self.format[1:]] = 1.0
        self.style = rng.integers(len(FORMATS), size=people)
        self.knows = rng.random((people, skills)) < 0.3
        for skill in range(skills):  # nobody knows a skill without what it needs
            self.knows[:, skill] &= self.knows[:, self.needs[skill] == 1].all(axis=1)

    @property
    def truth(self) -> Arrays:
        """Who knows what at the start, the graph, and the styles, which change no learning."""
        return {"knows": self.knows, "needs": self.needs, "style": self.style}

    def observe(self, seed: int = 0) -> Arrays:
        """Exercises liked before: ``history``; drawn by style, of skills that were within reach."""
        rng = np.random.default_rng([self.seed, seed, 2])
        reach = self.knows | ready(self.knows.astype(float), self.needs, 1.0)
        like = np.where(self.style[:, np.newaxis] == self.format, LIKED, OTHER)
        noisy = np.log(like * reach[:, self.skill] + 1e-12) + rng.gumbel(size=like.shape)
        noisy[:, 0] = -np.inf
        return {"history": np.argsort(-noisy, axis=1)[:, :3].astype(np.int32)}

    def start(self, seed: int = 0) -> State:
        """A first test has told roughly who knows what."""
        rng = np.random.default_rng([self.seed, seed, 3])
        belief = np.full(self.knows.shape, 0.3)
        for _ in range(3):  # three questions on each skill, nothing taught
            right = rng.random(belief.shape) < np.where(self.knows, 1 - SLIP, GUESS)
            belief = mastery_after(belief, right, SLIP, GUESS, 0.0)
        history = np.pad(self.observe(seed)["history"], ((0, 0), (KEPT - 3, 0)))
        facts = {"belief": belief, "style": self.style}
        return State(0, seed, history, facts, {"knows": self.knows.copy()})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Exercises of skills that are within reach, as far as one can know."""
        may = ready(state.facts["belief"], self.needs, self.sure)[:, self.skill]
        may[:, 0] = False
        return np.asarray(may)

    def _answer(self, state: State, slate: Slate) -> Feedback:
        knows, ids = state.hidden["knows"].copy(), slate.ids[:, 0]
        belief, rng = state.facts["belief"].copy(), state.rng()
        reach = np.asarray((~knows).astype(float) @ self.needs.T == 0)
        draws = rng.random((3, *self.vectors[:, 0].shape, len(ids)))  # right, learns, likes
        who = np.flatnonzero(ids)
        item, skill = ids[who], self.skill[ids[who]]
        right, learns, likes = draws[:, item, who]
        knew, could = knows[who, skill], reach[who, skill]
        correct = right < np.where(knew, 1 - SLIP, GUESS)
        knows[who, skill] |= could & (learns < LEARN)
        belief[who, skill] = mastery_after(belief[who, skill], correct, SLIP, GUESS, LEARN)
        own = self.style[who] == self.format[item]
        label, harm = np.zeros((len(ids), 1)), np.zeros((len(ids), 1), bool)
        label[who, 0] = likes < np.where(own, LIKED, OTHER)
        harm[who, 0] = ~could
        history = state.history.copy()
        liked = np.flatnonzero(label[:, 0])
        history[liked] = np.column_stack([history[liked, 1:], ids[liked]])
        sums = {
            "gained": float((knows & ~state.hidden["knows"]).sum()),
            "idle": float(knew.sum()),
            "real": float(len(who)),
        }
        facts = {**state.facts, "belief": belief}
        following = State(state.time + 1, state.seed, history, facts, {"knows": knows})
        return Feedback(label, harm, sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Skills gained by a learner, and exercises on what was known already, per 100 shown."""
        idle = 100 * sums["idle"] / max(1.0, sums["real"])
        return {"gained": sums["gained"] / self.people, "idle": idle}

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By liking, by style, under the mask, and by what is left to learn."""

        def naive(state: State) -> Floats:
            return preference(state.history, self.vectors)

        def style(state: State) -> Floats:
            own = state.facts["style"][:, np.newaxis] == self.format
            return np.asarray(naive(state) / 10 + own)

        def mastery(state: State) -> Floats:
            known = state.facts["belief"]
            needed = np.where(self.needs == 1, known[:, np.newaxis], 1.0).prod(axis=2)
            return np.asarray(((1 - known) * needed)[:, self.skill])

        def chance(state: State) -> Floats:
            rng = np.random.default_rng([state.seed, state.time, 6])
            return rng.random((len(state.history), self.n_items + 1))

        return {
            "preference": Policy(naive, False, about="attention: more of what was liked"),
            "learning style": Policy(style, False, about="the format that the learner named"),
            "preference + mask": Policy(naive, about="attention, among what is within reach"),
            "learning style + mask": Policy(style, about="the style, among what is within reach"),
            "chance + mask": Policy(chance, about="anything within reach"),
            "mastery + mask": Policy(mastery, about="not known, and all that it needs is"),
        }
