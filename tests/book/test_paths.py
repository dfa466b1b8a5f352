"""The ways through the book: a map without circles, a course that has every chapter once."""

from __future__ import annotations

import re
from pathlib import Path

from attnrec_lite.exercises import CHAPTERS, exercises

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "paths.md").read_text(encoding="utf8")
MAP = (BOOK / "figures" / "chapter-map.svg").read_text(encoding="utf8")


def needs() -> dict[int, set[int]]:
    """What the description of the map says: which chapters each chapter needs."""
    told = re.search(r"needs it\. (.+?)\. Part I", MAP)[1]
    found: dict[int, set[int]] = {}
    for clause in told.split("; "):
        before, _, after = clause.partition(" to ") if " leads to " not in clause else (
            clause.partition(" leads to "))  # fmt: skip
        for chapter in map(int, re.findall(r"\d+", after)):
            found.setdefault(chapter, set()).update(map(int, re.findall(r"\d+", before)))
    return found


def test_every_chapter_but_the_first_two_needs_earlier_ones():
    found = needs()
    assert set(found) == set(range(3, 21))
    assert all(max(before) < chapter for chapter, before in found.items())


def test_the_map_draws_every_chapter_and_every_need():
    drawn = {int(n) for n in re.findall(r"<text[^>]*>(\d+)</text>", MAP)}
    assert drawn == set(range(1, 21))
    arrows = MAP.count("<path d=") - 1  # the arrow head is a path, too
    last = {18, 19, 20}  # one box, one arrow
    assert (
        arrows == sum(len(before) for chapter, before in needs().items() if chapter not in last) + 1
    )


def test_the_course_has_every_chapter_once_and_its_own_exercises():
    weeks = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    assert [int(week) for week, *_ in weeks] == list(range(1, 13))
    read = [
        name for _, chapters, _ in weeks for name in re.findall(r"\{doc\}`([a-z-]+)`", chapters)
    ]
    assert read == [name.replace("_", "-") for name in CHAPTERS.values()]
    number = {module.replace("_", "-"): chapter for chapter, module in CHAPTERS.items()}
    for _, chapters, tasks in weeks:
        asked = re.findall(r"`([\d.]+) <ex-", tasks)
        here = {number[name] for name in re.findall(r"\{doc\}`([a-z-]+)`", chapters)}
        assert {task.split(".")[0] for task in asked} == here
        levels = [exercises(task.split(".")[0])[task].level for task in asked]
        assert max(levels) >= 2
