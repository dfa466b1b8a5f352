"""What the tests of training share: a small log, its split, and a small model of it."""

import numpy as np
import pytest

from attnrec_lite.data import Interactions, leave_one_out
from attnrec_lite.models import QKVRecommender
from attnrec_lite.training import RankingValidation, WindowBatches

N, EPOCHS = 30, 5


def log_of(histories, raw=None):
    """A log in which user ``u`` takes ``histories[u]``, one item a second."""
    rows = [(u, int(i), t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    user, item, time = zip(*rows, strict=True)
    return Interactions.from_columns(user, item if raw is None else raw[np.array(item)], time)


class Scripted(RankingValidation):
    """Judges by a list of figures that is known beforehand."""

    figures = ()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            logs[self.monitor] = self.figures[epoch]


class Small:
    """One run, made anew each time it is asked for: the same in every process."""

    def __init__(self, raw=None, log_seed=0):
        rng = np.random.default_rng(log_seed)
        lengths = rng.integers(1, 15, size=60)  # some users have one item only
        ring = [np.arange(1, N + 1)]
        self.log = log_of(ring + [rng.integers(1, N + 1, size=n) for n in lengths], raw)
        self.split = leave_one_out(self.log)

    def model(self, **changes):
        settings = {"width": 8, "heads": 2, "window": 6, "negatives": 16, "seed": 3}
        return QKVRecommender(self.log.items, **{**settings, **changes})

    def batches(self, batch=8, seed=3):
        return WindowBatches(self.split.train, 6, batch, seed)

    def scripted(self, figures, every=1):
        validation = Scripted(self.model(), self.split.validation, every=every)
        validation.figures = figures
        return validation

    def fitted(self, epochs=EPOCHS, learning_rate=6e-3, **options):
        """A model after a run; options are those of ``training.fit``."""
        model, train = self.model(), self.split.train
        model.network.draw_by_popularity(np.bincount(train.item, minlength=N + 1))
        options = {"validation": self.split.validation, "patience": 3, **options}
        return model._learn(self.batches(), epochs, learning_rate, **options)


@pytest.fixture(scope="session")
def small():
    return Small()
