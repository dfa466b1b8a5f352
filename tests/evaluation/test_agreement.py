"""Agreement of interests with tastes: every match tried, chance, names, interests that are one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attnrec_lite.evaluation import merge_alike, taste_agreement

quick = settings(deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)

# ---- agreement ---------------------------------------------------------------------------------


def best_match(interests, tastes):
    """Try every way of giving each taste an interest of its own, or none."""
    kinds = sorted(set(tastes))
    names = [*sorted(set(interests)), *[None] * len(kinds)]
    return max(
        sum(dict(zip(kinds, chosen, strict=True))[t] == i
            for i, t in zip(interests, tastes, strict=True))
        for chosen in itertools.permutations(names, len(kinds))
    )  # fmt: skip


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=8))
def test_observed_is_the_best_of_all_matches(items):
    interests, tastes = (list(column) for column in zip(*items, strict=True))
    if len(set(tastes)) < 2:
        tastes[0] = 9
    found = taste_agreement([interests], [tastes], draws=1)
    assert found.observed == pytest.approx(best_match(interests, tastes) / len(tastes))
    assert (found.users, found.items) == (1, len(tastes))


@quick
@given(seeds, st.integers(2, 4))
def test_names_of_interests_and_tastes_and_padding_do_not_matter(seed, k):
    rng = np.random.default_rng(seed)
    interests, tastes = rng.integers(0, k, (6, 9)), rng.integers(0, 3, (6, 9))
    tastes[:, :2] = [0, 1]
    one = taste_agreement(interests, tastes)
    renamed = taste_agreement(rng.permutation(k)[interests] + 5, 100 - tastes)
    assert renamed.observed == one.observed
    assert renamed.expected == pytest.approx(one.expected, abs=0.1)  # other draws of chance
    pad = ((0, 0), (3, 0))
    padded = [np.pad(x, pad, constant_values=-1) for x in (interests, tastes)]
    assert taste_agreement(*padded) == one


def test_the_truth_has_1_and_a_single_interest_has_0():
    tastes = np.repeat([[0, 1, 2]], 4, axis=0).repeat(5, axis=1)
    assert taste_agreement(tastes + 3, tastes).adjusted == 1
    assert taste_agreement(np.zeros_like(tastes), tastes).adjusted == 0


def test_a_taste_that_two_interests_share_is_half_wrong():
    found = taste_agreement([[0, 0, 1, 1, 2, 2, 2, 2]], [[5, 5, 5, 5, 6, 6, 6, 6]])
    assert found.observed == 0.75
    assert 0 < found.adjusted < 1


def test_noise_has_about_0_though_the_best_match_of_noise_has_not():
    rng = np.random.default_rng(0)
    tastes, noise = rng.integers(0, 3, (400, 12)), rng.integers(0, 4, (400, 12))
    found = taste_agreement(noise, tastes)
    assert found.observed > 0.4
    assert abs(found.adjusted) < 0.02


def test_users_of_one_taste_say_nothing():
    tastes = np.array([[0, 0, 0], [0, 1, 1]])
    found = taste_agreement([[0, 1, 2], [0, 1, 1]], tastes)
    assert (found.users, found.items, found.observed) == (1, 3, 1.0)
    assert "3 items of 1 users" in str(found)
    with pytest.raises(ValueError, match="^tastes: expected a user with two tastes or more"):
        taste_agreement([[0, 1, 2], [-1, -1, -1]], [[4, 4, 4], [-1, -1, -1]])


@pytest.mark.parametrize(
    ("interests", "tastes", "message"),
    [
        ([[0, 1]], [[0, 1, 1]], "^interests, tastes: expected the same items and padding"),
        ([[0, -1]], [[0, 1]], "^interests, tastes: expected the same items and padding"),
        ([0, 1], [[0, 1]], "^interests: expected whole numbers from -1"),
        ([[0, 1.5]], [[0, 1]], "^interests: expected whole numbers from -1"),
        ([[0, 1]], [[0, -2]], "^tastes: expected whole numbers from -1"),
    ],
)
def test_codes_that_do_not_fit_are_refused(interests, tastes, message):
    with pytest.raises(ValueError, match=message):
        taste_agreement(interests, tastes)


# ---- interests that are one --------------------------------------------------------------------


@quick
@given(seeds, st.integers(1, 5))
def test_merging_counts_from_0_and_keeps_padding(seed, k):
    rng = np.random.default_rng(seed)
    speakers, vectors = rng.integers(-1, k, (3, 6)), rng.normal(size=(3, k, 2))
    found = merge_alike(speakers, vectors, 0.9)
    assert_array_equal(found == -1, speakers == -1)
    for before, after, v in zip(speakers, found, vectors, strict=True):
        for i, j in itertools.combinations(range(6), 2):
            if before[i] == before[j]:
                assert after[i] == after[j]
            elif -1 not in (before[i], before[j]) and k == 2:
                cosine = v[0] @ v[1] / np.linalg.norm(v[0]) / np.linalg.norm(v[1])
                assert (after[i] == after[j]) == (cosine >= 0.9)


def test_collapsed_interests_are_one_and_others_are_not():
    speakers = [[0, 1, 2, 2, -1], [0, 1, 2, 0, -1]]
    alike, apart = np.ones((3, 2)), np.array([[1.0, 0], [0, 1], [-1, 0]])
    found = merge_alike(speakers, [alike, apart], 1.0)
    assert found.tolist() == [[0, 0, 0, 0, -1], [0, 1, 2, 0, -1]]


def test_a_zero_vector_is_like_nothing_and_one_interest_stays():
    assert merge_alike([[0, 1]], np.zeros((1, 2, 3)), 0.5).tolist() == [[0, 1]]
    assert merge_alike([[0, -1]], np.ones((1, 1, 3))).tolist() == [[0, -1]]
    assert merge_alike(np.zeros((0, 4), int), np.zeros((0, 3, 2))).shape == (0, 4)


def test_groups_are_joined_by_their_mean_cosine():
    """A chain of close neighbours is not one group: its ends are far apart."""
    angles = np.deg2rad([0, 20, 40])
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1)[None]
    assert np.unique(merge_alike([[0, 1, 2]], chain, 0.93)).size == 2  # 20 degrees: 0.940
    assert np.unique(merge_alike([[0, 1, 2]], chain, 0.80)).size == 1


@pytest.mark.parametrize(
    ("speakers", "vectors", "alike", "message"),
    [
        ([[2]], np.ones((1, 2, 2)), 0.9, "^speakers: expected 1 rows of numbers below 2"),
        ([[0], [1]], np.ones((1, 2, 2)), 0.9, "^speakers: expected 1 rows"),
        ([[0]], np.ones((1, 2)), 0.9, "^interests: expected an array of 3 axes"),
        ([[0]], np.full((1, 2, 2), np.nan), 0.9, "^interests: expected finite"),
        ([[0]], np.ones((1, 2, 2)), 0, "^alike: expected a cosine above 0"),
        ([[0]], np.ones((1, 2, 2)), np.nan, "^alike: expected a cosine above 0"),
    ],
)
def test_interests_that_do_not_fit_are_refused(speakers, vectors, alike, message):
    with pytest.raises(ValueError, match=message):
        merge_alike(speakers, vectors, alike)
