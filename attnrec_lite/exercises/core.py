"""What an exercise is: a question, properties that a right answer has, and hints."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from traceback import format_exception_only
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Answer = Callable[..., Any]
Property = Callable[[Answer, np.random.Generator], None]
LIMIT = 30.0  # seconds for one property: far more than any right answer takes


class Wrong(Exception):  # a finding about an answer, not an error of ours
    """A property does not hold.

    Args:
        finding: on which input, what was expected, what came.
        advice: what usually leads to this.
    """

    def __init__(self, finding: str, advice: str = "") -> None:
        super().__init__(finding)
        self.finding, self.advice = finding, advice


@dataclass(frozen=True)
class Result:
    """The verdict on an answer.

    Attributes:
        title: number and name of the exercise.
        findings: for each property, in words: None if it holds, else what went wrong.
    """

    title: str
    findings: dict[str, Wrong | None]

    @property
    def passed(self) -> bool:
        """Whether every property holds."""
        return not any(self.findings.values())

    def __repr__(self) -> str:
        """The verdict, and for the first property that fails its finding and advice."""
        held = sum(wrong is None for wrong in self.findings.values())
        if self.passed:
            return f"{self.title}: right, every property holds ({held})"
        lines = [f"{self.title}: not yet ({held} of {len(self.findings)} properties hold)"]
        name, wrong = next((n, w) for n, w in self.findings.items() if w is not None)
        lines += [f"  ✗ {name}", f"    {wrong.finding}"]
        return "\n".join([*lines, f"    Advice: {wrong.advice}"] if wrong.advice else lines)


@dataclass(frozen=True)
class Exercise:
    """One exercise of the book.

    Attributes:
        number: such as ``"2.1"``: chapter and exercise.
        title: a few words.
        level: 1 easy, 2 medium, 3 hard.
        properties: sentence to a function that raises ``Wrong`` where the sentence is not true.
        hints: a ladder, from a nudge to nearly all.
    """

    number: str
    title: str
    level: int
    properties: dict[str, Property]
    hints: tuple[str, ...]

    def check(self, answer: Any, rng: np.random.Generator) -> Result:
        """Try every property; an answer that is no function or that fails inside is only wrong."""
        findings = {name: self._try(test, answer, rng) for name, test in self.properties.items()}
        return Result(f"{self.number} {self.title}", findings)

    @staticmethod
    def _try(test: Property, answer: Any, rng: np.random.Generator) -> Wrong | None:
        if not callable(answer):
            return Wrong(f"expected a function; received {type(answer).__name__}")
        error = within(LIMIT, lambda: test(answer, rng))
        if error is None or isinstance(error, Wrong):
            return error
        # The reader's code: any failure is an answer, none is ours. Its text may fail to be made.
        return Wrong(f"your function raised {format_exception_only(error)[-1].strip()}")


def within(seconds: float, job: Callable[[], None]) -> BaseException | None:
    """Run a job that may never end.

    Args:
        seconds: after which it is given up and told to stop.
        job: run in a thread of its own, so that it ends with the wait and not the other way round.

    Returns:
        What the job raised; a ``Wrong`` if it was still running; None if it came to its end.

    >>> within(1.0, lambda: None) is None, within(1.0, lambda: 1 / 0)
    (True, ZeroDivisionError('division by zero'))
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with np.errstate(all="ignore"):
                job()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join(seconds)
        if thread.is_alive():
            return Wrong(f"still running after {seconds:g} seconds", "does every loop end?")
    finally:
        if (
            thread.is_alive()
        ):  # it stops at its next line of Python, also if the wait was broken off
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
            )
    return raised[0] if raised else None


def array(value: Any, shape: tuple[int, ...], given: str) -> NDArray[np.float64]:
    """Take an answer's array, or say that it is none of the expected shape."""
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{given}: expected numbers; received {type(value).__name__}") from None
    if found.shape != shape:
        raise Wrong(f"{given}: expected shape {shape}; received {found.shape}")
    return found


def near(
    found: ArrayLike, expected: ArrayLike, given: str, advice: str = "", atol: float = 1e-6
) -> None:
    """Refuse numbers that differ, or that are no numbers where some were expected."""
    f, e = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if not np.allclose(f, e, atol=atol, rtol=1e-6):
        few = _show(e), _show(f)
        e_shown, f_shown = few if few[0] != few[1] else (_show(e, 9), _show(f, 9))
        raise Wrong(f"{given}: expected {e_shown}; received {f_shown}", advice)


def _show(numbers: NDArray[np.float64], digits: int = 4) -> str:
    if numbers.ndim == 0:  # print options do not reach it
        return f"{numbers:.{digits}g}"
    with np.printoptions(precision=digits, suppress=True, threshold=12, edgeitems=3):
        return " ".join(str(numbers).split())
