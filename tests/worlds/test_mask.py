"""A masked item is never shown, whatever its score: fuzzed, against a loop, and at the edges."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.formulas import top_k
from attnrec_lite.worlds import recommend_allowed

STRANGE = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0, 1.0])


def random_states(states, items, seed=0):
    """Scores with every kind of strange number, and masks from none to all."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(states, items + 1))
    strange = rng.random(scores.shape) < rng.random((states, 1))
    scores[strange] = rng.choice(STRANGE, strange.sum())
    return scores, rng.random(scores.shape) < rng.choice([0.0, 0.1, 0.5, 0.9, 1.0], (states, 1))


@pytest.mark.parametrize(("states", "items", "k"), [(100_000, 12, 5), (2_000, 3, 9), (500, 200, 1)])
def test_in_random_states_nothing_forbidden_is_ever_shown(states, items, k):
    scores, allowed = random_states(states, items, seed=items)
    found = recommend_allowed(scores, allowed, k)
    shown = found.ids > 0
    assert np.take_along_axis(allowed, found.ids.astype(int), axis=1)[shown].all()
    values = np.take_along_axis(scores, found.ids.astype(int), axis=1)
    assert (values[shown] > -np.inf).all()  # no NaN either
    assert_array_equal(values[shown], found.scores[shown])
    in_order = (found.scores[:, :-1] >= found.scores[:, 1:]) | ~shown[:, 1:]
    assert in_order.all()
    can = allowed & (scores > -np.inf)  # nothing that could be shown is left out
    assert_array_equal(shown.sum(axis=1), np.minimum(can[:, 1:].sum(axis=1), k))
    assert_array_equal(found.nothing, ~shown.any(axis=1))
    if k > 1:
        each = np.sort(found.ids, axis=1)
        assert not ((each[:, 1:] == each[:, :-1]) & (each[:, 1:] > 0)).any()  # none twice


def test_it_is_the_formula_for_each_row():
    scores, allowed = random_states(300, 9)
    scores[~np.isfinite(scores)] = -np.inf  # the formula refuses what is no number
    allowed[:, 0] = False
    found = recommend_allowed(scores, allowed, 4)
    for row in range(300):
        best = top_k(scores[row], 4, allowed[row])
        assert_array_equal(found.ids[row], np.pad(best, (0, 4 - len(best))))


def test_ties_go_to_the_smaller_id_and_constant_scores_fill_the_list():
    found = recommend_allowed(np.zeros((1, 6)), [[True] * 6], 3)
    assert_array_equal(found.ids, [[1, 2, 3]])


def test_padding_is_never_shown_even_if_the_mask_forgets_it():
    found = recommend_allowed([[np.inf, 1.0]], [[True, True]], 2)
    assert_array_equal(found.ids, [[1, 0]])


def test_what_is_forbidden_is_not_even_looked_at():
    a = recommend_allowed([[0, np.nan, 1.0]], [[False, False, True]], 1)
    b = recommend_allowed([[0, 1e308, 1.0]], [[False, False, True]], 1)
    assert_array_equal(a.ids, b.ids)


def test_an_empty_list_says_why():
    scores = [[0, 1.0, 2.0], [0, np.nan, -np.inf], [0, 1.0, np.nan], [0, 1.0, 2.0]]
    allowed = [[True, False, False], [True, True, True], [True, True, True], [True, True, True]]
    found = recommend_allowed(scores, allowed, 2)
    assert found.say(0) == "nothing is shown: the mask forbids everything"
    assert found.say(1) == "nothing is shown: what is allowed has no score"
    assert found.say(2) == "1 shown: no more may be"
    assert found.say(3) == "2 shown"
    assert_array_equal(found.nothing, [True, True, False, False])


def test_nobody_and_no_item_are_fine():
    assert recommend_allowed(np.zeros((0, 4)), np.ones((0, 4), bool), 2).ids.shape == (0, 2)
    assert recommend_allowed(np.zeros((2, 1)), np.ones((2, 1), bool), 2).nothing.all()
    assert recommend_allowed(np.zeros((2, 0)), np.ones((2, 0), bool), 2).nothing.all()


def test_the_callers_mask_and_scores_stay_as_they_are():
    scores, allowed = np.array([[np.nan, 1.0]]), np.array([[True, True]])
    recommend_allowed(scores, allowed, 1)
    assert allowed.all()
    assert_array_equal(scores, [[np.nan, 1.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recommend_allowed([[0, 1.0]], [[0, -1e9]], 1), "^allowed: expected booleans"),
        (lambda: recommend_allowed([[0, 1.0]], [[0, 1]], 1), "^allowed: expected booleans"),
        (lambda: recommend_allowed([[0, 1.0]], [[True]], 1), r"^allowed: expected shape \(1, 2\)"),
        (lambda: recommend_allowed([0, 1.0], [True, True], 1), "^scores: expected a matrix"),
        (lambda: recommend_allowed([[0, 1.0]], [[True, True]], 0), "^k: expected an integer"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
