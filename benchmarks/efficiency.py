"""Attention by five routes, tables of few bits, and approximate search: cost against fidelity.

``attention``: cpu time of one look around by length, of the sums alone and of a layer with its
projections, and the numbers that have to be held, which are counted; weights are not trained: what
a route costs does not depend on them.
``table``: item vectors of a SASRec trained on 24,000 goods, rounded: top-10 overlap and bytes, and
what one vector of a thousand times the length does. ``index``: the same vectors searched exactly,
in two stages and by faiss: recall@10, cpu time of a query by itself, time to build, bytes.
``million``: the same for a million vectors, copies of the 24,000, each moved by a third of its
length in a random direction.

Run: ``python benchmarks/efficiency.py attention table index million`` (parts that are named are
measured, the others keep their rows). Writes ``efficiency.json`` in the package unless ``--out``
names another. About 3 minutes of one core without ``million``, which takes 10 more.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from attnrec_lite import formulas, results
from attnrec_lite.attention import attend
from attnrec_lite.command.train import one_core
from attnrec_lite.data import leave_one_out, make_shop
from attnrec_lite.efficiency import (
    ItemIndex,
    QuantisedTable,
    RoutedAttention,
    as_product,
    exact_in_two_stages,
    exact_top_k,
    linear_attend,
    low_rank_attend,
    top_overlap,
    window_attend,
)
from attnrec_lite.evaluation import interval
from attnrec_lite.models import SASRec

WIDTH, LENGTHS = 64, (20, 50, 100, 200, 500, 1000, 2000, 4096)
ROUTES = {"full": 64, "window": 32, "low_rank": 64, "linear": 64, "linear, causal": 64}
USERS, ITEMS, EPOCHS, QUERIES, MILLION = 6000, 24_000, 5, 200, 1_000_000
INDEXES: tuple[tuple[dict[str, Any], str, tuple[int, ...]], ...] = (
    ({"kind": "flat"}, "", (0,)),
    ({"kind": "lists"}, "probes", (1, 4, 16, 64)),
    ({"kind": "graph", "links": 16}, "effort", (16, 64, 256)),
    ({"kind": "codes", "parts": 8}, "", (0,)),
    ({"kind": "codes", "parts": 32}, "", (0,)),
)


def cpu(work: Callable[[], Any], least: float = 0.15, most: int = 200) -> float:
    """Cpu seconds of the quickest of some calls: what others take longer is the neighbours'."""
    work()
    taken: list[float] = []
    while len(taken) < 3 or (sum(taken) < least and len(taken) < most):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def attention() -> Iterator[dict[str, Any]]:
    """One sequence, one head: each route at each length, the sums alone and a layer."""
    for length in LENGTHS:
        for name, work in routes(length).items():
            layer = layer_of(name, length)
            route = name.partition(",")[0]
            yield {
                "length": length,
                "route": name,
                "ms": round(1e3 * cpu(work), 4),
                "layer_ms": round(1e3 * cpu(layer), 4),
                **formulas.attention_cost(length, WIDTH, route, ROUTES[name]),
            }


def routes(length: int) -> dict[str, Callable[[], Any]]:
    """Scores and sums of each route, compiled."""
    rng = np.random.default_rng(0)
    q, k, v = (tf.constant(rng.normal(size=(1, length, WIDTH)), tf.float32) for _ in range(3))
    real = tf.ones((1, length), tf.bool)
    mix = tf.constant(rng.normal(size=(ROUTES["low_rank"], length)) / length, tf.float32)
    calls: dict[str, Callable[[], Any]] = {
        "full": lambda: attend(q, k, v)[0],
        "window": lambda: window_attend(q, k, v, ROUTES["window"], real),
        "low_rank": lambda: low_rank_attend(q, k, v, mix, real),
        "linear": lambda: linear_attend(q, k, v, real),
        "linear, causal": lambda: linear_attend(q, k, v, real, causal=True),
    }
    return {name: tf.function(call) for name, call in calls.items()}


def layer_of(name: str, length: int) -> Callable[[], Any]:
    """A whole layer with its projections, compiled."""
    layer = RoutedAttention(
        1, WIDTH, name.partition(",")[0], ROUTES[name], length, "causal" in name, seed=0
    )
    tokens = tf.constant(np.random.default_rng(1).normal(size=(1, length, WIDTH)), tf.float32)
    return tf.function(lambda: layer(tokens))


