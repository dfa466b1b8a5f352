"""The museum tells the story of every planted fault, and names the test that goes red."""

from __future__ import annotations

import re
from pathlib import Path

from bugs import BUGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "museum.md").read_text(encoding="utf8")
STORIES = dict(re.findall(r"^### (.+)\n\n(.+)$", PAGE, flags=re.MULTILINE))
PARTS = ("**The line.**", "**Why nobody noticed.**", "**What finds it.**", "**Here.**")


def test_every_fault_has_a_story_and_every_story_a_fault():
    assert sorted(STORIES) == sorted(bug.name[0].upper() + bug.name[1:] for bug in BUGS)
    assert "these twenty-seven faults" in PAGE
    assert len(BUGS) == 27


def test_a_story_has_four_parts_a_link_and_the_test_that_goes_red():
    for bug in BUGS:
        story = STORIES[bug.name[0].upper() + bug.name[1:]]
        places = [story.find(part) for part in PARTS]
        assert places == sorted(places)
        assert -1 not in places, bug.name
        here = story[places[-1] :]
        assert re.search(r"\{(?:place|doc)\}`", here), bug.name
        (named,) = re.findall(r"`(test_\w+)`", here)
        file, _, test = bug.tests.partition("::")
        assert test in ("", named), bug.name
        assert f"def {named}(" in (ROOT / file).read_text(encoding="utf8"), bug.name


def test_the_places_of_the_museum_are_headings():
    for heading, chapter in re.findall(r"\{place\}`([^<]+) <([^>]+)>`", PAGE):
        text = (ROOT / "book" / f"{chapter}.ipynb").read_text(encoding="utf8")
        assert re.search(rf'"#{{2,3}} {re.escape(heading)}(?:\\n)?"', text), (heading, chapter)
