"""Run RecBole's own models on its own MovieLens-100K and note what they reach.

    benchmarks/recbole/.venv/bin/python benchmarks/recbole/run_recbole.py [names of runs]

Runs in the environment that `setup` makes. Nothing of the package is imported here.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

# RecBole 1.2.1 reads its checkpoint, which holds more than tensors, with the older default.
torch.load = functools.partial(torch.load, weights_only=False)
from recbole.quick_start import run_recbole  # noqa: E402

RESULTS = Path(__file__).resolve().with_name("results.json")
PROTOCOL = {
    "data": "MovieLens-100K as the RecBole wheel carries it: 943 users, 1,682 items, 100,000 rows",
    "split": "leave-one-out by time, ties in the order of the file: the last row of each user is "
    "test, the one before validation, the rest train",
    "learned from": "train only; a user's vector or history holds no validation item",
    "ranked": "all 1,682 items; the user's train and validation items removed",
    "k": 10,
}
SETTINGS: dict[str, Any] = {
    "eval_args": {
        "split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full",
    },
    "metrics": ["Recall", "NDCG", "MRR"], "topk": 10, "valid_metric": "MRR@10",
    "metric_decimal_place": 6, "use_gpu": False, "show_progress": False, "state": "WARNING",
}  # fmt: skip
# Pop, ItemKNN and EASE need no negatives. Left to itself Pop gets them, and counts them too; and it
# adds one per *batch* in which an item occurs, so that only batches of one row count rows.
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "Pop": ("Pop", {"train_neg_sample_args": None, "train_batch_size": 1}),
    "Pop, batches of 2048": ("Pop", {"train_neg_sample_args": None}),
    "Pop, as it comes": ("Pop", {}),
    "ItemKNN": ("ItemKNN", {"train_neg_sample_args": None}),
    "BPR": ("BPR", {}),
    "EASE": ("EASE", {"train_neg_sample_args": None}),
}


def measure(model: str, settings: dict[str, Any]) -> dict[str, float]:
    """Train and test one model: its metrics, and the seconds of processor time it took."""
    start = time.process_time()
    sys.argv[1:] = []  # RecBole would read them
    found = run_recbole(model=model, dataset="ml-100k", config_dict=SETTINGS | settings)
    metrics = {name: round(float(value), 6) for name, value in found["test_result"].items()}
    return {**metrics, "cpu_s": round(time.process_time() - start, 1)}


def note(part: str, about: dict[str, Any]) -> None:
    """Write one part of the results; the others stay as they are."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known |= {"protocol": PROTOCOL, part: about}
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")


def main() -> None:
    """Run what is named, or everything, and write the results after each run."""
    packages = ("recbole", "torch", "numpy", "scipy", "pandas", "scikit-learn")
    about = {"date": date.today().isoformat(), "python": sys.version.split()[0]}
    about["versions"] = {name: version(name) for name in packages}
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    about["metrics"] = known.get("recbole", {}).get("metrics", {})
    os.chdir(tempfile.mkdtemp())  # RecBole leaves logs and checkpoints where it runs
    for name in sys.argv[1:] or RUNS:
        about["metrics"][name] = measure(*RUNS[name])
        print(f"{name:<22}", about["metrics"][name], flush=True)
        note("recbole", about)


if __name__ == "__main__":
    main()
