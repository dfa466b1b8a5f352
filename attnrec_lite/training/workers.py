"""Start the processes of one training run, and all of them again when one dies.

What a cluster's scheduler does on many machines, on one: enough to try it out, and to see that a
run which was killed ends where it would have ended.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Sequence

from attnrec_lite._checks import whole

OFTEN = 0.1  # seconds between two looks at the processes


def run_workers(command: Sequence[str], workers: int = 2, attempts: int = 3) -> int:
    """Run a program in several processes that train together.

    Each gets ``TF_CONFIG`` with the addresses of all and its own index; see ``fit_distributed``,
    whose checkpoint lets another attempt go on instead of beginning anew.

    Args:
        command: the program and its arguments, the same for each.
        workers: how many processes.
        attempts: how often all are started, if one dies.

    Returns:
        How many attempts it took.

    Raises:
        ValueError: if a number is no whole number from 1.
        RuntimeError: if some process died in every attempt.

    >>> import sys
    >>> run_workers([sys.executable, "-c", "import os; os.environ['TF_CONFIG']"])
    1
    """
    whole("workers", workers), whole("attempts", attempts)
    for attempt in range(1, attempts + 1):
        codes = _attempt(command, workers)
        if not any(codes):
            return attempt
    raise RuntimeError(
        f"workers: expected {workers} to end well; in the last of {attempts} attempts they ended "
        f"with {codes}"
    )


def _attempt(command: Sequence[str], workers: int) -> list[int | None]:
    """Exit codes; None for a process that was ended because another had died."""
    addresses = [f"localhost:{port}" for port in _free_ports(workers)]
    running = []
    try:
        for index in range(workers):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            surroundings = {**os.environ, "TF_CONFIG": json.dumps(task)}
            running.append(subprocess.Popen(list(command), env=surroundings))
        codes = [process.poll() for process in running]
        while None in codes and not any(codes):
            time.sleep(OFTEN)
            codes = [process.poll() for process in running]
        return codes
    finally:
        for process in running:  # who is left would wait for the dead for ever
            process.kill()
            process.wait()


def _free_ports(number: int) -> list[int]:
    held = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports: list[int] = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports
