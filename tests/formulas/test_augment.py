"""Augmented histories: what each keeps and what it may change, whatever is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec_lite.formulas import cropped, masked, reordered

histories = st.lists(st.integers(1, 30), max_size=15)
shares, seeds = st.floats(0, 1), st.integers(0, 99)


@given(histories, shares, seeds)
def test_a_crop_is_a_piece_of_the_right_length(history, share, seed):
    found = cropped(history, share, np.random.default_rng(seed)).tolist()
    wanted = min(len(history), max(1, int(np.ceil(share * len(history)))))
    assert len(found) == wanted
    assert any(history[s : s + wanted] == found for s in range(len(history) + 1))


@given(histories, shares, seeds)
def test_masking_takes_some_out_keeps_the_order_and_the_newest(history, share, seed):
    found = masked(history, share, np.random.default_rng(seed)).tolist()
    out = min(int(share * len(history)), max(0, len(history) - 1))
    assert len(found) == len(history) - out
    left = iter(history)
    assert all(item in left for item in found)  # a subsequence
    assert found[-1:] == history[-1:]


@given(histories, shares, seeds)
def test_reordering_keeps_the_items_and_all_outside_one_piece(history, share, seed):
    found = reordered(history, share, np.random.default_rng(seed)).tolist()
    assert sorted(found) == sorted(history)
    moved = [t for t, (a, b) in enumerate(zip(history, found, strict=True)) if a != b]
    assert not moved or moved[-1] - moved[0] < int(np.ceil(share * len(history)))


def test_every_place_is_drawn_and_what_was_given_stays():
    history, rng = np.arange(1, 6), np.random.default_rng(0)
    assert {int(cropped(history, 0.2, rng)[0]) for _ in range(200)} == {1, 2, 3, 4, 5}
    gone = [set(history) - set(masked(history, 0.2, rng)) for _ in range(200)]
    assert set.union(*gone) == {1, 2, 3, 4}
    assert any((reordered(history, 1.0, rng) != history).any() for _ in range(5))
    assert history.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("change", [cropped, masked, reordered])
@pytest.mark.parametrize(
    ("history", "share", "message"),
    [
        ([0, 1], 0.5, "^history: expected item ids from 1"),
        ([[1]], 0.5, "^history: expected item ids"),
        ([1.5], 0.5, "^history: expected item ids"),
        ([1], 1.5, "^share: expected a number in"),
        ([1], np.nan, "^share: expected a number in"),
    ],
)
def test_augmentations_refuse_by_name(change, history, share, message):
    with pytest.raises(ValueError, match=message):
        change(history, share, np.random.default_rng(0))
