"""Feedback loops: what every course of one keeps to, and what the known policies do to people."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.experiments import make_people, simulate_feedback
from attnrec_lite.experiments.feedback import POLICIES, People, mixed
from attnrec_lite.formulas import gini, homogenisation

PEOPLE = make_people(users=60, items=120)


@pytest.fixture(scope="module")
def loops():
    return {name: simulate_feedback(PEOPLE, name, rounds=15, length=10) for name in POLICIES}


def test_everybody_takes_one_new_item_a_round(loops):
    for loop in loops.values():
        assert (loop.consumed.sum(axis=1) == 15).all()
        assert_allclose(loop.alike[-1], homogenisation(loop.consumed))
        assert_allclose(loop.inequality[-1], gini(loop.consumed.sum(axis=0)))
        assert len(loop.utility) == 15
        assert loop.policy in str(loop)


def test_popularity_makes_people_alike_and_serves_them_badly(loops):
    alike = {name: loop.alike[-1] for name, loop in loops.items()}
    utility = {name: loop.utility.mean() for name, loop in loops.items()}
    assert alike["popularity"] > 2 * alike["ideal"] > alike["chance"]
    assert utility["ideal"] == max(utility.values())
    assert utility["popularity"] < utility["model"]


def test_a_model_that_eats_its_own_output_makes_people_more_alike_than_they_are(loops):
    assert loops["model"].alike[-1] > 1.1 * loops["ideal"].alike[-1]
    assert loops["model, a fifth by chance"].alike[-1] < loops["model"].alike[-1]


def test_what_is_shown_is_counted(loops):
    assert loops["popularity"].shown[-1] < 0.5 < loops["chance"].shown[-1]
    assert (loops["chance"].shown <= 1).all()


def test_the_same_seed_gives_the_same_course_and_another_another():
    first, again, other = (simulate_feedback(PEOPLE, "model", 5, 10, s) for s in (1, 1, 2))
    assert np.array_equal(first.consumed, again.consumed)
    assert not np.array_equal(first.consumed, other.consumed)


def test_a_model_that_stops_learning_is_asked_no_more():
    asked = []

    def own(people, has, shown, rng):
        asked.append(int(has.sum()))
        return people.tastes

    loop = simulate_feedback(PEOPLE, own, rounds=6, length=5, until=2)
    assert asked == [0, 60, 120]
    assert loop.policy == "own"
    assert_allclose(loop.utility, simulate_feedback(PEOPLE, "ideal", 6, 5).utility)


def test_ties_fall_by_lot_not_to_the_first_ids():
    def flat(people, has, shown, rng):
        return np.zeros(has.shape)

    loop = simulate_feedback(PEOPLE, flat, rounds=1, length=10)
    assert loop.consumed[:, :10].sum() < 30


def test_a_list_as_long_as_the_catalogue_leaves_all_to_the_people():
    tiny = People(np.array([[1.0, 9.0], [9.0, 1.0]]), np.ones(2))
    loop = simulate_feedback(tiny, "chance", rounds=1, length=2, noise=0.0)
    assert loop.consumed.tolist() == [[False, True], [True, False]]


def test_tastes_are_positive_with_mean_one_and_quality_can_be_left_out():
    assert PEOPLE.tastes.min() > 0
    assert_allclose(PEOPLE.tastes.mean(), 1)
    assert_allclose(make_people(users=3, items=9, spread=0).quality, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make_people(users=1), "^users: expected an integer of at least 2"),
        (lambda: make_people(spread=-1), r"^spread: expected a number in \[0, 5\]"),
        (lambda: simulate_feedback(PEOPLE, "magic"), "^policy: expected one of ideal, "),
        (lambda: simulate_feedback(PEOPLE, "ideal", 115, 10), "^rounds, length: expected at most"),
        (lambda: simulate_feedback(PEOPLE, "ideal", until=-1), "^until: expected an integer"),
        (lambda: simulate_feedback(PEOPLE, lambda *_: np.zeros(3)), "^policy: expected finite"),
        (
            lambda: simulate_feedback(PEOPLE, lambda *_: PEOPLE.tastes * np.nan),
            "^policy: expected finite scores",
        ),
        (lambda: mixed(0), "^share: expected a finite number above 0"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
