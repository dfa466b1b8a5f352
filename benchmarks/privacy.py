"""What privacy costs, and what its absence costs: every table of the chapter "Privacy".

Nine parts, each alone with ``--parts``:

- ``accountant``: epsilon by this package, and by ``dp_accounting`` twice.
- ``linkage``: persons of MovieLens found again by a few of their rows (a seed draws the clues).
- ``quality``: NDCG@10 of private models against epsilon, on a shop of 3,000 users.
- ``users``: the same promise with few and with many users.
- ``movielens``: the same with the 671 users that there are.
- ``membership``: who was in the training log? By the loss, and by shadow models.
- ``federated``: twenty clients of unequal size, and what the server reads off one update.
- ``unlearning``: a deletion request by three exact ways, and whether the attack still finds them.
- ``minimise``: quality against events, days and order kept.

Settings were chosen on the shop of seed 0, which no row is measured on: choosing them on the log
that is to be protected would cost privacy that no accountant sees.

Run: ``python benchmarks/privacy.py 1 2 3 4 5`` (seeds; those not named keep their rows). Writes
``privacy.json`` in the package unless ``--out`` names another. Minutes of one core a seed.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.data import make_shop, movielens
from attnrec_lite.data.split import Split, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.formulas import attack_curve, gaussian_noise, hits_allowed, pairwise_masks
from attnrec_lite.models import EASE, Popularity, Successors
from attnrec_lite.models._binary import log_matrix
from attnrec_lite.privacy import (
    Accountant,
    ForgettingEASE,
    LocalFactors,
    NoisyEASE,
    NoisyPopularity,
    PrivateFactors,
    Shards,
    attack,
    crowd,
    evidence,
    federated_averaging,
    kept_recent,
    link,
    noise_for,
    shadows,
    standing,
    without_order,
)
from attnrec_lite.privacy.federated import local_update

SHOP: dict[str, Any] = {"n_users": 3000, "n_items": 400}
EPSILONS = (0.1, 0.3, 1.0, 3.0, 8.0)
DELTA = 1.5e-4
USERS = (750, 3000, 12_000)
NOISES = (0.7, 1.0, 2.0, 4.0, 8.0)
KNOWN = (2, 4, 8)
MODELS = 16
CLIENTS = 20
ROUNDS = 40
LEAKS = 60
WHOLE: dict[str, Any] = {"rate": 0.5, "rounds": 40}  # large draws: a step costs what it reads
EVENTS = (1, 2, 3, 5, 10, 20)
DAYS = (7.0, 30.0, 90.0, 180.0)
FILMS = 20  # ratings that a film needs to take part
Row = dict[str, Any]


def split_of(seed: int, n_users: int | None = None) -> tuple[Any, Split]:
    """A shop and its split."""
    shop = make_shop(**{**SHOP, "n_users": n_users or SHOP["n_users"]}, seed=seed)
    return shop, leave_one_out(shop.log)


def earned(model: Any, split: Split, fit: bool = True) -> Row:
    """NDCG@10 on the test targets, and what learning cost."""
    start = time.process_time()
    if fit:
        model.fit(split.train)
    cpu = time.process_time() - start
    found = evaluate(model, split.test, 10).per_user["ndcg@10"].mean()
    return {"ndcg@10": round(float(found), 5), "cpu_seconds": round(cpu, 3)}


def private(split: Split, epsilon: float, seed: int, delta: float = DELTA) -> PrivateFactors:
    """DP-SGD with the noise that the promise asks for."""
    made = PrivateFactors(split.train.items, delta=delta, seed=seed)
    noise = noise_for(epsilon, made.rate, made.rounds, delta)
    return PrivateFactors(split.train.items, noise=noise, delta=delta, seed=seed)


def accountant(seed: int) -> Iterator[Row]:
    """One training by three accountants; the seed changes nothing."""
    import dp_accounting as dp
    from dp_accounting.pld import PLDAccountant
    from dp_accounting.rdp import RdpAccountant

    logging.getLogger("absl").setLevel(logging.ERROR)
    rate, steps = 0.05, 400
    for noise in NOISES:
        once = dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(noise))
        event, book = dp.SelfComposedDpEvent(once, steps), Accountant()
        book.spend(rate, noise, steps)
        found = {"ours": book.epsilon(DELTA), "classic": book.epsilon(DELTA, "classic")}
        for name, other in (("library", RdpAccountant()), ("tighter", PLDAccountant())):
            other.compose(event)
            found[name] = other.get_epsilon(DELTA)
        yield {"rate": rate, "steps": steps, "delta": DELTA, "noise": noise} | {
            name: round(float(value), 4) for name, value in found.items()
        }


def linkage(seed: int) -> Iterator[Row]:
    """Persons found again: by what is known, and by how coarse the release is."""
    log = movielens()
    ways: dict[str, dict[str, Any]] = {
        "ratings and dates": {},
        "a quarter of them wrong": {"wrong": 1},
        "ratings": {"days": None},
        "films alone": {"days": None, "stars": None},
        "dates to the month": {"release_days": 30.0},
        "dates to the year": {"release_days": 365.0},
        "no dates, no ratings released": {"release_days": np.inf, "release_stars": 100.0},
    }
    for known in KNOWN:
        for way, how in ways.items():
            more = {"wrong": known // 4} if "wrong" in how else {}
            if more == {"wrong": 0}:
                continue
            found = link(log, known, seed=seed, **{**how, **more})
            rows = {"source's threshold": found, "5 % of the absent": found.at(0.05)}
            for threshold, at in rows.items():
                shares = {n: round(float(e), 5) for n, e in at.estimates().items()}
                span = at.estimates()["right"]
                yield {
                    "known": known,
                    "way": way,
                    "threshold": threshold,
                    "deviations": round(at.threshold, 3),
                    "users": len(at.user),
                    **shares,
                    "low": round(span.low, 5),
                    "high": round(span.high, 5),
                }
        size = crowd(log, known, seed)
        alone = {"alone": round(float((size == 1).mean()), 5), "median": float(np.median(size))}
        yield {"known": known, "way": "crowd", "users": len(size), **alone}


def quality(seed: int) -> Iterator[Row]:
    """NDCG@10 against epsilon, beside what needs no promise."""
    _, split = split_of(seed)
    items = split.train.items
    for plain in (Popularity(items), EASE(items), LocalFactors(items, seed=seed)):
        yield {"model": plain.name, "epsilon": None, **earned(plain, split)}
    clipped = PrivateFactors(items, noise=0.0, delta=DELTA, seed=seed)
    yield {"model": "clipped factors", "epsilon": None, **earned(clipped, split)}
    for epsilon in EPSILONS:
        made = private(split, epsilon, seed)
        rivals = [c(items, epsilon, DELTA, seed=seed) for c in (NoisyPopularity, NoisyEASE)]
        for model in (made, *rivals):
            noise = round(made.noise, 3) if model is made else None
            found = earned(model, split)
            yield {"model": model.name, "epsilon": epsilon, "noise": noise, **found}


def users(seed: int) -> Iterator[Row]:
    """One promise, epsilon 1, with few and with many users; delta is half of one over them."""
    for n in USERS:
        _, split = split_of(seed, n)
        for model in (LocalFactors(split.train.items, seed=seed), private(split, 1, seed, 0.5 / n)):
            yield {"users": n, "model": model.name, **earned(model, split)}


def films(seed: int) -> Iterator[Row]:
    """The same on MovieLens; the list of films was chosen by the log, which no promise covers."""
    split = leave_one_out(movielens().keep_active(min_user=5, min_item=FILMS))
    items, delta = split.train.items, 0.5 / split.train.n_users
    for plain in (Popularity(items), EASE(items, 300.0), LocalFactors(items, seed=seed)):
        yield {"model": plain.name, "epsilon": None, **earned(plain, split)}
    for epsilon in (1.0, 8.0):
        rivals = [c(items, epsilon, delta, seed=seed) for c in (NoisyPopularity, NoisyEASE)]
        for model in (private(split, epsilon, seed, delta), *rivals):
            yield {"model": model.name, "epsilon": epsilon, **earned(model, split)}


def membership(seed: int) -> Iterator[Row]:
    """Attacks on half of the users, by the loss and by models trained with and without them."""
    shop, split = split_of(seed)
    log, items = shop.log, shop.log.items
    noise = {e: private(split, e, 0).noise for e in (1.0, 8.0)}
    ways: dict[str, tuple[float | None, Callable[[int], Any]]] = {
        "ease, penalty 1": (None, lambda s: EASE(items, 1.0)),
        "ease, penalty 1000": (None, lambda s: EASE(items, 1000.0)),
        "local factors": (None, lambda s: LocalFactors(items, seed=s)),
    } | {
        f"private factors, epsilon {e:g}": (
            e,
            lambda s, e=e: PrivateFactors(items, noise=noise[e], delta=DELTA, seed=s),
        )
        for e in noise
    }
    for way, (epsilon, make) in ways.items():
        seen = shadows(make, log, MODELS, seed=seed)
        for kind, sides in (("loss", seen.plain()), ("shadows", seen.ratios())):
            found = attack(*sides)
            yield {
                "model": way,
                "attack": kind,
                "auc": round(found.area, 5),
                "advantage": round(found.advantage, 5),
                "hits@1%": round(found.hits, 5),
                "low": round(found.low, 5),
                "high": round(found.high, 5),
                "allowed@1%": epsilon and round(hits_allowed(epsilon, DELTA, 0.01), 5),
                "members": found.members,
                "others": found.others,
            }


def federated(seed: int) -> Iterator[Row]:
    """Twenty clients by taste, the largest with a third of the users; and what leaks."""
    shop, split = split_of(seed, 1000)
    taste = np.lexsort((np.arange(1000), shop.shares.argmax(axis=1)))
    share = 1 / np.arange(1, CLIENTS + 1)
    cuts = np.round(np.cumsum(share / share.sum()) * 1000).astype(int)
    client = np.empty(1000, np.int64)
    client[taste] = np.searchsorted(cuts, np.arange(1000), side="right")
    ways: dict[str, tuple[Any, dict[str, Any]]] = {
        "all data in one place": (client * 0, {}),
        "one local step": (client, {}),
        "five local steps": (client, {"local_steps": 5}),
        "five local steps, clients alike": (client, {"local_steps": 5, "weighted": False}),
        "the largest client alone": (np.where(client == 0, 0, -1), {"local_steps": 5}),
    }
    large = client[split.test.user] == 0
    trained = LocalFactors(split.train.items, seed=seed)
    for way, (codes, how) in ways.items():
        model = LocalFactors(split.train.items, seed=seed)
        start = time.process_time()
        run = federated_averaging(model, split.train, codes, rounds=ROUNDS, **how)
        cpu = time.process_time() - start
        gain = evaluate(model, split.test, 10).per_user["ndcg@10"]
        trained = model if way == "five local steps" else trained
        yield {
            "way": way,
            "clients": sum(size > 0 for size in run.sizes),
            "sizes": [max(run.sizes), min(run.sizes)],
            "loss": round(run.losses[-1], 5),
            "losses": [round(x, 5) for x in run.losses[:: max(1, ROUNDS // 10)]],
            "ndcg@10": round(float(gain.mean()), 5),
            "largest_client": round(float(gain[large].mean()), 5),
            "others": round(float(gain[~large].mean()), 5),
            "sent_megabytes": round(run.sent * 4 / 1e6, 2),
            "cpu_seconds": round(cpu, 2),
        }
    yield from leaks(split, trained, seed)


def leaks(split: Split, model: LocalFactors, seed: int) -> Iterator[Row]:
    """How surely a history is read off what one client, or a crowd of them, sent."""
    met, rng, start = log_matrix(split.train).toarray(), np.random.default_rng(seed), model.table
    persons = rng.choice(len(met), LEAKS, replace=False)

    @cache
    def masks(clients: int) -> Any:
        return pairwise_masks(clients, start.shape, seed)

    def update(rows: Any, steps: int = 1) -> Any:
        sent = local_update(model, met[np.atleast_1d(rows)], steps, 1.0)
        model.table = start
        return sent

    def with_noise(person: int, epsilon: float) -> Any:
        sent = update(person)
        sent *= min(1.0, 0.1 / np.linalg.norm(sent))
        return sent + rng.normal(0, 0.2 * gaussian_noise(epsilon, DELTA), sent.shape)

    def summed(person: int, crowd_size: int) -> Any:
        others = rng.choice(np.delete(np.arange(len(met)), person), crowd_size - 1, replace=False)
        rows = np.append(others, person)
        sent = np.array([update(row) for row in rows])
        return (sent + masks(len(rows))).sum(axis=0)

    ways: dict[str, Callable[[int], Any]] = {
        "one step": update,
        "five steps": lambda p: update(p, 5),
        "one step, one masked": lambda p: update(p) + masks(2)[0],
        "masked sum of 2": lambda p: summed(p, 2),
        "masked sum of 10": lambda p: summed(p, 10),
        "masked sum of 100": lambda p: summed(p, 100),
        "noise on the device, epsilon 8": lambda p: with_noise(p, 8.0),
        "noise on the device, epsilon 1": lambda p: with_noise(p, 1.0),
    }
    for way, sent in ways.items():
        areas, whole = [], []
        for person in persons:
            found, own = evidence(sent(int(person)), start)[1:], met[person, 1:] > 0
            false, true = attack_curve(found[own], found[~own])
            areas.append(np.trapezoid(true, false))
            whole.append(found[own].min() > found[~own].max())
        area = round(float(np.mean(areas)), 5)
        yield {"leak": way, "auc": area, "whole_history": round(float(np.mean(whole)), 5)}


def unlearning(seed: int) -> Iterator[Row]:
    """What a deletion request costs, what shards cost, and whether the user is gone."""
    shop, split = split_of(seed)
    train, items = split.train, split.train.items
    rng = np.random.default_rng(seed)
    gone = rng.choice(train.n_users, 100, replace=False)
    start = time.process_time()
    model = ForgettingEASE(items).fit(train)
    learned = time.process_time() - start
    begin = train.bounds()
    start = time.process_time()
    for user in gone:
        model.forget(train.item[begin[user] : begin[user + 1]])
    spent = (time.process_time() - start) / len(gone)
    again = ForgettingEASE(items).fit(train.select(~np.isin(train.user, gone)))
    apart = float(np.abs(model.inverse - again.inverse).max() / np.abs(again.inverse).max())
    times = {"train_ms": round(1e3 * learned, 3), "forget_ms": round(1e3 * spent, 3)}
    yield {"way": "closed form", "items": len(items), "deleted": len(gone), **times, "apart": apart}
    for shards in (1, 4, 16):
        parts = Shards(lambda s: LocalFactors(items, seed=s, **WHOLE), train, shards, seed)
        found = earned(parts, split, fit=False)
        parts.forget(int(gone[0]))
        forget = {"forget_ms": round(1e3 * parts.cpu[-1], 1)}
        whole = {"train_ms": round(1e3 * sum(parts.cpu[:-1]), 1)}
        yield {"way": "shards", "shards": shards, "ndcg@10": found["ndcg@10"], **whole, **forget}
    seen = shadows(lambda s: EASE(items, 1.0), shop.log, MODELS, seed=seed)
    usable = np.flatnonzero(np.diff(shop.log.bounds()) >= 2)
    member = seen.member[0]
    deleted = np.flatnonzero(member)[rng.permutation(member.sum())[: member.sum() // 5]]
    kept = member.copy()
    kept[deleted] = False
    rest = EASE(items, 1.0).fit(shop.log.select(np.isin(shop.log.user, usable[kept])))
    after = standing(rest, shop.log)[usable]
    for when, signal in (("before", seen.signal[0]), ("after", after)):
        seen.signal[0] = signal
        ratio = np.empty(len(usable))
        ratio[member], ratio[~member] = seen.ratios()
        found = attack(ratio[deleted], ratio[~member])
        yield {
            "way": "attack on the deleted",
            "when": when,
            "auc": round(found.area, 5),
            "hits@1%": round(found.hits, 5),
            "low": round(found.low, 5),
            "high": round(found.high, 5),
            "deleted": len(deleted),
        }


def minimise(seed: int) -> Iterator[Row]:
    """Quality against what is kept, in training and in the histories that are asked with."""
    _, split = split_of(seed)
    kept: list[tuple[str, float | None, Split]] = [
        ("everything", None, split),
        ("without order", None, without_order(split, seed)),
        *(("events", n, kept_recent(split, events=n)) for n in EVENTS),
        *(("days", d, kept_recent(split, days=d)) for d in DAYS),
    ]
    for what, amount, part in kept:
        for model in (EASE(part.train.items), Successors(part.train.items)):
            found = earned(model, part)
            rows = len(part.train)
            yield {"kept": what, "amount": amount, "rows": rows, "model": model.name, **found}


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "accountant": accountant,
    "linkage": linkage,
    "quality": quality,
    "users": users,
    "movielens": films,
    "membership": membership,
    "federated": federated,
    "unlearning": unlearning,
    "minimise": minimise,
}
ONCE = ("accountant",)  # no seed changes it
SHOWN = {
    "accountant": (("noise",), "ours"),
    "linkage": (("known", "way", "threshold"), "right"),
    "quality": (("model", "epsilon"), "ndcg@10"),
    "users": (("users", "model"), "ndcg@10"),
    "movielens": (("model", "epsilon"), "ndcg@10"),
    "membership": (("model", "attack"), "hits@1%"),
    "federated": (("way", "leak"), "ndcg@10"),
    "unlearning": (("way", "shards", "when"), "forget_ms"),
    "minimise": (("kept", "amount", "model"), "ndcg@10"),
}


def interval(found: list[float]) -> str:
    """A mean and its 95 % interval by Student's t."""
    if len(found) < 2:
        return f"{np.mean(found):.4f}"
    half = stats.t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / len(found) ** 0.5
    return f"{np.mean(found):.4f} ± {half:.4f}"


