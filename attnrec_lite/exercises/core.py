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

from attnrec_lite.exercises.guard import Original, Wrong, guarded

Answer = Callable[..., Any]
Property = Callable[[Answer, np.random.Generator], None]
LIMIT = 30.0  # seconds for one property: far more than any right answer takes
LONGEST = 600  # characters of a finding: an answer may be large, or raise a book
BEYOND = "your function raised an error that cannot be shown"

__all__ = [
    "Answer",
    "Endless",
    "Exercise",
    "Original",
    "Property",
    "Result",
    "Wrong",
    "array",
    "near",
]


@dataclass(frozen=True)
class Result:
    """The verdict on an answer.

    Attributes:
        title: number and name of the exercise.
        findings: for each property, in words: None if it holds, else what went wrong.
        notes: lines that follow the verdict: where help is, where progress is kept.
    """

    title: str
    findings: dict[str, Wrong | None]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every property holds."""
        return all(wrong is None for wrong in self.findings.values())

    def __repr__(self) -> str:
        """The verdict, and for the first property that fails its finding and advice."""
        held = sum(wrong is None for wrong in self.findings.values())
        lines = [f"{self.title}: right, every property holds ({held})"]
        if not self.passed:
            failed = [(n, w) for n, w in self.findings.items() if w is not None]
            name, wrong = min(failed, key=lambda row: isinstance(row[1], Untried))
            lines = [f"{self.title}: not yet ({held} of {len(self.findings)} properties hold)"]
            lines += [f"  ✗ {name}", f"    {wrong.finding}"]
            lines += [f"    Advice: {wrong.advice}"] * bool(wrong.advice)
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


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
        """Try every property; an answer that is no function or that fails inside is only wrong.

        Where all hold, some are tried again in an order that is drawn: who has learned the right
        results of one check by heart does not pass the next one.
        """
        title = f"{self.number} {self.title}"
        names = list(self.properties)
        findings: dict[str, Wrong | None] = dict.fromkeys(names)
        for name in names:
            findings[name] = self._try(self.properties[name], answer, rng)
            if isinstance(findings[name], Endless):
                left = names[names.index(name) + 1 :]
                findings |= {other: Untried("not tried") for other in left}
                break
        if not any(findings.values()):
            for place in rng.integers(len(names), size=2 * len(names)):
                again = self._try(self.properties[names[place]], answer, rng)
                findings[names[place]] = findings[names[place]] or again
        result = Result(title, findings)
        return result if result.passed else Result(title, findings, (self._ladder(),))

    def _ladder(self) -> str:
        return f'Stuck? hint("{self.number}"), then hint("{self.number}", 2) and so on'

    @staticmethod
    def _try(test: Property, answer: Any, rng: np.random.Generator) -> Wrong | None:
        if not callable(answer):
            return Wrong(f"expected a function; received {type(answer).__name__}")
        error = within(LIMIT, lambda: told(lambda: test(guarded(answer), rng)))
        return error if error is None or isinstance(error, Wrong) else Wrong(BEYOND)


class Endless(Wrong):
    """An answer was still running when its time was over."""


class Untried(Wrong):
    """A property that was not looked at, because the answer had not ended before."""


def told(job: Callable[[], None]) -> None:
    """Run a job that calls the reader's code, and put whatever it raises into words.

    Any failure in there is an answer, none is ours. Even the text of an error may fail to be made,
    or take for ever: this is why it is made here, where time is limited.

    Raises:
        Wrong: if the job raised anything at all; in one line, and not a long one.
    """
    try:
        job()
        return
    except Wrong as error:
        finding, advice = (error.finding, error.advice) if type(error) is Wrong else ("", "")
    except BaseException as error:
        finding, advice = f"your function raised {_words(error)}", ""
    finding = " ".join(str(finding).split()) or BEYOND
    cut = finding if len(finding) <= LONGEST else f"{finding[:LONGEST]} …"
    raise Wrong(cut, str(advice))


def _words(error: BaseException) -> str:
    try:
        return format_exception_only(error)[-1].strip()
    except BaseException:
        return f"{type(error).__name__}, which cannot be shown"


def within(seconds: float, job: Callable[[], None]) -> BaseException | None:
    """Run a job that may never end.

    Args:
        seconds: after which it is given up and told to stop.
        job: run in a thread of its own, so that it ends with the wait and not the other way round.

    Returns:
        What the job raised; an ``Endless`` if it was still running; None if it came to its end.

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
            return Endless(f"still running after {seconds:g} seconds", "does every loop end?")
    finally:
        if (
            thread.is_alive()
        ):  # it stops at its next line of Python, also if the wait was broken off
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
            )
    return raised[0] if raised else None


def numbers(value: Any, given: str) -> NDArray[np.float64]:
    """Take real numbers of any shape, or say what came instead."""
    try:
        found = np.asarray(value)
        if found.dtype.kind not in "biufO":
            raise TypeError
        return found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{given}: expected numbers; received {_kind(value)}") from None


def array(value: Any, shape: tuple[int, ...], given: str) -> NDArray[np.float64]:
    """Take an answer's array, or say that it is none of the expected shape."""
    found = numbers(value, given)
    if found.shape != shape:
        raise Wrong(f"{given}: expected shape {shape}; received {found.shape}")
    return found


def near(
    found: ArrayLike, expected: ArrayLike, given: str, advice: str = "", atol: float = 1e-6
) -> None:
    """Refuse numbers that differ, or that are no numbers where some were expected."""
    f, e = numbers(found, given), np.asarray(expected, np.float64)
    if f.shape != e.shape and e.size != 1:
        raise Wrong(f"{given}: expected shape {e.shape}; received {f.shape}")
    if not f.size and e.size:
        raise Wrong(f"{given}: expected {_show(e)}; received nothing, shape {f.shape}", advice)
    if not np.allclose(f, e, atol=atol, rtol=1e-6):
        few = _show(e), _show(f)
        e_shown, f_shown = few if few[0] != few[1] else (_show(e, 9), _show(f, 9))
        raise Wrong(f"{given}: expected {e_shown}; received {f_shown}", advice)


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _show(numbers: NDArray[np.float64], digits: int = 4) -> str:
    if numbers.ndim == 0:  # print options do not reach it
        return f"{numbers:.{digits}g}"
    with np.printoptions(precision=digits, suppress=True, threshold=12, edgeitems=3):
        return " ".join(str(numbers).split())
