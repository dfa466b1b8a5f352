"""What a next-item network minimises, for contexts at real positions and their targets."""

from __future__ import annotations

import tensorflow as tf


def sampled_softmax_loss(
    contexts: tf.Tensor,
    targets: tf.Tensor,
    table: tf.Tensor,
    bias: tf.Tensor,
    negatives: tf.Tensor,
    log_q: tf.Tensor,
) -> tf.Tensor:
    """Cross-entropy of each target against itself and the shared negatives.

    Args:
        contexts: one vector per target, float ``(targets, d)``.
        targets: item ids, int ``(targets,)``.
        table: item vectors, ``(N + 1, d)``.
        bias: one number per item, ``(N + 1,)``.
        negatives: item ids drawn for the batch, ``(K,)``; one that equals a row's target is left
            out of that row.
        log_q: log of the expected number of draws of each item, ``(N + 1,)``.

    Returns:
        The mean over targets, a scalar of float32.

    Source: Yi et al. (2019) for the correction.
    """

    def logits(ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(table, ids), tf.gather(bias, ids) - tf.gather(log_q, ids)

    own, own_bias = logits(targets)
    others, other_bias = logits(negatives)
    positive = tf.reduce_sum(contexts * own, axis=-1) + own_bias
    negative = tf.matmul(contexts, others, transpose_b=True) + other_bias
    hit = negatives[tf.newaxis, :] == targets[:, tf.newaxis]
    negative = tf.where(hit, negative.dtype.min, negative)
    everything = tf.concat([positive[:, tf.newaxis], negative], axis=1)
    return tf.reduce_mean(tf.reduce_logsumexp(everything, axis=1) - positive)
