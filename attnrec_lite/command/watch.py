"""What the command adds to a training run: a falling rate, a line per epoch, an end in time."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import keras

from attnrec_lite.training import RankingValidation

WARM = 100  # steps in which the rate rises, or a tenth of them if there are fewer


class FallingRate(keras.callbacks.Callback):
    """Let the learning rate rise in the first steps, then fall along a cosine to nothing.

    The rate follows from the number of the epoch and of the step alone, so a run that is resumed
    goes on with the rate it would have had.

    Args:
        highest: the rate to fall from.
        epochs: of the whole run.
    """

    def __init__(self, highest: float, epochs: int) -> None:
        super().__init__()
        self.highest, self.epochs = highest, epochs

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember where the epoch starts."""
        self.before = epoch * self.params["steps"]

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate of a step."""
        step, total = self.before + batch, self.epochs * self.params["steps"]
        self.model.optimizer.learning_rate = self.highest * share_of_rate(step, total)


def share_of_rate(step: int, total: int) -> float:
    """Share of the highest rate at a step, counted from 0.

    >>> [round(share_of_rate(step, 1000), 2) for step in (0, 99, 550, 999)]
    [0.01, 1.0, 0.5, 0.0]
    """
    warm = min(WARM, max(1, total // 10))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))


class ValidationFromTheEnd(RankingValidation):
    """Counts epochs back from the last one, so that the last one is judged, whatever ``every``."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Evaluate the last epoch, the one ``every`` before it, and so on."""
        super().on_epoch_end(epoch - self.params["epochs"], logs)


class Watch(keras.callbacks.Callback):
    """Tell how far a run is, and begin no epoch that the budget has no room for.

    Args:
        epochs: of the whole run.
        budget: seconds of processor time.
        monitor: name of the validation figure in the logs.
    """

    def __init__(self, epochs: int, budget: float, monitor: str) -> None:
        super().__init__()
        self.epochs, self.budget, self.monitor = epochs, budget, monitor
        self.done, self.best, self.best_epoch = 0, 0.0, 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self.start = self.last = time.process_time()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a line on stderr; stop where another epoch like this one would take too long."""
        now, seen, self.done = time.process_time(), dict(logs or {}), epoch + 1
        spent, one = now - self.start, now - self.last
        self.last = now
        figure = ""
        if self.monitor in seen:
            figure = f", {self.monitor} {seen[self.monitor]:.4f}"
            if seen[self.monitor] > self.best or not self.best_epoch:
                self.best, self.best_epoch = float(seen[self.monitor]), self.done
        tell(f"epoch {self.done}/{self.epochs}: loss {seen['loss']:.3f}{figure}, {spent:.0f} cpu s")
        if spent + one > self.budget and self.done < self.epochs:
            tell(f"stopped: another epoch would pass the budget of {self.budget:g} cpu s")
            self.model.stop_training = True


def tell(line: str) -> None:
    """Write a line where it does not mix with the result."""
    print(line, file=sys.stderr, flush=True)
