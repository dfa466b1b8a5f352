"""One click and one step of learning: against softmax over everything, and differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    add_click,
    faded,
    online_step,
    replay_count,
    replay_loss,
    softmax,
)

quick = settings(deadline=None, max_examples=50)
numbers = st.floats(-50, 50)


@quick
@given(
    arrays(np.float64, st.integers(1, 12), elements=st.floats(-800, 800)),
    st.integers(0, 2**31),
)
def test_clicks_one_by_one_equal_the_softmax_over_all(scores, seed):
    values = np.random.default_rng(seed).normal(size=(len(scores), 3))
    context, total = np.zeros(3), -np.inf
    for s, v in zip(scores, values, strict=True):
        context, total, newest = add_click(context, total, s, v)
    assert_allclose(context, softmax(scores) @ values, atol=1e-9)
    assert_allclose(newest, softmax(scores)[-1], atol=1e-12)


def test_a_click_shrinks_every_older_weight_by_one_factor():
    before, after = softmax([1.0, 2.0, 0.5]), softmax([1.0, 2.0, 0.5, 3.0])
    newest = add_click([0.0], np.log(np.exp([1.0, 2.0, 0.5]).sum()), 3.0, [0.0])[2]
    assert_allclose(after[:3] / before, 1 - newest)


def test_a_step_equals_the_slope_by_differences():
    rng = np.random.default_rng(0)
    table, context = rng.normal(size=(5, 3)), rng.normal(size=3)

    def loss(t):
        return -np.log(softmax(t @ context)[2])

    slope = np.zeros_like(table)
    for place in np.ndindex(table.shape):
        moved = np.zeros_like(table)
        moved[place] = 1e-5
        slope[place] = (loss(table + moved) - loss(table - moved)) / 2e-5
    assert_allclose(online_step(table, context, 2, 0.1), table - 0.1 * slope, atol=1e-8)
    assert loss(online_step(table, context, 2, 0.1)) < loss(table)


def test_a_step_leaves_what_it_was_given_untouched():
    table = np.zeros((3, 2))
    online_step(table, [1.0, 1.0], 0, 1.0)
    assert (table == 0).all()


@quick
@given(st.lists(st.tuples(st.floats(0, 30), numbers), min_size=1, max_size=10))
def test_fading_one_by_one_equals_the_sum_over_all(events):
    gaps, values = map(np.array, zip(*events, strict=True))
    total = np.zeros(1)
    for gap, value in events:
        total = faded(total, [value], gap, half_life=7.0)
    age = gaps[::-1].cumsum()[::-1] - gaps  # from each event to the newest
    assert_allclose(total[0], (np.exp2(-age / 7.0) * values).sum(), atol=1e-9)


def test_after_a_half_life_a_half_is_left_and_after_ages_nothing():
    assert_allclose(faded([8.0], [0.0], 3, 3), [4.0])
    assert faded([8.0], [1.0], 1e300, 3)[0] == 1


def test_the_mixture_is_the_mean_over_as_many_old_ones_as_counted():
    new, old = np.array([1.0, 2.0, 3.0]), np.full(replay_count(3, 0.75), 5.0)
    assert_allclose(replay_loss(new, old, 0.75), np.concatenate([new, old]).mean())
    assert replay_loss([2.0], [], 0.0) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add_click([1.0], 0, 0, [1.0, 2.0]), "^value: expected 1 rows"),
        (lambda: add_click([1.0], np.nan, 0, [1.0]), "^log_total: expected a number or -inf"),
        (lambda: add_click([1.0], 0, np.inf, [1.0]), "^score: expected finite"),
        (lambda: add_click([np.nan], 0, 0, [1.0]), "^context: expected finite"),
        (lambda: online_step([[1.0]], [1.0, 2.0], 0, 1), "^context: expected width 1"),
        (lambda: online_step([[1.0]], [1.0], 1, 1), "^taken: expected a row in 0..0; received 1"),
        (lambda: online_step([[1.0]], [1.0], -1, 1), "^taken: expected a row"),
        (lambda: online_step([[1.0]], [1.0], 0, 0), "^rate: expected a finite number above 0"),
        (lambda: faded([1.0], [1.0, 2.0], 0, 1), r"^value: expected shape \(1,\)"),
        (lambda: faded([1.0], [1.0], -1, 1), "^gap: expected a time from 0; .*ran backwards"),
        (lambda: faded([1.0], [1.0], np.nan, 1), "^gap: expected finite"),
        (lambda: faded([1.0], [1.0], 1, 0), "^half_life: expected a finite number above 0"),
        (lambda: replay_loss([], [], 0), "^new: expected at least 1; received 0"),
        (lambda: replay_loss([1.0], [], 0.5), "^old: expected at least 1; received 0"),
        (lambda: replay_loss([1.0], [1.0], 1.5), r"^share: expected a number in \[0, 1\]"),
        (lambda: replay_loss([np.nan], [1.0], 0.5), "^new: expected finite"),
        (lambda: replay_count(3, 1.0), "^share: expected a number below 1"),
        (lambda: replay_count(-1, 0.5), "^new: expected a count from 0"),
    ],
)
def test_online_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
