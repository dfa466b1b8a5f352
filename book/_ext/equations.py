"""Every numbered equation with its place, its function, its layer and its tests: one page.

The chapters hold the equations, the docstrings of ``attnrec_lite.formulas`` say which of them a
function computes and which layer is its twin, and the tests name what they test. Nothing is
written down a second time; a test fails where one of the four is missing.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from attnrec_lite import formulas

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
EQUATION = re.compile(
    r"\$\$(?P<tex>[^$]+)\$\$\s*\((?P<label>eq-[a-z-]+)\)|^## (?P<section>.+)$", re.MULTILINE
)
TWIN = re.compile(r"``((?:attention|models)\.\w+)``")
NUMBER = re.compile(r"\(\d+\.\d+\)")
TESTS = ("tests/formulas", "tests/attention", "tests/models")


@dataclass(frozen=True)
class Equation:
    """A numbered equation and where to find all of it.

    Attributes:
        number: as printed, such as "(2.7)".
        label: for references, such as "eq-sigmoid".
        tex: the equation itself.
        chapter: file name of its chapter.
        section: heading above it.
        functions: such as "formulas.softmax": those whose docstrings name its number.
        layers: what the docstrings say of the twin in Keras, or why there is none.
        tests: for each function and layer of ours, the tests of each file that name it.
    """

    number: str
    label: str
    tex: str
    chapter: str
    section: str
    functions: tuple[str, ...]
    layers: tuple[str, ...]
    tests: Mapping[str, Mapping[str, set[str]]]

    @property
    def twins(self) -> tuple[str, ...]:
        """The layers of this package among ``layers``, such as "attention.Score"."""
        return twins_in(self.layers)


def chapters(root: Path) -> dict[Path, int]:
    """Return the notebooks of the chapters that exist and their numbers, in order."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    numbers = config["sphinx"]["config"]["chapter_numbers"]
    paths = {root / "book" / f"{name}.ipynb": numbers[name] for name in numbers}
    return {path: paths[path] for path in sorted(paths, key=lambda p: paths[p]) if path.exists()}


