"""The faults in closed form: against loops, against Keras, at the ends, and by their errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

outputs = st.floats(-500, 500)
chances = st.floats(0, 1)


@given(
    x=arrays(float, st.tuples(st.integers(0, 4), st.integers(1, 3)), elements=st.floats(0, 4.999))
)
def test_lookup_reads_the_row_of_the_whole_part(x):
    table = np.arange(10.0).reshape(5, 2)
    found = formulas.lookup(table, x)
    assert found.shape == (*x.shape, 2)
    for place, row in zip(x.ravel(), found.reshape(-1, 2), strict=True):
        assert_array_equal(row, table[int(place)])


def test_a_one_hot_row_reads_rows_0_and_1_only():
    rows = formulas.lookup(np.arange(6.0)[:, None], np.eye(6)[4]).ravel()
    assert_array_equal(rows, [0, 0, 0, 0, 1, 0])


def test_lookup_names_a_place_outside_of_the_table():
    with pytest.raises(ValueError, match=r"places: expected numbers in \[0, 2\); received 2\.0"):
        formulas.lookup(np.eye(2), [0, 2])
    with pytest.raises(ValueError, match="received nan"):
        formulas.lookup(np.eye(2), [np.nan])


@given(output=outputs, chance=chances)
def test_binary_loss_is_the_log_loss_of_the_sigmoid(output, chance):
    p = formulas.sigmoid(output)
    if 1e-9 < p < 1 - 1e-9:
        expected = -chance * np.log(p) - (1 - chance) * np.log(1 - p)
        assert_allclose(formulas.logistic_loss(output, chance), expected, rtol=1e-6, atol=1e-6)
    assert formulas.logistic_loss(output, chance) >= -1e-9


@given(output=st.floats(-30, 30), label=st.floats(0, 5))
def test_binary_slope_is_the_derivative_of_the_loss(output, label):
    step = 1e-4
    rise = formulas.logistic_loss(output + step, label) - formulas.logistic_loss(
        output - step, label
    )
    assert_allclose(formulas.binary_slope(output, label), rise / (2 * step), atol=1e-5)


@given(output=outputs, rating=st.floats(1.001, 5))
def test_a_rating_above_1_is_downhill_everywhere(output, rating):
    assert formulas.binary_slope(output, rating) < 0


def test_the_worked_values_of_a_rating_of_4():
    assert_allclose(formulas.logistic_loss([10.0, 1000.0], 4), [-30, -3000], atol=1e-3)


@given(
    ones=st.integers(1, 40),
    zeros=st.integers(1, 40),
    away=st.floats(-3, 3).filter(lambda x: x != 0),
)
def test_no_other_constant_beats_the_best_one(ones, zeros, away):
    labels = np.repeat([1, 0], [ones, zeros])
    output, loss = formulas.best_constant(labels)
    assert_allclose(formulas.sigmoid(output), labels.mean())
    assert formulas.logistic_loss(output + away, labels).mean() >= loss - 1e-12
    assert_allclose(loss, formulas.log_loss(labels, np.full(len(labels), labels.mean())))


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 1], "zeros and ones, both"), ([], "both; received 0"), ([0, 2], "0 and 1 only")],
)
def test_best_constant_refuses_what_has_none(labels, message):
    with pytest.raises(ValueError, match=message):
        formulas.best_constant(labels)


@given(items=st.integers(1, 50), width=st.integers(1, 8), tables=st.integers(1, 3))
def test_table_parameters_are_those_of_embeddings(items, width, tables):
    one = np.zeros((items + 1, width)).size
    assert formulas.table_parameters(items, width, tables) == tables * one


def test_table_parameters_of_the_program_and_its_error():
    assert formulas.table_parameters(999, 64, tables=2) == 128_000
    with pytest.raises(ValueError, match="tables: expected an integer of at least 1; received 0"):
        formulas.table_parameters(10, 2, tables=0)
