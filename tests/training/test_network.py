"""What counts in the loss, and which negatives are drawn."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.training import (
    SMOOTHING,
    NextItemNetwork,
    independent_seeds,
)

N, D = 6, 3


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


class Lookup(NextItemNetwork):
    """The smallest network: the context of a position is the vector of its item."""

    def call(self, ids, training=False):
        return tf.gather(self.table, ids)


def network(negatives=8, seed=0):
    return Lookup(N, D, negatives, seed)


def loss_of(net, ids, targets):
    """The loss with the negatives of the first step, whatever was drawn before."""
    net.draws.state.assign([0, 0])
    ids, targets = np.array(ids, np.int32), np.array(targets, np.int32)
    return float(net.compute_loss(ids, tf.constant(targets), net(ids)))


def test_positions_without_a_target_never_count():
    net = network()
    ids = [[0, 0, 0, 1, 2], [0, 3, 4, 5, 6], [1, 2, 3, 4, 5], [0, 0, 0, 0, 2]]
    targets = [[0, 0, 0, 2, 3], [0, 4, 5, 6, 1], [0, 0, 0, 5, 6], [0, 0, 0, 0, 4]]
    counts = np.count_nonzero(targets, axis=1)
    rows = [loss_of(net, [i], [t]) for i, t in zip(ids, targets, strict=True)]
    assert_allclose(loss_of(net, ids, targets), np.average(rows, weights=counts), rtol=1e-5)
    assert not np.isclose(loss_of(net, ids, targets), np.mean(rows), rtol=1e-4)
    spoilt = np.where(np.array(targets) > 0, ids, 6)
    assert loss_of(net, spoilt, targets) == loss_of(net, ids, targets)


def test_negatives_are_fresh_each_step_and_the_same_for_a_seed():
    ids, targets = np.array([[1, 2, 3]]), tf.constant([[2, 3, 4]])

    def run(seed):
        net = network(negatives=2, seed=seed)
        net.table.assign(normal(N + 1, D, seed=9))
        return [float(net.compute_loss(ids, targets, net(ids))) for _ in range(6)]

    assert run(0) == run(0)
    assert run(0) != run(1)
    assert len(set(run(0))) > 1


def drawn_items(net, monkeypatch):
    """The negatives of one step, read off the loss."""
    seen = []
    monkeypatch.setattr(
        "attnrec_lite.training.network.sampled_softmax_loss",
        lambda *a: seen.append(a[4].numpy()) or 0.0,
    )
    ids = np.array([[1]])
    net.compute_loss(ids, tf.constant([[2]]), net(ids))
    return seen[0]


def test_negatives_follow_smoothed_popularity_and_are_never_padding(monkeypatch):
    net = network(negatives=40_000)
    counts = np.array([10**6, 100, 10, 1, 0, 1, 50])  # what stands at padding is not looked at
    net.draw_by_popularity(counts)
    drawn = drawn_items(net, monkeypatch)
    q = np.maximum(counts[1:], 1) ** SMOOTHING
    q = q / q.sum()
    assert drawn.min() == 1
    assert drawn.max() == N
    assert_allclose(np.bincount(drawn, minlength=N + 1)[1:] / len(drawn), q, atol=0.01)
    assert_allclose(net.log_q.numpy()[1:], np.log(q * 40_000), rtol=1e-5)
    assert np.isfinite(net.log_q.numpy()).all()


def test_before_popularity_is_known_every_item_is_drawn_alike(monkeypatch):
    drawn = drawn_items(network(negatives=30_000), monkeypatch)
    assert_allclose(np.bincount(drawn, minlength=N + 1)[1:] / len(drawn), 1 / N, atol=0.01)


@pytest.mark.parametrize("point", [0.0, 0.999999, 1.0])
def test_a_draw_at_either_end_is_an_item(point, monkeypatch):
    net = network(negatives=3)
    net.draw_by_popularity(np.ones(N + 1, np.int64))
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_: tf.fill([3], point))
    assert_array_equal(drawn_items(net, monkeypatch), [1 if point == 0 else N] * 3)


def test_the_parts_of_a_model_draw_from_unrelated_seeds():
    seeds = [seed for start in range(50) for seed in independent_seeds(start, 8)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
