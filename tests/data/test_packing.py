"""Packing changes where items stand, and neither what is learned nor what is looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import (
    Interactions,
    left_pad,
    make_shop,
    pack,
    pack_histories,
    packed_mask,
    slot_owners,
    windows,
)


@st.composite
def logs(draw):
    """Logs of users with 0 to 20 rows more than one."""
    rows = draw(st.lists(st.integers(1, 21), min_size=1, max_size=12))
    user = np.repeat(np.arange(len(rows)), rows)
    return Interactions.from_columns(
        user, draw(st.permutations(range(len(user)))), range(len(user))
    )


SHAPES = {
    "length": st.integers(1, 9),
    "part": st.floats(0, 1),
    "seed": st.none() | st.integers(0, 3),
}


def pieces(rows, targets, segments):
    """Each piece of each row as (items, targets), oldest first."""
    found = []
    for row, target, segment in zip(rows, targets, segments, strict=True):
        for number in range(1, segment.max() + 1):
            inside = segment == number
            found.append((tuple(row[inside].tolist()), tuple(target[inside].tolist())))
    return sorted(found)


def is_piece(rows):
    return (rows > 0).astype(int)


@given(log=logs(), **SHAPES)
def test_the_pieces_are_the_windows(log, length, part, seed):
    stride = max(1, round(part * length))
    rows, targets = windows(log, length, stride)
    packed = pack(log, length, stride, seed)
    assert pieces(packed.rows, packed.targets, packed.segments) == pieces(
        rows, targets, is_piece(rows)
    )
    pairs = [
        np.sort(r[t > 0].astype(np.int64) * 10_000 + t[t > 0])
        for r, t in ((rows, targets), (packed.rows, packed.targets))
    ]
    assert_array_equal(*pairs)  # every (context item, target) pair, as often
    assert len(pairs[0]) == len(log) - log.n_users  # every next item exactly once


@given(log=logs(), **SHAPES)
def test_the_slots_of_a_row_fit_together(log, length, part, seed):
    packed = pack(log, length, max(1, round(part * length)), seed)
    real = packed.rows > 0
    assert not np.any(real[:, :-1] & ~real[:, 1:])  # empty slots are on the left
    assert_array_equal(real, packed.segments > 0)
    assert_array_equal(real, packed.users >= 0)
    assert not packed.targets[~real].any()
    assert not packed.positions[~real].any()
    step = np.diff(np.where(real, packed.segments, 0), axis=1)
    assert np.isin(step, [0, 1]).all()  # numbered from left to right
    owner = dict(zip(log.item.tolist(), log.user.tolist(), strict=True))  # items are unique here
    assert [owner[i] for i in packed.rows[real]] == packed.users[real].tolist()
    for row, ages in zip(packed.segments, packed.positions, strict=True):
        for number in range(1, row.max() + 1):
            assert_array_equal(ages[row == number], np.arange((row == number).sum())[::-1])
    assert packed.fill == (np.mean(real) if real.size else 1.0)


def first_fit(sizes, length):
    """Put the longest first, each into the first row with room, one by one."""
    room = []
    for size in sorted(sizes, reverse=True):
        for row, left in enumerate(room):
            if left >= size:
                room[row] -= size
                break
        else:
            room.append(length - size)
    return sorted(room)


@given(log=logs(), **SHAPES)
def test_the_rows_are_those_of_first_fit(log, length, part, seed):
    stride = max(1, round(part * length))
    sizes = (windows(log, length, stride)[0] > 0).sum(axis=1).tolist()
    empty = (pack(log, length, stride, seed).rows == 0).sum(axis=1)
    assert sorted(empty.tolist()) == first_fit(sizes, length)


@given(
    segments=st.integers(1, 7).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=1, max_size=4
        )
    )
)
def test_the_mask_is_causal_and_keeps_to_its_piece(segments):
    table = np.array(segments)
    mask = packed_mask(table)
    assert mask.dtype == bool
    assert mask.shape == (*table.shape, table.shape[1])
    for (row, query, key), seen in np.ndenumerate(mask):
        piece = table[row, query]
        assert seen == (key <= query and piece > 0 and piece == table[row, key])


def test_a_seed_shuffles_who_meets_and_none_does_not():
    log = make_shop(n_users=200).log
    plain, again, shuffled, other = (pack(log, 20, seed=seed) for seed in (None, None, 1, 2))
    assert_array_equal(plain.rows, again.rows)
    assert (plain.rows[0] > 0).all()
    assert not np.array_equal(shuffled.rows, plain.rows)
    assert not np.array_equal(shuffled.rows, other.rows)
    assert shuffled.fill == plain.fill == other.fill
    assert repr(plain) == f"Packed({len(plain.rows):,} rows of 20, {plain.fill:.1%} full)"


def test_short_histories_fill_their_rows():
    rng = np.random.default_rng(0)
    lengths = np.maximum(1, np.rint(5 * rng.lognormal(0, 0.8, 3000))).astype(int)
    user = np.repeat(np.arange(3000), lengths)
    log = Interactions.from_columns(user, rng.integers(1, 2400, len(user)), range(len(user)))
    owners = slot_owners(log, 50)
    assert np.mean(owners["padded"] > 0) < 0.13
    assert np.mean(owners["packed"] > 0) > 0.99


@pytest.mark.parametrize("rows", [[], [0]])
def test_nobody_with_a_next_item_gives_no_rows(rows):
    packed = pack(make_shop(n_users=3).log.select(rows), 5)
    assert packed.rows.shape == packed.users.shape == (0, 5)
    assert packed.fill == 1.0
    assert {name: o.shape for name, o in slot_owners(make_shop(3).log.select(rows), 5).items()} == {
        name: (0, 5) for name in ("padded", "windows", "packed")
    }


@given(log=logs(), length=st.integers(1, 9))
def test_owners_are_the_users_behind_the_slots(log, length):
    owners = slot_owners(log, length)
    rows, _ = windows(log, length)
    user_of = np.zeros(log.n_items + 1, int)
    user_of[log.item] = log.user + 1
    assert_array_equal(owners["windows"], user_of[rows])
    steps = np.minimum(np.diff(log.bounds()) - 1, length)
    assert_array_equal((owners["padded"] > 0).sum(axis=1), steps[steps > 0])
    assert_array_equal(owners["padded"][:, -1], np.flatnonzero(steps > 0) + 1)
    assert_array_equal(owners["packed"], user_of[pack(log, length).rows])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "length: expected a number >= 1; received 0"),
        ({"length": 5, "stride": 6}, r"stride: expected a number in 1..5 \(length\); received 6"),
        ({"length": 5, "stride": 0}, "received 0"),
    ],
)
def test_rows_need_a_length_and_a_stride(options, message):
    with pytest.raises(ValueError, match=message):
        pack(make_shop(n_users=3).log, **options)


@pytest.mark.parametrize("segments", [[1, 2], [[0.5]], [[[1]]]])
def test_a_mask_needs_numbers_of_pieces(segments):
    with pytest.raises(ValueError, match=r"segments: expected integers of shape \(batch, length\)"):
        packed_mask(segments)


@given(st.lists(st.integers(0, 6), max_size=12), st.integers(0, 3))
def test_packed_histories_are_the_histories(sizes, more):
    histories = [np.arange(1, n + 1) * 100 + u for u, n in enumerate(sizes)]
    history = left_pad(histories, 8)
    packed = pack_histories(history, max([1, *sizes]) + more)
    assert packed.rows.shape[1] == max([1, *sizes]) + more
    assert np.count_nonzero(packed.rows) == sum(sizes)
    assert not packed.targets.any()
    for user, items in enumerate(histories):
        row, column = np.nonzero(packed.users == user)
        assert_array_equal(packed.rows[row, column], items)
        assert_array_equal(packed.positions[row, column], np.arange(len(items))[::-1])
        assert_array_equal(history[user, packed.source[row, column]], items)
        assert len({(r, s) for r, s in zip(row, packed.segments[row, column], strict=True)}) <= 1
    pieces_of_row = [np.unique(s[s > 0]) for s in packed.segments]
    assert sum(map(len, pieces_of_row)) == np.count_nonzero(sizes)


def test_packed_histories_need_room():
    with pytest.raises(ValueError, match="^length: expected at least 3; received 2"):
        pack_histories([[1, 2, 3]], 2)


@given(log=logs(), length=st.integers(1, 9), data=st.data())
def test_moved_cuts_show_every_transition_once_without_context(log, length, data):
    shift = np.array([data.draw(st.integers(0, length - 1)) for _ in range(log.n_users)])
    packed = pack(log, length, length, seed=1, shift=shift)
    assert np.count_nonzero(packed.rows) == np.count_nonzero(packed.targets)
    steps = np.diff(log.bounds()) - 1
    assert np.count_nonzero(packed.targets) == steps[steps > 0].sum()
    newest = log.bounds()[1:] - 2  # the row whose next item is the user's last
    for user in np.flatnonzero(steps > length):
        row, column = (place[0] for place in np.nonzero(packed.source == newest[user]))
        size = np.count_nonzero(packed.segments[row] == packed.segments[row, column])
        assert size == (shift[user] or length)


def test_source_is_the_row_of_the_log():
    log = make_shop(n_users=20).log
    packed = pack(log, 7)
    real = packed.rows > 0
    assert_array_equal(log.item[packed.source[real]], packed.rows[real])
    assert_array_equal(log.user[packed.source[real]], packed.users[real])
    assert np.all(packed.source[~real] == -1)
