"""What printed figures imply: the audited table, and every small test set there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnrec_lite.formulas import implied_share


def rounded(pair):
    return tuple(round(x, 3) for x in pair)


def test_the_published_table_needs_two_test_sets():
    attention = implied_share(accuracy=0.85, recall=0.80, f1=0.82)
    traditional = implied_share(accuracy=0.75, recall=0.70, f1=0.74)
    assert rounded((attention.precision, traditional.precision)) == (0.841, 0.785)
    assert rounded(attention.precision_range) == (0.825, 0.857)
    assert rounded(traditional.precision_range) == (0.768, 0.803)
    assert rounded((attention.share, traditional.share)) == (0.427, 0.508)
    assert rounded(attention.share_range) == (0.397, 0.460)
    assert rounded(traditional.share_range) == (0.482, 0.536)
    assert attention.share_range[1] < traditional.share_range[0]


@settings(deadline=None, max_examples=150)
@given(*[st.integers(0, 300)] * 4, st.sampled_from([2, 3]))
def test_any_test_set_is_found_again_from_its_rounded_figures(tp, fp, fn, tn, digits):
    if not (tp and fp + fn):
        return
    n = tp + fp + fn + tn
    figures = (tp + tn) / n, tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)
    half = 0.5 * 10**-digits
    printed = [round(x, digits) for x in figures]
    if not (printed[1] > half and half < printed[2] < 1 - half):
        return
    exact = implied_share(*figures, rounding=0.0)
    assert exact.precision == pytest.approx(tp / (tp + fp))
    assert exact.share == pytest.approx((tp + fn) / n)
    assert exact.share_range == (exact.share, exact.share)
    found = implied_share(*printed, rounding=half + 1e-12)
    for value, (low, high) in (
        (tp / (tp + fp), found.precision_range),
        ((tp + fn) / n, found.share_range),
    ):
        assert low - 1e-9 <= value <= high + 1e-9


def test_a_range_is_no_wider_than_the_rounded_figures_allow():
    """Against a grid of all figures that would be printed alike."""
    steps = [x / 50 * 0.005 for x in range(-50, 51, 5)]
    found = implied_share(0.85, 0.80, 0.82)
    shares = [
        (1 - a) * f / (2 * r * (1 - f))
        for a in (0.85 + s for s in steps)
        for r in (0.80 + s for s in steps)
        for f in (0.82 + s for s in steps)
    ]
    assert (min(shares), max(shares)) == pytest.approx(found.share_range)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ((1.2, 0.5, 0.5), r"^accuracy: expected a number in \[0, 1\]; received 1.2"),
        ((0.5, float("nan"), 0.5), r"^recall: expected a number in \[0, 1\]; received nan"),
        ((0.5, 0.5, "0.5"), r"^f1: expected a number in \[0, 1\]; received '0.5'"),
        ((0.5, 0.0, 0.5), "^recall, f1: expected above 0.005, and f1 below 0.995; received 0.0"),
        ((0.5, 0.5, 1.0), "^recall, f1: expected above 0.005, and f1 below 0.995"),
        ((0.9, 0.1, 0.9), "^accuracy, recall, f1: .*imply a precision of inf"),
        ((0.9, 0.5, 0.7), "^accuracy, recall, f1: .*imply a precision of 1.1"),
        ((0.1, 0.8, 0.8), "^accuracy, recall, f1: .*% positives"),
        ((0.5, 0.5, 0.5, -1), r"^rounding: expected a number in \[0, 1\]; received -1"),
    ],
)
def test_figures_that_nothing_has_are_refused(figures, message):
    with pytest.raises(ValueError, match=message):
        implied_share(*figures)


def test_a_figure_that_only_its_rounding_explains_is_cut_at_one():
    found = implied_share(0.9, 0.70, 0.83)  # precision 1.02 as printed
    assert found.precision == 1
    assert found.precision_range[0] < 1 == found.precision_range[1]
