"""Write book/service.md from the results that the other scripts left here.

    .venv/bin/python benchmarks/write_service.py

No figure of that page is typed: it comes from serving.json, spark.json and growth.json. A test
compares the page with what this script writes, and runs its commands.
"""

from __future__ import annotations

from typing import Any

from write_page import HERE, Results, read, table

PAGE = HERE.parent / "book" / "service.md"
NAMES = ("serving.json", "spark.json", "growth.json")

EXPORT = """# From a model to a service

Five ways out of a notebook, each with its command and with what it was measured to do: a graph that
needs nothing of this package, a file for a phone, an HTTP service for trying out, a run on several
workers, a job of Apache Spark. {{doc}}`efficiency` says why they are as they are. Figures come from
the scripts in `benchmarks`; this page is written from their results by
`benchmarks/write_service.py`.

## A graph

```python
from attnrec_lite.models import load
from attnrec_lite.serving import export, to_lite

model = load("shop.npz")
export(model, "models/shop", version=1)        # models/shop/1, a SavedModel
to_lite(model, "shop.tflite", weights="int8")  # one file, for a phone
```

The SavedModel has two {{term}}`signatures <signature>`. `recommend` takes int64 `history`, one user
in a row, of any length and with 0 for padding anywhere, and gives `ids` and `scores`. `score` takes
`candidates` as well. Unknown ids, the window and what was seen are dealt with inside the graph.
`assets.extra/items.json` holds the raw ids and titles of the codes 1 to N. TensorFlow's own tool
shows it and runs it:

```sh
saved_model_cli show --dir models/shop/1 --tag_set serve --signature_def recommend
saved_model_cli run --dir models/shop/1 --tag_set serve --signature_def recommend \\
    --input_exprs "history=np.array([[3, 1, 2]])"
```

TensorFlow Serving loads such a folder as it is, and takes the highest version in it. The tests load
it in a process that imports nothing of this package, and through `saved_model_cli`; the server
itself could not be had where the book is built.

## A service

```sh
pip install "attnrec_lite[serve]"
python -m attnrec_lite serve shop.npz --port 8000 --workers 2
curl -s localhost:8000/recommend -H 'content-type: application/json' \\
    -d '{{"history": [3, 1, 2], "k": 5}}'
```

`POST /recommend` speaks the ids of the log. `GET /health` says that a process is alive, `/ready`
that it answers, `/metrics` what it has done, for Prometheus. It is for trying out: there is no
encryption and nobody is asked who they are, so put it behind something that does both. What it does
with a request that is not as it should be (every refusal has a reason in words):

| request | answer |
| --- | --- |
| more than 1,000 items, a string or NaN for an item, no body, a key it does not know | 422 |
| an id that no item has | 200; it is passed over, and listed in `unknown` |
| a body of more than 64 KiB | 413, before it is read |
| another content type | 415 |
| a body that does not come within 5 seconds | 408 |
| more than 1,024 requests waiting, or no answer within 2 seconds | 503, with `retry-after` |
| a connection that is cut | nothing; the others notice nothing |
| a model file that is damaged | the service does not start, and says why in one line |

No text of a request names a file, and models are read without pickle.
"""

LOAD = """
### Under load

{items:,} items, width {width}, {blocks} blocks, window {window}, Python {python}, TensorFlow
{tensorflow}; {machine}. {clients} clients send histories of 12 items in the mean. *Steady*:
{rate:.0f} requests a second at random moments for {minutes:.0f} minutes, one worker. *Capacity*:
every client asks again as soon as it is answered. *Killed*: two workers, one of which is killed
halfway with SIGKILL and started anew by the process above it; a client whose connection breaks asks
again. A latency counts from the moment at which the request was due.

{table}

*Rows a batch*: while one batch is computed, what comes meanwhile becomes the next, so batches grow
by themselves with the load ({{term}}`capacity`). Of the {sent:,} requests of the steady run
{answered:,} were answered, of the {killed_sent:,} of the killed one {killed_answered:,}, after
{again:,} second tries. The memory of the service was {first:,} MB after a minute of the steady run
and {last:,} MB at its end.

One more click of a user who is there, with the exact ten best of all items, on one core, without
HTTP, {clicks:,} clicks:

{click}

A session keeps keys and values of what came before; the graph and the model read the history anew.
"""

