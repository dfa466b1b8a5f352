"""Effects and masks, occasions, limits: planted, found again, and kept to."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.worlds import Slate, contest, play, recommend_allowed
from attnrec_lite.worlds.finance import Finance
from attnrec_lite.worlds.medicine import REACTION, Medicine
from attnrec_lite.worlds.taste import WIDTH
from attnrec_lite.worlds.travel import GATE, Travel


@pytest.fixture(scope="module")
def medicine():
    return Medicine(seed=0, people=400, log_size=20_000)


def test_the_log_lies_about_strong_treatments_until_it_is_adjusted(medicine):
    found = medicine.effects(medicine.observe())
    assert_allclose(found["adjusted"], found["true"], atol=0.35)
    assert found["true"][-1] > 1 > 0.5 > found["raw"][-1]
    wrong = np.abs(found["raw"] - found["true"]).mean()
    assert wrong > 3 * np.abs(found["adjusted"] - found["true"]).mean()


def test_doctors_of_the_log_kept_to_contraindications(medicine):
    log = medicine.observe()
    forbidden = medicine._forbidden(log["flags"])
    assert not forbidden[np.arange(len(log["item"])), log["item"]].any()


def test_for_whom_everything_is_forbidden_nothing_is_suggested(medicine):
    state = medicine.start(0)
    state.facts["flags"][:] = True
    medicine.forbids[1:, 0] = True
    may = medicine.allowed(state)
    assert not may.any()
    shown = recommend_allowed(np.full(may.shape, np.inf), may, 1)
    assert shown.nothing.all()
    assert not medicine.respond(state, Slate(shown.ids, shown.scores)).harm.any()


def test_a_reaction_costs_what_was_planted():
    world = Medicine(seed=2, people=300, log_size=600)
    state = world.start(0)
    ids = np.ones((300, 1), np.int32)
    found = world.respond(state, Slate(ids, np.zeros(ids.shape)))
    bad = ~world.allowed(state)[:, 1]
    assert_array_equal(found.harm[:, 0], bad)
    expected = state.hidden["effect"][:, 1].sum() - REACTION * bad.sum()
    assert_allclose(found.sums["benefit"], expected)


def test_a_penalty_is_outbid_and_a_mask_is_not():
    found = contest("medicine", range(3), people=400)
    harm = {name: found.values(name, "harm").mean() for name in found.policies}
    assert harm["effect"] > harm["effect, penalty"] > 5
    assert all(harm[name] == 0 for name in harm if "mask" in name)
    mean = {name: found.values(name).mean() for name in found.policies}
    assert mean["effect + mask"] > mean["outcomes + mask"] + 0.3
    assert mean["effect + mask"] > mean["preference + mask"] + 0.3


def test_silence_lowers_the_share_made_worse():
    world = Medicine(seed=0)
    coverage, worse = world.silence(world.observe())
    assert coverage[-1] == 1
    assert worse[int(0.8 * len(worse))] <= worse[-1]
    policies = world.policies(world.observe())
    said, silent = (play(world, policies[p]) for p in ("effect + mask", "effect + mask, silence"))
    assert silent["nothing"] > said["nothing"]
    assert silent["worse"] < said["worse"]


@pytest.fixture(scope="module")
def travel():
    return Travel(seed=0, n_items=20, people=300)


def test_every_place_is_open_in_some_season_and_only_open_ones_are_booked(travel):
    assert travel.open[:, 1:].any(axis=0).all()
    state = travel.start(0)
    assert_array_equal(travel.allowed(state), travel.open[state.facts["season"]])
    ids = np.tile(np.arange(1, 6, dtype=np.int32), (300, 1))
    found = travel.respond(state, Slate(ids, np.zeros(ids.shape)))
    is_open = np.take_along_axis(travel.allowed(state), ids.astype(int), 1)
    assert_array_equal(found.harm, ~is_open)
    assert not found.label[~is_open].any()
    assert (found.label.sum(axis=1) <= 1).all()
    booked = found.label.any(axis=1)
    assert booked.any()
    assert_array_equal(found.state.history[booked, -1], ids[found.label.astype(bool)])
    assert_array_equal(found.state.facts["past"][booked, -1], state.facts["occasion"][booked])
    assert_array_equal(found.state.history[~booked], state.history[~booked])


def test_histories_and_occasions_are_padded_alike(travel):
    log = travel.observe(1)
    assert_array_equal(log["history"] == 0, log["occasion"] == -1)
    assert ((log["history"] > 0).sum(axis=1) == 0).any()


def test_the_gate_looks_at_the_occasion_of_now(travel):
    state = travel.start(0)
    context, past = travel._context(state), state.facts["past"]
    both = 0
    for who, now in enumerate(state.facts["occasion"]):
        real = state.history[who] > 0
        keys, same = travel.vectors[state.history[who][real]], past[who][real] == now
        if not same.any():
            continue
        newest = keys[np.flatnonzero(same)[-1]]
        raw = np.exp(keys @ newest / np.sqrt(WIDTH)) * np.where(same, np.exp(GATE), 1.0)
        assert_allclose(context[who], raw / raw.sum() @ keys, atol=1e-9)
        both += not same.all()
    assert both > 20  # for them the gate matters
    assert not context[(state.history == 0).all(axis=1)].any()


def test_occasion_and_everybodys_taste_each_help():
    found = contest("travel", range(3), people=300)
    mean = {name: found.values(name).mean() for name in found.policies}
    assert mean["gated"] > mean["preference + mask"]
    assert mean["gated + popular"] > max(mean["gated"], mean["popular"])


@pytest.fixture(scope="module")
def finance():
    return Finance(seed=0, n_items=12, people=200, rounds=3)


def test_harm_is_a_sale_beyond_what_somebody_can_bear(finance):
    state = finance.start(0)
    ids = np.full((200, 1), 1 + int(finance.loss[1:].argmax()), np.int32)
    found = finance.respond(state, Slate(ids, np.zeros(ids.shape)))
    bought = found.label[:, 0] > 0
    beyond = finance.loss[ids[0, 0]] > finance.capacity
    assert_array_equal(found.harm[:, 0], bought & beyond)
    assert found.harm.any()


def test_the_mask_rests_on_what_clients_say_and_never_offers_twice(finance):
    state = finance.start(0)
    expected = finance.loss[1:] <= state.facts["stated"][:, None]
    assert_array_equal(finance.allowed(state)[:, 1:], expected)
    shown = recommend_allowed(finance.liking, finance.allowed(state), 1)
    after = finance.respond(state, Slate(shown.ids, shown.scores)).state
    who = ~shown.nothing
    assert not finance.allowed(after)[who, shown.ids[who, 0]].any()


def test_a_mask_prevents_most_and_a_margin_more():
    found = contest("finance", range(3), people=300)
    bad = {name: found.values(name, "unsuitable").mean() for name in found.policies}
    assert bad["preference"] > bad["preference, penalty"] > bad["preference + mask"]
    assert bad["worth x liking, margin"] < bad["preference + mask"] / 2
    worth = {name: found.values(name).mean() for name in found.policies}
    assert worth["preference"] < 0 < worth["preference + mask"]
