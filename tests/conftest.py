"""What all tests share: one build of the book, a quiet TensorFlow, half precision for one test."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.pop("ATTNREC_FULL", None)  # what is tested, and built for tests, is the short run
os.environ["ATTNREC_PROGRESS"] = ""  # what tests hand in is nobody's progress
settings.register_profile("busy", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("busy")


# The files that take longest, the longest first. Workers take whole files in this order, so that
# none begins a long one when the others have finished; the first of them builds the site meanwhile.
LONG = (
    "tests/book/test_browser.py",
    "tests/models/test_contract.py",
    "tests/models/test_sequences.py",
    "tests/museum/test_museum.py",
    "tests/models/test_qkv.py",
    "tests/models/test_programs.py",
    "tests/serving/test_graph.py",
    "tests/online/test_incremental.py",
    "tests/models/test_click.py",
    "tests/exercises/",
    "tests/benchmarks/",
    "tests/efficiency/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; nothing else changes."""

    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))

    items.sort(key=place)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Let one process at a time pass, so that parallel tests build the book once."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; a build that is still fresh is taken as it is."""
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    with lock(ROOT / "_build" / "test.lock"):
        done = subprocess.run(
            [sys.executable, "book/tools/build.py"], cwd=ROOT, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, f"the book does not build:\n{done.stdout}\n{done.stderr}"
    return ROOT / "_build" / "html"


@pytest.fixture
def mixed_float16() -> Iterator[None]:
    """Keras computes in float16 and keeps parameters in float32, for one test."""
    import keras  # only where it is asked for: it takes seconds

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    keras.mixed_precision.set_global_policy(before)
