"""A system that eats its own output: people choose from lists made of what they chose from lists.

The true taste of every simulated person is known, so three things can be told apart that a log
mixes up: how alike people *are*, how alike the system *makes* them, and what that costs them. Each
round everybody takes one item from a list of some; a policy makes the lists of what it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, one_of, positive, whole
from attnrec_lite.formulas import gini, homogenisation

Policy = Callable[["People", NDArray[np.bool_], NDArray[np.int64], np.random.Generator], Floats]


@dataclass(frozen=True, eq=False)
class People:
    """Who they are, and what they would enjoy.

    Attributes:
        tastes: what each would get of each item, above 0, mean about 1, ``(users, items)``.
        quality: how good each item is to people on average, ``(items,)``.
    """

    tastes: Floats
    quality: Floats


@dataclass(frozen=True, eq=False)
class Loop:
    """What became of them; arrays have one number per round.

    Attributes:
        policy: its name.
        alike: mean Jaccard index of two people's collections, equation (14.17).
        utility: mean true taste for what was taken in the round.
        shown: share of the catalogue that stood on anybody's list in the round.
        inequality: Gini index of what was taken of each item up to the round.
        consumed: who has what at the end, bool, ``(users, items)``.
    """

    policy: str
    alike: Floats
    utility: Floats
    shown: Floats
    inequality: Floats
    consumed: NDArray[np.bool_]

    def __str__(self) -> str:
        """The end of it, in one line."""
        return (
            f"{self.policy}: alike {self.alike[-1]:.3f}, utility {self.utility.mean():.3f}, "
            f"shown {self.shown[-1]:.2f}, Gini {self.inequality[-1]:.2f}"
        )


def make_people(
    users: int = 200, items: int = 400, kinds: int = 12, seed: int = 0, spread: float = 1.0
) -> People:
    """Draw people with a few interests each, and items of one kind each.

    Args:
        users: how many people.
        items: how many items.
        kinds: of items; a person likes some kinds far more than others.
        seed: of the random generator.
        spread: of the quality of items, which everybody agrees on; 0 for none.

    Returns:
        Their tastes: liking for the kind, times the quality of the item, times a private factor.

    Raises:
        ValueError: if a number is out of range.

    >>> make_people(users=3, items=5).tastes.shape
    (3, 5)
    """
    shape = whole("users", users, least=2), whole("items", items, least=2)
    if not 0 <= spread <= 5:
        raise ValueError(f"spread: expected a number in [0, 5]; received {spread}")
    rng = np.random.default_rng(seed)
    liking = rng.dirichlet(np.full(whole("kinds", kinds), 0.3), shape[0])
    kind = rng.integers(kinds, size=shape[1])
    quality = rng.lognormal(-(spread**2) / 2, spread, shape[1])
    private = rng.lognormal(-0.125, 0.5, shape)
    tastes = kinds * liking[:, kind] * quality * private + 0.05
    return People(tastes / tastes.mean(), quality)


def simulate_feedback(
    people: People,
    policy: str | Policy,
    rounds: int = 30,
    length: int = 20,
    seed: int = 0,
    *,
    noise: float = 0.5,
    until: int | None = None,
) -> Loop:
    """Let people choose from lists, round after round; nobody takes an item twice.

    Args:
        people: with their true tastes.
        policy: a name of ``POLICIES``, or a function of the people, of who has what
            ``(users, items)``, of how often each item was shown ``(items,)`` and of a random
            generator, which returns scores ``(users, items)``. Lists are the best of the scores.
        rounds: how often everybody takes one item; at most ``items - length + 1``.
        length: of a list.
        seed: of everything that is drawn, of the same for every policy.
        noise: people take what they value most, times a lognormal error of this deviation.
        until: the last round after which the policy learns; then its scores stay as they are. By
            default it learns after every round.

    Returns:
        The course of it.

    Raises:
        ValueError: if a number is out of range, or a policy is unknown or gives no finite scores.

    >>> people = make_people(users=20, items=60)
    >>> ideal, popular = (simulate_feedback(people, p, 10) for p in ("ideal", "popularity"))
    >>> bool(popular.alike[-1] > ideal.alike[-1] and popular.utility.sum() < ideal.utility.sum())
    True
    """
    name = policy if isinstance(policy, str) else getattr(policy, "__name__", "own")
    score = _named(policy) if isinstance(policy, str) else policy
    users, items = people.tastes.shape
    if whole("rounds", rounds) + whole("length", length) > items + 1:
        raise ValueError(
            f"rounds, length: expected at most {items + 1} together; received {rounds + length}"
        )
    errors, rng = (np.random.default_rng([seed, n]) for n in (0, 1))
    if until is not None:
        whole("until", until, least=0)
    has, shown = np.zeros((users, items), bool), np.zeros(items, np.int64)
    alike, utility, seen, unequal = (np.zeros(rounds) for _ in range(4))
    everybody = np.arange(users)
    for turn in range(rounds):
        if until is None or turn <= until:
            scores = score(people, has, shown, rng)
        lists = _lists(scores, has, length, rng)
        wanted = people.tastes * np.exp(noise * errors.normal(size=(users, items)))
        taken = lists[everybody, np.take_along_axis(wanted, lists, axis=1).argmax(axis=1)]
        has[everybody, taken] = True
        shown += np.bincount(lists.ravel(), minlength=items)
        alike[turn], utility[turn] = homogenisation(has), people.tastes[everybody, taken].mean()
        seen[turn] = len(np.unique(lists)) / items
        unequal[turn] = gini(has.sum(axis=0))
    return Loop(name, alike, utility, seen, unequal, has)


def _named(policy: str) -> Policy:
    return POLICIES[one_of("policy", policy, list(POLICIES))]


def _lists(
    scores: Floats, has: NDArray[np.bool_], length: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The best items that each does not have; ties fall by lot, else the first ids would win."""
    s = np.asarray(scores, np.float64)
    if s.shape != has.shape or not np.isfinite(s).all():
        raise ValueError(f"policy: expected finite scores of shape {has.shape}; received others")
    lot = rng.permuted(np.tile(np.arange(s.shape[1]), (len(s), 1)), axis=1)
    order = np.lexsort((lot, -np.where(has, -np.inf, s)), axis=1)
    return np.asarray(order[:, :length], np.int64)


