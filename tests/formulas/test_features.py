"""Features: against loops, scikit-learn, and the properties that the chapter relies on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer

from attnrec_lite import formulas

counts = arrays(np.int64, (5, 4), elements=st.integers(0, 3))
tables = arrays(np.int64, (6, 4), elements=st.integers(0, 1))
matrices = arrays(np.float64, (5, 3), elements=st.floats(-9, 9))


def test_scaled_ids_are_those_of_the_source_map():
    ids = [1, 2, 3, 1000]
    assert_allclose(formulas.standardise(ids, ids), [-0.580, -0.577, -0.575, 1.732], atol=5e-4)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=9), st.floats(-9, 9))
def test_standardise_uses_the_training_rows_alone(train, value):
    assume(np.std(train) > 1e-3)
    alone = formulas.standardise([value], train)
    assert_allclose(formulas.standardise([value, 1e6], train)[:1], alone)
    assert_allclose(alone, (value - np.mean(train)) / np.std(train))


def test_standardise_of_a_constant_is_zero():
    assert_allclose(formulas.standardise([1, 7], [4, 4]), [0, 0])


@given(counts)
def test_tf_idf_is_what_a_loop_and_scikit_learn_give(table):
    expected = np.zeros(table.shape)
    for i, w in np.ndindex(table.shape):
        expected[i, w] = table[i, w] * (1 + math.log((1 + 5) / (1 + (table[:, w] > 0).sum())))
    for row in expected:
        row /= np.linalg.norm(row) or 1
    assert_allclose(formulas.tf_idf(table), expected, atol=1e-12)
    assert_allclose(TfidfTransformer().fit_transform(table).toarray(), expected, atol=1e-12)


@given(counts, counts)
def test_tf_idf_of_a_text_does_not_depend_on_other_new_texts(train, new):
    assert_allclose(formulas.tf_idf(new, train)[:1], formulas.tf_idf(new[:1], train))


@given(tables)
def test_positive_pmi_is_what_a_loop_gives(x):
    found, n = formulas.positive_pmi(x), x.sum(0)
    for i, j in np.ndindex(found.shape):
        both = (x[:, i] * x[:, j]).sum()
        expected = 0 if i == j or both == 0 else max(0, math.log(6 * both / (n[i] * n[j])))
        assert_allclose(found[i, j], expected, atol=1e-12)


def test_items_taken_independently_have_no_pmi():
    both = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    assert_allclose(formulas.positive_pmi(both), 0, atol=1e-12)


@given(matrices)
def test_truncated_svd_at_full_width_loses_nothing_and_keeps_every_product(x):
    vectors, lost = formulas.truncated_svd(x, 3)
    assert_allclose(vectors @ vectors.T, x @ x.T, atol=1e-6)
    assert lost == 0


@given(matrices, st.integers(1, 2))
def test_truncated_svd_loses_what_the_best_approximation_loses(x, width):
    assume(np.linalg.norm(x) > 1e-3)
    vectors, lost = formulas.truncated_svd(x, width)
    kept = np.linalg.norm(vectors) ** 2 / np.linalg.norm(x) ** 2
    assert_allclose(kept + lost, 1)
    other = np.linalg.qr(np.random.default_rng(0).normal(size=(3, width)))[0]
    assert lost <= 1 - np.linalg.norm(x @ other) ** 2 / np.linalg.norm(x) ** 2 + 1e-9


def test_truncated_svd_is_scikit_learns_up_to_signs():
    x = np.random.default_rng(0).normal(size=(9, 5))
    same = TruncatedSVD(2, algorithm="arpack", random_state=0).fit_transform(x)
    vectors, _ = formulas.truncated_svd(x, 2)
    assert_allclose(same @ same.T, vectors @ vectors.T, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.standardise([1], []), "train: expected at least one"),
        (lambda: formulas.tf_idf([[-1]]), "counts: expected counts from 0; received -1"),
        (lambda: formulas.tf_idf([[1, 2]], [[1]]), "train: expected width 2, as counts has"),
        (lambda: formulas.positive_pmi([[2]]), "interactions: expected 0 and 1 only"),
        (lambda: formulas.truncated_svd([[1, 2]], 2), "width: expected at most 1; received 2"),
        (lambda: formulas.truncated_svd([1, 2], 1), "matrix: expected a matrix"),
    ],
)
def test_an_error_names_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_word_that_training_never_had_weighs_nothing():
    found = formulas.tf_idf([[1, 3]], train=[[2, 0], [1, 0]])
    assert_allclose(found, [[1, 0]])


def test_numbers_that_are_alike_but_for_rounding_have_no_scale():
    assert formulas.standardise([0.1, 0.2], [0.1, 0.1, 0.1]).tolist() == [0, 0]
