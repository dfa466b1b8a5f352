"""Plans agree with the formulas and with simulated tests."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.experiments import Design, compare_shares, power, users_per_arm


def test_half_a_point_needs_the_number_of_the_source_map_and_ten_thousand_do_not_do():
    assert users_per_arm(0.005, share=0.05) == 31_231
    assert_allclose(power(0.005, 10_000, share=0.05), 0.354, atol=5e-4)
    assert_allclose(power(0.005, 31_231, share=0.05), 0.8, atol=1e-3)


def test_a_number_is_planned_by_its_spread_and_a_loss_as_a_gain():
    assert users_per_arm(0.5, std=2.0) == users_per_arm(-0.5, std=2.0) == 252
    assert_allclose(power(0.5, 252, std=2.0), 0.8, atol=2e-3)
    assert users_per_arm(-0.005, share=0.05) < users_per_arm(0.005, share=0.05)


@pytest.mark.slow
def test_planned_power_is_found_in_simulated_tests():
    n, rng = users_per_arm(0.1, share=0.3), np.random.default_rng(0)
    design = Design("bought", "customer")
    counts = np.stack([rng.binomial(n, 0.3, 2000), rng.binomial(n, 0.4, 2000)], 1)
    found = np.mean([compare_shares(k, [n, n], design).found for k in counts])
    assert_allclose(found, 0.8, atol=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: users_per_arm(0.1), "^share, std: expected one of them; received None and None"),
        (lambda: users_per_arm(0.1, share=0.1, std=1.0), "^share, std: expected one of them"),
        (lambda: users_per_arm(0.1, share=0.95), "^share . difference: expected a number above"),
        (lambda: users_per_arm(0.1, share=5), "^share: expected a number above 0 and below 1"),
        (lambda: users_per_arm(0.1, std=0), "^std: expected a finite number above 0"),
        (lambda: users_per_arm(0, std=1), "^difference: expected a finite number above 0"),
        (lambda: power(0.1, 0, std=1), "^n: expected an integer of at least 1"),
        (lambda: power(0.1, 10, std=1, level=0), "^level: expected a number above 0 and below 1"),
    ],
)
def test_plans_refuse_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
