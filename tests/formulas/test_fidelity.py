"""Agreement of accounts, differences of weights, rules; and other weights of the same output."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.spatial.distance import jensenshannon

from attnrec_lite.formulas import (
    jensen_shannon,
    rank_agreement,
    rule_fidelity,
    same_output_weights,
    total_variation,
)

numbers = st.floats(-5, 5, width=16)


@given(arrays(float, 6, elements=numbers), arrays(float, 6, elements=numbers))
def test_kendall_is_a_count_of_pairs(a, b):
    assume(np.ptp(a) > 0 and np.ptp(b) > 0)
    first, second = np.triu_indices(6, 1)
    s, t = np.sign(a[first] - a[second]), np.sign(b[first] - b[second])
    by_hand = (s * t).sum() / np.sqrt((s != 0).sum() * (t != 0).sum())
    assert rank_agreement(a, b, "kendall") == pytest.approx(by_hand)
    assert rank_agreement(a, a) == pytest.approx(1)
    assert rank_agreement(a, -a) == pytest.approx(-1)
    assert rank_agreement(a, b) == pytest.approx(rank_agreement(b, np.exp(a / 4)))


@pytest.mark.parametrize(
    ("a", "b"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([0, 1], [4, 4])]
)
def test_where_there_is_no_order_there_is_no_agreement(a, b):
    assert np.isnan(rank_agreement(a, b))
    assert np.isnan(rank_agreement(a, b, "kendall"))


@given(st.integers(2, 6), st.integers(0, 99))
def test_distances_of_shares(n, seed):
    p, q, r = np.random.default_rng(seed).dirichlet(np.full(n, 0.3), 3)
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-9)
    assert 0 <= jensen_shannon(p, q) <= np.log(2) + 1e-12
    assert jensen_shannon(p, p) == total_variation(q, q) == 0
    assert total_variation(p, q) == pytest.approx(np.maximum(p - q, 0).sum())
    assert total_variation(p, q) <= total_variation(p, r) + total_variation(r, q) + 1e-12
    assert_allclose(jensen_shannon([p, q], [q, q]), [jensen_shannon(p, q), 0], atol=1e-12)


def test_nothing_is_as_far_from_nothing_as_it_should_be():
    assert total_variation([0.0, 0.0], [0.0, 0.0]) == jensen_shannon([0.0, 0.0], [0.0, 0.0]) == 0


def test_a_rule_is_judged_where_it_applies():
    found = rule_fidelity([0, 0], [[1, 2], [2, 1]])
    assert (found["coverage"], found["both"]) == (0, 0)
    assert np.isnan(found["fidelity"])
    assert rule_fidelity([1, 1], [[2, 1], [1, 0]]) == {"coverage": 1, "fidelity": 1, "both": 1}
    assert rule_fidelity([0, 3], [[0, 0], [1, 2]])["both"] == 0  # an empty place is no hit


@pytest.mark.parametrize("n", [3, 8, 14])
@pytest.mark.parametrize("seed", range(4))
def test_moved_weights_are_shares_with_the_same_output(n, seed):
    rng = np.random.default_rng(seed)
    w, v = rng.dirichlet(np.ones(n)), rng.normal(size=(n, 4))
    found = same_output_weights(w, v)
    assert_allclose(found @ v, w @ v, atol=1e-8)
    assert found.sum() == pytest.approx(1)
    assert found.min() >= 0
    far = 0.5 * np.abs(found - w).sum()
    assert far > 0.15 if n > 5 else far == 0  # free as soon as there are more items than d + 1


def test_equal_values_may_exchange_their_weights():
    v = np.eye(4)[[0, 0, 1, 2]]
    found = same_output_weights([0.4, 0.1, 0.3, 0.2], v)
    assert_allclose(found[:2].sum(), 0.5)
    assert_allclose(found[2:], [0.3, 0.2], atol=1e-9)
    assert_allclose(found[:2], [0.0, 0.5], atol=1e-9)


def test_one_item_keeps_its_weight():
    assert_allclose(same_output_weights([1.0], [[3.0, 1.0]]), [1.0])
    assert_allclose(same_output_weights([0.5, 0.5], [[0.0], [0.0]]).sum(), 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_agreement([1, 2], [1]), "^b: expected width 2"),
        (lambda: rank_agreement([1, np.nan], [1, 2]), "^a: expected finite"),
        (lambda: rank_agreement([1, 2], [1, 2], "pearson"), "^kind: expected one of spearman"),
        (lambda: total_variation([0.5, 0.5], [1.0]), r"^q: expected shape \(2,\)"),
        (lambda: jensen_shannon([0.5, 0.6], [0.5, 0.5]), "^p: expected shares"),
        (lambda: jensen_shannon([0.5, 0.5], [1.5, -0.5]), "^q: expected shares"),
        (lambda: total_variation([np.inf], [1.0]), "^p: expected finite"),
        (lambda: rule_fidelity([1, 2], [[1]]), "^by_rule: expected 1, as lists; received 2"),
        (lambda: rule_fidelity([-1], [[1]]), "^by_rule: expected ids"),
        (lambda: rule_fidelity([], np.zeros((0, 1), int)), "^number of users: expected"),
        (lambda: same_output_weights([0.5, 0.5], [[1.0]]), "^values: expected 2 rows"),
        (lambda: same_output_weights([0.5, 0.1], [[1.0], [2.0]]), "^weights: expected shares"),
        (lambda: same_output_weights([1.0], [[1.0]], tries=0) and same_output_weights(
            [0.5, 0.5], [[1.0], [1.0]], tries=0), "^tries: expected"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
