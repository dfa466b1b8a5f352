"""What depends on where the book is published, taken from the environment and nowhere else.

``ATTNREC_BASE_URL``   the site's address: canonical links, card picture, sitemap, robots.txt
``GITHUB_REPOSITORY``  "owner/name": the repository button

Without them the site names no address, so that no page points to a place that nobody owns.
"""

from __future__ import annotations

import os
import re
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

GIVEN = re.compile(
    r'<meta (?:name="description" content="([^"]*)"|content="([^"]*)" name="description")'
)
CARD_ALT = "Attention for Recommenders: five goods, and how much attention each one gets"
ABOUT = {"run-time", "needs"}  # lines about the page, not of it
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def base_url() -> str:
    """Return the configured address of the site with one slash at the end, or ''."""
    address = os.environ.get("ATTNREC_BASE_URL", "").strip()
    return address.rstrip("/") + "/" if address else ""


def add_repository(app: Sphinx, config: Config) -> None:
    """Offer the repository button where a repository is known."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if REPOSITORY.fullmatch(repository):
        config.html_theme_options |= {
            "repository_url": f"https://github.com/{repository}",
            "repository_branch": os.environ.get("ATTNREC_BRANCH", "main"),
            "path_to_docs": ".",
            "use_repository_button": True,
            "use_issues_button": True,
        }


def description(doctree: nodes.document, limit: int = 160) -> str:
    """Return the first paragraph of a page, cut at a word where it is longer than ``limit``."""
    for node in doctree.findall(nodes.paragraph):
        text = " ".join(node.astext().split())
        if ABOUT.isdisjoint(node["classes"]) and len(text) >= 40:
            cut = text[:limit].rsplit(" ", 1)[0].rstrip(",;:")
            return text if len(text) <= limit else f"{cut} …"
    return ""


def add_meta(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the description and the Open Graph tags; those with an address only where one is known.

    A notebook overrides its description through its metadata: ``myst.html_meta.description``.
    """
    book, before = str(app.config.html_title), context.get("metatags", "")
    if doctree is None:  # search, index
        said = escape(f"{context.get('title', 'Search')}: {book}")
        context["metatags"] = f'{before}\n<meta name="description" content="{said}" />'
        return
    cover = page == app.config.root_doc
    title = book if cover else re.sub("<.*?>", "", context["title"])
    if cover:
        context["title"], context["docstitle"] = title, ""  # the book's name, once
    given = GIVEN.search(before)
    said = unescape(given[1] or given[2]) if given else description(doctree)
    said = said or f"{title}, a page of the executable book {book}"
    tags = {"og:type": "website", "og:site_name": book, "og:title": title, "og:description": said}
    if base := base_url():
        tags["og:url"] = base + app.builder.get_target_uri(page)
        tags |= {"og:image": f"{base}_static/card.png", "og:image:alt": CARD_ALT}
        tags |= {"og:image:width": "1200", "og:image:height": "630"}
    lines = [f'<meta property="{name}" content="{escape(text)}" />' for name, text in tags.items()]
    if not given:
        lines.append(f'<meta name="description" content="{escape(said)}" />')
    if base:
        lines.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = "\n".join([before, *lines])


def write_robots(app: Sphinx, error: Exception | None) -> None:
    """Point search engines to the sitemap."""
    if not error and app.builder.format == "html":
        text = f"User-agent: *\nAllow: /\nSitemap: {base_url()}sitemap.xml\n"
        Path(app.outdir, "robots.txt").write_text(text, encoding="utf8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up the parts that the environment asks for."""
    base = base_url()
    config: Any = app.config
    if base:
        config.html_baseurl = base
        app.setup_extension("sphinx_sitemap")
        config.sitemap_url_scheme = "{link}"
        app.connect("build-finished", write_robots)
    app.connect("config-inited", add_repository)
    app.connect("html-page-context", add_meta)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
