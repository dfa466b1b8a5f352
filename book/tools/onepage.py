"""The whole book as one HTML file that needs nothing beside it.

The pages of the built site are joined, not rendered again: a number on the one page cannot differ
from the site's, and no cell runs twice. Links between pages become links inside the page; styles,
pictures, MathJax and its fonts are written into the file, so that it can be mailed and opened
anywhere. What moves in the site stands still here, as it does on paper.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Collection
from html import escape, unescape
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import yaml
from execute import documents

HERE = Path(__file__).parent
URL = re.compile(r"""url\(\s*(?!["']?data:)(?:"[^"]*"|'[^']*'|[^)"']*)\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"');]+)["']?\)?;""")
TAG = re.compile(r"""<[a-z][\w-]*(?:\s+[^\s=>/]+(?:="[^"]*"|='[^']*')?)*\s*/?>""")
ID = re.compile(r' id="([^"]*)"')
HREF = re.compile(r' href="([^"]*)"')
SOURCE = re.compile(r' src="(?!data:)([^"]*)"')
REFER = re.compile(r' (for|aria-labelledby|aria-describedby|aria-controls)="([^"]*)"')
STYLE = re.compile(r'<link [^>]*?href="([^"?]*\.css)[^>]*>')
SETTINGS = re.compile(r"window\.MathJax = \{.*\}")
HEADING = re.compile(
    r'<section[^>]* id="([^"]*)">\s*(?:<span id="[^"]*"></span>)*<h[12]>(.*?)</h[12]>'
)
NOT_HERE = re.compile(
    r"<(script|style|button)\b.*?</\1>|<a class=\"headerlink\".*?</a>| tabindex=\"0\"", re.DOTALL
)
FIELD = re.compile(r'<input(?![^>]*type="checkbox")(?:[^>]*? value="(?P<value>[^"]*)")?[^>]*>')
FONT = re.compile(r"%%URL%%/(MathJax_[\w-]+\.woff)")
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".woff": "font/woff"}
CONTENTS, COVER = "contents", "title-page"
PAGE = """<!doctype html>
<html lang="{language}" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="author" content="{author}">
<meta name="description" content="{title}: the whole book on one page.">
<link rel="icon" href="{icon}">
<title>{title}</title>
{style}
</head>
<body>
<div class="skip-link d-print-none"><a href="#{contents}">Skip to the contents</a></div>
<main class="bd-main" id="main-content"><div class="bd-content"><div class="bd-article-container">
<article class="bd-article">
{body}
</article>
</div></div></main>
<script>{script}</script>
<script>{mathjax}</script>
</body>
</html>
"""


def embedded(path: Path) -> str:
    """Return a file as a ``data:`` address."""
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{TYPES[path.suffix]};base64,{content}"


def tags(rule: Callable[[str], str], text: str) -> str:
    """Return a page with a rule applied to every opening tag, and to nothing that is text."""
    return TAG.sub(lambda match: rule(match[0]), text)


def article(page: str) -> str:
    """Return the text of a page without what only works in the site: it stands still.

    >>> article('<article class="bd-article">A<script>1</script> <input value="3"></article>')
    'A <b class="given">3</b>'
    """
    text = page[page.index(">", page.index('<article class="bd-article"')) + 1 :]
    text = NOT_HERE.sub("", text[: text.rindex("</article>")])
    text = FIELD.sub(lambda match: f'<b class="given">{match["value"] or ""}</b>', text)
    return text


def rename(texts: dict[str, str]) -> dict[str, str]:
    """Make every id the only one of its name in the book; links follow.

    An id that several pages use gets the page's name in front. An id that a page itself uses
    twice stays with the first element only, where links lead in the site too.

    >>> rename({"a": '<p id="x"><a href="b.html#x">', "b": '<p id="x"><p id="x"><p id="y">'})
    {'a': '<p id="a--x"><a href="#b--x">', 'b': '<p id="b--x"><p><p id="y">'}
    """
    used = {
        name: {i for tag in TAG.findall(text) for i in ID.findall(tag)}
        for name, text in texts.items()
    }
    pages = Counter(place for places in used.values() for place in places)

    def new(name: str, place: str) -> str:
        return place if pages[place] == 1 else f"{name}--{place}"

    def link(name: str, href: str) -> str | None:
        """Return the address inside of the one page, or none for what lies beside the book."""
        address, place = urldefrag(unquote(unescape(href)))
        target = Path(address).stem if address else name
        if address and not (target in texts and re.fullmatch(r"[\w-]+\.html", address)):
            return None
        if place and place not in used[target]:
            raise ValueError(f"{name}: expected a link to a place that exists; received {href}")
        return f"#{new(target, place) if place else f'page-{target}'}"

    def rewrite(name: str, text: str) -> str:
        seen: set[str] = set()

        def place(match: re.Match[str]) -> str:
            first = match[1] not in seen
            seen.add(match[1])
            return f' id="{new(name, match[1])}"' if first else ""

        def follow(match: re.Match[str]) -> str:
            if re.match(r"[a-z]+:", match[1]):
                return match[0]
            address = link(name, match[1])
            return f' href="{address}"' if address else ""

        def refer(match: re.Match[str]) -> str:
            return f' {match[1]}="{" ".join(new(name, i) for i in match[2].split())}"'

        return tags(lambda tag: REFER.sub(refer, HREF.sub(follow, ID.sub(place, tag))), text)

    return {name: rewrite(name, text) for name, text in texts.items()}


