"""How alike collections are: by hand and against a loop over sets."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import homogenisation, jaccard

quick = settings(deadline=None, max_examples=50)
tables = arrays(
    np.int64, st.tuples(st.integers(2, 6), st.integers(1, 7)), elements=st.integers(0, 1)
)


@quick
@given(tables)
def test_homogenisation_is_the_mean_over_pairs_of_sets(consumed):
    sets = [set(np.flatnonzero(row)) for row in consumed]
    expected = np.mean([jaccard(a, b) for a, b in combinations(sets, 2)])
    assert_allclose(homogenisation(consumed), expected)


def test_the_ends_of_the_scale():
    assert homogenisation(np.ones((3, 4))) == 1
    assert homogenisation(np.eye(3)) == 0
    assert homogenisation(np.zeros((3, 4))) == 0
    assert jaccard([1, 1, 2], [2]) == 0.5


def test_what_is_no_collection_is_refused():
    with pytest.raises(TypeError, match="not iterable"):
        jaccard(3, [1])


def test_chosen_pairs_alone_count():
    consumed = [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert homogenisation(consumed, np.array([[0, 1]])) == 1
    assert homogenisation(consumed, np.array([[0, 2], [1, 2]])) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: homogenisation([[1, 0]]), "^consumed: expected two users or more; received 1"),
        (lambda: homogenisation([[1, 2], [0, 0]]), "^consumed: expected 0 and 1 only"),
        (lambda: homogenisation(np.eye(2), [[0, 2]]), r"^pairs: expected rows in 0..1; received 2"),
        (lambda: homogenisation(np.eye(2), [0, 1]), r"^pairs: expected row numbers \(m, 2\)"),
        (lambda: homogenisation(np.eye(2), np.zeros((0, 2), int)), "^pairs: expected row numbers"),
    ],
)
def test_homogenisation_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
