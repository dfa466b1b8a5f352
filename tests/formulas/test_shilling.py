"""Made-up raters and who finds them: by hand, against loops, and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.formulas import (
    attack_profile,
    detection_rate,
    prediction_shift,
    rating_deviation,
    robust_z,
    shared_variation,
    target_hits,
)

quick = settings(deadline=None, max_examples=40)
NAN = np.nan


def table(seed=0, users=12, items=7, empty=0.4):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 11, (users, items)) / 2
    return np.where(rng.random((users, items)) < empty, NAN, ratings)


def test_each_attack_writes_what_its_name_says():
    means = np.array([1.0, 4.0, 2.0, 5.0])
    random = attack_profile("random", means, 3, [0, 1], spread=0.0)
    assert_allclose(random, [3.0, 3.0, NAN, 5.0])
    assert_allclose(attack_profile("average", means, 3, [0, 1], spread=0.0), [1.0, 4.0, NAN, 5.0])
    known = attack_profile("bandwagon", means, 3, [0], popular=[1], spread=0.0)
    assert_allclose(known, [3.0, 5.0, NAN, 5.0])


@quick
@given(st.integers(0, 2**31), st.floats(0, 9), st.sampled_from(["random", "average"]))
def test_ratings_stay_on_the_scale_and_the_target_gets_the_highest(seed, spread, kind):
    p = attack_profile(kind, np.full(9, 3.2), 4, [0, 1, 4, 8], spread=spread, seed=seed)
    given_ = p[~np.isnan(p)]
    assert np.isin(given_, np.arange(1, 11) / 2).all()
    assert p[4] == 5.0
    assert (~np.isnan(p)).sum() == 4


def test_rdma_equals_the_loop():
    r = table()
    expected = []
    for u in range(len(r)):
        parts = [
            abs(r[u, i] - np.nanmean(r[:, i])) / (~np.isnan(r[:, i])).sum()
            for i in range(r.shape[1]) if not np.isnan(r[u, i])
        ]  # fmt: skip
        expected.append(np.mean(parts) if parts else 0.0)
    assert_allclose(rating_deviation(r), expected)


def test_a_rater_who_copies_the_means_is_the_least_suspect():
    r = table(3, users=60, empty=0.0)
    copy = r.mean(axis=0)
    found = rating_deviation(np.vstack([r, copy]))
    assert found.argmin() == 60


def test_pca_equals_the_eigenvectors_of_the_covariance_of_raters():
    r = table(1, users=9, items=20, empty=0.2)
    mean = np.nanmean(r, axis=1, keepdims=True)
    z = np.nan_to_num((r - mean) / np.nanstd(r, axis=1, keepdims=True))
    _, eigen = np.linalg.eigh(z @ z.T)
    assert_allclose(shared_variation(r, 3), -(eigen[:, -3:] ** 2).sum(axis=1))


def test_raters_without_taste_share_nothing():
    r = np.vstack([table(2, empty=0.0), np.full(7, 3.3), np.full(7, NAN)])
    assert_allclose(shared_variation(r)[-2:], 0, atol=1e-20)
    assert_allclose(shared_variation(np.full((3, 4), 2.0)), 0)
    assert_allclose(shared_variation([[NAN]]), 0)


@quick
@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)), st.floats(0.1, 9))
def test_robust_z_does_not_care_for_unit_or_origin(x, scale):
    z = robust_z(x)
    again = robust_z(scale * np.round(x) + 3.0)
    assert_allclose(np.sign(again), np.sign(robust_z(np.round(x))), atol=0)
    assert not np.isnan(z).any()
    assert np.median(z) == pytest.approx(0, abs=1e-9) or np.isinf(z).any()


def test_a_huge_value_hides_from_the_mean_and_not_from_the_median():
    x = np.array([1.0, 2.0, 3.0, 4.0, 1e9])
    plain = (x - x.mean()) / x.std()
    assert plain.max() <= 4 / np.sqrt(4) + 1e-9  # (n - 1) / root of n - 1 with this deviation
    assert robust_z(x)[4] > 1e8
    assert_allclose(robust_z([2.0, 2.0, 2.0, 5.0, 1.0]), [0, 0, 0, np.inf, -np.inf])


def test_prediction_shift_and_hits_by_hand():
    assert prediction_shift([1.0, 2.0], [2.0, 1.5]) == 0.25
    assert target_hits([[1, 2], [0, 0], [2, 3]], 2, 5) == pytest.approx(2 / 3)


@quick
@given(st.integers(0, 2**31), st.floats(0, 1), st.booleans())
def test_the_bar_accuses_no_more_honest_users_than_it_may(seed, rate, ties):
    rng = np.random.default_rng(seed)
    s = rng.integers(0, 4, 40).astype(float) if ties else rng.normal(size=40)
    fake = rng.random(40) < 0.3
    fake[:2] = [True, False]
    found = detection_rate(s, fake, rate)
    honest, best = s[~fake], 0.0
    for bar in [*np.unique(s), -np.inf]:  # every bar there is
        if (honest > bar).mean() <= rate + 1e-12:
            best = max(best, (s[fake] > bar).mean())
    assert found == pytest.approx(best)


def test_detection_agrees_with_scikit_learn_where_nothing_ties():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    fake = np.arange(300) < 60
    s = rng.normal(size=300) + fake
    false, true, _ = metrics.roc_curve(fake, s, drop_intermediate=False)
    for rate in (0.01, 0.05, 0.3):
        assert detection_rate(s, fake, rate) == pytest.approx(true[false <= rate + 1e-12].max())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attack_profile("love", [1.0], 0, []), "kind: expected one of random, average"),
        (lambda: attack_profile("random", [1.0], 1, []), "target: expected items in 0..0"),
        (lambda: attack_profile("random", [1.0, 2.0], 0, [2]), "filler: expected items in 0..1"),
        (lambda: attack_profile("random", [1.0], 0, [], [5]), "popular: expected items"),
        (lambda: attack_profile("random", [NAN], 0, []), "means: expected finite"),
        (lambda: attack_profile("random", [1.0], 0, [], spread=-1), "spread: expected a number"),
        (lambda: rating_deviation([[np.inf]]), "ratings: expected users with finite"),
        (lambda: rating_deviation(np.zeros((0, 3))), "ratings: expected users"),
        (lambda: shared_variation([[1.0]], 0), "components: expected an integer"),
        (lambda: robust_z([]), "values: expected at least 1"),
        (lambda: robust_z([NAN]), "values: expected finite"),
        (lambda: prediction_shift([1.0], [1.0, 2.0]), "after: expected shape"),
        (lambda: prediction_shift([], []), "before: expected at least 1"),
        (lambda: target_hits(np.zeros((0, 2), int), 1, 3), "lists: expected at least one"),
        (lambda: target_hits([[1]], 4, 3), "target: expected ids in 1..3"),
        (lambda: detection_rate([1.0, NAN], [True, False], 0.1), "suspicion: expected numbers"),
        (lambda: detection_rate([1.0, 2.0], [True, True], 0.1), "fake: expected both kinds"),
        (lambda: detection_rate([1.0, 2.0], [1, 0], 0.1), "fake: expected booleans"),
        (lambda: detection_rate([1.0, 2.0], [True, False], 2), "false_alarms: expected a number"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