def pictures(text: str, folder: Path) -> str:
    """Write every picture into the page."""

    def put(match: re.Match[str]) -> str:
        return f' decoding="async" src="{embedded(folder / unquote(match[1]))}"'

    return tags(lambda tag: SOURCE.sub(put, tag) if tag.startswith("<img") else tag, text)


def styles(site: Path, page: str) -> str:
    """Return the site's styles in their order, then those of one page and paper."""

    def read(path: Path) -> str:
        text = IMPORT.sub(
            lambda match: read(path.parent / match[1]), path.read_text(encoding="utf8")
        )
        return URL.sub("none", text).replace('@charset "UTF-8";', "")

    sheets = [read(site / "book" / href) for href in STYLE.findall(page)]
    sheets.append((HERE / "onepage.css").read_text(encoding="utf8"))
    return "\n".join(f"<style>{sheet}</style>" for sheet in sheets)  # a fault stays in its own


def mathjax(site: Path, page: str) -> str:
    """Return MathJax with its fonts inside, told to typeset what comes into view.

    Args:
        site: the built site.
        page: a page with formulas, which holds the settings.
    """
    folder = site / "_static" / "mathjax"
    fonts = folder / "output" / "chtml" / "fonts" / "woff-v2"
    package = Path(str(import_module("sphinx-mathjax-offline").__file__)).parent
    lazy = package / "static" / "mathjax" / "ui" / "lazy.js"
    extensions = sorted((folder / "input" / "tex" / "extensions").glob("boldsymbol.js"))
    names = [f"[tex]/{path.stem}" for path in extensions]
    settings = SETTINGS.search(page)
    assert settings is not None
    script = FONT.sub(
        lambda match: embedded(fonts / match[1]),
        (folder / "tex-chtml.js").read_text(encoding="utf8"),
    )
    more = "\n".join(path.read_text(encoding="utf8") for path in [*extensions, lazy])
    whole = f"{settings[0]};\n{script}\nMathJax.loader.preLoad(...{names});\n{more}"
    return whole.replace("</script", r"<\/script")


def headings(text: str) -> list[tuple[str, str]]:
    """Return the title of a page and of its sections, each with the id that leads there."""
    found = HEADING.findall(text)
    return [(place, re.sub(r"<[^>]+>|¶", "", inner).strip()) for place, inner in found]


def contents(texts: dict[str, str], parts: list[dict[str, Any]]) -> str:
    """Return the table of contents: parts, chapters, and the sections of chapters."""

    def rows(found: list[tuple[str, str]]) -> str:
        return "".join(f'<li><a href="#{place}">{words}</a></li>' for place, words in found)

    def chapter(name: str) -> str:
        (_, words), *sections = headings(texts[name])
        inner = f"<ul>{rows(sections)}</ul>" if sections else ""
        return f'<li><a href="#page-{name}">{words}</a>{inner}</li>'

    body = ""
    for part in parts:
        names = [Path(str(row["file"])).name for row in part["chapters"]]
        chapters = "".join(chapter(name) for name in names if name in texts)
        body += f"<p class='part'>{escape(str(part['caption']))}</p><ul>{chapters}</ul>"
    return f'<nav id="{CONTENTS}" aria-label="Contents"><h1>Contents</h1>{body}</nav>'


def assemble(root: Path, site: Path, only: Collection[str] = ()) -> str:
    """Return the book as one page.

    Args:
        root: the project.
        site: its built site.
        only: show these pages, for a quick look at their print; the others' places are known, and
            links to them lead nowhere.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    files = {Path(name).name: site / f"{name}.html" for name in documents(toc)}
    pages = {name: path.read_text(encoding="utf8") for name, path in files.items()}
    texts = rename({name: article(page) for name, page in pages.items()})
    texts = {name: text for name, text in texts.items() if not only or name in only}
    cover = (
        f"<h1>{escape(config['title'])}</h1><p>{escape(config['author'])}, "
        f"{escape(config['copyright'])}</p><p>Text and figures: CC BY 4.0. Code: MIT.</p>"
    )
    body = [f'<header id="{COVER}">{cover}</header>', contents(texts, toc["parts"])]
    for name, text in texts.items():
        shown = pictures(text, files[name].parent)
        body.append(f'<div class="page" id="page-{name}">{shown}</div>')
    first = next(iter(pages.values()))
    return PAGE.format(
        language=config["sphinx"]["config"]["language"],
        author=escape(config["author"]), title=escape(config["title"]), contents=CONTENTS,
        icon=embedded(site / "_static" / "favicon.svg"), style=styles(site, first),
        body="\n".join(body), mathjax=mathjax(site, next(filter(SETTINGS.search, pages.values()))),
        script=(HERE / "onepage.js").read_text(encoding="utf8"),
    )  # fmt: skip
