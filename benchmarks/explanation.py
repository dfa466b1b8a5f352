"""Is a reason faithful to the model, and is it right about the world?

Six parts, one row for each thing that is measured with each seed:

- ``cause``: the made-up shop knows which earlier purchase caused the next one. How often does each
  account name it first? All accounts are asked about the same purchases, half of which were caused
  by the item taken last; ``newest`` always names that, ``chance`` is a random item, exactly.
- ``faithful``: each model's first recommendation for some people, on the shop and on MovieLens,
  where no truth is known. How much earlier than at random does the margin fall as items go in the
  order of an account, and how many of its sentences pass their checks?
- ``integration``: the completeness error of integrated gradients, by rule, start and steps.
- ``twin``: other weights, the same predictions: by linear programs, and learned with a push.
- ``rules``: how many of a model's recommendations do rules say, on people they were not counted on,
  beside a tree of as many leaves, and naming to all what is shown most?
- ``trial``: weights of a click model shuffled and levelled, under two planted rules.

Run: ``python benchmarks/explanation.py 0 1 2`` (seeds; those not named keep their rows). Writes
``explanation.json`` in the package unless ``--out`` names another; ``--parts`` measures some
alone. Some 2 minutes of one core a seed.
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
from scipy import stats
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import Split, leave_one_out, make_planted, make_shop, movielens
from attnrec_lite.data.sequences import pad_slices
from attnrec_lite.evaluation import evaluate
from attnrec_lite.explain import (
    Rules,
    click_trial,
    compare_twins,
    distil_rules,
    exact_twin,
    explain,
    integrated,
    left_out,
    train_twin,
)
from attnrec_lite.formulas import rule_fidelity
from attnrec_lite.models import (
    DIN,
    EASE,
    MeanPooling,
    QKVRecommender,
    Recommender,
    SASRec,
    train_together,
)

USERS, WINDOW = 500, 20
CASES, PEOPLE = 15, 6  # of each kind asked for their cause; whose recommendation is explained
FILMS: dict[str, Any] = {"rows": {"min_rating": 4}, "keep": {"min_user": 5, "min_item": 20}}
SIZES: dict[str, Any] = {"width": 32, "window": WINDOW}
EPOCHS = {"attention": 12, "sasrec": 15, "mean": 15}
PUSHES = (0.0, 1.0, 2.0)
TWIN_EPOCHS = 20
WIDTHS = (4, 32)  # of models whose weights are moved by linear programs
RULES = (10, 100, 1000)
TRIAL: dict[str, int] = {"n": 20_000, "epochs": 8}
INTEGRATION = [
    ("gauss", "mean", 50), ("graded", "mean", 50), ("trapezoid", "mean", 50),
    ("midpoint", "mean", 50), ("left", "mean", 50), ("left", "mean", 100),
    ("gauss", "zero", 50), ("graded", "zero", 50), ("midpoint", "zero", 50),
]  # fmt: skip
Row = dict[str, Any]


def shop_data(seed: int) -> tuple[Any, Split]:
    """A shop and its cut."""
    shop = make_shop(n_users=USERS, seed=seed)
    return shop, leave_one_out(shop.log)


def films(seed: int) -> Split:
    """Films that people liked, cut; the seed is that of the models alone."""
    return leave_one_out(movielens(**FILMS["rows"]).keep_active(**FILMS["keep"]))


def fitted(split: Split, seed: int, names: tuple[str, ...]) -> dict[str, Recommender]:
    """Models that have learned the training log."""
    items = split.train.items
    makers: dict[str, Callable[[], Recommender]] = {
        "attention": lambda: QKVRecommender(items, seed=seed, **SIZES),
        "sasrec": lambda: SASRec(items, seed=seed, blocks=1, **SIZES),
        "mean": lambda: MeanPooling(items, seed=seed, **SIZES),
    }
    found = {name: makers[name]() for name in names if name != "ease"}
    for name, model in found.items():
        model.fit(split.train, epochs=EPOCHS[name])  # type: ignore[call-arg]
    return found | ({"ease": EASE(items).fit(split.train)} if "ease" in names else {})


def cause(seed: int) -> Iterator[Row]:
    """How often each account puts the planted cause first."""
    shop, split = shop_data(seed)
    row = split.test.row
    from_there = shop.cause[row]
    known = (from_there >= 0) & (row - from_there < WINDOW)  # in what the models read
    last = from_there == row - 1
    cases = np.concatenate([np.flatnonzero(known & kind)[:CASES] for kind in (last, ~last)])
    newest = last[cases]
    for name, model in fitted(split, seed, ("attention", "sasrec", "mean", "ease")).items():
        quality = float(evaluate(model, split.test, 10).per_user["ndcg@10"].mean())
        hits: dict[str, list[float]] = {}
        for case in cases:
            history = split.test.history([case], WINDOW)[0]
            item, truth = int(split.test.item[case]), int(shop.log.item[from_there[case]])
            kinds = history[history > 0][::-1]  # nothing is bought twice here
            accounts = all_accounts(model, history, item)
            accounts |= {"newest": np.arange(len(kinds), 0, -1.0)}
            for account, values in accounts.items():
                top = kinds[values == values.max()]
                hits.setdefault(account, []).append(float((top == truth).sum() / len(top)))
            hits.setdefault("chance", []).append(1 / len(kinds))
        for account, found in hits.items():
            kinds_of = {"newest": np.array(found)[newest], "older": np.array(found)[~newest]}
            means = {f"named_{kind}": float(part.mean()) for kind, part in kinds_of.items()}
            yield {
                "model": name, "account": account, "ndcg@10": round(quality, 5),
                **{f"{kind}_cases": len(part) for kind, part in kinds_of.items()},
                **rounded(means | {"named": sum(means.values()) / 2}),
            }  # fmt: skip


def all_accounts(model: Recommender, history: Any, item: int) -> dict[str, Any]:
    """Each account that a model has, a number for each item of the history, newest first."""
    kinds, effects = left_out(model, history, item)
    found = {"leave-one-out": effects}
    record = model.attention(history[np.newaxis], [[item]])
    weights = record.weights[0].reshape(-1, record.weights.shape[-1]).mean(axis=0)[::-1]
    if model.name != "mean":
        found["attention"] = np.asarray(weights[: len(kinds)], np.float64)
    if hasattr(model, "network"):
        found["integrated gradients"] = integrated(model, history, item, rule="graded").parts
        one = integrated(model, history, item, steps=1, rule="right", start="zero")
        found["gradient x input"] = one.parts
    return found


def faithful(seed: int) -> Iterator[Row]:
    """How much earlier the margin falls in the order of an account, and what may be shown."""
    for data, split in (("shop", shop_data(seed)[1]), ("movielens", films(seed))):
        people = np.random.default_rng(seed).permutation(len(split.test))[:PEOPLE]
        histories = split.test.history(people, WINDOW)
        for name, model in fitted(split, seed, ("attention", "sasrec")).items():
            best = model.recommend(histories, 1)[0][:, 0]
            for by in ("effect", "attention", "gradients", "random"):
                found = [
                    explain(model, h, int(i), by=by, draws=20, seed=seed)
                    for h, i in zip(histories, best, strict=True)
                ]
                yield {"data": data, "model": name, "account": by, **summary(found)}


def summary(found: list[Any]) -> Row:
    """Means over explanations, all in shares of the margin where they are falls of it."""
    margin = np.array([e.margin for e in found])

    def of(name: str, share: bool = True) -> float:
        values = np.array([getattr(e.reliability, name) for e in found])
        values = values / margin if share else values
        return round(float(np.nanmean(values)), 5)

    return {
        "people": len(found),
        "shown": round(float(np.mean([e.can_be_shown for e in found])), 5),
        "gain": of("gain"),
        "comprehensiveness": of("comprehensiveness"),
        "sufficiency": of("sufficiency"),
        "beats_chance": round(float(np.mean([e.reliability.p <= 0.05 for e in found])), 5),
        "agreement": of("agreement", share=False),
        "gradient_agreement": of("gradient_agreement", share=False),
        "kept_when_shuffled": of("kept_when_shuffled", share=False),
        "largest_completeness_error": round(
            float(np.nanmax([e.reliability.completeness_error for e in found])), 6
        ),
    }


def integration(seed: int) -> Iterator[Row]:
    """Completeness errors of integrated gradients."""
    _, split = shop_data(seed)
    histories, items = split.test.history(length=WINDOW)[:PEOPLE], split.test.item[:PEOPLE]
    for name, model in fitted(split, seed, ("attention", "sasrec", "mean")).items():
        for rule, start, steps in INTEGRATION:
            error = [
                integrated(model, h, int(i), steps, rule, start).error
                for h, i in zip(histories, items, strict=True)
            ]
            yield {
                "model": name, "rule": rule, "start": start, "steps": steps, "people": len(error),
                "median": round(float(np.median(error)), 7),
                "largest": round(float(np.max(error)), 7),
                "within_1_percent": round(float(np.mean(np.array(error) <= 0.01)), 5),
            }  # fmt: skip


def twin(seed: int) -> Iterator[Row]:
    """How far weights can go while the predictions stay."""
    for data, split in (("shop", shop_data(seed)[1]), ("movielens", films(seed))):
        histories = split.test.history(length=WINDOW)
        model = fitted(split, seed, ("attention",))["attention"]
        assert isinstance(model, QKVRecommender)
        for push in PUSHES:
            other = train_twin(
                model, split.train, push, TWIN_EPOCHS, learning_rate=5e-3, seed=seed + 1
            )
            found = figures(compare_twins(model, other, histories))
            quality = {"ndcg@10": ndcg(model, split), "twin_ndcg@10": ndcg(other, split)}
            yield {"data": data, "how": "learned", "push": push, **found, **quality}
        for width in WIDTHS:
            sizes = {**SIZES, "width": width}
            narrow = QKVRecommender(split.train.items, seed=seed, **sizes)
            narrow.fit(split.train, epochs=EPOCHS["attention"])
            found = figures(exact_twin(narrow, histories[: 4 * PEOPLE])[0])
            quality = {"ndcg@10": ndcg(narrow, split)}
            yield {"data": data, "how": "exact", "width": width, **found, **quality}


def figures(found: Any) -> Row:
    """Means over histories, and the largest change of a prediction."""
    means = {name: round(value, 5) for name, value in found.mean().items()}
    return {**means, "largest_prediction": round(float(found.predictions.max()), 7)}


def ndcg(model: Recommender, split: Split) -> float:
    """NDCG@10 on the test targets."""
    return round(float(evaluate(model, split.test, 10).per_user["ndcg@10"].mean()), 5)


def rules(seed: int) -> Iterator[Row]:
    """How many recommendations rules say, on people they were not counted on."""
    from sklearn.tree import DecisionTreeClassifier

    _, split = shop_data(seed)
    log, items = split.train, split.train.items
    bounds = log.bounds()
    past = pad_slices(log.item, bounds[:-1], bounds[1:], WINDOW)
    half = np.random.default_rng(seed).permutation(len(past))
    known, new = half[: len(half) // 2], half[len(half) // 2 :]
    has = np.zeros((len(past), 2 * len(items) + 2), bool)
    np.put_along_axis(has, past, True, axis=1)
    has[np.arange(len(past)), len(items) + 1 + past[:, -1]] = True
    for name, model in fitted(split, seed, ("attention", "ease")).items():
        lists = model.recommend(past, 10)[0]
        for k in (1, 10):
            ways: dict[str, Rules] = {"always": Rules.always(lists[known, :k], items)}
            for size in RULES:
                ways[f"rules {size}"] = distil_rules(past[known], lists[known, :k], items, size)
            for way, said in ways.items():
                found = said.fidelity(past[new], lists[new, :k])
                yield {"model": name, "k": k, "way": way, "size": len(said), **rounded(found)}
            for size in RULES:
                tree = DecisionTreeClassifier(max_leaf_nodes=size, random_state=seed)
                tree.fit(has[known], lists[known, 0])
                found = rule_fidelity(tree.predict(has[new]), lists[new, :k])
                way, leaves = f"tree {size}", int(tree.get_n_leaves())
                yield {"model": name, "k": k, "way": way, "size": leaves, **rounded(found)}


def rounded(found: dict[str, float]) -> Row:
    """Five digits; a share of nobody is left out, for JSON has no NaN."""
    return {name: round(v, 5) if v == v else None for name, v in found.items()}


def trial(seed: int) -> Iterator[Row]:
    """A click model's weights on trial, under two planted rules."""
    for rule in ("quality", "intensity"):
        rows = make_planted(rule, TRIAL["n"], seed)
        train, choose, judge = rows.split()
        model = DIN(rows.items, normaliser="softmax", groups=rows.category, seed=seed)
        train_together([model], [train], [choose], epochs=TRIAL["epochs"])
        yield {
            "rule": rule,
            "model": "din, softmax",
            **rounded(vars(click_trial(model, judge, seed))),
        }


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "cause": cause,
    "faithful": faithful,
    "integration": integration,
    "twin": twin,
    "rules": rules,
    "trial": trial,
}
SHOWN = {
    "cause": ("named", "named_newest", "named_older"),
    "faithful": ("shown", "gain", "comprehensiveness", "kept_when_shuffled"),
    "integration": ("median", "largest", "within_1_percent"),
    "twin": ("predictions", "divergence", "same_top", "kept"),
    "rules": ("coverage", "fidelity", "both"),
    "trial": ("auc", "auc_shuffled", "auc_uniform", "agreement", "right"),
}
KEYS = ("data", "model", "account", "rule", "start", "steps", "how", "push", "width", "k", "way")


