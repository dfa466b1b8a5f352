"""What helps newcomers: quality by how much is known, and what can be added where nothing is.

Six parts, each over several seeds, which draw the newcomers as well as the models:

- ``users``: a fifth of the people with eleven rows or more are in no training row. They are
  met after 0, 1, 2, 5, 10 rows; the next one is the target.
- ``items``: a fifth of the items keep 0, 1, 2, 5, 10 training rows; their targets, and all others.
- ``towers``: 80 of 400 made-up items are hidden, content is a noisy view of what made the clicks:
  matrix factorisation, ridge from content to its vectors, towers with and without input dropout.
- ``questions``: NDCG of strangers by number of questions, the same for all or by a tree.
- ``transfer``: a second shop with few customers, from scratch or from what the first shop learned.
- ``tasks``: AUC of purchases by number of labelled purchases, with and without the clicks.

Figures of a seed are means over its targets with a bootstrap interval over them; epochs are chosen
by validation NDCG@10. Run: ``python benchmarks/cold_start.py users items`` (``--data shop``,
``--seeds 1``; parts and data that are named are measured, the others keep their rows). Writes
``cold_start.json`` in the package unless ``--out`` names another.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from cold_start_help import moved, tasks, towers
from cold_start_known import DATA, Data, Row, items, questions, users
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core

PARTS: dict[str, tuple[Callable[[Data, int], Iterator[Row]], tuple[str, ...]]] = {
    "users": (users, DATA),
    "items": (items, ("shop",)),  # films: multimodal.py has its new items
    "questions": (questions, DATA),
    "towers": (towers, ("made up",)),
    "transfer": (moved, ("two shops",)),
    "tasks": (tasks, ("made up",)),
}


def show(rows: list[Row]) -> None:
    """Print means over seeds: a line a model, a column a number of known rows."""
    for part, data, of in dict.fromkeys((r["part"], r["data"], r.get("of", "")) for r in rows):
        mine = [r for r in rows if (r["part"], r["data"], r.get("of", "")) == (part, data, of)]
        columns = list(dict.fromkeys(r.get("known", "") for r in mine))
        print(f"\n{part}, {data} {of}: {len({r['seed'] for r in mine})} seeds; known {columns}")
        for model in dict.fromkeys(r["model"] for r in mine):
            cells = []
            for known in columns:
                same = [r for r in mine if (r["model"], r.get("known", "")) == (model, known)]
                cells.append(f"{np.mean([r.get('ndcg', r.get('auc')) for r in same]):.3f}")
            print(f"{model:<24} {'  '.join(cells)}")


def main() -> None:
    """Measure what was asked for; each row is written as it is done, and done but once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--data", help="shop or films (default: both)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=results.path("cold_start"))
    asked = parser.parse_args()
    one_core()
    kept = json.loads(asked.out.read_text())["rows"] if asked.out.exists() else []
    packages = ("attnrec_lite", "keras", "numpy", "scipy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    with threadpool_limits(1):
        for part in asked.parts or PARTS:
            measure, logs = PARTS[part]
            for name in logs if asked.data is None else [n for n in logs if n == asked.data]:
                data = Data(name) if name in DATA else None
                old = [r for r in kept if (r["part"], r["data"]) != (part, name)]
                new: list[Row] = []
                for seed in range(asked.seeds):
                    for row in measure(data, seed):  # type: ignore[arg-type]
                        new.append({"part": part, "data": name, "seed": seed, **row})
                        text = json.dumps({**about, "rows": old + new}, indent=1)
                        asked.out.write_text(text + "\n")
                kept = old + new
    show(kept)


if __name__ == "__main__":
    main()
