"""What each way of making a model smaller costs in quality, and what it saves.

A SASRec is trained on the shop, three seeds; then each way changes it and NDCG@10 of the test
targets is compared user by user with the model as it was trained. Written beside it: bytes that
have to be stored, multiply-adds and bytes fetched for one request, an energy-like price of both
(``formulas.energy_like_cost``), and cpu milliseconds of this program, which multiplies floats
whatever was stored. Multiply-adds and bytes are those that a program made for the way would need.

Run: ``python benchmarks/compression.py`` (``--seeds 1`` for one seed). Writes ``compression.json``
in the package unless ``--out`` names another. About 6 minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite import formulas, results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import Split, leave_one_out, make_shop
from attnrec_lite.efficiency import (
    Precomputed,
    QuantisedTable,
    as_product,
    distil,
    factorised,
    head_importance,
    in_half_precision,
    prune_heads,
    prune_weights,
    rounded,
)
from attnrec_lite.evaluation import evaluate, interval
from attnrec_lite.models import EASE, Recommender, SASRec

USERS, ITEMS, LENGTH = 3000, 1000, 12  # 12: the median history, for the cost of a request
SIZES: dict[str, Any] = {"width": 64, "blocks": 2, "heads": 4, "window": 30, "loss": "full"}
SMALL: dict[str, Any] = {**SIZES, "width": 16, "blocks": 1, "heads": 1}
HOW: dict[str, Any] = {"batch": 32, "learning_rate": 4e-3}
EPOCHS, PATIENCE, STUDENT_EPOCHS = 15, 3, 25
AS_TRAINED = "as trained"


@dataclass
class Way:
    """A changed model, and what it needs: bytes stored, multiply-adds, bytes fetched."""

    name: str
    model: Recommender
    stored: int
    multiply_adds: int
    moved: int | None = None  # all that is stored, if not said otherwise
    number: str = "float32"
    ask: Callable[[Any], Any] | None = None  # what is timed, if it is not ``score_all``


def sasrec(items: Any, seed: int, **sizes: Any) -> SASRec:
    """A model that is to be trained."""
    return SASRec(items, seed=seed, **sizes)


def train(items: Any, split: Split, seed: int, epochs: int, **sizes: Any) -> SASRec:
    """A model, its epochs chosen by validation."""
    model = sasrec(items, seed, **sizes)
    model.fit(split.train, epochs, validation=split.validation, patience=PATIENCE, **HOW)
    return model


def numbers(model: Recommender) -> int:
    """How many numbers a model has learned."""
    return int(sum(array.size for array in model._arrays().values()))


def cost(model: SASRec, heads_gone: int = 0) -> int:
    """Multiply-adds of one request: the history read from the start, and all items scored."""
    d, n = model.width, LENGTH
    read = formulas.click_cost(n, d, model.inner, model.blocks)["recomputed"]
    a_head = (4 * n * d + 2 * n * n) * (d // model.heads)
    return read - heads_gone * a_head + (model.n_items + 1) * d


def ways(model: SASRec, split: Split, seed: int) -> Iterator[Way]:
    """The model in every form, the model as it was trained first."""
    every, macs = numbers(model), cost(model)
    product = as_product(model)
    rest = 4 * (every - product.table.size)
    yield Way(AS_TRAINED, model, 4 * every, macs)
    yield Way("float16", in_half_precision(model), 2 * every, macs, number="float16")
    for bits, per in ((8, "tensor"), (8, "row"), (4, "tensor"), (4, "row"), (2, "row")):
        codes = QuantisedTable.of(product.table, bits, per)
        name = f"int{bits} per {per}"

        def ask(history: Any, codes: QuantisedTable = codes) -> Any:
            return codes.scores(product.read(history)) + product.bias

        yield Way(name, rounded(model, bits, per), codes.nbytes + rest, macs, ask=ask)
    for rank in (32, 16):
        narrow = formulas.factor_parameters(*product.table.shape, rank)["factors"]
        through = macs - product.table.size + narrow
        yield Way(f"rank {rank}", factorised(model, rank), 4 * narrow + rest, through)
    for share in (0.5, 0.7, 0.9):
        pruned, size = prune_weights(model, share)
        stored = size["sparse"] + 4 * every - size["dense"]
        kept = round((1 - share) * macs)
        yield Way(f"{share:.0%} of weights gone", pruned, stored, kept)
    yield from without_heads(model, split)
    yield from students(model, split, seed)
    yield from tables(model, split)


def without_heads(model: SASRec, split: Split) -> Iterator[Way]:
    """Heads that matter least go first; and, to compare with, those that matter most."""
    importance = head_importance(model, split.train)
    order = [divmod(int(place), model.heads) for place in np.argsort(importance, axis=None)]
    each = 4 * model.width * (model.width // model.heads)  # numbers of a head
    for count, kind in ((2, "least"), (4, "least"), (6, "least"), (4, "most")):
        chosen: list[tuple[int, int]] = []
        for block, head in order if kind == "least" else order[::-1]:
            used = sum(b == block for b, _ in chosen)
            if len(chosen) < count and used < model.heads - 1:  # one stays in each block
                chosen.append((block, head))
        stored, macs = 4 * (numbers(model) - count * each), cost(model, count)
        name = f"{count} of {importance.size} heads gone, {kind} important"
        yield Way(name, prune_heads(model, chosen), stored, macs)


def students(model: SASRec, split: Split, seed: int) -> Iterator[Way]:
    """A smaller model, alone and with the trained one as teacher; the same steps for both.

    Share and temperature were chosen by validation on another shop (700 users, 300 goods, seed 7).
    """
    told = {"epochs": STUDENT_EPOCHS, "validation": split.validation, "patience": PATIENCE, **HOW}
    for name, share in (("student alone", 0.0), ("student taught", 0.5)):
        small = sasrec(model.items, seed + 100, **SMALL)
        distil(small, model, split.train, share=share, **told)
        yield Way(name, small, 4 * numbers(small), cost(small))


def tables(model: SASRec, split: Split) -> Iterator[Way]:
    """What is looked up, and a table in closed form that never had a network."""
    keep, n = min(100, model.n_items), model.n_items + 1
    for name, newest in (("looked up by newest item", True), ("looked up and added", False)):
        found = Precomputed.of(model, keep, newest)
        rows = 1 if newest else LENGTH
        yield Way(name, found, 8 * keep * n, 0 if newest else keep * rows, 8 * keep * rows)
    ease = EASE(model.items).fit(split.train)
    yield Way("ease", ease, 4 * n * n, n * LENGTH, 4 * n * LENGTH)


def milliseconds(ask: Callable[[Any], Any], history: Any, times: int = 5) -> float:
    """Cpu time of one request, read in a batch with others; the median of some."""
    ask(history)  # the first call traces and fills caches
    taken = []
    for _ in range(times):
        start = time.process_time()
        ask(history)
        taken.append(time.process_time() - start)
    return 1e3 * float(np.median(taken)) / len(history)


def measure(split: Split, seed: int) -> Iterator[tuple[dict[str, Any], Any]]:
    """A row for each way, and NDCG@10 of each user."""
    start = time.process_time()
    model = train(split.train.items, split, seed, EPOCHS, **SIZES)
    seconds = time.process_time() - start
    history = split.test.history(np.arange(min(256, len(split.test))))
    before = None
    for way in ways(model, split, seed):
        ndcg = evaluate(way.model, split.test, k=10).per_user["ndcg@10"]
        before = ndcg if before is None else before
        low, high = interval(ndcg - before) if way.name != AS_TRAINED else (0.0, 0.0)
        moved = way.stored if way.moved is None else way.moved
        spent = formulas.energy_like_cost(way.multiply_adds, moved, way.number)
        row = {
            "way": way.name,
            "seed": seed,
            "ndcg@10": round(float(ndcg.mean()), 5),
            "change": [round(float(x), 5) for x in (np.mean(ndcg - before), low, high)],
            "bytes": way.stored,
            "multiply_adds": way.multiply_adds,
            "bytes_moved": moved,
            "energy_like_microjoules": round(spent, 2),
            "cpu_ms": round(milliseconds(way.ask or way.model.score_all, history), 4),
        }
        yield row | ({"fit_cpu_seconds": round(seconds, 1)} if way.name == AS_TRAINED else {}), ndcg


def compared(found: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Each way against the model as it was trained, with an interval over users.

    Each seed is a shop of its own. Users of one number are averaged, which is a mean of independent
    users: the interval is that of the mean over all of them, and holds no luck of training beyond
    the seeds.
    """
    rows, base = [], np.mean(found[AS_TRAINED], axis=0)
    for way, ndcg in found.items():
        change = np.mean(ndcg, axis=0) - base
        low, high = interval(change) if way != AS_TRAINED else (0.0, 0.0)
        means = [float(one.mean()) for one in ndcg]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else 0.0
        figures = {"mean": np.mean(means), "deviation": spread}
        figures |= {"change": change.mean(), "low": low, "high": high}
        rows.append({"way": way} | {name: round(float(x), 5) for name, x in figures.items()})
    return rows


