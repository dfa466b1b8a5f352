"""Target attention: against loops, by hand, by the properties that the chapter relies on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite import formulas

numbers = st.floats(-9, 9).map(lambda x: round(x, 3))
scores = arrays(np.float64, st.integers(1, 8), elements=numbers)
histories = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(3)), elements=numbers)
vectors = arrays(np.float64, 3, elements=numbers)
units = arrays(np.float64, (2, 12), elements=numbers)


@given(histories, vectors, units, arrays(np.float64, 2, elements=numbers))
def test_activation_unit_is_what_a_loop_gives(history, candidate, matrix, bias):
    weights, offset = np.array([1.5, -2.0]), 0.25
    found = formulas.activation_unit(history, candidate, matrix, bias, weights, offset)
    for j, h in enumerate(history):
        total = offset
        for unit in range(2):
            four = [*h, *candidate, *(h - candidate), *(h * candidate)]
            inside = sum(w * x for w, x in zip(matrix[unit], four, strict=True)) + bias[unit]
            total += weights[unit] * max(inside, 0.0)
        assert math.isclose(found[j], total, rel_tol=1e-9, abs_tol=1e-6)


def test_activation_unit_of_an_empty_history_has_no_scores():
    found = formulas.activation_unit(np.zeros((0, 2)), [1, 1], np.ones((1, 8)), [0], [1])
    assert found.shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"candidate": [1, 2, 3]}, "history: expected width 3, as candidate has"),
        ({"matrix": np.ones((1, 6))}, r"matrix: expected shape \(1, 8\); received \(1, 6\)"),
        ({"bias": [0, 0]}, "bias: expected 1 rows, as weights has; received 2"),
        ({"history": [1, 2]}, "history: expected a matrix"),
    ],
)
def test_activation_unit_names_what_does_not_fit(change, message):
    given_ = {"history": [[1, 2]], "candidate": [1, 2], "matrix": np.ones((1, 8)), "bias": [0]}
    with pytest.raises(ValueError, match=message):
        formulas.activation_unit(**{**given_, "weights": [1], **change})


@given(scores, st.data())
def test_a_copy_doubles_the_contribution_without_a_softmax_and_not_with_it(s, data):
    values = data.draw(arrays(np.float64, (len(s), 2), elements=numbers))
    twice, both = np.append(s, s), np.concatenate([values, values])
    once = formulas.unnormalised_sum(s, values)
    assert_allclose(formulas.unnormalised_sum(twice, both), 2 * once, atol=1e-9)
    shares = formulas.weighted_sum(formulas.softmax(s), values)
    assert_allclose(formulas.weighted_sum(formulas.softmax(twice), both), shares, atol=1e-9)


@given(scores, st.data())
def test_padding_contributes_nothing_whatever_stands_there(s, data):
    values = data.draw(arrays(np.float64, (len(s), 2), elements=numbers))
    padded, more = np.append(s, 1e9), np.concatenate([values, [[1e9, -1e9]]])
    mask = np.arange(len(padded)) < len(s)
    found = formulas.unnormalised_sum(padded, more, mask)
    assert_allclose(found, formulas.unnormalised_sum(s, values), atol=1e-9)
    assert_allclose(formulas.unnormalised_sum([np.nan], [[1.0]], [False]), [0.0])


@given(scores, st.data(), st.integers(1, 9))
def test_weight_of_copies_is_the_softmax_of_a_longer_row(s, data, copies):
    item = data.draw(st.integers(0, len(s) - 1))
    longer = np.append(s, [s[item]] * (copies - 1))
    weights = formulas.softmax(longer)
    together = weights[item] + weights[len(s) :].sum()
    assert_allclose(formulas.weight_of_copies(s, item, copies), together, atol=1e-12)


def test_copies_of_the_only_item_have_all_the_weight_however_many():
    assert [formulas.weight_of_copies([7.0], 0, n) for n in (1, 10, 1000)] == [1.0, 1.0, 1.0]
    assert math.isclose(formulas.weight_of_copies([1e4, -1e4], 0, 3), 1.0)


@pytest.mark.parametrize(("item", "copies"), [(2, 1), (-1, 1), (0, 0), (0, 1.5)])
def test_weight_of_copies_refuses_other_places_and_numbers(item, copies):
    with pytest.raises(ValueError, match=r"(item|copies): expected"):
        formulas.weight_of_copies([0.0, 1.0], item, copies)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=9), st.data())
def test_mass_on_truth_of_uniform_weights_is_the_share_of_relevant_items(weights, data):
    truth = data.draw(arrays(bool, len(weights)))
    assert_allclose(formulas.mass_on_truth(np.ones(len(weights)), truth), truth.mean())
    if sum(weights) > 0:
        mass = formulas.mass_on_truth(weights, truth)
        rest = formulas.mass_on_truth(weights, ~truth)
        assert_allclose(mass + rest, 1)


@pytest.mark.parametrize("weights", [[-0.1, 1.0], [0.0, 0.0]])
def test_mass_on_truth_refuses_weights_that_are_no_attention(weights):
    with pytest.raises(ValueError, match="weights: expected numbers from 0, one above it"):
        formulas.mass_on_truth(weights, [True, False])
    with pytest.raises(ValueError, match="relevant: expected 2 rows"):
        formulas.mass_on_truth([1.0, 1.0], [1])


@given(arrays(np.float64, (5, 3), elements=numbers), st.permutations(range(5)), st.integers(0, 99))
def test_listwise_moves_with_its_items(items, order, seed):
    w = np.random.default_rng(seed).normal(size=(3, 3, 3))
    e, a = formulas.listwise(items, *w)
    moved, weights = formulas.listwise(items[order], *w)
    assert_allclose(moved, e[order], atol=1e-9)
    assert_allclose(weights, a[np.ix_(order, order)], atol=1e-9)


def test_listwise_is_the_attention_of_chapter_3_added_to_the_items():
    rng = np.random.default_rng(0)
    items, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 3, 3))
    z, a = formulas.attend(*formulas.project(items, *w))
    found, weights = formulas.listwise(items, *w)
    assert_allclose(found, items + z)
    assert_allclose(weights, a)


def test_an_item_alone_on_its_page_stays_as_it_is():
    w = np.ones((3, 2, 2))
    found, weights = formulas.listwise([[1.0, 2.0]], *w, visible=[[False]])
    assert_allclose(found, [[1.0, 2.0]])
    assert_allclose(weights, [[0.0]])


def test_listwise_refuses_values_of_another_width():
    with pytest.raises(ValueError, match="value_matrix: expected width 2, as items has"):
        formulas.listwise([[1.0, 2.0]], np.eye(2), np.eye(2), np.ones((2, 3)))
