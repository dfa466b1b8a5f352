"""Every notebook: valid, clean, in the common anatomy, every source item treated."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml
from execute import documents
from strip import KEPT, KERNEL, strip

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
NUMBERS = CONFIG["sphinx"]["config"]["chapter_numbers"]
TOC = list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))))
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [BOOK / f"{Path(name).name}.ipynb" for name in TOC if Path(name).name in NUMBERS]
ITEMS = json.loads((BOOK / "source_items.json").read_text(encoding="utf8"))
ITEM = re.compile(r"\bS[0-4]-[A-Z]+\d+\b")
# CONTRIBUTING.md prints these bounds, and a test holds it to them.
LONGEST_CELL = 40
MEASURES = {
    "words": (1200, 3200),
    "code cells, solutions apart": (12, 28),
    "median lines of a cell": (2, 10),
    "numbered equations": (5, 20),
    "exercises": (4, 6),
    "solutions": (4, 6),
}
LAST_HEADINGS = ("What breaks", "When not to use it", "Summary", "Exercises", "Further reading")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def prose(path: Path) -> str:
    return "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def code(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


ALL_PROSE = "\n".join(map(prose, NOTEBOOKS))


def headings(text: str) -> list[str]:
    return re.findall(r"^#{1,3} (.+)$", text, flags=re.MULTILINE)


def lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def test_every_notebook_is_in_the_table_of_contents_and_every_entry_has_a_source():
    assert {path.stem for path in NOTEBOOKS} <= {Path(name).name for name in TOC}
    for name in TOC:
        assert list(ROOT.glob(f"{name}.*")), f"{name} is in _toc.yml and not in book/"


def test_chapter_numbers_count_up_from_one_without_a_gap():
    assert sorted(NUMBERS.values()) == list(range(1, len(CHAPTERS) + 1))


@every_notebook
def test_notebook_is_valid_with_unique_cell_ids(path):
    raw = json.loads(path.read_text(encoding="utf8"))
    nbformat.validate(raw)
    assert (raw["nbformat"], raw["nbformat_minor"]) >= (4, 5), "cell ids need nbformat 4.5"
    ids = [cell["id"] for cell in raw["cells"]]
    assert len(ids) == len(set(ids))


@every_notebook
def test_notebook_is_stripped(path):
    notebook = read(path)
    for cell in notebook.cells:
        assert set(cell.metadata) <= set(KEPT), f"run `make strip`: cell {cell.id} has metadata"
        if cell.cell_type == "code":
            assert not cell.outputs, f"run `make strip`: cell {cell.id} has outputs"
            assert cell.execution_count is None, f"run `make strip`: cell {cell.id} has a count"
    assert notebook.metadata.kernelspec == KERNEL
    assert set(notebook.metadata) <= {"kernelspec", "language_info", *KEPT}


def test_strip_removes_what_a_run_adds_and_keeps_ids_and_tags():
    cell = nbformat.v4.new_code_cell("1", id="a", execution_count=3)
    cell.outputs = [nbformat.v4.new_output("stream", text="1")]
    cell.metadata = {"tags": ["hide-input"], "collapsed": True}
    notebook = nbformat.v4.new_notebook(
        cells=[cell], metadata={"kernelspec": KERNEL | {"name": "mine"}}
    )
    strip(notebook)
    assert (cell.id, dict(cell.metadata)) == ("a", {"tags": ["hide-input"]})
    assert (cell.outputs, cell.execution_count) == ([], None)
    assert notebook.metadata.kernelspec == KERNEL


@every_notebook
def test_no_code_cell_is_long(path):
    assert not [source.splitlines()[0] for source in code(path) if lines(source) > LONGEST_CELL]


@every_notebook
def test_local_links_and_figures_lead_to_files(path):
    text, labels = prose(path), re.findall(r"^\(([\w-]+)\)=$", ALL_PROSE, flags=re.MULTILINE)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    targets += re.findall(r"^[`:]{3,}\{(?:figure|image)\}\s*(\S+)", text, flags=re.MULTILINE)
    for target in targets:
        if target not in labels and not re.match(r"https?:|mailto:", target):
            assert (BOOK / target).exists() or list(BOOK.glob(f"{target}.*")), target


def test_figures_and_exercises_have_names_of_their_own():
    cells = [cell for path in NOTEBOOKS for cell in read(path).cells]
    drawn = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    labels = re.findall(r"^:(?:name|label): (\S+)$", ALL_PROSE, flags=re.MULTILINE)
    names = [name for name in drawn if name] + labels
    assert [name for name, n in Counter(names).items() if n > 1] == []


@every_chapter
def test_chapter_follows_the_anatomy(path):
    cells, text = read(path).cells, prose(path)
    start = text[: text.find("\n## ")] if "\n## " in text else text
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == 1, "one title"
    assert "What you will be able to do" in start
    assert ITEM.search(text), "says which source items it treats"
    before_formula = text[: text.find("$$")]
    assert "?" in before_formula, "a question from practice comes before the first equation"
    assert re.search(r":class: (dropdown )?source-(right|wrong|imprecise)", text)
    order = [h for h in headings(text) if h.startswith(LAST_HEADINGS)]
    found = [next((w for w in LAST_HEADINGS if h.startswith(w)), h) for h in order]
    assert found == list(LAST_HEADINGS)


@every_notebook
def test_nothing_is_left_to_be_written(path):
    assert "TODO" not in path.read_text(encoding="utf8")


@every_chapter
def test_chapter_keeps_its_measures(path):
    text, cells = prose(path), code(path)
    plain = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|\{[a-z:-]+\}`[^`]*`", " ", text, flags=re.S)
    words = len(re.findall(r"[A-Za-z][A-Za-z'-]+", plain))
    sizes = [lines(source) for source in cells]
    solutions = len(re.findall(r"\{solution(?:-start)?\}", text))
    found = {
        "words": words,
        "code cells, solutions apart": len(cells) - solutions,
        "median lines of a cell": statistics.median(sizes),
        "numbered equations": len(re.findall(r"\$\$\s*\([\w:-]+\)", text)),
        "exercises": len(re.findall(r"\{exercise(?:-start)?\}", text)),
        "solutions": solutions,
    }
    outside = {
        name: f"{found[name]}, expected {low} to {high}"
        for name, (low, high) in MEASURES.items()
        if not low <= found[name] <= high
    }
    assert not outside


@every_chapter
def test_every_source_item_is_treated_in_its_home_chapter(path):
    named = set(ITEM.findall(prose(path)))
    home = {item["id"] for item in ITEMS if item["chapter"] == path.stem}
    assert home - named == set()
    assert named - {item["id"] for item in ITEMS} == set(), "names an item that does not exist"


def test_source_items_are_complete_and_carry_verdicts_only():
    assert len(ITEMS) == len({item["id"] for item in ITEMS}) == 549
    assert {item["verdict"] for item in ITEMS} == {"right", "imprecise", "wrong"}
    assert all(set(item) == {"id", "where", "kind", "verdict", "chapter"} for item in ITEMS)
    assert {item["chapter"] for item in ITEMS} <= {*NUMBERS, "references"}
