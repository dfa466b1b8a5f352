"""The k best of what may be shown: no score enlarges what is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec_lite.formulas import allowed_list

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, 1e300])
ROWS = st.lists(st.tuples(NUMBERS, st.booleans()), max_size=12)


def by_loop(scores, allowed, k):
    """Take the best that is left, k times."""
    left = [i for i in range(len(scores)) if allowed[i] and scores[i] > -np.inf]
    found = []
    while left and len(found) < k:
        best = max(left, key=lambda i: (scores[i], -i))
        found.append(best)
        left.remove(best)
    return found


@given(rows=ROWS, k=st.integers(1, 15))
def test_is_the_loop_that_takes_the_best_that_is_left(rows, k):
    scores = np.array([score for score, _ in rows], float)
    allowed = np.array([may for _, may in rows], bool)
    assert allowed_list(scores, allowed, k).tolist() == by_loop(scores, allowed, k)


@given(rows=ROWS, k=st.integers(1, 15))
def test_shows_nothing_that_is_forbidden_and_nothing_twice(rows, k):
    allowed = np.array([may for _, may in rows], bool)
    found = allowed_list([score for score, _ in rows], allowed, k).tolist()
    assert all(allowed[i] for i in found)
    assert len(set(found)) == len(found) <= k


@given(rows=ROWS, k=st.integers(1, 15), high=st.sampled_from([np.inf, np.nan, 1e308]))
def test_the_score_of_what_is_forbidden_changes_nothing(rows, k, high):
    scores = np.array([score for score, _ in rows], float)
    allowed = np.array([may for _, may in rows], bool)
    bribed = np.where(allowed, scores, high)
    np.testing.assert_array_equal(
        allowed_list(scores, allowed, k), allowed_list(bribed, allowed, k)
    )


def test_nothing_allowed_is_an_empty_list():
    assert allowed_list([1.0, 2.0], [False, False], 3).tolist() == []


def test_what_has_no_score_is_not_shown():
    assert allowed_list([np.nan, 0.0, -np.inf], [True, True, True], 3).tolist() == [1]


def test_of_equal_scores_the_smaller_place_comes_first():
    assert allowed_list([1.0, 3.0, 3.0, 3.0], [True, False, True, True], 2).tolist() == [2, 3]


@pytest.mark.parametrize(
    ("scores", "allowed", "k", "message"),
    [
        ([1.0], [1], 1, r"allowed: expected booleans; received int64"),
        ([1.0, 2.0], [True], 1, r"allowed: expected shape \(2,\).*received \(1,\)"),
        ([1.0], [True], 0, r"k: expected an integer of at least 1; received 0"),
        ([[1.0]], [[True]], 1, r"scores: expected a vector"),
    ],
)
def test_refuses_what_makes_no_sense(scores, allowed, k, message):
    with pytest.raises(ValueError, match=message):
        allowed_list(scores, allowed, k)
