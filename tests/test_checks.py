"""The shared checks: what they let through unchanged, and that a refusal names the argument."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite._checks import as_floats, as_history, as_ids, one_of, positive, same_width, whole


@pytest.mark.parametrize("value", [1, np.int32(3), np.uint8(200), np.int64(2**40)])
def test_whole_takes_every_kind_of_integer(value):
    found = whole("k", value)
    assert type(found) is int
    assert found == value


@pytest.mark.parametrize("value", [0, -1, 1.0, True, np.True_, "1", None, np.float32(2), [1]])
def test_whole_refuses_what_is_not_an_integer_from_1(value):
    with pytest.raises(ValueError, match="^k: expected an integer of at least 1; received"):
        whole("k", value)


def test_whole_takes_another_least():
    assert whole("seed", 0, least=0) == 0
    with pytest.raises(ValueError, match="^seed: expected an integer of at least 0; received -1"):
        whole("seed", -1, least=0)


@pytest.mark.parametrize("value", [1, 1e-300, np.float32(0.5), np.int64(3)])
def test_positive_returns_a_float(value):
    found = positive("temperature", value)
    assert type(found) is float
    assert found == value


@pytest.mark.parametrize("value", [0, -0.0, -1, np.nan, np.inf, "1", None, [1.0], 1j])
def test_positive_refuses_what_is_not_a_finite_number_above_0(value):
    with pytest.raises(
        ValueError, match="^temperature: expected a finite number above 0; received"
    ):
        positive("temperature", value)


def test_one_of_lists_what_is_allowed():
    assert one_of("kind", "b", ("a", "b")) == "b"
    with pytest.raises(ValueError, match="^kind: expected one of a, b; received 'c'"):
        one_of("kind", "c", ("a", "b"))


def test_as_floats_says_what_shape_was_expected():
    assert as_floats("x", [1, 2]).dtype == np.float64
    for ndim, words in ((1, "a vector"), (2, "a matrix"), (3, "an array of 3 axes")):
        with pytest.raises(ValueError, match=f"^x: expected {words}; received shape \\(\\)"):
            as_floats("x", 1.0, ndim)
    with pytest.raises(ValueError, match="^x: expected numbers; received") as error:
        as_floats("x", ["word"] * 1000)
    assert len(str(error.value)) < 150  # a long value is cut


def test_same_width_names_both():
    with pytest.raises(ValueError, match="^keys: expected width 2, as query has; received"):
        same_width("query", np.zeros(2), "keys", np.zeros((2, 3)))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_ids_of_every_integer_type_become_int32(dtype):
    found = as_ids("history", np.array([[0, 5]], dtype), 5)
    assert found.dtype == np.int32
    assert_array_equal(found, [[0, 5]])


def test_ids_are_a_copy():
    ids = np.array([[1]], np.int32)
    as_ids("history", ids, 1)[0, 0] = 7
    assert ids[0, 0] == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], r"^history: expected shape \(batch, length\); received shape \(2,\)"),
        (3, r"^history: expected shape \(batch, length\); received shape \(\)"),
        ([[[1]]], r"^history: expected shape \(batch, length\)"),
        ([[1, 6, 7]], r"^history: expected ids in 0\.\.5; received 6 \(2 of 3 outside\)"),
        ([[1, -1]], r"^history: expected ids in 0\.\.5; received -1 \(1 of 2 outside\)"),
        ([[2**40]], r"^history: expected ids in 0\.\.5; received 1099511627776"),
        (np.array([[2**64 - 1]], np.uint64), r"^history: expected ids in 0\.\.5; received 184467"),
        ([[1.0]], "^history: expected integer item ids; received float64"),
        ([[True]], "^history: expected integer item ids; received bool"),
        ([["1"]], "^history: expected integer item ids; received <U1"),
        ([[None]], "^history: expected integer item ids; received object"),
        ([[0, 1, 0, 2]], r"^history: expected padding \(0\) on the left only"),
        ([[1, 0]], "^history: .*received a 0 after an item"),
        ([[1, 2], [3]], "^history: "),
    ],
)
def test_a_history_is_refused_by_name(value, message):
    with pytest.raises(ValueError, match=message):
        as_history(value, 5)


def test_a_history_without_columns_is_one_column_of_padding():
    assert_array_equal(as_history(np.zeros((3, 0)), 5), np.zeros((3, 1)))
    assert as_history(np.zeros((0, 4), int), 5).shape == (0, 4)
