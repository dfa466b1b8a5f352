"""What grows how: users, items, length and width, each alone, against seconds and memory.

Logs are drawn at random: what is learned does not matter here, only what it costs. Each point is
measured in a process of its own, so that the most memory that it held is its own; seconds are those
of the processor, on one thread. ``train`` is one pass of SASRec after a first that is not counted,
``list`` the ten best of all items for 1,024 users, ``evaluate`` NDCG@10 of one target a user.

Run: ``python benchmarks/growth.py`` (``--times 1 2`` for two sizes of each). Writes ``growth.json``
in the package unless ``--out`` names another, with the slopes: see ``formulas.growth_exponent``.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from attnrec_lite import results
from attnrec_lite.data import Interactions, Vocabulary, leave_one_out
from attnrec_lite.formulas import growth_exponent

BASE = {"users": 2000, "items": 4000, "length": 32, "width": 32}
TIMES = (1, 2, 4, 8)
NEGATIVES, LISTED = 256, 1024
COSTS = ("train", "list", "evaluate", "weights_mb", "peak_mb")


def make_log(users: int, items: int, length: int) -> Interactions:
    """Every user with ``length + 2`` events, items drawn evenly."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(users, dtype=np.int32), length + 2)
    item = rng.integers(1, items + 1, len(user)).astype(np.int32)
    moment = np.tile(np.arange(length + 2), users)
    return Interactions(user, item, moment, np.arange(users), Vocabulary(np.arange(items)))


def measure(users: int, items: int, length: int, width: int) -> dict[str, float]:
    """Seconds and megabytes of one size; ends with the process."""
    from attnrec_lite.command.train import one_core
    from attnrec_lite.evaluation import evaluate
    from attnrec_lite.models import SASRec

    one_core()
    split = leave_one_out(make_log(users, items, length))
    held = resident("VmRSS")
    options = {"width": width, "window": length, "loss": "sampled", "negatives": NEGATIVES}
    model = SASRec(split.train.items, **options)
    passes: list[float] = []
    model.fit(split.train, 3, batch=max(1, 2048 // length), callbacks=[clock(passes)])
    histories = np.random.default_rng(1).integers(1, items + 1, (LISTED, length))
    model.recommend(histories[:8], 10)
    return {
        "train": min(passes[1:]),
        "list": seconds(lambda: model.recommend(histories, 10)),
        "evaluate": seconds(lambda: evaluate(model, split.test, k=10)),
        "weights_mb": sum(w.numpy().nbytes for w in model.network.trainable_weights) / 2**20,
        "peak_mb": resident("VmHWM") - held,
    }


def clock(passes: list[float]) -> Any:
    """A callback that notes what each pass took."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.process_time()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            passes.append(time.process_time() - self.start)

    return Clock()


def seconds(work: Callable[[], object]) -> float:
    """Of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def resident(name: str) -> float:
    """Megabytes of this process, from what the system says of it."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def points(times: Sequence[int]) -> list[dict[str, Any]]:
    """The base, and each size alone at several times its own; the base but once."""
    return [
        {"axis": axis, **BASE, axis: factor * BASE[axis]}
        for axis in BASE
        for factor in times
        if factor > 1 or axis == "users"
    ]


def slopes(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """How each cost grows with each size; the base belongs to every line."""
    found: dict[str, dict[str, float]] = {}
    for axis in BASE:
        line = [row for row in rows if row["axis"] == axis or all(row[a] == BASE[a] for a in BASE)]
        sizes = [row[axis] for row in line]
        if len(set(sizes)) > 1:
            found[axis] = {
                cost: round(growth_exponent(sizes, [row[cost] for row in line]), 2)
                for cost in COSTS
            }
    return found


def main() -> None:
    """Measure every point in a process of its own; each row is written as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", help="one point, as JSON; what it costs is printed")
    parser.add_argument("--times", type=int, nargs="+", default=TIMES)
    parser.add_argument("--out", type=Path, default=results.path("growth"))
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(**json.loads(asked.one))))
        return
    packages = ("attnrec_lite", "keras", "numpy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "base": BASE,
    }
    rows: list[dict[str, Any]] = []
    for point in points(asked.times):
        sizes = {name: point[name] for name in BASE}
        command = [sys.executable, __file__, "--one", json.dumps(sizes)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        costs = {k: round(v, 3) for k, v in json.loads(done.stdout.splitlines()[-1]).items()}
        rows.append({**point, **costs})
        found = {**about, "rows": rows, "slopes": slopes(rows)}
        asked.out.write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(rows[-1]))
    print(json.dumps(slopes(rows)))


if __name__ == "__main__":
    main()
