"""Windows and best keys against the attention that looks at everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.formulas import attend, top_keys_attention, visible, window_attention

quick = settings(deadline=None, max_examples=50)


def three(n, d, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(n, d)), scale * rng.normal(size=(n, d)), rng.normal(size=(n, 3))


@quick
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 12), st.integers(0, 10**6))
def test_a_window_is_masked_attention_without_the_masked_part(n, d, window, seed):
    q, k, v = three(n, d, seed)
    seen = visible(np.ones(n, bool), causal=True, window=window)
    whole, weights = attend(q, k, v, seen)
    found, narrow = window_attention(q, k, v, window)
    assert_allclose(found, whole, atol=1e-12)
    for i in range(n):
        for back in range(window):
            expected = weights[i, i - back] if back <= i else 0.0
            assert narrow[i, window - 1 - back] == pytest.approx(expected, abs=1e-12)


@quick
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 9), st.integers(0, 10**6))
def test_best_keys_alone_miss_by_no_more_than_they_say(n, d, keep, seed):
    q, k, v = three(n, d, seed)
    whole, weights = attend(q, k, v)
    found, dropped = top_keys_attention(q, k, v, keep)
    assert_allclose(1 - dropped, np.sort(weights, axis=1)[:, ::-1][:, :keep].sum(axis=1))
    far = np.linalg.norm(found - whole, axis=1)
    assert (far <= 2 * dropped * np.linalg.norm(v, axis=1).max() + 1e-9).all()
    if keep >= n:
        assert_allclose(found, whole)


def test_best_keys_do_for_sharp_attention_and_not_for_flat():
    q, k, v = three(512, 64, 0)
    errors = {}
    for scale in (4.0, 1.0):
        whole = attend(scale * q, k, v)[0]
        found = top_keys_attention(scale * q, k, v, 64)[0]
        errors[scale] = np.linalg.norm(found - whole) / np.linalg.norm(whole)
    assert errors[4.0] < 0.1 < 0.5 < errors[1.0]


def test_of_equal_scores_the_first_are_kept():
    z, dropped = top_keys_attention([[0.0]], np.zeros((4, 1)), [[1], [2], [9], [9]], 2)
    assert z[0, 0] == 1.5
    assert dropped[0] == 0.5


def test_huge_scores_stay_finite():
    q = k = np.full((3, 2), 1e150)
    assert np.isfinite(window_attention(q, k, np.eye(3), 2)[0]).all()
    assert np.isfinite(top_keys_attention(q, k, np.eye(3), 1)[0]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: window_attention([[1]], [[1], [2]], [[1], [2]], 1), "^queries: expected one per"),
        (lambda: window_attention([[1]], [[1]], [[1]], 0), "^window: expected an integer"),
        (lambda: window_attention([[1, 2]], [[1]], [[1]], 1), "^keys: expected width 2"),
        (lambda: top_keys_attention([[1]], [[1]], [[1], [2]], 1), "^values: expected one per key"),
        (lambda: top_keys_attention([[1]], [[1]], [[1]], 0), "^keep: expected an integer"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
