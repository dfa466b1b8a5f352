"""A run that was killed, at any moment, ends with the bits of one that was not."""

import os
import resource
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.training import FusedAdam, RankingValidation, WindowBatches, _generations
from attnrec_lite.training._generations import checksum, previous

EPOCHS = 5


def bits(model):
    """One checksum of all that a run leaves: weights, seeds, slots of the optimizer, losses."""
    variables = [*model.network.variables, *model.network.optimizer.variables]
    return checksum([*(v.numpy() for v in variables), np.array(model.losses)])


@pytest.fixture(scope="module")
def uninterrupted(small):
    """The end of a run that nothing disturbed, without a checkpoint."""
    model = small.fitted()
    assert len(model.losses) > 2
    return bits(model)


@pytest.fixture(scope="module")
def two_epochs(small, tmp_path_factory):
    """The checkpoint of two epochs, and the one before it."""
    path = tmp_path_factory.mktemp("two") / "run"
    small.fitted(2, checkpoint=path)
    return path


@pytest.fixture
def path(two_epochs, tmp_path):
    """A copy of the checkpoint of two epochs, to be spoilt."""
    for file in (two_epochs, previous(two_epochs)):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / "run"


# ---- going on ----------------------------------------------------------------------------------


def test_an_interrupted_run_ends_with_the_bits_of_an_uninterrupted_one(small, path, uninterrupted):
    model = small.fitted(checkpoint=path)
    assert bits(model) == uninterrupted
    again = small.fitted(checkpoint=path)  # nothing is left to be done
    assert bits(again) == uninterrupted
    assert sorted(os.listdir(path.parent)) == ["run", "run.previous"]


def test_a_folder_will_do(small, path):
    os.replace(path, path.parent / "training.checkpoint")
    assert len(small.fitted(2, checkpoint=path.parent).losses) == 2


def test_it_goes_on_after_early_stopping_has_ended_it_with_the_best_weights(small, tmp_path):
    options = {"patience": 1, "checkpoint": tmp_path / "run", "learning_rate": 0.1}
    model = small.fitted(20, **options)
    assert len(model.losses) < 20
    assert bits(small.fitted(20, **options)) == bits(model)


def test_it_remembers_how_long_nothing_was_better_and_the_weights_of_the_best(small, tmp_path):
    def train(epochs):
        return small.fitted(
            epochs, validation=small.scripted([0.1, 0.5, 0.2, 0.2, 0.2, 0.2, 0.9]), patience=3,
            checkpoint=tmp_path / "run",
        )  # fmt: skip

    best = train(2)
    train(3)
    resumed = train(7)
    assert len(resumed.losses) == 5
    assert_array_equal(resumed.network.table, best.network.table)


