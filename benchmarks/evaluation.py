"""What an evaluation costs: full ranking and exact lists for 31,000 users and 24,000 items.

A model of random factors keeps the contract: a user is the mean of the vectors of the history, a
score the dot product with an item plus its log popularity. So the figures hold scoring as well.
Time is that of the processor, on one thread, because a thread that waits counts too; memory is the
peak that ``tracemalloc`` sees above what the model and the log take, in a run of its own.

Run: ``python benchmarks/evaluation.py`` (``--share 0.1`` for a tenth of the users and items,
``--peer`` for the metrics of keras-rs on the same scores).
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from attnrec_lite.data import Interactions, Split, Vocabulary, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.evaluation.ranking import count_places
from attnrec_lite.evaluation.ties import METRICS, Levels, list_metrics
from attnrec_lite.models import Recommender

USERS, ITEMS, WIDTH, CUTS = 31_000, 24_000, 50, (5, 10, 20)
LIMITS = {"evaluate": 6.0, "recommend": 4.0}  # cpu seconds at full size
MEMORY = 1000.0  # MB


class RandomFactors(Recommender):
    """Random item vectors; a user is the mean of the history's."""

    name = "random factors"

    def __init__(self, items: Vocabulary, width: int = WIDTH, seed: int = 0) -> None:
        super().__init__(items)
        vectors = np.random.default_rng(seed).normal(size=(len(items) + 1, width))
        vectors[0] = 0
        self.vectors = vectors.astype(np.float32)
        self.prior = np.zeros(len(items) + 1, np.float32)

    def fit(self, log: Interactions) -> RandomFactors:
        """Count how popular items are; the vectors stay random."""
        self.prior = np.log1p(np.bincount(log.item, minlength=self.n_items + 1)).astype(np.float32)
        return self

    def _scores(self, history: Any) -> Any:
        length = np.maximum(np.count_nonzero(history, axis=1, keepdims=True), 1)
        user = self.vectors[history].sum(axis=1) / length.astype(np.float32)
        scores = user @ self.vectors.T
        scores += self.prior
        return scores

    attention = config = _arrays = _set_arrays = None  # type: ignore[assignment]


def make_problem(share: float = 1.0, seed: int = 0) -> tuple[RandomFactors, Split]:
    """A log of short histories over items of very unequal popularity, and a model of it.

    Args:
        share: of the users and of the items of the full size.
        seed: of everything random.
    """
    rng = np.random.default_rng(seed)
    users, items = round(USERS * share), round(ITEMS * share)
    rows = rng.integers(3, 12, size=users)  # median 7
    popularity = 1 / np.arange(1, items + 1)
    item = rng.choice(items, rows.sum(), p=popularity / popularity.sum()) + 1
    log = Interactions(
        user=np.repeat(np.arange(users), rows).astype(np.int32),
        item=item.astype(np.int32),
        time=np.arange(len(item)),
        user_ids=np.arange(users),
        items=Vocabulary(np.arange(items)),
    )
    split = leave_one_out(log)
    return RandomFactors(log.items).fit(split.train), split


def measure(action: Callable[[], object]) -> tuple[float, float]:
    """Cpu seconds of an action, and the MB that it takes at most."""
    with threadpool_limits(1):
        start = time.process_time()
        action()
        seconds = time.process_time() - start
        tracemalloc.start()
        action()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return seconds, peak / 1e6


def cost(share: float = 1.0) -> dict[str, tuple[float, float]]:
    """Cpu seconds and MB of every metric at three lengths, and of the ten best items."""
    model, split = make_problem(share)
    history = split.test.history()
    return {
        "evaluate": measure(lambda: evaluate(model, split.test, k=CUTS)),
        "recommend": measure(lambda: model.recommend(history, k=10)),
    }


def against_keras_rs(rows: int = 256) -> tuple[float, float]:
    """Cpu milliseconds per user of the metrics alone: ours, and those of keras-rs."""
    import keras_rs

    model, split = make_problem()
    scores = model.score_all(split.test.history(slice(0, rows)))
    target, row = split.test.item[:rows], np.arange(rows)
    truth = np.zeros((rows, ITEMS), np.float32)
    truth[row, target - 1] = 1
    kinds = ("RecallAtK", "PrecisionAtK", "NDCG", "MeanReciprocalRank", "MeanAveragePrecision")
    theirs = [getattr(keras_rs.metrics, kind)(k=k) for kind in kinds for k in CUTS]

    def peer() -> None:
        for metric in theirs:
            metric.update_state(truth, scores[:, 1:])

    def ours() -> None:
        levels = Levels.of(row, *count_places(scores.copy(), row, target))
        for k in CUTS:
            list_metrics(levels, k)

    for warm_up in (ours, peer):
        warm_up()
    return measure(ours)[0] / rows * 1000, measure(peer)[0] / rows * 1000


def main() -> None:
    """Print what it costs, beside the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--peer", action="store_true")
    options = parser.parse_args()
    print(f"{USERS * options.share:,.0f} users x {ITEMS * options.share:,.0f} items x {WIDTH}")
    print(f"{'':<10} {'cpu s':>6} {'limit':>6} {'MB':>6} {'limit':>6}")
    for name, (seconds, megabytes) in cost(options.share).items():
        limit = f"{LIMITS[name]:6.2f}" if options.share == 1 else f"{'':6}"
        print(f"{name:<10} {seconds:6.2f} {limit} {megabytes:6.0f} {MEMORY:6.0f}")
    if options.peer:
        ours, theirs = against_keras_rs()
        print(
            f"metrics alone, cpu ms a user: {ours:.3f} for {len(METRICS)} at {CUTS}; keras-rs "
            f"{theirs:.3f} for 5 at {CUTS}; ratio {theirs / ours:.0f}"
        )


if __name__ == "__main__":
    main()
