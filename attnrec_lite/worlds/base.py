"""One interface for generated worlds: who is asked, what may be shown, what then happens.

A world is a small simulation whose truth is known. It says on a card what is an item, a history, a
label and a harm there; it hands out a log to learn from (``observe``), opens an episode
(``start``), says what may be shown (``allowed``), and answers a slate (``respond``). What people
do is drawn from the seed and the time alone, for every item at once, so that two policies meet the
same people with the same whims, and are compared pair by pair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, as_ids, whole

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Card:
    """What a world is about, in one line each.

    Attributes:
        name: of the world.
        item: what is recommended.
        history: what is known of a person.
        label: what is counted as a success when a system is trained.
        harm: what must not happen.
        twist: what makes it differ from a shop.
        measure: name of the figure that judges policies.
        unit: of the measure.
    """

    name: str
    item: str
    history: str
    label: str
    harm: str
    twist: str
    measure: str
    unit: str

    def row(self) -> dict[str, str]:
        """The card as a row of a table."""
        return dict(asdict(self))


@dataclass(frozen=True, eq=False)
class State:
    """Where an episode stands.

    Attributes:
        time: rounds that are over.
        seed: of the episode.
        history: item ids ``(people, length)``, left-padded with 0, newest last.
        facts: what else a policy may see, by name.
        hidden: what only the world knows; empty in what a policy is handed.
    """

    time: int
    seed: int
    history: NDArray[np.int32]
    facts: Arrays
    hidden: Arrays = field(default_factory=dict)

    def view(self) -> State:
        """The state as a policy sees it."""
        return replace(self, hidden={})

    def rng(self) -> np.random.Generator:
        """Whims of this round: the same for every policy."""
        return np.random.default_rng([self.seed, self.time, 2**20])


@dataclass(frozen=True, eq=False)
class Slate:
    """What is shown.

    Attributes:
        ids: ``(people, k)``; 0 where nothing is shown.
        scores: of what is shown, of the same shape.
        price: what a success costs the other side, ``(people, k)``, where there is one (ads).
    """

    ids: NDArray[np.int32]
    scores: Floats
    price: Floats | None = None


@dataclass(frozen=True, eq=False)
class Feedback:
    """What came of a slate.

    Attributes:
        label: what a log would keep as success, float64 ``(people, k)``; 0 where nothing was shown.
        harm: True where harm was done, ``(people, k)``.
        sums: what adds up over the rounds, by name.
        state: the next one.
    """

    label: Floats
    harm: NDArray[np.bool_]
    sums: Mapping[str, float]
    state: State


Rule = Callable[[State], Floats]
Price = Callable[[State, Slate], Floats]


@dataclass(frozen=True)
class Policy:
    """How somebody recommends.

    Attributes:
        rule: from what may be seen to scores ``(people, N + 1)``; the best are shown.
        masked: whether the lists keep to the mask of the world.
        price: from the slate to what a success costs, in worlds that sell.
        about: what it does, in one line.
    """

    rule: Rule
    masked: bool = True
    price: Price | None = None
    about: str = ""


class World(ABC):
    """A generated world.

    Args:
        seed: of what is planted: items, and who people are.

    A subclass sets ``card``, ``rounds``, ``length`` and ``n_items`` and writes the methods below.
    """

    card: ClassVar[Card]
    rounds: int = 1
    length: int = 1
    n_items: int
    people: int

    def __init__(self, seed: int = 0) -> None:
        self.seed = whole("seed", seed, least=0)

    @property
    @abstractmethod
    def truth(self) -> Arrays:
        """What is planted, by name."""

    @abstractmethod
    def observe(self, seed: int = 0) -> Arrays:
        """A log of the time before, for policies to learn from."""

    @abstractmethod
    def start(self, seed: int = 0) -> State:
        """Open an episode."""

    @abstractmethod
    def allowed(self, state: State) -> NDArray[np.bool_]:
        """What may be shown to whom, ``(people, N + 1)``; never column 0."""

    @abstractmethod
    def _answer(self, state: State, slate: Slate) -> Feedback:
        """What comes of a checked slate."""

    @abstractmethod
    def figures(self, sums: Mapping[str, float]) -> dict[str, float]:
        """The figures of the score card from the sums of all rounds."""

    @abstractmethod
    def policies(self, log: Arrays) -> dict[str, Policy]:
        """What can be compared; the first, ``preference``, is what the sources do."""

    def respond(self, state: State, slate: Slate) -> Feedback:
        """Let people answer a slate.

        Args:
            state: of this world, with what is hidden.
            slate: at most ``length`` items for each person.

        Returns:
            What they did, what harm was done, and the next state.

        Raises:
            ValueError: if the state is a view, an id is unknown, or the shape does not fit.
        """
        if not state.hidden:
            raise ValueError("state: expected one of start() or respond(); received a view")
        ids = as_ids("slate", slate.ids, self.n_items)
        expected = (len(state.history), self.length)
        if ids.shape != expected:
            raise ValueError(f"slate: expected shape {expected}; received {ids.shape}")
        return self._answer(state, replace(slate, ids=ids))

    def everything(self, people: int) -> NDArray[np.bool_]:
        """A mask that forbids padding only."""
        mask = np.ones((people, self.n_items + 1), bool)
        mask[:, 0] = False
        return mask
