"""Downloads from a server on this machine: checked, retried, never half-written."""

import contextlib
import hashlib
import http.server
import io
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
import zipfile

import pytest

from attnrec_lite.data.fetch import SOURCES, DownloadError, RemoteFile, Source, extract, fetch

CONTENT = b"userId,movieId,rating,timestamp\n1,2,3.5,964982703\n" * 200


def zip_of(members):
    """Bytes of a zip; a member is a name or a ``ZipInfo``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members:
            zipped.writestr(name, data)
    return buffer.getvalue()


GOOD_ZIP = zip_of([("toy/ratings.csv", CONTENT), ("toy/movies.csv", b"movieId,title,genres\n")])


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Server:
    """Serves ``answers[path]``, a list of bytes or of ``(status, promised length, bytes)``."""

    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                queue = outer.answers.get(self.path, [(404, 0, b"")])
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                if answer == "silence":
                    time.sleep(1)
                    return
                status, length, body = (
                    answer if isinstance(answer, tuple) else (200, len(answer), answer)
                )
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("ATTNREC_DATA", raising=False)
    served = Server()
    yield served
    served.http.shutdown()
    served.http.server_close()


def source_of(*urls, data=GOOD_ZIP, contains=("ratings.csv",)):
    file = RemoteFile("toy.zip", urls, sha256(data))
    return Source("toy", "toy", contains, (file,), "https://example.org/toy")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_downloaded_checked_and_extracted_once(server, tmp_path):
    server.answers["/toy.zip"] = [GOOD_ZIP]
    source = source_of(f"{server.base}/toy.zip")
    folder = fetch(source, tmp_path / "new" / "cache")
    assert (folder / "ratings.csv").read_bytes() == CONTENT
    assert fetch(source, tmp_path / "new" / "cache") == folder
    assert server.asked == ["/toy.zip"]
    assert names_in(folder.parent) == ["toy"]


def test_an_md5_is_checked_where_no_more_is_published(server, tmp_path):
    server.answers["/toy.zip"] = [GOOD_ZIP]
    for digest, works in ((hashlib.md5(GOOD_ZIP).hexdigest(), True), ("0" * 32, False)):
        file = RemoteFile("toy.zip", (f"{server.base}/toy.zip",), f"md5:{digest}")
        source = Source("toy", "toy", ("ratings.csv",), (file,), "")
        expected = contextlib.nullcontext() if works else pytest.raises(DownloadError)
        with expected:
            fetch(source, tmp_path / str(works), tries=1)
        assert (tmp_path / str(works) / "toy").exists() == works


def test_an_altered_file_is_refused_and_nothing_stays(server, tmp_path):
    altered = GOOD_ZIP[:-30] + b"?" + GOOD_ZIP[-29:]
    server.answers["/toy.zip"] = [altered]
    with pytest.raises(DownloadError, match="toy: expected toy.zip") as caught:
        fetch(source_of(f"{server.base}/toy.zip"), tmp_path, tries=1)
    for part in (f"{server.base}/toy.zip", "hash", sha256(GOOD_ZIP).replace(":", " is ")):
        assert part in str(caught.value)
    assert "https://example.org/toy" in str(caught.value)
    assert f"save it as {tmp_path / 'toy.zip'}" in str(caught.value)
    assert names_in(tmp_path) == []


def test_a_cut_connection_is_tried_again(server, tmp_path):
    cut = (200, len(GOOD_ZIP), GOOD_ZIP[: len(GOOD_ZIP) // 2])
    server.answers["/toy.zip"] = [cut, GOOD_ZIP]
    folder = fetch(source_of(f"{server.base}/toy.zip"), tmp_path, tries=2)
    assert (folder / "ratings.csv").read_bytes() == CONTENT
    assert server.asked == ["/toy.zip"] * 2


def test_a_cut_connection_without_another_try_fails_cleanly(server, tmp_path):
    server.answers["/toy.zip"] = [(200, len(GOOD_ZIP), GOOD_ZIP[:100])]
    with pytest.raises(DownloadError):
        fetch(source_of(f"{server.base}/toy.zip"), tmp_path, tries=1)
    assert names_in(tmp_path) == []


def test_the_next_address_is_used_when_the_first_is_dead_missing_or_silent(server, tmp_path):
    server.answers["/good.zip"] = [GOOD_ZIP]
    server.answers["/silent.zip"] = ["silence"]
    dead = "http://127.0.0.1:9/toy.zip"  # the discard port: nothing answers
    urls = [dead, f"{server.base}/missing.zip", f"{server.base}/silent.zip"]
    source = source_of(*urls, f"{server.base}/good.zip")
    folder = fetch(source, tmp_path, tries=1, timeout=0.3)
    assert (folder / "ratings.csv").is_file()
    assert server.asked == ["/missing.zip", "/silent.zip", "/good.zip"]


def test_when_all_addresses_fail_each_is_named(server, tmp_path):
    urls = ("http://127.0.0.1:9/toy.zip", f"{server.base}/missing.zip")
    with pytest.raises(DownloadError, match="one of 2 addresses") as caught:
        fetch(source_of(*urls), tmp_path, tries=1, timeout=0.5)
    assert all(url in str(caught.value) for url in urls)
    assert "404" in str(caught.value)


def test_files_that_are_no_zip_go_into_the_folder_of_the_source(server, tmp_path):
    data = {"ratings.dat": b"1::2::3::1365029107\n", "movies.dat": b"2::Tea (1997)::\n"}
    files = tuple(RemoteFile(n, (f"{server.base}/{n}",), sha256(d)) for n, d in data.items())
    source = Source("tweets", "tweets", tuple(data), files, "https://example.org")
    server.answers["/ratings.dat"] = [data["ratings.dat"]]
    with pytest.raises(DownloadError, match=r"save it as .*tweets.movies\.dat"):
        fetch(source, tmp_path, tries=1)
    assert names_in(tmp_path) == []
    (tmp_path / "tweets").mkdir()
    (tmp_path / "tweets" / "movies.dat").write_bytes(data["movies.dat"])  # by hand, as told
    folder = fetch(source, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == data
    (folder / "movies.dat").write_bytes(b"3::Coffee::\n")
    with pytest.raises(ValueError, match=r"movies\.dat: expected sha256 .*; received .*altered"):
        fetch(source, tmp_path)


def test_a_zip_put_there_by_hand_is_checked_and_used(server, tmp_path):
    source = source_of(f"{server.base}/toy.zip")
    (tmp_path / "toy.zip").write_bytes(GOOD_ZIP[:-1])
    with pytest.raises(ValueError, match=r"toy\.zip: expected sha256 .*; received .*cut off"):
        fetch(source, tmp_path)
    (tmp_path / "toy.zip").write_bytes(GOOD_ZIP)
    assert (fetch(source, tmp_path) / "ratings.csv").read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("form", ["extracted", "zip"])
def test_the_folder_of_the_environment_is_looked_at_first(server, tmp_path, monkeypatch, form):
    given = tmp_path / "given"
    (given / "toy").mkdir(parents=True)
    if form == "extracted":
        (given / "toy" / "ratings.csv").write_bytes(CONTENT)
    else:
        (given / "toy.zip").write_bytes(GOOD_ZIP)
    monkeypatch.setenv("ATTNREC_DATA", str(given))
    folder = fetch(source_of(f"{server.base}/toy.zip"), tmp_path / "cache")
    assert folder.parent == (given if form == "extracted" else tmp_path / "cache")
    assert (folder / "ratings.csv").read_bytes() == CONTENT
    assert server.asked == []


def test_the_users_cache_is_the_default(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    server.answers["/toy.zip"] = [GOOD_ZIP]
    folder = fetch(source_of(f"{server.base}/toy.zip"))
    assert tmp_path in folder.parents
    assert folder.parent.name == "attnrec_lite" or "attnrec_lite" in str(folder)


def link(name):
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


EVIL = {
    "up": "../evil.txt",
    "up inside": "toy/../../evil.txt",
    "absolute": "/tmp/evil.txt",
    "windows up": "..\\evil.txt",
    "windows drive": "C:/evil.txt",
    "link": link("toy/link"),
}


@pytest.mark.parametrize("member", EVIL.values(), ids=EVIL.keys())
def test_a_zip_that_leaves_its_folder_is_refused_whole(server, tmp_path, member):
    evil = zip_of([("toy/ratings.csv", CONTENT), (member, b"/etc/passwd")])
    server.answers["/toy.zip"] = [evil]
    with pytest.raises(ValueError, match="expected files that stay in their folder; received"):
        fetch(source_of(f"{server.base}/toy.zip", data=evil), tmp_path / "cache", tries=1)
    assert names_in(tmp_path) == ["cache"]
    assert names_in(tmp_path / "cache") == []


def test_extract_refuses_broken_zips(tmp_path):
    archive = tmp_path / "toy.zip"
    damaged = bytearray(GOOD_ZIP)
    damaged[60:70] = b"\xff" * 10
    for data in (b"<html>not here</html>", GOOD_ZIP[: len(GOOD_ZIP) // 2], bytes(damaged)):
        archive.write_bytes(data)
        with pytest.raises(ValueError, match=r"toy\.zip: expected a sound zip file"):
            extract(archive, tmp_path)


def test_a_zip_without_the_promised_files_is_refused(server, tmp_path):
    server.answers["/toy.zip"] = [GOOD_ZIP]
    source = source_of(f"{server.base}/toy.zip", contains=("ratings.csv", "links.csv"))
    with pytest.raises(ValueError, match=r"received a zip without links\.csv"):
        fetch(source, tmp_path)
    assert names_in(tmp_path) == []


def test_an_incomplete_folder_in_the_way_is_left_alone_and_named(server, tmp_path):
    server.answers["/toy.zip"] = [GOOD_ZIP]
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "mine.txt").write_text("keep me")
    with pytest.raises(ValueError, match="received an incomplete one: remove it"):
        fetch(source_of(f"{server.base}/toy.zip"), tmp_path)
    assert names_in(tmp_path / "toy") == ["mine.txt"]


def test_another_process_that_was_faster_is_no_error(server, tmp_path, monkeypatch):
    server.answers["/toy.zip"] = [GOOD_ZIP]
    replace = os.replace

    def replaced_meanwhile(source, target):
        if os.path.isdir(source):
            (tmp_path / "toy").mkdir()
            (tmp_path / "toy" / "ratings.csv").write_bytes(CONTENT)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced_meanwhile)
    folder = fetch(source_of(f"{server.base}/toy.zip"), tmp_path)
    assert names_in(folder) == ["ratings.csv"]


def test_a_killed_extraction_leaves_no_folder_and_the_next_fetch_works(server, tmp_path):
    (tmp_path / "toy.zip").write_bytes(GOOD_ZIP)
    code = f"""
        import os, signal, zipfile
        from attnrec_lite.data.fetch import RemoteFile, Source, fetch

        whole = zipfile.ZipFile.extractall

        def half(self, folder):
            self.extract(self.namelist()[0], folder)
            os.kill(os.getpid(), signal.SIGKILL)

        zipfile.ZipFile.extractall = half
        file = RemoteFile("toy.zip", (), {sha256(GOOD_ZIP)!r})
        fetch(Source("toy", "toy", ("ratings.csv",), (file,), ""), {str(tmp_path)!r})
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = [name for name in names_in(tmp_path) if name != "toy.zip"]
    assert len(left) == 1
    assert left[0].startswith(".partial-")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(tmp_path / left[0], (two_days_ago, two_days_ago))
    (tmp_path / ".partial-running").mkdir()
    assert (fetch(source_of(), tmp_path) / "movies.csv").is_file()
    assert names_in(tmp_path) == [".partial-running", "toy", "toy.zip"]


