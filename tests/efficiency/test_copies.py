"""Copies: what changes, what stays, and what cannot be copied so."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.efficiency import (
    QuantisedTable,
    as_product,
    factorised,
    in_half_precision,
    rounded,
    top_overlap,
)
from attnrec_lite.models import BPR, EASE, Popularity

LOG = Interactions.from_columns([0, 0, 1, 1, 2, 2], [1, 2, 1, 2, 3, 4], range(6))


@pytest.fixture
def bpr():
    return BPR(LOG.items, width=4).fit(LOG, epochs=2)


def test_a_rounded_copy_holds_what_the_codes_stand_for_and_the_model_stays(bpr):
    before = bpr.table.copy()
    copy = rounded(bpr, 4, "tensor")
    assert_array_equal(copy.table, QuantisedTable.of(before, 4, "tensor").vectors())
    assert_array_equal(bpr.table, before)
    assert_array_equal(copy.bias, bpr.bias)
    assert copy.config() == bpr.config()


def test_another_matrix_can_be_named():
    ease = EASE(LOG.items, penalty=1).fit(LOG)
    copy = rounded(ease, name="weights")
    assert_array_equal(copy.weights, QuantisedTable.of(ease.weights).vectors())


def test_half_precision_is_what_numpy_rounds_to(bpr):
    copy = in_half_precision(bpr)
    assert_array_equal(copy.table, bpr.table.astype(np.float16).astype(np.float32))
    counts = Popularity(LOG.items).fit(LOG)
    assert_array_equal(in_half_precision(counts).counts, counts.counts)  # whole numbers stay


def test_factors_of_full_rank_change_nothing_and_of_less_are_the_nearest(bpr):
    assert_allclose(factorised(bpr, 4).table, bpr.table, atol=1e-6)
    near = factorised(bpr, 2).table
    lost = np.linalg.svd(bpr.table)[1][2:]
    assert np.linalg.norm(near - bpr.table) == pytest.approx(np.linalg.norm(lost), rel=1e-4)


def test_a_network_is_copied_with_all_that_it_learned(sasrec, histories):
    assert_allclose(
        in_half_precision(sasrec).score_all(histories)[:, 1:],
        sasrec.score_all(histories)[:, 1:],
        atol=0.05,
    )
    eight, exact = rounded(sasrec).recommend(histories, 10)[0], sasrec.recommend(histories, 10)[0]
    assert top_overlap(eight, exact).mean() > 0.9
    assert top_overlap(rounded(sasrec, 2).recommend(histories, 10)[0], exact).mean() < 0.9


def test_codes_score_as_the_model_does(sasrec, histories):
    product = as_product(sasrec)
    codes = QuantisedTable.of(product.table)
    scores = codes.scores(product.contexts(histories)) + product.bias
    assert_allclose(scores[:, 1:], sasrec.score_all(histories)[:, 1:], atol=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: rounded(m, name="weights"), r"^model: expected .* 'weights'; bpr has \['bias',"),
        (lambda m: rounded(m, name="bias"), "^model: expected one with a matrix 'bias'"),
        (lambda m: rounded(m, 5), "^bits: expected one of"),
        (lambda m: factorised(m, 5), "^rank: expected at most 4; received 5"),
        (lambda m: factorised(m, 0), "^rank: expected an integer of at least 1"),
    ],
)
def test_errors_name_the_argument(call, message, bpr):
    with pytest.raises(ValueError, match=message):
        call(bpr)


@pytest.mark.parametrize("bad", [70_000.0, np.nan, -np.inf])
def test_what_float16_cannot_hold_is_refused_by_name(bpr, bad):
    bpr.table[2, 1] = bad
    with pytest.raises(ValueError, match="^table: expected numbers up to 65504; received larger"):
        in_half_precision(bpr)
