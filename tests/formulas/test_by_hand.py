"""Questions to printed numbers: against plain loops, by their properties, by hand-worked values."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    broken_ties,
    decimals_for_order,
    dot_scores,
    elementwise_scores,
    interest_scores,
    mean_attention,
    rounding_slack,
    scaled_dot_scores,
    scores_behind,
    sharpness,
    softmax,
)

quick = settings(deadline=None, max_examples=80)
numbers = st.floats(-20, 20).map(lambda x: round(x, 3))
vectors = arrays(np.float64, st.integers(1, 8), elements=numbers)
S4 = np.array([[0.1, 0.2, 0.3, 0.4]]) + 0.1 * np.arange(4)[:, None]


@st.composite
def matrices(draw, least=1):
    shape = draw(st.tuples(st.integers(least, 6), st.integers(1, 6)))
    return draw(arrays(np.float64, shape, elements=numbers))


# ---- rounding_slack ----------------------------------------------------------------------------


@quick
@given(vectors, st.integers(0, 6))
def test_no_rounded_softmax_is_off_by_more_than_the_slack(scores, decimals):
    printed = softmax(scores).round(decimals)
    assert abs(printed.sum() - 1) <= rounding_slack(len(scores), decimals) + 1e-12


@pytest.mark.parametrize(("n", "decimals"), [(2, 0), (40, 1), (3, 2)])
def test_the_slack_is_reached_so_it_cannot_be_smaller(n, decimals):
    unit = 10.0**-decimals
    nearly_half = (0.5 - 1e-9) * unit  # each rounds down by nearly half a unit
    weights = np.full(n, nearly_half)
    lost = abs(weights.round(decimals).sum() - weights.sum())
    assert lost == pytest.approx(rounding_slack(n, decimals), rel=1e-6)


def test_the_slack_by_hand():
    assert rounding_slack(3, 4) == pytest.approx(0.00015)
    assert rounding_slack(1, 0) == 0.5
    assert abs(0.4472 + 0.5 + 0.0528 - 1) <= rounding_slack(3, 4)  # S2's table passes


def test_slack_errors_name_the_argument():
    with pytest.raises(ValueError, match="n: expected an integer of at least 1; received 0"):
        rounding_slack(0, 4)
    with pytest.raises(ValueError, match="decimals: expected an integer of at least 0"):
        rounding_slack(3, -1)


# ---- broken_ties -------------------------------------------------------------------------------


@quick
@given(matrices(), st.data())
def test_weights_of_any_score_keep_every_tie(keys, data):
    copies = data.draw(st.lists(st.integers(0, len(keys) - 1), min_size=2, max_size=6))
    keys = keys[copies]
    query = data.draw(arrays(np.float64, keys.shape[1], elements=numbers))
    for score in (dot_scores, scaled_dot_scores):
        assert broken_ties(keys, softmax(score(query, keys)), 1e-12) == []


@quick
@given(matrices(), st.data())
def test_broken_ties_equals_a_loop(keys, data):
    copies = data.draw(st.lists(st.integers(0, len(keys) - 1), min_size=1, max_size=6))
    keys = keys[copies]
    weights = data.draw(arrays(np.float64, len(keys), elements=st.floats(0, 1)))
    expected = []
    for i in range(len(keys)):
        for j in range(i + 1, len(keys)):
            same = all(a == b for a, b in zip(keys[i], keys[j], strict=True))
            if same and abs(weights[i] - weights[j]) > 0.1:
                expected.append((i, j))
    assert broken_ties(keys, weights, 0.1) == expected


def test_the_printed_weights_break_the_tie_of_items_1_and_3():
    inputs = [[1, 0.5, 1], [0, 1, 0], [1, 0.5, 1]]
    assert broken_ties(inputs, [0.4472, 0.5, 0.0528], 1e-4) == [(0, 2)]
    assert broken_ties(inputs, [0.2741, 0.4519, 0.2741], 1e-4) == []
    assert broken_ties(np.zeros((0, 3)), []) == []


def test_ties_need_one_weight_per_item():
    with pytest.raises(ValueError, match="weights: expected 2, one per item; received 3"):
        broken_ties([[1], [1]], [0.1, 0.2, 0.7])


# ---- scores_behind -----------------------------------------------------------------------------


@quick
@given(vectors)
def test_scores_behind_a_softmax_are_the_scores_less_their_mean(scores):
    assert_allclose(scores_behind(softmax(scores)), scores - scores.mean(), atol=1e-9)


@quick
@given(vectors, st.floats(0.01, 100))
def test_scores_behind_know_only_ratios_and_equal_a_loop(scores, factor):
    weights = [factor * math.exp(s) for s in scores]
    logs = [math.log(a) for a in weights]
    found = scores_behind(weights)
    assert_allclose(found, [x - sum(logs) / len(logs) for x in logs], atol=1e-9)
    assert_allclose(found.mean(), 0, atol=1e-9)


def test_the_scores_that_the_printed_weights_would_need():
    s = scores_behind([0.4472, 0.5, 0.0528])
    assert_allclose(s, [0.675, 0.787, -1.462], atol=5e-4)
    assert s[0] - s[2] == pytest.approx(2.14, abs=0.005)


@pytest.mark.parametrize("weights", [[0.0, 1.0], [-0.1, 1.1], [np.nan, 1], [np.inf, 1], []])
def test_what_is_no_softmax_has_no_scores_behind(weights):
    with pytest.raises(ValueError, match="weights: expected finite numbers above 0; received"):
        scores_behind(weights)


# ---- elementwise_scores, mean_attention, interest_scores -------------------------------------


@quick
@given(vectors, st.data())
def test_elementwise_scores_add_up_to_the_one_dot_product(query, data):
    keys = data.draw(arrays(np.float64, len(query), elements=numbers))
    found = elementwise_scores(query, keys)
    assert_allclose(found, [q * k for q, k in zip(query, keys, strict=True)])
    assert_allclose(found.sum(), dot_scores(query, [keys])[0], atol=1e-9)


@quick
@given(matrices())
def test_mean_attention_is_a_fair_vote_whatever_the_order_of_queries(scores):
    weights = softmax(scores, axis=1)
    mean = mean_attention(weights)
    loop = [sum(row[j] for row in weights) / len(weights) for j in range(weights.shape[1])]
    assert_allclose(mean, loop)
    assert mean.sum() == pytest.approx(1)
    assert_allclose(mean_attention(weights[::-1]), mean)
    assert_allclose(mean_attention(weights[:1]), weights[0])


@quick
@given(matrices(), st.data())
def test_interest_scores_equal_a_loop_and_there_is_one_per_interest(vectors, data):
    weights = data.draw(arrays(np.float64, len(vectors), elements=st.floats(0, 1)))
    loop = [sum(a * x for x in row) for a, row in zip(weights, vectors, strict=True)]
    assert_allclose(interest_scores(weights, vectors), loop, atol=1e-9)


def test_readings_and_examples_by_hand():
    scores = elementwise_scores([1, 0, 1], [0.5, 1, 0.5])
    assert_allclose(softmax(scores), [0.3837, 0.2327, 0.3837], atol=5e-5)
    mean = softmax(S4 @ S4.T / 2, axis=1).mean(axis=0)
    assert_allclose(mean_attention(softmax(S4 @ S4.T / 2, axis=1)), mean)
    assert_allclose(interest_scores(mean, S4), [0.2209, 0.3349, 0.4664, 0.6178], atol=5e-5)
    assert_allclose(mean @ S4, [0.26, 0.36, 0.46, 0.56], atol=5e-5)  # S4's sum: features


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"keys: expected width 3, as query has"):
        elementwise_scores([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="weights: expected 2, one per interest; received 1"):
        interest_scores([1.0], [[1], [2]])
    for weights in ([[0.5, 0.6]], [[-0.5, 1.5]], np.zeros((0, 3))):
        with pytest.raises(ValueError, match="weights: expected rows of shares"):
            mean_attention(weights)


# ---- sharpness ---------------------------------------------------------------------------------


@quick
@given(matrices(), st.floats(0.1, 50), st.data())
def test_sharpness_is_the_factor_between_two_scalings_and_an_inverse_temperature(keys, dk, data):
    query = data.draw(arrays(np.float64, keys.shape[1], elements=numbers))
    factor = sharpness(keys.shape[1], dk)
    wrong = keys @ query / math.sqrt(dk)
    assert_allclose(wrong, factor * scaled_dot_scores(query, keys), atol=1e-9)
    right = softmax(scaled_dot_scores(query, keys), temperature=1 / factor)
    assert_allclose(softmax(wrong), right, atol=1e-9)


def test_one_half_for_four_is_2_83_times_sharper():
    assert sharpness(4, 0.5) == pytest.approx(math.sqrt(8))
    assert sharpness(7, 7) == 1
    with pytest.raises(ValueError, match="width: expected an integer"):
        sharpness(0.5, 4)
    with pytest.raises(ValueError, match="printed: expected a finite number above 0"):
        sharpness(4, 0)


# ---- decimals_for_order ------------------------------------------------------------------------


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_with_these_decimals_every_order_and_every_difference_is_kept(values):
    gaps = np.diff(np.unique(values))
    assume(len(gaps) == 0 or gaps.min() > 1e-9)
    p = decimals_for_order(values)
    rounded = np.round(values, p)
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            assert (a < b) == (rounded[i] < rounded[j])


@quick
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_one_decimal_less_promises_nothing(values):
    gaps = np.diff(np.unique(values))
    assume(len(gaps) > 0 and gaps.min() > 1e-9)
    p = decimals_for_order(values)
    assert 10.0**-p < gaps.min()
    assert p == 0 or 10.0 ** -(p - 1) >= gaps.min()


def test_decimals_by_hand():
    assert decimals_for_order([0.5, 0.5]) == decimals_for_order([0.3]) == 0
    assert decimals_for_order([]) == 0
    assert decimals_for_order([0.9, 0.1]) == 1
    assert decimals_for_order([0.2316, 0.2434, 0.2559, 0.2691]) == 2
    assert decimals_for_order([1.0, 1.0 + 1e-12]) == 12
    assert decimals_for_order([-3.0, 5.0]) == 0
    with pytest.raises(ValueError, match="values: expected finite numbers"):
        decimals_for_order([0.1, np.nan])
