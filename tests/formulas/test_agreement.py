"""The share of items whose interest is matched with their taste."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec_lite.evaluation import taste_agreement
from attnrec_lite.formulas import matched_share

codes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


@given(codes)
def test_it_is_the_best_of_all_ways_to_name_the_interests(pairs):
    interests, tastes = np.array(pairs).T
    best = max(np.mean([naming[k] == t for k, t in pairs]) for naming in permutations(range(4)))
    assert matched_share(interests, tastes) == pytest.approx(best)


@given(codes, st.permutations(range(4)), st.integers(-5, 5))
def test_names_mean_nothing_and_neither_side_is_the_first(pairs, names, shift):
    interests, tastes = np.array(pairs).T
    share = matched_share(interests, tastes)
    assert matched_share(np.array(names)[interests], tastes + shift) == share
    assert matched_share(tastes, interests) == share


@given(codes)
def test_interests_that_are_the_tastes_under_other_names_have_all(pairs):
    _, tastes = np.array(pairs).T
    assert matched_share(9 - tastes, tastes) == 1


def test_a_taste_that_two_interests_share_is_half_wrong():
    assert matched_share([0, 0, 1, 1], [5, 5, 5, 5]) == 0.5


@given(codes, codes)
def test_it_is_what_the_evaluation_observes_for_users_of_two_tastes(first, second):
    rows = [np.array(pairs).T for pairs in (first, second)]
    several = [row for row in rows if len(np.unique(row[1])) > 1]
    if not several:
        return
    width = max(len(row[0]) for row in several)
    interests, tastes = np.full((2, len(several), width), -1)
    for user, (k, t) in enumerate(several):
        interests[user, : len(k)], tastes[user, : len(t)] = k, t
    right = sum(matched_share(k, t) * len(k) for k, t in several)
    found = taste_agreement(interests, tastes, draws=1)
    assert found.observed == pytest.approx(right / sum(len(k) for k, _ in several))


@pytest.mark.parametrize(
    ("interests", "tastes", "message"),
    [
        ([], [], r"interests: expected whole numbers, shape \(n,\), at least one"),
        ([0.5], [1], "interests: expected whole numbers"),
        ([1], [[1]], "tastes: expected whole numbers"),
        ([1, 2], [1], "tastes: expected 2, as interests; received 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(interests, tastes, message):
    with pytest.raises(ValueError, match=message):
        matched_share(interests, tastes)
