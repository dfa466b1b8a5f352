"""Chances from scores, against scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from attnrec_lite.formulas import calibration_error, scaled_chance
from attnrec_lite.worlds import fit_isotonic, fit_platt


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(0)
    s = 30 + 5 * rng.normal(size=3000)
    return s, (rng.random(3000) < scaled_chance(s, 0.3, -10.0)).astype(int)


def test_platt_is_logistic_regression_and_calibrates(scored):
    s, y = scored
    a, b = fit_platt(s, y)
    peer = LogisticRegression(C=np.inf, tol=1e-10).fit(s[:, None], y)
    assert_allclose([a, b], [peer.coef_[0, 0], peer.intercept_[0]], rtol=1e-3)
    assert_allclose(scaled_chance(s, a, b).mean(), y.mean(), atol=1e-6)
    assert calibration_error(y, scaled_chance(s, a, b)) < 0.03
    assert calibration_error(y, scaled_chance(s - 30)) > 0.1


def test_isotonic_is_scikit_learns(scored):
    s, y = scored
    s = s.round(1)  # with ties
    peer = IsotonicRegression(out_of_bounds="clip").fit(s, y)
    new = np.linspace(0, 60, 500)
    assert_allclose(fit_isotonic(s, y)(new), peer.predict(new), atol=1e-9)


def test_scores_that_part_clicks_from_the_rest_give_a_finite_slope():
    a, b = fit_platt([0.0, 1.0], [0, 1])
    assert np.isfinite([a, b]).all()
    assert a > 1


def test_constant_scores_give_the_base_rate():
    a, b = fit_platt([2.0, 2.0, 2.0, 2.0], [1, 0, 0, 0])
    assert_allclose(scaled_chance(2.0, a, b), 0.25, atol=1e-5)
    assert_allclose(fit_isotonic([2.0, 2.0], [1, 0])([1.0, 3.0]), 0.5)


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.0, 1.0], [1, 1], "^labels: expected a 1 and a 0; received only 1"),
        ([0.0, np.inf], [0, 1], "^scores: expected finite numbers"),
        ([0.0], [0, 1], "^labels: expected 1 rows"),
        ([0.0, 1.0], [0, 2], "^labels"),
    ],
)
def test_what_is_refused(fit, scores, labels, message):
    with pytest.raises(ValueError, match=message):
        fit(scores, labels)
