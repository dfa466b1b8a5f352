"""What makes a Transformer recommender quick: rows, attention, loss and optimiser, one at a time.

    .venv/bin/python benchmarks/sequences.py [--recbole] [--quality] [names of tables]

Each variant differs from its table's first line in what its name says; epochs are timed after the
first step, in seconds of one core. `--recbole` times RecBole's SASRec first, in the environment
that `recbole/setup` makes (four minutes), `--quality` trains on MovieLens-100K with three seeds
(three minutes). Results go to sequences.json, from which `write_page.py` writes the book's page.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "recbole"))
import run_ours  # noqa: E402

from attnrec_lite import results  # noqa: E402
from attnrec_lite.attention import block  # noqa: E402
from attnrec_lite.command.plan import operations  # noqa: E402
from attnrec_lite.command.train import one_core  # noqa: E402
from attnrec_lite.data import Interactions, leave_one_out, make_shop  # noqa: E402
from attnrec_lite.models import SASRec  # noqa: E402
from attnrec_lite.training import (  # noqa: E402
    Batches,
    FusedAdam,
    PackedBatches,
    PaddedBatches,
    WindowBatches,
    fit,
)

RESULTS = results.path("sequences")
# RecBole's defaults, so that both sides do the same work: width 64, two blocks of two heads, inner
# width 256, every item a competitor.
SAME = {"width": 64, "heads": 2, "inner": 256, "window": 50, "dropout": 0.5, "loss": "full"}
SMALL = {"width": 64, "heads": 1, "inner": 64, "window": 50, "dropout": 0.25, "loss": "sampled"}


class Clock(keras.callbacks.Callback):
    """Seconds of the processor per step, without the first step, which builds the graph."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Start after the first step."""
        if not hasattr(self, "start"):
            self.start, self.wall, self.steps = time.process_time(), time.perf_counter(), 0
        else:
            self.steps += 1

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock."""
        self.per_step = (time.process_time() - self.start) / self.steps
        self.wall_per_step = (time.perf_counter() - self.wall) / self.steps
        self.loss = float((logs or {})["loss"])


class Some(Batches):
    """The first steps of other batches: enough to know what a step costs."""

    def __init__(self, batches: Batches, steps: int) -> None:
        self.all, self.steps = batches, min(steps, len(batches))
        super().__init__(batches.n_rows, batches.batch, batches.seed)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Any:
        return self.all[step]


def measure(
    log: Interactions,
    batches: Batches,
    optimizer: Callable[[float], Any] = FusedAdam,
    steps: int = 120,
    **options: Any,
) -> dict[str, float]:
    """Train for some steps and say what an epoch of them costs."""
    model = SASRec(log.items, **options)
    clock, some = Clock(), Some(batches, steps)
    passes = max(1, -(-40 // len(some)))  # short epochs: several
    fit(model.network, some, passes, 1e-3, callbacks=[clock], optimizer=optimizer)
    targets = batches[0][1]
    slots = np.size(targets)
    trained = sum(int(np.count_nonzero(batches[n][1])) for n in range(len(batches)))
    competitors = log.n_items if options["loss"] == "full" else model.negatives
    work = operations(slots, np.count_nonzero(targets), model.width, model.inner, model.window,
                      competitors, model.blocks)  # fmt: skip
    return {
        "epoch_cpu_s": round(clock.per_step * len(batches), 2),
        "epoch_wall_s": round(clock.wall_per_step * len(batches), 2),
        "targets": trained,
        "steps": len(batches),
        "step_ms": round(1e3 * clock.per_step, 2),
        "slots": slots,
        "gflop": round(work / 1e9, 3),
        "gflops": round(work / 1e9 / clock.per_step, 1),
        "loss": round(clock.loss, 3),
    }


class KerasAttention(keras.layers.Layer):
    """Keras' attention in the place of the package's own."""

    def __init__(self, heads: int, width: int, seed: int | None = None, **kwargs: Any) -> None:
        kwargs.pop("causal", None)
        super().__init__(**kwargs)
        self.stock = keras.layers.MultiHeadAttention(heads, width, seed=seed)

    def build(self, shape: Any) -> None:
        """Build the layer inside."""
        self.stock.build(shape, shape)

    def call(self, tokens: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, None]:
        """The bias of absolute positions is 0 or hugely negative: a mask."""
        return self.stock(tokens, tokens, attention_mask=bias[:, 0] > -1.0), None


def rows_table(log: Interactions, **settings: Any) -> dict[str, dict[str, float]]:
    """The same users and settings in three kinds of rows."""
    length, slots = settings["window"], 6400
    batch = slots // length
    found = {"padded": measure(log, PaddedBatches(log, length, batch, 0), **settings)}
    cut = WindowBatches(log, length, batch, 0)
    found["windows"] = measure(log, cut, **settings)
    half = PackedBatches(log, length, batch, 0, stride=max(1, length // 2))
    found["packed, half-overlapping"] = measure(log, half, **settings)
    found["packed"] = measure(log, PackedBatches(log, length, batch, 0), **settings)
    return found


def parts_table(log: Interactions) -> dict[str, dict[str, float]]:
    """One part exchanged at a time; every line trains the same packed rows."""
    base: dict[str, Any] = SMALL | {"positions": "absolute", "negatives": 256}
    batches = PackedBatches(log, base["window"], 32, 0)
    found = {"own attention, fused Adam, 256 negatives": measure(log, batches, **base)}
    with mock.patch.object(block, "MultiHeadAttention", KerasAttention):
        found["Keras' MultiHeadAttention"] = measure(log, batches, **base)
    found["Keras' Adam"] = measure(log, batches, keras.optimizers.Adam, **base)
    found["relative positions"] = measure(log, batches, **base | {"positions": "relative"})
    found["inner width 256"] = measure(log, batches, **base | {"inner": 256})
    for loss, negatives in (("full", 1), ("gbce", 256), ("binary", 1), ("sampled", 1024)):
        name = {"full": "loss: all items", "binary": "loss: binary, one negative"}.get(
            loss, f"loss: {loss}, {negatives} negatives"
        )
        found[name] = measure(log, batches, **base | {"loss": loss, "negatives": negatives})
    return found


def peak() -> float:
    """Operations a second of a large matrix product, in thousand millions."""
    a = tf.random.normal([1024, 1024])
    best = np.inf
    for _ in range(8):
        start = time.process_time()
        tf.matmul(a, a).numpy()
        best = min(best, time.process_time() - start)
    return round(2 * 1024**3 / best / 1e9, 1)


def quality(log: Interactions) -> list[dict[str, Any]]:
    """The command's own training on MovieLens-100K with three seeds, on one core."""
    from attnrec_lite.command.train import train_log

    return [train_log(log, seed=seed, budget=90.0) for seed in range(3)]


