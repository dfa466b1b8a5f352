"""Notebooks that travel: beside the site, one for every chapter that runs anywhere.

``notebooks/`` of the site holds them with the wheel that they install, and all of it once more as
one zip. Code cells are those of the book, untouched; Markdown is made plain (plain_markdown.py),
the drawings become cells, captions become text, and the first cell sets up (setup_cell.py). Where
the book is published from a repository, pages offer to open the notebook in Colab, which reads
notebooks from a repository: from the branch that the workflow `pages` pushes them to.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from base64 import b64encode
from html import escape
from pathlib import Path
from shutil import copy, rmtree
from typing import TYPE_CHECKING, Any

import nbformat
from docutils import nodes
from plain_markdown import Figure, pieces
from publish import REPOSITORY, base_url
from setup_cell import setup_code
from sphinx.errors import ExtensionError
from words import BookWords

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "notebooks"
BRANCH = "notebooks"
COLAB = "https://colab.research.google.com/github"
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # in Colab, and in Jupyter
Cell = nbformat.NotebookNode


def code_cell(source: str, name: str, **metadata: Any) -> Cell:
    """Return a code cell that the book's notebook does not have."""
    cell: Cell = nbformat.v4.new_code_cell(source, id=name, metadata=metadata)
    return cell


def drawing(figure: Figure, folder: Path) -> Cell:
    """Return a cell that draws a figure.

    Not Markdown: Colab shows neither attachments nor SVG there. Its code is folded in Jupyter and
    a form in Colab.
    """
    picture = b64encode((folder / figure.file).read_bytes()).decode()
    alt = escape(figure.alt)
    source = (
        "# @title The figure below is drawn by this cell\n"
        "from IPython.display import HTML\n\n"
        f'picture = "{picture}"\n'
        f'alt = """{alt}"""\n'
        'HTML(f\'<img alt="{alt}" style="width: 100%; max-width: 44rem; background: white" \'\n'
        "     f'src=\"data:image/svg+xml;base64,{picture}\">')"
    )
    return code_cell(source, figure.label[:60], **FOLDED)


def prose(cell: Cell, words: BookWords, folder: Path) -> list[Cell]:
    """Return the cells that a Markdown cell becomes: itself, and one for each drawing in it."""
    made: list[Cell] = []
    for piece in pieces(cell.source, words):
        if isinstance(piece, Figure):
            made.append(drawing(piece, folder))
        else:
            name = f"{cell.id[:60]}-{len(made)}" if made else cell.id
            made.append(nbformat.v4.new_markdown_cell(piece, id=name))
    return made


def program(cell: Cell, words: BookWords) -> list[Cell]:
    """Return a code cell as it is, with a caption below where the book has one."""
    metadata = {key: value for key, value in cell.metadata.items() if key != "mystnb"}
    made = [nbformat.v4.new_code_cell(cell.source, id=cell.id, metadata=metadata)]
    figure = cell.metadata.get("mystnb", {}).get("figure")
    if figure:
        caption = "\n\n".join(str(piece) for piece in pieces(figure["caption"], words))
        said = f"**Figure {words.number(figure['name'])}.** {caption}"
        made.append(nbformat.v4.new_markdown_cell(said, id=f"{cell.id[:55]}-said"))
    return made


def export(source: Path, words: BookWords, setup: str) -> nbformat.NotebookNode:
    """Return the notebook of one chapter, ready to travel.

    Args:
        source: the book's notebook.
        words: what its references say.
        setup: code of the first cell.

    Raises:
        ExtensionError: something in it has no plain form.
    """
    book = nbformat.read(source, as_version=4)
    made, solved = [code_cell(setup, "set-up")], False
    for cell in book.cells:
        try:
            prosaic = cell.cell_type == "markdown"
            cells = prose(cell, words, source.parent) if prosaic else program(cell, words)
        except ValueError as error:
            raise ExtensionError(f"{source.name}, cell {cell.id}: {error}") from error
        if solved and not prosaic:
            cells[0].metadata |= FOLDED  # an answer is not to be seen before it is asked for
        solved = prosaic and "{solution-start}" in cell.source
        made += cells
    if works := words.works():
        text = "\n".join(["## References", "", *works])
        made.append(nbformat.v4.new_markdown_cell(text, id="references"))
    kept = ("kernelspec", "language_info")
    metadata = {key: book.metadata[key] for key in kept if key in book.metadata}
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=made, metadata=metadata)
    return notebook


