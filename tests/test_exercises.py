"""Every checker accepts the solution of the book and tells typical wrong answers what is wrong."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from attnrec_lite import exercises as workshop
from attnrec_lite.exercises import check, exercises, hint
from attnrec_lite.formulas import softmax

NUMBERS = list(exercises("2"))
CHAPTER = Path(__file__).parents[1] / "book" / "scores-and-weights.ipynb"


def solutions() -> dict[str, str]:
    """The code cells between solution-start and solution-end, by exercise number."""
    cells = json.loads(CHAPTER.read_text(encoding="utf8"))["cells"]
    found = {}
    for before, cell in pairwise(cells):
        text = "".join(before["source"])
        if cell["cell_type"] == "code" and "{solution-start} ex-" in text:
            label = text.rsplit("{solution-start} ex-", 1)[1].split()[0]
            found[label.replace("-", ".")] = "".join(cell["source"])
    return found


def book_answers() -> dict[str, object]:
    """The functions that the book hands in, by exercise number."""
    from attnrec_lite import formulas

    space: dict[str, object] = {"np": np, "formulas": formulas}
    answers: dict[str, object] = {}
    space["check"] = lambda number, answer: answers.__setitem__(number, answer)
    for code in solutions().values():
        exec(code, space)  # the book's own cells
    return answers


def test_every_exercise_has_a_solution_in_the_book():
    assert list(solutions()) == NUMBERS
    assert list(book_answers()) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("seed", range(20))
def test_the_solution_of_the_book_passes_on_any_inputs(number, seed):
    result = check(number, book_answers()[number], seed=seed)
    assert result.passed, result


def naive_softmax(scores, axis):
    e = np.exp(scores)
    return e / e.sum(axis, keepdims=True)


def flat_softmax(scores, axis):
    e = np.exp(scores - scores.max())
    return e / e.sum()


def max_normalised(scores, axis):
    return scores / np.abs(scores).sum(axis, keepdims=True)


def add_a_large_negative(scores, mask):
    return softmax(scores + np.where(mask, 0.0, -1e9))


def replace_by_a_large_negative(scores, mask):
    return softmax(np.where(mask, scores, -1e9))


def minus_infinity_only(scores, mask):
    s = np.where(mask, scores, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def mask_after_the_softmax(scores, mask):
    return softmax(scores) * mask


def full_jacobian_without_minus(scores):
    a = softmax(scores)
    return np.diag(a) + np.outer(a, a)


def diagonal_jacobian(scores):
    a = softmax(scores)
    return np.diag(a * (1 - a))


def inverse_temperature(scores, target):
    return 1 / book_answers()["2.5"](scores, target)


WRONG = [
    ("2.1", naive_softmax, "large scores do not overflow", "subtract the largest score"),
    ("2.1", flat_softmax, "sum to 1", "keepdims"),
    ("2.1", max_normalised, "sum to 1", "divide by the sum"),
    ("2.2", add_a_large_negative, "all zeros", "attends to its padding"),
    ("2.2", replace_by_a_large_negative, "all zeros", "attends to its padding"),
    ("2.2", minus_infinity_only, "all zeros", "0 / 0"),
    ("2.2", mask_after_the_softmax, "share as if", ""),
    ("2.3", lambda n, share: 1 / np.log((n - 1) * share / (1 - share)), "ceiling", "2 apart"),
    ("2.3", lambda n, share: 2 / np.log(n * share / (1 - share) * 3), "ceiling", "2 apart"),
    ("2.3", lambda n, share: -2 / np.log((n - 1) * share / (1 - share)), "ceiling", "exp(-1/τ)"),
    ("2.3", lambda n, share: 0.3, "ceiling", ""),
    ("2.4", diagonal_jacobian, "finite differences", "off the diagonal"),
    ("2.4", full_jacobian_without_minus, "finite differences", "minus"),
    ("2.5", inverse_temperature, "mean entropy is the target", "rises with τ"),
    ("2.5", lambda scores, target: 1.0, "mean entropy is the target", "rises with τ"),
    ("2.6", lambda query: np.stack([query, 2 * query]), "dot", "make item 0 long"),
    ("2.6", lambda query: np.stack([3 * query, query]), "cosine", "along the query"),
    ("2.6", lambda query: np.eye(2, len(query)), "", ""),
]


@pytest.mark.parametrize(("number", "answer", "property_", "advice"), WRONG)
@pytest.mark.parametrize("seed", range(5))
def test_a_typical_wrong_answer_hears_what_is_wrong(number, answer, property_, advice, seed):
    result = check(number, answer, seed=seed)
    assert not result.passed
    assert property_ in repr(result)
    assert advice in repr(result)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_rejects_two_wrong_answers(number):
    assert sum(wrong[0] == number for wrong in WRONG) >= 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        3,
        "softmax",
        lambda *_: None,
        lambda *_: "text",
        lambda *_: np.nan,
        lambda: 1,
        lambda *_: 1 / 0,
        lambda *_: [[1], [2, 3]],
        np.zeros,
    ],
)
@pytest.mark.parametrize("number", NUMBERS)
def test_no_answer_makes_the_checker_fail(number, answer):
    result = check(number, answer)
    assert not result.passed
    assert "not yet" in repr(result)


def test_a_constant_table_cannot_pass_because_inputs_are_new_each_time():
    remembered = {}

    def memorise(scores, axis):
        return remembered.setdefault((scores.shape, axis), softmax(scores, axis))

    assert not all(check("2.1", memorise).passed for _ in range(3))


def test_an_answer_that_changes_its_input_does_not_fool_the_checker():
    def in_place(scores, axis):
        scores[...] = 0.0
        return softmax(scores, axis)

    assert not check("2.1", in_place).passed


@pytest.mark.parametrize("number", NUMBERS)
def test_hints_form_a_ladder_and_stand_in_the_book(number):
    hints = exercises("2")[number].hints
    assert len(hints) >= 2
    assert [hint(number, step) for step in range(1, len(hints) + 1)] == list(hints)
    assert hint(number, 99) == hints[-1]
    text = json.loads(CHAPTER.read_text(encoding="utf8"))["cells"]
    prose = "".join("".join(c["source"]) for c in text if c["cell_type"] == "markdown")
    assert all(f"{step}. {h}" in prose for step, h in enumerate(hints, 1))


def test_unknown_exercises_are_named():
    with pytest.raises(ValueError, match=r"number: expected one of 2\.1, .*received '2\.99'"):
        check("2.99", softmax)
    with pytest.raises(ValueError, match=r"chapter: .*received '77'"):
        hint("77.1")
    with pytest.raises(ValueError, match="step"):
        hint("2.1", 0)
    assert workshop.Result("x", {}).passed
