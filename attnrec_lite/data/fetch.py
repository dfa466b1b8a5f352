"""Download a data set once, checked, and never leave half of it behind.

A file is looked for first in the folder that the environment variable ``ATTNREC_DATA`` names, then
among earlier downloads, then on the internet. Every downloaded file has a published checksum, so
an altered or cut file is never used, wherever it came from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from attnrec_lite.data._sources import BY_HAND, SOURCES, RemoteFile, Source

__all__ = ["ENVIRONMENT", "SOURCES", "DownloadError", "RemoteFile", "Source", "extract", "fetch"]

ENVIRONMENT = "ATTNREC_DATA"
_PARTIAL = ".partial-"
_ABANDONED = 86_400  # seconds after which an unfinished folder was left by a killed process


class DownloadError(OSError):
    """No address delivered the file that was expected."""


def fetch(
    source: str | Source,
    folder: str | Path | None = None,
    *,
    timeout: float = 20.0,
    tries: int = 2,
) -> Path:
    """Return the folder of a data set, downloaded and checked if it is not here yet.

    Args:
        source: a name in ``SOURCES``, or a source of your own.
        folder: where downloads are kept; by default the user's cache folder.
        timeout: seconds to wait for a host to answer or to send more.
        tries: times each address is tried.

    Returns:
        The folder that holds ``source.contains``.

    Raises:
        ImportError: if a download is needed and ``pooch`` is not installed.
        DownloadError: if no address delivered the file, or it has no published checksum to know
            it by; says what to put where by hand.
        ValueError: if the name is unknown, or a file that was found or extracted is not as
            published.
    """
    if isinstance(source, str):
        if source in BY_HAND:
            raise DownloadError(BY_HAND[source])
        if source not in SOURCES:
            raise ValueError(f"source: expected one of {', '.join(SOURCES)}; received {source!r}")
        source = SOURCES[source]
    if tries < 1 or timeout <= 0:
        raise ValueError(
            f"tries, timeout: expected at least 1 and above 0; received {tries} and {timeout}"
        )
    given = [Path(path) for path in [os.environ.get(ENVIRONMENT)] if path]
    for shelf in given:
        if _is_complete(shelf / source.folder, source):
            return shelf / source.folder
    keep = Path(folder) if folder is not None else Path(_pooch().os_cache("attnrec_lite"))
    if _is_complete(keep / source.folder, source):
        return keep / source.folder
    keep.mkdir(parents=True, exist_ok=True)
    _sweep(keep)
    with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=keep) as partial:
        for file in source.files:
            here = _find(file, source, [*given, keep])
            if here is None:
                here = _download(file, Path(partial), keep, source, timeout, tries)
            if file.is_zip:
                extract(here, Path(partial))
        return _move_into_place(Path(partial), keep / source.folder, source)


def extract(archive: Path, folder: Path) -> None:
    """Extract a zip, refusing one that would write outside of ``folder``.

    Args:
        archive: the zip file.
        folder: an existing folder.

    Raises:
        ValueError: if the file is no sound zip, or a member is a link, has an absolute path or
            climbs out with ``..``; nothing is written for a bad member or those beside it.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.infolist():
                path = PurePosixPath(member.orig_filename.replace("\\", "/"))
                is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
                leaves = path.is_absolute() or ".." in path.parts or ":" in str(path)
                if is_link or leaves:
                    raise ValueError(
                        f"{archive}: expected files that stay in their folder; received "
                        f"{member.orig_filename!r}{' (a link)' if is_link else ''}"
                    )
            zipped.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive}: expected a sound zip file; {error}") from error


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            "fetch: expected the package pooch; received none: pip install pooch requests"
        ) from error
    return pooch


def _is_complete(path: Path, source: Source) -> bool:
    """Whether an extracted folder is here; a file that we know the checksum of is checked."""
    if not all((path / name).is_file() for name in source.contains):
        return False
    for file in source.files:
        if (path / file.name).is_file():
            _check_hash(path / file.name, file)
    return True


def _find(file: RemoteFile, source: Source, shelves: list[Path]) -> Path | None:
    """Return the file if someone put it on a shelf, checked."""
    for shelf in shelves:
        path = _by_hand(file, source, shelf)
        if path.is_file():
            _check_hash(path, file)
            return path
    return None


def _by_hand(file: RemoteFile, source: Source, shelf: Path) -> Path:
    """Where a file belongs: a zip beside the folders, another file in the folder of its source."""
    return shelf / file.name if file.is_zip else shelf / source.folder / file.name


def _check_hash(path: Path, file: RemoteFile) -> None:
    kind, _, expected = file.hash.partition(":")
    with path.open("rb") as opened:
        received = hashlib.file_digest(opened, kind).hexdigest()
    if received != expected:
        raise ValueError(
            f"{path}: expected {kind} {expected}; received {received}: "
            "the file was altered, cut off or replaced; remove it to download it again"
        )


def _download(
    file: RemoteFile, folder: Path, keep: Path, source: Source, timeout: float, tries: int
) -> Path:
    """Try each address; pooch downloads beside the target, checks the hash, then renames."""
    pooch = _pooch()
    failures = []
    for url in file.urls:
        store = pooch.create(
            path=folder,
            base_url="",
            registry={file.name: file.hash},
            urls={file.name: url},
            retry_if_failed=tries - 1,
        )
        try:
            loader = pooch.HTTPDownloader(timeout=timeout)
            return Path(store.fetch(file.name, downloader=loader))
        except (OSError, ValueError) as error:  # no answer, cut off; or another checksum
            failures.append(f"  {url}: {type(error).__name__}: {error}")
    reasons = "\n".join(failures)
    raise DownloadError(
        f"{source.name}: expected {file.name} from one of {len(file.urls)} addresses; received\n"
        f"{reasons}\n"
        f"By hand: get {file.name} (see {source.home}), check that its "
        f"{file.hash.replace(':', ' is ', 1)}, and save it as "
        f"{_by_hand(file, source, keep.resolve())}"
    )


def _move_into_place(partial: Path, target: Path, source: Source) -> Path:
    """Rename what is finished: the folder of a zip as a whole, other files one by one."""
    for file in source.files:
        if not file.is_zip and (partial / file.name).is_file():
            target.mkdir(exist_ok=True)
            os.replace(partial / file.name, target / file.name)
    if any(file.is_zip for file in source.files):
        ready = partial / source.folder
        missing = [name for name in source.contains if not (ready / name).is_file()]
        if missing:
            raise ValueError(
                f"{source.name}: expected {', '.join(source.contains)} in {source.folder}/; "
                f"received a zip without {', '.join(missing)}"
            )
        try:
            os.replace(ready, target)
        except OSError as error:
            if not _is_complete(target, source):  # if it is, another process was faster
                raise ValueError(
                    f"{target}: expected no folder, or one with {', '.join(source.contains)}; "
                    "received an incomplete one: remove it"
                ) from error
    return target


def _sweep(folder: Path) -> None:
    """Remove what processes killed a day ago or earlier left unfinished."""
    for path in folder.glob(f"{_PARTIAL}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
