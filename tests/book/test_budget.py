"""The switch between the short run and the full one: where the chapters use it, who ignores it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
IMPORT = "from attnrec_lite.budget import pick"
WORK = re.compile(r"\.fit\(|\btrain_together\(|\bsimulate\w*\(|\bdefault_rng\(|\brng\.")
SPARED = {
    "intro": "the first page makes one promise, a minute, and its text names its three seeds",
}


@cache
def code(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def picks(source: str) -> list[ast.Call]:
    """The calls of the switch in a cell."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "pick"]


WORKING = [path for path in NOTEBOOKS if WORK.search("\n".join(code(path)))]


def test_what_trains_or_draws_is_found():
    found = {path.stem for path in WORKING}
    assert {"intro", "sequences", "experiments", "by-hand", "data"} <= found
    assert set(SPARED) <= found, "what does no work needs no excuse"


@pytest.mark.parametrize("path", WORKING, ids=lambda path: path.stem)
def test_a_chapter_that_trains_or_draws_has_a_full_run_or_a_reason(path):
    cells = code(path)
    found = [call for source in cells for call in picks(source)]
    if path.stem in SPARED:
        assert not found, f"{path.stem} has a full run now: take it off the list"
        return
    assert found, f"no pick(short, full=...) in {path.stem}, and no reason in SPARED"
    assert IMPORT in cells[0].splitlines(), "the switch is imported in the first cell"
    for call in found:
        shown = ast.unparse(call)
        assert len(call.args) == 1, f"{shown}: the short size first, the full one by name"
        assert [keyword.arg for keyword in call.keywords] == ["full"], shown
        sizes = [call.args[0], call.keywords[0].value]
        if all(isinstance(size, ast.Constant) for size in sizes):
            short, full = (ast.literal_eval(size) for size in sizes)
            assert type(short) is type(full), shown
            assert short < full, f"{shown}: the full run is the larger one"


def test_the_tests_do_not_see_the_switch():
    assert "ATTNREC_FULL" not in os.environ


def test_the_tests_stay_short_where_a_reader_has_set_the_switch():
    one = f"{Path(__file__).relative_to(ROOT)}::test_the_tests_do_not_see_the_switch"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one], cwd=ROOT,
        env={**os.environ, "ATTNREC_FULL": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
