"""What the service gives under load: latency, throughput, memory, and a worker that is killed.

A SASRec of 24,000 items (width 64, two blocks, window 50; its weights do not change what it costs)
is served by ``python -m attnrec_lite serve`` on this machine, asked over real connections by this
program. The load generator shares the machine: its own seconds of the processor are in each row.
Requests come at random moments at a given rate, whether or not the ones before are answered, and a
latency counts from the moment at which a request was due: a service that stands still for a second
does not get away with one slow answer. A request whose connection breaks is sent again.

``click``: one more click of a known user, in this process, with the exact top 10 of all items.
``steady``: many clients at 300 requests a second. ``capacity``: every client asks again as soon as
it is answered. ``killed``: two workers, of which one is killed halfway.

Run: ``python benchmarks/serving.py`` for all, or name some (``--seconds 600`` for ten minutes).
Writes ``serving.json`` in the package unless ``--out`` names another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from attnrec_lite import results
from attnrec_lite.data import Vocabulary
from attnrec_lite.models import SASRec

ITEMS = 24_000
SIZES: dict[str, Any] = {"width": 64, "blocks": 2, "window": 50}
CLIENTS, RATE, CLICKS = 64, 300.0, 1000
CASES: dict[str, dict[str, Any]] = {
    "click": {},
    "steady": {"workers": 1, "rate": RATE},
    "capacity": {"workers": 1, "rate": None},
    "killed": {"workers": 2, "rate": RATE},
}
TICK = os.sysconf("SC_CLK_TCK")


def make_model() -> SASRec:
    """The model, with weights as they are drawn."""
    return SASRec(Vocabulary(np.arange(1, ITEMS + 1)), **SIZES)


def click() -> dict[str, Any]:
    """Milliseconds from one more click to the ten best of all items: kept state, and without."""
    from attnrec_lite.command.train import one_core
    from attnrec_lite.serving import Servable

    one_core()
    model, rng = make_model(), np.random.default_rng(0)
    session, servable = model.session(rng.integers(1, ITEMS + 1, 60)), Servable(model, 10)
    found: dict[str, list[tuple[float, float]]] = {"session": [], "graph": [], "model": []}
    for item in rng.integers(1, ITEMS + 1, CLICKS + 20):
        start = now()
        session.click(int(item))
        best = session.recommend(10)[0]
        found["session"].append(since(start))
        history = np.array([session.history[-servable.reach :]])
        start = now()
        same = servable.recommend(history)["ids"].numpy()[0]
        found["graph"].append(since(start))
        start = now()
        model.recommend(history, 10)
        found["model"].append(since(start))
        # The graph knows only the newest as seen; two scores may lie closer than rounding.
        if len(set(same) - set(session.history) - set(best)) > 1:
            raise RuntimeError(f"session and graph differ: {best}, {same}")
    row: dict[str, Any] = {"clicks": CLICKS}
    for name, times in found.items():
        wall, used = zip(*times[20:], strict=True)
        row |= {name: quantiles(list(wall)), f"{name}_cpu": quantiles(list(used))}
    return row


def now() -> tuple[float, float]:
    """By the clock, and of the processor: on a busy machine the second tells more."""
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """Seconds since then, both ways."""
    wall, used = now()
    return wall - start[0], used - start[1]


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ms = np.array(seconds) * 1e3
    p50, p95, p99 = np.percentile(ms, [50, 95, 99])
    found = {"p50": p50, "p95": p95, "p99": p99, "max": ms.max()}
    return {name: round(float(value), 3) for name, value in found.items()}


@contextmanager
def served(path: Path, workers: int) -> Iterator[tuple[int, list[int]]]:
    """The service: its port and its processes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "attnrec_lite", "serve", path]
    command += ["--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not asyncio.run(is_ready(port)):
            if process.poll() is not None:
                raise RuntimeError(f"the service ended with {process.returncode}")
            time.sleep(0.2)
        yield port, [process.pid]
    finally:
        process.terminate()
        process.wait(60)


async def is_ready(port: int) -> bool:
    """Whether the service answers yet."""
    try:
        return (await Client(port).ask(b"GET /ready HTTP/1.1\r\nhost: a\r\n\r\n"))[0] == 200
    except OSError:
        return False


class Client:
    """One connection that is kept, over plain sockets: a client must not be the bottleneck."""

    def __init__(self, port: int) -> None:
        self.port, self.again = port, 0
        self.reader: asyncio.StreamReader | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; raises OSError if the connection breaks."""
        try:
            if self.reader is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.writer.write(request)
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await self.reader.readexactly(int(length[1])) if length else b""
            return int(head[9:12]), body
        except (OSError, asyncio.IncompleteReadError) as error:
            self.reader = None
            raise ConnectionError from error

    async def insist(self, request: bytes) -> int:
        """Ask until there is an answer; asking twice changes nothing."""
        for _ in range(100):
            try:
                status = (await self.ask(request))[0]
            except ConnectionError:
                status = 0
            if status not in (0, 503):
                return status
            self.again += 1
            await asyncio.sleep(0.02)
        return 0


def requests(number: int = 2000) -> list[bytes]:
    """Histories of 0 to 200 items, 12 on average."""
    rng, found = np.random.default_rng(0), []
    for length in np.minimum(rng.geometric(1 / 13, number) - 1, 200):
        history = rng.integers(1, ITEMS + 1, length).tolist()
        body = json.dumps({"history": history, "k": 10}).encode()
        head = "POST /recommend HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        found.append(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return found


async def load(
    port: int, main: int, seconds: float, rate: float | None, kill: bool
) -> dict[str, Any]:
    """Ask for a while, and watch the processes."""
    asked, latencies, statuses = requests(), [], []
    due: asyncio.Queue[float | None] = asyncio.Queue()
    clients = [Client(port) for _ in range(CLIENTS)]
    start = time.perf_counter()
    end, memory = start + seconds, []

    async def arrivals() -> None:
        rng, at = np.random.default_rng(1), start
        while rate is not None and (at := at + rng.exponential(1 / rate)) < end:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due.put_nowait(at)
        for _ in clients:
            due.put_nowait(None)

    async def work(client: Client) -> None:
        while True:
            at = await due.get() if rate is not None else time.perf_counter()
            if at is None or at >= end:
                return
            statuses.append(await client.insist(asked[len(statuses) % len(asked)]))
            latencies.append(time.perf_counter() - at)

    async def watch() -> None:
        killed = not kill
        while time.perf_counter() < end:
            memory.append([round(time.perf_counter() - start, 1), sum(map(resident, tree(main)))])
            if not killed and time.perf_counter() > start + seconds / 2:
                os.kill(workers_of(main)[0], signal.SIGKILL)
                killed = True
            await asyncio.sleep(min(10.0, seconds / 4))

    before, own = sum(map(cpu, tree(main))), time.process_time()
    await asyncio.gather(arrivals(), watch(), *map(work, clients))
    took = time.perf_counter() - start
    used, own = sum(map(cpu, tree(main))) - before, time.process_time() - own
    page = (await Client(port).ask(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n"))[1].decode()
    rows, batches = (
        sum(float(x) for x in re.findall(rf"^attnrec_batch_rows_{part} (\S+)", page, re.MULTILINE))
        for part in ("sum", "count")
    )
    return {
        "seconds": round(took, 1), "sent": len(statuses), "answered": statuses.count(200),
        "again": sum(client.again for client in clients),
        "per_second": round(statuses.count(200) / took, 1), "ms": quantiles(latencies),
        "rows_a_batch": round(rows / max(1, batches), 2), "client_cpu_seconds": round(own, 1),
        "service_cpu_seconds": None if kill else round(used, 1), "resident_mb": memory,
    }  # fmt: skip


def tree(main: int) -> list[int]:
    """A process and those that it started, all the way down."""
    started = Path(f"/proc/{main}/task/{main}/children")
    below = map(int, started.read_text().split()) if started.exists() else []
    return [main, *(pid for child in below for pid in tree(child))]


def workers_of(main: int) -> list[int]:
    """The workers: of the processes below, those that hold a model."""
    return [pid for pid in tree(main)[1:] if resident(pid) > 150]


def resident(pid: int) -> int:
    """Megabytes in memory."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:  # it has ended
        return 0
    return int(found[1]) // 1024 if found else 0


def cpu(pid: int) -> float:
    """Seconds of the processor."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def measure(case: str, seconds: float) -> dict[str, Any]:
    """One row."""
    if case == "click":
        return {"case": case, **click()}
    options = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        path = make_model().save(Path(folder) / "model.npz")
        with served(path, options["workers"]) as (port, (main,)):
            run = load(port, main, seconds, options["rate"], case == "killed")
            found = asyncio.run(run)
    return {"case": case, "clients": CLIENTS, **options, **found}


def main() -> None:
    """Measure what was asked for; a case that is measured again takes the place of the old row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"{', '.join(CASES)} (default: all)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=results.path("serving"))
    asked = parser.parse_args()
    rows = json.loads(asked.out.read_text())["rows"] if asked.out.exists() else []
    packages = ("attnrec_lite", "fastapi", "numpy", "tensorflow", "uvicorn")
    about = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load generator included",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "items": ITEMS,
        "model": SIZES,
    }
    for case in asked.cases or CASES:
        row = measure(case, asked.seconds)
        rows = [other for other in rows if other["case"] != case] + [row]
        rows.sort(key=lambda found: list(CASES).index(found["case"]))
        asked.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
        print(json.dumps({k: v for k, v in row.items() if k != "resident_mb"}))


if __name__ == "__main__":
    main()
