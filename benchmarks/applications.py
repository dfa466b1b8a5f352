"""What it earns, in eight generated worlds, to know the one thing that a shop does not have.

Every policy of every world of ``attnrec_lite.worlds`` lives through an episode, for each seed in a
new world with other people. The naive one, ``preference``, is what the sources do everywhere: it
ranks by attention. Figures are those of the world's card, with harm and breaches of the mask per
1,000 shown; intervals are Student's over seeds, differences are taken seed by seed.

Beside them: ads with money without end, where only the order counts; lessons in which mastery is
claimed later; how well calibrated the chances of the ads are; the effect of each treatment as the
log shows it, adjusted, and true; and what share of patients is made worse by the share advised.

Run: ``python benchmarks/applications.py 0 1 2 3 4`` (seeds; those not named keep their rows).
Writes ``applications.json`` in the package unless ``--out`` names another; ``--worlds`` measures
some alone. About 20 seconds of one core.
"""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite import results
from attnrec_lite.worlds import WORLDS, Contest, contest
from attnrec_lite.worlds.ads import Ads
from attnrec_lite.worlds.medicine import Medicine

ENDLESS = "ads, endless budgets"
SURER = "education, surer of mastery"
VARIANTS: dict[str, tuple[str, dict[str, float]]] = {
    **{name: (name, {}) for name in WORLDS},
    ENDLESS: ("ads", {"per_head": 100.0}),
    SURER: ("education", {"sure": 0.95}),
}
SIZES: dict[str, dict[str, float]] = {name: {} for name in WORLDS}  # smaller in the tests
COVERAGES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def rows_of(name: str, seed: int) -> list[dict[str, Any]]:
    """One row for each policy."""
    world, changed = VARIANTS[name]
    found = contest(world, [seed], **{**SIZES[world], **changed})
    return [
        row | {"world": name, "figures": {k: round(v, 5) for k, v in row["figures"].items()}}
        for row in found.rows
    ]


def beside(seed: int) -> dict[str, Any]:
    """What is no contest: calibration, effects, silence."""
    ads, patients = Ads(seed, **SIZES["ads"]), Medicine(seed, **SIZES["medicine"])  # type: ignore[arg-type]
    log = patients.observe(seed)
    coverage, risk = patients.silence(log, seed)
    at = [min(int(np.searchsorted(coverage, c)), len(risk) - 1) for c in COVERAGES]
    return {
        "seed": seed,
        "calibration": {k: rounded(v) for k, v in ads.calibration(seed).items()},
        "effects": {k: [round(float(x), 4) for x in v] for k, v in patients.effects(log).items()},
        "coverage": list(COVERAGES),
        "made_worse": [round(float(risk[i]), 5) for i in at],
    }


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Five digits are enough."""
    return {name: round(value, 5) for name, value in figures.items()}


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means, intervals and differences from the naive, of every world, policy and figure."""
    found = []
    for name in VARIANTS:
        mine = [row for row in rows if row["world"] == name]
        if mine:
            measure = WORLDS[VARIANTS[name][0]].card.measure
            found += Contest(name, measure, tuple(mine)).summary()
    numbers = ("mean", "low", "high", "more", "more_low", "more_high")
    return [
        row | {n: round(row[n], 4) if row[n] == row[n] else None for n in numbers} for row in found
    ]


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table of each world."""
    for name in VARIANTS:
        mine = tuple(row for row in rows if row["world"] == name)
        if mine:
            print(Contest(name, WORLDS[VARIANTS[name][0]].card.measure, mine), "\n")


def main() -> None:
    """Let everybody play; each row is written as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--worlds", nargs="*", default=list(VARIANTS), help="all by default")
    parser.add_argument("--out", type=Path, default=results.path("applications"))
    asked = parser.parse_args()
    kept = json.loads(asked.out.read_text()) if asked.out.exists() else {"rows": [], "beside": []}
    again = {(name, seed) for name in asked.worlds for seed in asked.seeds}
    rows = [row for row in kept["rows"] if (row["world"], row["seed"]) not in again]
    notes = [note for note in kept["beside"] if note["seed"] not in asked.seeds]
    about = {
        "machine": f"{platform.machine()}, one thread",
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("attnrec_lite", "numpy", "scipy")},
        },
        "cards": {name: world.card.row() for name, world in WORLDS.items()},
    }
    order = list(VARIANTS)
    with threadpool_limits(1):
        for seed in asked.seeds:
            notes = sorted([*notes, beside(seed)], key=lambda note: note["seed"])
            for name in asked.worlds:
                rows += rows_of(name, seed)
                rows.sort(key=lambda row: (order.index(row["world"]), row["seed"]))
                spent = {"cpu_seconds": round(sum(row["cpu_seconds"] for row in rows), 1)}
                text = {**about, **spent, "summary": summary(rows), "beside": notes, "rows": rows}
                asked.out.write_text(json.dumps(text, indent=1) + "\n")
    show(rows)


if __name__ == "__main__":
    main()
