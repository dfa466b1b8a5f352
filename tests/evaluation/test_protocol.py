"""A figure is never without its protocol, and only like is compared with like."""

import dataclasses

import pytest

from attnrec_lite.evaluation import Estimate, Protocol, check_same_protocol

PROTOCOL = Protocol("last row of each user", 943, 943, "all 1,683 items")


def estimate(value=0.1, protocol=PROTOCOL, metric="ndcg@10", model="attention", low=0.08):
    return Estimate(value, low, 0.12, 0.95, 943, metric, model, protocol)


def test_a_protocol_reads_as_one_line():
    assert str(PROTOCOL) == (
        "last row of each user: 943 targets, all 1,683 items, history removed, ties averaged"
    )
    several = dataclasses.replace(PROTOCOL, targets=2310, history="kept")
    assert str(several) == (
        "last row of each user: 2,310 targets in 943 cases, all 1,683 items, history kept, "
        "ties averaged"
    )
    assert "1 target," in str(Protocol("one row", 1, 1, "all 9 items"))
    assert "3 targets in 1 case," in str(Protocol("one user", 3, 1, "all 9 items"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": " "}, "^split: expected words; received ' '"),
        ({"candidates": ""}, "^candidates: expected words; received ''"),
        ({"ties": None}, "^ties: expected words; received None"),
        ({"history": "ignored"}, "^history: expected one of removed, kept; received 'ignored'"),
        ({"cases": 0}, "^cases: expected an integer of at least 1; received 0"),
        ({"targets": 942}, "^targets: expected an integer of at least 943; received 942"),
    ],
)
def test_a_protocol_leaves_nothing_out(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(PROTOCOL, **change)


@pytest.mark.parametrize("nothing", [None, "", "  \n", 0, ["last row"]])
def test_a_figure_without_a_protocol_is_refused(nothing):
    with pytest.raises(ValueError, match="^protocol: expected a Protocol, or words"):
        estimate(protocol=nothing)


def test_no_way_of_printing_loses_the_protocol():
    figure = estimate()
    for text in (
        str(figure), repr(figure), f"{figure}", f"{figure:.2f}", f"{[figure]}",
        figure._repr_markdown_(), f"{figure}",
    ):  # fmt: skip
        assert str(PROTOCOL) in text
        assert "attention: ndcg@10 0.1" in text
        assert "95 % interval" in text
        assert "n = 943" in text
    assert "0.10, 95 % interval 0.08 to 0.12" in f"{figure:.2f}"
    assert float(figure) == 0.1


def test_one_case_has_no_interval_and_says_so():
    assert "no interval" in str(estimate(low=float("nan")))


def test_figures_of_one_protocol_are_ordered_by_value():
    small, large = estimate(0.1), estimate(0.2, model="other")
    assert max([small, large]) is large
    assert sorted([large, small]) == [small, large]
    assert large > small
    with pytest.raises(TypeError):
        _ = small < 0.3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"candidates": "the target and 100 items"}, "candidates: 'all 1,683 items' and 'the"),
        ({"history": "kept"}, "history: 'removed' and 'kept'"),
        ({"targets": 944}, "targets: 943 and 944"),
        ({"split": "others", "ties": "lost"}, "split: .* and 'others'; ties: 'averaged' and"),
    ],
)
def test_figures_of_two_protocols_are_refused_and_the_difference_named(change, named):
    other = estimate(model="popularity", protocol=dataclasses.replace(PROTOCOL, **change))
    for compare in (lambda: estimate() < other, lambda: max(other, estimate())):
        with pytest.raises(ValueError, match="^protocol: expected figures of one"):
            compare()
    with pytest.raises(ValueError, match=f"attention and popularity differ in {named}"):
        check_same_protocol([estimate(), estimate(), other])


def test_words_are_a_protocol_too_but_another():
    assert check_same_protocol([estimate(protocol="9 users")] * 2) == "9 users"
    with pytest.raises(ValueError, match="differ in 'last row of each user: .*' and '9 users'"):
        check_same_protocol([estimate(), estimate(protocol="9 users")])
    with pytest.raises(ValueError, match="^figures: expected at least one; received none"):
        check_same_protocol([])


def test_two_metrics_are_not_ordered():
    with pytest.raises(ValueError, match="^metric: expected one metric; received 'ndcg@10' and"):
        _ = estimate() < estimate(metric="ndcg@20")