def notebooks(app: Sphinx) -> dict[str, Path]:
    """Return the pages that are notebooks, each with its file."""
    found = {name: Path(str(app.env.doc2path(name))) for name in sorted(app.env.found_docs)}
    return {name: path for name, path in found.items() if path.suffix == ".ipynb"}


def pack(folder: Path) -> None:
    """Put a folder's files into one zip there, the same bytes for the same files."""
    files = sorted(folder.iterdir())
    with zipfile.ZipFile(folder / "notebooks.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.name}")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def wheel_of(app: Sphinx) -> Path | None:
    """Return the wheel that build.py has made; None where no notebook is exported.

    That is: for other outputs than the site, without build.py, and for a chapter by itself, where
    the others have not run, so that references to their figures lead nowhere.
    """
    if app.builder.name != "html" or os.environ.get("ATTNREC_CHAPTER"):
        return None
    return next(Path(app.srcdir, "_build", "wheel").glob("*.whl"), None)


def export_all(app: Sphinx, error: Exception | None) -> None:
    """Write every notebook, the wheel and the zip into the site."""
    wheel = wheel_of(app)
    if error or wheel is None:
        return
    target = Path(app.outdir, FOLDER)
    rmtree(target, ignore_errors=True)
    target.mkdir()
    copy(wheel, target)
    base = base_url()
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    setup = setup_code(wheel.name, sha256, f"{base}{FOLDER}/" if base else "")
    pages = notebooks(app)
    names = {path.stem for path in pages.values()}
    for name, path in pages.items():
        made = export(path, BookWords(app.builder, name, names), setup)
        nbformat.validate(made)
        (target / path.name).write_text(nbformat.writes(made) + "\n", encoding="utf8")
    pack(target)


def colab_address(name: str) -> str:
    """Return where Colab opens a notebook; '' where no site or no repository is configured."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    known = base_url() and REPOSITORY.fullmatch(repository)
    return f"{COLAB}/{repository}/blob/{BRANCH}/{name}.ipynb" if known else ""


def offer(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let the download menu offer this notebook, and not the source with its MyST."""
    name = page.rsplit("/", 1)[-1]
    if doctree is None or page not in notebooks(app) or wheel_of(app) is None:
        return
    groups = [b for b in context.get("header_buttons", []) if b.get("label") == "download-buttons"]
    for button in (button for group in groups for button in group["buttons"]):
        if button["label"] == "download-source-button":
            button["url"] = f"{context['pathto'](FOLDER, 1)}/{name}.ipynb"
            button["tooltip"] = "Download this chapter as a notebook for Jupyter and Colab"


def invite(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Name the notebook beside the run time, and Colab where it can be opened there."""
    lines = [node for node in doctree.findall(nodes.paragraph) if "run-time" in node["classes"]]
    if not lines or wheel_of(app) is None:
        return
    name = docname.rsplit("/", 1)[-1]
    up = "../" * docname.count("/")
    links = {"notebook to take along": f"{up}{FOLDER}/{name}.ipynb"}
    if address := colab_address(name):
        links["open in Colab"] = address
    for text, address in links.items():
        lines[0] += [nodes.Text(" · "), nodes.reference("", text, refuri=address)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Run after everything that writes into the site and its pages."""
    app.connect("doctree-resolved", invite, priority=600)  # after the run time: chapter_meta
    app.connect("html-page-context", offer, priority=950)  # after the theme
    app.connect("build-finished", export_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
