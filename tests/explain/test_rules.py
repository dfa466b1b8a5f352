"""Rules say what they count, in the order in which they are sure."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Vocabulary
from attnrec_lite.explain import Rules, distil_rules
from attnrec_lite.formulas import wilson_interval

GOODS = Vocabulary(np.arange(1, 6), np.array(["kettle", "teapot", "ribbon", "box", "spoon"]))


def some(seed=0, people=60, length=4, k=2):
    rng = np.random.default_rng(seed)
    past = np.stack([rng.permutation(5)[:length] + 1 for _ in range(people)])
    past[: people // 3, 0] = 0
    return past, np.stack([rng.permutation(5)[:k] + 1 for _ in range(people)])


def test_rules_are_counted_as_a_loop_counts_them():
    past, lists = some()
    rules = distil_rules(past, lists, GOODS, size=1000, least_people=1)
    seen = set()
    for kind, cause, effect, sure, people in zip(
        rules.kind, rules.cause, rules.effect, rules.sure, rules.people, strict=True
    ):
        there = (past == cause).any(axis=1) if kind == 1 else past[:, -1] == cause
        assert people == there.sum()
        assert sure == pytest.approx((lists[there] == effect).any(axis=1).mean())
        seen.add((int(kind), int(cause), int(effect)))
    assert len(seen) == len(rules)
    assert max(len(rules), 1) <= 2 * 25
    low = [
        wilson_interval(round(s * p), int(p))[0]
        for s, p in zip(rules.sure, rules.people, strict=True)
    ]
    assert_allclose(low, sorted(low, reverse=True))


def test_the_surest_rule_that_applies_names_the_item():
    past, lists = some(1)
    rules = distil_rules(past, lists, GOODS, size=7)
    named = rules.name(past)
    for row, found in zip(past, named, strict=True):
        by_hand = 0
        for kind, cause, effect in zip(rules.kind, rules.cause, rules.effect, strict=True):
            applies = cause in row if kind == 1 else row[-1] == cause
            if applies and effect not in row:
                by_hand = effect
                break
        assert found == by_hand


def test_a_rule_that_could_never_speak_is_left_out():
    rules = distil_rules([[1]] * 9, [[2]] * 9, GOODS)
    assert rules.text() == ["who has “kettle” gets “teapot” (100% of 9)"]
    surer = distil_rules([[0, 1]] * 9 + [[1, 3]] * 9, [[2]] * 9 + [[4]] * 9, GOODS)
    assert "who had “kettle” last gets “teapot” (100% of 9)" in surer.text()
    assert "who has “kettle” gets “teapot” (50% of 18)" in surer.text()


def test_few_people_do_not_make_a_rule_sure():
    past = [[1]] * 3 + [[2]] * 100
    lists = [[4]] * 3 + [[5]] * 95 + [[3]] * 5
    rules = distil_rules(past, lists, GOODS, size=1, least_people=1)
    assert (rules.cause.tolist(), rules.effect.tolist()) == ([2], [5])
    assert len(distil_rules(past, lists, GOODS, least_people=101)) == 0
    assert distil_rules(past, lists, GOODS, least_people=101).text() == []
    assert_array_equal(distil_rules(past, lists, GOODS, least_people=101).name(past), 0)
    assert distil_rules(past, lists, GOODS, least_sure=0.96, least_people=4).cause.tolist() == []


def test_rules_that_hold_are_found_and_are_true_of_new_people():
    rng = np.random.default_rng(0)
    past = rng.integers(1, 4, (300, 1))
    lists = past + 2  # who has i gets i + 2
    rules = distil_rules(past[:200], lists[:200], GOODS, size=3)
    assert rules.fidelity(past[200:], lists[200:]) == {"coverage": 1, "fidelity": 1, "both": 1}
    always = Rules.always(lists[:200], GOODS)
    assert 0.2 < always.fidelity(past[200:], lists[200:])["both"] < 0.6
    assert always.text(1)[0].startswith("everybody gets “")


def test_the_baseline_names_what_is_shown_most_and_not_had():
    always = Rules.always([[2, 0], [2, 1], [2, 3]], GOODS)
    assert_array_equal(always.name([[1], [2], [0]]), [2, 1, 2])
    assert always.sure[0] == 1


def test_words():
    rules = Rules(*map(np.array, ([2, 1], [1, 3], [2, 4], [0.5, 0.25], [1200, 8])), GOODS)
    assert rules.text() == [
        "who had “kettle” last gets “teapot” (50% of 1,200)",
        "who has “ribbon” gets “box” (25% of 8)",
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distil_rules([[1]], [[1], [2]], GOODS), "^lists: expected 1, as histories; rec"),
        (lambda: distil_rules([[6]], [[1]], GOODS), r"^history: expected ids in 0\.\.5"),
        (lambda: distil_rules([[1]], [[6]], GOODS), r"^lists: expected ids in 0\.\.5"),
        (lambda: distil_rules([[1]], [[1]], GOODS, size=0), "^size: expected"),
        (lambda: distil_rules([[1]], [[1]], GOODS, least_people=0), "^least_people: expected"),
        (lambda: distil_rules([[1]], [[1]], GOODS, least_sure=2), "^least_sure: expected"),
        (lambda: Rules.always(np.zeros((0, 2), int), GOODS), "^lists: expected one at least"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
