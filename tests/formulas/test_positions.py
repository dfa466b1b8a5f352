"""Positions: counted from the newest item, and what the waves promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import add_positions, attend, sinusoids

quick = settings(deadline=None, max_examples=40)


@quick
@given(st.integers(1, 6), st.integers(0, 4), st.integers(0, 1000))
def test_padding_on_the_left_moves_nobody(length, padding, seed):
    rng = np.random.default_rng(seed)
    tokens, table = rng.normal(size=(length, 3)), rng.normal(size=(12, 3))
    longer = np.concatenate([np.zeros((padding, 3)), tokens])
    assert_array_equal(add_positions(longer, table)[padding:], add_positions(tokens, table))


def test_the_newest_gets_the_first_row_and_the_one_before_the_second():
    found = add_positions(np.zeros((3, 2)), [[1, 1], [2, 2], [3, 3], [4, 4]])
    assert_array_equal(found[:, 0], [3, 2, 1])


def test_padding_stays_as_it_was():
    mask = np.array([[False, True], [True, True]])
    found = add_positions(np.zeros((2, 2, 1)), [[1.0], [2.0]], mask)
    assert_array_equal(found[..., 0], [[0, 1], [2, 1]])


def test_with_positions_the_order_counts_and_without_it_does_not():
    rng = np.random.default_rng(0)
    tokens, query, order = rng.normal(size=(5, 4)), rng.normal(size=(1, 4)), [3, 0, 2, 1, 4]

    def answer(x):
        placed = add_positions(x, sinusoids(5, 4))
        return attend(query, x, x)[0], attend(query, placed, placed)[0]

    (bare, placed), (bare_moved, placed_moved) = answer(tokens), answer(tokens[order])
    assert_allclose(bare, bare_moved, atol=1e-12)
    assert np.abs(placed - placed_moved).max() > 1e-3


def test_sinusoids_equal_a_loop():
    table = sinusoids(7, 6)
    for a in range(7):
        for c in range(3):
            speed = 10_000 ** (-2 * c / 6)
            assert_allclose(
                table[a, 2 * c : 2 * c + 2], [math.sin(a * speed), math.cos(a * speed)], atol=1e-12
            )


@quick
@given(st.integers(1, 16).map(lambda n: 2 * n), st.integers(0, 20), st.integers(0, 20))
def test_products_of_waves_depend_on_the_distance_alone(width, a, shift):
    table = sinusoids(50, width)
    assert_allclose(table[a] @ table[a + 5], table[a + shift] @ table[a + shift + 5], atol=1e-9)
    assert_allclose(table[a] @ table[a], width / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add_positions([[1.0]], [[1.0, 2.0]]), "^positions: expected width 1, as tokens"),
        (lambda: add_positions([[1.0], [2.0]], [[1.0]]), "^positions: expected 2 rows or more"),
        (lambda: add_positions([[1.0]], [[1.0]], [1]), r"^mask: expected booleans of shape \(1,\)"),
        (lambda: add_positions([[1.0]], [[1.0]], [True, True]), "^mask: expected booleans of"),
        (lambda: add_positions([1.0], [[1.0]]), "^tokens: expected shape"),
        (lambda: sinusoids(3, 3), "^width: expected an even number; received 3"),
        (lambda: sinusoids(0, 2), "^length: expected an integer of at least 1"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
