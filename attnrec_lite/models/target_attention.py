"""Target attention: what the fourth source article set out to build.

The five slots: query = the candidate, projected; keys and values = the history, projected; score =
scaled dot product plus a learned bias for how long ago; normaliser = softmax over the history;
readout = dot product of the candidate and its own context, plus its bias: equation (7.7).

The repair adds what turns a context into a score, the training, the three projections that the
source explains and leaves out, and the bias for how long ago. There, the history asks about
candidates and the softmax runs over them; here the candidate asks, and the history answers.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from attnrec_lite.models._candidates import CandidateNetwork, CandidateRecommender


class TargetNetwork(CandidateNetwork):
    """Projections of candidates and history, and their scaled dot product."""

    def __init__(self, n_items: int, width: int, *args: Any, **options: Any) -> None:
        super().__init__(n_items, width, *args, **options)
        for name, seed in zip(("w_q", "w_k", "w_v"), self.seeds[2:], strict=False):
            start = keras.initializers.GlorotUniform(seed=seed)
            weight = self.add_weight(shape=(width, width), initializer=start, name=name)
            setattr(self, name, weight)

    def pair(self, past: tf.Tensor, offered: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scaled dot products of keys and queries; dot products of values and candidates."""
        # k . q = (W_K h) . (W_Q e) = (W_Q' W_K h) . e: projecting the past alone is cheaper, for
        # there are few past items and a whole catalogue of candidates.
        asked = tf.tensordot(tf.tensordot(past, self.w_k, 1), self.w_q, [[-1], [-1]])
        values = tf.tensordot(past, self.w_v, 1)
        s = tf.matmul(asked, offered, transpose_b=True) / offered.shape[-1] ** 0.5
        return s, tf.matmul(values, offered, transpose_b=True)


class TargetAttention(CandidateRecommender):
    """The candidate asks, the history answers: one context, and one score, per candidate: (7.7).

    Args:
        items: the vocabulary.
        width: of item vectors.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        tables: 2 gives an item one vector as what was met and another as what is offered.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = TargetAttention(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.attention([[1, 2]], [[3, 4]]).axes
    ('user', 'candidate', 'key')
    """

    name = "target attention"
    network_type = TargetNetwork
