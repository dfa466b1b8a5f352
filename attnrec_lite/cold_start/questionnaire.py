"""A few questions before the first click, each chosen by how much its answer tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnrec_lite._checks import Floats, as_floats, positive, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.formulas import truncated_svd, variance_reduction
from attnrec_lite.models._binary import log_matrix
from attnrec_lite.models.segments import SegmentPopularity

SILENT = -1  # code of "don't know"
WIDTH = 16  # of the vectors whose spread a question shall reduce
Answers = Mapping[int, float] | Iterable[tuple[int, float]]


@dataclass(eq=False, repr=False)
class Node:
    """Everybody who has given the same answers so far.

    Attributes:
        number: of the node; 0 is the root, where nothing has been asked.
        people: rows of the training users who are here.
        taken: how often they took each item, ``(N + 1,)``.
        question: that is asked next; None at the end.
        next: answer (1, 0, or -1 for "don't know") to the node that it leads to.
    """

    number: int
    people: NDArray[np.int64]
    taken: NDArray[np.int64]
    question: int | None = None
    next: dict[int, Node] = field(default_factory=dict)


class Questionnaire:
    """Ask, and serve what people with the same answers took.

    Each answer leads to a smaller group; a question is chosen so that the tastes inside the groups
    that its answers make spread least, equation (15.2). *Static*: the same questions for everybody.
    *Adaptive*: the next question depends on the answers, which is a decision tree whose leaves are
    segments. Whoever stops early, or answers as nobody did, is served as the last group that was
    reached; without an answer that is everybody.

    Args:
        items: the vocabulary.
        questions: how many are asked at most; none are allowed.
        adaptive: whether the next question depends on the answers.
        smallest: people whom a group needs to be told apart.
        strength: as for ``SegmentPopularity``.

    Raises:
        ValueError: if a number is out of range.

    Source: Golbandi, Koren and Lempel (WSDM 2011); S2-Q4 names surveys.

    >>> log = Interactions.from_columns([0, 1, 2, 3], [1, 1, 2, 2], range(4))
    >>> asked = Questionnaire(log.items, questions=1, smallest=1, strength=1)
    >>> asked = asked.fit(log, [[0, 1], [1, 1], [0, 0], [1, 0]])
    >>> asked.next_question()
    1
    >>> asked.model_for({1: 0}).recommend([[0]], k=1)[0].tolist()
    [[2]]
    """

    def __init__(
        self,
        items: Vocabulary,
        questions: int = 5,
        adaptive: bool = True,
        smallest: int = 10,
        strength: float = 50.0,
    ) -> None:
        self.items, self.questions = items, whole("questions", questions, least=0)
        self.adaptive, self.smallest = bool(adaptive), whole("smallest", smallest)
        self.strength, self.n_asked = positive("strength", strength), 0
        self.nodes = [Node(0, np.zeros(0, np.int64), np.zeros(len(items) + 1, np.int64))]

    def fit(self, log: Interactions, answers: ArrayLike) -> Self:
        """Choose the questions by what people who answered them took.

        Args:
            log: the training log.
            answers: 1 yes, 0 no, NaN don't know, ``(n_users, questions to choose from)``; rows of
                users without a row in the log are not looked at.

        Returns:
            The questionnaire itself; ``nodes`` holds the groups.

        Raises:
            ValueError: if the log has other items, or an answer is another number.
        """
        if not np.array_equal(log.items.raw, self.items.raw):
            raise ValueError("log: expected the catalogue of the questionnaire; raw ids differ")
        given = _codes(as_floats("answers", answers, 2))
        if len(given) != log.n_users:
            raise ValueError(
                f"answers: expected a row for each of {log.n_users} users; received {len(given)}"
            )
        met = log_matrix(log)
        people = np.flatnonzero(np.diff(met.indptr))
        taken = met.toarray().astype(np.int64)
        tastes = _tastes(taken, people)
        self.n_asked = given.shape[1]
        self.nodes = [Node(0, people, taken.sum(axis=0))]
        level = list(self.nodes)
        for _ in range(self.questions):
            level = self._ask(level, given, tastes, taken)
        return self

    def next_question(self, answers: Answers = ()) -> int | None:
        """What to ask somebody who has answered this.

        Args:
            answers: question to answer, or pairs of them.

        Returns:
            The column of the answers that ``fit`` was given; None if there is nothing left to ask.

        Raises:
            ValueError: as ``reach``.
        """
        told = self._told(answers)
        question = self._walk(told, None).question
        return None if question in told else question

    def reach(self, answers: Answers = (), most: int | None = None) -> int:
        """Number of the group that some answers lead to.

        Args:
            answers: question to answer, or pairs of them, in any order; also those that are not
                asked on the way.
            most: answers that are used at most.

        Raises:
            ValueError: if a question is unknown, an answer is none of 1, 0 and NaN, or two answers
                to one question contradict each other.
        """
        return self._walk(self._told(answers), most).number

    def model_for(self, answers: Answers | int = ()) -> SegmentPopularity:
        """The recommender for somebody with these answers.

        Args:
            answers: as for ``reach``, or the number that it gave.

        Raises:
            ValueError: as ``reach``, or if there is no such group.
        """
        number = answers if isinstance(answers, int | np.integer) else self.reach(answers)
        if not 0 <= number < len(self.nodes):
            raise ValueError(
                f"answers: expected a group in 0..{len(self.nodes) - 1}; received {number}"
            )
        own, everybody = self.nodes[number].taken, self.nodes[0].taken
        model = SegmentPopularity(self.items, 1, self.strength, segment=0)
        model.taken = np.stack([own, everybody - own])
        return model

    def _told(self, answers: Answers) -> dict[int, int]:
        """Answers by question, as codes."""
        pairs = list(answers.items() if isinstance(answers, Mapping) else answers)
        codes = _codes(as_floats("answers", [answer for _, answer in pairs], 1))
        told: dict[int, int] = {}
        for (question, _), code in zip(pairs, codes.tolist(), strict=True):
            if not 0 <= question < self.n_asked:
                raise ValueError(
                    f"answers: expected questions in 0..{self.n_asked - 1}; received {question}"
                )
            if told.setdefault(int(question), code) != code:
                raise ValueError(
                    f"answers: expected one answer to question {question}; received two that "
                    "contradict each other"
                )
        return told

    def _walk(self, told: dict[int, int], most: int | None) -> Node:
        """The last group that is reached."""
        node, left = self.nodes[0], self.questions if most is None else whole("most", most, 0)
        while left and node.question in told and told[node.question] in node.next:
            node, left = node.next[told[node.question]], left - 1
        return node

    def _ask(
        self, level: list[Node], given: NDArray[np.int64], tastes: Floats, taken: NDArray[np.int64]
    ) -> list[Node]:
        """Ask every group of a level one more question; the groups that the answers make."""
        gains = np.array([self._gains(given[n.people], tastes[n.people]) for n in level])
        if not gains.size:
            return []
        best = gains if self.adaptive else np.broadcast_to(gains.sum(axis=0), gains.shape)
        made: list[Node] = []
        for node, gain in zip(level, best, strict=True):
            question = int(gain.argmax())
            if gain[question] <= 1e-9:  # whatever is asked, the answer says nothing
                continue
            for code in np.unique(given[node.people, question]).tolist():
                people = node.people[given[node.people, question] == code]
                if len(people) >= self.smallest:
                    child = Node(len(self.nodes), people, taken[people].sum(axis=0))
                    node.question, node.next[code] = question, child
                    self.nodes.append(child)
                    made.append(child)
        return made

    def _gains(self, given: NDArray[np.int64], tastes: Floats) -> list[float]:
        """What each question would tell about a group, for each of its people."""
        if len(given) < 2 * self.smallest:
            return [0.0] * given.shape[1]
        return [len(given) * variance_reduction(column, tastes) for column in given.T]


def _tastes(taken: NDArray[np.int64], people: NDArray[np.int64]) -> Floats:
    """A vector for each person, of length 1 but for what the narrow vectors lose."""
    length = np.sqrt(np.maximum(1, taken.sum(axis=1, keepdims=True)))
    shares = taken / length
    width = min(WIDTH, *shares.shape)
    return truncated_svd(shares, width)[0] if len(people) else np.zeros((len(taken), 1))


def _codes(answers: Floats) -> NDArray[np.int64]:
    """1, 0 and NaN as 1, 0 and -1."""
    codes = np.where(np.isnan(answers), SILENT, answers)
    if not np.isin(codes, (0, 1, SILENT)).all() or (answers == SILENT).any():
        raise ValueError("answers: expected 1, 0 or NaN (don't know); received other numbers")
    return codes.astype(np.int64)
