"""Rounding: by hand, at its bounds, and at the numbers that ruin it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import dequantise, float_step, quantise, score_noise, table_bytes

quick = settings(deadline=None, max_examples=80)
numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)
matrices = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=numbers)
)


@quick
@given(matrices, st.integers(2, 8), st.sampled_from(["row", "tensor"]))
def test_no_number_moves_further_than_half_a_step(x, bits, per):
    codes, scale = quantise(x, bits, per)
    assert np.abs(codes.astype(int)).max() <= 2 ** (bits - 1) - 1
    assert (np.abs(dequantise(codes, scale) - x) <= scale / 2 * (1 + 1e-9)).all()
    assert codes.dtype == np.int8
    assert scale.shape == (len(x), 1)


@quick
@given(matrices, st.integers(2, 8))
def test_a_row_is_coded_as_if_it_were_alone_and_a_sign_turns_codes(x, bits):
    codes, scale = quantise(x, bits)
    for i, row in enumerate(x):
        alone, own = quantise([row], bits)
        assert_array_equal(codes[i], alone[0])
        assert scale[i] == own[0]
    assert_array_equal(quantise(-x, bits)[0], -codes)


def test_rounding_goes_to_the_nearest_code_by_hand():
    codes, scale = quantise([[7.0, 3.4, 3.6, -6.6]], bits=4)
    assert codes.tolist() == [[7, 3, 4, -7]]
    assert scale[0, 0] == 1.0


def test_a_constant_row_is_exact_and_a_row_of_zeros_stays_zero():
    codes, scale = quantise([[0.3, 0.3], [0.0, 0.0]])
    assert codes.tolist() == [[127, 127], [0, 0]]
    assert_allclose(dequantise(codes, scale), [[0.3, 0.3], [0.0, 0.0]])


def test_one_huge_number_ruins_a_scale_for_all_and_its_own_row_alone():
    x = np.random.default_rng(0).normal(size=(100, 8))
    x[0, 0] = 1e6
    shared, own = quantise(x, per="tensor"), quantise(x, per="row")
    assert not shared[0][1:].any()
    assert (np.abs(own[0][1:]).max(axis=1) == 127).all()
    assert_allclose(dequantise(*own)[1:], x[1:], atol=0.02)


@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 1e-300])
def test_the_smallest_numbers_do_no_harm(tiny):
    codes, scale = quantise([[tiny, -tiny, 0.0]])
    assert np.isfinite(dequantise(codes, scale)).all()
    assert np.abs(codes.astype(int)).max() <= 127


def test_the_noise_of_a_score_is_what_is_measured():
    rng = np.random.default_rng(1)
    x, q = rng.normal(size=(4000, 32)), rng.normal(size=32)
    codes, scale = quantise(x)
    moved = (dequantise(codes, scale) - x) @ q
    assert np.std(moved / score_noise(q, scale)) == pytest.approx(1.0, abs=0.05)


@quick
@given(st.floats(-60000, 60000, width=16))
def test_steps_are_those_of_half_precision(x):
    expected = float(np.spacing(np.float16(abs(x))))  # of -1, NumPy names the step towards 0
    assert float_step([x])[0] == expected


@quick
@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_steps_are_those_of_single_precision(x):
    assert float_step([x], 23, -126)[0] == float(np.spacing(np.float32(abs(x))))


def test_half_precision_moves_by_half_a_step_at_most():
    x = np.random.default_rng(2).normal(size=500) * np.logspace(-6, 4, 500)
    assert (np.abs(np.float16(x).astype(float) - x) <= float_step(x) / 2).all()


def test_bytes_are_those_of_an_array():
    assert table_bytes(7, 5) == np.zeros((7, 5), np.float32).nbytes
    assert table_bytes(7, 5, 8, "row") == 7 * 5 + 7 * 4
    assert table_bytes(7, 5, 4, "tensor") == 7 * 3 + 4  # five numbers of 4 bits fill three bytes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quantise([[np.nan]]), "^matrix: expected finite numbers; received NaN or inf"),
        (lambda: quantise([[np.inf]]), "^matrix: expected finite numbers"),
        (lambda: quantise([1.0]), "^matrix: expected a matrix"),
        (lambda: quantise([[1.0]], 1), "^bits: expected an integer of at least 2"),
        (lambda: quantise([[1.0]], 9), "^bits: expected 2 to 8; received 9"),
        (lambda: quantise([[1.0]], per="column"), "^per: expected one of tensor, row"),
        (lambda: dequantise([[1]], [1]), "^scale: expected a matrix"),
        (lambda: dequantise([[1]], [[1], [2]]), r"^scale: expected shape \(1, 1\)"),
        (lambda: score_noise([np.nan], [1]), "^query: expected finite"),
        (lambda: float_step([np.inf]), "^values: expected finite"),
        (lambda: float_step([1.0], 0), "^fraction: expected an integer"),
        (lambda: table_bytes(0, 1), "^rows: expected an integer"),
        (lambda: table_bytes(1, 1, 8, "head"), "^per: expected one of tensor, row"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
