"""What the service says of itself, in the words of Prometheus; see its own documentation."""

from __future__ import annotations

import os
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from attnrec_lite.serving.limits import App, Message, Receive, Send

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
ROWS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counts requests by path and status, times them, and measures batches.

    Args:
        paths: that have a name of their own; everything else is ``other``, so that strangers
            cannot make names.
    """

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.registry, self.paths = CollectorRegistry(), paths
        kept: dict[str, Any] = {"registry": self.registry, "namespace": "attnrec"}
        self.requests = Counter("requests", "By path and status.", ["path", "status"], **kept)
        self.seconds = Histogram("seconds", "Of an answer.", ["path"], buckets=SECONDS, **kept)
        self.rows = Histogram("batch_rows", "Of a batch.", buckets=ROWS, **kept)

    def page(self) -> bytes:
        """What ``/metrics`` shows: of all worker processes, if they share a folder for it."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        multiprocess.MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)

    def around(self, app: App) -> App:
        """An application that is counted and timed."""

        async def counted(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path = scope["path"] if scope["path"] in self.paths else "other"
            status, start = "cut", time.perf_counter()

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                self.requests.labels(path, status).inc()
                self.seconds.labels(path).observe(time.perf_counter() - start)

        return counted
