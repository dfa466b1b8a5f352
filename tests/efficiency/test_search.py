"""Exact search against sorting; two stages never miss; lists of ids compared."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.efficiency import (
    QuantisedTable,
    exact_in_two_stages,
    exact_top_k,
    top_overlap,
)

quick = settings(deadline=None, max_examples=60)


def table_of(n, d, seed, tail=0.5):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) * rng.lognormal(0, tail, (n, 1))).astype(np.float32)


def sorted_ids(q, x, b, banned, k):
    """By sorting, one row at a time, in float64."""
    rows = []
    for context, no in zip(q.astype(float), banned, strict=True):
        scores = x.astype(float) @ context + b
        order = [i for i in np.argsort(-scores, kind="stable") if i > 0 and i not in no][:k]
        rows.append(order + [0] * (k - len(order)))
    return np.array(rows)


@quick
@given(
    st.integers(1, 40), st.integers(1, 6), st.integers(1, 50), st.sampled_from([8, 4, 2]),
    st.integers(0, 10**6),
)  # fmt: skip
def test_both_searches_find_what_sorting_finds(n, d, k, bits, seed):
    rng = np.random.default_rng(seed)
    x, q = table_of(n + 1, d, seed), rng.normal(size=(3, d)).astype(np.float32)
    b, banned = rng.normal(size=n + 1).astype(np.float32), rng.integers(0, n + 1, (3, 4))
    expected = sorted_ids(q, x, b, banned, k)
    ids, scores = exact_top_k(q, x, k, b, banned)
    assert_array_equal(ids, expected)
    again = exact_in_two_stages(q, x, QuantisedTable.of(x, bits), k, b, banned)
    assert_array_equal(again[0], expected)
    assert_allclose(again[1], scores, rtol=1e-4, atol=1e-4)
    assert (again[2] <= n).all()


def test_two_stages_score_few_items_again():
    x, q = table_of(5000, 32, 0), table_of(20, 32, 1)
    ids, _, again = exact_in_two_stages(q, x, QuantisedTable.of(x), 10)
    assert_array_equal(ids, exact_top_k(q, x, 10)[0])
    assert again.max() < 200
    coarse = exact_in_two_stages(q, x, QuantisedTable.of(x, 4), 10)
    assert_array_equal(coarse[0], ids)
    assert again.mean() < coarse[2].mean()


def test_of_equal_scores_the_smaller_id_comes_first():
    x = np.ones((6, 2), np.float32)
    ids = exact_top_k([[1.0, 1.0]], x, 3)[0]
    assert ids.tolist() == [[1, 2, 3]]
    assert exact_in_two_stages([[1.0, 1.0]], x, QuantisedTable.of(x), 3)[0].tolist() == [[1, 2, 3]]


def test_a_list_longer_than_the_catalogue_ends_in_nothing():
    x = np.array([[0.0], [1.0], [2.0]])
    for ids, scores, *_ in (
        exact_top_k([[1.0]], x, 5, banned=[[2]]),
        exact_in_two_stages([[1.0]], x, QuantisedTable.of(x), 5, banned=[[2]]),
    ):
        assert ids.tolist() == [[1, 0, 0, 0, 0]]
        assert np.isneginf(scores[0, 1:]).all()


def test_where_everything_is_banned_nothing_is_found():
    x, everything = np.ones((3, 1)), [[1, 2]]
    assert not exact_top_k([[1.0]], x, 2, banned=everything)[0].any()
    assert not exact_in_two_stages([[1.0]], x, QuantisedTable.of(x), 2, None, everything)[0].any()


def test_nobody_asks():
    x = np.ones((3, 2))
    assert exact_top_k(np.zeros((0, 2)), x, 2)[0].shape == (0, 2)
    assert exact_in_two_stages(np.zeros((0, 2)), x, QuantisedTable.of(x), 2)[0].shape == (0, 2)


def test_overlap_by_hand_and_without_any_row():
    assert_allclose(top_overlap([[3, 1, 2]], [[1, 2, 9]]), [2 / 3])
    assert_allclose(top_overlap([[0, 0]], [[1, 2]]), [0])
    assert_allclose(top_overlap([[0, 5]], [[0, 5]]), [1])  # an empty place is nobody's hit
    assert top_overlap(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


ONE = QuantisedTable.of([[0.0], [1.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_top_k([[1.0]], [[0, 1], [1, 1]], 1), "^table: .* of width 1 as contexts"),
        (lambda: exact_top_k([[1.0]], [[0.0]], 1), "^table: expected padding and an item"),
        (lambda: exact_top_k([[np.nan]], [[0], [1]], 1), "^contexts: expected finite numbers"),
        (lambda: exact_top_k([[1]], [[0], [np.inf]], 1), "^table: expected vectors whose scores"),
        (lambda: exact_top_k([1], [[0], [1]], 1), "^contexts: expected a matrix"),
        (lambda: exact_top_k([[1]], [[0], [1]], 0), "^k: expected an integer of at least 1"),
        (lambda: exact_top_k([[1]], [[0], [1]], 1, [1.0]), "^bias: expected 2 finite numbers"),
        (lambda: exact_top_k([[1]], [[0], [1]], 1, None, [[2]]), r"^banned: .* ids in 0\.\.1"),
        (lambda: exact_top_k([[1]], [[0], [1]], 1, None, [[1], [1]]), "^banned: expected 1 rows"),
        (lambda: exact_in_two_stages([[1]], [[0], [1], [2]], ONE, 1), r"^codes: .*\(3, 1\)"),
        (lambda: top_overlap([[1]], [[1], [2]]), "^found, expected: expected lists of as many"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
