"""Both sides and their time; the graph and what is learned from liking."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from attnrec_lite.worlds import Slate, contest, play, recommend_allowed
from attnrec_lite.worlds.education import LIKED, OTHER, Education
from attnrec_lite.worlds.social import READS, Social, _share_out


@pytest.fixture(scope="module")
def social():
    return Social(seed=0, n_items=40, rounds=3)


def test_nobody_is_shown_themselves_a_blocker_or_somebody_twice(social):
    state = social.start(0)
    for _ in range(3):
        may = social.allowed(state)
        assert not may[np.arange(40), np.arange(1, 41)].any()
        assert not (may & social.blocked).any()
        shown = recommend_allowed(social.likes, may, 3)
        state = social.respond(state, Slate(shown.ids, shown.scores)).state
        rows = np.arange(40)[:, None]
        assert not social.allowed(state)[rows, shown.ids].any()


def test_an_inbox_is_read_so_far_and_no_further(social):
    state = social.start(0)
    ids = np.zeros((40, 3), np.int32)
    ids[1:, 0] = 1  # everybody is shown the first person
    found = social.respond(state, Slate(ids, np.zeros(ids.shape)))
    wrote = found.label[:, 0].astype(bool)
    blocked = social.blocked[:, 1]
    assert wrote.sum() > READS
    assert (wrote & ~found.harm[:, 0]).sum() == min(READS, (wrote & ~blocked).sum())
    assert found.harm[wrote & blocked, 0].all()
    assert found.sums["matches"] <= READS


def test_sharing_out_is_the_best_assignment_and_keeps_to_the_mask():
    rng = np.random.default_rng(0)
    worth, may = rng.random((6, 7)), rng.random((6, 7)) < 0.7
    may[:, 0] = False
    found = _share_out(worth, may, 1)
    row, column = linear_sum_assignment(np.where(may, worth, -1)[:, 1:], maximize=True)
    best = np.where(may, worth, -1)[row, column + 1]
    assert np.isclose(found[found > -np.inf].sum(), best[best >= 0].sum())
    thrice = _share_out(worth, may, 3) > -np.inf
    assert not (thrice & ~may).any()
    assert thrice.sum(axis=0).max() <= 3
    assert thrice.sum(axis=1).max() <= 3
    assert not (_share_out(worth, np.zeros_like(may), 2) > -np.inf).any()


def test_asking_both_sides_makes_more_matches_and_fewer_lost_letters():
    found = contest("social", range(3))
    mean = {name: found.values(name).mean() for name in found.policies}
    lost = {name: found.values(name, "unread").mean() for name in found.policies}
    for name in ("harmonic mean", "product", "product, shared out"):
        assert mean[name] > 1.15 * mean["preference + mask"], name
    assert lost["product, shared out"] == 0 < lost["product"] < lost["preference + mask"]


@pytest.fixture(scope="module")
def education():
    return Education(seed=1, skills=6, people=400, rounds=10)


def test_the_graph_has_no_circle_and_nobody_knows_a_skill_without_what_it_needs(education):
    assert not np.triu(education.needs).any()
    missing = (~education.knows).astype(int) @ education.needs.T
    assert not missing[education.knows].any()


def test_an_exercise_out_of_reach_teaches_nothing(education):
    state = education.start(0)
    knows = state.hidden["knows"]
    reach = (~knows).astype(int) @ education.needs.T == 0
    could = reach & ~knows
    skill = int(np.argmax(np.minimum(could.sum(axis=0), (~reach).sum(axis=0))))
    ids = np.full((400, 1), 1 + 3 * skill, np.int32)
    found = education.respond(state, Slate(ids, np.zeros(ids.shape)))
    after = found.state.hidden["knows"]
    assert (found.harm[:, 0] == ~reach[:, skill]).all()
    assert not (after & ~knows)[~reach[:, skill]].any()
    assert after[could[:, skill], skill].any()
    assert not after[could[:, skill], skill].all()
    assert (np.delete(after, skill, 1) == np.delete(knows, skill, 1)).all()


def test_a_style_is_liked_and_teaches_no_more():
    world = Education(seed=0, skills=2, people=20_000, rounds=1)
    state = world.start(0)
    item = 1  # the first skill, in the first format
    ids = np.full((20_000, 1), item, np.int32)
    found = world.respond(state, Slate(ids, np.zeros(ids.shape)))
    own = world.style == world.format[item]
    assert abs(found.label[own].mean() - LIKED) < 0.02
    assert abs(found.label[~own].mean() - OTHER) < 0.02
    new = ~world.knows[:, 0]
    learned = found.state.hidden["knows"][:, 0]
    assert abs(learned[own & new].mean() - learned[~own & new].mean()) < 0.03


def test_who_has_mastered_all_is_shown_nothing_and_told_so(education):
    state = education.start(0)
    state.facts["belief"][:] = 0.999
    may = education.allowed(state)
    shown = recommend_allowed(np.ones(may.shape), may, 1)
    assert shown.nothing.all()
    assert shown.say(0) == "nothing is shown: the mask forbids everything"


def test_the_mask_teaches_and_liking_does_not():
    found = contest("education", range(3), people=80)
    gained = {name: found.values(name).mean() for name in found.policies}
    likes = {name: found.values(name, "label").mean() for name in found.policies}
    for name in ("preference + mask", "chance + mask", "mastery + mask"):
        assert gained[name] > 3 * gained["preference"], name
    assert likes["learning style"] > likes["mastery + mask"] + 20
    assert gained["learning style"] < gained["mastery + mask"] / 3


def test_belief_follows_practice(education):
    state = education.start(0)
    policy = education.policies(education.observe())["mastery + mask"]
    assert play(education, policy, 0)["gained"] > 0.5
    assert ((state.facts["belief"] > 0) & (state.facts["belief"] < 1)).all()
