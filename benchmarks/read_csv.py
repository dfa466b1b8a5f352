"""How long a text file of ten million rows takes to read, and how much memory.

Run with the package on the path: ``python benchmarks/read_csv.py [rows]``. Each way runs in a
process of its own, so that the peak is its own: "growth" is how far the greatest resident size of
the process (``ru_maxrss``) rises during the call. Seconds are processor time.

Measured on two x86-64 cores, pandas 3.1, ten million rows of user (text, 200,000), item (number,
50,000), time and rating, 241 MiB of text; the finished table takes 191 MiB:

    from_csv, in pieces of 500,000 lines      15.1 s   growth   604 MiB
    read_csv, then from_frame                 18.5 s   growth 1,924 MiB

The name is not csv.py: a script's folder comes first on the path, and pandas imports csv.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from attnrec_lite.data import Interactions

PIECE = 1_000_000


def write(path: Path, rows: int, seed: int = 0) -> None:
    """Write a file whose users are alike and whose items have a long tail."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("user,item,time,rating\n")
        for first in range(0, rows, PIECE):
            number = min(PIECE, rows - first)
            columns = {
                "user": np.char.add("u", rng.integers(0, 200_000, number).astype(str)),
                "item": rng.zipf(1.3, number) % 50_000,
                "time": rng.integers(1_500_000_000, 1_600_000_000, number),
                "rating": rng.integers(1, 11, number) / 2,
            }
            pd.DataFrame(columns).to_csv(file, header=False, index=False)


def measure(way: str, path: Path) -> None:
    """Read the file in one way and print what it took."""
    before, begin = peak(), time.process_time()
    if way == "from_csv":
        log = Interactions.from_csv(path, value="rating", duplicates="first")
    else:
        log = Interactions.from_frame(pd.read_csv(path), value="rating", duplicates="first")
    seconds, growth = time.process_time() - begin, peak() - before
    table = sum(a.nbytes for a in (log.user, log.item, log.time, log.value) if a is not None)
    print(
        f"{way:12} {seconds:6.1f} cpu s, growth {growth:6.0f} MiB; {log}, {table / 2**20:.0f} MiB"
    )


def peak() -> float:
    """Greatest resident size of this process so far, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Write the file once and read it in both ways."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        run(write, path, rows)  # not here: a process begins with the peak of the one it came from
        print(f"{rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB of text")
        for way in ("from_csv", "from_frame"):
            run(measure, way, path)


def run(function: Callable[..., None], *arguments: object) -> None:
    """Call the function in a fresh process and wait for it."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()


if __name__ == "__main__":
    main()
