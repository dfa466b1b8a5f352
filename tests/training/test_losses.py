"""The loss against a plain loop."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from attnrec_lite.training import (
    sampled_softmax_loss,
)

N, D = 6, 3


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def parts(negatives=(1, 4, 4, 6), seed=0):
    """Contexts, targets, table, bias, negatives and log q; the third target is drawn, too."""
    q = np.array([1.0, 0.3, 0.1, 0.1, 0.3, 0.1, 0.1])
    log_q = np.log(q * len(negatives)).astype(np.float32)
    contexts, table = normal(5, D, seed=seed), normal(N + 1, D, seed=seed + 1)
    targets, bias = np.array([2, 3, 4, 6, 5]), normal(N + 1, seed=seed + 2)
    return contexts, targets, table, bias, np.array(negatives), log_q


def loop_loss(contexts, targets, table, bias, negatives, log_q):
    """One target at a time, as the definition reads."""
    losses = []
    for z, target in zip(contexts, targets, strict=True):
        rivals = [target, *(n for n in negatives if n != target)]
        logits = [float(z @ table[i] + bias[i] - log_q[i]) for i in rivals]
        losses.append(np.log(np.sum(np.exp(logits))) - logits[0])
    return np.mean(losses)


@pytest.mark.parametrize("negatives", [(1, 4, 4, 6), (2,), (4, 4), (1, 2, 3, 4, 5, 6)])
def test_loss_equals_a_loop(negatives):
    arguments = parts(negatives)
    assert_allclose(sampled_softmax_loss(*arguments), loop_loss(*arguments), rtol=1e-5)


def test_with_every_item_drawn_evenly_it_is_the_full_softmax():
    """Each logit then loses the same log q, and the target's own draw is left out: nothing else."""
    contexts, targets, table, bias, everyone, _ = parts(tuple(range(1, N + 1)))
    log_q = np.zeros(N + 1, np.float32)  # each of N draws with chance 1 / N: log(N / N)
    logits = tf.constant(contexts @ table[1:].T + bias[1:])
    full = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets - 1, logits=logits)
    found = sampled_softmax_loss(contexts, targets, table, bias, everyone, log_q)
    assert_allclose(found, tf.reduce_mean(full), rtol=1e-5)


def test_a_negative_that_is_the_target_is_left_out_of_that_row_only():
    contexts, targets, table, bias, _, log_q = parts()
    one = [x[2:3] for x in (contexts, targets)]  # the target is item 4
    without = sampled_softmax_loss(*one, table, bias, np.array([1, 6]), log_q)
    collided = sampled_softmax_loss(*one, table, bias, np.array([1, 4, 6]), log_q)
    assert_allclose(collided, without, rtol=1e-6)
    other = [x[:1] for x in (contexts, targets)]  # the target is item 2: item 4 is a rival
    assert sampled_softmax_loss(*other, table, bias, np.array([1, 4, 6]), log_q) > (
        sampled_softmax_loss(*other, table, bias, np.array([1, 6]), log_q)
    )


def test_the_correction_undoes_that_popular_items_are_drawn_more_often():
    """What rivals add to the sum is that of the full softmax, whatever they were drawn with."""
    contexts, targets, table, bias, _, _ = parts()
    rng, draws = np.random.default_rng(0), 20_000
    logits = contexts @ table[1:].T + bias[1:]
    mine = np.arange(5), targets - 1
    expected = np.exp(logits).sum(axis=1) - np.exp(logits)[mine]
    for q in ([0.4, 0.25, 0.15, 0.1, 0.06, 0.04], [0.02, 0.08, 0.1, 0.1, 0.3, 0.4]):
        negatives = rng.choice(np.arange(1, N + 1), size=draws, p=q)
        log_q = np.log(np.concatenate([[1.0], q]) * draws).astype(np.float32)
        found = []
        for correction in (log_q, np.full_like(log_q, np.log(draws / N))):
            arguments = table, bias, negatives, correction
            loss = [
                sampled_softmax_loss(contexts[i : i + 1], targets[i : i + 1], *arguments).numpy()
                for i in range(5)
            ]
            found.append(np.expm1(loss) * np.exp(logits[mine] - correction[targets]))
        assert_allclose(found[0], expected, rtol=0.05)
        assert not np.allclose(found[1], expected, rtol=0.2)  # drawn, but not corrected


def test_gradients_are_finite_for_collisions_and_huge_logits():
    contexts, targets, table, bias, negatives, log_q = parts((4, 4, 4))
    variables = [tf.Variable(x * 100) for x in (contexts, table, bias)]
    with tf.GradientTape() as tape:
        z, t, b = variables
        loss = sampled_softmax_loss(z, targets, t, b, negatives, log_q)
    for gradient in tape.gradient(loss, variables):
        assert np.isfinite(tf.convert_to_tensor(gradient).numpy()).all()