def show(rows: list[Row]) -> None:
    """Print the main figure of each part, a mean over seeds with its interval."""
    for part, (keys, figure) in SHOWN.items():
        cells: dict[tuple[Any, ...], list[float]] = {}
        for row in rows:
            value = row.get(figure, row.get("auc"))
            if row["part"] == part and value is not None:
                cells.setdefault(tuple(row.get(key) for key in keys), []).append(value)
        if cells:
            print(f"\n{part}: {figure} (AUC where there is none)")
        for key, found in cells.items():
            name = ", ".join(str(k) for k in key if k is not None)
            print(f"  {name:<58} {interval(found)}")


def main() -> None:
    """Measure each part with each seed; each part is written as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--out", type=Path, default=results.path("privacy"))
    asked = parser.parse_args()
    rows = json.loads(asked.out.read_text())["rows"] if asked.out.exists() else []
    packages = ("attnrec_lite", "dp-accounting", "numpy", "scipy")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "shop": SHOP,
        "delta": DELTA,
    }
    with threadpool_limits(1):
        for part in asked.parts:
            for seed in asked.seeds[:1] if part in ONCE else asked.seeds:
                found = [{"part": part, "seed": seed, **row} for row in PARTS[part](seed)]
                rows = [
                    r for r in rows
                    if r["part"] != part or (part not in ONCE and r["seed"] != seed)
                ]  # fmt: skip
                rows = sorted(rows + found, key=lambda r: (list(PARTS).index(r["part"]), r["seed"]))
                asked.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
    show(rows)


if __name__ == "__main__":
    main()
