"""Fusion of modalities: against loops, by hand, and by what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas

M, D = 3, 2
numbers = st.floats(-9, 9).map(lambda x: round(x, 3))
parts = arrays(np.float64, (M, D), elements=numbers)
masks = arrays(np.bool_, M)
NONE = np.array([7.0, 8.0])


def weights_of(kind, shape_of_parts=(M, D), seed=0):
    m, d = shape_of_parts
    rng = np.random.default_rng(seed)
    if kind == "concatenation":
        return (rng.normal(size=(d, m * d)),)
    if kind == "gate":
        return rng.normal(size=(m, m * d)), rng.normal(size=m)
    return rng.normal(size=(m, 4, d)), rng.normal(size=(m, 4)), rng.normal(size=4)


def fuse(kind, v, known, none=NONE, seed=0):
    """The vector of each kind of fusion, and its weights if it has any."""
    v = np.asarray(v, float)
    given_ = weights_of(kind, v.shape, seed)
    if kind == "concatenation":
        return formulas.concatenated(v, *given_, known, none), None
    call = formulas.gated if kind == "gate" else formulas.attended
    return call(v, *given_, known, none)


KINDS = ("concatenation", "gate", "attention")


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(v=parts, known=masks)
def test_a_loop_gives_the_same(kind, v, known):
    found, weights = fuse(kind, v, known)
    given_ = weights_of(kind)
    side = [float(x) if known[m] else 0.0 for m in range(M) for x in v[m]]
    expected = [0.0] * D
    if kind == "concatenation":
        for k in range(D):
            for place, x in enumerate(side):
                expected[k] += given_[0][k, place] * x
    elif kind == "gate":
        for m in range(M):
            score = sum(w * x for w, x in zip(given_[0][m], side, strict=True)) + given_[1][m]
            gate = 1 / (1 + math.exp(-score)) if known[m] else 0.0
            assert math.isclose(weights[m], gate, abs_tol=1e-12)
            for k in range(D):
                expected[k] += gate * side[m * D + k]
    else:
        e = []
        for m in range(M):
            hidden = [
                math.tanh(sum(given_[0][m, j, k] * v[m, k] for k in range(D)) + given_[1][m, j])
                for j in range(4)
            ]
            score = sum(w * h for w, h in zip(given_[2], hidden, strict=True))
            e.append(math.exp(score) if known[m] else 0.0)
        for m in range(M):
            share = e[m] / sum(e) if sum(e) else 0.0
            assert math.isclose(weights[m], share, abs_tol=1e-9)
            for k in range(D):
                expected[k] += share * side[m * D + k]
    if not known.any():
        expected = list(NONE)
    assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(v=parts, known=masks, other=numbers)
def test_what_stands_in_a_missing_modality_does_not_matter(kind, v, known, other):
    spoilt = v.copy()
    spoilt[~known] = other
    found, weights = fuse(kind, v, known)
    again, same = fuse(kind, spoilt, known)
    assert_array_equal(found, again)
    if weights is not None:
        assert_array_equal(weights, same)
        assert_array_equal(weights[~known], 0)
    nan = v.copy()
    nan[~known] = np.nan
    assert_array_equal(fuse(kind, nan, known)[0], found)


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_of_which_nothing_is_known_gets_the_fallback_and_no_weights(kind):
    found, weights = fuse(kind, np.ones((M, D)), [0, 0, 0])
    assert_array_equal(found, NONE)
    assert weights is None or not weights.any()
    with pytest.raises(ValueError, match="^(matrix|fallback): expected"):
        fuse(kind, np.ones((M, D)), [1, 1, 1], none=[1.0])


@settings(deadline=None)
@given(v=parts, known=masks)
def test_attention_shares_one_unit_and_gates_do_not(v, known):
    assume(known.any())
    _, weights = fuse("attention", v, known)
    assert math.isclose(weights.sum(), 1.0)
    _, gates = fuse("gate", v, known)
    assert ((gates >= 0) & (gates <= 1)).all()
    one = np.arange(M) == np.flatnonzero(known)[0]
    assert_array_equal(fuse("attention", v, one)[1], one)  # alone, it has it all
    assert fuse("gate", v, one)[1].sum() < 1


@settings(deadline=None)
@given(v=parts, known=masks)
def test_a_missing_modality_leaves_the_others_in_proportion_under_attention(v, known):
    assume(known.sum() > 1)
    _, all_there = fuse("attention", v, [True] * M)
    _, some = fuse("attention", v, known)
    assert_allclose(some[known], all_there[known] / all_there[known].sum(), rtol=1e-9)


def test_concatenation_is_a_sum_of_maps_with_the_same_weights_for_every_item():
    (w,) = weights_of("concatenation")
    v = np.arange(6.0).reshape(M, D)
    expected = sum(w[:, D * m : D * m + D] @ v[m] for m in range(M))
    assert_allclose(formulas.concatenated(v, w, [1, 1, 1], NONE), expected)


def test_huge_scores_stay_numbers():
    big = np.full((M, D), 1e6)
    for kind in KINDS:
        found, weights = fuse(kind, big, [1, 1, 0])
        assert np.isfinite(found).all()
        assert weights is None or np.isfinite(weights).all()


@settings(deadline=None)
@given(masks, st.floats(0, 0.99), arrays(np.float64, M, elements=st.floats(0, 0.999)))
def test_dropout_takes_and_never_gives(known, share, points):
    kept = formulas.drop_modalities(known, share, points)
    assert not (kept & ~known).any()
    for m in range(M):
        assert kept[m] == (known[m] and points[m] >= share)
    assert_array_equal(formulas.drop_modalities(known, 0.0, points), known)


def test_dropout_takes_its_share_and_may_differ_by_modality():
    points = np.random.default_rng(0).random((20_000, 2))
    kept = formulas.drop_modalities(np.ones((20_000, 2)), [0.25, 0.0], points)
    assert_allclose(kept.mean(axis=0), [0.75, 1.0], atol=0.01)


@settings(deadline=None)
@given(arrays(np.float64, (2, 4), elements=numbers), arrays(np.bool_, (2, 4)))
def test_late_fusion_is_a_mean_of_those_that_know(scores, known):
    weights = [1.0, 3.0]
    found = formulas.late_fusion(scores, weights, known)
    for i in range(4):
        said = [(weights[m], scores[m, i]) for m in range(2) if known[m, i]]
        expected = sum(w * s for w, s in said) / sum(w for w, _ in said) if said else -math.inf
        assert math.isclose(found[i], expected, abs_tol=1e-12) or found[i] == expected


def test_late_fusion_does_not_look_at_what_is_not_known():
    assert_array_equal(
        formulas.late_fusion([[np.nan, 1], [2, 3]], [1, 1], [[0, 1], [1, 1]]), [2, 2]
    )
    assert_array_equal(formulas.late_fusion([[1.0]], [0.0], [[1]]), [-np.inf])


SQUARE = np.ones((D, M * D))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.concatenated([1, 2], SQUARE, [1], NONE), "^parts: expected a matrix"),
        (
            lambda: formulas.concatenated(np.ones((2, D)), SQUARE, [1, 1], NONE),
            r"^matrix: expected shape \(2, 4\); received \(2, 6\)",
        ),
        (
            lambda: formulas.concatenated(np.ones((M, D)), SQUARE, [1, 1], NONE),
            "^known: expected 3 rows, as parts has; received 2",
        ),
        (
            lambda: formulas.concatenated(np.ones((M, D)), SQUARE, [1, 2, 1], NONE),
            "^known: expected 0 and 1 only; received 2",
        ),
        (
            lambda: formulas.concatenated(np.full((M, D), np.nan), SQUARE, [1, 1, 1], NONE),
            "^parts: expected finite numbers",
        ),
        (
            lambda: formulas.gated(np.ones((M, D)), np.ones((2, 6)), np.zeros(3), [1, 1, 1], NONE),
            r"^matrix, bias: expected shapes \(3, 6\) and \(3,\)",
        ),
        (
            lambda: formulas.attended(
                np.ones((M, D)), np.ones((M, 4, 3)), np.ones((M, 4)), np.ones(4), [1, 1, 1], NONE
            ),
            r"^matrices, bias: expected shapes \(3, 4, 2\) and \(3, 4\)",
        ),
        (lambda: formulas.drop_modalities([1, 1], 0.5, [0.1]), "^points, share: expected shapes"),
        (
            lambda: formulas.drop_modalities([1], 1.0, [0.1]),
            r"^share: expected numbers in \[0, 1\)",
        ),
        (lambda: formulas.drop_modalities([1], 0.5, [1.5]), r"^points: expected numbers in"),
        (
            lambda: formulas.late_fusion([[1.0]], [1], [[1, 1]]),
            r"^scores: expected shape \(1, 2\), as known has",
        ),
        (lambda: formulas.late_fusion([[1.0]], [-1], [[1]]), "^weights: expected numbers from 0"),
        (lambda: formulas.late_fusion([[1.0]], [1, 1], [[1]]), "^weights: expected 1 rows"),
        (lambda: formulas.late_fusion([[np.inf]], [1], [[1]]), "^scores: expected finite numbers"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
