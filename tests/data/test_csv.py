"""A text file gives the same table as its columns, in pieces of any size, or names its bad line."""

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.data import Interactions, make_shop
from attnrec_lite.data._columns import _order

pd = pytest.importorskip("pandas")


def assert_same(a, b):
    for name in ("user", "item", "time", "user_ids"):
        assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype.kind == getattr(b, name).dtype.kind
    assert_array_equal(a.items.raw, b.items.raw)
    assert_array_equal(a.items.titles, b.items.titles)
    assert (a.value is None) == (b.value is None)
    if a.value is not None:
        assert_array_equal(a.value, b.value)


@pytest.fixture
def write(tmp_path):
    def write(text, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


ID = st.integers(0, 9) | st.sampled_from(["a b", 'say "no"', "x,y", "é", "NA", "nan", "two\nlines"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(ID, ID, st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=20
    ),
    chunk=st.integers(1, 25),
    sep=st.sampled_from([",", "\t", ";"]),
)
def test_pieces_of_any_size_give_the_table_of_the_columns(tmp_path, rows, chunk, sep):
    user, item, time, value = (list(column) for column in zip(*rows, strict=True))
    frame = pd.DataFrame({"u": user, "note": "-", "i": item, "t": time, "v": value})
    frame.to_csv(tmp_path / "log.csv", sep=sep, index=False)
    options = {"value": "v", "duplicates": "last"}
    found = Interactions.from_csv(
        tmp_path / "log.csv", user="u", item="i", time="t", sep=sep, chunk=chunk, **options
    )
    ids = [c if all(isinstance(x, int) for x in c) else list(map(str, c)) for c in (user, item)]
    assert_same(found, Interactions.from_columns(*ids, time, value=value, duplicates="last"))


def test_ids_with_a_leading_zero_are_text_wherever_the_zero_stands(write):
    path = write("user,item,time\n" + "".join(f"{n},{n},1\n" for n in range(5)) + "0012,7,1\n")
    for chunk in (1, 100):
        log = Interactions.from_csv(path, chunk=chunk)
        assert log.user_ids.tolist() == ["0", "0012", "1", "2", "3", "4"]
        assert log.items.raw.tolist() == [0, 1, 2, 3, 4, 7]
    huge = Interactions.from_csv(write(f"user,item,time\n{2**63},{2**63 - 1},1\n"))
    assert huge.user_ids.tolist() == [str(2**63)]
    assert huge.items.raw.tolist() == [2**63 - 1]


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a byte-order mark", b"\xef\xbb\xbfuser,item,time\n1,2,3\n", {}),
        ("other ends of lines", "user,item,time\r\n1,2,3\r\n", {}),
        ("no header", "3,1,2\n", {"names": ["time", "user", "item"]}),
        ("blank lines", "user,item,time\n\n1,2,3\n\n", {}),
        ("quotes", '"user","item","time"\n"1","2","3"\n', {}),
        ("latin-1", "user,item,time,é\n1,2,3,é\n".encode("latin-1"), {"encoding": "latin-1"}),
        ("milliseconds", "user,item,time\n1,2,3999\n", {"time_unit": "ms"}),
        (
            "dates",
            "user,item,time\n1,2,01.01.1970 00:00:03\n",
            {"time_format": "%d.%m.%Y %H:%M:%S"},
        ),
        ("zones", "user,item,time\n1,2,1970-01-01T01:00:03+01:00\n", {"time_format": "ISO8601"}),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_files_are_written_in_many_ways(write, name, text, options):
    log = Interactions.from_csv(write(text), **options)
    assert (log.user_ids.tolist(), log.items.raw.tolist(), log.time.tolist()) == ([1], [2], [3])


def test_a_packed_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"user,item,time\n1,2,3\n1,2,x\n"))
    with pytest.raises(ValueError, match="line of row 1: time: expected a finite number"):
        Interactions.from_csv(path)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "log.csv: expected a header and rows; received an empty file"),
        ("user,item,time\n", {}, "expected at least one row; received only the header"),
        ("\n\n", {}, "expected a header; received an empty file"),
        (
            "user,thing,time\n1,2,3\n",
            {},
            r"item: expected one column of the file \(user, thing, time\); received 'item', "
            "which stands there 0 times",
        ),
        ("user,user,item,time\n1,1,2,3\n", {}, "user: .*which stands there 2 times"),
        ("user,item,time\n1,2,3\n", {"value": "stars"}, "value: expected one column .*'stars'"),
        (
            "user,item,time\n1,2,3\n1,2,4",
            {},
            "last line: expected an end of line; received '1,2,4'",
        ),
        (
            "user,item,time\n1,2,3\n1,2\n",
            {},
            "line 3: time: expected a finite number .*received ''",
        ),
        (
            "user,item,time\n1,2,3\n1,2,3,4\n",
            {},
            "line 3: expected 3 fields; received 4: '1,2,3,4'",
        ),
        ("user,item,time\n1,2,3,4\n", {}, "line 2: expected 3 fields; received 4"),
        (
            'user,item,time\n1,2,3\n"1,2,3\n',
            {},
            "log.csv: expected whole lines; .*EOF inside string",
        ),
        ("user,item,time\n1,2,3\n\n1,2,noon\n", {}, "line 4: time: .*'time'; received 'noon'"),
        ("user,item,time\n1,2,True\n", {}, "line 2: time: .*received 'True'"),
        ("user,item,time\n1,2,inf\n", {}, "line 2: time: .*received 'inf'"),
        ("user,item,time\n1,2,3\n1, ,4\n", {}, "line 3: item: expected an id in column 'item'"),
        (
            "user,item,time\n,2,4\n",
            {},
            "line 2: user: expected an id in column 'user'; received ''",
        ),
        ("user,item,time\n-1,2,4\n", {}, "user: expected integers >= 0 or .*; received -1"),
        ("user,item,time,v\n1,2,3,bad\n", {"value": "v"}, "line 2: value: .*received 'bad'"),
        ('user,item,time\n"two\nlines",2,3\n1,2,x\n', {}, "line 4: time: .*received 'x'"),
        (
            "user,item,time\n1,2,2020-02-30\n",
            {"time_format": "%Y-%m-%d"},
            "line 2: time: expected a date written as '%Y-%m-%d'.*received '2020-02-30'",
        ),
        (
            "user,item,time\n1,2,1600000000000\n",
            {},
            "log.csv: time: expected seconds .*time_unit='ms'",
        ),
        (
            "user,item,time\n1,2,1600000000\n1,3,1600000000000\n",
            {"time_unit": "ms"},
            "rows are in mixed units",
        ),
        ("user,item,time\n1,2,3\n1,2,3\n", {}, "log.csv: duplicates: expected no two rows"),
        (b"user,item,time\n\xe9,2,3\n", {}, "log.csv: expected text in utf-8; .*encoding="),
        ("user,item,time\n1,2,3\n", {"sep": "::"}, "sep: expected one character; received '::'"),
        ("user,item,time\n1,2,3\n", {"chunk": 0}, "chunk: expected an integer of at least 1"),
        ("user,item,time\n1,2,3\n", {"duplicates": "drop"}, "duplicates: expected one of"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write, text, options, message):
    for chunk in (1, 100):
        with pytest.raises(ValueError, match=message):
            Interactions.from_csv(write(text), **{"chunk": chunk, **options})


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Interactions.from_csv(tmp_path / "nothing.csv")


