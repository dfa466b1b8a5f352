"""Every item of the source articles with its verdict, its correction and its place: one page.

``source_items.json`` names the items, their verdicts and their home chapters. What an item says,
what is true instead and under which heading it is treated stands in the table at the end of its
home; for works and tools that the articles cite, in the tables of the page of references. Nothing
is written down a second time; a test fails where an item has no home, two rows, or a row whose
verdict is not that of the inventory.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

BOOK = Path(__file__).resolve().parents[1]
REFERENCES = "references"
ITEM = re.compile(r"S[0-4]-[A-Z]+\d+")
ITEMS = re.compile(rf"{ITEM.pattern}(?:, {ITEM.pattern})*")
SIGNS = {"right": "✓", "imprecise": "≈", "wrong": "✗"}


@dataclass(frozen=True)
class Row:
    """What the home of an item says of it.

    Attributes:
        says: what the article claims, shortly.
        verdict: ``"right"``, ``"imprecise"`` or ``"wrong"``.
        instead: what is true, or nothing.
        chapter: file name of the page that treats it.
        headings: those under which it does.
    """

    says: str
    verdict: str
    instead: str
    chapter: str
    headings: tuple[str, ...]


def inventory(book: Path = BOOK) -> list[dict[str, str]]:
    """Return id, place in the article, kind, verdict and home of each item, in order."""
    items: list[dict[str, str]] = json.loads((book / "source_items.json").read_text("utf8"))
    return items


def cells(line: str) -> list[str]:
    r"""Return the cells of a row of a Markdown table.

    >>> cells(r"| S0-F1 | a \| b | ✓ right | | Here |")
    ['S0-F1', 'a \\| b', '✓ right', '', 'Here']
    """
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def in_chapter(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield each item of the table at the end of a chapter."""
    found = json.loads(path.read_text(encoding="utf8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in found if c["cell_type"] == "markdown")
    for line in prose.splitlines():
        row = cells(line) if line.startswith("| S") else []
        if len(row) == 5 and ITEMS.fullmatch(row[0]):
            verdict = row[2].split()[-1]
            for item in row[0].split(", "):
                yield item, Row(row[1], verdict, row[3], path.stem, tuple(row[4].split("; ")))


def in_references(book: Path) -> Iterator[tuple[str, Row]]:
    """Yield each item of the page of references: works in its tables, claims in its prose."""
    verdicts = {item["id"]: item["verdict"] for item in inventory(book)}
    heading = ""
    for line in (book / f"{REFERENCES}.md").read_text(encoding="utf8").splitlines():
        row = cells(line) if line.startswith("| ") else []
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif len(row) == 4 and ITEMS.fullmatch(row[1]):
            instead = f"{row[2]}. {row[3]}".rstrip(". ")
            for item in row[1].split(", "):
                yield item, Row(row[0], verdicts[item], instead, REFERENCES, (heading,))
        elif not row:
            for item in re.findall(rf"({ITEM.pattern}) [✓≈✗]", line):
                yield item, Row("", verdicts[item], "", REFERENCES, (heading,))


def ledger(book: Path = BOOK) -> dict[str, list[Row]]:
    """Return the rows of each item that stand in its home."""
    home = {item["id"]: item["chapter"] for item in inventory(book)}
    found: dict[str, list[Row]] = {item: [] for item in home}
    rows = [row for path in sorted(book.glob("*.ipynb")) for row in in_chapter(path)]
    for item, row in [*rows, *in_references(book)]:
        if home.get(item) == row.chapter:
            found[item].append(row)
    return found


def place(heading: str, chapter: str) -> str:
    """Return the link to a section; what is a link already stays.

    >>> place("What breaks", "data"), place("{doc}`data`", "online")
    ('{place}`What breaks <data>`', '{doc}`data`')
    """
    return heading if heading.startswith("{") else f"{{place}}`{heading} <{chapter}>`"


def page(book: Path = BOOK) -> str:
    """Return the list as MyST: a count, then a table for each article."""
    items, rows = inventory(book), ledger(book)
    articles = sorted({item["id"].split("-")[0] for item in items})
    lines = ["| article | items | ✓ right | ≈ imprecise | ✗ wrong |", "|---|---:|---:|---:|---:|"]
    for name, prefix in [*((article, article) for article in articles), ("all", "S")]:
        found = Counter(item["verdict"] for item in items if item["id"].startswith(prefix))
        told = " | ".join(str(found[verdict]) for verdict in SIGNS)
        lines.append(f"| {name} | {found.total()} | {told} |")
    for article in articles:
        lines += ["", f":::{{rubric}} {article}", f":name: items-{article.lower()}", ":::", ""]
        lines += ["| item | says | | instead | treated in |", "|---|---|---|---|---|"]
        for item in items:
            for row in rows[item["id"]] if item["id"].startswith(article) else []:
                places = "; ".join(place(heading, row.chapter) for heading in row.headings)
                sign = SIGNS[row.verdict]
                lines.append(f"| {item['id']} | {row.says} | {sign} | {row.instead} | {places} |")
    return "\n".join(lines)


class Place(SphinxRole):
    """``{place}`Heading <chapter>```: a link to a section by its heading."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a reference that is resolved when all headings are known."""
        heading, _, chapter = self.text.rpartition(" <")
        return [_Place("", heading=heading, chapter=chapter.rstrip(">"))], []


class _Place(nodes.General, nodes.Inline, nodes.Element):
    pass


def anchor(env: BuildEnvironment, document: str, heading: str) -> str | None:
    """Return the anchor of a section, "" for the page itself, None where there is no such one."""
    wanted = " ".join(re.sub(r"[`$*]", "", heading).split())
    for reference in env.tocs[document].findall(nodes.reference):
        if " ".join(reference.astext().split()) == wanted:
            return str(reference["anchorname"])
    return None


def link_places(app: Sphinx, doctree: nodes.document, document: str) -> None:
    """Put a link in place of each heading that an item names; an unknown one is a warning."""
    for node in list(doctree.findall(_Place)):
        target, heading = f"book/{node['chapter']}", node["heading"]
        text = nodes.inline("", heading)
        if target not in app.env.all_docs:
            node.replace_self(text)
            continue
        found = anchor(app.env, target, heading)
        if found is None:
            raise ValueError(f"{document}: {node['chapter']} has no heading {heading!r}")
        link = make_refnode(app.builder, document, target, found.removeprefix("#") or None, text)
        node.replace_self(link)


class SourceItems(SphinxDirective):
    """``{source-items}``: the list of all items of the articles."""

    def run(self) -> list[nodes.Node]:
        """Write the list as MyST and let the parser read it."""
        for path in [*BOOK.glob("*.ipynb"), BOOK / f"{REFERENCES}.md", BOOK / "source_items.json"]:
            self.env.note_dependency(str(path))
        box = nodes.container(classes=["source-list"])
        self.state.nested_parse(StringList(page().splitlines()), 0, box)
        return [box]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, the role and the resolution of its links."""
    app.add_directive("source-items", SourceItems)
    app.add_role("place", Place())
    app.add_node(_Place)
    app.connect("doctree-resolved", link_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
