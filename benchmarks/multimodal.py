"""What it earns to know items by more than their id: new items, known items, a signal that fails.

Three items in ten, drawn anew for each seed, have no row in training, so only what is known about
them can help: *cold* targets are theirs, *warm* targets the others'. All items are ranked together,
those in the history left out. Each model is SASRec with another source of item vectors; epochs are
chosen by validation NDCG@10, on cold and warm targets as they come, where the cold items of
validation (a third) are not those of the test. Then a modality is taken away at test time (missing)
or dealt out anew (another item's), for all items at once.

Run: ``python benchmarks/multimodal.py shop films`` (``--seeds 1`` for one seed; data that are named
are measured, the others keep their rows). Writes ``multimodal.json`` in the package unless
``--out`` names another. Some 7 minutes of one core a data set.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import (
    Holdout,
    Modalities,
    Split,
    cold_and_warm,
    cold_items,
    hide_items,
    leave_one_out,
    make_shop,
    movielens,
)
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import ItemEncoder, SASRec

WIDTH = 32
SIZES: dict[str, Any] = {"width": WIDTH, "window": 30, "inner": 64, "blocks": 1, "loss": "full"}
HOW: dict[str, Any] = {"batch": 32, "learning_rate": 4e-3}
EPOCHS, PATIENCE, COLD = 40, 4, 0.3
FUSIONS = ("concatenation", "gate", "attention")
WAYS: dict[str, dict[str, Any] | None] = {
    "id": None,
    **{f"features, {fuse}": {"fuse": fuse, "ids": False} for fuse in FUSIONS},
    **{f"both, {fuse}": {"fuse": fuse} for fuse in FUSIONS},
    **{f"both, {fuse}, dropout": {"fuse": fuse, "dropout": 0.3} for fuse in FUSIONS},
}
FAILING = {"shop": ("text", "category"), "films": ("genre", "cast")}
METRICS = ("recall@10", "ndcg@10")


def shop() -> tuple[Split, Modalities]:
    """The made-up shop; its pictures are generated."""
    made = make_shop(n_users=1500)
    return leave_one_out(made.log), Modalities.of_shop(made)


def films() -> tuple[Split, Modalities]:
    """Films of MovieLens rated 4 or better, with five such ratings or more."""
    log = movielens(min_rating=4).keep_active(min_user=5, min_item=5)
    return leave_one_out(log), Modalities.of_films(log)


DATA: dict[str, Callable[[], tuple[Split, Modalities]]] = {"shop": shop, "films": films}


def measure(data: str, name: str, seed: int, split: Split, known: Modalities) -> dict[str, Any]:
    """Train with one source of item vectors, rank cold and warm targets, then spoil a modality."""
    hidden = hide_apart(split, seed)
    options = WAYS[name]
    encoder = None if options is None else ItemEncoder(known, WIDTH, seed=seed, **options)
    model = SASRec(known.items, seed=seed, encoder=encoder, **SIZES)
    start = time.process_time()
    model.fit(hidden.train, EPOCHS, validation=hidden.validation, patience=PATIENCE, **HOW)
    row = {
        "data": data,
        "way": name,
        "seed": seed,
        "epochs": len(model.losses),
        "fit_cpu_seconds": round(time.process_time() - start, 1),
    }
    targets = dict(zip(("cold", "warm"), cold_and_warm(hidden), strict=True))
    row["found"] = {part: figures(model, holdout) for part, holdout in targets.items()}
    if model.encoder is not None:
        trained = np.unique(hidden.train.item)
        record = model.encoder.record(trained, known.items)
        row["weights"], row["shares"] = record.mean(), record.mean("shares")
        if "both" in name:
            row["spoilt"] = list(spoil(data, model, known, trained, targets))
    return row


def hide_apart(split: Split, seed: int) -> Split:
    """Hide items; a third of them is new to validation only, the others to the test only."""
    hidden = hide_items(split, COLD, seed)
    cold = np.random.default_rng(seed).permutation(cold_items(hidden))
    third = len(cold) // 3
    parts = {"test": cold[:third], "validation": cold[third:]}
    return replace(hidden, **{name: without(getattr(hidden, name), parts[name]) for name in parts})


def without(holdout: Holdout, items: Any) -> Holdout:
    """The targets that are none of these items."""
    keep = ~np.isin(holdout.item, items)
    return Holdout(holdout.log, holdout.row[keep], holdout.rule, holdout.known[keep])


def figures(model: SASRec, holdout: Holdout) -> dict[str, float]:
    """Recall and NDCG of the test targets."""
    found = evaluate(model, holdout, k=10)
    return {metric: round(found.mean(metric), 5) for metric in METRICS}


def spoil(
    data: str, model: SASRec, known: Modalities, items: Any, targets: dict[str, Holdout]
) -> Iterator[dict[str, Any]]:
    """What is left when a modality is missing or another item's, and where the weights go."""
    assert model.encoder is not None
    for name in FAILING[data]:
        for how, seen in (("missing", known.hidden(name)), ("another's", known.shuffled(name))):
            model.encoder.see(seen)
            yield {
                "modality": name,
                "how": how,
                "found": {part: figures(model, holdout) for part, holdout in targets.items()},
                "weights": model.encoder.record(items, known.items).mean(),
            }
    model.encoder.see(known)


