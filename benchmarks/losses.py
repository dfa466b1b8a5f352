"""What a loss and a direction of reading earn: one network on the shop, trained in seven ways.

The networks, batches and optimiser are those of the chapter on sequences. Each run goes on until
its validation NDCG@10 has not risen for ten epochs, at most forty, and the best epoch is kept, so
that a loss is not judged by how slowly it starts. Test figures are for the last item of each
customer, all goods ranked without those bought before.

Run: ``python benchmarks/losses.py`` (``--seeds 1`` for one seed). Writes ``losses.json`` beside
this file unless ``--out`` names another. Five minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import Split, leave_one_out, make_shop
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import BERT4Rec, SASRec

SIZES = {"width": 32, "window": 30, "inner": 64, "blocks": 1}
HOW = {"batch": 32, "learning_rate": 8e-3}
EPOCHS, PATIENCE = 40, 10
WAYS: dict[str, tuple[type, dict[str, Any]]] = {
    "full softmax": (SASRec, {"loss": "full"}),
    "sampled softmax, K = 64": (SASRec, {"loss": "sampled", "negatives": 64}),
    "binary, K = 1": (SASRec, {"loss": "binary", "negatives": 1}),
    "gBCE, K = 1": (SASRec, {"loss": "gbce", "negatives": 1}),
    "binary, K = 8": (SASRec, {"loss": "binary", "negatives": 8}),
    "gBCE, K = 8": (SASRec, {"loss": "gbce", "negatives": 8}),
    "cloze, full softmax": (BERT4Rec, {}),
}


def measure(name: str, seed: int, split: Split) -> dict[str, Any]:
    """Train in one way, choose the epoch by validation, rank every test item."""
    kind, options = WAYS[name]
    model = kind(split.train.items, seed=seed, **SIZES, **options)
    start = time.process_time()
    model.fit(split.train, EPOCHS, validation=split.validation, patience=PATIENCE, **HOW)
    seconds = time.process_time() - start
    return {
        "way": name,
        "seed": seed,
        "ndcg@10": evaluate(model, split.test, k=10).mean("ndcg@10"),
        "epochs": len(model.losses),
        "fit_cpu_seconds": seconds,
        "settings": {key: value for key, value in model.config().items() if key != "seed"},
    }


def main() -> None:
    """Train in every way with every seed, print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=results.path("losses"))
    options = parser.parse_args()
    one_core()
    split = leave_one_out(make_shop(seed=0).log)
    rows = []
    with threadpool_limits(1):
        for name in WAYS:
            rows += [measure(name, seed, split) for seed in range(options.seeds)]
            found = np.array([row["ndcg@10"] for row in rows if row["way"] == name])
            print(f"{name:<24} NDCG@10 {found.mean():.3f}, {found.min():.3f} to {found.max():.3f}")
    packages = ("attnrec_lite", "keras", "numpy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "rows": rows,
    }
    options.out.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
