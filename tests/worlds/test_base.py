"""Every world keeps the interface: cards, masks, views, answers, and the same whims for all."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.worlds import WORLDS, Policy, Slate, State, play, recommend_allowed


def empty_slate(world, state):
    people = len(state.history)
    ids = np.zeros((people, world.length), np.int32)
    return Slate(ids, np.full(ids.shape, -np.inf), np.zeros(ids.shape))


SMALLEST = {
    "ads": {"n_items": 2, "people": 1, "rounds": 1},
    "news": {"n_items": 4, "people": 1, "rounds": 1},
    "music": {"n_items": 60, "people": 1, "rounds": 1},
    "social": {"n_items": 10, "rounds": 1},
    "education": {"skills": 1, "people": 1, "rounds": 1},
    "medicine": {"n_items": 2, "people": 1, "log_size": 100},
    "travel": {"n_items": 10, "people": 1, "rounds": 1},
    "finance": {"n_items": 4, "people": 1, "rounds": 1},
}


@pytest.mark.parametrize("name", list(WORLDS))
@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_world_still_turns(name, seed):
    world = WORLDS[name](seed=seed, **SMALLEST[name])
    for policy in world.policies(world.observe(seed)).values():
        assert np.isfinite(list(play(world, policy, seed).values())).all()


def test_the_card_is_full_and_names_a_figure(small):
    world, policies = small
    assert all(world.card.row().values())
    assert WORLDS[world.card.name] is type(world)
    figures = play(world, policies["preference"], 1)
    assert world.card.measure in figures
    assert {"label", "harm", "forbidden", "nothing"} < set(figures)
    assert np.isfinite(list(figures.values())).all()
    assert world.truth


def test_the_naive_policy_comes_first_and_all_say_what_they_do(small):
    _, policies = small
    assert next(iter(policies)) == "preference"
    assert not policies["preference"].masked
    assert all(policy.about for policy in policies.values())


def test_a_mask_is_boolean_and_forbids_padding(small):
    world, _ = small
    state = world.start(0)
    may = world.allowed(state)
    assert may.dtype == bool
    assert may.shape == (len(state.history), world.n_items + 1)
    assert not may[:, 0].any()
    assert may.any()


def test_masked_policies_never_break_the_mask(small):
    world, policies = small
    for name, policy in policies.items():
        if policy.masked:
            assert play(world, policy, 2)["forbidden"] == 0, name


def test_a_view_shows_nothing_hidden_and_cannot_be_answered(small):
    world, _ = small
    state = world.start(0)
    assert state.hidden
    assert not state.view().hidden
    with pytest.raises(ValueError, match=r"^state: expected one of start\(\) or respond\(\)"):
        world.respond(state.view(), empty_slate(world, state))


def test_a_seed_says_all_and_another_says_something_else(small, sizes):
    world, policies = small
    name = list(policies)[-1]
    again = type(world)(seed=3, **sizes[world.card.name])
    other = again.policies(again.observe(3))
    first = play(world, policies[name], 5)
    assert play(again, other[name], 5) == first
    assert play(world, policies[name], 6) != first


def test_answering_changes_neither_the_state_nor_the_world(small):
    world, policies = small
    state = world.start(4)
    before = {k: v.copy() for k, v in {**state.facts, **state.hidden}.items()}
    truth = {k: v.copy() for k, v in world.truth.items()}
    scores = np.random.default_rng(0).normal(size=(len(state.history), world.n_items + 1))
    shown = recommend_allowed(scores, world.allowed(state), world.length)
    slate = Slate(shown.ids, shown.scores, np.ones(shown.ids.shape))
    first, second = world.respond(state, slate), world.respond(state, slate)
    assert_array_equal(first.label, second.label)
    for name, array in before.items():
        assert_array_equal(array, {**state.facts, **state.hidden}[name])
    for name, array in truth.items():
        assert_array_equal(array, world.truth[name])
    assert first.state.time == 1
    assert policies


def test_whims_differ_by_seed_and_round_and_by_nothing_else(small):
    world, _ = small
    first, other = world.start(0), world.start(1)
    draw = first.rng().random()
    assert (
        draw
        == first.view().rng().random()
        == replace(first, history=first.history * 0).rng().random()
    )
    assert draw != other.rng().random()
    assert draw != replace(first, time=1).rng().random()


def test_who_is_shown_nothing_does_nothing_and_is_not_harmed(small):
    world, _ = small
    state = world.start(0)
    found = world.respond(state, empty_slate(world, state))
    assert not found.label.any()
    assert not found.harm.any()
    assert found.label.shape == found.harm.shape == (len(state.history), world.length)


def test_scores_that_are_no_numbers_show_nothing_all_the_way(small):
    world, _ = small
    shape = (len(world.start(0).history), world.n_items + 1)
    found = play(world, Policy(lambda state: np.full(shape, np.nan)), 0)
    assert found["nothing"] == 1000
    assert found["label"] == found["harm"] == 0


def test_an_open_policy_is_still_not_shown_padding(small):
    world, _ = small

    def padding(state: State):
        scores = np.zeros((len(state.history), world.n_items + 1))
        scores[:, 0] = np.inf
        return scores

    assert play(world, Policy(padding, masked=False), 0)["nothing"] == 0


@pytest.mark.parametrize("bad", [-1, 10_000])
def test_unknown_ids_are_refused(small, bad):
    world, _ = small
    state = world.start(0)
    slate = empty_slate(world, state)
    slate.ids[0, 0] = bad
    with pytest.raises(ValueError, match=r"^slate: expected ids in 0\.\."):
        world.respond(state, slate)


def test_a_slate_of_another_shape_is_refused(small):
    world, _ = small
    state = world.start(0)
    slate = replace(empty_slate(world, state), ids=np.ones((1, world.length), np.int32))
    with pytest.raises(ValueError, match="^slate: expected shape"):
        world.respond(state, slate)


def test_a_policy_whose_scores_do_not_fit_is_refused(small):
    world, _ = small
    with pytest.raises(ValueError, match="^allowed: expected shape"):
        play(world, Policy(lambda state: np.zeros((1, 2))), 0)


def test_a_seed_below_zero_is_refused(small):
    with pytest.raises(ValueError, match="^seed: expected an integer of at least 0"):
        type(small[0])(seed=-1)
