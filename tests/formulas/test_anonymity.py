"""Anonymity by hand and against loops."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import anonymity, clue_scores, eccentricity, nearness


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1))
def test_anonymity_is_the_rarest_count_and_less_detail_never_lowers_it(records):
    assert anonymity(records) == min(Counter(records).values())
    assert anonymity([r[:1] for r in records]) >= anonymity(records)


def test_sets_of_items_are_records_too():
    assert anonymity([frozenset({1, 2}), frozenset({2, 1})]) == 2
    assert anonymity(["alone"]) == 1


@given(
    arrays(np.float64, (3, 4), elements=st.floats(0, 2)),
    arrays(np.int64, 3, elements=st.integers(1, 50)),
)
def test_scores_equal_a_loop_and_rare_items_say_more(near, support):
    expected = [sum(near[i, j] / np.log(1 + support[i]) for i in range(3)) for j in range(4)]
    assert_allclose(clue_scores(near, support), expected)
    assert (clue_scores(near, support + 1) <= clue_scores(near, support) + 1e-12).all()


@given(arrays(np.float64, st.integers(2, 20), elements=st.integers(-50, 50)))
def test_eccentricity_has_no_unit_and_is_zero_for_ties(scores):
    found = eccentricity(scores)
    assert found >= 0
    assert_allclose(eccentricity(3 * scores + 7), found, atol=1e-9)
    assert eccentricity(np.append(scores, scores.max())) == 0


def test_nearness_falls_by_e_per_scale():
    assert_allclose(nearness([0, -2, 4], 2), [1, np.exp(-1), np.exp(-2)])
    assert nearness(np.inf, 1.0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: anonymity([]), "^records: expected at least one"),
        (lambda: anonymity([[1, 2]]), "^records: expected values such as tuples"),
        (lambda: clue_scores([[1.0]], [1, 2]), "^support: expected 1 numbers"),
        (lambda: clue_scores([[1.0]], [0]), "^support: expected numbers from 1"),
        (lambda: clue_scores([[np.nan]], [1]), "^similarity: expected finite"),
        (lambda: eccentricity([1.0]), "^scores: expected at least 2"),
        (lambda: eccentricity([1.0, np.nan]), "^scores: expected finite"),
        (lambda: nearness([np.nan], 1), "^difference: expected numbers; received NaN"),
        (lambda: nearness([1], 0), "^scale: expected a finite number above 0"),
    ],
)
def test_anonymity_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
