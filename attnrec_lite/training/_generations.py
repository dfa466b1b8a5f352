"""A file that is whole at every moment, whatever happens to the process, with the one before it.

Written beside its place, forced to disk, then renamed: a reader sees the old file or the new one.
The first line holds the checksum of the rest.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
MARK = b"attnrec_lite checkpoint 1 sha256 "


def checksum(arrays: Iterable[Any]) -> str:
    """One SHA-256 of the types, shapes and contents of some arrays."""
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def previous(path: Path) -> Path:
    """Where the file lies that was at ``path`` before."""
    return path.with_name(f"{path.name}.previous")


def write(path: Path, about: dict[str, Any], arrays: Arrays, keep: bool = True) -> None:
    """Put a file in its place, whole or not at all; what was there becomes the previous one.

    Args:
        path: the file; its folder must exist.
        about: plain JSON values.
        arrays: numbers by name.
        keep: False if what is there is damaged and must not take the place of the previous one.

    Raises:
        OSError: if it cannot be written; what was there is untouched, nothing is left behind.
    """
    body = io.BytesIO()
    np.savez(body, about=np.array(json.dumps(about, default=float)), **arrays)  # type: ignore[arg-type]
    content = body.getvalue()
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(MARK + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            os.replace(path, previous(path))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read(path: Path) -> tuple[dict[str, Any], Arrays]:
    """Read a file that ``write`` wrote.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is another file, or was altered or cut off.
    """
    first, _, content = path.read_bytes().partition(b"\n")
    if not first.startswith(MARK):
        raise ValueError(f"checkpoint: {path} is not a checkpoint of this package, or is damaged")
    if first.removeprefix(MARK).decode("ascii", "replace") != hashlib.sha256(content).hexdigest():
        raise ValueError(f"checkpoint: {path} is damaged: its checksum is not that of its content")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return dict(json.loads(str(arrays.pop("about")))), arrays


def _sync_folder(folder: Path) -> None:
    """Force the renaming to disk, where the system lets a folder be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
