"""Stop at any moment, go on later, and end with the same weights to the last bit.

Keras has ``BackupAndRestore``. It keeps weights, optimizer slots and the epoch, but not the seeds
of dropout and negatives (they are no weights to Keras), the order of the data, the history, or what
early stopping has seen; it overwrites its file in place; it takes a file of another run for its
own; and it deletes the file at the end. So a run that it brings back ends elsewhere.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from attnrec_lite.training import _generations
from attnrec_lite.training._generations import Arrays
from attnrec_lite.training.batches import Batches

WAITING = ("best", "best_epoch", "wait", "stopped_epoch")  # what early stopping knows, but weights


class Checkpoint(keras.callbacks.Callback):
    """Writes all that decides how training goes on after each epoch, and brings it back.

    Kept are weights, optimizer slots, the states of seed generators, the epoch, the history, and
    early stopping with its best weights. The order of the data is a function of seed and epoch.
    Callbacks of your own start anew.

    Args:
        path: a file, or a folder that exists. The one before it is kept as ``*.previous``.
        about: what is trained on what, as plain JSON values; a file that says otherwise is refused.
        history: of the run.
        early: early stopping of the run, or None.

    Raises:
        FileNotFoundError: if the folder does not exist.
        ValueError: if there is a file of another run, or the file is damaged and so is the one
            before it, or there is none.
    """

    def __init__(
        self,
        path: str | Path,
        about: dict[str, Any],
        history: keras.callbacks.History,
        early: keras.callbacks.EarlyStopping | None = None,
    ) -> None:
        super().__init__()
        path = Path(path)
        self.path = path / "training.checkpoint" if path.is_dir() else path
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                f"checkpoint: expected an existing folder; received {self.path.parent}"
            )
        self.about = json.loads(json.dumps(about, default=str))
        self.history, self.early = history, early
        self.keep = True
        self.state, self.arrays = self._newest()
        self.seen = 0

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return int(self.state.get("epoch", 0))

    @property
    def stopped(self) -> bool:
        """Whether early stopping has ended the run."""
        return bool((self.state.get("early") or {}).get("stopped_epoch"))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Put everything back, after the other callbacks have begun anew."""
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        if not self.state:
            return
        for name, variable in self._variables().items():
            variable.assign(self.arrays[name])
        self.history.history = {name: list(row) for name, row in self.state["history"].items()}
        self.history.epoch = list(range(self.epoch))
        if self.early is not None:
            vars(self.early).update(self.state["early"])
            best = [self.arrays[n] for n in _in_order(self.arrays, "best")]
            self.early.best_weights = best or None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember how far the epoch has come."""
        self.seen = batch + 1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write, unless something ended the epoch early."""
        if self.seen < self.params["steps"]:
            return
        arrays = {name: np.asarray(v.value) for name, v in self._variables().items()}
        early = None
        if self.early is not None:
            early = {name: getattr(self.early, name) for name in WAITING}
            best = self.early.best_weights or []
            arrays |= {f"best/{n}": array for n, array in enumerate(best)}
        about = {
            "about": self.about,
            "epoch": epoch + 1,
            "history": self.history.history,
            "early": early,
        }
        try:
            _generations.write(self.path, about, arrays, self.keep)
        except OSError as error:
            raise OSError(
                error.errno,
                f"checkpoint: epoch {epoch + 1} could not be written to {self.path} "
                f"({error.strerror}); the one before is untouched",
            ) from error
        self.keep = True

    def _newest(self) -> tuple[dict[str, Any], Arrays]:
        """The newest state that is whole and of this run; nothing at the start of a run."""
        found: tuple[dict[str, Any], Arrays] = {}, {}
        damage = None
        for path in (self.path, _generations.previous(self.path)):
            try:
                found = _generations.read(path)
            except FileNotFoundError:
                continue
            except ValueError as error:
                damage, self.keep = damage or error, False
                continue
            break
        if damage and not found[0]:
            raise damage
        if damage:
            warnings.warn(f"{damage}; going on from {path}", UserWarning, stacklevel=4)
        if found[0]:
            self._check_same(found[0]["about"])
        return found

    def _check_same(self, written: dict[str, Any]) -> None:
        """Refuse the checkpoint of another run, and say what differs."""
        then, now = _flat(written), _flat(self.about)
        names = [name for name in {**now, **then} if then.get(name) != now.get(name)]
        if names:
            others = [_difference(name, then.get(name), now.get(name)) for name in names]
            raise ValueError(
                f"checkpoint: expected one of this run; {self.path} is of another: "
                f"{'; '.join(others[:5])}"
            )

    def _variables(self) -> dict[str, Any]:
        """Everything that training changes; the states of seed generators are among these."""
        parts = {"network": self.model.variables, "optimizer": self.model.optimizer.variables}
        return {f"{part}/{n}": v for part, vs in parts.items() for n, v in enumerate(vs)}


def identity(network: keras.Model, batches: Batches) -> dict[str, Any]:
    """What is trained on what, in plain words and checksums.

    Args:
        network: compiled.
        batches: gone through once, from the first epoch on, so that the checksum is of what the
            network will see; they stand at the first epoch afterwards.

    Returns:
        Plain JSON values by name.
    """
    batches.start_at(0)
    steps = (batches[step] for step in range(len(batches)))
    data = _generations.checksum(array for step in steps for array in keras.tree.flatten(step))
    return {
        "network": type(network).__name__,
        "weights": str([tuple(w.shape) for w in network.weights]),
        "layers": [_config(layer) for layer in network.layers],
        "dtype": network.dtype_policy.name,
        "optimizer": _config(network.optimizer),
        "batches": {name: getattr(batches, name, None) for name in ("batch", "seed", "n_rows")},
        "data": data,
    }


def _config(part: Any) -> Any:
    """The config of a layer or an optimizer, or nothing of it but its class."""
    try:
        return _plain({"class": type(part).__name__, **part.get_config()})
    except NotImplementedError:  # a layer of your own without one
        return type(part).__name__


def _plain(config: Any) -> Any:
    """A config without what Keras counts up in a process."""
    if isinstance(config, dict):
        counted = ("name", "shared_object_id")
        return {name: _plain(value) for name, value in config.items() if name not in counted}
    return [_plain(value) for value in config] if isinstance(config, list | tuple) else config


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested values under dotted names."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    flat: dict[str, Any] = {}
    for key, inner in pairs:
        full = f"{name}.{key}" if name else str(key)
        flat |= _flat(inner, full) if isinstance(inner, dict | list) else {full: inner}
    return flat


def _difference(name: str, then: Any, now: Any) -> str:
    short = max(len(repr(then)), len(repr(now))) <= 40  # a checksum says nothing to a reader
    return f"{name} was {then!r}, now {now!r}" if short else f"{name} differs"


def _in_order(arrays: Arrays, part: str) -> list[str]:
    names = [name for name in arrays if name.startswith(f"{part}/")]
    return sorted(names, key=lambda name: int(name.split("/")[1]))
