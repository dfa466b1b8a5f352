"""What a log says of another policy: exact expectations over all logs, shifts, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    doubly_robust,
    effective_size,
    importance_weights,
    inverse_propensity,
    policy_value,
    self_normalised,
)

quick = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 10_000)
amounts = st.floats(0, 50).map(lambda x: round(x, 4))
weights = arrays(np.float64, st.integers(1, 10), elements=amounts)


def world(seed, actions=4):
    """One row: logging chances, target chances, mean rewards and a model's guess."""
    rng = np.random.default_rng(seed)
    mu, pi = rng.dirichlet(np.ones(actions), 2)
    return 0.02 + 0.92 * mu, pi, rng.random(actions), rng.normal(size=actions)


@quick
@given(seeds)
def test_value_equals_a_loop(seed):
    rng = np.random.default_rng(seed)
    pi, q = rng.dirichlet(np.ones(3), 5), rng.normal(size=(5, 3))
    expected = sum(pi[i, a] * q[i, a] for i in range(5) for a in range(3)) / 5
    assert_allclose(policy_value(pi, q), expected)


@quick
@given(seeds)
def test_ips_and_doubly_robust_are_right_on_average_over_all_logs(seed):
    mu, pi, q, guess = world(seed)
    mu = mu / mu.sum()
    truth, direct = policy_value(pi[None], q[None]), policy_value(pi[None], guess[None])
    ips = dr = 0.0
    for a in range(4):
        w = importance_weights(pi[[a]], mu[[a]])
        ips += mu[a] * inverse_propensity(w, q[[a]])
        dr += mu[a] * doubly_robust(w, q[[a]], guess[[a]], direct)
    assert_allclose((ips, dr), (truth, truth), atol=1e-9)


@quick
@given(seeds)
def test_a_right_model_makes_doubly_robust_right_under_wrong_propensities(seed):
    mu, pi, q, _ = world(seed)
    mu = mu / mu.sum()
    wrong = np.linspace(0.2, 0.9, 4)
    direct = policy_value(pi[None], q[None])
    mean = sum(
        mu[a] * doubly_robust(importance_weights(pi[[a]], wrong[[a]]), q[[a]], q[[a]], direct)
        for a in range(4)
    )
    assert_allclose(mean, direct)


@quick
@given(weights.filter(lambda w: w.sum() > 0.1), st.floats(-5, 5))
def test_a_shift_moves_snips_and_doubly_robust_by_itself_and_ips_by_the_mean_weight(w, shift):
    r = np.cos(np.arange(len(w)))
    guess = np.sin(np.arange(len(w)))
    assert_allclose(self_normalised(w, r + shift), self_normalised(w, r) + shift, atol=1e-8)
    assert_allclose(
        doubly_robust(w, r + shift, guess + shift, 0.3 + shift),
        doubly_robust(w, r, guess, 0.3) + shift,
        atol=1e-8,
    )
    assert_allclose(
        inverse_propensity(w, r + shift), inverse_propensity(w, r) + shift * w.mean(), atol=1e-8
    )


@quick
@given(weights, st.floats(0.1, 60))
def test_a_ceiling_equals_a_loop_and_lowers_positive_rewards_only(w, ceiling):
    r = np.abs(np.cos(np.arange(len(w))))
    expected = sum(min(a, ceiling) * b for a, b in zip(w, r, strict=True)) / len(w)
    clipped = inverse_propensity(w, r, ceiling)
    assert_allclose(clipped, expected)
    assert clipped <= inverse_propensity(w, r) + 1e-12
    assert_allclose(inverse_propensity(w, r, w.max() + 1), inverse_propensity(w, r))


@quick
@given(weights.filter(lambda w: w.sum() > 0.1))
def test_snips_stays_within_the_rewards(w):
    r = np.cos(np.arange(len(w)))
    assert r.min() - 1e-9 <= self_normalised(w, r) <= r.max() + 1e-9


@quick
@given(weights, st.floats(0.01, 100))
def test_effective_size_lies_between_one_and_n_and_knows_no_scale(w, factor):
    size = effective_size(w)
    assert size == 0 if w.max() == 0 else 1 - 1e-9 <= size <= len(w) + 1e-9
    assert_allclose(effective_size(factor * w), size, rtol=1e-6)


def test_by_hand():
    mu, pi = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    action, reward = [0, 0, 0, 1, 1, 2], [0, 1, 0, 1, 0, 1]
    w = importance_weights(pi[action], mu[action])
    assert_allclose(w, [1 / 6] * 3 + [1, 1, 6])
    assert_allclose(inverse_propensity(w, reward), 7.1666667 / 6)
    assert_allclose(self_normalised(w, reward), 7.1666667 / 8.5)
    assert effective_size([1e200, 1e200]) == 2
    assert effective_size([0.0, 0.0]) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: policy_value([[0.5, 0.4]], [[1, 1]]), "^policy: .* sum to 1; .*0.9"),
        (lambda: policy_value([[1.5, -0.5]], [[1, 1]]), "^policy: .* a negative entry"),
        (lambda: policy_value([[1.0, 0.0]], [[1]]), r"^rewards: expected shape \(1, 2\)"),
        (lambda: importance_weights([0.5], [0.0]), r"^propensities: .*\(0, 1\]; received 0 \(1 of"),
        (lambda: importance_weights([0.5], [1.2]), r"^propensities: .* received 1\.2"),
        (lambda: importance_weights([0.5, 1], [-0.1, 0.5]), "^propensities: .* received -0.1"),
        (lambda: importance_weights([1.5], [0.5]), r"^target: expected chances in \[0, 1\]"),
        (lambda: importance_weights([0.5, 0.5], [0.5]), "^propensities: expected 2 rows"),
        (lambda: inverse_propensity([-1], [1]), "^weights: expected numbers from 0; .*-1"),
        (lambda: inverse_propensity([1], [1, 2]), "^rewards: expected 1 rows"),
        (lambda: inverse_propensity([1], [1], 0), "^ceiling: expected a finite number above"),
        (lambda: inverse_propensity([], []), "^weights: expected at least 1; received 0"),
        (lambda: self_normalised([0, 0], [1, 1]), "^weights: expected one above 0"),
        (lambda: doubly_robust([1], [1], [1, 2], 0), "^guessed: expected 1 rows"),
        (lambda: doubly_robust([1], [1], [1], np.nan), "^guessed_value: expected finite"),
        (lambda: effective_size([]), "^weights: expected at least 1"),
    ],
)
def test_off_policy_formulas_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