def vectors() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item vectors and bias of a trained model, and contexts of people it was not trained on."""
    split = leave_one_out(make_shop(USERS, ITEMS).log)
    model = SASRec(split.train.items, width=WIDTH, window=30, negatives=256)
    product = as_product(model.fit(split.train, EPOCHS, learning_rate=4e-3))
    asked = np.random.default_rng(0).permutation(len(split.test))[:QUERIES]
    return product.table, product.bias, product.contexts(split.test.history(asked))


def table(x: np.ndarray, bias: np.ndarray, contexts: np.ndarray) -> Iterator[dict[str, Any]]:
    """Each way to round, with the table as it is and with one huge vector in it."""
    huge = x.copy()
    huge[1] *= 1000
    for name, floats in (("as trained", x), ("one vector 1000 times as long", huge)):
        exact = exact_top_k(contexts, floats, 10, bias)[0]
        for bits in (8, 4, 2):
            for per in ("tensor", "row"):
                codes = QuantisedTable.of(floats, bits, per)
                scores = codes.scores(contexts) + bias
                scores[:, 0] = -np.inf
                found = np.argsort(-scores, axis=1, kind="stable")[:, :10]
                again = exact_in_two_stages(contexts[:50], floats, codes, 10, bias)
                yield {
                    "table": name,
                    "bits": bits,
                    "per": per,
                    **recall(found, exact),
                    "bytes": codes.nbytes,
                    "of_float32": round(codes.nbytes / floats.nbytes, 4),
                    "rows_lost": len(codes.lost_rows()),
                    "scored_again": float(np.median(again[2])),
                    "two_stages_recall": float(top_overlap(again[0], exact[:50]).mean()),
                }


def index(x: np.ndarray, bias: np.ndarray, contexts: np.ndarray) -> Iterator[dict[str, Any]]:
    """Exact search, and each kind of index at each setting; queries come one by one."""
    n, exact = len(x) - 1, exact_top_k(contexts, x, 10, bias)[0]
    codes, some = QuantisedTable.of(x), contexts[:20]
    ways: dict[str, Callable[[np.ndarray], Any]] = {
        "exact": lambda q: exact_top_k(q, x, 10, bias),
        "two stages": lambda q: exact_in_two_stages(q, x, codes, 10, bias),
    }
    for name, search in ways.items():
        stored = x.nbytes + (codes.nbytes if name == "two stages" else 0)
        yield {
            "items": n, "way": name, **recall(search(some)[0], exact[:20]),
            "query_ms": per_query(search, some), "bytes": stored, "build_cpu_seconds": 0.0,
        }  # fmt: skip
    for options, setting, values in INDEXES:
        start = time.process_time()
        made = ItemIndex(x, bias, **options)
        seconds = time.process_time() - start
        for value in values:
            if setting == "probes" and value > n**0.5:
                continue  # more than there are lists
            if setting:
                made.tune(**{setting: value})
            yield {
                "items": n,
                "way": options["kind"],
                **{name: v for name, v in options.items() if name != "kind"},
                **({setting: value} if setting else {}),
                **recall(made.search(contexts, 10)[0], exact),
                "query_ms": per_query(lambda q, made=made: made.search(q, 10), contexts),
                "bytes": made.nbytes,
                "build_cpu_seconds": round(seconds, 2),
            }


def per_query(search: Callable[[np.ndarray], Any], contexts: np.ndarray) -> float:
    """Cpu milliseconds of a query that comes by itself."""
    return round(1e3 * cpu(lambda: [search(q[np.newaxis]) for q in contexts]) / len(contexts), 4)


def recall(found: np.ndarray, exact: np.ndarray) -> dict[str, Any]:
    """Share of the exact ten that was found, with an interval over queries."""
    share = top_overlap(found, exact)
    ends = [round(float(end), 4) for end in interval(share)]
    return {"recall@10": round(float(share.mean()), 4), "interval": ends}


def many(x: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a table again and again, each moved by a third of its length."""
    rng = np.random.default_rng(0)
    row = np.concatenate([[0], 1 + np.arange(MILLION) % (len(x) - 1)])
    step = rng.normal(size=(len(row), x.shape[1])).astype(np.float32)
    step *= np.linalg.norm(x[row], axis=1, keepdims=True) / np.linalg.norm(step, axis=1)[:, None]
    return x[row] + step / 3, bias[row]


def main() -> None:
    """Measure what was asked for; each row is written as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("attention", "table", "index", "million")
    parser.add_argument("part", nargs="*", help=f"{', '.join(parts)} (default: all)")
    parser.add_argument("--out", type=Path, default=results.path("efficiency"))
    asked = parser.parse_args()
    one_core()
    packages = ("attnrec_lite", "faiss-cpu", "keras", "numpy", "tensorflow")
    found: dict[str, Any] = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    found["machine"] = f"{platform.machine()}, one thread"
    found["versions"] = {"python": platform.python_version(), **{p: version(p) for p in packages}}
    chosen = [part for part in parts if part in asked.part or not asked.part]
    with threadpool_limits(1):
        known = vectors() if set(chosen) - {"attention"} else None
        for part in chosen:
            rows = attention() if known is None or part == "attention" else None
            if rows is None and part == "million":
                rows = index(*many(*known[:2]), known[2])
            elif rows is None:
                rows = {"table": table, "index": index}[part](*known)
            found[part] = []
            for row in rows:
                found[part].append(row)
                asked.out.write_text(json.dumps(found, indent=1) + "\n")
                print(part, row, flush=True)


if __name__ == "__main__":
    main()
