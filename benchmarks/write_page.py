"""Write book/benchmarks.md from the results that the other scripts left here.

    .venv/bin/python benchmarks/write_page.py

No figure of that page is typed: it comes from sequences.json, recbole/sasrec.json and
recbole/results.json. A test compares the page with what this script writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attnrec_lite import results

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "book" / "benchmarks.md"
Results = dict[str, Any]

OPENING = """# Benchmarks

How fast the sequence model of the book learns and why, and how its baselines compare with an
independent library. The scripts are in the folder `benchmarks` of the repository, each with a line
that says how to run it; this page is written from their results by `benchmarks/write_page.py`.
Seconds depend on the machine, ratios of one run carry over.

Sequences were measured on {date} with {processor}, {cores} cores of which one was used, Python
{python}, TensorFlow {tensorflow}, Keras {keras}, NumPy {numpy}. "cpu s" are seconds of one core.
"""

RECBOLE = """
## Beside RecBole's SASRec

RecBole {recbole} with PyTorch {torch} at its default settings, on the MovieLens-100K that comes
with it, leave-one-out: width {width}, {layers} blocks of {heads} heads, every item a competitor,
{targets:,} targets. It makes one padded row of {slots} slots for each target. A row of ours trains
every item in it, so the same targets, loss and sizes take far fewer slots.

{table}

By the clock an epoch of ours is **{times:.0f} times faster**, on one core against its {cores}; in
seconds of processor it is {cpu:.0f} times cheaper. *Load* is how many programs wanted to run when
the measurement began: where it is near the number of cores or above, the clock shows more than it
would on a free machine.
"""

ROWS = """
## Rows: padded, windows, packed

The same network, loss and optimiser; only the rows differ. *Films* is MovieLens-100K with the
settings above, *shop* the made-up shop with 31,000 users and 24,000 items, whose histories are
short: {mean:.1f} items in the mean. `padded` holds the newest 50 items of a user in a row, so on
*films* it trains fewer targets; `windows` cuts long histories; `packed` puts pieces of several
users side by side, each item seeing its own piece only.

{films}

{shop}

{binary}

On *shop* the loss is the sampled softmax with 512 items, which costs a target the same in any kind
of rows; with the binary loss of SASRec's paper, which costs little, the slots that are saved show
in full.
"""

PARTS = """
## One part at a time

Packed rows of MovieLens-100K, width 64, two blocks of one head, inner width 64. Each line changes
one part of the first. The softmax draws its negatives once for a step; `binary` and `gbce` draw
anew for each target, as their papers do, and many vectors gathered one by one take their time.

{table}
"""

COST = """
## What a step ought to cost

A slot is multiplied by four matrices of attention and two of the small network, and compared with
and mixed from a window of others, in each block; a target is compared with its competitors. With
width $d$, inner width $m$, window $L$, $b$ blocks and $K$ competitors, a step of $n$ slots and $t$
targets takes

$$6\\,\\bigl(n\\,b\\,(4d^2+2dm+2Ld)+t\\,K\\,d\\bigr)$$

operations: an addition and a multiplication each, once forward and twice backward. One large matrix
product runs at {peak:.0f} thousand million operations a second here. What a step reaches of it says
how much is left to gain: the rest goes to norms, activations, dropout, Adam's pass over every
weight, and products too small to be quick.

{table}

`python -m attnrec_lite train` plans its epochs with the same sum (`command/plan.py`).
"""

QUALITY = """
## What it learns

`python -m attnrec_lite train` on MovieLens-100K, {users:,} users, one core, a budget of 90 cpu s,
settings chosen from the data's shape and weights by validation. *Sampled* is the protocol of
SASRec's paper (the target among 100 random items), *all* ranks all {items:,} items, *unseen* those
that the user has not met.

{table}
"""

BASELINES = """
## Baselines beside RecBole's

Do popularity, nearest neighbours and EASE count what everybody else counts? {data}. {split}.
Ranked: {ranked}. RecBole's `Pop` is popularity only in batches of one row: it adds one to an item
for each batch that holds it, and by default counts random negatives as well.

{table}

