"""The losses against plain loops."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from attnrec_lite.training import (
    binary_loss,
    full_softmax_loss,
    gbce_loss,
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


# ---- full softmax ------------------------------------------------------------------------------


def test_full_softmax_is_the_cross_entropy_of_tensorflow():
    contexts, targets, table, bias, *_ = parts()
    logits = tf.constant(contexts @ table[1:].T + bias[1:])
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets - 1, logits=logits)
    assert_allclose(
        full_softmax_loss(contexts, targets, table, bias), tf.reduce_mean(expected), rtol=1e-5
    )


def test_padding_does_not_compete_in_the_full_softmax():
    contexts, targets, table, bias, *_ = parts()
    before = full_softmax_loss(contexts, targets, table, bias)
    table[0], bias[0] = 100, 100
    assert full_softmax_loss(contexts, targets, table, bias) == before


# ---- binary and gBCE ---------------------------------------------------------------------------


def loop_binary(contexts, targets, table, bias, negatives, beta=1.0):
    """In float64 as the definition reads: log sigmoid to the power beta, log one minus sigmoid."""
    losses = []
    for z, target, row in zip(contexts, targets, negatives, strict=True):
        s = (table.astype(np.float64) @ z + bias).astype(np.float64)
        chance = 1 / (1 + np.exp(-s))
        rivals = [n for n in row if n != target]
        terms = [np.log(chance[target] ** beta), *(np.log(1 - chance[n]) for n in rivals)]
        losses.append(-np.mean(terms))
    return np.mean(losses)


@pytest.mark.parametrize("negatives", [(1, 4, 4, 6), (2,), (4, 4), (1, 2, 3, 4, 5, 6)])
def test_binary_loss_equals_a_loop(negatives):
    contexts, targets, table, bias, *_ = parts()
    shared = np.tile(negatives, (5, 1))
    expected = loop_binary(contexts, targets, table, bias, shared)
    known = contexts, targets, table, bias
    assert_allclose(binary_loss(*known, np.array(negatives)), expected, rtol=1e-5)
    assert_allclose(binary_loss(*known, shared), expected, rtol=1e-5)


def test_each_target_may_have_negatives_of_its_own():
    contexts, targets, table, bias, *_ = parts()
    own = np.random.default_rng(0).integers(1, N + 1, (5, 3))
    assert_allclose(
        binary_loss(contexts, targets, table, bias, own),
        loop_binary(contexts, targets, table, bias, own),
        rtol=1e-5,
    )


@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("negatives", [(1, 4), (2, 3, 5, 6), (1, 1, 1, 1, 1, 1, 1)])
def test_gbce_raises_the_chance_of_the_target_to_a_power(t, negatives):
    contexts, targets, table, bias, *_ = parts()
    alpha = min(1.0, len(negatives) / (N - 1))
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)  # as printed in the paper
    expected = loop_binary(contexts, targets, table, bias, np.tile(negatives, (5, 1)), beta)
    found = gbce_loss(contexts, targets, table, bias, np.array(negatives), t=t)
    assert_allclose(found, expected, rtol=1e-5)
    if t == 0:
        assert_allclose(found, binary_loss(contexts, targets, table, bias, np.array(negatives)))


@pytest.mark.parametrize("score", [-60.0, 60.0])
@pytest.mark.parametrize("loss", [binary_loss, gbce_loss])
def test_a_score_of_sixty_stays_finite_in_float32(score, loss):
    table, bias = tf.zeros((N + 1, D)), tf.Variable(tf.fill([N + 1], score))
    with tf.GradientTape() as tape:
        found = loss(tf.zeros((2, D)), tf.constant([1, 2]), table, bias, tf.constant([3, 4]))
    assert np.isfinite(found)
    assert found > 10  # either the target or its rivals are wholly wrong
    assert np.abs(tf.convert_to_tensor(tape.gradient(found, bias))).sum() > 0.1


@pytest.mark.parametrize("loss", [full_softmax_loss, sampled_softmax_loss, binary_loss, gbce_loss])
def test_a_catalogue_of_one_item_has_a_loss(loss):
    table, bias = tf.Variable(tf.ones((2, D))), tf.Variable([0.0, 0.5])
    more = {full_softmax_loss: (), sampled_softmax_loss: (tf.constant([1, 1]), tf.zeros(2))}
    with tf.GradientTape() as tape:
        arguments = more.get(loss, (tf.constant([1, 1]),))
        found = loss(tf.ones((2, D)), tf.constant([1, 1]), table, bias, *arguments)
    assert np.isfinite(found)
    assert found >= 0
    for gradient in tape.gradient(found, [table, bias]):
        assert np.isfinite(tf.convert_to_tensor(gradient)).all()
