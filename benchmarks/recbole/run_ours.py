"""Run the package's models on RecBole's data by RecBole's protocol and note what they reach.

    python benchmarks/recbole/run_ours.py [path of ml-100k.inter]

Runs in the book's environment. The file lies in the wheel of RecBole; where `setup` has been run it
is found by itself.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from attnrec_lite.data import Interactions, leave_one_out
from attnrec_lite.evaluation import places, ranking_metrics
from attnrec_lite.models import BPR, EASE, ItemKNN, Popularity, Recommender

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
IN_WHEEL = "recbole/dataset_example/ml-100k/ml-100k.inter"


def data_file() -> Path:
    """The file named on the command line, or the one that `setup` installed."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    found = sorted(HERE.glob(f".venv/lib/python*/site-packages/{IN_WHEEL}"))
    if not found:
        raise SystemExit("path of ml-100k.inter: expected an argument, or benchmarks/recbole/setup")
    return found[0]


def read(path: Path) -> Interactions:
    """The table, with times as RecBole sorts them: scaled to [0, 1] and rounded to float32.

    Neighbouring seconds coincide then, and the order of the file decides. Exact times would give
    four of the 943 users another test item.
    """
    user, item, _, seconds = np.loadtxt(path, skiprows=1, delimiter="\t", dtype=np.int64).T
    scaled = (seconds - seconds.min()) / (seconds.max() - seconds.min())
    order = np.unique(scaled.astype(np.float32), return_inverse=True)[1]
    return Interactions.from_columns(user, item, order)


def models(log: Interactions) -> dict[str, Recommender]:
    """RecBole's names, with its settings where both sides have the same ones."""
    return {
        "Pop": Popularity(log.items),
        "ItemKNN": ItemKNN(log.items, k=100, shrink=0),
        "EASE": EASE(log.items, penalty=250),
        "BPR": BPR(log.items, width=64),
    }


def measure(model: Recommender, log: Interactions, k: int = 10) -> dict[str, float]:
    """RecBole's protocol: scores from the training rows alone, all that was met removed.

    ``evaluate`` would hand over the validation item as part of the history, as a shop would.
    """
    start = time.process_time()
    split = leave_one_out(log)
    model.fit(split.train)
    learned_from, met = split.validation.history(), split.test.history()
    above, tied = places(model.score_all(learned_from), split.test.item, seen=met)
    found = ranking_metrics(above, tied, k=k)
    names = {"recall": "hr", "ndcg": "ndcg", "mrr": "mrr"}
    metrics = {f"{name}@{k}": round(float(found[key].mean()), 6) for name, key in names.items()}
    return {**metrics, "cpu_s": round(time.process_time() - start, 1)}


def main() -> None:
    """Measure every model and write its part of the results."""
    log = read(data_file())
    about = {"date": date.today().isoformat(), "python": sys.version.split()[0]}
    about["versions"] = {name: version(name) for name in ("attnrec_lite", "numpy", "scipy")}
    about["metrics"] = {}
    for name, model in models(log).items():
        about["metrics"][name] = measure(model, log)
        print(f"{name:<8}", about["metrics"][name], flush=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**known, "ours": about}, indent=2) + "\n")


if __name__ == "__main__":
    main()
