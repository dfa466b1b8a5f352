"""Repairs of markup that the theme and the extensions get wrong for assistive technology."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPAIRS = [
    # docutils: a deprecated role, and no list item inside role=list
    (r'role="doc-biblioentry"', 'role="listitem"'),
    # empty header cells, from pandas and from Markdown tables
    (r"<th(?: class=\"[^\"]*\")?>(?:<p></p>)?</th>", "<td></td>"),
    # Markdown task lists: checkboxes without a label
    (r'<input class="task-list-item-checkbox" checked="checked"',
     r'<input aria-label="done" class="task-list-item-checkbox" checked="checked"'),
    (r'<input class="task-list-item-checkbox" disabled',
     r'<input aria-label="to do" class="task-list-item-checkbox" disabled'),
    # myst-nb: a label that hides the visible text of "show code"
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # search button: its label differs from its visible text
    (r'(<button class="btn search-button-field[^>]*?)\s+aria-label="[^"]*"', r"\1"),
    # theme switch: Font Awesome turns the title into a second name
    (r'(<i class="theme-switch [^>]*?) title="[^"]*"', r'\1 aria-hidden="true"'),
    # sidebar: logo and search lie outside any landmark
    (r'(<(?:div|dialog|aside) id="pst-primary-sidebar")',
     r'\1 role="complementary" aria-label="Book"'),
]  # fmt: skip
RULES = [(re.compile(pattern), replacement) for pattern, replacement in REPAIRS]
REDIRECT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={target}">
<p><a href="{target}">Continue to the book</a></p></html>
"""


def repair(html: str) -> str:
    """Return a page with every repair applied; a repaired page comes back unchanged."""
    for pattern, replacement in RULES:
        html = pattern.sub(replacement, html)
    return html


def repair_pages(app: Sphinx, error: Exception | None) -> None:
    """Repair every page, and give the bare redirect of ``index.html`` a title and a link."""
    if error or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        if "_static" not in page.parts:
            old = page.read_text(encoding="utf8")
            if (new := repair(old)) != old:
                page.write_text(new, encoding="utf8")
    index = Path(app.outdir, "index.html")
    text = index.read_text(encoding="utf8") if index.exists() else ""
    if match := re.match(r'\s*<meta http-equiv="Refresh"[^>]*url=([^"\s]+)', text):
        page_title = str(app.config.html_title)
        index.write_text(REDIRECT.format(target=match[1], title=page_title), encoding="utf8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Run when the pages are written."""
    app.connect("build-finished", repair_pages, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
