"""Medicine: what was given to similar patients is not what helps, and some of it may not be given.

Synthetic data only; this is not medical advice, and nothing here says anything of a real treatment.
In the log, doctors gave the strong treatments to the patients who were worst off, who then fared
worse than others: those who got a strong treatment did badly, although it helped them. And since
doctors kept to contraindications, no log tells what happens to somebody who should not have had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, whole
from attnrec_lite.formulas import adjusted_effect, coverage_risk, raw_effect
from attnrec_lite.worlds.base import Arrays, Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.mask import recommend_allowed
from attnrec_lite.worlds.taste import draw, make_items, picked, preference

SEVERITIES, FLAGS, TRAITS = 3, 5, 8  # kinds of condition that forbid; numbers that describe
REACTION = 4.0  # harm of a treatment that was contraindicated, in units of recovery
WORSE = 1.5  # recovery lost with each degree of severity
PENALTY = 1.0  # what a soft rule takes off the score: less than what is gained by breaking it
RIDGE = 1.0
SURE = 1.64  # standard errors by which an effect must lie above 0 before it is advised


class Medicine(World):
    """Patients for whom a treatment is suggested, or none, and then a clinician decides.

    Args:
        seed: of what is planted.
        n_items: treatments.
        people: patients.
        log_size: patients of the past.
    """

    card = Card(
        name="medicine",
        item="a treatment (synthetic)",
        history="treatments that a patient had before",
        label="recovery",
        harm="a treatment that is contraindicated",
        twist="a mask that no score overrides, effects instead of similarity, and silence",
        measure="benefit",
        unit="recovery above usual care, per patient, 0 where nothing was suggested",
    )

    def __init__(
        self, seed: int = 0, n_items: int = 8, people: int = 1500, log_size: int = 3000
    ) -> None:
        super().__init__(seed)
        self.n_items, self.people = whole("n_items", n_items, least=2), whole("people", people)
        self.log_size = whole("log_size", log_size, least=100)
        rng = np.random.default_rng([seed, 1])
        self.vectors, _ = make_items(rng, n_items, kinds=3)
        self.strength = np.append(0.0, np.linspace(-0.3, 1.5, n_items))  # mean effect
        self.forbids = rng.random((n_items + 1, FLAGS)) < 0.25
        self.forbids[0] = False

    @property
    def truth(self) -> Arrays:
        """Mean effects, what each treatment forbids, and the vectors of its own effect."""
        return {"strength": self.strength, "forbids": self.forbids, "vectors": self.vectors}

    def _patients(self, rng: np.random.Generator, n: int) -> dict[str, NDArray[Any]]:
        traits = rng.normal(size=(n, TRAITS))
        flags = rng.random((n, FLAGS)) < 0.2
        flags[rng.random(n) < 0.02] = True  # for a few, nearly everything is forbidden
        severity = rng.integers(SEVERITIES, size=n)
        return {"traits": traits, "flags": flags, "severity": severity}

    def _effect(self, traits: Floats) -> Floats:
        """True effect of each treatment on each patient, without reactions."""
        return np.asarray(self.strength + 0.5 * traits @ self.vectors.T)

    def _outlook(self, severity: NDArray[Any]) -> Floats:
        return np.asarray(-WORSE * severity, np.float64)

    def _forbidden(self, flags: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray(flags.astype(float) @ self.forbids.T > 0)

    def observe(self, seed: int = 0) -> Arrays:
        """Patients of the past: what is known of each, ``item`` given (0: usual), ``outcome``."""
        rng = np.random.default_rng([self.seed, seed, 2])
        who = self._patients(rng, self.log_size)
        severity = who["severity"].astype(float)
        habit = 2.0 * (severity[:, np.newaxis] - 1) * (self.strength - 0.6)  # strong to the severe
        habit[:, 0] = 1.0 - severity
        habit[self._forbidden(who["flags"])] = -np.inf
        item = np.argmax(habit + rng.gumbel(size=habit.shape), axis=1)
        outcome = self._outlook(severity) + rng.normal(0, 1, len(item))
        outcome += self._effect(np.asarray(who["traits"], float))[np.arange(len(item)), item]
        return {**who, "item": item, "outcome": outcome}

    def start(self, seed: int = 0) -> State:
        """New patients, each with two treatments of before."""
        rng = np.random.default_rng([self.seed, seed, 3])
        who = self._patients(rng, self.people)
        severity = np.asarray(who["severity"], float)
        habit = 2.0 * (severity[:, np.newaxis] - 1) * (self.strength - 0.6)
        habit[self._forbidden(who["flags"])] = -50.0
        effect = self._effect(np.asarray(who["traits"], float))
        return State(0, seed, draw(rng, habit, 2), who, {"effect": effect})

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """Treatments without a contraindication."""
        may = ~self._forbidden(state.facts["flags"])
        may[:, 0] = False
        return may

    def _answer(self, state: State, slate: Slate) -> Feedback:
        real = slate.ids > 0
        harm = np.asarray(picked(self._forbidden(state.facts["flags"]), slate.ids), bool) & real
        effect = np.asarray(picked(state.hidden["effect"], slate.ids), np.float64)
        gained = np.where(real, effect - REACTION * harm, 0.0)
        noise = state.rng().normal(0, 1, (len(real), self.n_items + 1))
        outlook = self._outlook(state.facts["severity"])[:, np.newaxis]
        well = (outlook + gained + picked(noise, slate.ids) > 0) & real
        sums = {
            "benefit": float(gained.sum()),
            "worse": float((gained[real] < 0).sum()),
            "real": float(real.sum()),
        }
        following = State(1, state.seed, state.history, state.facts, state.hidden)
        return Feedback(well.astype(float), harm, sums, following)

    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Benefit per patient; patients made worse per 1,000 advised."""
        worse = 1000 * sums["worse"] / max(1.0, sums["real"])
        return {"benefit": sums["benefit"] / self.people, "worse": worse}

    def effects(self, log: Arrays) -> dict[str, Floats]:
        """Effect of each treatment against usual care: raw, adjusted for severity, and true.

        Args:
            log: as ``observe`` gives it; every treatment must occur with every severity.

        Returns:
            Three vectors ``(N,)``; ``true`` is the mean over all patients without reactions.

        Raises:
            ValueError: if a treatment or usual care is missing at some severity.
        """
        found: dict[str, list[float]] = {"raw": [], "adjusted": []}
        for item in range(1, self.n_items + 1):
            kept = (log["item"] == item) | (log["item"] == 0)
            outcome, given = log["outcome"][kept], (log["item"][kept] == item).astype(float)
            found["raw"].append(raw_effect(outcome, given))
            strata = log["severity"][kept]
            found["adjusted"].append(adjusted_effect(outcome, given, strata))
        return {name: np.array(x) for name, x in found.items()} | {"true": self.strength[1:]}

    def silence(self, log: Arrays, seed: int = 0) -> tuple[Floats, Floats]:
        """Share of patients advised, and share of those made worse: the surest advice first."""
        state, fair = self.start(seed), Outcomes(log, self.n_items, True)
        effect, error = fair.effect(state)
        shown = recommend_allowed(effect, self.allowed(state), 1)
        got, who = shown.ids[:, 0], np.flatnonzero(~shown.nothing)
        sure = effect[who, got[who]] / error[who, got[who]]
        return coverage_risk(sure, (state.hidden["effect"][who, got[who]] < 0).astype(float))

    def policies(self, log: Arrays) -> dict[str, Policy]:
        """By likeness, by raw outcomes, by effects; with a penalty, a mask, and silence."""
        raw, fair = Outcomes(log, self.n_items, False), Outcomes(log, self.n_items, True)

        def naive(state: State) -> Floats:
            return preference(state.history, self.vectors)

        def soft(state: State) -> Floats:
            return fair.effect(state)[0] - PENALTY * self._forbidden(state.facts["flags"])

        def sure(state: State) -> Floats:
            effect, error = fair.effect(state)
            return np.where(effect - SURE * error > 0, effect, -np.inf)

        return {
            "preference": Policy(naive, False, about="attention: more of what was given before"),
            "outcomes": Policy(lambda s: raw.effect(s)[0], False, about="how the treated fared"),
            "effect": Policy(lambda s: fair.effect(s)[0], False, about="adjusted for severity"),
            "effect, penalty": Policy(soft, False, about="adjusted; a price on breaking the rule"),
            "preference + mask": Policy(naive, about="attention, under the mask"),
            "outcomes + mask": Policy(lambda s: raw.effect(s)[0], about="outcomes, under the mask"),
            "effect + mask": Policy(lambda s: fair.effect(s)[0], about="adjusted, under the mask"),
            "effect + mask, silence": Policy(sure, about="and nothing where it may not help"),
        }


