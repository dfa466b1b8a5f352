"""What a learner steers by: one table of needs; the map, the pages and the ways agree with it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from learners import MAP, boxes

from attnrec_lite.exercises import CHAPTERS, exercises

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "paths.md").read_text(encoding="utf8")
DRAWN = MAP.read_text(encoding="utf8")
CONFIG = yaml.safe_load((BOOK.parent / "_config.yml").read_text(encoding="utf8"))
NUMBERS = CONFIG["sphinx"]["config"]["chapter_numbers"]
NAMES = {number: name for name, number in NUMBERS.items()}
NEEDS = {
    NUMBERS[name]: set(before)
    for name, before in CONFIG["sphinx"]["config"]["chapter_needs"].items()
}
LABEL = re.compile(r"\$\$\s*\(([\w:-]+)\)|^\(([\w-]+)\)=$|^:(?:name|label): (\S+)", re.M)
WAYS = ("A week-end", "The engineer in a hurry")


def all_needs(chapter: int) -> set[int]:
    """What a chapter needs, and what that needs, and so on."""
    return NEEDS[chapter].union(*map(all_needs, NEEDS[chapter]))


def linked(text: str) -> list[int]:
    """The chapters that a text links to, in its order."""
    return [NUMBERS[n] for n in re.findall(r"\{doc\}`([a-z-]+)`", text) if n in NUMBERS]


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]


def test_every_chapter_says_what_it_needs_and_needs_earlier_ones_only():
    assert set(NEEDS) == set(NUMBERS.values())
    assert all(before < chapter for chapter in NEEDS for before in NEEDS[chapter])


def test_no_need_is_said_that_another_need_implies():
    for chapter, before in NEEDS.items():
        implied = set().union(*map(all_needs, before))
        assert not before & implied, chapter


def test_the_description_of_the_map_says_the_needs():
    told = re.search(r"needs it\. (.+?)\. Part I", DRAWN)[1]
    found: dict[int, set[int]] = {chapter: set() for chapter in NEEDS}
    for clause in told.split("; "):
        before, after = re.split(r" leads to | to ", clause, maxsplit=1)
        for chapter in map(int, re.findall(r"\d+", after)):
            found[chapter].update(map(int, re.findall(r"\d+", before)))
    assert found == NEEDS


def at(x: float, y: float, slack: float = 5) -> set[int]:
    """The chapters in the drawn box that a point touches."""
    space = "{http://www.w3.org/2000/svg}"
    for rect in ET.fromstring(DRAWN).iter(f"{space}rect"):
        left, top, width, height = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        if left - slack <= x <= left + width + slack and top - slack <= y <= top + height + slack:
            return {
                n for n, (x0, y0, *_) in boxes(DRAWN).items()
                if left <= x0 < left + width and top <= y0 < top + height
            }  # fmt: skip
    return set()


def test_the_arrows_of_the_map_are_the_needs():
    assert set(boxes(DRAWN)) == set(NEEDS)
    drawn = set()
    for path in re.findall(r'<path d="M([^"z]+)"', DRAWN):
        start = [float(n) for n in path.split()[:2] if n[0].isdigit()]
        end = [float(n) for n in re.findall(r"[\d.]+", path)][-2:]
        if " V" in path:
            end = [start[0], end[1]]
        if " H" in path:
            end = [end[1], start[1]]
        drawn |= {(a, b) for a in at(*start) for b in at(*end)}
    assert drawn == {(a, b) for b in NEEDS for a in NEEDS[b]}


def test_a_chapter_leans_only_on_what_it_needs():
    """More than three references to an earlier chapter mean that it is needed."""
    sources = {n: json.loads((BOOK / f"{NAMES[n]}.ipynb").read_text("utf8")) for n in NEEDS}
    texts = {n: "\n".join("".join(c["source"]) for c in s["cells"]) for n, s in sources.items()}
    home = dict(NUMBERS)
    for number, text in texts.items():
        named = LABEL.findall(text)
        home |= {label: number for row in named for label in row if label}
    for number, text in texts.items():
        used = re.findall(r"\{(?:eq|numref|ref|doc)\}`(?:[^`<]*<)?([\w:-]+)>?`", text)
        leans = {n for n, k in Counter(map(home.get, used)).items() if n and n < number and k > 3}
        assert leans <= all_needs(number), number


@pytest.mark.parametrize("way", WAYS)
def test_a_short_way_names_what_it_leaves_out(way):
    read, _, left_out = section(way).partition("What this way leaves out")
    chapters = linked(read)
    assert len(chapters) == len(set(chapters)) >= 5
    missing = set().union(*(NEEDS[chapter] for chapter in chapters)) - set(chapters)
    assert set(linked(left_out)) == missing
    asked = {int(task) for task in re.findall(r"`(\d+)\.\d+ <ex-", read)}
    assert asked <= set(chapters)


def test_the_course_has_every_chapter_once_and_its_own_exercises():
    weeks = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    assert [int(week) for week, *_ in weeks] == list(range(1, 13))
    assert [n for _, chapters, _ in weeks for n in linked(chapters)] == sorted(NEEDS)
    for _, chapters, tasks in weeks:
        asked = re.findall(r"`([\d.]+) <ex-", tasks)
        assert {int(task.split(".")[0]) for task in asked} == set(linked(chapters))
        levels = [exercises(task.split(".")[0])[task].level for task in asked]
        assert max(levels) >= 2
    assert len(CHAPTERS) == len(NEEDS)


def article(site: Path, name: str) -> BeautifulSoup:
    html = (site / "book" / f"{name}.html").read_text(encoding="utf8")
    return BeautifulSoup(html, "html.parser").select_one("article.bd-article")


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_a_chapter_s_page_says_and_links_what_it_needs(site, name):
    lines = article(site, name).select("p.needs")
    assert len(lines) == 1
    assert lines[0].find_previous_sibling().name in {"h1", "p"}
    before = [NAMES[number] for number in sorted(NEEDS[NUMBERS[name]])]
    assert [link["href"] for link in lines[0].select("a")] == [f"{n}.html" for n in before]
    titles = [article(site, n).h1.find(string=True, recursive=False).strip() for n in before]
    said = [f"{NUMBERS[n]} {title}" for n, title in zip(before, titles, strict=True)]
    assert lines[0].get_text() == "Needs: " + (", ".join(said) or "no other chapter")


@pytest.mark.slow
def test_the_boxes_of_the_map_lead_to_the_chapters(site):
    drawn = article(site, "paths").select_one("svg.chapter-map")
    links = drawn.select("a")
    assert [link["href"] for link in links] == [f"{NAMES[n]}.html" for n in sorted(NAMES)]
    for number, link in enumerate(links, 1):
        title = article(site, NAMES[number]).h1.find(string=True, recursive=False).strip()
        assert link["aria-label"] == f"{number} {title}"
    for attribute in ("aria-labelledby", "aria-describedby"):
        assert drawn.find(id=drawn[attribute]).get_text().strip()
