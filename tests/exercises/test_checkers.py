"""Every checker accepts the solution of the book and tells typical wrong answers what is wrong."""

from __future__ import annotations

import ast
import json
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

from attnrec_lite import exercises as workshop
from attnrec_lite.exercises import CHAPTERS, check, exercises, hint
from attnrec_lite.formulas import softmax

BOOK = Path(__file__).parents[2] / "book"
NUMBERS = [number for chapter in CHAPTERS for number in exercises(chapter)]
WRONG = [row for name in CHAPTERS.values() for row in import_module(f"wrong_answers.{name}").WRONG]


@cache
def cells(chapter: str) -> list[dict]:
    """The cells of the notebook of a chapter, given by number."""
    path = BOOK / f"{CHAPTERS[chapter].replace('_', '-')}.ipynb"
    return json.loads(path.read_text(encoding="utf8"))["cells"]


def solutions(chapter: str) -> dict[str, str]:
    """The code cells between solution-start and solution-end, by exercise number."""
    found = {}
    for before, cell in pairwise(cells(chapter)):
        text = "".join(before["source"])
        if cell["cell_type"] == "code" and "{solution-start} ex-" in text:
            label = text.rsplit("{solution-start} ex-", 1)[1].split()[0]
            found[label.replace("-", ".")] = "".join(cell["source"])
    return found


@cache
def book_answers(chapter: str) -> dict[str, object]:
    """The functions that the book hands in, by exercise number.

    They run with the imports of the chapter's first cell and with one another, nothing else.
    """
    first = next("".join(c["source"]) for c in cells(chapter) if c["cell_type"] == "code")
    imports = [n for n in ast.parse(first).body if isinstance(n, ast.Import | ast.ImportFrom)]
    space: dict[str, object] = {}
    exec("\n".join(map(ast.unparse, imports)), space)
    answers: dict[str, object] = {}
    space["check"] = lambda number, answer, keep: answers.__setitem__(number, answer)
    for code in solutions(chapter).values():
        exec(code, space)  # the book's own cells
    return answers


def book_answer(number: str) -> object:
    return book_answers(number.split(".")[0])[number]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_has_a_solution_in_the_book(chapter):
    assert list(solutions(chapter)) == list(exercises(chapter))
    assert list(book_answers(chapter)) == list(exercises(chapter))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_of_the_book_passes_on_any_inputs(number):
    for seed in range(8):  # a right answer meets each property three times
        result = check(number, book_answer(number), seed=seed)
        assert result.passed, f"seed {seed}: {result}"


@pytest.mark.parametrize(("number", "answer", "property_", "advice"), WRONG)
def test_a_typical_wrong_answer_hears_what_is_wrong(number, answer, property_, advice):
    for seed in range(5):
        result = check(number, answer, seed=seed)
        assert not result.passed, seed
        assert property_ in repr(result), seed
        assert advice in repr(result), seed


@pytest.mark.parametrize("number", NUMBERS)
def test_no_exercise_is_left_to_be_written(number):
    assert "TODO" not in repr(exercises(number.split(".")[0])[number])


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_rejects_two_wrong_answers(number):
    assert sum(wrong[0] == number for wrong in WRONG) >= 2


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
    chapter = number.split(".")[0]
    hints = exercises(chapter)[number].hints
    assert len(hints) >= 2
    assert [hint(number, step) for step in range(1, len(hints) + 1)] == list(hints)
    assert hint(number, 99) == hints[-1]
    prose = "".join("".join(c["source"]) for c in cells(chapter) if c["cell_type"] == "markdown")
    assert all(f"{step}. {h}" in prose for step, h in enumerate(hints, 1))


def test_unknown_exercises_are_named():
    with pytest.raises(ValueError, match=r"number: expected one of 2\.1, .*received '2\.99'"):
        check("2.99", softmax)
    with pytest.raises(ValueError, match=r"chapter: .*received '77'"):
        hint("77.1")
    with pytest.raises(ValueError, match="step"):
        hint("2.1", 0)
    assert workshop.Result("x", {}).passed