`benchmarks/README.md` says more on each, and how to run `evaluation.py` (full ranking and top-10
lists of 31,000 users) and `read_csv.py` (ten million rows), which print tables of their own.
"""


def page(sequences: Results, sasrec: Results, baselines: Results) -> str:
    """The text of the page."""
    parts = [opening(sequences), beside_recbole(sequences, sasrec), rows(sequences)]
    parts += [part_table(sequences), cost(sequences), quality(sequences), baseline_table(baselines)]
    return "".join(parts)


def table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, figures to the right."""
    names = list(head)
    rule = ["---", *["---:"] * (len(names) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (names, rule, *lines))


def opening(s: Results) -> str:
    """What was measured, on what."""
    about = s["machine"] | s["versions"] | {"date": s["date"], "python": s["python"]}
    return OPENING.format(**about)


def beside_recbole(s: Results, r: Results) -> str:
    """An epoch of theirs and one of ours."""
    theirs, ours = r["epochs"][-1], s["films"]["packed"]
    if ours["targets"] != r["targets"]:
        raise ValueError(f"expected {r['targets']} targets, as RecBole has; got {ours['targets']}")
    slots = ours["slots"] * ours["steps"]
    lines = [
        ["RecBole", f"{r['targets']:,}", f"{r['targets'] * r['slots_per_target']:,}",
         f"{theirs['wall_s']:.1f}", f"{theirs['cpu_s']:.1f}", str(r["machine"]["threads"]),
         str(r["machine"]["load"])],
        ["packed rows", f"{ours['targets']:,}", f"{slots:,}",
         f"{ours['epoch_wall_s']:.1f}", f"{ours['epoch_cpu_s']:.1f}", "1",
         str(s["machine"]["load"])],
    ]  # fmt: skip
    head = ["an epoch", "targets", "slots", "wall s", "cpu s", "cores", "load"]
    return RECBOLE.format(
        recbole=r["versions"]["recbole"], torch=r["versions"]["torch"],
        width=r["settings"]["hidden_size"], layers=r["settings"]["n_layers"],
        heads=r["settings"]["n_heads"], targets=r["targets"], slots=r["slots_per_target"],
        cores=r["machine"]["threads"], table=table(head, lines),
        times=theirs["wall_s"] / ours["epoch_wall_s"], cpu=theirs["cpu_s"] / ours["epoch_cpu_s"],
    )  # fmt: skip


def rows(s: Results) -> str:
    """Both logs, line by line the kinds of rows."""
    return ROWS.format(
        films=row_table("films", s["films"]),
        shop=row_table("shop", s["shop"]),
        binary=row_table("shop, binary loss", s["shop_binary"]),
        mean=s["shop_length"]["mean"],
    )


def row_table(name: str, found: Results) -> str:
    """Cost of an epoch in each kind of rows, and per target, since they train different numbers."""
    per_target = {kind: f["epoch_cpu_s"] / f["targets"] for kind, f in found.items()}
    lines = [
        [kind, f"{f['targets']:,}", f"{f['targets'] / (f['slots'] * f['steps']):.0%}",
         f"{f['epoch_cpu_s']:.2f}", f"{1e6 * per_target[kind]:.0f}",
         f"{per_target['padded'] / per_target[kind]:.1f}"]
        for kind, f in found.items()
    ]  # fmt: skip
    head = [f"*{name}*", "targets", "slots with one", "epoch, cpu s", "µs a target", "times padded"]
    return table(head, lines)


def part_table(s: Results) -> str:
    """What each part costs beside the first line."""
    first = next(iter(s["parts"].values()))["epoch_cpu_s"]
    lines = [
        [name, f"{f['step_ms']:.1f}", f"{f['epoch_cpu_s']:.2f}", f"{f['epoch_cpu_s'] / first:.2f}"]
        for name, f in s["parts"].items()
    ]
    head = ["packed rows of films", "step, ms", "epoch, cpu s", "times the first"]
    return PARTS.format(table=table(head, lines))


def cost(s: Results) -> str:
    """Operations of a step and the rate that was reached."""
    peak = s["machine"]["peak_gflops"]
    logs = {"films": "films", "shop": "shop", "shop_binary": "shop, binary loss"}
    shown = {f"{told}, {kind}": s[log][kind] for log, told in logs.items() for kind in s[log]}
    shown |= {name: s["parts"][name] for name in s["parts"]}
    lines = [
        [name, f"{f['gflop']:.2f}", f"{f['step_ms']:.1f}", f"{f['gflops']:.0f}",
         f"{f['gflops'] / peak:.0%}"]
        for name, f in shown.items()
    ]  # fmt: skip
    head = ["step", "10⁹ operations", "ms", "10⁹ a second", "of a large product"]
    return COST.format(peak=peak, table=table(head, lines))


def quality(s: Results) -> str:
    """Seeds line by line, and their mean."""
    runs = s["quality"]
    kinds, names = ("sampled", "full", "full_unseen"), ("hr10", "ndcg10")
    figures = [[run[kind][name] for kind in kinds for name in names] for run in runs]
    means = [sum(column) / len(runs) for column in zip(*figures, strict=True)]
    lines = [
        [f"seed {run['seed']}", *(f"{value:.4f}" for value in line), str(run["epochs"]),
         f"{run['train_cpu_seconds']:.0f}"]
        for run, line in zip(runs, figures, strict=True)
    ]  # fmt: skip
    lines.append(["**mean**", *(f"{value:.4f}" for value in means), "", ""])
    head = [""] + [f"{m} {kind}" for kind in ("sampled", "all", "unseen")
                   for m in ("HR@10", "NDCG@10")] + ["epochs", "cpu s"]  # fmt: skip
    data = runs[0]["data"]
    return QUALITY.format(users=data["users"], items=data["items"], table=table(head, lines))


def baseline_table(r: Results) -> str:
    """Both sides' metrics; a dash where only RecBole has such a run."""
    metrics = ("recall@10", "ndcg@10", "mrr@10")
    lines = []
    for name, theirs in r["recbole"]["metrics"].items():
        ours = r["ours"]["metrics"].get(name, {})
        cells = [f"{side[m]:.4f}" if m in side else "–" for m in metrics for side in (theirs, ours)]
        lines.append([f"`{name}`", *cells])
    head = ["", *(f"{m}, {side}" for m in metrics for side in ("RecBole", "ours"))]
    told = {name: r["protocol"][name] for name in ("data", "split", "ranked")}
    told["split"] = told["split"][0].upper() + told["split"][1:]
    return BASELINES.format(**told, table=table(head, lines))


def read(name: str) -> Results:
    """Results beside this file."""
    path = results.path(Path(name).stem) if "/" not in name else HERE / name
    return dict(json.loads(path.read_text()))


def main() -> None:
    """Write the page."""
    names = ("sequences.json", "recbole/sasrec.json", "recbole/results.json")
    PAGE.write_text(page(*map(read, names)), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
