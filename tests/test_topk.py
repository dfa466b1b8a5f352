"""The k best, against a stable sort of everything."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from attnrec_lite._topk import top_k

FEW = [0.0, -0.0, 1.0, -1.0, 2.5, -np.inf]  # so that most rows tie, at the border of k too
EDGE = [*FEW, np.inf, 3.4e38, -3.4e38, 1e-45, -1e-45]


def best_of_three(action):
    """Cpu seconds."""
    times = []
    for _ in range(3):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def by_sorting(scores, k):
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@st.composite
def tables(draw):
    """Rows long enough for blocks, most entries equal."""
    shape = (draw(st.integers(0, 4)), draw(st.integers(1, 400)))
    values = draw(st.sampled_from([FEW, EDGE, FEW[:1], list(range(40))]))
    fill = st.sampled_from(values)
    return draw(arrays(np.float32, shape, elements=fill, fill=fill))


@settings(deadline=None, max_examples=300)
@given(tables(), st.integers(1, 30))
def test_the_best_are_those_of_a_stable_sort(scores, k):
    assert_array_equal(top_k(scores, k), by_sorting(scores, k))


@pytest.mark.parametrize("levels", [1, 2, 5, 50, 10**6])
@pytest.mark.parametrize("k", [1, 2, 7, 25, 60])
def test_random_rows_with_few_and_many_levels(levels, k):
    rng = np.random.default_rng(levels + k)
    for n in (1, k, 16 * k - 1, 16 * k, 16 * k + 1, 997, 1024, 4096 * k // 8 + 3):
        scores = rng.integers(-levels, levels, size=(9, n)).astype(np.float32)
        assert_array_equal(top_k(scores, k), by_sorting(scores, k))


@pytest.mark.parametrize("n", [64, 65, 127, 1000])
def test_the_last_items_are_found_wherever_blocks_end(n):
    for best in range(n):
        scores = np.zeros((1, n), np.float32)
        scores[0, best] = 1
        assert top_k(scores, 1).item() == best
        assert top_k(scores, 2).tolist() == [[best, int(best == 0)]]


def test_rows_that_tie_and_rows_that_do_not_stay_where_they_are():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(30, 900)).astype(np.float32)
    scores[::3] = 0
    scores[1::3] = rng.integers(0, 4, size=(10, 900))
    assert_array_equal(top_k(scores, 5), by_sorting(scores, 5))


def test_a_view_with_gaps_is_read_as_it_is():
    whole = np.random.default_rng(0).normal(size=(6, 2001)).astype(np.float32)
    for part in (whole[::2, 1:], whole[:, ::2], whole[:, ::-1]):
        assert_array_equal(top_k(part, 4), by_sorting(part, 4))
        before = part.copy()
        top_k(part, 4)
        assert_array_equal(part, before)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["constant", "counts", "popularity"])
def test_ties_are_not_slow(kind):
    rng = np.random.default_rng(0)
    scores = {
        "constant": np.zeros((256, 24_000)),
        "counts": rng.poisson(3, size=(256, 24_000)),
        "popularity": np.tile(30_000 // np.arange(1, 24_001), (256, 1)),
    }[kind].astype(np.float32)
    counts = rng.poisson(3, size=scores.shape).astype(np.float32)
    sort = best_of_three(lambda: by_sorting(counts, 10))
    assert 4 * best_of_three(lambda: top_k(scores, 10)) < sort
