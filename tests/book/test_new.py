"""``make new``: a skeleton in its place, and red tests until it is a chapter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from new import EXERCISES, main, missing, new
from strip import strip

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("attnrec_lite/exercises", "tests/exercises/wrong_answers", "tests/book/prose")
NAME, MODULE, TITLE = "causal-attention", "causal_attention", "Causal attention"


@pytest.fixture
def project(tmp_path):
    """The parts of the project that a new chapter touches."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "book").mkdir()
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf8")
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


def test_a_chapter_is_added_after_the_last_and_nothing_else_changes(project):
    before = texts(project)
    last = max(
        yaml.safe_load(before["_config.yml"])["sphinx"]["config"]["chapter_numbers"].values()
    )
    made = {str(path.relative_to(project)) for path in new(project, NAME, TITLE)}
    after = texts(project)
    assert {path for path in after if after[path] != before.get(path)} == made
    assert set(before) <= set(after)
    settings = yaml.safe_load(after["_config.yml"])["sphinx"]["config"]
    assert settings["chapter_numbers"][NAME] == last + 1
    assert settings["chapter_needs"][NAME] == []
    parts = yaml.safe_load(after["_toc.yml"])["parts"]
    files = [
        entry["file"] for part in parts if part.get("numbered", True) for entry in part["chapters"]
    ]
    assert files[-1] == f"book/{NAME}"
    assert f'"{last + 1}": "{MODULE}",' in after["attnrec_lite/exercises/__init__.py"]
    for path in before:  # lines are added, none is lost
        assert not set(before[path].splitlines()) - set(after[path].splitlines())


def test_the_notebook_is_clean_and_in_the_order_of_all_chapters(project):
    new(project, NAME, TITLE)
    path = project / "book" / f"{NAME}.ipynb"
    raw = json.loads(path.read_text(encoding="utf8"))
    nbformat.validate(raw)
    assert len({cell["id"] for cell in raw["cells"]}) == len(raw["cells"])
    clean = nbformat.writes(strip(nbformat.read(path, as_version=4)), indent=1) + "\n"
    assert clean == path.read_text(encoding="utf8")
    text = "\n".join("".join(cell["source"]) for cell in raw["cells"])
    heads = re.findall(r"^#{1,2} (.+)$", text, flags=re.MULTILINE)
    assert heads[0] == TITLE
    assert heads[-5:] == [
        "What breaks", "When not to use it", "Summary", "Exercises", "Further reading",
    ]  # fmt: skip
    assert text.count("{exercise}") == text.count("{solution-start}") == EXERCISES
    assert text.count("{solution-end}") == EXERCISES


def test_a_second_chapter_follows_the_first(project):
    new(project, NAME, TITLE)
    new(project, "graphs", "Graphs")
    settings = yaml.safe_load((project / "_config.yml").read_text("utf8"))["sphinx"]["config"]
    numbers = settings["chapter_numbers"]
    assert numbers["graphs"] == numbers[NAME] + 1 == len(numbers)


@pytest.mark.parametrize(
    ("name", "title", "problem"),
    [
        ("", TITLE, "NAME: expected small letters"),
        ("Causal", TITLE, "NAME: expected small letters"),
        ("../causal", TITLE, "NAME: expected small letters"),
        ("data", TITLE, "NAME: data is taken"),
        (NAME, " ", "TITLE: expected words"),
        (NAME, 'A "title"', "TITLE: expected words"),
    ],
)
def test_a_bad_name_or_title_is_refused_and_nothing_is_written(project, name, title, problem):
    before = texts(project)
    with pytest.raises(ValueError, match=problem):
        new(project, name, title)
    assert texts(project) == before


def test_the_command_says_what_is_wrong(capsys):
    assert main(["--name", "Not a name", "--title", "T"]) == 2
    assert "NAME: expected" in capsys.readouterr().err
    assert missing(ROOT, "no-such-chapter") == 2
    assert "expected one of attention-economy, " in capsys.readouterr().err


@pytest.mark.slow
def test_a_skeleton_does_not_pass_for_a_chapter(tmp_path):
    """In a copy of the project: what is to be written is named by a test that fails."""
    skipped = shutil.ignore_patterns("_build", ".*", "__pycache__", "*.egg-info", "benchmarks")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=skipped)
    copy = tmp_path / "copy"
    new(copy, NAME, TITLE)
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    command = [sys.executable, "book/tools/new.py", "--missing", NAME]
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    red = set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, flags=re.MULTILINE))
    assert red == {
        "test_chapter_follows_the_anatomy", "test_nothing_is_left_to_be_written",
        "test_chapter_keeps_its_measures", "test_the_arrows_of_the_map_are_the_needs",
        "test_the_course_has_every_chapter_once_and_its_own_exercises",
        "test_the_solution_of_the_book_passes_on_any_inputs",
        "test_no_exercise_is_left_to_be_written", "test_every_exercise_rejects_two_wrong_answers",
        "test_figures_of_the_prose",
    }  # fmt: skip