def show(rows: list[dict[str, Any]], against: list[dict[str, Any]]) -> None:
    """Print quality beside cost."""
    print(f"{'':<34} NDCG@10, change with 95% interval   KiB   kMAC    uJ  cpu ms")
    for line in against:
        mine = [row for row in rows if row["way"] == line["way"]]
        ms = np.median([row["cpu_ms"] for row in mine])
        quality = (
            f"{line['mean']:.4f} {line['change']:+.4f} [{line['low']:+.4f}, {line['high']:+.4f}]"
        )
        one = mine[0]
        print(
            f"{line['way']:<34} {quality} {one['bytes'] / 1024:>8.0f} "
            f"{one['multiply_adds'] / 1e3:>6.0f} {one['energy_like_microjoules']:>7.1f} {ms:.3f}"
        )


def main() -> None:
    """Measure every way for every seed; rows are written as they are done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=results.path("compression"))
    asked = parser.parse_args()
    one_core()
    packages = ("attnrec_lite", "keras", "numpy", "scipy", "tensorflow")
    about: dict[str, Any] = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "model": {**SIZES, "users": USERS, "items": ITEMS},
    }
    rows: list[dict[str, Any]] = []
    found: dict[str, list[Any]] = {}
    with threadpool_limits(1):
        for seed in range(asked.seeds):
            split = leave_one_out(make_shop(USERS, ITEMS, seed=seed).log)
            for row, ndcg in measure(split, seed):
                rows.append(row)
                found.setdefault(row["way"], []).append(ndcg)
                asked.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
            against = compared(found)  # of the seeds so far
            written = {**about, "rows": rows, "compared": against}
            asked.out.write_text(json.dumps(written, indent=1) + "\n")
    show(rows, against)


if __name__ == "__main__":
    main()
