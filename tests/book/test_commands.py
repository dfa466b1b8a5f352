"""The set-up speaks clearly: one line that says what is wrong and what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("awk", "cat", "cksum", "cp", "dirname", "env", "grep", "mkdir", "rm", "sh")
PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo {version} ;;
    *"import venv"*) exit {venv_missing} ;;
    *"-m venv"*) echo "venv $*" >> calls; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *"-m pip"*) echo "pip $*" >> calls; echo "{says}"; exit {fails} ;;
esac
"""


class Machine:
    """A checkout with a PATH of its own: only what a test puts there is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        (folder / "book" / "tools").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / "book" / "tools" / "setup.sh", folder / "book" / "tools")
        for name in ("requirements.txt", "pyproject.toml"):
            (folder / name).write_text("numpy\n")
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.disk(free_gb=50)

    def command(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def disk(self, free_gb: float) -> None:
        row = f"/dev/x 99 1 {round(free_gb * 2**20)} 1% /"
        self.command("df", f"#!/bin/sh\necho Filesystem\necho '{row}'\n")

    def python(self, name="python3", version="3.12", venv_missing=0, says="ok", fails=0) -> None:
        values = {"version": version, "venv_missing": venv_missing, "says": says, "fails": fails}
        self.command(name, PYTHON.format(**values))

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "book/tools/setup.sh"], cwd=self.folder, capture_output=True, text=True,
            env={"PATH": str(self.bin), **environment}, check=False,
        )  # fmt: skip

    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def says(done, pattern):
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert re.search(pattern, done.stderr), done.stderr
    return True


def test_set_up_runs_once_and_again_when_the_requirements_change(machine):
    machine.python()
    assert machine.set_up().returncode == 0
    first = machine.calls()
    assert [call.split()[0] for call in first] == ["venv", "pip", "pip"]
    assert machine.set_up().stdout == ""
    assert machine.calls() == first
    (machine.folder / "requirements.txt").write_text("numpy\nscipy\n")
    assert machine.set_up().returncode == 0
    assert len(machine.calls()) == 6


def test_interrupted_set_up_is_made_again_from_an_empty_folder(machine):
    machine.python(fails=1)
    assert machine.set_up().returncode == 1
    machine.python()
    assert machine.set_up().returncode == 0
    assert "--clear" in [call for call in machine.calls() if call.startswith("venv")][-1]


def test_no_python_at_all(machine):
    assert says(machine.set_up(), r"no suitable Python: needs 3\.11, 3\.12 or 3\.13, found none")


def test_python_too_old_says_which_was_found(machine):
    machine.python(version="3.9")
    assert says(machine.set_up(), r"found python3 is 3\.9\. .*PYTHON=")


def test_python_too_new_says_which_was_found(machine):
    machine.python(version="3.14")
    assert says(machine.set_up(), r"found python3 is 3\.14")


def test_a_shim_that_does_not_run_is_passed_over(machine):
    machine.command("python3.13", "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    machine.python(version="3.11")
    done = machine.set_up()
    assert done.returncode == 0
    assert "Python 3.11" in done.stdout


def test_a_named_python_comes_first_and_a_change_of_it_makes_a_new_environment(machine):
    machine.python(version="3.11")
    assert "Python 3.11" in machine.set_up().stdout
    machine.python("mine", version="3.13")
    assert "Python 3.13" in machine.set_up(PYTHON="mine").stdout
    assert "--clear" in [call for call in machine.calls() if call.startswith("venv")][-1]


def test_no_venv_module(machine):
    machine.python(venv_missing=1)
    assert says(machine.set_up(), r"no venv module.*apt-get install python3\.12-venv")


def test_too_little_disk_says_how_much_there_is(machine):
    machine.python()
    machine.disk(free_gb=1.5)
    assert says(machine.set_up(), r"too little disk: 1536 MB free in .*, needs 4096 MB")
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Failed to establish a new connection: Name or service not known", "is the network up"),
        ("ReadTimeoutError: Read timed out.", "is the network up"),
        ("OSError: [Errno 28] No space left on device", "disk filled up"),
        ("error: metadata-generation-failed", "installing failed"),
    ],
)
def test_failed_installation_names_the_cause_and_the_log(machine, output, expected):
    machine.python(says=output, fails=1)
    assert says(machine.set_up(), rf"{expected}.*_build/setup\.log")
    assert output in (machine.folder / "_build" / "setup.log").read_text()


@pytest.mark.parametrize(
    "target", ["book", "test", "quick", "lab", "serve", "chapter", "new", "missing"]
)
def test_every_command_sets_up_first(target):
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", target, "NAME=x"]  # these tests may themselves be run by make
    done = subprocess.run(
        command, cwd=ROOT, env=outside, capture_output=True, text=True, check=True
    )
    assert "book/tools/setup.sh" in done.stdout.splitlines()[0]
