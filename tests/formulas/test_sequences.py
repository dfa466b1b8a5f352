"""Hidden places, pieces of a row, distances, a click: by hand, by loops, by what always holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import packed_mask
from attnrec_lite.formulas import (
    attend,
    click_cost,
    cloze,
    distance_scores,
    multiply_adds,
    softmax,
    visible,
    visible_in_piece,
)

quick = settings(deadline=None, max_examples=40)


@st.composite
def histories(draw):
    """Left-padded ids, some rows empty."""
    length = draw(st.integers(1, 8))
    real = draw(st.lists(st.integers(0, length), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    ids = rng.integers(1, 9, size=(len(real), length))
    return np.where(np.arange(length) >= length - np.array(real)[:, None], ids, 0)


@quick
@given(histories(), st.floats(0.01, 0.99), st.integers(0, 99))
def test_every_row_with_an_item_is_asked_something_that_it_can_no_longer_see(ids, share, seed):
    seen, asked = cloze(ids, share, 9, np.random.default_rng(seed))
    assert_array_equal((seen == 9).any(axis=1), (ids > 0).any(axis=1))
    assert_array_equal(asked > 0, seen == 9)
    assert_array_equal(np.where(seen == 9, asked, seen), ids)


def test_the_share_of_hidden_items_is_the_share_that_was_asked_for():
    ids = np.ones((200, 50), int)
    seen, _ = cloze(ids, 0.3, 2, np.random.default_rng(0))
    assert_allclose((seen == 2).mean(), 0.3, atol=0.02)


def test_cloze_says_what_does_not_fit():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="mask_id: expected more than any id, 5; received 5"):
        cloze([[5]], 0.5, 5, rng)
    with pytest.raises(ValueError, match="share: expected a number above 0 and below 1"):
        cloze([[5]], 1.0, 6, rng)
    with pytest.raises(ValueError, match="ids: expected whole numbers"):
        cloze([5], 0.5, 6, rng)


@quick
@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_a_slot_sees_its_own_piece_up_to_itself(segments):
    seen = visible_in_piece(segments)
    for i, j in np.ndindex(seen.shape):
        assert seen[i, j] == (segments[i] == segments[j] > 0 and j <= i)
    assert_array_equal(seen, packed_mask([segments])[0])


def test_one_piece_is_a_causal_mask():
    assert_array_equal(visible_in_piece([1] * 5), visible(np.ones(5, bool), causal=True))


def test_segments_must_be_whole_numbers_from_0():
    for wrong in ([0.5], [-1], 3):
        with pytest.raises(ValueError, match="segments: expected whole numbers from 0"):
            visible_in_piece(wrong)


def test_numbers_of_zero_leave_a_causal_attention():
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 5, 3))
    weights = softmax(distance_scores(q, k, np.zeros(5)))
    assert_allclose(weights, attend(q, k, k, visible(np.ones(5, bool), causal=True))[1])


@quick
@given(st.integers(2, 6), st.integers(0, 99))
def test_a_click_at_the_end_changes_no_score_that_was_there(n, seed):
    rng = np.random.default_rng(seed)
    q, k, b = rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), rng.normal(size=n)
    assert_allclose(distance_scores(q[:-1], k[:-1], b), distance_scores(q, k, b)[:-1, :-1])


def test_distance_scores_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"keys: expected shape \(2, 1\), as queries has"):
        distance_scores([[1], [2]], [[1]], [0, 0])
    with pytest.raises(ValueError, match="numbers: expected 2 or more; received 1"):
        distance_scores([[1], [2]], [[1], [2]], [0])


def test_recomputing_costs_what_the_layers_cost_and_n_times_a_click():
    n, d, inner, blocks = 40, 16, 64, 3
    cost = click_cost(n, d, inner, blocks)
    layer = multiply_adds(n, n, d)
    attention = layer["scores"] + layer["sums"] + layer["projections"]
    assert cost["recomputed"] == blocks * (attention + 2 * n * d * inner)
    assert cost["recomputed"] == n * cost["cached"]


def test_click_cost_refuses_what_is_no_whole_number():
    with pytest.raises(ValueError, match="blocks: expected an integer of at least 1; received 0"):
        click_cost(10, 8, 8, 0)
