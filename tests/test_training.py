"""The loss against a plain loop, and batches that show every target once in a known order."""

import itertools
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.training import (
    SMOOTHING,
    NextItemNetwork,
    WindowBatches,
    independent_seeds,
    sampled_softmax_loss,
)

N, D = 6, 3


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def log_of(histories):
    """A log in which user ``u`` takes ``histories[u]``, one item a second."""
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


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


# ---- the network -------------------------------------------------------------------------------


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
        "attnrec_lite.training.sampled_softmax_loss", lambda *a: seen.append(a[4].numpy()) or 0.0
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


# ---- batches -----------------------------------------------------------------------------------


def batches(seed, batch=3, length=4):
    rng = np.random.default_rng(5)
    histories = [rng.integers(1, 9, size=n).tolist() for n in (1, 2, 3, 9, 5, 4, 12, 7)]
    return histories, WindowBatches(log_of(histories), length, batch, seed)


def shown(data):
    """Everything an epoch shows, in order."""
    rows, targets = zip(*[data[step] for step in range(len(data))], strict=True)
    return np.concatenate(rows), np.concatenate(targets)


def test_an_epoch_shows_every_transition_once():
    histories, data = batches(seed=0)
    wanted = Counter()
    for h in histories:
        wanted.update(itertools.pairwise(h))
    for _ in range(3):
        rows, targets = shown(data)
        found = Counter(zip(rows[targets > 0], targets[targets > 0], strict=True))
        assert found == wanted
        assert np.all(rows[targets > 0] > 0)
        assert np.all((targets > 0).any(axis=1))  # no step without anything to learn
        data.on_epoch_end()


def test_the_last_batch_is_shorter_and_not_dropped():
    _, data = batches(seed=0, batch=4)
    sizes = [len(data[step][0]) for step in range(len(data))]
    assert sum(sizes) == len(data.rows)
    assert sizes[:-1] == [4] * (len(sizes) - 1)
    assert 0 < sizes[-1] < 4


def test_the_order_is_the_same_for_a_seed_and_another_each_epoch():
    def epochs(seed):
        data = batches(seed)[1]
        orders = []
        for _ in range(3):
            orders.append(shown(data)[0].tolist())
            data.on_epoch_end()
        return orders

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1] != epochs(0)[2]
    assert epochs(0)[0] != epochs(1)[0]


def test_rows_keep_their_targets_when_the_order_changes():
    histories, data = batches(seed=3, length=20)
    data.on_epoch_end()
    rows, targets = shown(data)
    for row, target in zip(rows, targets, strict=True):
        assert [*row[row > 0], target[-1]] in histories
        assert_array_equal(target[-np.count_nonzero(row) : -1], row[row > 0][1:])


def test_a_log_in_which_nothing_follows_anything_is_refused():
    with pytest.raises(ValueError, match="^log: expected a user with two items or more"):
        WindowBatches(log_of([[1], [2]]), 4, 2, 0)
    log = log_of([[1, 2], [3]])
    with pytest.raises(ValueError, match="^log: "):
        WindowBatches(log.select(log.user < 0), 4, 2, 0)


def test_the_parts_of_a_model_draw_from_unrelated_seeds():
    seeds = [seed for start in range(50) for seed in independent_seeds(start, 8)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
