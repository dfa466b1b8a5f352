"""What may be handed to a checker by mistake or in jest, and what may come out of it."""

from __future__ import annotations

import itertools
import sys
from unittest.mock import ANY, MagicMock

import numpy as np


class Agreeable:
    """Equals everything, is below and above everything, and has every length and number."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = object.__hash__

    def __float__(self):
        return 1.0

    def __index__(self):
        return 1

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self, self))

    def __getitem__(self, key):
        return self


class AgreeableNumber(float):
    __eq__ = Agreeable.__eq__
    __ne__ = Agreeable.__ne__
    __hash__ = float.__hash__


class Hostile:
    """Callable, and raises whatever else is done with it."""

    def __call__(self, *args):
        return self

    def _raise(self, *args, **kwargs):
        raise OSError("leave me alone")

    __array__ = __eq__ = __ne__ = __bool__ = __len__ = __iter__ = __repr__ = __str__ = _raise
    __float__ = __int__ = __index__ = __getitem__ = __getattr__ = __contains__ = __hash__ = _raise
    __add__ = __mul__ = __sub__ = __lt__ = __gt__ = __format__ = _raise


class HostileError(Exception):
    __str__ = __repr__ = __getattr__ = Hostile._raise

    def __bool__(self):
        return False


def first_array(arguments):
    return next((a for a in arguments if isinstance(a, np.ndarray)), np.zeros(3))


def looped():
    held = []
    held.append(held)
    return held


def recursion(*arguments):
    return recursion(*arguments)


def generator(*arguments):
    yield from itertools.count()


async def asynchronous(*arguments):
    return 1


def disturbs(*arguments):
    """Print, and change what NumPy and the interpreter do elsewhere."""
    print("hello", *map(type, arguments))
    print("trouble", file=sys.stderr)
    np.seterr(all="raise")
    np.random.seed(0)
    return np.zeros(3)


def raises(error):
    def answer(*arguments):
        raise error

    return answer


CONSTANTS = [
    0, 1, -1, 0.5, True, False, None, np.nan, np.inf, "", [], (), {}, set(), (0, 0), (1, 1),
    (None, None), [0.0, 0.0], np.zeros(0), np.zeros((0, 3)), ANY, Agreeable(), [Agreeable()] * 2,
    np.frompyfunc(lambda _: Agreeable(), 1, 1)(np.zeros(3)), AgreeableNumber(1),
]  # fmt: skip
ECHOES = {
    "zeros of its shape": lambda *a: np.zeros_like(first_array(a)),
    "ones of its shape": lambda *a: np.ones_like(first_array(a)),
    "true of its shape": lambda *a: np.ones(first_array(a).shape, bool),
    "nan of its shape": lambda *a: np.full(first_array(a).shape, np.nan),
    "equal shares": lambda *a: np.ones(len(first_array(a))) / max(len(first_array(a)), 1),
    "places in order": lambda *a: np.arange(len(first_array(a))),
    "its first input": lambda *a: a[0],
    "its last input": lambda *a: a[-1],
    "its array": lambda *a: first_array(a),
    "all its inputs": lambda *a: a,
}
NASTY = {
    "nothing": None,
    "a number": 3,
    "no function": object(),
    "a function of NumPy": np.zeros,
    "a division by zero": lambda *a: 1 / 0,
    "a module": np,
    "a class": Hostile,
    "a hostile object": Hostile(),
    "a mock": MagicMock(),
    "a hostile error": raises(HostileError()),
    "a hostile class of error": raises(HostileError),
    "an empty error": raises(Exception()),
    "a long error": raises(ValueError("x" * 10**6)),
    "exit": lambda *a: sys.exit(0),
    "interrupt": raises(KeyboardInterrupt()),
    "end of generator": raises(StopIteration()),
    "too few arguments": lambda: 1,
    "too many arguments": lambda a, b, c, d, e, f, g, h: 1,
    "keywords only": lambda **k: 1,
    "recursion": recursion,
    "a list that holds itself": lambda *a: looped(),
    "an endless generator": generator,
    "a coroutine": asynchronous,
    "a function": lambda *a: len,
    "large": lambda *a: np.zeros((300, 300, 3)),
    "ragged": lambda *a: [[1], [2, 3]],
    "ragged objects": lambda *a: np.array([[1], [2, 3]], dtype=object),
    "text": lambda *a: "text",
    "numbers as text": lambda *a: ["1", "2"],
    "bytes": lambda *a: b"text",
    "dates": lambda *a: np.array(["2026-01-01"], "datetime64[D]"),
    "records": lambda *a: np.zeros(3, [("a", int), ("b", float)]),
    "complex": lambda *a: first_array(a) * 1j,
    "a number too large": lambda *a: 10**400,
    "disturbs": disturbs,
}


def spoil(arguments):
    """Overwrite every array that a function was given, and return them."""
    arrays = [a for a in arguments if isinstance(a, np.ndarray)]
    for array in arrays:
        array[...] = 0
    return arrays
