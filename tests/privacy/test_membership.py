"""A model that remembers everything, one that remembers nothing, and the attack on both."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions
from attnrec_lite.formulas import hits_at, membership_advantage
from attnrec_lite.models import EASE, Popularity
from attnrec_lite.privacy import Shadows, attack, shadows, standing


@pytest.fixture(scope="module")
def remembered(small_log):
    return shadows(lambda seed: EASE(small_log.items, 0.1), small_log, models=8, rows=5)


def test_the_figures_are_those_of_the_formulas():
    rng = np.random.default_rng(0)
    members, others = rng.normal(1, 1, 400), rng.normal(0, 1, 300)
    found = attack(members, others)
    assert found.hits == hits_at(members, others)
    assert found.advantage == membership_advantage(members, others)
    assert_allclose(found.area, (members[:, None] > others).mean(), atol=1e-12)
    assert found.low <= found.hits <= found.high
    assert (found.members, found.others) == (400, 300)
    assert "at 1% false alarms among 300" in str(found)


def test_constant_signals_find_nobody():
    found = attack(np.ones(20), np.ones(30))
    assert (found.area, found.advantage, found.hits, found.high) == (0.5, 0, 0, 0)


def test_standing_equals_a_loop(small_log):
    model = EASE(small_log.items, 1.0).fit(small_log)
    found = standing(model, small_log, rows=3)
    for user in (0, 7, 59):
        begin, end = small_log.bounds()[user : user + 2]
        expected = []
        for row in range(max(begin + 1, end - 3), end):
            scores = model.score_all(small_log.item[begin:row][None])[0, 1:].astype(float)
            own = scores[small_log.item[row] - 1]
            expected.append((own - scores.mean()) / scores.std())
        assert_allclose(found[user], np.mean(expected), rtol=1e-5)


def test_users_who_cannot_be_asked_have_no_standing_and_flat_scores_stand_nowhere():
    log = Interactions.from_columns([0, 1, 1], [1, 1, 2], range(3))
    model = Popularity(log.items)  # unfitted: every score is 0
    assert np.isnan(standing(model, log)[0])
    assert standing(model, log)[1] == 0


def test_everybody_is_in_half_of_the_models(remembered, small_log):
    assert remembered.member.shape == (8, small_log.n_users)
    assert (remembered.member.sum(0) == 4).all()
    assert np.isfinite(remembered.signal).all()


def test_a_model_that_remembers_is_told_from_one_that_does_not(remembered, small_log):
    told = attack(*remembered.ratios())
    assert told.area > 0.75
    forgetful = shadows(lambda seed: Popularity(small_log.items), small_log, models=8, rows=5)
    assert attack(*forgetful.ratios()).area < told.area


def test_labels_that_mean_nothing_find_nobody(remembered):
    rng = np.random.default_rng(0)
    mixed = Shadows(remembered.signal, rng.permuted(remembered.member, axis=0))
    areas = [attack(*mixed.ratios(k), draws=10).area for k in range(8)]
    assert abs(np.mean(areas) - 0.5) < 0.12


def test_the_target_takes_no_part_in_its_own_comparison(remembered):
    signal = remembered.signal.copy()
    signal[2] += 5.0  # the model under attack alone: every ratio moves, the others do not
    moved = Shadows(signal, remembered.member)
    assert not np.allclose(moved.ratios(2)[0], remembered.ratios(2)[0])
    rest = np.arange(8) != 2
    with_ = np.where(remembered.member[rest], remembered.signal[rest], np.nan)
    same = np.where(moved.member[rest], moved.signal[rest], np.nan)
    assert_allclose(with_, same)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda log: attack([], [1]), "^members: expected at least 1"),
        (lambda log: attack([1], [np.nan]), "^others: expected finite"),
        (lambda log: attack([1], [1], level=1), "^level: expected a number above 0 and below 1"),
        (lambda log: attack([1], [1], draws=0), "^draws: expected an integer of at least 1"),
        (
            lambda log: standing(EASE(log.items), log, rows=0),
            "^rows: expected an integer of at least 1",
        ),
        (lambda log: shadows(EASE, log, models=5), "^models, log: expected an even number"),
        (lambda log: shadows(EASE, log, models=2), "^models: expected an integer of at least 4"),
        (
            lambda log: shadows(EASE, Interactions.from_columns([0, 0], [1, 2], [0, 1]), 4),
            "^models, log: .* two users with two rows; received 4",
        ),
    ],
)
def test_membership_refuses_by_name(small_log, call, message):
    with pytest.raises(ValueError, match=message):
        call(small_log)