def ideal(people: People, *_: object) -> Floats:
    """Knows what everybody would enjoy: how alike people are without a system that errs."""
    return people.tastes


def chance(
    people: People, has: NDArray[np.bool_], shown: NDArray[np.int64], rng: np.random.Generator
) -> Floats:
    """Shows anything."""
    return np.asarray(rng.random(has.shape))


def popularity(people: People, has: NDArray[np.bool_], *_: object) -> Floats:
    """Shows what most have taken."""
    return np.asarray(np.tile(has.sum(axis=0), (len(has), 1)), np.float64)


def model(people: People, has: NDArray[np.bool_], *_: object, rank: int = 12) -> Floats:
    """Ranks by what people who took the same took: a truncated SVD, learned anew each round."""
    x = has - has.mean()
    u, s, v = np.linalg.svd(x, full_matrices=False)
    return np.asarray((u[:, :rank] * s[:rank]) @ v[:rank])


def mixed(share: float = 0.2) -> Policy:
    """The model, with some places of each list given to chance.

    Args:
        share: of the places, above 0.
    """
    part = positive("share", share)

    def model_and_chance(
        people: People, has: NDArray[np.bool_], shown: NDArray[np.int64], rng: np.random.Generator
    ) -> Floats:
        scores = model(people, has)
        lucky = rng.random(has.shape) < part * LIST / has.shape[1]
        return np.asarray(np.where(lucky, scores.max() + 1, scores))

    return model_and_chance


def curious(scale: float = 0.2) -> Policy:
    """The model, with a bonus for what was shown little: equation (14.12) for items.

    Args:
        scale: of the bonus, above 0.
    """
    weight = positive("scale", scale)

    def model_and_bonus(people: People, has: NDArray[np.bool_], *rest: object) -> Floats:
        shown = np.asarray(rest[0])
        return np.asarray(model(people, has) + weight / np.sqrt(1 + shown / len(has)))

    return model_and_bonus


LIST = 20
POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "ideal": ideal,
        "chance": chance,
        "popularity": popularity,
        "model": model,
        "model, a fifth by chance": mixed(),
        "model, bonus for the unseen": curious(),
    }
)
