"""Teach a small model what a large one would say."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from attnrec_lite._checks import positive, share_of_one, whole
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.sequences import pad_slices
from attnrec_lite.efficiency.product import as_product
from attnrec_lite.models._network import NextItemRecommender
from attnrec_lite.models.base import Recommender
from attnrec_lite.training import NextItemNetwork, PaddedBatches, RankingValidation, fit

AT_A_TIME = 512  # histories that the teacher scores at once


def distil(
    student: NextItemRecommender,
    teacher: Recommender,
    log: Interactions,
    *,
    epochs: int = 20,
    batch: int = 32,
    learning_rate: float = 4e-3,
    temperature: float = 1.0,
    share: float = 0.5,
    keep: int = 100,
    validation: Any = None,
    patience: int | None = None,
) -> NextItemRecommender:
    """Train a student on what followed, and on what the teacher would have recommended.

    The loss at each place of a history is ``(1 - share)`` times the student's own and ``share``
    times ``formulas.distillation_loss`` over the ``keep`` items that the teacher puts first there.
    The teacher is asked once, through ``score_all``: it may be anything, a table of neighbours or a
    mean of many models.

    Args:
        student: whose score is a product of a context and an item: ``SASRec``, ``QKVRecommender``.
        teacher: any recommender of the same catalogue.
        log: the training log; of a long history the newest ``student.window`` items.
        epochs: passes over the log.
        batch: rows per step.
        learning_rate: of Adam.
        temperature: of both softmaxes; above 1 where the teacher is surer than the truth is.
        share: what counts the teacher; 0 is training without one.
        keep: items that the teacher tells, for each place; all if there are fewer.
        validation: targets to judge the student by after each epoch.
        patience: epochs without a better one after which training stops.

    Returns:
        The student, trained; ``losses`` holds the mean loss of each epoch.

    Raises:
        ValueError: if catalogues differ, the student's score is no product, nobody has two items,
            or a number is out of range.
        FloatingPointError: if the loss stops being a number.

    >>> from attnrec_lite.models import EASE, SASRec
    >>> log = Interactions.from_columns([0] * 4 + [1] * 4, [1, 2, 3, 4] * 2, [1, 2, 3, 4] * 2)
    >>> student = SASRec(log.items, width=4, blocks=1, window=3)
    >>> len(distil(student, EASE(log.items).fit(log), log, epochs=2).losses)
    2
    """
    for model in (student, teacher):
        model._check_log(log)
    as_product(student)
    told = Told(
        log, teacher, student.window, batch, student.seed, min(whole("keep", keep), log.n_items)
    )
    heat, weight = positive("temperature", temperature), share_of_one("share", share)
    student.network.draw_by_popularity(np.bincount(log.item, minlength=log.n_items + 1))
    if validation is not None and not isinstance(validation, RankingValidation):
        validation = RankingValidation(student, validation)
    options = {"validation": validation, "patience": patience, "optimizer": student.optimizer}
    pupil = Pupil(student.network, heat, weight)
    found = fit(pupil, told, whole("epochs", epochs), learning_rate, **options)
    student.losses = [*student.losses, *found.history["loss"]]
    return student


class Told(PaddedBatches):
    """One row a user, with the items that a teacher puts first at each place and their scores.

    Args:
        log: the training log.
        teacher: scores the history up to each place.
        length: of a row.
        batch: rows per step.
        seed: of the order.
        keep: how many items are told.
    """

    def __init__(
        self, log: Interactions, teacher: Recommender, length: int, batch: int, seed: int, keep: int
    ) -> None:
        super().__init__(log, length, batch, seed)
        start, stop = log.bounds()[:-1], log.bounds()[1:]
        some = stop - start > 1
        numbers = np.arange(len(log), dtype=np.int32) + 1
        self.place = pad_slices(numbers, start[some], stop[some] - 1, length)
        rows = np.unique(self.place[self.place > 0])  # places in the log, from 1
        self.slot = np.zeros(len(log) + 1, np.int64)
        self.slot[rows] = np.arange(len(rows))
        self.ids = np.zeros((len(rows), keep), np.int32)
        self.scores = np.zeros((len(rows), keep), np.float32)
        begin = start[log.user[rows - 1]]
        for first in range(0, len(rows), AT_A_TIME):
            part = slice(first, first + AT_A_TIME)
            history = pad_slices(log.item, begin[part], rows[part].astype(np.int64), None)
            found = teacher.recommend(history, keep, exclude_seen=False)
            self.ids[part], self.scores[part] = found

    def take(self, order: NDArray[np.int64]) -> tuple[Any, Any]:
        """Item ids ``(batch, length)``; their targets, what is told, and how it is scored."""
        slots = self.slot[self.place[order]]
        return self.rows[order], (self.targets[order], self.ids[slots], self.scores[slots])


class Pupil(keras.Model):
    """A network that listens to its own loss and to a teacher.

    Args:
        network: of the student.
        heat: temperature of both softmaxes.
        share: what counts the teacher.
    """

    def __init__(self, network: NextItemNetwork, heat: float, share: float) -> None:
        super().__init__()
        self.network, self.heat, self.share = network, heat, share

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """What the network says."""
        return self.network(ids, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> tf.Tensor:
        """The network's own loss, and how far its scores are from those it is told."""
        targets, ids, told = y
        own = self.network.compute_loss(x, targets, y_pred)
        real = targets > 0
        contexts = tf.cast(tf.boolean_mask(y_pred, real), tf.float32)
        ids, told = tf.boolean_mask(ids, real), tf.boolean_mask(told, real)
        vectors = tf.gather(tf.convert_to_tensor(self.network.table), ids)
        scores = tf.einsum("td,tkd->tk", contexts, vectors) + tf.gather(self.network.bias, ids)
        log_s, log_t = (tf.nn.log_softmax(z / self.heat) for z in (scores, told))
        far = tf.reduce_sum(tf.exp(log_t) * (log_t - log_s), axis=1)
        return (1 - self.share) * own + self.share * self.heat**2 * tf.reduce_mean(far)
