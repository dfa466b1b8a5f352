"""The five programs of the sources, repaired, against baselines: shop and MovieLens, full protocol.

Every target is ranked against the whole catalogue without what the user met before; the test item
of each user is the last one (leave one out). A program is trained with three seeds, on one thread,
so that processor seconds do not depend on how many cores wait. Settings are the defaults of the
classes, chosen on validation items alone.

Run: ``python benchmarks/five_programs.py`` (``--seeds 1`` for one seed, ``--data shop``). Writes
``five_programs.json`` in the package unless ``--out`` names another.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.data import Split, Vocabulary, leave_one_out, load, make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import (
    EASE,
    InterestModel,
    PairwiseAttention,
    Popularity,
    QKVRecommender,
    Recommender,
    ScoreTimesAttention,
    Successors,
    TargetAttention,
)

METRICS = ("ndcg@10", "hr@10")
Row = dict[str, Any]
Maker = Callable[[Vocabulary, int], Recommender]

BASELINES: dict[str, Callable[[Vocabulary], Recommender]] = {
    "popularity": Popularity,
    "successors": Successors,
    "ease": EASE,
}
PROGRAMS: dict[str, Maker] = {
    "attention": lambda items, seed: QKVRecommender(items, seed=seed),
    "score x attention": lambda items, seed: ScoreTimesAttention(items, seed=seed),
    "pairwise attention": lambda items, seed: PairwiseAttention(items, seed=seed),
    "target attention": lambda items, seed: TargetAttention(items, seed=seed),
    "target attention, one table": lambda items, seed: TargetAttention(items, tables=1, seed=seed),
    "interests": lambda items, seed: InterestModel(items, seed=seed),
}
DATA: dict[str, Callable[[], Split]] = {
    "shop": lambda: leave_one_out(make_shop(seed=0).log),
    "movielens": lambda: leave_one_out(load("movielens")),
}


def one_thread() -> None:
    """Let TensorFlow use one thread; has to come before it computes anything."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def measure(data: str, name: str, seed: int | None, model: Recommender, split: Split) -> Row:
    """Train one model, rank every test item, and say what both took."""
    start = time.process_time()
    model.fit(split.train)
    trained = time.process_time()
    found = evaluate(model, split.test, k=10)
    asked = time.process_time()
    return {
        "data": data,
        "model": name,
        "seed": seed,
        **{metric: found.mean(metric) for metric in METRICS},
        "fit_cpu_seconds": trained - start,
        "evaluation_cpu_seconds": asked - trained,
        "settings": {key: value for key, value in model.config().items() if key != "seed"},
    }


def rows(data: Sequence[str], seeds: int) -> Iterator[Row]:
    """One row for each baseline, and one for each program and seed."""
    for name in data:
        split = DATA[name]()
        items = split.train.items
        for model, plain in BASELINES.items():
            yield measure(name, model, None, plain(items), split)
        for model, make in PROGRAMS.items():
            for seed in range(seeds):
                yield measure(name, model, seed, make(items, seed), split)


def table(found: Sequence[Row]) -> str:
    """Means over seeds, with the standard deviation between seeds where there are several."""
    head = f"{'data':<10} {'model':<28} {'NDCG@10':<16} {'HR@10':<16} {'fit, cpu s':>10}"
    lines = [head]
    for (data, model), group in groupby(found, key=lambda row: (row["data"], row["model"])):
        runs = list(group)
        figures = []
        for metric in METRICS:
            values = np.array([run[metric] for run in runs])
            spread = f" ± {values.std(ddof=1):.4f}" if len(values) > 1 else ""
            figures.append(f"{values.mean():.4f}{spread}")
        seconds = np.mean([run["fit_cpu_seconds"] for run in runs])
        lines.append(f"{data:<10} {model:<28} {figures[0]:<16} {figures[1]:<16} {seconds:>10.1f}")
    return "\n".join(lines)


def main() -> None:
    """Measure everything, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--out", type=Path, default=results.path("five_programs"))
    options = parser.parse_args()
    one_thread()
    with threadpool_limits(1):
        found = list(rows(options.data, options.seeds))
    packages = ("attnrec_lite", "keras", "numpy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "rows": found,
    }
    options.out.write_text(json.dumps(about, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
