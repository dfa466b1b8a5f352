"""Yes and no: by hand, against scikit-learn, and what a share of nothing says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnrec_lite.formulas import accuracy, confusion, f1_score, precision, rates, recall

quick = settings(deadline=None, max_examples=80)
pairs = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def test_counts_by_hand_and_which_way_round_they_are():
    found = confusion([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0])
    assert found == (2, 1, 1, 2)
    assert confusion([1, 1, 1, 0], [1, 0, 0, 0]) == (1, 0, 2, 1)  # missed, not said in vain
    assert confusion([1, 0, 0, 0], [1, 1, 1, 0]) == (1, 2, 0, 1)
    assert found._fields == ("tp", "fp", "fn", "tn")


def test_whoever_says_no_to_all_is_right_95_times_in_100_and_finds_nothing():
    labels, nothing = [1] * 5 + [0] * 95, [0] * 100
    assert accuracy(labels, nothing) == 0.95
    assert recall(labels, nothing) == 0
    assert f1_score(labels, nothing) == 0
    with pytest.raises(ValueError, match="^predicted: expected a 1, or precision is a share of"):
        precision(labels, nothing)


@quick
@given(pairs)
def test_shares_agree_with_a_loop_and_with_scikit_learn(rows):
    sklearn = pytest.importorskip("sklearn.metrics")
    y, said = columns(rows)
    loop = [sum(pair == kind for pair in rows) for kind in ((1, 1), (0, 1), (1, 0), (0, 0))]
    assert list(confusion(y, said)) == loop
    tn, fp, fn, tp = sklearn.confusion_matrix(y, said, labels=[0, 1]).ravel()
    assert confusion(y, said) == (tp, fp, fn, tn)
    assert accuracy(y, said) == pytest.approx(sklearn.accuracy_score(y, said), abs=1e-12)
    for ours, theirs, defined in (
        (precision, sklearn.precision_score, any(said)),
        (recall, sklearn.recall_score, any(y)),
        (f1_score, sklearn.f1_score, any(y) or any(said)),
    ):
        if defined:
            expected = theirs(y, said, zero_division=0)
            assert ours(y, said) == pytest.approx(expected, abs=1e-12)
        else:
            with pytest.raises(ValueError, match="a share of nothing; received none"):
                ours(y, said)


@quick
@given(pairs)
def test_f1_is_the_harmonic_mean_and_lies_between(rows):
    y, said = columns(rows)
    if confusion(y, said).tp:
        p, r = precision(y, said), recall(y, said)
        assert f1_score(y, said) == pytest.approx(2 * p * r / (p + r))
        assert min(p, r) - 1e-12 <= f1_score(y, said) <= (p + r) / 2 + 1e-12


@quick
@given(pairs)
def test_turning_labels_and_answers_keeps_accuracy_and_swapping_them_swaps_the_shares(rows):
    y, said = columns(rows)
    turned = [1 - a for a in y], [1 - a for a in said]
    assert accuracy(*turned) == accuracy(y, said)
    if any(y):
        assert recall(y, said) == precision(said, y)


def test_booleans_and_floats_are_labels_too():
    assert confusion(np.array([True, False]), np.array([1.0, 1.0])) == (1, 1, 0, 0)


def test_the_three_rates_of_a_thousand_impressions():
    found = rates(impressions=1000, clicks=50, orders=5)
    assert found == (0.05, 0.10, 0.005)
    assert found.ctr * found.cvr_per_click == pytest.approx(found.cvr_per_impression)
    assert rates(10, 10, 0) == (1, 0, 0)
    nobody = rates(10, 0, 0)  # a rate per click is one of nothing, the others are zero
    assert (nobody.ctr, nobody.cvr_per_impression, np.isnan(nobody.cvr_per_click)) == (0, 0, True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion([], []), "^labels: expected at least one; received none"),
        (lambda: confusion([1, 0], [1]), r"^predicted: expected width 2, as labels has; .*\(1,\)"),
        (lambda: confusion([[1]], [[1]]), r"^labels: expected a vector; received shape \(1, 1\)"),
        (lambda: confusion([1, 2], [1, 0]), "^labels: expected 0 and 1 only; received 2"),
        (lambda: confusion([1, 0], [1, 0.5]), "^predicted: expected 0 and 1 only; received 0.5"),
        (lambda: confusion([1, 0], [1, np.nan]), "^predicted: expected 0 and 1 only; received nan"),
        (lambda: confusion(["yes"], [1]), "^labels: expected numbers"),
        (lambda: accuracy([-1, 1], [1, 1]), "^labels: expected 0 and 1 only; received -1"),
        (lambda: recall([0, 0], [1, 0]), "^labels: expected a 1, or recall is a share of nothing"),
        (lambda: f1_score([0], [0]), "^labels, predicted: expected a 1 among them, or F1"),
        (lambda: rates(0, 0, 0), "^impressions: expected an integer of at least 1; received 0"),
        (lambda: rates(10, 11, 0), "^clicks: expected at most 10; received 11"),
        (lambda: rates(10, 5, 6), "^orders: expected at most 5; received 6"),
        (lambda: rates(10, 5, -1), "^orders: expected an integer of at least 0; received -1"),
        (lambda: rates(10, 0.5, 0), "^clicks: expected an integer"),
    ],
)
def test_labels_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
