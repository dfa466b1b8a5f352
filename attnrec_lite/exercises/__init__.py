"""Exercises that answer: hand in a function, learn which property it breaks, on which input.

>>> from attnrec_lite.exercises import check
>>> check("2.1", lambda scores, axis: scores, keep=False)   # doctest: +ELLIPSIS
2.1 Softmax along an axis: not yet (0 of 4 properties hold)
  ✗ the weights along the axis sum to 1
...

The inputs are drawn anew at each call, so that no constant and no table can pass. ``hint`` gives
one step of help at a time; the solution stands in the book, below the exercise. ``progress`` shows
what was tried and what is solved; it is kept in a file of the reader's, ``attnrec-progress.json``,
unless ``keep=False``.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from attnrec_lite.exercises import record
from attnrec_lite.exercises.core import Exercise, Result
from attnrec_lite.exercises.progress import Progress

CHAPTERS = {  # chapter number to the module with its exercises, named as the notebook is
    "1": "attention_economy",
    "2": "scores_and_weights",
    "3": "queries_keys_values",
    "4": "weights_to_ranking",
    "5": "by_hand",
    "6": "data",
    "7": "five_programs",
    "8": "evaluation",
    "9": "experiments",
    "10": "user_item_interaction",
    "11": "sequences",
    "12": "multi_interest",
    "13": "multimodal",
    "14": "online",
    "15": "cold_start",
    "16": "efficiency",
    "17": "explanation",
    "18": "privacy",
    "19": "robustness",
    "20": "applications",
}

__all__ = ["CHAPTERS", "Exercise", "Progress", "Result", "check", "exercises", "hint", "progress"]


def exercises(chapter: str) -> dict[str, Exercise]:
    """All exercises of a chapter, by number.

    Args:
        chapter: its number, such as ``"2"``.

    Raises:
        ValueError: if the chapter has none.

    >>> list(exercises("2"))
    ['2.1', '2.2', '2.3', '2.4', '2.5', '2.6']
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"chapter: expected one of {', '.join(CHAPTERS)}; received {chapter!r}")
    module = import_module(f"{__name__}.{CHAPTERS[chapter]}")
    return {exercise.number: exercise for exercise in module.EXERCISES}


def check(number: str, answer: Any, seed: int | None = None, keep: bool = True) -> Result:
    """Try an answer on fresh random inputs.

    Args:
        number: of the exercise, such as ``"2.1"``.
        answer: the function that the exercise asks for. Whatever exception it raises, ``check``
            returns; a loop without an end is given up after half a minute.
        seed: for the same inputs again; None draws new ones.
        keep: whether the try counts as the reader's and goes into ``attnrec-progress.json``.

    Returns:
        A result that prints as a verdict; ``passed`` is True when every property holds.

    Raises:
        ValueError: if there is no such exercise.
    """
    exercise = _find(number)
    result = exercise.check(answer, np.random.default_rng(seed))
    said = record.note_try(exercise.number, result.passed) if keep else ""
    return replace(result, notes=(*result.notes, said)) if said else result


def hint(number: str, step: int = 1) -> str:
    """The next rung of the ladder: 1 is a nudge, the last nearly gives it away.

    Args:
        number: of the exercise.
        step: which hint, from 1; beyond the last, the last.

    Raises:
        ValueError: if there is no such exercise or ``step`` is below 1.

    >>> hint("2.1")
    'What happens to exp(s) at s = 1000, and what may you subtract from every score for free?'
    """
    hints = _find(number).hints
    if step < 1:
        raise ValueError(f"step: expected 1 or more; received {step}")
    return hints[min(step, len(hints)) - 1]


def progress() -> Progress:
    """What was tried and what is solved, by chapter: a table, and ``.plot()`` a figure of it.

    >>> print(progress().next())
    1.1 The best shelf ★
    """
    kept = record.read()
    return Progress([e for c in CHAPTERS for e in exercises(c).values()], CHAPTERS, kept)


def _find(number: str) -> Exercise:
    number = str(number)
    known = exercises(number.split(".")[0])
    if number not in known:
        raise ValueError(f"number: expected one of {', '.join(known)}; received {number!r}")
    return known[number]