def show(rows: list[Row]) -> None:
    """Print the mean of each figure and its 95 % interval over seeds."""
    for part, names in SHOWN.items():
        mine = [row for row in rows if row["part"] == part]
        print(f"{part}: {', '.join(names)}")
        for key in dict.fromkeys(which(row) for row in mine):
            same = [row for row in mine if which(row) == key]
            cells = "  ".join(interval([row[name] for row in same]) for name in names)
            print(f"  {' · '.join(map(str, key)):<44} {cells}")


def which(row: Row) -> tuple[Any, ...]:
    """What a row is of, but for the seed."""
    return tuple(row[key] for key in KEYS if key in row)


def interval(found: list[float | None]) -> str:
    """A mean and its 95 % interval by Student's t."""
    known = [value for value in found if value is not None]
    if len(known) < 2:
        return f"{np.mean(known):.3f}" if known else "none"
    half = stats.t.ppf(0.975, len(known) - 1) * np.std(known, ddof=1) / len(known) ** 0.5
    return f"{np.mean(known):.3f} ± {half:.3f}"


def main() -> None:
    """Measure each part with each seed; rows are written as they are done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--out", type=Path, default=results.path("explanation"))
    asked = parser.parse_args()
    one_core()
    kept = json.loads(asked.out.read_text()) if asked.out.exists() else {"rows": [], "seconds": []}
    again = {(part, seed) for part in asked.parts for seed in asked.seeds}
    rows, seconds = (
        [r for r in kept[name] if (r["part"], r["seed"]) not in again]
        for name in ("rows", "seconds")
    )
    packages = ("attnrec_lite", "keras", "numpy", "scikit-learn", "scipy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "sizes": {"users": USERS, "cases": CASES, "people": PEOPLE},
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    with threadpool_limits(1):
        for part, seed in sorted(again, key=lambda pair: (pair[1], list(PARTS).index(pair[0]))):
            start = time.process_time()
            for row in PARTS[part](seed):
                rows.append({"part": part, "seed": seed, **row})
            cpu = round(time.process_time() - start, 2)
            seconds.append({"part": part, "seed": seed, "cpu_seconds": cpu})
            text = json.dumps({**about, "seconds": seconds, "rows": rows}, indent=1)
            asked.out.write_text(text + "\n")
    show(rows)


if __name__ == "__main__":
    main()
