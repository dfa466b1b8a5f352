"""Slopes of known laws, counts against counting, and machines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from attnrec_lite.command.plan import operations
from attnrec_lite.formulas import (
    bytes_held,
    growth_exponent,
    machines_needed,
    operations_needed,
)

quick = settings(deadline=None, max_examples=40)
SMALL = {"users": 3, "items": 5, "events": 7, "length": 4, "width": 2, "blocks": 2}


@quick
@given(
    st.floats(-2, 3),
    st.floats(0.01, 100),
    st.lists(st.integers(1, 10**6), min_size=2, max_size=9),
)
def test_the_exponent_of_a_power_law_is_found(power, factor, sizes):
    sizes = np.unique(sizes)
    if len(sizes) < 2:
        return
    costs = factor * sizes.astype(float) ** power
    assert growth_exponent(sizes, costs) == pytest.approx(power, abs=1e-9)


def test_it_is_the_slope_of_least_squares_and_a_fixed_part_pulls_it_down():
    rng = np.random.default_rng(0)
    sizes, costs = rng.uniform(1, 100, 20), rng.uniform(1, 9, 20)
    expected = linregress(np.log(sizes), np.log(costs)).slope
    assert growth_exponent(sizes, costs) == pytest.approx(expected)
    assert growth_exponent([1, 2, 4], [11, 12, 14]) < 0.2


@pytest.mark.parametrize(
    ("sizes", "costs", "name"),
    [
        ([1, 2], [1], "costs"), ([1, 0], [1, 1], "sizes"), ([1, 2], [1, np.nan], "costs"),
        ([1, 2], [-1, 2], "costs"), ([3, 3], [1, 2], "sizes"), ([], [], "sizes"),
    ],
)  # fmt: skip
def test_no_slope_without_two_sizes(sizes, costs, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        growth_exponent(sizes, costs)


def test_bytes_are_those_of_the_arrays():
    held = bytes_held(**SMALL)
    table, history = np.zeros((5, 2), np.float32), np.zeros((3, 4), np.int32)
    cache = np.zeros((3, 2, 2, 4, 2), np.float32)  # user, block, key or value, item, width
    event = np.dtype([("user", np.int64), ("item", np.int64), ("time", np.int64)])
    assert held == {
        "log": 7 * event.itemsize, "histories": history.nbytes, "table": table.nbytes,
        "training": 3 * table.nbytes, "caches": cache.nbytes,
    }  # fmt: skip


def test_operations_are_counted_one_by_one():
    U, N, E, L, d, b, n = 3, 5, 7, 4, 2, 2, 6
    token = sum(
        [4 * d * d + d * d + d * d + L * d + L * d for _ in range(b)]  # maps, up, down, look, mix
    )
    found = operations_needed(**SMALL, negatives=n)
    assert found["read"] == 2 * L * token
    assert found["rank"] == 2 * N * d
    assert found["everyone"] == sum(found["read"] + found["rank"] for _ in range(U))
    assert found["sampled"] == operations(E, E, d, d, L, n, b)
    assert found["full"] == operations(E, E, d, d, L, N, b)


def test_what_breaks_first_stands_first():
    assert list(machines_needed({"a": 1, "b": 30, "c": 11}, 10).items()) == [
        ("b", 3), ("c", 2), ("a", 1),
    ]  # fmt: skip


def test_numbers_are_checked():
    for name in SMALL:
        with pytest.raises(ValueError, match=f"^{name}: "):
            bytes_held(**SMALL | {name: 0})
        with pytest.raises(ValueError, match=f"^{name}: "):
            operations_needed(**SMALL | {name: 1.5}, negatives=1)
    with pytest.raises(ValueError, match="^negatives: "):
        operations_needed(**SMALL, negatives=0)
    with pytest.raises(ValueError, match="^one: "):
        machines_needed({"a": 1}, 0)
    with pytest.raises(ValueError, match="^a: "):
        machines_needed({"a": -1}, 1)
