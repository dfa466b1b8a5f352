"""Train the sequence model on a file, choose by validation, report on the test items."""

from __future__ import annotations

import re
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from attnrec_lite.command.plan import make_plan
from attnrec_lite.command.protocol import three_rankings
from attnrec_lite.command.reading import read_events
from attnrec_lite.command.watch import Course, FallingRate, ValidationFromTheEnd, Watch, tell
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout, leave_one_out
from attnrec_lite.models import SASRec
from attnrec_lite.training import FusedAdam

CHECKS = 6  # evaluations of a run
JUDGES = 2_000  # users of an evaluation
METRIC = "ndcg@100"  # ten times the list that is reported, so that fewer users tell as much


def train(
    path: str | Path,
    *,
    seed: int = 0,
    budget: float = 120.0,
    epochs: int | None = None,
    save: str | Path | None = None,
    checkpoint: str | Path | None = None,
) -> dict[str, Any]:
    """Train a SASRec on a file of ``user item`` lines and rank each user's last item.

    The last item of a user is test, the one before it validation; users with fewer than three
    lines are trained on only. Settings follow from the shape of the training rows, see
    ``make_plan``; the weights that rank the validation items best are kept.

    Args:
        path: of the file, as for ``read_events``.
        seed: of everything that is drawn.
        budget: seconds of one core that training may take.
        epochs: passes over the log, whatever they take; by default as many as the budget allows,
            up to a limit: planned ahead, and fewer where the machine turns out slower.
        save: where to write the model.
        checkpoint: file or folder to go on from if training was interrupted.

    Returns:
        What the command prints: ``sampled``, ``full`` and ``full_unseen`` as ``three_rankings``
        gives them, ``epochs``, ``train_cpu_seconds`` (validation included), ``peak_rss_mb``, and
        what the run was: ``data``, ``plan``, ``best_epoch``, ``validation``.

    Raises:
        FileNotFoundError: if there is no such file, or no folder to save in.
        ValueError: if the file holds no such log, or nobody has three lines.
    """
    if save is not None and not Path(save).absolute().parent.is_dir():
        raise FileNotFoundError(f"save: expected an existing folder; received {Path(save).parent}")
    log = read_events(path)
    return train_log(log, seed=seed, budget=budget, epochs=epochs, save=save, checkpoint=checkpoint)


def train_log(
    log: Interactions,
    *,
    seed: int = 0,
    budget: float = 120.0,
    epochs: int | None = None,
    save: str | Path | None = None,
    checkpoint: str | Path | None = None,
) -> dict[str, Any]:
    """What ``train`` does with a log that has been read; arguments and result are the same."""
    split = leave_one_out(log)
    plan = make_plan(split.train, budget, epochs)
    tell(f"{len(log):,} events, {log.n_users:,} users, {log.n_items:,} items\n{plan}")
    start = time.process_time()
    model = SASRec(log.items, seed=seed, **plan.of_model())
    some = _some(split.validation, JUDGES, seed)
    course = Course(plan.epochs)
    validation = ValidationFromTheEnd(course, model, some, METRIC, every=-(-plan.epochs // CHECKS))
    watch = Watch(validation, budget if epochs is None else None)
    model.fit(
        split.train, plan.epochs, plan.batch, plan.learning_rate, validation=validation,
        patience=CHECKS, callbacks=[FallingRate(plan.learning_rate, course), watch],
        checkpoint=checkpoint, optimizer=FusedAdam,
    )  # fmt: skip
    seconds = time.process_time() - start
    if save is not None:
        model.save(save)
    tell("ranking the test items")
    return {
        "data": {"events": len(log), "users": log.n_users, "items": log.n_items,
                 "tested": len(split.test)},
        "plan": asdict(plan),
        "seed": seed,
        "best_epoch": watch.best_epoch,
        "validation": {METRIC: round(watch.best, 6), "users": len(some)},
        **three_rankings(model, split, seed=seed),
        "epochs": len(model.losses),
        "train_cpu_seconds": round(seconds, 1),
        "peak_rss_mb": round(_peak() / 2**20),
    }  # fmt: skip


def _some(holdout: Holdout, number: int, seed: int) -> Holdout:
    """Some targets of a holdout, or all where there are no more."""
    if number >= len(holdout):
        return holdout
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(holdout.row, number, replace=False))
    return Holdout(holdout.log, rows, f"{holdout.rule}, {len(rows):,} of them")


def _peak() -> int:
    """The most memory that this program has held, in bytes.

    Linux counts ``ru_maxrss`` from the process that started this one, whatever that held, so its
    own high-water mark is read where there is one. ``ru_maxrss`` is in bytes on macOS.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        mark = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        if mark:
            return int(mark[1]) * 2**10
    unit = 1 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def one_core() -> None:
    """Let TensorFlow use one thread, so that the seconds of the processor are those of one core."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # something has run already, in a notebook say: it stays as it is
        pass
