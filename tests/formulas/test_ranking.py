"""Choice and ranking against plain loops, values worked by hand, and by their properties."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.evaluation import places, ranking_metrics
from attnrec_lite.formulas import (
    choice_probabilities,
    click_probability,
    dot_scores,
    expected_place,
    gumbel_choice,
    head_scores,
    log_odds,
    preference_scores,
    product_scores,
    self_product,
    softmax,
    top_k,
    weighted_sum,
)

quick = settings(deadline=None, max_examples=60)
numbers = st.floats(-20, 20).map(lambda x: round(x, 3))
vectors = arrays(np.float64, st.integers(1, 7), elements=numbers)
few = arrays(np.float64, st.integers(1, 9), elements=st.integers(-2, 2).map(float))  # many ties

H = [1.0, 0.5]  # the small case of S1: a history, three items, the scores of a model
X = [[2.0, 0.0], [1.0, 1.0], [0.5, 0.2]]
M = [0.2, 0.5, 0.9]


def order(scores):
    """Numbers of the items, best first, counted from 1 as the source does."""
    return [int(i) + 1 for i in np.argsort(-np.asarray(scores), kind="stable")]


@st.composite
def scores_and_allowed(draw):
    scores = draw(few)
    return scores, draw(arrays(bool, len(scores)))


# ---- a context is a vector -----------------------------------------------------------------------


def test_the_weighted_sum_of_the_toy_shelf_is_the_one_worked_by_hand():
    goods = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 0.5]])
    weights = softmax(dot_scores([1, 0], goods))
    assert_allclose(weighted_sum(weights, goods), [0.7449, 0.5735], atol=5e-5)


@quick
@given(vectors, st.permutations(range(4)))
def test_a_weighted_sum_forgets_the_order_and_another_shelf_has_the_same(query, order_):
    rng = np.random.default_rng(len(query))
    goods = rng.normal(size=(4, len(query)))

    def context(shelf):
        return weighted_sum(softmax(dot_scores(query, shelf)), shelf)

    assert_allclose(context(goods[list(order_)]), context(goods), atol=1e-9)
    other = -goods
    other = other + context(goods) - context(other)
    assert_allclose(context(other), context(goods), atol=1e-9)


# ---- head ----------------------------------------------------------------------------------------


@quick
@given(st.integers(1, 4), st.integers(0, 5), st.integers(1, 5), st.integers(0, 99))
def test_head_equals_a_loop(d, n, h, seed):
    rng = np.random.default_rng(seed)
    z, e = rng.normal(size=d), rng.normal(size=(n, d))
    matrix, bias, output = rng.normal(size=(h, 3 * d)), rng.normal(size=h), rng.normal(size=h)
    expected = []
    for item in e:
        inputs = [*z, *item, *(a * b for a, b in zip(z, item, strict=True))]
        hidden = [
            max(0.0, b + sum(w * x for w, x in zip(row, inputs, strict=True)))
            for row, b in zip(matrix, bias, strict=True)
        ]
        expected.append(sum(w * x for w, x in zip(output, hidden, strict=True)))
    assert_allclose(head_scores(z, e, matrix, bias, output), expected, atol=1e-9)


def test_a_head_of_two_units_per_width_is_the_dot_product():
    """relu(x) - relu(-x) = x on the product's columns, so a network can be a dot product."""
    pick = np.hstack([np.zeros((2, 4)), np.eye(2)])
    matrix, output = np.vstack([pick, -pick]), [1.0, 1.0, -1.0, -1.0]
    z, e = [0.3, -1.2], [[1.0, 2.0], [-1.0, 0.5], [0.0, 0.0]]
    assert_allclose(head_scores(z, e, matrix, np.zeros(4), output), preference_scores(z, e))


def test_a_head_that_reads_context_and_item_apart_ranks_alike_for_everybody_when_linear():
    """Without the product, and while no unit closes, the context moves all scores by one number."""
    rng = np.random.default_rng(0)
    matrix = np.hstack([rng.normal(size=(3, 4)), np.zeros((3, 2))])
    e, output = rng.normal(size=(6, 2)), rng.normal(size=3)
    first, second = (head_scores(z, e, matrix, np.full(3, 50.0), output) for z in ([1, 2], [-2, 1]))
    assert_allclose(first - first[0], second - second[0], atol=1e-9)


# ---- click and choice ----------------------------------------------------------------------------


