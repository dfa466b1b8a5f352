"""A model as a graph of tensors that needs nothing of this package: a SavedModel.

What the package does in NumPy before and after the network goes into the graph: ids that the model
does not know are dropped, what is left is moved to the right, the window is cut, what was seen is
left out, the best are chosen. So whoever loads it sends plain ids and can do nothing wrong.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from attnrec_lite._checks import whole
from attnrec_lite.models import Recommender
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.models.multi_interest import MultiInterest
from attnrec_lite.models.sasrec import SASRec

IDS = tf.TensorSpec((None, None), tf.int64, "history")
CANDIDATES = tf.TensorSpec((None, None), tf.int64, "candidates")
WAYS = (NextItemRecommender._scores, SASRec._scores, MultiInterest._scores)  # of scoring


class Servable(tf.Module):
    """The graph of a trained model; equal to the model's own answers up to rounding.

    Args:
        model: one whose network makes context vectors of a history: ``SASRec``,
            ``QKVRecommender``, ``PairwiseAttention``, ``MultiInterest``, ``InterestModel``; with an
            encoder, its item vectors are computed once and kept.
        k: how many items ``recommend`` gives; fixed, so that a server may put requests together.

    Raises:
        TypeError: if the model is another.
        ValueError: if ``k`` is no whole number from 1, or a weight is not finite.

    >>> from attnrec_lite.data import Interactions
    >>> from attnrec_lite.models import SASRec
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> found = Servable(SASRec(log.items, width=4, window=3), k=2).recommend([[1, 2]])
    >>> sorted(found["ids"].numpy()[0].tolist())
    [3, 4]
    """

    def __init__(self, model: Recommender, k: int = 100) -> None:
        super().__init__(name="servable")
        kind = type(model)
        if kind._scores not in WAYS or getattr(model, "intervals", False):
            raise TypeError(
                "model: expected one that makes context vectors of ids alone, such as SASRec or "
                f"QKVRecommender; received {kind.__name__}"
            )
        assert isinstance(model, NextItemRecommender)
        self.k, self.n_items, self._model = whole("k", k), model.n_items, model
        self.reach = model._newest(np.zeros((1, 2**20), np.int32)).shape[1]
        self.table = tf.Variable(model.network.table, trainable=False)
        self.parts = [v.value for v in model.network.trainable_variables]  # kept with the graph
        for part in (self.table, *self.parts):
            if not np.isfinite(part.numpy()).all():
                raise ValueError(f"model: expected finite weights; {part.name} is not")

    def recommend(self, history: tf.Tensor) -> dict[str, tf.Tensor]:
        """The k best items that are not in the history, best first.

        Args:
            history: item ids ``(batch, length)``, oldest first, padded with 0 anywhere; an id
                outside 1..N is an item that this model does not know, and is passed over.

        Returns:
            ``ids`` int32 and ``scores`` float32, each ``(batch, k)``; where fewer items are left,
            id 0 and ``-inf``. Of equal scores the smaller id comes first.
        """
        found: dict[str, tf.Tensor] = self.recommend_graph(history)
        return found

    @tf.function(input_signature=[IDS])  # type: ignore[untyped-decorator]
    def recommend_graph(self, history: tf.Tensor) -> dict[str, tf.Tensor]:
        """What ``recommend`` runs."""
        ids = self.known(history)
        scores = self.scores(ids)
        rows = tf.broadcast_to(tf.range(tf.shape(ids)[0])[:, tf.newaxis], tf.shape(ids))
        seen = tf.stack([rows, ids], axis=-1)  # padding among them: every row has some
        scores = tf.tensor_scatter_nd_update(scores, seen, tf.fill(tf.shape(ids), -np.inf))
        best, found = tf.math.top_k(scores, min(self.k, self.n_items))
        more = [[0, 0], [0, max(0, self.k - self.n_items)]]
        best, found = tf.pad(best, more, constant_values=-np.inf), tf.pad(found, more)
        return {"ids": tf.where(tf.math.is_inf(best), 0, found), "scores": best}

    def score(self, history: tf.Tensor, candidates: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores of some candidates, seen or not.

        Args:
            history: as for ``recommend``.
            candidates: item ids ``(batch, n)``.

        Returns:
            ``scores``, float32 ``(batch, n)``; ``-inf`` for an id that this model does not know.
        """
        found: dict[str, tf.Tensor] = self.score_graph(history, candidates)
        return found

    @tf.function(input_signature=[IDS, CANDIDATES])  # type: ignore[untyped-decorator]
    def score_graph(self, history: tf.Tensor, candidates: tf.Tensor) -> dict[str, tf.Tensor]:
        """What ``score`` runs."""
        asked = self.inside(candidates)
        found = tf.gather(self.scores(self.known(history)), asked, batch_dims=1)
        return {"scores": tf.where(asked > 0, found, -np.inf)}

    def inside(self, ids: tf.Tensor) -> tf.Tensor:
        """Ids as int32, 0 where there is no such item."""
        return tf.cast(tf.where((ids > 0) & (ids <= self.n_items), ids, 0), tf.int32)

    def known(self, history: tf.Tensor) -> tf.Tensor:
        """The items that the model knows, moved to the right, int32 ``(batch, length + 1)``."""
        ids = tf.pad(self.inside(history), [[0, 0], [1, 0]])  # so that there is a column
        return tf.gather(ids, tf.argsort(tf.cast(ids > 0, tf.int32), stable=True), batch_dims=1)

    def scores(self, ids: tf.Tensor) -> tf.Tensor:
        """Scores for left-padded ids, float32 ``(batch, N + 1)``; column 0 does not matter."""
        with _one_table(self._model.network, self.table):
            context = tf.cast(self._model.network(ids[:, -self.reach :])[:, -1], tf.float32)
        interests = [context] if context.shape.rank == 2 else tf.unstack(context, axis=1)
        found = tf.matmul(interests[0], self.table, transpose_b=True)
        for interest in interests[1:]:  # of several interests the one that likes an item best
            found = tf.maximum(found, tf.matmul(interest, self.table, transpose_b=True))
        return found + tf.cast(self._model.network.bias, tf.float32)


