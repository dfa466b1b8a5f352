"""What it earns, and costs, to keep up with a shop that drifts.

The model learns days 0 to 29, then lives through days 30 to 94. Every purchase of a day is ranked
against the catalogue, the history left out, before anything of that day is learned; earlier clicks
of the day are in the history, so the *input* is fresh for everybody. At night each way learns, or
does not: ``never``; ``nightly`` from the start on all that happened; ``batch``, some steps on the
day alone; ``replay``, the same with as many old targets beside the new ones. Beside them stand
popularity of late, counted anew each night, and the shop's own rule, which nobody can beat.

Summer goes on day 20 and is back on day 60; on day 80 a fashion appears. What a way has forgotten
shows on the first summer targets of days 58 to 67.

And once: what a click costs, by the state that the clicks before it left (``SASRec.session``) and
by the whole history, with the exact ten best of 24,000 items.

Run: ``python benchmarks/online.py 0 1 2`` (seeds; those not named keep their rows). Writes
``online.json`` in the package unless ``--out`` names another; ``--ways`` measures some alone.
Some 5 minutes of one core a seed, nearly all of it for ``nightly``.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.command.train import one_core
from attnrec_lite.data import DriftingShop, Vocabulary, make_drifting_shop
from attnrec_lite.data.truth import next_chances
from attnrec_lite.evaluation import evaluate
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.models import RecentPopularity, SASRec
from attnrec_lite.online import Incremental

SHOP: dict[str, Any] = {"n_users": 800, "n_items": 480, "days": 95, "fashion_day": 80}
SIZES: dict[str, Any] = {"width": 32, "blocks": 1, "window": 30, "inner": 32, "loss": "full"}
HOW: dict[str, Any] = {"epochs": 12, "batch": 16, "learning_rate": 5e-3}
STEPS: dict[str, Any] = {"epochs": 2, "batch": 32, "learning_rate": 2e-3}
FIRST = 30
RULE = "the shop's rule"
PHASES = {
    "winter": (40, 58),
    "summer comes back": (58, 68),
    "summer": (68, 80),
    "first week of the fashion": (80, 87),
    "second week": (87, 95),
}
Night = Callable[[int], None]


def fitted(made: DriftingShop, day: int, seed: int) -> SASRec:
    """A model from the start, on all that happened before a day."""
    return SASRec(made.log.items, seed=seed, **SIZES).fit(made.before(day), **HOW)


class Never:
    """Learns once."""

    def __init__(self, made: DriftingShop, start: SASRec, seed: int) -> None:
        self.made, self.seed = made, seed
        self.model: Any = SASRec(made.log.items, seed=seed, **SIZES)
        self.model._set_arrays(start._arrays())

    def night(self, day: int) -> None:
        """Sleep."""


class Nightly(Never):
    """Learns everything anew."""

    def night(self, day: int) -> None:
        """Train from the start."""
        self.model = fitted(self.made, day + 1, self.seed)


class Batch(Never):
    """Learns the day."""

    replay = 0.0

    def __init__(self, made: DriftingShop, start: SASRec, seed: int) -> None:
        super().__init__(made, start, seed)
        log = made.before(FIRST)
        self.online = Incremental(self.model, log, replay=self.replay, seed=seed, **STEPS)

    def night(self, day: int) -> None:
        """Take some steps."""
        report = self.online.update(self.made.between(day, day + 1))
        assert report.accepted, report


class Replay(Batch):
    """Learns the day, with as many old targets beside it."""

    replay = 0.5


class Recent(Never):
    """Counts anew, the last week most."""

    def __init__(self, made: DriftingShop, start: SASRec, seed: int) -> None:
        self.made = made
        self.model = RecentPopularity(made.log.items, half_life=7.0).fit(made.before(FIRST))

    def night(self, day: int) -> None:
        """Count."""
        self.model.fit(self.made.before(day + 1))


WAYS: dict[str, type[Never]] = {
    "never": Never,
    "batch": Batch,
    "replay": Replay,
    "recent popularity": Recent,
    "nightly": Nightly,
}


def live(name: str, way: Never, made: DriftingShop, seed: int) -> dict[str, Any]:
    """Rank a day, learn it at night, and so on."""
    gains, cpu = [], 0.0
    for day in range(FIRST, made.days):
        found = evaluate(way.model, made.targets(day), 10)
        gains.append(found.per_user["ndcg@10"])
        start = time.process_time()
        way.night(day)
        cpu += time.process_time() - start
    return row(name, seed, made, gains, cpu)


def best(made: DriftingShop, seed: int) -> dict[str, Any]:
    """What the shop's own rule of each day earns: the ceiling."""
    gains = []
    for day in range(FIRST, made.days):
        asked = made.targets(day)
        history = asked.history()
        chances = next_chances(made.on(day), history, asked.user)
        beaten, tied = places(chances, asked.item, history)
        gains.append(ranking_metrics(beaten, tied, 10)["ndcg"])
    return row(RULE, seed, made, gains, 0.0)


