"""What can be downloaded, from where, and how to know that it is the right file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class RemoteFile:
    """One file to download.

    Attributes:
        name: file name; ``.zip`` files are extracted.
        urls: addresses, tried in order.
        hash: ``"sha256:..."``, or ``"md5:..."`` where the publisher gives no more.
    """

    name: str
    urls: tuple[str, ...]
    hash: str

    @property
    def is_zip(self) -> bool:
        """Whether the file is extracted after the download."""
        return self.name.endswith(".zip")


@dataclass(frozen=True)
class Source:
    """A data set that can be downloaded.

    Attributes:
        name: what ``fetch`` and ``load`` call it.
        folder: name of the extracted folder; a zip holds everything under this name.
        contains: files that the extracted folder must have.
        files: what to download.
        home: page of the publisher, with the terms of use.
    """

    name: str
    folder: str
    contains: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    home: str


def _grouplens(name: str, folder: str, contains: tuple[str, ...], checksum: str) -> Source:
    # Second without TLS: the host's certificate has lapsed before, and the checksum decides anyway.
    path = f"files.grouplens.org/datasets/movielens/{folder}.zip"
    file = RemoteFile(f"{folder}.zip", (f"https://{path}", f"http://{path}"), checksum)
    return Source(name, folder, contains, (file,), "https://grouplens.org/datasets/movielens/")


def _tweetings(name: str, sha256: str) -> RemoteFile:
    urls = (
        f"https://raw.githubusercontent.com/sidooms/MovieTweetings/master/snapshots/100K/{name}",
        f"https://github.com/sidooms/MovieTweetings/raw/master/snapshots/100K/{name}",
    )
    return RemoteFile(name, urls, f"sha256:{sha256}")


_CSV = ("ratings.csv", "movies.csv")
_DAT = ("ratings.dat", "movies.dat")
_LIST = (
    _grouplens(
        "movielens-latest-small",  # "latest" may be replaced by its publisher: then the sum differs
        "ml-latest-small",
        _CSV,
        "sha256:696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
    ),
    _grouplens(
        "movielens-100k", "ml-100k", ("u.data", "u.item"), "md5:0e33842e24a9c977be4e0107933c0723"
    ),
    _grouplens(
        "movielens-1m",
        "ml-1m",
        _DAT,
        "sha256:a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    ),
    _grouplens(
        "movielens-20m",
        "ml-20m",
        _CSV,
        "sha256:96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3",
    ),
    _grouplens("movielens-25m", "ml-25m", _CSV, "md5:6b51fb2759a8657d3bfcbfc42b592ada"),
    _grouplens("movielens-32m", "ml-32m", _CSV, "md5:d472be332d4daa821edc399621853b57"),
    Source(
        "movietweetings",
        "movietweetings",
        _DAT,
        (
            _tweetings(
                "ratings.dat", "c0dd868c2632d10002ebc928ddc5345f33adeaa59eca52c2941c26a2c5e36fd6"
            ),
            _tweetings(
                "movies.dat", "e63fb84bc734e3c574f135634a40d3cbafab22b8f94f5fc0b80f80d1d2076efc"
            ),
        ),
        "https://github.com/sidooms/MovieTweetings",
    ),
)
SOURCES: Mapping[str, Source] = MappingProxyType({source.name: source for source in _LIST})

# Not downloaded, because nobody publishes a checksum to know the right file by.
BY_HAND: Mapping[str, str] = MappingProxyType(
    {
        "online-retail": (
            "online-retail: expected a file to read; received none, and it is not downloaded, "
            "because no checksum is published to know the right file by.\n"
            "By hand: get 'Online Retail.xlsx', or the zip with it, from "
            "https://archive.ics.uci.edu/dataset/352/online+retail (CC BY 4.0), then "
            "load('online-retail', path='.../Online Retail.xlsx')"
        )
    }
)
