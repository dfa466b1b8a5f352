"""Rules distilled from a model's lists, and how often they are true of the model.

A rule reads "who has a gets b", or "who had a last gets b". It is counted, not learned: of the
people with a, how many have b on the model's list? The rules are asked one after the other, the
surest first. What they say is about the model; whether the model is right is another question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_history, as_ids, share_of_one, whole
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.formulas import rule_fidelity, wilson_interval
from attnrec_lite.models._binary import history_matrix

KINDS = ("always", "has", "newest")


@dataclass(frozen=True, eq=False)
class Rules:
    """Rules in the order in which they are asked.

    Attributes:
        kind: 0 for a rule that always applies, 1 for "has", 2 for "had last", int64 ``(rules,)``.
        cause: the item that has to be there, 0 where none has to.
        effect: the item that the rule names.
        sure: share of the people to whom the rule applied whose list had the item.
        people: how many they were.
        items: the vocabulary.
    """

    kind: NDArray[np.int64]
    cause: NDArray[np.int64]
    effect: NDArray[np.int64]
    sure: Floats
    people: NDArray[np.int64]
    items: Vocabulary

    def __len__(self) -> int:
        """How many rules there are."""
        return len(self.effect)

    @classmethod
    def always(cls, lists: ArrayLike, items: Vocabulary) -> Rules:
        """The baseline: everybody gets what the model shows most, whatever they did.

        Args:
            lists: the model's lists, ``(people, k)``, 0 for an empty place.
            items: the vocabulary.

        Raises:
            ValueError: if there is no list or an id is unknown.
        """
        ids = _lists(lists, items)
        counts = np.bincount(ids[ids > 0], minlength=len(items) + 1)
        effect = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
        same = np.zeros(len(effect), np.int64)
        people = np.full(len(effect), len(ids))
        return cls(same, same, effect, counts[effect] / len(ids), people, items)

    def name(self, histories: ArrayLike) -> NDArray[np.int32]:
        """The item that the first rule that applies names, 0 where none does.

        Args:
            histories: item ids ``(people, length)``, left-padded; nobody is named what they have.

        Raises:
            ValueError: for an unknown id or padding after an item.
        """
        past = as_history(histories, len(self.items))
        named = np.zeros(len(past), np.int32)
        has = history_matrix(past, len(self.items)).toarray().astype(bool)
        for kind, cause, effect in zip(self.kind, self.cause, self.effect, strict=True):
            applies = [np.ones(len(past), bool), has[:, cause], past[:, -1] == cause][kind]
            named[applies & (named == 0) & ~has[:, effect]] = effect
        return named

    def fidelity(self, histories: ArrayLike, lists: ArrayLike) -> dict[str, float]:
        """How often the rules say what the model says: equation (17.18).

        Args:
            histories: of people whom the rules were not counted on.
            lists: the model's, for the same people.

        Raises:
            ValueError: as ``name``, or if the numbers of people differ.
        """
        return rule_fidelity(self.name(histories), lists)

    def text(self, n: int = 10) -> list[str]:
        """The first rules in words."""
        words = {0: "everybody", 1: "who has “{}”", 2: "who had “{}” last"}
        rows = zip(self.kind, self.cause, self.effect, self.sure, self.people, strict=True)
        return [
            f"{words[int(kind)].format(self.items.title(int(cause)))} gets "
            f"“{self.items.title(int(effect))}” ({sure:.0%} of {people:,})"
            for kind, cause, effect, sure, people in list(rows)[: whole("n", n)]
        ]


def distil_rules(
    histories: ArrayLike,
    lists: ArrayLike,
    items: Vocabulary,
    size: int = 100,
    least_people: int = 5,
    least_sure: float = 0.0,
) -> Rules:
    """Count rules that say what a model's lists say.

    Args:
        histories: item ids ``(people, length)``, left-padded.
        lists: what the model recommends them, ``(people, k)``, best first, 0 for an empty place.
        items: the vocabulary.
        size: how many rules, at most; the surest are taken, by the lower end of Wilson's interval,
            so that 3 of 3 people do not beat 90 of 100. Of equal ones the simpler comes first.
        least_people: to whom a rule has to apply.
        least_sure: share of them whose list has the item, in [0, 1].

    Returns:
        The rules; none if nothing occurs often enough.

    Raises:
        ValueError: if shapes do not fit, an id is unknown, or a number is out of range.

    >>> goods = Vocabulary(np.arange(1, 5), np.array(["kettle", "teapot", "ribbon", "box"]))
    >>> rules = distil_rules([[1]] * 6 + [[3]] * 5, [[2]] * 6 + [[4]] * 5, goods, size=2)
    >>> rules.text()
    ['who has “kettle” gets “teapot” (100% of 6)', 'who has “ribbon” gets “box” (100% of 5)']
    >>> rules.name([[1], [3]]).tolist()
    [2, 4]
    """
    past, ids = as_history(histories, len(items)), _lists(lists, items)
    if len(past) != len(ids):
        raise ValueError(f"lists: expected {len(past)}, as histories; received {len(ids)}")
    shown = history_matrix(ids, len(items))
    newest = history_matrix(past[:, -1:], len(items))
    found = []
    for kind, there in ((1, history_matrix(past, len(items))), (2, newest)):
        both = (there.T @ shown).tocoo()
        people = np.asarray(there.sum(axis=0)).ravel().astype(np.int64)[both.row]
        rows = [np.full(len(people), kind), both.row, both.col, both.data.astype(np.int64), people]
        found.append(np.stack(rows))
    kind, cause, effect, hits, people = np.concatenate(found, axis=1)
    keep = (people >= whole("least_people", least_people)) & (cause > 0) & (effect > 0)
    keep &= hits >= share_of_one("least_sure", least_sure) * people
    kind, cause, effect, hits, people = (x[keep] for x in (kind, cause, effect, hits, people))
    pairs, which = np.unique(np.stack([hits, people]), axis=1, return_inverse=True)
    low = np.array([wilson_interval(int(h), int(p))[0] for h, p in pairs.T])[which.ravel()]
    order = np.lexsort((effect, cause, kind, -low))
    # Who had it last has it: the second of two rules about one pair never speaks, if that is it.
    _, first = np.unique(np.stack([cause, effect])[:, order], axis=1, return_index=True)
    idle = np.setdiff1d(np.flatnonzero(kind[order] == 2), first)
    best = np.delete(order, idle)[: whole("size", size)]
    return Rules(kind[best], cause[best], effect[best], (hits / people)[best], people[best], items)


def _lists(lists: ArrayLike, items: Vocabulary) -> NDArray[np.int32]:
    ids = as_ids("lists", lists, len(items))
    if not len(ids):
        raise ValueError("lists: expected one at least; received none")
    return ids
