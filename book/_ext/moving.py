"""Figures that move: the still of a figure becomes a drawing that answers, on the site only.

A figure of the class ``moving`` shows a committed picture, ``figures/moving-NAME.svg``, wherever
nothing can move. On the site it gets the numbers that ``book/moving/NAME.py`` computes with the
package, the same as a table, and the scripts ``kit.js`` and ``NAME.js``, which draw.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PREFIX = "moving-"
LIMIT = 200_000  # bytes of numbers in one page
COMPUTE = """
import json, runpy, sys
from pathlib import Path
sys.path.append(str(Path(sys.argv[1]).parent))  # for helpers; last, so that no name hides another
script = runpy.run_path(sys.argv[1])
data = script["data"]()
header, rows = script["table"](data)
print(json.dumps({"data": data, "header": header, "rows": rows}, allow_nan=False))
"""


def moving(doctree: nodes.document) -> dict[str, nodes.figure]:
    """Return the moving figures of a page by name, taken from the file name of their picture."""
    figures = [f for f in doctree.findall(nodes.figure) if "moving" in f["classes"]]
    pictures = {f: next(iter(f.findall(nodes.image)), None) for f in figures}
    names = {Path(image["uri"]).stem: f for f, image in pictures.items() if image is not None}
    wrong = [stem for stem in names if not stem.startswith(PREFIX)]
    if wrong or len(names) < len(figures):
        raise ExtensionError(f"moving figures: expected {PREFIX}NAME.svg, once each; found {wrong}")
    return {stem.removeprefix(PREFIX): figure for stem, figure in names.items()}


def sources(root: Path, name: str) -> list[Path]:
    """Return the files that a figure's numbers come from, apart from the package."""
    return [root / "book" / "moving" / f"{name}.py", *sorted(root.glob("book/moving/_*.py"))]


def digest(root: Path, name: str) -> str:
    """Return a hash of all that the numbers depend on: the package, the script, its helpers."""
    total = hashlib.sha256(COMPUTE.encode())
    package = (p for p in root.glob("attnrec_lite/**/*") if p.is_file() and p.suffix != ".pyc")
    for path in [*sorted(package), *sources(root, name)]:
        total.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def computed(root: Path, name: str) -> dict[str, Any]:
    """Return what a figure's script computes: ``data``, ``header`` and ``rows`` of its table.

    Args:
        root: of the repository.
        name: of the figure.

    Raises:
        ExtensionError: if there is no such script, it fails, or says too much for a page.
    """
    kept = root / "_build" / "moving" / f"{name}.json"
    if not sources(root, name)[0].exists():
        raise ExtensionError(f"moving figure {name}: no script book/moving/{name}.py")
    key = digest(root, name)
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf8"))
        if found.pop("key") == key:
            return found
    places = [str(root), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", COMPUTE, str(sources(root, name)[0])],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
        capture_output=True, encoding="utf8", check=False,
    )  # fmt: skip
    if done.returncode:
        raise ExtensionError(f"moving figure {name}: book/moving/{name}.py failed\n{done.stderr}")
    if len(done.stdout) > LIMIT:
        raise ExtensionError(f"moving figure {name}: {len(done.stdout)} bytes, at most {LIMIT}")
    found = json.loads(done.stdout.splitlines()[-1])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"key": key, **found}), encoding="utf8")
    return found


def table_html(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column names the rows.

    >>> table_html(["good", "weight"], [["kettle", "0.5"]])
    '<table><thead><tr><th scope="col">good</th><th scope="col">weight</th></tr></thead>\
<tbody><tr><th scope="row">kettle</th><td>0.5</td></tr></tbody></table>'
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def parts(name: str, found: dict[str, Any]) -> str:
    """Return what stands between the picture and the caption of a moving figure."""
    data = json.dumps(found["data"], separators=(",", ":")).replace("</", "<\\/")
    table = table_html(found["header"], found["rows"])
    return (
        f'<script type="application/json" data-moving="{escape(name)}">{data}</script>'
        '<details class="moving-numbers"><summary>The numbers as a table</summary>'
        f'<div class="pst-scrollable-table-container">{table}</div></details>'
    )


def depend(app: Sphinx, doctree: nodes.document) -> None:
    """Have the page read again when a script of one of its figures changes."""
    root = Path(app.srcdir)
    for name in moving(doctree):
        drawing = root / "book" / "_static" / "moving"
        for path in [*sources(root, name), drawing / "kit.js", drawing / f"{name}.js"]:
            app.env.note_dependency(str(path))


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put numbers and table into the figures of a page of the site."""
    if app.builder.name != "html":
        return
    for name, figure in moving(doctree).items():
        picture = next(iter(figure.findall(nodes.image)))
        html = parts(name, computed(Path(app.srcdir), name))
        place = picture.parent
        place.insert(place.index(picture) + 1, nodes.raw("", html, format="html"))


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the kit and the drawings on the pages that have moving figures, and only there."""
    names = moving(doctree) if doctree is not None and app.builder.name == "html" else {}
    for name in ["kit", *names] if names else []:
        app.add_js_file(f"moving/{name}.js", defer="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events."""
    app.connect("doctree-read", depend)
    app.connect("doctree-resolved", fill_in)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
