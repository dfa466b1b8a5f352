"""Starts a chapter: ``make new NAME=causal-attention TITLE="Causal attention"``.

Makes the notebook in the common anatomy, its exercises with their wrong answers and a test of its
prose, and names the chapter where the book counts its chapters. Whatever is still to be written
says TODO, and the tests stay red until none is left: a skeleton never passes for a chapter.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import yaml
from strip import strip

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z]+(-[a-z]+)*")
EXERCISES = 4  # the fewest that a chapter has
START = """# {title}

**What you will be able to do**

- TODO one line, beginning with a verb;
- TODO;
- TODO.

**Sources treated here:** TODO the items of the articles, from the page "Sources".
"""
IMPORTS = """from attnrec_lite import plot
from attnrec_lite.exercises import check

plot.use_style()"""
QUESTION = """## TODO a question from practice

TODO who asks it, with numbers, before the first equation.

## TODO the equation in steps

TODO a toy by hand, a loop that reads like the equation, the vectors, the call of `attnrec_lite`;
a cell that asserts that they agree; a table of shapes.

TODO a box for each claim: class source-right, source-wrong or source-imprecise, items in its title.

## TODO a worked example

TODO on the shop, whose truth is known, then on films.

## What breaks

TODO one trap, and the check that finds it.

## When not to use it

TODO a simpler rule that wins, with its number beside.

## Summary

- TODO

## Exercises

TODO what is handed in."""
EXERCISE = """````{{exercise}} TODO title {number} ★
:label: ex-{label}

TODO what to write. Then `check("{number}", answer)`.

```{{dropdown}} Hints
1. TODO a nudge.
2. TODO nearly the answer.
```
````

```{{solution-start}} ex-{label}
:class: dropdown
```"""
SOLUTION = """def answer():
    raise NotImplementedError("TODO")


check("{number}", answer, keep=False)"""
END = "```{solution-end}\n```"
READING = "\n\n## Further reading\n\n- TODO"
CHECKERS = '''"""Checkers for the exercises of the chapter "{title}"."""

from __future__ import annotations

from numpy.random import Generator

from attnrec_lite.exercises.core import Answer, Exercise


def _todo(answer: Answer, rng: Generator) -> None:
    raise NotImplementedError("TODO: a property that a right answer has, on inputs drawn from rng")


EXERCISES = (
{rows}
)
'''
ROW = """    Exercise(
        "{number}",
        "TODO title {number}",
        1,
        {{"TODO the property in words": _todo}},
        ("TODO a nudge.", "TODO nearly the answer."),
    ),"""
WRONG = '''"""Typical wrong answers to the exercises of the chapter "{title}"."""

# TODO two or more for each exercise: number, answer, words of the property, words of the advice
WRONG: list[tuple[str, object, str, str]] = []
'''
PROSE = '''"""Figures that stand in the prose of chapter {number} are recomputed."""


def test_figures_of_the_prose():
    raise NotImplementedError("TODO: compute each number that the text of {name} states")
'''


def skeleton(number: int, title: str) -> nbformat.NotebookNode:
    """Return the notebook of a chapter to be written, its parts in the order of all chapters."""
    v4 = nbformat.v4
    cells = [v4.new_markdown_cell(START.format(title=title).strip()), v4.new_code_cell(IMPORTS)]
    before = QUESTION
    for n in range(1, EXERCISES + 1):
        names = {"number": f"{number}.{n}", "label": f"{number}-{n}"}
        cells.append(v4.new_markdown_cell(f"{before}\n\n{EXERCISE.format(**names)}"))
        cells.append(v4.new_code_cell(SOLUTION.format(**names)))
        before = END
    cells.append(v4.new_markdown_cell(END + READING))
    return strip(v4.new_notebook(cells=cells, nbformat_minor=5))


def add_after(path: Path, last: str, line: str) -> str:
    """Return the text of a file with a line more, below the last one that holds ``last``.

    Raises:
        ValueError: if no line holds it.
    """
    lines = path.read_text(encoding="utf8").splitlines()
    places = [place for place, text in enumerate(lines) if last in text]
    if not places:
        raise ValueError(f"{path.name}: expected a line with {last!r}")
    return "\n".join([*lines[: places[-1] + 1], line, *lines[places[-1] + 1 :]]) + "\n"


def chapter_numbers(root: Path) -> dict[str, int]:
    """Return the number of each chapter, by file name."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    numbers: dict[str, int] = config["sphinx"]["config"]["chapter_numbers"]
    return numbers


