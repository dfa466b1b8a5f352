"""Processes that are started together, end together, and are started again."""

import json
import sys
import time

import pytest

from attnrec_lite.training import run_workers

PROGRAM = """
import json, os, sys, time
from pathlib import Path
task = json.loads(os.environ["TF_CONFIG"])
index, folder = task["task"]["index"], Path(sys.argv[1])
attempt = len(list(folder.glob(f"{index}.*"))) + 1
(folder / f"{index}.{attempt}").write_text(json.dumps(task["cluster"]["worker"]))
if attempt <= int(sys.argv[2]):
    if index == 1:
        sys.exit(3)
    time.sleep(600)  # waits for the other, as a share of a gradient would
"""


def command(folder, failures):
    return [sys.executable, "-c", PROGRAM, str(folder), str(failures)]


def test_all_are_started_again_when_one_dies_and_none_is_waited_for(tmp_path):
    start = time.monotonic()
    assert run_workers(command(tmp_path, 1), 3) == 2
    assert time.monotonic() - start < 120
    files = {f.name: json.loads(f.read_text()) for f in tmp_path.iterdir()}
    assert {f"{index}.2" for index in range(3)} <= set(files)
    assert files["0.2"] == files["1.2"] == files["2.2"]
    assert len(set(files["0.2"])) == 3


def test_it_gives_up_and_says_how_they_ended(tmp_path):
    with pytest.raises(RuntimeError, match=r"^workers: .* last of 2 attempts .*\[None, 3\]$"):
        run_workers(command(tmp_path, 9), 2, attempts=2)


def test_numbers_are_checked():
    for name in ("workers", "attempts"):
        with pytest.raises(ValueError, match=f"^{name}: "):
            run_workers(["true"], **{name: 0})
