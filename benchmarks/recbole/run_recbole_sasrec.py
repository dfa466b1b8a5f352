"""Time an epoch of RecBole's SASRec at its default settings on its own MovieLens-100K.

    benchmarks/recbole/.venv/bin/python benchmarks/recbole/run_recbole_sasrec.py [epochs]

Runs in the environment that `setup` makes, on all cores, for some four minutes an epoch on two.
Nothing of the package is imported here; `benchmarks/sequences.py` puts ours beside it.
"""

from __future__ import annotations

import functools
import json
import os
import platform
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
from recbole.config import Config  # noqa: E402
from recbole.data import create_dataset, data_preparation  # noqa: E402
from recbole.utils import get_model, get_trainer, init_logger, init_seed  # noqa: E402

RESULTS = Path(__file__).resolve().with_name("sasrec.json")
# Everything else is RecBole's default. Its cross-entropy takes no sampled negatives, and the
# negatives must be switched off by hand.
SETTINGS: dict[str, Any] = {
    "train_neg_sample_args": None,
    "eval_args": {
        "split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full",
    },
    "metrics": ["Recall", "NDCG", "MRR"], "topk": 10, "valid_metric": "MRR@10",
    "metric_decimal_place": 6, "use_gpu": False, "show_progress": False, "state": "WARNING",
}  # fmt: skip
NOTED = (
    "hidden_size", "n_layers", "n_heads", "inner_size", "hidden_dropout_prob", "hidden_act",
    "loss_type", "train_batch_size", "learning_rate", "MAX_ITEM_LIST_LENGTH",
)  # fmt: skip


def prepare() -> tuple[Config, Any, Any, Any]:
    """Its configuration, its augmented training data, its test data and a trainer."""
    config = Config(model="SASRec", dataset="ml-100k", config_dict=SETTINGS)
    init_seed(config["seed"], config["reproducibility"])
    init_logger(config)
    dataset = create_dataset(config)
    train, _, test = data_preparation(config, dataset)
    init_seed(config["seed"], config["reproducibility"])
    model = get_model("SASRec")(config, train.dataset).to(config["device"])
    return config, train, test, get_trainer(config["MODEL_TYPE"], "SASRec")(config, model)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    processor = names[0].split(":")[1].strip() if names else platform.machine()
    return {"processor": processor, "cores": os.cpu_count(), "threads": torch.get_num_threads(),
            "load": round(os.getloadavg()[0], 1)}  # fmt: skip


def epoch(trainer: Any, train: Any, number: int) -> dict[str, float]:
    """One pass over its training data by its own trainer."""
    wall, cpu = time.perf_counter(), time.process_time()
    loss = trainer._train_epoch(train, number, show_progress=False)
    steps = len(train)
    return {
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "loss": round(float(loss) / steps, 4),
    }


def main() -> None:
    """Run the epochs, rank the test items once, and write the results after each epoch."""
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    sys.argv[1:] = []  # RecBole would read them
    os.chdir(tempfile.mkdtemp())  # RecBole leaves logs and checkpoints where it runs
    config, train, test, trainer = prepare()
    packages = ("recbole", "torch", "numpy")
    about: dict[str, Any] = {
        "date": date.today().isoformat(),
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in packages},
        "machine": machine(),
        "settings": {name: config[name] for name in NOTED},
        "targets": len(train.dataset),  # as many rows: it makes one padded row for each target
        "slots_per_target": int(config["MAX_ITEM_LIST_LENGTH"]),
        "epochs": [],
    }
    for number in range(epochs):
        about["epochs"].append(epoch(trainer, train, number))
        print(about["epochs"][-1], flush=True)
        RESULTS.write_text(json.dumps(about, indent=2) + "\n")
    found = trainer.evaluate(test, load_best_model=False, show_progress=False)
    about["history_kept"] = {name: round(float(value), 6) for name, value in found.items()}
    RESULTS.write_text(json.dumps(about, indent=2) + "\n")
    print(about["targets"], about["history_kept"])


if __name__ == "__main__":
    main()
