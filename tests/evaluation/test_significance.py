"""Comparisons of models: paired, of one protocol, and printed with it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite import formulas
from attnrec_lite.evaluation import (
    Comparison,
    Evaluation,
    Protocol,
    compare,
    holm,
    interval,
    paired_permutation,
    users_needed,
)
from attnrec_lite.evaluation.significance import estimate

RNG = np.random.default_rng(0)
PROTOCOL = Protocol("last row of each user", 80, 80, "all 20 items")


def evaluation(model, values, protocol=PROTOCOL, **other):
    n = len(values)
    parts = {"history_length": np.ones(n, int), "targets": np.arange(1, n + 1)}
    return Evaluation(model, protocol, {"ndcg@10": np.asarray(values, float)}, **(parts | other))


HARD = RNG.random(80)  # what makes a user easy for both
A = evaluation("attention", HARD + 0.05 + RNG.normal(0, 0.1, 80))
B = evaluation("popularity", HARD)


def test_the_names_are_those_of_the_formulas():
    assert interval is formulas.bootstrap_interval
    assert holm is formulas.holm
    assert users_needed is formulas.users_needed


def test_a_comparison_is_the_mean_difference_with_its_interval_and_p():
    found = compare(A, B, "ndcg@10")
    d = A.per_user["ndcg@10"] - HARD
    assert float(found) == found.difference == pytest.approx(d.mean())
    assert (found.low, found.high) == interval(d)
    assert found.p == formulas.sign_flip_p(d) == paired_permutation(A.per_user["ndcg@10"], HARD)
    assert (found.n, found.level, found.protocol) == (80, 0.95, PROTOCOL)
    back = compare(B, A, "ndcg@10")
    assert back.p == found.p
    assert_allclose([back.difference, back.low, back.high], [-found.difference, -found.high,
                                                             -found.low], atol=1e-3)  # fmt: skip


def test_pairing_finds_what_two_intervals_hide():
    found = compare(A, B, "ndcg@10")
    a, b = (interval(e.per_user["ndcg@10"]) for e in (A, B))
    assert b[1] > a[0]  # the two intervals overlap
    assert found.low > 0
    assert found.p < 0.01


def test_a_model_and_itself_do_not_differ():
    found = compare(A, A, "ndcg@10")
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_one_user_has_no_interval_and_proves_nothing():
    protocol = replace(PROTOCOL, targets=1, cases=1)
    found = compare(*(evaluation(m, [v], protocol) for m, v in (("a", 1), ("b", 0))), "ndcg@10")
    assert (found.difference, found.p, found.n) == (1, 1, 1)
    assert np.isnan([found.low, found.high]).all()
    assert "no interval, p = 1.000, n = 1" in str(found)


def test_the_difference_prints_with_its_protocol():
    figure, protocol = str(compare(A, B, "ndcg@10")).split("\n")
    assert figure.startswith("attention minus popularity: ndcg@10 +0.0")
    assert "95 % interval +0.0" in figure
    assert "n = 80" in figure
    assert protocol == f"({PROTOCOL})"
    assert str(PROTOCOL) in compare(A, B, "ndcg@10")._repr_markdown_()
    assert repr(compare(A, B, "ndcg@10")) == str(compare(A, B, "ndcg@10"))
    small = replace(compare(A, B, "ndcg@10"), p=1e-4)
    assert "p < 0.001" in str(small)


def test_a_difference_without_a_protocol_cannot_be_made():
    with pytest.raises(ValueError, match="^protocol: expected a Protocol"):
        Comparison("a", "b", "hr@1", 0.1, 0.0, 0.2, 0.95, 0.1, 9, " ")


def test_other_protocols_targets_and_metrics_are_refused():
    kept = evaluation("kept", HARD, replace(PROTOCOL, history="kept"))
    others = evaluation("others", HARD, targets=np.arange(80))
    cases = evaluation("cases", HARD, case=np.arange(80)[::-1])
    for other, message in (
        (kept, "^protocol: .*attention and kept differ in history: 'removed' and 'kept'"),
        (others, "^b: expected the targets of attention; others was asked for others"),
        (cases, "^b: expected the targets of attention; cases was asked for others"),
    ):
        with pytest.raises(ValueError, match=message):
            compare(A, other, "ndcg@10")
    with pytest.raises(ValueError, match="^metric of a: expected one of ndcg@10; received 'hr@5'"):
        compare(A, B, "hr@5")
    missing = replace(B, per_user={"hr@5": HARD})
    with pytest.raises(ValueError, match="^metric of b: expected one of hr@5; received 'ndcg@10'"):
        compare(A, missing, "ndcg@10")
    with pytest.raises(ValueError, match="^level: expected a number above 0 and below 1"):
        compare(A, B, "ndcg@10", level=95)


def test_pairs_must_be_pairs():
    with pytest.raises(ValueError, match="^b: expected width 2, as a has"):
        paired_permutation([1, 2], [1])
    with pytest.raises(ValueError, match="^a: expected a vector"):
        paired_permutation([[1]], [[1]])
    with pytest.raises(ValueError, match="^differences: expected finite numbers"):
        paired_permutation([np.nan], [1])


def test_an_estimate_of_many_users_and_of_one():
    found = estimate(HARD, "hr@5", "m", "80 users", level=0.8, seed=3)
    assert (found.low, found.high) == interval(HARD, 0.8, seed=3)
    assert found.value == HARD.mean()
    assert "no interval" in str(estimate([0.5], "hr@5", "m", "1 user"))
    with pytest.raises(ValueError, match="^protocol: "):
        estimate(HARD, "hr@5", "m", "")
