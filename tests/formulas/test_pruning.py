"""What is cut, what it was worth, and what it saves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import sparse

from attnrec_lite.formulas import head_importance, magnitude_mask, sparse_bytes

quick = settings(deadline=None, max_examples=60)
matrices = arrays(np.float64, (4, 5), elements=st.integers(-3, 3).map(float))


@quick
@given(matrices, st.floats(0, 1))
def test_so_many_go_and_none_that_stays_is_smaller_than_one_that_went(w, share):
    mask = magnitude_mask(w, share)
    assert (~mask).sum() == int(share * w.size)
    size = np.abs(w)
    assert size[~mask].max(initial=-1) <= size[mask].min(initial=np.inf)


def test_nothing_goes_everything_goes_and_of_equal_weights_the_first():
    w = np.ones((2, 2))
    assert magnitude_mask(w, 0).all()
    assert not magnitude_mask(w, 1).any()
    assert magnitude_mask(w, 0.5).tolist() == [[False, False], [True, True]]


def test_the_importance_of_a_head_is_the_slope_by_its_gate():
    """A gate is turned by hand, example by example, and the change of the loss is measured."""
    rng = np.random.default_rng(0)
    heads, each, d, examples = 3, 2, 4, 6
    readout, z = rng.normal(size=(heads * each, d)), rng.normal(size=(examples, heads * each))
    wanted = rng.normal(size=(examples, d))

    def losses(gates):
        return ((z * np.repeat(gates, each) @ readout - wanted) ** 2).sum(axis=1)

    slopes = 2 * z[:, :, None] * (z @ readout - wanted)[:, None, :]  # by W_O, example by example
    found = head_importance(readout, slopes, heads)
    for h in range(heads):
        step = np.eye(heads)[h] * 1e-6
        numeric = (losses(1 + step) - losses(1 - step)) / 2e-6
        assert found[h] == pytest.approx(np.abs(numeric).mean(), rel=1e-5)


def test_signs_do_not_cancel():
    assert_allclose(head_importance([[1.0]], [[[2.0]], [[-2.0]]], 1), [2.0])


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
def test_bytes_are_those_of_compressed_rows(share):
    w = np.random.default_rng(1).normal(size=(30, 8)).astype(np.float32)
    kept = sparse.csr_array(w * magnitude_mask(w, share))
    assert kept.indices.dtype == np.int32
    found = sparse_bytes(30, 8, share)
    assert found["dense"] == w.nbytes
    assert found["sparse"] == kept.data.nbytes + kept.indices.nbytes + kept.indptr.nbytes


def test_half_of_the_weights_have_to_go_before_anything_is_saved():
    found = sparse_bytes(1000, 64, 0.5)
    assert found["sparse"] > found["dense"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: magnitude_mask([np.nan], 0.5), "^weights: expected finite numbers"),
        (lambda: magnitude_mask([1.0], 1.5), r"^share: expected a number in \[0, 1\]"),
        (lambda: head_importance([[1.0]], [[[1.0, 2.0]]], 1), "^slopes: expected shape"),
        (lambda: head_importance([[1.0]], [[[1.0]]], 2), "^heads: expected a divisor of 1 rows"),
        (lambda: head_importance([[1.0]], [[[np.nan]]], 1), "^slopes: expected finite"),
        (lambda: head_importance([[1.0]], np.zeros((0, 1, 1)), 1), "^slopes: expected at least 1"),
        (lambda: sparse_bytes(0, 1, 0.5), "^rows: expected an integer"),
        (lambda: sparse_bytes(1, 1, -0.1), "^share: expected a number"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
