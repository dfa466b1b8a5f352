"""Two processes on one machine learn what one learns."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.training import FusedAdam, WindowBatches, fit, fit_distributed, run_workers

EPOCHS, RATE = 3, 0.01
PROGRAM = """
import json, sys
import numpy as np
import tensorflow as tf
from attnrec_lite.data import Interactions
from attnrec_lite.models import QKVRecommender
from attnrec_lite.training import WindowBatches, fit_distributed

strategy = tf.distribute.MultiWorkerMirroredStrategy()
log = Interactions.from_columns(*np.load(sys.argv[1]))
with strategy.scope():
    model = QKVRecommender(log.items, **json.loads(sys.argv[2]))
batches = WindowBatches(log, model.window, int(sys.argv[3]), 0)
losses = fit_distributed(model.network, batches, %d, %g)
print(json.dumps({"losses": losses, "replicas": strategy.num_replicas_in_sync,
                  "table": model.network.table.numpy().tolist()}))
""" % (EPOCHS, RATE)  # noqa: UP031 braces are code here


def made(small):
    """A model without dropout, and batches of which the last has one row."""
    model = small.model(dropout=0.0)
    rows = WindowBatches(small.log, model.window, 1, 0).n_rows
    batch = next(b for b in range(6, rows) if rows % b == 1)
    return model, WindowBatches(small.log, model.window, batch, 0)


def free_ports(number):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.mark.slow
def test_two_workers_have_the_losses_of_one(small, tmp_path):
    model, batches = made(small)
    np.save(tmp_path / "log.npy", np.stack([small.log.user, small.log.item, small.log.time]))
    arguments = [sys.executable, "-c", PROGRAM, tmp_path / "log.npy", json.dumps(model.config())]
    workers = [f"localhost:{port}" for port in free_ports(2)]

    def start(index):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        return subprocess.Popen(
            [*arguments, str(batches.batch)], env={**os.environ, "TF_CONFIG": json.dumps(task)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    processes = [start(index) for index in range(2)]
    try:
        outputs = [process.communicate(timeout=180) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert all(p.returncode == 0 for p in processes), [errors[-2000:] for _, errors in outputs]
    found = [json.loads(out.splitlines()[-1]) for out, _ in outputs]
    alone = fit(model.network, batches, EPOCHS, RATE, optimizer=FusedAdam).history["loss"]
    for worker in found:
        assert worker["replicas"] == 2
        assert_allclose(worker["losses"], alone, rtol=1e-6)
        assert_allclose(worker["table"], model.network.table.numpy(), atol=1e-4)
    assert found[0] == found[1]


def test_alone_it_does_what_fit_does(small):
    model, batches = made(small)
    again, same = made(small)
    losses = fit_distributed(model.network, batches, EPOCHS, RATE)
    expected = fit(again.network, same, EPOCHS, RATE, optimizer=FusedAdam).history["loss"]
    assert_allclose(losses, expected, rtol=1e-6)
    assert_allclose(model.network.table, again.network.table, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("mixed_float16")
def test_it_scales_the_loss_in_mixed_precision(small):
    model, batches = made(small)
    losses = fit_distributed(model.network, batches, EPOCHS, RATE)
    assert isinstance(model.network.optimizer, keras.optimizers.LossScaleOptimizer)
    assert losses[-1] < losses[0]


def test_what_is_no_number_is_refused(small):
    model, batches = made(small)
    with pytest.raises(ValueError, match="^epochs: "):
        fit_distributed(model.network, batches, 0, RATE)
    with pytest.raises(ValueError, match="^learning_rate: "):
        fit_distributed(model.network, batches, 1, np.nan)
    model.network.bias.assign(np.full(31, np.nan))
    with pytest.raises(FloatingPointError, match=r"^loss is nan in epoch 1, step 1 of \d+; try"):
        fit_distributed(model.network, batches, 1, RATE)


def test_it_goes_on_from_a_checkpoint_to_the_same_bits(small, tmp_path):
    model, batches = made(small)
    whole = fit_distributed(model.network, batches, EPOCHS, RATE)
    first, same = made(small)
    path = tmp_path / "shared.checkpoint"
    begun = fit_distributed(first.network, same, 1, RATE, checkpoint=path)
    second, same = made(small)
    assert fit_distributed(second.network, same, EPOCHS, RATE, checkpoint=path) == whole
    assert begun == whole[:1]
    for a, b in zip(model.network.weights, second.network.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=f"^epochs: expected at least {EPOCHS}, as the checkpoint"):
        fit_distributed(second.network, same, 1, RATE, checkpoint=path)
    with pytest.raises(ValueError, match="^checkpoint: expected one of this run"):
        fit_distributed(second.network, same, EPOCHS, RATE / 2, checkpoint=path)


KILLED = """
import hashlib, json, os, signal, sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from attnrec_lite.data import Interactions
from attnrec_lite.models import SASRec
from attnrec_lite.training import PackedBatches, fit_distributed

folder, deadly = Path(sys.argv[1]), sys.argv[2] == "deadly"
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]

class Deadly(PackedBatches):
    def __getitem__(self, step):
        killed = folder / "killed"
        if deadly and index == 1 and self.epoch == 3 and step == 1 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(step)

strategy = tf.distribute.MultiWorkerMirroredStrategy()
log = Interactions.from_columns(*np.load(folder / "log.npy"))
with strategy.scope():
    model = SASRec(log.items, width=8, window=5, dropout=0.2, loss="sampled", negatives=8)
batches = Deadly(log, model.window, 4, 0)
path = folder / f"{sys.argv[2]}.checkpoint"
losses = fit_distributed(model.network, batches, 4, 0.01, checkpoint=path)
digest = hashlib.sha256(b"".join(w.numpy().tobytes() for w in model.network.weights)).hexdigest()
found = folder / f"{sys.argv[2]}.{index}.json"
found.write_text(json.dumps({"losses": losses, "digest": digest}))
"""


@pytest.mark.slow
def test_a_worker_is_killed_and_the_run_ends_where_it_would_have(small, tmp_path):
    np.save(tmp_path / "log.npy", np.stack([small.log.user, small.log.item, small.log.time]))
    found = {}
    for way, expected in (("unbroken", 1), ("deadly", 2)):
        command = [sys.executable, "-c", KILLED, str(tmp_path), way]
        assert run_workers(command, 2) == expected
        files = [tmp_path / f"{way}.{index}.json" for index in range(2)]
        found[way] = [json.loads(file.read_text()) for file in files]
    assert (tmp_path / "killed").exists()
    assert found["deadly"] == found["unbroken"]
    assert found["deadly"][0] == found["deadly"][1]
    assert len(found["deadly"][0]["losses"]) == 4