@pytest.mark.parametrize("value", [None, "value"])
def test_a_table_survives_the_way_to_a_frame_and_back(value):
    log = make_shop(n_users=40).log
    amount = np.arange(len(log)) / 4
    titles = dict(zip(log.items.raw.tolist(), log.items.titles.tolist(), strict=True))
    log = Interactions.from_columns(
        np.char.add("u", log.user.astype(str)), log.items.raw[log.item - 1], log.time,
        value=amount if value else None, titles=titles,
    )  # fmt: skip
    frame = log.to_frame()
    assert list(frame) == ["user", "item", "title", "time"] + ([value] if value else [])
    assert frame.time.dtype == "datetime64[s]"
    back = Interactions.from_frame(frame.sample(frac=1, random_state=0), title="title", value=value)
    assert_same(back, log)


def test_an_item_with_several_titles_keeps_the_first():
    table = {"user": [1, 1, 2, 2], "item": [7, 7, 8, 9], "time": [1, 2, 3, 4]}
    log = Interactions.from_frame({**table, "title": ["pot", "POT", "cup", None]}, title="title")
    assert log.items.titles.tolist() == ["pot", "cup", "9"]
    assert log.notes == ("1 of 3 items has no title, the raw id stands in",)
    with pytest.raises(ValueError, match="title: expected a column of the table"):
        Interactions.from_frame(table, title="name")


@pytest.mark.parametrize("times", [np.arange(9)[::-1], np.arange(9) / 2, np.arange(9) * 2**57])
def test_rows_are_ordered_alike_whatever_the_times_are(times):
    # whole numbers take one key; fractions, and keys that would not fit, take two
    user = np.array([30, 10, 20] * 3, np.int32)
    for moment in (times, times - 3, np.zeros_like(times)):
        assert_array_equal(_order(user, moment), np.lexsort((moment, user)))


@pytest.mark.parametrize(("users", "dtype"), [([5, 9, 5], np.int64), ([10**12, 0, 7], np.int64)])
def test_dense_and_sparse_ids_are_coded_alike(users, dtype):
    log = Interactions.from_columns(users, [1, 2, 3], [0, 1, 2])
    assert log.user_ids.tolist() == sorted(set(users))
    assert log.user_ids.dtype == dtype
    assert log.user_ids[log.user[np.argsort(log.time)]].tolist() == users
