"""The contract of click models: a table of shown items in, chances of a click out.

A recommender orders a catalogue and its scores need no unit. A click model answers another
question, how likely is this click?, about one item shown at one moment, and may use what a
recommender does not have: what else was on the page, the hour, the device.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import Floats, as_floats, whole
from attnrec_lite.data.clicks import NOT_KNOWN, Clicks
from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.explain import AttentionRecord
from attnrec_lite.models._binary import shares
from attnrec_lite.models._together import BestOfEach, Inputs, LossOfEach, SideBySide, Together
from attnrec_lite.models.base import Arrays, Saved, fitting
from attnrec_lite.training import FusedAdam, fit

PIECE = 4096  # rows or pages in memory at a time


class ClickModel(Saved):
    """A model of the chance that an item is clicked where it was shown.

    Args:
        items: the vocabulary of the table's histories and candidates.
        seed: the same seed gives the same model, to the last bit on a CPU.

    A subclass writes ``_network`` (for several seeds at once), ``_inputs`` (the arrays it reads),
    ``attention``, and ``config``.
    """

    def __init__(self, items: Vocabulary, seed: int) -> None:
        super().__init__(items)
        self.seed = whole("seed", seed, least=0)
        self.losses: list[float] = []
        self.validation_losses: list[float] = []
        self.network = self._network([self.seed])

    @abstractmethod
    def _network(self, seeds: list[int]) -> Together:
        """A network with a copy for each seed."""

    @abstractmethod
    def _inputs(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        """The arrays that the network reads, by name; a unit, row or page, on the first axis."""

    @abstractmethod
    def attention(self, rows: Clicks) -> AttentionRecord:
        """What the model looked at in each row, as shares that sum to 1."""

    def fit(
        self,
        train: Clicks,
        validation: Clicks | None = None,
        epochs: int = 8,
        batch: int = 512,
        learning_rate: float = 0.01,
        patience: int = 2,
        verbose: int = 0,
    ) -> Self:
        """Learn from labelled rows, from where the model is.

        Args:
            train: rows to learn from; those without a known label do not count.
            validation: other rows; with them the weights of the epoch with the lowest log loss on
                them are kept, and training ends when that has not fallen for ``patience`` epochs.
            epochs: passes over the rows, at most.
            batch: rows (or pages) per step.
            learning_rate: of Adam.
            patience: see ``validation``.
            verbose: as in ``keras.Model.fit``.

        Returns:
            The model itself; ``losses`` and ``validation_losses`` hold those of each epoch.

        Raises:
            ValueError: if the table has other items or fields, no label is known, or a number is
                out of range.
            FloatingPointError: if the loss stops being a number.
        """
        choose = None if validation is None else [validation]
        train_together([self], [train], choose, epochs, batch, learning_rate, patience, verbose)
        return self

    def chances(self, rows: Clicks, weights: NDArray[Any] | None = None) -> Floats:
        """Chance of a click of each row.

        Args:
            rows: the table; labels are not looked at.
            weights: attention weights, in the shape that ``weights`` returns, to take the place of
                the model's own: what if it had looked elsewhere?

        Returns:
            float64 ``(n,)``, each above 0 and below 1.

        Raises:
            ValueError: if the table has other items or fields, or the weights another shape.
        """
        return 1 / (1 + np.exp(-np.clip(self._look(rows, weights)[0], -30, 30)))

    def weights(self, rows: Clicks) -> NDArray[np.float32]:
        """The model's own attention weights, ``(n, keys)``: raw, they need not sum to 1.

        Args:
            rows: the table.

        Raises:
            ValueError: if the table has other items or fields.
        """
        return self._look(rows)[1].astype(np.float32)

    def _record(self, rows: Clicks, keys: Any, query: str, items: Vocabulary) -> AttentionRecord:
        """Shares of the absolute weights, one query a row."""
        return AttentionRecord(shares(self.weights(rows)), ("user", "key"), keys, query, items)

    def _labels(self, rows: Clicks) -> NDArray[Any]:
        """Labels of the units; -1 does not count."""
        return rows.label

    def _by_row(self, found: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        """What was found for units, for rows."""
        return found

    def _by_unit(self, given: NDArray[Any], rows: Clicks) -> NDArray[Any]:
        """What was given for rows, for units."""
        return given

    def _look(
        self, rows: Clicks, weights: NDArray[Any] | None = None
    ) -> tuple[Floats, NDArray[Any]]:
        """Log odds and weights of each row."""
        inputs = self._checked(rows)
        units = len(next(iter(inputs.values())))
        given = None if weights is None else self._by_unit(as_floats("weights", weights, 2), rows)
        found = []
        for start in range(0, max(1, units), PIECE):
            piece = slice(start, start + PIECE)
            x = {name: tf.constant(column[np.newaxis, piece]) for name, column in inputs.items()}
            own = None if given is None else tf.constant(given[np.newaxis, piece], tf.float32)
            found.append([np.asarray(part[0], np.float64) for part in self.network.look(x, own)])
        log_odds, looked = (np.concatenate(parts) for parts in zip(*found, strict=True))
        log_odds, looked = self._by_row(log_odds, rows), self._by_row(looked, rows)
        if not np.isfinite(log_odds).all():
            raise ValueError(f"{self.name}: chances are not finite; did training diverge?")
        return log_odds, looked

    def _checked(self, rows: Clicks) -> dict[str, NDArray[Any]]:
        """The inputs of a table of this model's catalogue."""
        if not np.array_equal(rows.items.raw, self.items.raw):
            raise ValueError("rows: expected the catalogue of this model; its raw ids differ")
        return self._inputs(rows)

    def _arrays(self) -> Arrays:
        return {name: array[0] for name, array in self.network.state().items()}

    def _set_arrays(self, arrays: Arrays) -> None:
        state = self.network.state()
        fitting(arrays, {name: array.shape[1:] for name, array in state.items()})
        self.network.set_state({name: array[np.newaxis] for name, array in arrays.items()})


