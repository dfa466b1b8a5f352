"""Copies side by side: each has its own rows, order, weights and end."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import log_loss, sigmoid
from attnrec_lite.models._together import BestOfEach, SideBySide, dense, log_losses, rows_of

RNG = np.random.default_rng(0)


def test_every_copy_reads_its_own_table():
    table, ids = RNG.normal(size=(3, 5, 2)), RNG.integers(0, 5, (3, 4, 6))
    found = rows_of(tf.constant(table), tf.constant(ids))
    assert_array_equal(found, np.stack([t[i] for t, i in zip(table, ids, strict=True)]))


def test_every_copy_has_its_own_dense_layer():
    x, w, b = RNG.normal(size=(3, 4, 6, 2)), RNG.normal(size=(3, 2, 5)), RNG.normal(size=(3, 1, 5))
    found = dense(tf.constant(x), (tf.constant(w), tf.constant(b)))
    expected = np.stack([x[c] @ w[c] + b[c] for c in range(3)])
    assert_allclose(found, expected, atol=1e-12)


def test_log_losses_are_those_of_each_copy_and_unknown_labels_do_not_count():
    labels = np.array([[1, 0, -1], [0, 0, 1], [-1, -1, -1]])
    log_odds = np.array([[2.0, -1.0, 500.0], [0.5, 500.0, -500.0], [1.0, 2.0, 3.0]])
    found = log_losses(labels, tf.constant(log_odds)).numpy()
    assert_allclose(found[0], log_loss([1, 0], sigmoid([2.0, -1.0])), rtol=1e-6)
    assert_allclose(found[1], (np.log1p(np.exp(0.5)) + 1000) / 3, rtol=1e-6)
    assert found[2] == 0


def batches(*seeds, units=7):
    x = [{"a": np.arange(units) + 100 * copy} for copy in range(len(seeds))]
    y = [np.arange(units) + 100 * copy for copy in range(len(seeds))]
    return SideBySide(x, y, 3, list(seeds))


def epoch(data):
    found = [data[step] for step in range(len(data))]
    return np.concatenate([x["a"] for x, _ in found]), np.concatenate([y for _, y in found])


def test_every_copy_sees_each_of_its_rows_once_with_its_label():
    x, y = epoch(batches(4, 5))
    assert x.shape == (7, 2)
    assert_array_equal(x, y)
    assert sorted(x[:, 0]) == list(range(7))
    assert sorted(x[:, 1]) == list(range(100, 107))
    assert x[:, 0].tolist() != (x[:, 1] - 100).tolist()


def test_the_order_of_a_copy_is_the_one_it_has_alone_in_every_epoch():
    both, alone, late = batches(4, 5), batches(5), batches(4, 5)
    for number in range(3):
        assert_array_equal(epoch(both)[0][:, 1] - 100, epoch(alone)[0][:, 0])
        late.start_at(number)
        assert_array_equal(epoch(late)[0], epoch(both)[0])
        both.on_epoch_end()
        alone.on_epoch_end()


def test_a_copy_that_has_stopped_keeps_its_best_weights_whatever_comes_later():
    """Copy 0 gets worse and later, after its patience, better than ever; copy 1 always better."""
    log_odds = np.array([[3.0, 2.0, 2.5, 9.0], [1.0, 2.0, 3.0, 4.0]])
    judge = BestOfEach([{"a": np.zeros(1)}] * 2, [np.ones(1)] * 2, patience=2)
    given = {}
    for number in range(4):
        judge.set_model(
            SimpleNamespace(
                look=lambda x, n=number: (tf.constant(log_odds[:, n : n + 1]), None),
                state=lambda n=number: {"w": np.full((2, 1), float(n))},
                set_state=given.update,
                stop_training=False,
            )
        )
        judge.on_epoch_end(number)
        assert not judge.model.stop_training
    judge.on_train_end()
    assert given["w"].ravel().tolist() == [0.0, 3.0]
    assert judge.epochs.tolist() == [3, 4]


def test_training_stops_when_every_copy_has():
    judge = BestOfEach([{"a": np.zeros(1)}] * 2, [np.ones(1)] * 2, patience=1)
    model = SimpleNamespace(
        look=lambda x: (tf.zeros((2, 1)), None), state=lambda: {"w": np.zeros(2)}
    )
    judge.set_model(model)
    judge.on_epoch_end(0)
    assert not model.stop_training
    judge.on_epoch_end(1)
    assert model.stop_training
