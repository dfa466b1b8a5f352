"""What noise, shifted vectors, made-up users and one slipped-in click do, and what helps.

``noise``: clicks of the made-up shop are replaced, inserted or lost, in the log that models learn
from or in the history that they are asked with. ``vectors``: item vectors of matrix factorisation
are shifted at random or where it hurts most, at a fixed length and at one relative to the vectors;
APR stands beside the controls that tell what its direction earns. ``clicks``: for each history the
one click that takes most of the attention, with and without bounds. ``sessions``, ``shilling`` and
``detectors``: see ``robustness_shilling.py``.

Run: ``python benchmarks/robustness.py 0 1 2 3 4`` (seeds; rows of parts and seeds that are not
named stay). Writes ``robustness.json`` in the package unless ``--out`` names another; ``--parts``
measures some alone. Some 3 minutes of one core a seed; clicks, noise,
sessions and vectors are kept for three seeds, shilling and detectors for five.
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
from robustness_shilling import detectors, sessions, shilling
from scipy import stats
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import Interactions, make_shop, movielens
from attnrec_lite.data.split import Split, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.formulas import injected_weight_bound
from attnrec_lite.models import BPR, EASE, ItemKNN, Popularity, QKVRecommender, Recommender
from attnrec_lite.robustness import (
    APR,
    BoundedAttention,
    click_takes,
    list_overlap,
    noisy_history,
    noisy_log,
    shifted_items,
    shifted_ranking,
    with_click,
)

SHOP: dict[str, Any] = {"n_users": 600}
ATTENTION: dict[str, Any] = {"width": 32, "window": 30}
EPOCHS = 15
RATES = (0.1, 0.3, 0.5)
RADII = {
    "0.5": (0.5, False),
    "1": (1.0, False),
    "half of it": (0.5, True),
    "all of it": (1.0, True),
}
BPR_EPOCHS, WARM = 80, 40
ATTACKED = 60  # histories that one click is slipped into
BOUNDS: dict[str, dict[str, float]] = {
    "as learned": {},
    "scores in ±1": {"bound": 1.0},
    "weights up to 0.2": {"cap": 0.2},
    "trimmed 0.2": {"trim": 0.2},
}
Row = dict[str, Any]
Part = Callable[[int], Iterator[Row]]


def shop_split(seed: int) -> Split:
    """Purchases of a made-up shop, the last of each user held out."""
    return leave_one_out(make_shop(seed=seed, **SHOP).log)


def film_split(seed: int) -> Split:
    """Films that 500 people rated 4 or more, at least 5 times."""
    log = movielens(min_rating=4).keep_active(min_user=5, min_item=5)
    users = np.random.default_rng(seed).choice(log.n_users, min(500, log.n_users), replace=False)
    return leave_one_out(log.select(np.isin(log.user, users)).keep_active(min_user=5, min_item=2))


def models(log: Interactions, seed: int) -> Iterator[Recommender]:
    """One of each, fitted."""
    for kind in (Popularity, ItemKNN, EASE):
        yield kind(log.items).fit(log)
    yield BPR(log.items, seed=seed).fit(log)
    yield QKVRecommender(log.items, seed=seed, **ATTENTION).fit(log, epochs=EPOCHS)


def noise(seed: int) -> Iterator[Row]:
    """Quality against the share of clicks that are wrong, in the log or in the history."""
    split = shop_split(seed)
    asked = split.test.history()
    n = split.train.n_items
    clean = list(models(split.train, seed))
    for model in clean:
        found = evaluate(model, split.test).mean("ndcg@10")
        yield {"model": model.name, "where": "nowhere", "kind": "", "rate": 0.0, "ndcg@10": found}
    for kind in ("replace", "insert", "drop"):
        for rate in RATES:
            about = {"kind": kind, "rate": rate}
            wrong = noisy_history(asked, kind, rate, n, seed)
            for model in clean:
                beaten, tied = places(model.score_all(wrong), split.test.item, asked)
                ndcg = float(ranking_metrics(beaten, tied, 10)["ndcg"].mean())
                yield {"model": model.name, "where": "history", **about, "ndcg@10": ndcg}
            for model in models(noisy_log(split.train, kind, rate, seed), seed):
                ndcg = evaluate(model, split.test).mean("ndcg@10")
                yield {"model": model.name, "where": "log", **about, "ndcg@10": ndcg}


def factorisations(log: Interactions, seed: int) -> Iterator[tuple[str, BPR]]:
    """BPR, APR, and what APR has to be compared with."""
    items = log.items
    yield "bpr", BPR(items, seed=seed).fit(log, BPR_EPOCHS)
    yield "double rate", BPR(items, seed=seed).fit(log, BPR_EPOCHS, learning_rate=0.1)
    yield "weight decay", BPR(items, penalty=0.02, seed=seed).fit(log, BPR_EPOCHS)
    for name, extra in (("random shift", "noise"), ("pair twice", "copy"), ("apr", "adversary")):
        yield name, APR(items, extra=extra, warm=WARM, seed=seed).fit(log, BPR_EPOCHS)


def vectors(seed: int) -> Iterator[Row]:
    """Quality against the length of a shift, random or against the model."""
    for data, split in (("shop", shop_split(seed)), ("movielens", film_split(seed))):
        for name, model in factorisations(split.train, seed):
            length = float(np.linalg.norm(model.table[1:], axis=1).mean())
            found = shifted_ranking(model, model.table, split.test)["ndcg"].mean()
            row: Row = {"data": data, "model": name, "length": length, "clean": float(found)}
            for kind in ("random", "adversary"):
                for word, (radius, relative) in RADII.items():
                    table = shifted_items(model, split.train, radius, kind, seed, relative)
                    ndcg = shifted_ranking(model, table, split.test)["ndcg"]
                    row[f"{kind} {word}"] = float(ndcg.mean())
            yield row


def clicks(seed: int) -> Iterator[Row]:
    """The one click that takes most of the attention of each history."""
    split = shop_split(seed)
    learned = QKVRecommender(split.train.items, seed=seed, **ATTENTION)
    learned.fit(split.train, epochs=EPOCHS)
    history, target = split.test.history()[:ATTACKED], split.test.item[:ATTACKED]
    size = np.minimum((history > 0).sum(axis=1) + 1, learned.window)
    every = np.arange(1, learned.n_items + 1)
    for name, bound in BOUNDS.items():
        model = BoundedAttention(learned, **bound) if bound else learned
        before = model.recommend(history, 10)[0]
        for place in ("oldest", "before", "newest"):
            share = click_takes(model, history, every, place)
            worst = share.argmax(axis=1) + 1
            longer = np.zeros((len(history), history.shape[1] + 1), np.int32)
            for item in np.unique(worst):
                rows = worst == item
                longer[rows] = with_click(history[rows], int(item), place, model.n_items)
            scores = model.score_all(longer)
            shown = scores.copy()
            np.put_along_axis(shown, history, -np.inf, axis=1)
            after = np.argsort(-shown, axis=1, kind="stable")[:, :10]
            yield {
                "bound": name, "place": place,
                "worst_share": float(share.max(axis=1).mean()),
                "largest_share": float(share.max()),
                "even_share": float((1 / size).mean()),
                "bound_of_score": float(np.mean([injected_weight_bound(n - 1, 1.0) for n in size])),
                "overlap": float(list_overlap(before, after).mean()),
                "ndcg@10": float(evaluated(model.score_all(history), target, history)),
                "ndcg@10 after": float(evaluated(scores, target, history)),
            }  # fmt: skip


def evaluated(scores: Any, target: Any, history: Any) -> Any:
    """NDCG@10, the history left out."""
    beaten, tied = places(scores, target, history)
    return ranking_metrics(beaten, tied, 10)["ndcg"].mean()


PARTS: dict[str, Part] = {
    "noise": noise,
    "vectors": vectors,
    "clicks": clicks,
    "sessions": sessions,
    "shilling": shilling,
    "detectors": detectors,
}


def interval(found: Any) -> tuple[float, float]:
    """A mean over seeds and half of its 95 % interval by Student's t."""
    x = np.asarray(found, float)
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5 if len(x) > 1 else np.nan
    return float(x.mean()), float(half)


