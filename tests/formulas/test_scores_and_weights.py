"""Every formula against a plain loop, against values worked by hand, and by its properties."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.formulas import (
    additive_scores,
    bilinear_scores,
    cosine_ceiling,
    cosine_scores,
    dot_scores,
    dot_variance,
    entropy,
    masked_softmax,
    preference_scores,
    scaled_dot_scores,
    sigmoid,
    softmax,
    softmax_jacobian,
    weighted_sum,
)

quick = settings(deadline=None, max_examples=60)
numbers = st.floats(-100, 100).map(lambda x: round(x, 3))  # no underflow in the plain loops
vectors = arrays(np.float64, st.integers(1, 7), elements=numbers)
matrices = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=numbers)
temperatures = st.floats(0.01, 100)

USER = [1.0, 0.0]
ITEMS = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 0.5]]


@st.composite
def queries_and_keys(draw, least=0):
    """A query and keys of one width, ragged in size and in scale."""
    n, d = draw(st.integers(least, 6)), draw(st.integers(1, 6))
    query = draw(arrays(np.float64, d, elements=numbers))
    return query, draw(arrays(np.float64, (n, d), elements=numbers))


@st.composite
def scores_and_masks(draw):
    """A batch of scores with a mask of ragged rows, some of them empty."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 6)))
    return draw(arrays(np.float64, shape, elements=numbers)), draw(arrays(bool, shape))


def loop_dot(a, b):
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += float(x) * float(y)
    return total


def loop_softmax(scores):
    exps = [math.exp(s - max(scores)) for s in scores]
    return [e / sum(exps) for e in exps]


# ---- scores ------------------------------------------------------------------------------------


@quick
@given(queries_and_keys())
def test_dot_and_scaled_dot_equal_a_loop(pair):
    query, keys = pair
    expected = [loop_dot(query, key) for key in keys]
    assert_allclose(dot_scores(query, keys), expected, atol=1e-9)
    expected = [s / math.sqrt(len(query)) for s in expected]
    assert_allclose(scaled_dot_scores(query, keys), expected, atol=1e-9)


@quick
@given(queries_and_keys())
def test_cosine_equals_a_loop_and_is_0_without_a_direction(pair):
    query, keys = pair
    expected = []
    for key in keys:
        lengths = math.hypot(*query) * math.hypot(*key)
        expected.append(loop_dot(query, key) / lengths if lengths > 0 else 0.0)
    found = cosine_scores(query, keys)
    assert_allclose(found, expected, atol=1e-9)
    assert np.all(np.abs(found) <= 1 + 1e-12)


@quick
@given(pair=queries_and_keys(least=1), factor=st.floats(1e-3, 1e3))
def test_cosine_ignores_both_lengths_and_dot_does_not(pair, factor):
    query, keys = pair
    assert_allclose(cosine_scores(factor * query, keys), cosine_scores(query, keys), atol=1e-9)
    assert_allclose(cosine_scores(query, factor * keys), cosine_scores(query, keys), atol=1e-9)
    assume(np.any(np.abs(keys @ query) > 1e-3) and abs(factor - 1) > 0.1)
    assert not np.allclose(dot_scores(factor * query, keys), dot_scores(query, keys))


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_cosine_survives_tiny_and_huge_vectors(size):
    keys = np.array([[1.0, 0.0], [1.0, 1.0]]) * size
    assert_allclose(cosine_scores([size, 0.0], keys), [1.0, math.sqrt(0.5)], atol=1e-12)


