"""Quality by group: means, what one or nobody says, and how often equals look unequal."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from attnrec_lite.evaluation.results import Evaluation
from attnrec_lite.fairness import quality_by_group


def found(values):
    values = np.asarray(values, float)
    n = len(values)
    return Evaluation("m", "made up", {"ndcg@10": values}, np.ones(n, int), np.ones(n, int),
                      np.arange(n))  # fmt: skip


def test_means_differences_and_intervals_by_hand():
    a, b = quality_by_group(found([1, 1, 0, 0, 0, 1]), list("aabbbb"), "ndcg@10")
    assert (a.name, a.n, float(a.figure)) == ("a", 2, 1.0)
    assert (b.n, float(b.figure)) == (4, 0.25)
    assert a.difference == 0.75 == -b.difference
    assert b.figure.low < 0.25 < b.figure.high


def test_a_group_of_one_has_a_figure_no_interval_and_no_test():
    lonely, rest = quality_by_group(found([1, 0, 0.5]), ["x", "y", "y"], "ndcg@10")
    assert float(lonely.figure) == 1.0
    assert np.isnan(lonely.figure.low)
    assert np.isnan(lonely.p)
    assert "one user" in lonely.note
    assert "one user: no interval, no test" in str(lonely)
    assert not np.isnan(rest.p)


def test_a_group_of_nobody_is_said_and_everybody_has_nobody_to_compare_with():
    nobody, all_ = quality_by_group(found([1, 0]), ["y", "y"], "ndcg@10", names=["x", "y"])
    assert nobody.figure is None
    assert str(nobody) == "x: nobody, so no figure"
    assert np.isnan(all_.difference)
    assert "nobody to compare" in all_.note


def test_p_values_agree_with_scipy_and_are_corrected_by_holm():
    rng = np.random.default_rng(0)
    values, groups = rng.normal(size=60), np.repeat(["a", "b", "c"], 20)
    values[:20] += 1.5
    mine = quality_by_group(found(values), groups, "ndcg@10", draws=4000)

    def apart(x, y):
        return x.mean() - y.mean()

    raw = [stats.permutation_test((values[groups == g], values[groups != g]), apart,
                                  n_resamples=4000, rng=1).pvalue for g in "abc"]  # fmt: skip
    order = np.argsort(raw)
    expected = np.maximum.accumulate(np.minimum(1, np.sort(raw) * [3, 2, 1]))
    assert_allclose([mine[i].p for i in order], expected, atol=0.04)
    assert mine[0].p < 0.05


def test_equal_groups_are_called_different_in_few_of_all_families():
    rng = np.random.default_rng(1)
    groups = np.repeat(list("abcde"), 12)
    alarms = [
        quality_by_group(found(rng.random(60)), groups, "ndcg@10", draws=200) for _ in range(60)
    ]
    alarms = [min(group.p for group in family) < 0.05 for family in alarms]
    assert np.mean(alarms) <= 0.12  # 5 % of families, not of groups; 22 % without correction


def test_constant_quality_is_no_difference():
    for group in quality_by_group(found([0.3] * 6), list("aabbcc"), "ndcg@10"):
        assert group.p == 1
        assert group.difference == pytest.approx(0)


def test_what_does_not_fit_is_refused():
    two = found([1, 0])
    for call, message in [
        (lambda: quality_by_group(two, ["a"], "ndcg@10"), "groups: expected 2"),
        (lambda: quality_by_group(two, ["a", "b"], "mrr@10"), "metric: expected one of"),
        (lambda: quality_by_group(two, ["a", "b"], "ndcg@10", ["a", "a"]), "names: expected diff"),
        (lambda: quality_by_group(two, ["a", "b"], "ndcg@10", draws=0), "draws: expected"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
