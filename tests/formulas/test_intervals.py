"""Intervals between clicks: by hand, against loops, and what they must not know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import attend, interval_attend, interval_matrix, visible

quick = settings(deadline=None, max_examples=40)
times = st.lists(st.integers(0, 10**6), min_size=1, max_size=7)


@quick
@given(times, st.sampled_from([1, 60, 0.5, 86_400]), st.integers(1, 300))
def test_the_matrix_equals_a_loop_and_is_symmetric_and_clipped(t, unit, longest):
    found = interval_matrix(t, unit, longest)
    for i, j in np.ndindex(found.shape):
        assert found[i, j] == min(longest, int(abs(t[i] - t[j]) // unit))
    assert_array_equal(found, found.T)
    assert found.min() >= 0
    assert found.max() <= longest


@quick
@given(times, st.integers(0, 10**6))
def test_a_later_click_changes_no_interval_that_was_there(t, later):
    assert_array_equal(interval_matrix([*t, later], 60, 50)[:-1, :-1], interval_matrix(t, 60, 50))


def test_hand_worked_matrix():
    assert_array_equal(interval_matrix([0, 70, 75], 10, 5), [[0, 5, 5], [5, 0, 0], [5, 0, 0]])


def test_the_matrix_says_what_is_out_of_range():
    with pytest.raises(ValueError, match="unit: expected a finite number above 0; received 0"):
        interval_matrix([1, 2], 0, 5)
    with pytest.raises(ValueError, match="longest: expected an integer of at least 1; received 0"):
        interval_matrix([1, 2], 1, 0)
    with pytest.raises(ValueError, match="times: expected finite numbers"):
        interval_matrix([np.nan], 1, 5)


def case(seed=0, n=5, d=3, longest=4):
    rng = np.random.default_rng(seed)
    x, matrices = rng.normal(size=(n, d)), tuple(rng.normal(size=(3, d, d)))
    intervals = interval_matrix(np.sort(rng.integers(0, 9, n)), 1, longest)
    tables = rng.normal(size=(2, longest + 1, d))
    return x, matrices, intervals, tables, visible(np.ones(n, bool), causal=True)


@pytest.mark.parametrize("seed", range(5))
def test_interval_attention_equals_a_loop(seed):
    x, (wq, wk, wv), r, (key_table, value_table), seen = case(seed)
    q, k, v = x @ wq, x @ wk, x @ wv
    z, weights = interval_attend(x, (wq, wk, wv), r, key_table, value_table, seen)
    for i in range(len(x)):
        js = [j for j in range(len(x)) if seen[i, j]]
        s = np.array([q[i] @ (k[j] + key_table[r[i, j]]) / np.sqrt(3) for j in js])
        a = np.exp(s) / np.exp(s).sum()
        assert_allclose(weights[i, js], a, atol=1e-9)
        mixed = sum(w * (v[j] + value_table[r[i, j]]) for w, j in zip(a, js, strict=True))
        assert_allclose(z[i], mixed, atol=1e-9)


def test_tables_of_zeros_leave_plain_attention():
    x, matrices, r, tables, seen = case()
    z, weights = interval_attend(x, matrices, r, *np.zeros_like(tables), seen)
    expected = attend(*(x @ w for w in matrices), seen)
    assert_allclose(z, expected[0])
    assert_allclose(weights, expected[1])


def test_interval_attention_says_what_does_not_fit():
    x, matrices, r, (key_table, value_table), seen = case()
    with pytest.raises(ValueError, match=r"intervals: expected whole numbers \(5, 5\)"):
        interval_attend(x, matrices, r[:4], key_table, value_table, seen)
    with pytest.raises(ValueError, match="key_table: expected 5 rows or more of width 3"):
        interval_attend(x, matrices, r * 0 + 4, key_table[:4], value_table, seen)
    with pytest.raises(ValueError, match="value_table: expected"):
        interval_attend(x, matrices, r, key_table, value_table[:, :2], seen)
