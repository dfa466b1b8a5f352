"""``python -m attnrec_lite serve MODEL``: check the file, then serve it with uvicorn.

Several workers share one port. uvicorn watches them: one that dies is started again, and the others
go on answering meanwhile.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from attnrec_lite._checks import whole

MODEL = "ATTNREC_LITE_MODEL"  # environment variable that tells the workers what to load


def serve(model: str | Path, host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> None:
    """Serve a model until the process is told to stop (SIGTERM, SIGINT); then finish what came.

    Args:
        model: file that ``save`` wrote.
        host: address to listen at; by default only this machine can ask.
        port: 1..65535, or 0 for any that is free.
        workers: processes; each holds the model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no saved recommender, is damaged, or a number is out of range.
        ImportError: if FastAPI, uvicorn or prometheus-client is not installed.
    """
    whole("workers", workers), whole("port", port, 0)
    for name in ("fastapi", "uvicorn", "prometheus_client"):
        importlib.import_module(name)
    options: dict[str, Any] = {"host": host, "port": port, "access_log": False, "backlog": 1024}
    options |= {"timeout_graceful_shutdown": 10, "timeout_keep_alive": 30, "server_header": False}
    import uvicorn

    if workers == 1:
        uvicorn.run(_app(str(model)), **options)
        return
    # A worker that cannot load would be started again and again, so it is tried once before: in a
    # process of its own, whose memory is given back.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(check, str(model)).result()
    os.environ[MODEL] = str(model)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        here = f"{__name__}:app"
        uvicorn.run(here, factory=True, workers=workers, **options)


def check(path: str) -> None:
    """Load a model and let it answer once."""
    _app(path)


def app() -> Any:
    """What a worker serves."""
    return _app(os.environ[MODEL])


def _app(path: str) -> Any:
    from attnrec_lite.command.train import one_core
    from attnrec_lite.models import load
    from attnrec_lite.serving.service import create_app

    one_core()  # processes share the cores; threads that fight over them make everybody wait
    return create_app(load(path))
