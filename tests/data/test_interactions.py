"""The table of interactions: order, codes, policies, and every input that it must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import Interactions, Vocabulary

DAY = 86_400


@st.composite
def row_lists(draw, max_users=6):
    """Rows (user, item, time) with unequal users and many ties in time, each row once."""
    row = st.tuples(st.integers(0, max_users), st.integers(0, 9), st.integers(0, 5))
    return draw(st.lists(row, min_size=1, max_size=40, unique=True))


def build(rows, **options):
    user, item, time = zip(*rows, strict=True)
    return Interactions.from_columns(user, item, time, **options)


def same(left, right):
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in ("user", "item", "time", "user_ids")
    ) and np.array_equal(left.items.raw, right.items.raw)


@given(rows=row_lists())
def test_rows_are_sorted_stably_and_codes_follow_the_raw_order(rows):
    log = build(rows)
    expected = sorted(rows, key=lambda row: (row[0], row[2]))  # Python's sort is stable
    decoded = zip(log.user_ids[log.user], log.items.raw[log.item - 1], log.time, strict=True)
    assert [tuple(map(int, row)) for row in decoded] == expected
    assert list(log.user_ids) == sorted({row[0] for row in rows})
    assert list(log.items.raw) == sorted({row[1] for row in rows})
    assert (log.user.dtype, log.item.dtype, log.time.dtype) == (np.int32, np.int32, np.int64)
    assert log.item.min() == 1


@given(rows=row_lists(), random=st.randoms())
def test_shuffling_whole_users_changes_nothing_and_shuffling_ties_does(rows, random):
    users = sorted({row[0] for row in rows})
    random.shuffle(users)
    by_user = [row for user in users for row in rows if row[0] == user]
    assert same(build(by_user), build(rows))
    user, _, time = rows[0]
    tied = [(user, 100, time), (user, 101, time)]
    assert not same(build(rows + tied), build(rows + tied[::-1]))


@given(rows=row_lists())
def test_bounds_delimit_each_user(rows):
    log = build(rows)
    bounds = log.bounds()
    assert bounds.shape == (log.n_users + 1,)
    assert bounds[0] == 0
    assert bounds[-1] == len(log) == len(rows)
    for user in range(log.n_users):
        assert_array_equal(log.user[bounds[user] : bounds[user + 1]], user)


@given(rows=row_lists(), data=st.data())
def test_select_keeps_order_and_vocabularies(rows, data):
    log = build(rows, value=np.arange(len(rows)))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(log), max_size=len(log))))
    numbers = np.flatnonzero(mask)[::-1]
    for part in (log.select(mask), log.select(numbers)):
        assert_array_equal(part.item, log.item[mask])
        assert_array_equal(part.value, log.value[mask])
        assert part.items is log.items
        assert part.n_users == log.n_users


@given(rows=row_lists(), min_user=st.integers(0, 3), min_item=st.integers(0, 3))
def test_keep_active_leaves_the_largest_table_in_which_all_have_enough(rows, min_user, min_item):
    left = list(rows)
    while True:  # drop one row at a time: the result doesn't depend on the order of dropping
        bad = [
            row
            for row in left
            if sum(r[0] == row[0] for r in left) < min_user
            or sum(r[1] == row[1] for r in left) < min_item
        ]
        if not bad:
            break
        left.remove(bad[0])
    if not left:
        with pytest.raises(ValueError, match="min_user, min_item: expected bounds that leave"):
            build(rows).keep_active(min_user=min_user, min_item=min_item)
        return
    kept = build(rows).keep_active(min_user=min_user, min_item=min_item)
    expected = build(left)
    assert_array_equal(kept.user_ids[kept.user], expected.user_ids[expected.user])
    assert_array_equal(kept.items.raw[kept.item - 1], expected.items.raw[expected.item - 1])
    assert f"kept {len(left)} of {len(rows)} rows" in kept.notes[-1]


def test_keep_active_codes_again_and_keeps_titles_and_values():
    log = Interactions.from_columns(
        ["a", "b", "b", "c"],
        [30, 10, 20, 20],
        [1, 2, 3, 4],
        value=[1, 2, 3, 4],
        titles={10: "cup", 20: "pot", 30: "lid"},
    ).keep_active(min_item=2)
    assert log.user_ids.tolist() == ["b", "c"]
    assert log.items.titles.tolist() == ["pot"]
    assert log.item.tolist() == [1, 1]
    assert log.value.tolist() == [3, 4]


@pytest.mark.parametrize("bounds", [{"min_user": -1}, {"min_item": -2}])
def test_keep_active_refuses_negative_bounds(bounds):
    with pytest.raises(ValueError, match="expected a number >= 0; received -"):
        build([(0, 1, 2)]).keep_active(**bounds)


@pytest.mark.parametrize(
    ("policy", "values", "note"),
    [
        ("keep", [1, 2, 3, 4], "kept 2 duplicate rows (kept all)"),
        ("first", [1, 3], "dropped 2 duplicate rows (kept the first)"),
        ("last", [3, 4], "dropped 2 duplicate rows (kept the last)"),
    ],
)
def test_duplicates_are_kept_or_dropped_as_told_and_noted(policy, values, note):
    log = Interactions.from_columns(
        [5, 5, 5, 5], [7, 7, 8, 7], [9, 9, 9, 9], value=[1, 2, 3, 4], duplicates=policy
    )
    assert log.value.tolist() == values
    assert log.notes == (note,)


@given(rows=st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=30))
def test_duplicate_policies_keep_the_rows_that_a_dictionary_would(rows):
    columns = list(zip(*rows, strict=True))
    first = {row: number for number, row in reversed(list(enumerate(rows)))}
    last = {row: number for number, row in enumerate(rows)}
    for policy, kept in (("first", first), ("last", last), ("keep", None)):
        log = Interactions.from_columns(*columns, value=range(len(rows)), duplicates=policy)
        numbers = range(len(rows)) if kept is None else kept.values()
        expected = sorted(numbers, key=lambda n: (rows[n][0], rows[n][2], n))
        assert log.value.tolist() == expected
    if len(first) < len(rows):
        with pytest.raises(ValueError, match=f"received {len(rows) - len(first)} duplicate row"):
            Interactions.from_columns(*columns)


def test_duplicates_are_refused_by_default_with_their_number_and_the_first():
    with pytest.raises(ValueError, match=r"2 duplicate rows, the first in row 1: user a, item 7"):
        Interactions.from_columns(["a", "a", "a"], [7, 7, 7], [9, 9, 9])
    same_item_later = Interactions.from_columns(["a", "a"], [7, 7], [9, 10])
    assert len(same_item_later) == 2


def test_string_ids_keep_leading_zeros():
    log = Interactions.from_columns(["u2", "u10"], ["007", "07"], [0, 1])
    assert log.user_ids.tolist() == ["u10", "u2"]
    assert log.items.raw.tolist() == ["007", "07"]


@pytest.mark.parametrize(
    "ids",
    [
        np.array([3, 1], np.uint64),
        np.array([3.0, 1.0]),
        np.array([3, 1], object),
        [np.int32(3), np.int32(1)],
    ],
)
def test_whole_numbers_of_any_type_are_ids(ids):
    assert Interactions.from_columns(ids, [0, 0], [0, 0]).user_ids.tolist() == [1, 3]


BAD_IDS = {
    "negative": ([1, -2], r"received -2 in row 1 \(1 of 2 rows are wrong\)"),
    "fraction": ([1, 2.5], "received 2.5 in row 1"),
    "nan": ([1, float("nan")], "received nan in row 1"),
    "infinite": ([1, float("inf")], "received inf in row 1"),
    "none": (np.array([1, None], object), "received None in row 1"),
    "mixed kinds": (np.array(["a", 1], object), "all of one kind; received 1 in row 1"),
    "empty string": (["a", ""], "non-empty strings; received '' in row 1"),
    "blank string": (["a", "  "], "non-empty strings; received '  ' in row 1"),
    "bool": ([True, False], "received bool"),
    "too large": (np.array([1, 2**63], object), "integers below 2\\*\\*63"),
    "too large unsigned": (np.array([1, 2**63], np.uint64), "received 9223372036854775808"),
    "bool object": (np.array([1, True], object), "received True in row 1"),
    "two columns": ([[1, 2], [3, 4]], "expected one column; received shape \\(2, 2\\)"),
}


@pytest.mark.parametrize(("ids", "message"), BAD_IDS.values(), ids=BAD_IDS.keys())
@pytest.mark.parametrize("column", ["user", "item"])
def test_bad_ids_are_refused_with_the_row(column, ids, message):
    columns = {"user": [1, 2], "item": [1, 2], "time": [0, 0], column: ids}
    with pytest.raises(ValueError, match=f"{column}: .*{message}"):
        Interactions.from_columns(**columns)


BAD_TIMES = {
    "nan": ([0.0, float("nan")], "s", "finite numbers; received nan in row 1"),
    "infinite": ([0.0, float("-inf")], "s", "finite numbers; received -inf in row 1"),
    "text": (["now", "then"], "s", "expected numbers; received <U"),
    "mixed": ([1.5e9, 1.5e12], "s", r"'ms'\); rows are in mixed units; .*\(1 of 2"),
    "all ms": ([1.5e12, 1.5e12], "s", r"say time_unit='ms'\); received .*\(2 of 2"),
    "mixed in ms": ([1.5e12, 1.5e9], "ms", "not seconds in some; rows are in mixed units"),
    "microseconds": ([1.5e15, 1.5e15], "ms", "milliseconds before the year 2100"),
    "no date": (np.array(["2020-01-01", "NaT"], "datetime64[s]"), "s", "a date in each row"),
}


@pytest.mark.parametrize(("times", "unit", "message"), BAD_TIMES.values(), ids=BAD_TIMES.keys())
def test_bad_times_are_refused(times, unit, message):
    with pytest.raises(ValueError, match=f"time: .*{message}"):
        Interactions.from_columns([1, 2], [1, 2], times, time_unit=unit)


def test_milliseconds_order_rows_before_they_become_seconds():
    log = Interactions.from_columns([0, 0], [1, 2], [5900, 5100], time_unit="ms")
    assert log.time.tolist() == [5, 5]
    assert log.item.tolist() == [2, 1]
    assert log.notes == ("cut 2 times down to whole seconds, after sorting",)


def test_dates_become_seconds():
    days = np.array(["1970-01-02", "1969-12-31"], "datetime64[D]")
    log = Interactions.from_columns([0, 0], [1, 2], days)
    assert log.time.tolist() == [-DAY, DAY]
    assert log.notes == ()


def test_columns_of_different_length_are_refused_with_both_lengths():
    with pytest.raises(ValueError, match="time: expected 2 rows, as user has; received 3"):
        Interactions.from_columns([1, 2], [1, 2], [0, 1, 2])
    with pytest.raises(ValueError, match="value: expected 2 rows, as user has; received 1"):
        Interactions.from_columns([1, 2], [1, 2], [0, 1], value=[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duplicates": "drop"}, "duplicates: expected one of .*; received 'drop'"),
        ({"time_unit": "us"}, "time_unit: expected 's' or 'ms'; received 'us'"),
        ({"value": [float("nan")]}, "value: expected finite numbers; received nan in row 0"),
        ({"value": ["good"]}, "value: expected numbers; received <U4"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Interactions.from_columns([1], [1], [0], **options)


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="at least one row; received an empty table"):
        Interactions.from_columns([], [], [])


def test_from_frame_takes_a_pandas_table_with_names_of_its_own():
    import pandas as pd

    frame = pd.DataFrame({"who": ["b", "a"], "what": ["x", "y"], "when": [1, 2], "stars": [4, 5]})
    log = Interactions.from_frame(frame, user="who", item="what", time="when", value="stars")
    assert log.user_ids.tolist() == ["a", "b"]
    assert log.value.tolist() == [5, 4]
    assert Interactions.from_frame(frame, user="who", item="what", time="when").value is None


def test_from_frame_names_the_missing_column_and_those_that_are_there():
    columns = {"user": [1], "film": [2], "time": [3]}
    with pytest.raises(ValueError, match=r"item: .*\(user, film, time\); received 'item'"):
        Interactions.from_frame(columns)
    with pytest.raises(ValueError, match="value: .*received 'stars'"):
        Interactions.from_frame(columns, item="film", value="stars")


def direct(**changes):
    columns = {
        "user": np.array([0, 1]),
        "item": np.array([1, 2]),
        "time": np.array([0, 0]),
        "user_ids": np.array([5, 6]),
        "items": Vocabulary(np.array([7, 8])),
    }
    return Interactions(**(columns | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user": np.array([0, 2])}, "user: expected numbers in 0..1; received 0 to 2"),
        ({"item": np.array([0, 2])}, "item: expected numbers in 1..2; received 0 to 2"),
        ({"item": np.array([1, 3])}, "item: expected numbers in 1..2; received 1 to 3"),
        ({"item": np.array([1, 2**32 + 1])}, "item: expected integers that fit int32"),
        ({"item": np.array([1.5, 2])}, "item: expected integers that fit int32; received 1.5"),
        ({"user": np.array([1, 0])}, "rows: expected order by user, then time"),
        ({"user": np.array([0, 0]), "time": np.array([1, 0])}, "rows: expected order by user"),
        ({"time": np.array([1])}, "time: expected 2 rows, as user has; received 1"),
        ({"value": np.array([1.0])}, "value: expected 2 rows"),
    ],
)
def test_the_constructor_refuses_codes_that_do_not_fit(changes, message):
    assert len(direct()) == 2
    with pytest.raises(ValueError, match=message):
        direct(**changes)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([True], "rows: expected 2 booleans; received 1"),
        ([0, 0], "rows: expected each row at most once; received 1 repeated"),
        ([2], "rows: expected numbers in 0..1; received 2 to 2"),
        ([-1], "rows: expected numbers in 0..1; received -1 to -1"),
        ([0.5], "rows: expected integers in 0..1; received float64"),
        ([[0]], "rows: expected one column"),
    ],
)
def test_select_refuses_rows_that_do_not_fit(rows, message):
    with pytest.raises(ValueError, match=message):
        direct().select(rows)


def test_a_table_may_be_empty_after_select_and_prints_itself():
    none = direct().select([])
    assert repr(none) == "Interactions(0 rows, 2 users, 2 items)"
    assert none.bounds().tolist() == [0, 0, 0]
    assert repr(direct()) == "Interactions(2 rows, 2 users, 2 items, 1970-01-01 to 1970-01-01)"


def test_the_arrays_cannot_be_written_to_but_the_callers_can():
    items = np.array([1, 2], np.int32)
    log = direct(item=items)
    with pytest.raises(ValueError, match="read-only"):
        log.item[0] = 2
    items[0] = 2
    assert items.tolist() == [2, 2]


def test_titles_are_looked_up_and_those_without_one_are_counted():
    log = Interactions.from_columns([1, 1, 1], [10, 20, 30], [0, 1, 2], titles={20: "teapot"})
    assert log.items.titles.tolist() == ["10", "teapot", "30"]
    assert log.notes == ("2 of 3 items have no title, the raw id stands in",)


@pytest.fixture
def goods():
    return Vocabulary(np.array([10, 20, 30]), np.array(["kettle", "teapot", "teapot"]))


def test_vocabulary_gives_titles_for_numbers_and_arrays(goods):
    assert goods.title(0) == "(padding)"
    assert goods.title(np.int32(1)) == "kettle"
    assert goods.title([[0, 1], [2, 3]]).tolist() == [["(padding)", "kettle"], ["teapot"] * 2]
    assert goods.title([]).shape == (0,)
    assert len(goods) == 3
    assert repr(goods) == "Vocabulary(3 items: kettle, teapot, teapot)"


def test_vocabulary_finds_items_by_raw_id_then_by_title(goods):
    assert [goods.id_of(raw) for raw in (10, 20, 30)] == [1, 2, 3]
    assert goods.id_of(np.int64(30)) == 3
    assert goods.id_of("kettle") == 1
    texts = Vocabulary(np.array(["b", "a"]), np.array(["a", "c"]))
    assert texts.id_of("a") == 2  # the raw id wins over the title of item 1
    assert texts.id_of("c") == 2


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("kettel", r"expected a known item; received 'kettel' \(close: 'kettle'\)"),
        ("xyz", "received 'xyz'$"),
        (1, "received 1$"),
        (True, "received True$"),
        ("teapot", r"which names 2: use a raw id \(20, 30\)"),
    ],
)
def test_vocabulary_refuses_unknown_and_ambiguous_items(goods, key, message):
    with pytest.raises(ValueError, match=message):
        goods.id_of(key)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (4, "ids: expected numbers in 0..3; received 4 to 4"),
        ([-1, 2], "ids: expected numbers in 0..3; received -1 to 2"),
        ([1.0], "ids: expected integers in 0..3; received float64"),
    ],
)
def test_vocabulary_refuses_codes_it_does_not_have(goods, ids, message):
    with pytest.raises(ValueError, match=message):
        goods.title(ids)


def test_vocabulary_refuses_repeated_ids_and_wrong_shapes():
    with pytest.raises(ValueError, match="raw: expected each id once; received 1 repeated of 2"):
        Vocabulary(np.array([1, 1]))
    with pytest.raises(ValueError, match="titles: expected one title for each raw id"):
        Vocabulary(np.array([1, 2]), np.array(["kettle"]))
