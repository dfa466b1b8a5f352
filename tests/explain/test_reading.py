"""A network read once more says what it said; other vectors and other weights do what they say."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from attnrec_lite.data.sequences import left_pad
from attnrec_lite.explain._reading import movable, places, readable, scores_of, table_of

HISTORIES = [[1, 2, 3], [4], [7, 6, 5, 4, 3, 2, 1], [2, 2, 5], [6, 1, 3, 7, 2]]


def test_a_network_read_once_more_says_what_it_said(network):
    for history in HISTORIES:  # alone: without padding
        ids = places(network, np.array([history], np.int32))
        found = np.asarray(scores_of(network, ids))
        assert_allclose(found[:, 1:], network.score_all([history])[:, 1:], atol=2e-5)
    rows = left_pad(HISTORIES)
    found = np.asarray(scores_of(network, places(network, rows)))
    assert_allclose(found[:, 1:], network.score_all(rows)[:, 1:], atol=2e-5)


def test_the_vectors_of_another_item_are_another_history(network):
    history, other = np.array([[1, 2, 3, 4]], np.int32), np.array([[1, 5, 3, 4]], np.int32)
    vectors = tf.gather(table_of(network), places(network, other))
    found = np.asarray(scores_of(network, places(network, history), vectors))
    assert_allclose(found[:, 1:], network.score_all(other)[:, 1:], atol=2e-5)


def test_weights_that_stay_change_nothing_and_others_do(network):
    if not movable(network):
        pytest.skip("a mean has no weights to move")
    ids = places(network, np.array([[1, 2, 3, 4]], np.int32))
    own = np.asarray(scores_of(network, ids))
    assert_allclose(np.asarray(scores_of(network, ids, move=lambda w: w)), own, atol=2e-5)
    turned = np.asarray(scores_of(network, ids, move=lambda w: tf.reverse(w, [2])))
    assert np.abs(turned - own)[:, 1:].max() > 1e-6


def test_all_of_the_weight_on_one_key_leaves_the_others_unread(fitted):
    model = fitted("qkv")
    ids = places(model, np.array([[1, 2, 3, 4]], np.int32))
    only = np.zeros((1, 2, 4), np.float32)
    only[..., 1] = 1
    first = np.asarray(scores_of(model, ids, move=lambda w: tf.constant(only)))
    vectors = np.array(tf.gather(table_of(model), ids))
    rng = np.random.default_rng(0)
    vectors[0, [0, 2]] = rng.normal(size=(2, 4))  # neither read nor asking
    again = np.asarray(scores_of(model, ids, tf.constant(vectors), lambda w: tf.constant(only)))
    assert_allclose(first, again, atol=1e-5)
    vectors[0, 1] = rng.normal(size=4)
    read = np.asarray(scores_of(model, ids, tf.constant(vectors), lambda w: tf.constant(only)))
    assert np.abs(read - again)[:, 1:].max() > 1e-3


@pytest.mark.parametrize("name", ["ease", "popularity", "routed", "bpr"])
def test_what_cannot_be_read_says_so(fitted, name):
    model = fitted(name)
    assert not readable(model)
    assert not movable(model)
    with pytest.raises(TypeError, match="^model: expected one with a network that can be read"):
        scores_of(model, np.array([[1]]))
