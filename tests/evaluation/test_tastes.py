"""Recall by number of tastes, tastes in a list, collapse: by sets, formulas and at the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.evaluation import (
    Evaluation,
    by_tastes,
    interest_redundancy,
    taste_coverage,
)

quick = settings(deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)

# ---- recall by number of tastes ----------------------------------------------------------------


def evaluation(values):
    n = len(values)
    return Evaluation(
        "model", "the last item", {"recall@20": np.array(values)}, np.ones(n, int), np.arange(n) + 1
    )


def test_a_metric_is_split_by_the_number_of_tastes():
    found = by_tastes(evaluation([1.0, 0, 1, 1, 0, 0]), [1, 1, 2, 3, 5, 9], "recall@20", most=3)
    assert list(found) == [1, 2, 3]
    assert [e.value for e in found.values()] == pytest.approx([0.5, 1, 1 / 3])
    assert [e.n for e in found.values()] == [2, 1, 3]
    assert found[1].metric == "recall@20"


@pytest.mark.parametrize("tastes", [[1], [1, 2.5], [-1, 1], [[1, 1]]])
def test_a_number_of_tastes_for_each_case_is_needed(tastes):
    with pytest.raises(ValueError, match="^tastes: expected a whole number for each of 2 cases"):
        by_tastes(evaluation([1.0, 0]), tastes, "recall@20")


def test_a_metric_that_was_not_computed_is_refused():
    with pytest.raises(ValueError, match="^metric: expected one of recall@20"):
        by_tastes(evaluation([1.0]), [1], "recall@5")


# ---- tastes in a list --------------------------------------------------------------------------


@quick
@given(seeds)
def test_coverage_of_tastes_is_what_sets_say(seed):
    rng = np.random.default_rng(seed)
    taste = np.concatenate([[-1], rng.integers(0, 4, 6)])
    ids, wanted = rng.integers(0, 7, (5, 3)), rng.random((5, 4)) < 0.6
    for row, wants, value in zip(ids, wanted, taste_coverage(ids, taste, wanted), strict=True):
        own = set(np.flatnonzero(wants))
        served = {taste[i] for i in row if i} & own
        assert np.isnan(value) if not own else value == len(served) / len(own)


def test_an_empty_list_serves_no_taste_and_nobody_needs_no_list():
    assert_array_equal(taste_coverage([[0, 0]], [-1, 0], [[True]]), [0])
    assert taste_coverage(np.zeros((0, 3), int), [-1, 0], np.zeros((0, 1), bool)).shape == (0,)


@pytest.mark.parametrize(
    ("ids", "taste", "wanted", "message"),
    [
        ([[3]], [-1, 0, 0], [[True]], r"^ids: expected ids in 0\.\.2"),
        ([[1]], [-1, 5], [[True]], r"^taste: expected 0\.\.0 for every item"),
        ([[1]], [-1, -1], [[True]], "^taste: expected"),
        ([[1]], [-1, 0], [[1.0]], "^wanted: expected booleans"),
        ([[1]], [-1, 0], [[True], [True]], "^wanted: expected booleans, 1 rows"),
    ],
)
def test_lists_that_do_not_fit_are_refused(ids, taste, wanted, message):
    with pytest.raises(ValueError, match=message):
        taste_coverage(ids, taste, wanted)


# ---- collapse ----------------------------------------------------------------------------------


@quick
@given(seeds, st.integers(1, 5))
def test_redundancy_of_each_user_is_that_of_the_formula(seed, k):
    z = np.random.default_rng(seed).normal(size=(4, k, 3))
    z[0, 0] = 0
    assert_allclose(interest_redundancy(z), [formulas.redundancy(v) for v in z], atol=1e-12)


def test_collapse_is_found():
    one = np.array([[1.0, 2.0]])
    assert_allclose(interest_redundancy(np.tile(one, (3, 4, 1))), 1)
    assert interest_redundancy(np.zeros((0, 4, 2))).shape == (0,)
    with pytest.raises(ValueError, match="^interests: expected finite"):
        interest_redundancy([[[np.nan, 1]]])
