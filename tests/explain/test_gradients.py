"""Integrated gradients and shuffled weights of a recommender."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.explain import integrated, margins, reweighed

HISTORY = [1, 2, 3, 4, 5]
SMOOTH = ("mean", "qkv", "target", "score x", "pairwise", "interests")


def test_the_value_is_the_margin_and_the_parts_add_up(network, fitted):
    found = integrated(network, HISTORY, 7)
    assert found.value == pytest.approx(margins(network, [HISTORY], [7])[0], abs=1e-5)
    missed = found.parts.sum() - (found.value - found.start_value)
    assert found.gap == pytest.approx(abs(missed), abs=1e-6)
    if any(network is fitted(name) for name in SMOOTH):
        assert found.error < 0.01  # at 50 steps; ReLU units have kinks, and want more


def test_a_slope_is_what_a_small_step_does(fitted):
    """One step at the end is gradient times input; against differences of the margin."""
    model = fitted("mean")
    import tensorflow as tf

    from attnrec_lite.explain._reading import scores_of, table_of

    ids = np.array([[1, 2]], np.int32)
    x = np.array(tf.gather(table_of(model), ids))

    def margin(vectors):
        s = np.asarray(scores_of(model, ids, tf.constant(vectors)), np.float64)[0, 1:]
        return s[6] - np.delete(s, 6).mean()

    parts = np.zeros(2)
    for place, axis in np.ndindex(2, 4):
        step = np.zeros_like(x)
        step[0, place, axis] = 1e-2
        slope = (margin(x + step) - margin(x - step)) / 2e-2
        parts[place] += x[0, place, axis] * slope
    found = integrated(model, [1, 2], 7, steps=1, rule="right", start="zero")
    assert_allclose(found.parts[::-1], parts, atol=1e-3)


def test_parts_of_a_repeated_item_are_added(fitted):
    found = integrated(fitted("qkv"), [3, 1, 3], 5)
    assert_array_equal(found.kinds, [3, 1])
    assert found.parts.sum() == pytest.approx(found.value - found.start_value, abs=1e-4)


def test_from_zero_a_layer_norm_jumps_and_graded_steps_follow_it(fitted):
    graded, even = (
        integrated(fitted("mean"), HISTORY, 7, rule=rule, start="zero").error
        for rule in ("graded", "midpoint")
    )
    assert graded < 0.01 < 0.1 < even


def test_steps_are_doubled_until_the_parts_add_up(fitted):
    model = fitted("mean")
    few = integrated(model, HISTORY, 7, steps=2, rule="left")
    more = integrated(model, HISTORY, 7, steps=2, rule="left", most=2000)
    assert few.steps == 2
    assert few.error > 0.01 >= more.error
    assert more.steps > 2


@pytest.mark.parametrize("name", ["ease", "popularity", "bpr", "routed"])
def test_models_without_vectors_to_follow_say_so(fitted, name):
    with pytest.raises(TypeError, match="^model: expected one whose vectors can be followed"):
        integrated(fitted(name), HISTORY, 7)
    with pytest.raises(TypeError, match="^model: expected one whose weights can be exchanged"):
        reweighed(fitted(name), HISTORY, 7)


def test_a_mean_has_no_weights_to_exchange(fitted):
    with pytest.raises(TypeError, match="^model: expected one whose weights can be exchanged"):
        reweighed(fitted("mean"), HISTORY, 7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: integrated(m, [], 7), "^history: expected one item at least"),
        (lambda m: integrated(m, [1], 7, start="noise"), "^start: expected one of mean, zero"),
        (lambda m: integrated(m, [1], 7, rule="simpson"), "^rule: expected one of"),
        (lambda m: integrated(m, [1], 7, steps=0), "^steps: expected an integer"),
        (lambda m: integrated(m, [1], 8), r"^item: expected ids in 1\.\.7"),
        (lambda m: reweighed(m, [0], 7), "^history: expected one item at least"),
        (lambda m: reweighed(m, [1], 7, shuffles=0), "^shuffles: expected"),
        (lambda m: reweighed(m, [1], 7, k=0), "^k: expected"),
    ],
)
def test_what_makes_no_sense_is_refused(fitted, call, message):
    with pytest.raises(ValueError, match=message):
        call(fitted("qkv"))


def test_weights_dealt_out_anew_keep_an_answer_of_one_item_and_move_others(fitted):
    one = reweighed(fitted("qkv"), [4], 7, shuffles=3)
    assert_allclose(one.margins, one.margin, atol=1e-5)
    assert_array_equal(one.kept, 1)
    many = reweighed(fitted("qkv"), HISTORY, 7, shuffles=8, k=1)
    assert many.margin == pytest.approx(margins(fitted("qkv"), [HISTORY], [7])[0], abs=1e-5)
    assert np.ptp(many.margins) > 0
    assert ((many.kept == 0) | (many.kept == 1)).all()


def test_items_beyond_the_window_are_left_alone(fitted):
    long = [1, 2, 3, 4, 5, 6, 7, 1, 2]
    for name in ("qkv", "sasrec", "bert4rec"):
        found = reweighed(fitted(name), long, 7, shuffles=4)
        assert found.margin == pytest.approx(margins(fitted(name), [long], [7])[0], abs=1e-5)
        assert np.isfinite(found.margins).all()


def test_a_history_of_the_whole_catalogue_leaves_no_list(fitted):
    found = reweighed(fitted("target"), [1, 2, 3, 4, 5, 6, 7], 7, shuffles=2)
    assert_array_equal(found.kept, 1)