def test_without_pooch_data_that_is_here_is_found_and_a_download_says_what_to_install(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.delenv("ATTNREC_DATA", raising=False)
    with pytest.raises(ImportError, match="pip install pooch requests"):
        fetch(source_of("http://127.0.0.1:9/toy.zip"), tmp_path)
    (tmp_path / "toy.zip").write_bytes(GOOD_ZIP)
    assert fetch(source_of(), tmp_path) == tmp_path / "toy"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "movielens-2m"}, "source: expected one of .*movielens-1m.*received 'movielens"),
        ({"source": source_of(), "tries": 0}, "tries, timeout: .*received 0 and 20"),
        ({"source": source_of(), "timeout": 0}, "tries, timeout: .*received 2 and 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fetch(**arguments)


def test_every_source_has_a_checksum_and_addresses():
    assert set(SOURCES) == {
        "movielens-latest-small",
        "movielens-100k",
        "movielens-1m",
        "movielens-20m",
        "movielens-25m",
        "movielens-32m",
        "movietweetings",
    }
    for name, source in SOURCES.items():
        assert source.name == name
        for file in source.files:
            kind, digest = file.hash.split(":")
            assert len(bytes.fromhex(digest)) == {"sha256": 32, "md5": 16}[kind]
            assert len(file.urls) == 2
            assert file.urls[0].startswith("https://")
            assert all(url.endswith("/" + file.name) for url in file.urls)
