"""Runs the site's notebooks as somebody does who took them along: ``make travel``.

A virtual environment outside of the repository starts with pip, a kernel and what runs it. The
first cell of the first notebook installs the wheel with all that it needs; the others find it.
Each notebook runs in a folder that holds it and the wheel, and nothing else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from execute import jobs, notebooks

ROOT = Path(__file__).resolve().parents[2]
ASK = "import attnrec_lite; print(attnrec_lite.__file__)"


@dataclass(frozen=True)
class Journey:
    """What became of one notebook: its name, its seconds, the end of what it said if it failed."""

    name: str
    seconds: float
    problem: str = ""


def environment(newest: bool) -> dict[str, str]:
    """Return the variables: nothing that leads back to the repository; the tested versions."""
    left_out = ("PYTHON", "JUPYTER", "VIRTUAL_ENV", "ATTNREC")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept if newest else kept | {"PIP_CONSTRAINT": str(ROOT / "requirements.txt")}


def prepare(folder: Path, variables: Mapping[str, str]) -> Path:
    """Make the virtual environment; return its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "ipykernel", "nbclient"]
    subprocess.run([*pip, "--disable-pip-version-check"], check=True, env=dict(variables))
    return programs


def travel(notebook: Path, wheel: Path, programs: Path, variables: Mapping[str, str]) -> Journey:
    """Run one notebook, beside the wheel in a folder of its own."""
    started = time.monotonic()
    with TemporaryDirectory(prefix="journey-") as folder:
        for path in (notebook, wheel):
            shutil.copy(path, folder)
        command = [str(programs / "jupyter-execute"), "--timeout=1200", notebook.name]
        done = subprocess.run(
            command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False
        )
    problem = done.stderr[-3000:] if done.returncode else ""
    return Journey(notebook.stem, time.monotonic() - started, problem)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all notebooks, or those that are named; print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="notebooks without their ending; default: all")
    parser.add_argument("--newest", action="store_true", help="not the versions of the book")
    chosen = parser.parse_args(arguments)
    folder = ROOT / "_build" / "html" / "notebooks"
    names = chosen.names or [path.stem for path in notebooks(ROOT)]
    files = [folder / f"{name}.ipynb" for name in names]
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1 or not all(path.exists() for path in files):
        print(
            f"notebooks: expected them and one wheel in {folder}: run `make book`", file=sys.stderr
        )
        return 2
    variables = environment(chosen.newest)
    with TemporaryDirectory(prefix="travel-") as scratch:
        programs = prepare(Path(scratch, "venv"), variables)

        def one(path: Path) -> Journey:
            journey = travel(path, wheels[0], programs, variables)
            state = "failed" if journey.problem else ""
            print(f"{journey.name:<24} {journey.seconds:6.1f} s {state}", flush=True)
            return journey

        print("the first notebook installs the package:", flush=True)
        journeys = [one(files[0])]
        with ThreadPoolExecutor(jobs()) as pool:
            journeys += pool.map(one, files[1:])
        python = str(programs / "python")
        asked = subprocess.run(
            [python, "-c", ASK], cwd=scratch, env=variables, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
    slowest = max(journeys[1:] or journeys, key=lambda journey: journey.seconds)
    failed = [journey for journey in journeys if journey.problem]
    print(f"{len(journeys) - len(failed)} of {len(journeys)} ran, slowest {slowest.name}")
    for journey in failed:
        print(f"\n{journey.name}:\n{journey.problem}", file=sys.stderr)
    if not asked.stdout.startswith(scratch):
        print(f"attnrec_lite: expected the wheel's; received {asked.stdout}", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
