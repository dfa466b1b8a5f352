"""The loss of a student: against SciPy, its slope against differences, its temperature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats import entropy

from attnrec_lite.formulas import distillation_loss, distillation_slope, softmax

quick = settings(deadline=None, max_examples=60)
scores = arrays(np.float64, 5, elements=st.floats(-20, 20))
heats = st.floats(0.5, 20)


@quick
@given(scores, scores, heats)
def test_it_is_the_divergence_that_scipy_computes(student, teacher, heat):
    p, q = softmax(teacher, temperature=heat), softmax(student, temperature=heat)
    assert distillation_loss(student, teacher, heat) == pytest.approx(
        heat**2 * entropy(p, q), rel=1e-6, abs=1e-9
    )


@quick
@given(scores, scores, heats)
def test_the_slope_is_that_of_the_loss_and_pushes_nothing_up_as_a_whole(student, teacher, heat):
    slope = distillation_slope(student, teacher, heat)
    for i in range(5):
        step = np.eye(5)[i] * 1e-5
        up, down = (distillation_loss(student + s, teacher, heat) for s in (step, -step))
        assert slope[i] == pytest.approx((up - down) / 2e-5, abs=1e-3)
    assert slope.sum() == pytest.approx(0, abs=1e-9)


def test_who_chooses_alike_has_no_loss_whatever_is_added_to_all_scores():
    z = np.array([1.0, 2.0, -3.0])
    assert distillation_loss(z + 7, z, 3.0) == pytest.approx(0, abs=1e-12)


def test_for_a_high_temperature_scores_are_copied_and_the_temperature_drops_out():
    rng = np.random.default_rng(0)
    s, t = rng.normal(size=(2, 4, 6))
    centred = [z - z.mean(axis=1, keepdims=True) for z in (s, t)]
    for heat in (1e3, 1e4):
        assert_allclose(distillation_slope(s, t, heat), (centred[0] - centred[1]) / 6, atol=2e-3)


def test_huge_scores_stay_finite():
    assert np.isfinite(distillation_loss([1e5, 0.0], [0.0, 1e5]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distillation_loss([1.0], [1.0, 2.0]), r"^teacher: expected shape \(1,\)"),
        (lambda: distillation_loss([np.nan], [1.0]), "^student: expected finite"),
        (lambda: distillation_loss([1.0], [np.inf]), "^teacher: expected finite"),
        (lambda: distillation_slope([1.0], [1.0], 0), "^temperature: expected a finite number"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
