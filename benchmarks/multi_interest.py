"""Several interests against one vector, on shops whose customers' tastes are known.

Three shops: ``shop`` as the book has it; ``long``, with histories of 30 purchases in the median;
and ``alike``, where nothing follows anything and a taste is all there is to know. Every target is
ranked against the whole catalogue without what the user met before; the test item of each user is
the last one (leave one out), on one thread. What is kept has five seeds on ``shop`` and three on
the others. Settings were chosen on validation items of ``shop`` alone. Agreement is of the interest
that speaks for each item of a test history, older ones than the model's window included.

The margin over one vector has an interval over users and seeds: both are drawn anew, together.

Run: ``python benchmarks/multi_interest.py`` (``--seeds 1``, ``--shops shop``, ``--users 400`` for
less; ``--retrieval`` for the cost of exact lists of 24,000 items for 31,000 users). Writes
``multi_interest.json`` in the package unless ``--out`` names another.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.data import Holdout, Shop, Vocabulary, leave_one_out, make_shop
from attnrec_lite.evaluation import (
    evaluate,
    evaluate_lists,
    interest_redundancy,
    merge_alike,
    taste_agreement,
    taste_coverage,
)
from attnrec_lite.models import MultiInterest, QKVRecommender, Recommender

METRIC, K, DRAWS = "recall@20", 20, 2000
ALIKE = 0.95  # cosine from which on interests of a user count as one; chosen on validation items
USERS, ITEMS, WIDTH, INTERESTS = 31_000, 24_000, 50, 4
LIMIT = 12.0  # cpu seconds of exact lists at full size
Row = dict[str, Any]
Maker = Callable[[Vocabulary, int], Recommender]

SHOPS: dict[str, dict[str, float]] = {
    "shop": {},
    "long": {"median_length": 30.0},
    "alike": {"chain": 0.0},
}
MODELS: dict[str, Maker] = {
    "one vector": lambda items, seed: MultiInterest(items, interests=1, seed=seed),
    "qkv": lambda items, seed: QKVRecommender(items, seed=seed),
    "attention": lambda items, seed: MultiInterest(items, seed=seed),
    "attention, hard": lambda items, seed: MultiInterest(items, choose="hard", seed=seed),
    "routing": lambda items, seed: MultiInterest(items, extract="routing", seed=seed),
}
RIVALS = ("one vector", "qkv")
MAIN = ("one vector", "attention")  # of the other shops, only these


def one_thread() -> None:
    """Let TensorFlow use one thread; has to come before it computes anything."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def about_interests(model: MultiInterest, shop: Shop, holdout: Holdout) -> Row:
    """How well interests agree with tastes, and how alike they are."""
    history = holdout.history()
    taste = np.where(history > 0, shop.category[history], -1)
    speakers, vectors = model.speakers(history, history), model.interest_vectors(history)
    merged = taste_agreement(merge_alike(speakers, vectors, ALIKE), taste)
    return {
        "agreement": merged.adjusted,
        "agreement_observed": merged.observed,
        "agreement_expected": merged.expected,
        "agreement_unmerged": taste_agreement(speakers, taste).adjusted,
        "redundancy": float(interest_redundancy(vectors).mean()),
    }


def measure(shop: Shop, model: Recommender, seed: int) -> tuple[Row, NDArray[np.float64]]:
    """Train one model and ask every question; also the recall of each test user."""
    split = leave_one_out(shop.log)
    start = time.process_time()
    model.fit(split.train)
    seconds = time.process_time() - start
    found = evaluate(model, split.test, k=(10, K))
    kinds = np.eye(len(shop.category_names))[shop.category]
    lists = evaluate_lists(model, split.test, log=split.train, vectors=kinds)
    wanted = shop.interests[split.test.user]
    several = wanted.sum(axis=1) > 1
    row = {
        "seed": seed,
        "fit_cpu_seconds": seconds,
        **{
            f"{metric}, {who}": float(found.per_user[metric][inside].mean())
            for metric in (METRIC, "ndcg@10")
            for who, inside in (("one taste", ~several), ("several", several))
        },
        "taste_coverage@10": float(
            taste_coverage(lists.ids, shop.category, wanted)[several].mean()
        ),
        "diversity@10": float(lists.per_user["diversity@10"][several].mean()),
    }
    row["settings"] = {key: value for key, value in model.config().items() if key != "seed"}
    if isinstance(model, MultiInterest) and model.config()["interests"] > 1:
        row |= about_interests(model, shop, split.test)
    return row, found.per_user[METRIC]


