"""Builds the book into ``_build/html``: ``python book/tools/build.py [--chapter NAME]``.

The execution cache only looks at code cells, and Sphinx only at the files that it read. Two
fingerprints close the gaps: a change of the package or the environment drops what was executed,
a change of the configuration drops what was rendered. A build that failed leaves no state behind,
so that the next one starts from the sources and cannot pass on a page that never rendered well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions
from pathlib import Path

from execute import Run, execute, notebooks
from packing import FILES, make_wheel

ROOT = Path(__file__).resolve().parents[2]
FULL = "ATTNREC_FULL"
ENVIRONMENT = ("ATTNREC_BASE_URL", "ATTNREC_BRANCH", "GITHUB_REPOSITORY")


def digest(paths: Iterable[Path], *extra: str) -> str:
    """Return one hash over the names and contents of files and of folders, caches left out."""
    total = hashlib.sha256("\n".join(extra).encode())
    for top in paths:
        for path in sorted([top, *top.rglob("*")] if top.is_dir() else [top]):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                total.update(f"{path.relative_to(top.parent)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def listing(folder: Path) -> str:
    """Return a hash over the names, sizes and times of the files in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def packaging(root: Path) -> str:
    """Return what decides which files of the package are installed."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))
    return json.dumps(settings["tool"]["setuptools"], sort_keys=True)


def fingerprints(root: Path) -> dict[str, str]:
    """Return what the book depends on: the code it runs, how it is rendered, what it says."""
    installed = sorted(f"{d.metadata['Name']}=={d.version}" for d in distributions())
    settings = [f"{name}={os.environ.get(name, '')}" for name in ENVIRONMENT]
    book = root / "book"
    rendering = [root / "_config.yml", root / "_toc.yml", book / "_ext", book / "tools"]
    code = [root / "attnrec_lite", root / "requirements.txt"]
    wheel = [root / name for name in FILES]
    return {
        "code": digest(code, packaging(root), sys.version, *installed),
        "rendering": digest(rendering, *settings),
        "content": digest([book, root / "tests", *wheel]),  # the equations page counts tests
    }


def drop(build: Path, *names: str) -> None:
    """Remove outputs of an earlier build."""
    for name in names:
        shutil.rmtree(build / name, ignore_errors=True)


def drop_stale(build: Path, now: dict[str, str], before: dict[str, str]) -> None:
    """Remove whatever an earlier build made from something that has changed since."""
    cache = build / ".jupyter_cache"
    mark = cache / "code.sha256"
    if not mark.exists() or mark.read_text(encoding="utf8") != now["code"]:
        drop(build, ".jupyter_cache", ".doctrees", "html", "jupyter_execute")
        cache.mkdir(parents=True)
        mark.write_text(now["code"], encoding="utf8")
    if before.get("rendering") != now["rendering"]:
        drop(build, ".doctrees", "html", "jupyter_execute")


def render(root: Path, *options: str) -> int:
    """Run Jupyter Book, warnings counted as errors unless ``options`` say otherwise."""
    tool = str(Path(sys.executable).with_name("jupyter-book"))
    done = subprocess.run([tool, "build", "-q", ".", *options], cwd=root, check=False)
    return done.returncode


def tell(runs: Sequence[Run], root: Path) -> bool:
    """Print one line per notebook and every problem; return whether all went well."""
    for run in runs:
        state = "ran in" if run.executed else "kept, ran in"
        print(f"  {run.path.relative_to(root)}: {state} {run.seconds:.1f} s")
    for run in runs:
        for problem in run.problems:
            print(f"{run.path.relative_to(root)}: {problem}", file=sys.stderr)
    return not any(run.problems for run in runs)


def build(root: Path) -> int:
    """Build the whole book; return the exit code."""
    out, html, started = root / "_build", root / "_build" / "html", time.monotonic()
    state_file = out / "state.json"
    state = json.loads(state_file.read_text(encoding="utf8")) if state_file.exists() else {}
    now = fingerprints(root)
    index = html / "index.html"
    if index.exists() and state == {**now, "html": listing(html)}:
        print(f"Nothing changed. The book is at {index}")
        return 0
    state_file.unlink(missing_ok=True)
    drop_stale(out, now, state)
    runs = execute(notebooks(root), out / ".jupyter_cache", make_wheel(root, out / "wheel"))
    if not tell(runs, root):
        return 1
    if any(run.executed for run in runs):
        drop(out, "html")
    if code := render(root, "-W", "-n", "--keep-going"):
        return code
    state_file.write_text(json.dumps({**now, "html": listing(html)}), encoding="utf8")
    print(f"\nBuilt in {time.monotonic() - started:.0f} s. The book is at {index}")
    return 0


def build_chapter(root: Path, name: str) -> int:
    """Build one chapter to look at: the others are rendered without being executed."""
    path = root / "book" / f"{name}.ipynb"
    if path not in notebooks(root):
        names = ", ".join(sorted(path.stem for path in notebooks(root)))
        print(f"NAME: expected one of {names}; received {name!r}", file=sys.stderr)
        return 2
    out = root / "_build" / "chapter"
    now = fingerprints(root)
    drop_stale(root / "_build", now, now)  # the whole book stays, unless the code has changed
    drop(root / "_build", "chapter")
    wheel = make_wheel(root, root / "_build" / "wheel")
    if not tell(execute([path], root / "_build" / ".jupyter_cache", wheel), root):
        return 1
    os.environ["ATTNREC_CHAPTER"] = f"book/{name}"
    code = render(root, "--path-output", str(out))
    print(f"\nThe chapter is at {out / '_build' / 'html' / 'book' / name}.html")
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chapter", metavar="NAME", help="build this chapter only")
    chosen = parser.parse_args(arguments).chapter
    if os.environ.get(FULL, "").strip() not in ("", "0"):
        why = "the site shows the short run, and what is kept of one must not pass for the other"
        print(f"{FULL}: expected nothing or 0 in a build: {why}. Unset it.", file=sys.stderr)
        return 2
    return build(ROOT) if chosen is None else build_chapter(ROOT, chosen)


if __name__ == "__main__":
    raise SystemExit(main())