@quick
@given(vectors, st.floats(-5, 5))
def test_click_equals_a_loop_for_one_context_and_for_many(z, bias):
    w = np.linspace(-1, 1, len(z))
    expected = 1 / (1 + math.exp(-(sum(a * b for a, b in zip(w, z, strict=True)) + bias)))
    assert_allclose(click_probability(z, w, bias), expected, atol=1e-12)
    both = click_probability(np.stack([z, -z]), w, bias)
    assert both.shape == (2,)
    assert_allclose(both[0], expected, atol=1e-12)


def test_the_numbers_that_s2_could_have_had_are_these():
    assert_allclose(click_probability([0.5], [1.0]), 0.6225, atol=5e-5)
    assert_allclose(softmax([0.5]), [1.0])  # the softmax of one number says nothing


@quick
@given(vectors)
def test_choice_equals_a_loop_and_ranks_as_the_preferences_do(y):
    exps = [math.exp(v - max(y)) for v in y]
    p = choice_probabilities(y)
    assert_allclose(p, [e / sum(exps) for e in exps], atol=1e-12)
    assert order(p) == order(y)


@quick
@given(st.integers(2, 7), st.data())
def test_log_odds_do_not_depend_on_who_else_is_in_the_list(n, data):
    y = data.draw(arrays(np.float64, n, elements=numbers))
    mask = data.draw(arrays(bool, n))
    mask[:2] = True
    p = choice_probabilities(y, mask)
    assert_allclose(np.log(p[0] / p[1]), log_odds(y)[0, 1], atol=1e-9)
    assert_allclose(p.sum(), 1)
    assert_array_equal(p[~mask], 0)


def test_log_odds_are_differences_and_turn_their_sign():
    d = log_odds([1.0, 3.0, -2.0])
    assert_array_equal(d, [[0, -2, 3], [2, 0, 5], [-3, -5, 0]])


def test_nothing_can_be_chosen_from_an_empty_list_and_a_masked_nan_does_not_matter():
    assert_array_equal(choice_probabilities([1.0, 2.0], [False, False]), [0, 0])
    assert_array_equal(choice_probabilities([np.nan, 2.0], [False, True]), [0, 1])
    assert choice_probabilities([]).shape == (0,)


def test_a_second_kettle_takes_from_the_tablecloth_too():
    """Two goods alike: one half each. A copy of the first: a third each, the order unchanged."""
    assert_allclose(choice_probabilities([1.0, 1.0]), [1 / 2, 1 / 2])
    assert_allclose(choice_probabilities([1.0, 1.0, 1.0]), [1 / 3] * 3)


def test_gumbel_draws_follow_the_softmax():
    rng = np.random.default_rng(0)
    y, n = np.array([1.5, 0.5, 0.0, -1.0, -np.inf]), 200_000
    found = np.bincount(gumbel_choice(y, rng.random((n, 5))), minlength=5) / n
    p = softmax(y)
    assert np.all(np.abs(found - p) <= 5 * np.sqrt(p * (1 - p) / n))
    assert found[4] == 0


def test_a_gumbel_draw_is_the_largest_noisy_preference():
    u = np.random.default_rng(1).random((50, 3))
    y = [0.2, 0.9, -0.4]
    expected = [max(range(3), key=lambda c: y[c] - math.log(-math.log(row[c]))) for row in u]
    assert_array_equal(gumbel_choice(y, u), expected)


# ---- score times weight --------------------------------------------------------------------------


def test_the_product_orders_as_the_source_map_worked_it_out():
    s = dot_scores(H, X)
    assert_allclose(s, [2, 1.5, 0.6])
    assert_allclose(softmax(s), [0.5396, 0.3273, 0.1331], atol=5e-5)
    assert (order(M), order(softmax(s))) == ([3, 2, 1], [1, 2, 3])
    assert order(product_scores(M, s)) == [2, 3, 1]
    assert order(product_scores([-1, -1, -1], s)) == [3, 2, 1]
    assert order([-2, -0.5, -3]) == [2, 1, 3]
    assert order(product_scores([-2, -0.5, -3], s)) == [2, 3, 1]


def test_a_fourth_candidate_shrinks_the_products_and_turns_nothing_around():
    s = dot_scores(H, [*X, [3.0, 1.0]])
    before, after = product_scores(M, s[:3]), product_scores([*M, 0.5], s)[:3]
    assert_allclose(before, [0.108, 0.164, 0.120], atol=5e-4)
    assert_allclose(after, [0.032, 0.048, 0.035], atol=5e-4)
    assert order(after) == order(before)


