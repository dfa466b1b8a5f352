"""Learn from what came just now, and go back to the last good state if it did harm.

An update takes a few steps on the new rows, mixed with old ones that are drawn again (equation
(14.4)), and then has to pass two checks: every loss and weight is a number, and a guard set is not
ranked worse than before by more than a tolerance. If not, every weight, every slot of the optimizer
and every random state is put back to the bit, and the batch is left out of what is known.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnrec_lite._checks import positive, share_of_one, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.split import Holdout
from attnrec_lite.evaluation import evaluate
from attnrec_lite.evaluation.run import check_question
from attnrec_lite.formulas import replay_count
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.online._merge import Merged, merge
from attnrec_lite.online._rows import Rows, new_rows, old_rows
from attnrec_lite.online._state import State

METRIC = "ndcg@10"
_COUNTED = ("late", "repeated", "new_users")


@dataclass(frozen=True)
class Update:
    """What one update did.

    Attributes:
        accepted: False if everything was put back.
        reason: in words, why.
        rows: of the batch.
        late: of these, older than a row that the user had already; they were sorted into place.
        repeated: of these, known already, second for second; they were left out.
        new_users: users that were not known.
        targets: new rows that were learned: all but each user's very first.
        replayed: old targets learned beside them, over all passes.
        loss: mean over the steps; NaN if there was none.
        guard_before: the best figure of the guard since it was set; NaN without a guard.
        guard_after: its figure with the batch learned.
        seconds: of processor time.
    """

    accepted: bool
    reason: str
    rows: int
    late: int = 0
    repeated: int = 0
    new_users: int = 0
    targets: int = 0
    replayed: int = 0
    loss: float = float("nan")
    guard_before: float = float("nan")
    guard_after: float = float("nan")
    seconds: float = 0.0

    def __str__(self) -> str:
        """What happened, in one line."""
        what = "learned" if self.accepted else "ROLLED BACK"
        return f"{what}: {self.reason} ({self.rows:,} rows, {self.targets:,} targets)"


class Incremental:
    """Keeps a fitted model up to date, batch by batch.

    Args:
        model: a fitted ``SASRec``, ``QKVRecommender`` or another model that reads a history from
            left to right and nothing but its ids. It is changed in place.
        log: what the model has learned from; histories and old rows are taken from it, and it
            grows.
        guard: targets that an update must not rank worse; without one only numbers that are none
            are noticed. Give a newer one now and then: ``incremental.guard = ...``.
        tolerance: by how much NDCG@10 of the guard may lie below its best since the guard was set.
            So many small falls do not add up to a large one.
        replay: share of old targets in what is learned, in [0, 1).
        epochs: passes over a batch; old rows are drawn anew for each.
        batch: rows per step.
        learning_rate: of the optimizer, whose state lives as long as this object.
        seed: of the order and of what is replayed.

    Attributes:
        model: as it is now.
        log: everything that was accepted.
        updates: the report of every update.

    Raises:
        ValueError: if the model cannot be updated so, has another catalogue than the log or the
            guard, or a number is out of range.

    Where new rows say that an item is unknown they are refused by name: a model has no vector for
    it. ``with_new_items`` makes room. Rows that come late, of a clock behind or a phone that was
    off, are sorted into the user's history, and counted.

    >>> from attnrec_lite.data import make_drifting_shop
    >>> from attnrec_lite.models import SASRec
    >>> shop = make_drifting_shop(n_users=30, n_items=60, days=12)
    >>> model = SASRec(shop.log.items, width=4, blocks=1, window=8).fit(shop.before(10), epochs=1)
    >>> online = Incremental(model, shop.before(10), guard=shop.targets(9), tolerance=0.2)
    >>> report = online.update(shop.between(10, 12))
    >>> report.accepted, len(online.log) == len(shop.log)
    (True, True)
    >>> online.update(shop.between(10, 12)).reason  # sent twice: nothing is learned twice
    'nothing to learn'
    """

    def __init__(
        self,
        model: NextItemRecommender,
        log: Interactions,
        *,
        guard: Holdout | None = None,
        tolerance: float = 0.02,
        replay: float = 0.5,
        epochs: int = 2,
        batch: int = 32,
        learning_rate: float = 1e-3,
        seed: int = 0,
    ) -> None:
        _check_model(model)
        model._check_log(log)
        replay_count(0, replay)
        self.model, self.log, self.replay = model, log, replay
        self.tolerance = share_of_one("tolerance", tolerance)
        self.epochs, self.batch = whole("epochs", epochs), whole("batch", batch)
        self.updates: list[Update] = []
        self._rng = np.random.default_rng(seed)
        self._network = model.network
        self._optimizer = model.optimizer(positive("learning_rate", learning_rate))
        self._network.compile(optimizer=self._optimizer, jit_compile=False)
        self._optimizer.build(self._network.trainable_variables)
        self.guard = guard

    @property
    def guard(self) -> Holdout | None:
        """Targets that an update must not rank worse."""
        return self._guard

    @guard.setter
    def guard(self, holdout: Holdout | None) -> None:
        if holdout is not None:
            check_question(self.model, holdout)
        self._guard = holdout
        self._best: float | None = None  # measured when it is first needed

    def update(self, batch: Interactions) -> Update:
        """Learn from new rows, or leave everything as it was.

        Args:
            batch: new rows, with raw ids of their own; codes and order do not matter.

        Returns:
            What happened, also kept in ``updates``.

        Raises:
            ValueError: if an item is unknown, or user ids are of another kind; nothing has changed.
            RuntimeError: if the model was trained elsewhere since this object was made.
        """
        if self._network.optimizer is not self._optimizer:
            raise RuntimeError(
                "model: expected one that is trained here only; it was fitted since, so its "
                "optimizer is another: make a new Incremental"
            )
        start = time.process_time()
        merged = merge(self.log, batch)
        told: dict[str, Any] = {name: getattr(merged, name) for name in _COUNTED}
        state = State(self)
        try:
            told |= self._learn(merged)
        except BaseException:  # an interrupt must not leave half an update behind
            state.restore()
            raise
        if told["accepted"]:
            self.log = merged.log
        else:
            state.restore()
        report = Update(rows=len(batch), seconds=time.process_time() - start, **told)
        self.updates.append(report)
        return report

    def _learn(self, merged: Merged) -> dict[str, Any]:
        """Take the steps, and judge them."""
        rows = new_rows(merged.log, merged.new, self.model.window)
        targets = int(np.count_nonzero(rows[1]))
        if not targets:
            return {"accepted": True, "reason": "nothing to learn"}
        before = self._best = self._measure() if self._best is None else self._best
        counts = np.bincount(merged.log.item, minlength=self.model.n_items + 1)
        self._network.draw_by_popularity(counts)
        losses, replayed = [], 0
        for _ in range(self.epochs):
            old = self._old(merged, replay_count(targets, self.replay))
            replayed += int(np.count_nonzero(old[1]))
            losses += self._steps(rows, old)
        told = {"targets": targets, "replayed": replayed, "loss": float(np.mean(losses))}
        told["guard_before"] = before
        weights = (np.asarray(w.value) for w in self._network.trainable_weights)
        if not np.isfinite(losses).all() or not all(np.isfinite(w).all() for w in weights):
            return told | {"accepted": False, "reason": "a loss or a weight is not a number"}
        after = self._measure()
        told["guard_after"] = after
        if not np.isnan(before) and not after >= before - self.tolerance:
            said = f"the guard fell from {before:.4f} to {after:.4f}, more than {self.tolerance:g}"
            return told | {"accepted": False, "reason": said}
        self._best = max(before, after)
        return told | {"accepted": True, "reason": "within tolerance of the guard"}

    def _measure(self) -> float:
        """NDCG@10 of the guard; NaN without one, and 0 for scores that are no numbers."""
        if self._guard is None:
            return float("nan")
        try:
            return evaluate(self.model, self._guard, 10).mean(METRIC)
        except ValueError:  # the guard itself was checked: scores are not finite
            return 0.0

    def _old(self, merged: Merged, number: int) -> Rows:
        return old_rows(merged.log, ~merged.new, self.model.window, number, self._rng)

    def _steps(self, new: Rows, old: Rows) -> list[float]:
        """One pass over new and old rows in a random order; stops at a loss that is no number."""
        ids, targets = (np.concatenate(pair) for pair in zip(new, old, strict=True))
        order, losses = self._rng.permutation(len(ids)), []
        for first in range(0, len(order), self.batch):
            some = order[first : first + self.batch]
            # Every step has one shape, filled up with padding: TensorFlow traces it once, and what
            # was learned before does not decide which of several graphs takes it.
            step = np.zeros((2, self.batch, ids.shape[1]), np.int32)
            step[:, : len(some)] = ids[some], targets[some]
            self._network.reset_metrics()  # else the loss would be a mean over all steps so far
            losses.append(float(self._network.train_on_batch(step[0], step[1])))
            if not np.isfinite(losses[-1]):
                break
        return losses


def _check_model(model: Any) -> None:
    """Refuse a model that reads more than ids from left to right."""
    ids_only = isinstance(model, NextItemRecommender) and not getattr(model, "intervals", False)
    if not ids_only or not getattr(model.network, "causal", True):
        raise ValueError(
            "model: expected a network that reads ids from left to right, such as SASRec; received "
            f"{type(model).__name__}"
        )
