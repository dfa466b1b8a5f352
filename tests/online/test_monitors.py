"""Monitors: what they promise where nothing changes, and how soon they ring where something did."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.formulas import cusum
from attnrec_lite.online import LossMonitor, ShareMonitor, ValueMonitor, measured_run_length


@pytest.mark.parametrize("n", [100, 3000])
def test_the_share_monitor_rings_as_rarely_as_it_says(n):
    rng, shares = np.random.default_rng(0), np.arange(1, 9) / 36
    monitor = ShareMonitor(rng.multinomial(20_000, shares), false_alarms=0.05)
    rate = np.mean([monitor.look(rng.multinomial(n, shares)).rings for _ in range(1500)])
    assert 0.025 < rate < 0.085


def test_the_share_monitor_sees_a_season():
    monitor = ShareMonitor([400, 300, 300], false_alarms=1e-6)
    assert monitor.look([30, 85, 85]).rings
    assert "RINGS" in str(monitor.look([30, 85, 85]))
    assert "RINGS" not in str(monitor.look([80, 60, 60]))


def test_the_value_monitor_rings_as_rarely_as_it_says_and_sees_a_shift():
    rng = np.random.default_rng(1)
    monitor = ValueMonitor(rng.normal(size=800), false_alarms=0.05)
    looks = [
        ValueMonitor(rng.normal(size=200), 0.05).look(rng.normal(size=200)) for _ in range(800)
    ]
    assert 0.02 < np.mean([look.rings for look in looks]) < 0.08
    assert monitor.look(rng.normal(0.5, 1, 300)).rings


def test_constant_values_are_no_drift():
    assert not ValueMonitor([1.0] * 50).look([1.0] * 20).rings
    assert ValueMonitor([1.0] * 50).look([2.0] * 20).rings


def test_the_loss_monitor_is_cusum_in_units_of_the_spread():
    values = np.random.default_rng(2).normal(0.2, 0.02, 40)
    monitor = LossMonitor(0.2, 0.02, notice=0.02, looks_between=100)
    levels = [monitor.look(x).value for x in values]
    assert_allclose(levels, cusum(values, 0.2, 0.01) / 0.02, atol=1e-9)
    monitor.reset()
    assert monitor.level == 0


@pytest.mark.parametrize("looks", [50, 200])
def test_the_loss_monitor_keeps_its_promise_for_normal_figures(looks):
    monitor = LossMonitor(0.2, 0.02, notice=0.02, looks_between=looks)
    found = measured_run_length(monitor, lambda rng: rng.normal(0.2, 0.02), runs=400)
    assert_allclose(found, looks, rtol=0.2)
    assert_allclose(monitor.looks_until(), looks, rtol=1e-6)


def test_after_a_fall_it_rings_soon_and_after_a_gain_never():
    monitor = LossMonitor(0.2, 0.02, notice=0.02, looks_between=365)
    soon = measured_run_length(monitor, lambda rng: rng.normal(0.18, 0.02))
    assert_allclose(soon, monitor.looks_until(0.02), rtol=0.15)
    assert soon < 12
    better = measured_run_length(monitor, lambda rng: rng.normal(0.22, 0.02), 5, longest=500)
    assert better == 500


def test_figures_that_hang_together_ring_more_often_than_promised():
    monitor = LossMonitor(0.0, 1.0, notice=1.0, looks_between=200)
    state = [0.0]

    def sticky(rng):
        state[0] = 0.7 * state[0] + rng.normal(0, (1 - 0.49) ** 0.5)  # deviation 1, like the others
        return state[0]

    assert measured_run_length(monitor, sticky) < 100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ShareMonitor([5]), "^reference: expected at least 2"),
        (lambda: ShareMonitor([0, 0]), "^before: expected at least one row"),
        (lambda: ShareMonitor([5, 5], 0), "^false_alarms: expected a number above 0"),
        (lambda: ShareMonitor([5, 5]).look([1, 2, 3]), "^now: expected 2 rows"),
        (lambda: ShareMonitor([5, 5]).look([0, 0]), "^after: expected at least one row"),
        (lambda: ShareMonitor([5, 5]).look([np.nan, 1]), "^now: expected finite"),
        (lambda: ValueMonitor([]), "^reference: expected at least 1"),
        (lambda: ValueMonitor([1.0]).look([np.inf]), "^now: expected finite"),
        (lambda: LossMonitor(0.2, 0, notice=0.1), "^spread: expected a finite number above 0"),
        (lambda: LossMonitor(0.2, 0.1, notice=0), "^notice: expected a finite number above 0"),
        (lambda: LossMonitor(0.2, 0.1, notice=0.1, looks_between=1), "^looks: expected more than"),
        (lambda: LossMonitor(0.2, 0.1, notice=0.1).look(np.nan), "^value: expected finite"),
    ],
)
def test_monitors_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_refused_figure_leaves_the_level():
    monitor = LossMonitor(0.2, 0.1, notice=0.1)
    monitor.look(0.0)
    level = monitor.level
    with pytest.raises(ValueError, match="^value"):
        monitor.look(np.nan)
    assert monitor.level == level > 0
