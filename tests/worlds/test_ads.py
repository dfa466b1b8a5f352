"""The auction of many views is that of the formula; money is never spent twice; the naive loses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.formulas import second_price
from attnrec_lite.worlds import Slate, contest, play, recommend_allowed
from attnrec_lite.worlds.ads import Ads


@pytest.fixture(scope="module")
def world():
    return Ads(seed=1, n_items=8, people=30, rounds=6)


def test_each_view_is_sold_as_the_formula_sells_it(world):
    policy = world.policies(world.observe())["bid x chance"]
    chance = world.chances(world.observe())["platt"]
    state = world.start(0)
    state.facts["left"][2] = 0.0  # has spent all: outbids nobody
    shown = recommend_allowed(policy.rule(state), world.allowed(state), 1)
    price = policy.price(state, Slate(shown.ids, shown.scores))
    for view, p in enumerate(chance(state)):
        bids = np.where(state.facts["left"] > 0, world.bids, 0.0)
        winner, expected = second_price(bids, p)
        assert shown.ids[view, 0] == winner
        assert_allclose(price[view, 0], expected)


def test_nobody_pays_more_than_the_budget_and_money_adds_up(world):
    for policy in world.policies(world.observe()).values():
        state, paid = world.start(0), 0.0
        while state.time < world.rounds:
            shown = recommend_allowed(policy.rule(state.view()), world.allowed(state), 1)
            slate = Slate(shown.ids, shown.scores)
            slate = Slate(shown.ids, shown.scores, policy.price(state.view(), slate))
            found = world.respond(state, slate)
            paid, state = paid + found.sums["revenue"], found.state
            assert (state.facts["left"] >= 0).all()
        assert_allclose(paid, (world.budgets - state.facts["left"]).sum())


def test_without_any_budget_nothing_is_shown_or_charged():
    poor = Ads(seed=0, n_items=4, people=5, rounds=2, per_head=0.0)
    for name, policy in poor.policies(poor.observe()).items():
        found = play(poor, policy)
        assert found["revenue"] == found["value"] == 0
        assert found["nothing"] == (1000 if policy.masked else 0), name


def test_an_advertiser_without_budget_is_never_shown(world):
    assert world.budgets[-1] == 0
    assert not world.allowed(world.start(0))[:, -1].any()


def test_platt_and_steps_are_calibrated_and_a_share_of_attention_is_not():
    found = Ads(seed=0).calibration(0)
    assert found["platt"]["calibration_error"] < 0.03
    assert found["isotonic"]["calibration_error"] < 0.03
    for other in ("share", "sigmoid"):
        assert found[other]["calibration_error"] > 0.06
        assert found[other]["log_loss"] > found["platt"]["log_loss"] + 0.05


def test_bids_chances_and_pacing_each_earn_more():
    found = contest("ads", range(2))
    mean = {name: found.values(name).mean() for name in found.policies}
    assert mean["preference + mask"] < 0.9 * mean["bid x chance"]
    assert mean["bid x chance"] < 0.8 * mean["bid x chance, paced"]


def test_a_negative_budget_is_refused():
    with pytest.raises(ValueError, match="^per_head: expected numbers from 0; received -1"):
        Ads(per_head=-1.0)
