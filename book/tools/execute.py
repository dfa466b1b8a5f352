"""Executes notebooks side by side into the cache that the site is built from.

Each runs in an empty folder outside of the repository, with the package out of its wheel: what a
reader has who takes a notebook along. So every build proves that the notebooks travel; a file that
only the repository has, or that the wheel lacks, fails the build.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import single_nb_execution
from packing import unpack

TIMEOUT = 300
WRITING = Lock()  # the cache drops a record whose notebook another thread has yet to write
# What Python, its logging and TensorFlow's Python side write; the C++ start-up lines do not match.
WARNING = re.compile(r"^.*\b[A-Z]\w*Warning: .*$|^WARNING:\w.*$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What became of one notebook.

    Attributes:
        path: the notebook.
        seconds: how long it ran; 0 where it never started.
        problems: one entry per failing cell or warning, ready to print; empty when all is well.
        executed: False where the cache already had it.
    """

    path: Path
    seconds: float
    problems: tuple[str, ...] = ()
    executed: bool = True


def documents(node: Any) -> Iterator[str]:
    """Yield every document of a parsed ``_toc.yml``, the root first.

    >>> list(documents({"root": "a", "parts": [{"chapters": [{"file": "b"}]}]}))
    ['a', 'b']
    """
    if isinstance(node, list):
        for child in node:
            yield from documents(child)
    elif isinstance(node, dict):
        yield from (node[key] for key in ("root", "file") if key in node)
        for key in ("parts", "chapters", "sections"):
            yield from documents(node.get(key))


def notebooks(root: Path) -> list[Path]:
    """Return the notebooks that the table of contents names, in its order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    paths = [root / f"{name.removesuffix('.ipynb')}.ipynb" for name in documents(toc)]
    return [path for path in paths if path.exists()]


def warnings_in(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the warnings that code cells wrote to stderr, each with its cell.

    Args:
        notebook: an executed notebook.
    """
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                lines = WARNING.findall(output["text"])
                found += [f"cell {number}: {line.strip()}" for line in lines]
    return found


def run(path: Path, cache: JupyterCacheAbstract) -> Run:
    """Execute one notebook; keep it in the cache only where nothing went wrong.

    Args:
        path: the notebook.
        cache: where the executed notebook goes.
    """
    notebook = nbformat.read(path, as_version=4)
    try:
        record = cache.match_cache_notebook(notebook)
        return Run(path, float(record.data.get("execution_seconds", 0)), executed=False)
    except KeyError:
        pass
    with TemporaryDirectory(prefix="notebook-") as empty:
        result = single_nb_execution(
            notebook,
            cwd=empty,
            timeout=TIMEOUT,
            allow_errors=False,
            meta_override=False,
            extra_arguments=["--log-level=ERROR"],
        )
    problems = warnings_in(result.nb)
    if result.err is not None:
        count = sum(bool(cell.get("execution_count")) for cell in result.nb.cells)
        problems.append(f"code cell {count} failed: {str(result.err).strip()}")
    if not problems:
        bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
        with WRITING:
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return Run(path, result.time, tuple(problems))


def jobs() -> int:
    """Return how many notebooks run at once: one per core, ``ATTNREC_JOBS`` overrides."""
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    return max(1, int(os.environ.get("ATTNREC_JOBS", cores)))


@contextmanager
def elsewhere(wheel: Path) -> Iterator[None]:
    """Let kernels that start meanwhile find the package in a wheel, and not in the repository.

    ``PYTHONPATH`` comes before what is installed. As the package is one folder, nothing of an
    editable install can fill a gap in it.
    """
    before = os.environ.get("PYTHONPATH")
    with TemporaryDirectory(prefix="wheel-") as folder:
        os.environ["PYTHONPATH"] = str(unpack(wheel, Path(folder)))
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before


def execute(paths: Sequence[Path], cache_folder: Path, wheel: Path) -> list[Run]:
    """Execute notebooks side by side.

    Args:
        paths: the notebooks.
        cache_folder: the jupyter-cache, made when absent.
        wheel: what they import of ours.

    Returns:
        One ``Run`` per notebook, in the order of ``paths``.
    """
    cache_folder.mkdir(parents=True, exist_ok=True)
    get_cache(str(cache_folder)).list_cache_records()  # makes the database before threads need it
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["ATTNREC_PROGRESS"] = ""  # exercises that a build hands in are nobody's progress

    def one(path: Path) -> Run:
        return run(path, get_cache(str(cache_folder)))

    with elsewhere(wheel), ThreadPoolExecutor(jobs()) as pool:
        return list(pool.map(one, paths))