def margin(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], inside: NDArray[np.bool_]
) -> Row:
    """Mean difference with a 95 % interval; both arrays are ``(seeds, users)``."""
    rng = np.random.default_rng(0)
    apart = (ours - theirs)[:, inside]
    seeds, users = apart.shape
    means = [
        apart[rng.integers(0, seeds, seeds)].mean(axis=0)[rng.integers(0, users, users)].mean()
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return {"mean": float(apart.mean()), "low": float(low), "high": float(high), "users": users}


def compare(shop_name: str, seeds: int, users: int) -> tuple[list[Row], list[Row]]:
    """Every model on one shop: rows of figures, and margins over the models of one vector."""
    shop = make_shop(users, seed=0, **SHOPS[shop_name])
    items, test = shop.log.items, leave_one_out(shop.log).test
    several = shop.interests[test.user].sum(axis=1) > 1
    rows, recall = [], {}
    names = [name for name in MODELS if shop_name == "shop" or name in MAIN]
    for name in names:
        found = [measure(shop, MODELS[name](items, seed), seed) for seed in range(seeds)]
        rows += [{"shop": shop_name, "model": name, **row} for row, _ in found]
        recall[name] = np.stack([values for _, values in found])
    margins = [
        {"shop": shop_name, "model": name, "over": rival, "users_with": who}
        | margin(recall[name], recall[rival], inside)
        for name in names if name not in RIVALS
        for rival in RIVALS if rival in names
        for who, inside in (("one taste", ~several), ("several", several))
    ]  # fmt: skip
    return rows, margins


def retrieval(share: float = 1.0) -> Row:
    """Cpu seconds of the ten best items by K interests, exactly, for many users.

    Args:
        share: of the users of the full size; the catalogue is whole.
    """
    users = round(USERS * share)
    model = MultiInterest(Vocabulary(np.arange(ITEMS)), width=WIDTH, interests=INTERESTS)
    history = np.random.default_rng(0).integers(1, ITEMS + 1, size=(users, 7))
    model.recommend(history[:64], 10)  # TensorFlow plans its first run
    start = time.process_time()
    model.recommend(history, 10)
    seconds = time.process_time() - start
    shape = {"users": users, "items": ITEMS, "width": WIDTH, "interests": INTERESTS}
    return {**shape, "cpu_seconds": seconds, "limit": LIMIT * share}


def table(rows: Sequence[Row], margins: Sequence[Row]) -> str:
    """Means over seeds, and the margins below."""
    shown = (
        f"{METRIC}, one taste", f"{METRIC}, several", "ndcg@10, several", "taste_coverage@10",
        "diversity@10", "agreement", "agreement_unmerged", "redundancy", "fit_cpu_seconds",
    )  # fmt: skip
    heads = (
        "one taste", "several", "ndcg@10", "coverage", "diversity", "agreement", "unmerged",
        "redundant", "cpu s",
    )  # fmt: skip
    lines = [f"{'shop':<6} {'model':<16}" + "".join(f"{head:>11}" for head in heads)]
    for shop, model in dict.fromkeys((row["shop"], row["model"]) for row in rows):
        runs = [row for row in rows if (row["shop"], row["model"]) == (shop, model)]
        means = [np.mean([run.get(name, np.nan) for run in runs]) for name in shown]
        lines.append(f"{shop:<6} {model:<16}" + "".join(f"{mean:>11.4f}" for mean in means))
    lines.append(f"\nmargin in {METRIC}, 95 % interval over users and seeds")
    lines += [
        f"{m['shop']:<6} {m['model']:<16} over {m['over']:<11} {m['users_with']:<10} "
        f"{m['mean']:+.4f} [{m['low']:+.4f}, {m['high']:+.4f}], {m['users']} users"
        for m in margins
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables, write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--shops", nargs="+", choices=SHOPS, default=list(SHOPS))
    parser.add_argument("--retrieval", action="store_true", help="the cost of lists, nothing else")
    parser.add_argument("--out", type=Path, default=results.path("multi_interest"))
    options = parser.parse_args()
    one_thread()
    kept = json.loads(options.out.read_text()) if options.out.exists() else {}
    with threadpool_limits(1):
        if options.retrieval:
            kept["retrieval"] = retrieval()
            print(json.dumps(kept["retrieval"], indent=1))
        for name in () if options.retrieval else options.shops:
            for part, found in zip(
                ("rows", "margins"), compare(name, options.seeds, options.users), strict=True
            ):
                others = [row for row in kept.get(part, []) if row["shop"] != name]
                kept[part] = others + found
    packages = ("attnrec_lite", "keras", "numpy", "tensorflow")
    kept["machine"] = f"{platform.machine()}, one thread"
    kept["versions"] = {"python": platform.python_version(), **{p: version(p) for p in packages}}
    options.out.write_text(json.dumps(kept, indent=1) + "\n")
    if not options.retrieval:
        print(table(kept["rows"], kept["margins"]))


if __name__ == "__main__":
    main()