def show(rows: list[Row]) -> None:
    """Print every figure of every part as a mean over seeds with its interval."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        words = [str(v) for k, v in row.items() if isinstance(v, str) or k in ("rate", "profiles")]
        groups.setdefault("  ".join(words), []).append(row)
    for name, mine in groups.items():
        figures = [k for k, v in mine[0].items() if isinstance(v, float) and k != "rate"]
        cells = [f"{k} %.3f ± %.3f" % interval([r[k] for r in mine]) for k in figures]
        print(f"{name}\n    {'  '.join(cells)}")


def measure(parts: dict[str, Part], out: Path, seeds: list[int], asked: list[str]) -> list[Row]:
    """Measure some parts for some seeds; what is measured again is replaced, the rest stays."""
    kept = json.loads(out.read_text())["rows"] if out.exists() else []
    packages = ("attnrec_lite", "keras", "numpy", "scikit-learn", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    for seed in seeds:
        for part in asked:
            start = time.process_time()
            new = [{"part": part, "seed": seed, **row} for row in parts[part](seed)]
            cpu = {
                "part": part,
                "seed": seed,
                "figure": "cpu",
                "seconds": time.process_time() - start,
            }
            kept = [r for r in kept if (r["part"], r["seed"]) != (part, seed)] + [*new, cpu]
            order = {name: place for place, name in enumerate(parts)}
            kept.sort(key=lambda r: (order[r["part"]], r["seed"]))
            rounded = [{k: _short(v) for k, v in r.items()} for r in kept]
            text = ",\n".join(json.dumps(r, ensure_ascii=False) for r in rounded)
            head = json.dumps(about, indent=1)[:-2]
            out.write_text(f'{head},\n "rows": [\n{text}\n]}}\n')
    return kept


def _short(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value


def main() -> None:
    """Measure what was asked, then print everything that is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), help="all by default")
    parser.add_argument("--out", type=Path, default=results.path("robustness"))
    asked = parser.parse_args()
    one_core()
    with threadpool_limits(1):
        show(measure(PARTS, asked.out, asked.seeds, asked.parts))


if __name__ == "__main__":
    main()
