"""What a learner steers by: what a chapter needs, a map whose boxes are links, a box to tick.

``chapter_needs`` in ``_config.yml`` says what to read before each chapter. From it comes the line
under each title; tests hold the drawn map and the page of the ways to it. The line is written when
a page is read, so that every builder shows it. Links in the map and boxes to tick are for the
site's pages only; ``_static/ticks.js`` makes them work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.addnodes import pending_xref

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PATHS = "book/paths"
MAP = Path(__file__).resolve().parents[1] / "figures" / "chapter-map.svg"
RECT = re.compile(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')
NUMBER = re.compile(r'<text x="([\d.]+)" y="([\d.]+)">(\d+)</text>')
FIGURE = re.compile(r'<img [^>]*?src="[^"]*chapter-map\.svg"[^>]*>(.*?</figure>)', re.DOTALL)
TICK = """
<div class="tick">
<label><input type="checkbox" name="{name}" autocomplete="off"> I have read this chapter</label>
<p class="tick-note">Kept in this browser and sent nowhere.
<a href="{paths}">The map</a> shows what to read next.</p>
</div>
"""
PROGRESS = """
<div class="ticks-all">
<span role="status" data-chapters="{names}">0 of {count} chapters read.</span>
<button type="button">Forget all ticks</button>
</div>
"""

Box = tuple[float, float, float, float]


def needs_line(chapter: str, numbers: Mapping[str, int], needs: Mapping[str, Any]) -> nodes.Node:
    """Return the line that says what to read before a chapter.

    Args:
        chapter: its file name.
        numbers: the number of each chapter, by file name.
        needs: the numbers of what each chapter needs, by file name.

    >>> needs_line("b", {"a": 1, "b": 2}, {"a": [], "b": [1]}).astext()
    'Needs: 1 a'
    >>> needs_line("a", {"a": 1, "b": 2}, {"a": [], "b": [1]}).astext()
    'Needs: no other chapter'
    """
    names = {number: name for name, number in numbers.items()}
    line = nodes.paragraph(text="Needs: ", classes=["needs"])
    for place, number in enumerate(needs[chapter]):
        line += nodes.Text(f"{', ' if place else ''}{number} ")
        link = nodes.inline("", names[number])
        target = {"reftarget": f"/book/{names[number]}", "refexplicit": False, "refwarn": True}
        line += pending_xref("", link, refdomain="std", reftype="doc", **target)
    if not needs[chapter]:
        line += nodes.Text("no other chapter")
    return line


def add_needs(app: Sphinx, doctree: nodes.document) -> None:
    """Put the line under the title of a chapter."""
    chapter = app.env.docname.rsplit("/", 1)[-1]
    title = next(iter(doctree.findall(nodes.title)), None)
    if chapter in app.config.chapter_needs and title is not None:
        line = needs_line(chapter, app.config.chapter_numbers, app.config.chapter_needs)
        for link in line.findall(pending_xref):
            link["refdoc"] = app.env.docname
        title.parent.insert(title.parent.index(title) + 1, line)


def boxes(svg: str) -> dict[int, Box]:
    """Return x, y, width and height of each chapter on the map; a box of several is shared out.

    >>> boxes('<rect x="0" y="0" width="9" height="8"/><text x="4" y="3">1</text>'
    ...       '<text x="4" y="7">2</text>')
    {1: (0.0, 0.0, 9.0, 4.0), 2: (0.0, 4.0, 9.0, 4.0)}
    """
    found: dict[int, Box] = {}
    places = {int(n): (float(x), float(y)) for x, y, n in NUMBER.findall(svg)}
    for left, top, width, height in (map(float, row) for row in RECT.findall(svg)):
        inside = [
            n for n, (x, y) in places.items()
            if left <= x <= left + width and top <= y <= top + height
        ]  # fmt: skip
        for place, number in enumerate(sorted(inside)):
            each = height / len(inside)
            found[number] = (left, top + place * each, width, each)
    return found


def linked_map(svg: str, env: BuildEnvironment, numbers: Mapping[str, int]) -> str:
    """Return the map with a link over the box of each chapter.

    A picture cannot hold links, so the drawing becomes part of the page: a group, where the file
    says that it is one image.
    """
    links = []
    names = {number: name for name, number in numbers.items()}
    for number, (x, y, width, height) in sorted(boxes(svg).items()):
        name = names[number]
        said = escape(f"{number} {env.titles[f'book/{name}'].astext()}")
        shape = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'
        links.append(f'<a href="{name}.html" aria-label="{said}">{shape}</a>')
    svg = svg.replace('role="img"', 'role="group" class="chapter-map"', 1)
    svg = svg.replace('id="t"', 'id="map-title"').replace('id="d"', 'id="map-told"')
    svg = svg.replace('aria-labelledby="t d"', 'aria-labelledby="map-title"'
                      ' aria-describedby="map-told"')  # fmt: skip
    return svg.replace("</svg>", f'<g class="links">{"".join(links)}</g></svg>').strip()


def add_ticks(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the box to a chapter; to the page of the ways the links, the count and the button."""
    numbers, chapter = app.config.chapter_numbers, page.rsplit("/", 1)[-1]
    if app.builder.name != "html" or doctree is None:
        return
    if chapter in numbers:
        paths = app.builder.get_relative_uri(page, PATHS)
        context["body"] += TICK.format(name=chapter, paths=paths)
    elif page == PATHS:
        drawn = linked_map(MAP.read_text(encoding="utf8"), app.env, numbers)
        below = PROGRESS.format(names=" ".join(numbers), count=len(numbers))
        context["body"] = FIGURE.sub(lambda m: drawn + m[1] + below, context["body"], count=1)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the configuration value and the events."""
    app.add_config_value("chapter_needs", {}, "env", types=[dict])
    app.connect("doctree-read", add_needs)
    app.connect("html-page-context", add_ticks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
