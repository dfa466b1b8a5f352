"""The page of exercises lists every checker once, as its chapter prints it."""

from __future__ import annotations

import ast
import doctest
import json
import re
from pathlib import Path

from exercise_list import LEVELS, page

from attnrec_lite.exercises import CHAPTERS, exercises
from attnrec_lite.exercises.topics import TOPICS

BOOK = Path(__file__).parents[2] / "book"
ALL = [exercise for chapter in CHAPTERS for exercise in exercises(chapter).values()]


def prose(chapter: str) -> str:
    name = CHAPTERS[chapter].replace("_", "-")
    cells = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_every_exercise_is_listed_once_by_topic_and_once_by_chapter():
    by_topic, by_chapter = page().split(":::{rubric} By chapter")
    for text in (by_topic, by_chapter):
        listed = [n.replace("-", ".") for n in re.findall(r"<ex-([\d-]+)>", text)]
        assert sorted(listed) == sorted(exercise.number for exercise in ALL)


def test_every_exercise_stands_under_one_topic_and_in_the_column_of_its_level():
    assert sorted(" ".join(TOPICS.values()).split()) == sorted(e.number for e in ALL)
    rows = [line.split("|")[1:-1] for line in page().splitlines() if line.startswith("| ")][1:]
    assert [row[0].strip() for row in rows] == list(TOPICS)
    for level in LEVELS:
        numbers = re.findall(r"`([\d.]+) <", "".join(row[level] for row in rows))
        assert sorted(numbers) == sorted(e.number for e in ALL if e.level == level)


def test_a_chapter_prints_the_number_the_title_and_the_level_of_its_checkers():
    for exercise in ALL:
        text = prose(exercise.number.split(".")[0])
        assert f"{{exercise}} {exercise.title} {LEVELS[exercise.level]}\n" in text
        assert f":label: ex-{exercise.number.replace('.', '-')}\n" in text


def test_the_examples_of_the_page_are_what_a_reader_gets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTNREC_PROGRESS")
    text = (BOOK / "exercises.md").read_text(encoding="utf8")
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```", text, flags=re.S | re.M))
    test = doctest.DocTestParser().get_doctest(examples, {}, "exercises.md", "exercises.md", 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert result.attempted >= 5
    assert result.failed == 0, "".join(told)


def test_the_book_hands_in_its_own_solutions_without_counting_them_as_the_readers():
    for path in BOOK.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
            if cell["cell_type"] != "code" or "check" not in "".join(cell["source"]):
                continue
            for call in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check":
                    assert "keep=False" in ast.unparse(call), f"{path.name}: {ast.unparse(call)}"


def test_every_chapter_has_its_exercises_checked():
    chapters = {path.stem for path in BOOK.glob("*.ipynb")} - {"intro"}
    assert {name.replace("_", "-") for name in CHAPTERS.values()} == chapters
