"""Bounds and chances of searching: never broken, and met by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    as_distance,
    dequantise,
    hash_recall,
    probing_cost,
    quantise,
    rounded_score_bound,
)

quick = settings(deadline=None, max_examples=60)


@quick
@given(st.integers(1, 20), st.integers(1, 8), st.integers(2, 8), st.integers(0, 10**6))
def test_no_rounded_score_is_further_off_than_its_bound(n, d, bits, seed):
    rng = np.random.default_rng(seed)
    x, q = rng.normal(size=(n, d)) * rng.lognormal(size=(n, 1)), rng.normal(size=d)
    codes, scale = quantise(x, bits)
    off = np.abs((dequantise(codes, scale) - x) @ q)
    assert (off <= rounded_score_bound(q, scale) + 1e-9).all()


def test_the_bound_is_met_where_every_number_lies_halfway():
    x, q = np.array([[7.0, 0.5, 1.5]]), np.array([0.0, 1.0, -1.0])
    codes, scale = quantise(x, bits=4)
    off = np.abs((dequantise(codes, scale) - x) @ q)
    assert_allclose(off, rounded_score_bound(q, scale))


@quick
@given(st.integers(1, 10**5), st.integers(1, 50))
def test_the_fewest_comparisons_are_those_of_the_root(n, probes):
    best = max(probes, round(np.sqrt(n * probes)))
    costs = [probing_cost(n, lists, probes) for lists in range(probes, 2 * best + 2)]
    assert probing_cost(n, best, probes) <= min(costs) + 1
    assert min(costs) >= 2 * np.sqrt(n * probes) - 1e-6


def test_planes_separate_neighbours_as_often_as_said():
    rng = np.random.default_rng(0)
    angle, bits, tables, trials = 0.6, 4, 3, 20_000
    a, b = np.array([1.0, 0.0]), np.array([np.cos(angle), np.sin(angle)])
    planes = rng.normal(size=(trials, tables, bits, 2))
    same = ((planes @ a > 0) == (planes @ b > 0)).all(axis=2).any(axis=1)
    assert same.mean() == pytest.approx(float(hash_recall(np.cos(angle), bits, tables)), abs=0.01)


def test_a_vector_finds_itself_and_never_its_opposite():
    assert_allclose(hash_recall([1.0, -1.0], 6, 3), [1.0, 0.0])


@quick
@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 10**6))
def test_the_nearest_point_is_the_largest_product(n, d, seed):
    rng = np.random.default_rng(seed)
    x, q = rng.normal(size=(n, d)) * rng.lognormal(size=(n, 1)), rng.normal(size=(3, d))
    points, asked = as_distance(x, q)
    far = ((asked[:, None] - points) ** 2).sum(axis=2)
    assert_allclose(np.linalg.norm(points, axis=1), np.linalg.norm(x, axis=1).max())
    best = (q @ x.T).max(axis=1)
    assert_allclose(np.take_along_axis(q @ x.T, far.argmin(axis=1)[:, None], 1)[:, 0], best)


def test_without_the_column_the_nearest_is_another():
    x, q = np.array([[1.0, 0.0], [10.0, 0.0]]), np.array([1.0, 0.0])
    assert ((x - q) ** 2).sum(axis=1).argmin() == 0
    assert (x @ q).argmax() == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rounded_score_bound([[1.0]], [1.0]), "^query: expected a vector"),
        (lambda: probing_cost(10, 2, 3), "^probes: expected at most lists=2; received 3"),
        (lambda: probing_cost(0, 2, 1), "^items: expected an integer"),
        (lambda: hash_recall([1.5], 1, 1), r"^cosine: expected numbers in \[-1, 1\]; received 1.5"),
        (lambda: hash_recall([0.5], 0, 1), "^bits: expected an integer"),
        (lambda: as_distance([[1.0]], [[1.0, 2.0]]), "^queries: expected width 1"),
        (lambda: as_distance([[np.nan]], [[1.0]]), "^vectors: expected finite"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