def show(rows: list[dict[str, Any]]) -> None:
    """Print two tables: cold and warm items, then what a failing modality costs."""
    for data in dict.fromkeys(row["data"] for row in rows):
        mine = [row for row in rows if row["data"] == data]
        seeds = len({row["seed"] for row in mine})
        print(f"\n{data}, seeds: {seeds}; NDCG@10, recall@10{'':<12} cold {'':>13} warm")
        for way in dict.fromkeys(row["way"] for row in mine):
            cells = [
                spread([row["found"][part][metric] for row in mine if row["way"] == way])
                for part in ("cold", "warm")
                for metric in reversed(METRICS)
            ]
            print(f"{way:<32} {'  '.join(cells)}")
        print(f"{'one modality fails: NDCG@10':<45} warm, weight before -> after")
        for row in (row for row in mine if "spoilt" in row and row["seed"] == 0):
            same = [r for r in mine if r["way"] == row["way"]]
            for place, case in enumerate(row["spoilt"]):
                name = case["modality"]
                costs = [r["spoilt"][place]["found"]["warm"]["ndcg@10"] for r in same]
                before, after = (
                    np.mean([w[name] for w in ws])
                    for ws in (
                        [r["weights"] for r in same],
                        [r["spoilt"][place]["weights"] for r in same],
                    )
                )
                line = f"{row['way']}: {name} {case['how']}"
                print(f"{line:<45} {spread(costs)} {before:>6.2f} -> {after:.2f}")


def spread(found: list[float]) -> str:
    """A mean and its standard deviation over seeds."""
    deviation = f" ± {np.std(found, ddof=1):.3f}" if len(found) > 1 else ""
    return f"{np.mean(found):.3f}{deviation}"


def main() -> None:
    """Measure what was asked for; each row is written as it is done, and done but once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", help="shop, films (default: both)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=results.path("multimodal"))
    asked = parser.parse_args()
    one_core()
    kept = json.loads(asked.out.read_text())["rows"] if asked.out.exists() else []
    rows = [row for row in kept if asked.data and row["data"] not in asked.data]
    packages = ("attnrec_lite", "keras", "numpy", "scikit-learn", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    with threadpool_limits(1):
        for data in asked.data or DATA:
            split, known = DATA[data]()
            for seed in range(asked.seeds):
                for name in WAYS:
                    rows.append(measure(data, name, seed, split, known))
                    asked.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
    show(rows)


if __name__ == "__main__":
    main()
