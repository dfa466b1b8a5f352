"""The record is the reader's: seen, moved, deleted, never lost in silence, never in the way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

from attnrec_lite.exercises import CHAPTERS, check, exercises, progress, record
from attnrec_lite.exercises.progress import Progress
from attnrec_lite.exercises.record import MARK, NAME, VARIABLE, Record
from attnrec_lite.formulas import softmax

BEGUN = f"Progress is kept in {NAME}; delete it to start anew"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory in which progress is kept, as at a reader's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE)
    return tmp_path


def wrong(*arguments):
    return 0


def entries(path):
    return json.loads(path.read_text(encoding="utf8"))["exercises"]


def test_tries_and_the_first_right_one_are_kept_and_nothing_else(folder):
    assert check("2.1", wrong).notes[-1] == BEGUN
    assert BEGUN not in repr(check("2.1", softmax))
    first = entries(folder / NAME)
    check("2.1", softmax)
    check("2.1", wrong)
    again = entries(folder / NAME)
    assert set(again) == {"2.1"}
    assert set(again["2.1"]) == {"tries", "first tried", "first right"}
    assert again["2.1"] == first["2.1"] | {"tries": 4}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", again["2.1"]["first right"])
    assert os.listdir(folder) == [NAME], "no draft is left behind"


def test_what_is_not_the_readers_is_not_kept(folder, monkeypatch):
    check("2.1", softmax, keep=False)
    monkeypatch.setenv(VARIABLE, "")
    assert check("2.1", softmax).notes == ()
    assert os.listdir(folder) == []
    assert VARIABLE in repr(progress())


def test_the_file_may_be_elsewhere_behind_a_link_moved_and_deleted(folder, monkeypatch):
    (folder / "real").mkdir()
    (folder / "link.json").symlink_to(folder / "real" / "mine.json")
    monkeypatch.setenv(VARIABLE, "link.json")
    check("2.1", softmax)
    assert (folder / "link.json").is_symlink()
    (folder / "real" / "mine.json").rename(folder / NAME)
    monkeypatch.delenv(VARIABLE)
    assert progress().state("2.1") == "right"
    (folder / NAME).unlink()
    assert progress().state("2.1") == "open"
    assert check("2.1", softmax).notes == (BEGUN,)


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_is_a_record_of_nothing(folder, text):
    (folder / NAME).write_text(text)
    assert progress().counts()[0][1:] == (0, 0, 6)
    check("2.1", softmax)
    assert entries(folder / NAME)["2.1"]["tries"] == 1


@pytest.mark.parametrize(
    "text",
    [
        f'{{"what": "{MARK}", "exercises": {{"2.1": {{"tries"',
        f'{{"what": "{MARK}", "exercises": {{"2.1": {{"tries": "many"}}}}}}',
        f'{{"what": "{MARK}", "exercises": {{"2.1": 3}}}}',
        f'{{"what": "{MARK}", "exercises": []}}',
        f'"{MARK}"',
    ],
)
def test_a_damaged_record_is_set_aside_and_told(folder, text):
    (folder / NAME).write_text(text)
    assert "cannot be read" in repr(progress())
    assert (folder / NAME).read_text() == text, "looking changes nothing"
    result = check("2.1", softmax)
    assert result.passed
    aside = re.search(r"set aside as (\S+),", result.notes[-1])[1]
    assert (folder / aside).read_text() == text
    assert entries(folder / NAME)["2.1"]["tries"] == 1
    assert len(repr(result).splitlines()) == 2


@pytest.mark.parametrize(
    "content", [b"my thesis", b'{"exercises": {}}', b"\xff\xfe\x00", b"[" * 10**5, b"x" * 2 * 10**6]
)
def test_a_file_of_somebody_else_stays_as_it_is(folder, content):
    (folder / NAME).write_bytes(content)
    result = check("2.1", softmax)
    assert result.passed
    assert "Progress is not kept" in result.notes[-1]
    assert "stays as it is" in result.notes[-1]
    assert (folder / NAME).read_bytes() == content
    assert "cannot be read" in repr(progress())
    assert os.listdir(folder) == [NAME]


def test_no_place_to_write_is_told_in_a_line(folder, monkeypatch):
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "fixed.json").write_text(json.dumps({"what": MARK, "exercises": {}}))
    (folder / "fixed.json").chmod(0o444)
    for name in ("folder", "pipe", "fixed.json", "absent/file.json", "~nobody-at-all/x", "x" * 300):
        monkeypatch.setenv(VARIABLE, name)
        result = check("2.1", softmax)
        assert result.passed
        assert len(result.notes) == 1
        assert "Progress is not kept: " in result.notes[0], name
        assert "exercises right" in repr(progress())
    assert entries(folder / "fixed.json") == {}


def test_a_full_disk_leaves_the_old_record_and_no_draft(folder, monkeypatch):
    check("2.1", softmax)
    before = (folder / NAME).read_bytes()

    def full(self, text, **_):
        self.open("w").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    assert "No space left on device" in check("2.2", softmax).notes[-1]
    assert (folder / NAME).read_bytes() == before
    assert os.listdir(folder) == [NAME]


def test_what_another_notebook_writes_in_between_is_not_lost(folder, monkeypatch):
    check("2.1", softmax)
    dumps, others = json.dumps, iter(["2.2", "2.3"])

    def late(*arguments, **options):
        text = dumps(*arguments, **options)
        if (other := next(others, None)) is not None:  # while this one is about to write
            record.note_try(other, passed=True)
        return text

    monkeypatch.setattr(json, "dumps", late)
    check("2.4", wrong)
    assert {k: v["tries"] for k, v in entries(folder / NAME).items()} == {
        "2.1": 1, "2.2": 1, "2.3": 1, "2.4": 1,
    }  # fmt: skip


def test_many_writers_never_leave_a_damaged_file(folder):
    writers = [
        threading.Thread(target=lambda n=n: [record.note_try(f"{n}.1", True) for _ in range(10)])
        for n in range(1, 5)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert progress().record.note == ""
    assert os.listdir(folder) == [NAME]


# ---- shown -------------------------------------------------------------------------------------


def some() -> Progress:
    every = [e for chapter in CHAPTERS for e in exercises(chapter).values()]
    right = {"tries": 2, "first tried": "2026-01-01T00:00:00Z", "first right": "<b>"}
    kept = {"1.1": right, "2.1": right, "2.2": right | {"first right": None}, "99.9": right}
    return Progress(every, CHAPTERS, Record(kept, "a <note>"))


def test_the_table_counts_by_chapter_and_names_what_is_next():
    shown = repr(some())
    assert shown.startswith("2 of 120 exercises right, 3 tried; a <note>\n")
    assert re.search(r"^2 Scores and weights +1 +2 +6$", shown, flags=re.M)
    assert shown.endswith("Next: 1.2 Items that are bought together ★")
    html = some()._repr_html_()
    assert html.count('scope="row"') == 20
    assert html.count('scope="col"') == 4
    assert "<caption>2 of 120" in html
    assert "a &lt;note&gt;" in html


def test_the_figure_shows_all_exercises_by_fill_and_not_by_colour_alone():
    ax = some().plot()
    drawn = {line.get_label(): line for line in ax.lines}
    assert list(drawn) == ["right (2)", "tried (1)", "open (117)"]
    assert [line.get_fillstyle() for line in drawn.values()] == ["full", "left", "none"]
    assert sum(len(line.get_xdata()) for line in drawn.values()) == 120
    assert list(drawn["tried (1)"].get_xydata()[0]) == [2, 1]
    assert np.all(np.diff(ax.get_yticks()) == 1)
    assert Progress(some().exercises, CHAPTERS, Record()).plot(ax) is ax


def test_when_all_are_right_none_is_left():
    right = {"tries": 1, "first tried": "x", "first right": "x"}
    every = some().exercises
    done = Progress(every, CHAPTERS, Record({e.number: right for e in every}))
    assert done.next() == "none is left"


# ---- a plain script ----------------------------------------------------------------------------


def test_a_plain_script_hears_the_verdict_and_ends_with_an_endless_answer(folder):
    script = (
        "from attnrec_lite.exercises import check, core, progress\n"
        "core.LIMIT = 0.2\n"
        "def forever(*a):\n"
        "    while True:\n"
        "        try: pass\n"
        "        except: pass\n"
        "print(check('2.1', forever))\nprint(check('2.1', lambda *a: print('said') or exit()))\n"
        "print(progress())\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, timeout=60,
        capture_output=True, text=True, check=True, encoding="utf8",
    )  # fmt: skip
    assert done.stdout.count("not yet (0 of 4 properties hold)") == 2
    assert "said" in done.stdout
    assert "0 of 120 exercises right, 1 tried" in done.stdout
    assert done.stderr == ""
