"""Notebooks that travel: nothing of MyST left, the book's code untouched, the very wheel installed.

That their code runs outside of the repository is proved by the build itself, which executes it
there with the wheel (test_build.py), and by `make travel` with nothing but what the wheel needs.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sysconfig
import threading
import venv
import zipfile
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from execute import notebooks
from packing import make_wheel, sha256
from plain_markdown import is_directive, parser, pieces
from publish import base_url
from setup_cell import setup_code
from travel import colab_address

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SOURCES = notebooks(ROOT)
NAMES = {path.stem for path in SOURCES}
SITE = f"{base_url()}notebooks/" if base_url() else ""
RAW = re.compile(r"^:{3,}|^`{3,}\{|\{[a-z]+(?::[a-z]+)?\}`|^\([\w-]+\)=$|^\+\+\+|^%", re.MULTILINE)
MYST = {"myst_target", "myst_role", "myst_block_break", "myst_line_comment", "math_block_label"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^(`{3,}).*?^\1`*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
each = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def folder(site) -> Path:
    return site / "notebooks"


@pytest.fixture(scope="session")
def wheel(folder) -> Path:
    (found,) = folder.glob("*.whl")
    return found


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


def prose(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def test_the_site_holds_every_notebook_the_wheel_and_all_of_it_once_more(folder, wheel):
    assert len(NAMES) == 21
    expected = {f"{name}.ipynb" for name in NAMES} | {wheel.name, "notebooks.zip"}
    assert {path.name for path in folder.iterdir()} == expected
    with zipfile.ZipFile(folder / "notebooks.zip") as archive:
        inside = {
            name.removeprefix("notebooks/"): archive.read(name) for name in archive.namelist()
        }
    assert inside.keys() == expected - {"notebooks.zip"}
    assert all(data == (folder / name).read_bytes() for name, data in inside.items())


@each
def test_code_is_that_of_the_book_and_nothing_has_run(folder, source):
    made = [c for c in read(folder / source.name).cells if c.cell_type == "code"]
    mine = {c.id: c.source for c in read(source).cells if c.cell_type == "code"}
    assert [(c.id, c.source) for c in made if c.id in mine] == list(mine.items())
    added = [c for c in made if c.id not in mine]
    assert added[0] is made[0]
    assert all("image/svg+xml;base64" in c.source for c in added[1:])
    assert not any(c.outputs or c.execution_count for c in made)


@each
def test_solutions_are_folded_and_nothing_else_of_the_book_is(folder, source):
    made = read(folder / source.name).cells
    told = [before.source for before in made[:-1]]
    folded = {
        after.id for text, after in zip(told, made[1:], strict=True)
        if re.search(r"^#### Solution of.*\Z", text, re.M)
    }  # fmt: skip
    assert len(folded) == (0 if source.stem == "intro" else 6)
    mine = {cell.id for cell in read(source).cells}
    hidden = {c.id for c in made if c.metadata.get("jupyter", {}).get("source_hidden")}
    assert hidden & mine == folded
    assert all(c.metadata.cellView == "form" for c in made if c.id in hidden)


@each
def test_nothing_of_myst_is_left(folder, source):
    for text in prose(folder / source.name):
        tokens = parser().parse(text)
        leaves = [leaf for token in tokens for leaf in token.children or ()]
        assert not {token.type for token in [*tokens, *leaves]} & MYST, text
        assert not any(map(is_directive, tokens)), text
        assert not RAW.search(CODE.sub("", text)), text


@each
def test_links_lead_to_a_sibling_or_to_what_the_book_names(site, folder, source):
    """No file beside the notebook is needed, and no address is new."""
    named = source.read_text(encoding="utf8")
    named += (site / "book" / "references.html").read_text(encoding="utf8")
    for text in prose(folder / source.name):
        assert "<img" not in text
        for link in LINK.findall(CODE.sub("", text)):
            if "://" in link:
                assert link in named, link
            else:
                assert link in {f"{name}.ipynb" for name in NAMES}, link


@each
def test_numbers_are_those_of_the_page(site, folder, source):
    text = "\n".join(prose(folder / source.name))
    page = soup(site / "book" / f"{source.stem}.html")
    equations = re.findall(r"\d+\.\d+", " ".join(t.get_text() for t in page.select("span.eqno")))
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == equations
    captions = [tag.get_text().strip() for tag in page.select("figcaption .caption-number")]
    assert re.findall(r"^\*\*(Figure [\d.]+)\.\*\*", text, re.M) == captions
    numbers = [tag.get_text().strip() for tag in page.select(".exercise .caption-number")]
    assert re.findall(r"^### (Exercise [\d.]+):", text, re.M) == numbers
    assert len(re.findall(r"^#### Solution of", text, re.M)) == len(numbers)


@each
def test_drawings_are_told_to_who_cannot_see_them(folder, source):
    cells = read(folder / source.name).cells
    for cell, below in pairwise(cells):
        if "image/svg+xml" in cell.source:
            assert len(re.search(r'alt = """(.*?)"""', cell.source, re.S)[1]) > 40
            assert below.source.startswith("**Figure ")


class NoWords:
    """Words for texts that hold no reference."""

    def role(self, *given):
        raise AssertionError(given)

    link = number = role


@pytest.mark.parametrize(
    "text",
    ["```{nodirective}\nx\n```", "````{note} a\n```{figure} b\n:name: c\n```\n````"],
)
def test_what_has_no_plain_form_is_refused(text):
    words = NoWords()
    words.number = lambda label: "1"
    with pytest.raises(ValueError, match="expected"):
        pieces(text, words)


@pytest.mark.parametrize("text", ["Write `` {eq}`a` `` so.", "```text\n{eq}`a`\n+++\n```"])
def test_an_example_of_myst_stays_an_example(text):
    assert pieces(text, NoWords()) == [text]


def test_the_wheel_is_the_same_again_and_holds_the_whole_package(wheel, tmp_path):
    before = os.umask(0o077)
    try:
        again = make_wheel(ROOT, tmp_path / "again")
    finally:
        os.umask(before)
    assert again.name == wheel.name
    assert sha256(again) == sha256(wheel)
    package = [path for path in (ROOT / "attnrec_lite").rglob("*") if path.is_file()]
    listed = {path.relative_to(ROOT).as_posix() for path in package if path.suffix != ".pyc"}
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("attnrec_lite/")}
    assert inside == listed


def test_first_cells_are_one_and_name_the_wheel_of_the_site(folder, wheel):
    firsts = {read(folder / f"{name}.ipynb").cells[0].source for name in NAMES}
    assert firsts == {setup_code(wheel.name, sha256(wheel), SITE)}
    ast.parse(firsts.pop())


@pytest.mark.parametrize(
    ("base", "repository", "address"),
    [
        ("", "", ""),
        ("", "some/one", ""),
        ("https://books.example/a", "", ""),
        ("https://books.example/a", "no repository", ""),
        ("https://books.example/a", "some/one",
         "https://colab.research.google.com/github/some/one/blob/notebooks/x.ipynb"),
    ],
)  # fmt: skip
def test_colab_is_named_only_with_a_site_and_a_repository(monkeypatch, base, repository, address):
    monkeypatch.setenv("ATTNREC_BASE_URL", base)
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    assert colab_address("x") == address


@each
def test_the_page_offers_its_notebook_and_not_the_source(site, folder, source):
    page = soup(site / "book" / f"{source.stem}.html")
    for link in (".btn-download-source-button", "p.run-time a"):
        found = site / "book" / page.select_one(link)["href"]
        assert found.resolve() == (folder / source.name).resolve()
    assert bool(page.select("a[href*='colab.research']")) == bool(colab_address(source.stem))


# The first cell, in an environment where only attnrec_lite is missing.


@pytest.fixture(scope="module")
def away(tmp_path_factory) -> Path:
    """Python of an environment that sees the packages of this one, without our editable install."""
    place = tmp_path_factory.mktemp("away") / "venv"
    venv.create(place, with_pip=False)
    variables = {"base": str(place), "platbase": str(place)}
    inside = Path(sysconfig.get_path("purelib", "venv", vars=variables))
    (inside / "others.pth").write_text(sysconfig.get_path("purelib"))  # their .pth are not read
    return place / "bin" / "python"


def start(python: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(python), *command], cwd=folder, env=kept, capture_output=True, text=True, check=False
    )


WHERE = ("-c", "import attnrec_lite; print(attnrec_lite.__file__)")
WELL = "attnrec_lite 0.1.0 on CPU\n"


def test_the_first_cell_installs_this_very_wheel_once(away, wheel, tmp_path):
    code = setup_code(wheel.name, sha256(wheel), "")
    (tmp_path / "cell.py").write_text(code)
    assert "ModuleNotFoundError" in start(away, tmp_path, *WHERE).stderr
    lost = start(away, tmp_path, "cell.py")
    assert f"FileNotFoundError: put {wheel.name} beside this notebook" in lost.stderr
    beside = tmp_path / wheel.name
    beside.write_bytes(wheel.read_bytes() + b"x")
    assert "DO NOT MATCH THE HASHES" in start(away, tmp_path, "cell.py").stderr
    assert "ModuleNotFoundError" in start(away, tmp_path, *WHERE).stderr
    shutil.copy(wheel, beside)
    good = start(away, tmp_path, "cell.py")
    assert (good.stdout, good.stderr) == (WELL, "")
    assert start(away, tmp_path, *WHERE).stdout.startswith(str(away.parents[1]))
    beside.unlink()
    assert start(away, tmp_path, "cell.py").stdout == WELL, "it is there and not installed again"
    (tmp_path / "cell.py").write_text(code.replace(sha256(wheel), "0" * 64))
    assert "FileNotFoundError" in start(away, tmp_path, "cell.py").stderr, "another edition"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_the_first_cell_takes_the_wheel_from_the_site_that_is_configured(away, wheel, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(wheel.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    start(away, tmp_path, "-m", "pip", "uninstall", "--yes", "--quiet", "attnrec_lite")
    site = f"http://127.0.0.1:{server.server_port}/"
    (tmp_path / "cell.py").write_text(setup_code(wheel.name, sha256(wheel), site))
    done = start(away, tmp_path, "cell.py")
    server.shutdown()
    assert (done.stdout, done.stderr) == (WELL, "")


def test_an_exported_notebook_runs_from_start_to_end_with_the_wheel(away, folder, wheel, tmp_path):
    shutil.copy(wheel, tmp_path)
    notebook = nbformat.read(folder / "by-hand.ipynb", as_version=4)
    where = "import attnrec_lite, json; print(json.dumps(attnrec_lite.__file__))"
    notebook.cells.append(nbformat.v4.new_code_cell(where))
    path = tmp_path / "by-hand.ipynb"
    nbformat.write(notebook, path)
    run = "from nbclient.cli import NbClientApp; NbClientApp.launch_instance()"
    done = start(away, tmp_path, "-c", run, "--inplace", path.name)
    assert done.returncode == 0, done.stderr
    outputs = nbformat.read(path, as_version=4).cells[-1].outputs
    assert json.loads(outputs[0].text).startswith(str(away.parents[1]))
