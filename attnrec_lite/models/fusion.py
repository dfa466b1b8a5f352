"""From what is known about an item to its vector: the table of item vectors, made of features.

The five slots, for attention over modalities: query = one learned vector, the same for every item;
keys and values = the item's modalities, each projected to the width of an item vector; score =
additive; normaliser = softmax over the modalities that are there; readout = the weighted sum, which
takes the place of a row of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from attnrec_lite._checks import as_ids, one_of, whole
from attnrec_lite.attention import masked_softmax
from attnrec_lite.data import Modalities, Vocabulary
from attnrec_lite.data.modality import IDS
from attnrec_lite.explain import ModalityRecord
from attnrec_lite.models import _signals
from attnrec_lite.training import independent_seeds

FUSIONS = ("concatenation", "gate", "attention")
MEANING = {
    "concatenation": "share of the fused vector; no weights were learned",
    "gate": "a gate for each modality, 0 to 1 by itself",
    "attention": "softmax over the modalities that are there",
}


@keras.saving.register_keras_serializable("attnrec_lite")
class ItemEncoder(keras.layers.Layer):
    r"""Item ids to vectors made of their modalities: equations (13.3), (13.4) and (13.5).

    Modality $m$ of item $i$ becomes $v_m = W_m x_{im} + b_m$, equation (13.1), of a bag of codes
    the mean of their vectors, equation (13.2), of the id its row of a table. Then, over the
    modalities that are there,

    - ``"concatenation"``: $e_i = W\,[v_1; \ldots; v_M]$, which is a sum of linear maps;
    - ``"gate"``: $e_i = \sum_m g_m v_m$ with $g_m = \sigma(w_m^\top [v_1; \ldots; v_M] + c_m)$;
    - ``"attention"``: $e_i = \sum_m \beta_m v_m$ with
      $\beta = \mathrm{softmax}_m(w^\top \tanh(A_m v_m + c_m))$.

    An item of which nothing is known gets one learned vector. The id counts as unknown for items
    that no training row has: their row of the table was never trained.

    ``record`` says what weighed how much, and what came of it, equation (13.6).

    A recommender copies the encoder that it is given, as a recipe: ``model.encoder`` is the one
    that learns. The features travel in the model's file.

    Args:
        modalities: what is known; or their ``shapes``, with features to be filled in later.
        width: d, the width of an item vector, that of the model.
        fuse: ``"concatenation"``, ``"gate"`` or ``"attention"``.
        dropout: chance that a modality of an item is treated as missing in a step of training,
            equation (13.7); a number, or one for each name, ``{"id": 0.5}``, which drops ids alone,
            equation (15.4). What is kept is *not*
            scaled up: a modality that is missing later has to look like one that was dropped.
        ids: whether the id is a modality, too; without it items that look the same are the same.
        seed: makes first weights and dropout reproducible.

    Raises:
        ValueError: if there is nothing to fuse, a word is unknown or a number out of range.

    Source: Arevalo et al. (2017) for the gate, Bahdanau et al. (2015) for the score, Volkovs, Yu
    and Poutanen (2017) for dropping the id; S0-O11, S2-I3.

    >>> from attnrec_lite.data import make_shop
    >>> shop = make_shop(n_users=20)
    >>> encoder = ItemEncoder(Modalities.of_shop(shop), width=8)
    >>> encoder(tf.constant([[1, 2, 0]])).shape, encoder.names
    (TensorShape([1, 3, 8]), ('id', 'text', 'category', 'price', 'picture'))
    """

    def __init__(
        self,
        modalities: Modalities | Mapping[str, Any],
        width: int = 64,
        fuse: str = "attention",
        dropout: float | Mapping[str, float] = 0.0,
        ids: bool = True,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"name": "encoder", "dtype": "float32", **kwargs})
        self.shapes = _signals.shapes_of(modalities)
        self.n_items, self.width = int(self.shapes["items"]), whole("width", width)
        self.fuse, self.ids, self.seed = one_of("fuse", fuse, FUSIONS), bool(ids), seed
        self.names = ((IDS,) if self.ids else ()) + tuple(name for name, *_ in self.shapes["each"])
        if not self.names:
            raise ValueError("modalities: expected at least one, or ids=True; received none")
        self.dropout = _signals.check_dropout(dropout, self.names)
        self.items: Vocabulary | None = None
        seeds = independent_seeds(seed, len(self.names) + 4)
        self.draws = keras.random.SeedGenerator(seeds[0])
        self.signals = _signals.add_signals(self, seeds[4:])
        self._add_fusion(seeds[1:4])
        self.built = True
        if isinstance(modalities, Modalities):
            self.see(modalities)

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Item ids of any shape to vectors ``(..., d)``; zero at padding."""
        return tf.gather(self.table(training), ids)

    def table(self, training: bool = False) -> tf.Tensor:
        """The vectors of all items, float32 ``(N + 1, d)``; row 0, padding, is 0."""
        return self.look(training)[0]

    def look(self, training: bool = False) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """All items: vectors ``(N + 1, d)``, weights ``(N + 1, M)``, shares ``(N + 1, M)``.

        Args:
            training: whether modalities are dropped.

        Returns:
            The vectors; what ``ModalityRecord`` calls weights; and shares: how much of the length
            of the vector each modality made, equation (13.6).
        """
        known = self._known(training)
        v = tf.stack([signal() for signal in self.signals], axis=1) * known[:, :, tf.newaxis]
        parts, weights = self._fused(v, known)
        total = tf.reduce_sum(parts, axis=1)
        nothing = tf.reduce_max(known, axis=1, keepdims=True) == 0
        vectors = tf.where(nothing, self.fallback, total)
        real = tf.cast(tf.range(self.n_items + 1) > 0, tf.float32)[:, tf.newaxis]
        along = tf.reduce_sum(parts * total[:, tf.newaxis], axis=2)
        shares = tf.math.divide_no_nan(along, tf.reduce_sum(along, axis=1, keepdims=True))
        return vectors * real, (shares if weights is None else weights), shares

    def see(self, modalities: Modalities) -> Self:
        """Take other features of the same shapes: to look at new ones, or at spoilt ones.

        Args:
            modalities: of the same names, widths and labels.

        Returns:
            The encoder itself.

        Raises:
            ValueError: if the shapes differ.
        """
        _signals.check_shapes(self.shapes, _signals.shapes_of(modalities))
        known = np.asarray(self.known).copy()
        first = len(self.names) - len(modalities)
        for place, signal in enumerate(modalities, start=first):
            self.signals[place].features.assign(signal.values)
            known[:, place] = signal.known
        self.known.assign(known)
        self.items = modalities.items
        return self

    def know_ids(self, trained: ArrayLike) -> None:
        """Say which items have a trained row in the table of ids, booleans ``(N + 1,)``."""
        if self.ids:
            known = np.asarray(self.known).copy()
            known[1:, 0] = np.asarray(trained, bool)[1:]
            self.known.assign(known)

    def record(self, items: ArrayLike, vocabulary: Vocabulary) -> ModalityRecord:
        """What weighed how much in the vectors of some items.

        Args:
            items: their ids, shape ``(n,)``.
            vocabulary: for their titles.
        """
        codes = as_ids("items", np.atleast_2d(np.asarray(items)), self.n_items, least=1)[0]
        _, weights, shares = (np.asarray(found)[codes] for found in self.look())
        return ModalityRecord(weights, shares, codes, self.names, MEANING[self.fuse], vocabulary)

    def copy(self) -> ItemEncoder:
        """A new encoder with the same features, and first weights of the same seed."""
        new = type(self)(**self.get_config())
        for name, weight in new.kept().items():
            if not weight.trainable:
                weight.assign(self.kept()[name])
        new.items = self.items
        return new

    def kept(self) -> dict[str, Any]:
        """What a model's file holds of it, by name: what was learned, the features, the mask."""
        return {w.name: w for w in self.variables if w is not self.draws.state}

    def get_config(self) -> dict[str, Any]:
        """What it takes to build this layer again, but for the features, which are weights."""
        own = {"width": self.width, "fuse": self.fuse, "dropout": self.dropout, "ids": self.ids}
        return {"modalities": self.shapes, **own, "seed": self.seed}

    def _known(self, training: bool) -> tf.Tensor:
        """1 where an item has a modality, ``(N + 1, M)``; in training, some are dropped."""
        known = tf.convert_to_tensor(self.known)
        if not training or not any(self.dropout.values()):
            return known
        lot = tf.random.stateless_uniform(tf.shape(known), self.draws.next())
        return known * tf.cast(lot >= list(self.dropout.values()), tf.float32)

    def _fused(self, v: tf.Tensor, known: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """What each modality adds, ``(N + 1, M, d)``, and the weights, if there are any."""
        if self.fuse == "concatenation":
            return tf.einsum("nmd,mde->nme", v, self.mix), None
        if self.fuse == "gate":
            gates = tf.sigmoid(tf.einsum("nmd,mdg->ng", v, self.gate) + self.gate_bias) * known
            return gates[:, :, tf.newaxis] * v, gates
        hidden = tf.tanh(tf.einsum("nmd,mdk->nmk", v, self.score) + self.score_bias)
        weights = masked_softmax(tf.einsum("nmk,k->nm", hidden, self.ask), known > 0)
        return weights[:, :, tf.newaxis] * v, weights

    def _add_fusion(self, seeds: Sequence[int]) -> None:
        number, d = len(self.names), self.width
        start = {"initializer": keras.initializers.GlorotUniform(seed=seeds[0])}
        small = {"initializer": keras.initializers.RandomNormal(stddev=d**-0.5, seed=seeds[1])}
        add = _signals.adder(self)
        self.known = add("known", (self.n_items + 1, number), trainable=False)
        self.known.assign(np.arange(self.n_items + 1)[:, None] > np.zeros(number))
        self.fallback = add("fallback", (d,), **small)
        if self.fuse == "concatenation":
            self.mix = add("mix", (number, d, d), **start)
        elif self.fuse == "gate":
            self.gate = add("gate", (number, d, number), **start)
            self.gate_bias = add("gate_bias", (number,))
        else:
            self.score = add("score", (number, d, d), **start)
            self.score_bias = add("score_bias", (number, d))
            self.ask = add("ask", (d,), **small)


def encoder_for(
    given: ItemEncoder | Mapping[str, Any] | None, items: Vocabulary, width: int
) -> ItemEncoder | None:
    """The encoder of a model: a copy of what it was given, or made from a saved configuration.

    Raises:
        ValueError: if it is no encoder, or of another catalogue or width.
    """
    if given is None:
        return None
    if not isinstance(given, ItemEncoder | Mapping):
        raise ValueError(f"encoder: expected an ItemEncoder; received {given!r:.80}")
    made = given.copy() if isinstance(given, ItemEncoder) else ItemEncoder(**given)
    if made.width != width:
        raise ValueError(
            f"encoder: expected width {width}, as the model has; received {made.width}"
        )
    if made.n_items != len(items):
        raise ValueError(f"encoder: expected {len(items)} items; received {made.n_items}")
    if made.items is not None and not np.array_equal(made.items.raw, items.raw):
        raise ValueError("encoder: expected the catalogue of this model; its raw ids differ")
    return made