def recbole() -> None:
    """Time RecBole now, so that both sides are measured on the same machine in the same hour."""
    python = HERE / "recbole" / ".venv" / "bin" / "python"
    if not python.exists():
        raise SystemExit("expected benchmarks/recbole/.venv: run benchmarks/recbole/setup first")
    subprocess.run([python, HERE / "recbole" / "run_recbole_sasrec.py"], check=True)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "threads": 1,
        "load": round(os.getloadavg()[0], 1),
    }


def tables() -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    films, shop = leave_one_out(run_ours.read(run_ours.data_file())).train, None

    def goods() -> Interactions:
        nonlocal shop
        shop = shop or make_shop(n_users=31_000, n_items=24_000, median_length=5.75).log
        return shop

    return {
        "films": lambda: rows_table(films, **SAME),
        "shop": lambda: rows_table(goods(), **SMALL, negatives=512),
        "shop_binary": lambda: rows_table(goods(), **SMALL | {"loss": "binary", "negatives": 1}),
        "shop_length": lambda: {"mean": round(len(goods()) / goods().n_users, 2)},
        "parts": lambda: parts_table(films),
    }


def main() -> None:
    """Measure what was asked for, and write each table as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="tables, such as films or parts (default: all)")
    parser.add_argument("--recbole", action="store_true", help="time RecBole's SASRec first")
    parser.add_argument("--quality", action="store_true", help="train with three seeds, too")
    asked = parser.parse_args()
    sys.argv[1:] = []  # `run_ours` would read them
    if asked.recbole:
        recbole()
    one_core()
    keras.utils.set_random_seed(0)
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known["date"], known["python"] = date.today().isoformat(), platform.python_version()
    packages = ("attnrec_lite", "tensorflow", "keras", "numpy")
    known["versions"] = {name: version(name) for name in packages}
    known["machine"] = machine() | {"peak_gflops": peak()}
    for name, make in tables().items():
        if not asked.names or name in asked.names:
            known[name] = make()
            if name != "shop_length":
                show(name, known[name])
            RESULTS.write_text(json.dumps(known, indent=2) + "\n")
    if asked.quality:
        known["quality"] = quality(run_ours.read(run_ours.data_file()))
        RESULTS.write_text(json.dumps(known, indent=2) + "\n")


def show(name: str, table: dict[str, dict[str, float]]) -> None:
    """Print a table: seconds of an epoch, and how they compare with the first line."""
    first = next(iter(table.values()))["epoch_cpu_s"]
    print(f"\n{name:<44} epoch, cpu s    times first   GFLOP/s")
    for line, found in table.items():
        seconds = found["epoch_cpu_s"]
        print(f"{line:<44} {seconds:>12.2f} {first / seconds:>14.2f} {found['gflops']:>9.1f}")


if __name__ == "__main__":
    main()
