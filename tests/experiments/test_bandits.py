"""Bandits: the order of their regret, and that their log answers for policies that never ran."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.experiments import check_support, estimate_value, play
from attnrec_lite.experiments.bandits import KINDS
from attnrec_lite.formulas import inverse_propensity, regret

CLICKS = np.linspace(0.02, 0.12, 10)


@pytest.mark.parametrize("policy", KINDS)
def test_a_course_is_of_the_right_shape_and_its_regret_is_the_formula(policy):
    course = play(CLICKS, policy, rounds=300, runs=3)
    assert course.action.shape == course.reward.shape == (3, 300)
    assert set(np.unique(course.reward)) <= {0.0, 1.0}
    assert_allclose(course.regret, regret(CLICKS, course.action))
    assert course.logs is None
    assert policy in str(course)


def test_at_the_rates_of_clicks_textbook_ucb_explores_for_ever():
    end = {
        name: play(CLICKS, kind, rounds=5000, runs=20, scale=scale).regret[:, -1].mean()
        for name, kind, scale in (
            ("even", "even", 2.0),
            ("textbook", "ucb", 2.0),
            ("tuned", "ucb", 0.05),
            ("thompson", "thompson", 2.0),
        )
    }
    assert_allclose(end["even"], 5000 * 0.05, rtol=0.05)
    assert end["thompson"] < 0.6 * end["textbook"]
    assert end["tuned"] < 0.6 * end["textbook"]


def test_with_rewards_of_scale_one_the_textbook_is_right():
    course = play([0.2, 0.9], "ucb", rounds=2000)
    assert course.regret[:, -1].mean() < 40


def test_every_arm_is_tried_before_one_is_tried_again():
    for kind in ("greedy", "ucb"):
        first = play(np.full(7, 0.5), kind, rounds=7, runs=4).action
        assert (np.sort(first, axis=1) == np.arange(7)).all()


def test_ties_fall_by_lot():
    first = play(np.full(5, 0.5), "greedy", rounds=1, runs=200).action
    assert np.bincount(first[:, 0], minlength=5).min() > 15


def test_a_night_between_looks_costs_regret():
    at_once, nightly = (
        play(CLICKS, "ucb", rounds=2000, runs=10, scale=0.05, every=n).regret[:, -1].mean()
        for n in (1, 200)
    )
    assert nightly > at_once


def test_the_log_of_epsilon_answers_for_every_policy():
    course = play(CLICKS, "epsilon", rounds=4000, runs=1, log=True, epsilon=0.5)
    logs = course.logs
    assert np.array_equal(logs.action, course.action[0])
    assert logs.logging.min() >= 0.05 - 1e-12
    target = np.tile(np.eye(10)[8], (len(logs), 1))
    found = estimate_value(logs, target)
    assert abs(found.values["IPS"] - CLICKS[8]) < 0.05
    assert 0.7 < found.mean_weight < 1.3


@pytest.mark.slow
def test_the_estimate_is_unbiased_though_the_policy_learned_on_the_way():
    target, found = np.full(10, 0.1), []
    for seed in range(150):
        logs = play(CLICKS, "epsilon", rounds=300, runs=1, seed=seed, log=True, epsilon=0.5).logs
        weights = 0.1 / logs.propensity
        found.append(inverse_propensity(weights, logs.reward))
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found) - target @ CLICKS) < 3 * error


def test_thompsons_chances_are_those_of_its_pulls():
    course = play([0.3, 0.35], "thompson", rounds=3000, runs=1, log=True, every=300)
    logs = course.logs
    shares = (logs.action.reshape(10, 300) == 1).mean(axis=1)
    assert_allclose(logs.logging[::300, 1], shares, atol=0.1)


def test_the_log_of_ucb_answers_for_nothing_but_itself():
    logs = play(CLICKS, "ucb", rounds=500, runs=1, log=True).logs
    with pytest.raises(ValueError, match="^target: shows action"):
        check_support(logs, np.full((500, 10), 0.1))


def test_one_arm_has_no_regret_and_sure_arms_are_found():
    assert play([0.5], "thompson", rounds=20).regret.max() == 0
    assert (play([0.0, 1.0], "greedy", rounds=50).action[:, 2:] == 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: play([], "even"), "^values: expected at least 1"),
        (lambda: play([1.5], "even"), r"^values: expected chances in \[0, 1\]"),
        (lambda: play([0.5], "magic"), "^policy: expected one of even"),
        (lambda: play([0.5], "even", rounds=0), "^rounds: expected an integer"),
        (lambda: play([0.5], "even", runs=0), "^runs: expected an integer"),
        (lambda: play([0.5], "even", every=0), "^every: expected an integer"),
        (lambda: play([0.5], "epsilon", epsilon=2), "^epsilon: expected a number"),
        (lambda: play([0.5], "ucb", rounds=2, scale=-1), "^scale, turn: expected"),
    ],
)
def test_bandits_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