@quick
@given(st.integers(2, 6), st.data())
def test_the_order_of_two_products_never_depends_on_the_others(n, data):
    m, s = (data.draw(arrays(np.float64, n, elements=numbers)) for _ in range(2))
    kept = data.draw(arrays(bool, n))
    kept[:2] = True
    alone, among = product_scores(m[kept], s[kept]), product_scores(m, s)
    assume(not np.isclose(m[0] * math.exp(s[0]), m[1] * math.exp(s[1]), rtol=1e-9))
    assert (alone[0] > alone[1]) == (among[0] > among[1])
    assert_allclose(alone[0] * among[1], alone[1] * among[0], rtol=1e-9, atol=1e-300)


@quick
@given(arrays(np.float64, 4, elements=st.floats(-3, -0.1)), vectors)
def test_a_larger_weight_lowers_a_negative_score(m, s):
    assume(len(s) >= 2 and s[0] > s[1] + 1e-6)
    equal = product_scores(np.full(len(s), m[0]), s)
    assert equal[0] < equal[1]
    turned = product_scores(np.full(len(s), -m[0]), s)
    assert turned[0] > turned[1]


def test_two_lists_that_were_scored_apart_cannot_be_merged():
    s = np.array([2.0, 1.0, 0.0, -1.0])
    together = product_scores(np.ones(4), s)
    apart = np.concatenate([product_scores(np.ones(2), s[:2]), product_scores(np.ones(2), s[2:])])
    assert order(together) == [1, 2, 3, 4]
    assert order(apart) == [1, 3, 2, 4]  # ties keep the smaller number: 1 and 3 tie


@quick
@given(st.floats(-30, 5))
def test_the_slope_of_the_self_product_is_its_difference_quotient(x):
    step = 1e-5
    (up, down), slope = self_product([x + step, x - step])[0], self_product(x)[1]
    assert_allclose((up - down) / (2 * step), slope, rtol=1e-6, atol=1e-6)


@quick
@given(arrays(np.float64, 5, elements=st.floats(-9, 9), unique=True))
def test_the_self_product_keeps_the_order_above_minus_1_and_turns_it_below(x):
    assume(np.diff(np.sort(x)).min() > 1e-6)
    high, low = x - x.min() - 0.999, x - x.max() - 1.001
    assert order(self_product(high)[0]) == order(high)
    assert order(self_product(low)[0]) == order(-low)
    assert order(product_scores(low, low)) == order(-low)


def test_minus_5_ends_above_minus_1():
    value, slope = self_product([-5.0, -1.0])
    assert value[0] > value[1]
    assert slope[1] == 0


# ---- a list --------------------------------------------------------------------------------------


@quick
@given(scores_and_allowed(), st.integers(1, 12))
def test_top_k_equals_a_loop_that_takes_the_best_left(pair, k):
    scores, allowed = pair
    left, expected = [i for i, may in enumerate(allowed) if may], []
    while left and len(expected) < k:
        best = max(left, key=lambda i: (scores[i], -i))
        expected.append(best)
        left.remove(best)
    assert top_k(scores, k, allowed).tolist() == expected


@quick
@given(few, st.integers(1, 12))
def test_top_k_keeps_the_rules_of_the_recommenders(scores, k):
    """As in models.base: stable by place, -inf left out."""
    s = np.concatenate([[-np.inf], scores])
    by_model = np.argsort(-s, kind="stable")[:k]
    assert_array_equal(top_k(s, k), by_model[s[by_model] > -np.inf])


def test_what_may_not_be_shown_is_not_looked_at():
    scores = np.array([np.nan, 1.0, np.inf, 2.0])
    assert_array_equal(top_k(scores, 9, [False, True, False, True]), [3, 1])
    assert top_k(scores, 2, [False] * 4).tolist() == []
    assert top_k([], 2).tolist() == []


def test_argsort_alone_recommends_the_padding_that_top_k_leaves_out():
    scores = np.array([0.0, -3.0, -1.0, -2.0])
    assert np.argsort(-scores)[0] == 0
    assert_array_equal(top_k(scores, 2, np.arange(4) > 0), [2, 3])


@quick
@given(few, st.integers(0, 8))
def test_expected_place_is_the_mean_over_all_ways_to_cut_the_tie(scores, target):
    assume(target < len(scores))
    tied = np.flatnonzero(scores == scores[target])
    higher = (scores > scores[target]).sum()
    ways = [w.index(target) for w in itertools.islice(itertools.permutations(tied.tolist()), 5040)]
    assume(len(tied) <= 6)
    assert_allclose(expected_place(scores, target), higher + 1 + np.mean(ways))


