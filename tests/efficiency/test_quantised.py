"""Tables of few bits: by hand, against the formula, and what ruins them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.efficiency import QuantisedTable, exact_top_k, top_overlap
from attnrec_lite.formulas import dequantise, quantise, table_bytes

quick = settings(deadline=None, max_examples=60)


def heavy_tailed(n=3000, d=64, seed=0):
    """Vectors whose lengths differ as those of popular and rare items do."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) * rng.lognormal(0, 0.5, (n, 1))).astype(np.float32)


@quick
@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from([8, 4, 2]),
    st.sampled_from(["row", "tensor"]), st.integers(0, 10**6),
)  # fmt: skip
def test_a_table_stands_for_what_the_formula_says_and_takes_the_bytes_it_says(
    n, d, bits, per, seed
):
    x = np.random.default_rng(seed).normal(size=(n, d))
    table = QuantisedTable.of(x, bits, per)
    assert_allclose(table.vectors(), dequantise(*quantise(x, bits, per)), rtol=1e-6)
    assert_allclose(table.vectors(np.array([n - 1, 0])), table.vectors()[[n - 1, 0]])
    assert table.nbytes == table_bytes(n, d, bits, per)
    assert len(table) == n


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("per", ["row", "tensor"])
def test_scores_of_the_codes_are_those_of_the_floats_they_stand_for(bits, per):
    x, q = heavy_tailed(9000, 12), heavy_tailed(5, 12, seed=1)  # more rows than a block
    table = QuantisedTable.of(x, bits, per)
    assert_allclose(table.scores(q), q @ table.vectors().T, rtol=1e-4, atol=1e-4)


def test_eight_bits_per_row_keep_the_top_ten_in_a_quarter_of_the_memory():
    x, q = heavy_tailed(20_000), heavy_tailed(200, seed=1)
    exact = exact_top_k(q, x, 10)[0]
    kept = {}
    for per in ("row", "tensor"):
        rough = QuantisedTable.of(x, per=per).scores(q)
        rough[:, 0] = -np.inf
        kept[per] = top_overlap(np.argsort(-rough, axis=1)[:, :10], exact).mean()
    assert kept["row"] >= 0.98
    assert kept["row"] > kept["tensor"]
    table = QuantisedTable.of(x)
    assert table.codes.nbytes / x.nbytes == 0.25
    assert table.nbytes / x.nbytes < 0.27


def test_a_constant_row_is_exact_and_a_zero_row_stays_zero():
    table = QuantisedTable.of([[0.3, 0.3], [0.0, 0.0], [-2.0, -2.0]])
    assert_allclose(table.vectors(), [[0.3, 0.3], [0, 0], [-2, -2]], rtol=1e-6)
    assert_array_equal(table.lost_rows(), [1])
    assert np.isfinite(table.scores(np.ones((1, 2), np.float32))).all()


@pytest.mark.parametrize("huge", [1e4, 1e30, 3e38])
def test_one_huge_number_loses_every_other_row_per_tensor_and_none_per_row(huge):
    x = heavy_tailed(500, 8)
    x[7, 3] = huge
    shared, own = QuantisedTable.of(x, per="tensor"), QuantisedTable.of(x)
    assert_array_equal(shared.lost_rows(), np.delete(np.arange(500), 7))
    assert len(own.lost_rows()) == 0


def test_a_table_smaller_than_its_scale_can_be_is_zero_and_finite():
    table = QuantisedTable.of([[1e-44, 0.0], [1e-300, 0.0]])
    assert np.isfinite(table.vectors()).all()


def test_one_row_and_one_column_are_a_table():
    assert QuantisedTable.of([[-3.0]], 2).vectors().tolist() == [[-3.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: QuantisedTable.of([[1.0], [np.nan]]), r"^table: .*NaN or inf in row 1 \(1 of 2"),
        (lambda: QuantisedTable.of([[np.inf]]), "^table: expected finite numbers"),
        (lambda: QuantisedTable.of([[1e300]]), "^table: expected numbers that float32 holds"),
        (lambda: QuantisedTable.of([[1.0]], bits=3), r"^bits: expected one of \(8, 4, 2\)"),
        (lambda: QuantisedTable.of([[1.0]], per="head"), "^per: expected one of tensor, row"),
        (lambda: QuantisedTable.of([1.0]), "^table: expected a matrix"),
        (lambda: QuantisedTable.of(np.zeros((0, 3))), "^table: expected at least 1; received 0"),
        (lambda: QuantisedTable.of("a"), "^table: expected numbers"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
