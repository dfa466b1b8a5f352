"""Estimates from logs against the truth, the test of shifts, and what no log can tell."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite import formulas
from attnrec_lite.experiments import (
    Logs,
    check_support,
    estimate_value,
    shift_errors,
    simulate_logs,
)

EVEN = np.full((4, 2), 0.5)
PLAIN = Logs(np.array([0, 1, 0, 1]), np.array([1.0, 0, 1, 1]), EVEN)


def world(n=400):
    rng = np.random.default_rng(0)
    logging, target = rng.dirichlet([1.5] * 4, n), rng.dirichlet([1.5] * 4, n)
    q = rng.random((n, 4))
    return logging, target, q, np.clip(q + 0.2, 0, 1)


@pytest.mark.slow
def test_unbiased_estimators_centre_on_the_truth_and_the_others_do_not():
    logging, target, q, guess = world()
    truth = formulas.policy_value(target, q)
    runs = [estimate_value(simulate_logs(logging, q, s), target, guess).values for s in range(400)]
    mean = {name: np.mean([run[name] for run in runs]) for name in runs[0]}
    spread = {name: np.std([run[name] for run in runs]) for name in runs[0]}
    for name in ("IPS", "SNIPS", "doubly robust"):
        assert abs(mean[name] - truth) < 4 * spread[name] / 20 + 0.004
    assert abs(mean["direct"] - truth) > 0.1
    assert mean["clipped IPS"] < truth - 0.01
    assert spread["doubly robust"] < spread["IPS"]


def test_estimates_are_the_formulas():
    logging, target, q, guess = world(50)
    logs = simulate_logs(logging, q, 3)
    rows = np.arange(50)
    w = target[rows, logs.action] / logging[rows, logs.action]
    found = estimate_value(logs, target, guess, ceiling=2.0)
    direct = formulas.policy_value(target, guess)
    expected = {
        "mean of the log": logs.reward.mean(),
        "IPS": formulas.inverse_propensity(w, logs.reward),
        "clipped IPS": formulas.inverse_propensity(w, logs.reward, 2.0),
        "SNIPS": formulas.self_normalised(w, logs.reward),
        "direct": direct,
        "doubly robust": formulas.doubly_robust(w, logs.reward, guess[rows, logs.action], direct),
    }
    assert found.values == pytest.approx(expected)
    assert_allclose(found.effective, formulas.effective_size(w))
    assert_allclose((found.largest, found.mean_weight), (w.max(), w.mean()))
    for part in ("IPS", "worth", "clipped at 2", "50 rows"):
        assert part in str(found)


def test_the_policy_that_logged_gets_its_own_mean():
    logging, _, q, _ = world()
    logs = simulate_logs(logging, q, 1)
    found = estimate_value(logs, logging)
    assert set(found.values.values()) == {logs.reward.mean()}
    assert (found.effective, found.mean_weight) == (400, 1)
    assert "direct" not in found.values


def test_a_shift_shows_who_depends_on_zero():
    logging, target, q, guess = world()
    errors = shift_errors(simulate_logs(logging, q, 2), target, guess, shift=-1.0)
    for name in ("mean of the log", "SNIPS", "direct", "doubly robust"):
        assert abs(errors[name]) < 1e-9
    assert abs(errors["IPS"]) > 0.005
    assert abs(errors["clipped IPS"]) > 0.02


def test_logs_are_drawn_by_the_chances_that_they_keep():
    logging = np.tile([0.7, 0.2, 0.1], (30_000, 1))
    logs = simulate_logs(logging, np.tile([0.1, 0.5, 0.9], (30_000, 1)), seed=0)
    assert_allclose(np.bincount(logs.action) / 30_000, [0.7, 0.2, 0.1], atol=0.01)
    assert_allclose([logs.reward[logs.action == a].mean() for a in range(3)], [0.1, 0.5, 0.9],
                    atol=0.02)  # fmt: skip
    assert_array_equal(simulate_logs(logging, logging, 5).action,
                       simulate_logs(logging, logging, 5).action)  # fmt: skip
    never = simulate_logs(np.tile([0.0, 1.0, 0.0], (500, 1)), logging[:500])
    assert set(never.action) == {1}


def test_what_the_log_can_never_show_is_named():
    logs = Logs(np.array([0, 0]), np.ones(2), np.array([[1.0, 0, 0], [0.5, 0.5, 0]]))
    target = [[0.5, 0.1, 0.4], [0.5, 0.0, 0.5]]
    with pytest.raises(ValueError, match=r"^target: shows teapot in 2 rows .* 50\.0% of what"):
        check_support(logs, target, ["kettle", "ribbon", "teapot"])
    with pytest.raises(ValueError, match=r"^target: shows action 2 in 2 rows"):
        estimate_value(logs, target)
    check_support(logs, [[1.0, 0, 0], [0.2, 0.8, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Logs(np.array([1]), np.ones(1), np.array([[1.0, 0.0]])), "^propensities: .*0 "),
        (lambda: Logs(np.array([2]), np.ones(1), np.array([[1.0, 0.0]])), r"^action: .* 0\.\.1"),
        (lambda: Logs(np.array([-1]), np.ones(1), np.array([[1.0, 0.0]])), r"^action: .* 0\.\.1"),
        (lambda: Logs(np.array([0.0]), np.ones(1), np.array([[1.0, 0.0]])), "^action: expected 1"),
        (lambda: Logs(np.array([0, 0]), np.ones(1), np.array([[1.0, 0.0]])), "^action: expected"),
        (lambda: Logs(np.array([0]), np.ones(2), np.array([[1.0, 0.0]])), "^reward: expected 1 r"),
        (lambda: Logs(np.array([0]), np.ones(1), np.array([[0.7, 0.0]])), "^logging: .* sum to 1"),
        (lambda: Logs(np.array([0]), [np.nan], np.array([[1.0, 0.0]])), "^reward: expected finite"),
        (lambda: estimate_value(PLAIN, EVEN[:3]), r"^target: expected shape \(4, 2\), as the log"),
        (lambda: estimate_value(PLAIN, EVEN * 0.9), "^target: .* sum to 1"),
        (lambda: estimate_value(PLAIN, EVEN, EVEN[:, :1]), r"^rewards: expected shape \(4, 2\)"),
        (lambda: estimate_value(PLAIN, EVEN, ceiling=0), "^ceiling: expected a finite number"),
        (lambda: simulate_logs(EVEN, EVEN + 1), r"^rewards: expected chances in \[0, 1\]"),
        (lambda: simulate_logs(EVEN, EVEN[:2]), r"^rewards: expected shape \(4, 2\)"),
    ],
)
def test_logs_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
