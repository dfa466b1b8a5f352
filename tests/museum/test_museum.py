"""The test of the tests: a published fault is planted in a copy, and a test of ours goes red."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bugs import BUGS

ROOT = Path(__file__).resolve().parents[2]
RAN_AND_FAILED = 1  # pytest's exit status; others mean that nothing was tested


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package beside the tests, to be broken."""
    folder = tmp_path_factory.mktemp("museum")
    shutil.copytree(ROOT / "attnrec_lite", folder / "attnrec_lite",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    for name in ("tests", "book", "benchmarks", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def run(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests against the package in a folder, up to the first failure."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("COV_CORE_SOURCE", None)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow  # a process of its own for each fault: nothing else shows that a test can fail
@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_planted_fault_turns_a_test_red(bug, copy):
    path = copy / "attnrec_lite" / bug.file
    source = path.read_text(encoding="utf8")
    assert source.count(bug.right) == 1, "the line that the fault replaces has changed"
    path.write_text(source.replace(bug.right, bug.wrong), encoding="utf8")
    try:
        done = run(copy, bug.tests)
    finally:
        path.write_text(source, encoding="utf8")
    assert done.returncode == RAN_AND_FAILED, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1 failed" in done.stdout.splitlines()[-1], done.stdout[-2000:]
    assert not re.search("SyntaxError|NameError|ImportError", done.stdout), "no fault, a wreck"


def test_the_copy_is_what_is_tested(copy):
    where = "import attnrec_lite, pathlib; print(pathlib.Path(attnrec_lite.__file__).parents[1])"
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run([sys.executable, "-c", where], cwd=copy, env=environment,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert Path(done.stdout.strip()).resolve() == copy.resolve()


def test_there_are_at_least_fifteen_and_each_has_a_name_of_its_own():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 15