@quick
@given(few, st.integers(0, 8))
def test_expected_place_agrees_with_the_counts_of_the_evaluation(scores, target):
    assume(target < len(scores))
    first, tied = places([[0.0, *scores]], [target + 1])
    assert expected_place(scores, target) == 1 + first[0] + tied[0] / 2
    if tied[0] == 0:
        gain = ranking_metrics(first, tied, 10)["mrr"][0]
        assert_allclose(gain, 1 / expected_place(scores, target))


def test_places_sum_to_the_same_whatever_the_ties():
    for scores in ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 3.0, 3.0], [0.0] * 4):
        assert sum(expected_place(scores, c) for c in range(4)) == 10


# ---- types ---------------------------------------------------------------------------------------


def test_every_formula_takes_whole_numbers_and_returns_float64_or_places():
    floats = [
        head_scores([1], [[2]], [[1, 1, 1]], [0], [1]), click_probability([1], [2]),
        choice_probabilities([1, 2]), log_odds([1, 2]), product_scores([1, 2], [1, 2]),
        *self_product([1, 2]), expected_place([1, 2], 0),
    ]  # fmt: skip
    assert {np.asarray(f).dtype for f in floats} == {np.dtype(np.float64)}
    found = [top_k([1, 2], 1), gumbel_choice([1, 2], [[0.5, 0.5]])]
    assert {f.dtype for f in found} == {np.dtype(np.int64)}


# ---- errors --------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: head_scores([1, 2], [[1]], [[1] * 6], [0], [1]), "^items: expected width 2"),
        (lambda: head_scores([1], [[1]], [[1, 1]], [0], [1]),
         r"^hidden_matrix: expected shape \(1, 3\); received \(1, 2\)"),
        (lambda: head_scores([1], [[1]], [[1, 1, 1]], [0, 0], [1]),
         r"^hidden_bias: expected shape \(1,\); received \(2,\)"),
        (lambda: click_probability([1, 2], [1]), "^context: expected width 1"),
        (lambda: click_probability(np.zeros((1, 1, 1)), [1]), r"^context: expected shape \(d,\)"),
        (lambda: click_probability([1], [1], [1, 2]), "^bias: expected an array of 0 axes"),
        (lambda: choice_probabilities(1.0), "^preferences: expected one number per candidate"),
        (lambda: choice_probabilities([NAN]), "expected finite numbers"),
        (lambda: choice_probabilities([1.0], [1]), "^mask: expected booleans"),
        (lambda: log_odds([[1.0]]), "^preferences: expected a vector"),
        (lambda: log_odds([INF]), "^preferences: expected finite numbers"),
        (lambda: gumbel_choice([1.0], [[0.5, 0.5]]), "^uniform: expected width 1"),
        (lambda: gumbel_choice([1.0], [[1.0]]), "^uniform: expected numbers above 0 and below 1"),
        (lambda: gumbel_choice([-INF], [[0.5]]), "^preferences: expected numbers, not all -inf"),
        (lambda: gumbel_choice([NAN, 1], [[0.5, 0.5]]), "^preferences: expected numbers"),
        (lambda: product_scores([[1.0, 2.0]], [1.0]),
         r"^model_scores: expected a vector; received shape \(1, 2\)"),
        (lambda: product_scores([1.0], [1.0, 2.0]), "^attention_scores: expected 1, as model"),
        (lambda: product_scores([NAN], [1.0]), "^model_scores: expected finite"),
        (lambda: product_scores([1.0], [-INF]), "^attention_scores: expected finite"),
        (lambda: self_product(800.0), "^score: expected finite numbers up to about 700"),
        (lambda: self_product([NAN]), "^score: expected finite"),
        (lambda: top_k([1.0], 0), "^k: expected an integer of at least 1; received 0"),
        (lambda: top_k([1.0], 1.5), "^k: expected an integer"),
        (lambda: top_k([1.0, NAN], 1), "^scores: expected numbers or -inf; received NaN"),
        (lambda: top_k([1.0, INF], 1), "^scores: expected numbers or -inf"),
        (lambda: top_k([1.0], 1, [1]), "^allowed: expected booleans"),
        (lambda: top_k([1.0], 1, [True, True]), r"^allowed: expected shape \(1,\)"),
        (lambda: expected_place([1.0, NAN], 0), "^scores: expected numbers or -inf"),
        (lambda: expected_place([1.0], 1), "^target: expected a candidate among 1 scores"),
        (lambda: expected_place([1.0, -INF], 1), "^target: expected a candidate"),
    ],
)  # fmt: skip
def test_errors_name_the_argument_and_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