def train_together(
    models: Sequence[ClickModel],
    trains: Sequence[Clicks],
    validations: Sequence[Clicks] | None = None,
    epochs: int = 8,
    batch: int = 512,
    learning_rate: float = 0.01,
    patience: int = 2,
    verbose: int = 0,
) -> None:
    """Train several models of one kind side by side; each ends as if it were trained alone.

    Five small models cost little more than one: most of the time of a small model goes into
    starting operations, not into numbers.

    Args:
        models: they may differ in their seed only.
        trains: the rows of each, as many for each; for one table for all repeat it.
        validations: likewise, or None.
        epochs: as for ``ClickModel.fit``, like all that follow.
        batch: rows (or pages) of each table per step.
        learning_rate: of Adam.
        patience: of each model by itself.
        verbose: as in ``keras.Model.fit``.

    Raises:
        ValueError: as ``ClickModel.fit``, and if models or tables do not fit together.
        FloatingPointError: if a loss stops being a number.
    """
    tables = {"trains": trains, "validations": trains if validations is None else validations}
    _same_kind(models, tables)
    data = {
        name: ([m._checked(t) for m, t in pairs], [m._labels(t) for m, t in pairs])
        for name, pairs in ((n, list(zip(models, t, strict=True))) for n, t in tables.items())
    }
    for name, (inputs, labels) in data.items():
        _same_size(name, inputs, labels)
    network = models[0]._network([model.seed for model in models])
    states = [model._arrays() for model in models]
    network.set_state({name: np.stack([s[name] for s in states]) for name in states[0]})
    batches = SideBySide(*data["trains"], whole("batch", batch), [model.seed for model in models])
    watch, best = LossOfEach(), BestOfEach(*data["validations"], whole("patience", patience))
    callbacks = [watch] if validations is None else [watch, best]
    fit(
        network, batches, epochs, learning_rate,
        callbacks=callbacks, verbose=verbose, optimizer=FusedAdam,
    )  # fmt: skip
    state = network.state()
    for copy, model in enumerate(models):
        model._set_arrays({name: array[copy] for name, array in state.items()})
        ran = len(watch.losses) if validations is None else int(best.epochs[copy])
        model.losses += [float(loss[copy]) for loss in watch.losses[:ran]]
        model.validation_losses += [float(loss[copy]) for loss in best.losses[:ran]]


def _same_kind(models: Sequence[ClickModel], tables: Mapping[str, Sequence[Clicks]]) -> None:
    """Refuse models of different make, and another number of tables."""
    if not models:
        raise ValueError("models: expected at least one; received none")
    makes = [(type(model), {**model.config(), "seed": 0}) for model in models]
    if any(make != makes[0] for make in makes):
        raise ValueError("models: expected one kind and one configuration, but for the seed")
    for name, several in tables.items():
        if len(several) != len(models):
            raise ValueError(f"{name}: expected {len(models)} tables; received {len(several)}")


def _same_size(name: str, inputs: Sequence[Inputs], labels: Sequence[NDArray[Any]]) -> None:
    """Refuse tables that do not stack, and tables without a label."""
    shapes = [{key: column.shape for key, column in part.items()} for part in inputs]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"{name}: expected tables of one shape; received {shapes}")
    if not all((label != NOT_KNOWN).any() for label in labels):
        raise ValueError(f"{name}: expected labels; received a table without one")
