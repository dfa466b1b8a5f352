"""What a checker says about numbers can be read, and shows where they differ."""

from __future__ import annotations

import time

import numpy as np
import pytest

from attnrec_lite.exercises import check, core
from attnrec_lite.exercises.core import Exercise, Wrong, near


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (1 / 3, 0.5, "x: expected 0.5; received 0.3333"),
        (1 / 3, 1 / 3 + 1e-5, "x: expected 0.333343333; received 0.333333333"),
        ([1 / 3, 2], [0.5, 2], "x: expected [0.5 2. ]; received [0.3333 2. ]"),
        ([0.5], [0.50001], "x: expected [0.50001]; received [0.5]"),
        (np.nan, 0.5, "x: expected 0.5; received nan"),
        (True, 0.5, "x: expected 0.5; received 1"),
    ],
)
def test_few_digits_unless_more_are_needed(found, expected, told):
    with pytest.raises(Wrong) as caught:
        near(found, expected, "x")
    assert str(caught.value).startswith(told)


def test_rounding_is_no_difference():
    near(np.float32(1 / 3), 1 / 3, "x")
    near([1e9], [1e9 + 1], "x")


# ---- any object at all -------------------------------------------------------------------------


def one(test):
    """An exercise of one property."""
    return Exercise("0.0", "Anything", 1, {"it works": test}, ("",))


def asks(answer, rng):
    near(answer(1.0), 1.0, "1")


class Broken(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Vexing:
    """Callable, and nothing else about it works."""

    def __call__(self, x):
        return self

    def __repr__(self):
        raise RuntimeError("no picture")

    def __array__(self, *args, **kwargs):
        raise OSError("no numbers")


@pytest.mark.parametrize(
    "error", [SystemExit, KeyboardInterrupt, Broken, RecursionError, MemoryError]
)
def test_whatever_an_answer_raises_is_a_finding(error):
    def answer(x):
        raise error

    result = one(asks).check(answer, np.random.default_rng(0))
    assert not result.passed
    told = repr(result).split("your function raised ")[1].splitlines()[0]
    assert told.split(":")[0].endswith(error.__name__)


@pytest.mark.parametrize(
    "answer", [None, 3, "f", Vexing(), Vexing, lambda: 0, lambda x: None, type]
)
def test_no_object_makes_a_check_fail(answer):
    result = check("2.1", answer, seed=0)
    assert not result.passed
    assert "not yet" in repr(result)


def test_an_answer_that_never_ends_is_given_up_and_stopped(monkeypatch):
    monkeypatch.setattr(core, "LIMIT", 0.2)
    running = []

    def answer(x):
        while True:
            running.append(x)

    result = one(asks).check(answer, np.random.default_rng(0))
    assert "still running after 0.2 seconds" in repr(result)
    time.sleep(0.3)
    seen = len(running)
    time.sleep(0.2)
    assert len(running) == seen, "the loop goes on behind the reader's back"


def test_warnings_of_numpy_are_not_shown_to_the_reader():
    with np.errstate(all="raise"):
        result = one(lambda f, rng: f()).check(lambda: np.exp(1e9), np.random.default_rng(0))
    assert result.passed
