"""What providers are shown, and how popular lists are: by hand and at the edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.fairness import (
    popularity_lifts,
    popularity_shares,
    provider_exposure,
    users_by_popularity,
)
from attnrec_lite.formulas import place_exposure

GROUPS = np.array([0, 0, 0, 1, 2])


def test_exposure_by_hand_and_in_words():
    found = provider_exposure([[1, 3], [2, 4]], GROUPS, [2, 1, 1], "goods", ["a", "b", "c"])
    first, second = place_exposure(2)
    total = 2 * (first + second)
    assert_allclose(found.shown, [2 * first / total, second / total, second / total])
    assert_allclose(found.merit, [0.5, 0.25, 0.25])
    assert found.ratio == pytest.approx((second / total / 0.25) / (2 * first / total / 0.5))
    assert found.disparity == pytest.approx(2 * first / total - 0.5)
    assert str(found).splitlines()[0] == "a  shown  61.3%  goods  50.0%"


def test_a_group_with_one_member_and_a_group_of_nobody():
    found = provider_exposure([[1]], GROUPS, [1, 1, 0, 0], names=list("abcd"))
    assert_allclose(found.shown, [1, 0, 0, 0])
    assert (found.ratio, found.disparity) == (0, 0.5)


def test_popularity_counts_users_not_rows():
    log = Interactions.from_columns([0, 0, 1, 2], [1, 1, 1, 2], [1, 2, 1, 1])
    assert_allclose(popularity_shares(log), [0, 2 / 3, 1 / 3])


def test_lifts_leave_out_who_has_nothing_to_compare():
    p = [0, 0.5, 0.1]
    lists, had = [[1, 0], [2, 2], [0, 0], [1, 1]], [[0, 2], [0, 2], [0, 1], [0, 0]]
    found = popularity_lifts(lists, had, ["a", "b", "c", "d"], p)
    assert found == {"a": pytest.approx(4.0), "b": pytest.approx(0.0)}
    both = popularity_lifts(lists, had, ["x"] * 4, p)["x"]
    assert both == pytest.approx(0.3 / 0.1 - 1)  # of two users, each counted once


def test_users_are_sorted_by_their_share_of_the_popular():
    p = np.array([0.0, *np.linspace(1, 0.1, 10)])  # items 1 and 2 are the popular fifth
    had = np.array([[0, 1], [1, 2], [9, 10], [1, 9], [3, 4]])
    words = users_by_popularity(had, p)
    assert words[2] == "niche"
    assert words[1] == "blockbuster"
    assert_array_equal(np.unique(words, return_counts=True)[1], [1, 3, 1])
    assert len(users_by_popularity(had[:1], p)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: provider_exposure([[1]], GROUPS, [1, 1]), "groups: expected 0..1"),
        (lambda: provider_exposure([[0]], GROUPS, [1, 1, 1]), "exposure: expected"),
        (lambda: provider_exposure([[1]], GROUPS, [1, 1, 1], names=["a"]), "names: expected 3"),
        (lambda: provider_exposure([[5]], GROUPS, [1, 1, 1]), "lists: expected ids in 0..4"),
        (lambda: popularity_lifts([[1]], [[1], [1]], ["a"], [0, 1]), "expected one length"),
        (lambda: users_by_popularity([[1]], [0, 1], head=0), "head: expected a share"),
        (lambda: popularity_shares(Interactions.from_columns([0], [1], [1]).select([])),
         "log: expected at least one row"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