def new(root: Path, name: str, title: str) -> list[Path]:
    """Write the files of a new chapter, after the last one.

    Args:
        root: the project.
        name: file name of the chapter, which is its address: small letters and hyphens.
        title: as a reader sees it.

    Returns:
        The files that were made or changed.

    Raises:
        ValueError: if the name is not one, is taken, or the title is empty; nothing is written.
    """
    numbers = chapter_numbers(root)
    if not NAME.fullmatch(name):
        raise ValueError(f"NAME: expected small letters and hyphens; received {name!r}")
    if not title.strip() or '"' in title:
        raise ValueError(f'TITLE: expected words without a double quote ("); received {title!r}')
    module = name.replace("-", "_")
    made = {
        root / "book" / f"{name}.ipynb": "",
        root / "attnrec_lite" / "exercises" / f"{module}.py": CHECKERS,
        root / "tests" / "exercises" / "wrong_answers" / f"{module}.py": WRONG,
        root / "tests" / "book" / "prose" / f"test_{module}.py": PROSE,
    }
    taken = [str(path.relative_to(root)) for path in made if path.exists()]
    if taken or any((root / "book").glob(f"{name}.*")):
        raise ValueError(f"NAME: {name} is taken: {', '.join(taken) or f'book/{name}.*'}")
    last = max(numbers, key=lambda chapter: numbers[chapter])
    number = numbers[last] + 1
    rows = "\n".join(ROW.format(number=f"{number}.{n}") for n in range(1, EXERCISES + 1))
    words = {"title": title, "number": number, "name": name, "rows": rows}
    texts = {path: text.format(**words) for path, text in made.items()}
    cells = nbformat.writes(skeleton(number, title), indent=1) + "\n"
    texts[root / "book" / f"{name}.ipynb"] = cells
    toc, settings = root / "_toc.yml", root / "_config.yml"
    texts[toc] = add_after(toc, f"file: book/{last}", f"      - file: book/{name}")
    listed = settings.read_text(encoding="utf8").replace(
        f"      {last}: {number - 1}\n", f"      {last}: {number - 1}\n      {name}: {number}\n"
    )
    needs = f"      {last}: ["
    texts[settings] = re.sub(
        rf"^{re.escape(needs)}.*\n", rf"\g<0>      {name}: []\n", listed, flags=re.MULTILINE
    )
    index = root / "attnrec_lite" / "exercises" / "__init__.py"
    known = f'"{number - 1}": "{last.replace("-", "_")}",'
    texts[index] = add_after(index, known, f'    "{number}": "{module}",')
    for path, text in texts.items():
        path.write_text(text, encoding="utf8")
    return list(texts)


def missing(root: Path, name: str) -> int:
    """Run the quick tests of one chapter; return their exit code."""
    numbers = chapter_numbers(root)
    if name not in numbers:
        print(f"NAME: expected one of {', '.join(numbers)}; received {name!r}", file=sys.stderr)
        return 2
    number = numbers[name]
    mine = [name, name.replace("-", "_"), f"[{number}.", f"-{number}.", f"[{number}]"]
    chosen = " or ".join([*mine, "test_paths", "chapter_numbers"])
    book = ["test_notebooks.py", "test_paths.py", f"prose/test_{name.replace('-', '_')}.py"]
    places = [*(f"tests/book/{part}" for part in book), "tests/exercises/test_checkers.py"]
    command = ["-m", "pytest", "-q", "--tb=line", "-m", "not slow", "-k", chosen, *places]
    return subprocess.run([sys.executable, *command], cwd=root, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, write the files, say what comes next."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--name", default="", help="of the chapter to start")
    parser.add_argument("--title", default="", help="as a reader sees it")
    parser.add_argument("--missing", metavar="NAME", help="say what this chapter lacks instead")
    given = parser.parse_args(arguments)
    if given.missing is not None:
        return missing(ROOT, given.missing)
    try:
        paths = new(ROOT, given.name, given.title)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    for path in paths:
        print(f"  {path.relative_to(ROOT)}")
    print(f"Look at it: make chapter NAME={given.name}")
    print(f"What is missing: make missing NAME={given.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
