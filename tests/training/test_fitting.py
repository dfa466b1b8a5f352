"""Training with Keras' conventions: early stopping, progress, callbacks, and the same bits."""

import io
import re
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.training import FusedAdam, fit


class Remember(keras.callbacks.Callback):
    """Keeps the table as it was after each epoch."""

    def on_train_begin(self, logs=None):
        self.tables = []

    def on_epoch_end(self, epoch, logs=None):
        self.tables.append(self.model.table.numpy())


@pytest.mark.parametrize(
    ("figures", "patience", "epochs", "best"),
    [
        ([0.1, 0.3, 0.2, 0.2, 0.9], 2, 4, 2),  # stops before the best of all
        ([0.1, 0.3, 0.2, 0.4, 0.4, 0.1], 2, 6, 4),  # one that is no better counts against it
    ],
)
def test_patience_stops_and_gives_the_best_weights_back(small, figures, patience, epochs, best):
    validation, seen = small.scripted(figures), Remember()
    model = small.fitted(len(figures), validation=validation, patience=patience, callbacks=[seen])
    assert len(model.losses) == len(seen.tables) == epochs
    assert_array_equal(model.network.table, seen.tables[best - 1])
    assert not np.array_equal(seen.tables[best - 1], seen.tables[-1])


def test_patience_counts_evaluations(small):
    validation = small.scripted([0, 0.3, 0, 0.2, 0, 0.1, 0, 0], every=2)
    assert len(small.fitted(8, validation=validation, patience=2).losses) == 6


def test_without_patience_every_epoch_runs_and_the_last_weights_stay(small):
    validation, seen = small.scripted([0.5, 0.1, 0.1]), Remember()
    network = small.model().network
    done = fit(network, small.batches(), 3, 6e-3, validation=validation, callbacks=[seen])
    assert_array_equal(network.table, seen.tables[-1])
    assert isinstance(done, keras.callbacks.History)
    assert done is network.history
    assert done.history["val_ndcg@10"] == [0.5, 0.1, 0.1]
    assert len(done.history["loss"]) == 3


def test_the_optimizer_may_follow_a_schedule(small):
    def optimizer(rate):
        return FusedAdam(keras.optimizers.schedules.ExponentialDecay(rate, 1, 1e-9))

    model = small.fitted(1, validation=None, patience=None, optimizer=optimizer)
    start = small.model().network.table
    assert 0.0059 < np.abs(model.network.table - start).max() < 0.0061  # one step of 6e-3


def test_it_is_silent_and_leaves_xla_alone(small, capfd):
    assert small.fitted(1).network.jit_compile is False
    assert capfd.readouterr().out == ""


def test_the_bar_shows_rate_and_what_is_left(small):
    shown = io.StringIO()
    with redirect_stdout(shown):
        small.fitted(3, patience=None, verbose=1)
    text = re.sub(r"\x1b\[\d+m|\x08", "", shown.getvalue())
    assert re.search(r"ms/step|us/step|s/step", text)
    assert "val_ndcg@10: " in text
    headers = re.findall(r"^.*Epoch .*$", text, re.MULTILINE)
    assert headers[0] == "Epoch 1/3"
    assert all(re.match(rf"\[\d+:\d\d left\] Epoch {n}/3$", headers[n - 1]) for n in (2, 3))


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
def test_it_learns_in_mixed_precision_without_a_change(small):
    model = small.fitted(6, learning_rate=0.02)
    assert model.network.compute_dtype == "float16"
    assert np.isfinite(model.losses).all()
    assert model.losses[-1] < 0.98 * model.losses[0]
    assert all(w.dtype == "float32" for w in model.network.trainable_weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "^epochs: expected an integer of at least 1; received 0"),
        ({"learning_rate": 0.0}, "^learning_rate: expected a finite number above 0"),
        ({"patience": 0}, "^patience: expected an integer of at least 1; received 0"),
        ({"validation": None}, "^patience: expected a validation to judge by; received none"),
    ],
)
def test_a_way_to_train_that_is_none_is_refused(small, options, message):
    with pytest.raises(ValueError, match=message):
        small.fitted(**options)