def row(name: str, seed: int, made: DriftingShop, gains: list[Any], cpu: float) -> dict[str, Any]:
    """Means of each day: of all targets, and of those of summer goods."""
    days = range(FIRST, made.days)
    summer = [made.in_summer[made.shop.category[made.targets(day).item]] for day in days]
    parts = [gain[s] for gain, s in zip(gains, summer, strict=True)]
    return {
        "way": name,
        "seed": seed,
        "night_cpu_seconds": round(cpu, 2),
        "targets": [len(gain) for gain in gains],
        "ndcg@10": [round(float(gain.mean()), 5) for gain in gains],
        "summer_targets": [len(part) for part in parts],
        "summer_ndcg@10": [round(float(part.mean()), 5) if len(part) else 0.0 for part in parts],
    }


def phase(found: dict[str, Any], name: str) -> float:
    """Mean over the targets of a phase; of summer goods alone while summer comes back."""
    begin, stop = (day - FIRST for day in PHASES[name])
    kind = "summer_" if name == "summer comes back" else ""
    size = np.array(found[f"{kind}targets"][begin:stop])
    return float(np.average(found[f"{kind}ndcg@10"][begin:stop], weights=size))


def click(n_items: int = 24_000, clicks: int = 400) -> dict[str, float]:
    """Milliseconds of one core for a click and the ten best after it; medians."""
    rng = np.random.default_rng(0)
    model = SASRec(Vocabulary(np.arange(1, n_items + 1)), width=64, blocks=2, window=50)
    reach = 2 * 49 + 1
    items = rng.integers(1, n_items + 1, reach + clicks)
    session = model.session(items[:reach])
    by_state, whole = np.zeros(clicks), np.zeros(max(1, clicks // 10))
    for number, item in enumerate(items[reach:]):
        start = time.process_time()
        session.click(int(item))
        session.recommend(10)
        by_state[number] = time.process_time() - start
    for number in range(len(whole)):
        start = time.process_time()
        model.recommend(items[-reach:][np.newaxis], 10)
        whole[number] = time.process_time() - start
    scores = model.score_all(items[-reach:][np.newaxis])[0]
    return {
        "items": n_items,
        "state_ms": round(1e3 * float(np.median(by_state)), 3),
        "state_p95_ms": round(1e3 * float(np.quantile(by_state, 0.95)), 3),
        "whole_ms": round(1e3 * float(np.median(whole)), 3),
        "largest_difference": float(np.abs(session.scores[1:] - scores[1:]).max()),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print NDCG@10 by phase and cost, then differences from never with intervals over seeds."""
    seeds = {r["seed"] for r in rows if r["way"] == "never"}
    by_way = {w: [r for r in rows if r["way"] == w and r["seed"] in seeds] for w in (RULE, *WAYS)}
    by_way = {way: mine for way, mine in by_way.items() if len(mine) == len(seeds)}
    print(f"NDCG@10, {len(seeds)} seeds; cpu seconds of all nights")
    for way, mine in by_way.items():
        cells = [spread([phase(r, name) for r in mine]) for name in PHASES]
        cost = np.mean([r["night_cpu_seconds"] for r in mine])
        print(f"{way:<18} {'  '.join(cells)}  {cost:8.1f}")
    print("more than never, 95 % interval over seeds")
    for way, mine in by_way.items():
        apart = [
            [phase(r, name) - phase(n, name) for r, n in zip(mine, by_way["never"], strict=True)]
            for name in PHASES
        ]
        print(f"{way:<18} {'  '.join(map(interval, apart))}")


def spread(found: list[float]) -> str:
    """A mean and its standard deviation over seeds."""
    deviation = f" ± {np.std(found, ddof=1):.3f}" if len(found) > 1 else ""
    return f"{np.mean(found):.3f}{deviation}"


def interval(found: list[float]) -> str:
    """A mean and its 95 % interval by Student's t."""
    if len(found) < 2:
        return f"{np.mean(found):+.3f}"
    half = stats.t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / len(found) ** 0.5
    return f"{np.mean(found):+.3f} ± {half:.3f}"


def main() -> None:
    """Live through the days with each seed and way; each row is written as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--ways", nargs="*", default=list(WAYS), help="all by default")
    parser.add_argument("--out", type=Path, default=results.path("online"))
    asked = parser.parse_args()
    one_core()
    kept = json.loads(asked.out.read_text())["rows"] if asked.out.exists() else []
    again = {(way, seed) for way in (*asked.ways, RULE) for seed in asked.seeds}
    rows = [r for r in kept if (r["way"], r["seed"]) not in again]
    packages = ("attnrec_lite", "keras", "numpy", "tensorflow")
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "first_day": FIRST,
        "phases": PHASES,
    }
    with threadpool_limits(1):
        about["click"] = click()
        for seed in asked.seeds:
            made = make_drifting_shop(seed=seed, **SHOP)
            start = fitted(made, FIRST, seed)
            found = [best(made, seed)]
            for name in asked.ways:
                found.append(live(name, WAYS[name](made, start, seed), made, seed))
                text = json.dumps({**about, "rows": rows + found}, indent=1)
                asked.out.write_text(text + "\n")
            rows += found
    show(sorted(rows, key=lambda r: (r["way"], r["seed"])))


if __name__ == "__main__":
    main()