def export(model: Recommender, folder: str | Path, version: int = 1, k: int = 100) -> Path:
    """Write a SavedModel as TensorFlow Serving expects it: ``folder/version``, whole or not at all.

    Its signatures are ``recommend`` (also the default one) and ``score``, see ``Servable``. Any
    number of rows and any length will do, so a server may put requests together. Raw ids and titles
    lie in ``assets.extra/items.json``: the graph speaks codes 1..N.

    Args:
        model: as for ``Servable``.
        folder: of this model's versions; made if it is not there.
        version: from 1; a server takes the highest.
        k: how many items ``recommend`` gives.

    Returns:
        The folder of the version.

    Raises:
        TypeError: if the model is none of those that ``Servable`` takes.
        ValueError: if a number is out of range or a weight is not finite.
        FileExistsError: if there is such a version: what is being served never changes.
        OSError: if it cannot be written.
    """
    place = Path(folder) / str(whole("version", version))
    if place.exists():
        raise FileExistsError(f"version: expected a new one; {place} is there already")
    servable = Servable(model, k)
    calls = {"recommend": servable.recommend_graph, "score": servable.score_graph}
    partial = place.with_name(f".{version}.{os.getpid()}.part")  # no number: a server passes it by
    try:
        tf.saved_model.save(
            servable, str(partial), {**calls, "serving_default": calls["recommend"]}
        )
        extra = partial / "assets.extra"
        extra.mkdir()
        about: dict[str, Any] = {"model": type(model).__name__, "k": k, "n_items": model.n_items}
        about |= {"raw": model.items.raw.tolist(), "titles": model.items.titles.tolist()}
        (extra / "items.json").write_text(json.dumps(about))
        os.replace(partial, place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return place


@contextmanager
def _one_table(network: Any, table: tf.Variable) -> Iterator[None]:
    """Let a network with an encoder read item vectors that were made before."""
    if network.encoder is None:
        yield
        return
    before = network._in_step, network._made
    network._in_step, network._made = True, table
    try:
        yield
    finally:
        network._in_step, network._made = before
