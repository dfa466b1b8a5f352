"""Every exercise of the book by topic, level and chapter: one page, made from the checkers.

Number, title and level of an exercise stand with its checker in ``attnrec_lite.exercises``; a test
holds the chapters to them. Nothing is written down a second time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from attnrec_lite.exercises import CHAPTERS, exercises
from attnrec_lite.exercises.topics import TOPICS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BOOK = Path(__file__).resolve().parents[1]
LEVELS = {1: "★", 2: "★★", 3: "★★★"}


def link(number: str, text: str) -> str:
    """Return the link to an exercise.

    >>> link("2.1", "Softmax")
    '{ref}`Softmax <ex-2-1>`'
    """
    return f"{{ref}}`{text} <ex-{number.replace('.', '-')}>`"


def page() -> str:
    """Return the list as MyST: by topic and level, numbers only; then by chapter, with titles."""
    found = {chapter: list(exercises(chapter).values()) for chapter in CHAPTERS}
    every = {e.number: e for each in found.values() for e in each}
    counts = [sum(e.level == level for e in every.values()) for level in LEVELS]
    heads = [f"{stars} ({n})" for stars, n in zip(LEVELS.values(), counts, strict=True)]
    lines = [":::{rubric} By topic and difficulty", ":::", ""]
    lines += [f"| Topic | {' | '.join(heads)} |", "|---|---|---|---|"]
    for topic, numbers in TOPICS.items():
        cells = [
            ", ".join(link(n, n) for n in numbers.split() if every[n].level == level) or "–"
            for level in LEVELS
        ]
        lines.append(f"| {topic} | {' | '.join(cells)} |")
    lines.append("")
    lines += [":::{rubric} By chapter", ":::", ""]
    for chapter, each in found.items():
        lines.append(f"- {{doc}}`{CHAPTERS[chapter].replace('_', '-')}`")
        lines += [f"  - {link(e.number, f'{e.number} {e.title}')} {LEVELS[e.level]}" for e in each]
    return "\n".join(lines)


class ExerciseList(SphinxDirective):
    """``{exercise-list}``: all exercises by topic and level, and by chapter."""

    def run(self) -> list[nodes.Node]:
        """Write the list as MyST and let the parser read it."""
        for path in sorted((BOOK.parent / "attnrec_lite" / "exercises").glob("*.py")):
            self.env.note_dependency(str(path))
        box = nodes.container(classes=["exercise-list"])
        self.state.nested_parse(StringList(page().splitlines()), 0, box)
        return [box]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("exercise-list", ExerciseList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