def test_an_epoch_that_was_not_finished_is_begun_again(small, path, uninterrupted):
    class StopInside(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    before = path.read_bytes()
    small.fitted(checkpoint=path, callbacks=[StopInside()])
    assert path.read_bytes() == before
    assert bits(small.fitted(checkpoint=path)) == uninterrupted


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
def test_it_goes_on_in_mixed_precision_with_the_scale_of_the_loss(small, tmp_path):
    options = {"optimizer": FusedAdam}
    small.fitted(1, checkpoint=tmp_path / "run", **options)
    resumed = small.fitted(3, checkpoint=tmp_path / "run", **options)
    assert isinstance(resumed.network.optimizer, keras.optimizers.LossScaleOptimizer)
    assert bits(resumed) == bits(small.fitted(3, **options))


@pytest.mark.slow
def test_the_backup_of_keras_ends_elsewhere(small, tmp_path):
    """Why there is one of our own: if this turns red, look whether it can go."""

    def train(epochs, folder):
        model, batches = small.model(), small.batches()
        backup = keras.callbacks.BackupAndRestore(tmp_path / folder, delete_checkpoint=False)
        model.network.compile(FusedAdam(0.01))
        history = model.network.fit(batches, epochs=epochs, verbose=0, callbacks=[backup])
        seeds = [v.numpy() for v in model.network.variables if "seed" in v.path]
        return history.history["loss"], seeds

    train(2, "interrupted")
    losses, seeds = train(4, "interrupted")
    whole, others = train(4, "whole")
    assert len(losses) == 2  # it did go on, but
    assert losses != whole[2:]
    assert all((seed != other).any() for seed, other in zip(seeds, others, strict=True))


# ---- killed ------------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, time
import keras, numpy as np
from attnrec_lite.data import Interactions, leave_one_out
from attnrec_lite.models import QKVRecommender
from attnrec_lite.training import _generations

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def die_half_written(handle):
    os.ftruncate(handle, os.fstat(handle).st_size // 2)
    die()

def die_between_renames(old, new, replace=os.replace, seen=[]):
    seen.append(new)
    if len(seen) > 2:  # epoch 1 renames once, epoch 2 twice
        die()
    replace(old, new)

moment, log, path, config = sys.argv[1:]
if moment == "half written":
    _generations.os.fsync = die_half_written
if moment == "between renames":
    _generations.os.replace = die_between_renames
log = Interactions.from_columns(*np.load(log))
split = leave_one_out(log)
model = QKVRecommender(log.items, **eval(config))
print("ready", flush=True)
model.fit(split.train, EPOCHS, 8, validation=split.validation, patience=3, checkpoint=path)
variables = [*model.network.variables, *model.network.optimizer.variables]
print(_generations.checksum([*(v.numpy() for v in variables), np.array(model.losses)]))
""".replace("EPOCHS", str(EPOCHS))


@pytest.mark.slow
def test_a_run_that_is_killed_ends_with_the_same_weights(small, tmp_path, uninterrupted, capsys):
    log, path = tmp_path / "log.npy", tmp_path / "run"
    np.save(log, np.stack([small.log.user, small.log.item, small.log.time]))

    def start(moment):
        config = repr(small.model().config())
        arguments = [sys.executable, "-c", PROGRAM, moment, str(log), str(path), config]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)

    def killed(moment, after=None):
        with start(moment) as process:
            try:
                if after is not None:
                    process.stdout.readline()
                    while not path.exists() and process.poll() is None:
                        time.sleep(0.001)
                    time.sleep(after)
                    process.kill()
                return process.wait(timeout=100)
            finally:
                process.kill()

    after = np.random.default_rng().uniform(0, 0.1)
    assert killed("half written") == -signal.SIGKILL
    assert not path.exists()
    assert killed("at random", after) in (-signal.SIGKILL, 0)
    if _generations.read(path)[0]["epoch"] < EPOCHS - 1:
        assert killed("between renames") == -signal.SIGKILL
    with start("never") as process:
        resumed = process.communicate(timeout=100)[0].split()[-1]
    shown = f"uninterrupted {uninterrupted}\nresumed       {resumed}"
    with capsys.disabled():
        print(f"\n{shown} (killed in the first write, after {after:.3f} s more, between renames)")
    assert resumed == uninterrupted, shown
    assert sorted(os.listdir(tmp_path)) == ["log.npy", "run", "run.previous"]


# ---- another run -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings_", "options", "message"),
    [
        ({"seed": 4}, {}, "seed was 3, now 4"),
        ({"dropout": 0.5}, {}, "rate was 0.25, now 0.5"),
        ({"width": 4}, {}, "weights differs; .*config.width was 8, now 4"),
        ({"negatives": 9}, {}, "config.negatives was 16, now 9"),
        ({}, {"learning_rate": 0.5}, "optimizer.learning_rate was 0.006.*, now 0.5"),
        ({}, {"optimizer": FusedAdam}, "optimizer.class was 'Adam', now 'FusedAdam'"),
        ({}, {"patience": 2}, "patience was 3, now 2$"),
        ({}, {"patience": None}, "patience was 3, now None$"),
        ({}, {"validation": "hr@10"}, r"validation.metric was 'ndcg@10', now 'hr@10'$"),
        ({}, {"validation": "kept"}, r"validation.exclude_seen was None, now 'False'$"),
        ({}, {"validation": "test"}, r"validation.holdout differs$"),
        ({}, {"log": "shorter"}, "batches.n_rows was .*; data differs"),
        ({}, {"batch": 16}, "batches.batch was 8, now 16; data differs$"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(small, path, settings_, options, message):
    split, model = small.split, small.model(**settings_)
    validation = {
        "hr@10": lambda: RankingValidation(model, split.validation, "hr@10"),
        "kept": lambda: RankingValidation(model, split.validation, exclude_seen=False),
        "test": lambda: split.test,
        None: lambda: split.validation,
    }[options.pop("validation", None)]()
    train = split.train
    if options.pop("log", None):
        train = train.select(train.user > 1)
    options = {"batch": 8, "patience": 3, **options}
    files = {file: file.read_bytes() for file in path.parent.iterdir()}
    batches = WindowBatches(train, model.window, options.pop("batch"), model.seed)
    rate = options.pop("learning_rate", 6e-3)
    with pytest.raises(ValueError, match=f"(?s)^checkpoint: .* is of another: .*{message}"):
        model._learn(batches, EPOCHS, rate, validation=validation, checkpoint=path, **options)
    assert files == {file: file.read_bytes() for file in path.parent.iterdir()}


def test_a_checkpoint_of_another_catalogue_is_refused(small, path):
    other = type(small)(raw=np.arange(100, 200))
    with pytest.raises(ValueError, match="another: vocabulary differs$"):
        other.fitted(checkpoint=path)


def test_more_epochs_than_asked_for_are_refused(small, path):
    with pytest.raises(ValueError, match="^epochs: expected at least 2, as many as .* received 1"):
        small.fitted(1, checkpoint=path)


def test_a_folder_that_is_not_there_is_refused(small, tmp_path):
    with pytest.raises(FileNotFoundError, match="^checkpoint: expected an existing folder"):
        small.fitted(checkpoint=tmp_path / "nowhere" / "run")


# ---- damaged -----------------------------------------------------------------------------------


def flip(file, at=-100):
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_the_one_before_stands_in_for_a_damaged_one(small, path, uninterrupted):
    flip(path)
    with pytest.warns(UserWarning, match=r"run is damaged: .*; going on from .*run\.previous$"):
        model = small.fitted(checkpoint=path)
    assert bits(model) == uninterrupted
    assert _generations.read(path)[0]["epoch"] - 1 == _generations.read(previous(path))[0]["epoch"]


def test_a_damaged_one_never_takes_the_place_of_a_good_one(path):
    flip(path)
    good = previous(path).read_bytes()
    about, arrays = _generations.read(previous(path))
    _generations.write(path, about, arrays, keep=False)
    assert previous(path).read_bytes() == good
    assert _generations.read(path)[0] == about


def test_without_a_good_one_a_damaged_one_is_refused(small, path):
    flip(path)
    flip(previous(path))
    with pytest.raises(ValueError, match="^checkpoint: .*run is damaged: its checksum"):
        small.fitted(checkpoint=path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04" * 100])
def test_another_file_is_neither_read_nor_overwritten(small, tmp_path, content):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="^checkpoint: .*mine.npz is not a checkpoint of this"):
        small.fitted(checkpoint=path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["mine.npz"]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_change_is_noticed(two_epochs, tmp_path_factory, data):
    content = bytearray(two_epochs.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    spoilt = tmp_path_factory.getbasetemp() / "spoilt"
    spoilt.write_bytes(content)
    with pytest.raises(ValueError, match="^checkpoint: "):
        _generations.read(spoilt)


# ---- nothing more can be written ---------------------------------------------------------------


class FullFrom(keras.callbacks.Callback):
    """From an epoch on, files can grow to a kilobyte only."""

    def __init__(self, epoch):
        super().__init__()
        self.full = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch + 1 == self.full:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))


def test_a_full_disk_leaves_the_last_good_checkpoint(small, path):
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(
            OSError, match="checkpoint: epoch 3 could not be written .*; the one before is"
        ):
            small.fitted(checkpoint=path, callbacks=[FullFrom(3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == ["run", "run.previous"]


class SpoilFrom(keras.callbacks.Callback):
    """At a step of an epoch a weight stops being a number."""

    def __init__(self, epoch, step):
        super().__init__()
        self.where = epoch, step

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"]
        if (self.epoch, (batch + 1) % steps) == (self.where[0], self.where[1] % steps):
            self.model.bias.assign(self.model.bias * np.nan)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (2, r"^loss is nan in epoch 3, step 3 of \d+; try a lower learning_rate$"),
        (0, r"bias is not finite after epoch 3; try a lower learning_rate$"),  # its last step
    ],
)
def test_a_loss_that_is_no_number_leaves_the_last_good_checkpoint(small, path, step, message):
    before = path.read_bytes()
    with pytest.raises(FloatingPointError, match=message):
        small.fitted(checkpoint=path, callbacks=[SpoilFrom(3, step)])
    assert path.read_bytes() == before


def test_a_log_that_teaches_nothing_writes_nothing(small, tmp_path):
    train = small.split.train
    for rows in (train.user < 0, train.bounds()[:-1][np.diff(train.bounds()) > 0]):
        with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
            small.model().fit(train.select(rows), checkpoint=tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_arrays_come_back_to_the_bit(tmp_path):
    arrays = {
        "a": np.array([np.pi, -0.0, 1e-45], np.float32),
        "b": np.array([2**62]),
        "c": np.ones(()),
    }
    _generations.write(tmp_path / "x", {"loss": [0.1 + 0.2, np.float32(1.5)]}, arrays)
    about, found = _generations.read(tmp_path / "x")
    assert about == {"loss": [0.1 + 0.2, 1.5]}
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert_array_equal(found[name].tobytes(), array.tobytes())
