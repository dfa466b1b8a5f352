"""What the command adds to a training run: a falling rate, a line per epoch, an end in time."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import keras

from attnrec_lite.training import RankingValidation

WARM = 100  # steps in which the rate rises, or a tenth of them if there are fewer
SURE = 20  # steps after which their mean cost is believed


class Course:
    """How many epochs a run has: as planned, or as many as the budget has room for.

    A slower machine than the plan was made for shows in the first steps. Then the run gets fewer
    epochs, and the rate and the validation, which look here, still come to their end with it.

    Args:
        planned: epochs, at most.
    """

    def __init__(self, planned: int) -> None:
        self.planned = self.epochs = planned

    def fit_into(self, steps: float, per_epoch: int, done: int) -> None:
        """Take as many epochs as so many steps in all have room for, the one that runs at least.

        Args:
            steps: that there is time for, those that were taken included.
            per_epoch: steps of an epoch.
            done: epochs that are complete.
        """
        self.epochs = min(self.planned, max(done + 1, int(steps // per_epoch)))


class FallingRate(keras.callbacks.Callback):
    """Let the learning rate rise in the first steps, then fall along a cosine to nothing.

    As long as the course is as planned, the rate follows from the number of the epoch and of the
    step alone, so a run that is resumed goes on with the rate it would have had. On a shorter
    course it falls faster from where it is.

    Args:
        highest: the rate to fall from.
        course: that the run takes.
    """

    def __init__(self, highest: float, course: Course) -> None:
        super().__init__()
        self.highest, self.course = highest, course

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin at the first step, or where the run is resumed."""
        self.place: float | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember where the epoch starts."""
        self.before = epoch * self.params["steps"]
        if self.place is None:
            self.place = self.before

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate of a step, and move on: by one step of the plan, or by more."""
        step, total = self.before + batch, self.course.planned * self.params["steps"]
        assert self.place is not None
        self.model.optimizer.learning_rate = self.highest * share_of_rate(self.place, total)
        left = self.course.epochs * self.params["steps"] - step
        self.place = min(total, self.place + (total - self.place) / max(left, 1))


def share_of_rate(step: float, total: int) -> float:
    """Share of the highest rate at a step, counted from 0.

    >>> [round(share_of_rate(step, 1000), 2) for step in (0, 99, 550, 999)]
    [0.01, 1.0, 0.5, 0.0]
    """
    warm = min(WARM, max(1, total // 10))
    if step < warm:
        return min(1.0, (step + 1) / warm)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))


class ValidationFromTheEnd(RankingValidation):
    """Counts epochs back from the last one, so that the last one is judged, whatever ``every``.

    Args:
        course: that the run takes.
        *args: as for ``RankingValidation``.
        **options: likewise.
    """

    def __init__(self, course: Course, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.course = course

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Evaluate the last epoch, the one ``every`` before it, and so on."""
        super().on_epoch_end(epoch - self.course.epochs, logs)


class Watch(keras.callbacks.Callback):
    """Tell how far a run is, and keep its course within the budget.

    Args:
        validation: that judges the run, and knows its course.
        budget: seconds of processor time; None where the course is fixed.
        clock: gives seconds.
    """

    def __init__(
        self,
        validation: ValidationFromTheEnd,
        budget: float | None,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        super().__init__()
        self.validation, self.course = validation, validation.course
        self.budget, self.clock = budget, clock
        self.best, self.best_epoch = 0.0, 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self.start = self.clock()
        self.steps, self.stepping = 0, 0.0
        self.check = 0.0  # seconds of an evaluation, once one has been seen

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch, and the time at which its first step begins."""
        self.done, self.last = epoch, self.clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look whether the rest fits, by what steps and evaluations have cost so far."""
        now, before = self.clock(), self.last
        self.last, self.steps = now, self.steps + 1
        if self.steps > 1:  # the first builds the graph
            self.stepping += now - before
        if self.budget is not None and self.steps > SURE:
            checks = -(-(self.course.epochs - self.done) // self.validation.every)
            left = self.budget - (now - self.start) - checks * self.check
            taken = self.done * self.params["steps"] + batch + 1
            room = taken + left / max(self.stepping / (self.steps - 1), 1e-9)
            self.course.fit_into(room, self.params["steps"], self.done)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a line on stderr; stop at the end of a shortened course."""
        now, seen, done = self.clock(), dict(logs or {}), epoch + 1
        name, figure = self.validation.monitor, ""
        if name in seen:
            self.check = now - self.last
            figure = f", {name} {seen[name]:.4f}"
            if seen[name] > self.best or not self.best_epoch:
                self.best, self.best_epoch = float(seen[name]), done
        told = f"epoch {done}/{self.course.epochs}: loss {seen['loss']:.3f}{figure}"
        tell(f"{told}, {now - self.start:.0f} cpu s")
        if self.course.planned > self.course.epochs == done:
            tell(f"stopped: the budget of {self.budget:g} cpu s has no room for another epoch")
            self.model.stop_training = True


def tell(line: str) -> None:
    """Write a line where it does not mix with the result."""
    print(line, file=sys.stderr, flush=True)
