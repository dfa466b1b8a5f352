"""What a next-item network minimises, for contexts at real positions and their targets."""

from __future__ import annotations

import tensorflow as tf


def full_softmax_loss(
    contexts: tf.Tensor, targets: tf.Tensor, table: tf.Tensor, bias: tf.Tensor
) -> tf.Tensor:
    """Cross-entropy of each target against the whole catalogue: equation (11.5).

    Padding does not compete.

    Args:
        contexts: one vector per target, float ``(targets, d)``.
        targets: item ids 1..N, int ``(targets,)``.
        table: item vectors, ``(N + 1, d)``.
        bias: one number per item, ``(N + 1,)``.

    Returns:
        The mean over targets, a scalar of float32.
    """
    everything = tf.matmul(contexts, table[1:], transpose_b=True) + bias[1:]
    own = _own_scores(contexts, targets, table, bias)
    # Written out, as sparse_softmax_cross_entropy takes 1.6 times as long on a CPU.
    return tf.reduce_mean(tf.reduce_logsumexp(everything, axis=1) - own)


def sampled_softmax_loss(
    contexts: tf.Tensor,
    targets: tf.Tensor,
    table: tf.Tensor,
    bias: tf.Tensor,
    negatives: tf.Tensor,
    log_q: tf.Tensor,
) -> tf.Tensor:
    """Cross-entropy of each target against itself and the shared negatives: equation (11.6).

    Args:
        contexts: one vector per target, float ``(targets, d)``.
        targets: item ids 1..N, int ``(targets,)``.
        table: item vectors, ``(N + 1, d)``.
        bias: one number per item, ``(N + 1,)``.
        negatives: item ids drawn for the batch, ``(K,)``; one that equals a row's target is left
            out of that row.
        log_q: log of the expected number of draws of each item, ``(N + 1,)``.

    Returns:
        The mean over targets, a scalar of float32.

    Source: Yi et al. (2019) for the correction.
    """
    others = tf.gather(bias, negatives) - tf.gather(log_q, negatives)
    negative = tf.matmul(contexts, tf.gather(table, negatives), transpose_b=True) + others
    hit = negatives[tf.newaxis, :] == targets[:, tf.newaxis]
    negative = tf.where(hit, negative.dtype.min, negative)
    positive = _own_scores(contexts, targets, table, bias) - tf.gather(log_q, targets)
    # The cross-entropy of two: the target, and all negatives as one.
    return tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(negative, axis=1) - positive))


def binary_loss(
    contexts: tf.Tensor,
    targets: tf.Tensor,
    table: tf.Tensor,
    bias: tf.Tensor,
    negatives: tf.Tensor,
    power: float = 1.0,
) -> tf.Tensor:
    """Binary cross-entropy: the target is a yes, every negative a no: (11.7).

    Args:
        contexts: one vector per target, float ``(targets, d)``.
        targets: item ids 1..N, int ``(targets,)``.
        table: item vectors, ``(N + 1, d)``.
        bias: one number per item, ``(N + 1,)``.
        negatives: item ids, ``(K,)`` for all targets or ``(targets, K)``; one that equals the
            target does not count, and where all do, the target alone is learned.
        power: of the target's probability; 1 is plain, and see ``gbce_loss``.

    Returns:
        The mean over targets of the mean over a target and its negatives, a scalar of float32.

    Source: Kang and McAuley (2018), with one negative.
    """
    shared = len(negatives.shape) == 1
    vectors, others = tf.gather(table, negatives), tf.gather(bias, negatives)
    if shared:
        negative = tf.matmul(contexts, vectors, transpose_b=True) + others
    else:
        negative = tf.einsum("td,tkd->tk", contexts, vectors) + others
    counts = tf.cast(negatives != targets[:, tf.newaxis], tf.float32)
    positive = _own_scores(contexts, targets, table, bias)
    # log sigmoid(s) = -softplus(-s), and a power comes out of a logarithm as a factor: so nothing
    # here overflows, and no probability is formed that float32 would round to 0 or 1.
    yes = power * tf.nn.softplus(-positive)
    no = tf.reduce_sum(counts * tf.nn.softplus(negative), axis=1)
    return tf.reduce_mean((yes + no) / (1.0 + tf.reduce_sum(counts, axis=1)))


def gbce_loss(
    contexts: tf.Tensor,
    targets: tf.Tensor,
    table: tf.Tensor,
    bias: tf.Tensor,
    negatives: tf.Tensor,
    t: float = 0.75,
) -> tf.Tensor:
    """Binary cross-entropy whose target counts less, as few negatives are seen: (11.8), (11.9).

    Args:
        contexts: one vector per target, float ``(targets, d)``.
        targets: item ids 1..N, int ``(targets,)``.
        table: item vectors, ``(N + 1, d)``.
        bias: one number per item, ``(N + 1,)``.
        negatives: as for ``binary_loss``.
        t: 0 is plain binary cross-entropy; 1 makes up for the sampling wholly.

    Returns:
        A scalar of float32.

    Source: Petrov and Macdonald (2023), who recommend 256 negatives and t = 0.75.
    """
    share = min(1.0, negatives.shape[-1] / max(1, table.shape[0] - 2))  # of the negatives there are
    return binary_loss(contexts, targets, table, bias, negatives, power=1.0 - t * (1.0 - share))


def _own_scores(
    contexts: tf.Tensor, targets: tf.Tensor, table: tf.Tensor, bias: tf.Tensor
) -> tf.Tensor:
    """The score of each context's own target, ``(targets,)``."""
    return tf.reduce_sum(contexts * tf.gather(table, targets), axis=-1) + tf.gather(bias, targets)
