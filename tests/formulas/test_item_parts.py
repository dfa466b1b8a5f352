"""The parts of an item: against plain loops, by properties, errors by message."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

seeds = st.integers(0, 10_000)
quick = settings(deadline=None, max_examples=40)
TABLE = np.array([[99.0, 99.0], [1.0, 0.0], [0.0, 2.0], [-3.0, 4.0]])
bags = st.lists(st.integers(0, 3), min_size=1, max_size=8)


@quick
@given(seed=seeds)
def test_a_loop_over_numbers_gives_the_same(seed):
    rng = np.random.default_rng(seed)
    x, w, b = 9 * rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=2)
    expected = [sum(w[k, c] * x[c] for c in range(3)) + b[k] for k in range(2)]
    assert_allclose(formulas.part_of_numbers(x, w, b), expected, atol=1e-9)


@quick
@given(bag=bags)
def test_a_loop_over_codes_gives_the_same(bag):
    total, n = [0.0, 0.0], 0
    for code in bag:
        if code:
            total, n = [t + v for t, v in zip(total, TABLE[code], strict=True)], n + 1
    expected = [t / n for t in total] if n else [0.0, 0.0]
    assert_allclose(formulas.part_of_codes(bag, TABLE), expected, atol=1e-12)


@quick
@given(bag=bags, padding=st.integers(0, 5))
def test_padding_changes_nothing_wherever_it_stands(bag, padding):
    padded = [0] * padding + bag + [0]
    assert_allclose(formulas.part_of_codes(padded, TABLE), formulas.part_of_codes(bag, TABLE))


@quick
@given(code=st.integers(1, 3), times=st.integers(1, 40))
def test_a_crowd_of_one_kind_is_no_louder_than_one(code, times):
    assert_allclose(formulas.part_of_codes([code] * times, TABLE), TABLE[code])


def test_nothing_gives_zeros_and_not_nan():
    assert_array_equal(formulas.part_of_codes([0, 0], TABLE), [0.0, 0.0])


@quick
@given(arrays(np.float64, (3, 2), elements=st.floats(-9, 9).map(lambda x: round(x, 3))))
def test_shares_sum_to_one_whatever_the_scale(v):
    assume(np.linalg.norm(v.sum(axis=0)) > 1e-2)
    found = formulas.modality_shares(v)
    assert_allclose(found.sum(), 1.0, atol=1e-6)
    assert_allclose(formulas.modality_shares(100 * v), found, atol=1e-6)


def test_a_share_may_be_negative_and_nothing_has_none():
    assert_allclose(formulas.modality_shares([[3, 0], [-1, 0]]), [1.5, -0.5])
    assert_array_equal(formulas.modality_shares([[1, 0], [-1, 0]]), [0, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.part_of_numbers([1, 2], np.ones((2, 3)), [0, 0]), "features.*width 3"),
        (lambda: formulas.part_of_numbers([1, 2], np.ones((3, 2)), [0, 0]), r"bias.*\(3,\)"),
        (lambda: formulas.part_of_codes([4], TABLE), "codes"),
        (lambda: formulas.part_of_codes([1.5], TABLE), "codes"),
        (lambda: formulas.part_of_codes([1], [1.0, 2.0]), "table"),
        (lambda: formulas.modality_shares([[np.inf]]), "^contributions: expected finite numbers"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