def printed(root: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield number, label, TeX, chapter and section of every numbered equation, in order."""
    for path, chapter in chapters(root).items():
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        section, count = "", 0
        for found in EQUATION.finditer(prose):
            if found["section"]:
                section = found["section"]
            else:
                count += 1
                number = f"({chapter}.{count})"
                yield number, found["label"], found["tex"].strip(), path.stem, section


def functions() -> dict[str, list[str]]:
    """Return the functions of each equation number, as the first line of a docstring names it."""
    found = defaultdict(list)
    for name in formulas.__all__:
        first_line = (getdoc(getattr(formulas, name)) or "").partition("\n\n")[0]
        for number in NUMBER.findall(first_line):
            found[number].append(name)
    return found


def layer(function: str) -> str:
    """Return what a docstring says after "Layer:", or nothing.

    >>> layer("dot_scores")
    '``attention.scores``.'
    """
    docstring = getdoc(getattr(formulas, function)) or ""
    found = re.search(r"^Layer: (.+?)(?=\n\n|\n[A-Z]\w+: |\Z)", docstring, re.M | re.S)
    return " ".join(found[1].split()) if found else ""


def twins_in(layers: Sequence[str]) -> tuple[str, ...]:
    """Return the layers of this package that are named, unless as the reason why there is none.

    >>> twins_in(["``attention.Score``.", "none; it reads ``attention.scores``."])
    ('attention.Score',)
    """
    told = " ".join(text for text in layers if not text.startswith("none"))
    return tuple(dict.fromkeys(TWIN.findall(told)))


def covered(root: Path) -> dict[str, dict[str, set[str]]]:
    """Return for each function and layer the tests of each file that reach it."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(p for folder in TESTS for p in (root / folder).glob("test_*.py")):
        for test, names in reached(ast.parse(path.read_text(encoding="utf8"))):
            for name in names:
                found[name][path.relative_to(root).as_posix()].add(test)
    return found


def reached(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    r"""Yield each test of a file and what it reaches in the package, itself or by a helper.

    >>> source = "from attnrec_lite.formulas import softmax as f\ndef test_it(): f([1])"
    >>> list(reached(ast.parse(source)))
    [('test_it', {'formulas.softmax'})]
    """
    imported: dict[str, str] = {}
    own: dict[str, ast.AST] = {}
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("attnrec_lite."):
            part = str(node.module).split(".")[1]
            imported |= {alias.asname or alias.name: f"{part}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            own[node.name] = node
        elif isinstance(node, ast.Assign):
            own |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}

    def reach(top: ast.AST, seen: frozenset[str]) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(top):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
            elif isinstance(node, ast.Name) and node.id in imported:
                found.add(imported[node.id])
            elif isinstance(node, ast.Name) and node.id in own.keys() - seen:
                found |= reach(own[node.id], seen | {node.id})
        return found

    for name, definition in own.items():
        if name.startswith("test_"):
            yield name, reach(definition, frozenset({name}))


def equations(root: Path = ROOT) -> list[Equation]:
    """Return every numbered equation of the book, in its order."""
    by_number, by_name = functions(), covered(root)
    found = []
    for number, label, tex, chapter, section in printed(root):
        names = by_number.get(number, [])
        layers = tuple(filter(None, map(layer, names)))
        ours = [f"formulas.{name}" for name in names]
        tests = {name: by_name.get(name, {}) for name in [*ours, *twins_in(layers)]}
        found.append(Equation(number, label, tex, chapter, section, tuple(ours), layers, tests))
    return found


def page(entries: list[Equation]) -> str:
    """Return the list as MyST: one block per equation, grouped by chapter."""
    places = {entry.chapter: entry.number[1:].partition(".")[0] for entry in entries}
    jumps = [f"{{ref}}`{number} <equations-{name}>`" for name, number in places.items()]
    lines = ["Go to chapter " + " · ".join(jumps), ""]
    chapter = ""
    for entry in entries:
        if entry.chapter != chapter:
            chapter = entry.chapter
            lines += [f":::{{rubric}} {{doc}}`{chapter}`", f":name: equations-{chapter}", ":::", ""]
        code = ", ".join(f"`{name}`" for name in entry.functions)
        layers = told(entry.layers).replace("``", "`")
        lines += [
            f"{{eq}}`{entry.label}` *{entry.section}*", "", f"$${entry.tex}$$", "",
            f"- Function: {code}", f"- Layer: {layers}", f"- Tests: {in_words(entry.tests)}", "",
        ]  # fmt: skip
    return "\n".join(lines)


def told(layers: Sequence[str]) -> str:
    """Return what several functions of one equation say of their layers, each thing once.

    >>> told(["``attention.Score``.", "none; it judges.", "none; it judges.", "none; it counts."])
    '``attention.Score``; none; it judges; it counts'
    """
    parts = dict.fromkeys(text.rstrip(".") for text in layers)
    reasons = [text.removeprefix("none; ") for text in parts if text.startswith("none; ")]
    twins = [text for text in parts if not text.startswith("none; ")]
    return "; ".join([*twins, *(["none"] if reasons else []), *reasons])


def in_words(tests: Mapping[str, Mapping[str, set[str]]]) -> str:
    """Return how many tests of each file name a function or a layer.

    >>> in_words({"formulas.f": {"tests/a.py": {"x", "y"}}, "attention.G": {"tests/a.py": {"x"}}})
    '2 in `a.py`'
    """
    by_file: dict[str, set[str]] = defaultdict(set)
    for files in tests.values():
        for file, names in files.items():
            by_file[file] |= names
    rows = sorted(by_file.items(), key=lambda row: -len(row[1]))
    return ", ".join(f"{len(names)} in `{file.removeprefix('tests/')}`" for file, names in rows)


class Equations(SphinxDirective):
    """``{equations}``: the list of all numbered equations."""

    def run(self) -> list[nodes.Node]:
        """Write the list as MyST and let the parser read it."""
        for folder in ("attnrec_lite/formulas", *TESTS):
            for path in sorted((ROOT / folder).glob("*.py")):
                self.env.note_dependency(str(path))
        for path in chapters(ROOT):
            self.env.note_dependency(str(path))
        box = nodes.container(classes=["equation-list"])
        self.state.nested_parse(StringList(page(equations()).splitlines()), 0, box)
        return [box]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("equations", Equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
