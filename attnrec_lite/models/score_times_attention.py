"""Score times attention: what the second source article set out to build.

The five slots: query = the candidate; keys = the history; values = the scores themselves; score =
dot product of past item and candidate plus a learned bias for how long ago; normaliser = softmax
over the history; readout = the scores, each times its weight, summed, plus the candidate's bias:
equation (7.3).

The repair adds the history, over which the softmax now runs (a softmax over one user's one number
is 1), the bias for how long ago, and training against items that were not chosen.
"""

from __future__ import annotations

import tensorflow as tf

from attnrec_lite.models._candidates import CandidateNetwork, CandidateRecommender


class ScoreTimesNetwork(CandidateNetwork):
    """A past item's score for a candidate decides its weight, and is what is weighted."""

    def pair(self, past: tf.Tensor, offered: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Dot products, as scores and as values."""
        r = tf.matmul(past, offered, transpose_b=True)
        return r, r


class ScoreTimesAttention(CandidateRecommender):
    """Every past item scores every candidate; those that score it high count most: (7.3).

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
    >>> model = ScoreTimesAttention(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.attention([[1, 2]], [[3, 4]]).axes
    ('user', 'candidate', 'key')
    """

    name = "score x attention"
    network_type = ScoreTimesNetwork
