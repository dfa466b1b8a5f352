"""The build: what is stale is made again, and what is broken does not pass."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from build import build, build_chapter, digest, drop_stale, fingerprints, listing, main
from execute import documents, warnings_in
from packing import FILES

ROOT = Path(__file__).resolve().parents[2]
TOC = {
    "format": "jb-book",
    "root": "book/intro",
    "defaults": {"numbered": True},
    "parts": [{"caption": "One", "chapters": [{"file": "book/scores-and-weights"}]}],
}
READ_VALUE = """
import os
from pathlib import Path

import attnrec_lite

beside = Path(attnrec_lite.__file__).with_name("value.txt")
print(beside.read_text())
print("package at", attnrec_lite.__file__)
print("folder", os.getcwd(), "holds", os.listdir())
"""


def write(path: Path, *cells: str) -> None:
    """Write a notebook: cells that start with '#' are text, the others code."""
    new = nbformat.v4
    made = [new.new_markdown_cell(c) if c[0] == "#" else new.new_code_cell(c) for c in cells]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new.new_notebook(cells=made, metadata={"kernelspec": kernel})
    path.write_text(nbformat.writes(notebook), encoding="utf8")


@pytest.fixture
def mini(tmp_path, monkeypatch):
    """A book of two small notebooks with the extensions of the real one."""
    for name in ("ATTNREC_BASE_URL", "GITHUB_REPOSITORY", "ATTNREC_CHAPTER"):
        monkeypatch.delenv(name, raising=False)
    book = tmp_path / "book"
    shutil.copytree(ROOT / "book" / "_ext", book / "_ext")
    shutil.copytree(ROOT / "book" / "_static", book / "_static")
    shutil.copytree(ROOT / "book" / "tools", book / "tools")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (book / "references.bib").write_text("")
    (tmp_path / "attnrec_lite").mkdir()
    (tmp_path / "attnrec_lite" / "value.txt").write_text("first value")
    (tmp_path / "attnrec_lite" / "__init__.py").write_text('"""A package in small."""\n')
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    packaging = (tmp_path / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(packaging.replace('"py.typed"', '"value.txt"'))
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(TOC))
    said = "A small book that stands in for the large one, so that its build is quick."
    write(book / "intro.ipynb", f"# Small\n\n{said}\n\nSee {{eq}}`one`.", "print('intro ran')")
    write(
        book / "scores-and-weights.ipynb",
        "# Scores\n\n$$a = b$$ (one)",
        "## Dot\n\n```{figure} dot.svg\n:name: dot\n:alt: a dot\n\nA dot.\n```",
        READ_VALUE,
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'
    (book / "dot.svg").write_text(svg)
    return tmp_path


def page(root: Path, name: str = "scores-and-weights") -> str:
    return (root / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf8")


@pytest.mark.slow
def test_fresh_book_is_kept_a_removed_page_or_an_edit_of_the_package_builds_it_again(mini, capfd):
    assert build(mini) == 0
    assert "first value" in page(mini)
    capfd.readouterr()
    assert build(mini) == 0
    assert "Nothing changed" in capfd.readouterr().out
    (mini / "_build" / "html" / "book" / "intro.html").unlink()
    assert build(mini) == 0
    assert "intro ran" in page(mini, "intro")
    (mini / "attnrec_lite" / "value.txt").write_text("second value")
    assert build(mini) == 0
    assert "second value" in page(mini)
    assert "first value" not in page(mini)


@pytest.mark.slow
def test_notebooks_run_outside_of_the_repository_with_the_wheel(mini, capfd):
    assert build(mini) == 0
    said = page(mini)
    where = re.search(r"package at (\S+)", said)[1]
    folder, beside = re.search(r"folder (\S+) holds (\[.*?\])", said).groups()
    for path in (where, folder):
        assert not Path(path).is_relative_to(mini), path
        assert not Path(path).is_relative_to(ROOT), path
    assert beside == "[]"
    packaging = (mini / "pyproject.toml").read_text()
    (mini / "pyproject.toml").write_text(packaging.replace('"value.txt"', '"py.typed"'))
    assert build(mini) != 0, "value.txt is in the repository, and not in the wheel any more"
    assert "FileNotFoundError" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("print('before')\n1 / 0", "ZeroDivisionError"),
        ("import warnings\nwarnings.warn('do not', RuntimeWarning)", "RuntimeWarning: do not"),
        ("import logging\nlogging.getLogger('tensorflow').warning('x')\n"
         "import sys\nprint('WARNING:tensorflow:x', file=sys.stderr)", "WARNING:tensorflow:x"),
    ],
)  # fmt: skip
def test_failing_cell_or_warning_stops_the_build_each_time(mini, capfd, cell, said):
    write(mini / "book" / "intro.ipynb", "# Small", cell)
    for _ in range(2):
        assert build(mini) != 0
        error = capfd.readouterr().err
        assert "book/intro.ipynb" in error
        assert said in error


@pytest.mark.slow
@pytest.mark.parametrize("text", ["{numref}`nowhere`", "```{nodirective}\n```"])
def test_broken_page_stops_the_build_each_time(mini, text):
    write(mini / "book" / "intro.ipynb", f"# Small\n\n{text}", "print('intro ran')")
    assert build(mini) != 0
    assert build(mini) != 0, "the second build must not believe what the first one left"


@pytest.mark.slow
def test_numbers_agree_and_an_address_is_named_only_when_configured(mini, monkeypatch):
    assert build(mini) == 0
    assert 'section-number">2. ' in page(mini)
    assert '<span class="eqno">(2.1)' in page(mini)
    assert 'caption-number">Figure 2.1' in page(mini)
    assert ">(2.1)</a>" in page(mini, "intro")
    assert "2. Scores" in page(mini, "intro"), "the sidebar agrees"
    html = mini / "_build" / "html"
    assert not (html / "sitemap.xml").exists()
    assert not (html / "robots.txt").exists()
    assert "og:image" not in page(mini)
    assert "github.com" not in page(mini)
    assert "colab.research" not in page(mini)
    notebook = html / "notebooks" / "scores-and-weights.ipynb"
    assert 'SITE = \\"\\"' in notebook.read_text()
    assert "://" not in notebook.read_text()
    monkeypatch.setenv("ATTNREC_BASE_URL", "https://books.example/attention")
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/book")
    assert build(mini) == 0
    base = "https://books.example/attention/"
    assert f"{base}book/intro.html" in (html / "sitemap.xml").read_text()
    assert f"Sitemap: {base}sitemap.xml" in (html / "robots.txt").read_text()
    assert f'property="og:image" content="{base}_static/card.png"' in page(mini)
    assert f'<link rel="canonical" href="{base}book/scores-and-weights.html"' in page(mini)
    assert "https://github.com/someone/book" in page(mini)
    colab = "https://colab.research.google.com/github/someone/book/blob/notebooks/"
    assert f'href="{colab}scores-and-weights.ipynb"' in page(mini)
    assert f'SITE = \\"{base}notebooks/\\"' in notebook.read_text()


@pytest.mark.slow
def test_one_chapter_is_built_without_running_the_others(mini, monkeypatch, capfd):
    monkeypatch.setenv("ATTNREC_CHAPTER", "")
    assert build(mini) == 0
    write(mini / "book" / "intro.ipynb", "# Small", "raise SystemError('not this one')")
    assert build_chapter(mini, "scores-and-weights") == 0
    assert (mini / "_build" / "html" / "index.html").exists()  # the whole book stays
    built = mini / "_build" / "chapter" / "_build" / "html" / "book" / "scores-and-weights.html"
    assert "first value" in built.read_text(encoding="utf8")
    assert "notebooks/" not in built.read_text(encoding="utf8"), "siblings have not run"
    capfd.readouterr()
    assert build_chapter(mini, "nowhere") == 2
    assert "expected one of intro, scores-and-weights; received 'nowhere'" in capfd.readouterr().err


@pytest.mark.parametrize("said", ["1", "true", "rubbish"])
@pytest.mark.parametrize("arguments", [[], ["--chapter", "scores-and-weights"]])
def test_the_full_run_is_refused_before_anything_is_executed(monkeypatch, capfd, said, arguments):
    started = []
    monkeypatch.setenv("ATTNREC_FULL", said)
    for name in ("build", "build_chapter"):
        monkeypatch.setattr(f"build.{name}", lambda *given: started.append(given) or 0)
    assert main(arguments) == 2
    assert started == []
    assert "ATTNREC_FULL: expected nothing or 0 in a build" in capfd.readouterr().err
    monkeypatch.setenv("ATTNREC_FULL", "0")
    assert main(arguments) == 0
    assert len(started) == 1


def outputs(text: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("")
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text=text)]
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize(
    "text",
    [
        "/x/y.py:3: RuntimeWarning: divide by zero encountered in log\n  np.log(x)\n",
        "<ipython-input>:1: FutureWarning: soon\n",
        "WARNING:tensorflow:5 out of the last 5 calls triggered retracing\n",
        "WARNING:absl:compiled metrics are missing\n",
    ],
)
def test_python_warnings_are_seen(text):
    assert warnings_in(outputs(text)) == [f"cell 0: {text.splitlines()[0]}"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 00:00:00.1: I tensorflow/core/util/port.cc:153] oneDNN custom operations\n",
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n",
        "E0000 00:00:17 100 cuda_dnn.cc:8310] Unable to register cuDNN factory\n",
    ],
)
def test_start_up_lines_of_tensorflow_are_no_warnings(text):
    assert warnings_in(outputs(text)) == []


def test_documents_are_read_from_every_level_of_the_table_of_contents():
    deep = {"root": "r", "parts": [{"chapters": [{"file": "a", "sections": [{"file": "b"}]}]}]}
    assert list(documents(deep)) == ["r", "a", "b"]


def test_digest_sees_names_and_contents_and_not_caches(tmp_path):
    folder = tmp_path / "p"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.py").write_text("1")
    first = digest([folder])
    (folder / "__pycache__" / "a.pyc").write_text("x")
    assert digest([folder]) == first
    (folder / "a.py").write_text("2")
    second = digest([folder])
    (folder / "a.py").rename(folder / "b.py")
    assert len({first, second, digest([folder]), digest([folder], "3.12")}) == 4


def made(tmp_path: Path) -> Path:
    build_folder = tmp_path / "_build"
    for name in (".jupyter_cache", ".doctrees", "html"):
        (build_folder / name).mkdir(parents=True)
        (build_folder / name / "file").write_text("x")
    (build_folder / ".jupyter_cache" / "code.sha256").write_text("c")
    return build_folder


@pytest.mark.parametrize(
    ("now", "before", "left"),
    [
        ({"code": "c", "rendering": "r"}, {"code": "c", "rendering": "r"}, 3),
        ({"code": "c", "rendering": "r2"}, {"code": "c", "rendering": "r"}, 1),
        ({"code": "c2", "rendering": "r"}, {"code": "c", "rendering": "r"}, 0),
        ({"code": "c", "rendering": "r"}, {}, 1),
    ],
)
def test_only_what_is_stale_is_dropped(tmp_path, now, before, left):
    folder = made(tmp_path)
    drop_stale(folder, now, before)
    assert sum(1 for _ in folder.glob("*/file")) == left


def test_fingerprints_follow_the_environment_and_the_listing_follows_the_files(mini, monkeypatch):
    before, listed = fingerprints(mini), listing(mini / "book")
    monkeypatch.setenv("ATTNREC_BASE_URL", "https://books.example")
    after = fingerprints(mini)
    assert {name for name in before if before[name] != after[name]} == {"rendering"}
    with contextlib.suppress(FileNotFoundError):
        (mini / "book" / "dot.svg").unlink()
    assert listing(mini / "book") != listed
    assert json.dumps(after)
