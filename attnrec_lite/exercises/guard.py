"""Stands between a checker and a reader's function: copies go in, plain data come out.

A function that changes its inputs would change what a checker compares with, and an object that
says it equals everything would pass wherever two things are compared. Neither gets through here, so
that no checker has to think of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PLAIN: dict[type, Callable[[Any], Any]] = {  # a subclass may redefine ==; its base does not
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes,
    type(None): lambda value: None,
}
REAL = (np.bool_, np.integer, np.floating)


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
class Original:
    """An argument that is handed over as it is, for a checker that looks whether it was changed."""

    value: Any


def guarded(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls the answer with copies and returns plain data.

    >>> def doubled(numbers):
    ...     numbers *= 2
    ...     return numbers
    >>> given = np.ones(2)
    >>> guarded(doubled)(given), given
    (array([2., 2.]), array([1., 1.]))
    """

    def call(*arguments: Any) -> Any:
        return plain(answer(*map(copied, arguments)))

    return call


def copied(value: Any) -> Any:
    """Copy arrays and what holds them; functions and generators of numbers stay what they are."""
    if isinstance(value, Original):
        return value.value
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def plain(value: Any) -> Any:
    """Rebuild what an answer returned from arrays, numbers, texts, lists, tuples, sets and dicts.

    Raises:
        Wrong: if it is something else, such as a function that was not called.

    >>> plain((np.float32(1.5), range(3), {"a"}))
    (np.float32(1.5), [0, 1, 2], {'a'})
    """
    kind = type(value)
    if kind in PLAIN or (kind.__module__ == "numpy" and issubclass(kind, REAL)):
        return value
    for base, convert in PLAIN.items():
        if issubclass(kind, base) and not issubclass(kind, np.generic):
            return convert(value)
    if issubclass(kind, dict):
        return {plain(key): plain(item) for key, item in dict.items(value)}
    for collection in (tuple, set, frozenset):
        if issubclass(kind, collection):
            return collection(map(plain, collection.__iter__(value)))
    if hasattr(kind, "__array__"):  # an array, or a tensor, a column, a table
        numbers = np.array(value, subok=False)
        if numbers.dtype.kind == "c":
            raise Wrong("your function returned complex numbers", "only real ones are asked for")
        return numbers if numbers.dtype != object else np.array(plain(numbers.tolist()), object)
    if issubclass(kind, Sequence):
        return list(map(plain, value))
    if inspect.iscoroutine(value):
        value.close()  # or Python warns that nobody waited for it
    raise Wrong(
        f"your function returned something that is no data: {kind.__name__}",
        "return an array, a number, a text, or a list, tuple, set or dict of them",
    )
