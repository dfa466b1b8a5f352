"""Left-padded histories and windows in which every next item is a target once."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec_lite.data import Interactions, left_pad, windows
from attnrec_lite.data.sequences import pad_slices

ragged = st.lists(st.lists(st.integers(1, 9), max_size=8), max_size=8)


def log_of(histories):
    """A log in which user ``u`` buys ``histories[u]``, one item a second."""
    rows = [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Interactions.from_columns(*zip(*rows, strict=True))


@given(sequences=ragged, length=st.integers(1, 10))
def test_left_pad_keeps_the_newest_items_in_order_at_the_right(sequences, length):
    padded = left_pad(sequences, length)
    assert padded.dtype == np.int32
    assert padded.shape == (len(sequences), length)
    for row, sequence in zip(padded.tolist(), sequences, strict=True):
        newest = sequence[-length:]
        assert row == [0] * (length - len(newest)) + newest


@given(sequences=ragged)
def test_left_pad_without_a_length_loses_nothing(sequences):
    padded = left_pad(sequences)
    assert padded.shape[1] == max([1, *map(len, sequences)])
    assert [row[row > 0].tolist() for row in padded] == sequences


def test_left_pad_by_hand():
    assert left_pad([[1, 2, 3], [4], []], 2).tolist() == [[2, 3], [0, 4], [0, 0]]
    assert left_pad([np.array([5, 6])], 3).tolist() == [[0, 5, 6]]


@pytest.mark.parametrize(
    ("sequences", "length", "message"),
    [
        ([[1, 0, 2]], None, "expected item codes >= 1; received 0 to 2"),
        ([[2**31]], None, "expected item codes >= 1; received 2147483648"),
        ([[1.5]], None, "received float64 of shape \\(1,\\) in sequence 0"),
        ([[1], [[1, 2]]], None, "received int64 of shape \\(1, 2\\) in sequence 1"),
        ([[1]], 0, "length: expected a number >= 1; received 0"),
    ],
)
def test_left_pad_refuses_what_is_no_sequence_of_items(sequences, length, message):
    with pytest.raises(ValueError, match=message):
        left_pad(sequences, length)


def test_pad_slices_works_across_its_pieces():
    items = np.arange(1, 70_001, dtype=np.int32)
    stop = np.arange(1, 70_001)
    padded = pad_slices(items, np.maximum(stop - 2, 0), stop, 2)
    assert padded[0].tolist() == [0, 1]
    assert (padded[1:] == np.stack([items[:-1], items[1:]], 1)).all()


def reference_windows(histories, length, stride):
    """The definition, user by user: from the end backwards, then oldest first."""
    rows, targets = [], []
    for items in histories:
        inputs, following = items[:-1], items[1:]
        stops = list(range(len(inputs), 0, -stride))
        oldest = next((i for i, stop in enumerate(stops) if stop <= length), len(stops) - 1)
        done = 0
        for stop in reversed(stops[: oldest + 1]):
            begin = max(0, stop - length)
            pad = [0] * (length - (stop - begin))
            rows.append(pad + inputs[begin:stop])
            new = [y if begin + i >= done else 0 for i, y in enumerate(following[begin:stop])]
            targets.append(pad + new)
            done = stop
    return rows, targets


histories = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=12), min_size=1, max_size=5)


@given(histories=histories, length=st.integers(1, 6), data=st.data())
def test_windows_are_as_defined(histories, length, data):
    stride = data.draw(st.integers(1, length))
    log = log_of(histories)
    coded = np.split(log.item, log.bounds()[1:-1])
    rows, targets = windows(log, length, stride)
    expected = reference_windows([c.tolist() for c in coded], length, stride)
    assert rows.shape == targets.shape == (len(expected[0]), length)
    assert (rows.tolist(), targets.tolist()) == expected
    assert rows.dtype == targets.dtype == np.int32


@given(histories=histories, length=st.integers(1, 6), data=st.data())
def test_each_transition_is_a_target_exactly_once_and_never_at_padding(histories, length, data):
    stride = data.draw(st.none() | st.integers(1, length))
    # every purchase is another item, so a transition is known by its two items
    count = iter(range(1, 1000))
    log = log_of([[next(count) for _ in items] for items in histories])
    rows, targets = windows(log, length, stride)
    trained = Counter(zip(rows[targets > 0].tolist(), targets[targets > 0].tolist(), strict=True))
    follows = np.diff(log.user) == 0
    pairs = zip(log.item[:-1][follows].tolist(), log.item[1:][follows].tolist(), strict=True)
    assert trained == Counter(pairs)
    assert not targets[rows == 0].any()


def test_windows_by_hand():
    rows, targets = windows(log_of([[1, 2, 3, 4, 5, 6], [7], [8, 9]]), length=3, stride=2)
    assert rows.tolist() == [[1, 2, 3], [3, 4, 5], [0, 0, 8]]
    assert targets.tolist() == [[2, 3, 4], [0, 5, 6], [0, 0, 9]]


def test_windows_of_single_purchases_are_none():
    rows, targets = windows(log_of([[1], [2]]), length=4)
    assert rows.shape == targets.shape == (0, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "length: expected a number >= 1; received 0"),
        ({"length": 4, "stride": 5}, r"stride: expected a number in 1..4 \(length\); received 5"),
        ({"length": 4, "stride": 0}, "stride: .*received 0"),
    ],
)
def test_windows_refuse_bad_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        windows(log_of([[1, 2]]), **options)