class Outcomes:
    """A line through the outcomes of each treatment; its distance from that of usual care.

    Args:
        log: as ``Medicine.observe`` gives it.
        n_items: treatments.
        adjusted: whether severity, by which doctors chose, is in the lines.
    """

    def __init__(self, log: Arrays, n_items: int, adjusted: bool) -> None:
        self.adjusted = adjusted
        x = self._columns(log)
        self.lines, self.spread = [], []
        for item in range(n_items + 1):
            mine = log["item"] == item
            gram = x[mine].T @ x[mine] + RIDGE * np.eye(x.shape[1])
            line = np.linalg.solve(gram, x[mine].T @ log["outcome"][mine])
            rest = log["outcome"][mine] - x[mine] @ line
            self.lines.append(line)
            self.spread.append(np.linalg.inv(gram) * (rest @ rest) / max(1, mine.sum() - len(line)))

    def _columns(self, seen: Arrays) -> Floats:
        ones = np.ones((len(seen["severity"]), 1))
        levels = seen["severity"][:, np.newaxis] == np.arange(1, SEVERITIES)
        parts = [ones, seen["traits"], levels] if self.adjusted else [ones, seen["traits"]]
        return np.concatenate(parts, axis=1).astype(np.float64)

    def effect(self, state: State) -> tuple[Floats, Floats]:
        """Estimated effect of each treatment on each patient, and its standard error."""
        x = self._columns(state.facts)
        found = x @ np.array(self.lines).T
        error = np.stack([np.einsum("nd,de,ne->n", x, s, x) for s in self.spread], axis=1)
        return found - found[:, :1], np.sqrt(error + error[:, :1])