WORKERS = """
## Several workers

```python
from attnrec_lite.training import fit_distributed, run_workers

run_workers([sys.executable, "train.py"], workers=2, attempts=3)
```

`run_workers` starts a program as often as told, each with the addresses of all in `TF_CONFIG`, and
all of them anew if one dies; in the program, `fit_distributed(..., checkpoint=...)` shares out each
batch, adds up the gradients, and goes on from the last epoch that was finished. Two workers have
the losses of one to a millionth, and a run one of whose workers was killed with SIGKILL ends with
the very losses and weights of one that was left in peace: `tests/training/test_distribution.py`
does both.

## Apache Spark

```sh
pip install "attnrec_lite[spark]"
```

```python
from attnrec_lite.engines.spark import local_session, recommend_all, sequences, vocabulary

spark = local_session(cores=2, memory="2g")
events = spark.read.csv("log", schema="user long, item long, time long, place long")
histories = sequences(events, vocabulary(events), length=50)
recommend_all(histories, "shop.npz", k=10).write.parquet("lists")
```

`local_session` runs on this machine; on a cluster, any session will do. Rows have no order in
Spark, so order has to be data: `place` is the number of an event in its log and decides within a
second. The tests compare each row with what the package makes in memory.

{events:,} events of {users:,} users, {log:,} MB of text, to Parquet: **{seconds:.0f} seconds** on
{cores} cores, with at most {java:,} MB in the Java process (heap {heap}). In memory NumPy takes
{memory_seconds:.0f} cpu seconds and {memory_mb:,} MB for the same, without reading the text; the
checksums over all sequences are {same}.
"""

GROWTH = """
## What grows how

Each size alone at up to {most} times the base ({base}), each point in a process of its own, one
thread. The slope of a straight line through the logarithms: 1 is in proportion, 0 not at all; what
every run has to pay pulls it down.

{table}

{{doc}}`efficiency` carries it to a billion users on paper.
"""


def page(serving: Results, spark: Results, growth: Results) -> str:
    """The text of the page."""
    return EXPORT.format() + load(serving) + engines(spark) + grown(growth)


def load(s: Results) -> str:
    """The runs under load, line by line, and a click without HTTP."""
    rows = {row["case"]: row for row in s["rows"]}
    runs = {case: rows[case] for case in ("steady", "capacity", "killed")}
    lines = [
        [case, str(run["workers"]), f"{run['per_second']:.0f}",
         *(f"{run['ms'][q]:.1f}" for q in ("p50", "p95", "p99")), f"{run['rows_a_batch']:.1f}"]
        for case, run in runs.items()
    ]  # fmt: skip
    head = ["", "workers", "requests a second", "p50, ms", "p95", "p99", "rows a batch"]
    steady, killed, click = runs["steady"], runs["killed"], rows["click"]
    ways = {"session": "a session", "graph": "the exported graph", "model": "`recommend`"}
    clicks = [
        [told, *(f"{click[way][q]:.2f}" for q in ("p50", "p95", "p99"))]
        for way, told in ways.items()
    ]
    memory = steady["resident_mb"]
    return LOAD.format(
        **s["model"], **s["versions"], items=s["items"], machine=s["machine"],
        clients=steady["clients"], rate=steady["rate"], minutes=steady["seconds"] / 60,
        table=table(head, lines), sent=steady["sent"], answered=steady["answered"],
        killed_sent=killed["sent"], killed_answered=killed["answered"], again=killed["again"],
        first=next(mb for at, mb in memory if at >= min(60, memory[-1][0])), last=memory[-1][1],
        clicks=click["clicks"], click=table(["", "p50, ms", "p95", "p99"], clicks),
    )  # fmt: skip


def engines(s: Results) -> str:
    """Several workers, and what Spark took."""
    row: dict[str, Any] = s["rows"][0]
    return WORKERS.format(
        events=row["events"], users=row["users"], log=row["log_mb"], seconds=row["spark_seconds"],
        cores=row["cores"], java=row["java_peak_mb"], heap=row["heap"],
        memory_seconds=row["memory_cpu_seconds"], memory_mb=row["memory_peak_mb"],
        same="equal" if row["same"] else "not equal",
    )  # fmt: skip


def grown(g: Results) -> str:
    """Slopes, a line for each size."""
    costs = {"train": "an epoch", "list": "lists for all", "evaluate": "evaluation",
             "weights_mb": "weights", "peak_mb": "memory"}  # fmt: skip
    lines = [
        [axis, *(f"{slope[cost]:.2f}" for cost in costs)] for axis, slope in g["slopes"].items()
    ]
    most = max(row[axis] // g["base"][axis] for row in g["rows"] for axis in g["base"])
    base = ", ".join(f"{size:,} {axis}" for axis, size in g["base"].items())
    base = base.replace(" length", " items in a history").replace(" width", " wide")
    return GROWTH.format(most=most, base=base, table=table(["size", *costs.values()], lines))


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(*map(read, NAMES)), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
