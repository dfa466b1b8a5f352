"""Training with Keras' conventions: early stopping, progress, callbacks, and the same bits."""

import io
import re
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest

from attnrec_lite.training import FusedAdam, RankingValidation, fit


class Scripted(RankingValidation):
    """Judges by a list of figures that is known beforehand."""

    figures = ()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            logs[self.monitor] = self.figures[epoch]


def scripted(small, figures, every=1):
    validation = Scripted(small.model(), small.split.validation, every=every)
    validation.figures = figures
    return validation


def weights(model):
    return [w.numpy().tolist() for w in model.network.trainable_weights]


@pytest.mark.parametrize(
    ("figures", "patience", "epochs", "best"),
    [
        ([0.1, 0.3, 0.2, 0.2, 0.9], 2, 4, 2),  # stops before the best of all
        ([0.1, 0.3, 0.2, 0.4, 0.4, 0.1], 2, 6, 4),  # one that is no better counts against it
        ([0.1, 0.2, 0.3], 1, 3, 3),
    ],
)
def test_patience_stops_and_gives_the_best_weights_back(small, figures, patience, epochs, best):
    validation = scripted(small, figures)
    model = small.fitted(len(figures), validation=validation, patience=patience)
    assert len(model.losses) == epochs
    assert weights(model) == weights(small.fitted(best, validation=None, patience=None))


def test_patience_counts_evaluations(small):
    validation = scripted(small, [0, 0.3, 0, 0.2, 0, 0.1, 0, 0], every=2)
    model = small.fitted(8, validation=validation, patience=2)
    assert len(model.losses) == 6


def test_without_patience_every_epoch_runs_and_the_last_weights_stay(small):
    validation = scripted(small, [0.5, 0.1, 0.1])
    model = small.fitted(3, validation=validation, patience=None)
    assert len(model.losses) == 3
    assert weights(model) == weights(small.fitted(3, validation=None, patience=None))


def test_it_returns_what_keras_returns(small):
    model = small.model()
    validation = RankingValidation(model, small.split.validation)
    done = fit(model.network, small.batches(), 2, 6e-3, validation=validation)
    assert isinstance(done, keras.callbacks.History)
    assert done is model.network.history
    assert {name: len(row) for name, row in done.history.items()} == {"loss": 2, "val_ndcg@10": 2}


def test_the_optimizer_may_follow_a_schedule(small):
    def optimizer(rate):
        return FusedAdam(keras.optimizers.schedules.ExponentialDecay(rate, 1, 1e-9))

    model = small.fitted(1, validation=None, patience=None, optimizer=optimizer)
    one_step = small.fitted(1, validation=None, patience=None, optimizer=FusedAdam)
    moved, far = (np.abs(np.array(weights(m)[0]) - weights(small.model())[0]).max()
                  for m in (model, one_step))  # fmt: skip
    assert 0.005 < moved < 0.007 < far


def test_a_gpu_would_not_compile_anew_for_every_batch(small):
    assert small.fitted(1).network.jit_compile is False


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


def test_nothing_is_printed_unless_asked(small, capfd):
    small.fitted(1)
    assert capfd.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
@pytest.mark.parametrize("optimizer", [FusedAdam, keras.optimizers.Adam])
def test_it_learns_in_mixed_precision_without_a_change(small, optimizer):
    model = small.fitted(6, optimizer=optimizer, learning_rate=0.02)
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