@quick
@given(st.data(), st.integers(0, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_additive_and_bilinear_equal_a_loop(data, n, d_q, d_k, h):
    def draw(*shape):
        return data.draw(arrays(np.float64, shape, elements=st.floats(-3, 3)))

    query, keys, wq, wk, v = draw(d_q), draw(n, d_k), draw(h, d_q), draw(h, d_k), draw(h)
    expected = []
    for key in keys:
        hidden = [math.tanh(loop_dot(wq[r], query) + loop_dot(wk[r], key)) for r in range(h)]
        expected.append(loop_dot(v, hidden))
    found = additive_scores(query, keys, wq, wk, v)
    assert_allclose(found, expected, atol=1e-9)
    assert np.all(np.abs(found) <= np.abs(v).sum() + 1e-12)
    w = draw(d_q, d_k)
    expected = [
        sum(query[a] * w[a, b] * key[b] for a in range(d_q) for b in range(d_k)) for key in keys
    ]
    assert_allclose(bilinear_scores(query, keys, w), expected, atol=1e-9)


@quick
@given(queries_and_keys(), st.data())
def test_preference_equals_a_loop_and_its_bias_counts_once(pair, data):
    context, items = pair
    bias = data.draw(arrays(np.float64, len(items), elements=numbers))
    expected = [loop_dot(context, item) + b for item, b in zip(items, bias, strict=True)]
    assert_allclose(preference_scores(context, items, bias), expected, atol=1e-9)
    assert_allclose(preference_scores(context, items), dot_scores(context, items))
    assert_allclose(preference_scores(context, items, 2.5), dot_scores(context, items) + 2.5)


def test_scores_of_the_toy_user_by_hand():
    assert_allclose(dot_scores(USER, ITEMS), [1, 1, 0, -1])
    cosines = cosine_scores(USER, ITEMS)
    assert_allclose(cosines, [1, 0.7071, 0, -0.8944], atol=5e-5)
    assert_allclose(cosines.sum(), 0.8127, atol=5e-5)  # "weights" that do not sum to 1
    assert_allclose(cosine_scores(USER, ITEMS[:2]).sum(), 1.7071, atol=5e-5)
    assert_allclose(softmax(dot_scores(USER, ITEMS)), [0.3995, 0.3995, 0.1470, 0.0541], atol=5e-5)
    assert_allclose(softmax(cosines), [0.4416, 0.3295, 0.1625, 0.0664], atol=5e-5)


def test_additive_and_dot_attention_by_hand():
    query, keys, eye = [1, 0.5], [[2, 0], [1, 1], [0.5, 0.2]], np.eye(2)
    scores = additive_scores(query, keys, eye, eye, [1, 1])
    assert_allclose(scores, [1.4572, 1.8692, 1.5095], atol=5e-5)
    assert_allclose(softmax(scores), [0.2806, 0.4237, 0.2957], atol=5e-5)
    assert_allclose(softmax(dot_scores(query, keys)), [0.5396, 0.3273, 0.1331], atol=5e-5)


def test_a_matrix_that_swaps_the_axes_swaps_the_weights():
    query, keys = [1.0, 0.0], np.eye(2)
    plain = softmax(bilinear_scores(query, keys, np.eye(2)))
    assert_allclose(plain, [0.7311, 0.2689], atol=5e-5)
    assert_allclose(softmax(bilinear_scores(query, keys, [[0, 1], [1, 0]])), plain[::-1])


def test_bilinear_takes_the_query_from_the_left():
    matrix = [[0.0, 1.0], [0.0, 0.0]]
    assert_allclose(bilinear_scores([1, 0], [[0, 1]], matrix), [1])
    assert_allclose(bilinear_scores([0, 1], [[1, 0]], matrix), [0])


@pytest.mark.parametrize("width", [1, 4, 64])
@pytest.mark.parametrize(("of_query", "of_keys"), [(1.0, 1.0), (0.25, 4.0), (0.01, 0.5)])
def test_random_dot_products_spread_as_the_variance_says(width, of_query, of_keys):
    rng = np.random.default_rng(width)
    queries = rng.normal(scale=of_query**0.5, size=(40_000, width))
    keys = rng.normal(scale=of_keys**0.5, size=(40_000, width))
    found = np.var([q @ k for q, k in zip(queries, keys, strict=True)])
    assert_allclose(found, dot_variance(width, of_query, of_keys), rtol=0.06)


def test_the_variance_of_a_dot_product_is_its_width_and_the_scale_takes_it_out():
    assert [dot_variance(d) for d in (4, 64, 512)] == [4, 64, 512]
    assert dot_variance(1024, 0.05**2, 0.05**2) == pytest.approx(1024 * 0.05**4)
    assert dot_variance(64, key_variance=1 / 64) == 1


def test_scaled_dot_keeps_the_spread_for_every_width():
    rng = np.random.default_rng(0)
    for d in (4, 64):
        keys = rng.normal(size=(2000, d))
        spread = np.std([scaled_dot_scores(rng.normal(size=d), [key]) for key in keys])
        assert_allclose(spread, 1, atol=0.1)


# ---- weights -----------------------------------------------------------------------------------


@quick
@given(scores=vectors, temperature=temperatures)
def test_softmax_equals_a_loop_at_every_temperature(scores, temperature):
    found = softmax(scores, temperature=temperature)
    assert_allclose(found, loop_softmax((scores / temperature).tolist()), rtol=1e-9, atol=1e-300)
    assert_allclose(found.sum(), 1)
    assert found.min() >= 0


@quick
@given(scores=matrices, shift=numbers)
def test_softmax_competes_along_its_axis_only_and_ignores_a_shift(scores, shift):
    for axis in (0, 1, -1):
        found = softmax(scores, axis=axis)
        assert_allclose(found.sum(axis=axis), 1)
        assert_allclose(softmax(scores + shift, axis=axis), found, rtol=1e-9, atol=1e-12)
        lines = zip(np.moveaxis(scores, axis, -1), np.moveaxis(found, axis, -1), strict=True)
        for line, weights in lines:
            assert_allclose(weights, loop_softmax(line.tolist()), rtol=1e-9, atol=1e-300)


@quick
@given(scores=vectors, order=st.randoms(use_true_random=False))
def test_softmax_moves_with_its_scores_and_keeps_their_order(scores, order):
    places = list(range(len(scores)))
    order.shuffle(places)
    found = softmax(scores)
    assert_allclose(softmax(scores[places]), found[places], rtol=1e-12)
    assert np.all(np.diff(found[np.argsort(scores)]) >= 0)


@quick
@given(scores=vectors, temperatures=st.tuples(temperatures, temperatures))
def test_a_higher_temperature_never_lowers_the_entropy(scores, temperatures):
    low, high = sorted(temperatures)
    spread = [entropy(softmax(scores, temperature=t)) for t in (low, high)]
    assert spread[0] <= spread[1] + 1e-9


def test_softmax_of_large_scores_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert_allclose(softmax([1000, 999]), [0.7311, 0.2689], atol=5e-5)
        assert_allclose(softmax([-1e4, 0, 1e4]), [0, 0, 1])
        assert_allclose(softmax([5.0, -np.inf, 5.0]), [0.5, 0, 0.5])


def test_softmax_at_extreme_temperatures_is_the_argmax_and_the_mean():
    assert_allclose(softmax([1.0, 3.0, 2.0], temperature=1e-3), [0, 1, 0], atol=1e-12)
    assert_allclose(softmax([1.0, 3.0, 2.0], temperature=1e6), [1 / 3] * 3, atol=1e-5)


@quick
@given(st.floats(-700, 700))
def test_sigmoid_is_the_softmax_against_a_zero_and_mirrors(score):
    assert_allclose(sigmoid(score), softmax([score, 0])[0], rtol=1e-12)
    assert_allclose(sigmoid(score) + sigmoid(-score), 1)


def test_sigmoid_by_hand_and_without_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert_array_equal(sigmoid([-1e4, 0.0, 1e4]), [0, 0.5, 1])
    assert_allclose(sigmoid([[0.7], [math.log(3)]]), [[0.668188], [0.75]], atol=1e-6)


@quick
@given(queries_and_keys(), st.data())
def test_weighted_sum_equals_a_loop(pair, data):
    _, values = pair
    weights = data.draw(arrays(np.float64, len(values), elements=numbers))
    expected = [
        sum(weights[i] * values[i, j] for i in range(len(values))) for j in range(values.shape[1])
    ]
    assert_allclose(weighted_sum(weights, values), expected, atol=1e-9)


@quick
@given(pair=queries_and_keys(least=1))
def test_a_weighted_sum_stays_between_its_values(pair):
    query, values = pair
    context = weighted_sum(softmax(dot_scores(query, values)), values)
    assert np.all(context >= values.min(axis=0) - 1e-9)
    assert np.all(context <= values.max(axis=0) + 1e-9)


@quick
@given(matrices)
def test_entropy_equals_a_loop_and_keeps_its_bounds(scores):
    weights = softmax(scores)
    found = entropy(weights)
    for h, row in zip(found, weights.tolist(), strict=True):
        assert_allclose(h, sum(-a * math.log(a) for a in row if a > 0), atol=1e-9)
        assert 0 <= h <= math.log(len(row)) + 1e-9
    assert_allclose(entropy(softmax(scores, axis=0), axis=0).shape, scores.shape[1:])


def test_entropy_by_hand():
    assert_allclose(entropy([[0.5, 0.5, 0, 0], [0.25] * 4]), [math.log(2), math.log(4)])
    assert entropy([0.0, 1.0]) == 0
    assert entropy([0.0, 0.0]) == 0  # an empty row has nothing to spread
    assert not np.signbit(entropy([1.0]))


# ---- masks -------------------------------------------------------------------------------------


@quick
@given(scores_and_masks())
def test_masked_softmax_is_the_softmax_of_the_real_items_and_0_elsewhere(pair):
    scores, mask = pair
    found = masked_softmax(scores, mask)
    for weights, row, real in zip(found, scores, mask, strict=True):
        assert_array_equal(weights[~real], 0)
        if real.any():
            assert_allclose(weights[real], softmax(row[real]), rtol=1e-12)
    assert_allclose(found.sum(axis=1), mask.any(axis=1))


@quick
@given(scores_and_masks())
def test_what_stands_behind_the_mask_is_not_looked_at(pair):
    scores, mask = pair
    for trash in (np.nan, np.inf, -np.inf, 1e300):
        spoilt = np.where(mask, scores, trash)
        assert_array_equal(masked_softmax(spoilt, mask), masked_softmax(scores, mask))


@quick
@given(scores_and_masks())
def test_masked_softmax_along_the_other_axis_is_its_transpose(pair):
    scores, mask = pair
    assert_allclose(masked_softmax(scores, mask, axis=0).T, masked_softmax(scores.T, mask.T))


def test_an_empty_row_gets_zeros_not_nan_and_not_uniform():
    found = masked_softmax([[1.0, 2.0], [1.0, 1.0]], [[False, False], [True, True]])
    assert_array_equal(found, [[0, 0], [0.5, 0.5]])
    assert masked_softmax(np.zeros((2, 0)), np.zeros((2, 0), bool)).shape == (2, 0)


def test_a_mask_broadcasts_and_a_full_one_changes_nothing():
    scores = np.arange(12.0).reshape(2, 2, 3)
    assert_allclose(masked_softmax(scores, True), softmax(scores))
    mask = np.array([True, False, True])
    assert_array_equal(masked_softmax(scores, mask)[..., 1], 0)
    assert_allclose(masked_softmax(scores, mask).sum(axis=-1), 1)


# ---- what follows from the softmax -------------------------------------------------------------


@quick
@given(arrays(np.float64, st.integers(1, 7), elements=st.floats(-5, 5)))
def test_jacobian_equals_finite_differences_and_its_rows_sum_to_0(scores):
    jacobian, step = softmax_jacobian(softmax(scores)), 1e-5
    numeric = np.array(
        [(softmax(scores + step * e) - softmax(scores - step * e)) / (2 * step)
         for e in np.eye(len(scores))]
    ).T  # fmt: skip
    assert_allclose(jacobian, numeric, atol=1e-5 * 1e-3)
    assert_allclose(jacobian.sum(axis=1), 0, atol=1e-12)
    assert_allclose(jacobian, jacobian.T)


def test_jacobian_is_0_where_one_weight_has_it_all():
    assert_array_equal(softmax_jacobian([0.0, 1.0, 0.0]), np.zeros((3, 3)))


@quick
@given(
    st.integers(1, 40).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-1, 1))),
    temperatures,
)
def test_no_cosine_wins_more_than_the_ceiling(cosines, temperature):
    top = softmax(cosines, temperature=temperature).max()
    assert top <= cosine_ceiling(len(cosines), temperature) * (1 + 1e-12)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_the_ceiling_is_reached_by_one_key_along_and_all_others_against(n):
    keys = np.array([[2.0, 0.0]] + [[-3.0, 0.0]] * (n - 1))
    for temperature in (1.0, 0.1):
        weights = softmax(cosine_scores([0.5, 0.0], keys), temperature=temperature)
        assert_allclose(weights[0], cosine_ceiling(n, temperature))
    assert_allclose(cosine_ceiling(1000), 0.00734, atol=5e-6)


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [dot_scores, cosine_scores, scaled_dot_scores])
@pytest.mark.parametrize(
    ("query", "keys", "message"),
    [
        ([[1.0]], [[1.0]], r"^query: expected a vector; received shape \(1, 1\)"),
        ([1.0], [1.0], r"^keys: expected a matrix; received shape \(1,\)"),
        ([1.0, 2.0], [[1.0]], r"^keys: expected width 2, as query has; received shape \(1, 1\)"),
        (["a"], [[1.0]], r"^query: expected numbers; received \['a'\]"),
        ([1.0], [[1.0], [1.0, 2.0]], r"^keys: expected numbers"),
    ],
)
def test_scores_refuse_shapes_that_do_not_fit(score, query, keys, message):
    with pytest.raises(ValueError, match=message):
        score(query, keys)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bilinear_scores([1], [[1]], [[1, 2]]), r"^matrix: expected shape \(1, 1\)"),
        (lambda: bilinear_scores([1.0], [1.0], [[1.0]]), "^keys: expected a matrix"),
        (
            lambda: additive_scores([1.0], [[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]], [1.0]),
            r"^query_matrix: expected shape \(1, 1\); received \(1, 2\)",
        ),
        (
            lambda: additive_scores([1.0], [[1.0, 2.0]], [[1.0]], [[1.0]], [1.0]),
            r"^key_matrix: expected shape \(1, 2\); received \(1, 1\)",
        ),
        (lambda: additive_scores([1.0], [[1.0]], [[1.0]], [[1.0]], 1.0), "^v: expected a vector"),
        (lambda: preference_scores([1.0], [1.0]), "^items: expected a matrix"),
        (lambda: preference_scores([1.0, 1.0], [[1.0]]), "^items: expected width 2, as context"),
        (lambda: preference_scores([[1.0]], [[1.0]]), "^context: expected a vector"),
        (lambda: preference_scores([1.0], [[1.0]], [1.0, 2.0]), "^bias: expected one number or 1"),
        (lambda: softmax([]), "^scores: expected at least one along axis -1"),
        (lambda: softmax(1.0), "^scores: expected at least one"),
        (lambda: softmax([1.0, np.nan]), "^scores: expected numbers or -inf; received NaN"),
        (lambda: softmax([1.0, np.inf]), r"^scores: .*received NaN or \+inf"),
        (lambda: softmax([[1.0, 2.0], [-np.inf] * 2]), "^scores: .*use masked_softmax"),
        (lambda: softmax([1.0], temperature=0), "^temperature: expected a finite number above 0"),
        (lambda: softmax([1.0], temperature=-1), "^temperature: .*received -1"),
        (lambda: softmax([1.0], temperature=np.nan), "^temperature: .*received nan"),
        (lambda: softmax([1.0], temperature=np.inf), "^temperature: .*received inf"),
        (lambda: softmax([1.0], temperature="1"), "^temperature: .*received '1'"),
        (lambda: softmax("ab"), "^scores: expected numbers; received 'ab'"),
        (lambda: weighted_sum([1.0], [[1.0], [2.0]]), "^weights: expected 2, one per value"),
        (lambda: weighted_sum([[1.0]], [[1.0]]), "^weights: expected a vector"),
        (lambda: weighted_sum([1.0], [1.0]), "^values: expected a matrix"),
        (lambda: entropy([0.5, 0.6]), "^weights: expected shares of 1"),
        (lambda: entropy([1.5, -0.5]), "^weights: expected shares of 1"),
        (lambda: entropy([np.nan, 1.0]), "^weights: expected shares of 1"),
        (lambda: masked_softmax([1.0], [1]), "^mask: expected booleans.*received int64"),
        (lambda: masked_softmax([np.nan], [True]), "^scores: expected finite numbers at real"),
        (lambda: masked_softmax([np.inf, 0.0], [True, True]), "^scores: expected finite numbers"),
        (lambda: sigmoid("x"), "^score: expected numbers"),
        (lambda: cosine_ceiling(0), "^n: expected an integer of at least 1; received 0"),
        (lambda: cosine_ceiling(2.0), r"^n: .*received 2\.0"),
        (lambda: cosine_ceiling(True), "^n: .*received True"),
        (lambda: cosine_ceiling(2, temperature=0), "^temperature: expected a finite number"),
        (lambda: dot_variance(0), "^width: expected an integer of at least 1; received 0"),
        (lambda: dot_variance(4, 0.0), "^query_variance: expected a finite number above 0"),
        (lambda: dot_variance(4, 1.0, -1.0), "^key_variance: .*received -1"),
        (lambda: softmax_jacobian([[1.0]]), "^weights: expected a vector"),
    ],
)  # fmt: skip
def test_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_formula_returns_float64_for_whole_numbers():
    found = [
        dot_scores([1], [[2]]), cosine_scores([1], [[2]]), scaled_dot_scores([1], [[2]]),
        bilinear_scores([1], [[2]], [[1]]), additive_scores([1], [[2]], [[1]], [[1]], [1]),
        preference_scores([1], [[2]]), softmax([1, 2]), masked_softmax([1, 2], [True, False]),
        weighted_sum([1], [[2]]), entropy([1, 0]), sigmoid(1), softmax_jacobian([1, 0]),
    ]  # fmt: skip
    assert {np.asarray(f).dtype for f in found} == {np.dtype(np.float64)}


@pytest.mark.parametrize("function", [softmax, entropy])
@pytest.mark.parametrize("axis", [1, -2])
def test_an_axis_that_is_not_there_is_refused_by_name(function, axis):
    with pytest.raises(ValueError, match=r"^axis: expected one of the 1 of .*received"):
        function([0.5, 0.5], axis=axis)


def test_a_mask_that_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^mask: expected shape \(2,\), as scores; .*\(3,\)"):
        masked_softmax([1.0, 2.0], [True, True, False])
    with pytest.raises(ValueError, match="^axis: "):
        masked_softmax([1.0, 2.0], [True, True], axis=1)
