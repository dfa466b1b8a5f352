"""Stories die at the planted pace and songs come back; policies that know it win."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.worlds import Slate, contest, recommend_allowed
from attnrec_lite.worlds.music import EXPONENT, TIRED, Music, since
from attnrec_lite.worlds.news import HALF_LIVES, News


@pytest.fixture(scope="module")
def news():
    return News(seed=0, n_items=80, people=40, rounds=6)


def test_half_lives_come_out_of_the_log(news):
    *_, found = news.fit(news.observe(0, views=30_000))
    assert_allclose(found[:3], HALF_LIVES[:3], rtol=0.2)
    assert found[3] > 3 * found[2]  # a day of views says little of two days


def test_what_is_not_out_withdrawn_or_read_is_not_allowed(news):
    state = news.start(0)
    may = news.allowed(state)
    assert not may[:, news.out > 0].any()
    assert not may[:, news.withdrawn <= 0].any()
    assert not may[np.arange(40)[:, None], state.history[:, -5:]].any()
    later = state
    for _ in range(3):
        shown = recommend_allowed(np.ones(may.shape), news.allowed(later), 3)
        found = news.respond(later, Slate(shown.ids, shown.scores))
        later = found.state
        rows, places = np.nonzero(found.label)
        read = shown.ids[rows, places]
        assert not news.allowed(later)[rows, read].any()
        assert (later.history[rows] == read[:, None]).any(axis=1).all()


def test_a_story_is_read_as_often_as_planted():
    world = News(seed=0, n_items=20, people=4000, rounds=2)
    state = world.start(0)
    best = np.flatnonzero(world.allowed(state)[0])[0]
    ids = np.where(world.allowed(state)[:, [best]], best, 0)
    slate = Slate(np.pad(ids, ((0, 0), (0, 2))).astype(np.int32), np.zeros((4000, 3)))
    age = state.facts["age"][best]
    expected = state.hidden["chance"][:, best] * 0.5 ** (age / world.half_life[best])
    who = ids[:, 0] > 0
    found = world.respond(state, slate).label[who, 0].mean()
    error = np.sqrt(expected[who].mean() / who.sum())
    assert abs(found - expected[who].mean()) < 4 * error


def test_freshness_beats_attention_and_the_clock():
    found = contest("news", range(2), n_items=150, people=60, rounds=8)
    mean = {name: found.values(name).mean() for name in found.policies}
    assert mean["chance x freshness"] > 1.3 * max(mean["newest first"], mean["preference"])
    assert found.values("preference", "harm").sum() > 0
    assert found.values("preference + mask", "harm").sum() == 0


def test_gaps_equal_their_loop():
    rng = np.random.default_rng(0)
    history = rng.integers(0, 5, size=(50, 7))
    found = since(history, 4)
    for row, plays in enumerate(history):
        for song in range(1, 5):
            ago = [n for n, heard in enumerate(plays[::-1], start=1) if heard == song]
            assert found[row, song] == (ago[0] if ago else 0)
    assert not found[:, 0].any()


@pytest.fixture(scope="module")
def music():
    return Music(seed=0, n_items=120, people=60)


def test_share_and_exponent_of_repeats_come_out_of_the_log(music):
    share, exponent = music.fit(music.observe())
    assert abs(exponent - EXPONENT) <= 0.4  # sessions blur it
    assert np.corrcoef(share, music.share)[0, 1] > 0.7
    assert abs(share.mean() - music.share.mean()) < 0.06


def test_the_newest_songs_are_masked_and_are_not_played(music):
    state = music.start(0)
    may = music.allowed(state)
    newest = state.history[:, -TIRED:]
    assert not np.take_along_axis(may, newest.astype(int), 1).any()
    scores = np.random.default_rng(0).random(may.shape)
    shown = recommend_allowed(scores, may, 10)
    found = music.respond(state, Slate(shown.ids, shown.scores))
    played = found.state.history[:, -1]
    assert not (played[:, None] == newest).any()
    assert_array_equal(found.label.any(axis=1), (shown.ids == played[:, None]).any(axis=1))
    assert_array_equal(found.state.history[:, :-1], state.history[:, 1:])


def test_repeats_win_but_for_new_songs():
    found = contest("music", [0], n_items=120, people=60, rounds=12)
    mean = {name: found.values(name).mean() for name in found.policies}
    assert mean["repeats"] > 1.5 * mean["preference, repeats"] > 1.5 * mean["preference"]
    new = {name: found.values(name, "hits_new").mean() for name in found.policies}
    assert max(new, key=new.get) == "preference"  # whoever hides the old ones finds the new ones
