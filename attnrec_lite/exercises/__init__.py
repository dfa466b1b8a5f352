"""Exercises that answer: hand in a function, learn which property it breaks, on which input.

>>> from attnrec_lite.exercises import check
>>> check("2.1", lambda scores, axis: scores)               # doctest: +ELLIPSIS
2.1 Softmax along an axis: not yet (0 of 4 properties hold)
  ✗ the weights along the axis sum to 1
...

The inputs are drawn anew at each call, so that no constant and no table can pass. ``hint`` gives
one step of help at a time; the solution stands in the book, below the exercise.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from attnrec_lite.exercises.core import Exercise, Result

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

__all__ = ["CHAPTERS", "Exercise", "Result", "check", "exercises", "hint"]


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


def check(number: str, answer: Any, seed: int | None = None) -> Result:
    """Try an answer on fresh random inputs.

    Args:
        number: of the exercise, such as ``"2.1"``.
        answer: the function that the exercise asks for. Whatever exception it raises, ``check``
            returns.
        seed: for the same inputs again; None draws new ones.

    Returns:
        A result that prints as a verdict; ``passed`` is True when every property holds.

    Raises:
        ValueError: if there is no such exercise.
    """
    return _find(number).check(answer, np.random.default_rng(seed))


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


def _find(number: str) -> Exercise:
    number = str(number)
    known = exercises(number.split(".")[0])
    if number not in known:
        raise ValueError(f"number: expected one of {', '.join(known)}; received {number!r}")
    return known[number]
