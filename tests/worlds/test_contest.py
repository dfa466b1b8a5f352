"""Intervals over seeds, differences pair by pair, and tables."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.worlds import WORLDS, contest, seed_interval


@pytest.fixture(scope="module")
def found(sizes):
    return contest("finance", range(3), **sizes["finance"])


def test_an_interval_is_students():
    x = np.array([1.0, 2.5, 2.0, 4.0])
    low, high = stats.t.interval(0.9, 3, x.mean(), stats.sem(x))
    assert_allclose(seed_interval(x, 0.9), (x.mean(), low, high))


def test_one_seed_has_no_interval():
    mean, low, high = seed_interval([2.0])
    assert mean == 2
    assert np.isnan([low, high]).all()


def test_every_policy_plays_with_every_seed(found):
    world = WORLDS["finance"]
    names = list(world().policies(world().observe()))
    assert found.policies == names
    runs = [(row["policy"], row["seed"]) for row in found.rows]
    assert sorted(runs) == sorted((name, seed) for name in names for seed in range(3))


def test_differences_are_taken_seed_by_seed(found):
    rows = {(row["policy"], row["figure"]): row for row in found.summary()}
    mine = rows["worth + mask", "worth"]
    apart = found.values("worth + mask") - found.values("preference")
    assert_allclose([mine["more"], mine["more_low"], mine["more_high"]], seed_interval(apart))
    assert rows["preference", "worth"]["more"] == 0
    assert found.more("worth + mask", "preference") == seed_interval(apart)
    assert_allclose(mine["mean"], found.values("worth + mask", "worth").mean())


def test_the_table_names_all(found):
    text = str(found)
    assert text.startswith("finance, judged by worth")
    assert all(name in text for name in found.policies)


def test_some_policies_can_play_alone(sizes):
    only = ["preference + mask"]
    assert contest("finance", [0], only, **sizes["finance"]).policies == only


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: contest("zoo"), "^name: expected one of ads, news"),
        (lambda: contest("finance", []), "^seeds: expected at least one"),
        (lambda: contest("finance", [0], ["luck"]), "^only: expected one of preference"),
        (lambda: seed_interval([]), "^values: expected at least 1"),
        (lambda: seed_interval([np.nan]), "^values: expected finite numbers"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_policies_and_figures_are_refused(found):
    with pytest.raises(ValueError, match="^policy: expected one of preference"):
        found.values("luck")
    with pytest.raises(ValueError, match="^figure: expected one of label"):
        found.values("preference", "luck")
