"""The score that every world starts from, against the formulas; and what is drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import dot_scores, preference_scores, softmax
from attnrec_lite.worlds import preference
from attnrec_lite.worlds.taste import draw, make_items, make_tastes, picked

VECTORS = np.vstack([np.zeros(3), np.random.default_rng(0).normal(size=(6, 3))])


def test_the_score_is_attention_and_preference_row_by_row():
    history = np.array([[0, 2, 5, 1], [0, 0, 0, 4], [3, 3, 6, 6]])
    found = preference(history, VECTORS)
    for row, seen in enumerate(history):
        keys = VECTORS[seen[seen > 0]]
        weights = softmax(dot_scores(keys[-1], keys) / np.sqrt(3))
        assert_allclose(found[row], preference_scores(weights @ keys, VECTORS), atol=1e-12)


def test_padding_changes_nothing_and_no_history_prefers_nothing():
    assert_allclose(preference([[1, 2]], VECTORS), preference([[0, 0, 1, 2]], VECTORS))
    assert not preference([[0, 0]], VECTORS).any()
    assert not preference(np.zeros((1, 0), int), VECTORS).any()


def test_the_scale_sharpens():
    sharp = preference([[2, 5, 1]], VECTORS, scale=1e-6)
    newest = VECTORS[[2, 5, 1]] @ VECTORS[1]
    assert_allclose(sharp, VECTORS[[[2, 5, 1][newest.argmax()]]] @ VECTORS.T, atol=1e-6)


def test_draws_follow_the_softmax_of_utility():
    rng = np.random.default_rng(1)
    utility = np.tile([9.0, 0.0, 1.0, -np.inf], (40_000, 1))
    first = draw(rng, utility, 2)[:, -1]
    shares = np.bincount(first, minlength=4) / len(first)
    assert_allclose(shares[[1, 2]], softmax([0.0, 1.0]), atol=0.01)
    assert shares[0] == shares[3] == 0


def test_items_and_tastes_have_the_lengths_that_they_claim():
    rng = np.random.default_rng(0)
    vectors, kind = make_items(rng, 50, 4)
    assert not vectors[0].any()
    assert kind[0] == -1
    assert set(kind[1:]) <= set(range(4))
    assert_allclose(np.linalg.norm(make_tastes(rng, vectors, 9), axis=1), 1)


def test_what_stands_in_lists_is_picked():
    assert_array_equal(picked(np.array([[5, 6, 7]]), np.array([[2, 0]], np.int32)), [[7, 5]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: preference([[9]], VECTORS), r"^history: expected ids in 0\.\.6"),
        (lambda: preference([[1, 0]], VECTORS), "^history: expected padding"),
        (lambda: preference([[1]], VECTORS, 0), "^scale: expected a finite number above 0"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
