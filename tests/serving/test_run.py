"""The command as processes: stopped, killed, cut off, and given what is no model."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.__main__ import main
from attnrec_lite.data import make_shop
from attnrec_lite.models import SASRec

pytestmark = pytest.mark.slow
BODY = {"history": [1, 2], "k": 3}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    log = make_shop(n_users=60).log
    return SASRec(log.items, width=8, window=5).save(tmp_path_factory.mktemp("model") / "m.npz")


def free_port():
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def served(model, *options):
    """A service, its address, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "attnrec_lite", "serve", model, "--port", str(port), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                if httpx.get(f"{at}/ready").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.1)
        yield at, process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def listed(answer):
    """Items and scores of an answer."""
    return [row["item"] for row in answer["items"]], [row["score"] for row in answer["items"]]


def ask_until_answered(at, tries=200):
    """A client that asks again; how often it had to."""
    for attempt in range(tries):
        try:
            found = httpx.post(f"{at}/recommend", json=BODY, timeout=5)
            if found.status_code == 200:
                return attempt, found.json()
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("no answer")


def test_it_stops_gracefully_and_a_cut_connection_harms_nobody(saved):
    with served(saved) as (at, process):
        port = int(at.rsplit(":", 1)[1])
        for sent in (
            b"",
            b"POST /recommend HTTP/1.1\r\n",
            b"POST /recommend HTTP/1.1\r\nhost: a\r\n"
            b"content-type: application/json\r\ncontent-length: 50\r\n\r\n{",
            b"\0" * 999,
        ):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(sent)
        assert ask_until_answered(at)[0] == 0
        answers = []
        threads = [
            threading.Thread(
                target=lambda: answers.append(httpx.post(f"{at}/recommend", json=BODY))
            )
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    assert [answer.status_code for answer in answers] == [200] * 20


def test_who_sends_a_body_too_slowly_is_sent_away(saved):
    with served(saved) as (at, _):
        with socket.create_connection(("127.0.0.1", int(at.rsplit(":", 1)[1]))) as client:
            client.sendall(b"POST /recommend HTTP/1.1\r\nhost: a\r\ncontent-type: application/json"
                           b"\r\ncontent-length: 50\r\n\r\n{")  # fmt: skip
            client.settimeout(20)
            said = client.recv(4096)
        assert said.startswith(b"HTTP/1.1 408")


def test_a_killed_worker_is_replaced_and_clients_that_retry_lose_nothing(saved):
    with served(saved, "--workers", "2") as (at, _):
        expected = ask_until_answered(at)[1]
        seen = set()
        while len(seen) < 2:
            seen.add(httpx.get(f"{at}/health").json()["process"])
        found, stop = [], threading.Event()

        def client():
            while not stop.is_set():
                found.append(ask_until_answered(at)[1])

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        os.kill(min(seen), signal.SIGKILL)
        now, end = set(), time.monotonic() + 90
        while not now - seen and time.monotonic() < end:
            try:
                now.add(httpx.get(f"{at}/health", timeout=5).json()["process"])
            except httpx.TransportError:
                time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        assert now - seen, "no new worker"
        assert len(found) > 20
        items, scores = listed(expected)
        for answer in found:  # in batches of other sizes scores are rounded otherwise
            assert listed(answer)[0] == items
            assert_allclose(listed(answer)[1], scores, atol=1e-5)
        page = httpx.get(f"{at}/metrics").text  # of all workers, the dead one included
        counted = [line for line in page.splitlines() if 'path="/recommend",status="200"' in line]
        assert sum(float(line.split()[-1]) for line in counted) >= len(found)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_no_model_is_refused_in_one_line(saved, tmp_path, workers):
    content = saved.read_bytes()
    bad = {"none": None, "empty": b"", "text": b"hello" * 99, "cut": content[: len(content) // 2]}
    for name, given in bad.items():
        path = tmp_path / f"{name}.npz"
        if given is not None:
            path.write_bytes(given)
        command = [sys.executable, "-m", "attnrec_lite", "serve", path, "--workers", workers]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1
        lines = [line for line in done.stderr.splitlines() if "0000" not in line[:5]]
        said = [line for line in lines if line.startswith("attnrec_lite: ")]
        assert len(said) == 1
        assert str(path) in said[0]
        assert "Traceback" not in done.stderr


def test_numbers_are_checked_before_anything_is_loaded(capsys):
    for options, name in ((["--port", "-1"], "port"), (["--workers", "0"], "workers")):
        assert main(["serve", "none.npz", *options]) == 1
        assert capsys.readouterr().err.startswith(f"attnrec_lite: {name}: expected an integer")
