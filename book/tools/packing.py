"""The wheel of the package: the same bytes from the same files, without a network.

The book's notebooks run from it, in the build and at every reader's: see execute.py and
book/_ext/travel.py.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

FILES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text")
EPOCH = "315532800"  # 1980-01-01, the earliest date that a zip file can hold
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def make_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel from a copy that holds nothing but the package, and put it into ``folder``.

    Args:
        root: the repository.
        folder: emptied before, so that one wheel lies there.

    Raises:
        RuntimeError: the build failed; the message ends with what it printed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with TemporaryDirectory() as scratch:
        for name in FILES:
            shutil.copy(root / name, scratch)
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        shutil.copytree(root / "attnrec_lite", Path(scratch, "attnrec_lite"), ignore=ignored)
        for path in Path(scratch).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)  # a copy keeps the modes of the checkout
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(folder)],
            cwd=scratch,
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
            umask=0o022,
            capture_output=True,
            text=True,
            check=False,
        )
    found = list(folder.glob("*.whl"))
    if done.returncode or len(found) != 1:
        raise RuntimeError(f"the wheel could not be built:\n{done.stdout[-2000:]}{done.stderr}")
    return found[0]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpack a wheel of pure Python, which is all that installing it means; return the folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
