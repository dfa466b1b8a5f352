"""A table of clicks: what it fills in, what it refuses, how it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.data import Clicks, Vocabulary

GOODS = Vocabulary(np.arange(1, 6))


def table(n=10, **columns):
    return Clicks(GOODS, np.tile([0, 1], (n, 1)), np.full(n, 2), **columns)


def test_what_is_left_out_is_filled_in_as_not_known():
    rows = table(3)
    assert rows.label.tolist() == [-1, -1, -1]
    assert np.isnan(rows.chance).all()
    assert (rows.features.shape, rows.sizes) == ((3, 0), {})
    assert rows.page.tolist() == rows.user.tolist() == [0, 1, 2]
    assert (rows.history.dtype, rows.label.dtype) == (np.int32, np.int8)


def test_the_arrays_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        table().label[0] = 1


def test_a_table_without_rows_is_a_table():
    rows = table(0)
    assert len(rows) == 0
    assert repr(rows) == "Clicks(0 rows, 0 clicks, 0 pages)"
    assert rows.pages().shape == (0, 1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": [2] * 10}, "label: expected numbers in -1..1; received 2 to 2"),
        ({"label": [0.5] * 10}, "label: expected integers in -1..1; received float64"),
        ({"label": [1] * 9}, "label: expected 10 rows, as history has"),
        ({"chance": [1.5] * 10}, r"chance: expected numbers in \[0, 1\], or NaN; received 1.5"),
        ({"page": [0, 1] * 5}, "page: expected the rows of a page to stand together"),
        ({"features": [[0]] * 10}, r"features: expected shape \(10, 0\)"),
        ({"features": [[2]] * 10, "fields": {"day": ("a", "b")}}, "day: expected numbers in 0..1"),
        ({"features": [[0.5]] * 10, "fields": {"day": ("a", "b")}}, "day: expected integers"),
        ({"user": [-1] * 10}, "user: expected numbers in 0.."),
    ],
)
def test_it_names_the_column_that_does_not_fit(columns, message):
    with pytest.raises(ValueError, match=message):
        table(**columns)


@pytest.mark.parametrize(
    ("history", "candidate", "message"),
    [
        ([[0, 9]], [1], "history: expected ids in 0..5; received 9"),
        ([[1, 0]], [1], "history: expected padding"),
        ([[0, 1]], [0], "candidate: expected numbers in 1..5; received 0"),
        ([[0, 1]], [6], "candidate: expected numbers in 1..5; received 6"),
        ([[0, 1]], [[1]], "candidate: expected one column"),
        ([[0, 1]], [1, 2], "candidate: expected 1 rows"),
    ],
)
def test_it_refuses_ids_that_are_not_of_the_vocabulary(history, candidate, message):
    with pytest.raises(ValueError, match=message):
        Clicks(GOODS, history, candidate)


def test_select_keeps_the_columns_together():
    rows = table(label=[0, 1] * 5, page=[0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    kept = rows.select(rows.label == 1)
    assert kept.page.tolist() == [0, 1, 2, 3, 4]
    assert (kept.label == 1).all()
    with pytest.raises(ValueError, match="rows: expected 10 booleans; received 2"):
        rows.select([True, False])


def test_split_cuts_between_pages_in_order_and_loses_nothing():
    page = np.repeat(np.arange(20), 3)
    rows = table(60, page=page)
    parts = rows.split(validation=0.1, test=0.25)
    assert [len(part) for part in parts] == [39, 6, 15]
    assert_array_equal(np.concatenate([part.page for part in parts]), page)


@pytest.mark.parametrize(("validation", "test"), [(0.01, 0.01), (0.5, 0.49), (0.01, 0.98)])
def test_split_leaves_a_page_everywhere(validation, test):
    for n in (3, 4, 10):
        parts = table(n).split(validation, test)
        assert min(map(len, parts)) >= 1
        assert sum(map(len, parts)) == n


def test_split_refuses_what_cannot_be_cut():
    for rows, shares in ((table(2), (0.1, 0.1)), (table(), (0.5, 0.5))):
        with pytest.raises(ValueError, match="expected shares that leave something, and 3 pages"):
            rows.split(*shares)
    with pytest.raises(ValueError, match="test: expected a number above 0 and below 1"):
        table().split(test=0.0)


def test_pages_of_different_length_are_filled_up_on_the_right():
    rows = table(6, page=[4, 4, 4, 9, 2, 2])
    assert rows.pages().tolist() == [[0, 1, 2], [3, -1, -1], [4, 5, -1]]
