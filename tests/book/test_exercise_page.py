"""The page of exercises lists every checker once, as its chapter prints it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from exercise_list import LEVELS, page

from attnrec_lite.exercises import CHAPTERS, exercises

BOOK = Path(__file__).parents[2] / "book"
ALL = [exercise for chapter in CHAPTERS for exercise in exercises(chapter).values()]


def prose(chapter: str) -> str:
    name = CHAPTERS[chapter].replace("_", "-")
    cells = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_every_exercise_is_listed_once_by_level_and_once_by_chapter():
    by_level, by_chapter = page().split(":::{rubric} By chapter")
    for text in (by_level, by_chapter):
        listed = [n.replace("-", ".") for n in re.findall(r"<ex-([\d-]+)>", text)]
        assert sorted(listed) == sorted(exercise.number for exercise in ALL)


def test_a_chapter_prints_the_number_the_title_and_the_level_of_its_checkers():
    for exercise in ALL:
        text = prose(exercise.number.split(".")[0])
        assert f"{{exercise}} {exercise.title} {LEVELS[exercise.level]}\n" in text
        assert f":label: ex-{exercise.number.replace('.', '-')}\n" in text


def test_every_chapter_has_its_exercises_checked():
    chapters = {path.stem for path in BOOK.glob("*.ipynb")} - {"intro"}
    assert {name.replace("_", "-") for name in CHAPTERS.values()} == chapters
