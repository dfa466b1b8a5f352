"""The attack on a log where the answer is known, and on logs where there is nothing to find."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions
from attnrec_lite.formulas import clue_scores, eccentricity
from attnrec_lite.privacy import Linkage, coarsened, crowd, link
from attnrec_lite.privacy.records import DAY, Clues, Records


@pytest.fixture(scope="module")
def rated():
    """40 users with 10 of 60 items each, on days and with stars drawn at random."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(40), 10)
    item = np.concatenate([rng.choice(60, 10, replace=False) + 1 for _ in range(40)])
    time = rng.integers(0, 400, 400) * DAY
    return Interactions.from_columns(user, item, time, value=rng.integers(1, 6, 400).astype(float))


def test_scores_equal_a_loop_over_clues_and_records(rated):
    clues = Clues(rated.item[[3, 50]], np.array([2.0, 5.0]), np.array([9.0, 300.0]) * DAY)
    near = np.zeros((2, 40))
    for c in range(2):
        for row in np.flatnonzero(rated.item == clues.item[c]):
            stars = np.exp(-abs(rated.value[row] - clues.value[c]) / 1.5)
            days = np.exp(-abs(rated.time[row] - clues.time[c]) / DAY / 30)
            near[c, rated.user[row]] = stars + days
    support = [(rated.item == i).sum() for i in clues.item]
    assert_allclose(Records(rated).scores(clues), clue_scores(near, support))


def test_exact_clues_find_everybody_and_more_clues_find_more(rated):
    shares = [link(rated, k, stars=0.0, days=0.0).right.mean() for k in (1, 2, 8)]
    assert shares[0] < shares[1] <= shares[2] == 1
    vague = link(rated, 2, stars=None, days=None)
    assert vague.right.mean() < shares[1]


def test_found_is_what_the_scores_say(rated):
    result = link(rated, 3, seed=4)
    rng, records = np.random.default_rng(4), Records(rated)
    for place, user in enumerate(result.user):
        rows = rated.bounds()[user] + rng.choice(10, 3, replace=False)
        scores = records.scores(Clues.draw(rated, int(user), rows, 0, 1.0, 14.0, rng))
        assert result.found[place] == (scores.argmax() == user)
        assert_allclose(result.apart[place], eccentricity(scores))
        assert_allclose(result.absent[place], eccentricity(np.delete(scores, user)))


def test_persons_with_equal_records_are_never_named():
    columns = np.repeat(np.arange(5), 3), np.tile([1, 2, 3], 5), np.tile([1, 2, 3], 5)
    found = link(Interactions.from_columns(*columns), 3, stars=None, days=0.0)
    assert not found.right.any()
    assert not found.wrong.any()
    assert not found.accused.any()


def test_wrong_clues_and_coarse_releases_hurt_the_attack(rated):
    full = link(rated, 4).right.mean()
    assert link(rated, 4, wrong=3).right.mean() < full
    nothing = link(rated, 4, release_days=np.inf, release_stars=100.0)
    assert nothing.right.mean() < full
    assert_allclose(
        nothing.found.mean(), link(rated, 4, stars=None, days=None).found.mean(), atol=0.2
    )


def test_a_threshold_is_set_by_those_who_are_not_there(rated):
    found = link(rated, 2)
    for allowed in (0.05, 0.3):
        at = found.at(allowed)
        assert at.accused.mean() <= allowed
        lower = np.nextafter(at.threshold, 0) - 1e-9
        assert (found.absent >= lower).mean() > allowed
    assert found.at(0.05).right.mean() <= found.at(0.3).right.mean()


def test_the_three_ends_add_up_and_come_with_intervals(rated):
    found = link(rated, 2)
    assert not (found.right & found.wrong).any()
    estimates = found.estimates()
    assert estimates["right"].low <= found.right.mean() <= estimates["right"].high
    assert "2 rows known, ratings within 1 stars, dates within 14 days" in repr(found)
    assert "2 rows known" in str(estimates["accused"])
    words = link(rated, 2, stars=None, days=None, wrong=1).clues
    assert words == "2 rows known, 1 of them wrong, no ratings, no dates"


def test_a_crowd_counts_who_has_all_of_it(rated):
    sizes = crowd(rated, 2, seed=1)
    rng = np.random.default_rng(1)
    for user, size in enumerate(sizes):
        rows = rated.bounds()[user] + rng.choice(10, 2, replace=False)
        have = [set(rated.user[rated.item == i]) for i in rated.item[rows]]
        assert size == len(set.intersection(*have)) >= 1
    twice = Interactions.from_columns([0, 0, 1], [1, 1, 1], [0, 1, 2], duplicates="keep")
    assert crowd(twice, 2).tolist() == [2]


def test_a_coarse_log_keeps_its_rows_and_loses_detail(rated):
    coarse = coarsened(rated, days=30, stars=5)
    assert (coarse.item == rated.item).all()
    assert set(coarse.time % (30 * DAY)) == {0}
    assert ((rated.time - coarse.time >= 0) & (rated.time - coarse.time < 30 * DAY)).all()
    assert set(coarse.value) <= {0.0, 5.0}
    assert set(coarsened(rated, days=np.inf).time) == {0}
    assert (coarsened(rated).time == rated.time).all()


def one_user():
    return Interactions.from_columns([0, 0], [1, 2], [0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda log: link(one_user(), 1, stars=None), "^log: expected at least 3 users"),
        (lambda log: link(log, 11), "^known: expected a user with 11 rows"),
        (lambda log: link(log, 0), "^known: expected an integer of at least 1"),
        (lambda log: link(log, 2, wrong=3), "^wrong: expected at most known=2"),
        (lambda log: link(log, 2, stars=-1), "^stars: expected a number from 0"),
        (lambda log: link(log, 2, days=np.nan), "^days: expected finite"),
        (lambda log: link(log, 2, threshold=0), "^threshold: expected a finite number above 0"),
        (lambda log: link(log, 2, release_days=0), "^days: expected a finite number above 0"),
        (lambda log: link(log, 2, release_stars=0), "^stars: expected a finite number above 0"),
        (lambda log: link(one_user(), 1), "^stars: expected None, for the log has no ratings"),
        (lambda log: link(log, 2).at(0), "^false_alarms: expected a number above 0"),
        (lambda log: crowd(log, 11), "^known: expected at most 10 rows"),
        (lambda log: coarsened(log, days=1e-9), "^days: expected a second at least"),
    ],
)
def test_linkage_refuses_by_name(rated, call, message):
    with pytest.raises(ValueError, match=message):
        call(rated)
    assert isinstance(link(rated, 1), Linkage)
